use super::*;

/// Every function with a point inside its domain and clear of kinks.
const POINTS: [(Elementary, f64); 26] = [
    (Elementary::Sin, 0.7),
    (Elementary::Cos, 0.7),
    (Elementary::Tan, 0.7),
    (Elementary::Sec, 0.7),
    (Elementary::Csc, 0.7),
    (Elementary::Cot, 0.7),
    (Elementary::Arcsin, 0.3),
    (Elementary::Arccos, 0.3),
    (Elementary::Arctan, -1.3),
    (Elementary::Sinh, 0.7),
    (Elementary::Cosh, 0.7),
    (Elementary::Tanh, 0.7),
    (Elementary::Arsinh, 0.7),
    (Elementary::Arcosh, 1.7),
    (Elementary::Artanh, -0.4),
    (Elementary::Exp, 0.7),
    (Elementary::Ln, 0.7),
    (Elementary::Sqrt, 0.7),
    (Elementary::Root(3), -0.7),
    (Elementary::Root(5), -0.7),
    (Elementary::Root(4), 0.7),
    (Elementary::Abs, -0.7),
    (Elementary::Sign, -0.7),
    (Elementary::Relu, 0.7),
    (Elementary::Logistic, -0.7),
    (Elementary::Softplus, 0.7),
];

#[test]
fn first_and_second_derivatives_agree_with_differences() {
    for (function, x) in POINTS {
        let both = Dual::constant(x).seeded(0).unwrap().seeded(1).unwrap().elementary(function).unwrap();
        let f = |x: f64| x.elementary(function).unwrap();
        let h = 1e-3;
        let first = (8.0 * (f(x + h) - f(x - h)) - (f(x + 2.0 * h) - f(x - 2.0 * h))) / (12.0 * h);
        let second = (16.0 * (f(x + h) + f(x - h)) - (f(x + 2.0 * h) + f(x - 2.0 * h)) - 30.0 * f(x)) / (12.0 * h * h);
        assert!((both.part(1).real - first).abs() < 1e-9 * (1.0 + first.abs()), "{function:?}");
        assert!((both.part(1).part(0).real - second).abs() < 1e-7 * (1.0 + second.abs()), "{function:?}");
        assert_eq!(both.real, f(x));
    }
}

#[test]
fn products_quotients_and_powers_of_duals() {
    let x = Dual::constant(3.0).seeded(0).unwrap();
    assert_eq!(x.mul(&x).unwrap().part(0).real, 6.0);
    assert_eq!(x.powi(-1).unwrap().part(0).real, -1.0 / 9.0);
    assert_eq!(Dual::int(1).div(&x).unwrap().part(0).real, -1.0 / 9.0);
    let power = x.power(&x).unwrap().part(0).real;
    assert!((power - 27.0 * (1.0 + 3f64.ln())).abs() < 1e-12);
    let y = Dual::constant(2.0).seeded(1).unwrap();
    let mixed = x.mul(&x).unwrap().mul(&y).unwrap();
    assert_eq!(mixed.part(1).part(0).real, 6.0);
}

#[test]
fn kinks_and_edges_are_seen_only_where_something_varies() {
    let zero = Dual::constant(0.0);
    assert_eq!(zero.elementary(Elementary::Abs).unwrap().real, 0.0);
    assert_eq!(zero.seeded(0).unwrap().elementary(Elementary::Abs), Err(Fault::Kink));
    assert_eq!(zero.seeded(0).unwrap().elementary(Elementary::Sqrt), Err(Fault::Kink));
    assert_eq!(zero.elementary(Elementary::Ln), Err(Fault::Undefined));
    assert_eq!(zero.seeded(0).unwrap().order(&Dual::constant(0.001)), Err(Fault::Kink));
}

#[test]
fn the_prime_field_is_a_field() {
    for value in [1, -1, 2, 17, i64::MAX, i64::MIN, 123_456_789_012_345_678] {
        let x = Prime::from_int(value);
        let inverse = Prime::from_int(1).div(&x).unwrap();
        assert_eq!(x.mul(&inverse).unwrap(), Prime::from_int(1));
        assert!(x.add(&x.neg()).unwrap().is_zero());
    }
    let third = Rational::new(-1, 3);
    assert_eq!(Prime::from_rational(&third).unwrap().mul(&Prime::from_int(-3)).unwrap(), Prime::from_int(1));
    assert_eq!(Prime::from_int(1).div(&Prime::from_int(0)), Err(Fault::Undefined));
    assert_eq!(Prime::from_int(1).elementary(Elementary::Exp), Err(Fault::Unsupported));
}

#[test]
fn fractions_are_bounded() {
    let mut x = Rational::from_int(3);
    let fault = loop {
        match x.mul(&x) {
            Ok(square) => x = square,
            Err(fault) => break fault,
        }
    };
    assert_eq!(fault, Fault::Unsupported);
}

#[test]
fn a_derivative_ends_where_its_function_does() {
    let at = |x: f64, function| Dual::constant(x).seeded(0).and_then(|x| x.elementary(function)).map(|y| y.part(0).real);
    for edge in [-1.0, 1.0] {
        for function in [Elementary::Arcsin, Elementary::Arccos, Elementary::Artanh] {
            assert_eq!(at(edge, function), Err(Fault::Kink));
            assert!(at(edge / 2.0, function).is_ok());
        }
    }
    assert_eq!(at(1.0, Elementary::Arcosh), Err(Fault::Kink));
    assert!(at(2.0, Elementary::Arcosh).is_ok());
}

#[test]
fn what_is_close_and_what_is_zero() {
    assert!(0.0.is_zero() && !1e-300.is_zero());
    assert!(Scalar::close(&1e-9, &0.0) && !Scalar::close(&1.0, &0.0) && !Scalar::close(&0.5, &-0.5));
    assert!(Jittered::<1>(1e-9).close(&Jittered(0.0)) && !Jittered::<1>(1.0).close(&Jittered(0.0)));
    let third = Rational::new(1, 3);
    assert!(third.close(&third) && !third.close(&Rational::new(1, 2)));
}

#[test]
fn what_rounding_does_lies_within_the_bound() {
    let exact = |numerator, denominator| Bounded::from_rational(&Rational::new(numerator, denominator)).unwrap();
    assert_eq!(exact(3, 8), Bounded { value: 0.375, error: 0.0 });
    // A third, and a sum of which nothing is left but rounding.
    let third = exact(1, 3);
    assert!(third.error > 0.0 && third.error < 1e-16);
    let (large, small) = (Bounded::from_int(1 << 30), third);
    let left = large.add(&small).unwrap().sub(&large).unwrap();
    assert!((left.value - 1.0 / 3.0).abs() > 1e-9 && (left.value - 1.0 / 3.0).abs() <= left.error && left.error < 1e-6);
    // ln(x + h) - ln x over h, where h is lost: nothing is known of it.
    let (x, h) = (exact(1, 1), exact(1, 1 << 57));
    let lost = x.add(&h).unwrap().elementary(Elementary::Ln).unwrap().div(&h).unwrap();
    assert!(lost.value == 0.0 && lost.error >= 1.0);
    for (function, x) in POINTS {
        // A tenth is no float: the bound holds what its rounding does, and is not much wider.
        let float = (x * 1e6) as i64;
        let tenth = Bounded::from_rational(&Rational::new(float, 1_000_000)).unwrap();
        let bounded = tenth.elementary(function).unwrap();
        assert_eq!(bounded.value, tenth.value.elementary(function).unwrap());
        assert!(bounded.error <= 1e-14 * (1.0 + bounded.value.abs()), "{function:?}");
    }
    assert_eq!(third.mul(&Bounded::from_int(3)).unwrap().order(&Bounded::from_int(1)), Ok(std::cmp::Ordering::Equal));
    assert_eq!(left.order(&third), Err(Fault::Swallowed));
    assert_eq!(Bounded { value: 1.0, error: 0.2 }.elementary(Elementary::Sin), Err(Fault::Swallowed));
    assert_eq!(exact(1, 1).div(&Bounded { value: 1e-3, error: 1e-2 }), Err(Fault::Swallowed));
    let power = exact(2, 1).power(&third).unwrap();
    assert!((power.value - 2f64.cbrt()).abs() <= power.error && power.error < 1e-14);
}

#[test]
fn bounds_reach_as_far_as_the_arguments_do() {
    let wide = |value, error| Bounded { value, error };
    let close = |found: Result<Bounded, Fault>, value: f64, error: f64| {
        let found = found.unwrap();
        assert!(found.value == value && found.error >= error && found.error <= error * (1.0 + 1e-12), "{found:?}, {error}");
    };
    close(wide(1.0, 0.5).add(&wide(2.0, 1.0)), 3.0, 1.5);
    close(wide(1.0, 0.5).sub(&wide(2.0, 1.0)), -1.0, 1.5);
    // From 0.5 to 1.5 times from 1 to 3.
    close(wide(1.0, 0.5).mul(&wide(2.0, 1.0)), 2.0, 2.5);
    close(wide(3.0, 0.5).mul(&wide(-2.0, 1.0)), -6.0, 4.5);
    // From 0.5 to 1.5 over from 2 to 6.
    close(wide(1.0, 0.5).div(&wide(4.0, 2.0)), 0.25, 0.5);
    let function = |value: f64, function| wide(value, 0.0625).elementary(function);
    close(function(1.0, Elementary::Exp), 1f64.elementary(Elementary::Exp).unwrap(), (1.0625f64).exp() - 1f64.exp());
    close(function(1.0, Elementary::Ln), 0.0, -(0.9375f64).ln());
    // A power grows with its base and with its exponent, and one below 1 falls with it.
    let power = |base, exponent| wide(base, 0.0625).power(&wide(exponent, 0.0625));
    close(power(2.0, 3.0), 8.0, 2.0625f64.powf(3.0625) - 8.0);
    close(power(0.5, 2.0), 0.25, 0.5625f64.powf(1.9375) - 0.25);
    close(power(0.5, -2.0), 4.0, 0.4375f64.powf(-2.0625) - 4.0);
    close(power(2.0, -3.0), 0.125, 1.9375f64.powf(-3.0625).max(1.9375f64.powf(-2.9375)) - 0.125);
    // What is too vague for a function is asked for none.
    let vague = wide(1.0, 0.125);
    assert_eq!(vague.elementary(Elementary::Exp), Err(Fault::Swallowed));
    assert_eq!(vague.power(&wide(1.0, 0.0)), Err(Fault::Swallowed));
    assert_eq!(wide(1.0, 0.0).power(&vague), Err(Fault::Swallowed));
    assert!(wide(1.0, 0.0).power(&wide(1.0, 0.0)).is_ok());
    // Two numbers are told apart where they cannot be the same.
    assert_eq!(wide(1.0, 0.5).order(&wide(2.0, 0.25)), Ok(Ordering::Less));
    assert_eq!(wide(1.0, 0.5).order(&wide(1.625, 0.25)), Err(Fault::Swallowed));
    assert_eq!(wide(1.0, 0.5).order(&wide(1.0, 0.5)), Ok(Ordering::Equal));
    assert!(wide(0.0, 0.5).is_zero() && !wide(1.0, 0.5).is_zero());
    assert!(wide(0.5, 0.25).weight() == 0.5 && wide(0.5, 0.25).close(&wide(0.501, 0.0)) && !wide(0.5, 0.0).close(&wide(0.75, 0.0)));
    // Whole numbers are floats up to 2^53.
    assert_eq!(Bounded::from_int(1 << 53), wide((1u64 << 53) as f64, 0.0));
    assert!(Bounded::from_int((1 << 53) + 1).error >= 1.0 && Bounded::from_int(-(1 << 60) - 1).error < 1000.0);
    // The smallest numbers are rounded, too.
    assert!(wide(1e-308, 0.0).mul(&wide(1e-10, 0.0)).unwrap().error >= 5e-324);
}

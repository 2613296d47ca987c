//! Dual numbers for the chapters: a value and its derivative, carried through each operation.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A value with its derivative by one variable.
///
/// The checker calculates with its own dual numbers over several kinds of numbers. These are the ones that one would write first.
///
/// ```
/// use proofread::prelude::*;
///
/// let x = Dual::variable(3.0);
/// let y = 1.0 + x * x.sin();
/// assert_eq!(y.value, 1.0 + 3.0 * 3_f64.sin());
/// assert_eq!(y.derivative, 3_f64.sin() + 3.0 * 3_f64.cos());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual {
    /// The value.
    pub value: f64,
    /// The derivative of the value.
    pub derivative: f64,
}

impl Dual {
    /// What the derivatives are taken by: its own derivative is one.
    pub fn variable(value: f64) -> Dual {
        Dual { value, derivative: 1.0 }
    }

    /// A number that does not depend on the variable.
    pub fn constant(value: f64) -> Dual {
        Dual { value, derivative: 0.0 }
    }

    /// A function with the value `value` and the slope `slope` here.
    fn chain(self, value: f64, slope: f64) -> Dual {
        Dual { value, derivative: slope * self.derivative }
    }

    /// A power.
    pub fn powi(self, exponent: i32) -> Dual {
        if exponent == 0 {
            return Dual::constant(1.0);
        }
        self.chain(self.value.powi(exponent), f64::from(exponent) * self.value.powi(exponent - 1))
    }

    /// The exponential.
    pub fn exp(self) -> Dual {
        self.chain(self.value.exp(), self.value.exp())
    }

    /// The natural logarithm.
    pub fn ln(self) -> Dual {
        self.chain(self.value.ln(), self.value.recip())
    }

    /// The square root.
    pub fn sqrt(self) -> Dual {
        self.chain(self.value.sqrt(), 0.5 / self.value.sqrt())
    }

    /// The sine.
    pub fn sin(self) -> Dual {
        self.chain(self.value.sin(), self.value.cos())
    }

    /// The cosine.
    pub fn cos(self) -> Dual {
        self.chain(self.value.cos(), -self.value.sin())
    }

    /// The hyperbolic tangent.
    pub fn tanh(self) -> Dual {
        self.chain(self.value.tanh(), 1.0 - self.value.tanh().powi(2))
    }
}

impl Neg for Dual {
    type Output = Dual;
    fn neg(self) -> Dual {
        self.chain(-self.value, -1.0)
    }
}

impl Add for Dual {
    type Output = Dual;
    fn add(self, other: Dual) -> Dual {
        Dual { value: self.value + other.value, derivative: self.derivative + other.derivative }
    }
}

impl Sub for Dual {
    type Output = Dual;
    fn sub(self, other: Dual) -> Dual {
        Dual { value: self.value - other.value, derivative: self.derivative - other.derivative }
    }
}

impl Mul for Dual {
    type Output = Dual;
    fn mul(self, other: Dual) -> Dual {
        Dual { value: self.value * other.value, derivative: self.value * other.derivative + self.derivative * other.value }
    }
}

impl Div for Dual {
    type Output = Dual;
    fn div(self, other: Dual) -> Dual {
        let value = self.value / other.value;
        Dual { value, derivative: (self.derivative - value * other.derivative) / other.value }
    }
}

/// The same with a plain number on either side, which is a constant.
macro_rules! with_numbers {
    ($($operator:ident :: $method:ident),*) => {$(
        impl $operator<f64> for Dual {
            type Output = Dual;
            fn $method(self, other: f64) -> Dual {
                self.$method(Dual::constant(other))
            }
        }

        impl $operator<Dual> for f64 {
            type Output = Dual;
            fn $method(self, other: Dual) -> Dual {
                Dual::constant(self).$method(other)
            }
        }
    )*};
}

with_numbers!(Add::add, Sub::sub, Mul::mul, Div::div);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric;
    use approx::assert_relative_eq;

    /// A function twice: for dual numbers, and for numbers.
    type Twice = (fn(Dual) -> Dual, fn(f64) -> f64);

    #[test]
    fn each_operation_has_its_derivative() {
        let functions: [Twice; 16] = [
            (|x| -x, |x| -x),
            (|x| x + x * x, |x| x + x * x),
            (|x| x - x * x, |x| x - x * x),
            (|x| x * x * x, |x| x * x * x),
            (|x| (x + 1.0) / (x * x), |x| (x + 1.0) / (x * x)),
            (|x| 2.0 + x, |x| 2.0 + x),
            (|x| 2.0 - x, |x| 2.0 - x),
            (|x| 2.0 * x - 5.0, |x| 2.0 * x - 5.0),
            (|x| 2.0 / x / 3.0, |x| 2.0 / x / 3.0),
            (|x| x.powi(5), |x| x.powi(5)),
            (|x| x.powi(-2), |x| x.powi(-2)),
            (|x| x.powi(0), |x| x.powi(0)),
            (|x| x.exp().sqrt(), |x| x.exp().sqrt()),
            (|x| x.ln(), f64::ln),
            (|x| x.sin() * x.cos(), |x| x.sin() * x.cos()),
            (|x| x.tanh(), f64::tanh),
        ];
        for (number, (dual, plain)) in functions.iter().enumerate() {
            for x in [0.3, 1.0, 2.5] {
                let y = dual(Dual::variable(x));
                let expected = (plain(x), numeric::derivative(plain, x));
                assert_relative_eq!(y.value, expected.0, epsilon = 1e-15, max_relative = 1e-14);
                assert!(
                    approx::relative_eq!(y.derivative, expected.1, epsilon = 1e-9, max_relative = 1e-8),
                    "function {number} at {x}: {} and {}",
                    y.derivative,
                    expected.1
                );
            }
        }
    }

    #[test]
    fn a_power_of_zero_at_zero() {
        assert_eq!(Dual::variable(0.0).powi(0), Dual::constant(1.0));
        assert_eq!(Dual::variable(0.0).powi(1), Dual::variable(0.0));
    }
}

//! Exact fractions of bounded length.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub};

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

use super::{Fault, Scalar, ordered};
use crate::math::expr::Elementary;

/// Longer numerators or denominators are not supported, so that work stays bounded.
const MOST_BITS: u64 = 8192;

/// A fraction. Nearly all that occur are short, and are kept in two machine words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rational(Form);

/// The form depends on the value alone, so that equal fractions have equal forms.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// A numerator and a positive denominator without a common factor, neither as small as `i64::MIN`.
    Short(i64, i64),
    /// What does not fit.
    Long(Box<BigRational>),
}

use Form::{Long, Short};

impl Rational {
    /// A numerator over a denominator that is not zero.
    pub fn new(numerator: i64, denominator: i64) -> Rational {
        Rational::reduced(numerator.into(), denominator.into())
    }

    /// The fraction that a float is, where it is finite.
    pub fn from_float(value: f64) -> Option<Rational> {
        BigRational::from_float(value).map(|value| Rational::from(&value))
    }

    /// The same of numbers that are shorter than 126 bits.
    fn reduced(numerator: i128, denominator: i128) -> Rational {
        let sign = if denominator < 0 { -1 } else { 1 };
        let divisor = match (u64::try_from(numerator.unsigned_abs()), u64::try_from(denominator.unsigned_abs())) {
            (Ok(numerator), Ok(denominator)) => numerator.gcd(&denominator).into(),
            _ => numerator.gcd(&denominator),
        };
        let (numerator, denominator) = (sign * numerator / divisor, sign * denominator / divisor);
        match (i64::try_from(numerator), i64::try_from(denominator)) {
            (Ok(numerator), Ok(denominator)) if numerator != i64::MIN => Rational(Short(numerator, denominator)),
            _ => Rational(Long(Box::new(BigRational::new_raw(numerator.into(), denominator.into())))),
        }
    }

    /// As a fraction of any length.
    pub fn to_big(&self) -> BigRational {
        match &self.0 {
            Short(numerator, denominator) => BigRational::new_raw(BigInt::from(*numerator), BigInt::from(*denominator)),
            Long(value) => (**value).clone(),
        }
    }

    /// The numerator and the denominator, where both are short.
    pub fn short(&self) -> Option<(i64, i64)> {
        match self.0 {
            Short(numerator, denominator) => Some((numerator, denominator)),
            Long(_) => None,
        }
    }

    /// The nearest float.
    pub fn to_f64(&self) -> f64 {
        const EXACT: u64 = 1 << 53;
        match &self.0 {
            // Both are floats, and one division rounds once.
            Short(n, d) if n.unsigned_abs() <= EXACT && d.unsigned_abs() <= EXACT => *n as f64 / *d as f64,
            _ => self.to_big().to_f64().unwrap_or(f64::NAN),
        }
    }

    /// The nearest whole number, half away from zero.
    pub fn round(&self) -> Rational {
        Rational::from(&self.to_big().round())
    }

    /// The largest whole number that is not larger, and the smallest that is not smaller, where they are short.
    pub fn whole_bounds(&self) -> (Option<i64>, Option<i64>) {
        let value = self.to_big();
        (value.floor().to_i64(), value.ceil().to_i64())
    }

    /// The fraction with the smallest denominator from one number to one that is not smaller, found by their continued fractions.
    ///
    /// ```
    /// use proofread::scalar::Rational;
    ///
    /// let near = |numerator, denominator| Rational::new(numerator, denominator);
    /// assert_eq!(Rational::simplest_between(&near(314, 100), &near(315, 100)), near(22, 7));
    /// assert_eq!(Rational::simplest_between(&near(-5, 3), &near(-5, 3)), near(-5, 3));
    /// ```
    pub fn simplest_between(low: &Rational, high: &Rational) -> Rational {
        fn simplest(low: &BigRational, high: &BigRational) -> BigRational {
            let whole = low.ceil();
            if whole <= *high {
                return whole;
            }
            let floor = low.floor();
            &floor + simplest(&(high - &floor).recip(), &(low - &floor).recip()).recip()
        }
        Rational::from(&simplest(&low.to_big(), &high.to_big()))
    }

    /// Whether it is whole.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Short(_, denominator) => *denominator == 1,
            Long(value) => value.is_integer(),
        }
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Short(numerator, _) => *numerator < 0,
            Long(value) => value.is_negative(),
        }
    }

    /// The absolute value.
    pub fn abs(&self) -> Rational {
        if self.is_negative() { -self } else { self.clone() }
    }

    fn bounded(self) -> Result<Rational, Fault> {
        match &self.0 {
            Long(value) if value.numer().bits() > MOST_BITS || value.denom().bits() > MOST_BITS => Err(Fault::Unsupported),
            _ => Ok(self),
        }
    }
}

impl From<&BigRational> for Rational {
    fn from(value: &BigRational) -> Rational {
        match (value.numer().to_i64(), value.denom().to_i64()) {
            (Some(numerator), Some(denominator)) if numerator != i64::MIN => Rational(Short(numerator, denominator)),
            _ => Rational(Long(Box::new(value.clone()))),
        }
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Short(numerator, 1) => write!(f, "{numerator}"),
            Short(numerator, denominator) => write!(f, "{numerator}/{denominator}"),
            Long(value) => value.fmt(f),
        }
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Rational) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Rational) -> Ordering {
        match (&self.0, &other.0) {
            (Short(a, b), Short(c, d)) => (i128::from(*a) * i128::from(*d)).cmp(&(i128::from(*c) * i128::from(*b))),
            _ => self.to_big().cmp(&other.to_big()),
        }
    }
}

/// An operation in machine words, and the same of any length. Products of two words, and the sum of two such, have at most 127 bits.
macro_rules! operation {
    ($trait:ident, $name:ident, |$a:ident, $b:ident, $c:ident, $d:ident| $short:expr) => {
        impl $trait for &Rational {
            type Output = Rational;
            fn $name(self, other: &Rational) -> Rational {
                match (&self.0, &other.0) {
                    (Short($a, $b), Short($c, $d)) => {
                        let ($a, $b, $c, $d) = (i128::from(*$a), i128::from(*$b), i128::from(*$c), i128::from(*$d));
                        let (numerator, denominator) = $short;
                        // Division of two words is slow, and seldom needed.
                        match (i64::try_from(numerator), i64::try_from(denominator)) {
                            (Ok(numerator), Ok(denominator)) if numerator != i64::MIN && denominator > 0 => {
                                let divisor = if denominator == 1 { 1 } else { numerator.gcd(&denominator) };
                                Rational(Short(numerator / divisor, denominator / divisor))
                            }
                            _ => Rational::reduced(numerator, denominator),
                        }
                    }
                    _ => Rational::from(&$trait::$name(self.to_big(), other.to_big())),
                }
            }
        }
        impl $trait for Rational {
            type Output = Rational;
            fn $name(self, other: Rational) -> Rational {
                $trait::$name(&self, &other)
            }
        }
    };
}

operation!(Add, add, |a, b, c, d| if b == d { (a + c, b) } else { (a * d + c * b, b * d) });
operation!(Sub, sub, |a, b, c, d| if b == d { (a - c, b) } else { (a * d - c * b, b * d) });
operation!(Mul, mul, |a, b, c, d| (a * c, b * d));
// As everywhere, division by zero is for the caller to rule out.
operation!(Div, div, |a, b, c, d| (a * d, b * c));

impl Neg for &Rational {
    type Output = Rational;
    fn neg(self) -> Rational {
        match &self.0 {
            Short(numerator, denominator) => Rational(Short(-numerator, *denominator)),
            Long(value) => Rational::from(&-(**value).clone()),
        }
    }
}

impl AddAssign<&Rational> for Rational {
    fn add_assign(&mut self, other: &Rational) {
        *self = &*self + other;
    }
}

impl MulAssign<&Rational> for Rational {
    fn mul_assign(&mut self, other: &Rational) {
        *self = &*self * other;
    }
}

impl Scalar for Rational {
    const TRANSCENDENTAL: bool = false;

    fn from_rational(value: &Rational) -> Result<Rational, Fault> {
        value.clone().bounded()
    }
    fn from_int(value: i64) -> Rational {
        Rational::new(value, 1)
    }
    fn add(&self, other: &Rational) -> Result<Rational, Fault> {
        (self + other).bounded()
    }
    fn sub(&self, other: &Rational) -> Result<Rational, Fault> {
        (self - other).bounded()
    }
    fn mul(&self, other: &Rational) -> Result<Rational, Fault> {
        (self * other).bounded()
    }
    fn div(&self, other: &Rational) -> Result<Rational, Fault> {
        if other.is_zero() {
            return Err(Fault::Undefined);
        }
        (self / other).bounded()
    }
    fn neg(&self) -> Rational {
        -self
    }
    fn is_zero(&self) -> bool {
        self.0 == Short(0, 1)
    }
    fn weight(&self) -> f64 {
        if self.is_zero() { 0.0 } else { 1.0 }
    }
    fn order(&self, other: &Rational) -> Result<Ordering, Fault> {
        Ok(self.cmp(other))
    }
    fn close(&self, other: &Rational) -> bool {
        self == other
    }
    fn elementary(&self, function: Elementary) -> Result<Rational, Fault> {
        ordered(self, function)
    }
    fn power(&self, _: &Rational) -> Result<Rational, Fault> {
        Err(Fault::Unsupported)
    }
    fn pi() -> Result<Rational, Fault> {
        Err(Fault::Unsupported)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_fractions_agree() {
        let ends = [0, 1, -1, 2, 3, -7, 10, 1 << 40, (1 << 53) + 1, i64::MAX, i64::MAX - 1, -i64::MAX, i64::MIN, i64::MIN + 1];
        let big = |n: i64, d: i64| BigRational::new(n.into(), d.into());
        let mut numbers = Vec::new();
        for n in ends {
            for d in ends.into_iter().filter(|d| *d != 0) {
                let (short, long) = (Rational::new(n, d), big(n, d));
                assert_eq!(short.to_big(), long);
                assert_eq!(short, Rational::from(&long));
                assert_eq!(short.to_string(), long.to_string());
                assert_eq!(short.to_f64(), long.to_f64().unwrap());
                assert_eq!(short.round().to_big(), long.round());
                assert_eq!((short.is_integer(), short.is_negative()), (long.is_integer(), long.is_negative()));
                assert_eq!((-&short).to_big(), -long.clone());
                numbers.push((short, long));
            }
        }
        for (a, x) in &numbers {
            for (b, y) in &numbers {
                assert_eq!(a + b, Rational::from(&(x + y)));
                assert_eq!(a - b, Rational::from(&(x - y)));
                assert_eq!(a * b, Rational::from(&(x * y)));
                assert_eq!(a.cmp(b), x.cmp(y));
                if !b.is_zero() {
                    assert_eq!(a / b, Rational::from(&(x / y)));
                }
            }
        }
    }
}

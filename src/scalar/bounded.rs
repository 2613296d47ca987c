//! Floating point with a bound on what rounding has done to it: for what must not be a matter of rounding.
//!
//! This is running error analysis: J. H. Wilkinson; N. J. Higham, *Accuracy and Stability of Numerical Algorithms* (2002), section 3.3.

use std::cmp::Ordering;

use super::{Fault, Rational, Scalar};
use crate::math::expr::Elementary;

/// How far a function of `libm` may be off, in parts of its result: their documented errors are below two units in the last place.
const FUNCTION: f64 = 4.0 * f64::EPSILON;
/// Where an argument is less certain than this, a function of it is not asked for.
const VAGUE: f64 = 0.1;

/// A float, and how far it may be from the number that exact arithmetic gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded {
    /// The float, the same as without a bound.
    pub value: f64,
    /// The bound.
    pub error: f64,
}

impl Bounded {
    /// A result whose arguments bring in an error, and which is rounded itself.
    fn rounded(value: Result<f64, Fault>, error: f64) -> Result<Bounded, Fault> {
        let value = value?;
        // The bound is rounded as well.
        let error = (error + f64::EPSILON * value.abs() + f64::MIN_POSITIVE) * (1.0 + 8.0 * f64::EPSILON);
        if error.is_finite() { Ok(Bounded { value, error }) } else { Err(Fault::Swallowed) }
    }

    /// A function of floats, given its result and what it is where the arguments are off.
    fn function(value: Result<f64, Fault>, off: impl Iterator<Item = Result<f64, Fault>>) -> Result<Bounded, Fault> {
        let value = value?;
        // At the edge of its domain the function is asked on one side.
        let error = off.flatten().map(|other| (other - value).abs()).fold(0.0, f64::max);
        Bounded::rounded(Ok(value), error + FUNCTION * value.abs())
    }
}

impl Scalar for Bounded {
    const TRANSCENDENTAL: bool = true;

    fn from_rational(value: &Rational) -> Result<Bounded, Fault> {
        let float = f64::from_rational(value)?;
        if Rational::from_float(float).as_ref() == Some(value) {
            return Ok(Bounded { value: float, error: 0.0 });
        }
        Bounded::rounded(Ok(float), 0.0)
    }
    fn from_int(value: i64) -> Bounded {
        Bounded { value: value as f64, error: if value.unsigned_abs() <= 1 << 53 { 0.0 } else { f64::EPSILON * (value as f64).abs() } }
    }
    fn from_float(value: f64) -> Result<Bounded, Fault> {
        f64::from_float(value).map(|value| Bounded { value, error: 0.0 })
    }
    fn add(&self, other: &Bounded) -> Result<Bounded, Fault> {
        Bounded::rounded(self.value.add(&other.value), self.error + other.error)
    }
    fn sub(&self, other: &Bounded) -> Result<Bounded, Fault> {
        Bounded::rounded(self.value.sub(&other.value), self.error + other.error)
    }
    fn mul(&self, other: &Bounded) -> Result<Bounded, Fault> {
        let error = self.error * (other.value.abs() + other.error) + self.value.abs() * other.error;
        Bounded::rounded(self.value.mul(&other.value), error)
    }
    fn div(&self, other: &Bounded) -> Result<Bounded, Fault> {
        let value = self.value.div(&other.value)?;
        let least = other.value.abs() - other.error;
        if least <= 0.0 {
            return Err(Fault::Swallowed);
        }
        Bounded::rounded(Ok(value), (self.error + value.abs() * other.error) / least)
    }
    fn neg(&self) -> Bounded {
        Bounded { value: -self.value, error: self.error }
    }
    fn is_zero(&self) -> bool {
        self.value.is_zero()
    }
    fn weight(&self) -> f64 {
        self.value.weight()
    }
    fn order(&self, other: &Bounded) -> Result<Ordering, Fault> {
        let (difference, error) = (self.value - other.value, self.error + other.error);
        if difference != 0.0 && difference.abs() <= error { Err(Fault::Swallowed) } else { self.value.order(&other.value) }
    }
    fn close(&self, other: &Bounded) -> bool {
        self.value.close(&other.value)
    }
    fn elementary(&self, function: Elementary) -> Result<Bounded, Fault> {
        if self.error > VAGUE {
            return Err(Fault::Swallowed);
        }
        let off = [-self.error, self.error].into_iter().map(|by| (self.value + by).elementary(function));
        Bounded::function(self.value.elementary(function), off)
    }
    fn power(&self, exponent: &Bounded) -> Result<Bounded, Fault> {
        if self.error > VAGUE || exponent.error > VAGUE {
            return Err(Fault::Swallowed);
        }
        let bases = [-self.error, self.error].into_iter().map(|by| self.value + by);
        let off = bases.flat_map(|base| [-exponent.error, exponent.error].map(|by| base.power(&(exponent.value + by))));
        Bounded::function(self.value.power(&exponent.value), off)
    }
    fn pi() -> Result<Bounded, Fault> {
        Bounded::rounded(f64::pi(), 0.0)
    }
}

//! Exact rational numbers of bounded length, where order matters.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use super::{Fault, Scalar, ordered};
use crate::math::expr::Elementary;

/// Longer numerators or denominators are an error, so that work stays bounded.
const MOST_BITS: u64 = 8192;

/// A fraction of whole numbers of at most 8192 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rational(pub BigRational);

fn bounded(value: BigRational) -> Result<Rational, Fault> {
    if value.numer().bits() > MOST_BITS || value.denom().bits() > MOST_BITS {
        return Err(Fault::Limit("the length of an exact fraction"));
    }
    Ok(Rational(value))
}

impl Scalar for Rational {
    const TRANSCENDENTAL: bool = false;

    fn from_rational(value: &BigRational) -> Result<Rational, Fault> {
        bounded(value.clone())
    }
    fn from_int(value: i64) -> Rational {
        Rational(BigRational::from_integer(BigInt::from(value)))
    }
    fn add(&self, other: &Rational) -> Result<Rational, Fault> {
        bounded(&self.0 + &other.0)
    }
    fn sub(&self, other: &Rational) -> Result<Rational, Fault> {
        bounded(&self.0 - &other.0)
    }
    fn mul(&self, other: &Rational) -> Result<Rational, Fault> {
        bounded(&self.0 * &other.0)
    }
    fn div(&self, other: &Rational) -> Result<Rational, Fault> {
        if other.0.is_zero() {
            return Err(Fault::Undefined);
        }
        bounded(&self.0 / &other.0)
    }
    fn neg(&self) -> Rational {
        Rational(-&self.0)
    }
    fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
    fn weight(&self) -> f64 {
        if self.0.is_zero() { 0.0 } else { 1.0 }
    }
    fn order(&self, other: &Rational) -> Result<Ordering, Fault> {
        Ok(self.0.cmp(&other.0))
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

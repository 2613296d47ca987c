//! The field of the integers modulo the prime 2^61 - 1, in which rational identities are compared without any tolerance.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::ToPrimitive;

use super::{Fault, Rational, Scalar};
use crate::math::expr::Elementary;

const P: u64 = (1 << 61) - 1;

/// A number modulo 2^61 - 1, reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prime(u64);

impl Prime {
    fn reduce(value: &BigInt) -> Prime {
        Prime(value.mod_floor(&BigInt::from(P)).to_u64().unwrap_or(0))
    }
    /// The number that a machine word stands for.
    fn word(value: i64) -> Prime {
        Prime(value.rem_euclid(P as i64) as u64)
    }
    fn times(self, other: Prime) -> Prime {
        // 2^61 is 1 here, so the bits above the first 61 are added to these.
        let product = u128::from(self.0) * u128::from(other.0);
        let sum = (product as u64 & P) + (product >> 61) as u64;
        Prime(if sum >= P { sum - P } else { sum })
    }
    fn inverse(self) -> Result<Prime, Fault> {
        if self.0 == 0 {
            return Err(Fault::Undefined);
        }
        // Euclid: at every turn, `low` is `factor` times this number, and `high` is `next` times it.
        let (mut low, mut high, mut factor, mut next) = (self.0, P, Prime(1), Prime(0));
        while low != 1 {
            let quotient = high / low;
            (low, high) = (high - quotient * low, low);
            (factor, next) = (next.minus(Prime(quotient).times(factor)), factor);
        }
        Ok(factor)
    }
    fn minus(self, other: Prime) -> Prime {
        Prime(if self.0 >= other.0 { self.0 - other.0 } else { self.0 + P - other.0 })
    }
}

impl Scalar for Prime {
    const TRANSCENDENTAL: bool = false;

    fn from_rational(value: &Rational) -> Result<Prime, Fault> {
        match value.short() {
            Some((numerator, 1)) => Ok(Prime::word(numerator)),
            Some((numerator, denominator)) => Ok(Prime::word(numerator).times(Prime::word(denominator).inverse()?)),
            None => {
                let value = value.to_big();
                Ok(Prime::reduce(value.numer()).times(Prime::reduce(value.denom()).inverse()?))
            }
        }
    }
    fn from_int(value: i64) -> Prime {
        Prime::word(value)
    }
    fn add(&self, other: &Prime) -> Result<Prime, Fault> {
        let sum = self.0 + other.0;
        Ok(Prime(if sum >= P { sum - P } else { sum }))
    }
    fn sub(&self, other: &Prime) -> Result<Prime, Fault> {
        Ok(self.minus(*other))
    }
    fn mul(&self, other: &Prime) -> Result<Prime, Fault> {
        Ok(self.times(*other))
    }
    fn div(&self, other: &Prime) -> Result<Prime, Fault> {
        Ok(self.times(other.inverse()?))
    }
    fn neg(&self) -> Prime {
        Prime((P - self.0) % P)
    }
    fn is_zero(&self) -> bool {
        self.0 == 0
    }
    fn weight(&self) -> f64 {
        if self.0 == 0 { 0.0 } else { 1.0 }
    }
    fn order(&self, _: &Prime) -> Result<Ordering, Fault> {
        Err(Fault::Unsupported)
    }
    fn close(&self, other: &Prime) -> bool {
        self == other
    }
    fn elementary(&self, _: Elementary) -> Result<Prime, Fault> {
        Err(Fault::Unsupported)
    }
    fn power(&self, _: &Prime) -> Result<Prime, Fault> {
        Err(Fault::Unsupported)
    }
    fn pi() -> Result<Prime, Fault> {
        Err(Fault::Unsupported)
    }
}

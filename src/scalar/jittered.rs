//! Floating point in which every rounding falls out otherwise: what a result owes to rounding, moves; what is true of it, stays.
//!
//! The idea is that of D. S. Parker, *Monte Carlo Arithmetic* (1997), and of J. Vignes, *A stochastic arithmetic for reliable scientific
//! computation* (1993). Here chance is a function of the result, so that equal results stay equal and runs repeat.

use std::cmp::Ordering;

use super::{Fault, Rational, Scalar};
use crate::math::expr::Elementary;
use crate::sample::Random;

/// A float. What chance does is different for another `K`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jittered<const K: u64>(pub f64);

/// A float one to three places above the result or below it.
fn jitter<const K: u64>(result: Result<f64, Fault>) -> Result<Jittered<K>, Fault> {
    let value = result?;
    if value == 0.0 {
        return Ok(Jittered(value));
    }
    let mixed = Random::new(value.to_bits() ^ K << 40).bits();
    let places = [-3, -2, -1, 1, 2, 3][mixed as usize % 6];
    Ok(Jittered(value + f64::from(places) * (value.abs().next_up() - value.abs())))
}

impl<const K: u64> Scalar for Jittered<K> {
    const TRANSCENDENTAL: bool = true;

    fn from_rational(value: &Rational) -> Result<Jittered<K>, Fault> {
        let float = f64::from_rational(value);
        if value.is_integer() { Ok(Jittered(float?)) } else { jitter(float) }
    }
    fn from_int(value: i64) -> Jittered<K> {
        Jittered(f64::from_int(value))
    }
    fn from_float(value: f64) -> Result<Jittered<K>, Fault> {
        f64::from_float(value).map(Jittered)
    }
    fn add(&self, other: &Jittered<K>) -> Result<Jittered<K>, Fault> {
        jitter(self.0.add(&other.0))
    }
    fn sub(&self, other: &Jittered<K>) -> Result<Jittered<K>, Fault> {
        jitter(self.0.sub(&other.0))
    }
    fn mul(&self, other: &Jittered<K>) -> Result<Jittered<K>, Fault> {
        jitter(self.0.mul(&other.0))
    }
    fn div(&self, other: &Jittered<K>) -> Result<Jittered<K>, Fault> {
        jitter(self.0.div(&other.0))
    }
    fn neg(&self) -> Jittered<K> {
        Jittered(-self.0)
    }
    fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
    fn weight(&self) -> f64 {
        self.0.weight()
    }
    fn order(&self, other: &Jittered<K>) -> Result<Ordering, Fault> {
        self.0.order(&other.0)
    }
    fn close(&self, other: &Jittered<K>) -> bool {
        self.0.close(&other.0)
    }
    fn elementary(&self, function: Elementary) -> Result<Jittered<K>, Fault> {
        let value = self.0.elementary(function);
        // These do not round.
        if matches!(function, Elementary::Abs | Elementary::Sign | Elementary::Relu) { Ok(Jittered(value?)) } else { jitter(value) }
    }
    fn power(&self, exponent: &Jittered<K>) -> Result<Jittered<K>, Fault> {
        jitter(self.0.power(&exponent.0))
    }
    fn pi() -> Result<Jittered<K>, Fault> {
        jitter(f64::pi())
    }
}

//! The numbers that arithmetic is generic over: floats, a prime field, exact rationals, and dual numbers over each.

mod bounded;
mod dual;
mod float;
mod jittered;
mod prime;
mod rational;

use std::cmp::Ordering;
use std::fmt::Debug;

use crate::math::expr::Elementary;
use crate::span::Span;
pub use bounded::Bounded;
pub use dual::{Dual, Function};
pub use jittered::Jittered;
pub use prime::Prime;
pub use rational::Rational;

/// Why an expression has no value on a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The operation does not exist for this type of number: an exponential in a prime field.
    Unsupported,
    /// Division by zero, the logarithm of a negative number, an overflow.
    Undefined,
    /// The inverse of a matrix that has none.
    Singular,
    /// Rounding has swallowed what would decide, as in 1 - σ(40).
    Swallowed,
    /// The sample lies on or near a kink, or the edge of a domain, of something that is differentiated.
    Kink,
    /// A bound on work was reached; the text names it.
    Limit(&'static str),
    /// An index, or a shape, does not fit on this sample; the place of the expression.
    IndexOutOfRange(Span),
    /// Two conditions of the cases at this place hold at once, with different values.
    Overlap(Span),
}

/// What arithmetic needs of a number.
pub trait Scalar: Clone + Debug + PartialEq {
    /// The number of a fraction.
    fn from_rational(value: &Rational) -> Result<Self, Fault>;
    /// The number of an integer.
    fn from_int(value: i64) -> Self;
    /// The number of a float.
    fn from_float(value: f64) -> Result<Self, Fault> {
        Self::from_rational(&Rational::from_float(value).ok_or(Fault::Undefined)?)
    }
    /// The sum.
    fn add(&self, other: &Self) -> Result<Self, Fault>;
    /// The difference.
    fn sub(&self, other: &Self) -> Result<Self, Fault>;
    /// The product.
    fn mul(&self, other: &Self) -> Result<Self, Fault>;
    /// The quotient; undefined by zero.
    fn div(&self, other: &Self) -> Result<Self, Fault>;
    /// The negative.
    fn neg(&self) -> Self;
    /// Whether it is zero.
    fn is_zero(&self) -> bool;
    /// How good a pivot it is: 0 for zero.
    fn weight(&self) -> f64;
    /// Which is larger.
    fn order(&self, other: &Self) -> Result<Ordering, Fault>;
    /// Whether two numbers are too close for a comparison of them to be differentiated.
    fn close(&self, other: &Self) -> bool;
    /// A function of it.
    fn elementary(&self, function: Elementary) -> Result<Self, Fault>;
    /// A power with an exponent that need not be whole.
    fn power(&self, exponent: &Self) -> Result<Self, Fault>;
    /// π.
    fn pi() -> Result<Self, Fault>;
    /// Whether transcendental functions exist.
    const TRANSCENDENTAL: bool;
}

/// What order alone decides: shared by all ordered numbers.
fn ordered<S: Scalar>(x: &S, function: Elementary) -> Result<S, Fault> {
    let order = x.order(&S::from_int(0))?;
    Ok(match (function, order) {
        (Elementary::Abs, Ordering::Less) => x.neg(),
        (Elementary::Relu, Ordering::Less) => S::from_int(0),
        (Elementary::Abs | Elementary::Relu, _) => x.clone(),
        (Elementary::Sign, Ordering::Less) => S::from_int(-1),
        (Elementary::Sign, Ordering::Equal) => S::from_int(0),
        (Elementary::Sign, Ordering::Greater) => S::from_int(1),
        _ => return Err(Fault::Unsupported),
    })
}

#[cfg(test)]
mod tests;

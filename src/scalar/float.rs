//! Floating point. Every transcendental function comes from `libm`, so that a verdict is the same on every platform.

use std::cmp::Ordering;

use super::{Fault, Rational, Scalar, ordered};
use crate::math::expr::Elementary;

/// Closer to a kink than this, a sample is passed over: numerical differentiation of second derivatives looks this far around it.
const MARGIN: f64 = 0.025;

fn finite(x: f64) -> Result<f64, Fault> {
    if x.is_finite() { Ok(x) } else { Err(Fault::Undefined) }
}

impl Scalar for f64 {
    const TRANSCENDENTAL: bool = true;

    fn from_rational(value: &Rational) -> Result<f64, Fault> {
        finite(value.to_f64())
    }
    fn from_int(value: i64) -> f64 {
        value as f64
    }
    fn from_float(value: f64) -> Result<f64, Fault> {
        finite(value)
    }
    fn add(&self, other: &f64) -> Result<f64, Fault> {
        finite(self + other)
    }
    fn sub(&self, other: &f64) -> Result<f64, Fault> {
        finite(self - other)
    }
    fn mul(&self, other: &f64) -> Result<f64, Fault> {
        finite(self * other)
    }
    fn div(&self, other: &f64) -> Result<f64, Fault> {
        finite(self / other)
    }
    fn neg(&self) -> f64 {
        -self
    }
    fn is_zero(&self) -> bool {
        *self == 0.0
    }
    fn weight(&self) -> f64 {
        self.abs()
    }
    fn order(&self, other: &f64) -> Result<Ordering, Fault> {
        // Two roads to one number may differ in the last digits; a comparison must not hang on them.
        if (self - other).abs() <= 1e-12 * self.abs().max(other.abs()) {
            return Ok(Ordering::Equal);
        }
        self.partial_cmp(other).ok_or(Fault::Undefined)
    }
    fn close(&self, other: &f64) -> bool {
        (self - other).abs() < MARGIN
    }
    fn elementary(&self, function: Elementary) -> Result<f64, Fault> {
        let x = *self;
        finite(match function {
            Elementary::Sin => libm::sin(x),
            Elementary::Cos => libm::cos(x),
            Elementary::Tan => libm::tan(x),
            Elementary::Sec => 1.0 / libm::cos(x),
            Elementary::Csc => 1.0 / libm::sin(x),
            Elementary::Cot => libm::cos(x) / libm::sin(x),
            Elementary::Arcsin => libm::asin(x),
            Elementary::Arccos => libm::acos(x),
            Elementary::Arctan => libm::atan(x),
            Elementary::Sinh => libm::sinh(x),
            Elementary::Cosh => libm::cosh(x),
            Elementary::Tanh => libm::tanh(x),
            Elementary::Arsinh => libm::asinh(x),
            Elementary::Arcosh => libm::acosh(x),
            Elementary::Artanh => libm::atanh(x),
            Elementary::Exp => libm::exp(x),
            Elementary::Ln => libm::log(x),
            Elementary::Sqrt => libm::sqrt(x),
            Elementary::Root(2) => libm::sqrt(x),
            Elementary::Root(3) => libm::cbrt(x),
            Elementary::Root(0) => return Err(Fault::Undefined),
            Elementary::Root(n) if x < 0.0 && n % 2 == 1 => -libm::pow(-x, 1.0 / f64::from(n)),
            Elementary::Root(n) => libm::pow(x, 1.0 / f64::from(n)),
            Elementary::Logistic if x < 0.0 => libm::exp(x) / (1.0 + libm::exp(x)),
            Elementary::Logistic => 1.0 / (1.0 + libm::exp(-x)),
            Elementary::Softplus => x.max(0.0) + libm::log1p(libm::exp(-x.abs())),
            Elementary::Abs | Elementary::Sign | Elementary::Relu => ordered(self, function)?,
        })
    }
    fn power(&self, exponent: &f64) -> Result<f64, Fault> {
        finite(libm::pow(*self, *exponent))
    }
    fn pi() -> Result<f64, Fault> {
        Ok(std::f64::consts::PI)
    }
}

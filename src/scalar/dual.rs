//! Numbers with several infinitesimals e_0, e_1, … whose squares are zero. Each derivative takes one of its own, so that nested
//! derivatives cannot be mistaken for one another.

use std::cmp::Ordering;

use super::{Fault, Scalar};
use crate::math::expr::Elementary;

/// A number a + b e_0 + c e_1 + d e_0 e_1 + …
#[derive(Clone, Debug, PartialEq)]
pub struct Dual<S> {
    /// The part without infinitesimals.
    pub real: S,
    rest: Rest<S>,
}

/// The other coefficients; the one at `m - 1` belongs to the product of the e_j whose bits are set in `m`. There are 2^k - 1, mostly none or one,
/// for which no memory is asked.
#[derive(Clone, Debug, PartialEq)]
enum Rest<S> {
    None,
    One(S),
    Many(Vec<S>),
}

/// A function of a number with infinitesimals.
pub type Function<'f, S> = dyn Fn(&Dual<S>) -> Result<Dual<S>, Fault> + 'f;

impl<S: Scalar> Dual<S> {
    /// A number without infinitesimals.
    pub fn constant(real: S) -> Dual<S> {
        Dual { real, rest: Rest::None }
    }

    /// A whole number.
    pub fn int(value: i64) -> Dual<S> {
        Dual::constant(S::from_int(value))
    }

    /// real + slope e_0.
    fn line(real: S, slope: S) -> Dual<S> {
        Dual { real, rest: if slope.is_zero() { Rest::None } else { Rest::One(slope) } }
    }

    fn rest(&self) -> &[S] {
        match &self.rest {
            Rest::None => &[],
            Rest::One(slope) => std::slice::from_ref(slope),
            Rest::Many(rest) => rest,
        }
    }

    /// Whether no infinitesimal occurs.
    pub fn is_constant(&self) -> bool {
        matches!(self.rest, Rest::None)
    }

    /// Every coefficient, the real one first.
    pub fn coefficients(&self) -> impl Iterator<Item = &S> {
        std::iter::once(&self.real).chain(self.rest())
    }

    fn at(&self, mask: usize) -> Option<&S> {
        if mask == 0 { Some(&self.real) } else { self.rest().get(mask - 1) }
    }

    fn build(mut coefficients: Vec<S>) -> Dual<S> {
        while coefficients.len() > 1 && coefficients[coefficients.len() / 2..].iter().all(S::is_zero) {
            coefficients.truncate(coefficients.len() / 2);
        }
        match coefficients.len() {
            1 => Dual::constant(coefficients.swap_remove(0)),
            2 => {
                let slope = coefficients.swap_remove(1);
                Dual::line(coefficients.swap_remove(0), slope)
            }
            _ => {
                let real = coefficients.remove(0);
                Dual { real, rest: Rest::Many(coefficients) }
            }
        }
    }

    /// The same with e_`level` added.
    pub fn seeded(&self, level: usize) -> Result<Dual<S>, Fault> {
        if level == 0 && self.is_constant() {
            return Ok(Dual::line(self.real.clone(), S::from_int(1)));
        }
        let mut coefficients: Vec<S> = self.coefficients().cloned().collect();
        coefficients.resize(coefficients.len().max(2 << level), S::from_int(0));
        coefficients[1 << level] = coefficients[1 << level].add(&S::from_int(1))?;
        Ok(Dual::build(coefficients))
    }

    /// The factor of e_`level`, the last infinitesimal.
    pub fn part(&self, level: usize) -> Dual<S> {
        if level == 0 {
            return Dual::constant(self.at(1).cloned().unwrap_or_else(|| S::from_int(0)));
        }
        let bit = 1usize << level;
        let coefficients: Vec<S> = (0..bit).map(|m| self.at(m | bit).cloned().unwrap_or_else(|| S::from_int(0))).collect();
        Dual::build(coefficients)
    }

    /// The number of the last infinitesimal that occurs.
    fn last(&self) -> usize {
        (self.rest().len() + 1).ilog2() as usize - 1
    }

    /// As a + b e with the last infinitesimal that occurs.
    fn split(&self) -> (Dual<S>, Dual<S>) {
        if let Rest::One(slope) = &self.rest {
            return (Dual::constant(self.real.clone()), Dual::constant(slope.clone()));
        }
        let level = self.last();
        let low: Vec<S> = self.coefficients().take(1 << level).cloned().collect();
        (Dual::build(low), self.part(level))
    }

    /// a + b e_level, where `slope` has only earlier infinitesimals.
    fn join(value: Dual<S>, slope: &Dual<S>, level: usize) -> Dual<S> {
        if level == 0 {
            return Dual::line(value.real, slope.real.clone());
        }
        let mut coefficients: Vec<S> = value.coefficients().cloned().collect();
        coefficients.resize(1 << level, S::from_int(0));
        coefficients.extend(slope.coefficients().cloned());
        coefficients.resize(2 << level, S::from_int(0));
        Dual::build(coefficients)
    }

    fn lift(&self, f: &Function<'_, S>, slope: &Function<'_, S>) -> Result<Dual<S>, Fault> {
        let level = self.last();
        let (a, b) = self.split();
        Ok(Dual::join(f(&a)?, &slope(&a)?.mul(&b)?, level))
    }

    fn zip(&self, other: &Dual<S>, f: impl Fn(&S, &S) -> Result<S, Fault>) -> Result<Dual<S>, Fault> {
        let zero = S::from_int(0);
        match (&self.rest, &other.rest) {
            (Rest::None, Rest::None) => return Ok(Dual::constant(f(&self.real, &other.real)?)),
            (Rest::One(a), Rest::None) => return Ok(Dual::line(f(&self.real, &other.real)?, f(a, &zero)?)),
            (Rest::None, Rest::One(b)) => return Ok(Dual::line(f(&self.real, &other.real)?, f(&zero, b)?)),
            (Rest::One(a), Rest::One(b)) => return Ok(Dual::line(f(&self.real, &other.real)?, f(a, b)?)),
            _ => {}
        }
        let length = self.rest().len().max(other.rest().len()) + 1;
        let all: Result<Vec<S>, Fault> = (0..length).map(|m| f(self.at(m).unwrap_or(&zero), other.at(m).unwrap_or(&zero))).collect();
        Ok(Dual::build(all?))
    }

    /// The sum.
    pub fn add(&self, other: &Dual<S>) -> Result<Dual<S>, Fault> {
        self.zip(other, S::add)
    }

    /// The difference.
    pub fn sub(&self, other: &Dual<S>) -> Result<Dual<S>, Fault> {
        self.zip(other, S::sub)
    }

    /// The negative.
    pub fn neg(&self) -> Dual<S> {
        let rest = match &self.rest {
            Rest::None => Rest::None,
            Rest::One(slope) => Rest::One(slope.neg()),
            Rest::Many(rest) => Rest::Many(rest.iter().map(S::neg).collect()),
        };
        Dual { real: self.real.neg(), rest }
    }

    /// The product.
    pub fn mul(&self, other: &Dual<S>) -> Result<Dual<S>, Fault> {
        let (x, y) = (&self.real, &other.real);
        match (&self.rest, &other.rest) {
            (Rest::None, Rest::None) => return Ok(Dual::constant(x.mul(y)?)),
            (Rest::One(a), Rest::None) => return Ok(Dual::line(x.mul(y)?, a.mul(y)?)),
            (Rest::None, Rest::One(b)) => return Ok(Dual::line(x.mul(y)?, x.mul(b)?)),
            (Rest::One(a), Rest::One(b)) => return Ok(Dual::line(x.mul(y)?, a.mul(y)?.add(&x.mul(b)?)?)),
            _ => {}
        }
        let length = self.rest().len().max(other.rest().len()) + 1;
        let mut all = Vec::with_capacity(length);
        for mask in 0..length {
            let mut sum = S::from_int(0);
            let mut part = mask;
            // Every way to split the infinitesimals of this term between the two factors.
            loop {
                if let (Some(a), Some(b)) = (self.at(part), other.at(mask ^ part)) {
                    sum = sum.add(&a.mul(b)?)?;
                }
                if part == 0 {
                    break;
                }
                part = (part - 1) & mask;
            }
            all.push(sum);
        }
        Ok(Dual::build(all))
    }

    /// The quotient.
    pub fn div(&self, other: &Dual<S>) -> Result<Dual<S>, Fault> {
        if self.is_constant() && other.is_constant() {
            return Ok(Dual::constant(self.real.div(&other.real)?));
        }
        if other.is_constant() {
            let all: Result<Vec<S>, Fault> = self.coefficients().map(|c| c.div(&other.real)).collect();
            return Ok(Dual::build(all?));
        }
        self.mul(&other.inverse()?)
    }

    fn inverse(&self) -> Result<Dual<S>, Fault> {
        if self.is_constant() {
            return Ok(Dual::constant(S::from_int(1).div(&self.real)?));
        }
        self.lift(&Dual::inverse, &|a| {
            let inverse = a.inverse()?;
            Ok(inverse.mul(&inverse)?.neg())
        })
    }

    /// Whether it would be zero after a small step of what it varies with: its value is small beside its tangents.
    fn vanishes_nearby(&self) -> bool {
        let zero = S::from_int(0);
        let mut tangents = self.rest().iter().filter(|c| !c.is_zero());
        tangents.any(|c| self.real.is_zero() || self.real.div(c).is_ok_and(|steps| steps.close(&zero)))
    }

    /// Which is larger. Where the difference varies, the two must not be close: there a comparison has a kink.
    pub fn order(&self, other: &Dual<S>) -> Result<Ordering, Fault> {
        let order = self.real.order(&other.real)?;
        if (!self.is_constant() || !other.is_constant()) && self.sub(other)?.vanishes_nearby() {
            return Err(Fault::Kink);
        }
        Ok(order)
    }

    /// Whether the two are equal; in a prime field too.
    pub fn equal(&self, other: &Dual<S>) -> Result<bool, Fault> {
        match self.order(other) {
            Err(Fault::Unsupported) => Ok(self.real == other.real),
            order => Ok(order? == Ordering::Equal),
        }
    }

    /// A whole power.
    pub fn powi(&self, exponent: i64) -> Result<Dual<S>, Fault> {
        let (mut result, mut base, mut left) = (Dual::int(1), self.clone(), exponent.unsigned_abs());
        while left > 0 {
            if left & 1 == 1 {
                result = result.mul(&base)?;
            }
            left >>= 1;
            if left > 0 {
                base = base.mul(&base)?;
            }
        }
        if exponent < 0 { Dual::int(1).div(&result) } else { Ok(result) }
    }

    /// A power whose exponent need not be whole: of a positive base.
    pub fn power(&self, exponent: &Dual<S>) -> Result<Dual<S>, Fault> {
        if self.is_constant() && exponent.is_constant() {
            return Ok(Dual::constant(self.real.power(&exponent.real)?));
        }
        if exponent.is_constant() {
            if self.vanishes_nearby() {
                return Err(Fault::Kink);
            }
            return self.lift(&|a| a.power(exponent), &|a| a.power(&exponent.sub(&Dual::int(1))?)?.mul(exponent));
        }
        exponent.mul(&self.elementary(Elementary::Ln)?)?.elementary(Elementary::Exp)
    }

    /// A function of it.
    pub fn elementary(&self, function: Elementary) -> Result<Dual<S>, Fault> {
        if self.is_constant() {
            return Ok(Dual::constant(self.real.elementary(function)?));
        }
        let edges: &[i64] = match function {
            Elementary::Abs | Elementary::Sign | Elementary::Relu | Elementary::Sqrt | Elementary::Ln | Elementary::Root(_) => &[0],
            Elementary::Arcsin | Elementary::Arccos | Elementary::Artanh => &[-1, 1],
            Elementary::Arcosh => &[1],
            _ => &[],
        };
        let near = |edge: &i64| self.sub(&Dual::int(*edge)).is_ok_and(|distance| distance.vanishes_nearby());
        if edges.iter().any(near) {
            return Err(if S::TRANSCENDENTAL || self.real.elementary(function).is_ok() { Fault::Kink } else { Fault::Unsupported });
        }
        self.lift(&|a| a.elementary(function), &|a| a.slope(function))
    }

    /// The derivative of a function at `self`.
    fn slope(&self, function: Elementary) -> Result<Dual<S>, Fault> {
        let one = Dual::int(1);
        let f = |g| self.elementary(g);
        let square = || self.mul(self);
        match function {
            Elementary::Sin => f(Elementary::Cos),
            Elementary::Cos => Ok(f(Elementary::Sin)?.neg()),
            Elementary::Tan => {
                let t = f(Elementary::Tan)?;
                one.add(&t.mul(&t)?)
            }
            Elementary::Sec => f(Elementary::Sec)?.mul(&f(Elementary::Tan)?),
            Elementary::Csc => Ok(f(Elementary::Csc)?.mul(&f(Elementary::Cot)?)?.neg()),
            Elementary::Cot => {
                let t = f(Elementary::Cot)?;
                Ok(one.add(&t.mul(&t)?)?.neg())
            }
            Elementary::Arcsin => one.div(&one.sub(&square()?)?.elementary(Elementary::Sqrt)?),
            Elementary::Arccos => Ok(self.slope(Elementary::Arcsin)?.neg()),
            Elementary::Arctan => one.div(&one.add(&square()?)?),
            Elementary::Sinh => f(Elementary::Cosh),
            Elementary::Cosh => f(Elementary::Sinh),
            Elementary::Tanh => {
                let t = f(Elementary::Tanh)?;
                one.sub(&t.mul(&t)?)
            }
            Elementary::Arsinh => one.div(&one.add(&square()?)?.elementary(Elementary::Sqrt)?),
            Elementary::Arcosh => one.div(&square()?.sub(&one)?.elementary(Elementary::Sqrt)?),
            Elementary::Artanh => one.div(&one.sub(&square()?)?),
            Elementary::Exp => f(Elementary::Exp),
            Elementary::Ln => one.div(self),
            Elementary::Sqrt => one.div(&Dual::int(2).mul(&f(Elementary::Sqrt)?)?),
            Elementary::Root(n) => f(Elementary::Root(n))?.div(&Dual::int(i64::from(n)).mul(self)?),
            Elementary::Abs => f(Elementary::Sign),
            Elementary::Sign => Ok(Dual::int(0)),
            Elementary::Relu => one.add(&f(Elementary::Sign)?)?.div(&Dual::int(2)),
            Elementary::Logistic => {
                let s = f(Elementary::Logistic)?;
                s.mul(&one.sub(&s)?)
            }
            Elementary::Softplus => f(Elementary::Logistic),
        }
    }
}

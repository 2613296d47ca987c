//! Arbitrary smooth functions, drawn afresh for each sample, on which general rules are tested.

use super::{Evaluator, Key, Value, number_of};
use crate::math::expr::Elementary;
use crate::math::symbol::Domain;
use crate::sample::Random;
use crate::scalar::{Dual, Fault, Function, Rational, Scalar};
use crate::span::Span;

/// How many linear forms of the inputs each output is made of.
const FORMS: usize = 3;

/// A random smooth function of several numbers with several outputs: sines and exponentials of linear forms, or, where there are
/// only rational numbers, a polynomial of degree five in them.
pub(super) struct Smooth<S> {
    inputs: usize,
    /// For each output, its linear forms: the constant, then a coefficient for each input.
    outputs: Vec<Vec<Vec<Dual<S>>>>,
}

impl<S: Scalar> Smooth<S> {
    pub(super) fn fits(&self, inputs: usize, outputs: usize) -> bool {
        self.inputs == inputs && self.outputs.len() == outputs
    }

    pub(super) fn draw(seed: u64, key: &Key, inputs: usize, outputs: usize) -> Result<Smooth<S>, Fault> {
        let mut random = Random::new(seed ^ u64::from(key.0.0).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for index in &key.1 {
            random = Random::new(random.bits() ^ *index as u64);
        }
        let sixteenth = S::from_rational(&Rational::new(1, 16))?;
        let mut coefficient = || {
            // Never zero, so that every input matters to every output.
            let size = random.range(2, 13);
            let sign = if random.range(0, 1) == 0 { -1 } else { 1 };
            Ok(Dual::constant(S::from_int(sign * size).mul(&sixteenth)?))
        };
        let mut form = || (0..=inputs).map(|_| coefficient()).collect::<Result<Vec<_>, Fault>>();
        let outputs = (0..outputs).map(|_| (0..FORMS).map(|_| form()).collect()).collect::<Result<Vec<Vec<_>>, Fault>>()?;
        Ok(Smooth { inputs, outputs })
    }

    pub(super) fn values(&self, inputs: &[Dual<S>]) -> Result<Vec<Dual<S>>, Fault> {
        (0..self.outputs.len()).map(|number| self.value(number, inputs)).collect()
    }

    pub(super) fn value(&self, number: usize, inputs: &[Dual<S>]) -> Result<Dual<S>, Fault> {
        Self::output(self.outputs.get(number).ok_or(Fault::Undefined)?, inputs)
    }

    fn output(forms: &[Vec<Dual<S>>], inputs: &[Dual<S>]) -> Result<Dual<S>, Fault> {
        let mut sum = Dual::int(0);
        for (number, form) in forms.iter().enumerate() {
            let mut linear = form[0].clone();
            for (coefficient, input) in form[1..].iter().zip(inputs) {
                linear = linear.add(&coefficient.mul(input)?)?;
            }
            let term = match (S::TRANSCENDENTAL, number) {
                (true, 0) => Dual::int(2).mul(&linear.elementary(Elementary::Sin)?)?,
                (true, 1) => linear.elementary(Elementary::Logistic)?.mul(&Dual::int(3))?,
                (true, _) => linear.add(&linear.mul(&linear)?)?.div(&Dual::int(2))?,
                (false, 0) => linear.powi(5)?,
                (false, 1) => linear.powi(2)?,
                (false, _) => linear.powi(3)?,
            };
            sum = sum.add(&term)?;
        }
        Ok(sum)
    }
}

impl<'a, S: Scalar> Evaluator<'a, S> {
    /// Moves free values into the range that a function was declared with; where numbers are left out of it, to one side of them.
    pub(super) fn within_range(&mut self, span: Span, value: Value<S>, range: &Domain, above: bool) -> Result<Value<S>, Fault> {
        let number = number_of::<S>;
        let scalars = |value: &Value<S>, f: &Function<'_, S>| {
            let data: Result<Vec<_>, Fault> = value.data.iter().map(f).collect();
            Ok(Value::new(value.rows, value.cols, data?))
        };
        // 2x/(1 + x²) takes all values from -1 to 1, large ones on either side of zero, and is rational. What is made of it comes close to
        // the ends of the range, and stays clear of them.
        let unit = |x: &Dual<S>| {
            let one = Dual::int(1);
            let wave = Dual::int(2).mul(x)?.div(&one.add(&x.mul(x)?)?)?;
            Dual::int(40).add(&Dual::int(39).mul(&wave)?)?.div(&Dual::int(80))
        };
        let positive = |x: &Dual<S>| {
            let unit = unit(x)?;
            unit.div(&Dual::int(1).sub(&unit)?)
        };
        match range {
            Domain::Interval { low: Some((low, _)), high: Some((high, _)) } => {
                let (low, width) = (number(low)?, number(&(high - low))?);
                scalars(&value, &|x| low.add(&width.mul(&unit(x)?)?))
            }
            Domain::Interval { low: Some((end, _)), .. } => {
                let end = number(end)?;
                scalars(&value, &|x| end.add(&positive(x)?))
            }
            Domain::Interval { high: Some((end, _)), .. } => {
                let end = number(end)?;
                scalars(&value, &|x| end.sub(&positive(x)?))
            }
            Domain::Without(points) => match (points.iter().min(), points.iter().max()) {
                (Some(first), Some(last)) => {
                    // Below all that is left out, or above, the same for all values of the function.
                    let (first, last) = (number(first)?, number(last)?);
                    scalars(&value, &|x| if above { last.add(&positive(x)?) } else { first.sub(&positive(x)?) })
                }
                _ => Ok(value),
            },
            Domain::Symmetric => {
                let transposed = value.transposed();
                self.zip(span, &value, &transposed, Dual::add)
            }
            Domain::PositiveDefinite | Domain::PositiveSemidefinite => {
                // In exact arithmetic values are large; only a small square comes near what is not positive definite.
                let small = Value::new(value.rows, value.cols, value.data.iter().map(unit).collect::<Result<_, Fault>>()?);
                let square = self.product(span, &small, &small.transposed())?;
                let least = if matches!(range, Domain::PositiveDefinite) { Dual::int(1).div(&Dual::int(10))? } else { Dual::int(0) };
                self.shifted(square, &least)
            }
            Domain::Invertible => self.shifted(value, &Dual::int(9)),
            Domain::Skew => {
                let transposed = value.transposed();
                self.zip(span, &value, &transposed, Dual::sub)
            }
            Domain::Set(_) | Domain::Whole(..) | Domain::Orthonormal => Err(Fault::Undefined),
            _ => Ok(value),
        }
    }

    fn shifted(&mut self, mut value: Value<S>, by: &Dual<S>) -> Result<Value<S>, Fault> {
        for i in 0..value.rows.min(value.cols) {
            let position = i * value.rows + i;
            value.data[position] = value.data[position].add(by)?;
        }
        Ok(value)
    }
}

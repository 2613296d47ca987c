//! Products, powers, inverses and determinants of matrices.

use super::{Evaluator, MOST_ELEMENTS, Mode, Value};
use crate::math::symbol::Symbols;
use crate::sample::Sample;
use crate::scalar::{Dual, Fault, Rational, Scalar};
use crate::span::Span;

/// Up to this size, determinants are expanded always.
const EXPANDED: usize = 5;

impl<'a, S: Scalar> Evaluator<'a, S> {
    /// The matrix product, or the product with a scalar.
    pub(super) fn product(&mut self, span: Span, a: &Value<S>, b: &Value<S>) -> Result<Value<S>, Fault> {
        if a.cols != b.rows {
            if a.is_scalar() || b.is_scalar() {
                return self.zip(span, a, b, Dual::mul);
            }
            return Err(Fault::IndexOutOfRange(span));
        }
        if (a.rows * b.cols) as i64 > MOST_ELEMENTS {
            return Err(Fault::Limit("the number of elements of a matrix"));
        }
        self.spend(a.rows * a.cols * b.cols)?;
        let mut data = Vec::with_capacity(a.rows * b.cols);
        for j in 0..b.cols {
            for i in 0..a.rows {
                let column = &b.data[j * b.rows..(j + 1) * b.rows];
                data.push(match column {
                    [only] => a.data[i].mul(only)?,
                    _ => self.inner((0..a.cols).map(|k| &a.data[k * a.rows + i]).zip(column))?,
                });
            }
        }
        Ok(Value::new(a.rows, b.cols, data))
    }

    /// The sum of products of pairs. What does not vary, which is nearly all of it, is summed by itself.
    pub(super) fn inner<'v>(&mut self, pairs: impl Iterator<Item = (&'v Dual<S>, &'v Dual<S>)>) -> Result<Dual<S>, Fault>
    where
        S: 'v,
    {
        let mut still = S::from_int(0);
        let mut varying: Option<Dual<S>> = None;
        for (x, y) in pairs {
            if x.is_constant() && y.is_constant() {
                let term = x.real.mul(&y.real)?;
                if S::TRANSCENDENTAL {
                    self.largest = self.largest.max(term.weight());
                }
                still = still.add(&term)?;
            } else {
                let term = x.mul(y)?;
                self.note_number(&term);
                varying = Some(match varying {
                    None => term,
                    Some(sum) => sum.add(&term)?,
                });
            }
        }
        let still = Dual::constant(still);
        varying.map_or(Ok(still.clone()), |sum| sum.add(&still))
    }

    pub(super) fn kronecker(&mut self, a: &Value<S>, b: &Value<S>) -> Result<Value<S>, Fault> {
        let (rows, cols) = (a.rows * b.rows, a.cols * b.cols);
        if (rows as i64).saturating_mul(cols as i64) > MOST_ELEMENTS {
            return Err(Fault::Limit("the number of elements of a matrix"));
        }
        self.spend(rows * cols)?;
        let mut data = Vec::with_capacity(rows * cols);
        for j in 0..cols {
            for i in 0..rows {
                let left = &a.data[(j / b.cols) * a.rows + i / b.rows];
                data.push(left.mul(&b.data[(j % b.cols) * b.rows + i % b.rows])?);
            }
        }
        Ok(Value::new(rows, cols, data))
    }

    pub(super) fn matrix_power(&mut self, span: Span, value: &Value<S>, exponent: i64) -> Result<Value<S>, Fault> {
        let n = value.rows;
        if n != value.cols {
            return Err(Fault::IndexOutOfRange(span));
        }
        if exponent.unsigned_abs() > 10_000 {
            return Err(Fault::Limit("the size of an exponent"));
        }
        let mut base = if exponent < 0 { self.inverse(value)? } else { value.clone() };
        let mut result: Option<Value<S>> = None;
        let mut left = exponent.unsigned_abs();
        while left > 0 {
            if left & 1 == 1 {
                result = Some(match result {
                    None => base.clone(),
                    Some(result) => self.product(span, &result, &base)?,
                });
            }
            left >>= 1;
            if left > 0 {
                base = self.product(span, &base, &base)?;
            }
        }
        Ok(result.unwrap_or_else(|| identity(n)))
    }

    /// Gauss and Jordan, with the largest pivot.
    fn inverse(&mut self, value: &Value<S>) -> Result<Value<S>, Fault> {
        let n = value.rows;
        self.spend(2 * n * n * n)?;
        let mut a = value.data.to_vec();
        let mut result = identity::<S>(n).data.to_vec();
        for step in 0..n {
            let weight = |row: usize| a[step * n + row].real.weight();
            let pivot = (step..n).max_by(|x, y| weight(*x).total_cmp(&weight(*y))).unwrap_or(step);
            if weight(pivot) < 1e-10 {
                return Err(Fault::Singular);
            }
            for j in 0..n {
                a.swap(j * n + step, j * n + pivot);
                result.swap(j * n + step, j * n + pivot);
            }
            let divisor = a[step * n + step].clone();
            for j in 0..n {
                a[j * n + step] = a[j * n + step].div(&divisor)?;
                result[j * n + step] = result[j * n + step].div(&divisor)?;
            }
            for row in (0..n).filter(|row| *row != step) {
                let factor = a[step * n + row].clone();
                for j in 0..n {
                    a[j * n + row] = a[j * n + row].sub(&factor.mul(&a[j * n + step])?)?;
                    result[j * n + row] = result[j * n + row].sub(&factor.mul(&result[j * n + step])?)?;
                }
            }
        }
        Ok(Value::new(n, n, result))
    }

    /// By expansion along columns, which divides nowhere: a singular matrix has a determinant with derivatives as well.
    pub(super) fn determinant(&mut self, span: Span, value: &Value<S>) -> Result<Dual<S>, Fault> {
        let n = value.rows;
        if n != value.cols {
            return Err(Fault::IndexOutOfRange(span));
        }
        if n > EXPANDED
            && let Some(determinant) = self.eliminated(value)?
        {
            return Ok(determinant);
        }
        if n > 12 {
            return Err(Fault::Limit("the size of a determinant"));
        }
        self.spend(n << n)?;
        // minors[rows] is the determinant of these rows and of as many of the first columns.
        let mut minors: Vec<Dual<S>> = vec![Dual::int(1)];
        for rows in 1usize..1 << n {
            let column = rows.count_ones() as usize - 1;
            let mut sum = Dual::int(0);
            for row in (0..n).filter(|row| rows >> row & 1 == 1) {
                let term = value.data[column * n + row].mul(&minors[rows ^ (1 << row)])?;
                self.note_number(&term);
                let below = (rows >> (row + 1)).count_ones();
                sum = if below.is_multiple_of(2) { sum.add(&term)? } else { sum.sub(&term)? };
            }
            minors.push(sum);
        }
        Ok(minors.swap_remove((1 << n) - 1))
    }
}

impl<'a, S: Scalar> Evaluator<'a, S> {
    /// The determinant by elimination, where no pivot is small: through a small one derivatives would pass badly, through zero not at all.
    fn eliminated(&mut self, value: &Value<S>) -> Result<Option<Dual<S>>, Fault> {
        let n = value.rows;
        self.spend(n * n * n)?;
        let mut a = value.data.to_vec();
        let mut determinant = Dual::int(1);
        for step in 0..n {
            let weight = |row: usize| a[step * n + row].real.weight();
            let pivot = (step..n).max_by(|x, y| weight(*x).total_cmp(&weight(*y))).unwrap_or(step);
            if weight(pivot) == 0.0 && value.data.iter().all(Dual::is_constant) {
                return Ok(Some(Dual::int(0)));
            }
            if weight(pivot) < 1e-3 {
                return Ok(None);
            }
            if pivot != step {
                for column in step..n {
                    a.swap(column * n + step, column * n + pivot);
                }
                determinant = determinant.neg();
            }
            let divisor = a[step * n + step].clone();
            determinant = determinant.mul(&divisor)?;
            self.note_number(&determinant);
            for row in step + 1..n {
                let factor = a[step * n + row].div(&divisor)?;
                for column in step + 1..n {
                    let taken = factor.mul(&a[column * n + step])?;
                    self.note_number(&taken);
                    a[column * n + row] = a[column * n + row].sub(&taken)?;
                }
            }
        }
        Ok(Some(determinant))
    }
}

/// `a` times the inverse of `b`, both n×n, column after column.
pub(crate) fn divided(n: usize, a: &[Rational], b: &[Rational]) -> Option<Vec<Rational>> {
    let (symbols, sample) = (Symbols::default(), Sample::default());
    let mut evaluator = Evaluator::<Rational>::new(&symbols, &sample, Mode::Dual);
    let matrix = |data: &[Rational]| Value::new(n, n, data.iter().cloned().map(Dual::constant).collect());
    let inverse = evaluator.inverse(&matrix(b)).ok()?;
    let product = evaluator.product(Span::default(), &matrix(a), &inverse).ok()?;
    Some(product.data.iter().map(|x| x.real.clone()).collect())
}

fn identity<S: Scalar>(n: usize) -> Value<S> {
    let data = (0..n * n).map(|i| Dual::int(i64::from(i % n == i / n))).collect();
    Value::new(n, n, data)
}

//! Numerical differentiation of plain Rust functions, from their values alone.
//!
//! Layouts are numerator layouts: a gradient is a row, a Jacobian has a row for each component, and the derivative by an m×n matrix is n×m.
//!
//! What is said of an order of error holds for smooth functions: when the step h becomes ten times shorter, an error of order k becomes
//! 10ᵏ times smaller, as long as rounding does not matter. Rounding adds an error of about 10⁻¹⁶ of the values divided by h, except to
//! [`complex_step`].

use std::ops::{Mul, Sub};

use nalgebra::{DMatrix, DVector, RowDVector};
use num_complex::Complex;

/// The widest step, relative to a place beyond one.
const STEP: f64 = 1e-3;
/// The same where what is differentiated was differentiated already: its rounding is divided by the step once more.
const STEP_OF_DERIVATIVE: f64 = 1e-2;

/// What a difference quotient can be made of: numbers, vectors, matrices.
pub trait Linear: Sub<Output = Self> + Mul<f64, Output = Self> + Sized {}

impl<V: Sub<Output = V> + Mul<f64, Output = V>> Linear for V {}

/// (f(x + h) - f(x)) / h, with an error of order 1: -h/2 f″(x) and less.
///
/// The quotient that defines the derivative. Its error is Taylor's theorem with two terms; see J. Nocedal and S. Wright,
/// *Numerical Optimization*, 2nd edition (2006), section 8.1.
///
/// ```
/// use proofread::prelude::*;
///
/// let error = |h| numeric::forward_difference(f64::exp, 0.0, h) - 1.0;
/// assert_relative_eq!(error(1e-3), 1e-3 / 2.0, max_relative = 1e-3);
/// assert_relative_eq!(error(1e-4), error(1e-3) / 10.0, max_relative = 1e-3);
/// ```
pub fn forward_difference<V: Linear>(f: impl Fn(f64) -> V, x: f64, h: f64) -> V {
    (f(x + h) - f(x)) * h.recip()
}

/// (f(x + h) - f(x - h)) / 2h, with an error of order 2: h²/6 f‴(x) and less.
///
/// See Nocedal and Wright, as above.
///
/// ```
/// use proofread::prelude::*;
///
/// let error = |h| numeric::central_difference(f64::exp, 0.0, h) - 1.0;
/// assert_relative_eq!(error(1e-2), 1e-4 / 6.0, max_relative = 1e-3);
/// assert_relative_eq!(error(1e-3), error(1e-2) / 100.0, max_relative = 1e-3);
/// ```
pub fn central_difference<V: Linear>(f: impl Fn(f64) -> V, x: f64, h: f64) -> V {
    (f(x + h) - f(x - h)) * (2.0 * h).recip()
}

/// Central differences with the steps h, h/2 and h/4, extrapolated twice to the step 0, with an error of order 6: h⁶/64 times the seventh
/// derivative over 7!, and less.
///
/// L. F. Richardson, *The approximate arithmetical solution by finite differences of physical problems*, Phil. Trans. A 210 (1911); with
/// J. A. Gaunt, *The deferred approach to the limit*, Phil. Trans. A 226 (1927). The error of a central difference is a series in h², so
/// (4 D(h/2) - D(h)) / 3 is free of h², and in the same way (16 E(h/2) - E(h)) / 15 of h⁴.
///
/// ```
/// use proofread::prelude::*;
///
/// let error = |h| numeric::extrapolated_difference(f64::exp, 0.0, h) - 1.0;
/// assert_relative_eq!(error(0.5), 0.5_f64.powi(6) / 64.0 / 5040.0, max_relative = 1e-2);
/// assert_relative_eq!(error(0.25), error(0.5) / 64.0, max_relative = 1e-2);
/// ```
pub fn extrapolated_difference<V: Linear>(f: impl Fn(f64) -> V, x: f64, h: f64) -> V {
    let difference = |part: f64| central_difference(&f, x, h / part);
    let once = |part: f64| (difference(2.0 * part) * 4.0 - difference(part)) * 3_f64.recip();
    (once(2.0) * 16.0 - once(1.0)) * 15_f64.recip()
}

/// Im f(x + ih) / h, with an error of order 2: -h²/6 f‴(x) and less. Nothing is subtracted, so nothing is lost to rounding: h = 10⁻¹⁰⁰ will do.
///
/// f has to be written for complex numbers, and to be analytic: without absolute values and comparisons.
///
/// W. Squire and G. Trapp, *Using complex variables to estimate derivatives of real functions*, SIAM Review 40 (1998).
///
/// ```
/// use proofread::prelude::*;
///
/// let derivative = |h| numeric::complex_step(|x| x.exp(), 0.0, h);
/// assert_relative_eq!(derivative(1e-2) - 1.0, -1e-4 / 6.0, max_relative = 1e-3);
/// assert_eq!(derivative(1e-100), 1.0);
/// ```
pub fn complex_step(f: impl Fn(Complex<f64>) -> Complex<f64>, x: f64, h: f64) -> f64 {
    f(Complex::new(x, h)).im / h
}

/// The derivative at `x` of a function of a number: an [extrapolated difference](extrapolated_difference) with a step for everyday
/// functions. A vector has a column of derivatives, a matrix one matrix of them.
///
/// ```
/// use proofread::prelude::*;
///
/// assert_relative_eq!(numeric::derivative(f64::sin, 1.0), 1_f64.cos(), max_relative = 1e-10);
/// assert_relative_eq!(numeric::derivative(|t| dvector![t, t * t], 3.0), dvector![1.0, 6.0], max_relative = 1e-10);
/// ```
pub fn derivative<V: Linear>(f: impl Fn(f64) -> V, x: f64) -> V {
    extrapolated_difference(f, x, STEP * x.abs().max(1.0))
}

/// The gradient of a function of a vector: the row of its partial derivatives.
///
/// ```
/// use proofread::prelude::*;
///
/// let measured = numeric::gradient(|v| v[0] * v[0] * v[1], &dvector![3.0, 2.0]);
/// assert_relative_eq!(measured, RowDVector::from_vec(vec![12.0, 9.0]), max_relative = 1e-10);
/// ```
pub fn gradient(f: impl Fn(&DVector<f64>) -> f64, x: &DVector<f64>) -> RowDVector<f64> {
    RowDVector::from_fn(x.len(), |_, j| derivative(|t| f(&with(x, j, t)), x[j]))
}

/// The Jacobian of a vector function of a vector: row i holds the gradient of component i, and column j the derivative by element j.
///
/// ```
/// use proofread::prelude::*;
///
/// let measured = numeric::jacobian(|v| dvector![v[0] * v[1], v[1], 5.0], &dvector![3.0, 2.0]);
/// assert_relative_eq!(measured, dmatrix![2.0, 3.0; 0.0, 1.0; 0.0, 0.0], epsilon = 1e-10, max_relative = 1e-10);
/// ```
pub fn jacobian(f: impl Fn(&DVector<f64>) -> DVector<f64>, x: &DVector<f64>) -> DMatrix<f64> {
    columns(f(x).len(), x, |j| derivative(|t| f(&with(x, j, t)), x[j]))
}

/// The second derivatives of a function of a vector: row i, column j holds the one by element i and by element j. Differences of
/// differences keep fewer digits: about eight.
///
/// ```
/// use proofread::prelude::*;
///
/// let measured = numeric::hessian(|v| v[0] * v[0] * v[1], &dvector![3.0, 2.0]);
/// assert_relative_eq!(measured, dmatrix![4.0, 6.0; 6.0, 0.0], epsilon = 1e-7, max_relative = 1e-7);
/// ```
pub fn hessian(f: impl Fn(&DVector<f64>) -> f64, x: &DVector<f64>) -> DMatrix<f64> {
    let gradient = |x: &DVector<f64>| gradient(&f, x).transpose();
    columns(x.len(), x, |j| extrapolated_difference(|t| gradient(&with(x, j, t)), x[j], STEP_OF_DERIVATIVE * x[j].abs().max(1.0)))
}

/// The derivative of a function of an m×n matrix, n×m: column i, row j holds the one by the element in row i, column j.
///
/// ```
/// use proofread::prelude::*;
///
/// let w = dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0];
/// let measured = numeric::gradient_by_matrix(|w| w[(0, 1)] * w[(1, 2)], &w);
/// assert_relative_eq!(measured, dmatrix![0.0, 0.0; 6.0, 0.0; 0.0, 2.0], epsilon = 1e-10, max_relative = 1e-10);
/// ```
pub fn gradient_by_matrix(f: impl Fn(&DMatrix<f64>) -> f64, w: &DMatrix<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(w.ncols(), w.nrows(), |j, i| {
        let moved = |t| {
            let mut moved = w.clone();
            moved[(i, j)] = t;
            f(&moved)
        };
        derivative(moved, w[(i, j)])
    })
}

/// The vector with another element at one place.
fn with(x: &DVector<f64>, place: usize, element: f64) -> DVector<f64> {
    let mut moved = x.clone();
    moved[place] = element;
    moved
}

fn columns(rows: usize, x: &DVector<f64>, column: impl Fn(usize) -> DVector<f64>) -> DMatrix<f64> {
    let mut matrix = DMatrix::zeros(rows, x.len());
    for j in 0..x.len() {
        matrix.set_column(j, &column(j));
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use nalgebra::{dmatrix, dvector};

    #[test]
    fn second_derivatives_keep_eight_digits() {
        let x = dvector![0.7_f64, -1.3, 20.0];
        let f = |v: &DVector<f64>| (v[0] * v[1]).exp() + v[1].sin() * v[2] * v[2];
        let e = (x[0] * x[1]).exp();
        let mixed = e * (1.0 + x[0] * x[1]);
        let expected = dmatrix![
            x[1] * x[1] * e, mixed, 0.0;
            mixed, x[0] * x[0] * e - x[1].sin() * x[2] * x[2], x[1].cos() * 2.0 * x[2];
            0.0, x[1].cos() * 2.0 * x[2], 2.0 * x[1].sin()
        ];
        assert_relative_eq!(hessian(f, &x), expected, epsilon = 1e-6, max_relative = 1e-8);
    }

    #[test]
    fn shapes_of_what_is_empty() {
        let none = DVector::zeros(0);
        assert_eq!(gradient(|_| 1.0, &none).shape(), (1, 0));
        assert_eq!(jacobian(|_| dvector![1.0, 2.0], &none).shape(), (2, 0));
        assert_eq!(hessian(|_| 1.0, &none).shape(), (0, 0));
        assert_eq!(gradient_by_matrix(|_| 1.0, &DMatrix::zeros(0, 3)).shape(), (3, 0));
    }

    #[test]
    fn the_rows_of_a_jacobian_belong_to_the_components() {
        let measured = jacobian(|v| dvector![v[0] + 10.0 * v[1] + 100.0 * v[2], v[0] * v[2]], &dvector![1.0, 2.0, 3.0]);
        assert_relative_eq!(measured, dmatrix![1.0, 10.0, 100.0; 3.0, 0.0, 1.0], epsilon = 1e-10, max_relative = 1e-10);
    }
}

//! What a snippet of a chapter needs, in one line: `use proofread::prelude::*;`.

pub use approx::{assert_abs_diff_eq, assert_relative_eq};
pub use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
pub use num_complex::Complex;

pub use crate::notebook::random::{DataSet, Layer, Matrix, Neuron, Pair, Positive, Real, Unit, Vector, quickcheck};
pub use crate::notebook::{Dual, formula, output, plot};
pub use crate::{assume, numeric, show};

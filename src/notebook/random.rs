//! Random inputs for the chapters' properties: numbers in bounds, vectors and matrices of sizes that fit one another.
//!
//! Numbers have two decimals, so that a failing input can be read. When a property fails, quickcheck looks for a simpler input
//! that fails as well: fewer elements first, then zeros, ones, whole numbers.

use std::cell::Cell;
use std::fmt;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use nalgebra::{DMatrix, DVector};
use quickcheck::{Arbitrary, Gen, QuickCheck, Testable};

use super::formula::labels_so_far;
use crate::sample;

/// How many inputs a property has to hold for.
const TESTS: u64 = 100;
/// The seed of all inputs, by which a run repeats.
const SEED: u64 = 1854;
/// How many random values of each property are drawn, at most, when the property discards some of them.
const MOST_TESTS: u64 = 10_000;
/// How many hundredths the largest number has.
const BOUND: i64 = 400;

/// Holds a property against a hundred random inputs, which are the same in each run.
///
/// ```
/// use proofread::prelude::*;
///
/// quickcheck(holds as fn(Real) -> ());
/// fn holds(x: Real) {
///     assert_relative_eq!((2.0 * *x).sin(), 2.0 * x.sin() * x.cos(), epsilon = 1e-14, max_relative = 1e-12);
/// }
/// ```
///
/// # Panics
/// When the property fails, with the simplest input that was found, or when it discards nearly all.
#[track_caller]
pub fn quickcheck<P: Testable>(property: P) {
    QUIETLY.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info)
            }
        }));
    });
    let mut check = QuickCheck::new().rng(Gen::from_size_and_seed(100, SEED)).tests(TESTS).max_tests(MOST_TESTS).min_tests_passed(TESTS);
    QUIET.set(true);
    SKIPPED.set(0);
    let result = catch_unwind(AssertUnwindSafe(|| check.quickcheck(property)));
    QUIET.set(false);
    let message = match result {
        Err(failure) => failure.downcast_ref::<String>().map_or("the property failed", String::as_str).to_string(),
        Ok(()) if 2 * SKIPPED.get() > TESTS => {
            format!("of {TESTS} random inputs, {} do not meet what the property assumes: assume less", SKIPPED.get())
        }
        Ok(()) => return,
    };
    // A property has no name, so the formulas beside which it stands are named.
    match labels_so_far().join(", ") {
        labels if labels.is_empty() => panic!("{message}"),
        labels => panic!("beside the formula {labels}: {message}"),
    }
}

/// Leaves a property early where an input does not meet a condition, such as to be away from a corner. At least half of the inputs
/// have to meet it.
///
/// ```
/// use proofread::prelude::*;
///
/// quickcheck(holds as fn(Real) -> ());
/// fn holds(x: Real) {
///     assume!(x.abs() > 0.1);
///     assert_relative_eq!(x.signum(), numeric::derivative(f64::abs, *x), max_relative = 1e-8);
/// }
/// ```
#[macro_export]
macro_rules! assume {
    ($condition:expr) => {
        let met: bool = $condition;
        if !met {
            $crate::notebook::random::skipped();
            return;
        }
    };
}

/// Counts an input that [`assume!`](crate::assume) leaves out.
pub fn skipped() {
    SKIPPED.set(SKIPPED.get() + 1);
}

/// Makes sure once that the failures of simplified inputs stay quiet.
static QUIETLY: Once = Once::new();

thread_local! {
    /// Whether a property runs on this thread, whose failures are not reported one by one.
    static QUIET: Cell<bool> = const { Cell::new(false) };

    /// How many inputs the property that runs on this thread has left out.
    static SKIPPED: Cell<u64> = const { Cell::new(0) };
}

/// A whole number from `low` to `high`.
fn whole(g: &mut Gen, low: i64, high: i64) -> i64 {
    low + i64::from(u32::arbitrary(g)) % (high - low + 1)
}

/// A number between two numbers of hundredths; one in eight is whole.
fn number(g: &mut Gen, low: i64, high: i64) -> f64 {
    let hundredths = whole(g, low, high);
    if whole(g, 1, 8) == 1 { (hundredths / 100) as f64 } else { hundredths as f64 / 100.0 }
}

fn size(g: &mut Gen, most: i64) -> usize {
    whole(g, 1, most) as usize
}

fn vector(g: &mut Gen, size: usize) -> DVector<f64> {
    DVector::from_fn(size, |_, _| number(g, -BOUND, BOUND))
}

fn matrix(g: &mut Gen, rows: usize, cols: usize) -> DMatrix<f64> {
    DMatrix::from_fn(rows, cols, |_, _| number(g, -BOUND, BOUND))
}

/// How hard a number is to read: its decimals, its size, its sign.
fn weight(x: f64) -> (usize, f64, bool) {
    let decimals = [1.0, 10.0, 100.0].iter().position(|power| (x * power).round() / power == x).unwrap_or(3);
    (decimals, x.abs(), x < 0.0)
}

/// Numbers that are simpler than this one, the simplest first.
fn simpler(x: f64) -> Vec<f64> {
    let mut list = vec![0.0, 1.0, -1.0, x.trunc(), (x * 10.0).trunc() / 10.0, -x, x - x.signum()];
    list.retain(|y| weight(*y) < weight(x));
    list
}

/// The same vectors with one element simpler.
fn simpler_vectors(v: &DVector<f64>) -> impl Iterator<Item = DVector<f64>> {
    (0..v.len()).flat_map(move |i| {
        simpler(v[i]).into_iter().map(move |x| {
            let mut v = v.clone();
            v[i] = x;
            v
        })
    })
}

fn simpler_matrices(a: &DMatrix<f64>) -> impl Iterator<Item = DMatrix<f64>> {
    (0..a.len()).flat_map(move |i| {
        simpler(a[i]).into_iter().map(move |x| {
            let mut a = a.clone();
            a[i] = x;
            a
        })
    })
}

/// The places of elements that can go: none when one is left.
fn removable(size: usize) -> std::ops::Range<usize> {
    0..if size > 1 { size } else { 0 }
}

fn without(v: &DVector<f64>, i: usize) -> DVector<f64> {
    v.clone().remove_row(i)
}

/// Numbers as they are written: `[1, 2]` a vector, `[[1, 2], [3, 4]]` a matrix by its rows.
fn text(rows: usize, cols: usize, numbers: &[f64]) -> String {
    let texts: Vec<String> = numbers.iter().map(f64::to_string).collect();
    if texts.is_empty() { "[]".to_string() } else { sample::text(rows, cols, &texts) }
}

fn vector_text(v: &DVector<f64>) -> String {
    if v.len() == 1 { format!("[{}]", v[0]) } else { text(v.len(), 1, v.as_slice()) }
}

macro_rules! bounded {
    ($($(#[$doc:meta])* $name:ident $low:expr, $high:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, PartialOrd)]
        pub struct $name(pub f64);

        impl Deref for $name {
            type Target = f64;
            fn deref(&self) -> &f64 {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl Arbitrary for $name {
            fn arbitrary(g: &mut Gen) -> $name {
                // The whole part of a small number may lie out of bounds.
                $name(number(g, $low, $high).max($low as f64 / 100.0))
            }

            fn shrink(&self) -> Box<dyn Iterator<Item = $name>> {
                let bounds = $low as f64 / 100.0..=$high as f64 / 100.0;
                Box::new(simpler(self.0).into_iter().filter(move |x| bounds.contains(x)).map($name))
            }
        }
    )*};
}

bounded! {
    /// A number from -4 to 4.
    Real -BOUND, BOUND;
    /// A number from 0 to 1.
    Unit 0, 100;
    /// A number from 0.01 to 4.
    Positive 1, BOUND;
}

/// A vector with one to six elements from -4 to 4.
#[derive(Clone, PartialEq)]
pub struct Vector(pub DVector<f64>);

impl Deref for Vector {
    type Target = DVector<f64>;
    fn deref(&self) -> &DVector<f64> {
        &self.0
    }
}

impl fmt::Debug for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&vector_text(&self.0))
    }
}

impl Arbitrary for Vector {
    fn arbitrary(g: &mut Gen) -> Vector {
        let size = size(g, 6);
        Vector(vector(g, size))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Vector>> {
        let shorter = removable(self.len()).map(|i| without(self, i));
        let list: Vec<Vector> = shorter.chain(simpler_vectors(self)).map(Vector).collect();
        Box::new(list.into_iter())
    }
}

/// Two vectors with equally many elements, one to six, from -4 to 4.
#[derive(Clone, PartialEq)]
pub struct Pair {
    /// One.
    pub u: DVector<f64>,
    /// The other.
    pub v: DVector<f64>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "u = {}, v = {}", vector_text(&self.u), vector_text(&self.v))
    }
}

impl Arbitrary for Pair {
    fn arbitrary(g: &mut Gen) -> Pair {
        let size = size(g, 6);
        Pair { u: vector(g, size), v: vector(g, size) }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Pair>> {
        let Pair { u, v } = self;
        let mut list: Vec<Pair> = removable(u.len()).map(|i| Pair { u: without(u, i), v: without(v, i) }).collect();
        list.extend(simpler_vectors(u).map(|u| Pair { u, v: v.clone() }));
        list.extend(simpler_vectors(v).map(|v| Pair { u: u.clone(), v }));
        Box::new(list.into_iter())
    }
}

/// A matrix with one to four rows, one to four columns, and elements from -4 to 4.
#[derive(Clone, PartialEq)]
pub struct Matrix(pub DMatrix<f64>);

impl Deref for Matrix {
    type Target = DMatrix<f64>;
    fn deref(&self) -> &DMatrix<f64> {
        &self.0
    }
}

impl fmt::Debug for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(self.nrows(), self.ncols(), self.as_slice()))
    }
}

impl Arbitrary for Matrix {
    fn arbitrary(g: &mut Gen) -> Matrix {
        let (rows, cols) = (size(g, 4), size(g, 4));
        Matrix(matrix(g, rows, cols))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Matrix>> {
        let mut list: Vec<Matrix> = removable(self.nrows()).map(|i| Matrix(self.0.clone().remove_row(i))).collect();
        list.extend(removable(self.ncols()).map(|j| Matrix(self.0.clone().remove_column(j))));
        list.extend(simpler_matrices(self).map(Matrix));
        Box::new(list.into_iter())
    }
}

/// A layer: a matrix of weights, m×n, an input with n elements and biases with m, up to four of each, all from -4 to 4.
#[derive(Clone, PartialEq)]
pub struct Layer {
    /// The weights, m×n.
    pub w: DMatrix<f64>,
    /// The input, n×1.
    pub x: DVector<f64>,
    /// The biases, m×1.
    pub b: DVector<f64>,
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let w = text(self.w.nrows(), self.w.ncols(), self.w.as_slice());
        write!(f, "w = {w}, x = {}, b = {}", vector_text(&self.x), vector_text(&self.b))
    }
}

impl Arbitrary for Layer {
    fn arbitrary(g: &mut Gen) -> Layer {
        let (rows, cols) = (size(g, 4), size(g, 4));
        Layer { w: matrix(g, rows, cols), x: vector(g, cols), b: vector(g, rows) }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Layer>> {
        let Layer { w, x, b } = self;
        let mut list: Vec<Layer> =
            removable(b.len()).map(|i| Layer { w: w.clone().remove_row(i), x: x.clone(), b: without(b, i) }).collect();
        list.extend(removable(x.len()).map(|j| Layer { w: w.clone().remove_column(j), x: without(x, j), b: b.clone() }));
        list.extend(simpler_matrices(w).map(|w| Layer { w, ..self.clone() }));
        list.extend(simpler_vectors(x).map(|x| Layer { x, ..self.clone() }));
        list.extend(simpler_vectors(b).map(|b| Layer { b, ..self.clone() }));
        Box::new(list.into_iter())
    }
}

/// A neuron with an input: weights and inputs, one to six of each, and a bias, all from -4 to 4.
///
/// ```
/// use proofread::prelude::*;
///
/// quickcheck(holds as fn(Neuron) -> ());
/// fn holds(Neuron { w, x, b }: Neuron) {
///     let measured = numeric::gradient(|w| w.dot(&x) + b, &w);
///     assert_relative_eq!(x.transpose(), measured, epsilon = 1e-9, max_relative = 1e-8);
/// }
/// ```
#[derive(Clone, PartialEq)]
pub struct Neuron {
    /// The weights.
    pub w: DVector<f64>,
    /// The input.
    pub x: DVector<f64>,
    /// The bias.
    pub b: f64,
}

impl fmt::Debug for Neuron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "w = {}, x = {}, b = {}", vector_text(&self.w), vector_text(&self.x), self.b)
    }
}

impl Arbitrary for Neuron {
    fn arbitrary(g: &mut Gen) -> Neuron {
        let size = size(g, 6);
        Neuron { w: vector(g, size), x: vector(g, size), b: number(g, -BOUND, BOUND) }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Neuron>> {
        let Neuron { w, x, b } = self;
        let mut list: Vec<Neuron> = removable(w.len()).map(|i| Neuron { w: without(w, i), x: without(x, i), b: *b }).collect();
        list.extend(simpler(*b).into_iter().map(|b| Neuron { b, ..self.clone() }));
        list.extend(simpler_vectors(w).map(|w| Neuron { w, ..self.clone() }));
        list.extend(simpler_vectors(x).map(|x| Neuron { x, ..self.clone() }));
        Box::new(list.into_iter())
    }
}

/// A neuron with a data set that it may learn: one to five inputs as long as its weights, one to four, and a target for each.
#[derive(Clone, PartialEq)]
pub struct DataSet {
    /// The neuron's weights.
    pub w: DVector<f64>,
    /// The neuron's bias.
    pub b: f64,
    /// The inputs.
    pub xs: Vec<DVector<f64>>,
    /// The targets.
    pub ys: Vec<f64>,
}

impl fmt::Debug for DataSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let xs: Vec<String> = self.xs.iter().map(vector_text).collect();
        write!(f, "w = {}, b = {}, xs = [{}], ys = {}", vector_text(&self.w), self.b, xs.join(", "), text(self.ys.len(), 1, &self.ys))
    }
}

impl Arbitrary for DataSet {
    fn arbitrary(g: &mut Gen) -> DataSet {
        let (size, examples) = (size(g, 4), size(g, 5));
        DataSet {
            w: vector(g, size),
            b: number(g, -BOUND, BOUND),
            xs: (0..examples).map(|_| vector(g, size)).collect(),
            ys: (0..examples).map(|_| number(g, -BOUND, BOUND)).collect(),
        }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = DataSet>> {
        let mut list = Vec::new();
        for i in removable(self.xs.len()) {
            let mut less = self.clone();
            less.xs.remove(i);
            less.ys.remove(i);
            list.push(less);
        }
        for j in removable(self.w.len()) {
            let xs = self.xs.iter().map(|x| without(x, j)).collect();
            list.push(DataSet { w: without(&self.w, j), xs, ..self.clone() });
        }
        list.extend(simpler(self.b).into_iter().map(|b| DataSet { b, ..self.clone() }));
        list.extend(simpler_vectors(&self.w).map(|w| DataSet { w, ..self.clone() }));
        for i in 0..self.xs.len() {
            for x in simpler_vectors(&self.xs[i]) {
                let mut other = self.clone();
                other.xs[i] = x;
                list.push(other);
            }
            for y in simpler(self.ys[i]) {
                let mut other = self.clone();
                other.ys[i] = y;
                list.push(other);
            }
        }
        Box::new(list.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::TestResult;

    /// What quickcheck says of a property.
    fn message<P: Testable>(property: P) -> String {
        let failure = catch_unwind(AssertUnwindSafe(|| quickcheck(property))).expect_err("the property holds");
        failure.downcast_ref::<String>().cloned().unwrap_or_default()
    }

    fn values<T: Arbitrary>() -> Vec<T> {
        let mut g = Gen::from_size_and_seed(100, 1);
        (0..2000).map(|_| T::arbitrary(&mut g)).collect()
    }

    #[test]
    fn numbers_reach_their_bounds_and_stay_within() {
        fn span<T: Arbitrary + Deref<Target = f64>>() -> (f64, f64) {
            let all = values::<T>();
            let shrunk: Vec<T> = all.iter().flat_map(Arbitrary::shrink).collect();
            let fold = |least: f64, f: fn(f64, f64) -> f64| all.iter().chain(&shrunk).map(|x| **x).fold(least, f);
            (fold(f64::INFINITY, f64::min), fold(f64::NEG_INFINITY, f64::max))
        }
        let near = |(low, high): (f64, f64), (from, to): (f64, f64)| {
            assert!(from <= low && low < from + 0.05 && to - 0.05 < high && high <= to, "{low} to {high} in {from} to {to}");
        };
        near(span::<Real>(), (-4.0, 4.0));
        near(span::<Unit>(), (0.0, 1.0));
        near(span::<Positive>(), (0.01, 4.0));
    }

    #[test]
    fn sizes_fit_in_what_is_drawn_and_in_what_is_simpler() {
        for Neuron { w, x, .. } in values::<Neuron>().into_iter().take(50).flat_map(|n| n.shrink().chain([n]).collect::<Vec<_>>()) {
            assert!(w.len() == x.len() && (1..=6).contains(&w.len()));
        }
        for Pair { u, v } in values::<Pair>().into_iter().take(50).flat_map(|n| n.shrink().chain([n]).collect::<Vec<_>>()) {
            assert!(u.len() == v.len() && (1..=6).contains(&u.len()));
        }
        for Layer { w, x, b } in values::<Layer>().into_iter().take(50).flat_map(|n| n.shrink().chain([n]).collect::<Vec<_>>()) {
            assert!(w.shape() == (b.len(), x.len()) && !w.is_empty());
        }
        for DataSet { w, xs, ys, .. } in values::<DataSet>().into_iter().take(50).flat_map(|n| n.shrink().chain([n]).collect::<Vec<_>>()) {
            assert!(xs.len() == ys.len() && !xs.is_empty() && xs.iter().all(|x| x.len() == w.len()) && !w.is_empty());
        }
        let shapes: std::collections::BTreeSet<_> = values::<Matrix>().iter().map(|a| a.shape()).collect();
        assert_eq!(shapes.len(), 16);
    }

    #[test]
    fn failing_inputs_are_simplified() {
        fn less_than_two(x: Real) {
            assert!(*x < 2.0);
        }
        fn sum_is_small(v: Vector) {
            assert!(v.sum() < 3.0);
        }
        fn not_aligned(Neuron { w, x, b }: Neuron) {
            assert!(w.dot(&x) + b < 1.0);
        }
        fn no_large_element(a: Matrix) {
            assert!(a.iter().all(|x| x.abs() < 1.0));
        }
        let said = message(less_than_two as fn(Real) -> ());
        assert!(said.contains("Arguments: (2)"), "{said}");
        let said = message(sum_is_small as fn(Vector) -> ());
        assert!(said.contains("Arguments: ([3])"), "{said}");
        let said = message(not_aligned as fn(Neuron) -> ());
        assert!(said.contains("w = [0], x = [0], b = 1)") || said.contains("w = [1], x = [1], b = 0)"), "{said}");
        let said = message(no_large_element as fn(Matrix) -> ());
        assert!(said.contains("Arguments: (1)"), "{said}");
    }

    #[test]
    fn a_property_that_discards_everything_fails() {
        let said = message((|_| TestResult::discard()) as fn(Real) -> TestResult);
        assert!(said.contains("Unable to generate enough tests"), "{said}");
    }

    #[test]
    fn a_property_that_assumes_too_much_fails() {
        fn of_large_numbers(x: Real) {
            assume!(*x > 3.0);
            assert!(*x > 2.0);
        }
        fn of_most_numbers(x: Real) {
            assume!(*x > -3.0);
            assert!(*x > -3.0);
        }
        let said = message(of_large_numbers as fn(Real) -> ());
        assert!(said.contains("do not meet what the property assumes"), "{said}");
        quickcheck(of_most_numbers as fn(Real) -> ());
    }

    #[test]
    fn runs_repeat() {
        fn fails_late(x: Real, y: Real) {
            assert!((*x * 100.0 + *y * 7.0) % 1.7 < 1.6);
        }
        let property = fails_late as fn(Real, Real) -> ();
        assert_eq!(message(property), message(property));
    }

    #[test]
    fn simplifying_ends() {
        for mut x in values::<Real>() {
            for _ in 0..100 {
                match x.shrink().last() {
                    Some(next) => x = next,
                    None => break,
                }
            }
            assert!(x.shrink().next().is_none(), "{x:?}");
        }
    }
}

//! From a Markdown page to verdicts: the one function that the command line, the tests, the book and the browser run.

use crate::diagnostic::Diagnostic;
use crate::math::expr::Relation;
use crate::span::Span;

/// Numerator or denominator layout of derivatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// ∂y/∂**x** is a row, the Jacobian has a row for each component.
    #[default]
    Numerator,
    /// The transpose of each.
    Denominator,
}

/// What may be set for a whole book in `book.toml`, or for the rest of a chapter in a `proofread` fence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The layout of derivatives.
    pub layout: Layout,
    /// The command that means Kronecker's product, such as `\otimes`.
    pub kronecker: Option<String>,
    /// Another seed for the samples; 0 is the usual one.
    pub seed: u64,
}

/// How a step was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Both sides agree in exact arithmetic.
    Exact,
    /// Both sides agree in floating point, against numerical differentiation and dual numbers.
    Checked,
    /// A sample separates the two sides, or their shapes differ.
    Refused,
    /// No admissible sample was found.
    Undecided,
}

/// The worst errors seen, relative to the size of the terms. Absent where the step holds no derivative (`differences`), or was
/// compared in exact arithmetic only (`dual`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Errors {
    /// Against numerical differentiation.
    pub differences: Option<f64>,
    /// Against dual numbers, in floating point; for steps without derivatives the error of plain evaluation.
    pub dual: Option<f64>,
}

/// A sample that separates two sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterexample {
    /// Each dimension, index and symbol with its value, as text: `("n", "2")`, `("\\mathbf{x}", "[0, 1]")`.
    pub values: Vec<(String, String)>,
    /// The value of the left side.
    pub left: String,
    /// The value of the right side.
    pub right: String,
}

/// What became of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The number of the relation in its formula, from 0.
    pub step: usize,
    /// Which relation.
    pub relation: Relation,
    /// Where the relation sign stands.
    pub at: Span,
    /// Where the left side stands.
    pub left: Span,
    /// Where the right side stands.
    pub right: Span,
    /// `left = right` as written.
    pub tex: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The worst errors seen.
    pub error: Errors,
    /// How many samples were compared.
    pub samples: usize,
    /// The dimensions of the samples: each dimension with the values that it took, `("n", [1, 2, 3])`.
    pub dimensions: Vec<(String, Vec<i64>)>,
    /// The shapes of the two sides in words.
    pub shapes: (String, String),
    /// The sample that separates the two sides; for a `\ne` that holds, the one that proves it.
    pub counterexample: Option<Counterexample>,
    /// The message, where the step falls short.
    pub diagnostic: Option<Diagnostic>,
}

/// What became of one formula.
#[derive(Clone, Debug, PartialEq)]
pub struct FormulaReport {
    /// The formula with its dollar signs.
    pub span: Span,
    /// The TeX between them.
    pub tex_span: Span,
    /// Whether it is a display formula.
    pub display: bool,
    /// Its label.
    pub label: Option<String>,
    /// The reason, where the formula is `\unchecked`.
    pub unchecked: Option<String>,
    /// Its steps in the order of reading.
    pub steps: Vec<StepReport>,
    /// Symbols that it introduces.
    pub introduces: Vec<SymbolReport>,
}

/// A symbol as the list of symbols and the marks of the page show it.
#[derive(Clone, Debug, PartialEq)]
pub struct SymbolReport {
    /// Its name in TeX.
    pub name: String,
    /// What it is and its shape, in words: `a vector, n×1`.
    pub shape: String,
    /// Where it was introduced.
    pub introduced: Span,
    /// Whether it was defined by `:=`, and not declared.
    pub defined: bool,
}

/// An `\eqref` in prose or in a formula.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceReport {
    /// The label that it names.
    pub label: String,
    /// The whole of `\eqref{…}`.
    pub span: Span,
}

/// What became of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageReport {
    /// The file's name as it was given.
    pub file: String,
    /// Every formula that was read, prose formulas too, in the order of the page.
    pub formulas: Vec<FormulaReport>,
    /// Every error that is no step's.
    pub errors: Vec<Diagnostic>,
    /// Every `\eqref`. Whether its label exists is for the book to say, since it may stand on another page.
    pub references: Vec<ReferenceReport>,
}

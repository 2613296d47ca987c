//! Reads, evaluates and judges the mathematics of a page: the TeX that its readers see is what is checked.
//!
//! A page is Markdown. [`check::check_page`] finds its formulas, gives them a meaning, and judges every `=` by evaluation.
//!
//! ```
//! use proofread::check::{Settings, Verdict, check_page};
//!
//! let page = r"Let $x \in \mathbb{R}$.
//!
//! $$ (x + 1)^2 = x^2 + 2x + 1 = x^2 + 1 $$
//! ";
//! let report = check_page(page, "page.md", &Settings::default());
//! let steps = &report.formulas[1].steps;
//! assert_eq!(steps[0].verdict, Verdict::Exact);
//! assert_eq!(steps[1].verdict, Verdict::Refused);
//!
//! // The smallest numbers that separate the two sides.
//! let found = steps[1].counterexample.as_ref().unwrap();
//! assert_eq!((found.left.as_str(), found.right.as_str()), ("4", "2"));
//! ```
//!
//! The parts, in the order of the data: [`page`] finds formulas, [`tex`] makes trees of them, [`math`] gives them a meaning with shapes,
//! [`sample`] draws numbers, [`eval`] computes with any [`scalar`], [`judge`] decides, and with the feature `book`, `report` says it.

#![warn(missing_docs)]

#[cfg(feature = "book")]
pub mod book;
#[cfg(all(feature = "book", any(test, doctest)))]
mod chapters;
pub mod check;
#[cfg(feature = "book")]
pub mod cli;
pub mod diagnostic;
pub mod eval;
mod hash;
pub mod judge;
pub mod math;
pub mod mutate;
#[cfg(feature = "book")]
pub mod notebook;
#[cfg(feature = "book")]
pub mod numeric;
pub mod page;
#[cfg(feature = "book")]
pub mod prelude;
#[cfg(test)]
mod record;
#[cfg(feature = "book")]
pub mod report;
pub mod sample;
pub mod scalar;
pub mod settings;
pub mod span;
pub mod tex;

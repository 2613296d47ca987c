//! Reads, evaluates and judges the mathematics of a page.

#[cfg(all(feature = "book", any(test, doctest)))]
mod chapters;
pub mod check;
#[cfg(feature = "book")]
pub mod cli;
pub mod diagnostic;
pub mod eval;
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
#[cfg(feature = "book")]
pub mod report;
pub mod sample;
pub mod scalar;
pub mod settings;
pub mod span;
pub mod tex;

//! Reads, evaluates and judges the mathematics of a page.

pub mod check;
#[cfg(feature = "book")]
pub mod cli;
pub mod diagnostic;
pub mod eval;
pub mod judge;
pub mod math;
pub mod page;
#[cfg(feature = "book")]
pub mod report;
pub mod sample;
pub mod scalar;
pub mod settings;
pub mod span;
pub mod tex;

//! Reads, evaluates and judges the mathematics of a page.

pub mod check;
pub mod diagnostic;
pub mod math;
pub mod span;

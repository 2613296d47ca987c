//! The library that the chapters' Rust snippets use: formulas from the page, random inputs, and what is printed and drawn.
//!
//! A chapter's code is a notebook. Each snippet is a test, and what it prints or draws stands beneath it on the page.

mod dual;
mod formula;
mod output;
mod plot;
pub mod random;

pub use dual::Dual;
#[cfg(test)]
pub(crate) use formula::markdown_files;
pub use formula::{Answer, At, Formula, formula};
pub use output::{Output, output};
pub use plot::{Plot, plot};

//! TeX to a tree: commands with their arguments, scripts, environments; no symbols, no shapes.

mod lexer;
mod parser;
pub mod tree;

pub use parser::parse;

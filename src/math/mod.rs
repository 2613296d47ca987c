//! What formulas mean: symbols, shapes, domains, scope, and typed expressions.

pub mod expr;
pub mod int;
pub mod symbol;

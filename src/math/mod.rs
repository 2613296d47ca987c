//! What formulas mean: symbols, shapes, domains, scope, and typed expressions.

pub(crate) mod condition;
mod cursor;
mod declare;
mod derivative;
mod ellipsis;
pub mod expr;
mod expression;
pub(crate) mod function;
mod index;
pub mod int;
pub mod reader;
mod scope;
mod shorthand;
pub mod statement;
pub mod symbol;
mod unify;
mod unknown;
pub mod walk;

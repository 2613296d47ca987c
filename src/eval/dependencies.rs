//! Which values follow when a symbol changes.

use crate::hash::{FastMap, FastSet};
use crate::math::expr::{Expr, SymbolId};
use crate::math::symbol::Symbols;

/// What is known of the definitions that a step reaches. It is the same on every sample, and evaluators of one step share it.
#[derive(Default)]
pub struct Dependencies {
    /// Every symbol that has had a value, with all that its definition reaches.
    known: FastMap<SymbolId, FastSet<SymbolId>>,
    /// For each symbol that was changed, the known ones that depend on it.
    dependents: FastMap<SymbolId, Vec<SymbolId>>,
    /// How many derivatives are nested in an expression.
    heights: FastMap<*const Expr, usize>,
}

impl Dependencies {
    /// Takes note that a symbol has a value, which changes with all that its definition mentions.
    pub(super) fn know(&mut self, symbols: &Symbols, symbol: SymbolId) {
        if self.known.contains_key(&symbol) {
            return;
        }
        let reached = crate::sample::reach(symbols, [symbol]);
        for (changed, dependents) in &mut self.dependents {
            if reached.contains(changed) {
                dependents.push(symbol);
            }
        }
        self.known.insert(symbol, reached);
    }

    /// The known symbols whose values follow when one changes.
    pub(super) fn dependents(&mut self, changed: SymbolId) -> &[SymbolId] {
        let known = &self.known;
        self.dependents
            .entry(changed)
            .or_insert_with(|| known.iter().filter(|(_, reached)| reached.contains(&changed)).map(|(symbol, _)| *symbol).collect())
    }

    /// How many derivatives are nested in an expression, through definitions.
    pub(super) fn height(&mut self, symbols: &Symbols, expr: &Expr) -> usize {
        *self.heights.entry(std::ptr::from_ref(expr)).or_insert_with(|| crate::sample::nesting(symbols, expr))
    }
}

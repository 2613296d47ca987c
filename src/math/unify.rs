//! Sizes that a page does not write: unknowns that their surroundings settle.

use super::expr::{Shape, SymbolId};
use super::int::Int;

/// Ids from here on are unknown sizes and no symbols.
const FIRST: u32 = 0x8000_0000;

/// Whether the id is that of an unknown size.
pub fn is_unknown(symbol: SymbolId) -> bool {
    symbol.0 >= FIRST
}

/// Unknown sizes and what is known of them.
#[derive(Clone, Debug, Default)]
pub struct Unknowns {
    solutions: Vec<Option<Int>>,
    /// Sizes that a condition says are equal to others.
    assumed: Vec<(SymbolId, Int)>,
}

impl Unknowns {
    /// A new unknown size.
    pub fn fresh(&mut self) -> Int {
        self.solutions.push(None);
        Int::symbol(SymbolId(FIRST + self.solutions.len() as u32 - 1))
    }

    /// Takes two sizes for equal from here on, where one of them is a symbol.
    pub fn assume(&mut self, left: &Int, right: &Int) {
        let (left, right) = (self.known(left), self.known(right));
        for (symbol, value) in [(&left, &right), (&right, &left)] {
            if let Some(symbol) = symbol.as_symbol()
                && !value.mentions(symbol)
            {
                self.assumed.push((symbol, value.clone()));
                return;
            }
        }
    }

    /// The polynomial with the sizes that a condition fixes put in.
    pub fn known(&self, int: &Int) -> Int {
        self.assumed.iter().fold(int.clone(), |int, (symbol, value)| int.substitute(*symbol, value).unwrap_or(int))
    }

    /// The polynomial with every settled unknown replaced.
    pub fn resolve(&self, int: &Int) -> Int {
        let mut result = int.clone();
        // Each round replaces one unknown; solutions hold no solved unknowns when they are made, so this ends.
        for _ in 0..64 {
            let solved = result
                .symbols()
                .find_map(|s| is_unknown(s).then(|| self.solutions[(s.0 - FIRST) as usize].clone().map(|value| (s, value))).flatten());
            match solved {
                Some((symbol, value)) => match result.substitute(symbol, &value) {
                    Some(next) => result = next,
                    None => break,
                },
                None => break,
            }
        }
        result
    }

    /// The shape with every settled unknown replaced.
    pub fn resolve_shape(&self, shape: &Shape) -> Shape {
        Shape { rows: self.resolve(&shape.rows), cols: self.resolve(&shape.cols) }
    }

    /// Makes two sizes equal, settling an unknown where that is needed. False where they differ.
    pub fn unify(&mut self, a: &Int, b: &Int) -> bool {
        let Some(difference) = self.resolve(a).sub(&self.resolve(b)) else { return false };
        let mut difference = self.known(&difference);
        if difference == Int::default() {
            return true;
        }
        // No size is zero: `m u = m n` says that `u = n`.
        while let Some(factor) = difference.common_factor() {
            difference = difference.divided_by(factor);
        }
        let unknowns: Vec<SymbolId> = difference.symbols().filter(|s| is_unknown(*s)).collect();
        for unknown in unknowns {
            let Some(coefficient) = difference.linear_coefficient(unknown) else { continue };
            if coefficient.abs() != 1 {
                continue;
            }
            // difference = c·u + rest = 0, so u = -c·rest.
            let Some(rest) = difference.substitute(unknown, &Int::default()) else { continue };
            let value = if coefficient == 1 { rest.neg() } else { rest };
            // A size is never negative.
            if value.as_constant().is_some_and(|v| v < 0) {
                return false;
            }
            self.solutions[(unknown.0 - FIRST) as usize] = Some(value);
            return true;
        }
        false
    }

    /// Makes two shapes equal.
    pub fn unify_shapes(&mut self, a: &Shape, b: &Shape) -> bool {
        let before = self.solutions.clone();
        if self.unify(&a.rows, &b.rows) && self.unify(&a.cols, &b.cols) {
            return true;
        }
        self.solutions = before;
        false
    }
}

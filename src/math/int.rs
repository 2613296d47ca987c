//! Integer polynomials in dimensions, natural numbers and indices: the sizes of matrices, the bounds of sums, the indices of elements.

use std::collections::BTreeMap;

use super::expr::SymbolId;
use crate::hash::FastMap;

/// A polynomial with integer coefficients in symbols that stand for whole numbers, such as `n`, `n + 1`, `m n` or `i - 1`.
///
/// Two sizes are equal exactly if their polynomials are, which is what makes shapes decidable before any sample is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Int {
    /// Each monomial, as its sorted factors, with its coefficient, which is never zero.
    terms: BTreeMap<Vec<SymbolId>, i64>,
}

/// The values of whole-number symbols on one sample.
pub type Ints = FastMap<SymbolId, i64>;

impl Int {
    /// The constant `value`.
    pub fn constant(value: i64) -> Int {
        let mut terms = BTreeMap::new();
        if value != 0 {
            terms.insert(Vec::new(), value);
        }
        Int { terms }
    }

    /// The symbol itself.
    pub fn symbol(symbol: SymbolId) -> Int {
        Int { terms: BTreeMap::from([(vec![symbol], 1)]) }
    }

    /// One, the size of a scalar.
    pub fn one() -> Int {
        Int::constant(1)
    }

    /// Whether this is the constant 1.
    pub fn is_one(&self) -> bool {
        self.as_constant() == Some(1)
    }

    /// The value, where no symbol occurs.
    pub fn as_constant(&self) -> Option<i64> {
        match self.terms.len() {
            0 => Some(0),
            1 => self.terms.first_key_value().filter(|(monomial, _)| monomial.is_empty()).map(|(_, coefficient)| *coefficient),
            _ => None,
        }
    }

    /// The symbol, where the polynomial is a symbol alone.
    pub fn as_symbol(&self) -> Option<SymbolId> {
        match self.terms.iter().next() {
            Some((monomial, 1)) if self.terms.len() == 1 && monomial.len() == 1 => Some(monomial[0]),
            _ => None,
        }
    }

    /// The sum; `None` where a coefficient leaves the range of 64 bits.
    pub fn add(&self, other: &Int) -> Option<Int> {
        let mut terms = self.terms.clone();
        for (monomial, coefficient) in &other.terms {
            let entry = terms.entry(monomial.clone()).or_insert(0);
            *entry = entry.checked_add(*coefficient)?;
            if *entry == 0 {
                terms.remove(monomial);
            }
        }
        Some(Int { terms })
    }

    /// The product; `None` where a coefficient or the degree (over 8) leaves its range.
    pub fn mul(&self, other: &Int) -> Option<Int> {
        let mut sum = Int::default();
        for (left, a) in &self.terms {
            for (right, b) in &other.terms {
                let mut monomial = [left.as_slice(), right.as_slice()].concat();
                if monomial.len() > 8 {
                    return None;
                }
                monomial.sort_unstable();
                sum = sum.add(&Int { terms: BTreeMap::from([(monomial, a.checked_mul(*b)?)]) })?;
            }
        }
        sum.terms.retain(|_, coefficient| *coefficient != 0);
        Some(sum)
    }

    /// The negative.
    pub fn neg(&self) -> Int {
        Int { terms: self.terms.iter().map(|(monomial, coefficient)| (monomial.clone(), coefficient.wrapping_neg())).collect() }
    }

    /// The difference.
    pub fn sub(&self, other: &Int) -> Option<Int> {
        self.add(&other.neg())
    }

    /// The value on a sample; `None` where a symbol has no value there or the value leaves 64 bits.
    pub fn value(&self, ints: &Ints) -> Option<i64> {
        let mut sum = 0i64;
        for (monomial, coefficient) in &self.terms {
            let mut product = *coefficient;
            for symbol in monomial {
                product = product.checked_mul(*ints.get(symbol)?)?;
            }
            sum = sum.checked_add(product)?;
        }
        Some(sum)
    }

    /// All symbols that occur, in order.
    pub fn symbols(&self) -> impl Iterator<Item = SymbolId> + '_ {
        self.terms.keys().flatten().copied()
    }

    /// Whether `symbol` occurs.
    pub fn mentions(&self, symbol: SymbolId) -> bool {
        self.symbols().any(|s| s == symbol)
    }

    /// The same with `value` in place of `symbol`.
    pub fn substitute(&self, symbol: SymbolId, value: &Int) -> Option<Int> {
        if !self.mentions(symbol) {
            return Some(self.clone());
        }
        let mut sum = Int::default();
        for (monomial, coefficient) in &self.terms {
            let mut product = Int::constant(*coefficient);
            for factor in monomial {
                product = if *factor == symbol { product.mul(value)? } else { product.mul(&Int::symbol(*factor))? };
            }
            sum = sum.add(&product)?;
        }
        Some(sum)
    }

    /// Each monomial with its coefficient.
    pub fn terms(&self) -> impl Iterator<Item = (&[SymbolId], i64)> {
        self.terms.iter().map(|(monomial, coefficient)| (monomial.as_slice(), *coefficient))
    }

    /// The coefficient of `symbol` standing alone, where it occurs in no other term.
    pub fn linear_coefficient(&self, symbol: SymbolId) -> Option<i64> {
        let mut found = None;
        for (monomial, coefficient) in &self.terms {
            if monomial.contains(&symbol) {
                if monomial.len() != 1 {
                    return None;
                }
                found = Some(*coefficient);
            }
        }
        found
    }

    /// A symbol that occurs in every monomial, where there are several.
    pub fn common_factor(&self) -> Option<SymbolId> {
        let mut monomials = self.terms.keys();
        let first = monomials.next().filter(|_| self.terms.len() > 1)?;
        first.iter().copied().find(|symbol| monomials.clone().all(|monomial| monomial.contains(symbol)))
    }

    /// The quotient by a symbol that occurs in every monomial.
    pub fn divided_by(&self, symbol: SymbolId) -> Int {
        let without = |monomial: &Vec<SymbolId>| {
            let at = monomial.iter().position(|factor| *factor == symbol);
            monomial.iter().enumerate().filter(|(i, _)| Some(*i) != at).map(|(_, factor)| *factor).collect()
        };
        Int { terms: self.terms.iter().map(|(monomial, coefficient)| (without(monomial), *coefficient)).collect() }
    }

    /// As it is written, `name` giving the name of each symbol: `n + 1`, `m n`.
    pub fn display(&self, name: &dyn Fn(SymbolId) -> String) -> String {
        if self.terms.is_empty() {
            return "0".to_string();
        }
        let mut text = String::new();
        // Terms with symbols come first, so that `n + 1` is not written `1 + n`.
        let (constants, others): (Vec<_>, Vec<_>) = self.terms.iter().partition(|(monomial, _)| monomial.is_empty());
        for (monomial, coefficient) in others.into_iter().chain(constants) {
            let magnitude = coefficient.unsigned_abs();
            match (text.is_empty(), *coefficient < 0) {
                (true, true) => text.push('-'),
                (true, false) => {}
                (false, negative) => text.push_str(if negative { " - " } else { " + " }),
            }
            let factors: Vec<String> = monomial.iter().map(|symbol| name(*symbol)).collect();
            if factors.is_empty() || magnitude != 1 {
                text.push_str(&magnitude.to_string());
            }
            text.push_str(&factors.join(" "));
        }
        text
    }
}

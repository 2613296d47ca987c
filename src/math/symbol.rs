//! The symbols of a chapter: what each is, its shape, where its values lie.

use num_rational::BigRational;

use super::expr::{Expr, Shape, SymbolId};
use super::int::Int;
use crate::span::Span;

/// Where the values of a scalar, or of every element of a vector or matrix, lie.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// All real numbers.
    Reals,
    /// An interval; an absent end is infinite.
    Interval {
        /// The lower end and whether it belongs.
        low: Option<(BigRational, bool)>,
        /// The upper end and whether it belongs.
        high: Option<(BigRational, bool)>,
    },
    /// All reals but these.
    Without(Vec<BigRational>),
    /// These numbers only.
    Set(Vec<BigRational>),
    /// Whole numbers from a lower to an upper end, where there is one.
    Whole(Option<Int>, Option<Int>),
    /// Symmetric matrices.
    Symmetric,
    /// Symmetric positive definite matrices.
    PositiveDefinite,
    /// Symmetric positive semidefinite matrices.
    PositiveSemidefinite,
    /// Invertible matrices.
    Invertible,
    /// Matrices with A^⊤ = -A.
    Skew,
    /// Matrices with orthonormal columns.
    Orthonormal,
}

/// What a symbol is.
#[derive(Clone, Debug)]
pub enum SymbolKind {
    /// A declared variable, or (with `parameter`) a parameter of a function, which has a value only where it is bound.
    Variable {
        /// Where its values lie.
        domain: Domain,
        /// Whether it is a parameter.
        parameter: bool,
    },
    /// A declared family with members `low..=high` in each of its indices, all of the symbol's shape.
    Family {
        /// First and last index, an index each.
        ranges: Vec<(Int, Int)>,
        /// Where the values of its members lie.
        domain: Domain,
    },
    /// A symbol that stands for an expression.
    Defined(Expr),
    /// A family defined by its general member.
    DefinedFamily {
        /// The bound indices with their ranges.
        indices: Vec<(SymbolId, Int, Int)>,
        /// The member.
        member: Expr,
    },
    /// A function: of `parameters`, with a body or arbitrary. The symbol's shape is that of its value.
    Function {
        /// Its parameters, symbols of their own.
        parameters: Vec<SymbolId>,
        /// Its value, where it is defined; an arbitrary smooth function where it is only declared.
        body: Option<Expr>,
        /// Where the values of a declared function lie.
        range: Domain,
    },
    /// A family of declared functions `f_1, \dots, f_m`: evaluated as one function each, `Apply` with the index as first argument.
    FunctionFamily {
        /// First and last index.
        range: (Int, Int),
        /// The shapes of the parameters.
        parameters: Vec<SymbolId>,
    },
    /// A whole number: a dimension (from 1), a natural number, an integer, or an index; its domain says from where to where.
    Whole {
        /// The lower end, where there is one.
        low: Option<Int>,
        /// The upper end, where there is one.
        high: Option<Int>,
        /// Whether it is the size of something that was declared: such numbers are drawn small.
        dimension: bool,
    },
}

/// A symbol with all that is known of it.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// Its name in TeX, in one canonical spelling: `\mathbf{x}`, `W^{(1)}`.
    pub name: String,
    /// Its shape; of a family, the shape of each member; of a function, the shape of its value.
    pub shape: Shape,
    /// What it is.
    pub kind: SymbolKind,
    /// Where it was introduced.
    pub introduced: Span,
}

impl Symbol {
    /// The whole numbers that its shape, the members of a family, or the ends of its domain depend on.
    pub fn sizes(&self) -> impl Iterator<Item = &Int> {
        let ranges: Vec<&Int> = match &self.kind {
            SymbolKind::Family { ranges, .. } => ranges.iter().flat_map(|(low, high)| [low, high]).collect(),
            SymbolKind::Whole { low, high, .. } => low.iter().chain(high).collect(),
            _ => Vec::new(),
        };
        [&self.shape.rows, &self.shape.cols].into_iter().chain(ranges)
    }
}

/// All symbols of a chapter, in the order in which they were introduced. A symbol that was replaced stays, since earlier definitions mean it.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    list: Vec<Symbol>,
}

impl Symbols {
    /// Adds a symbol.
    pub fn add(&mut self, symbol: Symbol) -> SymbolId {
        self.list.push(symbol);
        SymbolId(self.list.len() as u32 - 1)
    }

    /// The symbol with this id; none for an id that stands for a size which nothing settled.
    pub fn get(&self, id: SymbolId) -> Option<&Symbol> {
        self.list.get(id.0 as usize)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &Symbol)> {
        self.list.iter().enumerate().map(|(i, symbol)| (SymbolId(i as u32), symbol))
    }

    /// Forgets every symbol from the one with this number on: undoing a formula that could not be read.
    pub fn truncate(&mut self, len: usize) {
        self.list.truncate(len);
    }

    /// A whole number in words.
    pub fn int_text(&self, int: &Int) -> String {
        // Sizes that nothing settled have no symbol.
        int.display(&|id: SymbolId| self.list.get(id.0 as usize).map_or("?".to_string(), |symbol| symbol.name.clone()))
    }

    /// A shape in words: `scalar`, `n×1`.
    pub fn shape_text(&self, shape: &Shape) -> String {
        if shape.is_scalar() {
            return "a scalar".to_string();
        }
        let size = |int: &Int| {
            let text = self.int_text(int);
            if text.contains(' ') { format!("({text})") } else { text }
        };
        format!("{}×{}", size(&shape.rows), size(&shape.cols))
    }
}

impl std::ops::Index<SymbolId> for Symbols {
    type Output = Symbol;
    fn index(&self, id: SymbolId) -> &Symbol {
        &self.list[id.0 as usize]
    }
}

impl std::ops::IndexMut<SymbolId> for Symbols {
    fn index_mut(&mut self, id: SymbolId) -> &mut Symbol {
        &mut self.list[id.0 as usize]
    }
}

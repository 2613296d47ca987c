//! The state of reading a chapter: symbols, scope, unknown sizes, free indices. The reading itself stands in the modules beside this one:
//! `statement` (chains, conditions), `declare` (declarations, definitions), `expression`, `function`, `derivative`, `ellipsis`.

use std::collections::{HashMap, HashSet};

use num_rational::BigRational;

use super::expr::{Condition, Expr, IndexRange, Kind, Relation, Shape, SymbolId};
use super::int::Int;
use super::scope::{Meaning, Scope, element_names};
use super::symbol::{Symbol, SymbolKind, Symbols};
use super::unify::{Unknowns, is_unknown};
use super::walk;
use crate::check::Layout;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind};

/// The result of reading something.
pub type Read<T> = Result<T, Diagnostic>;

/// What is known of an index while a statement is read.
#[derive(Clone, Debug)]
pub struct IndexState {
    /// Its first and last value.
    pub range: Option<(Int, Int)>,
    /// Whether the range was written, and is not to be inferred.
    pub written: bool,
    /// A range that counts only if nothing better turns up: the size of a unit vector.
    pub fallback: Option<(Int, Int)>,
    /// Whether it stands in the name that is being defined, where it may turn out to count nothing.
    pub defining: bool,
    /// Where it is first used.
    pub span: Span,
}

/// Reads the formulas of one chapter in their order.
#[derive(Clone, Debug)]
pub struct Reader {
    /// All symbols so far.
    pub symbols: Symbols,
    /// What names mean at this place.
    pub scope: Scope,
    /// The layout of derivatives.
    pub layout: Layout,
    /// The command that means Kronecker's product, without its backslash.
    pub kronecker: Option<String>,
    /// Assumptions in force.
    pub assumptions: Vec<Condition>,
    /// Conditions that come with a symbol wherever it is used: bounds of its sizes, a vector that is not zero.
    pub standing: HashMap<SymbolId, Vec<Condition>>,
    /// Unknown sizes of the statement.
    pub(super) unknowns: Unknowns,
    /// Indices that are bound, free or written, of the statement.
    pub(super) indices: HashMap<SymbolId, IndexState>,
    /// Free indices of the statement in the order of their first use.
    pub(super) free: Vec<(String, SymbolId, Option<Meaning>)>,
    /// Whether an unknown letter in an index becomes a free index.
    pub(super) free_allowed: bool,
    /// Conditions on sizes that written indices ask for.
    pub(super) size_conditions: Vec<Condition>,
    /// The formula's nodes, for what its other parts say.
    pub(super) formula: Vec<Node>,
    /// What derivatives that are being read are taken by, the innermost last.
    pub(super) by: Vec<Expr>,
    /// Which equation of a chain inside a case's value is read: 0 for the first side.
    pub(super) variant: usize,
    /// The largest number of sides seen in such a chain.
    pub(super) variants: usize,
    /// The conditions of the `cases` seen in this formula.
    pub(super) shared_cases: Vec<Vec<Vec<Node>>>,
    /// How deep the reading is nested.
    pub(super) depth: usize,
    /// How many parts the bodies of functions have brought into the statement.
    pub(super) written_out: usize,
    /// The nodes of the statement that is being read.
    pub(super) statement: Vec<Node>,
    /// Where the side stands that is being read.
    pub(super) side: Span,
    /// Symbols that the formula introduces.
    pub(super) introduced: Vec<SymbolId>,
    /// The index of each family of defined functions, with its range.
    pub(super) function_indices: HashMap<SymbolId, (SymbolId, Int, Int)>,
    /// The symbol that stands for the argument of a function without parameters of its own.
    pub(super) dummy: Option<SymbolId>,
    /// Where functions' bare names stood in derivatives.
    pub(super) bare: HashSet<Span>,
    /// Symbols that stand for a function's value while something is differentiated by it.
    pub(super) values: HashMap<(SymbolId, Option<Int>), SymbolId>,
    /// Indices of the statement that are compared with one another.
    pub(super) compared: Vec<(SymbolId, SymbolId)>,
    /// Functions whose place is being looked for.
    pub(super) placing: Vec<(SymbolId, Option<Int>)>,
    /// Unit vectors with the sizes that they turned out to have.
    pub(super) units: Vec<(Int, Int)>,
    /// The name that is being defined, and the family's.
    pub(super) defining: Option<(String, Option<String>)>,
    /// What that name meant until now.
    pub(super) previous: Option<SymbolId>,
    /// Names whose introduction could not be read, and where it stands.
    pub(super) broken: HashMap<String, Span>,
    /// Those of these places of which a message told already.
    pub(super) told: HashSet<Span>,
    /// The domain of the whole number that is being read.
    pub(super) counting: Option<&'static str>,
}

/// How deeply expressions may be nested.
const MAX_DEPTH: usize = 96;
/// How many parts the bodies of functions may bring into a statement, and how deeply each may be nested.
pub(super) const MAX_WRITTEN_OUT: usize = 20_000;
pub(super) const MAX_WRITTEN_DEPTH: usize = 120;

impl Reader {
    /// A reader at the beginning of a chapter.
    pub fn new(layout: Layout, kronecker: Option<String>) -> Reader {
        Reader {
            symbols: Symbols::default(),
            scope: Scope::default(),
            layout,
            kronecker,
            assumptions: Vec::new(),
            standing: HashMap::new(),
            unknowns: Unknowns::default(),
            indices: HashMap::new(),
            free: Vec::new(),
            free_allowed: true,
            size_conditions: Vec::new(),
            formula: Vec::new(),
            by: Vec::new(),
            variant: 0,
            variants: 1,
            shared_cases: Vec::new(),
            depth: 0,
            written_out: 0,
            statement: Vec::new(),
            side: Span::default(),
            introduced: Vec::new(),
            function_indices: HashMap::new(),
            dummy: None,
            bare: HashSet::new(),
            values: HashMap::new(),
            compared: Vec::new(),
            placing: Vec::new(),
            units: Vec::new(),
            defining: None,
            previous: None,
            broken: HashMap::new(),
            told: HashSet::new(),
            counting: None,
        }
    }

    /// Forgets where names stand whose introduction could not be read.
    pub fn forget_places(&mut self) {
        self.broken.clear();
        self.told.clear();
    }

    /// Runs `f` one level deeper.
    pub(super) fn nested<T>(&mut self, span: Span, f: impl FnOnce(&mut Reader) -> Read<T>) -> Read<T> {
        if self.depth >= MAX_DEPTH {
            return Err(Diagnostic::new(Code::Limit, span, format!("expressions may be nested {MAX_DEPTH} deep at most"))
                .help("define a part of the formula as a symbol of its own"));
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    // ---- shapes ----

    /// The shape with what is known of unknown sizes put in.
    pub(super) fn shape(&self, expr: &Expr) -> Shape {
        self.unknowns.resolve_shape(&expr.shape)
    }

    /// A shape in words.
    pub(super) fn shape_text(&self, shape: &Shape) -> String {
        self.symbols.shape_text(&self.unknowns.resolve_shape(shape))
    }

    /// A size in words.
    pub(super) fn int_text(&self, int: &Int) -> String {
        self.symbols.int_text(&self.unknowns.resolve(int))
    }

    /// An unknown size.
    pub(super) fn unknown(&mut self) -> Int {
        self.unknowns.fresh()
    }

    // ---- symbols ----

    /// Adds a symbol and makes its name mean it; returns what the name meant.
    pub(super) fn introduce(&mut self, key: &str, symbol: Symbol) -> (SymbolId, Option<Meaning>) {
        let id = self.symbols.add(symbol);
        let before = self.scope.set(key, Meaning::Symbol(id));
        (id, before)
    }

    /// A new symbol for an index.
    pub(super) fn new_index(&mut self, name: &str, range: Option<(Int, Int)>, span: Span) -> SymbolId {
        let id = self.symbols.add(Symbol {
            name: name.to_string(),
            shape: Shape::scalar(),
            kind: SymbolKind::Whole { low: None, high: None, dimension: false },
            introduced: span,
        });
        let written = range.is_some();
        self.indices.insert(id, IndexState { range, written, fallback: None, defining: false, span });
        id
    }

    /// Says that `index` counts something that runs from `low` to `high`.
    pub(super) fn use_index(&mut self, index: &Int, low: &Int, high: &Int, what: &str, span: Span) -> Read<()> {
        let index = self.unknowns.resolve(index);
        if let Some(symbol) = index.as_symbol()
            && let Some(state) = self.indices.get(&symbol).cloned()
        {
            if state.written {
                return Ok(());
            }
            match state.range {
                None => {
                    self.indices.get_mut(&symbol).expect("known").range = Some((low.clone(), high.clone()));
                }
                Some((first, last)) => {
                    if !(self.unknowns.unify(&first, low) && self.unknowns.unify(&last, high)) {
                        let name = self.symbols[symbol].name.clone();
                        return Err(Diagnostic::new(
                            Code::Index,
                            span,
                            format!(
                                "the index `{name}` has two ranges: {} to {} before, and {} to {} here",
                                self.int_text(&first),
                                self.int_text(&last),
                                self.int_text(low),
                                self.int_text(high)
                            ),
                        )
                        .label(state.span, "first used here")
                        .label(span, "counts something else here")
                        .help("use two letters, or write the range of the sum"));
                    }
                }
            }
            return Ok(());
        }
        if index.symbols().any(is_unknown) {
            return Ok(());
        }
        let low = self.unknowns.resolve(low);
        let high = self.unknowns.resolve(high);
        // A letter that was declared as an index has a range of its own, which must lie in this one.
        let mut ends = (index.clone(), index.clone());
        let mut declared = false;
        for symbol in index.symbols().collect::<HashSet<_>>() {
            let SymbolKind::Whole { low: Some(first), high: Some(last), .. } = &self.symbols[symbol].kind else { continue };
            let Some(coefficient) = index.linear_coefficient(symbol) else { continue };
            declared = true;
            let (small, large) = if coefficient > 0 { (first, last) } else { (last, first) };
            if let (Some(a), Some(b)) = (ends.0.substitute(symbol, small), ends.1.substitute(symbol, large)) {
                ends = (a, b);
            }
        }
        if declared && !index.symbols().any(|s| self.indices.contains_key(&s)) {
            let inside =
                |large: &Int, small: &Int| large.sub(small).and_then(|d| self.unknowns.known(&d).as_constant()).is_some_and(|d| d >= 0);
            if !inside(&ends.0, &low) || !inside(&high, &ends.1) {
                return Err(self.out_of_range(&index, &low, &high, what, span).note(format!(
                    "it runs from {} to {}",
                    self.int_text(&ends.0),
                    self.int_text(&ends.1)
                )));
            }
            return Ok(());
        }
        // An index made of sizes and numbers alone restricts the sizes; one that is bound is looked after when it has a value.
        if index.symbols().any(|s| self.indices.contains_key(&s)) {
            return Ok(());
        }
        for (small, large) in [(&low, &index), (&index, &high)] {
            let Some(difference) = large.sub(small) else { continue };
            if difference.as_constant().is_some_and(|d| d < 0) {
                return Err(self.out_of_range(&index, &low, &high, what, span));
            }
            if difference.as_constant().is_none() && !difference.symbols().any(is_unknown) {
                let condition = Condition::Relation(
                    Relation::GreaterOrEqual,
                    Box::new(int_expr(large.clone(), span)),
                    Box::new(int_expr(small.clone(), span)),
                );
                self.size_conditions.push(condition);
            }
        }
        Ok(())
    }

    fn out_of_range(&self, index: &Int, low: &Int, high: &Int, what: &str, span: Span) -> Diagnostic {
        Diagnostic::new(
            Code::Index,
            span,
            format!(
                "the index {} is out of range: {what} has indices {} to {}",
                self.int_text(index),
                self.int_text(low),
                self.int_text(high)
            ),
        )
    }

    /// The range of an index at the end of what binds it.
    pub(super) fn range_of(&mut self, index: SymbolId) -> Read<IndexRange> {
        let state = self.indices.get(&index).cloned();
        let name = self.symbols[index].name.clone();
        let Some(state) = state else {
            return Err(Diagnostic::new(Code::Index, Span::default(), format!("nothing says how far `{name}` runs")));
        };
        match state.range.or(state.fallback) {
            Some((low, high)) => Ok(IndexRange { index, low, high }),
            None => Err(Diagnostic::new(Code::Index, state.span, format!("nothing says how far the index `{name}` runs"))
                .help(format!("write its range, as in `\\sum_{{{name}=1}}^{{n}}`, or use it as an index of a declared vector or family"))),
        }
    }

    // ---- names ----

    /// The canonical name of a node that can be one.
    pub(super) fn name_of(&self, node: &Node) -> Option<String> {
        match &node.kind {
            NodeKind::Letter(c) => Some(c.to_string()),
            NodeKind::Command(name) if is_letter_command(name) => Some(format!("\\{name}")),
            NodeKind::Styled(style, inner) => {
                let simple = inner.iter().all(|n| match &n.kind {
                    NodeKind::Letter(_) | NodeKind::Number(_) => true,
                    NodeKind::Char(c) => matches!(c, '-' | ' '),
                    NodeKind::Command(name) => is_letter_command(name),
                    NodeKind::Styled(..) => self.name_of(n).is_some(),
                    _ => false,
                });
                if inner.is_empty() || !simple {
                    return None;
                }
                let letters = crate::tex::tree::canonical(inner);
                let style = match style.as_str() {
                    "mathrm" if letters.chars().count() > 1 => "operatorname",
                    "bm" | "pmb" => "boldsymbol",
                    style => style,
                };
                Some(format!("\\{style}{{{letters}}}"))
            }
            NodeKind::Text(_) => {
                let words = node.words()?;
                let word = words.trim();
                (!word.is_empty() && word.chars().all(char::is_alphabetic)).then(|| format!("\\operatorname{{{word}}}"))
            }
            _ => None,
        }
    }

    /// The symbol that a name means.
    pub(super) fn lookup(&self, name: &str) -> Option<SymbolId> {
        match self.scope.get(name)? {
            Meaning::Symbol(id) | Meaning::ValueOf(_, id) => Some(id),
            Meaning::Broken => None,
        }
    }

    /// The latest symbol that a name with so many indices may be an element or member of, with the key under which it stands.
    pub(super) fn element_symbol(&self, name: &str, indices: usize) -> Option<SymbolId> {
        // One index is that of an element of a vector, two are those of an element of a matrix.
        let holds = |shape: &Shape, rest: usize| {
            let vector = shape.rows.is_one() != shape.cols.is_one();
            match rest {
                1 => vector,
                2 => !shape.is_scalar() && !vector,
                _ => false,
            }
        };
        let mut found: Option<SymbolId> = None;
        for candidate in element_names(name, indices) {
            let same = candidate == name;
            if let Some(id) = self.lookup(&super::scope::family_key(&candidate)) {
                let member = &self.symbols[id].shape;
                // A bold letter's member is none of the plain one's; the rest of the indices are those of an element of the member.
                let fits = match indices.checked_sub(self.family_indices(id)) {
                    Some(0) => same || member.is_scalar(),
                    Some(rest) => holds(member, rest),
                    None => false,
                };
                if fits && found.is_none_or(|other| id > other) {
                    found = Some(id);
                }
            }
            if let Some(id) = self.lookup(&candidate) {
                let symbol = &self.symbols[id];
                let value = matches!(symbol.kind, SymbolKind::Variable { .. } | SymbolKind::Defined(_));
                let fits = holds(&symbol.shape, indices);
                // A bold letter's own family comes before the elements of the vector of the same name.
                let family = self.lookup(&super::scope::family_key(&candidate)).is_some();
                let hidden = same && family && indices == 1 && name.contains('{');
                // A vector that lists a family's members leaves its elements members: they are the same, and may be differentiated by.
                let lists = found.is_some_and(|family| self.lists(id, family));
                if value && fits && !hidden && !lists && found.is_none_or(|other| id > other) {
                    found = Some(id);
                }
            }
        }
        found
    }

    /// Whether a symbol is defined as the vector of a family's members.
    fn lists(&self, vector: SymbolId, family: SymbolId) -> bool {
        let SymbolKind::Defined(body) = &self.symbols[vector].kind else { return false };
        let mut body = body;
        while let Kind::Transpose(of) = &body.kind {
            body = of;
        }
        matches!(&body.kind, Kind::Tabulate(row, col, member) if matches!(&member.kind, Kind::Member(id, indices)
            if *id == family && indices.len() == 1 && indices[0].as_symbol().is_some_and(|index| index == *row || index == *col)))
    }

    /// How many indices a family has; a function that stands under a family's name has one.
    pub(super) fn family_indices(&self, id: SymbolId) -> usize {
        match &self.symbols[id].kind {
            SymbolKind::Family { ranges, .. } => ranges.len(),
            SymbolKind::DefinedFamily { indices, .. } => indices.len(),
            SymbolKind::FunctionFamily { .. } | SymbolKind::Function { .. } => 1,
            _ => 0,
        }
    }

    // ---- the end of a statement ----

    /// Forgets what belongs to one statement.
    pub(super) fn begin_statement(&mut self) {
        self.unknowns = Unknowns::default();
        self.indices.clear();
        self.free.clear();
        self.free_allowed = true;
        self.size_conditions.clear();
        self.by.clear();
        self.variant = 0;
        self.variants = 1;
        self.depth = 0;
        self.written_out = 0;
        self.bare.clear();
        self.values.clear();
        self.units.clear();
        self.compared.clear();
    }

    /// An index of which nothing is known but what it is compared with runs as far as that.
    pub(super) fn share_ranges(&mut self) {
        for _ in 0..self.compared.len() {
            for (a, b) in self.compared.clone().into_iter().flat_map(|(a, b)| [(a, b), (b, a)]) {
                let range = self.indices.get(&b).and_then(|state| state.range.clone().or(state.fallback.clone()));
                if let (Some(state), Some(range)) = (self.indices.get_mut(&a), range)
                    && state.range.is_none()
                    && state.fallback.is_none()
                {
                    state.fallback = Some(range);
                }
            }
        }
    }

    /// Remembers that two indices are compared.
    pub(super) fn compare_indices(&mut self, a: &Expr, b: &Expr) {
        if let (Kind::Int(a), Kind::Int(b)) = (&a.kind, &b.kind)
            && let (Some(a), Some(b)) = (a.as_symbol(), b.as_symbol())
        {
            self.compared.push((a, b));
        }
    }

    /// The indices of unit vectors lie in the vectors, whose sizes are known by now.
    pub(super) fn settle_units(&mut self) -> Read<()> {
        for (index, rows) in std::mem::take(&mut self.units) {
            let rows = self.unknowns.resolve(&rows);
            if !rows.symbols().any(is_unknown) {
                self.use_index(&index, &Int::one(), &rows, "this unit vector", self.side)?;
            }
        }
        Ok(())
    }

    /// The conditions on sizes that a definition asks for.
    pub(super) fn take_size_conditions(&mut self) -> Read<Vec<Condition>> {
        std::mem::take(&mut self.size_conditions).into_iter().map(|condition| self.finish_condition(condition)).collect()
    }

    /// Takes the free indices' names out of the scope.
    pub(super) fn end_statement(&mut self) {
        for (name, id, before) in std::mem::take(&mut self.free).into_iter().rev() {
            if self.scope.get(&name) == Some(Meaning::Symbol(id)) {
                self.scope.restore(&name, before);
            }
        }
    }

    /// Puts every settled size into the expression; a size that nothing fixes is an error at its place.
    pub(super) fn finish(&self, mut expr: Expr) -> Read<Expr> {
        let mut missing = None;
        self.finish_into(&mut expr, &mut missing);
        match missing {
            None => Ok(expr),
            Some(span) => Err(Diagnostic::new(Code::UnknownSize, span, "nothing says how large this is")
                .help("write its size, as in `I_n`, `\\mathbf{0}_{n}` or `\\mathbf{1}_{m}`")),
        }
    }

    fn finish_into(&self, expr: &mut Expr, missing: &mut Option<Span>) {
        let span = expr.span;
        let mut unknown = false;
        walk::each_int_mut(expr, &mut |int| {
            *int = self.unknowns.resolve(int);
            unknown |= int.symbols().any(is_unknown);
        });
        walk::each_child_mut(expr, &mut |child| self.finish_into(child, missing));
        if unknown && missing.is_none() {
            *missing = Some(span);
        }
    }

    /// The same for a condition.
    pub(super) fn finish_condition(&self, mut condition: Condition) -> Read<Condition> {
        let mut missing = None;
        walk::each_in_condition_mut(&mut condition, &mut |expr| self.finish_into(expr, &mut missing));
        match missing {
            None => Ok(condition),
            Some(span) => Err(Diagnostic::new(Code::UnknownSize, span, "nothing says how large this is")),
        }
    }
}

/// The message for a name in its own definition.
pub(super) fn circular(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::BadDeclaration, span, format!("this definition is circular: `{name}` occurs in its own value"))
        .help("give the new value another name")
}

/// An expression that is a whole number.
pub(super) fn int_expr(int: Int, span: Span) -> Expr {
    let kind = match int.as_constant() {
        Some(value) => Kind::Number(BigRational::from_integer(value.into())),
        None => Kind::Int(int),
    };
    Expr { kind, shape: Shape::scalar(), span }
}

/// The whole number that an expression is, where it is one whatever the sample.
pub(super) fn to_int(expr: &Expr) -> Option<Int> {
    match &expr.kind {
        Kind::Number(value) if value.is_integer() => Some(Int::constant(value.to_integer().try_into().ok()?)),
        Kind::Int(int) => Some(int.clone()),
        Kind::Neg(a) => Some(to_int(a)?.neg()),
        Kind::Add(a, b) => to_int(a)?.add(&to_int(b)?),
        Kind::Sub(a, b) => to_int(a)?.sub(&to_int(b)?),
        Kind::Mul(a, b) => to_int(a)?.mul(&to_int(b)?),
        Kind::Power(a, b) => {
            let base = to_int(a)?;
            let exponent = to_int(b)?.as_constant()?;
            if !(0..=8).contains(&exponent) {
                return None;
            }
            let mut result = Int::one();
            for _ in 0..exponent {
                result = result.mul(&base)?;
            }
            Some(result)
        }
        _ => None,
    }
}

/// Whether a command is a letter.
pub(crate) fn is_letter_command(name: &str) -> bool {
    const LETTERS: &[&str] = &[
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "varepsilon",
        "zeta",
        "eta",
        "theta",
        "vartheta",
        "iota",
        "kappa",
        "varkappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "omicron",
        "pi",
        "varpi",
        "rho",
        "varrho",
        "sigma",
        "varsigma",
        "tau",
        "upsilon",
        "phi",
        "varphi",
        "chi",
        "psi",
        "omega",
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Pi",
        "Sigma",
        "Upsilon",
        "Phi",
        "Psi",
        "Omega",
        "ell",
        "hbar",
        "imath",
        "jmath",
        "aleph",
        "wp",
    ];
    LETTERS.contains(&name)
}

/// An expression without a place of its own.
pub(super) fn expr(kind: Kind, shape: Shape, span: Span) -> Expr {
    Expr { kind, shape, span }
}

/// The whole number as an expression.
pub(super) fn number(value: i64, span: Span) -> Expr {
    int_expr(Int::constant(value), span)
}

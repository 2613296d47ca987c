//! Samples: dimensions and values from declared domains and conditions, structured ones first.

use std::cell::RefCell;
use std::rc::Rc;

use num_rational::BigRational;

use crate::eval::{Dependencies, Evaluator, Mode};
use crate::hash::{FastMap, FastSet};
use crate::math::expr::{By, Condition, Elementary, Expr, IndexRange, Kind, Reduction, Relation, Step, SymbolId};
use crate::math::int::{Int, Ints};
use crate::math::symbol::{Domain, SymbolKind, Symbols};
use crate::scalar::{Fault, Rational, Scalar};
use crate::span::Span;

/// A small generator of random numbers (splitmix64), the same on every platform.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number from `low` to `high`, both included.
    pub fn range(&mut self, low: i64, high: i64) -> i64 {
        let span = (i128::from(high) - i128::from(low) + 1).max(1);
        (i128::from(low) + i128::from(self.bits()) % span) as i64
    }
}

/// A matrix of exact numbers, column after column.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub cols: usize,
    /// The elements.
    pub data: Vec<Rational>,
}

/// One assignment of values to all that a step can reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Dimensions, natural numbers and indices.
    pub ints: Ints,
    /// Values of variables, and of the members of families with their indices.
    pub values: FastMap<(SymbolId, Vec<i64>), Matrix>,
    /// The seed of the arbitrary functions.
    pub functions: u64,
    /// Whether the values are structured and not random.
    pub structured: bool,
    /// Whether a value was moved far away, where functions come so close to their limits that rounding hides the difference.
    pub far: bool,
    /// Whether a condition is met up to rounding only, so that exact arithmetic has no say.
    pub rounded: bool,
}

/// What occurs in an expression and in the definitions that it reaches.
#[derive(Default)]
pub struct Facts<'a> {
    /// Every symbol.
    pub symbols: FastSet<SymbolId>,
    /// Symbols bound inside: indices of sums and families, parameters.
    pub bound: FastSet<SymbolId>,
    /// Whether something is differentiated.
    pub derivative: bool,
    /// Whether an inverse or a determinant occurs.
    pub inverse: bool,
    /// Numbers that a symbol is compared with.
    pub thresholds: Vec<(SymbolId, Rational)>,
    /// Numbers that are compared with one another, or with zero.
    pub comparisons: Vec<(&'a Expr, Option<&'a Expr>)>,
    /// The place of each `cases` with the number of its branches.
    pub branches: FastSet<(Span, usize)>,
}

/// A number of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An element of a variable or of a member of a family.
    Value((SymbolId, Vec<i64>), usize),
    /// A whole number that is no size.
    Whole(SymbolId),
}

/// The styles of samples: 0 is random, the others are structured.
pub const STYLES: std::ops::RangeInclusive<usize> = 0..=SIMPLE;
/// The style of simple counterexamples.
const SIMPLE: usize = 8;
/// The style in which variables of one domain and shape have one value.
const ALIKE: usize = 9;

/// Of how many places of its domain each number of a fine sample is one.
pub const PLACES: u64 = 1 << 60;

/// How far an equation that samples are drawn to meet may be off.
const MET: f64 = 4e-15;
/// How far from such a place a number that was moved may be.
const CLOSE: f64 = 1e-12;
/// The largest denominator of the numbers that are tried where it is further away.
const SIMPLEST: i64 = 24;

enum Part<'a> {
    Expr(&'a Expr),
    Condition(&'a Condition),
    By(&'a By),
    Symbol(SymbolId),
}

struct Walk<'a> {
    symbols: &'a Symbols,
    facts: Facts<'a>,
    parts: Vec<Part<'a>>,
    /// Whether to go into what is differentiated, and the derivatives that were met.
    enter: bool,
    derivatives: Vec<&'a Expr>,
}

impl<'a> Walk<'a> {
    fn new(symbols: &'a Symbols, enter: bool) -> Walk<'a> {
        Walk { symbols, facts: Facts::default(), parts: Vec::new(), enter, derivatives: Vec::new() }
    }

    fn int(&mut self, int: &Int) {
        self.parts.extend(int.symbols().map(Part::Symbol));
    }

    fn range(&mut self, range: &IndexRange) {
        self.facts.bound.insert(range.index);
        self.int(&range.low);
        self.int(&range.high);
    }

    fn run(mut self) -> Walk<'a> {
        while let Some(part) = self.parts.pop() {
            match part {
                Part::Expr(expr) => self.expr(expr),
                Part::Condition(condition) => self.condition(condition),
                Part::By(by) => self.by(by),
                Part::Symbol(symbol) => self.symbol(symbol),
            }
        }
        self
    }

    fn symbol(&mut self, id: SymbolId) {
        if !self.facts.symbols.insert(id) {
            return;
        }
        let symbols = self.symbols;
        let symbol = &symbols[id];
        self.int(&symbol.shape.rows);
        self.int(&symbol.shape.cols);
        let mut whole = |domain: &Domain| {
            if let Domain::Whole(low, high) = domain {
                for end in [low, high].into_iter().flatten() {
                    self.parts.extend(end.symbols().map(Part::Symbol));
                }
            }
        };
        match &symbol.kind {
            SymbolKind::Variable { domain, .. } => whole(domain),
            SymbolKind::Family { ranges, domain } => {
                whole(domain);
                for (low, high) in ranges {
                    self.int(low);
                    self.int(high);
                }
            }
            SymbolKind::Defined(expr) => self.parts.push(Part::Expr(expr)),
            SymbolKind::DefinedFamily { indices, member } => {
                for (index, low, high) in indices {
                    self.facts.bound.insert(*index);
                    self.int(low);
                    self.int(high);
                }
                self.parts.push(Part::Expr(member));
            }
            SymbolKind::Function { body, .. } => self.parts.extend(body.as_ref().map(Part::Expr)),
            SymbolKind::FunctionFamily { range, .. } => {
                self.int(&range.0);
                self.int(&range.1);
            }
            SymbolKind::Whole { low, high, .. } => {
                for end in [low, high].into_iter().flatten() {
                    self.int(end);
                }
            }
        }
    }

    fn by(&mut self, by: &'a By) {
        match by {
            By::Symbol(symbol) => self.parts.push(Part::Symbol(*symbol)),
            By::Member(symbol, indices) => {
                self.parts.push(Part::Symbol(*symbol));
                for index in indices {
                    self.int(index);
                }
            }
            By::Entry(of, row, col) => {
                self.parts.push(Part::By(of));
                self.int(row);
                self.int(col);
            }
            By::List(list) => self.parts.extend(list.iter().map(Part::By)),
        }
    }

    fn threshold(&mut self, a: &'a Expr, b: &'a Expr) {
        // Indices are compared on all their values anyway.
        if !matches!((&a.kind, &b.kind), (Kind::Int(_), Kind::Int(_))) {
            self.facts.comparisons.push((a, Some(b)));
        }
        for (x, c) in [(a, b), (b, a)] {
            // The size of a number has two thresholds.
            if let (Kind::Elementary(Elementary::Abs, of), Some(number)) = (&x.kind, constant(c))
                && let Kind::Symbol(symbol) = of.kind
            {
                self.facts.thresholds.extend([(symbol, -&number), (symbol, number)]);
            }
            let symbol = match &x.kind {
                Kind::Symbol(symbol) => Some(*symbol),
                Kind::Int(int) => int.as_symbol(),
                _ => None,
            };
            self.facts.thresholds.extend(symbol.zip(constant(c)));
        }
    }

    fn condition(&mut self, condition: &'a Condition) {
        match condition {
            Condition::Relation(_, a, b) => {
                self.threshold(a, b);
                self.parts.extend([Part::Expr(a), Part::Expr(b)]);
            }
            Condition::In(of, domain) => {
                if let (Kind::Symbol(symbol), Domain::Interval { low, high }) = (&of.kind, domain) {
                    for (end, _) in [low, high].into_iter().flatten() {
                        self.facts.thresholds.push((*symbol, Rational::from(end)));
                    }
                }
                if let Domain::Whole(low, high) = domain {
                    for end in [low, high].into_iter().flatten() {
                        self.int(end);
                    }
                }
                self.parts.push(Part::Expr(of));
            }
            Condition::All(list) | Condition::Any(list) => self.parts.extend(list.iter().map(Part::Condition)),
            Condition::Not(of) => self.parts.push(Part::Condition(of)),
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        self.int(&expr.shape.rows);
        self.int(&expr.shape.cols);
        match &expr.kind {
            Kind::Number(_) | Kind::Pi | Kind::Euler | Kind::Identity | Kind::Ones | Kind::Zeros => {}
            Kind::Int(int) | Kind::Unit(int) => self.int(int),
            Kind::Symbol(symbol) => self.parts.push(Part::Symbol(*symbol)),
            Kind::Member(symbol, indices) => {
                self.parts.push(Part::Symbol(*symbol));
                for index in indices {
                    self.int(index);
                }
            }
            Kind::Entry(of, row, col) => {
                self.parts.push(Part::Expr(of));
                self.int(row);
                self.int(col);
            }
            Kind::Indicator(_, a, b) => {
                self.threshold(a, b);
                self.parts.extend([Part::Expr(a), Part::Expr(b)]);
            }
            Kind::Add(a, b)
            | Kind::Sub(a, b)
            | Kind::Mul(a, b)
            | Kind::Hadamard(a, b)
            | Kind::Quotient(a, b)
            | Kind::Dot(a, b)
            | Kind::Kronecker(a, b)
            | Kind::Power(a, b) => self.parts.extend([Part::Expr(a), Part::Expr(b)]),
            Kind::MatrixPower(of, exponent) => {
                self.facts.inverse = true;
                self.int(exponent);
                self.parts.push(Part::Expr(of));
            }
            Kind::Reduce(reduction, of) => {
                self.facts.inverse |= *reduction == Reduction::Determinant;
                self.parts.push(Part::Expr(of));
            }
            Kind::Elementary(function, of) => {
                if matches!(function, Elementary::Abs | Elementary::Sign | Elementary::Relu) {
                    self.facts.comparisons.push((of, None));
                }
                self.parts.push(Part::Expr(of));
            }
            Kind::Neg(of) | Kind::Transpose(of) | Kind::Softmax(of) | Kind::Vectorize(of) | Kind::Diagonal(of) | Kind::DiagonalOf(of) => {
                self.parts.push(Part::Expr(of));
            }
            Kind::Extremum(_, list) => {
                if let [a, b] = list.as_slice() {
                    self.threshold(a, b);
                }
                self.parts.extend(list.iter().map(Part::Expr));
            }
            Kind::Apply(symbol, list) => {
                self.parts.push(Part::Symbol(*symbol));
                self.parts.extend(list.iter().map(Part::Expr));
            }
            Kind::IndicatorOf(condition) => self.parts.push(Part::Condition(condition)),
            Kind::Sum(ranges, condition, body)
            | Kind::Product(ranges, condition, body)
            | Kind::ExtremumOver(_, ranges, condition, body) => {
                for range in ranges {
                    self.range(range);
                }
                self.parts.extend(condition.as_deref().map(Part::Condition));
                self.parts.push(Part::Expr(body));
            }
            Kind::Cases(branches, otherwise) => {
                self.facts.branches.extend((0..branches.len() + usize::from(otherwise.is_some())).map(|number| (expr.span, number)));
                for (condition, body) in branches {
                    self.parts.extend([Part::Condition(condition), Part::Expr(body)]);
                }
                self.parts.extend(otherwise.as_deref().map(Part::Expr));
            }
            Kind::Blocks(rows) => self.parts.extend(rows.iter().flatten().map(Part::Expr)),
            Kind::Tabulate(row, col, body) => {
                self.facts.bound.extend([*row, *col]);
                self.parts.push(Part::Expr(body));
            }
            Kind::Let(bindings, body) | Kind::Map(bindings, body) => {
                self.parts.extend(bindings.iter().map(|(_, value)| Part::Expr(value)));
                self.parts.push(Part::Expr(body));
            }
            Kind::LetInt(bindings, body) => {
                for (symbol, int) in bindings {
                    self.facts.bound.insert(*symbol);
                    self.int(int);
                }
                self.parts.push(Part::Expr(body));
            }
            Kind::Derivative(body, by, _) => {
                self.facts.derivative = true;
                self.parts.push(Part::By(by));
                self.derivatives.push(body);
                if self.enter {
                    self.parts.push(Part::Expr(body));
                }
            }
        }
    }
}

/// The number that an expression is, written out.
fn constant(expr: &Expr) -> Option<Rational> {
    match &expr.kind {
        Kind::Number(number) => Some(Rational::from(number)),
        Kind::Int(int) => Some(Rational::new(int.as_constant()?, 1)),
        Kind::Neg(of) => Some(-&constant(of)?),
        _ => None,
    }
}

/// Every symbol that these symbols and their definitions mention, themselves included.
pub fn reach(symbols: &Symbols, from: impl IntoIterator<Item = SymbolId>) -> FastSet<SymbolId> {
    let mut walk = Walk::new(symbols, true);
    walk.parts.extend(from.into_iter().map(Part::Symbol));
    walk.run().facts.symbols
}

/// How many derivatives stand one inside the other in an expression, through definitions.
pub fn nesting(symbols: &Symbols, expr: &Expr) -> usize {
    fn count(symbols: &Symbols, expr: &Expr, left: usize) -> usize {
        let mut walk = Walk::new(symbols, false);
        walk.parts.push(Part::Expr(expr));
        let inner = walk.run().derivatives;
        if left == 0 || inner.is_empty() {
            usize::from(!inner.is_empty())
        } else {
            1 + inner.iter().map(|body| count(symbols, body, left - 1)).max().unwrap_or(0)
        }
    }
    count(symbols, expr, 4)
}

/// What a step can reach.
pub fn facts<'a>(symbols: &'a Symbols, step: &'a Step) -> Facts<'a> {
    let mut walk = Walk::new(symbols, true);
    if !matches!(step.relation, Relation::Equal | Relation::NotEqual) {
        walk.threshold(&step.left, &step.right);
    }
    for range in &step.free {
        walk.range(range);
    }
    walk.parts.extend([Part::Expr(&step.left), Part::Expr(&step.right)]);
    walk.parts.extend(step.conditions.iter().map(Part::Condition));
    walk.run().facts
}

/// Draws samples for one step.
pub struct Sampler<'a> {
    symbols: &'a Symbols,
    step: &'a Step,
    /// What the step can reach.
    pub facts: Facts<'a>,
    /// What evaluators of the step share.
    pub dependencies: Rc<RefCell<Dependencies>>,
    /// Dimensions, numbers and variables in the order of their introduction.
    order: Vec<SymbolId>,
    /// Values to be taken from another symbol or number, as conditions demand.
    equal: Vec<(SymbolId, &'a Expr)>,
    /// Other equations between numbers, which conditions demand.
    equations: Vec<(&'a Expr, &'a Expr)>,
    /// Vectors and matrices of which a condition says that they are not equal.
    unequal: Vec<(SymbolId, SymbolId)>,
    narrowed: FastMap<SymbolId, Domain>,
    /// The smallest and the largest value that conditions leave to a whole number.
    bounds: FastMap<SymbolId, (Option<i64>, Option<i64>)>,
    random: Random,
    drawn: usize,
    /// What was too large for a sample.
    pub too_large: Option<&'static str>,
}

/// The matrices that an equation demands: `A = A^\top`, `A^\top = -A`, `Q^\top Q = I`, `Q^{-1} = Q^\top`.
fn matrices(a: &Expr, b: &Expr) -> Option<(SymbolId, Domain)> {
    let symbol = |expr: &Expr| if let Kind::Symbol(x) = expr.kind { Some(x) } else { None };
    let transposed = |expr: &Expr| if let Kind::Transpose(of) = &expr.kind { symbol(of) } else { None };
    let domain = match (&a.kind, &b.kind) {
        (Kind::Symbol(x), Kind::Transpose(_)) if transposed(b) == Some(*x) => Domain::Symmetric,
        (Kind::Transpose(_), Kind::Neg(of)) if transposed(a) == symbol(of) => Domain::Skew,
        (Kind::Symbol(x), Kind::Neg(of)) if transposed(of) == Some(*x) => Domain::Skew,
        (Kind::Mul(left, right), Kind::Identity) if transposed(left).is_some() && transposed(left) == symbol(right) => Domain::Orthonormal,
        (Kind::Mul(left, right), Kind::Identity)
            if transposed(right).is_some() && transposed(right) == symbol(left) && left.shape.rows == left.shape.cols =>
        {
            Domain::Orthonormal
        }
        (Kind::MatrixPower(of, power), Kind::Transpose(_)) if power.as_constant() == Some(-1) && transposed(b) == symbol(of) => {
            Domain::Orthonormal
        }
        _ => return None,
    };
    fn first(expr: &Expr) -> Option<SymbolId> {
        match &expr.kind {
            Kind::Symbol(x) => Some(*x),
            Kind::Transpose(of) | Kind::MatrixPower(of, _) | Kind::Mul(of, _) => first(of),
            _ => None,
        }
    }
    Some((first(a)?, domain))
}

/// FNV-1a, of the text that a step's samples are derived from.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

impl<'a> Sampler<'a> {
    /// The samples of `step`; they repeat for the same text and seed.
    pub fn new(symbols: &'a Symbols, step: &'a Step, seed: u64) -> Sampler<'a> {
        let facts = facts(symbols, step);
        let mut order: Vec<SymbolId> = facts.symbols.iter().copied().collect();
        order.sort_unstable();
        let mut sampler = Sampler {
            symbols,
            step,
            facts,
            dependencies: Rc::default(),
            order,
            equal: Vec::new(),
            equations: Vec::new(),
            unequal: Vec::new(),
            narrowed: FastMap::default(),
            bounds: FastMap::default(),
            random: Random::new(hash(&step.text) ^ seed.wrapping_mul(0x2545_f491_4f6c_dd1d)),
            drawn: 0,
            too_large: None,
        };
        for condition in &step.conditions {
            sampler.learn(condition);
        }
        sampler
    }

    /// Draws from narrower domains, or other ones, for some symbols.
    pub fn narrow(&mut self, symbol: SymbolId, domain: Domain) {
        self.narrowed.insert(symbol, domain);
    }

    /// Uses a condition to draw values that meet it at once.
    fn learn(&mut self, condition: &'a Condition) {
        match condition {
            Condition::All(list) => list.iter().for_each(|c| self.learn(c)),
            Condition::In(of, domain) => {
                if let Kind::Symbol(symbol) = of.kind {
                    self.narrowed.insert(symbol, domain.clone());
                }
            }
            Condition::Relation(Relation::Equal, a, b) => match (&a.kind, &b.kind) {
                (Kind::Symbol(x), _) if self.free_variable(*x) && !self.mentions(b, *x) => self.equal.push((*x, b)),
                (_, Kind::Symbol(y)) if self.free_variable(*y) && !self.mentions(a, *y) => self.equal.push((*y, a)),
                (Kind::Int(x), _) if x.as_symbol().is_some() => self.equal.extend(x.as_symbol().map(|x| (x, &**b))),
                (_, Kind::Int(y)) if y.as_symbol().is_some() => self.equal.extend(y.as_symbol().map(|y| (y, &**a))),
                _ if a.shape.is_scalar() && b.shape.is_scalar() => self.equations.push((a, b)),
                _ => {
                    let found = matrices(a, b).or_else(|| matrices(b, a));
                    if let Some((x, domain)) = found.filter(|(x, _)| self.free_variable(*x) && self.domain(*x) == Domain::Reals) {
                        self.narrowed.insert(x, domain);
                    }
                }
            },
            Condition::Relation(Relation::Less | Relation::LessOrEqual, a, b)
            | Condition::Relation(Relation::Greater | Relation::GreaterOrEqual, b, a)
                if matches!(a.kind, Kind::Elementary(Elementary::Abs, _)) && constant(b).is_some() =>
            {
                let (Kind::Elementary(_, of), Some(size)) = (&a.kind, constant(b)) else { return };
                if let (Kind::Symbol(x), false) = (&of.kind, size.is_negative())
                    && self.free_variable(*x)
                    && self.domain(*x) == Domain::Reals
                {
                    self.narrowed.insert(*x, Domain::Interval { low: Some(((-&size).to_big(), true)), high: Some((size.to_big(), true)) });
                }
            }
            Condition::Relation(Relation::NotEqual, a, b) if !a.shape.is_scalar() => {
                if let (Kind::Symbol(x), Kind::Symbol(y)) = (&a.kind, &b.kind)
                    && self.free_variable(*x)
                    && self.free_variable(*y)
                {
                    self.unequal.push((*x, *y));
                }
            }
            Condition::Relation(relation, a, b) if matches!((&a.kind, &b.kind), (Kind::Int(_), _) | (_, Kind::Int(_))) => {
                let less = matches!(relation, Relation::Less | Relation::LessOrEqual);
                let strict = i64::from(matches!(relation, Relation::Less | Relation::Greater));
                for (x, c, below) in [(a, b, less), (b, a, !less)] {
                    if let (Kind::Int(x), Some(c)) = (&x.kind, constant(c))
                        && let Some(x) = x.as_symbol()
                        && *relation != Relation::NotEqual
                    {
                        let bounds = self.bounds.entry(x).or_default();
                        if below {
                            let most = c.whole_bounds().1.map(|c| if strict == 1 { c - 1 } else { c });
                            bounds.1 = bounds.1.min(most).or(most);
                        } else {
                            let least = c.whole_bounds().0.map(|c| c + strict);
                            bounds.0 = bounds.0.max(least);
                        }
                    }
                }
            }
            Condition::Relation(relation, a, b) => {
                let (symbol, number, below) = match (&a.kind, constant(b), &b.kind, constant(a)) {
                    (Kind::Symbol(x), Some(c), _, _) => (*x, c, matches!(relation, Relation::Less | Relation::LessOrEqual)),
                    (_, _, Kind::Symbol(x), Some(c)) => (*x, c, matches!(relation, Relation::Greater | Relation::GreaterOrEqual)),
                    _ => return,
                };
                let end = Some((number.to_big(), matches!(relation, Relation::LessOrEqual | Relation::GreaterOrEqual)));
                if *relation == Relation::NotEqual || !self.free_variable(symbol) {
                    return;
                }
                let (mut low, mut high) = match self.domain(symbol) {
                    Domain::Reals => (None, None),
                    Domain::Interval { low, high } => (low, high),
                    _ => return,
                };
                let closer = |old: &Option<(BigRational, bool)>| match (&end, old) {
                    (Some((new, _)), Some((old, _))) => {
                        if below {
                            new < old
                        } else {
                            new > old
                        }
                    }
                    _ => true,
                };
                if below && closer(&high) {
                    high = end;
                } else if !below && closer(&low) {
                    low = end;
                }
                self.narrowed.insert(symbol, Domain::Interval { low, high });
            }
            _ => {}
        }
    }

    fn mentions(&self, expr: &'a Expr, symbol: SymbolId) -> bool {
        let mut walk = Walk::new(self.symbols, true);
        walk.parts.push(Part::Expr(expr));
        walk.run().facts.symbols.contains(&symbol)
    }

    /// A function's threshold is one of whatever it is called with.
    fn is_parameter(&self, symbol: SymbolId) -> bool {
        matches!(self.symbols[symbol].kind, SymbolKind::Variable { parameter: true, .. })
    }

    fn free_variable(&self, symbol: SymbolId) -> bool {
        matches!(self.symbols[symbol].kind, SymbolKind::Variable { parameter: false, .. })
    }

    /// Where the values of a symbol lie.
    pub fn domain(&self, symbol: SymbolId) -> Domain {
        match (self.narrowed.get(&symbol), &self.symbols[symbol].kind) {
            (Some(domain), _) | (None, SymbolKind::Variable { domain, .. } | SymbolKind::Family { domain, .. }) => domain.clone(),
            _ => Domain::Reals,
        }
    }

    /// The next sample: structured ones alternate with random ones. `None` where no admissible one was found.
    pub fn draw(&mut self) -> Option<Sample> {
        let number = self.drawn;
        self.drawn += 1;
        // One random sample with unequal dimensions comes first: it refutes most of what is wrong. Every style has its turn once, and those
        // that say little about one element have it where `ints` makes dimensions larger than one: each of them is missed by a formula
        // of tests/mutation/near-misses.md when it is taken away.
        const ORDER: [usize; 8] = [1, 7, 2, 0, 5, 3, 6, 4];
        let style = if number % 2 == 1 { ORDER.get(number / 2).copied().unwrap_or(0) } else { 0 };
        self.styled(number, style, 60, false)
    }

    /// A random sample whose real numbers are drawn from [`PLACES`] of their domains, where other samples know a few hundred: for
    /// identities between rational functions, which hold everywhere or nearly nowhere.
    pub fn fine(&mut self) -> Option<Sample> {
        let mut sample = self.styled(0, 0, 20, false)?;
        let mut keys: Vec<(SymbolId, Vec<i64>)> = sample.values.keys().cloned().collect();
        keys.sort_unstable();
        for key in keys {
            let (low, width) = match self.domain(key.0) {
                Domain::Reals | Domain::Without(_) => (fraction(-4, 1), fraction(8, 1)),
                Domain::Interval { low: Some((low, _)), high: Some((high, _)) } => {
                    (Rational::from(&low), &Rational::from(&high) - &Rational::from(&low))
                }
                Domain::Interval { low: Some((low, _)), .. } => (Rational::from(&low), fraction(8, 1)),
                Domain::Interval { high: Some((high, _)), .. } => (&Rational::from(&high) - &fraction(8, 1), fraction(8, 1)),
                _ => continue,
            };
            for x in &mut sample.values.get_mut(&key)?.data {
                let place = Rational::new((2 * (self.random.bits() % PLACES) + 1) as i64, 2 * PLACES as i64);
                *x = &low + &(&width * &place);
            }
        }
        self.admissible(&sample).then_some(sample)
    }

    /// A sample with one value for all variables of a domain and shape: there many a strict inequality fails that holds elsewhere.
    pub fn alike(&mut self) -> Option<Sample> {
        self.styled(0, ALIKE, 20, false)
    }

    /// A sample in a style of [`STYLES`], with dimensions that are all different and larger than two: it owes nothing to the choices of
    /// [`Sampler::draw`].
    pub fn apart(&mut self, style: usize) -> Option<Sample> {
        let mut ints = self.ints(0, 0, false)?;
        let symbols = self.symbols;
        let mut next = 3;
        for id in &self.order {
            if let (SymbolKind::Whole { low, dimension: true, .. }, true) = (&symbols[*id].kind, ints.contains_key(id)) {
                next = low.as_ref().and_then(|low| low.value(&ints)).map_or(next, |low| low.max(next));
                ints.insert(*id, next);
                next += 1;
            }
        }
        let sample = self.values(ints, style)?;
        self.admissible(&sample).then_some(sample)
    }

    /// A simple sample with the smallest dimensions, for counterexamples.
    pub fn simple(&mut self, number: usize) -> Option<Sample> {
        self.styled(1 + number % 3, if number < 4 { number + 1 } else { SIMPLE }, 24, number >= 4)
    }

    fn styled(&mut self, number: usize, style: usize, tries: usize, small: bool) -> Option<Sample> {
        for attempt in 0..tries {
            // After many failures, structure is given up, and dimensions grow.
            let style = if attempt < 20 { style } else { 0 };
            let Some(ints) = self.ints(number, attempt, small && style != 0) else { continue };
            let Some(mut sample) = self.values(ints, style) else { continue };
            // Where conditions are met by small or by large values only, these are tried as well.
            if attempt >= 24 {
                self.scale(&mut sample, [fraction(1, 8), fraction(1, 50), fraction(6, 1)][attempt % 3].clone());
                sample.far |= attempt % 3 == 2;
            }
            if self.admissible(&sample) {
                return Some(sample);
            }
        }
        None
    }

    /// Multiplies all values that may be any real number.
    fn scale(&self, sample: &mut Sample, by: Rational) {
        for (key, matrix) in &mut sample.values {
            if self.domain(key.0) == Domain::Reals {
                matrix.data.iter_mut().for_each(|x| *x *= &by);
            }
        }
    }

    fn admissible(&self, sample: &Sample) -> bool {
        if self.step.free.is_empty() { self.meets(sample) } else { !self.instances(sample).is_empty() }
    }

    /// Whether the conditions hold.
    pub fn meets(&self, sample: &Sample) -> bool {
        if self.step.conditions.is_empty() {
            return true;
        }
        let mut evaluator = Evaluator::<f64>::sharing(self.dependencies.clone(), self.symbols, sample, Mode::Dual);
        // Rounding makes an invertible matrix of a singular one, no matrix orthogonal, and numbers equal that are not.
        let delicate = self.facts.inverse
            || !self.equations.is_empty()
            || self.narrowed.values().any(|domain| matches!(domain, Domain::Orthonormal | Domain::Skew));
        let mut exact = (delicate && !sample.rounded)
            .then(|| Evaluator::<Rational>::sharing(self.dependencies.clone(), self.symbols, sample, Mode::Dual));
        let mut left: Vec<&Condition> = self.step.conditions.iter().collect();
        while let Some(condition) = left.pop() {
            let holds = match condition {
                Condition::All(list) => {
                    left.extend(list);
                    true
                }
                // What is met up to rounding is met.
                Condition::Relation(Relation::Equal, a, b) if sample.rounded => match (evaluator.value(a), evaluator.value(b)) {
                    (Ok(a), Ok(b)) => a.data.iter().zip(&*b.data).all(|(x, y)| (x.real - y.real).abs() <= MET * (1.0 + x.real.abs())),
                    _ => false,
                },
                condition => match exact.as_mut().map(|exact| exact.holds(condition)) {
                    Some(Ok(holds)) => holds,
                    _ => evaluator.holds(condition) == Ok(true),
                },
            };
            if !holds {
                return false;
            }
        }
        true
    }

    /// The sample with each of the values of its free indices for which the conditions hold, up to a bound.
    pub fn instances(&self, sample: &Sample) -> Vec<Sample> {
        let mut list = vec![sample.clone()];
        for range in &self.step.free {
            let mut next = Vec::new();
            for sample in list {
                let (Some(low), Some(high)) = (range.low.value(&sample.ints), range.high.value(&sample.ints)) else { continue };
                for value in low..=high.min(low.saturating_add(11)) {
                    let mut sample = sample.clone();
                    sample.ints.insert(range.index, value);
                    next.push(sample);
                }
            }
            next.truncate(48);
            list = next;
        }
        list.retain(|sample| self.meets(sample));
        list
    }

    fn ints(&mut self, number: usize, attempt: usize, small: bool) -> Option<Ints> {
        let mut ints = Ints::default();
        let free: FastSet<SymbolId> = self.step.free.iter().map(|range| range.index).collect();
        let mut used = FastSet::default();
        let mut counted = false;
        let wider = (attempt / 4) as i64;
        let ordered = !matches!(self.step.relation, Relation::Equal | Relation::NotEqual) && !self.facts.derivative;
        // A dimension comes first, since the bounds of other numbers may mention it.
        let symbols = self.symbols;
        let wholes: Vec<(SymbolId, bool)> = self
            .order
            .iter()
            .filter_map(|id| match &symbols[*id].kind {
                SymbolKind::Whole { dimension, .. } if !self.facts.bound.contains(id) && !free.contains(id) => Some((*id, *dimension)),
                _ => None,
            })
            .collect();
        let (first, second): (Vec<_>, Vec<_>) = wholes.into_iter().partition(|(_, dimension)| *dimension);
        for (id, dimension) in first.into_iter().chain(second) {
            let SymbolKind::Whole { low, high, .. } = &symbols[id].kind else { continue };
            let bounds = self.bounds.get(&id).copied().unwrap_or_default();
            let unbounded = low.is_none() && bounds.0.is_none();
            let low = match low {
                Some(low) => low.value(&ints)?,
                None => -9,
            };
            let high = match high {
                Some(high) => Some(high.value(&ints)?),
                None => None,
            };
            let low = bounds.0.map_or(low, |least| low.max(least));
            let high = high.into_iter().chain(bounds.1.filter(|most| *most <= low.saturating_add(30))).min();
            let (from, to) = match (dimension, small) {
                (true, true) => (low, low + 1 + wider),
                // An inequality may well hold for small dimensions only; the identity has its turn here too.
                (true, false) if ordered && (number % 8 == 5 || number == 9) => (low + 5, low + 7 + wider),
                // Every third sample has dimensions larger than one, all different; every fifth has ones.
                (true, false) if number.is_multiple_of(3) => (low.max(2), low.max(2) + 3 + wider),
                (true, false) if number % 5 == 2 => (low, low + wider),
                (true, false) => (low, low + 3 + wider),
                (false, true) => (low.max(-2), low.max(-2) + 4 + 3 * wider),
                (false, false) if number.is_multiple_of(2) => (low.max(-4), low.max(-4) + 5 + wider),
                (false, false) => (low, low + 18 + wider),
            };
            let to = high.map_or(to, |high| if dimension { high.min(to) } else { high.min(low.saturating_add(30)) });
            let from = from.min(to);
            if to < low {
                return None;
            }
            // A number that is compared with another is drawn there and on either side.
            if !small && attempt == 0 && number % 4 == 3 {
                let near: Vec<i64> =
                    self.facts.thresholds.iter().filter(|(symbol, _)| *symbol == id).filter_map(|(_, c)| c.whole_bounds().0).collect();
                if !near.is_empty() {
                    let turn = number / 4;
                    let value = near[turn % near.len()].saturating_add([0, 1, -1][turn / near.len() % 3]);
                    if (value >= low || unbounded) && high.is_none_or(|high| value <= high) && (!dimension || value <= 12) {
                        ints.insert(id, value);
                        used.insert(value);
                        continue;
                    }
                }
            }
            // Once, all numbers are the smallest at the same time.
            if !dimension && !small && attempt == 0 && number % 10 == 7 {
                ints.insert(id, low.max(-4).min(to));
                continue;
            }
            // The ends of a range take their turns.
            if let (false, false, 0, Some(high)) = (dimension, small, attempt, high)
                && !number.is_multiple_of(4)
            {
                let value = match number % 4 {
                    1 => high,
                    2 => low,
                    _ => self.random.range(low, high.min(low.saturating_add(30))),
                };
                ints.insert(id, value);
                continue;
            }
            // The first number that is no size goes through the small values one after the other, every second time.
            if !dimension && !small && attempt == 0 && number.is_multiple_of(2) && !counted {
                counted = true;
                let value = low.max(-4).saturating_add(number as i64 / 2);
                let value = high.map_or(value, |high| value.min(high));
                ints.insert(id, value);
                continue;
            }
            let mut value = self.random.range(from, to);
            for _ in 0..8 {
                if !dimension || number % 5 == 2 || used.insert(value) {
                    break;
                }
                value = self.random.range(from, to.saturating_add(i64::from(high.is_none() && !small)));
            }
            ints.insert(id, value);
        }
        for (symbol, value) in &self.equal {
            if let (SymbolKind::Whole { .. }, Kind::Int(int)) = (&symbols[*symbol].kind, &value.kind) {
                if let (false, Some(value)) = (free.contains(symbol), int.value(&ints)) {
                    ints.insert(*symbol, value);
                }
            } else if let (SymbolKind::Whole { .. }, Some(number)) = (&symbols[*symbol].kind, constant(value))
                && let (false, Some(value)) =
                    (free.contains(symbol), number.short().filter(|(_, denominator)| *denominator == 1).map(|(value, _)| value))
            {
                ints.insert(*symbol, value);
            }
        }
        Some(ints)
    }

    fn values(&mut self, ints: Ints, style: usize) -> Option<Sample> {
        let mut sample =
            Sample { ints, values: FastMap::default(), functions: self.random.bits(), structured: style != 0, far: false, rounded: false };
        let symbols = self.symbols;
        let mut alike: Vec<(Domain, Matrix)> = Vec::new();
        for id in self.order.clone() {
            let symbol = &symbols[id];
            let (rows, cols) = match &symbol.kind {
                SymbolKind::Variable { parameter: false, .. } | SymbolKind::Family { .. } => {
                    (symbol.shape.rows.value(&sample.ints), symbol.shape.cols.value(&sample.ints))
                }
                _ => continue,
            };
            let (rows, cols) = (usize::try_from(rows?).ok()?, usize::try_from(cols?).ok()?);
            if rows.saturating_mul(cols) > 10_000 {
                self.too_large = Some("the number of elements of a variable");
                return None;
            }
            let mut keys = vec![Vec::new()];
            if let SymbolKind::Family { ranges, .. } = &symbol.kind {
                for (low, high) in ranges {
                    let (low, high) = (low.value(&sample.ints)?, high.value(&sample.ints)?);
                    if high.saturating_sub(low).saturating_mul(keys.len() as i64) > 1000 {
                        self.too_large = Some("the number of members of a family");
                        return None;
                    }
                    keys = keys.iter().flat_map(|key: &Vec<i64>| (low..=high).map(move |i| [key.as_slice(), &[i]].concat())).collect();
                }
            }
            let domain = self.domain(id);
            for key in keys {
                let same = |(other, matrix): &&(Domain, Matrix)| (matrix.rows, matrix.cols) == (rows, cols) && *other == domain;
                let matrix = match alike.iter().find(same) {
                    Some((_, matrix)) => matrix.clone(),
                    None => self.matrix(rows, cols, &domain, style, &sample.ints)?,
                };
                if style == ALIKE {
                    alike.push((domain.clone(), matrix.clone()));
                }
                sample.values.insert((id, key), matrix);
            }
            self.near_threshold(id, &domain, &mut sample);
        }
        for (symbol, value) in self.equal.clone() {
            if !self.free_variable(symbol) {
                continue;
            }
            let matrix = match Evaluator::<Rational>::new(symbols, &sample, Mode::Dual).value(value) {
                Ok(exact) => Matrix { rows: exact.rows, cols: exact.cols, data: exact.data.iter().map(|x| x.real.clone()).collect() },
                Err(_) => {
                    let (rows, cols, data) = crate::eval::evaluate_f64(symbols, value, &sample).ok()?;
                    let data: Option<Vec<Rational>> = data.into_iter().map(Rational::from_float).collect();
                    sample.rounded = true;
                    Matrix { rows, cols, data: data? }
                }
            };
            sample.values.insert((symbol, Vec::new()), matrix);
        }
        if style == 0 && (self.drawn % 4 != 1 || self.facts.thresholds.is_empty()) {
            self.near_comparison(&mut sample);
        }
        self.nearly_equal(&mut sample);
        for (a, b) in self.equations.clone() {
            self.solve(a, b, &mut sample);
        }
        Some(sample)
    }

    /// Moves one number such that an equation holds: exactly where it is linear in the number, else up to rounding.
    fn solve(&mut self, a: &'a Expr, b: &'a Expr, sample: &mut Sample) {
        let Some((key, position)) = self.movable_element(sample) else { return };
        let start = sample.values[&key].data[position].clone();
        let at = |value: &Rational| {
            let mut moved = sample.clone();
            if let Some(matrix) = moved.values.get_mut(&key) {
                matrix.data[position] = value.clone();
            }
            moved
        };
        let (symbols, dependencies) = (self.symbols, &self.dependencies);
        let exact = |value: &Rational| {
            let moved = at(value);
            let mut evaluator = Evaluator::<Rational>::sharing(dependencies.clone(), symbols, &moved, Mode::Dual);
            let (left, right) = (evaluator.value(a).ok()?, evaluator.value(b).ok()?);
            Some(&left.data.first()?.real - &right.data.first()?.real)
        };
        let one = fraction(1, 1);
        if let Some(zero) = exact(&start)
            && let Some(next) = exact(&(&start + &one))
        {
            if zero.is_zero() {
                return;
            }
            let slope = &next - &zero;
            if !slope.is_zero() {
                let value = &start - &(&zero / &slope);
                if exact(&value).is_some_and(|rest| rest.is_zero()) && contains(&self.domain(key.0), &value) {
                    *sample = at(&value);
                    return;
                }
            }
        }
        // The secant method.
        let float = |value: f64| {
            let moved = at(&Rational::from_float(value)?);
            let mut evaluator = Evaluator::<f64>::sharing(dependencies.clone(), symbols, &moved, Mode::Dual);
            let mut one = |expr| Some(evaluator.value(expr).ok()?.data.first()?.real);
            Some(one(a)? - one(b)?)
        };
        let (mut x, mut y) = (start.to_f64(), start.to_f64() + 0.125);
        let (Some(mut fx), Some(mut fy)) = (float(x), float(y)) else { return };
        for _ in 0..40 {
            if fy.abs() < MET || fy == fx {
                break;
            }
            let next = y - fy * (y - x) / (fy - fx);
            let Some(value) = Some(next).filter(|next| next.is_finite()).and_then(float) else { return };
            (x, fx, y, fy) = (y, fy, next, value);
        }
        // Where both sides touch, as in `x^2 = 0`, they are almost equal far from where they are equal; there a simple number may make them so.
        let close = fy == 0.0 || fy.abs() <= CLOSE * (1.0 + y.abs()) * ((fy - fx) / (y - x)).abs();
        if !close && y.abs() < 1000.0 {
            let simple = (1..=SIMPLEST).map(|below| fraction((y * below as f64).round() as i64, below));
            let met = |value: &Rational| contains(&self.domain(key.0), value) && exact(value).is_some_and(|rest| rest.is_zero());
            if let Some(value) = simple.filter(|value| (value.to_f64() - y).abs() < 0.01).find(met) {
                *sample = at(&value);
            }
            return;
        }
        if let Some(value) = Rational::from_float(y).filter(|value| fy.abs() < MET && contains(&self.domain(key.0), value)) {
            *sample = at(&value);
            sample.rounded = true;
        }
    }

    /// Every second time, makes two vectors that must not be equal so in all elements but one.
    fn nearly_equal(&mut self, sample: &mut Sample) {
        if self.drawn.is_multiple_of(2) {
            return;
        }
        for (x, y) in self.unequal.clone() {
            let (Some(from), Some(to)) = (sample.values.get(&(x, Vec::new())).cloned(), sample.values.get(&(y, Vec::new()))) else {
                continue;
            };
            if from.data.len() != to.data.len() || from.data.is_empty() {
                continue;
            }
            let keep = self.random.range(0, from.data.len() as i64 - 1) as usize;
            let own = to.data[keep].clone();
            let mut new = from;
            new.data[keep] = own;
            sample.values.insert((y, Vec::new()), new);
        }
    }

    /// Mostly, moves one number such that two sides of a comparison come close, on either side or on it.
    fn near_comparison(&mut self, sample: &mut Sample) {
        if self.facts.comparisons.is_empty() || self.drawn % 6 == 5 {
            return;
        }
        // All comparisons and all distances take their turns.
        let turn = self.drawn / 2;
        let (a, b) = self.facts.comparisons[turn % self.facts.comparisons.len()];
        let Some((key, position)) = self.movable_element(sample) else { return };
        let steps: &[i64] = if self.facts.derivative { &[500, -500, 6000, -6000] } else { &[0, 500, -500, 5, -5, 6000, -6000] };
        let target = fraction(steps[turn / self.facts.comparisons.len() % steps.len()], 10_000);
        let (symbols, dependencies) = (self.symbols, &self.dependencies);
        // An index that a sum binds is taken for some element that the comparison may be about.
        let mut bound: Vec<SymbolId> = self.facts.bound.iter().copied().filter(|id| !sample.ints.contains_key(id)).collect();
        bound.sort_unstable();
        let element = if key.1.is_empty() { position as i64 + 1 } else { key.1[0] };
        let difference = |sample: &Sample| {
            let mut at = sample.clone();
            at.ints.extend(bound.iter().map(|id| (*id, element)));
            let mut evaluator = Evaluator::<f64>::sharing(dependencies.clone(), symbols, &at, Mode::Dual);
            let mut one = |expr| Some(evaluator.value(expr).ok()?.data.first()?.real);
            Some(one(a)? - b.map_or(Some(0.0), one)?)
        };
        let mut moved = sample.clone();
        // Two steps of the secant method are exact for a linear side, and come close for another.
        let mut far = false;
        for _ in 0..2 {
            let Some(now) = difference(&moved) else { return };
            let mut near = moved.clone();
            if let Some(matrix) = near.values.get_mut(&key) {
                matrix.data[position] += &fraction(1, 8);
            }
            let Some(then) = difference(&near) else { return };
            let by = (target.to_f64() - now) / (then - now) / 8.0;
            if !by.is_finite() || by.abs() > 10_000.0 {
                return;
            }
            far |= by.abs() > 4.0;
            if let Some(matrix) = moved.values.get_mut(&key) {
                matrix.data[position] += &fraction((by * 10_000.0).round() as i64, 10_000);
            }
        }
        if contains(&self.domain(key.0), &moved.values[&key].data[position]) {
            // On a threshold, and far away, a side may well be undefined; such a sample is a structured one.
            moved.structured |= target.is_zero() || far;
            moved.far |= far;
            *sample = moved;
        }
    }

    /// Half of the time, puts a symbol close to a number that it is compared with, on either side, or on it.
    fn near_threshold(&mut self, id: SymbolId, domain: &Domain, sample: &mut Sample) {
        let near: Vec<Rational> = self
            .facts
            .thresholds
            .iter()
            .filter(|(symbol, _)| *symbol == id || self.is_parameter(*symbol))
            .map(|(_, c)| c.clone())
            .collect();
        if near.is_empty() || self.drawn % 4 != 1 {
            return;
        }
        // All thresholds and all distances from them take their turns.
        let turn = self.drawn / 4;
        let threshold = near[turn % near.len()].clone();
        let steps: &[i64] = if self.facts.derivative { &[-500, 500, -4000, 4000] } else { &[0, -5, 5, 500, -500, -4000, 4000] };
        let offset = steps[turn / near.len() % steps.len()];
        let value = threshold + fraction(offset, 10_000);
        if let Some(matrix) = sample.values.get_mut(&(id, Vec::new()))
            && matrix.data.len() == 1
            && contains(domain, &value)
        {
            matrix.data[0] = value;
            sample.structured |= offset == 0;
        }
    }

    fn matrix(&mut self, rows: usize, cols: usize, domain: &Domain, style: usize, ints: &Ints) -> Option<Matrix> {
        let mut matrix = Matrix { rows, cols, data: Vec::with_capacity(rows * cols) };
        if *domain == Domain::Orthonormal {
            return self.orthonormal(rows, cols, style);
        }
        let special = matches!(
            domain,
            Domain::Symmetric | Domain::Skew | Domain::PositiveDefinite | Domain::PositiveSemidefinite | Domain::Invertible
        );
        let square = rows == cols && rows > 1;
        let unit = self.random.range(0, (rows * cols).max(1) as i64 - 1) as usize;
        for position in 0..rows * cols {
            let wanted = match style {
                1 => Some(0),
                2 => Some(1),
                3 => Some(self.random.range(0, 1) * 2 - 1),
                4 => Some(i64::from(position == unit)),
                5 if square => Some(i64::from(position % rows == position / rows)),
                5 => Some(self.random.range(-3, 3)),
                6 => Some(-1),
                // Many numbers that are equal to one another, and some that are not.
                7 => Some(self.random.range(0, 1)),
                SIMPLE => Some([0, 1, 1, -1, 2][self.random.range(0, 4) as usize]),
                _ => None,
            };
            matrix.data.push(self.number(if special { &Domain::Reals } else { domain }, wanted, ints)?);
        }
        let transposed = |m: &Matrix| -> Vec<Rational> { (0..rows * cols).map(|p| m.data[(p % rows) * rows + p / rows].clone()).collect() };
        if special && rows != cols {
            return None;
        }
        let conditioned = *domain == Domain::Invertible || (self.facts.inverse && square && style == 0 && *domain == Domain::Reals);
        match domain {
            Domain::Symmetric => {
                let other = transposed(&matrix);
                for (x, y) in matrix.data.iter_mut().zip(other) {
                    *x = (&*x + &y) / fraction(2, 1);
                }
                if self.facts.inverse && style == 0 {
                    let turn = self.random.range(0, 3);
                    add_to_diagonal(&mut matrix, &fraction(if turn == 0 { -5 } else { 5 }, 1));
                    if turn == 1 {
                        matrix.data[0] = &matrix.data[0] - &fraction(10, 1);
                    }
                }
            }
            Domain::Skew => {
                let other = transposed(&matrix);
                for (x, y) in matrix.data.iter_mut().zip(other) {
                    *x = &*x - &y;
                }
            }
            Domain::PositiveDefinite | Domain::PositiveSemidefinite => {
                let m = matrix.clone();
                for p in 0..rows * rows {
                    let (i, j) = (p % rows, p / rows);
                    matrix.data[p] = (0..rows).map(|k| &m.data[k * rows + i] * &m.data[k * rows + j]).fold(fraction(0, 1), |a, b| a + b);
                }
                if *domain == Domain::PositiveDefinite {
                    // Eigenvalues lie on either side of 1; beside zeros, the matrix is the identity.
                    let choice = self.random.range(0, 2) as usize;
                    let least = [fraction(1, 1), fraction(1, 4), fraction(1, 10)][if style == 1 { 0 } else { choice }].clone();
                    add_to_diagonal(&mut matrix, &least);
                }
            }
            _ if conditioned => {
                // A multiple of the identity with a small disturbance is far from singular.
                let small = fraction(1, 3 * rows as i64);
                for x in &mut matrix.data {
                    *x *= &small;
                }
                let turn = self.random.range(0, 3);
                let sign = if turn == 0 { -1 } else { 1 };
                add_to_diagonal(&mut matrix, &fraction(3 * sign, 2));
                if turn == 1 {
                    // Determinants have either sign in all dimensions.
                    matrix.data[0] = &matrix.data[0] - &fraction(3, 1);
                }
                if turn == 2 && *domain == Domain::Invertible {
                    // An invertible matrix may well have small numbers on its diagonal.
                    for column in matrix.data.chunks_mut(rows) {
                        column.reverse();
                    }
                }
            }
            _ => {}
        }
        Some(matrix)
    }

    /// The first columns of (I - S)(I + S)^-1 with S^⊤ = -S, which is orthogonal (Cayley), some of them with the other sign.
    fn orthonormal(&mut self, rows: usize, cols: usize, style: usize) -> Option<Matrix> {
        if cols > rows {
            return None;
        }
        let n = rows;
        let mut plus = vec![fraction(0, 1); n * n];
        let mut minus = plus.clone();
        for j in 0..n {
            for i in 0..j {
                // Small numbers, so that the inverse is not long; structured ones are permutations and signs.
                let value = if style == 0 { fraction(self.random.range(-4, 4), 2) } else { fraction(self.random.range(-1, 1), 1) };
                plus[j * n + i] = value.clone();
                plus[i * n + j] = -&value;
                minus[i * n + j] = value.clone();
                minus[j * n + i] = -&value;
            }
            plus[j * n + j] = fraction(1, 1);
            minus[j * n + j] = fraction(1, 1);
        }
        let product = crate::eval::divided(n, &minus, &plus)?;
        let mut data: Vec<Rational> = product.into_iter().take(n * cols).collect();
        for column in data.chunks_mut(n.max(1)) {
            if self.random.range(0, 1) == 1 {
                column.iter_mut().for_each(|x| *x = -&*x);
            }
        }
        Some(Matrix { rows, cols, data })
    }

    fn number(&mut self, domain: &Domain, wanted: Option<i64>, ints: &Ints) -> Option<Rational> {
        if let Some(value) = wanted.map(|w| fraction(w, 1)).filter(|w| contains(domain, w) && !self.on_edge(domain, w))
            && !matches!(domain, Domain::Set(_) | Domain::Whole(..))
        {
            return Some(value);
        }
        let random = &mut self.random;
        Some(match domain {
            Domain::Interval { low: Some((low, _)), high: Some((high, _)) } => {
                // Ends are kept at a distance: it is there that functions leave their domain.
                let (low, high) = (Rational::from(low), Rational::from(high));
                &low + &((&high - &low) * fraction(random.range(6, 94), 100))
            }
            Domain::Interval { low: Some((low, _)), .. } => {
                let most = if random.range(0, 3) == 0 { 900 } else { 300 };
                Rational::from(low) + fraction(random.range(25, most), 100)
            }
            Domain::Interval { high: Some((high, _)), .. } => Rational::from(high) - fraction(random.range(25, 300), 100),
            Domain::Set(points) => Rational::from(points.get(random.range(0, points.len() as i64 - 1) as usize)?),
            Domain::Whole(low, high) => {
                let low = low.as_ref().map(|l| l.value(ints)).unwrap_or(Some(-9))?;
                let high = high.as_ref().map(|h| h.value(ints)).unwrap_or(Some(low.saturating_add(15)))?;
                if high < low {
                    return None;
                }
                let wanted = wanted.filter(|wanted| (low..=high).contains(wanted));
                fraction(wanted.unwrap_or_else(|| random.range(low, high)), 1)
            }
            _ => loop {
                let most = if random.range(0, 5) == 0 { 500 } else { 220 };
                let sign = random.range(0, 1) * 2 - 1;
                let value = fraction(sign * random.range(10, most), 100);
                if contains(domain, &value) {
                    break value;
                }
            },
        })
    }

    /// Whether a number is an end of the domain, where something is differentiated.
    fn on_edge(&self, domain: &Domain, value: &Rational) -> bool {
        let is =
            |end: &Option<(BigRational, bool)>| end.as_ref().is_some_and(|(end, _)| (&Rational::from(end) - value).abs() < fraction(1, 20));
        self.facts.derivative && matches!(domain, Domain::Interval { low, high } if is(low) || is(high))
    }

    /// Simpler samples than this one, each changed in one number.
    pub fn simpler(&self, sample: &Sample) -> Vec<Sample> {
        let mut list = Vec::new();
        let mut keys: Vec<_> = sample.values.keys().cloned().collect();
        keys.sort_unstable();
        for key in keys {
            let domain = self.domain(key.0);
            let matrix = &sample.values[&key];
            if matches!(
                domain,
                Domain::PositiveDefinite
                    | Domain::PositiveSemidefinite
                    | Domain::Invertible
                    | Domain::Skew
                    | Domain::Orthonormal
                    | Domain::Whole(..)
            ) {
                continue;
            }
            for position in 0..matrix.data.len() {
                let old = &matrix.data[position];
                let candidates = [
                    fraction(0, 1),
                    fraction(1, 1),
                    fraction(-1, 1),
                    fraction(2, 1),
                    old.round(),
                    (old * &fraction(2, 1)).round() / fraction(2, 1),
                ];
                for value in candidates {
                    if weight(&value) >= weight(old) || !contains(&domain, &value) {
                        continue;
                    }
                    let mut changed = sample.clone();
                    let Some(matrix) = changed.values.get_mut(&key) else { continue };
                    matrix.data[position] = value.clone();
                    if domain == Domain::Symmetric {
                        let (i, j) = (position % matrix.rows, position / matrix.rows);
                        matrix.data[i * matrix.rows + j] = value;
                    }
                    if self.meets(&changed) {
                        list.push(changed);
                    }
                }
            }
        }
        list
    }

    /// The numbers of a sample that can be moved one at a time, with a bound for each matrix. A size moves where nothing has it.
    pub fn movable(&self, sample: &Sample) -> Vec<Place> {
        let free = |id: &SymbolId| self.step.free.iter().any(|range| range.index == *id);
        let mut wholes: Vec<SymbolId> = sample.ints.keys().filter(|id| !self.facts.bound.contains(id) && !free(id)).copied().collect();
        let sizes = |id: SymbolId| {
            let ends = self.step.free.iter().flat_map(|range| [&range.low, &range.high]);
            ends.chain(self.facts.symbols.iter().flat_map(|symbol| self.symbols[*symbol].sizes())).any(|int| int.mentions(id))
        };
        wholes.retain(|id| matches!(self.symbols[*id].kind, SymbolKind::Whole { dimension, .. } if !dimension || !sizes(*id)));
        wholes.sort_unstable();
        let values = self.movable_keys(sample).into_iter().flat_map(|key| {
            let count = sample.values[&key].data.len().min(12);
            (0..count).map(move |position| Place::Value(key.clone(), position))
        });
        wholes.into_iter().map(Place::Whole).chain(values).collect()
    }

    /// The variables and members of families whose numbers may move, in order.
    fn movable_keys(&self, sample: &Sample) -> Vec<(SymbolId, Vec<i64>)> {
        let mut keys: Vec<_> = sample.values.keys().filter(|key| self.is_movable(key.0)).cloned().collect();
        keys.sort_unstable();
        keys
    }

    /// A number that may move, at random.
    fn movable_element(&mut self, sample: &Sample) -> Option<((SymbolId, Vec<i64>), usize)> {
        let mut keys = self.movable_keys(sample);
        let last = keys.len().checked_sub(1)?;
        let key = keys.swap_remove(self.random.range(0, last as i64) as usize);
        let count = sample.values.get(&key).map(|matrix| matrix.data.len()).filter(|count| *count > 0)?;
        let position = self.random.range(0, count as i64 - 1) as usize;
        Some((key, position))
    }

    /// Whether each number of a symbol may move by itself, and by as little as one likes.
    fn is_movable(&self, symbol: SymbolId) -> bool {
        matches!(self.domain(symbol), Domain::Reals | Domain::Interval { .. } | Domain::Without(_))
    }

    /// The samples with one number moved up or down by a step, or most of the way to an end of its domain, as far as they are admissible. A
    /// whole number moves by nine steps, but by one at least.
    pub fn moves(&self, sample: &Sample, place: &Place, step: &Rational) -> Vec<Sample> {
        match place {
            Place::Value(key, position) => {
                let Some(value) = sample.values.get(key).and_then(|matrix| matrix.data.get(*position)) else { return Vec::new() };
                let ends: Vec<BigRational> = match self.domain(key.0) {
                    Domain::Interval { low, high } => [low, high].into_iter().flatten().map(|(end, _)| end).collect(),
                    Domain::Without(points) => points,
                    _ => Vec::new(),
                };
                let closer = ends.iter().map(Rational::from).map(|end| &end + &((value - &end) * fraction(1, 16)));
                [value + step, value - step].into_iter().chain(closer).filter_map(|value| self.with(sample, place, value)).collect()
            }
            Place::Whole(id) => {
                let Some(value) = sample.ints.get(id) else { return Vec::new() };
                let by = (step * &fraction(9, 1)).whole_bounds().1.unwrap_or(1);
                let values = [value.checked_add(by), value.checked_sub(by)].into_iter().flatten();
                values.filter_map(|value| self.with(sample, place, fraction(value, 1))).collect()
            }
        }
    }

    /// The sample with the simplest number that lies as near as this to the one at a place.
    pub fn simplified(&self, sample: &Sample, place: &Place, near: &Rational) -> Option<Sample> {
        let Place::Value(key, position) = place else { return None };
        let value = sample.values.get(key)?.data.get(*position)?;
        self.with(sample, place, Rational::simplest_between(&(value - near), &(value + near)))
    }

    /// The sample with another number at a place, where it is admissible.
    fn with(&self, sample: &Sample, place: &Place, value: Rational) -> Option<Sample> {
        let mut changed = sample.clone();
        match place {
            Place::Value(key, position) => {
                if !contains(&self.domain(key.0), &value) {
                    return None;
                }
                *changed.values.get_mut(key)?.data.get_mut(*position)? = value;
            }
            Place::Whole(id) => {
                let SymbolKind::Whole { low, high, .. } = &self.symbols[*id].kind else { return None };
                let value = value.whole_bounds().0?;
                let end = |end: &Option<Int>| end.as_ref().map(|end| end.value(&sample.ints));
                let inside = end(low).is_none_or(|low| low.is_some_and(|low| low <= value))
                    && end(high).is_none_or(|high| high.is_some_and(|high| value <= high));
                if !inside || value.abs() > 1000 {
                    return None;
                }
                changed.ints.insert(*id, value);
            }
        }
        self.meets(&changed).then_some(changed)
    }

    /// The sample with numbers of short binary fractions, whole ones first, for all that may move, where it is admissible.
    pub fn rounded(&self, sample: &Sample) -> Option<Sample> {
        let mut changed = sample.clone();
        for key in self.movable_keys(sample) {
            let domain = self.domain(key.0);
            for value in &mut changed.values.get_mut(&key)?.data {
                let rounded = [1, 2, 4, 8].map(|parts| (&*value * &fraction(parts, 1)).round() / fraction(parts, 1));
                if let Some(rounded) = rounded.into_iter().find(|rounded| contains(&domain, rounded)) {
                    *value = rounded;
                }
            }
        }
        self.meets(&changed).then_some(changed)
    }

    /// How hard a sample is to read: sizes first, then numbers.
    pub fn weight(&self, sample: &Sample) -> u64 {
        let ints: u64 = sample.ints.iter().filter(|(id, _)| !self.facts.bound.contains(id)).map(|(_, value)| value.unsigned_abs()).sum();
        sample.values.values().flat_map(|matrix| &matrix.data).map(weight).sum::<u64>().saturating_add(ints.saturating_mul(1000))
    }

    /// The values of a sample as text, in the order of their introduction.
    pub fn texts(&self, sample: &Sample) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        let free: FastSet<SymbolId> = self.step.free.iter().map(|range| range.index).collect();
        for id in &self.order {
            let symbol = &self.symbols[*id];
            if let (SymbolKind::Whole { .. }, Some(value)) = (&symbol.kind, sample.ints.get(id))
                && (free.contains(id) || !self.facts.bound.contains(id))
            {
                texts.push((symbol.name.clone(), value.to_string()));
            }
            let mut keys: Vec<_> = sample.values.keys().filter(|key| key.0 == *id).collect();
            keys.sort_unstable();
            for key in keys {
                let name = if key.1.is_empty() {
                    symbol.name.clone()
                } else {
                    let indices: Vec<String> = key.1.iter().map(i64::to_string).collect();
                    format!("{}_{{{}}}", symbol.name, indices.join(", "))
                };
                let matrix = &sample.values[key];
                texts.push((name, text(matrix.rows, matrix.cols, &matrix.data.iter().map(exact_text).collect::<Vec<_>>())));
            }
            if matches!(symbol.kind, SymbolKind::Function { body: None, .. } | SymbolKind::FunctionFamily { .. }) {
                texts.push((symbol.name.clone(), "an arbitrary smooth function".to_string()));
            }
        }
        texts
    }
}

fn add_to_diagonal(matrix: &mut Matrix, value: &Rational) {
    for i in 0..matrix.rows.min(matrix.cols) {
        matrix.data[i * matrix.rows + i] += value;
    }
}

fn fraction(numerator: i64, denominator: i64) -> Rational {
    Rational::new(numerator, denominator)
}

fn weight(value: &Rational) -> u64 {
    let (n, d) = value.short().map_or((1 << 40, 1 << 40), |(n, d)| (n.unsigned_abs(), d.unsigned_abs()));
    n.min(1 << 40) * 2 + (d.min(1 << 40) - 1) * 10 + u64::from(value.is_negative())
}

fn contains(domain: &Domain, value: &Rational) -> bool {
    let order = |end: &BigRational| value.cmp(&Rational::from(end));
    match domain {
        Domain::Interval { low, high } => {
            low.as_ref().is_none_or(|(low, closed)| order(low).is_gt() || (*closed && order(low).is_eq()))
                && high.as_ref().is_none_or(|(high, closed)| order(high).is_lt() || (*closed && order(high).is_eq()))
        }
        Domain::Without(points) => !points.iter().any(|point| order(point).is_eq()),
        Domain::Set(points) => points.iter().any(|point| order(point).is_eq()),
        _ => true,
    }
}

fn exact_text(value: &Rational) -> String {
    if value.short().is_some_and(|(_, d)| d <= 1000) { value.to_string() } else { number_text(value.to_f64()) }
}

/// A number with at most six digits.
pub fn number_text(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e6).contains(&value.abs()) {
        return format!("{value:.4e}");
    }
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_string() } else { text.to_string() }
}

/// A matrix as text: a scalar plain, a column `[0, 1]`, a matrix by its rows.
pub fn text(rows: usize, cols: usize, data: &[String]) -> String {
    match (rows, cols) {
        (1, 1) => data[0].clone(),
        (_, 1) => format!("[{}]", data.join(", ")),
        _ => {
            let row = |i: usize| (0..cols).map(|j| data[j * rows + i].clone()).collect::<Vec<_>>().join(", ");
            format!("[{}]", (0..rows).map(|i| format!("[{}]", row(i))).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Samples on which both sides of a step have values, with its free indices bound, for whoever holds something else against the formula.
pub fn samples(symbols: &Symbols, step: &Step, seed: u64, count: usize) -> Vec<Sample> {
    let mut sampler = Sampler::new(symbols, step, seed);
    let mut list = Vec::new();
    for _ in 0..4 * count {
        let Some(sample) = sampler.draw() else { continue };
        for sample in sampler.instances(&sample) {
            let defined = |expr| match crate::eval::evaluate_f64(symbols, expr, &sample) {
                Ok(_) => true,
                Err(fault) => !matches!(fault, Fault::Undefined | Fault::Singular | Fault::Kink),
            };
            if defined(&step.left) && defined(&step.right) {
                list.push(sample);
            }
            if list.len() >= count {
                return list;
            }
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_text() {
        let shown = [0.0, -0.0, 1.0, -2.5, 1.0 / 3.0, 1e-4, 99e-6, 1e5, 1e6].map(number_text);
        assert_eq!(shown, ["0", "0", "1", "-2.5", "0.333333", "0.0001", "9.9000e-5", "100000", "1.0000e6"]);
        let exact = [fraction(1, 3), fraction(999, 1000), fraction(1, 1001), fraction(7, 1)].map(|x| exact_text(&x));
        assert_eq!(exact, ["1/3", "999/1000", "0.000999", "7"]);
    }
}

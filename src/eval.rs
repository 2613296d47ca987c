//! The value of a typed expression on a sample, in any kind of number, with bounded work.

mod dependencies;
mod function;
mod linear;

use std::cell::RefCell;
use std::cmp::Ordering;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use num_rational::BigRational;
use num_traits::ToPrimitive;

use crate::hash::{FastMap, FastSet};
use crate::judge::{AGREE, ROUNDING};
use crate::math::expr::{Arrangement, By, Condition, Elementary, Expr, Extremum, IndexRange, Kind, Reduction, Relation, SymbolId};
use crate::math::int::{Int, Ints};
use crate::math::symbol::{Domain, SymbolKind, Symbols};
use crate::sample::{Random, Sample};
use crate::scalar::{Dual, Fault, Rational, Scalar};
use crate::span::Span;
pub use dependencies::Dependencies;
pub(crate) use linear::divided;

/// The most operations that one evaluation may take.
const MOST_WORK: u64 = 4_000_000;
/// The deepest nesting of expressions and definitions; a chain of sums or products counts once.
const MOST_DEPTH: u32 = 160;
/// The most elements of one value.
const MOST_ELEMENTS: i64 = 100_000;
/// The widest steps of the differences: of a derivative, of one that holds another, and of one that holds two.
const STEPS: [f64; 3] = [1e-3, 1e-2, 2e-2];

/// A matrix of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Value<S> {
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub cols: usize,
    /// The elements, column after column.
    pub data: Elements<S>,
}

/// The elements of a matrix, which copies share. A single one, as most are, takes no memory of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Elements<S> {
    /// A single one.
    One(Dual<S>),
    /// None, or several.
    Many(Rc<Vec<Dual<S>>>),
}

impl<S> From<Vec<Dual<S>>> for Elements<S> {
    fn from(mut elements: Vec<Dual<S>>) -> Elements<S> {
        if elements.len() == 1 { Elements::One(elements.swap_remove(0)) } else { Elements::Many(Rc::new(elements)) }
    }
}

impl<S> Elements<S> {
    /// As many as said, each made from its number.
    fn build(count: usize, mut element: impl FnMut(usize) -> Result<Dual<S>, Fault>) -> Result<Elements<S>, Fault> {
        if count == 1 {
            return Ok(Elements::One(element(0)?));
        }
        let mut elements = Vec::with_capacity(count);
        for number in 0..count {
            elements.push(element(number)?);
        }
        Ok(Elements::Many(Rc::new(elements)))
    }
}

impl<S> Deref for Elements<S> {
    type Target = [Dual<S>];
    fn deref(&self) -> &[Dual<S>] {
        match self {
            Elements::One(element) => std::slice::from_ref(element),
            Elements::Many(elements) => elements,
        }
    }
}

impl<S: Clone> DerefMut for Elements<S> {
    fn deref_mut(&mut self) -> &mut [Dual<S>] {
        match self {
            Elements::One(element) => std::slice::from_mut(element),
            Elements::Many(elements) => Rc::make_mut(elements).as_mut_slice(),
        }
    }
}

impl<S: Scalar> Value<S> {
    /// A matrix with these elements, column after column.
    pub fn new(rows: usize, cols: usize, elements: Vec<Dual<S>>) -> Value<S> {
        Value { rows, cols, data: Elements::from(elements) }
    }

    /// A 1×1 matrix.
    pub fn scalar(value: Dual<S>) -> Value<S> {
        Value { rows: 1, cols: 1, data: Elements::One(value) }
    }

    /// Whether it is 1×1.
    pub fn is_scalar(&self) -> bool {
        self.data.len() == 1
    }

    /// The largest absolute value of an element.
    pub fn size(&self) -> f64 {
        self.data.iter().map(|x| x.real.weight()).fold(0.0, f64::max)
    }

    /// The transpose.
    pub fn transposed(&self) -> Value<S> {
        if self.rows == 1 || self.cols == 1 {
            return Value { rows: self.cols, cols: self.rows, data: self.data.clone() };
        }
        let data = (0..self.rows).flat_map(|i| (0..self.cols).map(move |j| self.data[j * self.rows + i].clone())).collect();
        Value::new(self.cols, self.rows, data)
    }
}

/// How derivatives are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By dual numbers.
    Dual,
    /// By differences of plain values, extrapolated.
    Differences,
}

type Key = (SymbolId, Vec<i64>);
/// Values with the symbols and members that they are bound to.
type Bindings<S> = Vec<(Key, Value<S>)>;
/// The values of a symbol: its own, or those of its members.
struct Cell<S> {
    own: Option<Value<S>>,
    members: FastMap<Vec<i64>, Value<S>>,
}

/// Values of symbols and of members of families.
struct Table<S>(FastMap<SymbolId, Cell<S>>);

impl<S> Table<S> {
    fn get(&self, key: &Key) -> Option<&Value<S>> {
        let cell = self.0.get(&key.0)?;
        if key.1.is_empty() { cell.own.as_ref() } else { cell.members.get(&key.1) }
    }

    /// Sets or removes a value, and returns the one before.
    fn set(&mut self, key: Key, value: Option<Value<S>>) -> Option<Value<S>> {
        let cell = self.0.entry(key.0).or_insert_with(|| Cell { own: None, members: FastMap::default() });
        match value {
            value if key.1.is_empty() => std::mem::replace(&mut cell.own, value),
            Some(value) => cell.members.insert(key.1, value),
            None => cell.members.remove(&key.1),
        }
    }
}

type Outcome<S> = Result<Value<S>, Fault>;
/// Where a seed goes: the key of a symbol or member, and the position of an element.
type Place = (Key, usize);
/// Places column after column, and the shape that they have together.
type Places = (Vec<Place>, (usize, usize));

/// An arbitrary function that was drawn, and what it is applied to.
struct Applied<'a, S> {
    smooth: Rc<function::Smooth<S>>,
    inputs: Vec<Dual<S>>,
    rows: usize,
    cols: usize,
    range: &'a Domain,
}

/// Evaluates expressions on one sample.
pub struct Evaluator<'a, S> {
    symbols: &'a Symbols,
    sample: &'a Sample,
    mode: Mode,
    ints: Ints,
    /// What a `Let`, a `Map` or a derivative binds.
    bound: Table<S>,
    /// Values of definitions and of the sample.
    cache: Table<S>,
    dependencies: Rc<RefCell<Dependencies>>,
    functions: FastMap<Key, Rc<function::Smooth<S>>>,
    work: u64,
    depth: u32,
    level: usize,
    /// The largest absolute value of a summand anywhere, of floating-point evaluations: what rounding is relative to.
    pub largest: f64,
    /// The largest absolute value of anything differentiated: what the rounding of differences is relative to.
    pub differentiated: f64,
    /// Whether rounding has swallowed a number beside a far larger one.
    swallowed: bool,
    /// The steps of differences as a part of the usual ones.
    pub part: f64,
    /// For each place of a `cases`, which branches were taken.
    pub branches: FastSet<(Span, usize)>,
}

impl<'a, S: Scalar> Evaluator<'a, S> {
    /// An evaluator on `sample`.
    pub fn new(symbols: &'a Symbols, sample: &'a Sample, mode: Mode) -> Evaluator<'a, S> {
        Evaluator::sharing(Rc::default(), symbols, sample, mode)
    }

    /// An evaluator on `sample` that shares what is known of the definitions with others of the same symbols.
    pub fn sharing(dependencies: Rc<RefCell<Dependencies>>, symbols: &'a Symbols, sample: &'a Sample, mode: Mode) -> Evaluator<'a, S> {
        Evaluator {
            symbols,
            sample,
            mode,
            ints: sample.ints.clone(),
            bound: Table(FastMap::default()),
            cache: Table(FastMap::default()),
            dependencies,
            functions: FastMap::default(),
            work: 0,
            depth: 0,
            level: 0,
            largest: 0.0,
            differentiated: 0.0,
            swallowed: false,
            part: 1.0,
            branches: FastSet::default(),
        }
    }

    /// The value of an expression.
    pub fn value(&mut self, expr: &'a Expr) -> Result<Value<S>, Fault> {
        self.eval(expr)
    }

    /// The value of a side, and the size of the largest summand of it, where it is a sum, and of itself.
    pub fn side(&mut self, expr: &'a Expr) -> Result<(Value<S>, f64), Fault> {
        match self.summands(expr) {
            Err(Fault::Undefined) if self.swallowed => Err(Fault::Swallowed),
            outcome => outcome,
        }
    }

    fn summands(&mut self, expr: &'a Expr) -> Result<(Value<S>, f64), Fault> {
        let mut spine = Vec::new();
        let mut first = expr;
        while let Kind::Add(left, _) | Kind::Sub(left, _) = &first.kind {
            spine.push(first);
            first = left;
        }
        let mut value = self.eval(first)?;
        let mut size = value.size();
        for expr in spine.into_iter().rev() {
            let (Kind::Add(_, right) | Kind::Sub(_, right)) = &expr.kind else { continue };
            let (right, right_size) = self.nested(|this| this.summands(right))?;
            value = self.sum_of(expr, &value, &right)?;
            size = size.max(right_size).max(value.size());
        }
        Ok((value, size))
    }

    /// The sum or difference that `expr` is.
    fn sum_of(&mut self, expr: &Expr, left: &Value<S>, right: &Value<S>) -> Result<Value<S>, Fault> {
        self.note(left);
        self.note(right);
        let sum = self.zip(expr.span, left, right, if matches!(expr.kind, Kind::Sub(..)) { Dual::sub } else { Dual::add })?;
        if let (true, [x], [y], [z]) = (S::TRANSCENDENTAL, &*left.data, &*right.data, &*sum.data) {
            let (x, y, z) = (x.real.weight(), y.real.weight(), z.real.weight());
            self.swallowed |= (z == x && y != 0.0) || (z == y && x != 0.0);
        }
        Ok(sum)
    }

    /// Runs `f` one level deeper.
    fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= MOST_DEPTH {
            return Err(Fault::Limit("the depth of nested definitions"));
        }
        self.depth += 1;
        let outcome = f(self);
        self.depth -= 1;
        outcome
    }

    fn spend(&mut self, work: usize) -> Result<(), Fault> {
        self.work = self.work.saturating_add(work as u64);
        if self.work > MOST_WORK { Err(Fault::Limit("the number of operations of one evaluation")) } else { Ok(()) }
    }

    /// How many operations were taken.
    #[cfg(test)]
    pub(crate) fn work(&self) -> u64 {
        self.work
    }

    fn int(&self, int: &Int) -> Result<i64, Fault> {
        int.value(&self.ints).ok_or(Fault::Undefined)
    }

    fn size(&mut self, expr: &Expr) -> Result<(usize, usize), Fault> {
        let (rows, cols) = (self.int(&expr.shape.rows)?, self.int(&expr.shape.cols)?);
        if rows < 0 || cols < 0 {
            return Err(Fault::IndexOutOfRange(expr.span));
        }
        if rows.saturating_mul(cols) > MOST_ELEMENTS {
            return Err(Fault::Limit("the number of elements of a matrix"));
        }
        self.spend((rows * cols) as usize)?;
        Ok((rows as usize, cols as usize))
    }

    fn filled(&mut self, expr: &Expr, f: impl Fn(usize, usize) -> i64) -> Outcome<S> {
        let (rows, cols) = self.size(expr)?;
        let data = Elements::build(rows * cols, |place| Ok(Dual::int(f(place % rows, place / rows))))?;
        Ok(Value { rows, cols, data })
    }

    fn eval(&mut self, expr: &'a Expr) -> Outcome<S> {
        // A long sum leans to the left; its spine is followed in a loop, so that its length is not depth.
        let mut spine = Vec::new();
        let mut first = expr;
        while let Kind::Add(left, _) | Kind::Sub(left, _) | Kind::Mul(left, _) | Kind::Hadamard(left, _) | Kind::Kronecker(left, _) =
            &first.kind
        {
            spine.push(first);
            first = left;
        }
        self.nested(|this| this.follow(first, &spine))
    }

    fn follow(&mut self, first: &'a Expr, spine: &[&'a Expr]) -> Outcome<S> {
        let mut value = self.simple(first)?;
        for expr in spine.iter().rev() {
            let (Kind::Add(_, right) | Kind::Sub(_, right) | Kind::Mul(_, right) | Kind::Hadamard(_, right) | Kind::Kronecker(_, right)) =
                &expr.kind
            else {
                continue;
            };
            let right = self.eval(right)?;
            value = match &expr.kind {
                Kind::Add(..) | Kind::Sub(..) => self.sum_of(expr, &value, &right)?,
                Kind::Hadamard(..) => self.zip(expr.span, &value, &right, Dual::mul)?,
                Kind::Kronecker(..) => self.kronecker(&value, &right)?,
                _ => self.product(expr.span, &value, &right)?,
            };
        }
        self.spend(1)?;
        Ok(value)
    }

    /// Remembers the size of a summand: where sums cancel, rounding is relative to it.
    fn note(&mut self, value: &Value<S>) {
        value.data.iter().for_each(|x| self.note_number(x));
    }

    fn note_number(&mut self, x: &Dual<S>) {
        if S::TRANSCENDENTAL {
            self.largest = x.coefficients().map(S::weight).fold(self.largest, f64::max);
        }
    }

    fn each(&mut self, value: &Value<S>, f: impl Fn(&Dual<S>) -> Result<Dual<S>, Fault>) -> Outcome<S> {
        self.spend(value.data.len())?;
        let data = Elements::build(value.data.len(), |place| f(&value.data[place]))?;
        Ok(Value { rows: value.rows, cols: value.cols, data })
    }

    /// Element by element, a scalar expanded.
    fn zip(
        &mut self,
        span: Span,
        a: &Value<S>,
        b: &Value<S>,
        f: impl Fn(&Dual<S>, &Dual<S>) -> Result<Dual<S>, Fault>,
    ) -> Result<Value<S>, Fault> {
        let like = if a.is_scalar() { b } else { a };
        if !a.is_scalar() && !b.is_scalar() && (a.rows, a.cols) != (b.rows, b.cols) {
            return Err(Fault::IndexOutOfRange(span));
        }
        self.spend(like.data.len())?;
        let pick = |v: &Value<S>, i: usize| if v.is_scalar() { 0 } else { i };
        let data = Elements::build(like.data.len(), |i| f(&a.data[pick(a, i)], &b.data[pick(b, i)]))?;
        Ok(Value { rows: like.rows, cols: like.cols, data })
    }

    fn simple(&mut self, expr: &'a Expr) -> Outcome<S> {
        match &expr.kind {
            Kind::Number(number) => Ok(Value::scalar(number_of(number)?)),
            Kind::Pi => Ok(Value::scalar(Dual::constant(S::pi()?))),
            Kind::Euler => Ok(Value::scalar(Dual::int(1).elementary(Elementary::Exp)?)),
            Kind::Int(int) => {
                let value = self.int(int)?;
                Ok(Value::scalar(Dual::int(value)))
            }
            Kind::Symbol(symbol) => self.symbol((*symbol, Vec::new()), expr.span),
            Kind::Member(symbol, indices) => {
                let indices: Result<Vec<i64>, Fault> = indices.iter().map(|i| self.int(i)).collect();
                self.symbol((*symbol, indices?), expr.span)
            }
            Kind::Identity => self.filled(expr, |i, j| i64::from(i == j)),
            Kind::Ones => self.filled(expr, |_, _| 1),
            Kind::Zeros => self.filled(expr, |_, _| 0),
            Kind::Unit(index) => {
                let index = self.int(index)?;
                let rows = self.int(&expr.shape.rows)?;
                if index < 1 || index > rows {
                    return Err(Fault::IndexOutOfRange(expr.span));
                }
                self.filled(expr, |i, _| i64::from(i as i64 + 1 == index))
            }
            Kind::Sum(ranges, condition, body) => self.sum(expr, ranges, condition.as_deref(), body),
            Kind::Product(ranges, condition, body) => self.repeated_product(expr, ranges, condition.as_deref(), body),
            Kind::ExtremumOver(which, ranges, condition, body) => {
                let mut values = Vec::new();
                self.over(ranges, condition.as_deref(), &mut |this| {
                    values.push(this.eval(body)?.data[0].clone());
                    Ok(())
                })?;
                Ok(Value::scalar(extremum(*which, &values)?))
            }
            Kind::IndicatorOf(condition) => {
                let holds = self.holds(condition)?;
                Ok(Value::scalar(Dual::int(i64::from(holds))))
            }
            Kind::Cases(branches, otherwise) => self.cases(expr, branches, otherwise.as_deref()),
            Kind::Blocks(rows) => self.blocks(expr, rows),
            Kind::Tabulate(row, col, body) => self.tabulate(expr, *row, *col, body),
            Kind::Apply(function, arguments) => self.apply(expr, *function, arguments),
            Kind::Let(bindings, body) => {
                let mut values = Vec::new();
                for (symbol, value) in bindings {
                    values.push(((*symbol, Vec::new()), self.eval(value)?));
                }
                self.with(values, |this| this.eval(body))
            }
            Kind::LetInt(bindings, body) => {
                let values: Result<Vec<_>, Fault> = bindings.iter().map(|(symbol, int)| Ok((*symbol, self.int(int)?))).collect();
                self.with_ints(&values?, |this| this.eval(body))
            }
            Kind::Map(bindings, body) => self.map(expr, bindings, body),
            Kind::Derivative(body, by, arrangement) => self.derivative(expr, body, by, *arrangement),
            _ => self.operation(expr),
        }
    }

    fn operation(&mut self, expr: &'a Expr) -> Outcome<S> {
        match &expr.kind {
            Kind::Extremum(which, parts) => {
                let mut best: Option<Value<S>> = None;
                for part in parts {
                    let value = self.eval(part)?;
                    best = Some(match best {
                        None => value,
                        Some(b) => self.zip(expr.span, &b, &value, |x, y| extremum(*which, &[x.clone(), y.clone()]))?,
                    });
                }
                best.ok_or(Fault::Undefined)
            }
            Kind::Quotient(a, b) => self.binary(expr, a, b, Dual::div),
            Kind::Indicator(relation, a, b) => self.binary(expr, a, b, |x, y| Ok(Dual::int(i64::from(relates(*relation, x, y)?)))),
            Kind::Power(base, exponent) => self.power(expr, base, exponent),
            Kind::Dot(a, b) => {
                let (a, b) = (self.eval(a)?, self.eval(b)?);
                if a.data.len() != b.data.len() {
                    return Err(Fault::IndexOutOfRange(expr.span));
                }
                self.spend(a.data.len())?;
                let sum = self.inner(a.data.iter().zip(&*b.data))?;
                Ok(Value::scalar(sum))
            }
            Kind::Entry(of, row, col) => {
                let (row, col) = (self.int(row)?, self.int(col)?);
                if let Kind::Apply(function, arguments) = &of.kind
                    && matches!(self.symbols[*function].kind, SymbolKind::Function { body: None, range: Domain::Reals, .. })
                {
                    return self.component(of, *function, arguments, row, col);
                }
                let value = self.eval(of)?;
                let position = position(&value, row, col).ok_or(Fault::IndexOutOfRange(expr.span))?;
                Ok(Value::scalar(value.data[position].clone()))
            }
            Kind::Neg(of) => {
                let value = self.eval(of)?;
                self.each(&value, |x| Ok(x.neg()))
            }
            Kind::MatrixPower(of, exponent) => {
                let exponent = self.int(exponent)?;
                let value = self.eval(of)?;
                Ok(self.matrix_power(expr.span, &value, exponent)?)
            }
            Kind::Transpose(of) => Ok(self.eval(of)?.transposed()),
            Kind::Elementary(function, of) => {
                let value = self.eval(of)?;
                // A periodic function subtracts a multiple of its period.
                if matches!(
                    function,
                    Elementary::Sin | Elementary::Cos | Elementary::Tan | Elementary::Sec | Elementary::Csc | Elementary::Cot
                ) {
                    self.note(&value);
                }
                let value = self.each(&value, |x| x.elementary(*function))?;
                // These come to 1 by rounding only.
                if S::TRANSCENDENTAL && matches!(function, Elementary::Logistic | Elementary::Tanh) {
                    self.swallowed |= value.data.iter().any(|x| x.real.weight() == 1.0);
                }
                Ok(value)
            }
            Kind::Reduce(reduction, of) => {
                let value = self.eval(of)?;
                self.spend(value.data.len())?;
                Ok(Value::scalar(self.reduce(expr.span, *reduction, &value)?))
            }
            Kind::Softmax(of) => {
                let value = self.eval(of)?;
                self.note(&value);
                let powers = self.each(&value, |x| x.elementary(Elementary::Exp))?;
                let sum = total(&powers.data)?;
                self.each(&powers, |x| x.div(&sum))
            }
            Kind::Vectorize(of) => {
                let value = self.eval(of)?;
                Ok(Value { rows: value.data.len(), cols: 1, data: value.data.clone() })
            }
            Kind::Diagonal(of) => {
                let value = self.eval(of)?;
                let n = value.data.len();
                if (n * n) as i64 > MOST_ELEMENTS {
                    return Err(Fault::Limit("the number of elements of a matrix"));
                }
                self.spend(n * n)?;
                let mut data = vec![Dual::int(0); n * n];
                for (i, x) in value.data.iter().enumerate() {
                    data[i * n + i] = x.clone();
                }
                Ok(Value::new(n, n, data))
            }
            Kind::DiagonalOf(of) => {
                let value = self.eval(of)?;
                let n = value.rows.min(value.cols);
                let data = (0..n).map(|i| value.data[i * value.rows + i].clone()).collect();
                Ok(Value::new(n, 1, data))
            }
            _ => Err(Fault::Undefined),
        }
    }

    fn binary(&mut self, expr: &Expr, a: &'a Expr, b: &'a Expr, f: impl Fn(&Dual<S>, &Dual<S>) -> Result<Dual<S>, Fault>) -> Outcome<S> {
        let (a, b) = (self.eval(a)?, self.eval(b)?);
        self.zip(expr.span, &a, &b, f)
    }

    fn power(&mut self, expr: &Expr, base: &'a Expr, exponent: &'a Expr) -> Outcome<S> {
        let mut inner = exponent;
        let mut negative = false;
        while let Kind::Neg(of) = &inner.kind {
            inner = of;
            negative = !negative;
        }
        let whole = match &inner.kind {
            Kind::Number(number) if number.is_integer() => Some(number.to_i64().ok_or(Fault::Limit("the size of an exponent"))?),
            Kind::Int(int) => Some(self.int(int)?),
            _ => None,
        };
        if let Some(whole) = whole {
            let value = self.eval(base)?;
            if whole.unsigned_abs() > 100_000 {
                return Err(Fault::Limit("the size of an exponent"));
            }
            return self.each(&value, |x| x.powi(if negative { -whole } else { whole }));
        }
        if matches!(base.kind, Kind::Euler) {
            let value = self.eval(exponent)?;
            return self.each(&value, |x| x.elementary(Elementary::Exp));
        }
        self.binary(expr, base, exponent, Dual::power)
    }

    fn symbol(&mut self, key: Key, span: Span) -> Outcome<S> {
        if let Some(value) = self.bound.get(&key).or_else(|| self.cache.get(&key)) {
            return Ok(value.clone());
        }
        let symbols = self.symbols;
        let value = match &symbols[key.0].kind {
            SymbolKind::Defined(body) => self.eval(body)?,
            SymbolKind::DefinedFamily { indices, member } => {
                if indices.len() != key.1.len() {
                    return Err(Fault::IndexOutOfRange(span));
                }
                let bindings: Vec<(SymbolId, i64)> = indices.iter().map(|i| i.0).zip(key.1.iter().copied()).collect();
                self.with_ints(&bindings, |this| {
                    for ((_, low, high), value) in indices.iter().zip(&key.1) {
                        if *value < this.int(low)? || *value > this.int(high)? {
                            return Err(Fault::IndexOutOfRange(span));
                        }
                    }
                    this.eval(member)
                })?
            }
            SymbolKind::Family { ranges, .. } => {
                for ((low, high), value) in ranges.iter().zip(&key.1) {
                    if *value < self.int(low)? || *value > self.int(high)? {
                        return Err(Fault::IndexOutOfRange(span));
                    }
                }
                self.drawn(&key)?
            }
            SymbolKind::Whole { .. } => {
                let value = *self.ints.get(&key.0).ok_or(Fault::Undefined)?;
                return Ok(Value::scalar(Dual::int(value)));
            }
            _ => self.drawn(&key)?,
        };
        self.dependencies.borrow_mut().know(symbols, key.0);
        self.cache.set(key, Some(value.clone()));
        Ok(value)
    }

    fn drawn(&mut self, key: &Key) -> Outcome<S> {
        let drawn = self.sample.values.get(key).ok_or(Fault::Undefined)?;
        self.spend(drawn.data.len())?;
        let data = Elements::build(drawn.data.len(), |place| Ok(Dual::constant(S::from_rational(&drawn.data[place])?)))?;
        Ok(Value { rows: drawn.rows, cols: drawn.cols, data })
    }

    /// Takes what depends on one of `changed` out of the cache.
    fn take_dependents(&mut self, changed: impl Iterator<Item = SymbolId>) -> Vec<(SymbolId, Cell<S>)> {
        let mut dependencies = self.dependencies.borrow_mut();
        let mut taken = Vec::new();
        for changed in changed {
            for symbol in dependencies.dependents(changed) {
                taken.extend(self.cache.0.remove_entry(symbol));
            }
        }
        taken
    }

    /// Runs `f` with values bound to symbols; what depends on them follows, and all is as before afterwards.
    fn with<T>(&mut self, bindings: Bindings<S>, f: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let changed: Vec<SymbolId> = bindings.iter().map(|(key, _)| key.0).collect();
        let saved = self.take_dependents(changed.iter().copied());
        let before: Vec<(Key, Option<Value<S>>)> =
            bindings.into_iter().map(|(key, value)| (key.clone(), self.bound.set(key, Some(value)))).collect();
        let outcome = f(self);
        for (key, value) in before.into_iter().rev() {
            self.bound.set(key, value);
        }
        self.take_dependents(changed.into_iter());
        self.cache.0.extend(saved);
        outcome
    }

    fn with_ints<T>(&mut self, bindings: &[(SymbolId, i64)], f: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let saved = self.take_dependents(bindings.iter().map(|(symbol, _)| *symbol));
        let before: Vec<Option<i64>> = bindings.iter().map(|(symbol, value)| self.ints.insert(*symbol, *value)).collect();
        let outcome = f(self);
        for ((symbol, _), value) in bindings.iter().zip(before) {
            match value {
                Some(value) => self.ints.insert(*symbol, value),
                None => self.ints.remove(symbol),
            };
        }
        self.take_dependents(bindings.iter().map(|(symbol, _)| *symbol));
        self.cache.0.extend(saved);
        outcome
    }

    /// Runs `f` for all values of the indices for which the condition holds.
    fn over(
        &mut self,
        ranges: &'a [IndexRange],
        condition: Option<&'a Condition>,
        f: &mut dyn FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Some((first, rest)) = ranges.split_first() else {
            self.spend(1)?;
            return match condition {
                Some(condition) if !self.holds(condition)? => Ok(()),
                _ => f(self),
            };
        };
        let (low, high) = (self.int(&first.low)?, self.int(&first.high)?);
        if high.saturating_sub(low) > MOST_ELEMENTS {
            return Err(Fault::Limit("the length of a sum"));
        }
        let saved = self.take_dependents([first.index].into_iter());
        let before = self.ints.get(&first.index).copied();
        let mut outcome = Ok(());
        for value in low..=high {
            self.ints.insert(first.index, value);
            outcome = self.over(rest, condition, f);
            self.take_dependents([first.index].into_iter());
            if outcome.is_err() {
                break;
            }
        }
        match before {
            Some(value) => self.ints.insert(first.index, value),
            None => self.ints.remove(&first.index),
        };
        self.cache.0.extend(saved);
        outcome
    }

    fn sum(&mut self, expr: &'a Expr, ranges: &'a [IndexRange], condition: Option<&'a Condition>, body: &'a Expr) -> Outcome<S> {
        let mut sum = self.filled(expr, |_, _| 0)?;
        self.over(ranges, condition, &mut |this| {
            let term = this.eval(body)?;
            this.note(&term);
            sum = this.zip(expr.span, &sum, &term, Dual::add)?;
            Ok(())
        })?;
        Ok(sum)
    }

    fn repeated_product(
        &mut self,
        expr: &'a Expr,
        ranges: &'a [IndexRange],
        condition: Option<&'a Condition>,
        body: &'a Expr,
    ) -> Outcome<S> {
        let mut product = self.filled(expr, |i, j| i64::from(i == j))?;
        self.over(ranges, condition, &mut |this| {
            let factor = this.eval(body)?;
            product = this.product(expr.span, &product, &factor)?;
            Ok(())
        })?;
        Ok(product)
    }

    fn cases(&mut self, expr: &'a Expr, branches: &'a [(Condition, Expr)], otherwise: Option<&'a Expr>) -> Outcome<S> {
        for (number, (condition, body)) in branches.iter().enumerate() {
            if self.holds(condition)? {
                self.branches.insert((expr.span, number));
                let value = self.eval(body)?;
                self.no_other_case(expr, &branches[number + 1..], &value)?;
                return Ok(value);
            }
        }
        self.branches.insert((expr.span, branches.len()));
        self.eval(otherwise.ok_or(Fault::Undefined)?)
    }

    /// Where a second condition holds as well, it must lead to the same value: otherwise the cases say two things at once.
    fn no_other_case(&mut self, expr: &'a Expr, rest: &'a [(Condition, Expr)], value: &Value<S>) -> Result<(), Fault> {
        for (condition, body) in rest {
            if !matches!(self.holds(condition), Ok(true)) {
                continue;
            }
            let Ok(other) = self.eval(body) else { continue };
            for (x, y) in value.data.iter().zip(&*other.data) {
                let size = x.real.weight().max(y.real.weight());
                let same = if S::TRANSCENDENTAL {
                    x.real.sub(&y.real)?.weight() <= (AGREE * size).max(ROUNDING * self.largest)
                } else {
                    x.real == y.real
                };
                if !same {
                    return Err(Fault::Overlap(expr.span));
                }
            }
        }
        Ok(())
    }

    fn blocks(&mut self, expr: &'a Expr, rows: &'a [Vec<Expr>]) -> Outcome<S> {
        let mut columns: Vec<Vec<Dual<S>>> = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            let mut at = 0;
            let mut height = None;
            for block in row {
                let value = self.eval(block)?;
                if *height.get_or_insert(value.rows) != value.rows {
                    return Err(Fault::IndexOutOfRange(expr.span));
                }
                for j in 0..value.cols {
                    if number == 0 {
                        columns.push(Vec::new());
                    }
                    let column = columns.get_mut(at).ok_or(Fault::IndexOutOfRange(expr.span))?;
                    column.extend_from_slice(&value.data[j * value.rows..(j + 1) * value.rows]);
                    at += 1;
                }
            }
            if at != columns.len() {
                return Err(Fault::IndexOutOfRange(expr.span));
            }
        }
        let (cols, height) = (columns.len(), columns.first().map_or(0, Vec::len));
        self.spend(cols * height)?;
        Ok(Value::new(height, cols, columns.concat()))
    }

    fn tabulate(&mut self, expr: &'a Expr, row: SymbolId, col: SymbolId, body: &'a Expr) -> Outcome<S> {
        let (rows, cols) = self.size(expr)?;
        let mut data = Vec::with_capacity(rows * cols);
        for j in 1..=cols as i64 {
            for i in 1..=rows as i64 {
                let value = self.with_ints(&[(row, i), (col, j)], |this| this.eval(body))?;
                data.push(value.data.first().cloned().ok_or(Fault::Undefined)?);
            }
        }
        Ok(Value::new(rows, cols, data))
    }

    fn map(&mut self, expr: &'a Expr, bindings: &'a [(SymbolId, Expr)], body: &'a Expr) -> Outcome<S> {
        let mut arguments = Vec::new();
        for (symbol, value) in bindings {
            arguments.push((*symbol, self.eval(value)?));
        }
        let Some(like) = arguments.iter().map(|(_, v)| v).find(|v| !v.is_scalar()).or(arguments.first().map(|(_, v)| v)).cloned() else {
            return self.eval(body);
        };
        let mut data = Vec::with_capacity(like.data.len());
        for i in 0..like.data.len() {
            let mut values = Vec::new();
            for (symbol, value) in &arguments {
                let element = if value.is_scalar() { value.data.first() } else { value.data.get(i) };
                let element = element.cloned().ok_or(Fault::IndexOutOfRange(expr.span))?;
                values.push(((*symbol, Vec::new()), Value::scalar(element)));
            }
            let value = self.with(values, |this| this.eval(body))?;
            data.push(value.data.first().cloned().ok_or(Fault::Undefined)?);
        }
        Ok(Value::new(like.rows, like.cols, data))
    }

    /// An arbitrary function that was drawn for the sample, its arguments, and the range of its values.
    fn applied(&mut self, expr: &'a Expr, function: SymbolId, arguments: &'a [Expr]) -> Result<Applied<'a, S>, Fault> {
        let symbols = self.symbols;
        let mut arguments = arguments;
        let mut member = Vec::new();
        let range = match &symbols[function].kind {
            SymbolKind::FunctionFamily { .. } => {
                let (first, rest) = arguments.split_first().ok_or(Fault::Undefined)?;
                let Kind::Int(index) = &first.kind else { return Err(Fault::Undefined) };
                member.push(self.int(index)?);
                arguments = rest;
                &Domain::Reals
            }
            SymbolKind::Function { range, body: None, .. } => range,
            _ => return Err(Fault::Undefined),
        };
        let mut inputs = Vec::new();
        for argument in arguments {
            inputs.extend(self.eval(argument)?.data.iter().cloned());
        }
        let (rows, cols) = self.size(expr)?;
        let key = (function, member);
        let smooth = match self.functions.get(&key) {
            Some(smooth) if smooth.fits(inputs.len(), rows * cols) => smooth.clone(),
            _ => {
                let drawn = Rc::new(function::Smooth::draw(self.sample.functions, &key, inputs.len(), rows * cols)?);
                self.functions.insert(key, drawn.clone());
                drawn
            }
        };
        Ok(Applied { smooth, inputs, rows, cols, range })
    }

    fn apply(&mut self, expr: &'a Expr, function: SymbolId, arguments: &'a [Expr]) -> Outcome<S> {
        let Applied { smooth, inputs, rows, cols, range } = self.applied(expr, function, arguments)?;
        self.spend(4 * inputs.len() * rows * cols)?;
        let value = Value::new(rows, cols, smooth.values(&inputs)?);
        let above = Random::new(self.sample.functions ^ u64::from(function.0)).range(0, 1) == 1;
        self.within_range(expr.span, value, range, above)
    }

    /// One element of the value of an arbitrary function, for which the others need not be known.
    fn component(&mut self, expr: &'a Expr, function: SymbolId, arguments: &'a [Expr], row: i64, col: i64) -> Outcome<S> {
        let Applied { smooth, inputs, rows, cols, .. } = self.applied(expr, function, arguments)?;
        self.spend(4 * inputs.len())?;
        if row < 1 || col < 1 || row > rows as i64 || col > cols as i64 {
            return Err(Fault::IndexOutOfRange(expr.span));
        }
        Ok(Value::scalar(smooth.value((col as usize - 1) * rows + row as usize - 1, &inputs)?))
    }

    /// Whether a condition holds on the sample.
    pub fn holds(&mut self, condition: &'a Condition) -> Result<bool, Fault> {
        self.nested(|this| this.condition(condition))
    }

    fn condition(&mut self, condition: &'a Condition) -> Result<bool, Fault> {
        Ok(match condition {
            Condition::Relation(relation, a, b) => {
                let (a, b) = (self.eval(a)?, self.eval(b)?);
                let elementwise = if *relation == Relation::NotEqual { Relation::Equal } else { *relation };
                let mut all = true;
                let count = a.data.len().max(b.data.len());
                for i in 0..count {
                    let pick = |v: &Value<S>| v.data.get(if v.is_scalar() { 0 } else { i }).cloned();
                    let (Some(x), Some(y)) = (pick(&a), pick(&b)) else { return Err(Fault::Undefined) };
                    all &= relates(elementwise, &x, &y)?;
                }
                all != (*relation == Relation::NotEqual)
            }
            Condition::In(of, domain) => {
                let value = self.eval(of)?;
                for x in value.data.iter() {
                    if !self.inside(x, domain)? {
                        return Ok(false);
                    }
                }
                true
            }
            Condition::All(all) => {
                for part in all {
                    if !self.holds(part)? {
                        return Ok(false);
                    }
                }
                true
            }
            Condition::Any(any) => {
                for part in any {
                    if self.holds(part)? {
                        return Ok(true);
                    }
                }
                false
            }
            Condition::Not(not) => !self.holds(not)?,
        })
    }

    fn inside(&mut self, x: &Dual<S>, domain: &Domain) -> Result<bool, Fault> {
        let number = number_of::<S>;
        Ok(match domain {
            Domain::Interval { low, high } => {
                if let Some((low, closed)) = low {
                    let order = x.order(&number(low)?)?;
                    if order == Ordering::Less || (order == Ordering::Equal && !closed) {
                        return Ok(false);
                    }
                }
                if let Some((high, closed)) = high {
                    let order = x.order(&number(high)?)?;
                    if order == Ordering::Greater || (order == Ordering::Equal && !closed) {
                        return Ok(false);
                    }
                }
                true
            }
            Domain::Without(points) | Domain::Set(points) => {
                let mut found = false;
                for point in points {
                    found |= x.equal(&number(point)?)?;
                }
                found == matches!(domain, Domain::Set(_))
            }
            Domain::Whole(low, high) => {
                if let Some(low) = low {
                    let low = self.int(low)?;
                    if x.order(&Dual::int(low))? == Ordering::Less {
                        return Ok(false);
                    }
                }
                if let Some(high) = high {
                    let high = self.int(high)?;
                    if x.order(&Dual::int(high))? == Ordering::Greater {
                        return Ok(false);
                    }
                }
                true
            }
            _ => true,
        })
    }

    /// The places that a derivative is taken by, one for each partial derivative, and the shape of all. What they are places of is held while
    /// one of them moves: of an element, its whole vector.
    fn places(&mut self, by: &'a By, held: &mut Vec<Key>, span: Span) -> Result<Places, Fault> {
        let whole = match by {
            By::Symbol(symbol) => {
                let symbols = self.symbols;
                if let SymbolKind::Defined(body) = &symbols[*symbol].kind
                    && matches!(body.kind, Kind::Transpose(_) | Kind::Tabulate(..) | Kind::Blocks(_) | Kind::Sum(..))
                    && let Some((places, shape)) = self.listed(body)?
                    && places.iter().collect::<FastSet<_>>().len() == places.len()
                {
                    (places, shape)
                } else {
                    self.places_of(*symbol, Vec::new(), span)?
                }
            }
            By::Member(symbol, indices) => {
                let indices: Result<Vec<i64>, Fault> = indices.iter().map(|i| self.int(i)).collect();
                self.places_of(*symbol, indices?, span)?
            }
            By::Entry(of, row, col) => {
                let whole = self.places(of, held, span)?;
                return self.place_in(whole, row, col, span);
            }
            By::List(list) => {
                let mut places = Vec::new();
                for part in list {
                    places.extend(self.places(part, held, span)?.0);
                }
                let count = places.len();
                return Ok((places, (count, 1)));
            }
        };
        for (key, _) in &whole.0 {
            if !held.contains(key) {
                held.push(key.clone());
            }
        }
        Ok(whole)
    }

    /// All places of a symbol or of a member.
    fn places_of(&mut self, symbol: SymbolId, indices: Vec<i64>, span: Span) -> Result<Places, Fault> {
        let key = (symbol, indices);
        let value = self.symbol(key.clone(), span)?;
        Ok(((0..value.data.len()).map(|i| (key.clone(), i)).collect(), (value.rows, value.cols)))
    }

    /// The place of one element.
    fn place_in(&self, (places, (rows, cols)): Places, row: &Int, col: &Int, span: Span) -> Result<Places, Fault> {
        let (row, col) = (self.int(row)?, self.int(col)?);
        if row < 1 || col < 1 || row > rows as i64 || col > cols as i64 {
            return Err(Fault::IndexOutOfRange(span));
        }
        Ok((vec![places[(col as usize - 1) * rows + row as usize - 1].clone()], (1, 1)))
    }

    /// The places of an array that only lists variables, members and elements, each once: to move it is to move these.
    fn listed(&mut self, body: &'a Expr) -> Result<Option<Places>, Fault> {
        let one = |places| Ok(Some(places));
        match &body.kind {
            Kind::Symbol(id) => match &self.symbols[*id].kind {
                SymbolKind::Variable { .. } | SymbolKind::Defined(_) => one(self.places_of(*id, Vec::new(), body.span)?),
                _ => Ok(None),
            },
            Kind::Member(id, indices) => {
                let indices: Result<Vec<i64>, Fault> = indices.iter().map(|index| self.int(index)).collect();
                one(self.places_of(*id, indices?, body.span)?)
            }
            Kind::Entry(of, row, col) => {
                let Some(whole) = self.listed(of)? else { return Ok(None) };
                one(self.place_in(whole, row, col, body.span)?)
            }
            Kind::Transpose(of) => {
                let Some((places, (rows, cols))) = self.listed(of)? else { return Ok(None) };
                let turned = (0..rows).flat_map(|i| (0..cols).map(move |j| j * rows + i)).map(|at| places[at].clone());
                one((turned.collect(), (cols, rows)))
            }
            Kind::Tabulate(row, col, element) => {
                let (rows, cols) = self.size(body)?;
                let mut places = Vec::with_capacity(rows * cols);
                for j in 1..=cols as i64 {
                    for i in 1..=rows as i64 {
                        let Some((element, _)) = self.with_ints(&[(*row, i), (*col, j)], |this| this.listed(element))? else {
                            return Ok(None);
                        };
                        places.extend(element);
                    }
                }
                one((places, (rows, cols)))
            }
            Kind::Blocks(rows) => {
                let mut lines = Vec::new();
                for row in rows {
                    let mut line = Vec::new();
                    for block in row {
                        let Some(block) = self.listed(block)? else { return Ok(None) };
                        line.push(block);
                    }
                    lines.push(line);
                }
                Ok(joined(lines))
            }
            // What an ellipsis makes of blocks.
            Kind::Sum(ranges, None, term) => {
                let ([range], Kind::Kronecker(unit, block)) = (ranges.as_slice(), &term.kind) else { return Ok(None) };
                let down = match &unit.kind {
                    Kind::Unit(_) => true,
                    Kind::Transpose(unit) if matches!(unit.kind, Kind::Unit(_)) => false,
                    _ => return Ok(None),
                };
                let (low, high) = (self.int(&range.low)?, self.int(&range.high)?);
                let mut blocks = Vec::new();
                for index in low..=high {
                    let Some(block) = self.with_ints(&[(range.index, index)], |this| this.listed(block))? else { return Ok(None) };
                    blocks.push(block);
                }
                Ok(joined(if down { blocks.into_iter().map(|block| vec![block]).collect() } else { vec![blocks] }))
            }
            _ => Ok(None),
        }
    }

    fn derivative(&mut self, expr: &'a Expr, body: &'a Expr, by: &'a By, arrangement: Arrangement) -> Outcome<S> {
        let mut keys = Vec::new();
        let (places, by_shape) = self.places(by, &mut keys, expr.span)?;
        let mut held: Bindings<S> = Vec::with_capacity(keys.len());
        for key in keys {
            let value = self.symbol(key.clone(), expr.span)?;
            held.push((key, value));
        }
        let mut columns: Vec<Value<S>> = Vec::new();
        for (key, position) in &places {
            let column = match self.mode {
                Mode::Dual => {
                    let level = self.level;
                    if level >= 6 {
                        return Err(Fault::Limit("the depth of nested derivatives"));
                    }
                    self.level += 1;
                    let moved = self.moved(&held, key, *position, |x| x.seeded(level))?;
                    let value = self.with(moved, |this| this.eval(body));
                    self.level = level;
                    let value = value?;
                    self.differentiated = self.differentiated.max(value.size());
                    Value::new(value.rows, value.cols, value.data.iter().map(|x| x.part(level)).collect())
                }
                Mode::Differences => self.difference(body, &held, key, *position)?,
            };
            columns.push(column);
        }
        let body_shape = match columns.first() {
            Some(column) => (column.rows, column.cols),
            None => return self.filled(expr, |_, _| 0),
        };
        let (p, q) = (body_shape.0 * body_shape.1, places.len());
        let data: Vec<Dual<S>> = columns.iter().flat_map(|column| column.data.iter().cloned()).collect();
        self.spend(p * q)?;
        let jacobian = Value::new(p, q, data);
        Ok(match arrangement {
            Arrangement::Jacobian => jacobian,
            Arrangement::JacobianTransposed => jacobian.transposed(),
            Arrangement::LikeBody | Arrangement::LikeBodyTransposed if q == 1 => {
                let like = Value { rows: body_shape.0, cols: body_shape.1, data: jacobian.data };
                if arrangement == Arrangement::LikeBody { like } else { like.transposed() }
            }
            Arrangement::LikeBy | Arrangement::LikeByTransposed if p == 1 => {
                let like = Value { rows: by_shape.0, cols: by_shape.1, data: jacobian.data };
                if arrangement == Arrangement::LikeBy { like } else { like.transposed() }
            }
            _ => return Err(Fault::IndexOutOfRange(expr.span)),
        })
    }

    fn moved(
        &mut self,
        held: &[(Key, Value<S>)],
        key: &Key,
        position: usize,
        f: impl Fn(&Dual<S>) -> Result<Dual<S>, Fault>,
    ) -> Result<Bindings<S>, Fault> {
        let mut moved = held.to_vec();
        for (other, value) in &mut moved {
            if other == key {
                value.data[position] = f(&value.data[position])?;
            }
        }
        Ok(moved)
    }

    /// Central differences with steps h, h/2 and h/4, extrapolated twice.
    fn difference(&mut self, body: &'a Expr, held: &[(Key, Value<S>)], key: &Key, position: usize) -> Result<Value<S>, Fault> {
        let height = self.dependencies.borrow_mut().height(self.symbols, body).min(STEPS.len() - 1);
        let at = held.iter().find(|(k, _)| k == key).map_or(0.0, |(_, v)| v.data[position].real.weight());
        let step = Dual::constant(S::from_float(STEPS[height] * at.max(1.0) * self.part)?);
        let mut slopes = Vec::new();
        for part in [1, 2, 4] {
            let h = step.div(&Dual::int(part))?;
            let up = self.moved(held, key, position, |x| x.add(&h))?;
            let up = self.with(up, |this| this.eval(body))?;
            let down = self.moved(held, key, position, |x| x.sub(&h))?;
            let down = self.with(down, |this| this.eval(body))?;
            let twice = h.add(&h)?;
            slopes.push(self.zip(body.span, &up, &down, |a, b| a.sub(b)?.div(&twice))?);
        }
        let extrapolate = |this: &mut Self, coarse: &Value<S>, fine: &Value<S>, factor: i64| {
            this.zip(body.span, fine, coarse, |f, c| f.add(&f.sub(c)?.div(&Dual::int(factor - 1))?))
        };
        let first = extrapolate(self, &slopes[0], &slopes[1], 4)?;
        let second = extrapolate(self, &slopes[1], &slopes[2], 4)?;
        extrapolate(self, &first, &second, 16)
    }
}

/// The places of blocks, line by line; none where these do not fit together.
fn joined(lines: Vec<Vec<Places>>) -> Option<Places> {
    let mut columns: Vec<Vec<Place>> = Vec::new();
    for (number, line) in lines.into_iter().enumerate() {
        let mut at = 0;
        for (places, (rows, cols)) in line {
            for j in 0..cols {
                if number == 0 {
                    columns.push(Vec::new());
                }
                columns.get_mut(at)?.extend_from_slice(&places[j * rows..(j + 1) * rows]);
                at += 1;
            }
        }
    }
    let (rows, cols) = (columns.first().map_or(0, Vec::len), columns.len());
    columns.iter().all(|column| column.len() == rows).then(|| (columns.concat(), (rows, cols)))
}

/// The number that a page writes.
fn number_of<S: Scalar>(number: &BigRational) -> Result<Dual<S>, Fault> {
    Ok(Dual::constant(S::from_rational(&Rational::from(number))?))
}

fn position<S>(value: &Value<S>, row: i64, col: i64) -> Option<usize> {
    let inside = row >= 1 && col >= 1 && row <= value.rows as i64 && col <= value.cols as i64;
    inside.then(|| (col as usize - 1) * value.rows + row as usize - 1)
}

fn relates<S: Scalar>(relation: Relation, x: &Dual<S>, y: &Dual<S>) -> Result<bool, Fault> {
    Ok(match relation {
        Relation::Equal => x.equal(y)?,
        Relation::NotEqual => !x.equal(y)?,
        Relation::Less => x.order(y)? == Ordering::Less,
        Relation::LessOrEqual => x.order(y)? != Ordering::Greater,
        Relation::Greater => x.order(y)? == Ordering::Greater,
        Relation::GreaterOrEqual => x.order(y)? != Ordering::Less,
    })
}

fn extremum<S: Scalar>(which: Extremum, values: &[Dual<S>]) -> Result<Dual<S>, Fault> {
    let (first, rest) = values.split_first().ok_or(Fault::Undefined)?;
    let wanted = if which == Extremum::Max { Ordering::Greater } else { Ordering::Less };
    let mut best = first;
    for value in rest {
        if value.order(best)? == wanted {
            best = value;
        }
    }
    Ok(best.clone())
}

fn total<S: Scalar>(values: &[Dual<S>]) -> Result<Dual<S>, Fault> {
    values.iter().try_fold(Dual::int(0), |sum, x| sum.add(x))
}

impl<'a, S: Scalar> Evaluator<'a, S> {
    fn reduce(&mut self, span: Span, reduction: Reduction, value: &Value<S>) -> Result<Dual<S>, Fault> {
        let absolute = |v: &Value<S>| v.data.iter().map(|x| x.elementary(Elementary::Abs)).collect::<Result<Vec<_>, Fault>>();
        let squares = |v: &Value<S>| v.data.iter().map(|x| x.mul(x)).collect::<Result<Vec<_>, Fault>>();
        if matches!(reduction, Reduction::Sum | Reduction::Mean | Reduction::Trace) {
            self.note(value);
        }
        match reduction {
            Reduction::Sum => total(&value.data),
            Reduction::Mean => total(&value.data)?.div(&Dual::int(value.data.len() as i64)),
            Reduction::Extremum(which) => extremum(which, &value.data),
            Reduction::Trace => {
                let n = value.rows.min(value.cols);
                total(&(0..n).map(|i| value.data[i * value.rows + i].clone()).collect::<Vec<_>>())
            }
            Reduction::Determinant => self.determinant(span, value),
            Reduction::Norm1 => total(&absolute(value)?),
            Reduction::SquaredNorm => total(&squares(value)?),
            Reduction::Norm2 => total(&squares(value)?)?.elementary(Elementary::Sqrt),
            Reduction::NormInf => extremum(Extremum::Max, &absolute(value)?),
        }
    }
}

/// The value of an expression on a sample in floating point, with derivatives by dual numbers, column after column.
pub fn evaluate_f64(symbols: &Symbols, expr: &Expr, sample: &Sample) -> Result<(usize, usize, Vec<f64>), Fault> {
    let value = Evaluator::<f64>::new(symbols, sample, Mode::Dual).value(expr)?;
    Ok((value.rows, value.cols, value.data.iter().map(|x| x.real).collect()))
}

#[cfg(test)]
mod tests;

//! Names: symbols, elements, members, functions with their arguments, and the names that everybody knows.

use num_rational::BigRational;

use super::cursor::{Cursor, enclosed, is_dots, is_layout, matching, opens, relations, split_commas};
use super::expr::{By, Elementary, Expr, Extremum, Kind, Reduction, Shape, SymbolId};
use super::int::Int;
use super::reader::{MAX_WRITTEN_DEPTH, MAX_WRITTEN_OUT, Read, Reader, expr, int_expr, is_letter_command, to_int};
use super::scope::{Meaning, family_key};
use super::symbol::{Domain, Symbol, SymbolKind};
use super::walk;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind, Scripts, canonical};

/// Something that takes arguments.
#[derive(Clone, Debug)]
pub(super) enum Callable {
    /// A declared or defined function.
    Function(SymbolId),
    /// A member of a family of functions.
    Member(SymbolId, Int),
    /// Component i of a function whose values are vectors.
    Component(Box<Callable>, Int),
    /// A function of numbers that has a name.
    Elementary(Elementary),
    /// A logarithm to a base.
    Log(Box<Expr>),
    /// One of the functions of whole vectors and matrices, a maximum or a minimum.
    Known(Known),
    /// Several functions, the last applied first.
    Composition(Vec<Callable>),
    /// The Jacobian of a function, as a function of its argument.
    Jacobian(Box<Callable>),
}

/// Functions that are read by their name, beside those of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Extremum(Extremum),
    Softmax,
    Reduce(Reduction),
    Diagonal,
    Vectorize,
}

/// The parts of a node that may be a name.
pub(super) struct Parts<'n> {
    pub base: &'n Node,
    pub sub: Option<&'n [Node]>,
    pub primes: usize,
    pub sup: Option<&'n [Node]>,
}

/// A node without its scripts, and its scripts.
pub(super) fn parts(node: &Node) -> Parts<'_> {
    match &node.kind {
        NodeKind::Scripts(scripts) => {
            let Scripts { base, sub, primes, sup } = &**scripts;
            Parts { base, sub: sub.as_deref(), primes: *primes, sup: sup.as_deref() }
        }
        _ => Parts { base: node, sub: None, primes: 0, sup: None },
    }
}

/// The arguments in brackets behind a function, what hangs on the closing bracket, and where the brackets stand.
type Arguments = (Vec<Vec<Node>>, Option<Scripts>, Span);

/// A symbol that was introduced in the form that is written, with the subscript and the superscript that are left.
type Exact<'n> = (SymbolId, Option<&'n [Node]>, Option<&'n [Node]>);

/// What a name turned out to be.
enum Named<'n> {
    /// A value, and the scripts that are left.
    Value(Expr, Option<&'n [Node]>, Option<&'n [Node]>),
    /// A function, and the superscript that is left.
    Function(Callable, Option<&'n [Node]>),
}

/// The known function of a name, `\sin` or `\operatorname{relu}`.
pub(super) fn known(name: &str) -> Option<Callable> {
    let word = name.strip_prefix("\\operatorname{").and_then(|rest| rest.strip_suffix('}')).or(name.strip_prefix('\\'))?;
    let elementary = |function| Some(Callable::Elementary(function));
    let known = |known| Some(Callable::Known(known));
    match word {
        "sin" => elementary(Elementary::Sin),
        "cos" => elementary(Elementary::Cos),
        "tan" => elementary(Elementary::Tan),
        "sec" => elementary(Elementary::Sec),
        "csc" => elementary(Elementary::Csc),
        "cot" => elementary(Elementary::Cot),
        "arcsin" | "asin" => elementary(Elementary::Arcsin),
        "arccos" | "acos" => elementary(Elementary::Arccos),
        "arctan" | "atan" => elementary(Elementary::Arctan),
        "sinh" => elementary(Elementary::Sinh),
        "cosh" => elementary(Elementary::Cosh),
        "tanh" => elementary(Elementary::Tanh),
        "arsinh" | "arcsinh" | "asinh" => elementary(Elementary::Arsinh),
        "arcosh" | "arccosh" | "acosh" => elementary(Elementary::Arcosh),
        "artanh" | "arctanh" | "atanh" => elementary(Elementary::Artanh),
        "exp" => elementary(Elementary::Exp),
        "ln" | "log" => elementary(Elementary::Ln),
        "sign" | "sgn" => elementary(Elementary::Sign),
        "relu" | "ReLU" => elementary(Elementary::Relu),
        "sigma" | "sigmoid" | "logistic" => elementary(Elementary::Logistic),
        "softplus" => elementary(Elementary::Softplus),
        "abs" => elementary(Elementary::Abs),
        "max" => known(Known::Extremum(Extremum::Max)),
        "min" => known(Known::Extremum(Extremum::Min)),
        "softmax" => known(Known::Softmax),
        "sum" if name.starts_with("\\operatorname") => known(Known::Reduce(Reduction::Sum)),
        "mean" => known(Known::Reduce(Reduction::Mean)),
        "tr" | "Tr" | "trace" => known(Known::Reduce(Reduction::Trace)),
        "det" => known(Known::Reduce(Reduction::Determinant)),
        "diag" | "Diag" => known(Known::Diagonal),
        "vec" if name.starts_with("\\operatorname") => known(Known::Vectorize),
        _ => None,
    }
}

/// Whether a command is read as the name of a function.
pub(crate) fn is_function_command(name: &str) -> bool {
    !is_letter_command(name) && known(&format!("\\{name}")).is_some()
}

impl Reader {
    /// The name of a node that begins a name, and no operator.
    fn base_name(&self, base: &Node) -> Option<String> {
        match &base.kind {
            NodeKind::Command(name) if is_function_command(name) => Some(format!("\\{name}")),
            _ => self.name_of(base),
        }
    }

    /// A name with what belongs to it: its index, its arguments, its power.
    pub(super) fn name_atom(&mut self, c: &mut Cursor) -> Read<Expr> {
        let node = c.peek().expect("the caller looked");
        let start = c.at;
        let span = node.span;
        let Parts { base, primes, .. } = parts(node);
        if let Some(result) = self.indicator_atom(c)? {
            return Ok(result);
        }
        let Some(name) = self.base_name(base) else { return Err(self.stray(base)) };
        match self.named(&name, node)? {
            Named::Value(value, sub, sup) => {
                c.next();
                if !matches!(value.kind, Kind::Euler) {
                    self.no_bracketed_number(sup, node, false)?;
                }
                self.scripted(value, sub, primes, sup, span)
            }
            Named::Function(callable, sup) => {
                c.next();
                self.no_bracketed_number(sup, node, true)?;
                self.function(callable, primes, sup, c, start)
            }
        }
    }

    /// That no whole number in brackets hangs on a name, where it is none of its parts: `x^{(2)}`, `x^{[2]}`.
    fn no_bracketed_number(&mut self, sup: Option<&[Node]>, node: &Node, function: bool) -> Read<()> {
        let Some(sup) = sup else { return Ok(()) };
        let Some((bracket @ ('(' | '['), inner)) = enclosed(sup)? else { return Ok(()) };
        if self.whole(inner, node.span).ok().and_then(|exponent| to_int(&exponent)).is_none() {
            return Ok(());
        }
        let text = node.canonical();
        let below = text.strip_suffix(&format!("^{{{}}}", canonical(sup))).unwrap_or(&text);
        let number = canonical(inner);
        let (readings, help) = match (function, bracket) {
            (true, '(') => (
                "one reader takes a derivative, another a power of the value",
                format!("write `{below}''(x)` for a derivative, `{below}(x)^2` for a power"),
            ),
            (true, _) => (
                "one reader takes it for a name that was not introduced, another for a power of the value",
                format!("write `{below}(x)^{{{number}}}` for a power, or introduce `{text}` before its use"),
            ),
            (false, _) => (
                "one reader takes it for a name that was not introduced, another for a power",
                format!("write the power without brackets, `{below}^{{{number}}}`, or introduce `{text}` before its use"),
            ),
        };
        Err(Diagnostic::new(Code::Ambiguous, node.span, format!("`{text}` has two readings")).note(readings).help(help))
    }

    /// The function that a node names, if it names one, and the superscript that is left.
    pub(super) fn callable<'n>(&mut self, node: &'n Node) -> Option<(Callable, usize, Option<&'n [Node]>)> {
        let Parts { base, primes, .. } = parts(node);
        let name = self.base_name(base)?;
        let depth = self.free.len();
        match self.named(&name, node) {
            Ok(Named::Function(callable, sup)) => Some((callable, primes, sup)),
            _ => {
                // Nothing was read after all: an index that it made free is so no longer.
                for (name, id, before) in self.free.split_off(depth).into_iter().rev() {
                    if self.scope.get(&name) == Some(Meaning::Symbol(id)) {
                        self.scope.restore(&name, before);
                    }
                    self.indices.remove(&id);
                }
                None
            }
        }
    }

    fn named<'n>(&mut self, name: &str, node: &'n Node) -> Read<Named<'n>> {
        let span = node.span;
        let Parts { base, sub, sup, .. } = parts(node);
        // The form with its scripts, where it was introduced in that form; `W^{(1)\top}` carries a transpose beside its name.
        let exact = self.exact_name(name, sub, sup);
        let mut element = sub.and_then(|sub| self.element_symbol(name, index_count(sub)));
        // An element of a vector whose name has a superscript: `a^{(1)}_k` of `\mathbf{a}^{(1)}`.
        let mut sup = sup;
        if let (Some(sub), Some(script)) = (sub, sup) {
            let close = script.first().and_then(opens).and_then(|_| matching(script, 0).ok());
            for (inner, rest) in [(script, &script[script.len()..])].into_iter().chain(close.map(|close| script.split_at(close + 1))) {
                let full = format!("{name}^{{{}}}", canonical(inner));
                if let Some(id) = self.element_symbol(&full, index_count(sub))
                    && exact.as_ref().is_none_or(|(exact, sub_left, _)| *exact < id || sub_left.is_some() && !self.is_function(*exact))
                {
                    sup = (!rest.is_empty()).then_some(rest);
                    let indices = self.index_list(sub, span)?;
                    return Ok(Named::Value(self.element(id, &indices, span)?, None, sup));
                }
            }
        }
        if let Some((id, sub_left, sup_left)) = exact {
            let own_superscript = sup.is_some() && sup_left != sup;
            let taken = match (sub, sub_left) {
                (None, _) => true,
                // The index is part of the name: an element or a member wins where it was introduced later. A bold letter with an index is
                // no element of the bold vector, and no element has the index 0.
                (Some(sub), None) => element.is_none_or(|element| {
                    let vector = self.family_indices(element) == 0;
                    element < id || vector && (canonical(sub) == "0" || name.contains("\\mathbf{") || name.contains("\\boldsymbol{"))
                }),
                (Some(_), Some(_)) => {
                    own_superscript || (element.is_none() && !self.symbols[id].shape.is_scalar() && !self.is_function(id))
                }
            };
            // `\delta_{ij}` is Kronecker's, unless the page has a δ with two indices.
            let taken = taken
                && !(name == "\\delta" && sub_left.is_some_and(|sub| index_count(sub) == 2) && {
                    let shape = &self.symbols[id].shape;
                    shape.rows.is_one() || shape.cols.is_one()
                });
            if let (true, Some(sub), None) = (taken, sub, sub_left) {
                self.no_counting_letter(sub, id, span)?;
            }
            if taken && self.previous == Some(id) {
                return Err(super::reader::circular(&self.symbols[id].name.clone(), span));
            }
            if taken {
                if self.is_function(id) {
                    return match sub_left {
                        None => Ok(Named::Function(Callable::Function(id), sup_left)),
                        Some(sub) => {
                            let indices = self.index_list(sub, span)?;
                            Ok(Named::Function(self.component(Callable::Function(id), &indices, span)?, sup_left))
                        }
                    };
                }
                return Ok(Named::Value(self.symbol_expr(id, span), sub_left, sup_left));
            }
        }
        // A component of a function that was introduced later than the vector of the same letter.
        let component = sub.and_then(|_| self.component_function(name));
        if component > element {
            element = None;
        }
        if let (Some(id), Some(sub)) = (element, sub) {
            let indices = self.index_list(sub, span)?;
            let range = match &self.symbols[id].kind {
                SymbolKind::FunctionFamily { range, .. } => Some(range.clone()),
                _ => self.function_indices.get(&id).map(|(_, low, high)| (low.clone(), high.clone())),
            };
            let Some((low, high)) = range else { return Ok(Named::Value(self.element(id, &indices, span)?, None, sup)) };
            self.use_index(&indices[0], &low, &high, "this family", span)?;
            let member = Callable::Member(id, indices[0].clone());
            // A second index is that of a component: f_{ij} of \mathbf{f}_i.
            let callable = if indices.len() == 1 { member } else { self.component(member, &indices[1..], span)? };
            return Ok(Named::Function(callable, sup));
        }
        // The element of a function whose values are vectors: f_i of \mathbf{f}.
        if let (Some(sub), Some(id)) = (sub, component) {
            let indices = self.index_list(sub, span)?;
            return Ok(Named::Function(self.component(Callable::Function(id), &indices, span)?, sup));
        }
        if let Some(sub) = sub
            && self.lookup(name).is_none()
            && known(name).is_none()
        {
            let count = index_count(sub);
            if [1, 2].iter().any(|other| *other != count && self.element_symbol(name, *other).is_some()) {
                let (has, is) =
                    if count == 1 { ("two indices", "here is one".to_string()) } else { ("one index", format!("here are {count}")) };
                return Err(Diagnostic::new(Code::Index, span, format!("`{name}` has {has}, and {is}"))
                    .note("letters and digits in an index are one index each, unless a comma or a sign stands between them")
                    .help("write a product in an index with a dot: `x_{2 \\cdot n}`"));
            }
        }
        if self.scope.get(name) == Some(Meaning::Broken) || self.scope.get(&family_key(name)) == Some(Meaning::Broken) {
            return Err(self.undeclared(name, span));
        }
        self.known_name(name, base, sub, sup, span)
    }

    /// That no letter in the index of a symbol that was introduced by itself counts something here: `x_i` of one number `x_i \in \mathbb{R}`.
    fn no_counting_letter(&self, sub: &[Node], symbol: SymbolId, span: Span) -> Read<()> {
        for node in sub {
            let Some(letter) = self.name_of(node) else { continue };
            if self.lookup(&letter).is_some_and(|id| self.indices.get(&id).is_some_and(|state| !state.defining)) {
                let name = &self.symbols[symbol].name;
                let base = name.split('_').next().unwrap_or(name);
                return Err(Diagnostic::new(Code::Ambiguous, span, format!("`{name}` was introduced as one symbol, and `{letter}` counts here"))
                    .note("one reader takes it for the same number each time, another for one number for each value of the index")
                    .help(format!("introduce a family: `{base}_1, \\dots, {base}_n \\in …`, or say first how far the index runs: `{letter} \\in \\{{1, \\dots, n\\}}`")));
            }
        }
        Ok(())
    }

    /// The symbol that was introduced in the form that is written, and the scripts that are left.
    fn exact_name<'n>(&self, name: &str, sub: Option<&'n [Node]>, sup: Option<&'n [Node]>) -> Option<Exact<'n>> {
        // A superscript in brackets may be part of the name, with a power behind it.
        let bracket = sup.and_then(|sup| {
            let first = sup.first()?;
            opens(first)?;
            let close = matching(sup, 0).ok()?;
            (close + 1 < sup.len()).then(|| (&sup[..=close], &sup[close + 1..]))
        });
        let script = |mark: char, nodes: &[Node]| format!("{mark}{{{}}}", canonical(nodes));
        let mut tries = Vec::new();
        if let (Some(sub), Some(sup)) = (sub, sup) {
            tries.push((format!("{name}{}{}", script('_', sub), script('^', sup)), None, None));
        }
        if let (Some(sub), Some((inner, rest))) = (sub, bracket) {
            tries.push((format!("{name}{}{}", script('_', sub), script('^', inner)), None, Some(rest)));
        }
        if let Some(sub) = sub {
            tries.push((format!("{name}{}", script('_', sub)), None, sup));
        }
        if let Some(sup) = sup {
            tries.push((format!("{name}{}", script('^', sup)), sub, None));
        }
        if let Some((inner, rest)) = bracket {
            tries.push((format!("{name}{}", script('^', inner)), sub, Some(rest)));
        }
        tries.push((name.to_string(), sub, sup));
        tries.into_iter().find_map(|(key, sub, sup)| Some((self.lookup(&key)?, sub, sup)))
    }

    /// Whether a symbol takes arguments.
    pub(super) fn is_function(&self, id: SymbolId) -> bool {
        matches!(self.symbols[id].kind, SymbolKind::Function { .. } | SymbolKind::FunctionFamily { .. })
    }

    /// Whether a symbol is a whole number: no argument that can move a little.
    pub(super) fn is_whole(&self, id: SymbolId) -> bool {
        matches!(self.symbols[id].kind, SymbolKind::Whole { .. })
    }

    /// The function with values that are vectors whose component a name with one index is.
    fn component_function(&self, name: &str) -> Option<SymbolId> {
        super::scope::element_names(name, 1)
            .into_iter()
            .filter_map(|candidate| self.lookup(&candidate))
            .filter(|id| self.is_function(*id) && !self.symbols[*id].shape.is_scalar())
            .max()
    }

    fn component(&mut self, callable: Callable, indices: &[Int], span: Span) -> Read<Callable> {
        let shape = self.value_shape(&callable);
        match (indices, shape) {
            ([i], Some(shape)) if shape.cols.is_one() && !shape.is_scalar() => {
                self.use_index(i, &Int::one(), &shape.rows, "the value of this function", span)?;
                Ok(Callable::Component(Box::new(callable), i.clone()))
            }
            _ => Err(Diagnostic::new(Code::Index, span, "only a function whose values are vectors has components")),
        }
    }

    /// A symbol's own value.
    pub(super) fn symbol_expr(&self, id: SymbolId, span: Span) -> Expr {
        let symbol = &self.symbols[id];
        let kind = match symbol.kind {
            SymbolKind::Whole { .. } => Kind::Int(Int::symbol(id)),
            _ => Kind::Symbol(id),
        };
        expr(kind, symbol.shape.clone(), span)
    }

    /// An element or a member, or an element of a member.
    fn element(&mut self, id: SymbolId, indices: &[Int], span: Span) -> Read<Expr> {
        let count = self.family_indices(id);
        if count == 0 {
            let value = self.symbol_expr(id, span);
            return self.entry(value, indices, span);
        }
        let (own, rest) = indices.split_at(count.min(indices.len()));
        let ranges: Vec<(Int, Int)> = match &self.symbols[id].kind {
            SymbolKind::Family { ranges, .. } => ranges.clone(),
            SymbolKind::DefinedFamily { indices, .. } => indices.iter().map(|(_, low, high)| (low.clone(), high.clone())).collect(),
            _ => Vec::new(),
        };
        for (index, (low, high)) in own.iter().zip(&ranges) {
            self.use_index(index, low, high, "this family", span)?;
        }
        let shape = self.symbols[id].shape.clone();
        let member = expr(Kind::Member(id, own.to_vec()), shape, span);
        if rest.is_empty() { Ok(member) } else { self.entry(member, rest, span) }
    }

    /// `\mathbb{1}[z > 0]` and `\mathbb{1}_{z > 0}`.
    fn indicator_atom(&mut self, c: &mut Cursor) -> Read<Option<Expr>> {
        let node = c.peek().expect("the caller looked");
        let Parts { base, sub, sup, .. } = parts(node);
        let is_one = match &base.kind {
            NodeKind::Styled(style, inner) => {
                let inner = canonical(inner);
                matches!(style.as_str(), "mathbb" | "mathbf" | "boldsymbol" | "mathds")
                    && (inner == "1" || (style == "mathbb" && inner == "I"))
            }
            _ => false,
        };
        if !is_one {
            return Ok(None);
        }
        if let Some(sub) = sub {
            let trimmed: Vec<Node> = match sub.first().and_then(opens) {
                Some(_) if matching(sub, 0).is_ok_and(|close| close + 1 == sub.len()) => sub[1..sub.len() - 1].to_vec(),
                _ => sub.to_vec(),
            };
            if !relations(&trimmed).is_empty() {
                c.next();
                let value = self.indicator(&trimmed, node.span)?;
                return self.scripted(value, None, 0, sup, node.span).map(Some);
            }
            return Ok(None);
        }
        let Some(next) = c.nodes.get(c.at + 1) else { return Ok(None) };
        let inner: Option<(&[Node], usize)> = match &next.kind {
            NodeKind::Delimited(_, body, _) => Some((body, c.at + 2)),
            _ if opens(next).is_some() => {
                let close = matching(c.nodes, c.at + 1)?;
                Some((&c.nodes[c.at + 2..close], close + 1))
            }
            _ => None,
        };
        match inner {
            Some((inner, after)) if !relations(inner).is_empty() => {
                let span = node.span.to(c.nodes[after - 1].span);
                c.at = after;
                self.indicator(inner, span).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Names that have a meaning until a page gives them another.
    fn known_name<'n>(&mut self, name: &str, base: &Node, sub: Option<&'n [Node]>, sup: Option<&'n [Node]>, span: Span) -> Read<Named<'n>> {
        let value = |kind, shape| Ok(Named::Value(expr(kind, shape, span), None, sup));
        match name {
            "e" | "\\mathrm{e}" if sub.is_none() => return value(Kind::Euler, Shape::scalar()),
            "\\pi" if sub.is_none() => return value(Kind::Pi, Shape::scalar()),
            "I" | "\\mathbf{I}" | "\\boldsymbol{I}" => {
                let n = match sub {
                    Some(sub) => self.whole_number(sub, span)?,
                    None => self.unknown(),
                };
                return value(Kind::Identity, Shape::matrix(n.clone(), n));
            }
            "\\mathbf{0}"
            | "\\boldsymbol{0}"
            | "\\vec{0}"
            | "\\overrightarrow{0}"
            | "\\vec{\\mathbf{0}}"
            | "\\overrightarrow{\\mathbf{0}}" => {
                let shape = match sub {
                    Some(sub) => self.written_shape(sub, span)?,
                    None if name.contains("vec") || name.contains("arrow") => Shape::column(self.unknown()),
                    None => Shape { rows: self.unknown(), cols: self.unknown() },
                };
                return value(Kind::Zeros, shape);
            }
            "\\mathbf{1}"
            | "\\boldsymbol{1}"
            | "\\vec{1}"
            | "\\overrightarrow{1}"
            | "\\vec{\\mathbf{1}}"
            | "\\overrightarrow{\\mathbf{1}}" => {
                let shape = match sub {
                    Some(sub) => self.written_shape(sub, span)?,
                    None => Shape::column(self.unknown()),
                };
                return value(Kind::Ones, shape);
            }
            "\\mathbf{e}" | "\\boldsymbol{e}" => {
                if let Some(sub) = sub {
                    let rows = self.unknown();
                    let index = self.index(sub, span)?;
                    self.unit_index(&index, &rows);
                    return value(Kind::Unit(index), Shape::column(rows));
                }
            }
            "\\delta" => {
                if let Some(sub) = sub {
                    let indices = self.index_list(sub, span)?;
                    if let [i, j] = indices.as_slice() {
                        let (i, j) = (int_expr(i.clone(), span), int_expr(j.clone(), span));
                        self.compare_indices(&i, &j);
                        return value(Kind::Indicator(super::expr::Relation::Equal, Box::new(i), Box::new(j)), Shape::scalar());
                    }
                    return Err(Diagnostic::new(Code::Index, span, "Kronecker's delta has two indices").help("write `\\delta_{ij}`"));
                }
            }
            "J" => {
                if let Some([function]) = sub
                    && let Some((callable, 0, None)) = self.callable(function)
                {
                    return Ok(Named::Function(Callable::Jacobian(Box::new(callable)), sup));
                }
            }
            _ => {}
        }
        if let Some(callable) = known(name) {
            return match (&callable, sub) {
                (_, None) => Ok(Named::Function(callable, sup)),
                (Callable::Elementary(Elementary::Ln), Some(sub)) if name == "\\log" => {
                    let base = self.whole(sub, span)?;
                    Ok(Named::Function(Callable::Log(Box::new(base)), sup))
                }
                (Callable::Elementary(_), Some(_)) if is_letter_command(name.trim_start_matches('\\')) => Err(self.undeclared(name, span)),
                (Callable::Known(Known::Extremum(_)), Some(_)) => Ok(Named::Function(callable, sup)),
                _ => Err(Diagnostic::new(Code::Unreadable, span, "this function takes no index")
                    .help("put the index behind its argument: `\\operatorname{softmax}(\\mathbf{z})_i`")),
            };
        }
        if let NodeKind::Styled(style, _) = &base.kind
            && style == "operatorname"
        {
            return Err(Diagnostic::new(Code::UnknownCommand, span, format!("no function of the name `{name}` is known"))
                .note("known by name are sin, cos, tan and their kin, exp, ln, log, sign, relu, softplus, softmax, sum, mean, diag, tr, det, vec, max, min")
                .help("define it: `f(x) := …`"));
        }
        Err(self.undeclared(name, span))
    }

    fn written_shape(&mut self, sub: &[Node], span: Span) -> Read<Shape> {
        let sides = super::cursor::split_top(sub, |node| node.is_command("times"));
        match sides.as_slice() {
            [n] => Ok(Shape::column(self.whole_number(n, span)?)),
            [m, n] => Ok(Shape::matrix(self.whole_number(m, span)?, self.whole_number(n, span)?)),
            _ => Err(Diagnostic::new(Code::UnknownSize, span, "a size is written `n` or `m \\times n`")),
        }
    }

    /// The index of a unit vector runs as far as the vector is long, where nothing else says how far.
    fn unit_index(&mut self, index: &Int, rows: &Int) {
        if let Some(symbol) = index.as_symbol()
            && let Some(state) = self.indices.get_mut(&symbol)
        {
            state.fallback.get_or_insert((Int::one(), rows.clone()));
        }
        self.units.push((index.clone(), rows.clone()));
    }

    // ---- functions ----

    /// A function that was read, with its primes and power, and what follows: arguments, or none.
    fn function(&mut self, callable: Callable, primes: usize, sup: Option<&[Node]>, c: &mut Cursor, start: usize) -> Read<Expr> {
        let name_span = c.nodes[start].span;
        let own = matches!(callable, Callable::Function(_) | Callable::Member(..) | Callable::Component(..) | Callable::Jacobian(_));
        let takes_index = matches!(callable, Callable::Known(Known::Extremum(_)));
        if let (true, Some(sub)) = (takes_index, parts(&c.nodes[start]).sub) {
            return self.extremum_over(&callable, sub, c, start);
        }
        let arguments = self.arguments(c, !own)?;
        if let (Some(sup), true) = (sup, own) {
            let text = canonical(sup);
            let transposed = super::expression::is_transpose(&text);
            if !transposed && (arguments.is_some() || self.by.is_empty()) {
                return Err(Diagnostic::new(Code::Ambiguous, name_span, "a power on the name of a function has two readings")
                    .note("one reader takes a power of the value, another applies the function several times")
                    .help("write `f(x)^2` for a power of the value"));
            }
        }
        if let Some(sup) = sup
            && !own
            && canonical(sup) == "-1"
        {
            return Err(Diagnostic::new(Code::Ambiguous, name_span, "a function to the power of -1 has two readings")
                .note("one reader divides by it, another inverts it")
                .help("write `\\arcsin`, `\\arccos` or `\\arctan` for an inverse, a fraction for a reciprocal"));
        }
        let Some((list, scripts, span)) = arguments else {
            if own {
                let value = self.bare_value(&callable, primes, name_span)?;
                return match sup {
                    Some(sup) => self.power(value, sup, name_span),
                    None => Ok(value),
                };
            }
            let argument = self.bare_argument(c, name_span)?;
            let span = c.since(start);
            let value = self.prime_or_call(&callable, primes, vec![argument], span)?;
            return match sup {
                Some(sup) => self.power(value, sup, span),
                None => Ok(value),
            };
        };
        let whole = name_span.to(span);
        let mut value = self.apply_nodes(&callable, primes, &list, whole)?;
        if let Some(sup) = sup {
            value = self.power(value, sup, whole)?;
        }
        match scripts {
            Some(scripts) => self.scripted(value, scripts.sub.as_deref(), scripts.primes, scripts.sup.as_deref(), whole),
            None => Ok(value),
        }
    }

    /// The arguments in brackets right after a function's name, each as its nodes, with what hangs on the closing bracket.
    pub(super) fn arguments<'n>(&self, c: &mut Cursor<'n>, any_bracket: bool) -> Read<Option<Arguments>> {
        let Some(node) = c.peek() else { return Ok(None) };
        let owned = |nodes: &[Node]| -> Vec<Vec<Node>> { split_commas(nodes).into_iter().map(<[Node]>::to_vec).collect() };
        let fits = |open: &str| open == "(" || (any_bracket && matches!(open, "[" | "\\{" | "\\lbrace" | "\\lbrack"));
        let (delimited, scripts) = match &node.kind {
            NodeKind::Delimited(open, body, _) => (Some((open, body)), None),
            NodeKind::Scripts(scripts) => match &scripts.base.kind {
                NodeKind::Delimited(open, body, _) => (Some((open, body)), Some(&**scripts)),
                _ => (None, None),
            },
            _ => (None, None),
        };
        if let Some((open, body)) = delimited {
            if !fits(open) {
                return Ok(None);
            }
            c.next();
            return Ok(Some((owned(body), scripts.cloned(), node.span)));
        }
        match opens(node) {
            Some(open) if open == '(' || any_bracket => {
                // A bracket that holds a relation is 0 or 1 and no argument.
                let close = matching(c.nodes, c.at)?;
                let inner = &c.nodes[c.at + 1..close];
                if open == '[' && !relations(inner).is_empty() {
                    return Ok(None);
                }
                let (_, scripts) = super::cursor::closes(&c.nodes[close]).expect("a closing bracket");
                let span = node.span.to(c.nodes[close].span);
                c.at = close + 1;
                Ok(Some((owned(inner), scripts.cloned(), span)))
            }
            _ => Ok(None),
        }
    }

    /// The argument of a function without brackets: one factor, before which a number may stand.
    fn bare_argument(&mut self, c: &mut Cursor, name_span: Span) -> Read<Expr> {
        let missing = || {
            Diagnostic::new(Code::Unreadable, name_span, "the argument of this function is missing")
                .help("write it behind the function: `\\sin x`, `\\sin(x)`")
        };
        let Some(node) = c.peek() else { return Err(missing()) };
        if !self.starts_factor(node) {
            return Err(missing());
        }
        let start = c.at;
        let mut argument = self.nested(node.span, |reader| reader.factor(c))?;
        let plain_number = matches!(node.kind, NodeKind::Number(_));
        if plain_number
            && let Some(next) = c.peek()
            && self.starts_factor(next)
            && opens(next).is_none()
            && !matches!(&next.kind, NodeKind::Delimited(..) | NodeKind::Number(_))
        {
            let factor = self.nested(next.span, |reader| reader.factor(c))?;
            argument = self.multiply(argument, factor)?;
        }
        if let Some(next) = c.peek() {
            let base = parts(next).base;
            let letter = matches!(&base.kind, NodeKind::Letter(_) | NodeKind::Styled(..))
                || matches!(&base.kind, NodeKind::Command(name) if is_letter_command(name));
            let function = self.base_name(base).is_some_and(|name| known(&name).is_some() && self.lookup(&name).is_none());
            if letter && !function {
                return Err(Diagnostic::new(
                    Code::Ambiguous,
                    next.span,
                    "a letter right after the argument of a function has two readings",
                )
                .label(c.since(start), "this is the argument of the function")
                .note("one reader multiplies it to the argument, another to the value")
                .help("put brackets around the argument: `\\cos(s t)`, or write the letter first: `t \\cos s`"));
            }
        }
        Ok(argument)
    }

    /// `\max_i z_i`
    fn extremum_over(&mut self, callable: &Callable, sub: &[Node], c: &mut Cursor, start: usize) -> Read<Expr> {
        let Callable::Known(Known::Extremum(which)) = callable else { unreachable!("the caller looked") };
        let span = c.nodes[start].span;
        let bound = self.bind_indices(sub, None, span)?;
        let body = match c.peek().map(|node| (opens(node).is_some(), &node.kind)) {
            Some((true, _) | (_, NodeKind::Delimited(..))) => self.factor(c),
            _ => self.bare_argument(c, span),
        };
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                self.unbind(bound);
                return Err(error);
            }
        };
        let (ranges, condition) = self.release(bound)?;
        if !self.shape(&body).is_scalar() {
            return Err(Diagnostic::new(Code::Shape, body.span, "the largest of numbers only can be taken")
                .label(body.span, format!("this is {}", self.shape_text(&body.shape))));
        }
        let span = c.since(start);
        Ok(expr(Kind::ExtremumOver(*which, ranges, condition.map(Box::new), Box::new(body)), Shape::scalar(), span))
    }

    /// A function of arguments that were not read yet.
    fn apply_nodes(&mut self, callable: &Callable, primes: usize, list: &[Vec<Node>], span: Span) -> Read<Expr> {
        let blank = |nodes: &Vec<Node>| nodes.iter().all(is_layout);
        if list.iter().all(blank) {
            return Err(Diagnostic::new(Code::Unreadable, span, "the arguments of this function are missing"));
        }
        let dotted = list.iter().flatten().any(is_dots);
        if let Callable::Known(Known::Diagonal) = callable
            && (list.len() > 1 || dotted)
        {
            let slices: Vec<&[Node]> = list.iter().map(Vec::as_slice).collect();
            let row = self.row(&slices, span)?;
            return self.prime_or_call(callable, primes, vec![row], span);
        }
        if list.len() > 1 && list.iter().any(|nodes| nodes.iter().filter(|n| !is_layout(n)).all(is_dots)) {
            // Arguments with dots between them fill the one vector that the function takes, or the last of several.
            return self.dotted_call(callable, primes, list, span);
        }
        let mut arguments = Vec::new();
        for nodes in list {
            arguments.push(self.whole(nodes, span)?);
        }
        self.prime_or_call(callable, primes, arguments, span)
    }

    fn dotted_call(&mut self, callable: &Callable, primes: usize, list: &[Vec<Node>], span: Span) -> Read<Expr> {
        let slices: Vec<&[Node]> = list.iter().map(Vec::as_slice).collect();
        let count = self.parameters(callable).map_or(1, |p| p.len());
        if let Callable::Known(Known::Extremum(which)) = callable {
            let row = self.row(&slices, span)?;
            return Ok(expr(Kind::Reduce(Reduction::Extremum(*which), Box::new(row)), Shape::scalar(), span));
        }
        if count == 0 || count > slices.len() {
            return Err(Diagnostic::new(Code::Unreadable, span, "the number of arguments does not fit this function"));
        }
        let mut arguments = Vec::new();
        for nodes in &slices[..count - 1] {
            arguments.push(self.whole(nodes, span)?);
        }
        let row = self.row(&slices[count - 1..], span)?;
        let shape = row.shape.transposed();
        arguments.push(expr(Kind::Transpose(Box::new(row)), shape, span));
        self.prime_or_call(callable, primes, arguments, span)
    }

    fn prime_or_call(&mut self, callable: &Callable, primes: usize, arguments: Vec<Expr>, span: Span) -> Read<Expr> {
        if primes == 0 { self.call(callable, arguments, span) } else { self.primed(callable, primes, arguments, span) }
    }

    /// The symbols that stand for a function's arguments; none where it is no function of declared or defined kind.
    pub(super) fn parameters(&self, callable: &Callable) -> Option<Vec<SymbolId>> {
        match callable {
            Callable::Function(id) | Callable::Member(id, _) => match &self.symbols[*id].kind {
                SymbolKind::Function { parameters, .. } | SymbolKind::FunctionFamily { parameters, .. } => Some(parameters.clone()),
                _ => None,
            },
            Callable::Component(inner, _) | Callable::Jacobian(inner) => self.parameters(inner),
            Callable::Composition(list) => list.last().and_then(|last| self.parameters(last)),
            _ => None,
        }
    }

    /// The shape of a function's value, where it does not depend on its arguments.
    pub(super) fn value_shape(&self, callable: &Callable) -> Option<Shape> {
        match callable {
            Callable::Function(id) | Callable::Member(id, _) => Some(self.symbols[*id].shape.clone()),
            Callable::Component(..) => Some(Shape::scalar()),
            Callable::Composition(list) => list.first().and_then(|first| self.value_shape(first)),
            _ => None,
        }
    }

    /// Whether a function is defined, and not arbitrary.
    pub(super) fn body_of(&self, id: SymbolId) -> Option<&Expr> {
        match &self.symbols[id].kind {
            SymbolKind::Function { body, .. } => body.as_ref(),
            _ => None,
        }
    }

    /// A function's value at its own parameters.
    pub(super) fn at_parameters(&mut self, callable: &Callable, span: Span) -> Read<(Vec<SymbolId>, Expr)> {
        match callable {
            Callable::Function(_) | Callable::Member(..) => {
                let parameters = self.parameters(callable).unwrap_or_default();
                let value = self.applied(callable, &parameters, span)?;
                Ok((parameters, value))
            }
            Callable::Component(inner, index) => {
                let (parameters, value) = self.at_parameters(inner, span)?;
                Ok((parameters, expr(Kind::Entry(Box::new(value), index.clone(), Int::one()), Shape::scalar(), span)))
            }
            Callable::Jacobian(inner) => {
                let (parameters, value) = self.at_parameters(inner, span)?;
                let jacobian = self.jacobian_at(&parameters, value, span)?;
                Ok((parameters, jacobian))
            }
            Callable::Composition(list) => {
                let (last, rest) = list.split_last().expect("several functions");
                let (parameters, mut value) = self.at_parameters(last, span)?;
                for outer in rest.iter().rev() {
                    value = self.call(outer, vec![value], span)?;
                }
                Ok((parameters, value))
            }
            _ => {
                let parameter = self.dummy(span);
                let argument = expr(Kind::Symbol(parameter), Shape::scalar(), span);
                let value = self.call(callable, vec![argument], span)?;
                Ok((vec![parameter], value))
            }
        }
    }

    /// The body of a defined function in a place of its own. Functions of functions may grow without measure, so that it is counted.
    fn written_out(&mut self, id: SymbolId, span: Span) -> Read<Option<Expr>> {
        let Some(body) = self.body_of(id) else { return Ok(None) };
        let (parts, depth) = walk::extent(body);
        let body = if depth > MAX_WRITTEN_DEPTH { None } else { Some(body) };
        match body.filter(|_| self.written_out + parts <= MAX_WRITTEN_OUT) {
            Some(body) => {
                let body = Expr { span, ..body.clone() };
                self.written_out += parts;
                // The indices that are written in the body ask for the same sizes here.
                self.size_conditions.extend(self.standing.get(&id).into_iter().flatten().cloned());
                Ok(Some(body))
            }
            None => Err(Diagnostic::new(
                Code::Limit,
                span,
                format!(
                    "with the definitions of its functions written out, a formula may have {MAX_WRITTEN_OUT} parts at most, \
                     nested {MAX_WRITTEN_DEPTH} deep"
                ),
            )
            .help("give intermediate values symbols of their own, which are evaluated once")),
        }
    }

    /// The body of a defined function, or a declared one applied to its own parameters.
    fn applied(&mut self, callable: &Callable, parameters: &[SymbolId], span: Span) -> Read<Expr> {
        let arguments = |this: &Reader| -> Vec<Expr> {
            parameters.iter().map(|p| expr(Kind::Symbol(*p), this.symbols[*p].shape.clone(), span)).collect()
        };
        match callable {
            Callable::Function(id) => {
                let shape = self.symbols[*id].shape.clone();
                Ok(match self.written_out(*id, span)? {
                    Some(body) => body,
                    None => expr(Kind::Apply(*id, arguments(self)), shape, span),
                })
            }
            Callable::Member(id, index) => {
                let shape = self.symbols[*id].shape.clone();
                let body = self.written_out(*id, span)?;
                Ok(match (body, self.function_indices.get(id)) {
                    (Some(body), Some((letter, _, _))) => expr(Kind::LetInt(vec![(*letter, index.clone())], Box::new(body)), shape, span),
                    _ => {
                        let mut list = vec![expr(Kind::Int(index.clone()), Shape::scalar(), span)];
                        list.extend(arguments(self));
                        expr(Kind::Apply(*id, list), shape, span)
                    }
                })
            }
            _ => unreachable!("only functions of the page have parameters of their own"),
        }
    }

    /// A symbol that stands for the argument of a function without parameters of its own.
    fn dummy(&mut self, span: Span) -> SymbolId {
        if let Some(id) = self.dummy {
            return id;
        }
        let kind = SymbolKind::Variable { domain: Domain::Reals, parameter: true };
        let id = self.symbols.add(Symbol { name: "\\cdot".to_string(), shape: Shape::scalar(), kind, introduced: span });
        self.dummy = Some(id);
        id
    }

    /// A function at its arguments.
    pub(super) fn call(&mut self, callable: &Callable, arguments: Vec<Expr>, span: Span) -> Read<Expr> {
        match callable {
            Callable::Function(_) | Callable::Member(..) => self.call_function(callable, arguments, span),
            Callable::Component(inner, index) => {
                let value = self.call(inner, arguments, span)?;
                self.entry(value, std::slice::from_ref(index), span)
            }
            Callable::Composition(list) => {
                let mut value = arguments;
                for function in list.iter().rev() {
                    value = vec![self.call(function, value, span)?];
                }
                Ok(value.remove(0))
            }
            Callable::Jacobian(_) => {
                let (parameters, value) = self.at_parameters(callable, span)?;
                if parameters.len() != arguments.len() {
                    return Err(Diagnostic::new(
                        Code::Unreadable,
                        span,
                        format!("this function takes {} arguments, and here are {}", parameters.len(), arguments.len()),
                    ));
                }
                self.fit_arguments(&parameters, &arguments)?;
                let shape = value.shape.clone();
                Ok(expr(Kind::Let(parameters.into_iter().zip(arguments).collect(), Box::new(value)), shape, span))
            }
            Callable::Known(Known::Extremum(which)) => self.extremum(*which, arguments, span),
            _ => {
                let [argument] = <[Expr; 1]>::try_from(arguments).map_err(|list| {
                    Diagnostic::new(Code::Unreadable, span, format!("this function takes one argument, and here are {}", list.len()))
                })?;
                self.call_known(callable, argument, span)
            }
        }
    }

    fn call_known(&mut self, callable: &Callable, argument: Expr, span: Span) -> Read<Expr> {
        let shape = self.shape(&argument);
        let vector = shape.rows.is_one() || shape.cols.is_one();
        match callable {
            Callable::Elementary(function) => self.elementary(*function, argument, span),
            Callable::Log(base) => {
                let above = self.elementary(Elementary::Ln, argument, span)?;
                let below = self.elementary(Elementary::Ln, (**base).clone(), base.span)?;
                self.divide(above, below).map(|value| Expr { span, ..value })
            }
            Callable::Known(Known::Softmax) => {
                if !vector {
                    return Err(Diagnostic::new(Code::Ambiguous, span, "softmax of a matrix has several readings")
                        .label(argument.span, format!("this is {}", self.shape_text(&shape)))
                        .note("it may go over the rows, over the columns, or over all elements"));
                }
                Ok(expr(Kind::Softmax(Box::new(argument)), shape, span))
            }
            Callable::Known(Known::Reduce(reduction)) => {
                if matches!(reduction, Reduction::Trace | Reduction::Determinant) {
                    let what = if *reduction == Reduction::Trace {
                        "only a square matrix has a trace"
                    } else {
                        "only a square matrix has a determinant"
                    };
                    self.square(&argument, what)?;
                }
                Ok(expr(Kind::Reduce(*reduction, Box::new(argument)), Shape::scalar(), span))
            }
            Callable::Known(Known::Diagonal) => {
                if vector {
                    let n = if shape.cols.is_one() { shape.rows } else { shape.cols };
                    Ok(expr(Kind::Diagonal(Box::new(argument)), Shape::matrix(n.clone(), n), span))
                } else {
                    self.square(&argument, "only a square matrix has a diagonal")?;
                    let rows = self.unknowns.resolve(&shape.rows);
                    Ok(expr(Kind::DiagonalOf(Box::new(argument)), Shape::column(rows), span))
                }
            }
            Callable::Known(Known::Vectorize) => {
                let rows = shape.rows.mul(&shape.cols).ok_or_else(|| super::expression::too_large(span))?;
                Ok(expr(Kind::Vectorize(Box::new(argument)), Shape::column(rows), span))
            }
            _ => unreachable!("looked after by `call`"),
        }
    }

    fn extremum(&mut self, which: Extremum, arguments: Vec<Expr>, span: Span) -> Read<Expr> {
        if let [only] = arguments.as_slice() {
            let shape = self.shape(only);
            if shape.is_scalar() {
                return Ok(arguments.into_iter().next().expect("one"));
            }
            if !shape.rows.is_one() && !shape.cols.is_one() {
                return Err(Diagnostic::new(Code::Ambiguous, span, "the maximum or minimum of a matrix has several readings")
                    .label(only.span, format!("this is {}", self.shape_text(&shape))));
            }
            return Ok(expr(
                Kind::Reduce(Reduction::Extremum(which), Box::new(arguments.into_iter().next().expect("one"))),
                Shape::scalar(),
                span,
            ));
        }
        let mut shape = Shape::scalar();
        let mut first: Option<Expr> = None;
        for argument in &arguments {
            match &first {
                Some(first) => shape = self.joined(first, argument, "compared")?,
                None => shape = self.shape(argument),
            }
            if first.is_none() || self.shape(first.as_ref().expect("set")).is_scalar() {
                first = Some(argument.clone());
            }
        }
        Ok(expr(Kind::Extremum(which, arguments), shape, span))
    }

    fn call_function(&mut self, callable: &Callable, mut arguments: Vec<Expr>, span: Span) -> Read<Expr> {
        let parameters = self.parameters(callable).unwrap_or_default();
        let (Callable::Function(id) | Callable::Member(id, _)) = callable else { unreachable!("a function of the page") };
        let name = self.symbols[*id].name.clone();
        if arguments.len() != parameters.len() {
            let scalars = arguments.iter().all(|a| self.shape(a).is_scalar());
            match parameters.as_slice() {
                [only] if scalars && self.symbols[*only].shape.cols.is_one() && !self.symbols[*only].shape.is_scalar() => {
                    let rows = arguments.into_iter().map(|a| vec![a]).collect();
                    arguments = vec![self.blocks(rows, span)?];
                }
                _ => {
                    let (takes, given) = (parameters.len(), arguments.len());
                    let (noun, verb) = (if takes == 1 { "argument" } else { "arguments" }, if given == 1 { "is" } else { "are" });
                    return Err(Diagnostic::new(Code::Unreadable, span, format!("`{name}` takes {takes} {noun}, and here {verb} {given}")));
                }
            }
        }
        let scalar_function = self.symbols[*id].shape.is_scalar();
        let mut like: Option<Expr> = None;
        for (parameter, argument) in parameters.iter().zip(&arguments) {
            let wanted = self.symbols[*parameter].shape.clone();
            let given = self.shape(argument);
            if wanted.is_scalar() && !given.is_scalar() && scalar_function {
                match &like {
                    Some(other) => {
                        let other = other.clone();
                        self.joined(&other, argument, "given to one function")?;
                    }
                    None => like = Some(argument.clone()),
                }
            } else if !self.unknowns.unify_shapes(&wanted, &given) {
                return Err(Diagnostic::new(Code::Shape, argument.span, format!("this argument does not fit `{name}`"))
                    .label(argument.span, format!("this is {}", self.shape_text(&given)))
                    .note(format!("`{name}` takes {}", self.shape_text(&wanted))));
            }
        }
        let mut value = self.applied(callable, &parameters, span)?;
        let mut bindings: Vec<(SymbolId, Expr)> = Vec::new();
        let mut whole: Vec<(SymbolId, Int)> = Vec::new();
        for (parameter, argument) in parameters.into_iter().zip(arguments) {
            if !self.is_whole(parameter) {
                bindings.push((parameter, argument));
                continue;
            }
            let Some(int) = to_int(&argument) else {
                return Err(Diagnostic::new(Code::Index, argument.span, format!("this argument of `{name}` is a whole number"))
                    .help("name the parameter by a letter that is not declared as one"));
            };
            whole.push((parameter, int));
        }
        if !whole.is_empty() {
            let shape = value.shape.clone();
            value = expr(Kind::LetInt(whole, Box::new(value)), shape, span);
        }
        Ok(match like {
            Some(like) => {
                let shape = self.shape(&like);
                expr(Kind::Map(bindings, Box::new(value)), shape, span)
            }
            None => {
                let shape = value.shape.clone();
                match value.kind {
                    Kind::Apply(function, list) if self.body_of(*id).is_none() => {
                        // A declared function is applied to its arguments at once.
                        let lead = list.len() - bindings.len();
                        let mut all: Vec<Expr> = list.into_iter().take(lead).collect();
                        all.extend(bindings.into_iter().map(|(_, argument)| argument));
                        expr(Kind::Apply(function, all), shape, span)
                    }
                    kind if bindings.is_empty() => expr(kind, shape, span),
                    kind => expr(Kind::Let(bindings, Box::new(expr(kind, shape.clone(), span))), shape, span),
                }
            }
        })
    }

    /// The derivative of a function of one number, written with primes.
    pub(super) fn primed(&mut self, callable: &Callable, primes: usize, arguments: Vec<Expr>, span: Span) -> Read<Expr> {
        let (parameters, mut value) = self.at_parameters(callable, span)?;
        let ([parameter], [argument]) = (parameters.as_slice(), arguments.as_slice()) else {
            return Err(Diagnostic::new(Code::Derivative, span, "a prime differentiates a function of one number")
                .help("write `\\frac{\\partial f}{\\partial x}`, or `\\nabla f`"));
        };
        if !self.symbols[*parameter].shape.is_scalar() {
            return Err(Diagnostic::new(
                Code::Derivative,
                span,
                "a prime differentiates a function of one number, and this one takes a vector or a matrix",
            )
            .help("write `\\nabla f(\\mathbf{x})` or `J_{\\mathbf{f}}(\\mathbf{x})`"));
        }
        if self.is_whole(*parameter) {
            return Err(self.whole_parameter(span));
        }
        if primes > 4 {
            return Err(Diagnostic::new(Code::Limit, span, "at most four derivatives are taken one after the other"));
        }
        for _ in 0..primes {
            let shape = value.shape.clone();
            value = expr(Kind::Derivative(Box::new(value), By::Symbol(*parameter), super::expr::Arrangement::LikeBody), shape, span);
        }
        let shape = self.shape(argument);
        if shape.is_scalar() {
            let shape = value.shape.clone();
            return Ok(expr(Kind::Let(vec![(*parameter, argument.clone())], Box::new(value)), shape, span));
        }
        if !value.shape.is_scalar() {
            return Err(self.misfit(argument, &value, "this function takes a number".to_string()));
        }
        Ok(expr(Kind::Map(vec![(*parameter, argument.clone())], Box::new(value)), shape, span))
    }

    /// The message for a derivative by a parameter that is a whole number.
    pub(super) fn whole_parameter(&self, span: Span) -> Diagnostic {
        Diagnostic::new(Code::Derivative, span, "a parameter of this function is a whole number, which cannot move a little")
            .help("name the parameter by a letter that is not declared as one")
    }

    /// `(f \circ g)` before an argument: the functions, the last of which is applied first.
    pub(super) fn composition(&mut self, inner: &[Node]) -> Option<Callable> {
        let list = super::cursor::split_top(inner, |node| node.is_command("circ"));
        if list.len() < 2 {
            return None;
        }
        let mut functions = Vec::new();
        for nodes in list {
            let nodes: Vec<&Node> = nodes.iter().filter(|node| !is_layout(node)).collect();
            let [node] = nodes.as_slice() else { return None };
            match self.callable(node)? {
                (callable, 0, None) => functions.push(callable),
                _ => return None,
            }
        }
        Some(Callable::Composition(functions))
    }

    /// A composition was read: its primes and its arguments follow.
    pub(super) fn composed(&mut self, callable: &Callable, primes: usize, c: &mut Cursor, span: Span) -> Read<Expr> {
        match self.arguments(c, false)? {
            Some((list, scripts, end)) => {
                let whole = span.to(end);
                let value = self.apply_nodes(callable, primes, &list, whole)?;
                match scripts {
                    Some(scripts) => self.scripted(value, scripts.sub.as_deref(), scripts.primes, scripts.sup.as_deref(), whole),
                    None => Ok(value),
                }
            }
            None => {
                Err(Diagnostic::new(Code::Unreadable, span, "a composition of functions needs its argument")
                    .help("write `(f \\circ g)(x)`"))
            }
        }
    }

    /// Reads arguments without applying anything.
    pub(super) fn read_arguments(&mut self, callable: &Callable, list: &[Vec<Node>], span: Span) -> Read<Vec<Expr>> {
        let parameters = self.parameters(callable).unwrap_or_default();
        let mut arguments = Vec::new();
        if list.iter().any(|nodes| nodes.iter().filter(|n| !is_layout(n)).all(is_dots)) {
            let slices: Vec<&[Node]> = list.iter().map(Vec::as_slice).collect();
            let row = self.row(&slices, span)?;
            let shape = row.shape.transposed();
            arguments.push(expr(Kind::Transpose(Box::new(row)), shape, span));
        } else {
            for nodes in list {
                arguments.push(self.whole(nodes, span)?);
            }
        }
        if let ([only], true) = (parameters.as_slice(), arguments.len() > 1)
            && !self.symbols[*only].shape.is_scalar()
        {
            let rows = arguments.into_iter().map(|a| vec![a]).collect();
            arguments = vec![self.blocks(rows, span)?];
        }
        if arguments.len() != parameters.len() {
            return Err(Diagnostic::new(
                Code::Unreadable,
                span,
                format!("this function takes {} arguments, and here are {}", parameters.len(), arguments.len()),
            ));
        }
        self.fit_arguments(&parameters, &arguments)?;
        Ok(arguments)
    }

    fn fit_arguments(&mut self, parameters: &[SymbolId], arguments: &[Expr]) -> Read<()> {
        for (parameter, argument) in parameters.iter().zip(arguments) {
            let (wanted, given) = (self.symbols[*parameter].shape.clone(), self.shape(argument));
            if !self.unknowns.unify_shapes(&wanted, &given) {
                return Err(Diagnostic::new(Code::Shape, argument.span, "this argument does not fit the function")
                    .label(argument.span, format!("this is {}", self.shape_text(&given)))
                    .note(format!("the function takes {}", self.shape_text(&wanted))));
            }
        }
        Ok(())
    }
}

/// How many indices a subscript holds: letters and digits without a comma are one each.
pub(super) fn index_count(sub: &[Node]) -> usize {
    let nodes: Vec<&Node> = sub.iter().filter(|node| !is_layout(node)).collect();
    let commas = nodes.iter().filter(|node| node.is_char(',')).count();
    if commas > 0 {
        return commas + 1;
    }
    let compact = nodes.iter().all(|node| match &node.kind {
        NodeKind::Letter(_) | NodeKind::Number(_) => true,
        NodeKind::Command(name) => is_letter_command(name),
        _ => false,
    });
    if !compact {
        return 1;
    }
    nodes
        .iter()
        .map(|node| match &node.kind {
            NodeKind::Number(digits) => digits.len(),
            _ => 1,
        })
        .sum()
}

/// A number of the kind that a threshold or a bound may be.
pub(super) fn constant(value: &Expr) -> Option<BigRational> {
    match &value.kind {
        Kind::Number(number) => Some(number.clone()),
        Kind::Neg(of) => Some(-constant(of)?),
        Kind::Quotient(a, b) => {
            let below = constant(b)?;
            (below != BigRational::from_integer(0.into())).then(|| constant(a).map(|above| above / below)).flatten()
        }
        _ => None,
    }
}

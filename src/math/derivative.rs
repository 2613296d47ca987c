//! Derivatives as operators: fractions of `d` and `\partial`, the nabla, Jacobians, and what a function's bare name means in them.
//!
//! ```text
//! derivative = "\frac" "{" d [ "^" order ] [ body ] "}" "{" d target { d target } "}" [ term ]
//!            | "\nabla" [ "_" target ] [ "^2" ] term ;
//! target     = symbol | element | member | function | "(" target { "," target } ")" | "\operatorname{vec}" "(" symbol ")" ;
//! ```

use std::collections::BTreeSet;

use super::cursor::{Cursor, is_layout, opens, split_commas};
use super::expr::{Arrangement, By, Expr, Kind, Shape, SymbolId};
use super::expression::is_transpose;
use super::function::{Callable, parts};
use super::int::Int;
use super::reader::{Read, Reader, expr};
use super::scope::element_names;
use super::symbol::{Symbol, SymbolKind};
use super::walk;
use crate::check::Layout;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind, canonical, span_of};

/// What a derivative is taken by.
#[derive(Clone, Debug)]
pub(super) struct Target {
    by: By,
    shape: Shape,
    /// The whole symbol or member, without its index.
    whole: Expr,
    /// How many times.
    order: usize,
    /// Whether it is written as a transpose.
    transposed: bool,
}

/// A `d` or `\partial`: whether it is the latter, and the nodes of its power.
pub(super) fn marker<'n>(reader: &Reader, node: &'n Node) -> Option<(bool, Option<&'n [Node]>)> {
    let p = parts(node);
    if p.sub.is_some() || p.primes > 0 {
        return None;
    }
    let partial = match &p.base.kind {
        NodeKind::Command(name) if name == "partial" => true,
        NodeKind::Char('∂') => true,
        NodeKind::Letter('d') if reader.scope.get("d").is_none() => false,
        NodeKind::Styled(style, inner)
            if matches!(style.as_str(), "mathrm" | "operatorname" | "mathsf")
                && canonical(inner) == "d"
                && reader.scope.get("\\mathrm{d}").is_none() =>
        {
            false
        }
        _ => return None,
    };
    Some((partial, p.sup))
}

impl Reader {
    /// A fraction that is a derivative, with what it differentiates where it is a prefix.
    pub(super) fn derivative_fraction(&mut self, above: &[Node], below: &[Node], c: &mut Cursor) -> Read<Option<Expr>> {
        let start = c.at;
        let place = c.here();
        let clean = |nodes: &[Node]| -> Vec<Node> { nodes.iter().filter(|node| !is_layout(node)).cloned().collect() };
        let (above, below) = (clean(above), clean(below));
        let (Some(first), Some(second)) = (above.first(), below.first()) else { return Ok(None) };
        let sized = |node: &Node| {
            matches!(parts(node).base.kind, NodeKind::Letter('d'))
                && self.lookup("d").is_some_and(|id| matches!(self.symbols[id].kind, SymbolKind::Whole { .. }))
        };
        if sized(first) && sized(second) && below.get(1).is_some_and(|next| self.starts_factor(next)) {
            return Err(Diagnostic::new(Code::Ambiguous, place, "`d` is a size on this page, so this is a derivative or a quotient")
                .label(first.span, "the size, or the sign of a derivative")
                .help("write the derivative upright: `\\frac{\\mathrm{d} y}{\\mathrm{d} x}`; a quotient with dots: `\\frac{d}{d \\cdot x}`; or give the size another letter"));
        }
        let (Some((partial, order)), Some((other, _))) = (marker(self, first), marker(self, second)) else { return Ok(None) };
        if partial != other {
            return Err(Diagnostic::new(Code::Ambiguous, place, "this derivative mixes `d` and `\\partial`")
                .note("`d` is total and follows what depends on the variable; `\\partial` of a function holds its other parameters")
                .help("write the same sign above and below"));
        }
        let order = match order {
            None => 1,
            Some(nodes) => match canonical(nodes).parse::<usize>() {
                Ok(order @ 1..=6) => order,
                _ => return Err(Diagnostic::new(Code::Derivative, first.span, "the order of a derivative is a number from 1 to 6")),
            },
        };
        let targets = self.targets(&below, partial, place)?;
        let total: usize = targets.iter().map(|target| target.order).sum();
        if total != order {
            return Err(Diagnostic::new(
                Code::Derivative,
                place,
                format!("above, the order of this derivative is {order}, and below it is {total}"),
            )
            .help("write `\\frac{d^2 y}{dx^2}`, `\\frac{\\partial^2 f}{\\partial x \\partial y}`"));
        }
        c.next();
        let wholes: Vec<Expr> = targets.iter().map(|target| target.whole.clone()).collect();
        let depth = self.by.len();
        self.by.extend(wholes);
        let body = if above.len() > 1 {
            self.numerator(&above[1..], place)
        } else if c.peek().is_some() {
            self.term(c)
        } else {
            Err(Diagnostic::new(Code::Unreadable, place, "nothing stands behind this derivative")
                .help("write what is differentiated behind it or in its numerator"))
        };
        self.by.truncate(depth);
        let span = if above.len() > 1 { place } else { c.since(start) };
        self.differentiate(body?, &targets, partial, span).map(Some)
    }

    /// What stands behind `\partial` in a numerator; a list in brackets is a column.
    fn numerator(&mut self, nodes: &[Node], place: Span) -> Read<Expr> {
        if opens(&nodes[0]) == Some('(') && super::cursor::matching(nodes, 0)? + 1 == nodes.len() {
            let inner = &nodes[1..nodes.len() - 1];
            let list = split_commas(inner);
            if list.len() > 1 {
                let row = self.row(&list, span_of(nodes, place))?;
                let shape = row.shape.transposed();
                let span = row.span;
                return Ok(expr(Kind::Transpose(Box::new(row)), shape, span));
            }
        }
        self.whole(nodes, place)
    }

    /// What a derivative is taken by, in the order of writing.
    fn targets(&mut self, below: &[Node], partial: bool, place: Span) -> Read<Vec<Target>> {
        let mut starts: Vec<usize> = Vec::new();
        let mut depth = 0usize;
        for (i, node) in below.iter().enumerate() {
            if opens(node).is_some() {
                depth += 1;
            } else if super::cursor::closes(node).is_some() {
                depth = depth.saturating_sub(1);
            }
            // A `d` right behind a `d` is a variable of that name, and there can be none.
            let marks = depth == 0 && matches!(marker(self, node), Some((p, None)) if p == partial);
            if marks && starts.last().is_none_or(|last| last + 1 < i) {
                starts.push(i);
            }
        }
        let mut targets = Vec::new();
        for (number, start) in starts.iter().enumerate() {
            let end = starts.get(number + 1).copied().unwrap_or(below.len());
            let nodes = &below[start + 1..end];
            if nodes.is_empty() {
                return Err(Diagnostic::new(Code::Derivative, below[*start].span, "what the derivative is taken by is missing here"));
            }
            targets.push(self.target(nodes, place)?);
        }
        if targets.is_empty() {
            return Err(Diagnostic::new(Code::Derivative, place, "what the derivative is taken by is missing here"));
        }
        Ok(targets)
    }

    fn target(&mut self, nodes: &[Node], place: Span) -> Read<Target> {
        let span = span_of(nodes, place);
        if nodes.is_empty() {
            return Err(Diagnostic::new(Code::Derivative, span, "what the derivative is taken by is missing here"));
        }
        // A list of variables.
        if opens(&nodes[0]) == Some('(') && super::cursor::matching(nodes, 0)? + 1 == nodes.len() {
            let list = split_commas(&nodes[1..nodes.len() - 1]);
            if list.len() > 1 {
                let mut all = Vec::new();
                let mut rows = Int::default();
                let mut whole = None;
                for part in list {
                    let target = self.target(part, span)?;
                    let size = target.shape.rows.mul(&target.shape.cols).and_then(|size| rows.add(&size));
                    rows = size.ok_or_else(|| super::expression::too_large(span))?;
                    whole.get_or_insert(target.whole);
                    all.push(target.by);
                }
                let whole = whole.expect("several targets");
                return Ok(Target { by: By::List(all), shape: Shape::column(rows), whole, order: 1, transposed: false });
            }
        }
        if let [node] = nodes {
            let p = parts(node);
            if let Some(sup) = p.sup {
                let text = canonical(sup);
                let power = text.parse::<usize>().ok();
                let bare = match &node.kind {
                    NodeKind::Scripts(scripts) => {
                        let mut scripts = scripts.clone();
                        scripts.sup = None;
                        let kind =
                            if scripts.sub.is_none() && scripts.primes == 0 { scripts.base.kind } else { NodeKind::Scripts(scripts) };
                        Node { kind, span: node.span }
                    }
                    _ => node.clone(),
                };
                let in_name = self.name_of(p.base).is_some_and(|name| self.lookup(&format!("{name}^{{{text}}}")).is_some());
                if let (Some(order), false) = (power, in_name) {
                    let target = self.target(&[bare], place)?;
                    return Ok(Target { order: order.clamp(1, 9), ..target });
                }
                if is_transpose(&text) && !in_name {
                    return Ok(Target { transposed: true, ..self.target(&[bare], place)? });
                }
            }
            if let Some((callable, 0, None)) = self.callable(node)
                && matches!(callable, Callable::Function(_) | Callable::Member(..) | Callable::Component(..))
            {
                return self.function_target(&callable, span);
            }
        }
        // A call, transposed: `\operatorname{vec}(W)^\top`.
        if let [rest @ .., last] = nodes
            && let NodeKind::Scripts(scripts) = &last.kind
            && scripts.sub.is_none()
            && scripts.sup.as_ref().is_some_and(|sup| is_transpose(&canonical(sup)))
            && !rest.is_empty()
        {
            let bare = [rest, std::slice::from_ref(&scripts.base)].concat();
            return Ok(Target { transposed: true, ..self.target(&bare, place)? });
        }
        let value = self.whole(nodes, place)?;
        let shape = self.shape(&value);
        let (by, whole) = self.by(&value)?;
        Ok(Target { by, shape, whole, order: 1, transposed: false })
    }

    /// A derivative by the value of a function.
    fn function_target(&mut self, callable: &Callable, span: Span) -> Read<Target> {
        if let Callable::Component(inner, index) = callable {
            let target = self.function_target(inner, span)?;
            let by = By::Entry(Box::new(target.by), index.clone(), Int::one());
            return Ok(Target { by, shape: Shape::scalar(), ..target });
        }
        let value = self.value_symbol(callable, span)?;
        let whole = self.symbol_expr(value, span);
        Ok(Target { by: By::Symbol(value), shape: whole.shape.clone(), whole, order: 1, transposed: false })
    }

    /// The place that an expression is, and its whole symbol or member.
    fn by(&self, value: &Expr) -> Read<(By, Expr)> {
        let refuse = |message: &str| {
            Err(Diagnostic::new(Code::Derivative, value.span, message).help("give it a name first: `u := …`, then differentiate by `u`"))
        };
        match &value.kind {
            Kind::Symbol(id) => Ok((By::Symbol(*id), value.clone())),
            Kind::Member(id, indices) => Ok((By::Member(*id, indices.clone()), value.clone())),
            Kind::Entry(of, row, col) => {
                let (by, whole) = self.by(of)?;
                Ok((By::Entry(Box::new(by), row.clone(), col.clone()), whole))
            }
            Kind::Vectorize(of) => self.by(of),
            Kind::Int(_) => Err(Diagnostic::new(Code::Derivative, value.span, "this is a whole number, which cannot move a little")
                .help("declare it as a real number: `x \\in \\mathbb{R}`")),
            _ => refuse("a derivative is taken by a variable, and this is none"),
        }
    }

    fn base(by: &By) -> Option<SymbolId> {
        match by {
            By::Symbol(id) | By::Member(id, _) => Some(*id),
            By::Entry(of, _, _) => Reader::base(of),
            By::List(_) => None,
        }
    }

    /// The same place in another symbol.
    fn rebased(by: &By, from: SymbolId, to: SymbolId) -> By {
        match by {
            By::Symbol(id) if *id == from => By::Symbol(to),
            By::Entry(of, row, col) => By::Entry(Box::new(Reader::rebased(of, from, to)), row.clone(), col.clone()),
            By::List(list) => By::List(list.iter().map(|by| Reader::rebased(by, from, to)).collect()),
            other => other.clone(),
        }
    }

    /// Takes the derivatives of a body, the last target first.
    fn differentiate(&mut self, body: Expr, targets: &[Target], partial: bool, span: Span) -> Read<Expr> {
        // ∂ of a function's bare name by its own parameters holds the others: it is taken inside, before the parameters have values.
        if partial
            && self.bare.contains(&body.span)
            && let Some((bindings, inner)) = peel(&body)
        {
            let parameter = |id: SymbolId| {
                bindings.iter().find(|(_, value)| matches!(value.kind, Kind::Symbol(var) if var == id)).map(|(p, _)| (id, *p))
            };
            fn bases(by: &By, list: &mut Vec<Option<SymbolId>>) {
                match by {
                    By::List(all) => all.iter().for_each(|by| bases(by, list)),
                    by => list.push(Reader::base(by)),
                }
            }
            let mut all = Vec::new();
            targets.iter().for_each(|target| bases(&target.by, &mut all));
            let moves: Option<Vec<(SymbolId, SymbolId)>> = all.into_iter().map(|id| id.and_then(parameter)).collect();
            if let Some(moves) = moves {
                let inside: Vec<Target> = targets
                    .iter()
                    .map(|target| Target {
                        by: moves.iter().fold(target.by.clone(), |by, (from, to)| Reader::rebased(&by, *from, *to)),
                        ..target.clone()
                    })
                    .collect();
                let value = self.derivatives(inner, &inside, span)?;
                let shape = value.shape.clone();
                return Ok(expr(Kind::Let(bindings, Box::new(value)), shape, span));
            }
        }
        self.derivatives(body, targets, span)
    }

    fn derivatives(&mut self, body: Expr, targets: &[Target], span: Span) -> Read<Expr> {
        let list: Vec<&Target> = targets.iter().flat_map(|target| std::iter::repeat_n(target, target.order)).collect();
        if let [first, second] = list.as_slice()
            && !first.shape.is_scalar()
            && !second.shape.is_scalar()
        {
            return self.hessian(body, first, second, span);
        }
        let mut value = body;
        for target in list.into_iter().rev() {
            value = self.derivative(value, target, span)?;
        }
        Ok(value)
    }

    fn derivative(&mut self, body: Expr, target: &Target, span: Span) -> Read<Expr> {
        let (of, by) = (self.shape(&body), self.unknowns.resolve_shape(&target.shape));
        let numerator = self.layout == Layout::Numerator;
        let vector = |shape: &Shape| shape.rows.is_one() || shape.cols.is_one();
        let length = |shape: &Shape| if shape.cols.is_one() { shape.rows.clone() } else { shape.cols.clone() };
        let (arrangement, shape) = if of.is_scalar() && by.cols.is_one() && !by.is_scalar() {
            // The columns of a matrix may be stacked here, so that its own shape says nothing.
            let down = (self.layout == Layout::Denominator) != target.transposed;
            if down { (Arrangement::JacobianTransposed, by) } else { (Arrangement::Jacobian, by.transposed()) }
        } else if target.transposed && of.is_scalar() && !by.is_scalar() {
            // The shape of a transpose is the transposed shape.
            if numerator { (Arrangement::LikeBy, by) } else { (Arrangement::LikeByTransposed, by.transposed()) }
        } else if target.transposed && vector(&of) && vector(&by) && !of.is_scalar() && !by.is_scalar() {
            // A row for each element: in this form all layouts agree.
            (Arrangement::Jacobian, Shape::matrix(length(&of), length(&by)))
        } else if by.is_scalar() {
            if numerator { (Arrangement::LikeBody, of) } else { (Arrangement::LikeBodyTransposed, of.transposed()) }
        } else if of.is_scalar() {
            if numerator { (Arrangement::LikeByTransposed, by.transposed()) } else { (Arrangement::LikeBy, by) }
        } else if vector(&of) && vector(&by) {
            let (p, q) = (length(&of), length(&by));
            if numerator { (Arrangement::Jacobian, Shape::matrix(p, q)) } else { (Arrangement::JacobianTransposed, Shape::matrix(q, p)) }
        } else {
            return Err(Diagnostic::new(Code::Derivative, span, "this derivative has no layout: four indices do not fit into a matrix")
                .label(body.span, format!("this is {}", self.shape_text(&of)))
                .note(format!("it is taken by what is {}", self.shape_text(&by)))
                .help(
                    "stack the columns: `\\frac{\\partial \\operatorname{vec}(Y)}{\\partial \\operatorname{vec}(X)}`, or write one element",
                ));
        };
        Ok(expr(Kind::Derivative(Box::new(body), target.by.clone(), arrangement), shape, span))
    }

    /// The matrix of second derivatives, a row for each element of the first variable.
    fn hessian(&mut self, body: Expr, first: &Target, second: &Target, span: Span) -> Read<Expr> {
        let of = self.shape(&body);
        let (rows, cols) = (self.unknowns.resolve_shape(&first.shape), self.unknowns.resolve_shape(&second.shape));
        if !of.is_scalar() || !rows.cols.is_one() || !cols.cols.is_one() {
            return Err(Diagnostic::new(
                Code::Derivative,
                span,
                "second derivatives by vectors exist here of a number only, and by columns",
            )
            .label(body.span, format!("this is {}", self.shape_text(&of))));
        }
        let gradient = expr(Kind::Derivative(Box::new(body), second.by.clone(), Arrangement::LikeBy), cols.clone(), span);
        let shape = Shape::matrix(rows.rows, cols.rows);
        Ok(expr(Kind::Derivative(Box::new(gradient), first.by.clone(), Arrangement::JacobianTransposed), shape, span))
    }

    // ---- bare names ----

    /// A function's bare name inside a derivative: its value at the variables named like its parameters; a declared function's at what is
    /// differentiated by.
    pub(super) fn bare_value(&mut self, callable: &Callable, primes: usize, span: Span) -> Read<Expr> {
        if self.by.is_empty() && !matches!(callable, Callable::Jacobian(_)) {
            return Err(Diagnostic::new(Code::Unreadable, span, "this is a function, and its argument is missing")
                .help("write `f(x)`; the bare name of a function stands in a derivative only"));
        }
        // The value that something is differentiated by stands for the function itself.
        if let Some(value) = self.value_in_force(callable) {
            let whole = self.symbol_expr(value, span);
            return match callable {
                Callable::Component(_, index) => self.entry(whole, std::slice::from_ref(index), span),
                _ => Ok(whole),
            };
        }
        let arguments = self.bare_arguments(callable, span)?;
        let value = if primes == 0 { self.call(callable, arguments, span)? } else { self.primed(callable, primes, arguments, span)? };
        self.bare.insert(span);
        Ok(value)
    }

    fn value_in_force(&self, callable: &Callable) -> Option<SymbolId> {
        let inner = match callable {
            Callable::Component(inner, _) => inner,
            other => other,
        };
        let value = *self.values.get(&value_key(inner)?)?;
        self.by.iter().any(|by| matches!(by.kind, Kind::Symbol(id) if id == value)).then_some(value)
    }

    fn bare_arguments(&mut self, callable: &Callable, span: Span) -> Read<Vec<Expr>> {
        let parameters = self.parameters(callable).unwrap_or_default();
        let fits = |reader: &Reader, by: &Expr| match parameters.as_slice() {
            [only] => {
                let wanted = &reader.symbols[*only].shape;
                wanted.is_scalar() || *wanted == reader.shape(by)
            }
            _ => false,
        };
        // By the value of another function: there.
        let by_value =
            self.by.iter().rev().find(|by| matches!(by.kind, Kind::Symbol(id) if self.values.values().any(|v| *v == id))).cloned();
        if let Some(by) = by_value
            && fits(self, &by)
        {
            return Ok(vec![by]);
        }
        if self.is_defined(callable) {
            return self.named_arguments(&parameters, span);
        }
        let bys = self.by.clone();
        for by in bys.iter().rev() {
            if fits(self, by) {
                return Ok(vec![by.clone()]);
            }
            // A function of a vector, differentiated by a member of a family of numbers: at all members.
            if let ([only], Kind::Member(id, indices)) = (parameters.as_slice(), &by.kind)
                && by.shape.is_scalar()
                && indices.len() == 1
                && let Some(column) = self.family_column(*id, span)
                && column.shape == self.symbols[*only].shape
            {
                return Ok(vec![column]);
            }
        }
        self.written_argument(callable, span)
    }

    /// All members of a family of numbers in a column.
    pub(super) fn family_column(&mut self, id: SymbolId, span: Span) -> Option<Expr> {
        let range = match &self.symbols[id].kind {
            SymbolKind::Family { ranges, .. } => ranges.first().cloned(),
            SymbolKind::DefinedFamily { indices, .. } => indices.first().map(|(_, low, high)| (low.clone(), high.clone())),
            _ => None,
        }?;
        if !self.symbols[id].shape.is_scalar() {
            return None;
        }
        let rows = range.1.sub(&range.0)?.add(&Int::one())?;
        let row = self.new_index("i", Some((Int::one(), rows.clone())), span);
        let col = self.new_index("j", Some((Int::one(), Int::one())), span);
        let index = Int::symbol(row).add(&range.0)?.sub(&Int::one())?;
        let member = expr(Kind::Member(id, vec![index]), Shape::scalar(), span);
        Some(expr(Kind::Tabulate(row, col, Box::new(member)), Shape::column(rows), span))
    }

    fn is_defined(&self, callable: &Callable) -> bool {
        match callable {
            Callable::Function(id) | Callable::Member(id, _) => self.body_of(*id).is_some(),
            Callable::Component(inner, _) | Callable::Jacobian(inner) => self.is_defined(inner),
            Callable::Composition(list) => list.last().is_some_and(|last| self.is_defined(last)),
            _ => false,
        }
    }

    /// The variables that are named like a function's parameters.
    fn named_arguments(&mut self, parameters: &[SymbolId], span: Span) -> Read<Vec<Expr>> {
        let mut arguments = Vec::new();
        for parameter in parameters {
            let name = self.symbols[*parameter].name.clone();
            match self.lookup(&name) {
                Some(id) if !self.is_function(id) => arguments.push(self.symbol_expr(id, span)),
                _ => {
                    return Err(Diagnostic::new(
                        Code::Undeclared,
                        span,
                        format!("this function stands for its value at a variable `{name}`, and there is none"),
                    )
                    .note("a function's bare name in a derivative means its value at the variables named like its parameters")
                    .help(format!("declare `{name}`, or write the function's argument")));
                }
            }
        }
        Ok(arguments)
    }

    /// The argument that a declared function has elsewhere in the formula.
    fn written_argument(&mut self, callable: &Callable, span: Span) -> Read<Vec<Expr>> {
        let parameters = self.parameters(callable).unwrap_or_default();
        if let Some(name) = self.function_name(callable) {
            let formula = self.formula.clone();
            let partial_or_total = |reader: &Reader, node: &Node| marker(reader, node).is_some();
            let mut found: Vec<Vec<Vec<Node>>> = Vec::new();
            search(self, &formula, &name, &partial_or_total, &mut found);
            for list in found {
                let by = std::mem::take(&mut self.by);
                let arguments = self.read_arguments(callable, &list, span);
                self.by = by;
                if let Ok(arguments) = arguments {
                    return Ok(arguments);
                }
                // The variable of a derivative may be an element of the argument.
                if let [only] = list.as_slice()
                    && let Ok(target) = self.target(only, span)
                    && let [parameter] = parameters.as_slice()
                    && self.symbols[*parameter].shape == target.whole.shape
                {
                    return Ok(vec![target.whole]);
                }
            }
        }
        Err(Diagnostic::new(Code::Ambiguous, span, "nothing says at which place this function is meant").help("write its argument: `f(x)`"))
    }

    fn function_name(&self, callable: &Callable) -> Option<String> {
        match callable {
            Callable::Function(id) | Callable::Member(id, _) => Some(self.symbols[*id].name.clone()),
            Callable::Component(inner, _) | Callable::Jacobian(inner) => self.function_name(inner),
            _ => None,
        }
    }

    /// The symbol that stands for a function's value while something is differentiated by it.
    fn value_symbol(&mut self, callable: &Callable, span: Span) -> Read<SymbolId> {
        let key = value_key(callable).expect("a function of the page");
        if let Some(id) = self.values.get(&key) {
            return Ok(*id);
        }
        // A function whose place is asked for while its place is looked for has none: `\frac{df}{df}`.
        if self.placing.contains(&key) {
            return Err(Diagnostic::new(Code::Ambiguous, span, "nothing says at which place this function is meant")
                .help("write its argument: `f(x)`"));
        }
        let parameters = self.parameters(callable).unwrap_or_default();
        self.placing.push(key.clone());
        let arguments =
            if self.is_defined(callable) { self.named_arguments(&parameters, span) } else { self.written_argument(callable, span) };
        self.placing.pop();
        let arguments = arguments?;
        let value = self.call(callable, arguments, span)?;
        let name = self.function_name(callable).unwrap_or_default();
        let shape = value.shape.clone();
        let id = self.symbols.add(Symbol { name, shape, kind: SymbolKind::Defined(value), introduced: span });
        self.values.insert(key, id);
        Ok(id)
    }

    /// The derivative of a value by a function's parameters, a row for each component.
    pub(super) fn jacobian_at(&mut self, parameters: &[SymbolId], value: Expr, span: Span) -> Read<Expr> {
        let target = self.parameter_target(parameters, span)?;
        let (of, by) = (self.shape(&value), target.shape.clone());
        if !of.cols.is_one() || !by.cols.is_one() {
            return Err(Diagnostic::new(Code::Derivative, span, "only a function from vectors to vectors has a Jacobian here"));
        }
        let shape = Shape::matrix(of.rows, by.rows);
        Ok(expr(Kind::Derivative(Box::new(value), target.by, Arrangement::Jacobian), shape, span))
    }

    /// All parameters of a function as what a derivative is taken by.
    fn parameter_target(&mut self, parameters: &[SymbolId], span: Span) -> Read<Target> {
        if parameters.iter().any(|id| self.is_whole(*id)) {
            return Err(self.whole_parameter(span));
        }
        if let [only] = parameters {
            let whole = self.symbol_expr(*only, span);
            return Ok(Target { by: By::Symbol(*only), shape: whole.shape.clone(), whole, order: 1, transposed: false });
        }
        let scalars = parameters.iter().all(|p| self.symbols[*p].shape.is_scalar());
        let Some(first) = parameters.first().filter(|_| scalars) else {
            return Err(Diagnostic::new(
                Code::Ambiguous,
                span,
                "this function has several parameters, and not all are numbers: by which is it differentiated?",
            )
            .help("say by which: `\\nabla_{\\mathbf{x}}`, `\\frac{\\partial f}{\\partial \\mathbf{x}}`"));
        };
        let whole = self.symbol_expr(*first, span);
        let by = By::List(parameters.iter().map(|p| By::Symbol(*p)).collect());
        Ok(Target { by, shape: Shape::column(Int::constant(parameters.len() as i64)), whole, order: 1, transposed: false })
    }

    // ---- nabla ----

    /// `\nabla f`, `\nabla_{\mathbf{x}} y`, `\nabla^2 f`
    pub(super) fn nabla(&mut self, c: &mut Cursor) -> Read<Expr> {
        let start = c.at;
        let node = c.next().expect("the caller looked");
        let p = parts(node);
        let order = match p.sup.map(canonical).as_deref() {
            None => 1,
            Some("2") => 2,
            Some(_) => return Err(Diagnostic::new(Code::Derivative, node.span, "a nabla has the power 2 or none")),
        };
        if let Some(sub) = p.sub {
            let sub: Vec<Node> = sub.iter().filter(|node| !is_layout(node)).cloned().collect();
            let mut target = self.target(&sub, node.span)?;
            target.order = order;
            let depth = self.by.len();
            self.by.push(target.whole.clone());
            let body = if c.peek().is_some() {
                self.term(c)
            } else {
                Err(Diagnostic::new(Code::Unreadable, node.span, "nothing stands behind this nabla"))
            };
            self.by.truncate(depth);
            let span = c.since(start);
            return self.differentiate(body?, std::slice::from_ref(&target), true, span);
        }
        let Some(next) = c.peek() else { return Err(Diagnostic::new(Code::Unreadable, node.span, "nothing stands behind this nabla")) };
        let span = node.span.to(next.span);
        if let Some((callable, primes, sup)) = self.callable(next)
            && primes == 0
        {
            c.next();
            let (parameters, value) = self.at_parameters(&callable, span)?;
            let target = self.parameter_target(&parameters, span)?;
            let value = self.derivatives(value, &[Target { order, ..target.clone() }], span)?;
            let given = self.arguments(c, false)?;
            let (arguments, scripts, span) = match given {
                Some((list, scripts, end)) => {
                    let span = span.to(end);
                    (self.read_arguments(&callable, &list, span)?, scripts, span)
                }
                None => (self.gradient_arguments(&callable, &parameters, span)?, None, span),
            };
            let shape = value.shape.clone();
            let value = expr(Kind::Let(parameters.into_iter().zip(arguments).collect(), Box::new(value)), shape, span);
            let value = match sup {
                Some(sup) => self.power(value, sup, span)?,
                None => value,
            };
            return match scripts {
                Some(scripts) => self.scripted(value, scripts.sub.as_deref(), scripts.primes, scripts.sup.as_deref(), span),
                None => Ok(value),
            };
        }
        // A symbol that depends on one variable.
        let next_parts = parts(next);
        let bare = Node { kind: next_parts.base.kind.clone(), span: next.span };
        let (reads, sup) = if next_parts.sub.is_none() && next_parts.sup.is_some_and(|sup| is_transpose(&canonical(sup))) {
            (bare, next_parts.sup)
        } else {
            (next.clone(), None)
        };
        if opens(next).is_some() || matches!(next.kind, NodeKind::Delimited(..)) {
            return Err(Diagnostic::new(Code::Ambiguous, node.span, "a bare nabla belongs to a function, and this is an expression")
                .help("say by what: `\\nabla_{\\mathbf{x}} (…)`"));
        }
        c.next();
        let body = self.whole(std::slice::from_ref(&reads), span)?;
        if sup.is_some() && c.peek().is_some_and(|next| self.starts_factor(next)) {
            return Err(Diagnostic::new(Code::Ambiguous, span, "this bare nabla belongs to the transpose alone, and more factors follow")
                .help("say by what, and put the product in brackets: `\\nabla_{\\mathbf{x}} (…)`"));
        }
        let variables = self.variables_of(&body);
        // A family has many members, and none of them is the one that is meant.
        let alone = variables.first().filter(|id| variables.len() == 1 && !matches!(self.symbols[**id].kind, SymbolKind::Family { .. }));
        let Some(&variable) = alone else {
            let names: Vec<String> = variables.iter().map(|id| format!("`{}`", self.symbols[*id].name)).collect();
            return Err(Diagnostic::new(Code::Ambiguous, span, "this bare nabla does not say by what it differentiates")
                .note(if names.is_empty() {
                    "it depends on no variable".to_string()
                } else {
                    format!("it depends on {}", names.join(" and "))
                })
                .help("say by what: `\\nabla_{\\mathbf{x}} y`"));
        };
        let whole = self.symbol_expr(variable, span);
        let target = Target { by: By::Symbol(variable), shape: whole.shape.clone(), whole, order, transposed: false };
        let value = self.derivatives(body, &[target], span)?;
        match sup {
            Some(sup) => self.power(value, sup, span),
            None => Ok(value),
        }
    }

    /// Where the gradient of a function's bare name is taken.
    fn gradient_arguments(&mut self, callable: &Callable, parameters: &[SymbolId], span: Span) -> Read<Vec<Expr>> {
        if self.is_defined(callable) {
            return self.named_arguments(parameters, span);
        }
        let bys = self.by.clone();
        if let ([only], Some(by)) = (parameters, bys.last())
            && self.symbols[*only].shape == by.shape
        {
            return Ok(vec![by.clone()]);
        }
        self.written_argument(callable, span)
    }

    /// The declared variables that an expression depends on, through definitions.
    fn variables_of(&self, value: &Expr) -> BTreeSet<SymbolId> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut left = vec![value.clone()];
        while let Some(mut expr) = left.pop() {
            if let Kind::Symbol(id) | Kind::Member(id, _) = expr.kind
                && seen.insert(id)
            {
                match &self.symbols[id].kind {
                    SymbolKind::Defined(body) => left.push(body.clone()),
                    SymbolKind::DefinedFamily { member, .. } => left.push(member.clone()),
                    SymbolKind::Variable { parameter: false, .. } | SymbolKind::Family { .. } => {
                        found.insert(id);
                    }
                    _ => {}
                }
            }
            walk::each_child_mut(&mut expr, &mut |child| left.push(child.clone()));
        }
        found
    }
}

/// What a function's value is kept under.
fn value_key(callable: &Callable) -> Option<(SymbolId, Option<Int>)> {
    match callable {
        Callable::Function(id) => Some((*id, None)),
        Callable::Member(id, index) => Some((*id, Some(index.clone()))),
        _ => None,
    }
}

/// The bindings and the body of a function at variables, with a component taken outside of it.
fn peel(body: &Expr) -> Option<(Vec<(SymbolId, Expr)>, Expr)> {
    match &body.kind {
        Kind::Let(bindings, inner) => Some((bindings.clone(), (**inner).clone())),
        Kind::Entry(of, row, col) => {
            let (bindings, inner) = peel(of)?;
            Some((bindings, expr(Kind::Entry(Box::new(inner), row.clone(), col.clone()), body.shape.clone(), body.span)))
        }
        _ => None,
    }
}

/// Finds the arguments that a function is called with, and the variables that it is differentiated by.
fn search(reader: &Reader, nodes: &[Node], name: &str, marks: &dyn Fn(&Reader, &Node) -> bool, found: &mut Vec<Vec<Vec<Node>>>) {
    let is_name = |node: &Node| {
        let base = parts(node).base;
        reader.name_of(base).is_some_and(|written| written == name || element_names(&written, 1).iter().any(|other| other == name))
    };
    for (i, node) in nodes.iter().enumerate() {
        if is_name(node) {
            match nodes.get(i + 1).map(|next| (&next.kind, next)) {
                Some((NodeKind::Delimited(open, body, _), _)) if open == "(" => {
                    found.push(split_commas(body).into_iter().map(<[Node]>::to_vec).collect());
                }
                Some((_, next)) if opens(next) == Some('(') => {
                    if let Ok(close) = super::cursor::matching(nodes, i + 1) {
                        found.push(split_commas(&nodes[i + 2..close]).into_iter().map(<[Node]>::to_vec).collect());
                    }
                }
                _ => {}
            }
        }
        match &node.kind {
            NodeKind::Frac(above, below) => {
                let plain: Vec<&Node> = above.iter().filter(|n| !is_layout(n)).collect();
                if let [first, second] = plain.as_slice()
                    && marks(reader, first)
                    && is_name(second)
                    && below.first().is_some_and(|n| marks(reader, n))
                {
                    let target: Vec<Node> = below[1..].iter().take_while(|n| !marks(reader, n)).cloned().collect();
                    found.push(vec![target]);
                }
                search(reader, above, name, marks, found);
                search(reader, below, name, marks, found);
            }
            NodeKind::Group(inner) | NodeKind::Delimited(_, inner, _) => search(reader, inner, name, marks, found),
            NodeKind::Environment(_, rows) => rows.iter().flatten().for_each(|cell| search(reader, cell, name, marks, found)),
            NodeKind::Scripts(scripts) => search(reader, std::slice::from_ref(&scripts.base), name, marks, found),
            _ => {}
        }
    }
}

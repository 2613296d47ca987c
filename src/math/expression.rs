//! Expressions: sums, products, powers, brackets, matrices, cases.
//!
//! ```text
//! sum     = [ "-" | "+" ] term { ( "+" | "-" ) term } ;
//! term    = product { ( "\cdot" | "\times" | "\odot" | "\circ" | "\otimes" | "\oslash" | "/" ) product } ;
//! product = factor { factor } ;                                   (juxtaposition)
//! factor  = atom { "^" … | "_" … | "|_{x = …}" }
//!         | "\frac{d}{dx}" term | "\nabla_{x}" term | "\sum" term | "\prod" term | function argument ;
//! ```

use num_bigint::BigInt;
use num_rational::BigRational;

use super::cursor::{
    Bar, Cursor, Sign, bar, closes, ends_operand, evaluates, is_dots, is_layout, matching, matching_bar, opens, relations, split_commas,
};
use super::expr::{Condition, Elementary, Expr, Kind, Reduction, Relation, Shape};
use super::int::Int;
use super::reader::{Read, Reader, expr, int_expr, number, to_int};
use super::scope::Meaning;
use super::symbol::SymbolKind;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind, canonical, span_of};

/// An operator between products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Dot,
    Times,
    Hadamard,
    Quotient,
    Kronecker,
    Divide,
}

/// A term, or the dots between terms.
pub(super) enum Item {
    Expr(Expr),
    Dots(Span),
}

impl Reader {
    /// Reads all nodes as one expression.
    pub(super) fn whole(&mut self, nodes: &[Node], place: Span) -> Read<Expr> {
        self.no_wide_product(nodes)?;
        let nodes = self.without_shorthands(nodes);
        let place = span_of(&nodes, place);
        if nodes.is_empty() {
            return Err(Diagnostic::new(Code::Unreadable, place, "an expression is missing here"));
        }
        self.nested(place, |reader| {
            let mut cursor = Cursor::new(&nodes, place);
            let result = reader.sum(&mut cursor)?;
            match cursor.peek() {
                None => Ok(result),
                Some(node) => Err(reader.stray(node)),
            }
        })
    }

    /// That no number is written as computers write it: `1e-5` would be 1 e - 5.
    fn no_computer_number(&self, nodes: &[Node], digits: &str) -> Read<()> {
        if let [number, e, sign, power, ..] = nodes
            && matches!(e.kind, NodeKind::Letter('e' | 'E'))
            && matches!(sign.kind, NodeKind::Char('-' | '+'))
            && let NodeKind::Number(exponent) = &power.kind
            && [number, e, sign, power].windows(2).all(|pair| pair[0].span.end == pair[1].span.start)
        {
            let minus = if sign.is_char('-') { "-" } else { "" };
            return Err(Diagnostic::new(Code::Ambiguous, number.span.to(power.span), "this is a power of ten or a sum with the number e")
                .help(format!("write `{digits} \\cdot 10^{{{minus}{exponent}}}`, or put spaces around the sign")));
        }
        Ok(())
    }

    /// That no product goes across a wide space or an `&`, behind which a reader sees something else.
    fn no_wide_product(&self, nodes: &[Node]) -> Read<()> {
        let mut before: Option<&Node> = None;
        let mut wide = false;
        for node in nodes {
            if is_layout(node) {
                wide |= matches!(node.kind, NodeKind::Wide | NodeKind::Ampersand);
                continue;
            }
            if wide && before.is_some_and(ends_operand) && self.starts_factor(node) {
                return Err(Diagnostic::new(Code::Ambiguous, node.span, "what stands on either side of this space has two readings")
                    .note("one reader multiplies the two, another sees two statements, or a remark")
                    .help("separate statements by a comma and a wide space: `, \\qquad`; number a formula with `\\tag{2}`; write a product without the space"));
            }
            (before, wide) = (Some(node), false);
        }
        Ok(())
    }

    /// The message for a node that has no place in an expression.
    pub(super) fn stray(&self, node: &Node) -> Diagnostic {
        let span = node.span;
        if closes(node).is_some() {
            return Diagnostic::new(Code::Unbalanced, span, "this bracket closes nothing");
        }
        if bar(node).is_some() {
            return Diagnostic::new(Code::Unbalanced, span, "this bar closes nothing");
        }
        match &node.kind {
            NodeKind::Command(name) => match self.operator(node) {
                Some(_) => Diagnostic::new(Code::Unreadable, span, format!("what stands left of this `\\{name}` is missing")),
                None => self.unknown_command(name, span),
            },
            NodeKind::Char('-' | '−' | '+') => Diagnostic::new(Code::Unreadable, span, "this sign has no place here")
                .help("put brackets around a term with a sign of its own: `(-x)`"),
            NodeKind::Char('.') => Diagnostic::new(Code::Unreadable, span, "`.` has no place here").help("dots are written `\\dots`"),
            NodeKind::Char(',') => Diagnostic::new(Code::Unreadable, span, "a comma has no place here")
                .help("statements are separated by a comma and a wide space: `, \\qquad`"),
            NodeKind::Text(_) => Diagnostic::new(Code::Unreadable, span, "words have no place inside an expression")
                .help("put a wide space before a remark: `\\quad \\text{…}`"),
            NodeKind::Char(c) => Diagnostic::new(Code::Unreadable, span, format!("`{c}` has no place here")),
            _ => Diagnostic::new(Code::Unreadable, span, "this has no place here"),
        }
    }

    pub(super) fn unknown_command(&self, name: &str, span: Span) -> Diagnostic {
        const KNOWN: &[&str] = &[
            "frac",
            "sqrt",
            "mathbf",
            "partial",
            "nabla",
            "cdot",
            "times",
            "odot",
            "otimes",
            "oslash",
            "circ",
            "sum",
            "prod",
            "sin",
            "cos",
            "tan",
            "exp",
            "ln",
            "log",
            "max",
            "min",
            "operatorname",
            "top",
            "left",
            "right",
            "begin",
            "text",
            "quad",
            "qquad",
            "alpha",
            "beta",
            "gamma",
            "delta",
            "epsilon",
            "theta",
            "lambda",
            "sigma",
            "mathbb",
            "in",
            "ne",
            "le",
            "ge",
            "dots",
            "det",
            "label",
            "eqref",
            "vec",
            "hat",
            "tanh",
            "sinh",
            "cosh",
            "arctan",
            "arcsin",
            "arccos",
            "pi",
            "phi",
            "eta",
            "mu",
            "omega",
            "ell",
            "cdots",
            "ldots",
        ];
        let (best, distance) =
            KNOWN.iter().map(|known| (*known, distance(known, name))).min_by_key(|(_, d)| *d).unwrap_or(("", usize::MAX));
        if name == "%" {
            let message = "a percent sign has no place in an expression";
            return Diagnostic::new(Code::Unreadable, span, message).help("write the number: `0.9` for `90\\%`");
        }
        if distance == 0 || super::statement::is_known_command(name) {
            let message = format!("`\\{name}` has no place here");
            let help = match name {
                "pm" | "mp" => "write one formula with `+` and one with `-`",
                _ => "what cannot be checked is left out with a reason: `\\unchecked{a limit}`",
            };
            return Diagnostic::new(Code::Unreadable, span, message).help(help);
        }
        let diagnostic = Diagnostic::new(Code::UnknownCommand, span, format!("`\\{name}` is not part of checked TeX"));
        match name {
            "rm" => diagnostic.help("write upright letters as `\\mathrm{…}`"),
            "bf" | "bold" | "mathbold" => diagnostic.help("write bold letters as `\\mathbf{…}`"),
            "it" | "cal" | "tt" | "sf" => diagnostic.help(format!("write `\\math{name}{{…}}`")),
            "R" | "N" | "Z" => diagnostic.help(format!("write `\\mathbb{{{name}}}`")),
            // In a short name every letter counts.
            _ if distance == 1 && name.len() > 2 || distance == 2 && name.len() > 3 => diagnostic.help(format!("did you mean `\\{best}`?")),
            _ => diagnostic,
        }
    }

    // ---- sums ----

    pub(super) fn sum(&mut self, c: &mut Cursor) -> Read<Expr> {
        let mut items: Vec<(bool, Item)> = Vec::new();
        let mut negative = false;
        match c.peek() {
            Some(node) if node.is_char('-') || node.is_char('−') => {
                c.next();
                negative = true;
            }
            Some(node) if node.is_char('+') => {
                c.next();
            }
            _ => {}
        }
        loop {
            match c.peek() {
                Some(node) if is_dots(node) && !c.nodes.get(c.at + 1).is_some_and(|next| self.starts_factor(next)) => {
                    c.next();
                    items.push((negative, Item::Dots(node.span)));
                }
                _ => {
                    let term = self.term(c)?;
                    items.push((negative, Item::Expr(term)));
                }
            }
            match c.peek() {
                Some(node) if node.is_char('+') => negative = false,
                Some(node) if node.is_char('-') || node.is_char('−') => negative = true,
                Some(node) if node.is_command("pm") || node.is_command("mp") => {
                    return Err(Diagnostic::new(Code::Ambiguous, node.span, "`\\pm` stands for two formulas").help("write them out"));
                }
                _ => break,
            }
            c.next();
        }
        let items = self.join_dotted_sum(items)?;
        let mut items = items.into_iter();
        let (negative, first) = items.next().expect("at least one term was read");
        let mut total = if negative { self.negate(first) } else { first };
        for (negative, term) in items {
            total = self.add(total, term, negative)?;
        }
        Ok(total)
    }

    fn negate(&self, a: Expr) -> Expr {
        let (shape, span) = (a.shape.clone(), a.span);
        // A negative number is a number.
        if let Kind::Number(value) = &a.kind {
            return expr(Kind::Number(-value.clone()), shape, span);
        }
        expr(Kind::Neg(Box::new(a)), shape, span)
    }

    pub(super) fn add(&mut self, a: Expr, b: Expr, negative: bool) -> Read<Expr> {
        let shape = self.joined(&a, &b, if negative { "subtracted" } else { "added" })?;
        let span = a.span.to(b.span);
        let kind = if negative { Kind::Sub(Box::new(a), Box::new(b)) } else { Kind::Add(Box::new(a), Box::new(b)) };
        Ok(expr(kind, shape, span))
    }

    /// The shape of an operation that acts element by element and expands scalars.
    pub(super) fn joined(&mut self, a: &Expr, b: &Expr, what: &str) -> Read<Shape> {
        let (left, right) = (self.shape(a), self.shape(b));
        if left.is_scalar() && !matches!(b.kind, Kind::Zeros) {
            return Ok(right);
        }
        if right.is_scalar() && !matches!(a.kind, Kind::Zeros) {
            return Ok(left);
        }
        if self.unknowns.unify_shapes(&left, &right) {
            return Ok(self.unknowns.resolve_shape(&left));
        }
        Err(self.misfit(a, b, format!("these two cannot be {what}: their shapes differ")))
    }

    /// A message that names the shapes of two operands.
    pub(super) fn misfit(&self, a: &Expr, b: &Expr, message: String) -> Diagnostic {
        let (left, right) = (self.shape(a), self.shape(b));
        let mut diagnostic = Diagnostic::new(Code::Shape, a.span.to(b.span), message)
            .label(a.span, format!("this is {}", self.shape_text(&left)))
            .label(b.span, format!("this is {}", self.shape_text(&right)));
        if left == right.transposed() && left != right {
            diagnostic = diagnostic.help("transpose one of them: `^\\top`");
        }
        diagnostic
    }

    // ---- terms ----

    /// Whether a sign stands between two factors.
    pub(super) fn is_operator(&self, node: &Node) -> bool {
        self.operator(node).is_some()
    }

    fn operator(&self, node: &Node) -> Option<Operator> {
        match &node.kind {
            NodeKind::Char('/') => Some(Operator::Divide),
            NodeKind::Char('·') => Some(Operator::Dot),
            NodeKind::Char('×') => Some(Operator::Times),
            NodeKind::Command(name) => {
                if self.kronecker.as_deref() == Some(name) {
                    return Some(Operator::Kronecker);
                }
                match name.as_str() {
                    "cdot" => Some(Operator::Dot),
                    "times" => Some(Operator::Times),
                    "odot" | "circ" | "otimes" => Some(Operator::Hadamard),
                    "oslash" => Some(Operator::Quotient),
                    "div" => Some(Operator::Divide),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    pub(super) fn term(&mut self, c: &mut Cursor) -> Read<Expr> {
        let start = c.at;
        self.nested(c.here(), |reader| {
            let mut list: Vec<Item> = Vec::new();
            let mut operators: Vec<(Operator, Span)> = Vec::new();
            loop {
                let begin = c.at;
                let divides = matches!(operators.last(), Some((Operator::Divide, _)));
                match c.peek() {
                    Some(node) if is_dots(node) && !operators.is_empty() => {
                        c.next();
                        list.push(Item::Dots(node.span));
                        // `\cdots x_n` after a sign: the dots multiply what follows.
                        if c.peek().is_some_and(|next| reader.starts_factor(next)) {
                            operators.push((Operator::Dot, node.span));
                            let (factor, _) = reader.product(c, true)?;
                            list.push(Item::Expr(factor));
                        }
                    }
                    _ => {
                        let minus = c.peek().is_some_and(|node| node.is_char('-') || node.is_char('−')) && !operators.is_empty();
                        if minus {
                            c.next();
                        }
                        let multiplies = matches!(operators.last(), Some((Operator::Dot | Operator::Times, _)));
                        let (factor, count) = reader.product(c, multiplies)?;
                        if divides && count > 1 {
                            let span = c.since(begin);
                            return Err(Diagnostic::new(Code::Ambiguous, span, "what is written side by side may not follow a `/`")
                                .note("one reader divides by the first factor alone, another by the whole product")
                                .help("write `\\frac{…}{…}`, or put brackets around the divisor"));
                        }
                        list.push(Item::Expr(if minus { reader.negate(factor) } else { factor }));
                        if multiplies
                            && let Some(dots) = c.peek().filter(|node| is_dots(node))
                            && c.nodes.get(c.at + 1).is_some_and(|next| reader.starts_factor(next))
                        {
                            operators.push((Operator::Dot, dots.span));
                            continue;
                        }
                    }
                }
                let Some(operator) = c.peek().and_then(|node| reader.operator(node).map(|op| (op, node.span))) else { break };
                // Between functions `\circ` composes, which `call` looks after; here it is a product.
                operators.push(operator);
                c.next();
                if c.peek().is_none() {
                    return Err(Diagnostic::new(Code::Unreadable, operator.1, "what stands right of this operator is missing"));
                }
            }
            if list.iter().any(|item| matches!(item, Item::Dots(_))) {
                if operators.iter().any(|(op, _)| !matches!(op, Operator::Dot | Operator::Times)) {
                    return Err(Diagnostic::new(
                        Code::Ellipsis,
                        c.since(start),
                        "dots join factors of one product, without other operators",
                    ));
                }
                return reader.join_dotted_product(list, c.since(start));
            }
            let mut items = list.into_iter().filter_map(|item| match item {
                Item::Expr(e) => Some(e),
                Item::Dots(_) => None,
            });
            let mut result = items.next().expect("at least one factor");
            for ((operator, span), factor) in operators.into_iter().zip(items) {
                result = reader.operate(operator, result, factor, span)?;
            }
            Ok(result)
        })
    }

    fn operate(&mut self, operator: Operator, a: Expr, b: Expr, sign: Span) -> Read<Expr> {
        let span = a.span.to(b.span);
        let (left, right) = (self.shape(&a), self.shape(&b));
        match operator {
            Operator::Dot => {
                let is_vector = |shape: &Shape| shape.rows.is_one() != shape.cols.is_one();
                if !is_vector(&left) || !is_vector(&right) {
                    return self.multiply(a, b);
                }
                if left.rows.is_one() && right.cols.is_one() {
                    return self.multiply(a, b);
                }
                if left.cols.is_one() && right.rows.is_one() {
                    return Err(Diagnostic::new(Code::Ambiguous, sign, "the dot between a column and a row has two readings")
                        .note("as a dot product it is a number, as a matrix product a matrix")
                        .label(a.span, format!("this is {}", self.shape_text(&left)))
                        .label(b.span, format!("this is {}", self.shape_text(&right)))
                        .help("write the matrix product without the dot, or transpose one of the two"));
                }
                if !self.unknowns.unify_shapes(&left, &right) {
                    return Err(self.misfit(&a, &b, "a dot product needs two vectors of one length".to_string()));
                }
                Ok(expr(Kind::Dot(Box::new(a), Box::new(b)), Shape::scalar(), span))
            }
            Operator::Times => self.multiply(a, b),
            Operator::Hadamard => {
                let shape = self.joined(&a, &b, "multiplied element by element")?;
                Ok(expr(Kind::Hadamard(Box::new(a), Box::new(b)), shape, span))
            }
            Operator::Quotient => {
                let shape = self.joined(&a, &b, "divided element by element")?;
                Ok(expr(Kind::Quotient(Box::new(a), Box::new(b)), shape, span))
            }
            Operator::Kronecker => {
                let rows = left.rows.mul(&right.rows);
                let cols = left.cols.mul(&right.cols);
                let (Some(rows), Some(cols)) = (rows, cols) else { return Err(too_large(span)) };
                Ok(expr(Kind::Kronecker(Box::new(a), Box::new(b)), Shape { rows, cols }, span))
            }
            Operator::Divide => self.divide(a, b),
        }
    }

    pub(super) fn divide(&mut self, a: Expr, b: Expr) -> Read<Expr> {
        let span = a.span.to(b.span);
        let below = self.shape(&b);
        if !below.is_scalar() {
            return Err(Diagnostic::new(Code::Shape, b.span, "one can divide by a number only")
                .label(b.span, format!("this is {}", self.shape_text(&below)))
                .help("write `\\oslash` to divide element by element, or multiply by an inverse `^{-1}`"));
        }
        let shape = self.shape(&a);
        Ok(expr(Kind::Quotient(Box::new(a), Box::new(b)), shape, span))
    }

    // ---- products ----

    /// Juxtaposed factors, and how many there were. Behind a dot, dots go on with the factors between the dots: `2 \cdot 4 \cdots 2n`.
    fn product(&mut self, c: &mut Cursor, behind_dot: bool) -> Read<(Expr, usize)> {
        let start = c.at;
        let mut list: Vec<Item> = Vec::new();
        loop {
            match c.peek() {
                Some(node) if is_dots(node) && !list.is_empty() => {
                    if behind_dot || !c.nodes.get(c.at + 1).is_some_and(|next| self.starts_factor(next)) {
                        break;
                    }
                    c.next();
                    list.push(Item::Dots(node.span));
                }
                Some(node) if self.starts_factor(node) => {
                    let factor = self.factor(c)?;
                    list.push(Item::Expr(factor));
                }
                _ => break,
            }
        }
        if list.is_empty() {
            return Err(match c.peek() {
                None => Diagnostic::new(Code::Unreadable, c.here(), "an expression is missing here"),
                Some(node) if is_dots(node) => {
                    Diagnostic::new(Code::Ellipsis, node.span, "these dots have no written element beside them to follow")
                }
                Some(node) => self.stray(node),
            });
        }
        let count = list.len();
        if list.iter().any(|item| matches!(item, Item::Dots(_))) {
            return Ok((self.join_dotted_product(list, c.since(start))?, count));
        }
        let factors = list
            .into_iter()
            .filter_map(|item| match item {
                Item::Expr(e) => Some(e),
                Item::Dots(_) => None,
            })
            .collect();
        Ok((self.product_of(factors)?, count))
    }

    /// The product of factors, from the left; where that does not fit but the other association does (`A \mathbf{x}^\top \mathbf{y}`), from
    /// the right, since a product of matrices is associative and the one reading that exists is meant.
    pub(super) fn product_of(&mut self, factors: Vec<Expr>) -> Read<Expr> {
        let from_left = factors.clone().into_iter().map(Ok).reduce(|a, b| self.multiply(a?, b?)).expect("a factor");
        match from_left {
            Err(error) if factors.len() > 2 && error.code == Code::Shape => {
                let right = factors.into_iter().map(Ok).rev().reduce(|b, a| self.multiply(a?, b?)).expect("a factor");
                right.map_err(|_| error)
            }
            result => result,
        }
    }

    /// A matrix product or a product with a scalar.
    pub(super) fn multiply(&mut self, a: Expr, b: Expr) -> Read<Expr> {
        let span = a.span.to(b.span);
        let (left, right) = (self.shape(&a), self.shape(&b));
        let shape = if left.is_scalar() {
            right
        } else if right.is_scalar() {
            left
        } else if self.unknowns.unify(&left.cols, &right.rows) {
            let shape = Shape { rows: left.rows, cols: right.cols };
            self.unknowns.resolve_shape(&shape)
        } else {
            let mut diagnostic = self.misfit(
                &a,
                &b,
                "these two cannot be multiplied: the columns of the left are not as many as the rows of the right".to_string(),
            );
            if left.cols.is_one() && right.cols.is_one() {
                diagnostic = diagnostic.help("write `\\cdot` for a dot product, `\\odot` for a product element by element");
            }
            return Err(diagnostic);
        };
        Ok(expr(Kind::Mul(Box::new(a), Box::new(b)), shape, span))
    }

    /// Whether a factor can begin with this node.
    pub(super) fn starts_factor(&self, node: &Node) -> bool {
        if is_dots(node) {
            return false;
        }
        match &node.kind {
            NodeKind::Letter(_) | NodeKind::Number(_) | NodeKind::Frac(..) | NodeKind::Sqrt(..) | NodeKind::Delimited(..) => true,
            NodeKind::Environment(..) | NodeKind::Styled(..) => true,
            NodeKind::Char(c) => matches!(c, '(' | '[' | '|' | '‖' | '∇' | '∑' | '∏'),
            NodeKind::Command(name) => {
                super::cursor::sign_at(std::slice::from_ref(node), 0).is_none()
                    && self.operator(node).is_none()
                    && !matches!(
                        name.as_str(),
                        "}" | "rbrace"
                            | "rbrack"
                            | "rvert"
                            | "rVert"
                            | "pm"
                            | "mp"
                            | "middle"
                            | "land"
                            | "lor"
                            | "wedge"
                            | "vee"
                            | "setminus"
                            | "infty"
                    )
            }
            NodeKind::Scripts(scripts) => self.starts_factor(&scripts.base) || matches!(scripts.base.kind, NodeKind::Group(_)),
            NodeKind::Text(_) => self.name_of(node).is_some(),
            NodeKind::Group(inner) => !inner.is_empty(),
            _ => false,
        }
    }

    /// A factor with what hangs on it, `\Big|_{x = 0}` included.
    pub(super) fn factor(&mut self, c: &mut Cursor) -> Read<Expr> {
        let start = c.at;
        let mut result = self.nested(c.here(), |reader| reader.atom(c))?;
        while let Some(node) = c.peek() {
            if evaluates(node) {
                let (_, scripts) = bar(node).expect("a bar");
                let sub = scripts.and_then(|s| s.sub.as_deref()).unwrap_or_default();
                c.next();
                result = self.evaluated_at(result, sub, c.since(start))?;
            } else if node.is_char('!') {
                return Err(Diagnostic::new(Code::Unreadable, node.span, "factorials are not read"));
            } else {
                break;
            }
        }
        Ok(result)
    }

    /// `\left. body \right|_{x = 2}`
    pub(super) fn evaluated_at(&mut self, body: Expr, sub: &[Node], span: Span) -> Read<Expr> {
        let mut bindings = Vec::new();
        for part in split_commas(sub) {
            let signs = relations(part);
            let [(at, Sign::Relation(Relation::Equal), length)] = signs.as_slice() else {
                return Err(Diagnostic::new(Code::Unreadable, span_of(part, span), "an evaluation is written `|_{x = 2}`"));
            };
            let variable = self.whole(&part[..*at], span)?;
            let value = self.whole(&part[at + length..], span)?;
            let Kind::Symbol(symbol) = variable.kind else {
                return Err(Diagnostic::new(Code::Unreadable, variable.span, "only a symbol can be given a value"));
            };
            let (left, right) = (self.shape(&variable), self.shape(&value));
            if !self.unknowns.unify_shapes(&left, &right) {
                return Err(self.misfit(&variable, &value, "a symbol takes values of its own shape only".to_string()));
            }
            bindings.push((symbol, value));
        }
        let shape = body.shape.clone();
        Ok(expr(Kind::Let(bindings, Box::new(body)), shape, span))
    }

    // ---- atoms ----

    fn atom(&mut self, c: &mut Cursor) -> Read<Expr> {
        let node = c.peek().expect("the caller looked");
        let span = node.span;
        if opens(node).is_some() {
            let close = matching(c.nodes, c.at)?;
            let inner = &c.nodes[c.at + 1..close];
            let (closing, scripts) = closes(&c.nodes[close]).expect("a closing bracket");
            let opening = opens(node).expect("an opening bracket");
            let pair = matches!((opening, closing), ('(', ')') | ('[', ']') | ('{', '}'));
            if !pair {
                return Err(Diagnostic::new(Code::Unbalanced, c.nodes[close].span, format!("`{opening}` is closed by `{closing}`"))
                    .label(span, "opened here"));
            }
            let whole = span.to(c.nodes[close].span);
            if opening == '('
                && let Some(callable) = self.composition(inner)
            {
                let primes = scripts.map_or(0, |s| s.primes);
                c.at = close + 1;
                return self.composed(&callable, primes, c, whole);
            }
            c.at = close + 1;
            let body = self.bracketed(opening, inner, whole)?;
            return match scripts {
                Some(scripts) => self.scripted(body, scripts.sub.as_deref(), scripts.primes, scripts.sup.as_deref(), whole),
                None => Ok(body),
            };
        }
        if let Some((kind, scripts)) = bar(node) {
            if scripts.is_some() {
                return Err(Diagnostic::new(Code::Unbalanced, span, "this bar closes nothing"));
            }
            let close = matching_bar(c.nodes, c.at)?;
            let inner = &c.nodes[c.at + 1..close];
            let (_, scripts) = bar(&c.nodes[close]).expect("a bar");
            let whole = span.to(c.nodes[close].span);
            let scripts = scripts.cloned();
            c.at = close + 1;
            // `||x||` is a norm.
            let (kind, inner) = match inner {
                [first, within @ .., _]
                    if kind == Bar::Single
                        && bar(first) == Some((Bar::Single, None))
                        && matching_bar(inner, 0).is_ok_and(|end| end + 1 == inner.len()) =>
                {
                    (Bar::Double, within)
                }
                _ => (kind, inner),
            };
            let body = self.whole(inner, whole)?;
            let (sub, primes, sup) = scripts.map_or((None, 0, None), |s| (s.sub, s.primes, s.sup));
            return self.bars(kind, body, sub.as_deref(), primes, sup.as_deref(), whole);
        }
        match &node.kind {
            NodeKind::Number(text) => {
                c.next();
                self.no_computer_number(&c.nodes[c.at - 1..], text)?;
                Ok(decimal(text, span))
            }
            NodeKind::Frac(above, below) => {
                if let Some(result) = self.derivative_fraction(above, below, c)? {
                    return Ok(result);
                }
                c.next();
                let above = self.whole(above, span)?;
                let below = self.whole(below, span)?;
                let mut quotient = self.divide(above, below)?;
                quotient.span = span;
                Ok(quotient)
            }
            NodeKind::Sqrt(degree, body) => {
                c.next();
                self.root(degree.as_deref(), body, span)
            }
            NodeKind::Delimited(open, body, close) => {
                c.next();
                if open == "("
                    && let Some(callable) = self.composition(body)
                {
                    return self.composed(&callable, 0, c, span);
                }
                self.delimited(open, body, close, None, span)
            }
            NodeKind::Environment(name, rows) => {
                c.next();
                self.environment(name, rows, span)
            }
            NodeKind::Group(inner) => {
                c.next();
                self.whole(inner, span)
            }
            NodeKind::Scripts(scripts) => {
                if let Some(result) = self.operator_atom(c)? {
                    return Ok(result);
                }
                match &scripts.base.kind {
                    NodeKind::Group(inner) if inner.is_empty() => {
                        Err(Diagnostic::new(Code::Unreadable, span, "these scripts hang on nothing"))
                    }
                    NodeKind::Delimited(open, body, close) => {
                        c.next();
                        self.delimited(open, body, close, Some(scripts), span)
                    }
                    NodeKind::Group(_)
                    | NodeKind::Frac(..)
                    | NodeKind::Sqrt(..)
                    | NodeKind::Environment(..)
                    | NodeKind::Number(_)
                    | NodeKind::Scripts(_) => {
                        c.next();
                        let base = std::slice::from_ref(&scripts.base);
                        // A fraction with a power on it is a value, so a prefix has no place there.
                        let body = self.whole(base, span)?;
                        self.scripted(body, scripts.sub.as_deref(), scripts.primes, scripts.sup.as_deref(), span)
                    }
                    _ => self.name_atom(c),
                }
            }
            _ => match self.operator_atom(c)? {
                Some(result) => Ok(result),
                None => self.name_atom(c),
            },
        }
    }

    /// What stands in a pair of brackets.
    fn bracketed(&mut self, open: char, inner: &[Node], span: Span) -> Read<Expr> {
        if inner.iter().all(is_layout) {
            return Err(Diagnostic::new(Code::Unreadable, span, "these brackets are empty"));
        }
        let commas = split_commas(inner);
        if open == '[' {
            if !relations(inner).is_empty() {
                return self.indicator(inner, span);
            }
            if commas.len() > 1 || dotted_alone(inner) {
                return self.row(&commas, span);
            }
        } else if open == '(' && !relations(inner).is_empty() {
            return Err(Diagnostic::new(Code::Ambiguous, span, "a relation in round brackets behind a factor has two readings")
                .note("one reader takes it for a condition, another for a factor that is 1 where it holds and 0 where not")
                .help("write `[z > 0]` for 0/1, and `\\quad \\text{if } z > 0` for a condition"));
        } else if commas.len() > 1 {
            return Err(Diagnostic::new(
                Code::Unreadable,
                span,
                match open {
                    '{' => "a set is no value",
                    _ => "several expressions in round brackets are the arguments of a function, and none stands before them",
                },
            )
            .help("write a row as `[a, b]` and a column as `[a, b]^\\top`"));
        }
        let mut body = self.whole(inner, span)?;
        body.span = span;
        Ok(body)
    }

    /// `[z > 0]`: 1 where it holds, 0 where not.
    pub(super) fn indicator(&mut self, inner: &[Node], span: Span) -> Read<Expr> {
        let signs = relations(inner);
        if let [(at, Sign::Relation(relation), length)] = signs.as_slice() {
            let left = self.whole(&inner[..*at], span)?;
            let right = self.whole(&inner[at + length..], span)?;
            let shape = self.joined(&left, &right, "compared")?;
            return Ok(expr(Kind::Indicator(*relation, Box::new(left), Box::new(right)), shape, span));
        }
        let condition = self.condition(inner, span)?;
        Ok(expr(Kind::IndicatorOf(Box::new(condition)), Shape::scalar(), span))
    }

    fn delimited(&mut self, open: &str, body: &[Node], close: &str, scripts: Option<&crate::tex::tree::Scripts>, span: Span) -> Read<Expr> {
        let sub = scripts.and_then(|s| s.sub.as_deref());
        let sup = scripts.and_then(|s| s.sup.as_deref());
        let primes = scripts.map_or(0, |s| s.primes);
        match (open, close) {
            ("(", ")") | ("[", "]") | ("\\{", "\\}") | ("\\lbrack", "\\rbrack") | ("\\lbrace", "\\rbrace") => {
                let c = match open {
                    "(" => '(',
                    "[" | "\\lbrack" => '[',
                    _ => '{',
                };
                let inner = self.bracketed(c, body, span)?;
                self.scripted(inner, sub, primes, sup, span)
            }
            ("|", "|") | ("\\vert", "\\vert") | ("\\lvert", "\\rvert") => {
                let inner = self.whole(body, span)?;
                self.bars(Bar::Single, inner, sub, primes, sup, span)
            }
            ("\\|", "\\|") | ("\\Vert", "\\Vert") | ("\\lVert", "\\rVert") => {
                let inner = self.whole(body, span)?;
                self.bars(Bar::Double, inner, sub, primes, sup, span)
            }
            (".", "|") | (".", "\\vert") | (".", "\\rvert") => {
                let inner = self.whole(body, span)?;
                match sub {
                    Some(sub) => self.evaluated_at(inner, sub, span),
                    None => Err(Diagnostic::new(Code::Unreadable, span, "this bar does not say at which value")
                        .help("write `\\left. … \\right|_{x = 2}`")),
                }
            }
            ("\\{" | "\\lbrace", ".") => match body.iter().filter(|n| !is_layout(n)).collect::<Vec<_>>().as_slice() {
                [Node { kind: NodeKind::Environment(name, rows), .. }] if name == "array" || name == "matrix" || name == "aligned" => {
                    self.cases(rows, span)
                }
                _ => Err(Diagnostic::new(Code::Unreadable, span, "an open brace is read before an `array` of cases only")),
            },
            _ => Err(Diagnostic::new(Code::Unreadable, span, format!("`{open}` and `{close}` are no pair of brackets"))),
        }
    }

    fn bars(&mut self, kind: Bar, body: Expr, sub: Option<&[Node]>, primes: usize, sup: Option<&[Node]>, span: Span) -> Read<Expr> {
        let shape = self.shape(&body);
        let vector = shape.rows.is_one() != shape.cols.is_one();
        match kind {
            Bar::Single => {
                let value = if shape.is_scalar() {
                    expr(Kind::Elementary(Elementary::Abs, Box::new(body)), shape, span)
                } else if vector {
                    let length = if shape.cols.is_one() { shape.rows } else { shape.cols };
                    expr(Kind::Int(length), Shape::scalar(), span)
                } else {
                    return Err(Diagnostic::new(Code::Ambiguous, span, "bars around a matrix have several readings")
                        .label(body.span, format!("this is {}", self.shape_text(&shape)))
                        .help("write `\\det(A)`, or `\\|A\\|_F` for its norm"));
                };
                self.scripted(value, sub, primes, sup, span)
            }
            Bar::Double => {
                let which = sub.map(canonical);
                let reduction = match which.as_deref() {
                    None | Some("2") if vector || shape.is_scalar() => Reduction::Norm2,
                    Some("1") if vector || shape.is_scalar() => Reduction::Norm1,
                    Some("\\infty") if vector || shape.is_scalar() => Reduction::NormInf,
                    Some("F" | "\\mathrm{F}" | "\\operatorname{F}" | "\\text{F}" | "\\mathsf{F}") => Reduction::Norm2,
                    None => {
                        return Err(Diagnostic::new(Code::Ambiguous, span, "a matrix has several norms")
                            .label(body.span, format!("this is {}", self.shape_text(&shape)))
                            .help("say which: `\\|A\\|_F` is the root of the sum of squares"));
                    }
                    Some(other) => {
                        return Err(Diagnostic::new(Code::Unreadable, span, format!("the norm with index `{other}` is not read here"))
                            .help("vectors have the norms 1, 2 and `\\infty`, matrices `F`"));
                    }
                };
                let squared = sup.is_some_and(|sup| canonical(sup) == "2") && reduction == Reduction::Norm2;
                if squared {
                    return Ok(expr(Kind::Reduce(Reduction::SquaredNorm, Box::new(body)), Shape::scalar(), span));
                }
                let value = expr(Kind::Reduce(reduction, Box::new(body)), Shape::scalar(), span);
                self.scripted(value, None, primes, sup, span)
            }
        }
    }

    fn root(&mut self, degree: Option<&[Node]>, body: &[Node], span: Span) -> Read<Expr> {
        let body = self.whole(body, span)?;
        let degree = match degree {
            None => 2,
            Some(nodes) => {
                let degree = self.whole(nodes, span)?;
                match to_int(&degree).and_then(|int| int.as_constant()) {
                    Some(value @ 2..=64) => value as u32,
                    _ => return Err(Diagnostic::new(Code::Unreadable, degree.span, "the degree of a root is a number from 2 to 64")),
                }
            }
        };
        let function = if degree == 2 { Elementary::Sqrt } else { Elementary::Root(degree) };
        self.elementary(function, body, span)
    }

    /// A function of numbers, element by element where the field means that.
    pub(super) fn elementary(&mut self, function: Elementary, body: Expr, span: Span) -> Read<Expr> {
        let shape = self.shape(&body);
        let vector = shape.rows.is_one() || shape.cols.is_one();
        if !vector && matches!(function, Elementary::Exp | Elementary::Ln | Elementary::Sqrt | Elementary::Root(_)) {
            return Err(Diagnostic::new(Code::Ambiguous, span, "of a matrix this function has two readings")
                .label(body.span, format!("this is {}", self.shape_text(&shape)))
                .note("one acts element by element, the other is the function of the matrix as a whole"));
        }
        Ok(expr(Kind::Elementary(function, Box::new(body)), shape, span))
    }

    // ---- scripts ----

    /// A value with an index, primes or a power on it.
    pub(super) fn scripted(&mut self, body: Expr, sub: Option<&[Node]>, primes: usize, sup: Option<&[Node]>, span: Span) -> Read<Expr> {
        if primes > 0 {
            return Err(Diagnostic::new(Code::Unreadable, span, "a prime differentiates a function, and this is none")
                .help("write the derivative as a fraction: `\\frac{d y}{d x}`"));
        }
        let mut result = body;
        if let Some(sub) = sub {
            let indices = self.index_list(sub, span)?;
            result = self.entry(result, &indices, span)?;
        }
        match sup {
            Some(sup) => self.power(result, sup, span),
            None => Ok(result),
        }
    }

    /// The element of a value with one or two indices.
    pub(super) fn entry(&mut self, body: Expr, indices: &[Int], span: Span) -> Read<Expr> {
        let shape = self.shape(&body);
        let one = Int::one();
        match indices {
            [i] if shape.cols.is_one() && !shape.is_scalar() => {
                self.use_index(i, &one, &shape.rows, "this vector", span)?;
                Ok(expr(Kind::Entry(Box::new(body), i.clone(), one), Shape::scalar(), span))
            }
            [j] if shape.rows.is_one() && !shape.is_scalar() => {
                self.use_index(j, &one, &shape.cols, "this row", span)?;
                Ok(expr(Kind::Entry(Box::new(body), one, j.clone()), Shape::scalar(), span))
            }
            [i, j] if !shape.is_scalar() => {
                self.use_index(i, &one, &shape.rows, "this matrix", span)?;
                self.use_index(j, &one, &shape.cols, "this matrix", span)?;
                Ok(expr(Kind::Entry(Box::new(body), i.clone(), j.clone()), Shape::scalar(), span))
            }
            _ => Err(Diagnostic::new(
                Code::Index,
                span,
                format!("{} has no element with {} indices", self.shape_text(&shape), indices.len()),
            )
            .help("a vector has one index, a matrix two")),
        }
    }

    /// The indices in a subscript: letters and digits without a comma are one index each.
    pub(super) fn index_list(&mut self, sub: &[Node], span: Span) -> Read<Vec<Int>> {
        let sub: Vec<Node> = sub.iter().filter(|node| !is_layout(node)).cloned().collect();
        let mut parts: Vec<Vec<Node>> = Vec::new();
        let commas = split_commas(&sub);
        let compact = commas.len() == 1
            && sub.iter().all(|node| matches!(&node.kind, NodeKind::Letter(_) | NodeKind::Number(_)) || self.name_of(node).is_some());
        if compact {
            for node in &sub {
                match &node.kind {
                    NodeKind::Number(digits) => {
                        parts.extend(digits.chars().map(|d| vec![Node { kind: NodeKind::Number(d.to_string()), span: node.span }]));
                    }
                    _ => parts.push(vec![node.clone()]),
                }
            }
        } else {
            parts.extend(commas.into_iter().map(<[Node]>::to_vec));
        }
        parts.into_iter().map(|part| self.index(&part, span)).collect()
    }

    /// One index: a whole number made of letters that are indices, sizes or whole numbers. An unknown letter becomes a free index.
    pub(super) fn index(&mut self, nodes: &[Node], span: Span) -> Read<Int> {
        let place = span_of(nodes, span);
        let nodes: Vec<Node> = nodes.to_vec();
        self.free_letters(&nodes);
        let value = self.counting("\\{1, \\dots, n\\}", |reader| reader.whole(&nodes, place))?;
        to_int(&value).ok_or_else(|| {
            Diagnostic::new(Code::Index, place, "an index is a whole number: an index letter, a size, a number, or a sum of them")
        })
    }

    /// Makes free indices of letters that nothing has introduced as a whole number.
    fn free_letters(&mut self, nodes: &[Node]) {
        if !self.free_allowed {
            return;
        }
        for node in nodes {
            let Some(name) = self.name_of(node) else { continue };
            if !matches!(node.kind, NodeKind::Letter(_) | NodeKind::Command(_)) {
                continue;
            }
            let whole = self.lookup(&name).is_some_and(|id| matches!(self.symbols[id].kind, SymbolKind::Whole { .. }));
            if !whole {
                let id = self.new_index(&name, None, node.span);
                let before = self.scope.set(&name, Meaning::Symbol(id));
                self.free.push((name, id, before));
            }
        }
    }

    /// A power, a transpose or an inverse.
    pub(super) fn power(&mut self, base: Expr, sup: &[Node], span: Span) -> Read<Expr> {
        let shape = self.shape(&base);
        let text = canonical(sup);
        let is_t = is_transpose;
        let t_known = text == "T" && self.lookup("T").is_some();
        if is_t(&text) && !(t_known && shape.is_scalar()) {
            if t_known && shape.rows == shape.cols {
                return Err(Diagnostic::new(Code::Ambiguous, span, "`T` is a symbol of this page, so this is a transpose or a power")
                    .help("write the transpose as `^\\top`"));
            }
            return Ok(expr(Kind::Transpose(Box::new(base)), shape.transposed(), span));
        }
        let inverse_transpose = text.strip_prefix('-').is_some_and(|rest| is_t(rest) && !(rest == "T" && self.lookup("T").is_some()));
        if text == "-1" || inverse_transpose {
            if shape.is_scalar() {
                let exponent = number(-1, span);
                return Ok(expr(Kind::Power(Box::new(base), Box::new(exponent)), shape, span));
            }
            self.square(&base, "only a square matrix has an inverse")?;
            let shape = self.unknowns.resolve_shape(&shape);
            let inverse = expr(Kind::MatrixPower(Box::new(base), Int::constant(-1)), shape.clone(), span);
            return Ok(if inverse_transpose { expr(Kind::Transpose(Box::new(inverse)), shape, span) } else { inverse });
        }
        let mut exponent = self.whole(sup, span)?;
        // What is a whole number is written as one, so that the power is a repeated product.
        if let Some(int) = to_int(&exponent) {
            exponent = int_expr(int, exponent.span);
        }
        let exponent_shape = self.shape(&exponent);
        if matches!(base.kind, Kind::Euler) {
            return self.elementary(Elementary::Exp, exponent, span);
        }
        if !exponent_shape.is_scalar() {
            return Err(Diagnostic::new(Code::Shape, exponent.span, "an exponent is a number")
                .label(exponent.span, format!("this is {}", self.shape_text(&exponent_shape)))
                .note("only `e^{\\mathbf{v}}` acts element by element"));
        }
        if shape.is_scalar() {
            return Ok(expr(Kind::Power(Box::new(base), Box::new(exponent)), shape, span));
        }
        if shape.rows.is_one() || shape.cols.is_one() {
            return Err(Diagnostic::new(Code::Shape, span, "a vector has no powers")
                .label(base.span, format!("this is {}", self.shape_text(&shape)))
                .help(
                    "write `\\mathbf{x} \\odot \\mathbf{x}` for the squares of its elements, `\\|\\mathbf{x}\\|^2` for its squared length",
                ));
        }
        self.square(&base, "only a square matrix has powers")?;
        match to_int(&exponent) {
            Some(int) => {
                let shape = self.unknowns.resolve_shape(&shape);
                Ok(expr(Kind::MatrixPower(Box::new(base), int), shape, span))
            }
            None => Err(Diagnostic::new(Code::Unreadable, exponent.span, "a matrix has whole powers only")),
        }
    }

    /// That a matrix is square.
    pub(super) fn square(&mut self, body: &Expr, message: &str) -> Read<()> {
        let shape = self.shape(body);
        if self.unknowns.unify(&shape.rows, &shape.cols) {
            return Ok(());
        }
        Err(Diagnostic::new(Code::Shape, body.span, message.to_string()).label(body.span, format!("this is {}", self.shape_text(&shape))))
    }

    // ---- matrices and cases ----

    fn environment(&mut self, name: &str, rows: &[Vec<Vec<Node>>], span: Span) -> Read<Expr> {
        match name {
            "cases" | "dcases" => self.cases(rows, span),
            "matrix" | "pmatrix" | "bmatrix" | "Bmatrix" | "smallmatrix" | "array" => self.matrix(rows, span),
            "vmatrix" => {
                let body = self.matrix(rows, span)?;
                self.square(&body, "only a square matrix has a determinant")?;
                Ok(expr(Kind::Reduce(Reduction::Determinant, Box::new(body)), Shape::scalar(), span))
            }
            _ => Err(Diagnostic::new(Code::Unreadable, span, format!("the environment `{name}` has no place inside an expression"))),
        }
    }

    /// Blocks side by side and one below the other.
    pub(super) fn blocks(&mut self, rows: Vec<Vec<Expr>>, span: Span) -> Read<Expr> {
        let mut total_rows = Int::default();
        let mut width: Option<(Int, Span)> = None;
        for row in &rows {
            let first = self.shape(&row[0]).rows;
            let mut cols = Int::default();
            for block in row {
                let shape = self.shape(block);
                if !self.unknowns.unify(&first, &shape.rows) {
                    return Err(self.misfit(&row[0], block, "blocks side by side have as many rows as each other".to_string()));
                }
                cols = cols.add(&self.unknowns.resolve(&shape.cols)).ok_or_else(|| too_large(span))?;
            }
            match &width {
                Some((width, other)) => {
                    if !self.unknowns.unify(width, &cols) {
                        let here = span_of_exprs(row, span);
                        return Err(Diagnostic::new(Code::Shape, here, "the rows of a matrix have as many columns as each other")
                            .label(*other, format!("this row has {}", self.int_text(width)))
                            .label(here, format!("this row has {}", self.int_text(&cols))));
                    }
                }
                None => width = Some((cols, span_of_exprs(row, span))),
            }
            total_rows = total_rows.add(&self.unknowns.resolve(&first)).ok_or_else(|| too_large(span))?;
        }
        let cols = width.map(|(width, _)| width).unwrap_or_default();
        let shape = self.unknowns.resolve_shape(&Shape { rows: total_rows, cols });
        // A single block is itself.
        if rows.len() == 1 && rows[0].len() == 1 {
            let mut rows = rows;
            let mut only = rows.pop().and_then(|mut row| row.pop()).expect("one block");
            only.span = span;
            return Ok(only);
        }
        Ok(expr(Kind::Blocks(rows), shape, span))
    }

    /// The branches of `cases`.
    pub(super) fn cases(&mut self, rows: &[Vec<Vec<Node>>], span: Span) -> Read<Expr> {
        let mut values: Vec<Vec<Node>> = Vec::new();
        let mut conditions: Vec<Vec<Node>> = Vec::new();
        for row in rows {
            let (value, condition) = split_case(row);
            values.push(value);
            conditions.push(condition);
        }
        if conditions.iter().all(Vec::is_empty) && rows.len() > 1 {
            // The conditions are those of another line of the derivation.
            let shared = self.shared_cases.iter().rev().find(|c| c.len() == rows.len()).cloned();
            let shared = shared.or_else(|| find_shared(&self.formula, rows.len()));
            match shared {
                Some(shared) => conditions = shared,
                None => {
                    return Err(Diagnostic::new(
                        Code::Unreadable,
                        span,
                        "these cases have no conditions, and no other line of the formula has any to share",
                    ));
                }
            }
        } else {
            self.shared_cases.push(conditions.clone());
        }
        let count = values.len();
        let mut branches: Vec<(Condition, Expr)> = Vec::new();
        let mut otherwise = None;
        let mut first: Option<Expr> = None;
        for (position, (value, condition)) in values.iter().zip(&conditions).enumerate() {
            let place = span_of(value, span);
            // A chain inside a case claims that its sides are equal there; each variant takes one of them.
            let signs = relations(value);
            let mut sides: Vec<&[Node]> = Vec::new();
            let mut start = 0;
            for (at, sign, length) in &signs {
                if *sign != Sign::Relation(Relation::Equal) {
                    return Err(Diagnostic::new(Code::Unreadable, value[*at].span, "only `=` may stand inside a case"));
                }
                sides.push(&value[start..*at]);
                start = at + length;
            }
            sides.push(&value[start..]);
            self.variants = self.variants.max(sides.len());
            let side = sides[self.variant.min(sides.len() - 1)];
            let value = self.whole(side, place)?;
            if let Some(first) = &first {
                let (a, b) = (self.shape(first), self.shape(&value));
                if !self.unknowns.unify_shapes(&a, &b) {
                    return Err(self.misfit(first, &value, "the cases have values of different shapes".to_string()));
                }
            } else {
                first = Some(value.clone());
            }
            let words = condition.iter().find_map(Node::words).unwrap_or_default();
            let is_otherwise = matches!(
                words.trim().trim_end_matches(['.', ',']).to_lowercase().as_str(),
                "otherwise" | "else" | "in all other cases" | "elsewhere"
            );
            if is_otherwise {
                if position + 1 != count {
                    return Err(Diagnostic::new(Code::Unreadable, place, "`otherwise` stands in the last case"));
                }
                otherwise = Some(Box::new(value));
            } else {
                if condition.is_empty() {
                    return Err(Diagnostic::new(Code::Unreadable, place, "this case has no condition")
                        .help("write `& \\text{otherwise}` in the last case"));
                }
                let condition = self.condition(condition, place)?;
                branches.push((condition, value));
            }
        }
        let Some(first) = first else { return Err(Diagnostic::new(Code::Unreadable, span, "there is no case here")) };
        let shape = self.shape(&first);
        Ok(expr(Kind::Cases(branches, otherwise), shape, span))
    }

    // ---- whole numbers ----

    /// Reads a whole number of a domain, which messages offer for its letters.
    fn counting<T>(&mut self, domain: &'static str, read: impl FnOnce(&mut Reader) -> Read<T>) -> Read<T> {
        let before = self.counting.replace(domain);
        let result = read(self);
        self.counting = before;
        result
    }

    /// A whole number that is written as an expression: the bound of a sum, a size.
    pub(super) fn whole_number(&mut self, nodes: &[Node], span: Span) -> Read<Int> {
        let place = span_of(nodes, span);
        let value = self.counting("\\mathbb{N}", |reader| reader.whole(nodes, place))?;
        to_int(&value).map(|int| self.unknowns.resolve(&int)).ok_or_else(|| {
            Diagnostic::new(Code::Index, value.span, "a whole number is needed here: a size, an index, or a sum or product of them")
        })
    }
}

/// The value and the condition of a row of `cases`.
fn split_case(row: &[Vec<Node>]) -> (Vec<Node>, Vec<Node>) {
    let clean = |nodes: &[Node]| -> Vec<Node> {
        let mut nodes: Vec<Node> = nodes.iter().filter(|node| !is_layout(node)).cloned().collect();
        while nodes.last().is_some_and(|node| matches!(node.kind, NodeKind::Char(',' | '.' | ';'))) {
            nodes.pop();
        }
        nodes
    };
    if row.len() > 1 {
        let value = clean(&row[0]);
        let rest: Vec<Node> = row[1..].iter().flatten().cloned().collect();
        return (value, clean(&rest));
    }
    let cell = row.first().map(Vec::as_slice).unwrap_or_default();
    match cell.iter().position(|node| matches!(node.kind, NodeKind::Text(_) | NodeKind::Wide) && super::statement::is_condition_start(node))
    {
        Some(at) => (clean(&cell[..at]), clean(&cell[at..])),
        None => (clean(cell), Vec::new()),
    }
}

/// The conditions of the first `cases` with so many rows anywhere in the formula.
fn find_shared(nodes: &[Node], rows: usize) -> Option<Vec<Vec<Node>>> {
    for node in nodes {
        let found = match &node.kind {
            NodeKind::Environment(name, list) => {
                if matches!(name.as_str(), "cases" | "dcases") && list.len() == rows {
                    let conditions: Vec<Vec<Node>> = list.iter().map(|row| split_case(row).1).collect();
                    if !conditions.iter().all(Vec::is_empty) {
                        return Some(conditions);
                    }
                }
                list.iter().flatten().find_map(|cell| find_shared(cell, rows))
            }
            NodeKind::Frac(above, below) => find_shared(above, rows).or_else(|| find_shared(below, rows)),
            NodeKind::Delimited(_, body, _) | NodeKind::Group(body) => find_shared(body, rows),
            NodeKind::Scripts(scripts) => find_shared(std::slice::from_ref(&scripts.base), rows),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Whether brackets hold nothing but one element between dots, as in `[\dots x_i \dots]`.
fn dotted_alone(inner: &[Node]) -> bool {
    inner.len() > 2 && is_dots(&inner[0]) && is_dots(&inner[inner.len() - 1])
}

/// Whether a superscript transposes.
pub(super) fn is_transpose(text: &str) -> bool {
    matches!(
        text,
        "T" | "\\top" | "\\mathsf{T}" | "\\mathrm{T}" | "\\operatorname{T}" | "\\text{T}" | "\\intercal" | "\\mathbf{T}" | "\\mathtt{T}"
    )
}

pub(super) fn too_large(span: Span) -> Diagnostic {
    Diagnostic::new(Code::Limit, span, "this size is too complicated")
}

fn span_of_exprs(list: &[Expr], otherwise: Span) -> Span {
    match (list.first(), list.last()) {
        (Some(a), Some(b)) => a.span.to(b.span),
        _ => otherwise,
    }
}

/// A number as written, exactly.
fn decimal(text: &str, span: Span) -> Expr {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().unwrap_or_default();
    let power = BigInt::from(10).pow(fraction.len() as u32);
    let value = BigRational::new(digits, power);
    if fraction.is_empty()
        && let Ok(small) = i64::try_from(value.to_integer())
    {
        return int_expr(Int::constant(small), span);
    }
    expr(Kind::Number(value), Shape::scalar(), span)
}

/// How many letters must be changed, added or dropped to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(32).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut last = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = if x == *y { last } else { 1 + last.min(row[j]).min(row[j + 1]) };
            last = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

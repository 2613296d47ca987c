//! Declarations and definitions.
//!
//! ```text
//! declaration = names "\in" space | names ":" space { "\times" space } "\to" space ;
//! names       = name { "," name } | name "_" first "," "\dots" "," name "_" last ;
//! space       = ( "\mathbb{R}" | "\mathbb{N}" | "\mathbb{Z}" ) [ "_" bound ] [ "^" size ] [ "\setminus" set ]
//!             | "\mathbb{S}" "^" size [ "_{+}" | "_{++}" ] | "\mathrm{GL}" "_" size | interval [ "^" size ] | set [ "^" size ] ;
//! definition  = ( name | name "(" names ")" ) ":=" sum ;
//! ```

use std::collections::BTreeSet;

use num_rational::BigRational;

use super::condition::bare_letter;
use super::cursor::{Cursor, closes, enclosed, is_dots, is_layout, matching, opens, split_commas, split_top};
use super::expr::{Condition, Expr, Kind, Relation, Shape, SymbolId};
use super::function::{constant, index_count, parts};
use super::int::Int;
use super::reader::{Read, Reader, expr};
use super::scope::{Meaning, family_key};
use super::symbol::{Domain, Symbol, SymbolKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind, Scripts, canonical, span_of};

/// The largest size that can be written as a number.
const LARGEST_SIZE: i64 = 1000;

/// Where declared values lie.
struct Space {
    shape: Shape,
    domain: Domain,
    /// Whether zero as a whole is left out.
    nonzero: bool,
}

fn clean(nodes: &[Node]) -> Vec<Node> {
    nodes.iter().filter(|node| !is_layout(node)).cloned().collect()
}

/// The name of a node in the form in which it is introduced, without its scripts and with them.
pub(super) fn introduced(reader: &Reader, node: &Node) -> Option<(String, String)> {
    let p = parts(node);
    let name = reader.name_of(p.base)?;
    if p.primes > 0 {
        return None;
    }
    let mut key = name.clone();
    if let Some(sub) = p.sub {
        key.push_str(&format!("_{{{}}}", canonical(sub)));
    }
    if let Some(sup) = p.sup {
        key.push_str(&format!("^{{{}}}", canonical(sup)));
    }
    Some((name, key))
}

impl Reader {
    // ---- declarations ----

    /// `names \in space`
    pub(super) fn declaration(&mut self, left: &[Node], right: &[Node], span: Span) -> Read<()> {
        self.begin_statement();
        self.free_allowed = false;
        let left = clean(left);
        let result = self.space(&clean(right), span).and_then(|space| self.declare(&left, &space, span));
        if let Err(error) = &result {
            self.break_names(&left, error);
        }
        self.end_statement();
        result
    }

    /// Makes names known as ones whose introduction failed.
    pub(super) fn break_names(&mut self, left: &[Node], error: &Diagnostic) {
        for node in split_commas(left).into_iter().flatten() {
            let Some((name, key)) = introduced(self, node) else { continue };
            let mut keys = vec![key.clone()];
            // A number is the index of this member alone.
            let numbered = parts(node).sub.is_some_and(|sub| sub.iter().all(|node| matches!(node.kind, NodeKind::Number(_))));
            if key != name && !numbered {
                keys.push(family_key(&name));
            }
            for key in keys {
                self.scope.set(&key, Meaning::Broken);
                self.broken.insert(key, node.span);
            }
            // What fails because of another name that failed is told with that one.
            if error.follows {
                self.told.insert(node.span);
            }
        }
    }

    /// Makes names known as ones whose introduction failed, of a formula that is no TeX.
    pub fn break_introduced(&mut self, left: &[Node], definition: bool, error: &Diagnostic) {
        let left = clean(left);
        let left = if definition { &left[..left.len().min(1)] } else { &left[..] };
        self.break_names(left, error);
    }

    fn declare(&mut self, left: &[Node], space: &Space, span: Span) -> Read<()> {
        let list = split_commas(left);
        let mut at = 0;
        while at < list.len() {
            if let Some((first, last, taken)) = family_names(&list[at..]) {
                self.declare_family(&list[at..at + taken - 2], first, last, space, span)?;
                at += taken;
                continue;
            }
            let [node] = list[at] else {
                return Err(not_a_name(span_of(list[at], span)));
            };
            let Some((name, key)) = introduced(self, node) else { return Err(not_a_name(node.span)) };
            if let Some(range) = self.written_index(node) {
                self.declare_members(&name, range, space, node.span);
            } else {
                self.declare_symbol(&key, space, node.span);
            }
            at += 1;
        }
        Ok(())
    }

    /// The range of a letter that was declared as an index and stands below a name: `x_i` for `i \in \{1, \dots, n\}`.
    fn written_index(&self, node: &Node) -> Option<(Int, Int)> {
        let [letter] = parts(node).sub? else { return None };
        let id = self.lookup(&bare_letter(self, letter)?)?;
        match &self.symbols[id].kind {
            SymbolKind::Whole { low: Some(low), high: Some(high), .. } => Some((low.clone(), high.clone())),
            _ => None,
        }
    }

    fn declare_symbol(&mut self, key: &str, space: &Space, span: Span) {
        let kind = match &space.domain {
            Domain::Whole(low, high) if space.shape.is_scalar() => {
                SymbolKind::Whole { low: low.clone(), high: high.clone(), dimension: false }
            }
            domain => SymbolKind::Variable { domain: domain.clone(), parameter: false },
        };
        let (id, _) = self.introduce(key, Symbol { name: key.to_string(), shape: space.shape.clone(), kind, introduced: span });
        self.introduced.push(id);
        if space.nonzero {
            let zeros = expr(Kind::Zeros, space.shape.clone(), span);
            let value = self.symbol_expr(id, span);
            self.standing.entry(id).or_default().push(Condition::Relation(Relation::NotEqual, Box::new(value), Box::new(zeros)));
        }
    }

    fn declare_members(&mut self, name: &str, range: (Int, Int), space: &Space, span: Span) {
        let kind = SymbolKind::Family { ranges: vec![range], domain: space.domain.clone() };
        let (id, _) =
            self.introduce(&family_key(name), Symbol { name: name.to_string(), shape: space.shape.clone(), kind, introduced: span });
        self.introduced.push(id);
    }

    /// `x_1, \dots, x_n`
    fn declare_family(&mut self, written: &[&[Node]], first: &Node, last: &Node, space: &Space, span: Span) -> Read<()> {
        let (name, range) = self.family_range(written, first, last, span)?;
        self.declare_members(&name, range, space, first.span);
        Ok(())
    }

    /// The name and the range of a family, whose members before the dots go up by one.
    fn family_range(&mut self, written: &[&[Node]], first: &Node, last: &Node, span: Span) -> Read<(String, (Int, Int))> {
        let place = first.span.to(last.span);
        let refuse = || {
            Diagnostic::new(Code::BadDeclaration, place, "the members of a family have one name and an index each")
                .help("write `\\mathbf{x}_1, \\dots, \\mathbf{x}_N \\in \\mathbb{R}^n`")
        };
        let (a, b) = (parts(first), parts(last));
        let name = self.name_of(a.base).ok_or_else(refuse)?;
        if self.name_of(b.base).as_ref() != Some(&name) || a.sup.is_some() || b.sup.is_some() {
            return Err(refuse());
        }
        let (Some(low), Some(high)) = (a.sub, b.sub) else { return Err(refuse()) };
        // A family may well begin at 0.
        let low = match low {
            [Node { kind: NodeKind::Number(_), .. }] => self.whole_number(low, span)?,
            _ => self.dimension(low, span)?,
        };
        let high = self.dimension(high, span)?;
        for (number, member) in written.iter().enumerate().skip(1) {
            let index = match member {
                [node] => parts(node).sub.map(|sub| self.whole_number(sub, node.span)).transpose()?,
                _ => None,
            };
            if index.and_then(|index| index.sub(&low)) != Some(Int::constant(number as i64)) {
                return Err(Diagnostic::new(Code::Ellipsis, span_of(member, place), "these members do not go up by one")
                    .help("write `x_1, x_2, \\dots, x_n`"));
            }
        }
        Ok((name, (low, high)))
    }

    /// `f, g : \mathbb{R}^n \to \mathbb{R}`
    pub(super) fn function_declaration(&mut self, left: &[Node], from: &[Node], to: &[Node], span: Span) -> Read<()> {
        self.begin_statement();
        self.free_allowed = false;
        let left = clean(left);
        let result = self.declare_functions(&left, &clean(from), &clean(to), span);
        if let Err(error) = &result {
            self.break_names(&left, error);
        }
        self.end_statement();
        result
    }

    fn declare_functions(&mut self, left: &[Node], from: &[Node], to: &[Node], span: Span) -> Read<()> {
        let mut spaces = Vec::new();
        for part in split_top(from, |node| node.is_command("times")) {
            spaces.push(self.space(part, span)?);
        }
        let value = self.space(to, span)?;
        if matches!(value.domain, Domain::Set(_) | Domain::Whole(..)) {
            return Err(Diagnostic::new(
                Code::BadDeclaration,
                span_of(to, span),
                "a declared function is smooth, and its values are real numbers",
            )
            .help("declare it with values in `\\mathbb{R}`, or define it by cases"));
        }
        let list = split_commas(left);
        let mut at = 0;
        while at < list.len() {
            let parameters: Vec<SymbolId> = spaces
                .iter()
                .map(|space| {
                    let kind = SymbolKind::Variable { domain: space.domain.clone(), parameter: true };
                    self.symbols.add(Symbol { name: "\\cdot".to_string(), shape: space.shape.clone(), kind, introduced: span })
                })
                .collect();
            if let Some((first, last, taken)) = family_names(&list[at..]) {
                let (name, range) = self.family_range(&list[at..at + taken - 2], first, last, span)?;
                let kind = SymbolKind::FunctionFamily { range, parameters };
                let (id, _) = self.introduce(&family_key(&name), Symbol { name, shape: value.shape.clone(), kind, introduced: first.span });
                self.introduced.push(id);
                at += taken;
                continue;
            }
            let [node] = list[at] else { return Err(not_a_name(span_of(list[at], span))) };
            let Some((_, key)) = introduced(self, node) else { return Err(not_a_name(node.span)) };
            let kind = SymbolKind::Function { parameters, body: None, range: value.domain.clone() };
            let (id, _) = self.introduce(&key, Symbol { name: key.clone(), shape: value.shape.clone(), kind, introduced: node.span });
            self.introduced.push(id);
            at += 1;
        }
        Ok(())
    }

    // ---- spaces ----

    /// The conditions that a value lies in a space, whose shape is its own; a domain of numbers is that of each element.
    pub(super) fn lies_in(&mut self, value: Expr, nodes: &[Node], span: Span) -> Read<Vec<Condition>> {
        let space = self.space(&clean(nodes), span)?;
        let shape = self.shape(&value);
        if !space.shape.is_scalar() && !self.unknowns.unify_shapes(&shape, &space.shape) {
            return Err(Diagnostic::new(Code::Shape, span, "what stands here has another shape than its domain")
                .label(value.span, format!("this is {}", self.shape_text(&shape)))
                .label(span_of(nodes, span), format!("this is for {}", self.shape_text(&space.shape))));
        }
        let mut all = Vec::new();
        if space.nonzero {
            let zeros = expr(Kind::Zeros, space.shape, span);
            all.push(Condition::Relation(Relation::NotEqual, Box::new(value.clone()), Box::new(zeros)));
        }
        all.push(Condition::In(Box::new(value), space.domain));
        Ok(all)
    }

    fn space(&mut self, nodes: &[Node], span: Span) -> Read<Space> {
        let place = span_of(nodes, span);
        let unknown = || {
            Diagnostic::new(Code::BadDeclaration, place, "this domain is not known")
                .note("known are `\\mathbb{R}`, `\\mathbb{R}_{>0}`, `\\mathbb{R}^n`, `\\mathbb{R}^{m \\times n}`, `\\mathbb{N}`, `\\mathbb{Z}`, `\\mathbb{S}^n`, `\\mathbb{S}^n_{++}`, `\\mathrm{GL}_n`, `(0, 1)`, `[0, 1]`, `\\{-1, 1\\}`, `\\{1, \\dots, n\\}`")
        };
        let Some(first) = nodes.first() else {
            return Err(Diagnostic::new(Code::BadDeclaration, place, "a domain is missing here").help("write `x \\in \\mathbb{R}`"));
        };
        if let Some(at) = nodes.iter().position(|node| node.is_command("setminus") || node.is_command("backslash") || node.is_char('∖')) {
            let mut space = self.space(&nodes[..at], span)?;
            let (inner, sup) = set_parts(&nodes[at + 1..]).ok_or_else(unknown)?;
            if sup.is_some() || space.domain != Domain::Reals {
                return Err(unknown());
            }
            if !space.shape.is_scalar() {
                let zero = canonical(&clean(&inner));
                if !matches!(zero.as_str(), "0" | "\\mathbf{0}" | "\\boldsymbol{0}") {
                    return Err(unknown());
                }
                space.nonzero = true;
                return Ok(space);
            }
            space.domain = Domain::Without(self.constants(&inner, place)?);
            return Ok(space);
        }
        let p = parts(first);
        let letters = match &p.base.kind {
            NodeKind::Styled(style, inner) if matches!(style.as_str(), "mathbb" | "mathrm" | "operatorname" | "mathbf") => {
                Some((style.as_str(), canonical(inner)))
            }
            NodeKind::Letter('ℝ') => Some(("mathbb", "R".to_string())),
            NodeKind::Letter('ℕ') => Some(("mathbb", "N".to_string())),
            NodeKind::Letter('ℤ') => Some(("mathbb", "Z".to_string())),
            _ => None,
        };
        if let Some((style, letters)) = letters {
            return match (style, letters.as_str()) {
                ("mathbb", "R") if nodes.len() == 1 => {
                    let shape = self.sizes(p.sup, place)?;
                    let domain = match p.sub {
                        None => Domain::Reals,
                        Some(sub) => self.bound(sub, place)?.ok_or_else(unknown)?,
                    };
                    Ok(Space { shape, domain, nonzero: false })
                }
                ("mathbb", "N" | "Z") if nodes.len() == 1 => {
                    let shape = self.sizes(p.sup, place)?;
                    let least = if letters == "N" { Some(Int::one()) } else { None };
                    let domain = match p.sub.map(canonical).as_deref() {
                        None => Domain::Whole(least, None),
                        Some("0") => Domain::Whole(Some(Int::constant(0)), None),
                        Some("+") => Domain::Whole(Some(Int::one()), None),
                        Some(_) => match self.bound(p.sub.unwrap_or_default(), place)? {
                            Some(Domain::Interval { low, high }) => {
                                // The first whole number inside, and the last.
                                let whole = |value: BigRational| value.to_integer().try_into().ok().map(Int::constant);
                                let one = || BigRational::from_integer(1.into());
                                let first =
                                    |(value, closed): (BigRational, bool)| whole(if closed { value.ceil() } else { value.floor() + one() });
                                let last =
                                    |(value, closed): (BigRational, bool)| whole(if closed { value.floor() } else { value.ceil() - one() });
                                Domain::Whole(if low.is_some() { low.and_then(first) } else { least }, high.and_then(last))
                            }
                            _ => return Err(unknown()),
                        },
                    };
                    Ok(Space { shape, domain, nonzero: false })
                }
                ("mathbb", "S") if nodes.len() == 1 => {
                    let n = self.dimension(p.sup.ok_or_else(unknown)?, place)?;
                    let domain = match p.sub.map(canonical).as_deref() {
                        None => Domain::Symmetric,
                        Some("++") => Domain::PositiveDefinite,
                        Some("+") => Domain::PositiveSemidefinite,
                        Some(_) => return Err(unknown()),
                    };
                    Ok(Space { shape: Shape::matrix(n.clone(), n), domain, nonzero: false })
                }
                (_, "GL") => {
                    // `\mathrm{GL}_n`, `\mathrm{GL}_n(\mathbb{R})`, `\mathrm{GL}(n)`, `\mathrm{GL}(n, \mathbb{R})`
                    let arguments: Vec<&[Node]> = match enclosed(&nodes[1..])? {
                        Some(('(', inner)) => split_commas(inner),
                        None if nodes.len() == 1 => Vec::new(),
                        _ => return Err(unknown()),
                    };
                    let (n, field) = match (p.sub, arguments.as_slice()) {
                        (Some(sub), []) => (sub, None),
                        (Some(sub), [field]) => (sub, Some(*field)),
                        (None, [n]) => (*n, None),
                        (None, [n, field]) => (*n, Some(*field)),
                        _ => return Err(unknown()),
                    };
                    if field.is_some_and(|field| !matches!(canonical(field).as_str(), "\\mathbb{R}" | "ℝ")) {
                        return Err(unknown());
                    }
                    let n = self.dimension(n, place)?;
                    Ok(Space { shape: Shape::matrix(n.clone(), n), domain: Domain::Invertible, nonzero: false })
                }
                _ => Err(unknown()),
            };
        }
        if let Some((inner, sup)) = set_parts(nodes) {
            let shape = self.sizes(sup.as_deref(), place)?;
            if inner.iter().any(is_dots) {
                let mut set = vec![Node { kind: NodeKind::Delimited("\\{".to_string(), inner, "\\}".to_string()), span: place }];
                for node in self.size_names(&set) {
                    self.introduce_size(&node);
                }
                let (low, high) = self.index_set(&mut set, place)?;
                return Ok(Space { shape, domain: Domain::Whole(Some(low), Some(high)), nonzero: false });
            }
            return Ok(Space { shape, domain: Domain::Set(self.constants(&inner, place)?), nonzero: false });
        }
        if let Some((open, inner, close, sup)) = interval_parts(nodes) {
            let shape = self.sizes(sup.as_deref(), place)?;
            let ends = split_commas(&inner);
            let [low, high] = ends.as_slice() else { return Err(unknown()) };
            let reversed = infinite(low) == Some(true) || infinite(high) == Some(false);
            let low = self.end(low, place)?.map(|value| (value, open == '['));
            let high = self.end(high, place)?.map(|value| (value, close == ']'));
            if reversed || low.as_ref().zip(high.as_ref()).is_some_and(|((low, _), (high, _))| low >= high) {
                return Err(Diagnostic::new(Code::BadDeclaration, place, "this interval is empty"));
            }
            return Ok(Space { shape, domain: Domain::Interval { low, high }, nonzero: false });
        }
        Err(unknown())
    }

    /// `>0`, `\ge 0`, `+`
    fn bound(&mut self, sub: &[Node], place: Span) -> Read<Option<Domain>> {
        let sub = clean(sub);
        let zero = BigRational::from_integer(0.into());
        match canonical(&sub).as_str() {
            "+" => return Ok(Some(Domain::Interval { low: Some((zero, true)), high: None })),
            "++" => return Ok(Some(Domain::Interval { low: Some((zero, false)), high: None })),
            _ => {}
        }
        let Some((super::cursor::Sign::Relation(relation), length)) = super::cursor::sign_at(&sub, 0) else { return Ok(None) };
        let Some(value) = self.end(&sub[length..], place)? else { return Ok(None) };
        Ok(Some(match relation {
            Relation::Greater => Domain::Interval { low: Some((value, false)), high: None },
            Relation::GreaterOrEqual => Domain::Interval { low: Some((value, true)), high: None },
            Relation::Less => Domain::Interval { low: None, high: Some((value, false)) },
            Relation::LessOrEqual => Domain::Interval { low: None, high: Some((value, true)) },
            Relation::NotEqual => Domain::Without(vec![value]),
            Relation::Equal => return Ok(None),
        }))
    }

    /// The end of an interval; none where it is infinite.
    fn end(&mut self, nodes: &[Node], place: Span) -> Read<Option<BigRational>> {
        let nodes = clean(nodes);
        if infinite(&nodes).is_some() {
            return Ok(None);
        }
        let value = self.whole(&nodes, place)?;
        if let Some(number) = constant(&value) {
            return Ok(Some(number));
        }
        match self.number_of(&value) {
            Some(number) => Ok(Some(number)),
            None => Err(Diagnostic::new(Code::BadDeclaration, value.span, "the end of an interval is a number")
                .help("declare the symbol with `\\mathbb{R}` and put the bound into a condition")),
        }
    }

    /// A number in which π, e and roots occur, to sixteen digits.
    fn number_of(&self, value: &Expr) -> Option<BigRational> {
        let number = |value: &Expr| self.number_of(value);
        match &value.kind {
            Kind::Pi => BigRational::from_float(std::f64::consts::PI),
            Kind::Euler => BigRational::from_float(std::f64::consts::E),
            Kind::Neg(a) => Some(-number(a)?),
            Kind::Add(a, b) => Some(number(a)? + number(b)?),
            Kind::Sub(a, b) => Some(number(a)? - number(b)?),
            Kind::Mul(a, b) => Some(number(a)? * number(b)?),
            Kind::Quotient(a, b) => {
                let below = number(b)?;
                (below != BigRational::from_integer(0.into())).then(|| number(a).map(|above| above / below)).flatten()
            }
            _ => constant(value),
        }
    }

    fn constants(&mut self, inner: &[Node], place: Span) -> Read<Vec<BigRational>> {
        let mut list = Vec::new();
        for part in split_commas(inner) {
            match self.end(part, place)? {
                Some(value) => list.push(value),
                None => return Err(Diagnostic::new(Code::BadDeclaration, place, "a set holds numbers")),
            }
        }
        Ok(list)
    }

    fn sizes(&mut self, sup: Option<&[Node]>, place: Span) -> Read<Shape> {
        let Some(sup) = sup else { return Ok(Shape::scalar()) };
        let sides = split_top(sup, |node| node.is_command("times") || node.is_char('×'));
        match sides.as_slice() {
            [n] => Ok(Shape::column(self.dimension(n, place)?)),
            [m, n] => Ok(Shape::matrix(self.dimension(m, place)?, self.dimension(n, place)?)),
            _ => Err(Diagnostic::new(
                Code::BadDeclaration,
                place,
                "a size is written `n` or `m \\times n`: there are no arrays of higher order here",
            )),
        }
    }

    /// A size; letters that are new become dimensions.
    fn dimension(&mut self, nodes: &[Node], place: Span) -> Read<Int> {
        let nodes = clean(nodes);
        let here = span_of(&nodes, place);
        for node in self.size_names(&nodes) {
            self.introduce_size(&node);
        }
        let value = self.whole_number(&nodes, here)?;
        if let Some(number) = value.as_constant()
            && number < 1
        {
            return Err(Diagnostic::new(Code::BadDeclaration, here, "a size is at least one"));
        }
        if value.as_constant().is_some_and(|number| number > LARGEST_SIZE) {
            return Err(Diagnostic::new(
                Code::Limit,
                here,
                format!("a size may be {LARGEST_SIZE} at most: values are drawn for every element"),
            ));
        }
        // A natural number that is a size is drawn small.
        for id in value.symbols().collect::<BTreeSet<_>>() {
            if let SymbolKind::Whole { low, high: None, dimension } = &mut self.symbols[id].kind {
                *dimension = true;
                if low.as_ref().and_then(Int::as_constant).is_none_or(|low| low < 1) {
                    *low = Some(Int::one());
                }
            }
        }
        Ok(value)
    }

    /// The nodes in a size that are names.
    fn size_names(&self, nodes: &[Node]) -> Vec<Node> {
        let mut found = Vec::new();
        for node in nodes {
            match &node.kind {
                NodeKind::Letter(_) | NodeKind::Command(_) => found.push(node.clone()),
                NodeKind::Scripts(scripts) if self.name_of(&scripts.base).is_some() => found.push(node.clone()),
                NodeKind::Scripts(scripts) => found.extend(self.size_names(std::slice::from_ref(&scripts.base))),
                NodeKind::Group(inner) | NodeKind::Delimited(_, inner, _) => found.extend(self.size_names(inner)),
                NodeKind::Frac(a, b) => {
                    found.extend(self.size_names(a));
                    found.extend(self.size_names(b));
                }
                _ => {}
            }
        }
        found
    }

    fn introduce_size(&mut self, node: &Node) {
        let p = parts(node);
        let Some((name, key)) = introduced(self, node) else { return };
        if self.scope.get(&key).is_some() {
            return;
        }
        // A power of a size is none of its names; what stands in brackets above one is.
        if let (NodeKind::Scripts(scripts), Some(sup)) = (&node.kind, p.sup)
            && !sup.first().is_some_and(|first| opens(first).is_some() || matches!(first.kind, NodeKind::Delimited(..)))
        {
            let below = Node { kind: NodeKind::Scripts(Box::new(Scripts { sup: None, ..(**scripts).clone() })), span: node.span };
            let known = introduced(self, &below).is_some_and(|(_, key)| self.scope.get(&key).is_some());
            if known || canonical(sup).parse::<u32>().is_ok() {
                return self.introduce_size(&below);
            }
        }
        if p.sub.is_some_and(|sub| self.element_symbol(&name, index_count(sub)).is_some()) {
            return;
        }
        let kind = SymbolKind::Whole { low: Some(Int::one()), high: None, dimension: true };
        let (id, _) = self.introduce(&key, Symbol { name: key.clone(), shape: Shape::scalar(), kind, introduced: node.span });
        self.introduced.push(id);
    }

    // ---- definitions ----

    /// `name := value`, `f(x) := value`, `e_i := value`; the equation between the two.
    pub(super) fn definition(&mut self, left: &[Node], right: &[Node], span: Span) -> Read<Option<(Expr, Expr)>> {
        let left = clean(left);
        let result = self.define(&left, right, span);
        if let Err(error) = &result {
            self.break_names(&left[..left.len().min(1)], error);
        }
        self.defining = None;
        self.previous = None;
        result
    }

    fn define(&mut self, left: &[Node], right: &[Node], span: Span) -> Read<Option<(Expr, Expr)>> {
        let place = span_of(left, span);
        let Some(node) = left.first() else { return Err(not_a_name(place)) };
        let Some((name, key)) = introduced(self, node) else { return Err(not_a_name(node.span)) };
        let letters: Vec<String> = match parts(node).sub {
            Some(sub) if parts(node).sup.is_none() => {
                let nodes = clean(sub);
                let letters: Vec<String> = nodes.iter().filter(|n| !n.is_char(',')).filter_map(|n| bare_letter(self, n)).collect();
                if letters.len() == nodes.iter().filter(|n| !n.is_char(',')).count() { letters } else { Vec::new() }
            }
            _ => Vec::new(),
        };
        let mut cursor = Cursor::new(left, place);
        cursor.next();
        let arguments = self.arguments(&mut cursor, false)?;
        if cursor.peek().is_some() {
            return Err(not_a_name(place).note("on the left of `:=` stands a name, or a function with the names of its parameters"));
        }
        self.defining = Some((key.clone(), letters.first().map(|_| family_key(&name))));
        self.begin_statement();
        self.previous = self.lookup(&key);
        let attempt = |reader: &mut Reader, letters: &[String]| match &arguments {
            Some((list, None, _)) => reader.define_function(&name, &key, letters, list, right, node.span).map(|()| None),
            Some((_, Some(_), end)) => Err(not_a_name(*end)),
            None => reader.define_symbol(&name, &key, letters, right, node.span),
        };
        let mut outcome = attempt(self, &letters);
        // A letter that is a variable or a function, and runs through nothing, is a part of the name: `h_\theta`, `H_f`.
        let whole = |id: SymbolId| matches!(self.symbols[id].kind, SymbolKind::Whole { .. });
        let known: Option<Vec<SymbolId>> = letters.iter().map(|letter| self.lookup(letter)).collect();
        if let (Err(first), Some(known)) = (&outcome, known)
            && known.iter().any(|id| !whole(*id))
        {
            let first = first.clone();
            self.begin_statement();
            outcome = attempt(self, &[]).map_err(|_| first);
        }
        self.end_statement();
        outcome
    }

    /// Binds the letters of a family while its member is read.
    fn bind_letters(&mut self, letters: &[String], span: Span) -> Vec<(String, SymbolId, Option<Meaning>)> {
        letters
            .iter()
            .map(|letter| {
                let range = self.lookup(letter).and_then(|id| match &self.symbols[id].kind {
                    SymbolKind::Whole { low: Some(low), high: Some(high), .. } => Some((low.clone(), high.clone())),
                    _ => None,
                });
                let id = self.new_index(letter, range, span);
                if let Some(state) = self.indices.get_mut(&id) {
                    state.defining = true;
                }
                let before = self.scope.set(letter, Meaning::Symbol(id));
                (letter.clone(), id, before)
            })
            .collect()
    }

    fn unbind_letters(&mut self, bound: &[(String, SymbolId, Option<Meaning>)]) {
        for (letter, _, before) in bound.iter().rev() {
            self.scope.restore(letter, *before);
        }
    }

    /// The ranges of the letters, where the value that was read used all of them.
    fn letter_ranges(
        &mut self,
        bound: &[(String, SymbolId, Option<Meaning>)],
        value: &Expr,
        name: &str,
        span: Span,
    ) -> Read<Option<Vec<(SymbolId, Int, Int)>>> {
        let mut used = BTreeSet::new();
        super::walk::all_ints(value, &mut |int| used.extend(int.symbols()));
        let count = bound.iter().filter(|(_, id, _)| used.contains(id)).count();
        if count == 0 {
            return Ok(None);
        }
        let mut ranges = Vec::new();
        for (letter, id, _) in bound {
            match self.range_of(*id) {
                Ok(range) => ranges.push((*id, range.low, range.high)),
                Err(_) => {
                    return Err(Diagnostic::new(Code::Index, span, format!("nothing says how far the index `{letter}` of `{name}` runs"))
                        .help(format!("declare it first: `{letter} \\in \\{{1, \\dots, n\\}}`")));
                }
            }
        }
        Ok(Some(ranges))
    }

    fn define_symbol(&mut self, name: &str, key: &str, letters: &[String], right: &[Node], span: Span) -> Read<Option<(Expr, Expr)>> {
        let bound = self.bind_letters(letters, span);
        self.free_allowed = false;
        let value = self.whole(right, span);
        self.unbind_letters(&bound);
        let value = value?;
        self.settle_units()?;
        let array = self.array_of(name, bound.len());
        if let Some(sizes) = &array {
            self.range_over(&bound, sizes);
        }
        let ranges = if bound.is_empty() { Ok(None) } else { self.letter_ranges(&bound, &value, name, span) };
        let number = |letter: &String| self.lookup(letter).is_some_and(|id| matches!(self.symbols[id].kind, SymbolKind::Whole { .. }));
        if ranges.is_err() && letters.iter().all(number) {
            // The letter of a declared number runs through nothing: it is a part of the name.
            self.begin_statement();
            return self.define_symbol(name, key, &[], right, span);
        }
        let ranges = ranges?;
        let value = self.finish(value)?;
        let conditions = self.take_size_conditions()?;
        let shape = value.shape.clone();
        let equation;
        let id = match ranges {
            Some(ranges) => {
                let mut indices = Vec::new();
                for (id, low, high) in ranges {
                    indices.push((id, self.unknowns.resolve(&low), self.unknowns.resolve(&high)));
                }
                equation = None;
                match array.filter(|array| shape.is_scalar() && array.runs_through(&indices)) {
                    Some(array) => self.define_elements(array, &indices, value, span),
                    None => {
                        let kind = SymbolKind::DefinedFamily { indices, member: value };
                        self.introduce(&family_key(name), Symbol { name: name.to_string(), shape, kind, introduced: span }).0
                    }
                }
            }
            None => {
                let kind = SymbolKind::Defined(value.clone());
                let (id, _) = self.introduce(key, Symbol { name: key.to_string(), shape, kind, introduced: span });
                equation = Some((self.symbol_expr(id, span), value));
                id
            }
        };
        self.introduced.push(id);
        if !conditions.is_empty() {
            self.standing.insert(id, conditions);
        }
        Ok(equation)
    }

    /// The vector or matrix whose elements a name with so many indices means.
    fn array_of(&self, name: &str, indices: usize) -> Option<Array> {
        let id = self.element_symbol(name, indices)?;
        let Symbol { name, shape, kind, .. } = &self.symbols[id];
        matches!(kind, SymbolKind::Variable { parameter: false, .. } | SymbolKind::Defined(_))
            .then(|| Array { name: name.clone(), shape: shape.clone() })
    }

    /// New letters for which nothing else says how far they run go through a whole array.
    fn range_over(&mut self, bound: &[(String, SymbolId, Option<Meaning>)], array: &Array) {
        for ((_, letter, before), size) in bound.iter().zip(array.sizes()) {
            if before.is_none()
                && let Some(state) = self.indices.get_mut(letter)
            {
                state.fallback.get_or_insert((Int::one(), size));
            }
        }
    }

    /// An array by its general element: from here on it is what its elements are.
    fn define_elements(&mut self, array: Array, indices: &[(SymbolId, Int, Int)], element: Expr, span: Span) -> SymbolId {
        let one = self.new_index("j", Some((Int::one(), Int::one())), span);
        let (row, col) = match indices {
            [(row, ..), (col, ..)] => (*row, *col),
            [(index, ..), ..] if array.shape.cols.is_one() => (*index, one),
            [(index, ..), ..] => (one, *index),
            [] => (one, one),
        };
        let body = expr(Kind::Tabulate(row, col, Box::new(element)), array.shape.clone(), span);
        let kind = SymbolKind::Defined(body);
        self.introduce(&array.name, Symbol { name: array.name.clone(), shape: array.shape, kind, introduced: span }).0
    }

    fn define_function(&mut self, name: &str, key: &str, letters: &[String], list: &[Vec<Node>], right: &[Node], span: Span) -> Read<()> {
        let mut parameters: Vec<(String, SymbolId)> = Vec::new();
        for nodes in list {
            let nodes = clean(nodes);
            let [node] = nodes.as_slice() else {
                return Err(Diagnostic::new(Code::BadDeclaration, span_of(&nodes, span), "the parameters of a function are names")
                    .help("write `f(x, y) := …`"));
            };
            let Some((_, parameter)) = introduced(self, node) else { return Err(not_a_name(node.span)) };
            if parameters.iter().any(|(other, _)| *other == parameter) {
                return Err(Diagnostic::new(Code::BadDeclaration, node.span, "this function has two parameters of one name"));
            }
            let known = self.lookup(&parameter);
            let (shape, kind) = match known.map(|id| (&self.symbols[id].shape, &self.symbols[id].kind)) {
                Some((_, SymbolKind::Whole { low, high, .. })) => {
                    (Shape::scalar(), SymbolKind::Whole { low: low.clone(), high: high.clone(), dimension: false })
                }
                Some((shape, SymbolKind::Variable { domain, .. })) => {
                    (shape.clone(), SymbolKind::Variable { domain: domain.clone(), parameter: true })
                }
                Some((shape, SymbolKind::Defined(_))) => (shape.clone(), SymbolKind::Variable { domain: Domain::Reals, parameter: true }),
                _ if parameter.contains("mathbf") || parameter.contains("boldsymbol") => {
                    return Err(self
                        .undeclared(&parameter, node.span)
                        .note("the shape of a parameter is that of the variable of its name"));
                }
                _ => (Shape::scalar(), SymbolKind::Variable { domain: Domain::Reals, parameter: true }),
            };
            let id = self.symbols.add(Symbol { name: parameter.clone(), shape, kind, introduced: node.span });
            parameters.push((parameter, id));
        }
        let before: Vec<(String, Option<Meaning>)> =
            parameters.iter().map(|(parameter, id)| (parameter.clone(), self.scope.set(parameter, Meaning::Symbol(*id)))).collect();
        let bound = self.bind_letters(letters, span);
        self.free_allowed = false;
        let value = self.whole(right, span);
        self.unbind_letters(&bound);
        for (parameter, meaning) in before.into_iter().rev() {
            self.scope.restore(&parameter, meaning);
        }
        let value = value?;
        self.settle_units()?;
        let ranges = if bound.is_empty() { None } else { self.letter_ranges(&bound, &value, name, span)? };
        let value = self.finish(value)?;
        let conditions = self.take_size_conditions()?;
        let shape = value.shape.clone();
        let kind = SymbolKind::Function {
            parameters: parameters.into_iter().map(|(_, id)| id).collect(),
            body: Some(value),
            range: Domain::Reals,
        };
        let key = if ranges.is_some() { family_key(name) } else { key.to_string() };
        let shown = if ranges.is_some() { name.to_string() } else { key.clone() };
        let (id, _) = self.introduce(&key, Symbol { name: shown, shape, kind, introduced: span });
        self.introduced.push(id);
        if let Some(ranges) = ranges {
            let [(letter, low, high)] = ranges.as_slice() else {
                return Err(Diagnostic::new(Code::BadDeclaration, span, "a family of functions has one index"));
            };
            let range = (*letter, self.unknowns.resolve(low), self.unknowns.resolve(high));
            self.function_indices.insert(id, range);
        }
        if !conditions.is_empty() {
            self.standing.insert(id, conditions);
        }
        Ok(())
    }
}

/// A vector or matrix that a page gives by its elements.
struct Array {
    name: String,
    shape: Shape,
}

impl Array {
    /// How far each index of an element runs.
    fn sizes(&self) -> Vec<Int> {
        [&self.shape.rows, &self.shape.cols].into_iter().filter(|size| !size.is_one()).cloned().collect()
    }

    /// Whether these indices reach all its elements and no more.
    fn runs_through(&self, indices: &[(SymbolId, Int, Int)]) -> bool {
        let sizes = self.sizes();
        sizes.len() == indices.len() && sizes.iter().zip(indices).all(|(size, (_, low, high))| low.is_one() && high == size)
    }
}

/// Whether the end of an interval is infinite: above, or below.
fn infinite(nodes: &[Node]) -> Option<bool> {
    let is_infinite = |node: &Node| node.is_command("infty") || node.is_char('∞');
    match clean(nodes).as_slice() {
        [end] if is_infinite(end) => Some(true),
        [sign, end] if is_infinite(end) => match sign.kind {
            NodeKind::Char('+') => Some(true),
            NodeKind::Char('-' | '−') => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn not_a_name(span: Span) -> Diagnostic {
    Diagnostic::new(Code::BadDeclaration, span, "a name is needed here")
        .help("names are letters, bold or with an accent, words in `\\operatorname{…}`, and these with an index or a bracketed superscript")
}

/// The first and the last member of a family, and how many parts between commas it takes.
fn family_names<'n>(list: &[&'n [Node]]) -> Option<(&'n Node, &'n Node, usize)> {
    let dots = list.iter().position(|part| !part.is_empty() && part.iter().all(is_dots))?;
    if dots == 0 || dots + 1 >= list.len() {
        return None;
    }
    let ([first], [last]) = (list[0], list[dots + 1]) else { return None };
    // What stands before the dots has the same name.
    let base = |node: &Node| parts(node).base.canonical();
    list[..dots].iter().all(|part| matches!(part, [node] if base(node) == base(first))).then_some((first, last, dots + 2))
}

/// What stands in the braces of a set, and its power.
fn set_parts(nodes: &[Node]) -> Option<(Vec<Node>, Option<Vec<Node>>)> {
    let delimited = |node: &Node| match &node.kind {
        NodeKind::Delimited(open, body, close) if (open == "\\{" || open == "\\lbrace") && (close == "\\}" || close == "\\rbrace") => {
            Some(body.clone())
        }
        _ => None,
    };
    match nodes {
        [node] => {
            if let Some(body) = delimited(node) {
                return Some((body, None));
            }
            let p = parts(node);
            delimited(p.base).filter(|_| p.sub.is_none()).map(|body| (body, p.sup.map(<[Node]>::to_vec)))
        }
        _ if nodes.first().and_then(opens) == Some('{') => {
            let close = matching(nodes, 0).ok()?;
            if close + 1 != nodes.len() {
                return None;
            }
            let (bracket, scripts) = closes(&nodes[close])?;
            (bracket == '}').then(|| (nodes[1..close].to_vec(), scripts.and_then(|s| s.sup.clone())))
        }
        _ => None,
    }
}

/// An opening bracket, what stands behind it, the closing bracket, and a power.
type Interval = (char, Vec<Node>, char, Option<Vec<Node>>);

/// The brackets of an interval, what stands in them, and its power.
fn interval_parts(nodes: &[Node]) -> Option<Interval> {
    bracketed(nodes).filter(|(open, _, close, _)| matches!(open, '(' | '[') && matches!(close, ')' | ']'))
}

fn bracketed(nodes: &[Node]) -> Option<Interval> {
    let first_char = |text: &str| text.trim_start_matches('\\').chars().next();
    if let [node] = nodes {
        let p = parts(node);
        if let NodeKind::Delimited(open, body, close) = &p.base.kind {
            return Some((first_char(open)?, body.clone(), first_char(close)?, p.sup.map(<[Node]>::to_vec)));
        }
    }
    let [open, inner @ .., close] = nodes else { return None };
    let (close, scripts) = closes(close)?;
    Some((opens(open)?, inner.to_vec(), close, scripts.and_then(|s| s.sup.clone())))
}

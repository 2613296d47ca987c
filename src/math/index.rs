//! Letters that count: sums, products and the extrema over an index.

use super::condition::bare_letter;
use super::cursor::{Cursor, Sign, is_dots, is_layout, relations, split_commas, split_top};
use super::expr::{Condition, Expr, IndexRange, Kind, Relation, Shape, SymbolId};
use super::function::parts;
use super::int::Int;
use super::reader::{Read, Reader, expr};
use super::scope::Meaning;
use super::symbol::SymbolKind;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind, canonical, span_of};

/// Letters that are bound, with what their names meant, and the condition on them.
pub(super) struct Bound {
    entries: Vec<(String, SymbolId, Option<Meaning>)>,
    condition: Option<Condition>,
}

impl Reader {
    /// An operator that stands before what it acts on: a sum, a product, a nabla.
    pub(super) fn operator_atom(&mut self, c: &mut Cursor) -> Read<Option<Expr>> {
        let node = c.peek().expect("the caller looked");
        let p = parts(node);
        let name = match &p.base.kind {
            NodeKind::Command(name) => name.as_str(),
            NodeKind::Char('∇') => "nabla",
            NodeKind::Char('∑') => "sum",
            NodeKind::Char('∏') => "prod",
            _ => return Ok(None),
        };
        match name {
            "nabla" => self.nabla(c).map(Some),
            "sum" | "prod" => {
                let start = c.at;
                let (sub, sup) = (p.sub.map(<[Node]>::to_vec), p.sup.map(<[Node]>::to_vec));
                c.next();
                let span = node.span;
                let Some(sub) = sub else {
                    return Err(Diagnostic::new(Code::Index, span, "this does not say over which index")
                        .help("write `\\sum_i` or `\\sum_{i=1}^{n}`"));
                };
                let bound = self.bind_indices(&sub, sup.as_deref(), span)?;
                let body = if c.peek().is_some() {
                    self.term(c)
                } else {
                    Err(Diagnostic::new(Code::Unreadable, span, "nothing stands behind this"))
                };
                let body = match body {
                    Ok(body) => body,
                    Err(error) => {
                        self.unbind(bound);
                        return Err(error);
                    }
                };
                let (ranges, condition) = self.release(bound)?;
                let whole = c.since(start);
                let shape = self.shape(&body);
                let condition = condition.map(Box::new);
                if name == "sum" {
                    return Ok(Some(expr(Kind::Sum(ranges, condition, Box::new(body)), shape, whole)));
                }
                if !shape.is_scalar() {
                    self.square(&body, "a product over an index is one of numbers or of square matrices")?;
                }
                let shape = self.unknowns.resolve_shape(&shape);
                Ok(Some(expr(Kind::Product(ranges, condition, Box::new(body)), shape, whole)))
            }
            _ => Ok(None),
        }
    }

    /// Reads what stands below and above a sum, and binds its letters.
    pub(super) fn bind_indices(&mut self, sub: &[Node], sup: Option<&[Node]>, span: Span) -> Read<Bound> {
        let sub: Vec<Node> = sub.iter().filter(|node| !is_layout(node)).cloned().collect();
        let place = span_of(&sub, span);
        let split = sub.iter().position(|node| {
            (node.is_char(':') || node.is_char('|') || node.is_command("mid") || node.is_command("colon")) && !sub.is_empty()
        });
        let (left, right) = match split {
            Some(at) => (&sub[..at], Some(&sub[at + 1..])),
            None => (&sub[..], None),
        };
        let mut bound = Bound { entries: Vec::new(), condition: None };
        let mut conditions: Vec<Vec<Node>> = right.map(<[Node]>::to_vec).into_iter().collect();
        let parts = split_commas(left);
        let outcome = self.bind_parts(&parts, sup, place, &mut bound, &mut conditions);
        if let Err(error) = outcome {
            self.unbind(bound);
            return Err(error);
        }
        let mut all = Vec::new();
        for nodes in &conditions {
            match self.condition(nodes, place) {
                Ok(condition) => all.push(condition),
                Err(error) => {
                    self.unbind(bound);
                    return Err(error);
                }
            }
        }
        bound.condition = match all.len() {
            0 => None,
            1 => all.pop(),
            _ => Some(Condition::All(all)),
        };
        Ok(bound)
    }

    fn bind_parts(
        &mut self,
        parts: &[&[Node]],
        sup: Option<&[Node]>,
        place: Span,
        bound: &mut Bound,
        conditions: &mut Vec<Vec<Node>>,
    ) -> Read<()> {
        let mut at = 0;
        while at < parts.len() {
            let part = parts[at];
            at += 1;
            let here = span_of(part, place);
            match relations(part).as_slice() {
                [] => {
                    let letters: Vec<(String, Span)> = part.iter().filter_map(|node| Some((bare_letter(self, node)?, node.span))).collect();
                    if letters.len() != part.len() || letters.is_empty() {
                        return Err(Diagnostic::new(Code::Index, here, "a letter that counts is needed here")
                            .help("write `\\sum_i` or `\\sum_{i=1}^{n}`"));
                    }
                    let range = match (sup, letters.len(), parts.len()) {
                        (Some(sup), 1, 1) => Some((Int::one(), self.whole_number(sup, place)?)),
                        _ => None,
                    };
                    for (name, span) in letters {
                        self.bind(bound, &name, range.clone(), span);
                    }
                }
                [(sign_at, Sign::Relation(Relation::Equal), length)] => {
                    let (name, span) = self.counting_letter(&part[..*sign_at], here)?;
                    let low = self.whole_number(&part[sign_at + length..], here)?;
                    // `i = 1, \dots, n`
                    let dotted = parts.get(at).is_some_and(|next| next.iter().any(is_dots)) && at + 1 < parts.len();
                    let high = if dotted {
                        at += 2;
                        self.whole_number(parts[at - 1], here)?
                    } else {
                        match sup {
                            Some(sup) => self.whole_number(sup, place)?,
                            None => {
                                return Err(Diagnostic::new(Code::Index, here, format!("nothing says how far `{name}` runs"))
                                    .help(format!("write the last value above: `\\sum_{{{name}=1}}^{{n}}`")));
                            }
                        }
                    };
                    self.bind(bound, &name, Some((low, high)), span);
                }
                [(sign_at, Sign::In, length)] => {
                    let (name, span) = self.counting_letter(&part[..*sign_at], here)?;
                    let mut set: Vec<Node> = part[sign_at + length..].to_vec();
                    // The commas of a set without `\left` stand in brackets and split nothing.
                    let (low, high) = self.index_set(&mut set, here)?;
                    self.bind(bound, &name, Some((low, high)), span);
                }
                signs if signs.iter().all(|(_, sign, _)| matches!(sign, Sign::Relation(_))) => {
                    self.bind_compared(part, signs, here, bound)?;
                    conditions.push(part.to_vec());
                }
                _ => return Err(Diagnostic::new(Code::Index, here, "this says nothing about an index")),
            }
        }
        if bound.entries.is_empty() {
            return Err(Diagnostic::new(Code::Index, place, "no letter that counts stands here"));
        }
        Ok(())
    }

    /// `i \ne j`, `1 \le i < j \le n`: the letters that are new count.
    fn bind_compared(&mut self, part: &[Node], signs: &[(usize, Sign, usize)], here: Span, bound: &mut Bound) -> Read<()> {
        let mut sides: Vec<&[Node]> = Vec::new();
        let mut start = 0;
        for (at, _, length) in signs {
            sides.push(&part[start..*at]);
            start = at + length;
        }
        sides.push(&part[start..]);
        let mut letters: Vec<(String, Span, bool)> = Vec::new();
        for side in &sides {
            let [node] = side else { continue };
            let Some(name) = bare_letter(self, node) else { continue };
            if bound.entries.iter().any(|(other, _, _)| *other == name) {
                continue;
            }
            let known = match self.lookup(&name) {
                Some(id) if matches!(self.symbols[id].kind, SymbolKind::Whole { .. }) => {
                    // A size or a declared number is none that counts; an index of the statement may be hidden.
                    if !self.indices.contains_key(&id) {
                        continue;
                    }
                    true
                }
                _ => false,
            };
            letters.push((name, node.span, known));
        }
        let already = !bound.entries.is_empty();
        let first_new = letters.iter().position(|(_, _, known)| !known).or((!already && !letters.is_empty()).then_some(0));
        let (low, high) =
            (self.chain_bound(sides.first().copied(), signs.first(), 1), self.chain_bound(sides.last().copied(), signs.last(), -1));
        for (number, (name, span, known)) in letters.iter().enumerate() {
            let bind = Some(number) == first_new && !already || (!known && !self.is_free_elsewhere(name, here));
            if bind {
                let id = self.bind(bound, name, None, *span);
                if let (Some(low), Some(high), Some(state)) = (&low, &high, self.indices.get_mut(&id)) {
                    state.fallback = Some((low.clone(), high.clone()));
                }
            }
        }
        Ok(())
    }

    /// The end of a chain such as `1 \le i < j \le n`, where it is a whole number.
    fn chain_bound(&mut self, side: Option<&[Node]>, sign: Option<&(usize, Sign, usize)>, inward: i64) -> Option<Int> {
        let (side, (_, sign, _)) = (side?, sign?);
        if side.len() == 1
            && let Some(name) = bare_letter(self, &side[0])
            && !self
                .lookup(&name)
                .is_some_and(|id| matches!(self.symbols[id].kind, SymbolKind::Whole { .. }) && !self.indices.contains_key(&id))
        {
            return None;
        }
        let value = self.whole_number(side, Span::default()).ok()?;
        match sign {
            Sign::Relation(Relation::LessOrEqual) => Some(value),
            Sign::Relation(Relation::Less) => value.add(&Int::constant(inward)),
            _ => None,
        }
    }

    /// Whether a letter is an index in another side of the formula, where nothing binds it.
    fn is_free_elsewhere(&self, name: &str, here: Span) -> bool {
        fn occurs(reader: &Reader, nodes: &[Node], name: &str, outside: Span, bound: bool) -> bool {
            // A sum that binds the letter anywhere in these nodes hides it there.
            let binds = nodes.iter().any(|node| {
                let p = parts(node);
                matches!(&p.base.kind, NodeKind::Command(c) if matches!(c.as_str(), "sum" | "prod" | "max" | "min"))
                    && p.sub.is_some_and(|sub| sub.iter().any(|n| bare_letter(reader, n).as_deref() == Some(name)))
            });
            let bound = bound || binds;
            nodes.iter().any(|node| match &node.kind {
                NodeKind::Scripts(scripts) => {
                    let sub = scripts.sub.as_deref().unwrap_or_default();
                    let inside = node.span.start >= outside.start && node.span.end <= outside.end;
                    let operator =
                        matches!(&scripts.base.kind, NodeKind::Command(c) if matches!(c.as_str(), "sum" | "prod" | "max" | "min"));
                    (!bound && !inside && !operator && sub.iter().any(|n| bare_letter(reader, n).as_deref() == Some(name)))
                        || occurs(reader, std::slice::from_ref(&scripts.base), name, outside, bound)
                        || scripts.sup.as_deref().is_some_and(|sup| occurs(reader, sup, name, outside, bound))
                }
                NodeKind::Frac(a, b) => occurs(reader, a, name, outside, bound) || occurs(reader, b, name, outside, bound),
                NodeKind::Group(inner) | NodeKind::Delimited(_, inner, _) | NodeKind::Sqrt(_, inner) => {
                    occurs(reader, inner, name, outside, bound)
                }
                NodeKind::Environment(_, rows) => rows.iter().flatten().any(|cell| occurs(reader, cell, name, outside, bound)),
                _ => false,
            })
        }
        let side = self.side;
        if here.start < side.start || here.end > side.end {
            return false;
        }
        let others: Vec<Node> =
            self.statement.iter().filter(|node| node.span.end <= side.start || node.span.start >= side.end).cloned().collect();
        split_top(&others, |node| super::cursor::sign_at(std::slice::from_ref(node), 0).is_some())
            .into_iter()
            .any(|nodes| occurs(self, nodes, name, side, false))
    }

    fn counting_letter(&self, nodes: &[Node], here: Span) -> Read<(String, Span)> {
        match nodes {
            [node] => bare_letter(self, node).map(|name| (name, node.span)),
            _ => None,
        }
        .ok_or_else(|| Diagnostic::new(Code::Index, here, "a single letter that counts is needed here").help("write `\\sum_{i=1}^{n}`"))
    }

    fn bind(&mut self, bound: &mut Bound, name: &str, range: Option<(Int, Int)>, span: Span) -> SymbolId {
        let id = self.new_index(name, range, span);
        let before = self.scope.set(name, Meaning::Symbol(id));
        bound.entries.push((name.to_string(), id, before));
        id
    }

    /// Gives the letters back, with their ranges.
    pub(super) fn release(&mut self, bound: Bound) -> Read<(Vec<IndexRange>, Option<Condition>)> {
        let ids: Vec<SymbolId> = bound.entries.iter().map(|(_, id, _)| *id).collect();
        let condition = bound.condition.clone();
        self.unbind(bound);
        let mut ranges = Vec::new();
        for id in ids {
            ranges.push(self.range_of(id)?);
        }
        Ok((ranges, condition))
    }

    /// Gives the letters back.
    pub(super) fn unbind(&mut self, bound: Bound) {
        for (name, _, before) in bound.entries.into_iter().rev() {
            self.scope.restore(&name, before);
        }
    }

    /// `\{1, \dots, n\}` as a range.
    pub(super) fn index_set(&mut self, set: &mut Vec<Node>, here: Span) -> Read<(Int, Int)> {
        let refuse = || Diagnostic::new(Code::Index, here, "an index runs through a set `\\{1, \\dots, n\\}`");
        let inner: Vec<Node> = match set.as_slice() {
            [Node { kind: NodeKind::Delimited(open, body, _), .. }] if open == "\\{" || open == "\\lbrace" => body.clone(),
            nodes if nodes.first().and_then(super::cursor::opens) == Some('{') && super::cursor::matching(nodes, 0)? + 1 == nodes.len() => {
                nodes[1..nodes.len() - 1].to_vec()
            }
            _ => return Err(refuse()),
        };
        let parts = split_commas(&inner);
        let dots = parts.iter().position(|part| part.iter().any(is_dots)).ok_or_else(refuse)?;
        if dots == 0 || dots + 2 != parts.len() || canonical(parts[0]).is_empty() {
            return Err(refuse());
        }
        let low = self.whole_number(parts[0], here)?;
        let high = self.whole_number(parts[dots + 1], here)?;
        self.go_up(&low, &parts[1..dots], here)?;
        Ok((low, high))
    }

    /// The shape of an index.
    pub(super) fn index_expr(&self, id: SymbolId, span: Span) -> Expr {
        expr(Kind::Int(Int::symbol(id)), Shape::scalar(), span)
    }
}

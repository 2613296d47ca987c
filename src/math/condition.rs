//! Conditions: after *if* and its kin, in a case, below a sum, in brackets.
//!
//! ```text
//! condition = all { "or" all } ;
//! all       = [ word ] chain { ( "and" | "," ) [ word ] chain } ;
//! chain     = sum relation sum { relation sum } | sum "\in" domain | index "=" number "," "\dots" "," number ;
//! ```

use super::cursor::{Sign, is_dots, is_layout, relations, split_commas, split_top, typed_relation};
use super::expr::{Condition, Expr, Kind, Relation};
use super::int::Int;
use super::reader::{Read, Reader, is_letter_command};
use super::scope::Meaning;
use super::symbol::{Domain, SymbolKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind, TextPart, span_of};

/// The words that begin a condition.
const BEGIN: &[&str] = &["if", "when", "whenever", "where", "for", "at", "with", "unless", "until", "provided", "assuming", "given", "on"];

/// The name of a node that is a letter and nothing else.
pub(super) fn bare_letter(reader: &Reader, node: &Node) -> Option<String> {
    match &node.kind {
        NodeKind::Letter(_) => reader.name_of(node),
        NodeKind::Command(name) if is_letter_command(name) => reader.name_of(node),
        _ => None,
    }
}

/// Whether a text begins a condition.
pub(crate) fn begins_condition(words: &str) -> bool {
    let first: String = words.trim_start_matches(|c: char| !c.is_alphabetic()).chars().take_while(|c| c.is_alphabetic()).collect();
    BEGIN.contains(&first.to_lowercase().as_str())
}

/// The nodes with the math in texts taken out of them: `\text{if $z > 0$}` becomes a text and its math.
pub(super) fn without_texts(nodes: &[Node]) -> Vec<Node> {
    let mut list = Vec::new();
    for node in nodes {
        match &node.kind {
            NodeKind::Text(parts) if parts.iter().any(|part| matches!(part, TextPart::Math(_))) => {
                for part in parts {
                    match part {
                        TextPart::Words(words) => {
                            list.push(Node { kind: NodeKind::Text(vec![TextPart::Words(words.clone())]), span: node.span })
                        }
                        TextPart::Math(inner) => list.extend(inner.iter().cloned()),
                    }
                }
            }
            _ => list.push(node.clone()),
        }
    }
    list
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    And,
    Or,
}

/// What a node is between conditions: `\text{and}`, `\land`, `\lor`; words that join nothing are layout.
fn joint(node: &Node) -> Option<Joint> {
    match &node.kind {
        NodeKind::Command(name) if matches!(name.as_str(), "land" | "wedge") => Some(Joint::And),
        NodeKind::Command(name) if matches!(name.as_str(), "lor" | "vee") => Some(Joint::Or),
        NodeKind::Text(_) => {
            let words = node.words().unwrap_or_default().to_lowercase();
            let mut words = words.split(|c: char| !c.is_alphabetic());
            if words.any(|w| w == "or") { Some(Joint::Or) } else { Some(Joint::And) }
        }
        _ => None,
    }
}

impl Reader {
    /// Reads a condition, with the words in and before it.
    pub(super) fn condition(&mut self, nodes: &[Node], span: Span) -> Read<Condition> {
        self.nested(span, |reader| reader.condition_inside(nodes, span))
    }

    fn condition_inside(&mut self, nodes: &[Node], span: Span) -> Read<Condition> {
        let nodes: Vec<Node> = without_texts(nodes).into_iter().filter(|node| !is_layout(node)).collect();
        let place = span_of(&nodes, span);
        let unless = nodes.first().and_then(Node::words).is_some_and(|words| words.trim().to_lowercase().starts_with("unless"));
        // `\forall` and words before the first relation say nothing that is not said by what follows.
        let skip = |node: &Node| matches!(node.kind, NodeKind::Text(_)) || node.is_command("forall") || node.is_char(',');
        let start = nodes.iter().position(|node| !skip(node)).unwrap_or(nodes.len());
        let end = nodes.iter().rposition(|node| !skip(node) && !node.is_char('.') && !node.is_char(';')).map_or(start, |last| last + 1);
        let nodes = &nodes[start..end.max(start)];
        if nodes.is_empty() {
            return Err(Diagnostic::new(Code::Unreadable, place, "a condition is missing here"));
        }
        // A condition in brackets.
        if super::cursor::opens(&nodes[0]) == Some('(')
            && super::cursor::matching(nodes, 0)? + 1 == nodes.len()
            && !relations(&nodes[1..nodes.len() - 1]).is_empty()
        {
            return self.condition(&nodes[1..nodes.len() - 1], place);
        }
        if let [Node { kind: NodeKind::Delimited(open, body, _), .. }] = nodes
            && open == "("
            && !relations(body).is_empty()
        {
            return self.condition(body, place);
        }
        let mut any: Vec<Condition> = Vec::new();
        let alternatives = split_top(nodes, |node| joint(node) == Some(Joint::Or));
        for alternative in &alternatives {
            let mut all = Vec::new();
            let parts = split_top(alternative, |node| joint(node) == Some(Joint::And));
            for part in &parts {
                // `\forall i, j` says what a free index says by itself; what follows is the condition.
                let letters = split_commas(part).iter().all(|piece| {
                    let mut list = piece.iter().filter(|node| !is_layout(node) && !node.is_command("forall"));
                    list.next().is_some_and(|node| bare_letter(self, node).is_some()) && list.next().is_none()
                });
                if letters && parts.iter().any(|part| !relations(part).is_empty()) {
                    continue;
                }
                // Of `(x > 0) and (y > 0)` each part is a condition in brackets.
                if parts.len().max(alternatives.len()) > 1 && relations(part).is_empty() {
                    all.push(self.condition(part, place)?);
                    continue;
                }
                self.condition_parts(part, place, &mut all)?;
            }
            match all.len() {
                0 => return Err(Diagnostic::new(Code::Unreadable, place, "a condition is missing here")),
                1 => any.extend(all),
                _ => any.push(Condition::All(all)),
            }
        }
        let condition = if any.len() == 1 { any.remove(0) } else { Condition::Any(any) };
        Ok(if unless { Condition::Not(Box::new(condition)) } else { condition })
    }

    /// The chains between commas.
    fn condition_parts(&mut self, part: &[Node], place: Span, all: &mut Vec<Condition>) -> Read<()> {
        let pieces = split_commas(part);
        let mut at = 0;
        while at < pieces.len() {
            let piece = pieces[at];
            at += 1;
            if piece.iter().all(is_layout) {
                continue;
            }
            // `i, j \in …`, `x, y > 0`: letters before the one with the relation share it.
            let mut shared: Vec<&[Node]> = Vec::new();
            let mut piece = piece;
            while relations(piece).is_empty() && at < pieces.len() {
                shared.push(piece);
                piece = pieces[at];
                at += 1;
            }
            let signs = relations(piece);
            let Some((first, _, _)) = signs.first() else {
                return Err(Diagnostic::new(Code::Unreadable, span_of(piece, place), "a condition needs a relation, such as `z > 0`"));
            };
            // `i = 1, \dots, n` and `i, j = 1, 2, \dots, n`
            let dots = |at: usize| pieces.get(at).is_some_and(|next| !next.is_empty() && next.iter().all(is_dots));
            let second = pieces.get(at).copied().filter(|_| dots(at + 1));
            let end = if dots(at) { at + 1 } else { at + 2 };
            if (dots(at) || second.is_some()) && end < pieces.len() {
                at = end + 1;
                for letter in shared.iter().map(|letter| letter.to_vec()).chain([piece[..*first].to_vec()]) {
                    let counted: Vec<Node> = letter.into_iter().chain(piece[*first..].iter().cloned()).collect();
                    all.push(self.counted(&counted, second, pieces[end], place)?);
                }
                continue;
            }
            for other in shared {
                let joined: Vec<Node> = other.iter().chain(&piece[*first..]).cloned().collect();
                self.chain_condition(&joined, place, all)?;
            }
            self.chain_condition(piece, place, all)?;
        }
        Ok(())
    }

    fn chain_condition(&mut self, piece: &[Node], place: Span, all: &mut Vec<Condition>) -> Read<()> {
        let here = span_of(piece, place);
        if let Some(error) = typed_relation(piece) {
            return Err(error);
        }
        let signs = relations(piece);
        if let [(at, Sign::In, length)] = signs.as_slice() {
            let value = self.compared(&piece[..*at], here)?;
            let domain = self.set_domain(&piece[at + length..], here)?;
            all.push(Condition::In(Box::new(value), domain));
            return Ok(());
        }
        let mut sides: Vec<Expr> = Vec::new();
        let mut start = 0;
        for (at, sign, length) in &signs {
            if !matches!(sign, Sign::Relation(_)) {
                return Err(Diagnostic::new(Code::Unreadable, piece[*at].span, "this sign has no place in a condition"));
            }
            sides.push(self.compared(&piece[start..*at], here)?);
            start = at + length;
        }
        sides.push(self.compared(&piece[start..], here)?);
        for (number, (_, sign, _)) in signs.iter().enumerate() {
            let Sign::Relation(relation) = sign else { continue };
            let (left, right) = (sides[number].clone(), sides[number + 1].clone());
            self.joined(&left, &right, "compared")?;
            self.compare_indices(&left, &right);
            all.push(Condition::Relation(*relation, Box::new(left), Box::new(right)));
        }
        Ok(())
    }

    /// A side of a comparison; a letter that nothing has introduced, and that has no meaning by itself, is an index.
    fn compared(&mut self, nodes: &[Node], place: Span) -> Read<Expr> {
        if let [node] = nodes
            && let Some(name) = bare_letter(self, node)
            && self.scope.get(&name).is_none()
            && !matches!(name.as_str(), "I" | "e" | "\\pi")
        {
            return if self.free_allowed {
                let id = self.new_index(&name, None, node.span);
                let before = self.scope.set(&name, Meaning::Symbol(id));
                self.free.push((name, id, before));
                Ok(self.index_expr(id, node.span))
            } else {
                Err(self.undeclared(&name, node.span))
            };
        }
        self.whole(nodes, place)
    }

    /// `i = 1, \dots, n`, or with a second number behind the first.
    fn counted(&mut self, first: &[Node], second: Option<&[Node]>, last: &[Node], place: Span) -> Read<Condition> {
        let signs = relations(first);
        let [(at, Sign::Relation(Relation::Equal), length)] = signs.as_slice() else {
            return Err(Diagnostic::new(Code::Unreadable, place, "an index is counted as `i = 1, \\dots, n`"));
        };
        let letter = self.compared(&first[..*at], place)?;
        let low = self.whole_number(&first[at + length..], place)?;
        let high = self.whole_number(last, place)?;
        if let Some(second) = second
            && self.whole_number(second, place)?.sub(&low) != Some(Int::one())
        {
            return Err(Diagnostic::new(Code::Ellipsis, span_of(second, place), "these numbers do not go up by one"));
        }
        if let Kind::Int(int) = &letter.kind
            && let Some(id) = int.as_symbol()
            && let Some(state) = self.indices.get_mut(&id)
            && state.range.is_none()
        {
            state.range = Some((low.clone(), high.clone()));
        }
        Ok(Condition::In(Box::new(letter), Domain::Whole(Some(low), Some(high))))
    }

    /// Equations between sizes that a condition holds, known before the sides of its statement are read.
    pub(super) fn learn_sizes(&mut self, nodes: &[Node]) {
        let mut nodes: Vec<Node> = without_texts(nodes).into_iter().filter(|node| !is_layout(node)).collect();
        while nodes.last().is_some_and(|node| matches!(node.kind, NodeKind::Char('.' | ',' | ';'))) {
            nodes.pop();
        }
        if nodes.iter().any(|node| joint(node) == Some(Joint::Or)) {
            return;
        }
        for part in split_top(&nodes, |node| joint(node).is_some() || node.is_char(',')) {
            let signs = relations(part);
            let [(at, Sign::Relation(Relation::Equal), length)] = signs.as_slice() else { continue };
            let whole = |reader: &mut Reader, side: &[Node]| -> Option<Int> {
                let [node] = side else { return reader.whole_number(side, Span::default()).ok() };
                match (&node.kind, bare_letter(reader, node)) {
                    (NodeKind::Number(_), _) => reader.whole_number(side, Span::default()).ok(),
                    (_, Some(name)) => {
                        let id = reader.lookup(&name)?;
                        matches!(reader.symbols[id].kind, SymbolKind::Whole { .. }).then(|| Int::symbol(id))
                    }
                    _ => reader.whole_number(side, Span::default()).ok(),
                }
            };
            let sides = (whole(self, &part[..*at]), whole(self, &part[at + length..]));
            if let (Some(left), Some(right)) = sides {
                match (left.as_symbol(), right.as_symbol()) {
                    (Some(symbol), _) => self.unknowns.assume(symbol, right),
                    (None, Some(symbol)) => self.unknowns.assume(symbol, left),
                    _ => {}
                }
            }
        }
    }
}

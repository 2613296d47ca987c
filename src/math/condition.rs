//! Conditions: after *if* and its kin, in a case, below a sum, in brackets.
//!
//! ```text
//! condition = all { "or" all } ;
//! all       = [ word ] chain { ( "and" | "," ) [ word ] chain } ;
//! chain     = sum relation sum { relation sum } | sum "\in" domain | index "=" number "," "\dots" "," number ;
//! ```

use super::cursor::{Sign, enclosed, is_dots, is_layout, relations, sign_at, split_commas, split_top, typed_relation};
use super::expr::{Condition, Expr, Kind, Relation};
use super::int::Int;
use super::reader::{Read, Reader};
use super::scope::Meaning;
use super::symbol::Domain;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind, TextPart, span_of};

/// The words that begin a condition.
const BEGIN: &[&str] = &["if", "when", "whenever", "where", "for", "at", "with", "unless", "until", "provided", "assuming", "given", "on"];

/// The name of a node that is a letter and nothing else.
pub(super) fn bare_letter(reader: &Reader, node: &Node) -> Option<String> {
    match &node.kind {
        NodeKind::Letter(_) | NodeKind::Command(_) => reader.name_of(node),
        _ => None,
    }
}

/// The words of a text.
pub(super) fn words_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty())
}

/// Whether a text begins a condition.
pub(crate) fn begins_condition(words: &str) -> bool {
    let lower = words.to_lowercase();
    let words: Vec<&str> = words_in(&lower).take(3).collect();
    words.first().is_some_and(|first| BEGIN.contains(first)) || matches!(words[..], ["as" | "so", "long", "as"])
}

/// The nodes with the math in texts taken out of them: `\text{if $z > 0$}` becomes a text and its math.
pub(super) fn without_texts(nodes: &[Node]) -> Vec<Node> {
    let mut list = Vec::new();
    for node in nodes {
        match &node.kind {
            NodeKind::Text(parts) => {
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
            if words_in(&words).any(|word| word == "or") { Some(Joint::Or) } else { Some(Joint::And) }
        }
        _ => None,
    }
}

/// Words that turn a condition around, or make of *each* something else.
const TURN: &[&str] = &[
    "not",
    "no",
    "nor",
    "neither",
    "never",
    "none",
    "cannot",
    "false",
    "except",
    "excluding",
    "without",
    "until",
    "only",
    "iff",
    "implies",
    "xor",
    "then",
    "some",
    "least",
    "most",
    "exactly",
];

/// Whether a text begins with *unless*.
fn begins_unless(node: &Node) -> bool {
    node.words().is_some_and(|words| words_in(&words.to_lowercase()).next() == Some("unless"))
}

/// The message for a word that is not layout, since it changes what a condition says.
fn turning_word(nodes: &[Node]) -> Option<Diagnostic> {
    nodes.iter().find_map(|node| {
        let words = node.words()?.to_lowercase().replace('’', "'");
        let turns = |word: &&str| TURN.contains(word) || word.ends_with("n't") || *word == "unless";
        let skipped = usize::from(begins_unless(node));
        let list = words.split(|c: char| !c.is_alphabetic() && c != '\'').filter(|word| !word.is_empty());
        let word = list.skip(skipped).find(turns)?;
        let message = format!("`{word}` changes what this condition says, and is not read");
        Some(Diagnostic::new(Code::Unreadable, node.span, message).help(
            "say it with relations: `\\text{if } x \\le 0`; they may be joined by `and` and `or`, and `unless` begins what is left out",
        ))
    })
}

/// The nodes of a condition: math in texts by itself, no layout, and a text that is the name of a symbol as that name.
fn cleaned(reader: &Reader, nodes: &[Node]) -> Vec<Node> {
    let mut list: Vec<Node> = without_texts(nodes).into_iter().filter(|node| !is_layout(node)).collect();
    for node in &mut list {
        if let NodeKind::Text(_) = &node.kind
            && let Some(name) = reader.name_of(node)
            && reader.lookup(&name).is_some()
        {
            let letters =
                node.words().unwrap_or_default().trim().chars().map(|c| Node { kind: NodeKind::Letter(c), span: node.span }).collect();
            node.kind = NodeKind::Styled("operatorname".to_string(), letters);
        }
    }
    list
}

/// A condition without the words before it, `\forall`, which says nothing that is not said by what follows, and punctuation.
fn bare(nodes: &[Node]) -> &[Node] {
    let skip = |node: &Node| matches!(node.kind, NodeKind::Text(_)) || node.is_command("forall") || node.is_char(',');
    let start = nodes.iter().position(|node| !skip(node)).unwrap_or(nodes.len());
    let end = nodes.iter().rposition(|node| !skip(node) && !node.is_char('.') && !node.is_char(';')).map_or(start, |last| last + 1);
    &nodes[start..end.max(start)]
}

/// What stands in round brackets that hold a relation, where they are all there is.
fn in_brackets(nodes: &[Node]) -> Option<&[Node]> {
    between(nodes, '(')
}

/// What stands in brackets of one kind that hold a relation, where they are all there is.
fn between(nodes: &[Node], bracket: char) -> Option<&[Node]> {
    let (kind, inner) = enclosed(nodes).ok()??;
    (kind == bracket && holds_relation(inner)).then_some(inner)
}

pub(super) fn holds_relation(nodes: &[Node]) -> bool {
    let within = |node: &Node| matches!(&node.kind, NodeKind::Delimited(_, body, _) if holds_relation(body));
    (0..nodes.len()).any(|at| sign_at(nodes, at).is_some() || within(&nodes[at]))
}

/// Where the last number of `i = 1, 2, \dots, n` stands, whose pieces behind the first begin at `at`.
fn counted_to(pieces: &[&[Node]], at: usize) -> Option<usize> {
    let dots = |piece: &&[Node]| !piece.is_empty() && piece.iter().all(is_dots);
    let found = at + pieces[at..].iter().position(|piece| dots(piece) || !relations(piece).is_empty())?;
    (dots(&pieces[found]) && found + 1 < pieces.len()).then_some(found + 1)
}

impl Reader {
    /// Reads a condition, with the words in and before it.
    pub(super) fn condition(&mut self, nodes: &[Node], span: Span) -> Read<Condition> {
        self.nested(span, |reader| reader.condition_inside(nodes, span))
    }

    fn condition_inside(&mut self, nodes: &[Node], span: Span) -> Read<Condition> {
        let nodes = cleaned(self, nodes);
        let place = span_of(&nodes, span);
        if let Some(error) = turning_word(&nodes) {
            return Err(error);
        }
        // What stands behind *unless* is left out of what stands before it.
        if let [before, without @ ..] = split_top(&nodes, begins_unless).as_slice()
            && !without.is_empty()
        {
            let mut all = Vec::new();
            if !bare(before).is_empty() {
                all.push(self.condition(before, place)?);
            }
            for nodes in without {
                all.push(Condition::Not(Box::new(self.condition(nodes, place)?)));
            }
            return Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) });
        }
        let nodes = bare(&nodes);
        if nodes.is_empty() {
            return Err(Diagnostic::new(Code::Unreadable, place, "a condition is missing here"));
        }
        // `[x > 0]` by itself is 1, which is to say that what stands in it holds.
        if let Some(inner) = in_brackets(nodes).or_else(|| between(nodes, '[')) {
            return self.condition(inner, place);
        }
        let mut any: Vec<Condition> = Vec::new();
        for alternative in split_top(nodes, |node| joint(node) == Some(Joint::Or)) {
            let mut all = Vec::new();
            let parts = split_top(alternative, |node| joint(node) == Some(Joint::And));
            for part in &parts {
                // `\forall i, j` says what a free index says by itself; what follows is the condition.
                let letters = split_commas(part).iter().all(|piece| {
                    let mut list = piece.iter().filter(|node| !node.is_command("forall"));
                    list.next().is_some_and(|node| bare_letter(self, node).is_some()) && list.next().is_none()
                });
                if letters && parts.iter().any(|part| !relations(part).is_empty()) {
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
        Ok(if any.len() == 1 { any.remove(0) } else { Condition::Any(any) })
    }

    /// The chains between commas.
    fn condition_parts(&mut self, part: &[Node], place: Span, all: &mut Vec<Condition>) -> Read<()> {
        let pieces = split_commas(part);
        let mut at = 0;
        while at < pieces.len() {
            let piece = pieces[at];
            at += 1;
            if piece.is_empty() {
                continue;
            }
            if let Some(inner) = in_brackets(piece) {
                all.push(self.condition(inner, place)?);
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
            if let Some(end) = counted_to(&pieces, at) {
                for letter in shared.iter().map(|letter| letter.to_vec()).chain([piece[..*first].to_vec()]) {
                    let counted: Vec<Node> = letter.into_iter().chain(piece[*first..].iter().cloned()).collect();
                    all.push(self.counted(&counted, &pieces[at..end - 1], pieces[end], place)?);
                }
                at = end + 1;
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
            all.extend(self.lies_in(value, &piece[at + length..], here)?);
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

    /// `i = 1, \dots, n`, or with further numbers behind the first.
    fn counted(&mut self, first: &[Node], further: &[&[Node]], last: &[Node], place: Span) -> Read<Condition> {
        let signs = relations(first);
        let [(at, Sign::Relation(Relation::Equal), length)] = signs.as_slice() else {
            return Err(Diagnostic::new(Code::Unreadable, place, "an index is counted as `i = 1, \\dots, n`"));
        };
        let letter = self.compared(&first[..*at], place)?;
        let low = self.whole_number(&first[at + length..], place)?;
        let high = self.whole_number(last, place)?;
        self.go_up(&low, further, place)?;
        if let Kind::Int(int) = &letter.kind
            && let Some(id) = int.as_symbol()
            && let Some(state) = self.indices.get_mut(&id)
            && state.range.is_none()
        {
            state.range = Some((low.clone(), high.clone()));
        }
        Ok(Condition::In(Box::new(letter), Domain::Whole(Some(low), Some(high))))
    }

    /// That numbers behind the first one go up by one.
    pub(super) fn go_up(&mut self, low: &Int, further: &[&[Node]], place: Span) -> Read<()> {
        for (number, nodes) in (1..).zip(further) {
            if self.whole_number(nodes, place)?.sub(low) != Some(Int::constant(number)) {
                return Err(Diagnostic::new(Code::Ellipsis, span_of(nodes, place), "these numbers do not go up by one"));
            }
        }
        Ok(())
    }

    /// Equations between sizes that a condition holds, known before the sides of its statement are read.
    pub(super) fn learn_sizes(&mut self, nodes: &[Node]) {
        let nodes = cleaned(self, nodes);
        // What is left out holds nothing.
        let nodes = bare(split_top(&nodes, begins_unless)[0]);
        if let Some(inner) = in_brackets(nodes) {
            return self.learn_sizes(inner);
        }
        if split_top(nodes, |node| joint(node) == Some(Joint::Or)).len() > 1 {
            return;
        }
        for part in split_top(nodes, |node| joint(node) == Some(Joint::And)) {
            let pieces = split_commas(part);
            let mut at = 0;
            let mut shared: Vec<&[Node]> = Vec::new();
            while let Some(piece) = pieces.get(at) {
                at += 1;
                let signs = relations(piece);
                let Some((first, _, _)) = signs.first() else {
                    match in_brackets(piece) {
                        Some(inner) => self.learn_sizes(inner),
                        None => shared.push(piece),
                    }
                    continue;
                };
                if let Some(end) = counted_to(&pieces, at) {
                    at = end + 1;
                    shared.clear();
                    continue;
                }
                let mut left: Vec<&[Node]> = shared.drain(..).chain([&piece[..*first]]).collect();
                for (number, (start, sign, length)) in signs.iter().enumerate() {
                    let end = signs.get(number + 1).map_or(piece.len(), |(end, _, _)| *end);
                    let right = &piece[start + length..end];
                    if *sign == Sign::Relation(Relation::Equal) {
                        left.iter().for_each(|left| self.learn_size(left, right));
                    }
                    left = vec![right];
                }
            }
        }
    }

    fn learn_size(&mut self, left: &[Node], right: &[Node]) {
        // A letter that nothing has introduced is an index of the statement, which is read later: here it is no whole number.
        let mut whole = |side: &[Node]| self.whole_number(side, Span::default()).ok();
        if let (Some(left), Some(right)) = (whole(left), whole(right)) {
            self.unknowns.assume(&left, &right);
        }
    }
}

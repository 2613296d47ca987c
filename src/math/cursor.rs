//! Going along the nodes of a formula: brackets, bars, operators, relations.

use super::expr::Relation;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind, Scripts};

/// A place in a list of nodes.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'n> {
    pub nodes: &'n [Node],
    pub at: usize,
    /// Where the list stands, for messages about its end.
    pub place: Span,
}

impl<'n> Cursor<'n> {
    pub fn new(nodes: &'n [Node], place: Span) -> Cursor<'n> {
        Cursor { nodes, at: 0, place: crate::tex::tree::span_of(nodes, place) }
    }

    pub fn peek(&self) -> Option<&'n Node> {
        self.nodes.get(self.at)
    }

    pub fn next(&mut self) -> Option<&'n Node> {
        let node = self.nodes.get(self.at);
        self.at += 1;
        node
    }

    /// Where the next node stands; behind the last one at the end.
    pub fn here(&self) -> Span {
        self.peek().map_or(Span::new(self.place.end, self.place.end), |node| node.span)
    }

    /// The place from node `start` to the last one read.
    pub fn since(&self, start: usize) -> Span {
        let end = self.at.clamp(start, self.nodes.len());
        crate::tex::tree::span_of(&self.nodes[start.min(end)..end], self.here())
    }
}

/// A relation sign at the level of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Relation(Relation),
    Define,
    In,
    /// `:` of a function's declaration.
    Colon,
    /// `\approx` and others that claim nothing that can be checked.
    Other,
}

/// The relation sign at position `at`, with how many nodes it takes.
pub(super) fn sign_at(nodes: &[Node], at: usize) -> Option<(Sign, usize)> {
    let sign = match &nodes.get(at)?.kind {
        NodeKind::Char('=') => Sign::Relation(Relation::Equal),
        NodeKind::Char('≠') => Sign::Relation(Relation::NotEqual),
        NodeKind::Char('<') => Sign::Relation(Relation::Less),
        NodeKind::Char('>') => Sign::Relation(Relation::Greater),
        NodeKind::Char('≤') => Sign::Relation(Relation::LessOrEqual),
        NodeKind::Char('≥') => Sign::Relation(Relation::GreaterOrEqual),
        NodeKind::Char('∈') => Sign::In,
        NodeKind::Char('≔') => Sign::Define,
        NodeKind::Char(':') => {
            if nodes.get(at + 1).is_some_and(|node| node.is_char('=')) {
                return Some((Sign::Define, 2));
            }
            Sign::Colon
        }
        NodeKind::Command(name) => match name.as_str() {
            "ne" | "neq" => Sign::Relation(Relation::NotEqual),
            "lt" => Sign::Relation(Relation::Less),
            "gt" => Sign::Relation(Relation::Greater),
            "le" | "leq" | "leqslant" => Sign::Relation(Relation::LessOrEqual),
            "ge" | "geq" | "geqslant" => Sign::Relation(Relation::GreaterOrEqual),
            "coloneqq" | "coloneq" | "colonequals" => Sign::Define,
            "in" => Sign::In,
            "colon" => Sign::Colon,
            "approx" | "equiv" | "sim" | "simeq" | "cong" | "propto" | "ll" | "gg" | "to" | "rightarrow" | "mapsto" | "implies" | "iff"
            | "Rightarrow" | "Leftrightarrow" | "Longrightarrow" | "notin" | "subset" | "subseteq" | "doteq" | "triangleq" | "prec"
            | "succ" | "preceq" | "succeq" | "perp" | "parallel" | "gets" | "leftarrow" | "longrightarrow" | "impliedby" | "therefore" => {
                Sign::Other
            }
            _ => return None,
        },
        _ => return None,
    };
    Some((sign, 1))
}

/// The bracket that a node opens, if it opens one: `(`, `[` or `{`.
pub(super) fn opens(node: &Node) -> Option<char> {
    match &node.kind {
        NodeKind::Char(c @ ('(' | '[')) => Some(*c),
        NodeKind::Command(name) => match name.as_str() {
            "{" | "lbrace" => Some('{'),
            "lbrack" => Some('['),
            _ => None,
        },
        _ => None,
    }
}

/// The bracket that a node closes, with the scripts on it.
pub(super) fn closes(node: &Node) -> Option<(char, Option<&Scripts>)> {
    match &node.kind {
        NodeKind::Char(c @ (')' | ']')) => Some((*c, None)),
        NodeKind::Command(name) => match name.as_str() {
            "}" | "rbrace" => Some(('}', None)),
            "rbrack" => Some((']', None)),
            _ => None,
        },
        NodeKind::Scripts(scripts) => closes(&scripts.base).map(|(c, _)| (c, Some(&**scripts))),
        _ => None,
    }
}

/// Single or double bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bar {
    Single,
    Double,
}

/// The bar that a node is, with its scripts.
pub(super) fn bar(node: &Node) -> Option<(Bar, Option<&Scripts>)> {
    match &node.kind {
        NodeKind::Char('|') => Some((Bar::Single, None)),
        NodeKind::Char('‖') => Some((Bar::Double, None)),
        NodeKind::Command(name) => match name.as_str() {
            "vert" | "lvert" | "rvert" | "mid" => Some((Bar::Single, None)),
            "|" | "Vert" | "lVert" | "rVert" => Some((Bar::Double, None)),
            _ => None,
        },
        NodeKind::Scripts(scripts) => bar(&scripts.base).map(|(b, _)| (b, Some(&**scripts))),
        _ => None,
    }
}

/// Whether a bar is `\Big|_{x = 0}`, which evaluates what stands before it.
pub(super) fn evaluates(node: &Node) -> bool {
    matches!(bar(node), Some((Bar::Single, Some(scripts)))
        if scripts.sub.as_ref().is_some_and(|sub| (0..sub.len()).any(|i| matches!(sign_at(sub, i), Some((Sign::Relation(Relation::Equal), _))))))
}

/// The index of the bracket that closes the one at `open`.
pub(super) fn matching(nodes: &[Node], open: usize) -> Result<usize, Diagnostic> {
    let mut depth = 0usize;
    for (i, node) in nodes.iter().enumerate().skip(open) {
        if opens(node).is_some() {
            depth += 1;
        } else if closes(node).is_some() {
            depth -= 1;
            if depth == 0 {
                return Ok(i);
            }
        }
    }
    let span = nodes[open].span;
    let c = opens(&nodes[open]).unwrap_or('(');
    Err(Diagnostic::new(Code::Unbalanced, span, format!("this `{c}` is never closed")).label(span, "opened here"))
}

/// The kind of the brackets that are all there is, and what stands in them.
pub(super) fn enclosed(nodes: &[Node]) -> Result<Option<(char, &[Node])>, Diagnostic> {
    if let [Node { kind: NodeKind::Delimited(open, body, _), .. }] = nodes {
        return Ok(open.trim_start_matches('\\').chars().next().map(|kind| (kind, body.as_slice())));
    }
    let [open, inner @ .., _] = nodes else { return Ok(None) };
    let Some(kind) = opens(open) else { return Ok(None) };
    Ok((matching(nodes, 0)? + 1 == nodes.len()).then_some((kind, inner)))
}

/// The index of the bar that closes the one at `open`.
pub(super) fn matching_bar(nodes: &[Node], open: usize) -> Result<usize, Diagnostic> {
    let (kind, _) = bar(&nodes[open]).expect("a bar");
    let mut depth = 1usize;
    let mut brackets = 0usize;
    for i in open + 1..nodes.len() {
        let node = &nodes[i];
        if opens(node).is_some() {
            brackets += 1;
        } else if closes(node).is_some() {
            brackets = brackets.saturating_sub(1);
        } else if brackets == 0
            && let Some((other, _)) = bar(node)
            && other == kind
            && !evaluates(node)
        {
            let left = matches!(&node.kind, NodeKind::Command(name) if name.starts_with('l'));
            let right = matches!(&node.kind, NodeKind::Command(name) if name.starts_with('r'))
                || matches!(&node.kind, NodeKind::Scripts(s) if matches!(&s.base.kind, NodeKind::Command(name) if name.starts_with('r')));
            let behind_operand = nodes[open + 1..i].iter().rfind(|node| !is_layout(node)).is_some_and(ends_operand);
            if right || (!left && behind_operand) {
                depth -= 1;
                if depth == 0 {
                    return Ok(i);
                }
            } else {
                depth += 1;
            }
        }
    }
    Err(Diagnostic::new(Code::Unbalanced, nodes[open].span, "this bar is never closed").label(nodes[open].span, "opened here"))
}

/// Whether an operand may end with this node.
pub(super) fn ends_operand(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Char(c) => matches!(c, ')' | ']' | '|' | '‖' | '!'),
        NodeKind::Command(name) => {
            super::reader::is_letter_command(name)
                || matches!(
                    name.as_str(),
                    "}" | "rbrace" | "rbrack" | "|" | "vert" | "rvert" | "rVert" | "Vert" | "dots" | "ldots" | "cdots" | "infty"
                )
        }
        NodeKind::Scripts(scripts) => ends_operand(&scripts.base),
        _ => true,
    }
}

/// Whether the node is `\dots` or one of its kin.
pub(super) fn is_dots(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Command(name) => {
            matches!(
                name.as_str(),
                "dots" | "ldots" | "cdots" | "vdots" | "ddots" | "dotsc" | "dotsb" | "dotsm" | "dotsi" | "dotso" | "hdots"
            )
        }
        NodeKind::Char('…' | '⋯' | '⋮' | '⋱') => true,
        _ => false,
    }
}

/// The nodes between commas that stand outside all brackets and bars.
pub(super) fn split_commas(nodes: &[Node]) -> Vec<&[Node]> {
    split_top(nodes, |node| node.is_char(','))
}

/// The nodes between separators that stand outside all brackets.
pub(super) fn split_top(nodes: &[Node], separates: impl Fn(&Node) -> bool) -> Vec<&[Node]> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut depth = 0usize;
    for (i, node) in nodes.iter().enumerate() {
        if opens(node).is_some() {
            depth += 1;
        } else if closes(node).is_some() {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && separates(node) {
            parts.push(&nodes[start..i]);
            start = i + 1;
        }
    }
    parts.push(&nodes[start..]);
    parts
}

/// The positions of relation signs outside all brackets, each with its sign and length.
pub(super) fn relations(nodes: &[Node]) -> Vec<(usize, Sign, usize)> {
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut i = 0;
    while i < nodes.len() {
        if opens(&nodes[i]).is_some() {
            depth += 1;
        } else if closes(&nodes[i]).is_some() {
            depth = depth.saturating_sub(1);
        } else if depth == 0
            && let Some((sign, length)) = sign_at(nodes, i)
        {
            found.push((i, sign, length));
            i += length;
            continue;
        }
        i += 1;
    }
    found
}

/// The message for a relation that is typed in several signs, such as `>=`.
pub(super) fn typed_relation(nodes: &[Node]) -> Option<Diagnostic> {
    nodes.windows(2).find_map(|pair| {
        let (NodeKind::Char(first), NodeKind::Char(second)) = (&pair[0].kind, &pair[1].kind) else { return None };
        let write = match (first, second) {
            ('>', '=') => "\\ge",
            ('<', '=') | ('=', '<') => "\\le",
            ('!', '=') | ('<', '>') => "\\ne",
            ('=', '=') => "=",
            ('=', '>') => "\\Rightarrow",
            _ => return None,
        };
        let span = pair[0].span.to(pair[1].span);
        let typed = pair[0].span.end == pair[1].span.start;
        typed.then(|| {
            Diagnostic::new(Code::Unreadable, span, format!("`{first}{second}` is no sign of TeX")).help(format!("write `{write}`"))
        })
    })
}

/// The node without white space, alignment and empty groups.
pub(super) fn is_layout(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Wide | NodeKind::Ampersand => true,
        NodeKind::Group(inner) => inner.is_empty(),
        _ => false,
    }
}

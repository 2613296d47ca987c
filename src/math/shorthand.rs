//! Shorthands that are set like a longer form, written out: slashed derivatives, and letters that share one style.

use super::cursor::{closes, is_layout, opens};
use super::derivative::marker;
use super::function::parts;
use super::reader::Reader;
use crate::tex::tree::{Node, NodeKind, Scripts, span_of};

impl Reader {
    /// The nodes without layout, with shorthands written out.
    pub(super) fn without_shorthands(&self, nodes: &[Node]) -> Vec<Node> {
        let mut list: Vec<Node> = Vec::new();
        for node in nodes.iter().filter(|node| !is_layout(node)) {
            match self.shared_style(node) {
                Some(letters) => list.extend(letters),
                None => list.push(node.clone()),
            }
        }
        self.slashed_derivatives(list)
    }

    /// `\mathbf{AB}` is set like `\mathbf{A} \mathbf{B}`, and is that product where nothing has the longer name.
    fn shared_style(&self, node: &Node) -> Option<Vec<Node>> {
        let p = parts(node);
        let NodeKind::Styled(style, inner) = &p.base.kind else { return None };
        if inner.len() < 2
            || !matches!(style.as_str(), "mathbf" | "boldsymbol" | "bm" | "pmb")
            || self.scope.get(&self.name_of(p.base)?).is_some()
        {
            return None;
        }
        let mut letters: Vec<Node> =
            inner.iter().map(|letter| Node { kind: NodeKind::Styled(style.clone(), vec![letter.clone()]), span: letter.span }).collect();
        let known = |letter: &Node| {
            let name = self.name_of(letter)?;
            self.scope.get(&name).or_else(|| self.scope.get(&super::scope::family_key(&name)))
        };
        if !letters.iter().all(|letter| known(letter).is_some()) {
            return None;
        }
        // What hangs on the whole is set on its last letter.
        if let NodeKind::Scripts(scripts) = &node.kind {
            let last = letters.pop()?;
            let span = last.span.to(node.span);
            letters.push(Node { kind: NodeKind::Scripts(Box::new(Scripts { base: last, ..(**scripts).clone() })), span });
        }
        Some(letters)
    }

    /// `\partial y / \partial \mathbf{x}` and `dy/dx` as fractions.
    fn slashed_derivatives(&self, nodes: Vec<Node>) -> Vec<Node> {
        let mut list: Vec<Node> = Vec::new();
        let mut i = 0;
        while i < nodes.len() {
            match self.slashed_derivative(&nodes[i..]) {
                Some((fraction, length)) => {
                    list.push(fraction);
                    i += length;
                }
                None => {
                    list.push(nodes[i].clone());
                    i += 1;
                }
            }
        }
        list
    }

    /// The slashed derivative that nodes begin with, and how many of them it takes.
    fn slashed_derivative(&self, nodes: &[Node]) -> Option<(Node, usize)> {
        let (partial, _) = marker(self, nodes.first()?)?;
        let mut depth = 0usize;
        let slash = nodes.iter().enumerate().skip(1).find_map(|(at, node)| {
            if opens(node).is_some() {
                depth += 1;
            } else if closes(node).is_some() {
                depth = depth.checked_sub(1)?;
            }
            (depth == 0 && closes(node).is_none() && !self.starts_factor(node) && opens(node).is_none()).then_some(at)
        })?;
        if !nodes[slash].is_char('/') {
            return None;
        }
        let mut end = slash + 1;
        while let Some(next) = nodes.get(end)
            && matches!(marker(self, next), Some((other, None)) if other == partial)
            && nodes.get(end + 1).is_some_and(|by| self.starts_factor(by) || by.is_char('('))
        {
            end += 1;
            // A list of variables in brackets, or one of them.
            end = match opens(&nodes[end]) {
                Some(_) => super::cursor::matching(nodes, end).ok()? + 1,
                None => end + 1,
            };
        }
        if end == slash + 1 {
            return None;
        }
        let span = span_of(&nodes[..end], nodes[0].span);
        Some((Node { kind: NodeKind::Frac(nodes[..slash].to_vec(), nodes[slash + 1..end].to_vec()), span }, end))
    }
}

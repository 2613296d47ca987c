//! What a name means that nothing introduced: the message, and the declaration that would fit its place.

use super::cursor::{Sign, is_layout, matching, opens, relations, split_commas};
use super::declare::introduced;
use super::function::{index_count, parts};
use super::reader::{Reader, circular};
use super::scope::{Meaning, element_names, family_key};
use super::symbol::SymbolKind;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind, canonical};

/// Where a name stands among the nodes of the formula.
struct Place<'n> {
    node: &'n Node,
    behind: &'n [Node],
}

impl Reader {
    /// The message for a name that nothing introduced.
    pub(super) fn undeclared(&self, name: &str, span: Span) -> Diagnostic {
        let place = find(&self.formula, span);
        let key = place.as_ref().and_then(|place| introduced(self, place.node)).map(|(_, key)| key);
        let keys = [key, Some(name.to_string()), Some(family_key(name))];
        if let Some(key) = keys.into_iter().flatten().find(|key| self.scope.get(key) == Some(Meaning::Broken)) {
            let name = key.trim_end_matches('_').to_string();
            let mut diagnostic =
                Diagnostic::new(Code::Undeclared, span, format!("`{name}` has no meaning, since what introduces it could not be read"));
            if let Some(introduced) = self.broken.get(&key) {
                diagnostic = diagnostic.label(*introduced, "introduced here").label(span, "first used here");
            }
            diagnostic.follows = true;
            return diagnostic;
        }
        if let Some((defining, family)) = &self.defining
            && (name == defining || family.as_deref() == Some(&family_key(name)))
        {
            return circular(name, span);
        }
        let next = place.as_ref().and_then(|place| place.behind.first());
        if name == "d"
            && let Some(next) = next.and_then(|next| self.name_of(parts(next).base))
        {
            return Diagnostic::new(Code::Undeclared, span, format!("a differential such as `d{next}` is not read"))
                .help(format!("write a derivative, such as `\\frac{{d {next}}}{{d x}}` or `\\frac{{\\partial {next}}}{{\\partial x}}`"));
        }
        let mut diagnostic =
            Diagnostic::new(Code::Undeclared, span, format!("`{name}` was neither declared nor defined")).label(span, "first used here");
        for help in self.introductions(name, place.as_ref()) {
            diagnostic = diagnostic.help(help);
        }
        let close: Vec<String> = element_names(name, 2).into_iter().skip(1).filter(|n| self.lookup(n).is_some()).collect();
        if let Some(other) = close.first() {
            diagnostic = diagnostic.note(format!("`{other}` is known; `{name}` is another symbol"));
        }
        if let Some(family) = self.lookup(&family_key(name)) {
            let indices = if self.family_indices(family) > 1 { "{ij}" } else { "i" };
            diagnostic = diagnostic.note(format!("`{name}` is known as a family: its members are written `{name}_{indices}`"));
        }
        diagnostic
    }

    /// What would introduce a name at its place.
    fn introductions(&self, name: &str, place: Option<&Place>) -> Vec<String> {
        if let Some(domain) = self.counting {
            return vec![format!("declare it, for example `${name} \\in {domain}$`")];
        }
        if let Some(vector) = self.vector_of_family(name) {
            return vec![vector];
        }
        let left = self.statement_defines(place);
        let letters = name.trim_end_matches('}').rsplit('{').next().unwrap_or(name);
        let bold = is_bold(name);
        let capital = letters.chars().count() == 1 && letters.chars().all(char::is_uppercase);
        if let Some(arguments) = place.and_then(arguments) {
            let call = format!("{name}({})", canonical(arguments));
            let list = split_commas(arguments);
            let named = |part: &&[Node]| match part {
                [node] => self.name_of(parts(node).base),
                _ => None,
            };
            let names: Vec<String> = list.iter().filter_map(named).collect();
            let space = |name: &str, size: &str| if is_bold(name) { format!("\\mathbb{{R}}^{size}") } else { "\\mathbb{R}".to_string() };
            if names.len() == list.len() {
                let from: Vec<String> = names.iter().map(|name| space(name, "n")).collect();
                let declared = format!("`{name} : {} \\to {}`", from.join(" \\times "), space(name, "m"));
                return vec![match left {
                    true => format!("a function is defined with `:=` instead of `=`: `{call} := …`"),
                    false => format!("a function is defined before its use, `{call} := …`, or declared: {declared}"),
                }];
            }
            return vec![
                format!("a function is declared, `{name} : \\mathbb{{R}} \\to \\mathbb{{R}}`, or defined: `{name}(x) := …`"),
                format!("a number that is multiplied is declared: `${name} \\in \\mathbb{{R}}$`"),
            ];
        }
        let index = place.and_then(|place| parts(place.node).sub);
        let mut all = Vec::new();
        let define = if left && index.is_none() { "" } else { ", or define it with `:=`" };
        if left && index.is_none() {
            all.push(format!("to define it here, write `:=` instead of `=`: `{name} := …`"));
        }
        let matrix = if bold || !capital { letters.to_uppercase() } else { letters.to_string() };
        all.push(match index.map(|sub| (index_count(sub), canonical(sub))) {
            Some((2, _)) if letters.chars().count() == 1 && !bold => {
                format!("declare the matrix that it is an element of, for example `${matrix} \\in \\mathbb{{R}}^{{m \\times n}}$`")
            }
            Some((1, _)) => {
                let domain = if bold { "\\mathbb{R}^d" } else { "\\mathbb{R}" };
                format!("declare the family that it is a member of, for example `${name}_1, \\dots, {name}_n \\in {domain}$`, or define it with `:=`")
            }
            _ if capital => {
                format!("declare it, for example `${name} \\in \\mathbb{{R}}^{{m \\times n}}$`{define}")
            }
            _ if bold => format!("declare it, for example `${name} \\in \\mathbb{{R}}^n$`{define}"),
            _ => format!("declare it, for example `${name} \\in \\mathbb{{R}}$`{define}"),
        });
        all
    }

    /// Whether the name, or a call of it, is the whole left side of an equation that may be meant as its definition.
    fn statement_defines(&self, place: Option<&Place>) -> bool {
        let Some(place) = place else { return false };
        let Some((at, Sign::Relation(super::expr::Relation::Equal), _)) = relations(&self.statement).first().copied() else { return false };
        let left: Vec<&Node> = self.statement[..at].iter().filter(|node| !is_layout(node)).collect();
        let end = match arguments(place) {
            Some(arguments) => arguments.last().map_or(place.node.span.end, |last| last.span.end) + 1,
            None => place.node.span.end,
        };
        left.first().is_some_and(|first| first.span.start == place.node.span.start) && left.iter().all(|node| node.span.end <= end)
    }

    /// How the vector of a family is written, for a bold name whose plain letter is one.
    fn vector_of_family(&self, name: &str) -> Option<String> {
        let style = ["\\mathbf{", "\\boldsymbol{"].into_iter().find(|style| name.contains(style))?;
        let start = name.find(style)?;
        let end = start + name[start..].find('}')?;
        let plain = format!("{}{}{}", &name[..start], &name[start + style.len()..end], &name[end + 1..]);
        let family = self.lookup(&family_key(&plain))?;
        let (low, high) = match &self.symbols[family].kind {
            SymbolKind::Family { ranges, .. } => ranges.first().cloned()?,
            SymbolKind::DefinedFamily { indices, .. } => indices.first().map(|(_, low, high)| (low.clone(), high.clone()))?,
            _ => return None,
        };
        let one = self.family_indices(family) == 1 && self.symbols[family].shape.is_scalar();
        let index = |text: String| if text.chars().count() == 1 { text } else { format!("{{{text}}}") };
        let (low, high) = (index(self.int_text(&low)), index(self.int_text(&high)));
        one.then(|| format!("define the vector of the family `{plain}_i`: `{name} := [{plain}_{low}, \\dots, {plain}_{high}]^\\top`"))
    }
}

fn is_bold(name: &str) -> bool {
    name.contains("mathbf") || name.contains("boldsymbol")
}

/// The arguments in round brackets right behind a name.
fn arguments<'n>(place: &Place<'n>) -> Option<&'n [Node]> {
    let next = place.behind.first()?;
    match &next.kind {
        NodeKind::Delimited(open, body, _) if open == "(" => Some(body),
        _ if opens(next) == Some('(') => matching(place.behind, 0).ok().map(|close| &place.behind[1..close]),
        _ => None,
    }
}

/// The node at a place, with what stands behind it on its level.
fn find(nodes: &[Node], span: Span) -> Option<Place<'_>> {
    for (at, node) in nodes.iter().enumerate() {
        if node.span == span {
            return Some(Place { node, behind: &nodes[at + 1..] });
        }
        if span.start < node.span.start || node.span.end < span.end {
            continue;
        }
        let inside: Vec<&[Node]> = match &node.kind {
            NodeKind::Group(inner) | NodeKind::Styled(_, inner) | NodeKind::Delimited(_, inner, _) => vec![inner],
            NodeKind::Frac(above, below) => vec![above, below],
            NodeKind::Sqrt(degree, body) => vec![degree.as_deref().unwrap_or_default(), body],
            NodeKind::Environment(_, rows) => rows.iter().flatten().map(Vec::as_slice).collect(),
            NodeKind::Scripts(scripts) => vec![
                std::slice::from_ref(&scripts.base),
                scripts.sub.as_deref().unwrap_or_default(),
                scripts.sup.as_deref().unwrap_or_default(),
            ],
            _ => Vec::new(),
        };
        if let Some(found) = inside.into_iter().find_map(|nodes| find(nodes, span)) {
            return Some(found);
        }
    }
    None
}

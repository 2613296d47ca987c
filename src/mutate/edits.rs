//! The small changes of a formula: the mistakes that people make, as edits of its TeX.

use std::collections::BTreeSet;

use crate::tex::tree::{Node, NodeKind, Scripts, TextPart, canonical};

/// One change of a formula's TeX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The first byte of the TeX that is replaced.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// What stands there instead.
    pub text: String,
    /// Which mistake it is.
    pub mistake: &'static str,
    /// Whether it changes a condition and no side.
    pub condition: bool,
}

/// Every change of a formula, in the order of their places. `known` says whether a name in canonical spelling means something.
pub fn edits(tex: &str, nodes: &[Node], known: &dyn Fn(&str) -> bool) -> Vec<Edit> {
    let mut names = Names::default();
    names.list(nodes, tex);
    let mut editor = Editor { tex, names, known, edits: Vec::new(), condition: false };
    editor.list(nodes, Place::Side);
    let mut edits = editor.edits;
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    edits.retain(|edit| squeezed(&tex[edit.start..edit.end]) != squeezed(&edit.text));
    edits.sort_by_key(|edit| (edit.start, edit.end));
    let mut seen = BTreeSet::new();
    edits.retain(|edit| seen.insert(squeezed(&format!("{}\0{}\0{}", &tex[..edit.start], edit.text, &tex[edit.end..]))));
    edits
}

/// Where a list of nodes stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the level of a statement.
    Side,
    /// Inside an expression.
    Value,
    /// In a subscript that counts.
    Index,
    /// In an exponent.
    Exponent,
    /// Below or above a sum or product.
    Range,
    /// What a derivative is taken by.
    By,
}

/// Names that a formula mentions: what could be taken for one another.
#[derive(Default)]
struct Names {
    /// Letters in subscripts.
    indices: BTreeSet<char>,
    /// What derivatives are taken by, canonical and as written.
    variables: Vec<(String, String)>,
    /// Other letters.
    letters: Vec<(String, String)>,
}

impl Names {
    fn list(&mut self, nodes: &[Node], tex: &str) {
        for node in nodes {
            self.node(node, tex);
        }
    }

    fn add(list: &mut Vec<(String, String)>, node: &Node, tex: &str) {
        let canonical = node.canonical();
        if list.iter().all(|(other, _)| *other != canonical) {
            list.push((canonical, tex[node.span.range()].to_string()));
        }
    }

    fn node(&mut self, node: &Node, tex: &str) {
        match &node.kind {
            NodeKind::Letter(c) if *c != 'd' => Self::add(&mut self.letters, node, tex),
            NodeKind::Styled(style, _) if is_bold(style) => Self::add(&mut self.letters, node, tex),
            NodeKind::Styled(style, inner) if !matches!(style.as_str(), "operatorname" | "mathrm" | "mathbb" | "mathsf") => {
                self.list(inner, tex)
            }
            NodeKind::Group(inner) | NodeKind::Delimited(_, inner, _) => self.list(inner, tex),
            NodeKind::Frac(above, below) => {
                if let Some(at) = differential(below) {
                    for variable in below.iter().skip(at + 1).filter(|node| is_variable(node)) {
                        Self::add(&mut self.variables, variable, tex);
                    }
                }
                self.list(above, tex);
                self.list(below, tex);
            }
            NodeKind::Sqrt(degree, body) => {
                self.list(degree.as_deref().unwrap_or_default(), tex);
                self.list(body, tex);
            }
            NodeKind::Scripts(scripts) => {
                self.node(&scripts.base, tex);
                for inner in scripts.sub.iter().flatten() {
                    match inner.kind {
                        NodeKind::Letter(c) => drop(self.indices.insert(c)),
                        _ => self.node(inner, tex),
                    }
                }
                if let Some(sup) = &scripts.sup
                    && transposition(sup).is_none()
                {
                    self.list(sup, tex);
                }
            }
            NodeKind::Environment(_, rows) => rows.iter().flatten().for_each(|cell| self.list(cell, tex)),
            _ => {}
        }
    }
}

struct Editor<'t> {
    tex: &'t str,
    names: Names,
    known: &'t dyn Fn(&str) -> bool,
    edits: Vec<Edit>,
    condition: bool,
}

/// Commands and the neighbours for which they are taken.
const NEIGHBOURS: &[(&str, &str)] = &[
    ("sin", "cos"),
    ("cos", "sin"),
    ("tan", "tanh"),
    ("cot", "tan"),
    ("sec", "cos"),
    ("csc", "sin"),
    ("sinh", "cosh"),
    ("cosh", "sinh"),
    ("tanh", "sinh"),
    ("arcsin", "arccos"),
    ("arccos", "arcsin"),
    ("arctan", "tan"),
    ("max", "min"),
    ("min", "max"),
    ("exp", "ln"),
    ("ln", "exp"),
    ("log", "exp"),
    ("sum", "prod"),
    ("prod", "sum"),
    ("det", "operatorname{tr}"),
    ("sigma", "tanh"),
    ("odot", "oslash"),
    ("oslash", "odot"),
    ("circ", "cdot"),
];
const NAMED_NEIGHBOURS: &[(&str, &str)] = &[
    ("tr", "\\det"),
    ("Tr", "\\det"),
    ("relu", "\\exp"),
    ("sign", "\\operatorname{relu}"),
    ("sum", "\\operatorname{mean}"),
    ("mean", "\\operatorname{sum}"),
];

impl Editor<'_> {
    fn edit(&mut self, start: usize, end: usize, text: impl Into<String>, mistake: &'static str) {
        self.edits.push(Edit { start, end, text: text.into(), mistake, condition: self.condition });
    }

    fn replace(&mut self, node: &Node, text: impl Into<String>, mistake: &'static str) {
        // A command's name would run into a letter behind it.
        let mut text = text.into();
        let letter = self.tex[node.span.end..].starts_with(|c: char| c.is_ascii_alphabetic());
        let command = text.rfind('\\').is_some_and(|at| text[at + 1..].chars().all(|c| c.is_ascii_alphabetic()));
        if letter && command {
            text.push(' ');
        }
        self.edit(node.span.start, node.span.end, text, mistake);
    }

    fn text(&self, nodes: &[Node]) -> &str {
        match (nodes.first(), nodes.last()) {
            (Some(first), Some(last)) => &self.tex[first.span.start..last.span.end],
            _ => "",
        }
    }

    fn list(&mut self, nodes: &[Node], place: Place) {
        let mut depth = 0usize;
        let mut i = 0;
        let before = self.condition;
        while i < nodes.len() {
            let node = &nodes[i];
            if place == Place::Side && matches!(node.kind, NodeKind::Wide | NodeKind::NewLine | NodeKind::Ampersand) {
                self.condition = before;
            }
            if place == Place::Side && begins_condition(node) && nodes[i..].iter().any(holds_order) {
                let end = (i + 1..nodes.len())
                    .find(|at| matches!(nodes[*at].kind, NodeKind::Wide | NodeKind::NewLine | NodeKind::Ampersand | NodeKind::Label(_)))
                    .unwrap_or(nodes.len());
                self.condition = true;
                self.edit(node.span.start, nodes[end - 1].span.end, "", "a condition dropped");
            }
            if node.is_char('(') || node.is_char('[') {
                self.bracket(nodes, i);
                depth += 1;
            } else if closes(node) {
                depth = depth.saturating_sub(1);
            }
            self.sign(nodes, i, place);
            if place == Place::Side && depth == 0 && !self.condition {
                self.term(nodes, i);
            }
            if matches!(place, Place::Side | Place::Value) {
                self.product(nodes, i);
                self.dropped(nodes, i);
            }
            self.node(nodes, i, place);
            i += 1;
        }
        self.condition = before;
    }

    /// A sign flipped, `<` for `>`.
    fn sign(&mut self, nodes: &[Node], i: usize, place: Place) {
        const SIGN: &str = "a sign flipped";
        const ORDER: &str = "`<` for `>`";
        let node = &nodes[i];
        match &node.kind {
            NodeKind::Char('+') => self.replace(node, "-", SIGN),
            NodeKind::Char('-') if begins_term(nodes, i) => self.replace(node, " ", SIGN),
            NodeKind::Char('-') => self.replace(node, "+", SIGN),
            NodeKind::Char('<') => self.replace(node, ">", ORDER),
            NodeKind::Char('>') => self.replace(node, "<", ORDER),
            NodeKind::Command(name) => match name.as_str() {
                "lt" => self.replace(node, "\\gt", ORDER),
                "gt" => self.replace(node, "\\lt", ORDER),
                "le" | "leq" | "leqslant" => self.replace(node, "\\ge", ORDER),
                "ge" | "geq" | "geqslant" => self.replace(node, "\\le", ORDER),
                _ => {}
            },
            _ if place == Place::Side && !self.condition && begins_term(nodes, i) && is_factor(node) => {
                self.edit(node.span.start, node.span.start, "-", SIGN)
            }
            _ => {}
        }
    }

    /// A factor 2 or 1/2 gained at the beginning of a term.
    fn term(&mut self, nodes: &[Node], i: usize) {
        let node = &nodes[i];
        let signed = i > 0 && (nodes[i - 1].is_char('+') || nodes[i - 1].is_char('-'));
        if !(signed || begins_term(nodes, i)) || !is_factor(node) && !is_function(node) && !node.is_char('(') {
            return;
        }
        if canonical(std::slice::from_ref(node)) == "0" {
            return;
        }
        let dot = if matches!(node.kind, NodeKind::Number(_)) { "\\cdot " } else { "" };
        self.edit(node.span.start, node.span.start, format!("2 {dot}"), "a factor 2 gained");
        self.edit(node.span.start, node.span.start, format!("\\frac{{1}}{{2}} {dot}"), "a factor 1/2 gained");
    }

    /// Factors swapped.
    fn product(&mut self, nodes: &[Node], i: usize) {
        let Some(next) = nodes.get(i + 1) else { return };
        if !is_matrix_like(&nodes[i]) {
            return;
        }
        let (middle, other) = if next.is_command("otimes") || next.is_command("cdot") && is_derivative(&nodes[i]) {
            (
                self.tex[nodes[i].span.end..].get(..nodes.get(i + 2).map_or(0, |n| n.span.start - nodes[i].span.end)).unwrap_or(" "),
                nodes.get(i + 2),
            )
        } else {
            (" ", Some(next))
        };
        let Some(other) = other.filter(|other| is_matrix_like(other)) else { return };
        // A function's name belongs to its argument.
        let at = if std::ptr::eq(other, next) { i + 2 } else { i + 3 };
        if nodes.get(at).is_some_and(|after| after.is_char('(')) && !is_derivative(other) {
            return;
        }
        let text = format!("{}{middle}{}", &self.tex[other.span.range()], &self.tex[nodes[i].span.range()]);
        self.edit(nodes[i].span.start, other.span.end, text, "factors swapped");
    }

    /// A factor 2 or 1/2 lost, or an inner derivative forgotten.
    fn dropped(&mut self, nodes: &[Node], i: usize) {
        let node = &nodes[i];
        let beside =
            |at: Option<usize>| at.and_then(|at| nodes.get(at)).is_some_and(|node| is_factor(node) || is_function(node) || closes(node));
        let after = beside(i.checked_add(1)) || nodes.get(i + 1).is_some_and(|node| node.is_char('('));
        let before = beside(i.checked_sub(1));
        match &node.kind {
            NodeKind::Number(digits) if digits == "2" && after => self.replace(node, " ", "a factor 2 lost"),
            NodeKind::Frac(above, below) if canonical(above) == "1" && canonical(below) == "2" && (after || before) => {
                self.replace(node, " ", "a factor 1/2 lost")
            }
            NodeKind::Frac(above, below) if differential(below).is_some() && above.len() > 1 && (after || before) => {
                self.replace(node, " ", "an inner derivative forgotten")
            }
            _ => {}
        }
    }

    /// A mask dropped, arguments or elements swapped, an element changed, of what stands in brackets.
    fn bracket(&mut self, nodes: &[Node], open: usize) {
        let Some(close) = closing(nodes, open) else { return };
        let inner = &nodes[open + 1..close];
        if nodes[open].is_char('[') && inner.iter().any(is_order) {
            let neighbour =
                |at: Option<usize>| at.and_then(|at| nodes.get(at)).is_some_and(|node| is_factor(node) || node.is_command("odot"));
            if neighbour(open.checked_sub(1)) || neighbour(Some(close + 1)) {
                self.mask(nodes, open, close);
            }
            return;
        }
        let symmetric = open > 0 && matches!(&nodes[open - 1].kind, NodeKind::Command(name) if matches!(name.as_str(), "max" | "min"));
        if symmetric || inner.iter().any(is_dots) {
            return;
        }
        self.swapped(inner, if nodes[open].is_char('[') { "elements swapped" } else { "arguments swapped" });
    }

    fn mask(&mut self, nodes: &[Node], open: usize, close: usize) {
        let (mut start, mut end) = (nodes[open].span.start, nodes[close].span.end);
        let product = |node: &Node| node.is_command("odot") || node.is_command("cdot");
        if let Some(node) = nodes.get(close + 1).filter(|node| product(node)) {
            end = node.span.end;
        } else if let Some(node) = open.checked_sub(1).map(|at| &nodes[at]).filter(|node| product(node)) {
            start = node.span.start;
        }
        self.edit(start, end, " ", "a mask dropped");
    }

    fn swapped(&mut self, inner: &[Node], mistake: &'static str) {
        let mut parts: Vec<&[Node]> = Vec::new();
        let (mut depth, mut start) = (0usize, 0);
        for (at, node) in inner.iter().enumerate() {
            if node.is_char('(') || node.is_char('[') {
                depth += 1;
            } else if closes(node) {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && node.is_char(',') {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
        }
        parts.push(&inner[start..]);
        for pair in parts.windows(2) {
            let (a, b) = (self.text(pair[0]).to_string(), self.text(pair[1]).to_string());
            if let (Some(first), Some(second), Some(last)) = (pair[0].first(), pair[1].first(), pair[1].last())
                && a != b
            {
                let between = self.tex[pair[0][pair[0].len() - 1].span.end..second.span.start].to_string();
                self.edit(first.span.start, last.span.end, format!("{b}{between}{a}"), mistake);
            }
        }
    }

    fn node(&mut self, nodes: &[Node], i: usize, place: Place) {
        let node = &nodes[i];
        if place != Place::By && matches!(place, Place::Side | Place::Value) {
            self.transpose(nodes, i);
        }
        match &node.kind {
            NodeKind::Number(digits) => self.number(node, digits, nodes.len(), place),
            NodeKind::Letter(c) => self.letter(nodes, i, *c, place),
            NodeKind::Command(name) => {
                if let Some((_, other)) = NEIGHBOURS.iter().find(|(of, _)| of == name) {
                    // `\sigma` is the logistic function only where nothing else has its name.
                    if name != "sigma" || !(self.known)("\\sigma") {
                        self.replace(node, format!("\\{other}"), neighbour_of(name));
                    }
                }
            }
            NodeKind::Group(inner) => self.list(inner, if place == Place::Side { Place::Value } else { place }),
            NodeKind::Styled(style, inner) => self.styled(node, style, inner),
            NodeKind::Text(parts) => {
                for part in parts {
                    if let TextPart::Math(inner) = part {
                        self.list(inner, Place::Value);
                    }
                }
            }
            NodeKind::Frac(above, below) => self.fraction(node, above, below),
            NodeKind::Sqrt(_, body) => {
                let text = format!("({})", self.text(body));
                self.replace(node, text, "a root lost");
                self.list(body, Place::Value);
            }
            NodeKind::Scripts(scripts) => self.scripts(nodes, i, scripts, place),
            NodeKind::Delimited(open, body, _) => {
                let symmetric = i > 0 && matches!(&nodes[i - 1].kind, NodeKind::Command(name) if matches!(name.as_str(), "max" | "min"));
                if open == "[" && body.iter().any(is_order) {
                    self.replace(node, " ", "a mask dropped");
                } else if !symmetric && !body.iter().any(is_dots) {
                    self.swapped(body, if open == "[" { "elements swapped" } else { "arguments swapped" });
                }
                self.list(body, Place::Value);
            }
            NodeKind::Environment(name, rows) => self.environment(name, rows, place),
            _ => {}
        }
    }

    fn number(&mut self, node: &Node, digits: &str, length: usize, place: Place) {
        let mistake = match place {
            Place::Index => "an index shifted",
            Place::Exponent => "an exponent off by one",
            Place::Range => "a range off by one",
            _ => "a number off by one",
        };
        let Ok(value) = digits.parse::<u64>() else {
            if let Some(last) = digits.chars().last().and_then(|c| c.to_digit(10)) {
                self.replace(node, format!("{}{}", &digits[..digits.len() - 1], (last + 1) % 10), mistake);
            }
            return;
        };
        if value < u64::MAX {
            self.replace(node, (value + 1).to_string(), mistake);
        }
        if value > 0 && (place == Place::Range || place == Place::Exponent && length == 1) {
            self.replace(node, (value - 1).to_string(), mistake);
        }
    }

    fn letter(&mut self, nodes: &[Node], i: usize, c: char, place: Place) {
        let node = &nodes[i];
        match place {
            Place::Index => {
                let letters = nodes.iter().all(|node| matches!(node.kind, NodeKind::Letter(_) | NodeKind::Number(_)));
                if nodes.len() == 1 {
                    self.replace(node, format!("{{{c}+1}}"), "an index shifted");
                    self.replace(node, format!("{{{c}-1}}"), "an index shifted");
                }
                if letters && let Some(NodeKind::Letter(next)) = nodes.get(i + 1).map(|node| &node.kind) {
                    self.edit(node.span.start, nodes[i + 1].span.end, format!("{next}{c}"), "indices swapped");
                }
                for other in self.names.indices.clone().into_iter().filter(|other| *other != c).take(2) {
                    self.replace(node, other.to_string(), "another index");
                }
            }
            Place::Exponent | Place::Range if nodes.len() == 1 => {
                let mistake = if place == Place::Range { "a range off by one" } else { "an exponent off by one" };
                self.replace(node, format!("{{{c}+1}}"), mistake);
                self.replace(node, format!("{{{c}-1}}"), mistake);
            }
            Place::By => {}
            _ => {
                for style in ["mathbf", "boldsymbol"] {
                    if (self.known)(&format!("\\{style}{{{c}}}")) {
                        self.replace(node, format!("\\{style}{{{c}}}"), "bold for a plain letter");
                    }
                }
            }
        }
    }

    fn styled(&mut self, node: &Node, style: &str, inner: &[Node]) {
        let plain = canonical(inner);
        if is_bold(style) && (self.known)(&plain) {
            let text = self.text(inner).to_string();
            self.replace(node, format!("{{{text}}}"), "a plain letter for bold");
        }
        if style == "operatorname"
            && let Some((_, other)) = NAMED_NEIGHBOURS.iter().find(|(name, _)| *name == plain)
        {
            self.replace(node, *other, "a function's neighbour");
        }
    }

    fn fraction(&mut self, node: &Node, above: &[Node], below: &[Node]) {
        let Some(at) = differential(below) else {
            let (a, b) = (self.text(above), self.text(below));
            if a != "0" {
                let text = format!("\\frac{{{}}}{{{}}}", b, a);
                self.replace(node, text, "a fraction upside down");
            }
            self.list(above, Place::Value);
            self.list(below, Place::Value);
            return;
        };
        // What is differentiated stands behind the sign.
        let start = differential(above).map_or(0, |at| at + 1);
        self.list(&above[start.min(above.len())..], Place::Value);
        for variable in below.iter().skip(at + 1).filter(|node| is_variable(node)) {
            self.moved(variable);
            self.list(std::slice::from_ref(variable), Place::By);
        }
    }

    /// A derivative taken by something else.
    fn moved(&mut self, variable: &Node) {
        let base = match &variable.kind {
            NodeKind::Scripts(scripts) => scripts.base.canonical(),
            _ => variable.canonical(),
        };
        let mut others: Vec<(String, String)> = self.names.variables.clone();
        others.extend(self.names.letters.iter().filter(|(name, _)| (self.known)(name)).cloned());
        let own = variable.canonical();
        let mut taken = 0;
        let mut seen = BTreeSet::new();
        for (name, text) in others {
            if name != own && name != base && seen.insert(name) {
                self.replace(variable, text, "a derivative moved to another variable");
                taken += 1;
                if taken == 3 {
                    break;
                }
            }
        }
    }

    fn scripts(&mut self, nodes: &[Node], i: usize, scripts: &Scripts, place: Place) {
        let node = &nodes[i];
        let base = &scripts.base;
        let large = matches!(&base.kind, NodeKind::Command(name) if matches!(name.as_str(), "sum" | "prod" | "max" | "min"));
        let indicator = matches!(&base.kind, NodeKind::Styled(style, _) if style == "mathbb");
        if let Some(sub) = &scripts.sub {
            if base.is_command("nabla") {
                for variable in sub.iter().filter(|node| is_variable(node)) {
                    self.moved(variable);
                }
            } else if indicator {
                self.replace(node, " ", "a mask dropped");
                self.list(sub, Place::Value);
            } else if large {
                self.range(sub);
            } else if place == Place::By || !sub.iter().any(is_order) {
                self.list(sub, Place::Index);
            } else {
                self.list(sub, Place::Value);
            }
        }
        if scripts.primes > 0 {
            let at = self.tex[base.span.end..node.span.end].find('\'').map(|at| base.span.end + at);
            if let Some(at) = at {
                self.edit(at, at + 1, " ", "a prime lost");
                self.edit(at, at, "'", "a prime gained");
            }
        }
        match &scripts.sup {
            Some(sup) if transposition(sup) == Some(true) => {}
            Some(sup) if transposition(sup) == Some(false) => self.list(&sup[..1], Place::Value),
            Some(sup) if large => self.list(sup, Place::Range),
            // A superscript in brackets belongs to a name.
            Some(sup) if sup.first().is_some_and(|node| node.is_char('(') || matches!(node.kind, NodeKind::Delimited(..))) => {
                for node in sup {
                    if let NodeKind::Number(digits) = &node.kind {
                        self.number(node, digits, 1, Place::Index);
                    }
                }
            }
            Some(sup) => {
                if sup.len() == 2 && sup[0].is_char('-') && canonical(&sup[1..]) == "1" {
                    let text = self.tex[base.span.range()].to_string();
                    self.replace(node, text, "an inverse lost");
                } else {
                    if canonical(std::slice::from_ref(base)) == "e"
                        && let Some(first) = sup.first().filter(|first| !first.is_char('-'))
                    {
                        let (start, end) = (first.span.start, sup[sup.len() - 1].span.end);
                        self.edit(start, end, format!("{{-{}}}", &self.tex[start..end]), "a sign flipped");
                    }
                    self.list(sup, Place::Exponent);
                }
            }
            None => {}
        }
        if place != Place::By {
            let name = matches!(&base.kind, NodeKind::Number(_) | NodeKind::Letter(_) | NodeKind::Styled(..) | NodeKind::Char(_));
            let inner = !(name && scripts.sub.is_some());
            if inner && !large || matches!(&base.kind, NodeKind::Command(name) if matches!(name.as_str(), "sum" | "prod")) {
                self.node(std::slice::from_ref(base), 0, if place == Place::Side { Place::Value } else { place });
            }
            if let NodeKind::Command(name) = &base.kind
                && matches!(name.as_str(), "max" | "min")
            {
                self.node(std::slice::from_ref(base), 0, Place::Value);
            }
        }
    }

    /// What stands below a sum: a range, a condition, or the index alone.
    fn range(&mut self, sub: &[Node]) {
        let sign = sub.iter().position(|node| node.is_char('=') || node.is_char(':') || is_order(node));
        let Some(sign) = sign else { return };
        if sub[sign].is_char(':') || sub[sign].is_command("ne") || sub[sign].is_command("neq") {
            self.edit(sub[sign].span.start, sub[sub.len() - 1].span.end, " ", "a condition dropped");
        }
        self.list(&sub[sign..], Place::Range);
    }

    /// A transpose dropped or added.
    fn transpose(&mut self, nodes: &[Node], i: usize) {
        let node = &nodes[i];
        if let NodeKind::Scripts(scripts) = &node.kind
            && let Some(sup) = &scripts.sup
        {
            match transposition(sup) {
                Some(true) => {
                    let text = match &scripts.sub {
                        Some(sub) => format!("{}_{{{}}}", &self.tex[scripts.base.span.range()], self.text(sub)),
                        None => self.tex[scripts.base.span.range()].to_string(),
                    };
                    self.replace(node, text, "a transpose dropped");
                }
                Some(false) => {
                    let text = format!("{}^{{-1}}", &self.tex[scripts.base.span.range()]);
                    self.replace(node, text, "a transpose dropped");
                }
                None => {
                    if canonical(sup) == "-1" && is_matrix_name(&scripts.base) {
                        let text = format!("{}^{{-\\top}}", &self.tex[scripts.base.span.range()]);
                        self.replace(node, text, "a transpose added");
                    }
                }
            }
            return;
        }
        let called =
            nodes.get(i + 1).is_some_and(|next| next.is_char('(') || matches!(&next.kind, NodeKind::Delimited(open, ..) if open == "("));
        let closed = (node.is_char(')') || node.is_char(']')) && opening(nodes, i).is_some_and(|open| transposable(nodes, open));
        let name = match &node.kind {
            NodeKind::Scripts(scripts) => scripts.sup.is_none() && scripts.primes == 0 && is_bold_name(&scripts.base),
            NodeKind::Environment(name, _) => name.ends_with("matrix"),
            _ => is_matrix_name(node),
        };
        if name && !called || closed {
            self.edit(node.span.end, node.span.end, "^\\top ", "a transpose added");
        }
    }

    fn environment(&mut self, name: &str, rows: &[Vec<Vec<Node>>], place: Place) {
        match name {
            "cases" => {
                for pair in rows.windows(2) {
                    if let ([a, ..], [b, ..]) = (pair[0].as_slice(), pair[1].as_slice())
                        && let (Some(first), Some(last)) = (a.first(), b.last())
                    {
                        let (start, end) = (first.span.start, last.span.end);
                        let middle = &self.tex[a[a.len() - 1].span.end..b[0].span.start];
                        let text = format!("{}{middle}{}", self.text(b), self.text(a));
                        self.edit(start, end, text, "cases swapped");
                    }
                }
                for cell in rows.iter().flatten() {
                    self.list(cell, Place::Value);
                }
            }
            _ if name.trim_end_matches('*').ends_with("matrix") || name == "array" => {
                for (r, row) in rows.iter().enumerate() {
                    for (c, cell) in row.iter().enumerate() {
                        self.element(cell);
                        let mirrored = rows.get(c).and_then(|row| row.get(r));
                        if c > r
                            && let Some(other) = mirrored
                            && let (Some(_), Some(_)) = (cell.first(), other.first())
                            && !cell.iter().chain(other).any(is_dots)
                        {
                            let (a, b) = (cell[0].span.start, cell[cell.len() - 1].span.end);
                            let (from, to) = (other[0].span.start, other[other.len() - 1].span.end);
                            let text = format!("{}{}{}", &self.tex[from..to], &self.tex[b..from], &self.tex[a..b]);
                            self.edit(a, to, text, "elements swapped");
                        }
                        self.list(cell, Place::Value);
                    }
                }
            }
            _ => {
                for row in rows {
                    for cell in row {
                        self.list(cell, place);
                    }
                }
            }
        }
    }

    /// One element of a matrix.
    fn element(&mut self, cell: &[Node]) {
        let (Some(first), Some(last)) = (cell.first(), cell.last()) else { return };
        let (start, end) = (first.span.start, last.span.end);
        if cell.iter().any(is_dots) || canonical(cell) == "0" || matches!(cell, [Node { kind: NodeKind::Number(_), .. }]) {
            return;
        }
        self.edit(start, end, "0", "an element lost");
        if !first.is_char('-') {
            self.edit(start, start, "-", "a sign flipped");
        }
    }
}

fn neighbour_of(name: &str) -> &'static str {
    match name {
        "odot" | "oslash" | "circ" => "another product",
        _ => "a function's neighbour",
    }
}

fn is_bold(style: &str) -> bool {
    matches!(style, "mathbf" | "boldsymbol" | "bm")
}

fn is_bold_name(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Styled(style, _) if is_bold(style) => true,
        NodeKind::Styled(style, inner) => {
            matches!(style.as_str(), "hat" | "bar" | "tilde" | "dot" | "vec" | "overrightarrow")
                && (style == "vec" || inner.iter().any(is_bold_name))
        }
        _ => false,
    }
}

/// A name that stands for a vector or a matrix by its looks.
fn is_matrix_name(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Letter(c) => c.is_uppercase(),
        _ => is_bold_name(node),
    }
}

/// What may not commute with its neighbour.
fn is_matrix_like(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Scripts(scripts) => is_matrix_like(&scripts.base),
        NodeKind::Frac(..) => is_derivative(node),
        NodeKind::Environment(name, _) => name.ends_with("matrix"),
        NodeKind::Delimited(open, body, _) => open == "(" && body.iter().any(is_matrix_like),
        _ => is_matrix_name(node),
    }
}

fn is_derivative(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Frac(_, below) if differential(below).is_some())
}

/// Where the `\partial` or `d` at the beginning of a derivative's part stands; a power of it counts.
fn differential(nodes: &[Node]) -> Option<usize> {
    let sign = |node: &Node| match &node.kind {
        NodeKind::Command(name) => name == "partial",
        NodeKind::Letter(c) => *c == 'd',
        NodeKind::Styled(style, inner) => style == "mathrm" && canonical(inner) == "d",
        _ => false,
    };
    let first = nodes.first()?;
    let found = match &first.kind {
        NodeKind::Scripts(scripts) => sign(&scripts.base),
        _ => sign(first),
    };
    let bare_d = matches!(first.kind, NodeKind::Letter('d')) && nodes.len() < 2;
    (found && !bare_d).then_some(0)
}

fn is_variable(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Letter(c) => *c != 'd',
        NodeKind::Styled(style, _) => style != "mathrm" && style != "operatorname",
        NodeKind::Command(name) => name != "partial",
        NodeKind::Scripts(scripts) => is_variable(&scripts.base),
        _ => false,
    }
}

/// Whether a superscript transposes (`Some(true)`), inverts and transposes (`Some(false)`), or neither.
fn transposition(sup: &[Node]) -> Option<bool> {
    match canonical(sup).as_str() {
        "T" | "\\top" | "\\mathsf{T}" | "\\mathrm{T}" | "\\intercal" => Some(true),
        "-T" | "-\\top" | "-\\mathsf{T}" | "-\\mathrm{T}" => Some(false),
        _ => None,
    }
}

fn is_order(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Char(c) => matches!(c, '<' | '>' | '=' | '≤' | '≥'),
        NodeKind::Command(name) => {
            matches!(name.as_str(), "lt" | "gt" | "le" | "leq" | "leqslant" | "ge" | "geq" | "geqslant" | "ne" | "neq")
        }
        _ => false,
    }
}

/// Whether a relation stands here, perhaps in the math of a text.
fn holds_order(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Text(parts) => parts.iter().any(|part| matches!(part, TextPart::Math(inner) if inner.iter().any(is_order))),
        _ => is_order(node) || node.is_command("in"),
    }
}

fn is_dots(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Command(name) if name.ends_with("dots"))
}

fn closes(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Char(c) => matches!(c, ')' | ']'),
        NodeKind::Scripts(scripts) => closes(&scripts.base),
        _ => false,
    }
}

fn closing(nodes: &[Node], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, node) in nodes.iter().enumerate().skip(open) {
        if node.is_char('(') || node.is_char('[') {
            depth += 1;
        } else if closes(node) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

fn opening(nodes: &[Node], close: usize) -> Option<usize> {
    (0..close).rev().find(|open| (nodes[*open].is_char('(') || nodes[*open].is_char('[')) && closing(nodes, *open) == Some(close))
}

/// Whether a bracket may hold a vector or a matrix: it is no function's argument and names one.
fn transposable(nodes: &[Node], open: usize) -> bool {
    let called = open > 0 && (is_function(&nodes[open - 1]) || matches!(nodes[open - 1].kind, NodeKind::Letter(_) | NodeKind::Scripts(_)));
    let mask = nodes[open].is_char('[') && nodes[open + 1..].iter().any(is_order);
    !called && !mask && nodes[open + 1..closing(nodes, open).unwrap_or(nodes.len())].iter().any(is_matrix_like)
}

/// Whether a node may be a factor of a product.
fn is_factor(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Letter(_) | NodeKind::Number(_) | NodeKind::Frac(..) | NodeKind::Sqrt(..) | NodeKind::Styled(..) => true,
        NodeKind::Delimited(..) => true,
        NodeKind::Environment(name, _) => !name.starts_with("align") && name != "split" && !name.starts_with("gather"),
        NodeKind::Group(inner) => !inner.is_empty(),
        NodeKind::Char(c) => matches!(c, '(' | '['),
        NodeKind::Scripts(scripts) => is_factor(&scripts.base) || is_function(&scripts.base),
        NodeKind::Command(name) => crate::math::reader::is_letter_command(name),
        _ => false,
    }
}

fn is_function(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Command(name) => crate::math::function::is_function_command(name) || matches!(name.as_str(), "sum" | "prod" | "nabla"),
        NodeKind::Styled(style, _) => style == "operatorname",
        NodeKind::Scripts(scripts) => is_function(&scripts.base),
        _ => false,
    }
}

/// Whether a term begins here: nothing, a relation, an opening bracket or a comma stands before.
fn begins_term(nodes: &[Node], i: usize) -> bool {
    let Some(before) = i.checked_sub(1).map(|at| &nodes[at]) else { return !is_order(&nodes[i]) };
    match &before.kind {
        NodeKind::Char(c) => matches!(c, '(' | '[' | ',' | '=' | '<' | '>' | ':'),
        NodeKind::Wide | NodeKind::NewLine | NodeKind::Ampersand => true,
        NodeKind::Command(name) => is_order(before) || matches!(name.as_str(), "coloneqq" | "{"),
        NodeKind::Group(inner) => inner.is_empty(),
        _ => false,
    }
}

fn begins_condition(node: &Node) -> bool {
    node.words().is_some_and(|words| crate::math::condition::begins_condition(&words))
}

//! The tree of a formula.

use crate::span::Span;

/// A node with its place in the Markdown file.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A letter.
    Letter(char),
    /// A number: digits, with a decimal point and digits behind it perhaps.
    Number(String),
    /// Any other character: an operator, a bracket, punctuation.
    Char(char),
    /// A command that takes no argument, without its backslash: `alpha`, `cdot`, `{`.
    Command(String),
    /// `{…}`
    Group(Vec<Node>),
    /// A command that dresses its argument: `mathbf`, `hat`, `operatorname`; the name without its backslash.
    Styled(String, Vec<Node>),
    /// Words: `\text{…}`, math between dollars inside it being nodes of its own.
    Text(Vec<TextPart>),
    /// `\frac{…}{…}`
    Frac(Vec<Node>, Vec<Node>),
    /// `\sqrt[…]{…}`
    Sqrt(Option<Vec<Node>>, Vec<Node>),
    /// A base with a subscript, primes and a superscript.
    Scripts(Box<Scripts>),
    /// `\left … \right`, the delimiters as written without `\left`; `.` for none.
    Delimited(String, Vec<Node>, String),
    /// `\begin{…} … \end{…}`: the name and the rows of cells.
    Environment(String, Rows),
    /// White space as wide as a `\quad` or wider.
    Wide,
    /// `\\` outside an environment.
    NewLine,
    /// `&` outside an environment.
    Ampersand,
    /// `\label{…}`
    Label(String),
    /// `\eqref{…}`
    Reference(String),
    /// `\unchecked{…}`
    Unchecked(String),
}

/// A cell of an environment.
pub type Cell = Vec<Node>;

/// The rows of an environment.
pub type Rows = Vec<Vec<Cell>>;

/// The parts of a scripted node.
#[derive(Clone, Debug, PartialEq)]
pub struct Scripts {
    /// What carries the scripts; an empty group where nothing does.
    pub base: Node,
    /// The subscript.
    pub sub: Option<Vec<Node>>,
    /// How many primes.
    pub primes: usize,
    /// The superscript.
    pub sup: Option<Vec<Node>>,
}

/// A part of `\text{…}`.
#[derive(Clone, Debug, PartialEq)]
pub enum TextPart {
    /// Words.
    Words(String),
    /// Math between dollars.
    Math(Vec<Node>),
}

impl Node {
    /// Whether it is the character `c`.
    pub fn is_char(&self, c: char) -> bool {
        self.kind == NodeKind::Char(c)
    }

    /// Whether it is the command `name`.
    pub fn is_command(&self, name: &str) -> bool {
        matches!(&self.kind, NodeKind::Command(command) if command == name)
    }

    /// The words of a text node, without the math in it.
    pub fn words(&self) -> Option<String> {
        match &self.kind {
            NodeKind::Text(parts) => Some(
                parts
                    .iter()
                    .map(|part| match part {
                        TextPart::Words(words) => words.as_str(),
                        TextPart::Math(_) => " ",
                    })
                    .collect(),
            ),
            _ => None,
        }
    }

    /// TeX for the node in one canonical spelling, without spaces, by which names are compared.
    pub fn canonical(&self) -> String {
        match &self.kind {
            NodeKind::Letter(c) | NodeKind::Char(c) => c.to_string(),
            NodeKind::Number(digits) => digits.clone(),
            NodeKind::Command(name) => format!("\\{name}"),
            NodeKind::Group(nodes) => canonical(nodes),
            NodeKind::Styled(style, nodes) => format!("\\{style}{{{}}}", canonical(nodes)),
            NodeKind::Text(_) => format!("\\text{{{}}}", self.words().unwrap_or_default().trim()),
            NodeKind::Frac(above, below) => format!("\\frac{{{}}}{{{}}}", canonical(above), canonical(below)),
            NodeKind::Sqrt(degree, body) => match degree {
                Some(degree) => format!("\\sqrt[{}]{{{}}}", canonical(degree), canonical(body)),
                None => format!("\\sqrt{{{}}}", canonical(body)),
            },
            NodeKind::Scripts(scripts) => {
                let mut text = scripts.base.canonical();
                if let Some(sub) = &scripts.sub {
                    text.push_str(&format!("_{{{}}}", canonical(sub)));
                }
                text.push_str(&"'".repeat(scripts.primes));
                if let Some(sup) = &scripts.sup {
                    text.push_str(&format!("^{{{}}}", canonical(sup)));
                }
                text
            }
            NodeKind::Delimited(open, body, close) => format!("\\left{open}{}\\right{close}", canonical(body)),
            NodeKind::Environment(name, rows) => {
                let rows: Vec<String> =
                    rows.iter().map(|cells| cells.iter().map(|cell| canonical(cell)).collect::<Vec<_>>().join("&")).collect();
                format!("\\begin{{{name}}}{}\\end{{{name}}}", rows.join("\\\\"))
            }
            NodeKind::Wide => "\\quad".to_string(),
            NodeKind::NewLine => "\\\\".to_string(),
            NodeKind::Ampersand => "&".to_string(),
            NodeKind::Label(_) | NodeKind::Reference(_) | NodeKind::Unchecked(_) => String::new(),
        }
    }
}

/// The canonical spelling of several nodes.
pub fn canonical(nodes: &[Node]) -> String {
    nodes.iter().map(Node::canonical).collect()
}

/// The place from the first to the last node; `otherwise` where there is none.
pub fn span_of(nodes: &[Node], otherwise: Span) -> Span {
    match (nodes.first(), nodes.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => otherwise,
    }
}

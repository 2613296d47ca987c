//! What went wrong, where, and what to write instead: the one type that every phase reports in.

use crate::span::Span;

/// A kind of mistake. Each has a code that `proofread explain` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// Braces, brackets or environments that do not pair up, or TeX that stops in the middle.
    Unbalanced,
    /// A command that is not part of checked TeX.
    UnknownCommand,
    /// A formula that has no reading: a sign without its operand, an argument that is missing.
    Unreadable,
    /// A formula with two readings, both named in the message.
    Ambiguous,
    /// Nesting, length or size beyond a limit that the message names.
    Limit,
    /// A symbol that was neither declared nor defined.
    Undeclared,
    /// A declaration or definition that cannot be taken: a domain that is not known, a circular definition.
    BadDeclaration,
    /// An operation whose operands' shapes do not fit.
    Shape,
    /// A size that nothing fixes.
    UnknownSize,
    /// An index without a range, with two ranges, or outside its range.
    Index,
    /// An ellipsis that fits no pattern, or two.
    Ellipsis,
    /// A derivative by something that is no variable, or of a kind that has no layout.
    Derivative,
    /// A step whose two sides differ on a sample.
    Refused,
    /// A step for which no admissible sample was found, or whose values were undefined.
    Undecided,
    /// A label that is malformed or given twice.
    Label,
    /// A reference to a label that does not exist.
    Reference,
    /// A setting that is not known or has a wrong value.
    Setting,
    /// A page, fence or formula where the book's tools would not see it or would damage it.
    Book,
}

/// A message about a place in a Markdown file.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// What kind of mistake.
    pub code: Code,
    /// The place that the message is about.
    pub span: Span,
    /// One sentence without a full stop.
    pub message: String,
    /// Further places, each with what stands there; the primary place may be among them.
    pub labels: Vec<(Span, String)>,
    /// Facts: shapes, a counterexample.
    pub notes: Vec<String>,
    /// What to write instead.
    pub help: Vec<String>,
    /// Whether it tells of nothing but a name whose introduction could not be read: the place of that is its first label.
    pub follows: bool,
}

impl Diagnostic {
    /// A message about one place.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, span, message: message.into(), labels: Vec::new(), notes: Vec::new(), help: Vec::new(), follows: false }
    }

    /// The same with a further place and what stands there.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push((span, text.into()));
        self
    }

    /// The same with a fact.
    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.notes.push(text.into());
        self
    }

    /// The same with advice.
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help.push(text.into());
        self
    }
}

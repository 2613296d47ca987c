//! Tokens to the tree.
//!
//! ```text
//! list        = { item } ;
//! item        = atom [ scripts ] ;
//! scripts     = { "_" argument | "^" argument | "'" } ;
//! atom        = letter | number | character | command | "{" list "}" | "\frac" argument argument | "\sqrt" [ "[" list "]" ] argument
//!             | style argument | "\text" "{" words "}" | "\left" delimiter list "\right" delimiter
//!             | "\begin" "{" name "}" row { "\\" row } "\end" "{" name "}" ;
//! row         = list { "&" list } ;
//! argument    = "{" list "}" | token ;
//! ```
//!
//! Annotations and layout (`\underbrace`, `\color`, `\tag`, `\,`, `\big`) leave no trace in the tree but what they dress.

use super::lexer::{Token, TokenKind, tokens};
use super::tree::{Node, NodeKind, Rows, Scripts, TextPart};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;

/// How deeply groups may be nested.
const MAX_DEPTH: usize = 48;
/// How many tokens a formula may have.
const MAX_TOKENS: usize = 20_000;

/// Reads a formula. `source` leads from a byte of `tex` to the byte of the Markdown file.
///
/// # Errors
/// The first place where braces, environments or arguments do not fit, or where a limit is hit.
pub fn parse(tex: &str, source: &dyn Fn(usize) -> usize) -> Result<Vec<Node>, Diagnostic> {
    let mut tokens = tokens(tex);
    for token in &mut tokens {
        // The end is led over from the last byte inside, so that a span does not run over into the next line's quote mark.
        let end = source(token.span.end.saturating_sub(1)) + 1;
        let start = source(token.span.start);
        token.span = Span::new(start, end.max(start));
    }
    if tokens.len() > MAX_TOKENS {
        return Err(Diagnostic::new(Code::Limit, tokens[MAX_TOKENS].span, format!("a formula may have {MAX_TOKENS} signs at most"))
            .help("split the formula"));
    }
    let end = tokens.last().map_or(Span::new(source(0), source(0)), |token| Span::new(token.span.end, token.span.end));
    let mut parser = Parser { tokens, position: 0, end, depth: 0 };
    let nodes = parser.list(&Stop::End)?;
    match parser.peek() {
        None => Ok(nodes),
        Some(token) => Err(parser.unexpected(token.clone())),
    }
}

/// What ends a list.
#[derive(Clone, Debug, PartialEq)]
enum Stop {
    End,
    Brace,
    Right,
    Cell,
    Bracket,
    Dollar,
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
    end: Span,
    depth: usize,
}

const STYLES: &[&str] = &[
    "mathbf",
    "boldsymbol",
    "bm",
    "mathit",
    "mathsf",
    "mathtt",
    "mathcal",
    "mathscr",
    "mathbb",
    "mathfrak",
    "operatorname",
    "hat",
    "widehat",
    "bar",
    "overline",
    "tilde",
    "widetilde",
    "dot",
    "ddot",
    "vec",
    "overrightarrow",
    "mathrm",
    "pmb",
    "check",
    "breve",
    "underline",
];
const TRANSPARENT: &[&str] =
    &["boxed", "cancel", "bcancel", "mathop", "mathrel", "mathbin", "mathord", "mathopen", "mathclose", "mathinner", "smash", "fbox"];
const TEXTS: &[&str] = &["text", "textrm", "textit", "textbf", "textnormal", "mbox", "textsf", "texttt", "hbox"];
const NOTHING: &[&str] = &[
    ",",
    ";",
    ":",
    "!",
    ">",
    " ",
    "thinspace",
    "medspace",
    "thickspace",
    "enspace",
    "displaystyle",
    "textstyle",
    "scriptstyle",
    "scriptscriptstyle",
    "limits",
    "nolimits",
    "nonumber",
    "notag",
    "big",
    "Big",
    "bigg",
    "Bigg",
    "bigl",
    "Bigl",
    "biggl",
    "Biggl",
    "bigr",
    "Bigr",
    "biggr",
    "Biggr",
    "bigm",
    "Bigm",
    "biggm",
    "Biggm",
    "mathstrut",
    "strut",
    "small",
    "large",
    "normalsize",
    "/",
    "allowbreak",
    "nobreak",
    "space",
    "negthinspace",
    "hline",
    "centering",
];

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.position)
    }

    fn here(&self) -> Span {
        self.peek().map_or(self.end, |token| token.span)
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(|token| token.kind == TokenKind::Space) {
            self.position += 1;
        }
    }

    fn unexpected(&self, token: Token) -> Diagnostic {
        match token.kind {
            TokenKind::Close => Diagnostic::new(Code::Unbalanced, token.span, "this `}` closes no `{`")
                .help("remove it, or write `\\}` for a brace that is shown"),
            TokenKind::Command(name) if name == "right" => Diagnostic::new(Code::Unbalanced, token.span, "this `\\right` has no `\\left`"),
            TokenKind::Command(name) if name == "end" => Diagnostic::new(Code::Unbalanced, token.span, "this `\\end` has no `\\begin`"),
            _ => Diagnostic::new(Code::Unbalanced, token.span, "this stands where nothing may stand"),
        }
    }

    /// One level deeper, as far as that goes.
    fn deeper(&mut self) -> Result<(), Diagnostic> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Diagnostic::new(Code::Limit, self.here(), format!("formulas may be nested {MAX_DEPTH} deep at most"))
                .help("define a part of the formula as a symbol of its own"));
        }
        Ok(())
    }

    fn list(&mut self, stop: &Stop) -> Result<Vec<Node>, Diagnostic> {
        self.deeper()?;
        let mut nodes: Vec<Node> = Vec::new();
        while let Some(token) = self.peek() {
            let stops = match (&token.kind, stop) {
                (TokenKind::Close, _) => true,
                (TokenKind::Command(name), _) if name == "right" || name == "end" => true,
                (TokenKind::Command(name), Stop::Cell) if matches!(name.as_str(), "\\" | "cr" | "newline") => true,
                (TokenKind::Ampersand, Stop::Cell) => true,
                (TokenKind::Char(']'), Stop::Bracket) => true,
                (TokenKind::Char('$'), Stop::Dollar) => true,
                _ => false,
            };
            if stops {
                break;
            }
            self.item(&mut nodes)?;
        }
        self.depth -= 1;
        Ok(nodes)
    }

    /// Reads one atom with its scripts and appends it; annotations append nothing.
    fn item(&mut self, nodes: &mut Vec<Node>) -> Result<(), Diagnostic> {
        let Some(token) = self.peek().cloned() else { return Ok(()) };
        match &token.kind {
            TokenKind::Space => self.position += 1,
            TokenKind::Sub | TokenKind::Sup => self.scripts(nodes)?,
            TokenKind::Char('\'') => self.scripts(nodes)?,
            TokenKind::Char(c) if c.is_ascii_digit() => {
                let node = self.number();
                nodes.push(node);
            }
            _ => {
                let before = nodes.len();
                self.atom(nodes)?;
                debug_assert!(nodes.len() >= before);
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Node {
        let start = self.here();
        let mut span = start;
        let mut text = String::new();
        while let Some(token) = self.peek() {
            let digit_next = matches!(self.tokens.get(self.position + 1).map(|t| &t.kind), Some(TokenKind::Char(c)) if c.is_ascii_digit());
            match token.kind {
                TokenKind::Char(c) if c.is_ascii_digit() => text.push(c),
                TokenKind::Char('.') if digit_next && !text.contains('.') => text.push('.'),
                _ => break,
            }
            span = span.to(token.span);
            self.position += 1;
        }
        Node { kind: NodeKind::Number(text), span }
    }

    /// Gathers the scripts that follow and hangs them on the last node.
    fn scripts(&mut self, nodes: &mut Vec<Node>) -> Result<(), Diagnostic> {
        let here = self.here();
        let base = match nodes.last() {
            Some(node) if !matches!(node.kind, NodeKind::Wide | NodeKind::NewLine | NodeKind::Ampersand | NodeKind::Label(_)) => {
                nodes.pop()
            }
            _ => None,
        };
        let base = base.unwrap_or(Node { kind: NodeKind::Group(Vec::new()), span: Span::new(here.start, here.start) });
        // A brace's annotation is no script: `\underbrace{…}_{…}`.
        let mut scripts = match base.kind {
            NodeKind::Scripts(scripts) => *scripts,
            _ => Scripts { base, sub: None, primes: 0, sup: None },
        };
        let mut span = scripts.base.span;
        while let Some(token) = self.peek().cloned() {
            match token.kind {
                TokenKind::Char('\'') => {
                    self.position += 1;
                    scripts.primes += 1;
                    span = span.to(token.span);
                }
                TokenKind::Sub | TokenKind::Sup => {
                    self.position += 1;
                    let argument = self.argument(token.span, if token.kind == TokenKind::Sub { "a subscript" } else { "a superscript" })?;
                    span = span.to(argument.1);
                    let mut nodes = argument.0;
                    if token.kind == TokenKind::Sup {
                        // `f^{\prime}` is `f'`.
                        while nodes.first().is_some_and(|node| node.is_command("prime")) {
                            nodes.remove(0);
                            scripts.primes += 1;
                        }
                        if nodes.is_empty() && scripts.primes > 0 {
                            continue;
                        }
                    }
                    let slot = if token.kind == TokenKind::Sub { &mut scripts.sub } else { &mut scripts.sup };
                    if slot.is_some() {
                        let which = if token.kind == TokenKind::Sub { "subscript" } else { "superscript" };
                        return Err(Diagnostic::new(Code::Unreadable, token.span, format!("a second {which} on the same sign"))
                            .help("put braces around the part that carries the first one"));
                    }
                    *slot = Some(nodes);
                }
                TokenKind::Space => {
                    // `x _i` is the same as `x_i`.
                    let next = self.tokens[self.position..].iter().find(|t| t.kind != TokenKind::Space);
                    match next.map(|t| &t.kind) {
                        Some(TokenKind::Sub | TokenKind::Sup | TokenKind::Char('\'')) => self.skip_spaces(),
                        _ => break,
                    }
                }
                _ => break,
            }
        }
        nodes.push(Node { kind: NodeKind::Scripts(Box::new(scripts)), span });
        Ok(())
    }

    /// An argument: a group, or a single token.
    fn argument(&mut self, after: Span, what: &str) -> Result<(Vec<Node>, Span), Diagnostic> {
        self.skip_spaces();
        let Some(token) = self.peek().cloned() else {
            return Err(Diagnostic::new(Code::Unbalanced, after, format!("{what} is missing here")));
        };
        match &token.kind {
            TokenKind::Open => {
                self.position += 1;
                let nodes = self.list(&Stop::Brace)?;
                let close = self.close(token.span)?;
                Ok((nodes, token.span.to(close)))
            }
            TokenKind::Char(c) => {
                self.position += 1;
                let kind = match c {
                    c if c.is_ascii_digit() => NodeKind::Number(c.to_string()),
                    c if c.is_alphabetic() => NodeKind::Letter(*c),
                    c => NodeKind::Char(*c),
                };
                Ok((vec![Node { kind, span: token.span }], token.span))
            }
            TokenKind::Command(_) => {
                self.deeper()?;
                let mut nodes = Vec::new();
                let start = self.position;
                while nodes.is_empty() && self.position < self.tokens.len() {
                    self.atom(&mut nodes)?;
                }
                self.depth -= 1;
                let last = self.tokens[self.position.max(start + 1) - 1].span;
                Ok((nodes, token.span.to(last)))
            }
            _ => Err(Diagnostic::new(Code::Unbalanced, token.span, format!("{what} is missing here"))),
        }
    }

    fn close(&mut self, open: Span) -> Result<Span, Diagnostic> {
        match self.peek() {
            Some(token) if token.kind == TokenKind::Close => {
                let span = token.span;
                self.position += 1;
                Ok(span)
            }
            _ => Err(Diagnostic::new(Code::Unbalanced, open, "this `{` is never closed")
                .label(open, "opened here")
                .help("add the missing `}`")),
        }
    }

    /// The raw text of a braced argument.
    fn raw_argument(&mut self, after: Span) -> Result<(String, Span), Diagnostic> {
        self.skip_spaces();
        let open = self.here();
        if self.peek().map(|token| &token.kind) != Some(&TokenKind::Open) {
            return Err(Diagnostic::new(Code::Unbalanced, after, "an argument in braces is missing here"));
        }
        self.position += 1;
        let mut text = String::new();
        let mut depth = 0;
        while let Some(token) = self.peek().cloned() {
            match &token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close if depth == 0 => {
                    self.position += 1;
                    return Ok((text, open.to(token.span)));
                }
                TokenKind::Close => depth -= 1,
                TokenKind::Char(c) => text.push(*c),
                TokenKind::Command(name) => {
                    text.push('\\');
                    text.push_str(name);
                }
                TokenKind::Sup => text.push('^'),
                TokenKind::Sub => text.push('_'),
                TokenKind::Ampersand => text.push('&'),
                TokenKind::Space => text.push(' '),
            }
            self.position += 1;
        }
        Err(Diagnostic::new(Code::Unbalanced, open, "this `{` is never closed").label(open, "opened here").help("add the missing `}`"))
    }

    fn delimiter(&mut self, after: Span) -> Result<(String, Span), Diagnostic> {
        self.skip_spaces();
        match self.peek().cloned() {
            Some(Token { kind: TokenKind::Char(c), span }) => {
                self.position += 1;
                Ok((c.to_string(), span))
            }
            Some(Token { kind: TokenKind::Command(name), span }) => {
                self.position += 1;
                Ok((format!("\\{name}"), span))
            }
            _ => Err(Diagnostic::new(Code::Unbalanced, after, "a bracket is missing here")),
        }
    }

    fn text(&mut self, after: Span) -> Result<(Vec<TextPart>, Vec<Node>, Span), Diagnostic> {
        self.skip_spaces();
        let open = self.here();
        if self.peek().map(|token| &token.kind) != Some(&TokenKind::Open) {
            return Err(Diagnostic::new(Code::Unbalanced, after, "an argument in braces is missing here"));
        }
        self.position += 1;
        let mut parts = Vec::new();
        let mut references = Vec::new();
        let mut words = String::new();
        let mut depth = 0;
        while let Some(token) = self.peek().cloned() {
            self.position += 1;
            match &token.kind {
                TokenKind::Char('$') => {
                    if !words.is_empty() {
                        parts.push(TextPart::Words(std::mem::take(&mut words)));
                    }
                    parts.push(TextPart::Math(self.list(&Stop::Dollar)?));
                    match self.peek() {
                        Some(token) if token.kind == TokenKind::Char('$') => self.position += 1,
                        _ => return Err(Diagnostic::new(Code::Unbalanced, token.span, "this `$` inside a text is never closed")),
                    }
                }
                TokenKind::Open => depth += 1,
                TokenKind::Close if depth == 0 => {
                    if !words.is_empty() {
                        parts.push(TextPart::Words(words));
                    }
                    return Ok((parts, references, open.to(token.span)));
                }
                TokenKind::Close => depth -= 1,
                TokenKind::Char(c) => words.push(*c),
                TokenKind::Space => words.push(' '),
                TokenKind::Command(name) if name == "eqref" || name == "ref" => {
                    let (label, span) = self.raw_argument(token.span)?;
                    references.push(Node { kind: NodeKind::Reference(label), span: token.span.to(span) });
                }
                TokenKind::Command(name) if NOTHING.contains(&name.as_str()) || name == "quad" || name == "qquad" => words.push(' '),
                // Other commands in a text are words to the reader of the page and nothing to us.
                TokenKind::Command(_) => {}
                TokenKind::Sup | TokenKind::Sub | TokenKind::Ampersand => {}
            }
        }
        Err(Diagnostic::new(Code::Unbalanced, open, "this `{` is never closed").label(open, "opened here").help("add the missing `}`"))
    }

    fn atom(&mut self, nodes: &mut Vec<Node>) -> Result<(), Diagnostic> {
        let Some(token) = self.peek().cloned() else { return Ok(()) };
        let span = token.span;
        self.position += 1;
        let mut push = |kind: NodeKind, to: Span| nodes.push(Node { kind, span: span.to(to) });
        match token.kind {
            TokenKind::Open => {
                let inner = self.list(&Stop::Brace)?;
                let close = self.close(span)?;
                // Braces are invisible: `2{x + 1}` shows as `2x + 1` and is read so. They stay where a further script would hang on them.
                match inner.as_slice() {
                    [] => push(NodeKind::Group(inner), close),
                    [Node { kind: NodeKind::Scripts(_), .. }] => push(NodeKind::Group(inner), close),
                    _ => nodes.extend(inner),
                }
            }
            TokenKind::Ampersand => push(NodeKind::Ampersand, span),
            TokenKind::Char(c) if c.is_alphabetic() => push(NodeKind::Letter(c), span),
            TokenKind::Char(c) => push(NodeKind::Char(c), span),
            TokenKind::Command(name) => match name.as_str() {
                "frac" | "dfrac" | "tfrac" | "cfrac" => {
                    let (above, _) = self.argument(span, "the numerator of a fraction")?;
                    let (below, to) = self.argument(span, "the denominator of a fraction")?;
                    push(NodeKind::Frac(above, below), to);
                }
                "sqrt" => {
                    self.skip_spaces();
                    let mut degree = None;
                    if self.peek().is_some_and(|token| token.kind == TokenKind::Char('[')) {
                        self.position += 1;
                        degree = Some(self.list(&Stop::Bracket)?);
                        if self.peek().is_none_or(|token| token.kind != TokenKind::Char(']')) {
                            return Err(Diagnostic::new(Code::Unbalanced, span, "the `[` of this root is never closed"));
                        }
                        self.position += 1;
                    }
                    let (body, to) = self.argument(span, "what the root is taken of")?;
                    push(NodeKind::Sqrt(degree, body), to);
                }
                "left" => {
                    let (open, _) = self.delimiter(span)?;
                    let mut body = self.list(&Stop::Right)?;
                    match self.peek() {
                        Some(token) if token.kind == TokenKind::Command("right".to_string()) => {
                            let right = token.span;
                            self.position += 1;
                            let (close, to) = self.delimiter(right)?;
                            body.retain(|node| !node.is_command("middle"));
                            // Half a pair: its other half stands in another line.
                            if matches!(open.as_str(), "(" | "[") && close == "." {
                                nodes.extend(open.chars().map(|c| Node { kind: NodeKind::Char(c), span }).chain(body));
                                return Ok(());
                            }
                            if matches!(close.as_str(), ")" | "]") && open == "." {
                                nodes.extend(body.into_iter().chain(close.chars().map(|c| Node { kind: NodeKind::Char(c), span: to })));
                                return Ok(());
                            }
                            push(NodeKind::Delimited(open, body, close), to);
                        }
                        _ => {
                            return Err(Diagnostic::new(Code::Unbalanced, span, "this `\\left` has no `\\right`")
                                .label(span, "opened here")
                                .help("add `\\right` with a bracket, or `\\right.` for none"));
                        }
                    }
                }
                "begin" => {
                    let (name, name_span) = self.raw_argument(span)?;
                    let (rows, to) = self.environment(&name, span.to(name_span))?;
                    let name = name.trim_end_matches('*').to_string();
                    push(NodeKind::Environment(name, rows), to);
                }
                "underbrace" | "overbrace" | "underbracket" | "overbracket" => {
                    let (body, _) = self.argument(span, "what the brace embraces")?;
                    nodes.extend(body);
                    // Its annotation is read and ignored.
                    self.skip_spaces();
                    while let Some(token) = self.peek().cloned() {
                        match token.kind {
                            TokenKind::Sub | TokenKind::Sup => {
                                self.position += 1;
                                self.argument(token.span, "the brace's annotation")?;
                            }
                            TokenKind::Space => self.position += 1,
                            _ => break,
                        }
                    }
                }
                "overset" | "stackrel" => {
                    self.argument(span, "what stands above")?;
                    let (body, _) = self.argument(span, "what stands below")?;
                    nodes.extend(body);
                }
                "underset" => {
                    let (below, _) = self.argument(span, "what stands below")?;
                    let (body, to) = self.argument(span, "what stands above")?;
                    match <[Node; 1]>::try_from(body) {
                        Ok([node]) if matches!(&node.kind, NodeKind::Command(name) if matches!(name.as_str(), "max" | "min" | "sum" | "prod")) =>
                        {
                            let scripts = Scripts { base: node, sub: Some(below), primes: 0, sup: None };
                            push(NodeKind::Scripts(Box::new(scripts)), to);
                        }
                        Ok([node]) => nodes.push(node),
                        Err(body) => nodes.extend(body),
                    }
                }
                "textcolor" | "colorbox" => {
                    self.raw_argument(span)?;
                    let (body, _) = self.argument(span, "what is coloured")?;
                    nodes.extend(body);
                }
                "color" | "phantom" | "hphantom" | "vphantom" | "tag" | "hspace" | "vspace" | "kern" | "mspace" => {
                    self.raw_argument(span)?;
                }
                "htmlId" | "htmlClass" | "htmlData" | "href" | "htmlStyle" => {
                    self.raw_argument(span)?;
                    let (body, _) = self.argument(span, "an argument")?;
                    nodes.extend(body);
                }
                "label" => {
                    let (label, to) = self.raw_argument(span)?;
                    push(NodeKind::Label(label), to);
                }
                "eqref" | "ref" => {
                    let (label, to) = self.raw_argument(span)?;
                    push(NodeKind::Reference(label), to);
                }
                "unchecked" => {
                    let (reason, to) = self.raw_argument(span)?;
                    if reason.trim().is_empty() {
                        return Err(Diagnostic::new(Code::Unreadable, to, "nothing says why this formula is not checked")
                            .help("write the reason: `\\unchecked{a limit}`"));
                    }
                    push(NodeKind::Unchecked(reason), to);
                }
                "not" => {
                    self.skip_spaces();
                    match self.peek().cloned() {
                        Some(Token { kind: TokenKind::Char('='), span: to }) => {
                            self.position += 1;
                            push(NodeKind::Command("ne".to_string()), to);
                        }
                        _ => {
                            return Err(Diagnostic::new(Code::UnknownCommand, span, "`\\not` is read before `=` only").help("write `\\ne`"));
                        }
                    }
                }
                "quad" | "qquad" => push(NodeKind::Wide, span),
                "\\" | "newline" | "cr" => {
                    self.row_gap();
                    push(NodeKind::NewLine, span);
                }
                name if NOTHING.contains(&name) => {}
                name if STYLES.contains(&name) => {
                    let (body, to) = self.argument(span, "what the command dresses")?;
                    push(NodeKind::Styled(name.to_string(), body), to);
                }
                name if TRANSPARENT.contains(&name) => {
                    let (body, _) = self.argument(span, "an argument")?;
                    nodes.extend(body);
                }
                name if TEXTS.contains(&name) => {
                    let (parts, references, to) = self.text(span)?;
                    push(NodeKind::Text(parts), to);
                    nodes.extend(references);
                }
                "" => return Err(Diagnostic::new(Code::Unbalanced, span, "a formula may not end in a backslash")),
                name => push(NodeKind::Command(name.to_string()), span),
            },
            TokenKind::Close => return Err(self.unexpected(Token { kind: TokenKind::Close, span })),
            TokenKind::Space | TokenKind::Sub | TokenKind::Sup => {}
        }
        Ok(())
    }

    /// The optional `[2pt]` after `\\`.
    fn row_gap(&mut self) {
        let rest = &self.tokens[self.position..];
        if rest.first().is_some_and(|token| token.kind == TokenKind::Char('[')) {
            let length: String = rest
                .iter()
                .skip(1)
                .take(12)
                .map_while(|token| match token.kind {
                    TokenKind::Char(c) if c != ']' => Some(c),
                    _ => None,
                })
                .collect();
            let is_length = ["pt", "em", "ex", "mm", "cm", "px"].iter().any(|unit| length.ends_with(unit));
            if is_length && rest.get(length.chars().count() + 1).is_some_and(|token| token.kind == TokenKind::Char(']')) {
                self.position += length.chars().count() + 2;
            }
        }
    }

    fn environment(&mut self, name: &str, begin: Span) -> Result<(Rows, Span), Diagnostic> {
        const KNOWN: &[&str] = &[
            "aligned",
            "align",
            "alignedat",
            "alignat",
            "split",
            "gathered",
            "gather",
            "cases",
            "dcases",
            "matrix",
            "pmatrix",
            "bmatrix",
            "vmatrix",
            "Vmatrix",
            "Bmatrix",
            "smallmatrix",
            "array",
            "equation",
        ];
        let plain = name.trim_end_matches('*');
        if !KNOWN.contains(&plain) {
            return Err(Diagnostic::new(Code::UnknownCommand, begin, format!("the environment `{name}` is not read"))
                .help("formulas use `aligned`, `gathered`, `cases`, `bmatrix`, `pmatrix`, `matrix` and `array`"));
        }
        if matches!(plain, "array" | "alignedat" | "alignat") {
            self.raw_argument(begin)?;
        }
        let mut rows = Vec::new();
        let mut row = Vec::new();
        loop {
            let cell = self.list(&Stop::Cell)?;
            row.push(cell);
            let Some(token) = self.peek().cloned() else {
                return Err(Diagnostic::new(Code::Unbalanced, begin, format!("this `\\begin{{{name}}}` has no `\\end{{{name}}}`"))
                    .label(begin, "opened here"));
            };
            self.position += 1;
            match &token.kind {
                TokenKind::Ampersand => {}
                TokenKind::Command(command) if matches!(command.as_str(), "\\" | "cr" | "newline") => {
                    self.row_gap();
                    rows.push(std::mem::take(&mut row));
                }
                TokenKind::Command(command) if command == "end" => {
                    let (end, to) = self.raw_argument(token.span)?;
                    if end != name {
                        return Err(Diagnostic::new(
                            Code::Unbalanced,
                            token.span.to(to),
                            format!("`\\begin{{{name}}}` is closed by `\\end{{{end}}}`"),
                        )
                        .label(begin, "opened here"));
                    }
                    // A last row without anything in it comes from a `\\` before `\end`.
                    if row.iter().any(|cell| !cell.is_empty()) || rows.is_empty() {
                        rows.push(row);
                    }
                    return Ok((rows, token.span.to(to)));
                }
                TokenKind::Command(command) if command == "right" => return Err(self.unexpected(token)),
                _ => {
                    return Err(Diagnostic::new(Code::Unbalanced, token.span, format!("this ends `\\begin{{{name}}}` in its middle"))
                        .label(begin, "opened here"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(tex: &str) -> String {
        super::super::tree::canonical(&parse(tex, &|i| i).unwrap())
    }

    #[test]
    fn reads_scripts_fractions_and_styles() {
        assert_eq!(canonical(r"\frac12 x_i^2 + \mathbf x"), r"\frac{1}{2}x_{i}^{2}+\mathbf{x}");
        assert_eq!(canonical(r"f'' (x) \, y^{\prime}"), r"f''(x)y'");
        assert_eq!(canonical(r"x = 2."), "x=2.");
        assert_eq!(canonical(r"\underbrace{a + b}_{\text{sum}} c"), "a+bc");
    }

    #[test]
    fn places_reach_back_to_the_source() {
        let nodes = parse(r"a + \mathbf{x}_i", &|i| i + 10).unwrap();
        assert_eq!(nodes[2].span, Span::new(14, 26));
    }

    #[test]
    fn unbalanced_braces_are_errors_at_their_place() {
        assert_eq!(parse("a}", &|i| i).unwrap_err().span, Span::new(1, 2));
        assert_eq!(parse("{a", &|i| i).unwrap_err().code, Code::Unbalanced);
        assert_eq!(parse(r"\begin{cases} a", &|i| i).unwrap_err().code, Code::Unbalanced);
        assert_eq!(parse(&"{".repeat(1000), &|i| i).unwrap_err().code, Code::Limit);
    }

    #[test]
    fn what_is_not_closed_is_told_at_its_place() {
        for (tex, at, message) in [
            ("a}", (1, 2), "this `}` closes no `{`"),
            ("a \\right) b", (2, 8), "this `\\right` has no `\\left`"),
            ("a \\end{cases}", (2, 6), "this `\\end` has no `\\begin`"),
            ("\\frac{a", (5, 6), "this `{` is never closed"),
            ("\\frac{a}", (0, 5), "the denominator of a fraction is missing here"),
            ("x^}", (2, 3), "a superscript is missing here"),
            ("x_", (1, 2), "a subscript is missing here"),
            ("\\text{a {b}", (5, 6), "this `{` is never closed"),
            ("\\text{if $x < 0}", (9, 10), "this `$` inside a text is never closed"),
            ("\\text a", (0, 5), "an argument in braces is missing here"),
            ("\\label{a {b}", (6, 7), "this `{` is never closed"),
            ("\\begin{cases} a } \\end{cases}", (16, 17), "this ends `\\begin{cases}` in its middle"),
            ("\\begin{cases} a \\right) \\end{cases}", (16, 22), "this `\\right` has no `\\left`"),
            ("\\left( a } \\right)", (0, 5), "this `\\left` has no `\\right`"),
            ("\\sqrt[3 a", (0, 5), "the `[` of this root is never closed"),
            ("a \\", (2, 3), "a formula may not end in a backslash"),
        ] {
            let error = parse(tex, &|i| i).unwrap_err();
            assert_eq!((error.span, error.message.as_str()), (Span::new(at.0, at.1), message), "{tex}");
        }
    }

    #[test]
    fn texts_hold_words_math_and_references() {
        let nodes = parse(r"\text{if {so} $x$ by \eqref{a.b},\quad and\emph{ on}}", &|i| i).unwrap();
        let [Node { kind: NodeKind::Text(parts), .. }, Node { kind: NodeKind::Reference(label), .. }] = nodes.as_slice() else {
            panic!("{nodes:?}")
        };
        let [TextPart::Words(before), TextPart::Math(math), TextPart::Words(behind)] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!((before.as_str(), math.len(), behind.as_str(), label.as_str()), ("if so ", 1, " by ,  and on", "a.b"));
    }
}

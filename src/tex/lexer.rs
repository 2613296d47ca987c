//! TeX to tokens.

use crate::span::Span;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenKind {
    /// A character that is not special.
    Char(char),
    /// A command without its backslash.
    Command(String),
    /// `{`
    Open,
    /// `}`
    Close,
    /// `^`
    Sup,
    /// `_`
    Sub,
    /// `&`
    Ampersand,
    /// White space, which matters in texts only.
    Space,
}

/// A token with its place, in bytes of the TeX.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands in the TeX.
    pub span: Span,
}

/// All tokens of a formula. Comments (`%` to the end of the line) are left out, as TeX does.
pub fn tokens(tex: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut chars = tex.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let kind = match c {
            '{' => TokenKind::Open,
            '}' => TokenKind::Close,
            '^' => TokenKind::Sup,
            '_' => TokenKind::Sub,
            '&' => TokenKind::Ampersand,
            '%' => {
                while chars.next_if(|(_, c)| *c != '\n').is_some() {}
                continue;
            }
            '~' => TokenKind::Space,
            '\\' => match chars.next() {
                Some((_, first)) if first.is_ascii_alphabetic() => {
                    let mut name = first.to_string();
                    while let Some((_, letter)) = chars.next_if(|(_, c)| c.is_ascii_alphabetic()) {
                        name.push(letter);
                    }
                    if matches!(name.as_str(), "operatorname" | "tag" | "align" | "hspace") && chars.next_if(|(_, c)| *c == '*').is_some() {
                        // The starred form means the same here.
                    }
                    TokenKind::Command(name)
                }
                Some((_, c)) if c.is_whitespace() => TokenKind::Space,
                Some((_, c)) => TokenKind::Command(c.to_string()),
                None => TokenKind::Command(String::new()),
            },
            c if c.is_whitespace() => TokenKind::Space,
            c => TokenKind::Char(c),
        };
        let end = chars.peek().map_or(tex.len(), |(i, _)| *i);
        tokens.push(Token { kind, span: Span::new(start, end) });
    }
    tokens
}

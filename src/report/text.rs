//! Messages as text.

use std::fmt::Write as _;
use std::io::IsTerminal;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::codes::code;
use super::step_message;
use crate::check::PageReport;
use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// The line and the column of a byte, both from 1, the column in characters.
pub fn at(source: &str, byte: usize) -> (usize, usize) {
    let before = &source[..floor(source, byte)];
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

/// A message in colour where the standard error output is a terminal that wants it.
pub fn terminal(file: &str, source: &str, diagnostic: &Diagnostic) -> String {
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    render(file, source, diagnostic.span.start, diagnostic, coloured)
}

/// A message without colour.
pub fn plain(file: &str, source: &str, diagnostic: &Diagnostic) -> String {
    render(file, source, diagnostic.span.start, diagnostic, false)
}

/// Every message of a page in its order, and its unchecked formulas with their reasons.
pub fn page(source: &str, page: &PageReport, coloured: bool) -> String {
    let mut found: Vec<(usize, String)> = Vec::new();
    let message = |head: usize, diagnostic: &Diagnostic| (head, render(&page.file, source, head, diagnostic, coloured));
    for formula in &page.formulas {
        found.extend(formula.steps.iter().filter_map(|step| step_message(step).map(|said| message(step.at.start, &said))));
        if let Some(reason) = &formula.unchecked {
            let (line, column) = at(source, formula.span.start);
            found.push((formula.span.start, format!("{}:{line}:{column}: unchecked: {}", page.file, clean(reason))));
        }
    }
    found.extend(page.errors.iter().map(|error| message(error.span.start, error)));
    found.sort_by_key(|(place, _)| *place);
    let mut text = String::new();
    for (_, said) in found {
        let _ = writeln!(text, "{said}\n");
    }
    text
}

/// How many bytes of a page a message shows at most, so that a page of one endless line has no endless messages.
const WINDOW: usize = 8_000;

/// A message that begins with the place `head`: for a step this is its relation sign.
fn render(file: &str, source: &str, head: usize, diagnostic: &Diagnostic, coloured: bool) -> String {
    let mut places: Vec<Span> = vec![diagnostic.span];
    places.extend(diagnostic.labels.iter().map(|(span, _)| *span));
    // Only the lines in question are handed on, so that the cost of a message does not grow with the page.
    let first = floor(source, places.iter().map(|span| span.start).min().unwrap_or(0));
    let last = floor(source, places.iter().map(|span| span.end.max(span.start)).max().unwrap_or(0));
    let mut start = source[..first].rfind('\n').map_or(0, |end| end + 1);
    let mut end = source[last..].find('\n').map_or(source.len(), |length| last + length);
    if end - start > WINDOW {
        start = start.max(floor(source, diagnostic.span.start.saturating_sub(WINDOW / 4)));
        end = end.min(floor(source, start + WINDOW)).max(start);
    }
    // Half of a line end would be shown.
    end = start + source[start..end].trim_end_matches('\r').len();
    let lines = &source[start..end];
    let range = |span: Span| {
        let from = floor(source, span.start).clamp(start, end) - start;
        let mut to = floor(source, span.end).clamp(start, end) - start;
        // A formula's last line end is no place to underline.
        while to > from && lines[..to].ends_with(['\n', '\r']) {
            to -= 1;
        }
        from..to.max(from)
    };

    let mut primary = AnnotationKind::Primary.span(range(diagnostic.span));
    let mut snippet = Snippet::source(lines).line_start(at(source, start).0);
    for (span, text) in &diagnostic.labels {
        if *span == diagnostic.span {
            primary = primary.label(clean(text));
        } else {
            snippet = snippet.annotation(AnnotationKind::Context.span(range(*span)).label(clean(text)));
        }
    }
    let mut group = Level::ERROR.primary_title(clean(&diagnostic.message)).id(code(diagnostic.code)).element(snippet.annotation(primary));
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(clean(note)));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(clean(help)));
    }
    let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
    let (line, column) = at(source, head);
    format!("{file}:{line}:{column}: {}", renderer.decor_style(DecorStyle::Ascii).term_width(140).render(&[group]).trim_end())
}

/// The text without control characters, which could command a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c }).collect()
}

/// The nearest place at or before a byte where a character begins.
fn floor(source: &str, byte: usize) -> usize {
    (0..=byte.min(source.len())).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    #[test]
    fn a_message_underlines_both_places() {
        let source = "Let $x \\in \\mathbb{R}$.\n\n$$\nü (x + 1)^2\n  = x^2 + 1\n$$\n";
        let (left, right) = (source.find("ü").unwrap(), source.find("x^2").unwrap());
        let right = Span::new(right, right + 7);
        let message = Diagnostic::new(Code::Refused, right, "this step does not follow from the one above")
            .label(Span::new(left, left + 12), "from here")
            .label(right, "to here")
            .note("with x = 1: left is 4, right is 2")
            .help("add 2x");
        let text = plain("page.md", source, &message);
        assert_eq!(
            text,
            "page.md:5:5: error[P0203]: this step does not follow from the one above
  |
4 | ü (x + 1)^2
  | ----------- from here
5 |   = x^2 + 1
  |     ^^^^^^^ to here
  |
  = note: with x = 1: left is 4, right is 2
  = help: add 2x"
        );
        assert!(render("page.md", source, right.start - 2, &message, false).starts_with("page.md:5:3: error"));
        assert!(render("page.md", source, 0, &message, true).contains('\u{1b}'));
    }

    #[test]
    fn line_ends_of_two_characters_are_not_shown() {
        let source = "$$\r\nx\r\n = y\r\n$$\r\n";
        let message =
            Diagnostic::new(Code::Refused, Span::new(8, 9), "no").label(Span::new(4, 5), "left").label(Span::new(10, 11), "right");
        assert!(plain("f", source, &message).contains("3 |  = y\n"), "{}", plain("f", source, &message));
        assert!(plain("f", source, &Diagnostic::new(Code::Refused, Span::new(4, 5), "no")).contains("2 | x\n"));
    }

    #[test]
    fn endless_lines_are_cut() {
        let source = format!("a\n{}", "é".repeat(200_000));
        let message = Diagnostic::new(Code::Limit, Span::new(200_000, 200_002), "too long").label(Span::new(2, 4), "from here");
        let text = plain("f", &source, &message);
        assert!(text.starts_with("f:2:100000: error[P0105]: too long\n") && text.len() < 2 * WINDOW, "{text}");
    }

    #[test]
    fn no_span_panics() {
        for source in ["", "é", "a\nb\r\n\r\né\u{1b}[1mx\t", "\n\n", "\u{0}\n"] {
            for start in 0..source.len() + 3 {
                for end in 0..source.len() + 3 {
                    let message = Diagnostic::new(Code::Shape, Span::new(start, end), "x\u{1b}")
                        .label(Span::new(end, start), "y")
                        .note("")
                        .help("é\nz");
                    assert!(!plain("f", source, &message).contains('\u{1b}'));
                }
            }
        }
    }
}

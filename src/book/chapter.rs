//! One chapter, from its source and its report to the Markdown that goes on to KaTeX and mdBook.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::fence;
use super::html::escape;
use super::set::Formulas;
use super::{Book, Chapter, ledger, marks, tex};
use crate::check::{FormulaReport, Layout, RefusedReport, Settings};
use crate::diagnostic::Code;
use crate::page::{self, Fence, Formula, Item};
use crate::report::{self, Counts};
use crate::settings;
use crate::span::Span;

/// The chapter as it goes on.
pub fn render(book: &Book, chapter: &Chapter) -> String {
    let mut renderer = Renderer { book, chapter, formulas: Formulas::default(), edits: Vec::new(), panels: String::new() };
    let content = renderer.chapter();
    renderer.formulas.chapter(&content)
}

struct Renderer<'b> {
    book: &'b Book,
    chapter: &'b Chapter,
    formulas: Formulas,
    /// What stands in the place of which bytes of the source.
    edits: Vec<(Span, String)>,
    panels: String,
}

impl Renderer<'_> {
    fn chapter(&mut self) -> String {
        let Chapter { source, page, report, .. } = self.chapter;
        let reports: BTreeMap<usize, &FormulaReport> = report.formulas.iter().map(|formula| (formula.span.start, formula)).collect();
        let mut number = 0;
        let mut heading = Span::default();
        for item in &page.items {
            match item {
                Item::Formula(formula) => {
                    let found = reports.get(&formula.span.start).copied();
                    let panel = self.chapter.panel(number);
                    number += 1;
                    let html = if heading.start <= formula.span.start && formula.span.end <= heading.end {
                        self.plain(formula)
                    } else {
                        self.formula(formula, found, &panel)
                    };
                    self.edits.push((formula.span, html));
                }
                Item::Heading(found) => heading = found.span,
                Item::Settings(fence) => self.edit_block(fence, &said(source, fence)),
                Item::Refused(fence) => {
                    let found = report.refused.iter().find(|refused| refused.span.start == fence.span.start);
                    let html = self.refused(fence, found);
                    self.edit_block(fence, &html);
                }
                Item::Code(fence) => {
                    if let Some((before, after)) = fence::around(self.book, fence) {
                        let prefix = prefix(source, fence.span.start);
                        let empty = format!("\n{prefix}\n{prefix}");
                        let end = fence.span.start + source[fence.span.range()].trim_end().len();
                        self.edits.push((Span::new(fence.span.start, fence.span.start), format!("{before}{empty}")));
                        self.edits.push((Span::new(end, end), format!("{empty}{}", after.join(&empty))));
                    }
                }
            }
        }
        for reference in &page.references {
            self.edits.push((reference.span, self.book.link(self.chapter, &reference.label)));
        }
        for (place, marker) in ledger::places(source) {
            let html = match marker {
                ledger::Part::Ledger => ledger::ledger(self.book, self.chapter),
                ledger::Part::Symbols => ledger::symbols(self.book, self.chapter, &mut self.formulas),
            };
            self.edits.push((place, html));
        }
        let mut content = self.edited();
        if let Some(summary) = self.summary() {
            let _ = write!(content, "\n\n{summary}\n");
        }
        if !self.panels.is_empty() {
            let _ = write!(content, "\n\n<div class=\"pf-panels\">\n{}</div>\n", self.panels);
        }
        content
    }

    /// The source with all edits made.
    fn edited(&mut self) -> String {
        let source = &self.chapter.source;
        self.edits.sort_by_key(|(span, _)| (span.start, span.end));
        let mut content = String::with_capacity(source.len() * 4);
        let mut at = 0;
        for (span, with) in &self.edits {
            if span.start >= at {
                content.push_str(&source[at..span.start]);
                content.push_str(with);
                at = span.end;
            }
        }
        content.push_str(&source[at..]);
        content
    }

    /// Puts a block of one or several lines in the place of a fence.
    fn edit_block(&mut self, fence: &Fence, html: &str) {
        let source = &self.chapter.source;
        let end = fence.span.start + source[fence.span.range()].trim_end().len();
        let prefix = prefix(source, fence.span.start);
        self.edits.push((Span::new(fence.span.start, end), html.replace('\n', &format!("\n{prefix}"))));
    }

    /// A formula without marks.
    fn plain(&mut self, formula: &Formula) -> String {
        let tex = tex::for_katex(formula, &[], &|label| self.book.number(label));
        self.formulas.placeholder(formula.display, &tex, report::at(&self.chapter.source, formula.span.start), "")
    }

    /// A formula with its number and its marks.
    fn formula(&mut self, formula: &Formula, found: Option<&FormulaReport>, panel: &str) -> String {
        let signs: Vec<Span> = found.map(|found| found.steps.iter().map(|step| step.at).collect()).unwrap_or_default();
        let tex = tex::for_katex(formula, &signs, &|label| self.book.number(label));
        let place = report::at(&self.chapter.source, formula.span.start);
        let set = self.formulas.placeholder(formula.display, &tex, place, panel);
        let marks = found.map(|found| marks::marks(found, panel)).unwrap_or_default();
        if let Some(found) = found {
            self.panels.push_str(&marks::panels(self.chapter, found, panel, &mut self.formulas));
        }
        let label = found.and_then(|found| found.label.as_deref());
        let number = label.and_then(|label| Some((label, self.book.number(label)?)));
        let (id, number) = match number {
            Some((label, number)) => {
                let label = escape(label);
                (label.clone(), format!("<a class=\"pf-number\" href=\"#{label}\" title=\"{label}\">({number})</a>"))
            }
            None => (panel.to_string(), String::new()),
        };
        match (formula.display, marks.is_empty()) {
            (true, _) => {
                format!(
                    "<span class=\"pf-display\" id=\"{id}\"><span class=\"pf-scroll\">{set}</span><span class=\"pf-side\">{number}{marks}</span></span>"
                )
            }
            (false, true) => set,
            // A word joiner keeps the marks on the formula's line.
            (false, false) => format!("<span class=\"pf-inline\" id=\"{id}\">{set}\u{2060}{marks}</span>"),
        }
    }

    /// A page that falls short, shown with the messages that it earned.
    fn refused(&mut self, fence: &Fence, found: Option<&RefusedReport>) -> String {
        let messages = found.map(|found| found.messages.as_slice()).unwrap_or_default();
        // What KaTeX cannot set is shown as it was written.
        let unreadable = messages.iter().any(|message| matches!(message.code, Code::Unbalanced | Code::UnknownCommand));
        let mut content = String::new();
        if unreadable {
            content = format!("<pre class=\"pf-output\"><samp>{}</samp></pre>", escape(fence.text.trim_end()));
        } else {
            let page = page::read(&fence.text);
            let mut at = 0;
            for formula in page.formulas() {
                let set = tex::for_katex(formula, &[], &|label| self.book.number(label));
                let place = report::at(&self.chapter.source, fence.content.start);
                let set = self.formulas.placeholder(formula.display, &set, place, "");
                let class = if formula.display { "pf-scroll" } else { "pf-wrong" };
                let _ = write!(content, "{}<span class=\"{class}\">{set}</span>", &fence.text[at..formula.span.start]);
                at = formula.span.end;
            }
            content.push_str(&fence.text[at..]);
        }
        let mut html = format!(
            "<div class=\"pf-refused\">\n\n{}\n\n<p class=\"pf-refused-word\">✗ This is wrong. The checker says:</p>\n\n",
            content.trim()
        );
        for message in messages {
            let said = report::plain(&self.chapter.file, &self.chapter.source, message);
            let _ = writeln!(html, "<pre class=\"pf-message\"><samp>{}</samp></pre>\n", escape(&said));
        }
        html.push_str("</div>");
        html
    }

    /// What was checked on this page.
    fn summary(&self) -> Option<String> {
        let mut counts = Counts::default();
        counts.add(&self.chapter.report);
        let steps = counts.exact + counts.checked;
        if steps == 0 {
            return None;
        }
        let ledger = match &self.book.ledger {
            Some(ledger) => {
                let href = format!("{}#{}", self.chapter.relative(ledger), self.chapter.id());
                format!(" <a href=\"{}\">See the ledger.</a>", escape(&html_path(&href)))
            }
            None => String::new(),
        };
        let said = if steps == 1 { "step of this page was" } else { "steps of this page were" };
        let unchecked = if counts.unchecked > 0 { format!(", and {} formulas were not checked", counts.unchecked) } else { String::new() };
        Some(format!(
            "<p class=\"pf-summary\">{steps} {said} checked: {} in exact arithmetic, {} in floating point{unchecked}.{ledger}</p>",
            counts.exact, counts.checked
        ))
    }
}

/// The path of a page on the site from the path of its Markdown.
pub fn html_path(path: &str) -> String {
    path.replacen(".md", ".html", 1)
}

/// A settings fence as a sentence.
fn said(source: &str, fence: &Fence) -> String {
    let mut found = Settings::default();
    // What is wrong with them was said when the page was checked.
    let _ = settings::of_fence(source, fence, &mut found);
    let mut sentences = Vec::new();
    if fence.text.contains("layout") {
        let layout = if found.layout == Layout::Numerator { "numerator" } else { "denominator" };
        sentences.push(format!("derivatives are written in the {layout} layout"));
    }
    if let Some(symbol) = &found.kronecker {
        sentences.push(format!("<code>{}</code> is Kronecker’s product", escape(symbol)));
    }
    format!("<p class=\"pf-settings\">From here on, {}.</p>", sentences.join(", and "))
}

/// What the lines of a block begin with, judged by what stands before it on its first line: the marks of the quotes that it stands in, and
/// spaces in the place of a list's mark.
fn prefix(source: &str, at: usize) -> String {
    let start = source[..at].rfind('\n').map_or(0, |end| end + 1);
    source[start..at].chars().map(|c| if c == '>' { '>' } else { ' ' }).collect()
}

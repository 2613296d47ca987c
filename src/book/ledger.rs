//! The pages at the end of the book: every formula with its verdict, and every symbol with its shape.

use std::fmt::Write as _;
use std::ops::AddAssign;

use super::chapter::html_path;
use super::html::{escape, magnitude};
use super::marks::{look, one_line};
use super::set::Formulas;
use super::{Book, Chapter};
use crate::check::FormulaReport;
use crate::mutate::Score;
use crate::report;
use crate::span::Span;

/// What a comment in a page is replaced by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `<!-- proofread: ledger -->`
    Ledger,
    /// `<!-- proofread: symbols -->`
    Symbols,
}

/// Where a page asks for a generated part.
pub fn places(source: &str) -> Vec<(Span, Part)> {
    let comments = [("<!-- proofread: ledger -->", Part::Ledger), ("<!-- proofread: symbols -->", Part::Symbols)];
    comments.into_iter().filter_map(|(comment, part)| source.find(comment).map(|at| (Span::new(at, at + comment.len()), part))).collect()
}

/// How many steps of a chapter or of the book are shown how.
#[derive(Clone, Copy, Default)]
struct Count {
    formulas: usize,
    exact: usize,
    checked: usize,
    refuted: usize,
    introduced: usize,
    unchecked: usize,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.formulas += other.formulas;
        self.exact += other.exact;
        self.checked += other.checked;
        self.refuted += other.refuted;
        self.introduced += other.introduced;
        self.unchecked += other.unchecked;
    }
}

impl Count {
    fn of(formula: &FormulaReport) -> Count {
        let steps = |class: &str| formula.steps.iter().filter(|step| look(step).class == class).count();
        Count {
            formulas: 1,
            exact: steps("exact"),
            checked: steps("checked"),
            refuted: steps("refuted"),
            introduced: formula.introduces.len(),
            unchecked: usize::from(formula.unchecked.is_some()),
        }
    }

    /// The classes by which a row is found.
    fn classes(self) -> String {
        let named = [
            ("exact", self.exact),
            ("checked", self.checked),
            ("refuted", self.refuted),
            ("introduced", self.introduced),
            ("unchecked", self.unchecked),
        ];
        named.iter().filter(|(_, count)| *count > 0).map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
    }
}

/// Formulas that say something, with their places among the formulas of the page.
fn statements(chapter: &Chapter) -> impl Iterator<Item = (usize, &FormulaReport)> {
    let said = |formula: &&FormulaReport| !formula.steps.is_empty() || !formula.introduces.is_empty() || formula.unchecked.is_some();
    chapter.report.formulas.iter().filter(said).filter_map(|formula| {
        let number = chapter.page.formulas().position(|found| found.span.start == formula.span.start)?;
        Some((number, formula))
    })
}

/// Every formula of the book. The filter is a matter of style sheets, so that it works without JavaScript.
pub fn ledger(book: &Book, at: &Chapter) -> String {
    let mut all = Count::default();
    let mut rows = String::new();
    let mut tables = String::new();
    for chapter in &book.chapters {
        let mut count = Count::default();
        let mut body = String::new();
        for (number, formula) in statements(chapter) {
            let found = Count::of(formula);
            count += found;
            body.push_str(&row(book, at, chapter, number, formula, found));
        }
        if count.formulas == 0 {
            continue;
        }
        all += count;
        let (id, title) = (chapter.id(), escape(&chapter.title()));
        let _ = writeln!(rows, "<tr><th scope=\"row\"><a href=\"#{id}\">{title}</a></th>{}</tr>", cells(count));
        let _ = write!(
            tables,
            "<h2 id=\"{id}\"><a class=\"header\" href=\"#{id}\">{title}</a></h2>\n<div class=\"pf-wide\"><table><thead><tr><th>formula</th><th>as written</th>\
             <th>verdict of each step</th><th>worst error</th></tr></thead><tbody>\n{body}</tbody></table></div>\n"
        );
    }
    let mut filter = String::new();
    for (name, words) in [
        ("all", "all"),
        ("exact", "exact"),
        ("checked", "checked"),
        ("refuted", "refuted"),
        ("introduced", "declarations and definitions"),
        ("unchecked", "not checked"),
    ] {
        let on = if name == "all" { " checked" } else { "" };
        let _ = write!(filter, "<label><input type=\"radio\" name=\"pf-only\" id=\"pf-only-{name}\"{on}> {words}</label> ");
    }
    let mutants = mutants(book);
    let mut labels = String::new();
    for (label, place) in &book.labels {
        let href = escape(&html_path(&format!("{}#{label}", at.relative(&book.chapters[place.chapter].path))));
        let _ = write!(labels, "<li><a href=\"{href}\">{}</a> ({})</li>", escape(label), place.number);
    }
    format!(
        "<div class=\"pf-ledger\">\n<div class=\"pf-wide\"><table><thead><tr><th>chapter</th><th>formulas</th><th>steps: exact</th><th>checked</th><th>refuted</th>\
         <th>symbols introduced</th><th>not checked</th></tr></thead><tbody>\n{rows}</tbody><tfoot><tr><th scope=\"row\">the book</th>{}</tr></tfoot></table></div>\n\
         {mutants}<fieldset><legend>Show</legend>{filter}</fieldset>\n{tables}<h2 id=\"pf-labels\"><a class=\"header\" href=\"#pf-labels\">By label</a></h2>\n\
         <ul class=\"pf-labels\">{labels}</ul>\n</div>",
        cells(all)
    )
}

/// What became of small mistakes in the formulas of each chapter; nothing where no table of this is kept.
fn mutants(book: &Book) -> String {
    let mut all = Score::default();
    let mut rows = String::new();
    for chapter in &book.chapters {
        let Some(score) = book.scores.get(&chapter.file).filter(|score| score.mutants > 0) else { continue };
        all = all.and(*score);
        let _ = writeln!(rows, "<tr><th scope=\"row\">{}</th>{}</tr>", escape(&chapter.title()), fates(score));
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<p>Small mistakes were made in these formulas, one at a time, and the check was run on each of these mutants.</p>\n<div class=\"pf-wide\">\
         <table><thead><tr><th>chapter</th><th>mutants</th><th>refused by a value</th><th>no claim any more</th><th>undecided</th><th>equal forms</th>\
         <th>weaker claims</th><th>survivors</th></tr></thead><tbody>\n{rows}</tbody><tfoot><tr><th scope=\"row\">the book</th>{}</tr></tfoot></table></div>\n",
        fates(&all)
    )
}

fn fates(score: &Score) -> String {
    let Score { mutants, refused, no_claim, undecided, equal_forms, weaker, survivors } = score;
    [mutants, refused, no_claim, undecided, equal_forms, weaker, survivors].iter().map(|number| format!("<td>{number}</td>")).collect()
}

fn cells(count: Count) -> String {
    let numbers = [count.formulas, count.exact, count.checked, count.refuted, count.introduced, count.unchecked];
    numbers.iter().map(|number| format!("<td>{number}</td>")).collect()
}

fn row(book: &Book, at: &Chapter, chapter: &Chapter, number: usize, formula: &FormulaReport, count: Count) -> String {
    let path = html_path(&at.relative(&chapter.path));
    let name = match formula.label.as_deref().and_then(|label| Some((label, book.number(label)?))) {
        Some((label, number)) => {
            format!("<a href=\"{}\">({number})</a> <code>{}</code>", escape(&format!("{path}#{label}")), escape(label))
        }
        None => format!("<a href=\"{}\">unnamed</a>", escape(&format!("{path}#{}", chapter.panel(number)))),
    };
    let mut verdicts = String::new();
    for step in &formula.steps {
        let look = look(step);
        let _ = write!(verdicts, "<span class=\"{}\">{} {}</span> ", look.class, look.sign, look.word);
    }
    if !formula.introduces.is_empty() {
        let defined = formula.introduces.iter().any(|symbol| symbol.defined);
        verdicts.push_str(if defined { "definition" } else { "declaration" });
    }
    if let Some(reason) = &formula.unchecked {
        let _ = write!(verdicts, "not checked: {}", escape(reason));
    }
    let worst = formula.steps.iter().filter_map(|step| step.error.differences).reduce(f64::max).map(magnitude).unwrap_or_default();
    let tex = one_line(chapter.source.get(formula.tex_span.range()).unwrap_or_default());
    let tex = match &formula.label {
        Some(label) => tex.replace(&format!("\\label{{{label}}}"), ""),
        None => tex,
    };
    format!(
        "<tr class=\"{}\"><td>{name}</td><td><code>{}</code></td><td>{verdicts}</td><td>{}</td></tr>\n",
        count.classes(),
        escape(tex.trim()),
        escape(&worst)
    )
}

/// Every symbol of the book, in the order in which it is introduced.
pub fn symbols(book: &Book, at: &Chapter, formulas: &mut Formulas) -> String {
    let mut html = String::from("<div class=\"pf-symbols\">\n");
    for chapter in &book.chapters {
        let mut body = String::new();
        for (number, formula) in statements(chapter) {
            let label = formula.label.as_deref().and_then(|label| Some((label.to_string(), format!(" in ({})", book.number(label)?))));
            let (anchor, text) = label.unwrap_or_else(|| (chapter.panel(number), String::new()));
            let href = escape(&html_path(&format!("{}#{anchor}", at.relative(&chapter.path))));
            for symbol in &formula.introduces {
                let name = formulas.placeholder(false, &symbol.name, report::at(&chapter.source, symbol.introduced.start), "");
                let how = if symbol.defined { "defined" } else { "declared" };
                let _ =
                    writeln!(body, "<tr><td>{name}</td><td>{}</td><td><a href=\"{href}\">{how}{text}</a></td></tr>", escape(&symbol.shape));
            }
        }
        if !body.is_empty() {
            let (id, title) = (chapter.id(), escape(&chapter.title()));
            let _ = write!(
                html,
                "<h2 id=\"{id}\"><a class=\"header\" href=\"#{id}\">{title}</a></h2>\n<div class=\"pf-wide\"><table><thead><tr><th>symbol</th>\
                 <th>what it is</th><th>from where</th></tr></thead><tbody>\n{body}</tbody></table></div>\n"
            );
        }
    }
    html.push_str("</div>");
    html
}

//! The marks at the steps of a formula, and the panels that they open.
//!
//! A mark is a button and its panel a popover, so that both work without JavaScript. The panels stand together at the end of a page, since
//! they may not stand inside a paragraph.

use std::fmt::Write as _;

use super::Chapter;
use super::html::{escape, magnitude};
use super::set::Formulas;
use crate::check::{FormulaReport, StepReport, Verdict};
use crate::math::expr::Relation;
use crate::report;

/// How a step is shown: its class, its sign, its verdict in a word or two, and what that means.
pub struct Look {
    /// The class in HTML, which is the name of the verdict.
    pub class: &'static str,
    /// The sign of the mark.
    pub sign: &'static str,
    /// The verdict.
    pub word: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// How a step is shown.
pub fn look(step: &StepReport) -> Look {
    let (class, sign, word, meaning) = match (step.verdict, step.relation) {
        (Verdict::Exact, Relation::NotEqual) => {
            ("refuted", "≠", "refuted, exactly", "a sample separates the two sides, in exact arithmetic")
        }
        (Verdict::Checked, Relation::NotEqual) => ("refuted", "≠", "refuted", "a sample separates the two sides, clear of every tolerance"),
        (Verdict::Exact, Relation::Equal) => ("exact", "✓", "exact", "both sides agree in exact arithmetic"),
        (Verdict::Checked, Relation::Equal) => ("checked", "✓", "checked", "both sides agree in floating point"),
        (Verdict::Exact, _) => ("exact", "✓", "exact", "it holds on every sample, in exact arithmetic"),
        (Verdict::Checked, _) => ("checked", "✓", "checked", "it holds on every sample"),
        (Verdict::Refused, _) => ("refused", "✗", "refused", "a sample or the shapes separate the two sides"),
        (Verdict::Undecided, _) => ("undecided", "?", "undecided", "no admissible sample was found"),
    };
    Look { class, sign, word, meaning }
}

/// The marks of a formula whose panels begin with `panel`, and a note where it is not checked. Nothing for a formula that says nothing.
pub fn marks(formula: &FormulaReport, panel: &str) -> String {
    let mut html = String::new();
    let count = formula.steps.len();
    for (k, step) in formula.steps.iter().enumerate() {
        let Look { class, sign, word, .. } = look(step);
        let which = if count > 1 { format!("step {} of {count}: ", k + 1) } else { String::new() };
        let _ = write!(
            html,
            "<button type=\"button\" class=\"pf-mark {class}\" popovertarget=\"{panel}-{k}\" aria-label=\"{which}{word}\" title=\"{word}\">{sign}</button>"
        );
    }
    if let Some(first) = formula.introduces.first() {
        let (sign, word) = if first.defined { ("≔", "definition") } else { ("∈", "declaration") };
        let _ = write!(
            html,
            "<button type=\"button\" class=\"pf-mark introduced\" popovertarget=\"{panel}-s\" aria-label=\"{word}\" title=\"{}\">{sign}</button>",
            escape(&shapes(formula))
        );
    }
    if let Some(reason) = &formula.unchecked {
        let _ = write!(html, "<span class=\"pf-unchecked\">not checked: {}</span>", escape(reason));
    }
    if html.is_empty() { html } else { format!("<span class=\"pf-marks\">{html}</span>") }
}

/// The panels of a formula, one line each.
pub fn panels(chapter: &Chapter, formula: &FormulaReport, panel: &str, formulas: &mut Formulas) -> String {
    let mut html = String::new();
    for (k, step) in formula.steps.iter().enumerate() {
        let _ = writeln!(html, "<div popover id=\"{panel}-{k}\" class=\"pf-panel\">{}</div>", details(chapter, step, formulas));
    }
    if !formula.introduces.is_empty() {
        let mut list = String::new();
        for symbol in &formula.introduces {
            let name = formulas.placeholder(false, &symbol.name, report::at(&chapter.source, symbol.introduced.start), "");
            let how = if symbol.defined { "defined" } else { "declared" };
            let _ = write!(list, "<dt>{name}</dt><dd>{}, {how} here</dd>", escape(&symbol.shape));
        }
        let _ = writeln!(html, "<div popover id=\"{panel}-s\" class=\"pf-panel\"><dl>{list}</dl></div>");
    }
    html
}

/// What a step's panel says.
fn details(chapter: &Chapter, step: &StepReport, formulas: &mut Formulas) -> String {
    let Look { class, sign, word, meaning } = look(step);
    let mut html = format!(
        "<p><b class=\"{class}\">{sign} {word}</b>: {meaning}.</p><p class=\"pf-tex\"><code>{}</code></p><dl>",
        escape(&one_line(&step.tex))
    );
    let mut row = |name: &str, value: &str| {
        let _ = write!(html, "<dt>{name}</dt><dd>{value}</dd>");
    };
    row("samples", &step.samples.to_string());
    if !step.dimensions.is_empty() {
        let sizes = step.dimensions.iter().map(|(name, values)| {
            let values: Vec<String> = values.iter().map(i64::to_string).collect();
            format!("{} = {}", name, values.join(", "))
        });
        row("dimensions", &escape(&sizes.collect::<Vec<_>>().join("; ")));
    }
    if !step.symbols.is_empty() {
        let place = report::at(&chapter.source, step.at.start);
        let symbols = step
            .symbols
            .iter()
            .map(|symbol| format!("{}: {}", formulas.placeholder(false, &symbol.name, place, ""), escape(&symbol.shape)));
        row("symbols", &symbols.collect::<Vec<_>>().join("; "));
    }
    let (left, right) = &step.shapes;
    row("shapes", &escape(&if left == right { format!("both sides {left}") } else { format!("left {left}, right {right}") }));
    if step.relation != Relation::NotEqual {
        if let Some(error) = step.error.differences {
            row("worst error against numerical differentiation", &escape(&magnitude(error)));
        }
        if let Some(error) = step.error.dual {
            let against = if step.error.differences.is_some() { "worst error against dual numbers" } else { "worst error" };
            row(against, &escape(&magnitude(error)));
        }
    }
    if let Some(sample) = &step.counterexample {
        let place = report::at(&chapter.source, step.at.start);
        let values = sample.values.iter().map(|(name, value)| {
            format!("{} <span>{}</span>", formulas.placeholder(false, name, place, ""), escape(&format!("= {value}")))
        });
        let values: Vec<String> = values.collect();
        let with = if values.is_empty() { String::new() } else { format!("with {}: ", values.join(", ")) };
        row("counterexample", &format!("{with}left is {}, right is {}", escape(&sample.left), escape(&sample.right)));
    }
    html.push_str("</dl>");
    html
}

/// What a formula introduces, in words.
fn shapes(formula: &FormulaReport) -> String {
    let symbols: Vec<String> = formula.introduces.iter().map(|symbol| format!("{}: {}", symbol.name, symbol.shape)).collect();
    symbols.join("; ")
}

/// TeX without its line ends and the alignment of its relation signs.
pub fn one_line(tex: &str) -> String {
    let mut line = tex.split_whitespace().collect::<Vec<_>>().join(" ");
    for sign in ["=", "<", ">", "\\ne", "\\le", "\\ge"] {
        line = line.replace(&format!("&{sign}"), sign);
    }
    line
}

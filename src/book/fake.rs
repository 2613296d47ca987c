//! A checker for the tests of what comes after it: it judges by the letters of a formula.

use crate::check::{
    Counterexample, Errors, FormulaReport, PageReport, ReferenceReport, RefusedReport, Settings, StepReport, SymbolReport, Verdict,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::math::expr::Relation;
use crate::page::{self, Formula, Item};
use crate::span::Span;

/// A page on which each `=` and `\ne` of a formula is a step, refused where `3 \\label` follows; a formula with `\in` or `:=` introduces what
/// stands before that, and `\unchecked` is taken at its word.
pub fn reports(source: &str, file: &str, settings: &Settings) -> PageReport {
    let page = page::read(source);
    let refused = page.items.iter().filter_map(|item| {
        let Item::Refused(fence) = item else { return None };
        let message = Diagnostic::new(Code::Refused, fence.content, "this <step> does not hold");
        Some(RefusedReport { span: fence.span, text: fence.text.clone(), formulas: Vec::new(), messages: vec![message] })
    });
    PageReport {
        file: file.to_string(),
        formulas: page.formulas().map(|formula| report(formula, settings)).collect(),
        errors: page.errors.clone(),
        references: page.references.iter().map(|found| ReferenceReport { label: found.label.clone(), span: found.span }).collect(),
        refused: refused.collect(),
    }
}

fn report(formula: &Formula, settings: &Settings) -> FormulaReport {
    let tex = &formula.tex;
    let span = |start: usize, end: usize| Span::new(formula.source(start), formula.source(end - 1) + 1);
    let argument = |command: &str| tex.split_once(command).and_then(|(_, rest)| rest.split_once('}')).map(|(text, _)| text.to_string());
    let mut signs: Vec<(usize, &str)> = tex.match_indices('=').filter(|(at, _)| !tex[..*at].ends_with(':')).collect();
    signs.extend(tex.match_indices("\\ne").filter(|(at, _)| !tex[at + 3..].starts_with(char::is_alphabetic)));
    signs.sort_unstable();
    let steps = signs.into_iter().enumerate().map(|(step, (at, sign))| {
        let false_one = tex[at..].starts_with("= 3 \\label");
        let apart = sign == "\\ne";
        StepReport {
            step,
            relation: if apart { Relation::NotEqual } else { Relation::Equal },
            at: span(at, at + sign.len()),
            left: span(0, at.max(1)),
            right: span((at + 1).min(tex.len() - 1), tex.len()),
            tex: tex.clone(),
            verdict: match false_one {
                true => Verdict::Refused,
                false if tex.contains("\\frac{d}") => Verdict::Checked,
                false => Verdict::Exact,
            },
            error: Errors { differences: tex.contains("\\frac{d}").then_some(3.2e-11), dual: Some(settings.seed as f64) },
            samples: 12,
            dimensions: vec![("n".to_string(), vec![1, 2, 3])],
            shapes: ("a scalar".to_string(), "a scalar".to_string()),
            symbols: Vec::new(),
            counterexample: (false_one || apart).then(|| Counterexample {
                values: vec![("x".to_string(), "1".to_string())],
                left: "2".to_string(),
                right: "3".to_string(),
            }),
            diagnostic: None,
        }
    });
    let (declared, defined) = (tex.split_once("\\in"), tex.split_once(":="));
    let introduced = defined.or(declared).filter(|_| !tex.contains("\\int"));
    FormulaReport {
        span: formula.span,
        tex_span: formula.tex_span(),
        display: formula.display,
        label: argument("\\label{"),
        unchecked: argument("\\unchecked{"),
        steps: steps.collect(),
        introduces: introduced
            .map(|(name, _)| SymbolReport {
                name: name.trim().trim_start_matches("\\begin{aligned}").replace('&', "").to_string(),
                shape: "a scalar".to_string(),
                introduced: formula.span,
                defined: defined.is_some(),
            })
            .into_iter()
            .collect(),
    }
}

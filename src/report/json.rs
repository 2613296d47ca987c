//! Reports for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::codes::code;
use super::{at, step_message};
use crate::check::{Counterexample, PageReport, StepReport, Verdict};
use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// Everything that was found in some files.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Json {
    steps: Vec<Step>,
    errors: Vec<Error>,
    /// How many there are of each.
    pub counts: Counts,
}

/// How many steps have which verdict, how many formulas are unchecked, and how many errors are no step's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Steps that hold in exact arithmetic.
    pub exact: usize,
    /// Steps that hold in floating point.
    pub checked: usize,
    /// Steps that do not hold.
    pub refused: usize,
    /// Steps that could not be decided.
    pub undecided: usize,
    /// Formulas that are not checked, with a reason.
    pub unchecked: usize,
    /// Errors that are no step's.
    pub errors: usize,
}

#[derive(Clone, Debug, Serialize)]
struct Step {
    file: String,
    line: usize,
    column: usize,
    label: Option<String>,
    step: usize,
    tex: String,
    verdict: &'static str,
    error: Measured,
    samples: usize,
    counterexample: Option<Sample>,
    code: Option<&'static str>,
    message: Option<String>,
    help: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Measured {
    differences: Option<f64>,
    dual: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
struct Sample {
    values: BTreeMap<String, String>,
    left: String,
    right: String,
}

#[derive(Clone, Debug, Serialize)]
struct Error {
    file: String,
    line: usize,
    column: usize,
    label: Option<String>,
    code: &'static str,
    message: String,
    help: Option<String>,
}

impl Counts {
    /// Adds what was found on a page.
    pub fn add(&mut self, page: &PageReport) {
        for step in page.formulas.iter().flat_map(|formula| &formula.steps) {
            match step.verdict {
                Verdict::Exact => self.exact += 1,
                Verdict::Checked => self.checked += 1,
                Verdict::Refused => self.refused += 1,
                Verdict::Undecided => self.undecided += 1,
            }
        }
        self.unchecked += page.formulas.iter().filter(|formula| formula.unchecked.is_some()).count();
        self.errors += page.errors.len();
    }

    /// Whether every claim holds and nothing else is wrong.
    pub fn all_hold(&self) -> bool {
        self.refused + self.undecided + self.errors == 0
    }

    /// One line of words.
    pub fn in_words(&self) -> String {
        let Counts { exact, checked, refused, undecided, unchecked, errors } = self;
        let claims = if exact + checked + refused + undecided == 0 { "no claims: " } else { "" };
        let noun = if *errors == 1 { "error" } else { "errors" };
        format!(
            "{claims}{exact} exact, {checked} checked, {refused} refused, {undecided} undecided, {unchecked} unchecked, {errors} {noun}"
        )
    }
}

impl Json {
    /// Adds what was found on a page.
    pub fn add(&mut self, source: &str, page: &PageReport) {
        self.counts.add(page);
        for formula in &page.formulas {
            self.steps.extend(formula.steps.iter().map(|found| step(source, &page.file, formula.label.clone(), found)));
        }
        self.errors.extend(page.errors.iter().map(|found| {
            let inside = |span: Span| span.start <= found.span.start && found.span.start < span.end;
            let label = page.formulas.iter().find(|formula| inside(formula.span)).and_then(|formula| formula.label.clone());
            let (line, column) = at(source, found.span.start);
            Error {
                file: page.file.clone(),
                line,
                column,
                label,
                code: code(found.code),
                message: found.message.clone(),
                help: help(found),
            }
        }));
    }
}

fn step(source: &str, file: &str, label: Option<String>, found: &StepReport) -> Step {
    let (line, column) = at(source, found.at.start);
    let message = step_message(found);
    Step {
        file: file.to_string(),
        line,
        column,
        label,
        step: found.step,
        tex: found.tex.clone(),
        verdict: match found.verdict {
            Verdict::Exact => "exact",
            Verdict::Checked => "checked",
            Verdict::Refused => "refused",
            Verdict::Undecided => "undecided",
        },
        error: Measured { differences: found.error.differences, dual: found.error.dual },
        samples: found.samples,
        counterexample: found.counterexample.as_ref().map(|Counterexample { values, left, right }| Sample {
            values: values.iter().cloned().collect(),
            left: left.clone(),
            right: right.clone(),
        }),
        code: message.as_ref().map(|message| code(message.code)),
        help: message.as_ref().and_then(help),
        message: message.map(|message| message.message),
    }
}

fn help(found: &Diagnostic) -> Option<String> {
    (!found.help.is_empty()).then(|| found.help.join("\n"))
}

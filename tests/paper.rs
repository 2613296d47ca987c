//! Each formula of the reference paper has its place in the book: `tests/paper.tsv` leads from the paper's sections to our labels.
//!
//! Each line holds a section, what the formula says, and the labels under which it stands, with spaces between them. The sections are
//! those of the project's list of the paper's formulas: 2.1 to 2.15 for its text, 3.1 to 3.6 for its reference.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proofread::check::{FormulaReport, Verdict};

mod common;

#[test]
fn each_formula_of_the_paper_stands_on_a_page_and_holds() {
    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/paper.tsv")).unwrap();
    let book = common::book();
    let formulas: BTreeMap<&str, &FormulaReport> =
        book.iter().flat_map(|(_, page)| &page.formulas).filter_map(|formula| Some((formula.label.as_deref()?, formula))).collect();
    let mut wrong = Vec::new();
    let mut sections = BTreeSet::new();
    for (number, line) in table.lines().enumerate().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [section, name, labels] = cells.as_slice() else {
            wrong.push(format!("line {}: three cells are needed", number + 1));
            continue;
        };
        sections.insert(section.to_string());
        if labels.trim().is_empty() {
            wrong.push(format!("line {}: {name} has no label", number + 1));
        }
        for label in labels.split_whitespace() {
            match formulas.get(label) {
                None => wrong.push(format!("line {}: no formula has the label `{label}`", number + 1)),
                Some(formula) if formula.unchecked.is_some() || formula.steps.is_empty() && formula.introduces.is_empty() => {
                    wrong.push(format!("line {}: `{label}` claims and defines nothing", number + 1));
                }
                Some(formula) => {
                    let holds = |verdict| matches!(verdict, Verdict::Exact | Verdict::Checked);
                    if !formula.steps.iter().all(|step| holds(step.verdict)) {
                        wrong.push(format!("line {}: `{label}` does not hold", number + 1));
                    }
                }
            }
        }
    }
    let expected = (1..=15).map(|n| format!("2.{n}")).chain((1..=6).map(|n| format!("3.{n}")));
    wrong
        .extend(expected.filter(|section| !sections.contains(section)).map(|section| format!("no formula of section {section} is listed")));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

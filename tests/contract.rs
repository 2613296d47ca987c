//! The contract of checked TeX, sentence by sentence: small pages whose formulas say in a comment what is to become of them.
//!
//! Behind each formula of `tests/contract/*.md` that claims something stands a comment with one word for each step, in the order of reading:
//! `exact`, `checked`, `holds` (either of the two), `refused`, `undecided`. `error` means an error at a line of the formula and no step,
//! `fails` one of the two: a refused step, or an error. `none` means that the formula has neither step nor error. A comment that
//! begins with § quotes the sentence under test and is passed over.
//! `CONTRACT=a-4 cargo test --test contract` judges only the pages whose names hold that text, and `SEED=7` takes other samples.

use std::fs;
use std::ops::Range;
use std::path::Path;

use proofread::check::{PageReport, Settings, Verdict, check_page};
use pulldown_cmark::{Event, Options, Parser};

const WORDS: &[&str] = &["exact", "checked", "holds", "refused", "undecided", "error", "fails", "none"];

/// A formula as the page has it, found without the help of the checker.
struct Formula {
    span: Range<usize>,
    expected: Option<Vec<String>>,
}

#[test]
fn every_page_of_the_contract_is_judged_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of the contract")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    let mut differences = Vec::new();
    let mut expectations = 0;
    let wanted = std::env::var("CONTRACT").unwrap_or_default();
    let seed = std::env::var("SEED").map_or(0, |seed| seed.parse().expect("a whole number as SEED"));
    for path in &paths {
        let name = path.file_name().expect("a file name").to_string_lossy().into_owned();
        if !name.contains(&wanted) {
            continue;
        }
        let source = fs::read_to_string(path).expect("a page in UTF-8");
        let report = check_page(&source, &name, &Settings { seed, ..Settings::default() });
        let found = compare(&source, &name, &report, &mut differences);
        if found == 0 {
            differences.push(format!("{name}: the page expects nothing"));
        }
        expectations += found;
    }
    assert!(expectations > 0, "no page of the contract was found");
    assert!(differences.is_empty(), "{} of {expectations} expectations are not met:\n\n{}\n", differences.len(), differences.join("\n\n"));
}

/// Compares a page with its report in both directions and returns how many words it expects.
fn compare(source: &str, name: &str, report: &PageReport, differences: &mut Vec<String>) -> usize {
    let mut formulas: Vec<Formula> = Parser::new_ext(source, Options::ENABLE_MATH | Options::ENABLE_TABLES)
        .into_offset_iter()
        .filter(|(event, _)| matches!(event, Event::InlineMath(_) | Event::DisplayMath(_)))
        .map(|(_, span)| Formula { span, expected: None })
        .collect();
    let place = |byte: usize| format!("{name}:{}", 1 + source[..byte].matches('\n').count());
    let mut expectations = 0;
    for (start, words) in comments(source) {
        if words.starts_with('§') || words.contains('$') {
            continue;
        }
        let words: Vec<String> = words.split_whitespace().map(str::to_string).collect();
        let known = !words.is_empty() && words.iter().all(|word| WORDS.contains(&word.as_str()));
        let alone = words.len() == 1 || !words.iter().any(|word| ["error", "none"].contains(&word.as_str()));
        match formulas.iter_mut().rev().find(|formula| formula.span.end <= start) {
            Some(formula) if formula.expected.is_none() && known && alone => {
                expectations += words.len();
                formula.expected = Some(words);
            }
            _ => differences.push(format!("{}: the comment expects nothing that can be read, or has no formula of its own", place(start))),
        }
    }
    let mut told = vec![false; report.errors.len()];
    for formula in &formulas {
        let steps: Vec<Verdict> = report
            .formulas
            .iter()
            .filter(|read| formula.span.contains(&read.span.start))
            .flat_map(|read| read.steps.iter().map(|step| step.verdict))
            .collect();
        let mut messages = Vec::new();
        for (error, told) in report.errors.iter().zip(&mut told) {
            if formula.span.contains(&error.span.start) {
                *told = true;
                messages.push(format!("{:?}: {}", error.code, error.message));
            }
        }
        let difference = |expected: &str| {
            let mut got: Vec<&str> = steps.iter().map(|verdict| word(*verdict)).collect();
            if !messages.is_empty() {
                got.push("error");
            }
            if got.is_empty() {
                got.push("none");
            }
            let mut text =
                format!("{}: {}\n  expected {expected}, got {}", place(formula.span.start), &source[formula.span.clone()], got.join(" "));
            for message in &messages {
                text += &format!("\n  {message}");
            }
            for step in report.formulas.iter().filter(|read| formula.span.contains(&read.span.start)).flat_map(|read| &read.steps) {
                if let Some(diagnostic) = &step.diagnostic {
                    text +=
                        &format!("\n  step {}, {:?}: {}; {}", step.step, diagnostic.code, diagnostic.message, diagnostic.notes.join("; "));
                }
            }
            text
        };
        match &formula.expected {
            None if steps.is_empty() && messages.is_empty() => {}
            None => differences.push(difference("nothing, for no comment follows")),
            Some(expected) if meets(expected, &steps, !messages.is_empty()) => {}
            Some(expected) => differences.push(difference(&expected.join(" "))),
        }
    }
    for (error, told) in report.errors.iter().zip(told) {
        if !told {
            differences.push(format!("{}: an error outside every formula: {:?}: {}", place(error.span.start), error.code, error.message));
        }
    }
    expectations
}

fn meets(expected: &[String], steps: &[Verdict], error: bool) -> bool {
    match expected[0].as_str() {
        "error" => error && steps.is_empty(),
        "none" => !error && steps.is_empty(),
        _ if error => steps.is_empty() && expected.iter().all(|word| word == "fails"),
        _ => {
            expected.len() == steps.len()
                && expected.iter().zip(steps).all(|(expected, verdict)| match expected.as_str() {
                    "holds" => matches!(verdict, Verdict::Exact | Verdict::Checked),
                    "fails" => *verdict == Verdict::Refused,
                    other => other == word(*verdict),
                })
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exact => "exact",
        Verdict::Checked => "checked",
        Verdict::Refused => "refused",
        Verdict::Undecided => "undecided",
    }
}

/// Every HTML comment: where it begins, and what it holds.
fn comments(source: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = source[from..].find("<!--").map(|at| from + at) {
        let Some(length) = source[start..].find("-->") else { break };
        found.push((start, source[start + 4..start + length].trim()));
        from = start + length + 3;
    }
    found
}

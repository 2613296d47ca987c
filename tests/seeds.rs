//! No false alarms: whatever the samples are, no step of the book falls short, and every fence that has to fall short does.
//!
//! The ordinary run takes a few seeds; `PROOFREAD_SEEDS=0..1000 cargo test --release --test seeds -- --nocapture` takes as many as one likes,
//! and prints the table of the worst errors that stands in the documentation of the judge.

#![cfg(feature = "book")]

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use proofread::check::{Chapter, Errors, Settings, StepReading, Verdict, read_page};
use proofread::judge::{Judgement, judge};
use proofread::math::symbol::{SymbolKind, Symbols};
use proofread::sample;

/// The seeds of the ordinary run.
const SEEDS: Range<u64> = 0..3;

/// What the worst errors depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sort {
    derivatives: usize,
    functions: bool,
    inverse: bool,
}

/// The worst of one sort of step.
#[derive(Default)]
struct Row {
    steps: usize,
    error: Errors,
    used: Errors,
}

fn range(text: &str) -> Option<Range<u64>> {
    let (from, to) = text.split_once("..")?;
    Some(from.parse().ok()?..to.parse().ok()?).filter(|range| !range.is_empty())
}

/// The pages in a folder and the folders in it.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the book") {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() {
            found.extend(pages(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sort(symbols: &Symbols, reading: &StepReading) -> Sort {
    let facts = sample::facts(symbols, &reading.step);
    let nesting = |expr| sample::nesting(symbols, expr);
    Sort {
        derivatives: nesting(&reading.step.left).max(nesting(&reading.step.right)),
        functions: facts
            .symbols
            .iter()
            .any(|id| matches!(symbols[*id].kind, SymbolKind::Function { body: None, .. } | SymbolKind::FunctionFamily { .. })),
        inverse: facts.inverse,
    }
}

fn judged(symbols: &Symbols, reading: &StepReading, seed: u64) -> Judgement {
    reading.inside.iter().fold(judge(symbols, &reading.step, seed), |all, step| all.and(judge(symbols, step, seed)))
}

/// The steps of a chapter that can be compared.
fn steps(chapter: &Chapter) -> impl Iterator<Item = &StepReading> {
    chapter.formulas.iter().flat_map(|formula| &formula.steps).filter(|step| step.misfit.is_none())
}

/// Whether something in a fence falls short under this seed.
fn falls_short(chapter: &Chapter, seed: u64) -> bool {
    let misfits = chapter.formulas.iter().flat_map(|formula| &formula.steps).any(|step| step.misfit.is_some());
    misfits
        || !chapter.errors.is_empty()
        || steps(chapter).any(|step| !matches!(judged(&chapter.symbols, step, seed).verdict, Verdict::Exact | Verdict::Checked))
}

#[test]
fn no_seed_raises_an_alarm() {
    let asked = std::env::var("PROOFREAD_SEEDS").ok();
    let seeds = asked.as_deref().map_or(Some(SEEDS), range).expect("PROOFREAD_SEEDS is a range, as in 0..1000");
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("book");
    let mut alarms: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut table: BTreeMap<Sort, Row> = BTreeMap::new();
    for path in pages(&book) {
        let source = fs::read_to_string(&path).expect("a page in UTF-8");
        let name = path.strip_prefix(&book).expect("a page of the book").display().to_string();
        let line = |byte: usize| source[..byte].matches('\n').count() + 1;
        let chapter = read_page(&source, &Settings::default());
        for reading in steps(&chapter) {
            let row = table.entry(sort(&chapter.symbols, reading)).or_default();
            row.steps += 1;
            for seed in seeds.clone() {
                let found = judged(&chapter.symbols, reading, seed);
                row.error = row.error.worst(found.error);
                row.used = row.used.worst(found.used);
                if matches!(found.verdict, Verdict::Exact | Verdict::Checked) {
                    continue;
                }
                let what = found.diagnostic.map_or("falls short".to_string(), |said| said.message);
                let step = format!("{name}:{}: {}: {what}", line(reading.step.at.start), reading.tex);
                alarms.entry(step).or_default().push(seed);
            }
        }
        for fence in &chapter.refused {
            for seed in seeds.clone().filter(|seed| !falls_short(&fence.chapter, *seed)) {
                alarms.entry(format!("{name}:{}: the fence holds", line(fence.span.start))).or_default().push(seed);
            }
        }
    }
    if asked.is_some() {
        print(&table);
    }
    let seen: usize = table.values().map(|row| row.steps).sum();
    assert!(seen > 0, "the book has no step");
    let listed: Vec<String> = alarms.iter().map(|(step, seeds)| format!("{step}\n  under {} seeds: {seeds:?}", seeds.len())).collect();
    assert!(listed.is_empty(), "{} alarms on {seen} steps:\n{}", listed.len(), listed.join("\n"));
}

fn print(table: &BTreeMap<Sort, Row>) {
    let number = |value: Option<f64>| value.map_or("".to_string(), |value| format!("{value:.0e}"));
    let margin = |used: Option<f64>| used.filter(|used| *used > 0.0).map_or("".to_string(), |used| format!("{:.0}", 1.0 / used));
    println!("| derivatives | functions | inverse | steps | differences | margin | dual | margin |");
    for (sort, row) in table {
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            sort.derivatives,
            if sort.functions { "arbitrary" } else { "" },
            if sort.inverse { "yes" } else { "" },
            row.steps,
            number(row.error.differences),
            margin(row.used.differences),
            number(row.error.dual),
            margin(row.used.dual),
        );
    }
}

/// True formulas in which floating point loses all that it has: 1 - σ(u) keeps no digit from u = 37 on.
#[test]
fn what_rounding_swallows_is_no_alarm() {
    let page = "$x, y \\in \\mathbb{R}$\n\n$z := 9 x + 9 y, \\quad u := 4 x + 4 y$\n\n\
                $$ \\frac{d}{dz} \\left(-\\ln(1 - \\sigma(z))\\right) = \\sigma(z) $$\n\n\
                $$ \\frac{d}{du} \\left(-\\ln(1 - \\sigma(u))\\right) = \\sigma(u) $$\n\n\
                $$ \\ln(1 - \\sigma(u)) = -u - \\ln(1 + e^{-u}) $$\n\n$$ \\sin(7 \\pi) = \\cos(3 \\pi / 2) $$\n";
    let chapter = read_page(page, &Settings::default());
    assert_eq!((chapter.errors.len(), steps(&chapter).count()), (0, 4), "{:?}", chapter.errors);
    for seed in 0..100 {
        for step in steps(&chapter) {
            let found = judged(&chapter.symbols, step, seed);
            assert_eq!(found.verdict, Verdict::Checked, "under {seed}: {}: {:?}", step.tex, found.diagnostic);
        }
    }
    // What is false there stays so.
    let page = page.replace("= \\sigma(z)", "= \\sigma(z) + 10^{-7}").replace("= -u", "= -u + 10^{-7}");
    let chapter = read_page(&page, &Settings::default());
    for seed in 0..100 {
        let verdicts: Vec<_> = steps(&chapter).map(|step| judged(&chapter.symbols, step, seed).verdict).collect();
        assert_eq!((verdicts[0], verdicts[2]), (Verdict::Refused, Verdict::Refused), "under {seed}");
    }
}

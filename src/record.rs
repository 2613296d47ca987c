//! What is drawn, computed and said for the steps of the pages in tests/record, held against the text beside each page.
//!
//! The same page draws the same numbers and costs the same work on every machine. After a change that is meant, `PROOFREAD_UPDATE=1 cargo
//! test --lib record` writes the texts anew; read what changed before it is committed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::check::{Settings, read_page};
use crate::eval::{Evaluator, Mode, Value};
use crate::judge::judge;
use crate::math::expr::{Expr, Step};
use crate::math::symbol::{SymbolKind, Symbols};
use crate::sample::{STYLES, Sample, Sampler, nesting, samples};
use crate::scalar::{Rational, Scalar};

/// Pages of which the verdicts are on record, with what is said of them.
const VERDICTS: &str = "tests/record/verdicts";
/// Pages of which the samples are on record as well, with what they cost.
const SAMPLES: &str = "tests/record/samples";
/// How many samples of each step are written down: every style of them has had its turn then.
const DRAWN: usize = 24;
/// How many characters of a sample or of a value are written down.
const WIDTH: usize = 160;

#[test]
fn the_same_page_draws_the_same_numbers() {
    compare(SAMPLES, true);
}

#[test]
fn the_same_page_is_judged_the_same() {
    compare(VERDICTS, false);
}

fn compare(folder: &str, samples: bool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let update = std::env::var("PROOFREAD_UPDATE").is_ok_and(|value| value == "1");
    let mut pages: Vec<_> = fs::read_dir(&folder).expect("the folder is there").map(|entry| entry.expect("an entry").path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    assert!(!pages.is_empty(), "{} holds no page", folder.display());
    let mut differences = Vec::new();
    for page in &pages {
        let text = record(&fs::read_to_string(page).expect("the page can be read"), samples);
        let stored = page.with_extension("txt");
        if update {
            fs::write(&stored, &text).expect("the text can be written");
        }
        let stored = fs::read_to_string(&stored).unwrap_or_default();
        if text != stored {
            let line = text.lines().zip(stored.lines()).take_while(|(new, old)| new == old).count();
            let (new, old) = (text.lines().nth(line).unwrap_or_default(), stored.lines().nth(line).unwrap_or_default());
            differences.push(format!("{}, line {}: stored is\n{old}\nand now it is\n{new}", page.display(), line + 1));
        }
    }
    assert!(differences.is_empty(), "PROOFREAD_UPDATE=1 writes the texts anew\n\n{}", differences.join("\n\n"));
}

fn record(source: &str, samples: bool) -> String {
    let settings = Settings::default();
    let chapter = read_page(source, &settings);
    assert_eq!(chapter.errors, [], "the page can be read");
    let mut text = String::new();
    for formula in &chapter.formulas {
        for reading in &formula.steps {
            let step = &reading.step;
            let judged = judge(&chapter.symbols, step, settings.seed);
            let dimensions = &judged.dimensions;
            let _ = writeln!(text, "# {}\n{:?}, {} samples, {dimensions:?}", reading.tex, judged.verdict, judged.samples);
            for line in judged.diagnostic.iter().flat_map(|found| std::iter::once(&found.message).chain(&found.notes).chain(&found.help)) {
                let _ = writeln!(text, "  {line}");
            }
            let (error, used) = (judged.error, judged.used);
            let _ = writeln!(
                text,
                "differences {:?}, {:?}; dual numbers {:?}, {:?}",
                error.differences, used.differences, error.dual, used.dual
            );
            if samples {
                drawn(&mut text, &chapter.symbols, step, settings.seed);
            }
            text.push('\n');
        }
    }
    text
}

fn drawn(text: &mut String, symbols: &Symbols, step: &Step, seed: u64) {
    let mut sampler = Sampler::new(symbols, step, seed);
    let (left, right) = (nesting(symbols, &step.left), nesting(symbols, &step.right));
    let _ = writeln!(text, "nested derivatives: {left}, {right}; comparisons: {}", sampler.facts.comparisons.len());
    let mut last = None;
    for number in 0..DRAWN {
        let Some(sample) = sampler.draw() else {
            let _ = writeln!(text, "{number}: none");
            continue;
        };
        let instances = sampler.instances(&sample);
        let _ = writeln!(text, "{number}: {}", numbers(symbols, &sample));
        if let Some(instance) = instances.first().filter(|_| number < 4) {
            let _ = writeln!(text, "  of {}: {}", instances.len(), sides(symbols, step, instance));
        }
        last = Some(sample);
    }
    for _ in 0..2 {
        let fine = sampler.fine();
        let _ = writeln!(text, "fine: {}", fine.map_or("none".to_string(), |sample| numbers(symbols, &sample)));
    }
    for style in STYLES {
        let apart = sampler.apart(style);
        let _ = writeln!(text, "apart {style}: {}", apart.map_or("none".to_string(), |sample| numbers(symbols, &sample)));
    }
    for number in 0..8 {
        let simple = sampler.simple(number);
        let _ = writeln!(text, "simple {number}: {}", simple.map_or("none".to_string(), |sample| numbers(symbols, &sample)));
    }
    let Some(last) = last else { return };
    let simpler = sampler.simpler(&last);
    let _ = writeln!(text, "weight {}; {} simpler", sampler.weight(&last), simpler.len());
    for sample in simpler.iter().take(3) {
        let _ = writeln!(text, "  {}: {}", sampler.weight(sample), numbers(symbols, sample));
    }
    let steps = [(1, 1), (1, 3), (1, 9)].map(|(numerator, denominator)| Rational::new(numerator, denominator));
    for (place, step) in sampler.movable(&last).iter().zip(steps.iter().cycle()) {
        for moved in sampler.moves(&last, place, step) {
            let _ = writeln!(text, "moved: {}", numbers(symbols, &moved));
        }
        let simplified = sampler.simplified(&last, place, step);
        let _ = writeln!(text, "simplified: {}", simplified.map_or("none".to_string(), |sample| numbers(symbols, &sample)));
    }
    let rounded = sampler.rounded(&last);
    let _ = writeln!(text, "rounded: {}", rounded.map_or("none".to_string(), |sample| numbers(symbols, &sample)));
    let _ = writeln!(
        text,
        "for a function: {}",
        samples(symbols, step, seed, 6).iter().map(|sample| sampler.weight(sample).to_string()).collect::<Vec<_>>().join(", ")
    );
}

/// A sample as it is, where messages round.
fn numbers(symbols: &Symbols, sample: &Sample) -> String {
    let mut parts = Vec::new();
    for (id, symbol) in symbols.iter() {
        parts.extend(sample.ints.get(&id).map(|value| format!("{} = {value}", symbol.name)));
        let mut keys: Vec<_> = sample.values.keys().filter(|key| key.0 == id).collect();
        keys.sort_unstable();
        for key in keys {
            let data: Vec<String> = sample.values[key].data.iter().map(ToString::to_string).collect();
            let (rows, index) = (sample.values[key].rows, &key.1);
            let index = if index.is_empty() { String::new() } else { format!("{index:?}") };
            let columns: Vec<String> = data.chunks(rows.max(1)).map(|column| column.join(" ")).collect();
            parts.push(format!("{}{index} = {}", symbol.name, columns.join(" | ")));
        }
    }
    for (flag, name) in [(sample.structured, "structured"), (sample.far, "far"), (sample.rounded, "rounded")] {
        parts.extend(flag.then(|| name.to_string()));
    }
    let function = |kind: &SymbolKind| matches!(kind, SymbolKind::Function { body: None, .. });
    if symbols.iter().any(|(_, symbol)| function(&symbol.kind)) {
        parts.push(format!("functions {:x}", sample.functions & 0xffff));
    }
    cut(&parts.join(", "))
}

/// What is too long is cut.
fn cut(text: &str) -> String {
    text.chars().take(WIDTH).collect()
}

/// The values of both sides, with the operations that each took.
fn sides(symbols: &Symbols, step: &Step, sample: &Sample) -> String {
    let one = |expr: &Expr| {
        let rational = value::<Rational>(symbols, expr, sample, Mode::Dual, |x| x.to_string());
        let float = value::<f64>(symbols, expr, sample, Mode::Dual, |x| rounded(*x, 6));
        let differences = value::<f64>(symbols, expr, sample, Mode::Differences, |x| rounded(*x, 2));
        format!("{rational}; {float}; by differences {differences}")
    };
    format!("{}\n  and {}", one(&step.left), one(&step.right))
}

/// Of a value that should be 0 or 1, a reader of the record wants no digits that are rounding alone.
fn rounded(x: f64, digits: i32) -> String {
    let scale = 10f64.powi(digits);
    ((x * scale).round() / scale + 0.0).to_string()
}

fn value<S: Scalar>(symbols: &Symbols, expr: &Expr, sample: &Sample, mode: Mode, show: impl Fn(&S) -> String) -> String {
    let mut evaluator = Evaluator::<S>::new(symbols, sample, mode);
    let shown = match evaluator.value(expr) {
        Ok(Value { rows, cols, data }) => {
            let data: Vec<String> = data.iter().map(|x| show(&x.real)).collect();
            cut(&format!("{rows}×{cols} {}", data.join(" ")))
        }
        Err(fault) => format!("{fault:?}"),
    };
    format!("{shown} after {}", evaluator.work())
}

//! A Rust function against a formula of the book.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use approx::relative_eq;
use nalgebra::{DMatrix, DVector, Dim, Matrix, RawStorage};

use crate::check::{self, Chapter, FormulaReading, StepReading};
use crate::eval::{Evaluator, Mode, evaluate_f64};
use crate::hash::FastSet;
use crate::math::expr::{Expr, Kind, Relation, Shape, Step, SymbolId};
use crate::math::int::Int;
use crate::math::symbol::{Symbol, SymbolKind, Symbols};
use crate::sample::{self, Sample, Sampler};
use crate::settings;
use crate::span::Span;

/// How many samples a function is compared at, and how many are enough.
const SAMPLES: (usize, usize) = (40, 5);
/// How far the function may be from the formula, relative to their value.
const RELATIVE: f64 = 1e-9;
/// The same relative to the largest term of the formula: where terms cancel, rounding stays.
const OF_TERMS: f64 = 1e-12;

/// A page that was read.
struct Page {
    /// Its name within the book.
    file: String,
    source: String,
    chapter: Chapter,
}

/// A formula of the book; [`agrees_with`](Formula::agrees_with) holds a function against it.
#[must_use = "`.agrees_with(…)` compares it"]
pub struct Formula {
    page: Arc<Page>,
    label: String,
    claim: usize,
}

/// The formula with this label, from the page on which it stands.
///
/// ```no_run
/// use proofread::prelude::*;
///
/// formula("preface.derivative").agrees_with(|at| 3.0 * at.scalar("x").powi(2) - 5.0);
/// ```
///
/// # Panics
/// When no page of the book has a formula with this label.
#[track_caller]
pub fn formula(label: &str) -> Formula {
    let mut labels = LABELS.lock().unwrap_or_else(PoisonError::into_inner);
    labels.push(format!("`{label}`"));
    labels.dedup();
    drop(labels);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    match find(root, label) {
        Ok(page) => Formula { page, label: label.to_string(), claim: 0 },
        Err(message) => panic!("{message}"),
    }
}

/// The labels that this snippet asked for: each snippet runs in a process of its own.
static LABELS: Mutex<Vec<String>> = Mutex::new(Vec::new());

pub(super) fn labels_so_far() -> Vec<String> {
    LABELS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The pages that were read already.
static PAGES: Mutex<BTreeMap<PathBuf, Arc<Page>>> = Mutex::new(BTreeMap::new());

fn find(root: &Path, label: &str) -> Result<Arc<Page>, String> {
    let mut labels = Vec::new();
    for path in markdown_files(&root.join("book")) {
        let source = std::fs::read_to_string(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        let found: Vec<&str> =
            source.split("\\label{").skip(1).filter_map(|rest| rest.split_once('}')).map(|(label, _)| label.trim()).collect();
        if !found.contains(&label) {
            labels.extend(found.into_iter().map(str::to_string));
            continue;
        }
        let mut pages = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = pages.get(&path) {
            return Ok(Arc::clone(page));
        }
        let settings = match std::fs::read_to_string(root.join("book.toml")) {
            Ok(text) => settings::of_book(&text).map_err(|error| format!("book.toml: {error}"))?,
            Err(_) => check::Settings::default(),
        };
        let file = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let chapter = check::read_page(&source, &settings);
        let page = Arc::new(Page { file, source, chapter });
        pages.insert(path, Arc::clone(&page));
        return Ok(page);
    }
    let advice = match labels.iter().min_by_key(|other| distance(label, other)) {
        Some(near) => format!("; the nearest is `{near}`"),
        None => String::new(),
    };
    Err(format!("no formula of the book has the label `{label}`{advice}"))
}

/// Every page under a folder, in the order of their names.
pub(crate) fn markdown_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(markdown_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// How many letters have to be put in, taken out or replaced to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, b) in to.chars().enumerate() {
            let best = (corner + usize::from(a != b)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = best;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// What a function may give: a number, or a vector or matrix of nalgebra.
pub trait Answer {
    /// The same as a matrix.
    fn into_matrix(self) -> DMatrix<f64>;
}

impl Answer for f64 {
    fn into_matrix(self) -> DMatrix<f64> {
        DMatrix::from_element(1, 1, self)
    }
}

impl<R: Dim, C: Dim, S: RawStorage<f64, R, C>> Answer for Matrix<f64, R, C, S> {
    fn into_matrix(self) -> DMatrix<f64> {
        DMatrix::from_iterator(self.nrows(), self.ncols(), self.iter().copied())
    }
}

impl Formula {
    /// Takes another claim of the formula: they are counted from 0, and a chain of equals signs is one. A formula that claims
    /// nothing has its definitions instead.
    pub fn claim(self, number: usize) -> Formula {
        Formula { claim: number, ..self }
    }

    /// Compares what the function gives with every side of the claim, at samples that the checker draws for it.
    ///
    /// # Panics
    /// When they differ, or when the formula cannot be evaluated; the message names the formula and its place.
    #[track_caller]
    pub fn agrees_with<A: Answer>(self, function: impl Fn(&At<'_>) -> A) {
        if let Err(message) = self.compare(|at| function(at).into_matrix()) {
            let Formula { page, label, .. } = &self;
            let line = self.reading().map_or(String::new(), |formula| format!(":{}", line(&page.source, formula.span)));
            panic!("the formula `{label}` at {}{line} {message}", page.file);
        }
    }

    fn reading(&self) -> Option<&FormulaReading> {
        self.page.chapter.formulas.iter().find(|formula| formula.label.as_deref() == Some(&self.label))
    }

    fn compare(&self, function: impl Fn(&At<'_>) -> DMatrix<f64>) -> Result<(), String> {
        let Page { file, source, chapter } = &*self.page;
        let formula = self.reading().ok_or_else(|| format!("could not be read; `cargo run -- check {file}` says why"))?;
        let (symbols, steps) = claim_of(&chapter.symbols, formula, self.claim)?;
        let symbols = &*symbols;
        let step = together(&steps)?;
        let Kind::Blocks(rows) = &step.left.kind else { return Err("could not be put together".to_string()) };
        let sides = rows.concat();
        let sampler = Sampler::new(symbols, &step, 0);
        let samples = sample::samples(symbols, &step, 0, SAMPLES.0);
        if samples.len() < SAMPLES.1 {
            return Err(format!("has values on {} samples only, which is not enough to compare a function with it", samples.len()));
        }
        for sample in &samples {
            let at = At { symbols, sample, reach: &sampler.facts.symbols, label: &self.label };
            let found = function(&at);
            let mut evaluator = Evaluator::<f64>::new(symbols, sample, Mode::Dual);
            for side in &sides {
                let text = source.get(side.span.range()).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
                let value = evaluator.value(side).map_err(|fault| format!("has a side that cannot be evaluated, `{text}`: {fault:?}"))?;
                let expected = DMatrix::from_iterator(value.rows, value.cols, value.data.iter().map(|x| x.real));
                let terms = expected.iter().fold(evaluator.largest, |largest, x| largest.max(x.abs()));
                let same = |(a, b): (&f64, &f64)| relative_eq!(a, b, epsilon = OF_TERMS * terms, max_relative = RELATIVE);
                if found.shape() == expected.shape() && found.iter().zip(&expected).all(same) {
                    continue;
                }
                let mut message = "is not what the function gives\n".to_string();
                for (name, value) in sampler.texts(sample) {
                    let _ = writeln!(message, "  at {name} = {value}");
                }
                let _ = writeln!(message, "  the function gives {}", text_of(&found));
                let _ = write!(message, "  the formula's `{text}` is {}", text_of(&expected));
                if found.shape() != expected.shape() {
                    let [(m, n), (k, l)] = [found.shape(), expected.shape()];
                    let _ = write!(message, "\n  the one is {m}×{n}, the other {k}×{l}");
                }
                return Err(message);
            }
        }
        Ok(())
    }
}

/// The steps of a claim, or the definition in its place, with the symbols in them.
fn claim_of<'a>(symbols: &'a Symbols, formula: &FormulaReading, number: usize) -> Result<(Cow<'a, Symbols>, Vec<Step>), String> {
    let mut chains: Vec<usize> = formula.steps.iter().map(|step| step.chain).collect();
    chains.dedup();
    let mut symbols = Cow::Borrowed(symbols);
    let definitions = if chains.is_empty() { definitions_of(&mut symbols, formula) } else { Vec::new() };
    let known = chains.len() + definitions.len();
    if number >= known {
        return Err(match known {
            0 => "claims and defines nothing".to_string(),
            1 => format!("has one claim, number 0, and no number {number}"),
            _ => format!("has the claims 0 to {}, and no number {number}", known - 1),
        });
    }
    let Some(chain) = chains.get(number) else { return Ok((symbols, vec![definitions[number].clone()])) };
    let steps: Vec<&StepReading> = formula.steps.iter().filter(|step| step.chain == *chain).collect();
    match steps.iter().find(|step| step.misfit.is_some()) {
        Some(step) => Err(format!("has sides whose shapes differ: {}", step.tex)),
        None => Ok((symbols, steps.iter().map(|step| step.step.clone()).collect())),
    }
}

/// The definitions of a formula in their order. A function's is its value, for which its parameters become variables.
fn definitions_of(symbols: &mut Cow<'_, Symbols>, formula: &FormulaReading) -> Vec<Step> {
    let mut definitions = formula.definitions.clone();
    for report in &formula.introduces {
        let found = symbols.iter().find_map(|(_, symbol)| match &symbol.kind {
            SymbolKind::Function { parameters, body: Some(body), .. }
                if symbol.introduced == report.introduced && symbol.name == report.name =>
            {
                Some((parameters.clone(), body.clone()))
            }
            _ => None,
        });
        let Some((parameters, body)) = found else { continue };
        for id in parameters {
            if let SymbolKind::Variable { parameter, .. } = &mut symbols.to_mut()[id].kind {
                *parameter = false;
            }
        }
        let (left, right) = (body.clone(), body);
        let (free, conditions, text) = (Vec::new(), Vec::new(), report.name.clone());
        definitions.push(Step { left, relation: Relation::Equal, right, at: report.introduced, free, conditions, text });
    }
    definitions.sort_by_key(|step| step.at.start);
    definitions
}

/// One step that holds all sides that a claim says are equal, so that a sample has values for all that any of them mentions.
fn together(steps: &[Step]) -> Result<Step, String> {
    let equal: Vec<&Step> = steps.iter().take_while(|step| step.relation == Relation::Equal).collect();
    let Some(first) = equal.first() else {
        return Err("is not an equation, and no function can be held against it".to_string());
    };
    let mut sides = vec![first.left.clone()];
    let (mut free, mut conditions) = (Vec::new(), Vec::new());
    for step in &equal {
        sides.push(step.right.clone());
        free.extend(step.free.iter().filter(|range| !first.free.iter().any(|known| known.index == range.index)).cloned());
        conditions.extend(step.conditions.iter().cloned());
    }
    let all = Expr { kind: Kind::Blocks(vec![sides]), shape: first.left.shape.clone(), span: first.left.span };
    let free = first.free.iter().cloned().chain(free).collect();
    Ok(Step { left: all, right: first.left.clone(), conditions, free, ..(*first).clone() })
}

/// The number of the line in which a span begins, from 1.
fn line(source: &str, span: Span) -> usize {
    source.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
}

fn text_of(matrix: &DMatrix<f64>) -> String {
    let numbers: Vec<String> = matrix.iter().map(|x| format!("{x:?}")).collect();
    if numbers.is_empty() { "[]".to_string() } else { sample::text(matrix.nrows(), matrix.ncols(), &numbers) }
}

/// The values of a formula's symbols on one sample, by their names on the page.
pub struct At<'a> {
    symbols: &'a Symbols,
    sample: &'a Sample,
    reach: &'a FastSet<SymbolId>,
    label: &'a str,
}

/// All methods take the name as it stands on the page, `x` or `\hat{y}`; for a bold letter the letter is enough.
///
/// They panic when the formula has no such symbol, or one of another shape.
impl At<'_> {
    /// A number.
    pub fn scalar(&self, name: &str) -> f64 {
        let value = self.one(name, "a number", |symbol| symbol.shape.is_scalar());
        value[0]
    }

    /// A natural number, a size, or an index.
    pub fn whole(&self, name: &str) -> i32 {
        let found = self.find(name, "a whole number", |_, symbol| matches!(symbol.kind, SymbolKind::Whole { .. }));
        self.sample.ints.get(&found).and_then(|value| i32::try_from(*value).ok()).unwrap_or_else(|| self.no_value(name))
    }

    /// A column.
    pub fn vector(&self, name: &str) -> DVector<f64> {
        self.one(name, "a vector", |symbol| symbol.shape.cols.is_one()).column(0).into_owned()
    }

    /// A matrix, or anything else as one.
    pub fn matrix(&self, name: &str) -> DMatrix<f64> {
        self.one(name, "a matrix", |_| true)
    }

    /// The members of a family of numbers, in their order.
    pub fn scalars(&self, name: &str) -> Vec<f64> {
        self.members(name, "a family of numbers", |symbol| symbol.shape.is_scalar()).iter().map(|value| value[0]).collect()
    }

    /// The members of a family of vectors, in their order.
    pub fn vectors(&self, name: &str) -> Vec<DVector<f64>> {
        let members = self.members(name, "a family of vectors", |symbol| symbol.shape.cols.is_one());
        members.iter().map(|value| value.column(0).into_owned()).collect()
    }

    fn one(&self, name: &str, what: &str, fits: impl Fn(&Symbol) -> bool) -> DMatrix<f64> {
        let found = self.find(name, what, |_, symbol| {
            matches!(symbol.kind, SymbolKind::Variable { .. } | SymbolKind::Defined(_) | SymbolKind::Whole { .. }) && fits(symbol)
        });
        self.value(name, Kind::Symbol(found), &self.symbols[found].shape)
    }

    fn members(&self, name: &str, what: &str, fits: impl Fn(&Symbol) -> bool) -> Vec<DMatrix<f64>> {
        let symbols = self.symbols;
        let range = |symbol: &Symbol| match &symbol.kind {
            SymbolKind::Family { ranges, .. } => match &ranges[..] {
                [(low, high)] => Some((low.clone(), high.clone())),
                _ => None,
            },
            SymbolKind::DefinedFamily { indices, .. } => match &indices[..] {
                [(_, low, high)] => Some((low.clone(), high.clone())),
                _ => None,
            },
            _ => None,
        };
        let found = self.find(name, what, |_, symbol| range(symbol).is_some() && fits(symbol));
        let symbol = &symbols[found];
        let bounds = range(symbol).and_then(|(low, high)| Some((low.value(&self.sample.ints)?, high.value(&self.sample.ints)?)));
        let Some((low, high)) = bounds else { self.no_value(name) };
        (low..=high).map(|i| self.value(name, Kind::Member(found, vec![Int::constant(i)]), &symbol.shape)).collect()
    }

    fn value(&self, name: &str, kind: Kind, shape: &Shape) -> DMatrix<f64> {
        let expr = Expr { kind, shape: shape.clone(), span: Span::default() };
        match evaluate_f64(self.symbols, &expr, self.sample) {
            Ok((rows, cols, data)) => DMatrix::from_vec(rows, cols, data),
            Err(_) => self.no_value(name),
        }
    }

    /// The symbol with a name, the latest of several. The letter stands for its bold form too, where it fits.
    fn find(&self, name: &str, what: &str, fits: impl Fn(SymbolId, &Symbol) -> bool) -> SymbolId {
        let bold = format!("\\mathbf{{{name}}}");
        let candidates = |wanted: &str| {
            let known = self.known().filter(|(id, symbol)| symbol.name == wanted && fits(*id, symbol));
            known.map(|(id, _)| id).max()
        };
        candidates(name).or_else(|| candidates(&bold)).unwrap_or_else(|| {
            let mut names: Vec<String> = self
                .known()
                .map(|(_, symbol)| {
                    let family = matches!(symbol.kind, SymbolKind::Family { .. } | SymbolKind::DefinedFamily { .. });
                    format!("`{}` ({}{})", symbol.name, if family { "a family, each " } else { "" }, self.symbols.shape_text(&symbol.shape))
                })
                .collect();
            names.sort();
            names.dedup();
            panic!("the formula `{}` has no symbol `{name}` that is {what}; it has {}", self.label, names.join(", "))
        })
    }

    /// The symbols that have a value on this sample by themselves.
    fn known(&self) -> impl Iterator<Item = (SymbolId, &Symbol)> {
        let symbols = self.symbols;
        let members: HashSet<SymbolId> = self.sample.values.keys().map(|(id, _)| *id).collect();
        symbols.iter().filter(move |(id, symbol)| {
            self.reach.contains(id)
                && match &symbol.kind {
                    SymbolKind::Variable { .. } | SymbolKind::Family { .. } => members.contains(id),
                    SymbolKind::Whole { .. } => self.sample.ints.contains_key(id),
                    SymbolKind::Defined(_) | SymbolKind::DefinedFamily { .. } => true,
                    SymbolKind::Function { .. } | SymbolKind::FunctionFamily { .. } => false,
                }
        })
    }

    fn no_value(&self, name: &str) -> ! {
        panic!("the symbol `{name}` of the formula `{}` has no value on this sample", self.label)
    }
}

#[cfg(test)]
mod tests;

//! From a Markdown page to verdicts: the one function that the command line, the tests, the book and the browser run.

use std::collections::{BTreeSet, HashMap};

use crate::diagnostic::{Code, Diagnostic};
use crate::judge::{self, Judgement};
use crate::math::expr::{Expr, Kind, Relation, Step, SymbolId};
use crate::math::reader::Reader;
use crate::math::statement::Role;
use crate::math::symbol::{SymbolKind, Symbols};
use crate::math::walk;
use crate::page::{self, Item, Lead, Page};
use crate::span::Span;
use crate::{settings, tex};

/// Numerator or denominator layout of derivatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// ∂y/∂**x** is a row, the Jacobian has a row for each component.
    #[default]
    Numerator,
    /// The transpose of each.
    Denominator,
}

/// What may be set for a whole book in `book.toml`, or for the rest of a chapter in a `proofread` fence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The layout of derivatives.
    pub layout: Layout,
    /// The command that means Kronecker's product, such as `\otimes`.
    pub kronecker: Option<String>,
    /// Another seed for the samples; 0 is the usual one.
    pub seed: u64,
}

/// How a step was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Both sides agree in exact arithmetic.
    Exact,
    /// Both sides agree in floating point, against numerical differentiation and dual numbers.
    Checked,
    /// A sample separates the two sides, or their shapes differ.
    Refused,
    /// No admissible sample was found.
    Undecided,
}

/// The worst errors seen, relative to the size of the terms. Absent where the step holds no derivative (`differences`), or was
/// compared in exact arithmetic only (`dual`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Errors {
    /// Against numerical differentiation.
    pub differences: Option<f64>,
    /// Against dual numbers, in floating point; for steps without derivatives the error of plain evaluation.
    pub dual: Option<f64>,
}

impl Errors {
    /// The larger of each.
    pub fn worst(self, other: Errors) -> Errors {
        let larger = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        Errors { differences: larger(self.differences, other.differences), dual: larger(self.dual, other.dual) }
    }
}

/// A sample that separates two sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterexample {
    /// Each dimension, index and symbol with its value, as text: `("n", "2")`, `("\\mathbf{x}", "[0, 1]")`.
    pub values: Vec<(String, String)>,
    /// The value of the left side.
    pub left: String,
    /// The value of the right side.
    pub right: String,
}

/// What became of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The number of the relation in its formula, from 0.
    pub step: usize,
    /// Which relation.
    pub relation: Relation,
    /// Where the relation sign stands.
    pub at: Span,
    /// Where the left side stands.
    pub left: Span,
    /// Where the right side stands.
    pub right: Span,
    /// `left = right` as written.
    pub tex: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The worst errors seen.
    pub error: Errors,
    /// How many samples were compared.
    pub samples: usize,
    /// The dimensions of the samples: each dimension with the values that it took, `("n", [1, 2, 3])`.
    pub dimensions: Vec<(String, Vec<i64>)>,
    /// The shapes of the two sides in words.
    pub shapes: (String, String),
    /// What it mentions that a page introduced, in the order of introduction.
    pub symbols: Vec<SymbolReport>,
    /// The sample that separates the two sides; for a `\ne` that holds, the one that proves it.
    pub counterexample: Option<Counterexample>,
    /// The message, where the step falls short.
    pub diagnostic: Option<Diagnostic>,
}

/// What became of one formula.
#[derive(Clone, Debug, PartialEq)]
pub struct FormulaReport {
    /// The formula with its dollar signs.
    pub span: Span,
    /// The TeX between them.
    pub tex_span: Span,
    /// Whether it is a display formula.
    pub display: bool,
    /// Its label.
    pub label: Option<String>,
    /// The reason, where the formula is `\unchecked`.
    pub unchecked: Option<String>,
    /// Its steps in the order of reading.
    pub steps: Vec<StepReport>,
    /// Symbols that it introduces.
    pub introduces: Vec<SymbolReport>,
}

/// A symbol as the list of symbols and the marks of the page show it.
#[derive(Clone, Debug, PartialEq)]
pub struct SymbolReport {
    /// Its name in TeX.
    pub name: String,
    /// What it is and its shape, in words: `a vector, n×1`.
    pub shape: String,
    /// Where it was introduced.
    pub introduced: Span,
    /// Whether it was defined by `:=`, and not declared.
    pub defined: bool,
}

/// An `\eqref` in prose or in a formula.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceReport {
    /// The label that it names.
    pub label: String,
    /// The whole of `\eqref{…}`.
    pub span: Span,
}

/// A fence `proofread-refused`: a page that has to fall short, and the messages that it earned.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedReport {
    /// The fence with its first and last line.
    pub span: Span,
    /// Its text, Markdown with formulas.
    pub text: String,
    /// Its formulas, judged in the scope of the place where the fence stands.
    pub formulas: Vec<FormulaReport>,
    /// Every message that the text earned. That there is none is an error of the page.
    pub messages: Vec<Diagnostic>,
}

/// A step that was read and not judged yet.
#[derive(Clone, Debug)]
pub struct StepReading {
    /// The two sides with their meaning.
    pub step: Step,
    /// The number of the relation in its formula, from 0.
    pub number: usize,
    /// `left = right` as written.
    pub tex: String,
    /// Further equations that the step stands for: those that are written inside its cases.
    pub inside: Vec<Step>,
    /// Which of the formula's statements it belongs to: a chain has one number.
    pub chain: usize,
    /// Why the two sides cannot be compared, where their shapes differ.
    pub misfit: Option<Diagnostic>,
}

/// A formula that was read and not judged yet.
#[derive(Clone, Debug)]
pub struct FormulaReading {
    /// The formula with its dollar signs.
    pub span: Span,
    /// The TeX between them.
    pub tex_span: Span,
    /// Whether it is a display formula.
    pub display: bool,
    /// Its label.
    pub label: Option<String>,
    /// The condition of its sentence, which does not restrict it.
    pub beside: Option<page::Beside>,
    /// The reason, where the formula is `\unchecked`.
    pub unchecked: Option<String>,
    /// Its steps in the order of reading.
    pub steps: Vec<StepReading>,
    /// Each definition in it as an equation between what is defined and its value: for whoever holds something else against it.
    pub definitions: Vec<Step>,
    /// Symbols that it introduces.
    pub introduces: Vec<SymbolReport>,
}

/// A page that was read and not judged yet.
#[derive(Clone, Debug, Default)]
pub struct Chapter {
    /// Every symbol of the page. Steps name them by their ids.
    pub symbols: Symbols,
    /// Every formula that could be read, in the order of the page.
    pub formulas: Vec<FormulaReading>,
    /// Fences with pages that have to fall short.
    pub refused: Vec<RefusedReading>,
    /// Every error that is no step's.
    pub errors: Vec<Diagnostic>,
    /// Every `\eqref`.
    pub references: Vec<ReferenceReport>,
}

/// A fence `proofread-refused` that was read and not judged yet.
#[derive(Clone, Debug)]
pub struct RefusedReading {
    /// The fence with its first and last line.
    pub span: Span,
    /// Its text.
    pub text: String,
    /// What was read in it, with places in the whole file.
    pub chapter: Chapter,
}

/// What became of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageReport {
    /// The file's name as it was given.
    pub file: String,
    /// Every formula that was read, prose formulas too, in the order of the page.
    pub formulas: Vec<FormulaReport>,
    /// Fences with pages that have to fall short, and do.
    pub refused: Vec<RefusedReport>,
    /// Every error that is no step's.
    pub errors: Vec<Diagnostic>,
    /// Every `\eqref`. Whether its label exists is for the book to say, since it may stand on another page.
    pub references: Vec<ReferenceReport>,
}

/// Reads a page: its symbols and its steps.
pub fn read_page(source: &str, settings: &Settings) -> Chapter {
    let mut settings = settings.clone();
    let mut reader = Reader::new(settings.layout, settings.kronecker.as_deref().map(command));
    let page = page::read(source);
    let mut chapter = read_items(source, &page, &mut reader, &mut settings, 0);
    chapter.symbols = reader.symbols;
    for refused in &mut chapter.refused {
        // What a fence introduced has its place behind the symbols of the page.
        if refused.chapter.symbols.is_empty() {
            refused.chapter.symbols = chapter.symbols.clone();
        }
    }
    chapter
}

fn command(symbol: &str) -> String {
    symbol.trim_start_matches('\\').to_string()
}

/// Reads what stands on a page or in a fence, whose text begins at the byte `offset` of the file.
fn read_items(source: &str, page: &Page, reader: &mut Reader, settings: &mut Settings, depth: usize) -> Chapter {
    let mut chapter = Chapter { errors: page.errors.clone(), ..Chapter::default() };
    chapter.references.extend(page.references.iter().map(|found| ReferenceReport { label: found.label.clone(), span: found.span }));
    let mut labels: HashMap<String, Span> = HashMap::new();
    for item in &page.items {
        match item {
            Item::Heading(_) => reader.assumptions.clear(),
            Item::Code(_) => {}
            Item::Settings(fence) => {
                chapter.errors.extend(settings::of_fence(source, fence, settings));
                reader.layout = settings.layout;
                reader.kronecker = settings.kronecker.as_deref().map(command);
            }
            Item::Refused(fence) => {
                if depth == 0 {
                    chapter.refused.push(read_refused(source, fence, reader, settings));
                }
            }
            Item::Formula(formula) => {
                let reading = read_formula(source, formula, reader, &mut labels, &mut chapter);
                chapter.formulas.extend(reading);
            }
        }
    }
    chapter
}

/// Reads a fence whose text has to fall short, in the scope of its place; nothing that it introduces outlives it.
fn read_refused(source: &str, fence: &page::Fence, reader: &Reader, settings: &Settings) -> RefusedReading {
    let mut inner = reader.clone();
    // Places of the page are none of the fence.
    inner.forget_places();
    let mut settings = settings.clone();
    let page = page::read(&fence.text);
    let mut chapter = read_items(&fence.text, &page, &mut inner, &mut settings, 1);
    chapter.symbols = inner.symbols;
    let offset = Offset::new(source, fence);
    chapter.errors.iter_mut().for_each(|error| offset.diagnostic(error));
    for formula in &mut chapter.formulas {
        formula.span = offset.span(formula.span);
        formula.tex_span = offset.span(formula.tex_span);
        formula.beside.iter_mut().for_each(|beside| beside.span = offset.span(beside.span));
        for step in &mut formula.steps {
            offset.step(&mut step.step);
            step.inside.iter_mut().for_each(|step| offset.step(step));
            step.misfit.iter_mut().for_each(|error| offset.diagnostic(error));
        }
    }
    chapter.references.iter_mut().for_each(|reference| reference.span = offset.span(reference.span));
    RefusedReading { span: fence.span, text: fence.text.clone(), chapter }
}

/// Leads from the text of a fence to the file.
struct Offset {
    start: usize,
    most: usize,
}

impl Offset {
    fn new(source: &str, fence: &page::Fence) -> Offset {
        // In a block quote the lines of the fence are not contiguous; places then lead to the fence as a whole.
        let plain = source.get(fence.content.range()) == Some(fence.text.as_str());
        if plain { Offset { start: fence.content.start, most: usize::MAX } } else { Offset { start: fence.span.start, most: 3 } }
    }

    fn span(&self, span: Span) -> Span {
        Span::new(self.start + span.start.min(self.most), self.start + span.end.min(self.most))
    }

    fn diagnostic(&self, diagnostic: &mut Diagnostic) {
        diagnostic.span = self.span(diagnostic.span);
        diagnostic.labels.iter_mut().for_each(|(span, _)| *span = self.span(*span));
    }

    fn step(&self, step: &mut Step) {
        fn places(offset: &Offset, value: &mut Expr) {
            value.span = offset.span(value.span);
            walk::each_child_mut(value, &mut |child| places(offset, child));
        }
        step.at = self.span(step.at);
        places(self, &mut step.left);
        places(self, &mut step.right);
    }
}

fn read_formula(
    source: &str,
    formula: &page::Formula,
    reader: &mut Reader,
    labels: &mut HashMap<String, Span>,
    chapter: &mut Chapter,
) -> Option<FormulaReading> {
    let nodes = match tex::parse(&formula.tex, &|byte| formula.source(byte)) {
        Ok(nodes) => nodes,
        Err(error) => {
            let sign = [":=", "\\coloneqq", "\\in "].iter().find_map(|sign| formula.tex.find(sign).map(|at| (at, *sign)));
            if let Some((at, sign)) = sign
                && let Ok(left) = tex::parse(&formula.tex[..at], &|byte| formula.source(byte))
            {
                reader.break_introduced(&left, sign != "\\in ", &error);
            }
            chapter.errors.push(error);
            return None;
        }
    };
    let role = match (formula.display, formula.before) {
        (true, _) => Role::Display,
        (false, Lead::Claim) => Role::Inline,
        (false, Lead::Condition) => Role::Condition,
        (false, Lead::Assumption) => Role::Assumption,
    };
    let read = reader.formula(&nodes, role);
    chapter.errors.extend(read.errors);
    chapter.references.extend(read.references.into_iter().map(|(label, span)| ReferenceReport { label, span }));
    for (number, (label, span)) in read.labels.iter().enumerate() {
        if let Some(error) = label_error(label, *span, number, formula.display, labels) {
            chapter.errors.push(error);
        }
        labels.entry(label.clone()).or_insert(*span);
    }
    let shown = |from: Span, to: Span| {
        let text = source.get(from.start..to.end.max(from.start)).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let steps = read
        .steps
        .into_iter()
        .map(|step| StepReading {
            tex: shown(step.step.left.span, step.step.right.span),
            step: step.step,
            inside: step.inside,
            number: step.number,
            chain: step.chain,
            misfit: step.misfit,
        })
        .collect();
    let introduces = read.introduced.iter().map(|id| symbol_report(&reader.symbols, *id)).collect();
    Some(FormulaReading {
        span: formula.span,
        tex_span: formula.tex_span(),
        display: formula.display,
        beside: formula.beside.clone(),
        label: read.labels.into_iter().next().map(|(label, _)| label),
        unchecked: read.unchecked,
        steps,
        definitions: read.definitions,
        introduces,
    })
}

/// The symbols of the page that stand in a step: no parameters, and no letters that something binds.
fn mentioned(symbols: &Symbols, step: &Step) -> Vec<SymbolReport> {
    let mut ids = BTreeSet::new();
    let mut left_over = vec![&step.left, &step.right];
    while let Some(part) = left_over.pop() {
        match &part.kind {
            Kind::Symbol(id) | Kind::Member(id, _) | Kind::Apply(id, _) => drop(ids.insert(*id)),
            Kind::Int(int) => ids.extend(int.symbols()),
            _ => {}
        }
        walk::each_child(part, &mut |child| left_over.push(child));
    }
    let shown = |id: &SymbolId| match symbols.get(*id).map(|symbol| &symbol.kind) {
        Some(SymbolKind::Variable { parameter, .. }) => !parameter,
        // An index that the formula binds itself has no range of its own.
        Some(SymbolKind::Whole { low, dimension, .. }) => *dimension || low.is_some(),
        Some(_) => true,
        None => false,
    };
    ids.iter().filter(|id| shown(id)).map(|id| symbol_report(symbols, *id)).collect()
}

fn label_error(label: &str, span: Span, number: usize, display: bool, labels: &HashMap<String, Span>) -> Option<Diagnostic> {
    const FORM: &str = "labels are parts of `a`–`z`, `0`–`9` and `-`, joined by dots: `neuron.dz-dw`";
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !label.split('.').all(part) {
        return Some(Diagnostic::new(Code::Label, span, format!("`{label}` is no label")).help(FORM));
    }
    if number > 0 {
        return Some(Diagnostic::new(Code::Label, span, "this formula has two labels").help("a formula has one label"));
    }
    if !display {
        return Some(Diagnostic::new(Code::Label, span, "a label stands in a display formula only").help("write the formula between `$$`"));
    }
    labels.get(label).map(|first| {
        Diagnostic::new(Code::Label, span, format!("the label `{label}` was given already"))
            .label(*first, "first given here")
            .label(span, "and again here")
            .help("names are unique in the book: choose another")
    })
}

fn symbol_report(symbols: &Symbols, id: SymbolId) -> SymbolReport {
    let symbol = &symbols[id];
    let shape = symbols.shape_text(&symbol.shape);
    let name = |id: SymbolId| symbols[id].name.clone();
    let what = match &symbol.kind {
        SymbolKind::Whole { dimension: true, .. } => "a dimension".to_string(),
        SymbolKind::Whole { low, high, .. } => match (low, high) {
            (Some(low), Some(high)) => format!("an index from {} to {}", low.display(&name), high.display(&name)),
            (Some(_), None) => "a natural number".to_string(),
            _ => "a whole number".to_string(),
        },
        SymbolKind::Family { .. } | SymbolKind::DefinedFamily { .. } => format!("a family, each member {shape}"),
        SymbolKind::Function { parameters, .. } | SymbolKind::FunctionFamily { parameters, .. } => {
            let arguments: Vec<String> = parameters.iter().map(|p| symbols.shape_text(&symbols[*p].shape)).collect();
            format!("a function of {}, with values {shape}", arguments.join(" and "))
        }
        SymbolKind::Variable { .. } | SymbolKind::Defined(_) if symbol.shape.is_scalar() => shape,
        SymbolKind::Variable { .. } | SymbolKind::Defined(_) if symbol.shape.cols.is_one() => format!("a vector, {shape}"),
        SymbolKind::Variable { .. } | SymbolKind::Defined(_) if symbol.shape.rows.is_one() => format!("a row, {shape}"),
        _ => format!("a matrix, {shape}"),
    };
    let defined =
        matches!(symbol.kind, SymbolKind::Defined(_) | SymbolKind::DefinedFamily { .. } | SymbolKind::Function { body: Some(_), .. });
    SymbolReport { name: symbol.name.clone(), shape: what, introduced: symbol.introduced, defined }
}

/// Reads a page and judges every step on it.
pub fn check_page(source: &str, file: &str, settings: &Settings) -> PageReport {
    judge_chapter(&read_page(source, settings), file, settings)
}

/// Judges every step of a page that was read.
pub fn judge_chapter(chapter: &Chapter, file: &str, settings: &Settings) -> PageReport {
    let mut errors = chapter.errors.clone();
    let mut refused = Vec::new();
    for reading in &chapter.refused {
        let formulas: Vec<FormulaReport> =
            reading.chapter.formulas.iter().map(|formula| judge_formula(&reading.chapter.symbols, formula, settings.seed)).collect();
        let mut messages = reading.chapter.errors.clone();
        messages.extend(formulas.iter().flat_map(|formula| &formula.steps).filter_map(|step| step.diagnostic.clone()));
        if messages.is_empty() {
            errors.push(
                Diagnostic::new(
                    Code::Refused,
                    Span::new(reading.span.start, reading.span.start + 3),
                    "this fence has to fall short, and all in it holds",
                )
                .help("take it out of the fence, or make the mistake that it is to show"),
            );
        }
        refused.push(RefusedReport { span: reading.span, text: reading.text.clone(), formulas, messages });
    }
    PageReport {
        file: file.to_string(),
        formulas: chapter.formulas.iter().map(|formula| judge_formula(&chapter.symbols, formula, settings.seed)).collect(),
        refused,
        errors,
        references: chapter.references.clone(),
    }
}

fn judge_formula(symbols: &Symbols, formula: &FormulaReading, seed: u64) -> FormulaReport {
    FormulaReport {
        span: formula.span,
        tex_span: formula.tex_span,
        display: formula.display,
        label: formula.label.clone(),
        unchecked: formula.unchecked.clone(),
        steps: formula.steps.iter().map(|step| judge_step(symbols, step, formula.beside.as_ref(), seed)).collect(),
        introduces: formula.introduces.clone(),
    }
}

fn judge_step(symbols: &Symbols, reading: &StepReading, beside: Option<&page::Beside>, seed: u64) -> StepReport {
    let step = &reading.step;
    let judgement = match &reading.misfit {
        // Two things of different shapes are different, and that is what a refutation claims.
        Some(_) if step.relation == Relation::NotEqual => Judgement::of_shapes(None),
        Some(misfit) => Judgement::of_shapes(Some(misfit.clone())),
        None => {
            let mut judgement = judge::judge(symbols, step, seed);
            for inside in &reading.inside {
                if matches!(judgement.verdict, Verdict::Refused | Verdict::Undecided) {
                    break;
                }
                judgement = judgement.and(judge::judge(symbols, inside, seed));
            }
            judgement
        }
    };
    let diagnostic = judgement.diagnostic.map(|diagnostic| match beside {
        Some(condition) if matches!(diagnostic.code, Code::Refused | Code::Undecided) => diagnostic
            .label(condition.span, "this condition does not restrict the claim")
            .help(format!(
                "a condition in the words of a sentence is not applied: write it into the formula, `\\quad \\text{{if }} {}`, or, where it holds no index, say `Suppose ${}$` before",
                condition.tex, condition.tex
            )),
        _ => diagnostic,
    });
    StepReport {
        step: reading.number,
        relation: step.relation,
        at: step.at,
        left: step.left.span,
        right: step.right.span,
        tex: reading.tex.clone(),
        verdict: judgement.verdict,
        error: judgement.error,
        samples: judgement.samples,
        dimensions: judgement.dimensions,
        shapes: (symbols.shape_text(&step.left.shape), symbols.shape_text(&step.right.shape)),
        symbols: mentioned(symbols, step),
        counterexample: judgement.counterexample,
        diagnostic,
    }
}

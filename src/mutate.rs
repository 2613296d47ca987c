//! Changes each formula of a page, one small change at a time, and sees whether the check notices.
//!
//! A page is read once. A mutant is one formula read anew in the scope of its place, so that its steps alone are judged; where it defines
//! something, the steps that rest on it are read and judged too, as far as the first that falls short.

mod edits;

use std::collections::{HashMap, HashSet};

use crate::hash::FastSet;

pub use edits::Edit;

use crate::check::{Layout, Settings, Verdict};
use crate::judge;
use crate::math::expr::{Expr, Relation, Step, SymbolId};
use crate::math::reader::Reader;
use crate::math::statement::{ReadFormula, ReadStep, Role};
use crate::math::symbol::SymbolKind;
use crate::page::{self, Formula, Item, Lead};
use crate::sample;
use crate::settings;
use crate::span::Span;
use crate::tex;
use crate::tex::tree::Node;

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// A step was refused by a value.
    Refused,
    /// It is no claim any more: it cannot be read, or its shapes do not fit.
    NoClaim,
    /// A step was undecided: the check falls short, and says no more.
    Undecided,
    /// It is still true: the side that was changed equals what it was, in exact arithmetic.
    EqualForm,
    /// It is an inequality that follows from the formula: the side that was changed only moved away from the other.
    Weaker,
    /// Every step holds.
    Survives,
}

/// A page with one small change.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutant {
    /// Where the change stands in the file.
    pub place: Span,
    /// The label of the formula, if it has one.
    pub label: Option<String>,
    /// Eight hexadecimal digits that change whenever the formula does.
    pub hash: String,
    /// The change in words, unique in the formula.
    pub change: String,
    /// The formula as it was changed.
    pub tex: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// How many mutants met which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// All of them.
    pub mutants: usize,
    /// Refused by a value.
    pub refused: usize,
    /// No claim any more.
    pub no_claim: usize,
    /// Undecided.
    pub undecided: usize,
    /// Still true, as exact arithmetic shows.
    pub equal_forms: usize,
    /// Inequalities that follow from the formula.
    pub weaker: usize,
    /// Survivors.
    pub survivors: usize,
}

impl Score {
    /// Counts one more.
    pub fn add(&mut self, outcome: Outcome) {
        self.mutants += 1;
        match outcome {
            Outcome::Refused => self.refused += 1,
            Outcome::NoClaim => self.no_claim += 1,
            Outcome::Undecided => self.undecided += 1,
            Outcome::EqualForm => self.equal_forms += 1,
            Outcome::Weaker => self.weaker += 1,
            Outcome::Survives => self.survivors += 1,
        }
    }

    /// The sum of two.
    pub fn and(self, other: Score) -> Score {
        Score {
            mutants: self.mutants + other.mutants,
            refused: self.refused + other.refused,
            no_claim: self.no_claim + other.no_claim,
            undecided: self.undecided + other.undecided,
            equal_forms: self.equal_forms + other.equal_forms,
            weaker: self.weaker + other.weaker,
            survivors: self.survivors + other.survivors,
        }
    }
}

/// The score of some mutants.
pub fn score(mutants: &[Mutant]) -> Score {
    let mut score = Score::default();
    mutants.iter().for_each(|mutant| score.add(mutant.outcome));
    score
}

/// Tries the mutants of a page, every one for whose number `selected` says so.
pub fn mutate(source: &str, settings: &Settings, selected: &dyn Fn(usize) -> bool) -> Vec<Mutant> {
    let page = Page::read(source, settings);
    let mut mutants = Vec::new();
    let mut number = 0;
    for at in 0..page.places.len() {
        for change in page.changes(at) {
            if selected(number) {
                mutants.extend(page.mutant(at, &change));
            }
            number += 1;
        }
    }
    mutants
}

/// What can be changed about a formula.
enum Change {
    Edit(Edit),
    /// The layout of its derivatives.
    Layout,
}

/// A page that was read, with the state of the reader before each formula.
struct Page<'s> {
    source: &'s str,
    seed: u64,
    places: Vec<Place>,
}

/// One formula, or what stands between formulas and changes how they are read.
struct Place {
    formula: Formula,
    nodes: Vec<Node>,
    role: Role,
    /// The reader that is about to read it.
    before: Reader,
    read: ReadFormula,
    /// Whether a heading stands between it and the formula before it.
    heading: bool,
    /// Layout and Kronecker's product as they are in force.
    layout: Layout,
    kronecker: Option<String>,
    /// The symbols that it defines.
    defines: FastSet<SymbolId>,
    /// The symbols that each of its steps rests on.
    rests: Vec<FastSet<SymbolId>>,
}

/// Places in a formula's TeX are counted from the end of the file, so that none is taken for a place of another formula.
fn parse(source: &str, tex: &str) -> Option<Vec<Node>> {
    tex::parse(tex, &|byte| source.len() + byte).ok()
}

fn defined(reader: &Reader, id: SymbolId) -> bool {
    matches!(
        reader.symbols[id].kind,
        SymbolKind::Defined(_) | SymbolKind::DefinedFamily { .. } | SymbolKind::Function { body: Some(_), .. }
    )
}

impl<'s> Page<'s> {
    fn read(source: &'s str, settings: &Settings) -> Page<'s> {
        let command = |symbol: &String| symbol.trim_start_matches('\\').to_string();
        let mut settings = settings.clone();
        let mut reader = Reader::new(settings.layout, settings.kronecker.as_ref().map(command));
        let mut places = Vec::new();
        let mut heading = false;
        for item in page::read(source).items {
            match item {
                Item::Heading(_) => {
                    reader.assumptions.clear();
                    heading = true;
                }
                Item::Settings(fence) => {
                    settings::of_fence(source, &fence, &mut settings);
                    reader.layout = settings.layout;
                    reader.kronecker = settings.kronecker.as_ref().map(command);
                }
                Item::Formula(formula) => {
                    let Some(nodes) = parse(source, &formula.tex) else { continue };
                    let role = match (formula.display, formula.before) {
                        (true, _) => Role::Display,
                        (false, Lead::Claim) => Role::Inline,
                        (false, Lead::Condition) => Role::Condition,
                        (false, Lead::Assumption) => Role::Assumption,
                    };
                    let before = reader.clone();
                    let read = reader.formula(&nodes, role);
                    let defines = read.introduced.iter().copied().filter(|id| defined(&reader, *id)).collect();
                    let rests = read.steps.iter().map(|step| sample::facts(&reader.symbols, &step.step).symbols).collect();
                    let (layout, kronecker) = (reader.layout, reader.kronecker.clone());
                    places.push(Place { formula, nodes, role, before, read, heading, layout, kronecker, defines, rests });
                    heading = false;
                }
                Item::Refused(_) | Item::Code(_) => {}
            }
        }
        Page { source, seed: settings.seed, places }
    }

    /// The changes of a formula that claims something, or on whose definitions later steps rest.
    fn changes(&self, at: usize) -> Vec<Change> {
        let place = &self.places[at];
        let claims: Vec<&ReadStep> = place.read.steps.iter().filter(|step| step.step.relation != Relation::NotEqual).collect();
        let used = self.places[at + 1..].iter().flat_map(|later| &later.rests).any(|rests| !rests.is_disjoint(&place.defines));
        if !place.read.errors.is_empty() || claims.is_empty() && !used {
            return Vec::new();
        }
        let base = self.source.len();
        let mut sides: Vec<Span> = claims.iter().flat_map(|step| [step.step.left.span, step.step.right.span]).collect();
        if used {
            sides.extend(place.read.definitions.iter().map(|step| step.right.span));
        }
        let local: Vec<Node> = tex::parse(&place.formula.tex, &|byte| byte).unwrap_or_default();
        let known = |name: &str| place.before.scope.get(name).is_some() || place.before.scope.get(&format!("{name}_")).is_some();
        let inside = |edit: &Edit| sides.iter().any(|side| side.start <= base + edit.start && base + edit.end <= side.end);
        let mut changes: Vec<Change> = edits::edits(&place.formula.tex, &local, &known)
            .into_iter()
            .filter(|edit| edit.condition || inside(edit) || self.relates(place, edit))
            .map(Change::Edit)
            .collect();
        if differentiates(&place.formula.tex) {
            changes.push(Change::Layout);
        }
        changes
    }

    /// Whether an edit changes the relation of an inequality.
    fn relates(&self, place: &Place, edit: &Edit) -> bool {
        let base = self.source.len();
        place.read.steps.iter().any(|step| {
            !matches!(step.step.relation, Relation::Equal | Relation::NotEqual)
                && step.step.at.start == base + edit.start
                && step.step.at.end == base + edit.end
        })
    }

    fn mutant(&self, at: usize, change: &Change) -> Option<Mutant> {
        let place = &self.places[at];
        let formula = &place.formula;
        let mut reader = place.before.clone();
        let (mutant, what, nodes) = match change {
            Change::Edit(edit) => {
                let tex = replaced(&formula.tex, edit);
                let nodes = parse(self.source, &tex);
                let from = if edit.start == edit.end { "nothing" } else { formula.tex[edit.start..edit.end].trim() };
                let to = if edit.text.trim().is_empty() { "nothing" } else { edit.text.trim() };
                // The place tells apart the same change at two places.
                let column = formula.tex[..edit.start].split_whitespace().map(|part| part.chars().count()).sum::<usize>() + 1;
                let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                let what = format!("{}: `{}` to `{}` at sign {column}", edit.mistake, squeezed(from), squeezed(to));
                (tex, what, nodes)
            }
            Change::Layout => {
                let (layout, what) = match reader.layout {
                    Layout::Numerator => (Layout::Denominator, "numerator layout read as denominator layout"),
                    Layout::Denominator => (Layout::Numerator, "denominator layout read as numerator layout"),
                };
                reader.layout = layout;
                (formula.tex.clone(), what.to_string(), Some(place.nodes.clone()))
            }
        };
        let outcome = match nodes {
            None => Outcome::NoClaim,
            Some(nodes) => {
                let read = reader.formula(&nodes, place.role);
                if matches!(change, Change::Layout) {
                    if self.same(&read, place, &reader) {
                        return None;
                    }
                    reader.layout = place.layout;
                }
                self.outcome(at, change, &read, reader)
            }
        };
        let place_in_file = match change {
            Change::Edit(edit) => Span::new(formula.source(edit.start), formula.source(edit.end).max(formula.source(edit.start))),
            Change::Layout => formula.span,
        };
        let label = place.read.labels.first().map(|(label, _)| label.clone());
        Some(Mutant { place: place_in_file, label, hash: hash(&formula.tex), change: what, tex: mutant, outcome })
    }

    fn outcome(&self, at: usize, change: &Change, read: &ReadFormula, reader: Reader) -> Outcome {
        let place = &self.places[at];
        if !read.errors.is_empty() || read.steps.len() < place.read.steps.len() {
            return Outcome::NoClaim;
        }
        // The step that was changed falls short first.
        let changed = self.source.len()
            + match change {
                Change::Edit(edit) => edit.start,
                Change::Layout => 0,
            };
        let mut steps: Vec<&ReadStep> = read.steps.iter().collect();
        steps.sort_by_key(|step| !(step.step.left.span.start <= changed && changed <= step.step.right.span.end));
        for step in steps {
            if let Some(outcome) = self.falls_short(&reader, step) {
                return outcome;
            }
        }
        let defines: FastSet<SymbolId> = read.introduced.iter().copied().filter(|id| defined(&reader, *id)).collect();
        if !defines.is_empty()
            && let Some(outcome) = self.later(at, &defines, reader)
        {
            return outcome;
        }
        match change {
            Change::Edit(edit) if self.beside(place, edit, "=") == Some(Verdict::Exact) => Outcome::EqualForm,
            Change::Edit(edit) if self.follows(place, edit) => Outcome::Weaker,
            _ => Outcome::Survives,
        }
    }

    /// Whether the steps on the rest of the page notice that what this formula defines is something else.
    fn later(&self, at: usize, defines: &FastSet<SymbolId>, mut reader: Reader) -> Option<Outcome> {
        let first = &self.places[at];
        for later in &self.places[at + 1..] {
            if later.heading {
                reader.assumptions.clear();
            }
            let rests = later.rests.iter().any(|rests| !rests.is_disjoint(&first.defines));
            // What introduces and assumes nothing leaves no trace.
            if !rests && later.read.introduced.is_empty() && later.role != Role::Assumption {
                continue;
            }
            (reader.layout, reader.kronecker) = (later.layout, later.kronecker.clone());
            let read = reader.formula(&later.nodes, later.role);
            if !read.errors.is_empty() {
                return Some(Outcome::NoClaim);
            }
            if !rests {
                continue;
            }
            for step in &read.steps {
                if step.misfit.is_some() && step.step.relation != Relation::NotEqual {
                    return Some(Outcome::NoClaim);
                }
                let reached = sample::facts(&reader.symbols, &step.step).symbols;
                if !reached.is_disjoint(defines)
                    && let Some(outcome) = self.falls_short(&reader, step)
                {
                    return Some(outcome);
                }
            }
        }
        None
    }

    /// Whether two readings of the same text in two layouts mean the same, as derivatives of numbers by numbers do.
    fn same(&self, read: &ReadFormula, place: &Place, reader: &Reader) -> bool {
        let steps = |read: &ReadFormula| read.steps.iter().map(|step| &step.step).chain(&read.definitions).cloned().collect::<Vec<_>>();
        let (new, old) = (steps(read), steps(&place.read));
        let holds = |left: &Expr, right: &Expr, step: &Step| {
            let step = Step { left: left.clone(), right: right.clone(), relation: Relation::Equal, ..step.clone() };
            left.shape == right.shape && judge::verdict(&reader.symbols, &step, self.seed) != Verdict::Refused
        };
        read.errors.is_empty()
            && new.len() == old.len()
            && new.iter().zip(&old).all(|(new, old)| holds(&new.left, &old.left, new) && holds(&new.right, &old.right, new))
    }

    /// What a step comes to, unless it holds.
    fn falls_short(&self, reader: &Reader, step: &ReadStep) -> Option<Outcome> {
        if step.misfit.is_some() {
            return (step.step.relation != Relation::NotEqual).then_some(Outcome::NoClaim);
        }
        std::iter::once(&step.step).chain(&step.inside).find_map(|step| match judge::verdict(&reader.symbols, step, self.seed) {
            Verdict::Refused => Some(Outcome::Refused),
            Verdict::Undecided => Some(Outcome::Undecided),
            Verdict::Exact | Verdict::Checked => None,
        })
    }

    /// Whether an inequality follows from what it was.
    fn follows(&self, place: &Place, edit: &Edit) -> bool {
        let at = self.source.len() + edit.start;
        let holds = |verdict: Option<Verdict>| matches!(verdict, Some(Verdict::Exact | Verdict::Checked));
        let steps = place.read.steps.iter().filter(|step| step.step.left.span.start <= at && at <= step.step.right.span.end);
        let mut relations = steps.map(|step| (step.step.relation, step.step.left.span.end < at));
        // In a chain one side has a relation on either hand: then both would have to follow.
        let (Some((relation, right)), None) = (relations.next(), relations.next()) else { return false };
        match (relation, right) {
            (Relation::Less | Relation::LessOrEqual, true) | (Relation::Greater | Relation::GreaterOrEqual, false) => {
                holds(self.beside(place, edit, "\\le"))
            }
            (Relation::Less | Relation::LessOrEqual, false) | (Relation::Greater | Relation::GreaterOrEqual, true) => {
                holds(self.beside(place, edit, "\\ge"))
            }
            _ => false,
        }
    }

    /// What comes of comparing a side with what it was changed to: the formula is read with both in it, and the relation between them.
    fn beside(&self, place: &Place, edit: &Edit, sign: &str) -> Option<Verdict> {
        let base = self.source.len();
        let tex = &place.formula.tex;
        let steps: Vec<&Step> = place.read.steps.iter().map(|step| &step.step).chain(&place.read.definitions).collect();
        let sides = steps.iter().flat_map(|step| [step.left.span, step.right.span]);
        let inside = sides.filter(|side| side.start <= base + edit.start && base + edit.end <= side.end);
        let side = inside.min_by_key(|side| side.end - side.start)?;
        let (start, end) = (side.start - base, side.end - base);
        let mut changed = edit.clone();
        (changed.start, changed.end) = (edit.start - start, edit.end - start);
        let both = format!("{} {sign} {} {}", &tex[..end], replaced(&tex[start..end], &changed), &tex[end..]);
        let nodes = parse(self.source, &both)?;
        let mut reader = place.before.clone();
        let read = reader.formula(&nodes, place.role);
        let at = base + end;
        let step = read.steps.iter().find(|step| step.step.at.start > at && step.step.at.start <= at + 1)?;
        if !read.errors.is_empty() || step.misfit.is_some() {
            return None;
        }
        // What is called equal must be so on samples that the judge did not choose.
        let verdicts = std::iter::once(&step.step).chain(&step.inside).map(|step| match judge::verdict(&reader.symbols, step, self.seed) {
            _ if judge::fails_apart(&reader.symbols, step, self.seed) => Verdict::Refused,
            verdict => verdict,
        });
        verdicts.max_by_key(|verdict| match verdict {
            Verdict::Exact => 0,
            Verdict::Checked => 1,
            Verdict::Undecided => 2,
            Verdict::Refused => 3,
        })
    }
}

fn replaced(tex: &str, edit: &Edit) -> String {
    format!("{}{}{}", &tex[..edit.start], edit.text, &tex[edit.end..])
}

fn differentiates(tex: &str) -> bool {
    ["\\partial", "\\nabla", "\\frac{d", "J_"].iter().any(|sign| tex.contains(sign))
}

/// Eight hexadecimal digits of a formula, whatever its white space.
fn hash(tex: &str) -> String {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in tex.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    format!("{hash:08x}")
}

/// The hash of every formula of a page: those that an explanation may name.
pub fn hashes(source: &str) -> HashSet<String> {
    page::read(source).formulas().map(|formula| hash(&formula.tex)).collect()
}

/// An entry of the reviewed file: why a survivor is none to worry about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Explanation {
    /// The file of the formula.
    pub file: String,
    /// The formula: its hash.
    pub hash: String,
    /// The change, as the mutant has it.
    pub change: String,
    /// The reason, in a sentence.
    pub reason: String,
    /// The line of the reviewed file.
    pub line: usize,
}

/// Reads explanations: a line each, with the file, the formula's hash, the change and the reason between tabs. A line that is empty or
/// begins with `#` says nothing.
///
/// # Errors
/// The first line that is no explanation.
pub fn explanations(text: &str) -> Result<Vec<Explanation>, String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#')) {
        let parts: Vec<&str> = line.split('\t').map(str::trim).collect();
        let [file, hash, change, reason] = parts[..] else {
            return Err(format!("line {}: an explanation has a file, a hash, a change and a reason, with tabs between them", number + 1));
        };
        if reason.is_empty() {
            return Err(format!("line {}: the reason is missing", number + 1));
        }
        found.push(Explanation {
            file: file.to_string(),
            hash: hash.to_string(),
            change: change.to_string(),
            reason: reason.to_string(),
            line: number + 1,
        });
    }
    Ok(found)
}

/// What the reviewed file does not settle.
#[derive(Debug, Default)]
pub struct Review<'m> {
    /// Survivors without an explanation.
    pub unexplained: Vec<(&'m str, &'m Mutant)>,
    /// Explanations whose survivor does not exist, or not any more.
    pub stale: Vec<&'m Explanation>,
}

/// Holds the survivors of some files, each with its name, against the explanations of these files.
pub fn review<'m>(files: &'m [(String, Vec<Mutant>)], explanations: &'m [Explanation]) -> Review<'m> {
    let mut by_key: HashMap<(&str, &str, &str), Vec<&Explanation>> = HashMap::new();
    for explanation in explanations.iter().filter(|entry| files.iter().any(|(file, _)| *file == entry.file)) {
        by_key.entry((&explanation.file, &explanation.hash, &explanation.change)).or_default().push(explanation);
    }
    let mut review = Review::default();
    let mut met: HashSet<(&str, &str, &str)> = HashSet::new();
    for (file, mutants) in files {
        for mutant in mutants.iter().filter(|mutant| mutant.outcome == Outcome::Survives) {
            let key = (file.as_str(), mutant.hash.as_str(), mutant.change.as_str());
            if by_key.contains_key(&key) {
                met.insert(key);
            } else {
                review.unexplained.push((file, mutant));
            }
        }
    }
    // An entry given twice is one too many.
    review.stale = by_key.iter().flat_map(|(key, entries)| entries.iter().skip(usize::from(met.contains(key)))).copied().collect();
    review.stale.sort_by_key(|entry| entry.line);
    review
}

/// The first line of a table of scores.
pub const HEADER: &str = "file\tmutants\trefused\tno claim\tundecided\tequal forms\tweaker\tsurvivors\n";

/// A file's line in a table of scores.
pub fn row(file: &str, score: &Score) -> String {
    let Score { mutants, refused, no_claim, undecided, equal_forms, weaker, survivors } = score;
    format!("{file}\t{mutants}\t{refused}\t{no_claim}\t{undecided}\t{equal_forms}\t{weaker}\t{survivors}\n")
}

/// A table of scores: each file with its score. Lines that are none are passed over.
pub fn table(text: &str) -> Vec<(String, Score)> {
    let row = |line: &str| {
        let mut parts = line.split('\t');
        let file = parts.next()?.to_string();
        let mut number = || parts.next()?.parse().ok();
        let (mutants, refused, no_claim) = (number()?, number()?, number()?);
        let (undecided, equal_forms, weaker, survivors) = (number()?, number()?, number()?, number()?);
        Some((file, Score { mutants, refused, no_claim, undecided, equal_forms, weaker, survivors }))
    };
    text.lines().filter_map(row).collect()
}

/// A score in words.
pub fn in_words(score: &Score) -> String {
    format!(
        "{} mutants: {} refused by a value, {} no claim any more, {} undecided, {} equal forms, {} weaker claims, {} survivors",
        score.mutants, score.refused, score.no_claim, score.undecided, score.equal_forms, score.weaker, score.survivors
    )
}

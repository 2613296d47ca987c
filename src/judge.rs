//! From a step to a verdict. Every tolerance of the project stands here, with its reason.
//!
//! # How the tolerances were chosen
//!
//! Every step of the book was judged under 1,000 seeds, which raised no alarm. These are the worst errors on samples where the two sides were
//! found equal, by how many derivatives are nested, and whether arbitrary functions or an inverse occur. The margin says how many times the
//! worst error would have fitted into what was tolerated; without one, exact arithmetic decided.
//!
//! | derivatives | functions | inverse | steps | differences | margin | dual numbers | margin |
//! |---|---|---|---|---|---|---|---|
//! | 0 |  |  | 485 |  |  | 1e-12 | 10 |
//! | 0 |  | yes | 13 |  |  | 4e-16 | 24657 |
//! | 0 | arbitrary |  | 27 |  |  |  |  |
//! | 1 |  |  | 583 | 3e-1 | 1 | 1e-11 | 1 |
//! | 1 | arbitrary |  | 128 | 5e-6 | 10 | 6e-12 | 45040 |
//! | 2 |  |  | 12 | 6e-8 | 279 | 3e-13 | 217 |
//! | 2 | arbitrary |  | 4 | 3e-6 | 177 | 9e-15 |  |
//! | 3 |  |  | 7 | 4e-7 | 575 | 5e-13 |  |
//!
//! The first derivatives that come near their tolerance are those of the cross-entropy far out, where ln(1 - σ(z)) keeps few digits; a sample
//! on which they pass it is told from a false step by rounding everything otherwise. Next to them come cosh² - sinh² far out, with a quarter
//! of the tolerance, and the tangent, with a tenth. The error of 3e-1 is relative to terms that are far smaller than what was differentiated,
//! and is tolerated relative to that. `PROOFREAD_SEEDS=0..1000 cargo test --release --test seeds -- --nocapture` prints the table anew.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use num_rational::BigRational;
use num_traits::Zero;

use crate::check::{Counterexample, Errors, Verdict};
use crate::diagnostic::{Code, Diagnostic};
use crate::eval::{Dependencies, Evaluator, Mode, Value};
use crate::hash::FastSet;
use crate::math::expr::{Condition, Expr, Kind, Relation, Step, SymbolId};
use crate::math::int::Int;
use crate::math::symbol::{Domain, SymbolKind, Symbols};
use crate::sample::{STYLES, Sample, Sampler, number_text, text};
use crate::scalar::{Bounded, Fault, Jittered, Prime, Rational, Scalar};
use crate::span::Span;

/// Two sides agree when they differ by less than this, relative to their terms: rounding leaves about 1e-14.
pub const AGREE: f64 = 1e-11;
/// Two sides are told apart only by more than this: between the two, nothing is concluded.
pub const SEPARATE: f64 = 3e-10;
/// Rounding relative to the largest number on the way, where terms cancel: a hundred units in the last place.
pub const ROUNDING: f64 = 2e-14;
/// Numerical differentiation of one, two and three nested derivatives. The worst of 4,800 well-conditioned cases was 2e-9 for one.
pub const DIFFERENCES: [f64; 3] = [1e-7, 1e-5, 1e-3];
/// Its rounding, relative to the largest number on the way: differences divide by their step.
const DIFFERENCES_ROUNDING: [f64; 3] = [1e-9, 1e-7, 1e-5];
/// The steps of differences as parts of the usual ones, taken one after the other while the error comes near its tolerance. Close to a pole
/// the error is the extrapolation's, and vanishes with the step; where much cancels it is rounding's, and vanishes with a wider one. That of
/// a wrong derivative stays.
const PARTS: [f64; 4] = [1.0, 0.125, 0.015625, 8.0];
/// How many samples are drawn.
const DRAWN: usize = 22;
/// From how many random samples a violation of an inequality is looked for. Of the 33 false ones in `tests/contract/d-inequalities.md` none
/// passes under any of 40 seeds; what has many hills, such as `x \sin x < 50`, passes under 2 of them.
pub const DESCENTS: usize = 10;
/// How many rounds of moves each of these makes: enough to come to a number of two digits from one.
const DESCENT: usize = 24;
/// The largest denominator of a number at which sides that are equal in floating point are taken to be equal.
const SIMPLE: i64 = 12;
/// How many samples must have been compared, and how many of these must be random.
pub const NEEDED: (usize, usize) = (5, 3);
/// At how many places between the usual ones an identity between rational functions is tried besides.
pub const BETWEEN: usize = 2;
/// How many samples are compared with numerical differentiation where exact arithmetic has decided already.
const CONFIRMED: usize = 5;

/// What became of one step.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// How many samples were compared.
    pub samples: usize,
    /// Each dimension and number with the values that it took.
    pub dimensions: Vec<(String, Vec<i64>)>,
    /// The worst errors seen.
    pub error: Errors,
    /// The worst errors as parts of what is tolerated: at 1 a step would fall short.
    pub used: Errors,
    /// The sample that separates the sides.
    pub counterexample: Option<Counterexample>,
    /// The message, where the step falls short.
    pub diagnostic: Option<Diagnostic>,
}

impl Judgement {
    /// Of two sides whose shapes differ, with the message; without one this is what was claimed.
    pub fn of_shapes(misfit: Option<Diagnostic>) -> Judgement {
        Judgement {
            verdict: if misfit.is_some() { Verdict::Refused } else { Verdict::Exact },
            samples: 0,
            dimensions: Vec::new(),
            error: Errors::default(),
            used: Errors::default(),
            counterexample: None,
            diagnostic: misfit,
        }
    }

    /// Of two equations that are claimed together: the weaker verdict, and the worst errors.
    pub fn and(self, other: Judgement) -> Judgement {
        let weight = |verdict: Verdict| match verdict {
            Verdict::Exact => 0,
            Verdict::Checked => 1,
            Verdict::Undecided => 2,
            Verdict::Refused => 3,
        };
        let (error, used) = (self.error.worst(other.error), self.used.worst(other.used));
        let samples = self.samples.min(other.samples);
        let weaker = if weight(other.verdict) > weight(self.verdict) { other } else { self };
        Judgement { error, used, samples, ..weaker }
    }
}

/// What one sample says.
#[derive(Clone, Debug, PartialEq)]
enum Finding {
    Agrees,
    Separates,
    Unclear,
    PassedOver(Fault),
}

/// The kind of number that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Prime,
    Rational,
    Float,
}

/// Both sides on a sample, with the sizes that tolerances are relative to.
struct Sides<S> {
    left: Value<S>,
    right: Value<S>,
    largest: f64,
    differentiated: f64,
    terms: f64,
    branches: FastSet<(Span, usize)>,
}

/// What the compared samples showed besides their agreement.
#[derive(Default)]
struct Seen {
    error: Errors,
    used: Errors,
    branches: FastSet<(Span, usize)>,
}

struct Tally {
    level: Level,
    compared: usize,
    random: usize,
    unclear: usize,
    undefined: usize,
    /// Of these, how many because rounding leaves too few digits.
    swallowed: usize,
    random_undefined: usize,
    singular: bool,
    kinks: usize,
    /// Random samples with a dimension above 1: how many were compared, and how many passed over.
    large: (usize, usize),
    seen: Seen,
    dimensions: BTreeMap<SymbolId, BTreeSet<i64>>,
    /// Of random samples with a size or number of at most 1, by these: whether some were defined, and whether some were not.
    small: BTreeMap<Vec<(SymbolId, i64)>, (bool, bool)>,
    /// A sample on which the sides agree.
    agreeing: Option<Sample>,
    separating: Option<Sample>,
    fault: Option<Fault>,
}

struct Judge<'a> {
    symbols: &'a Symbols,
    step: &'a Step,
    derivative: bool,
    height: usize,
    dependencies: Rc<RefCell<Dependencies>>,
    /// Whether the verdict alone is asked for, without what makes a message helpful.
    brief: bool,
}

/// Judges a step; the same text and seed give the same verdict.
pub fn judge(symbols: &Symbols, step: &Step, seed: u64) -> Judgement {
    let mut sampler = Sampler::new(symbols, step, seed);
    let judge = Judge::new(symbols, step, &sampler);
    let tally = judge.tally(&mut sampler, Level::Prime);
    judge.verdict(tally, &mut sampler, seed)
}

/// The verdict of a step alone, the same as [`judge`] gives, without the search for a simple counterexample and for repairs.
pub fn verdict(symbols: &Symbols, step: &Step, seed: u64) -> Verdict {
    let mut sampler = Sampler::new(symbols, step, seed);
    let judge = Judge { brief: true, ..Judge::new(symbols, step, &sampler) };
    let tally = judge.tally(&mut sampler, Level::Prime);
    judge.verdict(tally, &mut sampler, seed).verdict
}

/// Whether a step fails on a sample of any style that is drawn apart from those of [`judge`]: what passes holds whatever samples that chooses.
pub fn fails_apart(symbols: &Symbols, step: &Step, seed: u64) -> bool {
    let mut sampler = Sampler::new(symbols, step, seed);
    let judge = Judge::new(symbols, step, &sampler);
    STYLES.flat_map(|style| [style; NEEDED.1]).any(|style| {
        let sample = sampler.apart(style);
        let mut instances = sample.iter().flat_map(|sample| sampler.instances(sample));
        instances.any(|sample| judge.finding(&sample, &mut Level::Prime.clone(), None) == Finding::Separates)
    })
}

impl Tally {
    /// Whether enough samples were compared. Those of size 1 do not count where larger ones were passed over.
    fn enough(&self) -> bool {
        let larger = self.large.1 == 0 || self.large.0 >= NEEDED.1;
        self.compared >= NEEDED.0 && self.random >= NEEDED.1 && larger
    }
}

impl<'a> Judge<'a> {
    fn new(symbols: &'a Symbols, step: &'a Step, sampler: &Sampler) -> Judge<'a> {
        let nesting = |expr| crate::sample::nesting(symbols, expr);
        Judge {
            symbols,
            step,
            derivative: sampler.facts.derivative,
            height: nesting(&step.left).max(nesting(&step.right)),
            dependencies: sampler.dependencies.clone(),
            brief: false,
        }
    }

    fn tally(&self, sampler: &mut Sampler<'a>, level: Level) -> Tally {
        let mut tally = Tally {
            level,
            compared: 0,
            random: 0,
            unclear: 0,
            undefined: 0,
            swallowed: 0,
            random_undefined: 0,
            singular: false,
            kinks: 0,
            large: (0, 0),
            seen: Seen::default(),
            dimensions: BTreeMap::new(),
            small: BTreeMap::new(),
            agreeing: None,
            separating: None,
            fault: None,
        };
        let mut samples = Vec::new();
        // Each comparison takes further samples, which come close to it.
        let drawn = DRAWN + 8 * sampler.facts.comparisons.len().min(4);
        for number in 0..3 * DRAWN {
            let enough = tally.enough();
            let covered = sampler.facts.branches.is_subset(&tally.seen.branches);
            if number >= drawn && enough && covered {
                break;
            }
            let Some(sample) = sampler.draw() else {
                if number >= drawn {
                    break;
                }
                continue;
            };
            if self.settles(sampler, &sample, &mut tally) {
                return tally;
            }
            samples.push(sample);
        }
        if self.is_inequality() {
            if sampler.alike().is_some_and(|sample| self.settles(sampler, &sample, &mut tally)) {
                return tally;
            }
            for (number, sample) in samples.iter().filter(|sample| !sample.structured).take(DESCENTS).enumerate() {
                // From whole numbers, places of equality that are whole are met.
                let rounded = if number % 2 == 0 { sampler.rounded(sample) } else { None };
                if let Some(found) = self.descend(sampler, rounded.as_ref().unwrap_or(sample)) {
                    tally.separating = Some(found);
                    break;
                }
            }
        }
        tally
    }

    /// Adds the instances of a sample, and tells whether one of them settles the step.
    fn settles(&self, sampler: &Sampler<'a>, sample: &Sample, tally: &mut Tally) -> bool {
        sampler.instances(sample).iter().any(|instance| {
            self.add(instance, tally);
            tally.separating.is_some() || tally.fault.is_some()
        })
    }

    fn add(&self, sample: &Sample, tally: &mut Tally) {
        let mut finding = self.finding(sample, &mut tally.level, Some(&mut tally.seen));
        // What exact arithmetic decided is held against numerical differentiation as well.
        if tally.level != Level::Float && self.derivative && finding == Finding::Agrees && tally.compared < CONFIRMED {
            match self.float(sample, Some(&mut tally.seen), true) {
                Finding::Unclear | Finding::Separates => {
                    finding = match self.exact::<Rational>(sample, None) {
                        Finding::Separates => Finding::Separates,
                        _ => Finding::Unclear,
                    }
                }
                Finding::Agrees | Finding::PassedOver(_) => {}
            }
        }
        let large = !sample.structured && sample.ints.iter().any(|(id, value)| *value > 1 && self.is_dimension(*id));
        match &finding {
            Finding::Agrees => tally.large.0 += usize::from(large),
            Finding::PassedOver(_) => tally.large.1 += usize::from(large),
            _ => {}
        }
        // What is undefined for small sizes always, says nothing about the values; what is so for some values, does.
        if !sample.structured && sample.ints.values().any(|value| *value <= 1) {
            let mut sizes: Vec<(SymbolId, i64)> = sample.ints.iter().map(|(id, value)| (*id, *value)).collect();
            sizes.sort_unstable();
            let entry = tally.small.entry(sizes).or_default();
            let before = *entry;
            match finding {
                Finding::Agrees => entry.0 = true,
                Finding::PassedOver(Fault::Undefined) => entry.1 |= !self.is_isolated(sample),
                _ => {}
            }
            tally.random_undefined += usize::from(*entry == (true, true) && before != *entry);
        }
        match finding {
            Finding::Agrees => {
                tally.compared += 1;
                tally.agreeing = Some(sample.clone());
                tally.random += usize::from(!sample.structured);
                for (id, value) in &sample.ints {
                    tally.dimensions.entry(*id).or_default().insert(*value);
                }
            }
            Finding::Separates => tally.separating = Some(sample.clone()),
            Finding::Unclear => tally.unclear += 1,
            Finding::PassedOver(Fault::Kink) => tally.kinks += 1,
            Finding::PassedOver(fault @ (Fault::Undefined | Fault::Swallowed | Fault::Singular | Fault::Unsupported)) => {
                tally.singular |= fault == Fault::Singular;
                tally.undefined += 1;
                tally.swallowed += usize::from(fault == Fault::Swallowed);
                let small = sample.ints.values().any(|value| *value <= 1);
                let excused = sample.structured || sample.far || small || fault == Fault::Swallowed;
                tally.random_undefined += usize::from(!excused && !self.is_isolated(sample));
            }
            Finding::PassedOver(fault) => tally.fault = Some(fault),
        }
    }

    fn is_inequality(&self) -> bool {
        !matches!(self.step.relation, Relation::Equal | Relation::NotEqual)
    }

    fn is_dimension(&self, id: SymbolId) -> bool {
        matches!(self.symbols[id].kind, SymbolKind::Whole { dimension: true, .. })
    }

    /// What a sample says, in the first kind of number that can say it; `level` remembers which.
    fn finding(&self, sample: &Sample, level: &mut Level, mut seen: Option<&mut Seen>) -> Finding {
        if sample.rounded {
            *level = Level::Float;
        }
        if *level == Level::Prime {
            match self.exact::<Prime>(sample, seen.as_deref_mut()) {
                Finding::PassedOver(Fault::Unsupported) => *level = Level::Rational,
                // A divisor may be zero modulo the prime only.
                Finding::PassedOver(fault @ (Fault::Undefined | Fault::Singular)) => {
                    match self.exact::<Rational>(sample, seen.as_deref_mut()) {
                        Finding::PassedOver(_) => return Finding::PassedOver(fault),
                        finding => return finding,
                    }
                }
                finding => return finding,
            }
        }
        if *level == Level::Rational {
            match self.exact::<Rational>(sample, seen.as_deref_mut()) {
                // Fractions that grow too long are not supported either.
                Finding::PassedOver(Fault::Unsupported) => *level = Level::Float,
                finding => return finding,
            }
        }
        self.float(sample, seen, false)
    }

    fn sides<S: Scalar>(&self, sample: &Sample, mode: Mode) -> Result<Sides<S>, Fault> {
        self.sides_with(sample, mode, |_| {})
    }

    fn sides_with<S: Scalar>(&self, sample: &Sample, mode: Mode, set: impl Fn(&mut Evaluator<S>)) -> Result<Sides<S>, Fault> {
        let mut evaluator = Evaluator::<S>::sharing(self.dependencies.clone(), self.symbols, sample, mode);
        set(&mut evaluator);
        let (left, left_terms) = evaluator.side(&self.step.left)?;
        let (right, right_terms) = evaluator.side(&self.step.right)?;
        // A side may be a scalar where the other is 1×1; anything else that does not fit is a matter of this sample's sizes.
        if (left.rows, left.cols) != (right.rows, right.cols) {
            return Err(Fault::IndexOutOfRange(self.step.left.span));
        }
        let differentiated = evaluator.differentiated.max(evaluator.largest);
        // Derivatives that cancel round relative to what was differentiated.
        let largest = differentiated;
        Ok(Sides { left, right, largest, differentiated, terms: left_terms.max(right_terms), branches: evaluator.branches })
    }

    fn exact<S: Scalar>(&self, sample: &Sample, seen: Option<&mut Seen>) -> Finding {
        let (left, right) = match self.sides::<S>(sample, Mode::Dual) {
            Ok(sides) => {
                if let Some(seen) = seen {
                    seen.branches.extend(sides.branches);
                }
                (sides.left, sides.right)
            }
            Err(fault) => return Finding::PassedOver(fault),
        };
        let mut equal = true;
        for (x, y) in left.data.iter().zip(&*right.data) {
            let holds = match self.step.relation {
                Relation::Equal | Relation::NotEqual => {
                    equal &= x.real == y.real;
                    continue;
                }
                relation => match x.real.order(&y.real) {
                    Ok(order) => match relation {
                        Relation::Less => order.is_lt(),
                        Relation::LessOrEqual => order.is_le(),
                        Relation::Greater => order.is_gt(),
                        _ => order.is_ge(),
                    },
                    Err(fault) => return Finding::PassedOver(fault),
                },
            };
            if !holds {
                return Finding::Separates;
            }
        }
        if equal { Finding::Agrees } else { Finding::Separates }
    }

    /// How far the right side may fall short of the relation, as numbers that must not be positive, each next to its largest tolerance.
    fn excess(&self, x: f64, y: f64) -> f64 {
        match self.step.relation {
            Relation::Equal | Relation::NotEqual => (x - y).abs(),
            Relation::Less | Relation::LessOrEqual => x - y,
            Relation::Greater | Relation::GreaterOrEqual => y - x,
        }
    }

    /// The largest excess of any element.
    fn worst(&self, left: &Value<f64>, right: &Value<f64>) -> f64 {
        left.data.iter().zip(&*right.data).map(|(x, y)| self.excess(x.real, y.real)).fold(f64::NEG_INFINITY, f64::max)
    }

    /// What a sample says in floating point. Where exact arithmetic has decided, only numerical differentiation is asked.
    fn float(&self, sample: &Sample, seen: Option<&mut Seen>, decided: bool) -> Finding {
        let Sides { left, right, largest, differentiated, terms, branches } = match self.sides::<f64>(sample, Mode::Dual) {
            Ok(sides) => sides,
            Err(fault) => return Finding::PassedOver(fault),
        };
        let strict = matches!(self.step.relation, Relation::Less | Relation::Greater);
        let excess = self.worst(&left, &right);
        if left.data.is_empty() {
            return Finding::Agrees;
        }
        let agree = AGREE * terms;
        let vanishing = terms <= ROUNDING * largest;
        let separate = if vanishing { SEPARATE * terms } else { (SEPARATE * terms).max(1e3 * ROUNDING * largest) };
        let relative = |error: f64| if error <= 0.0 || terms == 0.0 { 0.0 } else { error / terms };
        if !decided && strict && excess.abs() <= rounding(terms, largest) {
            // Far away, two sides that only come close are equal in floating point.
            return if sample.far { Finding::PassedOver(Fault::Undefined) } else { Finding::Separates };
        }
        // Where the values themselves are rounded, a bound on what happens to them afterwards says too little.
        let rounds = || if sample.rounded { self.is_noise(sample, excess, None) } else { self.is_beyond_rounding(sample) == Some(false) };
        let noise = excess > agree && if decided { vanishing } else { rounds() };
        if noise && !vanishing {
            return Finding::PassedOver(Fault::Swallowed);
        }
        let mut finding = if excess <= agree || noise || decided {
            Finding::Agrees
        } else if excess > separate {
            Finding::Separates
        } else {
            Finding::Unclear
        };
        let part = |error: f64, tolerated: f64| if error <= 0.0 { 0.0 } else { error / tolerated };
        let mut difference = None;
        if self.derivative {
            let nested = self.height.clamp(1, 3) - 1;
            let tolerance = (DIFFERENCES[nested] * terms).max(DIFFERENCES_ROUNDING[nested] * differentiated);
            let (mut excess, mut best) = (f64::INFINITY, 1.0);
            for part in PARTS {
                let (other_left, other_right) = match self.sides_with::<f64>(sample, Mode::Differences, |evaluator| evaluator.part = part) {
                    Ok(sides) => (sides.left, sides.right),
                    Err(fault) => return Finding::PassedOver(fault),
                };
                let new = self.worst(&other_left, &right).max(self.worst(&left, &other_right));
                if new < excess {
                    (excess, best) = (new, part);
                }
                if finding != Finding::Agrees || excess <= 0.1 * tolerance {
                    break;
                }
            }
            // A side that vanishes gives no size to be relative to.
            let error = if vanishing { excess / differentiated } else { relative(excess) };
            difference = Some((error, part(excess, tolerance)));
            if (excess <= tolerance) != (finding == Finding::Agrees) {
                if finding == Finding::Agrees && self.is_noise(sample, excess, Some(best)) {
                    return Finding::PassedOver(Fault::Swallowed);
                }
                finding = Finding::Unclear;
            }
        }
        if let (Some(seen), Finding::Agrees) = (seen, &finding) {
            seen.branches.extend(branches);
            let excess = if noise { excess / largest * terms } else { excess };
            let differences = difference.unzip();
            seen.error = seen.error.worst(Errors { differences: differences.0, dual: Some(relative(excess)) });
            // What exact arithmetic has decided has no tolerance.
            let dual = (!decided).then(|| part(excess, agree));
            seen.used = seen.used.worst(Errors { differences: differences.1, dual });
        }
        finding
    }

    /// Whether the two sides differ, or violate the relation, by more than rounding can have done; none where rounding may decide on a branch.
    fn is_beyond_rounding(&self, sample: &Sample) -> Option<bool> {
        let Sides { left, right, .. } = self.sides::<Bounded>(sample, Mode::Dual).ok()?;
        let mut elements = left.data.iter().zip(&*right.data).map(|(x, y)| (x.real, y.real));
        Some(elements.any(|(x, y)| self.excess(x.value, y.value) > x.error + y.error))
    }

    /// Whether both sides are defined all around a sample on which one is not: at $1/(x - 1)$ a random `x` may well be 1.
    fn is_isolated(&self, sample: &Sample) -> bool {
        let mut near = sample.clone();
        for (position, x) in near.values.values_mut().flat_map(|matrix| &mut matrix.data).enumerate() {
            *x += &Rational::new(7 + 3 * position as i64 % 101, 100_000);
        }
        let mut evaluator = Evaluator::<f64>::new(self.symbols, &near, Mode::Dual);
        self.step.conditions.iter().all(|condition| evaluator.holds(condition) == Ok(true)) && self.sides::<f64>(&near, Mode::Dual).is_ok()
    }

    /// Whether a difference of the two sides, or with a part of the usual step the one between differences and dual numbers, is rounding: a real
    /// one hardly moves when the sample does by a hair and all is rounded otherwise, or vanishes.
    fn is_noise(&self, sample: &Sample, excess: f64, part: Option<f64>) -> bool {
        (1..=3).any(|number| {
            let mut near = sample.clone();
            for (position, x) in near.values.values_mut().flat_map(|matrix| &mut matrix.data).enumerate() {
                *x += &Rational::new(1 + (number * (position as i64 + 3)) % 7, 10_000_000_000_000);
            }
            // Where the sides agree a hair away, they differ at this place alone, and that is no rounding.
            let moves = |new: f64| (new - excess).abs() > 0.01 * excess && new > 0.01 * excess;
            self.jittered::<1>(&near, part).is_some_and(moves) || self.jittered::<2>(&near, part).is_some_and(moves)
        })
    }

    /// The difference of the two sides when all is rounded otherwise.
    fn jittered<const K: u64>(&self, sample: &Sample, part: Option<f64>) -> Option<f64> {
        let worst = |left: &Value<Jittered<K>>, right: &Value<Jittered<K>>| {
            left.data.iter().zip(&*right.data).map(|(x, y)| self.excess(x.real.0, y.real.0)).fold(f64::NEG_INFINITY, f64::max)
        };
        let plain = self.sides::<Jittered<K>>(sample, Mode::Dual).ok()?;
        let Some(part) = part else { return Some(worst(&plain.left, &plain.right)) };
        let other = self.sides_with::<Jittered<K>>(sample, Mode::Differences, |evaluator| evaluator.part = part).ok()?;
        Some(worst(&other.left, &plain.right).max(worst(&plain.left, &other.right)))
    }

    /// By how much an inequality is violated, and the rounding that this may hold.
    fn margin(&self, sample: &Sample) -> Option<(f64, f64)> {
        let sides = self.sides::<f64>(sample, Mode::Dual).ok()?;
        Some((self.worst(&sides.left, &sides.right), rounding(sides.terms, sides.largest)))
    }

    /// Whether an inequality is violated at a place that was looked for, where rounding is at its worst. In floating point the violation must
    /// be more than rounding can have done. Sides that are equal there must be so at simple numbers, and apart around them: those of
    /// `1 + x < e^x` come close where `x` does to zero, and those of `\tanh x < 1` far away.
    fn is_violated(&self, sampler: &Sampler<'a>, sample: &Sample) -> bool {
        let mut level = Level::Rational;
        if self.finding(sample, &mut level, None) != Finding::Separates {
            return false;
        }
        let Some((excess, rounding)) = self.margin(sample).filter(|_| level == Level::Float) else { return true };
        if excess > rounding {
            return self.is_beyond_rounding(sample) == Some(true);
        }
        let mut numbers = sample.values.values().flat_map(|matrix| &matrix.data);
        let mut around = sampler.movable(sample).into_iter().flat_map(|place| sampler.moves(sample, &place, &Rational::new(1, 4)));
        numbers.all(|x| x.short().is_some_and(|(_, parts)| parts <= SIMPLE))
            && around.all(|sample| self.margin(&sample).is_none_or(|(excess, rounding)| excess < -rounding))
    }

    /// Looks for a violation of an inequality by moves of one number at a time that bring its sides closer. They grow while they do, and are
    /// halved where none does. Numbers near the place that is reached are tried last, where the sides may meet: it is seldom met by moves.
    fn descend(&self, sampler: &Sampler<'a>, start: &Sample) -> Option<Sample> {
        let mut best = sampler.instances(start).into_iter().next()?;
        let (mut value, _) = self.margin(&best)?;
        let places = sampler.movable(&best);
        let mut step = Rational::new(1, 1);
        for _ in 0..DESCENT {
            let mut improved = false;
            for place in &places {
                for changed in sampler.moves(&best, place, &step) {
                    let Some((new, rounding)) = self.margin(&changed).filter(|(new, _)| *new > value) else { continue };
                    (best, value, improved) = (changed, new, true);
                    if value >= -rounding && self.is_violated(sampler, &best) {
                        return Some(best);
                    }
                    break;
                }
            }
            step *= &if improved { Rational::new(2, 1) } else { Rational::new(1, 2) };
        }
        for place in &places {
            best = sampler.simplified(&best, place, &step).unwrap_or(best);
        }
        self.is_violated(sampler, &best).then_some(best)
    }

    fn verdict(&self, mut tally: Tally, sampler: &mut Sampler<'a>, seed: u64) -> Judgement {
        if tally.level == Level::Prime && tally.separating.is_none() && tally.fault.is_none() && tally.compared > 0 {
            self.between(sampler, &mut tally);
            if tally.separating.is_none() {
                self.confirm(sampler, &mut tally);
            }
        }
        let mut judgement = Judgement {
            verdict: if tally.level == Level::Float { Verdict::Checked } else { Verdict::Exact },
            samples: tally.compared,
            dimensions: Vec::new(),
            error: tally.seen.error,
            used: tally.seen.used,
            counterexample: None,
            diagnostic: None,
        };
        for (id, values) in &tally.dimensions {
            if !sampler.facts.bound.contains(id) {
                judgement.dimensions.push((self.symbols[*id].name.clone(), values.iter().copied().collect()));
            }
        }
        let refutation = self.step.relation == Relation::NotEqual;
        if let Some(Fault::IndexOutOfRange(span)) = tally.fault {
            judgement.verdict = Verdict::Refused;
            judgement.diagnostic =
                Some(Diagnostic::new(Code::Index, span, "an index or a size does not fit for some of the admitted sizes"));
        } else if let Some(Fault::Overlap(span)) = tally.fault {
            judgement.verdict = Verdict::Refused;
            judgement.diagnostic = Some(
                Diagnostic::new(Code::Refused, span, "two of these cases hold at once, and their values differ")
                    .help("make the conditions exclude each other"),
            );
        } else if let Some(Fault::Limit(what)) = tally.fault {
            judgement.verdict = Verdict::Undecided;
            judgement.diagnostic = Some(self.message(Code::Limit, too_large(what)));
        } else if self.brief && tally.separating.is_some() {
            judgement.verdict = if refutation { judgement.verdict } else { Verdict::Refused };
        } else if let Some(found) = tally.separating {
            let found = self.shrink(found, sampler, tally.level);
            let (left, right) = self.texts(&found);
            let values = sampler.texts(&found);
            let shown: Vec<String> = values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            judgement.counterexample = Some(Counterexample { values, left: left.clone(), right: right.clone() });
            judgement.samples += 1;
            if !refutation {
                judgement.verdict = Verdict::Refused;
                let mut diagnostic = Diagnostic::new(Code::Refused, self.step.at, "the two sides differ")
                    .label(self.step.left.span, format!("this is {left}"))
                    .label(self.step.right.span, format!("this is {right}"));
                if self.step.relation != Relation::Equal {
                    diagnostic.message = "this inequality does not hold".to_string();
                }
                if !shown.is_empty() {
                    diagnostic = diagnostic.note(format!("at {}", shown.join(", ")));
                }
                for help in self.repairs(seed) {
                    diagnostic = diagnostic.help(help);
                }
                judgement.diagnostic = Some(diagnostic);
            }
        } else {
            let reason = if tally.random_undefined > 0 && tally.singular {
                Some("a matrix that is inverted has no inverse on some of the samples")
            } else if tally.random_undefined > 0 {
                Some("a side is undefined on some of the samples")
            } else if tally.unclear > 0 && 3 * tally.unclear >= tally.compared {
                Some("the two sides are neither equal nor clearly different")
            } else if tally.enough() {
                None
            } else if tally.kinks > tally.undefined {
                Some("most samples lie close to a kink or an edge of what is differentiated")
            } else if 2 * tally.swallowed > tally.undefined {
                Some("rounding leaves too few digits of a side on most samples")
            } else if tally.undefined > 0 {
                Some("a side is undefined on most samples")
            } else if let Some(what) = sampler.too_large {
                judgement.verdict = Verdict::Undecided;
                judgement.diagnostic = Some(self.message(Code::Limit, too_large(what)));
                return judgement;
            } else {
                Some("no sample meets the conditions")
            };
            if let Some(reason) = reason {
                judgement.verdict = Verdict::Undecided;
                let mut diagnostic = self.message(Code::Undecided, reason.to_string());
                if tally.undefined > 0 && !self.brief {
                    for help in self.domains(sampler, seed) {
                        diagnostic = diagnostic.help(help);
                    }
                }
                judgement.diagnostic = Some(diagnostic);
            } else if refutation {
                judgement.verdict = Verdict::Refused;
                judgement.diagnostic = Some(self.message(Code::Refused, format!("the two sides agree on all {} samples", tally.compared)));
            }
        }
        judgement
    }

    /// Other samples lie among a few hundred values for each number, and a false identity may agree on all of these. Here every real
    /// number is drawn from 2^60 places: a false identity of degree d agrees there with a probability of at most d / 2^60.
    fn between(&self, sampler: &mut Sampler<'a>, tally: &mut Tally) {
        for _ in 0..BETWEEN {
            let Some(sample) = sampler.fine() else { continue };
            let found = sampler.instances(&sample).into_iter().find(|sample| self.exact::<Prime>(sample, None) == Finding::Separates);
            if found.is_some() {
                tally.separating = found;
                return;
            }
        }
    }

    /// What agrees modulo the prime is confirmed once in rational numbers; where these grow too long, in floating point.
    fn confirm(&self, sampler: &mut Sampler<'a>, tally: &mut Tally) {
        let mut float = None;
        for _ in 0..4 {
            let fresh = sampler.draw().and_then(|sample| sampler.instances(&sample).into_iter().next());
            // Where conditions are hardly ever met, what was compared before must do.
            let Some(instance) = fresh.or_else(|| tally.agreeing.clone()) else { continue };
            match self.exact::<Rational>(&instance, None) {
                Finding::Agrees => return,
                Finding::Separates => {
                    tally.separating = Some(instance);
                    tally.level = Level::Rational;
                    return;
                }
                _ => float = Some(self.float(&instance, None, false)),
            }
        }
        if float != Some(Finding::Agrees) {
            tally.unclear = tally.unclear.max(tally.compared);
        }
        tally.level = Level::Float;
    }

    fn message(&self, code: Code, text: String) -> Diagnostic {
        Diagnostic::new(code, self.step.at, text).label(self.step.left.span, "from here").label(self.step.right.span, "to here")
    }

    fn texts(&self, sample: &Sample) -> (String, String) {
        let one = |expr: &Expr| {
            if let Ok(value) = Evaluator::<Rational>::new(self.symbols, sample, Mode::Dual).value(expr)
                && !self.draws_functions()
                && value.data.iter().all(|x| x.real.short().is_some_and(|(_, denominator)| denominator <= 1000))
            {
                return text(value.rows, value.cols, &value.data.iter().map(|x| x.real.to_string()).collect::<Vec<_>>());
            }
            match Evaluator::<f64>::new(self.symbols, sample, Mode::Dual).value(expr) {
                Ok(value) => text(value.rows, value.cols, &value.data.iter().map(|x| number_text(x.real)).collect::<Vec<_>>()),
                Err(_) => "undefined".to_string(),
            }
        };
        (one(&self.step.left), one(&self.step.right))
    }

    /// Exact and floating arithmetic draw different functions: where there are any, values are shown in one of them only.
    fn draws_functions(&self) -> bool {
        crate::sample::facts(self.symbols, self.step)
            .symbols
            .iter()
            .any(|id| matches!(self.symbols[*id].kind, SymbolKind::Function { body: None, .. } | SymbolKind::FunctionFamily { .. }))
    }

    /// The smallest dimensions, then the simplest values, that still separate the two sides.
    fn shrink(&self, found: Sample, sampler: &mut Sampler<'a>, level: Level) -> Sample {
        // Clear in floating point too, where it is: what is printed must be seen to differ, and lie off the kinks.
        let clear = self.float(&found, None, false) == Finding::Separates;
        // What was looked for and is certain stays so.
        let certain = self.is_inequality() && self.is_violated(sampler, &found);
        let separates = |sampler: &Sampler<'a>, sample: &Sample| {
            let exact = self.finding(sample, &mut level.clone(), None) == Finding::Separates;
            exact
                && (!clear || level == Level::Float || self.float(sample, None, false) == Finding::Separates)
                && (!certain || self.is_violated(sampler, sample))
        };
        let mut best = found;
        let mut weight = sampler.weight(&best);
        for number in 0..40 {
            let Some(sample) = sampler.simple(number) else { continue };
            for instance in sampler.instances(&sample) {
                let new = sampler.weight(&instance);
                if new < weight && separates(sampler, &instance) {
                    (best, weight) = (instance, new);
                }
            }
        }
        for _ in 0..60 {
            let next = sampler.simpler(&best).into_iter().find(|sample| sampler.weight(sample) < weight && separates(sampler, sample));
            let Some(next) = next else { break };
            weight = sampler.weight(&next);
            best = next;
        }
        best
    }

    /// Whether another step, or this one with other domains, holds on its samples.
    fn would_hold(&self, step: &Step, domains: &[(SymbolId, Domain)], seed: u64) -> bool {
        let mut sampler = Sampler::new(self.symbols, step, seed);
        for (symbol, domain) in domains {
            sampler.narrow(*symbol, domain.clone());
        }
        let judge = Judge::new(self.symbols, step, &sampler);
        let mut tally = judge.tally(&mut sampler, Level::Prime);
        if tally.level == Level::Prime && tally.separating.is_none() {
            judge.between(&mut sampler, &mut tally);
        }
        tally.separating.is_none()
            && tally.fault.is_none()
            && tally.random_undefined == 0
            && tally.unclear == 0
            && tally.compared >= NEEDED.0
            && tally.random >= NEEDED.1
    }

    /// Small changes that were tried and make the step hold.
    fn repairs(&self, seed: u64) -> Vec<String> {
        if self.step.relation != Relation::Equal {
            return Vec::new();
        }
        let right = &self.step.right;
        let with = |kind: Kind| Step { right: Expr { kind, shape: right.shape.clone(), span: right.span }, ..self.step.clone() };
        let times = |kind: Kind| {
            let factor = Expr { kind, shape: crate::math::expr::Shape::scalar(), span: right.span };
            with(Kind::Mul(Box::new(factor), Box::new(right.clone())))
        };
        let over = |int: Int| {
            let divisor = Expr { kind: Kind::Int(int), shape: crate::math::expr::Shape::scalar(), span: right.span };
            with(Kind::Quotient(Box::new(right.clone()), Box::new(divisor)))
        };
        let mut tried = Vec::new();
        // That something is its own transpose is no matter of a missing one.
        let symmetry = match (&self.step.left.kind, &right.kind) {
            (Kind::Transpose(of), Kind::Symbol(id)) | (Kind::Symbol(id), Kind::Transpose(of)) => {
                matches!(of.kind, Kind::Symbol(other) if other == *id)
            }
            _ => false,
        };
        if right.shape.rows == right.shape.cols && !right.shape.is_scalar() && !symmetry {
            tried.push(("the transpose of the right side".to_string(), with(Kind::Transpose(Box::new(right.clone())))));
        }
        tried.push(("the opposite sign on the right side".to_string(), with(Kind::Neg(Box::new(right.clone())))));
        tried.push(("a factor 2 on the right side".to_string(), times(Kind::Int(Int::constant(2)))));
        tried.push(("a factor 1/2 on the right side".to_string(), over(Int::constant(2))));
        let facts = crate::sample::facts(self.symbols, self.step);
        let mut ids: Vec<SymbolId> = facts.symbols.iter().copied().collect();
        ids.sort_unstable();
        for id in ids.iter().filter(|id| !facts.bound.contains(id)) {
            if matches!(self.symbols[*id].kind, SymbolKind::Whole { dimension: true, .. }) {
                let name = &self.symbols[*id].name;
                tried.push((format!("a factor {name} on the right side"), times(Kind::Int(Int::symbol(*id)))));
                tried.push((format!("a factor 1/{name} on the right side"), over(Int::symbol(*id))));
            }
        }
        for (what, step) in tried {
            if self.would_hold(&step, &[], seed) {
                return vec![format!("it holds with {what}: this was tried")];
            }
        }
        for id in ids {
            let symbol = &self.symbols[id];
            let square = symbol.shape.rows == symbol.shape.cols && !symbol.shape.is_scalar();
            if square
                && matches!(symbol.kind, SymbolKind::Variable { domain: Domain::Reals, parameter: false })
                && self.would_hold(self.step, &[(id, Domain::Symmetric)], seed)
            {
                let size = symbol.shape.rows.display(&|s| self.symbols[s].name.clone());
                let name = &symbol.name;
                return vec![format!(
                    "it holds if {name} = {name}^\\top was declared: `{name} \\in \\mathbb{{S}}^{{{size}}}`; this was tried"
                )];
            }
        }
        Vec::new()
    }

    /// Domains that were tried and make both sides defined.
    fn domains(&self, sampler: &Sampler<'a>, seed: u64) -> Vec<String> {
        let zero = BigRational::zero;
        let int = |value: i64| BigRational::from_integer(value.into());
        let from = |low: i64, closed| Domain::Interval { low: Some((int(low), closed)), high: None };
        let between = |low: i64, high: i64| Domain::Interval { low: Some((int(low), false)), high: Some((int(high), false)) };
        let candidates = [
            (from(0, false), "\\mathbb{R}_{>0}"),
            (Domain::Without(vec![zero()]), "\\mathbb{R} \\setminus \\{0\\}"),
            (between(-1, 1), "(-1, 1)"),
            (between(0, 1), "(0, 1)"),
            (from(1, true), "[1, \\infty)"),
        ];
        let mut ids: Vec<SymbolId> = sampler.facts.symbols.iter().copied().collect();
        ids.sort_unstable();
        // The product of a wide matrix with its transpose, on the side where it is large, has no inverse.
        let sizes: Vec<SymbolId> = ids.iter().copied().filter(|id| self.is_dimension(*id) && !sampler.facts.bound.contains(id)).collect();
        for (large, small) in sizes.iter().flat_map(|large| sizes.iter().map(move |small| (*large, *small))) {
            if large == small || !sampler.facts.inverse {
                continue;
            }
            let size =
                |id| Box::new(Expr { kind: Kind::Int(Int::symbol(id)), shape: crate::math::expr::Shape::scalar(), span: self.step.at });
            let mut step = self.step.clone();
            step.conditions.push(Condition::Relation(Relation::GreaterOrEqual, size(large), size(small)));
            if self.would_hold(&step, &[], seed) {
                let (large, small) = (&self.symbols[large].name, &self.symbols[small].name);
                return vec![format!("it holds if `Suppose ${large} \\ge {small}$.` stands before it: this was tried")];
            }
        }
        ids.retain(|id| {
            matches!(
                &self.symbols[*id].kind,
                SymbolKind::Variable { domain: Domain::Reals, parameter: false } | SymbolKind::Family { domain: Domain::Reals, .. }
            )
        });
        for (domain, written) in &candidates {
            for id in &ids {
                if self.would_hold(self.step, &[(*id, domain.clone())], seed) {
                    return vec![format!("it holds with elements in ${written}$ for {}: this was tried", self.symbols[*id].name)];
                }
            }
        }
        let mut all: Vec<SymbolId> = sampler.facts.symbols.iter().copied().collect();
        all.sort_unstable();
        for (id, symbol) in all.into_iter().map(|id| (id, &self.symbols[id])) {
            let square = symbol.shape.rows == symbol.shape.cols && !symbol.shape.is_scalar();
            let matrix = matches!(
                symbol.kind,
                SymbolKind::Variable { domain: Domain::Reals | Domain::Invertible | Domain::Symmetric, parameter: false }
            );
            if square && matrix && self.would_hold(self.step, &[(id, Domain::PositiveDefinite)], seed) {
                let size = symbol.shape.rows.display(&|s| self.symbols[s].name.clone());
                return vec![format!("it holds with `{} \\in \\mathbb{{S}}^{{{size}}}_{{++}}`: this was tried", symbol.name)];
            }
        }
        for (domain, written) in &candidates {
            let all: Vec<_> = ids.iter().map(|id| (*id, domain.clone())).collect();
            if all.len() > 1 && self.would_hold(self.step, &all, seed) {
                return vec![format!("it holds with elements in ${written}$ for all variables: this was tried")];
            }
        }
        Vec::new()
    }
}

/// The difference of two sides below which they are equal in floating point.
fn rounding(terms: f64, largest: f64) -> f64 {
    (0.01 * AGREE * terms).max(ROUNDING * largest)
}

fn too_large(what: &str) -> String {
    format!("this step is too large to be checked: {what} is bounded")
}

#[cfg(test)]
mod tests;

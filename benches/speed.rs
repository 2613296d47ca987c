//! How long reading, sampling and judging take: `cargo bench`, or a part of it: `cargo bench -- book`, `closures`, `length` or `sizes`.
//!
//! Every number is the median of several runs, and every ratio is taken within one run. Nothing here passes or fails. What is measured is the
//! time that the thread was given, where the system tells it, so that other work on the machine does not count.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proofread::check::{Chapter, Settings, StepReading, check_page, read_page};
use proofread::eval::{Evaluator, Mode};
use proofread::judge::judge;
use proofread::sample::{Sample, Sampler, samples};

/// How often a time is taken.
const RUNS: usize = 5;
/// How many points a formula and its closure are evaluated at.
const POINTS: usize = 24;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let parts: [(&str, fn()); 4] = [("book", book), ("closures", closures), ("length", length), ("sizes", sizes)];
    for (_, part) in parts.iter().filter(|(name, _)| asked.is_empty() || asked.iter().any(|asked| asked == name)) {
        part();
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The time that this thread has run, or, where the system does not tell, the time of the clock.
fn now() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let given = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let given = given.and_then(|text| text.split_whitespace().next().and_then(|nanos| nanos.parse().ok()));
    given.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

fn once<T>(f: impl FnOnce() -> T) -> (T, Duration) {
    let start = now();
    let value = black_box(f());
    (value, now().saturating_sub(start))
}

/// The median time of `f`, which is repeated until a run is long enough: the time that a thread was given is counted in steps of milliseconds.
fn time<T>(mut f: impl FnMut() -> T) -> Duration {
    let mut count = 1;
    loop {
        let (_, took) = once(|| (0..count).for_each(|_| drop(black_box(f()))));
        if took > Duration::from_millis(60) || count > 1 << 24 {
            break;
        }
        count *= 2;
    }
    median((0..RUNS).map(|_| once(|| (0..count).for_each(|_| drop(black_box(f())))).1 / count).collect())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

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

fn steps(chapter: &Chapter) -> impl Iterator<Item = &StepReading> {
    chapter.formulas.iter().flat_map(|formula| &formula.steps).filter(|step| step.misfit.is_none())
}

/// Each page of the book, split into reading, sampling and judging.
fn book() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("book");
    let settings = Settings::default();
    let (mut whole, mut part, mut claims) = ([Duration::ZERO; 4], Duration::ZERO, 0);
    println!("The book, on one core, in milliseconds\n");
    println!("{:28} {:>7} {:>8} {:>9} {:>8} {:>8} {:>10}", "page", "claims", "reading", "sampling", "judging", "whole", "µs a claim");
    for path in pages(&folder) {
        let source = fs::read_to_string(&path).expect("a page in UTF-8");
        let chapter = read_page(&source, &settings);
        let count = steps(&chapter).count();
        if count == 0 {
            continue;
        }
        let reading = time(|| read_page(&source, &settings));
        let sampling = time(|| steps(&chapter).for_each(|step| draw(&chapter, step)));
        let judging = time(|| steps(&chapter).for_each(|step| drop(black_box(judge(&chapter.symbols, &step.step, 0)))));
        let all = time(|| check_page(&source, "page.md", &settings));
        let name = path.strip_prefix(&folder).expect("a page of the book").display().to_string();
        // Judging draws its samples itself.
        let row = [reading, sampling, judging.saturating_sub(sampling), all];
        print_row(&name, count, &row);
        whole.iter_mut().zip(row).for_each(|(sum, time)| *sum += time);
        part += if name.starts_with("scalars") { all } else { Duration::ZERO };
        claims += count;
    }
    print_row("the whole book", claims, &whole);
    println!("\nPart I takes {:.0} ms of 200, the whole book {:.0} ms of 1000.", part.as_secs_f64() * 1e3, whole[3].as_secs_f64() * 1e3);
}

fn print_row(name: &str, claims: usize, times: &[Duration; 4]) {
    let [reading, sampling, judging, all] = times.map(|time| time.as_secs_f64() * 1e3);
    println!("{name:28} {claims:7} {reading:8.2} {sampling:9.2} {judging:8.2} {all:8.2} {:10.1}", all * 1e3 / claims as f64);
}

/// The samples that judging a step takes when all agrees.
fn draw(chapter: &Chapter, step: &StepReading) {
    let mut sampler = Sampler::new(&chapter.symbols, &step.step, 0);
    for _ in 0..22 + 8 * sampler.facts.comparisons.len().min(4) {
        if let Some(sample) = sampler.draw() {
            black_box(sampler.instances(&sample));
        }
    }
}

/// The last claim of a page.
fn last(page: &str) -> (Chapter, StepReading) {
    let chapter = read_page(page, &Settings::default());
    assert!(chapter.errors.is_empty(), "{:?}", chapter.errors);
    let step = steps(&chapter).last().expect("a claim").clone();
    (chapter, step)
}

/// The values of a variable, column after column.
fn values(chapter: &Chapter, sample: &Sample, name: &str) -> Vec<f64> {
    let (id, _) = chapter.symbols.iter().find(|(_, symbol)| symbol.name == name).expect("a declared symbol");
    sample.values[&(id, Vec::new())].data.iter().map(|x| x.to_f64()).collect()
}

/// A closure that gives the value of a formula at a point: a variable's values for each of some names.
type Closure = fn(&[Vec<f64>]) -> f64;

/// A formula, its variables, and the same as a closure.
const CLOSURES: &[(&str, &str, &[&str], Closure)] = &[
    (
        "polynomial identity",
        "$a, b, c \\in \\mathbb{R}$\n\n$$ (a + b) (b + c) (c + a) = (a + b + c) (a b + b c + c a) - a b c $$\n",
        &["a", "b", "c"],
        |v| {
            let (a, b, c) = (v[0][0], v[1][0], v[2][0]);
            (a + b) * (b + c) * (c + a) - ((a + b + c) * (a * b + b * c + c * a) - a * b * c)
        },
    ),
    (
        "neuron's loss",
        "$\\mathbf{w}, \\mathbf{x} \\in \\mathbb{R}^8$, $b, y \\in \\mathbb{R}$\n\n\
         $$ (y - \\max(0, \\mathbf{w} \\cdot \\mathbf{x} + b))^2 = (\\max(0, \\mathbf{x} \\cdot \\mathbf{w} + b) - y)^2 $$\n",
        &["\\mathbf{w}", "\\mathbf{x}", "b", "y"],
        |v| {
            let z: f64 = v[0].iter().zip(&v[1]).map(|(w, x)| w * x).sum::<f64>() + v[2][0];
            let u: f64 = v[1].iter().zip(&v[0]).map(|(w, x)| w * x).sum::<f64>() + v[2][0];
            (v[3][0] - z.max(0.0)).powi(2) - (u.max(0.0) - v[3][0]).powi(2)
        },
    ),
    (
        "affine layer",
        "$W \\in \\mathbb{R}^{8 \\times 8}$, $\\mathbf{x}, \\mathbf{b} \\in \\mathbb{R}^8$\n\n\
         $$ \\mathbf{1}^\\top (W \\mathbf{x} + \\mathbf{b}) = \\operatorname{sum}(W \\mathbf{x}) + \\operatorname{sum}(\\mathbf{b}) $$\n",
        &["W", "\\mathbf{x}", "\\mathbf{b}"],
        |v| {
            let product = || (0..8).map(|i| (0..8).map(|j| v[0][8 * j + i] * v[1][j]).sum::<f64>());
            product().zip(&v[2]).map(|(p, b)| p + b).sum::<f64>() - (product().sum::<f64>() + v[2].iter().sum::<f64>())
        },
    ),
    (
        "softmax, cross-entropy",
        "$\\mathbf{z} \\in \\mathbb{R}^8$, $\\mathbf{p} \\in (0, 1)^8$\n\n\
         $$ -\\sum_{i=1}^{8} p_i \\ln \\frac{e^{z_i}}{\\sum_{j=1}^{8} e^{z_j}} \
         = \\operatorname{sum}(\\mathbf{p}) \\ln \\sum_{j=1}^{8} e^{z_j} - \\mathbf{p} \\cdot \\mathbf{z} $$\n",
        &["\\mathbf{z}", "\\mathbf{p}"],
        |v| {
            let sum = || v[0].iter().map(|z| z.exp()).sum::<f64>();
            let left: f64 = v[0].iter().zip(&v[1]).map(|(z, p)| p * (z.exp() / sum()).ln()).sum();
            -left - (v[1].iter().sum::<f64>() * sum().ln() - v[0].iter().zip(&v[1]).map(|(z, p)| z * p).sum::<f64>())
        },
    ),
];

/// Formulas beside the same as compiled closures, at as many points.
fn closures() {
    println!("\nA formula beside the same as a compiled closure, in microseconds a point\n");
    println!("{:24} {:>9} {:>9} {:>7} {:>9} {:>7}", "formula", "closure", "formula", "ratio", "judging", "ratio");
    for (name, page, variables, closure) in CLOSURES {
        let (chapter, step) = last(page);
        let points = samples(&chapter.symbols, &step.step, 0, POINTS);
        let inputs: Vec<Vec<Vec<f64>>> =
            points.iter().map(|sample| variables.iter().map(|name| values(&chapter, sample, name)).collect()).collect();
        for point in &inputs {
            assert!(closure(point).abs() < 1e-9, "the closure of {name} says something else");
        }
        let compiled = micros(time(|| inputs.iter().map(|point| closure(black_box(point))).sum::<f64>())) / points.len() as f64;
        let interpreted = micros(time(|| points.iter().map(|sample| both(&chapter, &step, sample, Mode::Dual)).collect::<Vec<_>>()));
        let interpreted = interpreted / points.len() as f64;
        let judgement = judge(&chapter.symbols, &step.step, 0);
        let judging = micros(time(|| judge(&chapter.symbols, &step.step, 0))) / judgement.samples as f64;
        println!("{name:24} {compiled:9.3} {interpreted:9.3} {:7.1} {judging:9.3} {:7.1}", interpreted / compiled, judging / compiled);
    }
}

/// Both sides of a step at a point.
fn both(chapter: &Chapter, step: &StepReading, sample: &Sample, mode: Mode) -> Option<f64> {
    let mut evaluator = Evaluator::<f64>::new(&chapter.symbols, sample, mode);
    let left = evaluator.value(&step.step.left).ok()?;
    let right = evaluator.value(&step.step.right).ok()?;
    Some(left.data.iter().zip(right.data.iter()).map(|(x, y)| (x.real - y.real).abs()).fold(0.0, f64::max))
}

/// One claim at the end of a short and of a long chapter.
fn length() {
    println!("\nOne claim behind so many formulas, in microseconds\n");
    println!("{:>9} {:>9} {:>9}", "formulas", "reading", "judging");
    let claim = "$\\mathbf{w}, \\mathbf{x} \\in \\mathbb{R}^n$, $b \\in \\mathbb{R}$, $y \\in \\mathbb{R}$\n\n\
                 $$ \\frac{\\partial}{\\partial \\mathbf{w}} (y - (\\mathbf{w} \\cdot \\mathbf{x} + b))^2 = -2 (y - \\mathbf{w} \\cdot \\mathbf{x} - b) \\mathbf{x}^\\top $$\n";
    for count in [10, 100, 1000] {
        let before: String = (0..count).map(|i| format!("$$ s_{{{i}}} := {i} + t^2, \\qquad s_{{{i}}} - t^2 = {i} $$\n\n")).collect();
        let before = format!("$t \\in \\mathbb{{R}}$\n\n{before}");
        let page = format!("{before}{claim}");
        let settings = Settings::default();
        let reading = time(|| read_page(&page, &settings)).saturating_sub(time(|| read_page(&before, &settings)));
        let (chapter, step) = last(&page);
        let judging = time(|| judge(&chapter.symbols, &step.step, 0));
        println!("{count:9} {:9.0} {:9.0}", micros(reading), micros(judging));
    }
}

/// A claim's name, its page for a size, and the sizes.
type Sized<'a> = (&'a str, &'a dyn Fn(usize) -> String, &'a [usize]);

/// Claims whose cost grows with n, at one point: by dual numbers and by differences, as a point is checked.
fn sizes() {
    println!("\nOne point of a claim with a derivative, in microseconds, against n\n");
    println!("{:24} {:>5} {:>12} {:>12} {:>12}", "claim", "n", "dual", "differences", "checked");
    let neuron = |n: usize| {
        format!(
            "$\\mathbf{{w}}, \\mathbf{{x}} \\in \\mathbb{{R}}^{{{n}}}$, $b, y \\in \\mathbb{{R}}$\n\n$z := \\mathbf{{w}} \\cdot \\mathbf{{x}} + b$\n\n\
             $$ \\frac{{\\partial}}{{\\partial \\mathbf{{w}}}} (y - \\max(0, z))^2 = -2 (y - \\max(0, z)) [z > 0] \\mathbf{{x}}^\\top $$\n"
        )
    };
    let affine = |n: usize| {
        format!(
            "$W \\in \\mathbb{{R}}^{{{n} \\times {n}}}$, $\\mathbf{{x}}, \\mathbf{{b}} \\in \\mathbb{{R}}^{{{n}}}$\n\n\
             $$ \\frac{{\\partial}}{{\\partial \\mathbf{{x}}}} (W \\mathbf{{x}} + \\mathbf{{b}}) = W $$\n"
        )
    };
    let softmax = |n: usize| {
        format!(
            "$\\mathbf{{z}} \\in \\mathbb{{R}}^{{{n}}}$, $\\mathbf{{p}} \\in (0, 1)^{{{n}}}$\n\n\
             $$ \\frac{{\\partial}}{{\\partial \\mathbf{{z}}}} \\left(-\\mathbf{{p}} \\cdot \\ln(\\operatorname{{softmax}}(\\mathbf{{z}}))\\right) \
             = \\operatorname{{sum}}(\\mathbf{{p}}) \\operatorname{{softmax}}(\\mathbf{{z}})^\\top - \\mathbf{{p}}^\\top $$\n"
        )
    };
    let determinant = |n: usize| {
        format!("$A \\in \\mathbb{{R}}^{{{n} \\times {n}}}$\n\n$$ \\frac{{\\partial}}{{\\partial A}} \\det A = \\det(A) A^{{-1}} $$\n")
    };
    let claims: [Sized; 4] = [
        ("neuron's loss", &neuron, &[4, 16, 64, 256]),
        ("affine layer", &affine, &[4, 16, 64, 256]),
        ("softmax, cross-entropy", &softmax, &[4, 16, 64, 256]),
        ("determinant", &determinant, &[4, 8, 12]),
    ];
    for (name, page, sizes) in claims {
        for n in sizes {
            let (chapter, step) = last(&page(*n));
            let found = samples(&chapter.symbols, &step.step, 0, 1);
            let measure = |mode| {
                both(&chapter, &step, found.first()?, mode)?;
                Some(time(|| both(&chapter, &step, &found[0], mode)))
            };
            match (measure(Mode::Dual), measure(Mode::Differences)) {
                (Some(dual), Some(differences)) => {
                    let all = dual + differences;
                    println!("{name:24} {n:5} {:12.1} {:12.1} {:12.1}", micros(dual), micros(differences), micros(all));
                }
                _ => println!("{name:24} {n:5} beyond the bounds of one evaluation"),
            }
        }
    }
}

//! Each analytic derivative of the book has its Rust function: held against the formula on the page, and against numerical differentiation.
//!
//! The rule: where a labelled display formula says of a derivative that it equals something, and no function in it is arbitrary, a Rust
//! fence of the same page holds the label in quotes, calls `formula`, and calls `numeric::`. A rule about arbitrary functions is left to
//! the checker, since no Rust function stands for all of them. A formula in a folded solution is as good as any other.

use proofread::check::{Chapter, FormulaReading, read_page};
use proofread::math::expr::{Relation, Step};
use proofread::math::symbol::{SymbolKind, Symbols};
use proofread::page::{self, Item};
use proofread::sample;

mod common;

/// Whether the step equates something with a derivative that a Rust function can stand for: one without arbitrary functions, also in
/// what its names stand for.
fn is_analytic_derivative(symbols: &Symbols, step: &Step) -> bool {
    let facts = sample::facts(symbols, step);
    let arbitrary = |kind: &SymbolKind| matches!(kind, SymbolKind::Function { body: None, .. } | SymbolKind::FunctionFamily { .. });
    step.relation == Relation::Equal && facts.derivative && !facts.symbols.iter().any(|id| arbitrary(&symbols[*id].kind))
}

/// The steps of a formula with which a function can be compared: of each chain those before the first sign that is none of equality.
fn comparable(formula: &FormulaReading) -> impl Iterator<Item = &Step> {
    formula
        .steps
        .chunk_by(|a, b| a.chain == b.chain)
        .flat_map(|chain| chain.iter().map(|step| &step.step).take_while(|step| step.relation == Relation::Equal))
}

/// The labels of a page's analytic derivatives.
fn derivatives(chapter: &Chapter) -> Vec<&str> {
    let formulas = chapter.formulas.iter().filter(|formula| formula.display);
    let analytic = formulas.filter(|formula| comparable(formula).any(|step| is_analytic_derivative(&chapter.symbols, step)));
    analytic.filter_map(|formula| formula.label.as_deref()).collect()
}

/// What is missing from a page, a line each.
fn missing(source: &str, chapter: &Chapter) -> Vec<String> {
    let items = page::read(source).items;
    let rust: Vec<&str> = items
        .iter()
        .filter_map(|item| match item {
            Item::Code(fence) if fence.info == "rust" => Some(fence.text.as_str()),
            _ => None,
        })
        .collect();
    let mut missing = Vec::new();
    for label in derivatives(chapter) {
        let mut naming = rust.iter().filter(|code| code.contains("formula(") && code.contains(&format!("\"{label}\""))).peekable();
        if naming.peek().is_none() {
            missing.push(format!("`{label}` has no Rust function: no snippet of the page holds one against `formula(\"{label}\")`"));
        } else if !naming.any(|code| code.contains("numeric::")) {
            missing.push(format!("`{label}` has a Rust function that its snippet does not hold against `numeric::…`"));
        }
    }
    missing
}

#[test]
fn every_analytic_derivative_has_its_function() {
    let settings = common::settings();
    let mut wrong = Vec::new();
    let mut found = 0;
    for (file, source) in common::sources() {
        let chapter = read_page(&source, &settings);
        found += derivatives(&chapter).len();
        wrong.extend(missing(&source, &chapter).into_iter().map(|message| format!("{file}: {message}")));
    }
    assert!(wrong.is_empty(), "\n{}\n{} of {found} are missing", wrong.join("\n"), wrong.len());
    assert!(found >= 200, "{found}");
}

#[test]
fn what_is_missing_is_found() {
    let page = r#"Let $x \in \mathbb{R}$ and $f : \mathbb{R} \to \mathbb{R}$, and let $y := f(x)$.

$$ \frac{d}{dx} x^2 = 2x \label{a.held} $$
$$ \frac{d}{dx} x^3 = 3x^2 \label{a.not-measured} $$
$$ \frac{d}{dx} x^4 = 4x^3 \label{a.absent} $$
$$ \frac{dy}{dx} = f'(x) \label{a.arbitrary} $$
$$ \frac{d}{dx} x^2 \ne x \label{a.refuted} $$
$$ (x + 1)^2 = x^2 + 2x + 1 \label{a.algebra} $$

```rust
formula("a.held").agrees_with(|at| 2.0 * at.scalar("x"));
assert_relative_eq!(2.0, numeric::derivative(|x| x * x, 1.0));
```

```rust
formula("a.not-measured").agrees_with(|at| 3.0 * at.scalar("x").powi(2));
```
"#;
    let chapter = read_page(page, &common::settings());
    assert_eq!(derivatives(&chapter), ["a.held", "a.not-measured", "a.absent"]);
    let missing = missing(page, &chapter);
    let starts = ["`a.not-measured` has a Rust function that", "`a.absent` has no Rust function"];
    assert_eq!(missing.len(), starts.len(), "{missing:?}");
    assert!(missing.iter().zip(starts).all(|(message, start)| message.starts_with(start)), "{missing:?}");
}

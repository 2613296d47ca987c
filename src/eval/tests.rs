use super::*;
use crate::check::{Chapter, Settings, read_page};

/// The first side of the only step of a page, at a value of its first symbol, in floating point, with a part of the usual step.
fn at(page: &Chapter, x: Rational, mode: Mode, part: f64) -> f64 {
    let step = page.formulas.iter().flat_map(|formula| &formula.steps).next().expect("the page has a step");
    let mut sample = Sample::default();
    let (symbol, _) = page.symbols.iter().next().expect("the page has a symbol");
    sample.values.insert((symbol, Vec::new()), crate::sample::Matrix { rows: 1, cols: 1, data: vec![x] });
    let mut evaluator = Evaluator::<f64>::new(&page.symbols, &sample, mode);
    evaluator.part = part;
    evaluator.value(&step.step.left).expect("it has a value").data[0].real
}

fn page(formula: &str) -> Chapter {
    read_page(&format!("Let $x \\in \\mathbb{{R}}$.\n\n$$ {formula} $$\n"), &Settings::default())
}

#[test]
fn differences_are_extrapolated() {
    let sine = page(r"\frac{d}{dx} \sin x = \cos x");
    let error = at(&sine, Rational::new(1, 1), Mode::Differences, 1.0) - libm::cos(1.0);
    // Not extrapolated it would be 1e-8, extrapolated once 1e-13 at most for steps that are not divided.
    assert!(error.abs() < 1e-12, "{error}");
    let twice = page(r"\frac{d^2}{dx^2} \sin x = -\sin x");
    let error = at(&twice, Rational::new(1, 1), Mode::Differences, 1.0) + libm::sin(1.0);
    assert!(error.abs() < 1e-9, "{error}");
}

#[test]
fn a_part_of_the_usual_step_comes_closer_to_a_pole() {
    let page = page(r"\frac{d}{dx} \frac1x = -\frac{1}{x^2}");
    let error = |part| (at(&page, Rational::new(1, 100), Mode::Differences, part) + 1e4).abs() / 1e4;
    assert!(error(1.0) > 1e-8, "{}", error(1.0));
    assert!(error(0.125) < 1e-10, "{}", error(0.125));
}

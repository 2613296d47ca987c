//! Whatever a page holds, it is judged in bounded time and memory, and where a bound is reached the message names it.
//!
//! Tests run on threads with a small stack, so that what is nested too deeply for it would be seen here.

use std::time::{Duration, Instant};

use proofread::check::{PageReport, Settings, StepReport, Verdict, check_page};
use proofread::diagnostic::Code;

const HEAD: &str = "$x, y \\in \\mathbb{R}$, $\\mathbf{x} \\in \\mathbb{R}^n$, $A, B \\in \\mathbb{R}^{n \\times n}$, $f : \\mathbb{R} \\to \\mathbb{R}$.\n\n";
/// Far more than any of these pages takes, even in a build for tests on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn check(page: &str) -> PageReport {
    let start = Instant::now();
    let report = check_page(&format!("{HEAD}{page}"), "page.md", &Settings::default());
    assert!(start.elapsed() < PATIENCE, "{:?} for {}…", start.elapsed(), page.chars().take(60).collect::<String>());
    report
}

fn steps(report: &PageReport) -> impl Iterator<Item = &StepReport> {
    report.formulas.iter().flat_map(|formula| &formula.steps)
}

/// The messages of a page about a bound.
fn limits(report: &PageReport) -> Vec<String> {
    let said = steps(report).filter_map(|step| step.diagnostic.as_ref());
    report.errors.iter().chain(said).filter(|said| said.code == Code::Limit).map(|said| said.message.clone()).collect()
}

fn display(tex: &str) -> String {
    format!("$$ {tex} $$\n")
}

fn nested(open: &str, close: &str, count: usize) -> String {
    display(&format!("{}x{} = x", open.repeat(count), close.repeat(count)))
}

#[test]
fn what_is_nested_too_deeply_is_told() {
    // What changes nothing, so that it may well hold.
    let grouping = ["-"];
    for (open, close) in [
        ("(", ")"),
        ("{", "}"),
        ("\\left(", "\\right)"),
        ("[", "]"),
        ("\\frac{1}{", "}"),
        ("\\sqrt{", "}"),
        ("x^{", "}"),
        ("f(", ")"),
        ("\\sin ", ""),
        ("-", ""),
        ("\\hat{", "}"),
        ("\\begin{bmatrix}", "\\end{bmatrix}"),
        ("\\operatorname{vec}(", ")"),
        ("\\frac{d}{dx} ", ""),
        ("\\sum_{i=1}^{2} ", ""),
        ("\\begin{cases} 1 & \\text{if } ", "\\end{cases}"),
        ("\\left. ", "\\right|_{x = 2}"),
        ("\\text{", "}"),
    ] {
        for count in [40, 90, 300, 900, 4000] {
            let report = check(&nested(open, close, count));
            let holds = report.errors.is_empty() && steps(&report).all(|step| matches!(step.verdict, Verdict::Exact | Verdict::Checked));
            assert!(!holds || count == 40 || grouping.contains(&open), "{open} {count}");
        }
        let many = check(&nested(open, close, 30_000));
        assert_eq!(limits(&many), ["a formula may have 20000 signs at most"], "{open}");
    }
}

#[test]
fn long_sums_and_products_are_evaluated() {
    for sign in ["+", "-", "", "\\cdot{}", "\\odot{}"] {
        let side = vec!["x"; if sign.len() > 1 { 2400 } else { 4900 }].join(sign);
        let report = check(&display(&format!("{side} = {side}")));
        assert!(report.errors.is_empty(), "{sign} {:?}", report.errors);
        assert_eq!(steps(&report).count(), 1, "{sign}");
    }
    let chain = check(&display(&vec!["x"; 4000].join("=")));
    assert_eq!(steps(&chain).filter(|step| step.verdict == Verdict::Exact).count(), 3999);
}

#[test]
fn sizes_and_exponents_have_bounds() {
    for (tex, what) in [
        ("\\sum_{i=1}^{1000000000} x = x", "the length of a sum"),
        ("\\sum_{i=1}^{1000} \\sum_{j=1}^{1000} \\sum_{k=1}^{1000} x = x", "the number of operations"),
        ("x^{1000000000} = x", "the size of an exponent"),
        ("A^{1000000} = A", "the size of an exponent"),
        ("f''''''(x) = x", "four derivatives"),
        (
            "\\frac{d}{dx} \\frac{d}{dx} \\frac{d}{dx} \\frac{d}{dx} \\frac{d}{dx} \\frac{d}{dx} \\frac{d}{dx} \\sin x = x",
            "nested derivatives",
        ),
    ] {
        let said = limits(&check(&display(tex)));
        assert!(said.len() == 1 && said[0].contains(what), "{tex}: {said:?}");
    }
    let large = "$\\mathbf{u} \\in \\mathbb{R}^{1000000000}$, $\\mathbf{v}_1, \\dots, \\mathbf{v}_{1000000} \\in \\mathbb{R}^2$.\n\n";
    // Sizes that are too large are told where they are declared.
    let said = limits(&check(&format!("{large}{}", display("\\mathbf{u} = \\mathbf{u}"))));
    assert!(said.len() == 2 && said.iter().all(|text| text.contains("a size may be 1000 at most")), "{said:?}");
}

#[test]
fn definitions_that_grow_have_bounds() {
    let chain = |step: &str| -> String {
        (1..3000).map(|i| format!("${}$\n\n", step.replace('+', &i.to_string()).replace('-', &(i - 1).to_string()))).collect()
    };
    for (first, step, last) in [
        ("$f_0(x) := x$\n\n", "f_{+}(x) := f_{-}(x) 2", "f_{2999}(x) = x"),
        ("$f_0(x) := x$\n\n", "f_{+}(x) := f_{-}(x) f_{-}(x)", "f_{2999}(x) = x"),
        ("$a_0 := x$\n\n", "a_{+} := a_{-} 2", "a_{2999} = x"),
    ] {
        let said = limits(&check(&format!("{first}{}{}", chain(step), display(last))));
        assert!(!said.is_empty(), "{step}");
    }
    // What is defined as a symbol is evaluated once, however often it occurs.
    let doubled: String = (1..50).map(|i| format!("$a_{{{i}}} := a_{{{}}} + a_{{{}}}$\n\n", i - 1, i - 1)).collect();
    let report = check(&format!("$a_0 := x$\n\n{doubled}{}", display("a_{49} = 2^{49} x")));
    assert_eq!(limits(&report), [""; 0]);
    assert_eq!(report.formulas.last().map(|formula| formula.steps[0].verdict), Some(Verdict::Exact));
}

#[test]
fn a_page_of_a_megabyte_is_read() {
    for part in [
        "$$ ", "$ a ", "$", "[", "- ", "> ", "*a **b ", "`", "<b>", "| $x$ ", "\\begin{", "$x$ \\(", "# $x$\n", "```\n", "$$\n", "~~~",
        "&amp;", "\u{301}",
    ] {
        check(&part.repeat(1_000_000 / part.len()));
    }
}

//! What a report says beside verdicts: symbols with their shapes, and places in the file.

use proofread::check::{PageReport, Settings, SymbolReport, Verdict, check_page};
use proofread::diagnostic::Code;

fn check(page: &str) -> PageReport {
    check_page(page, "page.md", &Settings::default())
}

fn words(symbols: &[SymbolReport]) -> Vec<(&str, &str, bool)> {
    symbols.iter().map(|symbol| (symbol.name.as_str(), symbol.shape.as_str(), symbol.defined)).collect()
}

#[test]
fn each_kind_of_symbol_is_told_in_words() {
    let page = r"Let $x \in \mathbb{R}$ and $\mathbf{x} \in \mathbb{R}^n$ and $A \in \mathbb{R}^{m \times n}$ and $i \in \{1, \dots, n\}$.
Let $k \in \mathbb{N}$ and $l \in \mathbb{Z}$ and $y_1, \dots, y_N \in \mathbb{R}$ and $f : \mathbb{R}^n \to \mathbb{R}$ and $g_1, \dots, g_N : \mathbb{R} \to \mathbb{R}$.

$$ s := x + 1, \qquad \mathbf{r} := [x, s], \qquad h(x, \mathbf{x}) := x \mathbf{x}, \qquad c_i := i x $$
";
    let report = check(page);
    assert_eq!(report.errors, []);
    let introduced: Vec<SymbolReport> = report.formulas.iter().flat_map(|formula| formula.introduces.clone()).collect();
    assert_eq!(
        words(&introduced),
        [
            ("x", "a scalar", false),
            ("n", "a dimension", false),
            ("\\mathbf{x}", "a vector, n×1", false),
            ("m", "a dimension", false),
            ("A", "a matrix, m×n", false),
            ("i", "an index from 1 to n", false),
            ("k", "a natural number", false),
            ("l", "a whole number", false),
            ("N", "a dimension", false),
            ("y", "a family, each member a scalar", false),
            ("f", "a function of n×1, with values a scalar", false),
            ("g", "a function of a scalar, with values a scalar", false),
            ("s", "a scalar", true),
            ("\\mathbf{r}", "a row, 1×2", true),
            ("h", "a function of a scalar and n×1, with values n×1", true),
            ("c", "a family, each member a scalar", true),
        ]
    );
    assert!(introduced.iter().all(|symbol| page[symbol.introduced.range()].contains(&symbol.name) || symbol.name.len() == 1));
}

#[test]
fn a_step_lists_what_it_mentions() {
    let report = check(
        r"Let $x \in \mathbb{R}$ and $\mathbf{x} \in \mathbb{R}^n$ and $i \in \{1, \dots, n\}$ and $f : \mathbb{R} \to \mathbb{R}$ and $y_1, \dots, y_N \in \mathbb{R}$.

$$ h(t) := t x $$

$$ x_i + n = n + x_i, \qquad f(x) + y_1 = y_1 + f(x), \qquad \sum_{j=1}^{n} x_j = \sum_j x_j, \qquad h(2) = 2x $$
",
    );
    let steps = &report.formulas.last().unwrap().steps;
    let mentioned: Vec<Vec<&str>> = steps.iter().map(|step| step.symbols.iter().map(|symbol| symbol.name.as_str()).collect()).collect();
    assert_eq!(mentioned[..], [vec!["n", "\\mathbf{x}"], vec!["x", "f", "y"], vec!["\\mathbf{x}"], vec!["x"]]);
}

/// The places of a fence's own messages lead into the file.
#[test]
fn a_fence_has_places_in_the_file() {
    let page = "Let $x \\in \\mathbb{R}$.\n\n```proofread-refused\n$$ x + x = 3x $$\n\n$$ x + \\foo = 1 $$ \\eqref{a.b}\n```\n\n> ```proofread-refused\n> $$ x = 2 $$\n>\n> $$ x = 3 $$\n> ```\n";
    let report = check(page);
    assert_eq!(report.errors, []);
    let [plain, quoted] = &report.refused[..] else { panic!("{:?}", report.refused) };
    let step = &plain.formulas[0].steps[0];
    assert_eq!(step.verdict, Verdict::Refused);
    assert_eq!((&page[step.at.range()], &page[step.left.range()], &page[step.right.range()]), ("=", "x + x", "3x"));
    assert_eq!((&page[plain.formulas[0].span.range()], &page[plain.formulas[0].tex_span.range()]), ("$$ x + x = 3x $$", " x + x = 3x "));
    assert_eq!(plain.messages.len(), 2);
    assert_eq!((plain.messages[0].code, &page[plain.messages[0].span.range()]), (Code::UnknownCommand, "\\foo"));
    let said = step.diagnostic.as_ref().unwrap();
    assert_eq!(&page[said.labels[0].0.range()], "x + x");
    // In a block quote places lead to the fence as a whole.
    let step = &quoted.formulas[0].steps[0];
    assert!(step.at.start >= quoted.span.start && step.at.end <= quoted.span.start + 3, "{:?} {:?}", step.at, quoted.span);
}

#[test]
fn a_fence_in_which_all_holds_is_an_error_at_its_first_signs() {
    let page = "So\n\n```proofread-refused\n$$ 1 = 1 $$\n```\n";
    let report = check(page);
    let found: Vec<(Code, &str)> = report.errors.iter().map(|error| (error.code, &page[error.span.range()])).collect();
    assert_eq!(found, [(Code::Refused, "```")]);
}

#[test]
fn a_refutation_of_two_shapes_holds() {
    let report = check(
        "Let $\\mathbf{x} \\in \\mathbb{R}^n$.\n\n$$ \\mathbf{x} \\ne \\mathbf{x}^\\top, \\qquad \\mathbf{x} = \\mathbf{x}^\\top $$\n",
    );
    let steps = &report.formulas.last().unwrap().steps;
    assert_eq!((steps[0].verdict, steps[1].verdict), (Verdict::Exact, Verdict::Refused));
    assert_eq!((steps[0].diagnostic.is_none(), steps[1].diagnostic.as_ref().map(|said| said.code)), (true, Some(Code::Shape)));
}

use std::panic::{AssertUnwindSafe, catch_unwind};

use nalgebra::RowDVector;

use super::*;
use crate::math::expr::Condition;
use crate::math::symbol::Domain;

/// A page that was built by hand. Each formula stands in a line of its own.
#[derive(Default)]
struct Hand(Chapter, String);

fn expr(kind: Kind, shape: &Shape) -> Expr {
    Expr { kind, shape: shape.clone(), span: Span::default() }
}

fn like(kind: fn(Box<Expr>, Box<Expr>) -> Kind, a: &Expr, b: &Expr) -> Expr {
    expr(kind(Box::new(a.clone()), Box::new(b.clone())), &a.shape)
}

fn number(value: i64) -> Expr {
    expr(Kind::Int(Int::constant(value)), &Shape::scalar())
}

fn message(run: impl FnOnce()) -> String {
    let failure = catch_unwind(AssertUnwindSafe(run)).expect_err("nothing failed");
    failure.downcast_ref::<String>().cloned().unwrap_or_default()
}

impl Hand {
    fn symbol(&mut self, name: &str, shape: &Shape, kind: SymbolKind) -> SymbolId {
        self.0.symbols.add(Symbol { name: name.to_string(), shape: shape.clone(), kind, introduced: Span::default() })
    }

    fn size(&mut self, name: &str) -> Int {
        Int::symbol(self.symbol(name, &Shape::scalar(), SymbolKind::Whole { low: Some(Int::one()), high: None, dimension: true }))
    }

    fn variable(&mut self, name: &str, shape: &Shape) -> Expr {
        let id = self.symbol(name, shape, SymbolKind::Variable { domain: Domain::Reals, parameter: false });
        expr(Kind::Symbol(id), shape)
    }

    fn family(&mut self, name: &str, shape: &Shape, last: &Int) -> SymbolId {
        self.symbol(name, shape, SymbolKind::Family { ranges: vec![(Int::one(), last.clone())], domain: Domain::Reals })
    }

    /// Puts a text on the page and says that this expression stands there.
    fn write(&mut self, text: &str, expr: &Expr) -> Expr {
        let start = self.1.len();
        self.1.push_str(text);
        Expr { span: Span::new(start, self.1.len()), ..expr.clone() }
    }

    fn step(&self, left: &Expr, relation: Relation, right: &Expr) -> Step {
        let (left, right) = (left.clone(), right.clone());
        let text = format!("{left:?}{right:?}");
        Step { left, relation, right, at: Span::default(), free: Vec::new(), conditions: Vec::new(), text }
    }

    /// A formula with one chain for each list of steps.
    fn formula(&mut self, label: &str, chains: Vec<Vec<Step>>, definitions: Vec<Step>) {
        let steps = chains.into_iter().enumerate().flat_map(|(chain, steps)| steps.into_iter().map(move |step| (chain, step)));
        let read =
            |(number, (chain, step))| StepReading { step, number, tex: "a = b".to_string(), inside: Vec::new(), chain, misfit: None };
        let formula = FormulaReading {
            beside: None,
            span: Span::new(self.1.len(), self.1.len()),
            tex_span: Span::default(),
            display: true,
            label: Some(label.to_string()),
            unchecked: None,
            steps: steps.enumerate().map(read).collect(),
            definitions,
            introduces: Vec::new(),
        };
        self.0.formulas.push(formula);
        self.1.push('\n');
    }

    fn page(self) -> Arc<Page> {
        Arc::new(Page { file: "book/by-hand.md".to_string(), source: self.1, chapter: self.0 })
    }
}

fn take(page: &Arc<Page>, label: &str) -> Formula {
    Formula { page: Arc::clone(page), label: label.to_string(), claim: 0 }
}

/// A chain of two steps about a number, another claim, a refutation, and a definition alone.
fn numbers() -> Arc<Page> {
    let mut hand = Hand::default();
    hand.1.push_str("A first line.\n");
    let x = hand.variable("x", &Shape::scalar());
    let z = hand.variable("z", &Shape::scalar());
    let twice = hand.write("2x", &like(Kind::Mul, &number(2), &x));
    let sum = hand.write("x +\n x", &like(Kind::Add, &x, &x));
    // The last side is right where z is zero, and so the sample must hold a value of z.
    let shifted = like(Kind::Sub, &like(Kind::Add, &twice, &z), &z);
    let shifted = hand.write("2x + z - z", &shifted);
    let y = hand.symbol("y", &Shape::scalar(), SymbolKind::Defined(twice.clone()));
    let y = expr(Kind::Symbol(y), &Shape::scalar());
    let chain = vec![hand.step(&twice, Relation::Equal, &sum), hand.step(&sum, Relation::Equal, &shifted)];
    let other = vec![hand.step(&y, Relation::Equal, &twice), hand.step(&twice, Relation::LessOrEqual, &number(7))];
    hand.formula("numbers.double", vec![chain, other], Vec::new());
    let refuted = vec![hand.step(&twice, Relation::NotEqual, &x)];
    hand.formula("numbers.mistake", vec![refuted], Vec::new());
    let definition = hand.step(&y, Relation::Equal, &twice);
    hand.formula("numbers.definition", Vec::new(), vec![definition]);
    hand.page()
}

#[test]
fn a_function_that_agrees_with_every_side() {
    let page = numbers();
    take(&page, "numbers.double").agrees_with(|at| 2.0 * at.scalar("x") + 0.0 * at.scalar("z"));
    take(&page, "numbers.double").claim(1).agrees_with(|at| at.scalar("y"));
    take(&page, "numbers.definition").agrees_with(|at| DMatrix::from_element(1, 1, 2.0 * at.scalar("x")));
}

#[test]
fn a_function_that_does_not() {
    let page = numbers();
    let said = message(|| take(&page, "numbers.double").agrees_with(|at| 2.0 * at.scalar("x") + 1e-6));
    for expected in
        ["`numbers.double` at book/by-hand.md:3 is not what", "at x = ", "at z = ", "the function gives ", "the formula's `2x` is "]
    {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    let said = message(|| take(&page, "numbers.double").agrees_with(|at| DVector::from_element(2, at.scalar("x"))));
    assert!(said.ends_with("the one is 2×1, the other 1×1"), "{said}");
    let said = message(|| take(&page, "numbers.double").claim(1).agrees_with(|at| at.scalar("x")));
    assert!(said.contains("is not what the function gives"), "{said}");
    let said = message(|| take(&page, "numbers.definition").agrees_with(|_| f64::NAN));
    assert!(said.contains("the function gives NaN"), "{said}");
}

#[test]
fn a_side_in_the_middle_or_at_the_end_is_compared_too() {
    let mut hand = Hand::default();
    let x = hand.variable("x", &Shape::scalar());
    let wrong = hand.write("x + x", &like(Kind::Add, &x, &x));
    let steps = vec![hand.step(&x, Relation::Equal, &x), hand.step(&x, Relation::Equal, &wrong)];
    hand.formula("wrong.end", vec![steps], Vec::new());
    let said = message(|| take(&hand.page(), "wrong.end").agrees_with(|at| at.scalar("x")));
    assert!(said.contains("the formula's `x + x` is"), "{said}");
}

#[test]
fn what_is_not_there_is_said() {
    let page = numbers();
    let ask = |label: &str, claim: usize| message(|| take(&page, label).claim(claim).agrees_with(|_| 0.0));
    assert!(ask("numbers.double", 2).contains("has the claims 0 to 1, and no number 2"));
    assert!(ask("numbers.definition", 1).contains("has one claim, number 0, and no number 1"));
    assert!(ask("numbers.mistake", 0).contains("is not an equation"));
    assert!(ask("numbers.other", 0).contains("could not be read"));
    let said = message(|| take(&page, "numbers.double").agrees_with(|at| at.scalar("w")));
    assert!(said.contains("no symbol `w` that is a number; it has `x` (a scalar), `z` (a scalar)"), "{said}");
    let said = message(|| take(&page, "numbers.double").agrees_with(|at| f64::from(at.whole("x"))));
    assert!(said.contains("no symbol `x` that is a whole number"), "{said}");
}

#[test]
fn a_condition_that_no_sample_meets() {
    let mut hand = Hand::default();
    let x = hand.variable("x", &Shape::scalar());
    let mut step = hand.step(&x, Relation::Equal, &x);
    step.conditions = vec![Condition::Relation(Relation::Less, Box::new(x.clone()), Box::new(x.clone()))];
    hand.formula("never.holds", vec![vec![step]], Vec::new());
    let said = message(|| take(&hand.page(), "never.holds").agrees_with(|at| at.scalar("x")));
    assert!(said.contains("has values on 0 samples only"), "{said}");
}

#[test]
fn vectors_matrices_and_families_by_their_names() {
    let mut hand = Hand::default();
    let (m, n, last) = (hand.size("m"), hand.size("n"), hand.size("N"));
    let x = hand.variable("\\mathbf{x}", &Shape::column(n.clone()));
    let w = hand.variable("W", &Shape::matrix(m.clone(), n.clone()));
    let product = expr(Kind::Mul(Box::new(w.clone()), Box::new(x.clone())), &Shape::column(m.clone()));
    let steps = vec![hand.step(&product, Relation::Equal, &product)];
    hand.formula("layer.product", vec![steps], Vec::new());
    let row = expr(Kind::Transpose(Box::new(x.clone())), &Shape::row(n.clone()));
    let steps = vec![hand.step(&row, Relation::Equal, &row)];
    hand.formula("layer.row", vec![steps], Vec::new());
    let i = hand.symbol("i", &Shape::scalar(), SymbolKind::Whole { low: Some(Int::one()), high: Some(last.clone()), dimension: false });
    let (ys, xs) = (hand.family("y", &Shape::scalar(), &last), hand.family("\\mathbf{x}", &Shape::column(n.clone()), &last));
    let y = expr(Kind::Member(ys, vec![Int::symbol(i)]), &Shape::scalar());
    let member = expr(Kind::Member(xs, vec![Int::symbol(i)]), &Shape::column(n.clone()));
    let scaled = expr(Kind::Mul(Box::new(y), Box::new(member)), &Shape::column(n));
    let range = crate::math::expr::IndexRange { index: i, low: Int::one(), high: last };
    let mut step = hand.step(&scaled, Relation::Equal, &scaled);
    let sum = expr(Kind::Sum(vec![range.clone()], None, Box::new(scaled.clone())), &scaled.shape);
    step.free = vec![range];
    hand.formula("families.free", vec![vec![step]], Vec::new());
    let step = hand.step(&sum, Relation::Equal, &sum);
    hand.formula("families.sum", vec![vec![step]], Vec::new());
    let page = hand.page();
    take(&page, "layer.product").agrees_with(|at| at.matrix("W") * at.vector("x"));
    take(&page, "layer.product").agrees_with(|at| {
        assert_eq!(at.matrix("W").shape(), (at.whole("m") as usize, at.whole("n") as usize));
        at.matrix("W") * at.vector("\\mathbf{x}")
    });
    take(&page, "layer.row").agrees_with(|at| RowDVector::from_column_slice(at.vector("x").as_slice()));
    take(&page, "layer.row").agrees_with(|at| at.matrix("x").transpose().row(0).into_owned());
    take(&page, "families.free").agrees_with(|at| {
        let i = at.whole("i") as usize - 1;
        at.vectors("x")[i].clone() * at.scalars("y")[i]
    });
    take(&page, "families.sum").agrees_with(|at| {
        let terms = at.vectors("x").into_iter().zip(at.scalars("y")).map(|(x, y)| x * y);
        terms.reduce(|a, b| a + b).unwrap()
    });
    let said = message(|| take(&page, "families.sum").agrees_with(|at| at.vectors("x")[0].clone() * at.scalars("y")[0]));
    assert!(said.contains("at y_{2} = "), "{said}");
    let said = message(|| take(&page, "layer.row").agrees_with(|at| at.scalar("x")));
    assert!(said.contains("it has `\\mathbf{x}` (n×1), `n` (a scalar)"), "{said}");
}

/// A page as the reader reads it.
fn read(source: &str) -> Arc<Page> {
    let chapter = check::read_page(source, &check::Settings::default());
    assert!(chapter.errors.is_empty(), "{:?}", chapter.errors);
    Arc::new(Page { file: "book/read.md".to_string(), source: source.to_string(), chapter })
}

#[test]
fn definitions_in_their_order_and_those_of_functions() {
    let page = read("Let $x, y \\in \\mathbb{R}$.\n\n$$ u := x + 1, \\qquad f(x, t) := x y t, \\qquad v := 2u \\label{some.names} $$\n");
    let definition = |number| take(&page, "some.names").claim(number);
    definition(0).agrees_with(|at| at.scalar("x") + 1.0);
    definition(1).agrees_with(|at| at.scalar("x") * at.scalar("y") * at.scalar("t"));
    definition(2).agrees_with(|at| 2.0 * at.scalar("x") + 2.0);
    let said = message(|| definition(1).agrees_with(|at| at.scalar("x") * at.scalar("y")));
    assert!(said.contains("the formula `some.names` at book/read.md:3") && said.contains("the formula's `x y t` is"), "{said}");
}

#[test]
fn conditions_hold_at_every_sample() {
    let page = read("Let $x \\in \\mathbb{R}$.\n\n$$ |x| = x \\quad \\text{if } x > 0 \\label{absolute.positive} $$\n");
    take(&page, "absolute.positive").agrees_with(|at| {
        assert!(at.scalar("x") > 0.0);
        at.scalar("x")
    });
}

#[test]
fn an_unknown_label_names_the_nearest() {
    let said = message(|| drop(formula("derivative.sqare")));
    assert!(said.contains("`derivative.sqare`; the nearest is `derivative.square`"), "{said}");
    assert_eq!((distance("", "abc"), distance("kitten", "sitting"), distance("ab", "ab")), (3, 3, 0));
}

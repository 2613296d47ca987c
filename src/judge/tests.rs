use super::*;
use crate::math::expr::{Arrangement, By, Condition, Elementary, Extremum, IndexRange, Reduction, Shape};
use crate::math::symbol::Symbol;

/// A chapter's symbols, built by hand.
#[derive(Default)]
struct Page(Symbols);

fn expr(kind: Kind, shape: &Shape) -> Expr {
    Expr { kind, shape: shape.clone(), span: Span::default() }
}

fn number(value: i64) -> Expr {
    expr(Kind::Number(BigRational::from_integer(value.into())), &Shape::scalar())
}

fn like(kind: fn(Box<Expr>, Box<Expr>) -> Kind, a: &Expr, b: &Expr) -> Expr {
    let shape = if a.shape.is_scalar() { &b.shape } else { &a.shape };
    expr(kind(Box::new(a.clone()), Box::new(b.clone())), shape)
}

fn add(a: &Expr, b: &Expr) -> Expr {
    like(Kind::Add, a, b)
}

fn sub(a: &Expr, b: &Expr) -> Expr {
    like(Kind::Sub, a, b)
}

fn mul(a: &Expr, b: &Expr) -> Expr {
    if a.shape.is_scalar() || b.shape.is_scalar() {
        return like(Kind::Mul, a, b);
    }
    expr(Kind::Mul(Box::new(a.clone()), Box::new(b.clone())), &Shape::matrix(a.shape.rows.clone(), b.shape.cols.clone()))
}

fn transpose(a: &Expr) -> Expr {
    expr(Kind::Transpose(Box::new(a.clone())), &a.shape.transposed())
}

fn inverse(a: &Expr) -> Expr {
    expr(Kind::MatrixPower(Box::new(a.clone()), Int::constant(-1)), &a.shape)
}

fn apply(function: Elementary, a: &Expr) -> Expr {
    expr(Kind::Elementary(function, Box::new(a.clone())), &a.shape)
}

fn power(a: &Expr, exponent: i64) -> Expr {
    like(Kind::Power, a, &number(exponent))
}

fn reduce(reduction: Reduction, a: &Expr) -> Expr {
    expr(Kind::Reduce(reduction, Box::new(a.clone())), &Shape::scalar())
}

fn dot(a: &Expr, b: &Expr) -> Expr {
    expr(Kind::Dot(Box::new(a.clone()), Box::new(b.clone())), &Shape::scalar())
}

fn id(a: &Expr) -> SymbolId {
    match a.kind {
        Kind::Symbol(id) => id,
        _ => panic!("no symbol"),
    }
}

/// The derivative in the numerator layout.
fn derivative(body: &Expr, by: &Expr) -> Expr {
    let one = Int::one();
    let (arrangement, shape) = if !by.shape.cols.is_one() {
        (Arrangement::LikeByTransposed, by.shape.transposed())
    } else if by.shape.is_scalar() {
        (Arrangement::LikeBody, body.shape.clone())
    } else {
        assert!(body.shape.cols == one);
        (Arrangement::Jacobian, Shape::matrix(body.shape.rows.clone(), by.shape.rows.clone()))
    };
    expr(Kind::Derivative(Box::new(body.clone()), By::Symbol(id(by)), arrangement), &shape)
}

impl Page {
    fn symbol(&mut self, name: &str, shape: &Shape, kind: SymbolKind) -> Expr {
        let id = self.0.add(Symbol { name: name.to_string(), shape: shape.clone(), kind, introduced: Span::default() });
        expr(Kind::Symbol(id), shape)
    }

    fn whole(&mut self, name: &str, low: Int, high: Option<Int>, dimension: bool) -> Int {
        let kind = SymbolKind::Whole { low: Some(low), high, dimension };
        Int::symbol(id(&self.symbol(name, &Shape::scalar(), kind)))
    }

    fn size(&mut self, name: &str) -> Int {
        self.whole(name, Int::one(), None, true)
    }

    fn within(&mut self, name: &str, shape: &Shape, domain: Domain) -> Expr {
        self.symbol(name, shape, SymbolKind::Variable { domain, parameter: false })
    }

    fn variable(&mut self, name: &str, shape: &Shape) -> Expr {
        self.within(name, shape, Domain::Reals)
    }

    fn scalar(&mut self, name: &str) -> Expr {
        self.variable(name, &Shape::scalar())
    }

    fn define(&mut self, name: &str, value: &Expr) -> Expr {
        self.symbol(name, &value.shape, SymbolKind::Defined(value.clone()))
    }

    fn function(&mut self, name: &str, from: &Shape, to: &Shape) -> SymbolId {
        let parameter = self.symbol("p", from, SymbolKind::Variable { domain: Domain::Reals, parameter: true });
        let kind = SymbolKind::Function { parameters: vec![id(&parameter)], body: None, range: Domain::Reals };
        id(&self.symbol(name, to, kind))
    }

    fn relate(&self, left: &Expr, relation: Relation, right: &Expr) -> Judgement {
        self.judge(left, relation, right, Vec::new(), Vec::new())
    }

    fn judge(&self, left: &Expr, relation: Relation, right: &Expr, free: Vec<IndexRange>, conditions: Vec<Condition>) -> Judgement {
        let step = Step {
            left: left.clone(),
            relation,
            right: right.clone(),
            at: Span::default(),
            free,
            conditions,
            text: format!("{left:?}{right:?}"),
        };
        judge(&self.0, &step, 0)
    }

    #[track_caller]
    fn expect(&self, left: &Expr, right: &Expr, verdict: Verdict) -> Judgement {
        let judgement = self.relate(left, Relation::Equal, right);
        assert_eq!(judgement.verdict, verdict, "{judgement:#?}");
        judgement
    }
}

#[test]
fn quadratic_forms_are_exact_and_misplaced_transposes_are_refused() {
    let mut page = Page::default();
    let n = page.size("n");
    let x = page.variable("x", &Shape::column(n.clone()));
    let a = page.variable("A", &Shape::matrix(n.clone(), n));
    let form = mul(&mul(&transpose(&x), &a), &x);
    let gradient = derivative(&form, &x);
    let right = mul(&transpose(&x), &add(&a, &transpose(&a)));
    let judgement = page.expect(&gradient, &right, Verdict::Exact);
    assert!(judgement.error.differences.is_some_and(|error| error < 1e-7));
    assert!(judgement.dimensions[0].1.len() >= 3, "{judgement:?}");
    let wrong = mul(&number(2), &mul(&transpose(&x), &a));
    let judgement = page.expect(&gradient, &wrong, Verdict::Refused);
    assert_eq!(judgement.counterexample.as_ref().unwrap().values[0], ("n".to_string(), "2".to_string()));
    assert!(judgement.diagnostic.unwrap().help[0].contains("\\mathbb{S}^{n}"));
}

#[test]
fn matrix_identities() {
    let mut page = Page::default();
    let n = page.size("n");
    let shape = Shape::matrix(n.clone(), n);
    let (a, b) = (page.variable("A", &shape), page.variable("B", &shape));
    let product = mul(&a, &b);
    page.expect(&transpose(&product), &mul(&transpose(&b), &transpose(&a)), Verdict::Exact);
    page.expect(&transpose(&product), &mul(&transpose(&a), &transpose(&b)), Verdict::Refused);
    page.expect(&inverse(&product), &mul(&inverse(&b), &inverse(&a)), Verdict::Exact);
    let gradient = derivative(&reduce(Reduction::Trace, &product), &a);
    page.expect(&gradient, &b, Verdict::Exact);
    let refused = page.expect(&gradient, &transpose(&b), Verdict::Refused);
    assert!(refused.diagnostic.unwrap().help[0].contains("transpose"));
    let determinant = reduce(Reduction::Determinant, &a);
    page.expect(&derivative(&determinant, &a), &mul(&determinant, &inverse(&a)), Verdict::Exact);
    page.expect(&derivative(&determinant, &a), &mul(&determinant, &transpose(&inverse(&a))), Verdict::Refused);
    page.expect(&product, &mul(&b, &a), Verdict::Refused);
}

#[test]
fn chain_rule_of_arbitrary_functions() {
    let mut page = Page::default();
    let (n, m, k) = (page.size("n"), page.size("m"), page.size("k"));
    let (column_n, column_m, column_k) = (Shape::column(n), Shape::column(m), Shape::column(k));
    let x = page.variable("x", &column_n);
    let g = page.function("g", &column_n, &column_m);
    let f = page.function("f", &column_m, &column_k);
    let u = page.define("u", &expr(Kind::Apply(g, vec![x.clone()]), &column_m));
    let y = page.define("y", &expr(Kind::Apply(f, vec![u.clone()]), &column_k));
    let chain = mul(&derivative(&y, &u), &derivative(&u, &x));
    page.expect(&derivative(&y, &x), &chain, Verdict::Exact);
    page.expect(&derivative(&y, &x), &mul(&number(2), &chain), Verdict::Refused);
}

#[test]
fn elementary_functions_and_second_derivatives() {
    let mut page = Page::default();
    let x = page.scalar("x");
    let sine = apply(Elementary::Sin, &x);
    let judgement = page.expect(&derivative(&sine, &x), &apply(Elementary::Cos, &x), Verdict::Checked);
    assert!(judgement.error.dual.is_some_and(|error| error < 1e-12));
    assert!(judgement.error.differences.is_some_and(|error| error > 0.0 && error < 1e-7));
    page.expect(&derivative(&sine, &x), &sine, Verdict::Refused);
    let second = derivative(&derivative(&sine, &x), &x);
    page.expect(&second, &expr(Kind::Neg(Box::new(sine.clone())), &Shape::scalar()), Verdict::Checked);
    page.expect(&second, &sine, Verdict::Refused);
    page.expect(&derivative(&derivative(&power(&x, 3), &x), &x), &mul(&number(6), &x), Verdict::Exact);
    for function in [
        Elementary::Tan,
        Elementary::Logistic,
        Elementary::Tanh,
        Elementary::Softplus,
        Elementary::Arctan,
        Elementary::Exp,
        Elementary::Arsinh,
    ] {
        let y = apply(function, &x);
        // A derivative written as a limit of the function itself would prove nothing; the product rule on it does.
        let product = mul(&x, &y);
        page.expect(&derivative(&product, &x), &add(&y, &mul(&x, &derivative(&y, &x))), Verdict::Checked);
    }
}

#[test]
fn perturbations_are_not_confused() {
    let mut page = Page::default();
    let x = page.scalar("x");
    let y = page.scalar("y");
    // d/dx (x d/dy (x + y)) is 1.
    let inner = derivative(&add(&x, &y), &y);
    page.expect(&derivative(&mul(&x, &inner), &x), &number(1), Verdict::Exact);
}

#[test]
fn partial_derivatives_stop_at_their_symbol() {
    let mut page = Page::default();
    let x = page.scalar("x");
    let u = page.define("u", &power(&x, 2));
    let y = page.define("y", &add(&apply(Elementary::Sin, &u), &x));
    page.expect(&derivative(&y, &u), &apply(Elementary::Cos, &u), Verdict::Checked);
    let through = add(&mul(&apply(Elementary::Cos, &u), &mul(&number(2), &x)), &number(1));
    page.expect(&derivative(&y, &x), &through, Verdict::Checked);
    page.expect(&derivative(&y, &x), &number(1), Verdict::Refused);
}

#[test]
fn relu_is_exact_and_its_kink_is_passed_over() {
    let mut page = Page::default();
    let n = page.size("n");
    let column = Shape::column(n);
    let (w, x, b) = (page.variable("w", &column), page.variable("x", &column), page.scalar("b"));
    let z = page.define("z", &add(&dot(&w, &x), &b));
    let a = page.define("a", &expr(Kind::Extremum(Extremum::Max, vec![number(0), z.clone()]), &Shape::scalar()));
    let zeros = expr(Kind::Zeros, &column.transposed());
    let cases = |first: Expr| {
        let condition = Condition::Relation(Relation::LessOrEqual, Box::new(z.clone()), Box::new(number(0)));
        expr(Kind::Cases(vec![(condition, first)], Some(Box::new(transpose(&x)))), &column.transposed())
    };
    page.expect(&derivative(&a, &w), &cases(zeros), Verdict::Exact);
    page.expect(&derivative(&a, &w), &transpose(&x), Verdict::Refused);
    // |x|' is x / |x|: the kink itself is passed over.
    let slope = derivative(&apply(Elementary::Abs, &b), &b);
    page.expect(&slope, &apply(Elementary::Sign, &b), Verdict::Exact);
}

#[test]
fn undefined_values_are_undecided_and_a_domain_is_offered() {
    let mut page = Page::default();
    let x = page.scalar("x");
    let claim = apply(Elementary::Exp, &apply(Elementary::Ln, &x));
    let judgement = page.expect(&claim, &x, Verdict::Undecided);
    assert!(judgement.diagnostic.unwrap().help[0].contains("{>0}"));
    page.expect(&claim, &add(&x, &number(1)), Verdict::Refused);
    // Division by zero on structured samples is passed over.
    let quotient = like(Kind::Quotient, &x, &x);
    page.expect(&quotient, &number(1), Verdict::Exact);
    // A claim that no sample meets does not hold.
    let never = Condition::Relation(Relation::Less, Box::new(power(&x, 2)), Box::new(number(-1)));
    assert_eq!(page.judge(&x, Relation::Equal, &x, Vec::new(), vec![never]).verdict, Verdict::Undecided);
}

#[test]
fn inequalities_and_refutations() {
    let mut page = Page::default();
    let (x, y) = (page.scalar("x"), page.scalar("y"));
    let squares = add(&power(&x, 2), &power(&y, 2));
    let product = mul(&number(2), &mul(&x, &y));
    assert_eq!(page.relate(&product, Relation::LessOrEqual, &squares).verdict, Verdict::Exact);
    assert_eq!(page.relate(&product, Relation::Less, &squares).verdict, Verdict::Refused);
    // Violated only between 2.9 and 3.1.
    let narrow = sub(&power(&sub(&x, &number(3)), 2), &like(Kind::Quotient, &number(1), &number(100)));
    assert_eq!(page.relate(&narrow, Relation::GreaterOrEqual, &number(0)).verdict, Verdict::Refused);
    let judgement = page.relate(&power(&add(&x, &y), 2), Relation::NotEqual, &squares);
    assert_eq!(judgement.verdict, Verdict::Exact);
    assert_eq!(judgement.counterexample.unwrap().values, vec![("x".to_string(), "1".to_string()), ("y".to_string(), "1".to_string())]);
    assert_eq!(page.relate(&add(&x, &y), Relation::NotEqual, &add(&y, &x)).verdict, Verdict::Refused);
}

#[test]
fn free_indices_and_sums() {
    let mut page = Page::default();
    let n = page.size("n");
    let x = page.variable("x", &Shape::column(n.clone()));
    let i = id(&page.symbol("i", &Shape::scalar(), SymbolKind::Whole { low: Some(Int::one()), high: Some(n.clone()), dimension: false }));
    let j = page.whole("j", Int::one(), Some(n.clone()), false).as_symbol().unwrap();
    let entry = |index: SymbolId| expr(Kind::Entry(Box::new(x.clone()), Int::symbol(index), Int::one()), &Shape::scalar());
    let range = |index| IndexRange { index, low: Int::one(), high: n.clone() };
    let sum = expr(Kind::Sum(vec![range(i)], None, Box::new(power(&entry(i), 2))), &Shape::scalar());
    page.expect(&sum, &dot(&x, &x), Verdict::Exact);
    let by = By::Entry(Box::new(By::Symbol(id(&x))), Int::symbol(j), Int::one());
    let slope = expr(Kind::Derivative(Box::new(sum), by, Arrangement::LikeBody), &Shape::scalar());
    let twice = mul(&number(2), &entry(j));
    assert_eq!(page.judge(&slope, Relation::Equal, &twice, vec![range(j)], Vec::new()).verdict, Verdict::Exact);
    assert_eq!(page.judge(&slope, Relation::Equal, &entry(j), vec![range(j)], Vec::new()).verdict, Verdict::Refused);
    // The third element does not exist where n is 2.
    let third = expr(Kind::Entry(Box::new(x.clone()), Int::constant(3), Int::one()), &Shape::scalar());
    let judgement = page.judge(&third, Relation::Equal, &third, Vec::new(), Vec::new());
    assert_eq!((judgement.verdict, judgement.diagnostic.unwrap().code), (Verdict::Refused, Code::Index));
    let size = |value| Box::new(expr(Kind::Int(value), &Shape::scalar()));
    let enough = Condition::Relation(Relation::GreaterOrEqual, size(n.clone()), size(Int::constant(3)));
    assert_eq!(page.judge(&third, Relation::Equal, &third, Vec::new(), vec![enough]).verdict, Verdict::Exact);
}

#[test]
fn conditions_restrict_the_samples() {
    let mut page = Page::default();
    let x = page.scalar("x");
    let absolute = apply(Elementary::Abs, &x);
    let negative = expr(Kind::Neg(Box::new(x.clone())), &Shape::scalar());
    let at = |relation, value| vec![Condition::Relation(relation, Box::new(x.clone()), Box::new(number(value)))];
    assert_eq!(page.judge(&absolute, Relation::Equal, &negative, Vec::new(), at(Relation::Less, 0)).verdict, Verdict::Exact);
    assert_eq!(page.judge(&absolute, Relation::Equal, &negative, Vec::new(), at(Relation::Less, 1)).verdict, Verdict::Refused);
    assert_eq!(page.judge(&power(&x, 2), Relation::Equal, &number(4), Vec::new(), at(Relation::Equal, 2)).verdict, Verdict::Exact);
    assert_eq!(page.judge(&power(&x, 2), Relation::Equal, &number(4), Vec::new(), at(Relation::Equal, -3)).verdict, Verdict::Refused);
}

#[test]
fn differences_far_from_one_are_seen() {
    let mut page = Page::default();
    let x = page.scalar("x");
    let tiny = like(Kind::Quotient, &number(1), &number(1_000_000_000));
    let sine = apply(Elementary::Sin, &x);
    page.expect(&sine, &mul(&sine, &add(&number(1), &tiny)), Verdict::Refused);
    page.expect(&x, &add(&x, &tiny), Verdict::Refused);
    page.expect(
        &apply(Elementary::Exp, &sub(&x, &number(40))),
        &mul(&number(2), &apply(Elementary::Exp, &sub(&x, &number(40)))),
        Verdict::Refused,
    );
}

#[test]
fn work_is_bounded() {
    let mut page = Page::default();
    let x = page.scalar("x");
    let mut tower = x.clone();
    for _ in 0..300 {
        tower = page.define("t", &mul(&tower, &tower));
    }
    let judgement = page.relate(&tower, Relation::Equal, &x);
    assert_ne!(judgement.verdict, Verdict::Exact);
    assert_ne!(judgement.verdict, Verdict::Checked);
}

#[test]
fn sides_that_vanish() {
    let mut page = Page::default();
    let n = page.size("n");
    let column = Shape::column(n);
    let x = page.variable("x", &column);
    let softmax = expr(Kind::Softmax(Box::new(x.clone())), &column);
    let ones = expr(Kind::Ones, &column.transposed());
    let sums = mul(&ones, &derivative(&softmax, &x));
    page.expect(&sums, &expr(Kind::Zeros, &column.transposed()), Verdict::Checked);
    let pi = expr(Kind::Pi, &Shape::scalar());
    page.expect(&apply(Elementary::Sin, &pi), &number(0), Verdict::Checked);
    let t = page.scalar("t");
    page.expect(&apply(Elementary::Exp, &sub(&t, &number(40))), &number(0), Verdict::Refused);
}

#[test]
fn every_branch_of_a_case_is_tried() {
    let mut page = Page::default();
    let x = page.scalar("x");
    // The two sides differ only between 7.3 and 7.4.
    let limit = |value: i64| Box::new(like(Kind::Quotient, &number(value), &number(10)));
    let above = Condition::Relation(Relation::Greater, Box::new(x.clone()), limit(73));
    let below = Condition::Relation(Relation::Less, Box::new(x.clone()), limit(74));
    let window = expr(Kind::Cases(vec![(Condition::All(vec![above, below]), number(1))], Some(Box::new(number(0)))), &Shape::scalar());
    page.expect(&window, &number(0), Verdict::Refused);
    // The two sides differ only where x is 5.
    let five = Condition::Relation(Relation::Equal, Box::new(add(&x, &number(1))), Box::new(number(6)));
    let point = expr(Kind::IndicatorOf(Box::new(five)), &Shape::scalar());
    page.expect(&point, &number(0), Verdict::Refused);
}

#[test]
fn a_judgement_repeats() {
    let mut page = Page::default();
    let n = page.size("n");
    let x = page.variable("x", &Shape::column(n));
    let length = reduce(Reduction::Norm2, &x);
    let right = like(Kind::Quotient, &transpose(&x), &length);
    let first = page.expect(&derivative(&length, &x), &right, Verdict::Checked);
    let second = page.expect(&derivative(&length, &x), &right, Verdict::Checked);
    assert_eq!((first.samples, first.error), (second.samples, second.error));
}

#[test]
fn families_and_their_members() {
    let mut page = Page::default();
    let (n, count) = (page.size("n"), page.size("N"));
    let column = Shape::column(n);
    let kind = SymbolKind::Family { ranges: vec![(Int::one(), count.clone())], domain: Domain::Reals };
    let family = id(&page.symbol("x", &column, kind));
    let i = page.whole("i", Int::one(), Some(count.clone()), false).as_symbol().unwrap();
    let j = page.whole("j", Int::one(), Some(count.clone()), false).as_symbol().unwrap();
    let member = |index| expr(Kind::Member(family, vec![Int::symbol(index)]), &column);
    let range = |index| IndexRange { index, low: Int::one(), high: count.clone() };
    let energy = page.define("E", &expr(Kind::Sum(vec![range(i)], None, Box::new(dot(&member(i), &member(i)))), &Shape::scalar()));
    let slope =
        expr(Kind::Derivative(Box::new(energy), By::Member(family, vec![Int::symbol(j)]), Arrangement::Jacobian), &column.transposed());
    let right = mul(&number(2), &transpose(&member(j)));
    assert_eq!(page.judge(&slope, Relation::Equal, &right, vec![range(j)], Vec::new()).verdict, Verdict::Exact);
    assert_eq!(page.judge(&slope, Relation::Equal, &transpose(&member(j)), vec![range(j)], Vec::new()).verdict, Verdict::Refused);
}

#[test]
fn bindings_reach_definitions_and_are_undone() {
    let mut page = Page::default();
    let (x, a) = (page.scalar("x"), page.scalar("a"));
    let y = page.define("y", &power(&x, 2));
    let bind = |value: Expr, body: &Expr| expr(Kind::Let(vec![(id(&x), value)], Box::new(body.clone())), &Shape::scalar());
    // y at x = 3, plus y: 9 + x².
    page.expect(&add(&add(&y, &bind(number(3), &y)), &y), &add(&mul(&number(2), &power(&x, 2)), &number(9)), Verdict::Exact);
    // The value that is bound is taken outside: x + 1 for x.
    page.expect(&bind(add(&x, &number(1)), &y), &power(&add(&x, &number(1)), 2), Verdict::Exact);
    // A derivative at a point, and one of a value that was bound.
    page.expect(&bind(a.clone(), &derivative(&y, &x)), &mul(&number(2), &a), Verdict::Exact);
    page.expect(&derivative(&bind(power(&a, 3), &y), &a), &mul(&number(6), &power(&a, 5)), Verdict::Exact);
}

#[test]
fn arbitrary_functions_matter_in_every_argument_and_lie_in_their_range() {
    let mut page = Page::default();
    let (s, t) = (page.scalar("s"), page.scalar("t"));
    let parameters: Vec<SymbolId> = ["p", "q"]
        .map(|name| id(&page.symbol(name, &Shape::scalar(), SymbolKind::Variable { domain: Domain::Reals, parameter: true })))
        .to_vec();
    let positive = Domain::Interval { low: Some((BigRational::zero(), false)), high: None };
    let kind = |range| SymbolKind::Function { parameters: parameters.clone(), body: None, range };
    let f = id(&page.symbol("f", &Shape::scalar(), kind(Domain::Reals)));
    let g = id(&page.symbol("g", &Shape::scalar(), kind(positive)));
    let call = |f, a: &Expr, b: &Expr| expr(Kind::Apply(f, vec![a.clone(), b.clone()]), &Shape::scalar());
    let mixed = |a: &Expr, b: &Expr| derivative(&derivative(&call(f, &s, &t), a), b);
    page.expect(&mixed(&s, &t), &mixed(&t, &s), Verdict::Exact);
    page.expect(&mixed(&s, &s), &mixed(&t, &t), Verdict::Refused);
    page.expect(&call(f, &s, &t), &call(f, &t, &s), Verdict::Refused);
    page.expect(&mixed(&s, &t), &number(0), Verdict::Refused);
    let value = call(g, &s, &t);
    page.expect(&derivative(&apply(Elementary::Ln, &value), &s), &like(Kind::Quotient, &derivative(&value, &s), &value), Verdict::Checked);
    assert_eq!(page.relate(&value, Relation::Greater, &number(0)).verdict, Verdict::Exact);
}

#[test]
fn restricted_domains() {
    let mut page = Page::default();
    let n = page.size("n");
    let square = Shape::matrix(n.clone(), n.clone());
    let s = page.within("S", &square, Domain::Symmetric);
    page.expect(&s, &transpose(&s), Verdict::Exact);
    let p = page.within("P", &square, Domain::PositiveDefinite);
    let x = page.variable("x", &Shape::column(n));
    let form = mul(&mul(&transpose(&x), &p), &x);
    assert_eq!(page.relate(&form, Relation::GreaterOrEqual, &number(0)).verdict, Verdict::Exact);
    assert_eq!(page.relate(&form, Relation::Greater, &number(0)).verdict, Verdict::Refused);
    assert_eq!(page.relate(&mul(&mul(&transpose(&x), &s), &x), Relation::GreaterOrEqual, &number(0)).verdict, Verdict::Refused);
    // The elements of a symmetric matrix vary independently.
    page.expect(&derivative(&reduce(Reduction::Trace, &mul(&s, &p)), &s), &p, Verdict::Exact);
    let one = BigRational::from_integer(1.into());
    let y = page.within("y", &Shape::scalar(), Domain::Set(vec![-one.clone(), one]));
    page.expect(&power(&y, 2), &number(1), Verdict::Exact);
    page.expect(&y, &number(1), Verdict::Refused);
    let unit = page.within(
        "u",
        &Shape::scalar(),
        Domain::Interval { low: Some((BigRational::zero(), false)), high: Some((BigRational::from_integer(1.into()), false)) },
    );
    assert_eq!(page.relate(&apply(Elementary::Ln, &unit), Relation::Less, &number(0)).verdict, Verdict::Checked);
    assert_eq!(page.relate(&unit, Relation::LessOrEqual, &like(Kind::Quotient, &number(9), &number(10))).verdict, Verdict::Refused);
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let mut page = Page::default();
    let x = page.scalar("x");
    let mut deep = x.clone();
    for _ in 0..400 {
        let index = page.whole("i", Int::one(), Some(Int::one()), false).as_symbol().unwrap();
        let range = IndexRange { index, low: Int::one(), high: Int::one() };
        let condition = Condition::Relation(Relation::Less, Box::new(number(0)), Box::new(number(1)));
        let cases = expr(Kind::Cases(vec![(condition, deep)], None), &Shape::scalar());
        let sum = expr(Kind::Sum(vec![range], None, Box::new(cases)), &Shape::scalar());
        deep = page.define("d", &expr(Kind::Let(vec![(id(&x), x.clone())], Box::new(sum)), &Shape::scalar()));
    }
    assert_eq!(page.relate(&deep, Relation::Equal, &x).verdict, Verdict::Undecided);
    // A long sum is not deep.
    let mut long = x.clone();
    for _ in 0..500 {
        long = add(&long, &x);
    }
    page.expect(&long, &mul(&number(501), &x), Verdict::Exact);
}

#[test]
fn a_threshold_where_a_side_is_undefined_is_passed_over() {
    let mut page = Page::default();
    let x = page.scalar("x");
    let quotient = like(Kind::Quotient, &apply(Elementary::Abs, &x), &x);
    page.expect(&quotient, &apply(Elementary::Sign, &x), Verdict::Exact);
    let y = page.scalar("y");
    let z = page.define("z", &mul(&x, &y));
    let claim = like(Kind::Quotient, &apply(Elementary::Relu, &z), &z);
    let above = Condition::Relation(Relation::Greater, Box::new(z.clone()), Box::new(number(0)));
    page.expect(&claim, &expr(Kind::IndicatorOf(Box::new(above)), &Shape::scalar()), Verdict::Exact);
}

#[test]
fn identities_of_every_day() {
    let mut page = Page::default();
    let positive = Domain::Interval { low: Some((BigRational::zero(), false)), high: None };
    let (x, y) = (page.scalar("x"), page.scalar("y"));
    let (a, b) = (page.within("a", &Shape::scalar(), positive.clone()), page.within("b", &Shape::scalar(), positive));
    let k = page.whole("k", Int::one(), None, false);
    let int = |value: &Int| expr(Kind::Int(value.clone()), &Shape::scalar());
    let f = apply;
    page.expect(&f(Elementary::Sqrt, &power(&x, 2)), &f(Elementary::Abs, &x), Verdict::Checked);
    page.expect(&f(Elementary::Sqrt, &power(&x, 2)), &x, Verdict::Refused);
    page.expect(&f(Elementary::Ln, &mul(&a, &b)), &add(&f(Elementary::Ln, &a), &f(Elementary::Ln, &b)), Verdict::Checked);
    page.expect(&mul(&like(Kind::Power, &a, &x), &like(Kind::Power, &a, &y)), &like(Kind::Power, &a, &add(&x, &y)), Verdict::Checked);
    page.expect(&sub(&power(&f(Elementary::Cosh, &x), 2), &power(&f(Elementary::Sinh, &x), 2)), &number(1), Verdict::Checked);
    page.expect(&derivative(&like(Kind::Power, &a, &x), &x), &mul(&like(Kind::Power, &a, &x), &f(Elementary::Ln, &a)), Verdict::Checked);
    page.expect(&derivative(&like(Kind::Power, &a, &x), &a), &mul(&x, &like(Kind::Power, &a, &sub(&x, &number(1)))), Verdict::Checked);
    let less = k.sub(&Int::one()).unwrap();
    let monomial = derivative(&like(Kind::Power, &x, &int(&k)), &x);
    page.expect(&monomial, &mul(&int(&k), &like(Kind::Power, &x, &int(&less))), Verdict::Exact);
    page.expect(&monomial, &mul(&int(&k), &like(Kind::Power, &x, &int(&k))), Verdict::Refused);
    page.expect(
        &derivative(&f(Elementary::Sqrt, &a), &a),
        &like(Kind::Quotient, &number(1), &mul(&number(2), &f(Elementary::Sqrt, &a))),
        Verdict::Checked,
    );
    page.expect(&derivative(&f(Elementary::Ln, &a), &a), &like(Kind::Quotient, &number(1), &a), Verdict::Checked);
    page.expect(&like(Kind::Power, &number(-1), &int(&k)), &number(1), Verdict::Refused);
    page.expect(&expr(Kind::Extremum(Extremum::Max, vec![x.clone(), y.clone()]), &Shape::scalar()), &x, Verdict::Refused);
    // Gauss's sum, for numbers up to ten and beyond.
    let i = page.whole("i", Int::one(), Some(k.clone()), false).as_symbol().unwrap();
    let sum = |power| {
        let body = like(Kind::Power, &int(&Int::symbol(i)), &number(power));
        expr(Kind::Sum(vec![IndexRange { index: i, low: Int::one(), high: k.clone() }], None, Box::new(body)), &Shape::scalar())
    };
    let half = like(Kind::Quotient, &mul(&int(&k), &add(&int(&k), &number(1))), &number(2));
    let judgement = page.expect(&sum(1), &half, Verdict::Exact);
    assert!(judgement.dimensions[0].1.iter().any(|value| *value > 10));
    page.expect(&sum(3), &power(&half, 2), Verdict::Exact);
    assert_eq!(page.relate(&power(&x, 2), Relation::GreaterOrEqual, &x).verdict, Verdict::Refused);
    assert_eq!(page.relate(&f(Elementary::Exp, &x), Relation::GreaterOrEqual, &add(&number(1), &x)).verdict, Verdict::Checked);
    assert_eq!(page.relate(&f(Elementary::Tanh, &x), Relation::Less, &number(1)).verdict, Verdict::Checked);
}

//! Going through the parts of an expression.

use super::expr::{By, Condition, Expr, IndexRange, Kind};
use super::int::Int;

/// Calls `f` for each expression right inside `expr`, those in conditions too.
pub fn each_child_mut(expr: &mut Expr, f: &mut dyn FnMut(&mut Expr)) {
    match &mut expr.kind {
        Kind::Number(_) | Kind::Pi | Kind::Euler | Kind::Int(_) | Kind::Symbol(_) | Kind::Member(..) => {}
        Kind::Identity | Kind::Ones | Kind::Zeros | Kind::Unit(_) => {}
        Kind::Entry(a, _, _)
        | Kind::Neg(a)
        | Kind::MatrixPower(a, _)
        | Kind::Transpose(a)
        | Kind::Elementary(_, a)
        | Kind::Reduce(_, a)
        | Kind::Softmax(a)
        | Kind::Vectorize(a)
        | Kind::Diagonal(a)
        | Kind::DiagonalOf(a)
        | Kind::Tabulate(_, _, a)
        | Kind::LetInt(_, a)
        | Kind::Derivative(a, _, _) => f(a),
        Kind::Add(a, b)
        | Kind::Sub(a, b)
        | Kind::Mul(a, b)
        | Kind::Hadamard(a, b)
        | Kind::Quotient(a, b)
        | Kind::Dot(a, b)
        | Kind::Kronecker(a, b)
        | Kind::Power(a, b)
        | Kind::Indicator(_, a, b) => {
            f(a);
            f(b);
        }
        Kind::Extremum(_, list) | Kind::Apply(_, list) => list.iter_mut().for_each(f),
        Kind::IndicatorOf(condition) => each_in_condition_mut(condition, f),
        Kind::Sum(_, condition, body) | Kind::Product(_, condition, body) | Kind::ExtremumOver(_, _, condition, body) => {
            if let Some(condition) = condition {
                each_in_condition_mut(condition, f);
            }
            f(body);
        }
        Kind::Cases(branches, otherwise) => {
            for (condition, value) in branches {
                each_in_condition_mut(condition, f);
                f(value);
            }
            if let Some(value) = otherwise {
                f(value);
            }
        }
        Kind::Blocks(rows) => rows.iter_mut().flatten().for_each(f),
        Kind::Let(bindings, body) | Kind::Map(bindings, body) => {
            bindings.iter_mut().for_each(|(_, value)| f(value));
            f(body);
        }
    }
}

/// Calls `f` for each expression in a condition.
pub fn each_in_condition_mut(condition: &mut Condition, f: &mut dyn FnMut(&mut Expr)) {
    match condition {
        Condition::Relation(_, a, b) => {
            f(a);
            f(b);
        }
        Condition::In(a, _) => f(a),
        Condition::All(list) | Condition::Any(list) => list.iter_mut().for_each(|c| each_in_condition_mut(c, f)),
        Condition::Not(inner) => each_in_condition_mut(inner, f),
    }
}

/// Calls `f` for each expression right inside `expr`, those in conditions too.
pub fn each_child<'e>(expr: &'e Expr, f: &mut dyn FnMut(&'e Expr)) {
    match &expr.kind {
        Kind::Number(_) | Kind::Pi | Kind::Euler | Kind::Int(_) | Kind::Symbol(_) | Kind::Member(..) => {}
        Kind::Identity | Kind::Ones | Kind::Zeros | Kind::Unit(_) => {}
        Kind::Entry(a, _, _)
        | Kind::Neg(a)
        | Kind::MatrixPower(a, _)
        | Kind::Transpose(a)
        | Kind::Elementary(_, a)
        | Kind::Reduce(_, a)
        | Kind::Softmax(a)
        | Kind::Vectorize(a)
        | Kind::Diagonal(a)
        | Kind::DiagonalOf(a)
        | Kind::Tabulate(_, _, a)
        | Kind::LetInt(_, a)
        | Kind::Derivative(a, _, _) => f(a),
        Kind::Add(a, b)
        | Kind::Sub(a, b)
        | Kind::Mul(a, b)
        | Kind::Hadamard(a, b)
        | Kind::Quotient(a, b)
        | Kind::Dot(a, b)
        | Kind::Kronecker(a, b)
        | Kind::Power(a, b)
        | Kind::Indicator(_, a, b) => {
            f(a);
            f(b);
        }
        Kind::Extremum(_, list) | Kind::Apply(_, list) => list.iter().for_each(f),
        Kind::IndicatorOf(condition) => each_in_condition(condition, f),
        Kind::Sum(_, condition, body) | Kind::Product(_, condition, body) | Kind::ExtremumOver(_, _, condition, body) => {
            if let Some(condition) = condition {
                each_in_condition(condition, f);
            }
            f(body);
        }
        Kind::Cases(branches, otherwise) => {
            for (condition, value) in branches {
                each_in_condition(condition, f);
                f(value);
            }
            if let Some(value) = otherwise {
                f(value);
            }
        }
        Kind::Blocks(rows) => rows.iter().flatten().for_each(f),
        Kind::Let(bindings, body) | Kind::Map(bindings, body) => {
            bindings.iter().for_each(|(_, value)| f(value));
            f(body);
        }
    }
}

/// How many parts an expression has, and how deeply they are nested; a chain of sums or products counts once.
pub fn extent(expr: &Expr) -> (usize, usize) {
    let (mut parts, mut depth) = (1, 0);
    let mut first = true;
    each_child(expr, &mut |child| {
        let inner = extent(child);
        let chained = std::mem::take(&mut first) && is_chain(expr) && is_chain(child);
        parts += inner.0;
        depth = depth.max(inner.1 - usize::from(chained));
    });
    (parts, depth + 1)
}

fn is_chain(expr: &Expr) -> bool {
    matches!(expr.kind, Kind::Add(..) | Kind::Sub(..) | Kind::Mul(..) | Kind::Hadamard(..) | Kind::Kronecker(..))
}

/// Calls `f` for each expression in a condition.
pub fn each_in_condition<'e>(condition: &'e Condition, f: &mut dyn FnMut(&'e Expr)) {
    match condition {
        Condition::Relation(_, a, b) => {
            f(a);
            f(b);
        }
        Condition::In(a, _) => f(a),
        Condition::All(list) | Condition::Any(list) => list.iter().for_each(|c| each_in_condition(c, f)),
        Condition::Not(inner) => each_in_condition(inner, f),
    }
}

/// Calls `f` for each integer polynomial that belongs to the node itself: indices, bounds, sizes, its shape last.
pub fn each_int_mut(expr: &mut Expr, f: &mut dyn FnMut(&mut Int)) {
    fn by(place: &mut By, f: &mut dyn FnMut(&mut Int)) {
        match place {
            By::Symbol(_) => {}
            By::Member(_, indices) => indices.iter_mut().for_each(f),
            By::Entry(inner, row, column) => {
                by(inner, f);
                f(row);
                f(column);
            }
            By::List(list) => list.iter_mut().for_each(|place| by(place, f)),
        }
    }
    fn ranges(list: &mut [IndexRange], f: &mut dyn FnMut(&mut Int)) {
        for range in list {
            f(&mut range.low);
            f(&mut range.high);
        }
    }
    match &mut expr.kind {
        Kind::Int(int) | Kind::Unit(int) | Kind::MatrixPower(_, int) => f(int),
        Kind::Member(_, indices) => indices.iter_mut().for_each(&mut *f),
        Kind::Entry(_, row, column) => {
            f(row);
            f(column);
        }
        Kind::Sum(list, _, _) | Kind::Product(list, _, _) | Kind::ExtremumOver(_, list, _, _) => ranges(list, f),
        Kind::LetInt(bindings, _) => bindings.iter_mut().for_each(|(_, value)| f(value)),
        Kind::Derivative(_, place, _) => by(place, f),
        _ => {}
    }
    f(&mut expr.shape.rows);
    f(&mut expr.shape.cols);
}

/// Calls `f` for every integer polynomial of the whole expression.
pub fn all_ints_mut(expr: &mut Expr, f: &mut dyn FnMut(&mut Int)) {
    each_int_mut(expr, f);
    each_child_mut(expr, &mut |child| all_ints_mut(child, f));
}

/// Calls `f` for each integer polynomial that belongs to the node itself: indices, bounds, sizes, its shape last.
pub fn each_int(expr: &Expr, f: &mut dyn FnMut(&Int)) {
    fn by(place: &By, f: &mut dyn FnMut(&Int)) {
        match place {
            By::Symbol(_) => {}
            By::Member(_, indices) => indices.iter().for_each(f),
            By::Entry(inner, row, column) => {
                by(inner, f);
                f(row);
                f(column);
            }
            By::List(list) => list.iter().for_each(|place| by(place, f)),
        }
    }
    fn ranges(list: &[IndexRange], f: &mut dyn FnMut(&Int)) {
        for range in list {
            f(&range.low);
            f(&range.high);
        }
    }
    match &expr.kind {
        Kind::Int(int) | Kind::Unit(int) | Kind::MatrixPower(_, int) => f(int),
        Kind::Member(_, indices) => indices.iter().for_each(&mut *f),
        Kind::Entry(_, row, column) => {
            f(row);
            f(column);
        }
        Kind::Sum(list, _, _) | Kind::Product(list, _, _) | Kind::ExtremumOver(_, list, _, _) => ranges(list, f),
        Kind::LetInt(bindings, _) => bindings.iter().for_each(|(_, value)| f(value)),
        Kind::Derivative(_, place, _) => by(place, f),
        _ => {}
    }
    f(&expr.shape.rows);
    f(&expr.shape.cols);
}

/// Calls `f` for every integer polynomial of the whole expression.
pub fn all_ints(expr: &Expr, f: &mut dyn FnMut(&Int)) {
    each_int(expr, f);
    each_child(expr, &mut |child| all_ints(child, f));
}

/// Calls `f` for every integer polynomial of a condition.
pub fn condition_ints_mut(condition: &mut Condition, f: &mut dyn FnMut(&mut Int)) {
    each_in_condition_mut(condition, &mut |expr| all_ints_mut(expr, f));
}

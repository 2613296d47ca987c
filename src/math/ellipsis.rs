//! Dots: the general element is inferred from the written ones, all of which it must reproduce.
//!
//! Two elements have the same pattern if they differ in nothing but whole numbers. Such a number is a linear function of the position; where
//! two readings are possible, the dots are refused.

use super::condition::bare_letter;
use super::cursor::{is_dots, is_layout};
use super::expr::{Condition, Expr, IndexRange, Kind, Relation, Shape, SymbolId};
use super::expression::Item;
use super::function::parts;
use super::int::Int;
use super::reader::{Read, Reader, expr, int_expr, number, to_int};
use super::scope::Meaning;
use super::symbol::SymbolKind;
use super::walk;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind, span_of};

/// An element that was read, with its pattern: everything but its whole numbers, and these.
#[derive(Clone, Debug)]
struct Pattern {
    value: Expr,
    text: String,
    numbers: Vec<Int>,
    /// The letters that are bound inside, in the order in which they are numbered.
    bound: Vec<SymbolId>,
}

/// Ids from here on stand for letters that are bound inside elements.
const STAND_INS: u32 = 0x4000_0000;

/// A part of a list.
#[derive(Clone, Debug)]
enum Part {
    Nodes(Vec<Node>),
    Dots(Span),
}

/// The general element of a list at the position of an index that begins with 1, and how many there are.
struct General {
    body: Expr,
    index: SymbolId,
    count: Int,
}

/// Where a written row or column stands: so many from the beginning, or so many from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    Start(i64),
    End(i64),
}

/// The bound letters of an expression in the order of writing.
fn binders(value: &mut Expr, list: &mut Vec<SymbolId>) {
    match &mut value.kind {
        Kind::Sum(ranges, _, _) | Kind::Product(ranges, _, _) | Kind::ExtremumOver(_, ranges, _, _) => {
            list.extend(ranges.iter().map(|r| r.index))
        }
        Kind::Tabulate(row, col, _) => list.extend([*row, *col]),
        Kind::LetInt(bindings, _) => list.extend(bindings.iter().map(|(id, _)| *id)),
        _ => {}
    }
    walk::each_child_mut(value, &mut |child| binders(child, list));
}

/// Writes what is a whole number as one.
fn whole_numbers(value: &mut Expr) {
    // The base and the exponent of a power go their own ways: 1^2, 2^2, …
    if let (Some(int), false) = (to_int(value), matches!(value.kind, Kind::Power(..))) {
        value.kind = Kind::Int(int);
        return;
    }
    walk::each_child_mut(value, &mut whole_numbers);
}

fn forget_places(value: &mut Expr) {
    value.span = Span::default();
    match &mut value.kind {
        Kind::Sum(ranges, _, _) | Kind::Product(ranges, _, _) | Kind::ExtremumOver(_, ranges, _, _) => {
            ranges.iter_mut().for_each(|range| range.index = SymbolId(0));
        }
        Kind::Tabulate(row, col, _) => (*row, *col) = (SymbolId(0), SymbolId(0)),
        Kind::LetInt(bindings, _) => bindings.iter_mut().for_each(|(id, _)| *id = SymbolId(0)),
        _ => {}
    }
    walk::each_child_mut(value, &mut forget_places);
}

/// What stands for a letter that is bound inside an element while elements are compared.
fn stand_in(position: usize) -> SymbolId {
    SymbolId(STAND_INS + position as u32)
}

/// Whether a number depends on a letter that is bound inside an element, and so can count nothing outside.
fn mentions_bound(int: &Int) -> bool {
    int.symbols().any(|id| id.0 >= STAND_INS && !super::unify::is_unknown(id))
}

impl Pattern {
    fn of(mut value: Expr) -> Pattern {
        whole_numbers(&mut value);
        let mut bound = Vec::new();
        binders(&mut value, &mut bound);
        let mut plain = value.clone();
        let mut numbers = Vec::new();
        walk::all_ints_mut(&mut plain, &mut |int| {
            let mut number = int.clone();
            for (position, id) in bound.iter().enumerate() {
                // Letters that are bound inside are the same when they stand at the same place.
                if let Some(new) = number.substitute(*id, &Int::symbol(stand_in(position))) {
                    number = new;
                }
            }
            numbers.push(number);
            *int = Int::default();
        });
        forget_places(&mut plain);
        Pattern { value, text: format!("{plain:?}"), numbers, bound }
    }

    /// The value with other whole numbers where these are given.
    fn with(&self, numbers: &[Option<Int>]) -> Expr {
        let mut value = self.value.clone();
        let mut position = 0;
        walk::all_ints_mut(&mut value, &mut |int| {
            if let Some(Some(new)) = numbers.get(position) {
                let back = |int: Int, (at, id): (usize, &SymbolId)| int.substitute(stand_in(at), &Int::symbol(*id)).unwrap_or(int);
                *int = self.bound.iter().enumerate().fold(new.clone(), back);
            }
            position += 1;
        });
        value
    }
}

/// The same with a power where the pattern has one: x is x^1 and 1 is x^0.
fn lifted(value: &Expr, like: &Expr) -> Option<Expr> {
    let same = |a: &Expr, b: &Expr| {
        let (a, b) = (Pattern::of(a.clone()), Pattern::of(b.clone()));
        a.text == b.text && a.numbers == b.numbers
    };
    let power = |base: &Expr, exponent: i64| {
        let exponent = number(exponent, value.span);
        expr(Kind::Power(Box::new(base.clone()), Box::new(exponent)), base.shape.clone(), value.span)
    };
    match &like.kind {
        Kind::Power(base, _) => {
            if same(value, base) {
                return Some(power(base, 1));
            }
            (to_int(value).and_then(|int| int.as_constant()) == Some(1) && to_int(base).is_none()).then(|| power(base, 0))
        }
        Kind::Mul(a, b) => {
            if let Kind::Mul(c, d) = &value.kind {
                let left =
                    if Pattern::of((**c).clone()).text == Pattern::of((**a).clone()).text { Some((**c).clone()) } else { lifted(c, a) };
                let right =
                    if Pattern::of((**d).clone()).text == Pattern::of((**b).clone()).text { Some((**d).clone()) } else { lifted(d, b) };
                return Some(expr(Kind::Mul(Box::new(left?), Box::new(right?)), value.shape.clone(), value.span));
            }
            let Kind::Power(base, _) = &b.kind else { return None };
            (Pattern::of(value.clone()).text == Pattern::of((**a).clone()).text)
                .then(|| expr(Kind::Mul(Box::new(value.clone()), Box::new(power(base, 0))), value.shape.clone(), value.span))
        }
        _ => None,
    }
}

/// The whole number c for which `difference` is c times `unit`.
fn multiple(difference: &Int, unit: &Int) -> Option<i64> {
    (-4..=4).find(|c| unit.mul(&Int::constant(*c)).as_ref() == Some(difference))
}

/// How a number goes from its first to its last value where nothing else is written: by one, if that is the only reading.
fn single_step(difference: &Int) -> Option<i64> {
    if let Some(constant) = difference.as_constant() {
        return Some(constant.signum());
    }
    let mut sign = 0;
    for (monomial, coefficient) in difference.terms() {
        match monomial.len() {
            0 => {}
            // `x_1, …, x_{2n}`: steps of two would miss the last element. `x_2, …, x_{2n}` has two readings.
            1 if coefficient.abs() == 1 || divided(difference, coefficient.abs()).is_none() => {
                sign = if sign == 0 { coefficient.signum() } else { sign }
            }
            _ => return None,
        }
    }
    Some(sign)
}

/// The quotient by a small whole number.
fn divided(int: &Int, by: i64) -> Option<Int> {
    let mut sum = Int::default();
    for (monomial, coefficient) in int.terms() {
        if coefficient % by != 0 {
            return None;
        }
        let mut term = Int::constant(coefficient / by);
        for symbol in monomial {
            term = term.mul(&Int::symbol(*symbol))?;
        }
        sum = sum.add(&term)?;
    }
    Some(sum)
}

fn contradicts(span: Span) -> Diagnostic {
    Diagnostic::new(Code::Ellipsis, span, "these dots contradict a written element: no pattern goes through all of them")
        .note("from one element to the next, indices and whole numbers change by the same amount")
        .help("write the sum or the vector with an index: `\\sum_{i=1}^{n} …`")
}

fn fits_twice(span: Span) -> Diagnostic {
    Diagnostic::new(Code::Ellipsis, span, "these dots fit two patterns")
        .help("write the second element too, or use an index: `\\sum_{i=1}^{n} …`")
}

impl Reader {
    // ---- lists ----

    /// A row from the parts between commas.
    pub(super) fn row(&mut self, commas: &[&[Node]], span: Span) -> Read<Expr> {
        let list = split_dots(commas, span)?;
        if !list.iter().any(|part| matches!(part, Part::Dots(_))) {
            let mut cells = Vec::new();
            for part in &list {
                let Part::Nodes(nodes) = part else { continue };
                cells.push(self.whole(nodes, span)?);
            }
            return self.blocks(vec![cells], span);
        }
        let general = self.general(&list, span)?;
        self.laid_out(general, false, span)
    }

    /// All elements of a list side by side, or one below the other.
    fn laid_out(&mut self, general: General, down: bool, span: Span) -> Read<Expr> {
        let General { body, index, count } = general;
        let shape = self.shape(&body);
        let other = self.new_index("j", Some((Int::one(), Int::one())), span);
        if shape.is_scalar() {
            return Ok(if down {
                expr(Kind::Tabulate(index, other, Box::new(body)), Shape::column(count), span)
            } else {
                expr(Kind::Tabulate(other, index, Box::new(body)), Shape::row(count), span)
            });
        }
        // Blocks: the sum over the positions of a unit vector's Kronecker product with the block.
        let unit = expr(Kind::Unit(Int::symbol(index)), Shape::column(count.clone()), span);
        let large = || super::expression::too_large(span);
        let (unit, whole) = if down {
            (unit, Shape { rows: shape.rows.mul(&count).ok_or_else(large)?, cols: shape.cols })
        } else {
            let row = expr(Kind::Transpose(Box::new(unit)), Shape::row(count.clone()), span);
            (row, Shape { rows: shape.rows, cols: shape.cols.mul(&count).ok_or_else(large)? })
        };
        let term = expr(Kind::Kronecker(Box::new(unit), Box::new(body)), whole.clone(), span);
        let range = IndexRange { index, low: Int::one(), high: count };
        Ok(expr(Kind::Sum(vec![range], None, Box::new(term)), whole, span))
    }

    /// The general element of a list with dots.
    fn general(&mut self, list: &[Part], span: Span) -> Read<General> {
        let dots: Vec<usize> = (0..list.len()).filter(|i| matches!(list[*i], Part::Dots(_))).collect();
        let read = |reader: &mut Reader, parts: &[Part]| -> Read<Vec<Pattern>> {
            let mut patterns = Vec::new();
            for part in parts {
                if let Part::Nodes(nodes) = part {
                    patterns.push(Pattern::of(reader.whole(nodes, span)?));
                }
            }
            Ok(patterns)
        };
        match dots.as_slice() {
            [at] => {
                let before = read(self, &list[..*at])?;
                let after = read(self, &list[*at + 1..])?;
                if before.is_empty() || after.is_empty() {
                    let Part::Dots(place) = list[*at] else { unreachable!("just found") };
                    return Err(Diagnostic::new(Code::Ellipsis, place, "these dots have no first or no last element to go from or to")
                        .help("write the first and the last element: `x_1, \\dots, x_n`"));
                }
                self.infer(&before, &after, span)
            }
            [first, second] if second - first == 2 => {
                let Part::Nodes(middle) = &list[first + 1] else { unreachable!("no dots") };
                let before = read(self, &list[..*first])?;
                let after = read(self, &list[second + 1..])?;
                self.general_element(middle, &before, &after, span)
            }
            _ => Err(Diagnostic::new(Code::Ellipsis, span, "dots stand once in a list, or on both sides of one general element")),
        }
    }

    /// The general element between the first and the last ones.
    fn infer(&mut self, before: &[Pattern], after: &[Pattern], span: Span) -> Read<General> {
        let like = after[0].clone();
        let mut all: Vec<Pattern> = Vec::new();
        for pattern in before.iter().chain(after) {
            if pattern.text == like.text && pattern.numbers.len() == like.numbers.len() {
                all.push(pattern.clone());
            } else {
                let lifted = lifted(&pattern.value, &like.value).map(Pattern::of).filter(|p| p.text == like.text);
                // `1 + … + n^2` may count by one, or go through the squares.
                let numbers = to_int(&pattern.value).is_some() && to_int(&like.value).is_some();
                all.push(lifted.ok_or_else(|| if numbers { fits_twice(span) } else { contradicts(pattern.value.span) })?);
            }
        }
        let (before, after) = all.split_at(before.len());
        let mut steps: Vec<i64> = Vec::new();
        let mut count: Option<Int> = None;
        for hole in 0..like.numbers.len() {
            let first: Vec<Int> = before.iter().map(|p| self.unknowns.resolve(&p.numbers[hole])).collect();
            let last: Vec<Int> = after.iter().map(|p| self.unknowns.resolve(&p.numbers[hole])).collect();
            let difference = last[0].sub(&first[0]).ok_or_else(|| contradicts(span))?;
            let constant = |a: &Int, b: &Int| b.sub(a).and_then(|d| d.as_constant());
            let step = if let [one, two, ..] = first.as_slice() {
                constant(one, two)
            } else if let [one, two, ..] = last.as_slice() {
                constant(one, two)
            } else {
                Some(single_step(&difference).ok_or_else(|| fits_twice(span))?)
            };
            let step = step.ok_or_else(|| contradicts(span))?;
            for list in [&first, &last] {
                for pair in list.windows(2) {
                    if constant(&pair[0], &pair[1]) != Some(step) {
                        return Err(contradicts(span));
                    }
                }
            }
            steps.push(step);
            if step == 0 {
                if difference != Int::default() {
                    return Err(contradicts(span));
                }
                continue;
            }
            // From the first to the first one behind the dots: count - (behind) steps.
            let between = divided(&difference, step).filter(|count| !mentions_bound(count)).ok_or_else(|| contradicts(span))?;
            let here = between.add(&Int::constant(after.len() as i64)).ok_or_else(|| contradicts(span))?;
            match &count {
                None => count = Some(here),
                Some(count) => {
                    if !self.unknowns.unify(count, &here) {
                        return Err(contradicts(span));
                    }
                }
            }
        }
        let count = match count {
            Some(count) => {
                self.has_room(&count, before.len(), after.len(), span)?;
                count
            }
            None => self.unknown(),
        };
        let index = self.new_index("k", Some((Int::one(), count.clone())), span);
        let moved = Int::symbol(index).sub(&Int::one()).expect("a small number");
        let numbers: Vec<Option<Int>> = steps
            .iter()
            .enumerate()
            .map(|(hole, step)| (*step != 0).then(|| before[0].numbers[hole].add(&moved.mul(&Int::constant(*step))?)).flatten())
            .collect();
        let body = before[0].with(&numbers);
        Ok(General { body, index, count })
    }

    /// So many elements must leave room for those that are written: for all of them where the number is known, else for those on either
    /// side of the dots.
    fn has_room(&mut self, count: &Int, before: usize, after: usize, span: Span) -> Read<()> {
        let least = before.max(after) as i64;
        match count.as_constant() {
            Some(count) if count < (before + after) as i64 => return Err(contradicts(span)),
            None if least > 1 && !count.symbols().any(super::unify::is_unknown) => self.size_conditions.push(Condition::Relation(
                Relation::GreaterOrEqual,
                Box::new(int_expr(count.clone(), span)),
                Box::new(number(least, span)),
            )),
            _ => {}
        }
        Ok(())
    }

    /// `\dots x_i \dots`: one element stands for all; the first and the last may be written as well.
    fn general_element(&mut self, nodes: &[Node], before: &[Pattern], after: &[Pattern], span: Span) -> Read<General> {
        let place = span_of(nodes, span);
        let mut letters: Vec<String> = Vec::new();
        index_letters(self, nodes, false, &mut letters);
        let whole =
            |reader: &Reader, name: &String| reader.lookup(name).filter(|id| matches!(reader.symbols[*id].kind, SymbolKind::Whole { .. }));
        let mut candidates: Vec<String> = letters.iter().filter(|name| whole(self, name).is_none()).cloned().collect();
        if candidates.is_empty() {
            candidates =
                letters.iter().filter(|name| whole(self, name).is_some_and(|id| self.indices.contains_key(&id))).cloned().collect();
        }
        let [letter] = candidates.as_slice() else {
            return Err(Diagnostic::new(Code::Ellipsis, place, "the element between these dots has no index of its own, or several")
                .help("write the first and the last element: `x_1, \\dots, x_n`"));
        };
        let id = self.new_index(letter, None, place);
        let meaning = self.scope.set(letter, Meaning::Symbol(id));
        let body = self.whole(nodes, place);
        self.scope.restore(letter, meaning);
        let body = body?;
        let pattern = Pattern::of(body.clone());
        // Where the first and the last are written, they say how far the letter runs.
        let mut ends: Vec<Int> = Vec::new();
        for written in before.iter().take(1).chain(after.last()) {
            ends.push(self.position_in(&pattern, written, id).ok_or_else(|| contradicts(written.value.span))?);
        }
        for (offset, written) in before.iter().enumerate() {
            let wanted = ends.first().and_then(|low| low.add(&Int::constant(offset as i64)));
            if self.position_in(&pattern, written, id) != wanted {
                return Err(contradicts(written.value.span));
            }
        }
        for (offset, written) in after.iter().rev().enumerate() {
            let wanted = ends.last().and_then(|high| high.sub(&Int::constant(offset as i64)));
            if self.position_in(&pattern, written, id) != wanted {
                return Err(contradicts(written.value.span));
            }
        }
        let range = self.range_of(id)?;
        let (low, high) = match ends.as_slice() {
            [low, high] => (low.clone(), high.clone()),
            _ => (range.low, range.high),
        };
        let count = high.sub(&low).and_then(|d| d.add(&Int::one())).ok_or_else(|| contradicts(span))?;
        self.has_room(&count, before.len(), after.len(), span)?;
        if low.is_one() {
            return Ok(General { body, index: id, count });
        }
        let index = self.new_index("k", Some((Int::one(), count.clone())), span);
        let value = low.add(&Int::symbol(index)).and_then(|v| v.sub(&Int::one())).ok_or_else(|| contradicts(span))?;
        let shape = body.shape.clone();
        let body = expr(Kind::LetInt(vec![(id, value)], Box::new(body)), shape, place);
        Ok(General { body, index, count })
    }

    /// The value of the letter for which the pattern is a written element.
    fn position_in(&mut self, pattern: &Pattern, written: &Pattern, letter: SymbolId) -> Option<Int> {
        if pattern.text != written.text || pattern.numbers.len() != written.numbers.len() {
            return None;
        }
        let mut found: Option<Int> = None;
        for (general, value) in pattern.numbers.iter().zip(&written.numbers) {
            let (general, value) = (self.unknowns.resolve(general), self.unknowns.resolve(value));
            if !general.mentions(letter) {
                if !self.unknowns.unify(&general, &value) {
                    return None;
                }
                continue;
            }
            let coefficient = general.linear_coefficient(letter)?;
            let rest = general.substitute(letter, &Int::default())?;
            let at = divided(&value.sub(&rest)?, coefficient).filter(|at| !mentions_bound(at))?;
            match &found {
                None => found = Some(at),
                Some(found) if *found == at => {}
                Some(_) => return None,
            }
        }
        found
    }

    // ---- sums and products ----

    /// Joins the terms of a sum that dots stand between.
    pub(super) fn join_dotted_sum(&mut self, items: Vec<(bool, Item)>) -> Read<Vec<(bool, Expr)>> {
        let mut done: Vec<(bool, Expr)> = Vec::new();
        let mut items = items.into_iter();
        while let Some((negative, item)) = items.next() {
            let place = match item {
                Item::Expr(value) => {
                    done.push((negative, value));
                    continue;
                }
                Item::Dots(place) => place,
            };
            let Some((last_negative, Item::Expr(last))) = items.next() else {
                return Err(Diagnostic::new(Code::Ellipsis, place, "behind these dots the last element is missing")
                    .help("write it: `x_1 + \\dots + x_n`"));
            };
            if last_negative != negative {
                return Err(contradicts(place));
            }
            let (start, before) =
                self.matching_elements(&done.iter().map(|(n, e)| (*n, e.clone())).collect::<Vec<_>>(), negative, &last, place)?;
            let span = done[start].1.span.to(last.span);
            let general = self.infer(&before, &[Pattern::of(last)], span)?;
            done.truncate(start);
            let shape = self.shape(&general.body);
            let range = IndexRange { index: general.index, low: Int::one(), high: general.count };
            done.push((negative, expr(Kind::Sum(vec![range], None, Box::new(general.body)), shape, span)));
        }
        Ok(done)
    }

    /// The elements right before the dots that have the pattern of the one behind them.
    fn matching_elements(&mut self, done: &[(bool, Expr)], negative: bool, last: &Expr, place: Span) -> Read<(usize, Vec<Pattern>)> {
        let like = Pattern::of(last.clone());
        let fits = |value: &Expr| {
            let pattern = Pattern::of(value.clone());
            let numbers = to_int(value).is_some() && to_int(&like.value).is_some();
            if pattern.text == like.text || numbers {
                return Some(pattern);
            }
            lifted(value, &like.value).map(Pattern::of).filter(|p| p.text == like.text)
        };
        let mut before: Vec<Pattern> = Vec::new();
        let mut start = done.len();
        // The first term of a sum carries no sign that says anything of the dots.
        while start > 0 && (done[start - 1].0 == negative || start == 1 && !done[0].0 && negative && before.is_empty()) {
            match fits(&done[start - 1].1) {
                Some(pattern) => before.insert(0, pattern),
                None => break,
            }
            start -= 1;
        }
        if before.is_empty() || done.get(start).is_some_and(|(n, _)| *n != negative) {
            return Err(match done.last() {
                Some((_, element)) => contradicts(element.span),
                None => Diagnostic::new(Code::Ellipsis, place, "before these dots the first element is missing")
                    .help("write it: `x_1 + \\dots + x_n`"),
            });
        }
        Ok((start, before))
    }

    /// Joins the factors of a product that dots stand between.
    pub(super) fn join_dotted_product(&mut self, list: Vec<Item>, span: Span) -> Read<Expr> {
        let mut done: Vec<(bool, Expr)> = Vec::new();
        let mut items = list.into_iter();
        while let Some(item) = items.next() {
            let place = match item {
                Item::Expr(value) => {
                    done.push((false, value));
                    continue;
                }
                Item::Dots(place) => place,
            };
            let Some(Item::Expr(last)) = items.next() else {
                return Err(Diagnostic::new(Code::Ellipsis, place, "behind these dots the last factor is missing")
                    .help("write it: `x_1 \\cdots x_n`"));
            };
            let (start, before) = self.matching_elements(&done, false, &last, place)?;
            let whole = done[start].1.span.to(last.span);
            let general = self.infer(&before, &[Pattern::of(last)], whole)?;
            done.truncate(start);
            if !self.shape(&general.body).is_scalar() {
                self.square(&general.body, "a product with dots is one of numbers or of square matrices")?;
            }
            let shape = self.shape(&general.body);
            let range = IndexRange { index: general.index, low: Int::one(), high: general.count };
            done.push((false, expr(Kind::Product(vec![range], None, Box::new(general.body)), shape, whole)));
        }
        let mut product = self.product_of(done.into_iter().map(|(_, value)| value).collect())?;
        product.span = span;
        Ok(product)
    }

    // ---- matrices ----

    /// A matrix that is written out.
    pub(super) fn matrix(&mut self, rows: &[Vec<Vec<Node>>], span: Span) -> Read<Expr> {
        let rows: Vec<Vec<Vec<Node>>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.iter().filter(|node| !is_layout(node)).cloned().collect()).collect())
            .collect();
        let only_dots = |cell: &Vec<Node>| !cell.is_empty() && cell.iter().all(is_dots);
        let dotted = rows.iter().flatten().any(only_dots);
        if !dotted {
            let mut blocks = Vec::new();
            for row in &rows {
                let mut cells = Vec::new();
                for cell in row {
                    // A row of a single cell may hold dots between its elements.
                    cells.push(if cell.iter().any(is_dots) && row.len() == 1 {
                        self.row(&super::cursor::split_commas(cell), span)?
                    } else {
                        self.whole(cell, span)?
                    });
                }
                blocks.push(cells);
            }
            return self.blocks(blocks, span);
        }
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        let dot_row = |row: &Vec<Vec<Node>>| row.iter().any(only_dots) && row.iter().all(|cell| cell.is_empty() || only_dots(cell));
        let dot_rows: Vec<usize> = (0..rows.len()).filter(|i| dot_row(&rows[*i])).collect();
        let written: Vec<usize> = (0..rows.len()).filter(|i| !dot_rows.contains(i)).collect();
        let cell = |i: usize, j: usize| -> &[Node] { rows[i].get(j).map(Vec::as_slice).unwrap_or_default() };
        let dots_at = |i: usize, j: usize| !cell(i, j).is_empty() && cell(i, j).iter().all(is_dots);
        let dot_cols: Vec<usize> = (0..width)
            .filter(|j| {
                let in_rows = written.iter().any(|i| dots_at(*i, *j));
                let diagonal = dot_rows.iter().any(|i| cell(*i, *j).iter().any(|node| node.is_command("ddots")));
                in_rows || (diagonal && written.iter().all(|i| cell(*i, *j).is_empty()))
            })
            .collect();
        let error = |message: &str| Diagnostic::new(Code::Ellipsis, span, message.to_string());
        if dot_rows.len() > 1 || dot_cols.len() > 1 {
            return Err(error("a matrix has one row and one column of dots at most"));
        }
        for i in &written {
            for j in 0..width {
                let dots = dots_at(*i, j);
                if dot_cols.contains(&j) && !dots && !cell(*i, j).is_empty() || !dot_cols.contains(&j) && dots {
                    return Err(error("in each row of a matrix the dots stand in the same column"));
                }
            }
        }
        let columns: Vec<usize> = (0..width).filter(|j| !dot_cols.contains(j)).collect();
        if written.is_empty() || columns.is_empty() {
            return Err(error("these dots have no written element beside them to follow"));
        }
        let mut grid: Vec<Vec<Pattern>> = Vec::new();
        for i in &written {
            let mut line = Vec::new();
            for j in &columns {
                let nodes = cell(*i, *j);
                // What is left empty in a matrix is zero.
                line.push(Pattern::of(if nodes.is_empty() { number(0, span) } else { self.whole(nodes, span)? }));
            }
            grid.push(line);
        }
        let positions = |all: &[usize], dots: Option<&usize>| -> Vec<Position> {
            let last = all.len() as i64;
            all.iter()
                .enumerate()
                .map(|(k, at)| match dots {
                    Some(dots) if at > dots => Position::End(last - 1 - k as i64),
                    _ => Position::Start(k as i64 + 1),
                })
                .collect()
        };
        let (down, across) = (positions(&written, dot_rows.first()), positions(&columns, dot_cols.first()));
        let ends =
            |list: &[Position]| list.iter().any(|p| matches!(p, Position::Start(_))) && list.iter().any(|p| matches!(p, Position::End(_)));
        if !dot_rows.is_empty() && !ends(&down) || !dot_cols.is_empty() && !ends(&across) {
            return Err(
                error("these dots have no first or no last element to go from or to").help("write the first and the last row or column")
            );
        }
        let split = |list: &[Position]| list.iter().filter(|p| matches!(p, Position::Start(_))).count();
        match (dot_rows.is_empty(), dot_cols.is_empty()) {
            (false, true) => {
                let mut cells = Vec::new();
                for j in 0..columns.len() {
                    let column: Vec<Pattern> = grid.iter().map(|row| row[j].clone()).collect();
                    let general = self.infer(&column[..split(&down)], &column[split(&down)..], span)?;
                    cells.push(self.laid_out(general, true, span)?);
                }
                self.blocks(vec![cells], span)
            }
            (true, false) => {
                let mut lines = Vec::new();
                for row in &grid {
                    let general = self.infer(&row[..split(&across)], &row[split(&across)..], span)?;
                    lines.push(vec![self.laid_out(general, false, span)?]);
                }
                self.blocks(lines, span)
            }
            _ => self.dotted_matrix(&grid, &down, &across, span),
        }
    }

    /// A matrix with dots in both directions: one pattern for all elements, or one for the diagonal and one for the rest.
    fn dotted_matrix(&mut self, grid: &[Vec<Pattern>], down: &[Position], across: &[Position], span: Span) -> Read<Expr> {
        let saved = (self.unknowns.clone(), self.size_conditions.len());
        let row = self.new_index("i", None, span);
        let col = self.new_index("j", None, span);
        let all: Vec<(usize, usize)> = (0..down.len()).flat_map(|a| (0..across.len()).map(move |b| (a, b))).collect();
        let rows_start = down.iter().filter(|p| matches!(p, Position::Start(_))).count();
        let cols_start = across.iter().filter(|p| matches!(p, Position::Start(_))).count();
        let attempt = (|| -> Read<(Expr, Int, Int)> {
            let column: Vec<Pattern> = grid.iter().map(|line| line[0].clone()).collect();
            let high = self.infer(&column[..rows_start], &column[rows_start..], span)?.count;
            let wide = self.infer(&grid[0][..cols_start], &grid[0][cols_start..], span)?.count;
            let body = self.plane(grid, &all, down, across, (&high, &wide), (row, col), span)?;
            Ok((body, high, wide))
        })();
        let (body, high, wide) = match attempt {
            Ok(found) => found,
            Err(error) => {
                self.unknowns = saved.0;
                self.size_conditions.truncate(saved.1);
                if down != across {
                    return Err(error);
                }
                let diagonal: Vec<Pattern> = (0..down.len()).map(|a| grid[a][a].clone()).collect();
                let General { body, index, count } = self.infer(&diagonal[..rows_start], &diagonal[rows_start..], span)?;
                let rest: Vec<(usize, usize)> = all.into_iter().filter(|(a, b)| a != b).collect();
                let other = self.plane(grid, &rest, down, across, (&count, &count), (row, col), span)?;
                let (one, two) = (self.shape(&body), self.shape(&other));
                if !one.is_scalar() || !two.is_scalar() {
                    return Err(error);
                }
                let on = Condition::Relation(Relation::Equal, Box::new(self.index_expr(row, span)), Box::new(self.index_expr(col, span)));
                let body = expr(Kind::LetInt(vec![(index, Int::symbol(row))], Box::new(body)), Shape::scalar(), span);
                let cases = expr(Kind::Cases(vec![(on, body)], Some(Box::new(other))), Shape::scalar(), span);
                (cases, count.clone(), count)
            }
        };
        for (size, written) in [(&high, down), (&wide, across)] {
            if self.unknowns.resolve(size).as_constant().is_some_and(|size| size < written.len() as i64) {
                return Err(contradicts(span));
            }
        }
        let shape = self.shape(&body);
        if shape.is_scalar() {
            return Ok(expr(Kind::Tabulate(row, col, Box::new(body)), Shape::matrix(high, wide), span));
        }
        let large = || super::expression::too_large(span);
        let unit = |id: SymbolId, n: &Int| expr(Kind::Unit(Int::symbol(id)), Shape::column(n.clone()), span);
        let right = expr(Kind::Transpose(Box::new(unit(col, &wide))), Shape::row(wide.clone()), span);
        let place = expr(Kind::Mul(Box::new(unit(row, &high)), Box::new(right)), Shape::matrix(high.clone(), wide.clone()), span);
        let whole = Shape { rows: shape.rows.mul(&high).ok_or_else(large)?, cols: shape.cols.mul(&wide).ok_or_else(large)? };
        let term = expr(Kind::Kronecker(Box::new(place), Box::new(body)), whole.clone(), span);
        let ranges = vec![IndexRange { index: row, low: Int::one(), high }, IndexRange { index: col, low: Int::one(), high: wide }];
        Ok(expr(Kind::Sum(ranges, None, Box::new(term)), whole, span))
    }

    /// One pattern whose numbers are linear in the row and the column, through these elements of a matrix.
    #[allow(clippy::too_many_arguments)]
    fn plane(
        &mut self,
        grid: &[Vec<Pattern>],
        chosen: &[(usize, usize)],
        down: &[Position],
        across: &[Position],
        (high, wide): (&Int, &Int),
        (row, col): (SymbolId, SymbolId),
        span: Span,
    ) -> Read<Expr> {
        let Some(first) = chosen.first() else { return Err(contradicts(span)) };
        let like = grid[first.0][first.1].clone();
        for (a, b) in chosen {
            if grid[*a][*b].text != like.text || grid[*a][*b].numbers.len() != like.numbers.len() {
                return Err(contradicts(grid[*a][*b].value.span));
            }
        }
        let at = |position: Position, size: &Int| match position {
            Position::Start(k) => Some(Int::constant(k)),
            Position::End(k) => size.sub(&Int::constant(k)),
        };
        let mut numbers = Vec::new();
        for hole in 0..like.numbers.len() {
            let value = |reader: &Reader, (a, b): (usize, usize)| reader.unknowns.resolve(&grid[a][b].numbers[hole]);
            // The step along one direction, from two elements that share the other.
            let mut steps = [None, None];
            for (direction, step) in steps.iter_mut().enumerate() {
                for p in chosen {
                    for q in chosen {
                        let (same, from, to) = if direction == 0 { (p.1 == q.1, p.0, q.0) } else { (p.0 == q.0, p.1, q.1) };
                        if !same || from >= to || step.is_some() {
                            continue;
                        }
                        let (places, size) = if direction == 0 { (down, high) } else { (across, wide) };
                        let (Some(x), Some(y)) = (at(places[from], size), at(places[to], size)) else { continue };
                        let (u, v) = (value(self, *p), value(self, *q));
                        if u == v {
                            *step = Some(0);
                        } else if let (Some(distance), Some(difference)) = (y.sub(&x), v.sub(&u)) {
                            *step = multiple(&difference, &self.unknowns.resolve(&distance));
                            if step.is_none() {
                                return Err(contradicts(grid[q.0][q.1].value.span));
                            }
                        }
                    }
                }
            }
            let varies = chosen.iter().any(|p| value(self, *p) != value(self, *first));
            let [beta, gamma] = match steps {
                [Some(beta), Some(gamma)] => [beta, gamma],
                _ if !varies => [0, 0],
                _ => return Err(fits_twice(span)),
            };
            let predicted = |r: &Int, c: &Int, origin: &(Int, Int, Int)| -> Option<Int> {
                let (value, r0, c0) = origin;
                value.add(&r.sub(r0)?.mul(&Int::constant(beta))?)?.add(&c.sub(c0)?.mul(&Int::constant(gamma))?)
            };
            let (r0, c0) = (at(down[first.0], high), at(across[first.1], wide));
            let (Some(r0), Some(c0)) = (r0, c0) else { return Err(contradicts(span)) };
            let origin = (value(self, *first), r0, c0);
            for p in chosen {
                let (Some(r), Some(c)) = (at(down[p.0], high), at(across[p.1], wide)) else { return Err(contradicts(span)) };
                let wanted = predicted(&r, &c, &origin).ok_or_else(|| contradicts(span))?;
                if !self.unknowns.unify(&wanted, &value(self, *p)) {
                    return Err(contradicts(grid[p.0][p.1].value.span));
                }
            }
            let moves = beta != 0 || gamma != 0;
            numbers.push(if moves { predicted(&Int::symbol(row), &Int::symbol(col), &origin) } else { None });
        }
        Ok(like.with(&numbers))
    }
}

/// The parts of a list, dots that stand beside an element without a comma taken apart from it.
fn split_dots(commas: &[&[Node]], span: Span) -> Read<Vec<Part>> {
    let mut list = Vec::new();
    for part in commas {
        let nodes: Vec<Node> = part.iter().filter(|node| !is_layout(node)).cloned().collect();
        if nodes.is_empty() {
            return Err(Diagnostic::new(Code::Unreadable, span_of(part, span), "an element is missing between these commas"));
        }
        if is_dots(&nodes[0]) && nodes.len() == 1 {
            list.push(Part::Dots(nodes[0].span));
            continue;
        }
        let leading = is_dots(&nodes[0]);
        let trailing = is_dots(&nodes[nodes.len() - 1]) && nodes.len() > 2;
        if leading {
            list.push(Part::Dots(nodes[0].span));
        }
        list.push(Part::Nodes(nodes[usize::from(leading)..nodes.len() - usize::from(trailing && leading)].to_vec()));
        if leading && trailing {
            list.push(Part::Dots(nodes[nodes.len() - 1].span));
        }
    }
    Ok(list)
}

/// The letters that stand in subscripts, each once, without those that sums bind.
fn index_letters(reader: &Reader, nodes: &[Node], inside: bool, found: &mut Vec<String>) {
    for node in nodes {
        if inside
            && let Some(name) = bare_letter(reader, node)
            && !found.contains(&name)
        {
            found.push(name);
        }
        match &node.kind {
            NodeKind::Scripts(scripts) => {
                let base = parts(node).base;
                let operator = matches!(&base.kind, NodeKind::Command(c) if matches!(c.as_str(), "sum" | "prod" | "max" | "min"));
                if !operator && let Some(sub) = &scripts.sub {
                    index_letters(reader, sub, true, found);
                }
                index_letters(reader, std::slice::from_ref(&scripts.base), false, found);
                if let Some(sup) = &scripts.sup {
                    index_letters(reader, sup, false, found);
                }
            }
            NodeKind::Frac(a, b) => {
                index_letters(reader, a, false, found);
                index_letters(reader, b, false, found);
            }
            NodeKind::Group(inner) | NodeKind::Delimited(_, inner, _) | NodeKind::Sqrt(_, inner) => {
                index_letters(reader, inner, false, found)
            }
            _ => {}
        }
    }
}

//! Formulas to statements: declarations, definitions and chains of claims, with the conditions that stand beside them.
//!
//! ```text
//! formula   = line { "\\" line } ;
//! line      = piece { ( "," wide | text | "\Rightarrow" ) piece } ;       (a line that begins with a relation goes on with the statement above)
//! piece     = declaration | definition | chain ;
//! chain     = sum { relation sum } { side-condition } ;
//! side-condition = text condition | "(" condition ")" ;
//! ```

use std::collections::BTreeSet;

use super::condition::{begins_condition, without_texts, words_in};
use super::cursor::{Sign, enclosed, is_layout, matching, opens, relations, sign_at, split_commas, typed_relation};
use super::expr::{Condition, Expr, IndexRange, Kind, Relation, Step, SymbolId};
use super::function::{is_function_command, known, parts};
use super::int::Int;
use super::reader::{Read, Reader, is_letter_command, to_int};
use super::symbol::SymbolKind;
use super::unify::is_unknown;
use super::walk;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tex::tree::{Node, NodeKind, TextPart, canonical, span_of};

/// What a formula does at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It stands in a line of its own, and everything in it claims.
    Display,
    /// It stands in a sentence; an inequality in it is a condition.
    Inline,
    /// It is a condition of the sentence.
    Condition,
    /// It is assumed up to the next heading.
    Assumption,
}

/// A step of a formula.
#[derive(Clone, Debug)]
pub struct ReadStep {
    /// The two sides, and the conditions.
    pub step: Step,
    /// Further equations that the step stands for: those that are written inside its cases.
    pub inside: Vec<Step>,
    /// The number of its relation in the formula.
    pub number: usize,
    /// Which statement of the formula it belongs to.
    pub chain: usize,
    /// Why the two sides cannot be compared.
    pub misfit: Option<Diagnostic>,
}

/// What was read of a formula.
#[derive(Clone, Debug, Default)]
pub struct ReadFormula {
    /// Labels with their places; one is allowed.
    pub labels: Vec<(String, Span)>,
    /// The reason why it is not checked.
    pub unchecked: Option<String>,
    /// References to other formulas in it.
    pub references: Vec<(String, Span)>,
    /// Its steps.
    pub steps: Vec<ReadStep>,
    /// Its definitions of symbols, as equations.
    pub definitions: Vec<Step>,
    /// What it introduces.
    pub introduced: Vec<SymbolId>,
    /// What could not be read.
    pub errors: Vec<Diagnostic>,
}

/// A line, with the lines that its conditions hold for if it stands behind an environment.
struct Line {
    nodes: Vec<Node>,
    behind: Option<Span>,
}

/// A statement, and the conditions with the places of the steps for which they hold.
struct Statement {
    nodes: Vec<Node>,
    conditions: Vec<(Vec<Node>, Span)>,
}

struct Piece {
    nodes: Vec<Node>,
    conditions: Vec<Vec<Node>>,
    remark: bool,
}

/// Whether a text or a space begins the condition of a case.
pub(super) fn is_condition_start(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Wide => true,
        NodeKind::Text(_) => node
            .words()
            .is_some_and(|words| begins_condition(&words) || words.to_lowercase().contains("otherwise") || words.trim() == "else"),
        _ => false,
    }
}

const ALIGNED: &[&str] = &["aligned", "align", "alignedat", "alignat", "split", "gathered", "gather", "equation"];

/// Environments in which every line is one of its own.
fn is_aligned(name: &str) -> bool {
    ALIGNED.contains(&name.trim_end_matches('*'))
}

/// Signs between statements that claim nothing by themselves.
fn implies(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Command(name) if matches!(name.as_str(),
        "Rightarrow" | "implies" | "iff" | "Leftrightarrow" | "Longrightarrow" | "therefore" | "because" | "impliedby"))
}

impl Reader {
    /// Reads one formula.
    pub fn formula(&mut self, nodes: &[Node], role: Role) -> ReadFormula {
        let mut out = ReadFormula::default();
        let nodes = take_marks(nodes, &mut out);
        self.introduced.clear();
        self.shared_cases.clear();
        self.formula = nodes.clone();
        if out.unchecked.is_some() {
            return out;
        }
        let inline = role != Role::Display;
        // In a sentence `(i \ne j)` is a condition, as it is beside a formula.
        let claimless =
            claimless_relation(&nodes).filter(|(sign, _)| !inline || role == Role::Inline && *sign == Sign::Relation(Relation::Equal));
        if let Some((_, place)) = claimless {
            let message = "a relation that stands in brackets or in `cases` by itself claims nothing";
            let help = "leave the brackets away; write several equations in `\\begin{aligned}`, a line each";
            out.errors.push(Diagnostic::new(Code::Unreadable, place, message).help(help));
            return out;
        }
        if inline && !holds_relation(&nodes) {
            if let Err(error) = self.prose(&nodes) {
                out.errors.push(error);
            }
            return out;
        }
        let mut counter = 0;
        match role {
            Role::Condition | Role::Assumption => self.sentence_condition(&nodes, role, &mut counter, &mut out),
            _ => {
                for (chain, statement) in statements(self, &nodes).into_iter().enumerate() {
                    self.statement(&statement, role, chain, &mut counter, &mut out);
                }
            }
        }
        if !out.errors.is_empty() {
            out.steps.clear();
        }
        // That a name could not be introduced is told once, where it is used first.
        out.errors.retain(|error| !error.follows || error.labels.first().is_none_or(|(place, _)| self.told.insert(*place)));
        out.introduced = std::mem::take(&mut self.introduced);
        out
    }

    /// A condition or an assumption in a sentence; a definition defines, and a new name is declared, after *with* and *where* too.
    fn sentence_condition(&mut self, nodes: &[Node], role: Role, counter: &mut usize, out: &mut ReadFormula) {
        let span = span_of(nodes, Span::default());
        let signs = relations(nodes);
        let new = |reader: &Reader, at: usize| {
            split_commas(&nodes[..at]).into_iter().flatten().any(|node| {
                let p = parts(node);
                reader.name_of(p.base).is_some_and(|name| {
                    reader.scope.get(&name).is_none()
                        && (p.sub.is_none() || reader.element_symbol(&name, p.sub.map_or(0, super::function::index_count)).is_none())
                })
            })
        };
        if let Some((at, sign, _)) = signs.first() {
            let counts =
                nodes.iter().any(|node| node.is_command("{") || matches!(&node.kind, NodeKind::Delimited(open, ..) if open == "\\{"))
                    && nodes.iter().any(super::cursor::is_dots);
            let introduces = match sign {
                Sign::Define | Sign::Colon => true,
                Sign::In => new(self, *at) && !counts,
                _ => false,
            };
            if introduces {
                for (chain, statement) in statements(self, nodes).into_iter().enumerate() {
                    self.statement(&statement, Role::Inline, chain, counter, out);
                }
                return;
            }
        }
        self.begin_statement();
        self.statement = nodes.to_vec();
        let trimmed = trim(nodes);
        // `x > 0 \text{ if } y > 0` is a condition of both, and an assumption of neither.
        let conditional =
            without_texts(&trimmed).into_iter().find(|node| node.words().is_some_and(|words| words_in(&words).any(begins_condition)));
        if let (Role::Assumption, Some(node)) = (role, conditional) {
            let message = "what is assumed here has a condition of its own, which is not read";
            let help = "write it with `or`: `$y \\le 0 \\text{ or } x > 0$` for one that holds if y is positive";
            out.errors.push(Diagnostic::new(Code::Unreadable, node.span, message).help(help));
            return;
        }
        let condition = self.condition(&trimmed, span).and_then(|condition| self.finish_condition(condition));
        let mut ids = BTreeSet::new();
        if let Ok(condition) = &condition {
            walk::each_in_condition(condition, &mut |part| walk::all_ints(part, &mut |int| ids.extend(int.symbols())));
        }
        let free: BTreeSet<SymbolId> = self.free.iter().map(|(_, id, _)| *id).collect();
        self.end_statement();
        match condition {
            Err(error) => out.errors.push(error),
            Ok(_) if role == Role::Condition => {}
            Ok(_) if ids.iter().any(|id| free.contains(id)) => out.errors.push(
                Diagnostic::new(Code::Index, span, "an assumption holds for symbols, and an index in it has no value")
                    .help("put the condition beside the formula: `\\quad (i \\ne j)`"),
            ),
            Ok(condition) => self.assumptions.push(condition),
        }
    }

    /// That a formula without a relation has no typing errors in it.
    fn prose(&self, nodes: &[Node]) -> Read<()> {
        for node in nodes {
            match &node.kind {
                NodeKind::Command(name) if !is_known_command(name) => return Err(self.unknown_command(name, node.span)),
                NodeKind::Group(inner) | NodeKind::Styled(_, inner) | NodeKind::Delimited(_, inner, _) => self.prose(inner)?,
                NodeKind::Frac(a, b) => {
                    self.prose(a)?;
                    self.prose(b)?;
                }
                NodeKind::Sqrt(degree, body) => {
                    self.prose(degree.as_deref().unwrap_or_default())?;
                    self.prose(body)?;
                }
                NodeKind::Scripts(scripts) => {
                    self.prose(std::slice::from_ref(&scripts.base))?;
                    self.prose(scripts.sub.as_deref().unwrap_or_default())?;
                    self.prose(scripts.sup.as_deref().unwrap_or_default())?;
                }
                NodeKind::Environment(_, rows) => {
                    for cell in rows.iter().flatten() {
                        self.prose(cell)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    // ---- one statement ----

    fn statement(&mut self, statement: &Statement, role: Role, chain: usize, counter: &mut usize, out: &mut ReadFormula) {
        // Several declarations or claims with nothing but commas between them.
        let nodes = trim(&statement.nodes);
        let all = relations(&nodes);
        let commas = split_commas(&nodes);
        if commas.len() > 1 && all.len() > 1 {
            let mut groups: Vec<Vec<Node>> = Vec::new();
            let mut open: Vec<Node> = Vec::new();
            for part in &commas {
                if !open.is_empty() {
                    open.push(Node { kind: NodeKind::Char(','), span: span_of(part, Span::default()) });
                }
                open.extend(part.iter().cloned());
                if !relations(part).is_empty() {
                    groups.push(std::mem::take(&mut open));
                }
            }
            if open.is_empty() && groups.len() > 1 {
                for group in groups {
                    let part = Statement { nodes: group, conditions: statement.conditions.clone() };
                    self.statement(&part, role, chain, counter, out);
                }
                return;
            }
        }
        let place = span_of(&nodes, Span::default());
        if nodes.is_empty() {
            return;
        }
        let Some((at, sign, length)) = all.first().copied() else {
            // A value by itself claims nothing, and is read for its mistakes.
            self.begin_statement();
            self.statement = nodes.clone();
            self.side = place;
            if let Err(error) = self.whole(&nodes, place) {
                out.errors.push(error);
            }
            self.end_statement();
            self.read_conditions(statement, false, out);
            return;
        };
        let first = *counter;
        *counter += all.len();
        let outcome = match sign {
            Sign::In => self.declaration(&nodes[..at], &nodes[at + length..], place),
            Sign::Colon => {
                let to = nodes.iter().position(|node| {
                    matches!(&node.kind, NodeKind::Command(name) if matches!(name.as_str(), "to" | "rightarrow" | "longrightarrow"))
                        || node.is_char('→')
                });
                match to {
                    Some(to) if to > at => {
                        *counter = first + 1;
                        self.function_declaration(&nodes[..at], &nodes[at + length..to], &nodes[to + 1..], place)
                    }
                    _ => Err(Diagnostic::new(
                        Code::BadDeclaration,
                        nodes[at].span,
                        "a function is declared as `f : \\mathbb{R}^n \\to \\mathbb{R}`",
                    )),
                }
            }
            Sign::Other => Err(self.claims_nothing(&nodes[at])),
            Sign::Define => {
                let end = all.get(1).map_or(nodes.len(), |(next, _, _)| *next);
                match self.definition(&nodes[..at], &nodes[at + length..end], place) {
                    Err(error) => Err(error),
                    Ok(equation) => {
                        if let Some((left, right)) = equation {
                            out.definitions.push(self.plain_step(left, right, &nodes, at));
                        }
                        if all.len() > 1 {
                            self.chain(&nodes[at + length..], &statement.conditions, role, chain, first + 1, out)
                        } else {
                            Ok(())
                        }
                    }
                }
            }
            Sign::Relation(_) => self.chain(&nodes, &statement.conditions, role, chain, first, out),
        };
        if outcome.is_ok() {
            match sign {
                Sign::In | Sign::Colon => self.read_conditions(statement, false, out),
                Sign::Define if all.len() == 1 => {
                    let plain = !nodes[..at].iter().any(|node| opens(node).is_some() || matches!(node.kind, NodeKind::Scripts(_)));
                    self.read_conditions(statement, !plain, out);
                }
                _ => {}
            }
        }
        if let Err(mut error) = outcome {
            if error.code == Code::Undeclared
                && !error.follows
                && (first > 0 || role != Role::Display)
                && let Some(condition) = self.like_a_condition(&nodes)
            {
                error.help = vec![match role {
                    Role::Display => {
                        format!("a condition of what stands before it is written `\\text{{for }} {condition}` or `({condition})`")
                    }
                    _ => "a relation in a sentence is a condition right after a word such as *if* or *for*".to_string(),
                }];
            }
            out.errors.push(error);
        }
    }

    /// Conditions beside what claims nothing change nothing, and are read for their mistakes. What a definition is for may have letters of
    /// its own, its parameters and indices.
    fn read_conditions(&mut self, statement: &Statement, own_letters: bool, out: &mut ReadFormula) {
        for (condition, span) in &statement.conditions {
            self.begin_statement();
            self.statement = condition.clone();
            self.side = *span;
            self.learn_sizes(condition);
            self.assume_sizes();
            let outcome = self.condition(condition, *span);
            self.end_statement();
            out.errors.extend(outcome.err().filter(|error| !own_letters || error.code != Code::Undeclared));
        }
    }

    /// A relation between letters that may be meant as a condition.
    fn like_a_condition(&self, nodes: &[Node]) -> Option<String> {
        let [(at, Sign::Relation(relation), length)] = relations(nodes)[..] else { return None };
        let letter = |nodes: &[Node]| match nodes {
            [node] => super::condition::bare_letter(self, node),
            _ => None,
        };
        let left = letter(&nodes[..at])?;
        let right = match &nodes[at + length..] {
            [Node { kind: NodeKind::Number(number), .. }] => number.clone(),
            nodes => letter(nodes)?,
        };
        Some(format!("{left} {} {right}", relation_text(relation)))
    }

    fn claims_nothing(&self, node: &Node) -> Diagnostic {
        Diagnostic::new(Code::Unreadable, node.span, format!("`{}` claims nothing that can be checked", node.canonical()))
            .help("write `=`, `\\ne`, `\\le`, `<`, or put the sentence into words")
    }

    fn plain_step(&self, left: Expr, right: Expr, nodes: &[Node], at: usize) -> Step {
        Step {
            left,
            relation: Relation::Equal,
            right,
            at: nodes[at].span,
            free: Vec::new(),
            conditions: Vec::new(),
            text: canonical(nodes),
        }
    }

    /// A chain of claims.
    #[allow(clippy::too_many_arguments)]
    fn chain(
        &mut self,
        nodes: &[Node],
        conditions: &[(Vec<Node>, Span)],
        role: Role,
        chain: usize,
        first: usize,
        out: &mut ReadFormula,
    ) -> Read<()> {
        let place = span_of(nodes, Span::default());
        if let Some(error) = typed_relation(nodes) {
            return Err(error);
        }
        let signs = relations(nodes);
        for (at, sign, _) in &signs {
            match sign {
                Sign::Relation(_) => {}
                Sign::Other => return Err(self.claims_nothing(&nodes[*at])),
                Sign::In => {
                    return Err(Diagnostic::new(Code::Unreadable, nodes[*at].span, "a domain has no place behind a chain of claims")
                        .help("declare what it is said of before, in a statement of its own: the shapes of a claim are compared anyway"));
                }
                _ => return Err(Diagnostic::new(Code::Unreadable, nodes[*at].span, "this sign has no place in a chain of claims")),
            }
        }
        // An inequality by itself in a sentence is a condition, and read all the same.
        let claims =
            role == Role::Display || signs.iter().any(|(_, sign, _)| matches!(sign, Sign::Relation(Relation::Equal | Relation::NotEqual)));
        let claims = claims
            && !(role == Role::Inline
                && signs.iter().all(|(_, sign, _)| !matches!(sign, Sign::Relation(Relation::Equal | Relation::NotEqual))));
        self.begin_statement();
        self.statement = nodes.to_vec();
        for (condition, _) in conditions {
            self.learn_sizes(condition);
        }
        self.assume_sizes();
        let outcome = self.chain_inside(nodes, &signs, conditions, place);
        let steps = match outcome {
            Ok(steps) => steps,
            Err(error) => {
                self.end_statement();
                return Err(error);
            }
        };
        self.end_statement();
        if claims {
            for (number, mut step) in steps.into_iter().enumerate() {
                step.number = first + number;
                step.chain = chain;
                out.steps.push(step);
            }
        }
        Ok(())
    }

    fn assume_sizes(&mut self) {
        let assumptions = self.assumptions.clone();
        let mut open: Vec<&Condition> = assumptions.iter().rev().collect();
        while let Some(condition) = open.pop() {
            match condition {
                Condition::All(list) => open.extend(list.iter().rev()),
                Condition::Relation(Relation::Equal, a, b) => {
                    if let (Some(left), Some(right)) = (to_int(a), to_int(b)) {
                        self.unknowns.assume(&left, &right);
                    }
                }
                _ => {}
            }
        }
    }

    fn chain_inside(
        &mut self,
        nodes: &[Node],
        signs: &[(usize, Sign, usize)],
        written: &[(Vec<Node>, Span)],
        place: Span,
    ) -> Read<Vec<ReadStep>> {
        let mut slices: Vec<&[Node]> = Vec::new();
        let mut start = 0;
        for (at, _, length) in signs {
            slices.push(&nodes[start..*at]);
            start = at + length;
        }
        slices.push(&nodes[start..]);
        // Each side in all its variants, with the conditions on sizes that its written indices ask for.
        let mut sides: Vec<(Vec<Expr>, Vec<Condition>)> = Vec::new();
        let mut misfits: Vec<Option<Diagnostic>> = Vec::new();
        for (k, nodes) in slices.iter().enumerate() {
            let behind = if k == 0 { place } else { signs.get(k - 1).map_or(place, |(at, _, _)| self.statement[*at].span) };
            self.side = span_of(nodes, Span::new(behind.end, behind.end));
            if nodes.iter().all(is_layout) {
                let (sign, side) = if k == 0 { (&self.statement[signs[0].0], "left") } else { (&self.statement[signs[k - 1].0], "right") };
                let message = format!("nothing stands {side} of this `{}`", sign.canonical());
                return Err(Diagnostic::new(Code::Unreadable, sign.span, message));
            }
            let from = self.size_conditions.len();
            (self.variant, self.variants) = (0, 1);
            let mut variants = vec![self.whole(nodes, self.side)?];
            let count = self.variants.min(12);
            for variant in 1..count {
                self.variant = variant;
                variants.push(self.whole(nodes, self.side)?);
            }
            (self.variant, self.variants) = (0, 1);
            for other in &variants[1..] {
                let (a, b) = (self.shape(&variants[0]), self.shape(other));
                if !self.unknowns.unify_shapes(&a, &b) {
                    return Err(self.misfit(
                        &variants[0].clone(),
                        other,
                        "the two sides inside this case have different shapes".to_string(),
                    ));
                }
            }
            let sizes = self.size_conditions[from..].to_vec();
            if let Some((before, _)) = sides.last() {
                let (left, right) = (before[0].clone(), variants[0].clone());
                let (a, b) = (self.shape(&left), self.shape(&right));
                misfits.push(if self.unknowns.unify_shapes(&a, &b) {
                    None
                } else {
                    Some(self.side_misfit(&left, &right, signs[k - 1].1, self.statement[signs[k - 1].0].span))
                });
            }
            sides.push((variants, sizes));
        }
        self.settle_units()?;
        let mut read: Vec<(Condition, Span)> = Vec::new();
        for (nodes, span) in written {
            let here = span_of(nodes, place);
            self.side = here;
            read.push((self.condition(nodes, here)?, *span));
        }
        self.share_ranges();
        let free: Vec<IndexRange> =
            self.free.iter().map(|(_, id, _)| *id).collect::<Vec<_>>().into_iter().map(|id| self.range_of(id)).collect::<Read<_>>()?;
        let free: Vec<IndexRange> = free
            .into_iter()
            .map(|r| IndexRange { index: r.index, low: self.unknowns.resolve(&r.low), high: self.unknowns.resolve(&r.high) })
            .collect();
        let mut finished: Vec<(Vec<Expr>, Vec<Condition>)> = Vec::new();
        for (number, (variants, sizes)) in sides.into_iter().enumerate() {
            // A side whose shape does not fit its neighbours' may well lack a size, and that is not the mistake to tell.
            let misfit = number > 0 && misfits[number - 1].is_some() || misfits.get(number).is_some_and(Option::is_some);
            let mut done = Vec::new();
            for side in variants {
                match self.finish(side.clone()) {
                    Ok(side) => done.push(side),
                    Err(_) if misfit => done.push(side),
                    Err(error) => return Err(error),
                }
            }
            let sizes: Vec<Condition> = sizes.into_iter().filter_map(|condition| self.finish_condition(condition).ok()).collect();
            finished.push((done, sizes));
        }
        let mut beside: Vec<(Condition, Span)> = Vec::new();
        for (condition, span) in read {
            beside.push((self.finish_condition(condition)?, span));
        }
        let mut steps = Vec::new();
        for (k, (at, sign, _)) in signs.iter().enumerate() {
            let Sign::Relation(relation) = sign else { continue };
            let at = self.statement[*at].span;
            let mut conditions: Vec<Condition> = finished[k].1.iter().chain(&finished[k + 1].1).cloned().collect();
            let mut text = format!("{}{}{}", canonical(slices[k]), relation_text(*relation), canonical(slices[k + 1]));
            for ((condition, span), (nodes, _)) in beside.iter().zip(written) {
                if span.start <= at.start && at.start < span.end {
                    conditions.push(condition.clone());
                    text.push_str(&canonical(nodes));
                }
            }
            let (lefts, rights) = (&finished[k].0, &finished[k + 1].0);
            let make = |left: &Expr, right: &Expr| self.step(left.clone(), *relation, right.clone(), at, &free, &conditions, text.clone());
            let step = make(&lefts[0], &rights[0]);
            let mut inside: Vec<Step> = rights[1..].iter().map(|right| make(&lefts[0], right)).collect();
            if k == 0 {
                inside.extend(lefts[1..].iter().map(|left| make(left, &rights[0])));
            }
            steps.push(ReadStep { step, inside, number: 0, chain: 0, misfit: misfits[k].clone() });
        }
        Ok(steps)
    }

    /// A step with everything that restricts its samples.
    #[allow(clippy::too_many_arguments)]
    fn step(
        &self,
        left: Expr,
        relation: Relation,
        right: Expr,
        at: Span,
        free: &[IndexRange],
        conditions: &[Condition],
        text: String,
    ) -> Step {
        let mut conditions = conditions.to_vec();
        let reached = self.reached(&left, &right, &conditions);
        for assumption in &self.assumptions {
            let mut touches = false;
            walk::each_in_condition(assumption, &mut |part| touches |= self.mentions_any(part, &reached));
            if touches {
                conditions.push(assumption.clone());
            }
        }
        for id in &reached {
            conditions.extend(self.standing.get(id).into_iter().flatten().cloned());
        }
        let mut used = BTreeSet::new();
        for side in [&left, &right] {
            walk::all_ints(side, &mut |int| used.extend(int.symbols()));
        }
        for condition in &conditions {
            walk::each_in_condition(condition, &mut |part| walk::all_ints(part, &mut |int| used.extend(int.symbols())));
        }
        let free = free.iter().filter(|range| used.contains(&range.index)).cloned().collect();
        Step { left, relation, right, at, free, conditions, text }
    }

    /// Every symbol that a step mentions, through definitions.
    fn reached(&self, left: &Expr, right: &Expr, conditions: &[Condition]) -> BTreeSet<SymbolId> {
        let mut found = BTreeSet::new();
        let mut left_over: Vec<&Expr> = vec![left, right];
        for condition in conditions {
            walk::each_in_condition(condition, &mut |part| left_over.push(part));
        }
        while let Some(part) = left_over.pop() {
            let mut new = Vec::new();
            walk::each_int(part, &mut |int| new.extend(int.symbols()));
            if let Kind::Symbol(id) | Kind::Member(id, _) | Kind::Apply(id, _) = part.kind {
                new.push(id);
            }
            for id in new {
                if is_unknown(id) || !found.insert(id) {
                    continue;
                }
                match &self.symbols[id].kind {
                    SymbolKind::Defined(body) | SymbolKind::Function { body: Some(body), .. } => left_over.push(body),
                    SymbolKind::DefinedFamily { member, .. } => left_over.push(member),
                    _ => {}
                }
            }
            walk::each_child(part, &mut |child| left_over.push(child));
        }
        found
    }

    fn mentions_any(&self, part: &Expr, ids: &BTreeSet<SymbolId>) -> bool {
        let mut found = false;
        let mut left_over = vec![part];
        while let Some(part) = left_over.pop() {
            walk::each_int(part, &mut |int: &Int| found |= int.symbols().any(|id| ids.contains(&id)));
            if let Kind::Symbol(id) | Kind::Member(id, _) | Kind::Apply(id, _) = part.kind {
                found |= ids.contains(&id);
            }
            walk::each_child(part, &mut |child| left_over.push(child));
        }
        found
    }

    /// The message for two sides whose shapes differ.
    fn side_misfit(&self, left: &Expr, right: &Expr, sign: Sign, at: Span) -> Diagnostic {
        let (a, b) = (self.shape(left), self.shape(right));
        let mut diagnostic = Diagnostic::new(Code::Shape, at, "the two sides have different shapes")
            .label(left.span, format!("this is {}", self.shape_text(&a)))
            .label(right.span, format!("this is {}", self.shape_text(&b)));
        let zero = |side: &Expr| to_int(side).and_then(|int| int.as_constant()) == Some(0);
        if a == b.transposed() && a != b {
            diagnostic = diagnostic.help("one is the transpose of the other: write `^\\top`, or look at the layout of the derivative");
        } else if zero(left) || zero(right) {
            diagnostic = diagnostic.help("a number is never expanded to a vector across a relation: write `\\mathbf{0}`");
        } else if a.is_scalar() != b.is_scalar() && sign != Sign::Relation(Relation::NotEqual) {
            diagnostic = diagnostic.note("a number is never expanded to a vector or a matrix across a relation");
        }
        diagnostic
    }
}

fn relation_text(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "=",
        Relation::NotEqual => "\\ne",
        Relation::Less => "<",
        Relation::LessOrEqual => "\\le",
        Relation::Greater => ">",
        Relation::GreaterOrEqual => "\\ge",
    }
}

// ---- formulas to statements ----

/// Takes labels, references and reasons out of a formula.
fn take_marks(nodes: &[Node], out: &mut ReadFormula) -> Vec<Node> {
    let mut kept = Vec::new();
    for node in nodes {
        match &node.kind {
            NodeKind::Label(label) => out.labels.push((label.clone(), node.span)),
            NodeKind::Reference(label) => out.references.push((label.clone(), node.span)),
            NodeKind::Unchecked(reason) => out.unchecked = Some(reason.clone()),
            // `equation` is the formula itself.
            NodeKind::Environment(name, rows) if name == "equation" && matches!(rows.as_slice(), [row] if row.len() == 1) => {
                kept.extend(take_marks(&rows[0][0], out));
            }
            NodeKind::Environment(name, rows) => {
                let rows = rows.iter().map(|row| row.iter().map(|cell| take_marks(cell, out)).collect()).collect();
                kept.push(Node { kind: NodeKind::Environment(name.clone(), rows), span: node.span });
            }
            NodeKind::Delimited(open, body, close) => {
                let body = take_marks(body, out);
                kept.push(Node { kind: NodeKind::Delimited(open.clone(), body, close.clone()), span: node.span });
            }
            _ => kept.push(node.clone()),
        }
    }
    kept
}

/// Whether a relation stands in the formula at the level of a statement.
fn holds_relation(nodes: &[Node]) -> bool {
    relations(nodes).iter().any(|(_, sign, _)| !matches!(sign, Sign::Other))
        || nodes.iter().any(|node| match &node.kind {
            NodeKind::Environment(name, rows) if is_aligned(name) => rows.iter().flatten().any(|cell| holds_relation(cell)),
            _ => false,
        })
}

/// A relation in round brackets or in the values of `cases` that are the whole formula.
fn claimless_relation(nodes: &[Node]) -> Option<(Sign, Span)> {
    let nodes = trim(nodes);
    let first = |nodes: &[Node]| relations(nodes).first().map(|(at, sign, _)| (*sign, nodes[*at].span));
    match nodes.as_slice() {
        [Node { kind: NodeKind::Environment(name, rows), .. }] if matches!(name.as_str(), "cases" | "dcases" | "rcases") => {
            rows.iter().filter_map(|row| row.first()).find_map(|value| first(value))
        }
        nodes => match enclosed(nodes) {
            Ok(Some(('(', inner))) => first(inner),
            _ => None,
        },
    }
}

/// The nodes without layout and punctuation at the ends.
fn trim(nodes: &[Node]) -> Vec<Node> {
    let mut list: Vec<Node> = nodes.to_vec();
    while list.last().is_some_and(|node| is_layout(node) || matches!(node.kind, NodeKind::Char('.' | ',' | ';' | ':'))) {
        list.pop();
    }
    let start =
        list.iter().position(|node| !is_layout(node) && !matches!(node.kind, NodeKind::Char(',' | ';' | ':'))).unwrap_or(list.len());
    list.split_off(start)
}

/// The lines of a formula, environments laid open.
fn lines(nodes: &[Node]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut open: Vec<Node> = Vec::new();
    let mut behind: Option<Span> = None;
    let mut push = |nodes: Vec<Node>, behind: Option<Span>| {
        if nodes.iter().any(|node| !is_layout(node)) {
            lines.push(Line { nodes, behind });
        }
    };
    for node in nodes {
        match &node.kind {
            NodeKind::NewLine => {
                push(std::mem::take(&mut open), behind.take());
            }
            NodeKind::Environment(name, rows) if is_aligned(name) => {
                for (number, row) in rows.iter().enumerate() {
                    let mut line = if number == 0 { std::mem::take(&mut open) } else { Vec::new() };
                    for (column, cell) in row.iter().enumerate() {
                        if column > 0 {
                            line.push(Node { kind: NodeKind::Ampersand, span: span_of(cell, node.span) });
                        }
                        line.extend(cell.iter().cloned());
                    }
                    push(line, behind.take());
                }
                behind = Some(node.span);
            }
            _ => open.push(node.clone()),
        }
    }
    push(open, behind);
    lines
}

/// The statements of a formula.
fn statements(reader: &Reader, nodes: &[Node]) -> Vec<Statement> {
    let mut list: Vec<Statement> = Vec::new();
    for line in lines(nodes) {
        let before = list.len();
        let mut leading: Vec<Vec<Node>> = Vec::new();
        let all = pieces(reader, &line.nodes);
        let claims = all.iter().any(|piece| !relations(&piece.nodes).is_empty());
        for (number, piece) in all.into_iter().enumerate() {
            let signs = relations(&piece.nodes);
            let blank = trim(&piece.nodes).is_empty();
            let first = piece.nodes.iter().find(|node| !is_layout(node));
            let begins = first.is_some() && signs.first().is_some_and(|(at, _, _)| piece.nodes[..*at].iter().all(is_layout));
            let span = span_of(&trim(&piece.nodes), Span::default());
            let open = list.last().is_some_and(|last| relations(&last.nodes).is_empty());
            let goes_on = number == 0 && before > 0 && (begins || signs.is_empty() || open);
            if blank && line.behind.is_none() && list.len() == before && claims {
                // A condition that a line begins with is that of the statement behind it.
                for condition in piece.conditions {
                    if condition.first().is_some_and(|node| node.words().is_some() || node.is_command("forall")) {
                        leading.push(condition);
                    } else {
                        // A relation in brackets that stands beside nothing is no condition.
                        list.push(Statement { nodes: condition, conditions: Vec::new() });
                    }
                }
                continue;
            }
            if blank {
                // A condition by itself: of the environment that stands before it, or of the statement.
                for condition in piece.conditions {
                    match line.behind {
                        Some(span) => list
                            .iter_mut()
                            .filter(|s| s.nodes.iter().any(|n| span.start <= n.span.start && n.span.end <= span.end))
                            .for_each(|s| s.conditions.push((condition.clone(), span))),
                        None => match list.last_mut() {
                            Some(last) => {
                                let span = span_of(&last.nodes, span);
                                last.conditions.push((condition, span));
                            }
                            // Beside nothing, it is no side condition.
                            None => list.push(Statement { nodes: without_words(condition), conditions: Vec::new() }),
                        },
                    }
                }
                continue;
            }
            if piece.remark && signs.is_empty() {
                continue;
            }
            let conditions = std::mem::take(&mut leading).into_iter().chain(piece.conditions).map(|condition| (condition, span));
            match list.last_mut() {
                Some(last) if goes_on && !piece.remark => {
                    last.nodes.extend(piece.nodes);
                    last.conditions.extend(conditions);
                }
                _ => list.push(Statement { nodes: piece.nodes.clone(), conditions: conditions.collect() }),
            }
        }
    }
    list
}

/// What stands behind the words that a condition begins with.
fn without_words(mut condition: Vec<Node>) -> Vec<Node> {
    let start = condition.iter().position(|node| node.words().is_none() && !is_layout(node)).unwrap_or(0);
    condition.split_off(start)
}

/// A line taken apart at commas with a wide space, at remarks, and where a condition begins.
fn pieces(reader: &Reader, nodes: &[Node]) -> Vec<Piece> {
    let nodes = without_texts_in_conditions(nodes);
    let mut list: Vec<Piece> = Vec::new();
    let mut piece = Piece { nodes: Vec::new(), conditions: Vec::new(), remark: false };
    let mut condition: Option<Vec<Node>> = None;
    let mut depth = 0usize;
    let mut i = 0;
    let finish = |piece: &mut Piece, condition: &mut Option<Vec<Node>>, list: &mut Vec<Piece>, remark: bool| {
        if let Some(nodes) = condition.take() {
            piece.conditions.push(nodes);
        }
        let done = std::mem::replace(piece, Piece { nodes: Vec::new(), conditions: Vec::new(), remark });
        if !trim(&done.nodes).is_empty() || !done.conditions.is_empty() {
            list.push(done);
        }
    };
    while i < nodes.len() {
        let node = &nodes[i];
        let next = nodes.get(i + 1);
        if depth == 0 {
            if matches!(node.kind, NodeKind::Char(',' | ';'))
                && next.is_some_and(|next| matches!(next.kind, NodeKind::Wide | NodeKind::Ampersand | NodeKind::Text(_)))
            {
                // In a condition a comma before words goes on with it.
                if condition.is_none() || !matches!(next.map(|n| &n.kind), Some(NodeKind::Text(_))) {
                    // A condition behind the comma belongs to what stands before it.
                    let behind = nodes[i + 1..].iter().find(|node| !is_layout(node));
                    let conditional =
                        behind.is_some_and(|node| node.words().is_some_and(|words| begins_condition(&words)) || node.is_command("forall"));
                    if !conditional {
                        finish(&mut piece, &mut condition, &mut list, false);
                    }
                    i += 1;
                    continue;
                }
            }
            if implies(node) {
                finish(&mut piece, &mut condition, &mut list, false);
                i += 1;
                continue;
            }
            if condition.is_none() {
                let words = node.words();
                let named = words.is_some() && is_name_text(reader, &nodes, i);
                if let (Some(words), false) = (&words, named) {
                    let rest = &nodes[i + 1..];
                    let comma = |at: usize| matches!(rest[at].kind, NodeKind::Char(',')) && rest.get(at + 1).is_none_or(is_layout);
                    let leading = trim(&piece.nodes).is_empty();
                    let remark = |at: usize| rest[at].words().is_some_and(|w| !joins(&w)) && !is_name_text(reader, &nodes, i + 1 + at);
                    let until =
                        (0..rest.len()).find(|at| comma(*at) || remark(*at) || leading && ends_lead(rest, *at)).unwrap_or(rest.len());
                    let more = relations(&rest[..until.max(usize::from(!rest.is_empty()))]);
                    if begins_condition(words) && leading && until < rest.len() && ends_lead(rest, until) {
                        // `\text{if } x > 0: \quad |x| = x`
                        if !more.is_empty() {
                            condition = Some(nodes[i..=i + until].to_vec());
                            finish(&mut piece, &mut condition, &mut list, false);
                        }
                        i += until + 2;
                        continue;
                    }
                    let bracketed = rest.iter().position(|node| !is_layout(node)).and_then(|at| bracketed_relation(reader, rest, at));
                    if begins_condition(words) && (!more.is_empty() || bracketed.is_some() || only_brackets(rest)) {
                        condition = Some(vec![node.clone()]);
                    } else if more.is_empty() && goes_on_as_formula(reader, rest) {
                        // A remark ends what is claimed; what goes on behind it is none, and reading it says so.
                        piece.nodes.push(node.clone());
                    } else {
                        finish(&mut piece, &mut condition, &mut list, true);
                    }
                    i += 1;
                    continue;
                }
                if node.is_command("forall") {
                    // `\forall i` says what a free index says by itself.
                    let rest = &nodes[i + 1..];
                    let end =
                        (0..rest.len()).find(|at| rest[*at].is_char(',') && rest.get(at + 1).is_none_or(is_layout)).unwrap_or(rest.len());
                    if relations(&rest[..end]).is_empty() {
                        i += 1 + end;
                        continue;
                    }
                    // `\forall x > 0, \quad |x| = x`: what holds for all begins with what all are.
                    let related = |nodes: &[Node]| matches!(relations(nodes)[..], [(_, Sign::Relation(_), _), ..]);
                    let ends = |at: &usize| rest[*at].is_char(',') || ends_lead(rest, *at);
                    let lead = (0..rest.len()).find(|at| ends(at) && related(&rest[..*at]) && related(&rest[*at + 1..]));
                    if let (true, Some(lead)) = (trim(&piece.nodes).is_empty(), lead) {
                        condition = Some(nodes[i..=i + lead].to_vec());
                        finish(&mut piece, &mut condition, &mut list, false);
                        i += lead + 2;
                        continue;
                    }
                    condition = Some(Vec::new());
                    i += 1;
                    continue;
                }
                if let Some(close) = bracketed_relation(reader, &nodes, i) {
                    piece.conditions.push(nodes[i..=close].to_vec());
                    i = close + 1;
                    continue;
                }
            } else if let Some(written) = &mut condition
                && node.words().is_some_and(|words| begins_condition(&words))
                && let Some(and) = written.iter().rposition(|n| n.words().is_some_and(|words| words.trim() == "and"))
                && !relations(&written[and..]).is_empty()
                && !relations(&written[..and]).is_empty()
            {
                // `A = B \text{ for } c \text{ and } C = D \text{ for } d`: what stands between is a statement.
                let statement = written.split_off(and);
                finish(&mut piece, &mut condition, &mut list, false);
                piece.nodes = statement[1..].to_vec();
                continue;
            } else if node.words().is_some_and(|words| !joins(&words) && !begins_condition(&words)) && !is_name_text(reader, &nodes, i) {
                finish(&mut piece, &mut condition, &mut list, true);
                i += 1;
                continue;
            }
        }
        if opens(node).is_some() {
            depth += 1;
        } else if super::cursor::closes(node).is_some() {
            depth = depth.saturating_sub(1);
        }
        match &mut condition {
            Some(condition) => condition.push(node.clone()),
            None => piece.nodes.push(node.clone()),
        }
        i += 1;
    }
    finish(&mut piece, &mut condition, &mut list, false);
    list
}

/// Whether brackets that hold a relation are all that stands up to the end of a statement: `[x > 0]`.
fn only_brackets(nodes: &[Node]) -> bool {
    let end = (0..nodes.len()).find(|at| matches!(nodes[*at].kind, NodeKind::Char(',' | ';')) && nodes.get(at + 1).is_none_or(is_layout));
    let nodes = trim(&nodes[..end.unwrap_or(nodes.len())]);
    matches!(enclosed(&nodes), Ok(Some(_))) && super::condition::holds_relation(&nodes)
}

/// Whether what stands behind words goes on with the formula before them, by a sign between two operands.
fn goes_on_as_formula(reader: &Reader, nodes: &[Node]) -> bool {
    let first = nodes.iter().find(|node| !is_layout(node));
    first.is_some_and(|node| {
        let sign = matches!(node.kind, NodeKind::Char('+' | '-' | '−' | '*')) || node.is_command("pm") || node.is_command("mp");
        sign || reader.is_operator(node)
    })
}

/// Whether a condition that leads its statement ends at this node: at a colon, or at a space behind its relation.
fn ends_lead(nodes: &[Node], at: usize) -> bool {
    let arrow = |node: &Node| matches!(&node.kind, NodeKind::Command(name) if matches!(name.as_str(), "to" | "rightarrow"));
    match &nodes[at].kind {
        NodeKind::Char(':') => {
            // `f : A \to B` goes on to an arrow, and not over a space.
            let rest = nodes[at..].split(|node| matches!(node.kind, NodeKind::Wide)).next().unwrap_or_default();
            !nodes.get(at + 1).is_some_and(|next| next.is_char('=')) && !rest.iter().any(arrow)
        }
        NodeKind::Wide | NodeKind::Ampersand => {
            let behind = nodes[at..].iter().position(|node| !is_layout(node)).map(|next| &nodes[at + next..]);
            !relations(&nodes[..at]).is_empty() && behind.is_some_and(|behind| behind[0].words().is_none() && !relations(behind).is_empty())
        }
        _ => false,
    }
}

/// Whether words stand between two conditions.
fn joins(words: &str) -> bool {
    let lower = words.to_lowercase();
    words_in(&lower).all(|w| matches!(w, "and" | "or" | "all" | "each" | "every" | "any" | "both" | "such" | "that") || begins_condition(w))
        || begins_condition(words)
}

/// Texts with math in them, `\text{if $z > 0$}`, taken apart where they begin a condition.
fn without_texts_in_conditions(nodes: &[Node]) -> Vec<Node> {
    let mut list = Vec::new();
    for node in nodes {
        let conditional = node.words().is_some_and(|words| begins_condition(&words));
        match &node.kind {
            NodeKind::Text(parts) if parts.iter().any(|part| matches!(part, TextPart::Math(_))) => {
                if conditional {
                    list.extend(without_texts(std::slice::from_ref(node)));
                } else {
                    // A remark with a formula in it is a remark.
                    list.push(node.clone());
                }
            }
            _ => list.push(node.clone()),
        }
    }
    list
}

/// Whether a text is the name of a function or a symbol and no remark.
fn is_name_text(reader: &Reader, nodes: &[Node], at: usize) -> bool {
    let Some(name) = reader.name_of(&nodes[at]) else { return false };
    let called = nodes
        .get(at + 1)
        .is_some_and(|next| opens(next) == Some('(') || matches!(&next.kind, NodeKind::Delimited(open, ..) if open == "("));
    let is_known = known(&name).is_some() || reader.lookup(&name).is_some();
    let before = nodes[..at].iter().rev().find(|node| !matches!(node.kind, NodeKind::Group(_)));
    let layout = matches!(before.map(|node| &node.kind), Some(NodeKind::Wide | NodeKind::Ampersand));
    // A word that something is said to be is a name.
    let sign = sign_at(nodes, at + 1).map(|(sign, _)| sign);
    let close = match nodes.get(at + 1) {
        Some(next) if opens(next).is_some() => matching(nodes, at + 1).ok(),
        _ => Some(at + 1),
    };
    let behind = if called { close.and_then(|close| sign_at(nodes, close + 1)).map(|(sign, _)| sign) } else { sign };
    let introduced = matches!(sign, Some(Sign::In | Sign::Define)) || behind == Some(Sign::Define);
    introduced || is_known && (called || !layout || sign.is_some()) || called && !layout
}

/// The end of a round bracket that holds a relation: a condition such as `(i \ne j)`. Right behind a factor it may be one between indices and
/// numbers only; another is left for the expression, which knows its two readings.
fn bracketed_relation(reader: &Reader, nodes: &[Node], at: usize) -> Option<usize> {
    let node = &nodes[at];
    let (inner, close): (&[Node], usize) = match &node.kind {
        NodeKind::Delimited(open, body, _) if open == "(" => (body, at),
        _ if opens(node) == Some('(') => {
            let close = matching(nodes, at).ok()?;
            (&nodes[at + 1..close], close)
        }
        _ => return None,
    };
    if relations(inner).is_empty() {
        return None;
    }
    // A spacing command leaves no node; it takes more than the one byte of a blank.
    let apart = at.checked_sub(1).is_none_or(|before| {
        let before = &nodes[before];
        is_layout(before)
            || matches!(before.kind, NodeKind::Text(_) | NodeKind::Char(','))
            || node.span.start.saturating_sub(before.span.end) > 1
    });
    let counts = |node: &Node| match super::condition::bare_letter(reader, node) {
        Some(name) => reader.lookup(&name).is_none_or(|id| matches!(reader.symbols[id].kind, SymbolKind::Whole { .. })),
        None => !matches!(node.kind, NodeKind::Letter(_) | NodeKind::Styled(..) | NodeKind::Scripts(_) | NodeKind::Delimited(..)),
    };
    let indicator = at > 0 && matches!(&nodes[at - 1].kind, NodeKind::Styled(..));
    (!indicator && (apart || inner.iter().all(counts))).then_some(close)
}

/// Commands that a formula in prose may hold.
pub(super) fn is_known_command(name: &str) -> bool {
    const OTHERS: &[&str] = &[
        "partial",
        "nabla",
        "cdot",
        "times",
        "div",
        "odot",
        "circ",
        "otimes",
        "oslash",
        "sum",
        "prod",
        "int",
        "infty",
        "lim",
        "to",
        "mapsto",
        "in",
        "notin",
        "setminus",
        "pm",
        "mp",
        "dots",
        "ldots",
        "cdots",
        "vdots",
        "ddots",
        "dotsc",
        "dotsb",
        "dotsm",
        "|",
        "vert",
        "Vert",
        "lvert",
        "rvert",
        "lVert",
        "rVert",
        "mid",
        "{",
        "}",
        "lbrace",
        "rbrace",
        "lbrack",
        "rbrack",
        "langle",
        "rangle",
        "lfloor",
        "rfloor",
        "lceil",
        "rceil",
        "top",
        "intercal",
        "prime",
        "star",
        "ast",
        "bullet",
        "dagger",
        "forall",
        "exists",
        "land",
        "lor",
        "wedge",
        "vee",
        "neg",
        "emptyset",
        "cup",
        "cap",
        "approx",
        "equiv",
        "sim",
        "simeq",
        "cong",
        "propto",
        "ll",
        "gg",
        "le",
        "leq",
        "ge",
        "geq",
        "lt",
        "gt",
        "ne",
        "neq",
        "leqslant",
        "geqslant",
        "rightarrow",
        "leftarrow",
        "Rightarrow",
        "Leftarrow",
        "leftrightarrow",
        "Leftrightarrow",
        "longrightarrow",
        "implies",
        "iff",
        "gets",
        "colon",
        "coloneqq",
        "oplus",
        "ominus",
        "bigcirc",
        "oint",
        "bot",
        "perp",
        "parallel",
        "angle",
        "triangle",
        "square",
        "degree",
        "%",
        "$",
        "#",
        "&",
        "_",
        "middle",
        "bmod",
        "pmod",
        "gcd",
        "arg",
        "argmax",
        "argmin",
        "inf",
        "sup",
        "dim",
        "ker",
        "rank",
        "deg",
        "Pr",
        "limsup",
        "liminf",
        "surd",
        "Re",
        "Im",
        "subset",
        "subseteq",
        "supset",
        "supseteq",
        "therefore",
        "because",
        "ast",
        "-",
    ];
    is_letter_command(name)
        || is_function_command(name)
        || OTHERS.contains(&name)
        || sign_at(&[Node { kind: NodeKind::Command(name.to_string()), span: Span::default() }], 0).is_some()
}

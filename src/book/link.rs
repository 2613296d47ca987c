//! What only several pages together show.

use std::collections::BTreeMap;

use crate::check::PageReport;
use crate::diagnostic::{Code, Diagnostic};

/// Adds what only several pages together show: labels given on two of them, and references that lead nowhere. That a label stands twice on
/// one page is the page's own error.
pub fn link(pages: &mut [(String, PageReport)]) {
    let mut labels: BTreeMap<String, usize> = BTreeMap::new();
    let mut found: Vec<(usize, Diagnostic)> = Vec::new();
    for (index, (_, page)) in pages.iter().enumerate() {
        for formula in &page.formulas {
            let Some(label) = &formula.label else { continue };
            let first = *labels.entry(label.clone()).or_insert(index);
            if first != index {
                let message = format!("the label `{label}` was given already in {}", pages[first].1.file);
                found.push((
                    index,
                    Diagnostic::new(Code::Label, formula.tex_span, message).help("names are unique in the book: choose another"),
                ));
            }
        }
    }
    for (index, (_, page)) in pages.iter().enumerate() {
        for reference in page.references.iter().filter(|reference| !labels.contains_key(&reference.label)) {
            let error = Diagnostic::new(Code::Reference, reference.span, format!("no formula has the label `{}`", reference.label));
            found.push(match nearest(&reference.label, &labels) {
                Some(near) => (index, error.help(format!("the nearest is `\\eqref{{{near}}}`"))),
                None => (index, error.help("if it stands in another chapter, give that file too")),
            });
        }
    }
    for (index, error) in found {
        pages[index].1.errors.push(error);
    }
}

/// The label that shares most of its beginning and end with one that does not exist, if it is more than half.
fn nearest<'l>(label: &str, labels: &'l BTreeMap<String, usize>) -> Option<&'l str> {
    let shared = |other: &str| {
        let start = label.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let end = label.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b).count();
        (start + end).min(label.len())
    };
    labels.keys().map(|other| (shared(other), other)).filter(|(score, _)| score * 2 > label.len()).max().map(|(_, other)| other.as_str())
}

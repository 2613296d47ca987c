//! The book as a test: every claim of every chapter holds, and what falls short is said as `proofread check` and `cargo book` say it.

use proofread::book::link;
use proofread::report::{self, Counts};

mod common;

#[test]
fn every_claim_of_every_chapter_holds() {
    let mut book = common::book();
    link::link(&mut book);
    let mut counts = Counts::default();
    let mut said = String::new();
    for (source, page) in &book {
        counts.add(page);
        said.push_str(&report::page(source, page, false));
    }
    assert!(counts.all_hold(), "\n{said}{}", counts.in_words());
    assert_eq!(counts.unchecked, 0, "\n{said}");
    assert!(counts.exact + counts.checked >= 450, "{}", counts.in_words());
}

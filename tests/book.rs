//! The book as a test: every claim of every chapter holds, and what falls short is said as `proofread check` and `cargo book` say it.

use std::path::{Path, PathBuf};

use proofread::book::link;
use proofread::check::check_page;
use proofread::report::{self, Counts};
use proofread::settings;

/// The Markdown files in a folder and the folders in it, in the order of their paths.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(pages(&path));
        } else if path.extension().is_some_and(|kind| kind == "md") && !path.ends_with("SUMMARY.md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_claim_of_every_chapter_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = settings::of_book(&std::fs::read_to_string(root.join("book.toml")).unwrap()).unwrap();
    let mut book: Vec<_> = pages(&root.join("book"))
        .into_iter()
        .map(|path| {
            let source = std::fs::read_to_string(&path).unwrap();
            let report = check_page(&source, &path.strip_prefix(root).unwrap().to_string_lossy(), &settings);
            (source, report)
        })
        .collect();
    link::link(&mut book);
    let mut counts = Counts::default();
    let mut said = String::new();
    for (source, page) in &book {
        counts.add(page);
        said.push_str(&report::page(source, page, false));
    }
    assert!(counts.all_hold(), "\n{said}{}", counts.in_words());
    assert_eq!(counts.unchecked, 0, "\n{said}");
    assert!(counts.exact + counts.checked >= 120, "{}", counts.in_words());
}

//! What several tests need of the book.

// Each test takes what it needs.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use proofread::check::{PageReport, Settings, check_page};
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

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The book's settings.
pub fn settings() -> Settings {
    settings::of_book(&std::fs::read_to_string(root().join("book.toml")).unwrap()).unwrap()
}

/// Every page of the book: its file and its text.
pub fn sources() -> Vec<(String, String)> {
    let file = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
    pages(&root().join("book")).iter().map(|path| (file(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// Every page of the book with its text, judged under the book's settings.
pub fn book() -> Vec<(String, PageReport)> {
    let settings = settings();
    let judged = |(file, source): (String, String)| {
        let report = check_page(&source, &file, &settings);
        (source, report)
    };
    sources().into_iter().map(judged).collect()
}

//! What several tests need of the book.

use std::path::{Path, PathBuf};

use proofread::check::{PageReport, check_page};
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

/// Every page of the book with its text, judged under the book's settings.
pub fn book() -> Vec<(String, PageReport)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = settings::of_book(&std::fs::read_to_string(root.join("book.toml")).unwrap()).unwrap();
    pages(&root.join("book"))
        .into_iter()
        .map(|path| {
            let source = std::fs::read_to_string(&path).unwrap();
            let report = check_page(&source, &path.strip_prefix(root).unwrap().to_string_lossy(), &settings);
            (source, report)
        })
        .collect()
}

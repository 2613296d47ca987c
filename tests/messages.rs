//! Pages that fall short, each in one way, and the text that `proofread check` prints for each.
//!
//! Beside every `tests/messages/NAME.md` stands `NAME.txt` with the whole output, compared byte by byte. After a change that is meant,
//! `PROOFREAD_UPDATE=1 cargo test --test messages` writes the texts anew; read what changed before it is committed.

#![cfg(feature = "book")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const FOLDER: &str = "tests/messages";

#[test]
fn every_page_that_falls_short_says_what_is_stored() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join(FOLDER);
    let update = std::env::var("PROOFREAD_UPDATE").is_ok_and(|value| value == "1");
    let pages = names(&folder, "md");
    assert!(!pages.is_empty(), "{FOLDER} holds no page");
    let mut differences = Vec::new();
    for name in &pages {
        let page = format!("{FOLDER}/{name}.md");
        let output =
            Command::new(env!("CARGO_BIN_EXE_proofread")).args(["check", &page]).current_dir(root).output().expect("the command line runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        if output.status.code() != Some(1) {
            differences.push(format!("{page}: the exit code is to be 1, and was {:?}", output.status.code()));
        }
        if !output.stderr.is_empty() {
            differences.push(format!("{page}: nothing belongs on standard error: {}", String::from_utf8_lossy(&output.stderr)));
        }
        let text = folder.join(format!("{name}.txt"));
        if update {
            fs::write(&text, printed.as_bytes()).expect("the text can be written");
        }
        match fs::read(&text) {
            Ok(stored) if stored == output.stdout => {}
            Ok(stored) => {
                let stored = String::from_utf8_lossy(&stored);
                differences.push(format!("{page}: the stored text is\n{stored}\nand printed was\n{printed}"));
            }
            Err(_) => differences.push(format!("{page}: {name}.txt is missing; printed was\n{printed}")),
        }
    }
    for name in names(&folder, "txt").difference(&pages) {
        differences.push(format!("{FOLDER}/{name}.txt has no page"));
    }
    assert!(
        differences.is_empty(),
        "{} differences; PROOFREAD_UPDATE=1 writes the texts anew\n\n{}",
        differences.len(),
        differences.join("\n\n")
    );
}

/// The names of the files in a folder that end so, without their endings.
fn names(folder: &Path, extension: &str) -> BTreeSet<String> {
    fs::read_dir(folder)
        .expect("the folder of the messages")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().expect("a file name").to_string_lossy().into_owned())
        .collect()
}

//! What a snippet prints, and the file from which the page shows it.

use std::fmt::Display;
use std::path::Path;

/// The command that stores what the snippets print and draw now.
const UPDATE: &str = "PROOFREAD_UPDATE=1 cargo test --doc";

/// The lines that a snippet shows beneath it on the page, as they stand in `book/output/NAME.txt`.
///
/// ```no_run
/// use proofread::prelude::*;
///
/// let mut out = output("squares");
/// for n in 1..=3 {
///     show!(out, "{n} squared is {}", n * n);
/// }
/// ```
///
/// When it goes out of scope, at the end of the snippet, its lines are compared with the file. Any difference fails the test, a line
/// too few or too many as well. With `PROOFREAD_UPDATE=1` in the environment the file is written instead.
///
/// # Panics
/// When it goes out of scope and the file holds other lines, or cannot be written.
#[must_use = "`show!(out, …)` adds lines to it"]
pub struct Output {
    name: String,
    text: String,
}

/// The output with this name, which is unique in the book.
pub fn output(name: &str) -> Output {
    Output { name: name.to_string(), text: String::new() }
}

impl Output {
    /// Adds a line; `show!` formats it.
    pub fn line(&mut self, line: impl Display) {
        let line = line.to_string();
        println!("{line}");
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // A snippet that fails is a failure already, and has not printed all.
        if !std::thread::panicking() {
            compare(&self.name, "txt", &self.text);
        }
    }
}

/// Adds a line to an [`Output`], formatted as by `println!`.
#[macro_export]
macro_rules! show {
    ($out:expr, $($format:tt)+) => {
        $out.line(::std::format_args!($($format)+))
    };
}

/// Compares a text with what is stored under `book/output`, or stores it.
///
/// # Panics
/// When they differ.
pub(super) fn compare(name: &str, extension: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("book").join("output");
    let update = std::env::var("PROOFREAD_UPDATE").is_ok_and(|value| value == "1");
    if let Err(message) = settle(&folder, name, extension, text, update) {
        panic!("{message}");
    }
}

fn settle(folder: &Path, name: &str, extension: &str, text: &str, update: bool) -> Result<(), String> {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return Err(format!("`{name}` cannot be a file's name: write small letters, digits and `-` only"));
    }
    let file = format!("{name}.{extension}");
    let stored = match std::fs::read_to_string(folder.join(&file)) {
        Ok(stored) => Some(stored),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(format!("book/output/{file} cannot be read: {error}")),
    };
    if text.is_empty() {
        return Err(format!("the snippet of book/output/{file} shows nothing: write `show!(out, …)`"));
    }
    // A checkout may have other line ends.
    if stored.as_ref().is_some_and(|stored| stored.lines().eq(text.lines())) {
        return Ok(());
    }
    if update {
        return std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(folder.join(&file), text))
            .map_err(|error| format!("book/output/{file} cannot be written: {error}"));
    }
    let advice = format!("Where the new one is right, this command stores it: {UPDATE}");
    let Some(stored) = stored else {
        return Err(format!("book/output/{file} does not exist, and its snippet shows something.\n{advice}"));
    };
    let place = stored.lines().zip(text.lines()).take_while(|(a, b)| a == b).count();
    let line = |text: &str| text.lines().nth(place).map_or("no line".to_string(), |line| format!("`{line}`"));
    let (was, is) = (line(&stored), line(text));
    Err(format!(
        "book/output/{file} is not what its snippet shows now: in line {} there was {was}, and now there is {is}.\n{advice}",
        place + 1
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("proofread-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn a_changed_missing_or_additional_line_is_named() {
        let folder = folder("lines");
        let settle = |text: &str| settle(&folder, "steps", "txt", text, false);
        assert!(settle("one\n").unwrap_err().contains("book/output/steps.txt does not exist"));
        super::settle(&folder, "steps", "txt", "one\ntwo\n", true).unwrap();
        assert_eq!(settle("one\ntwo\n"), Ok(()));
        for (text, expected) in [
            ("one\n2\n", "in line 2 there was `two`, and now there is `2`"),
            ("one\n", "in line 2 there was `two`, and now there is no line"),
            ("one\ntwo\nthree\n", "in line 3 there was no line, and now there is `three`"),
        ] {
            let message = settle(text).unwrap_err();
            assert!(message.contains(expected) && message.ends_with(UPDATE), "{message}");
        }
        assert!(settle("").unwrap_err().contains("shows nothing"));
        std::fs::write(folder.join("steps.txt"), "one\r\ntwo\r\n").unwrap();
        assert_eq!(settle("one\ntwo\n"), Ok(()));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn an_update_leaves_alone_what_is_right() {
        let folder = folder("update");
        settle(&folder, "a", "txt", "one\n", true).unwrap();
        std::fs::write(folder.join("a.txt"), "one\r\n").unwrap();
        settle(&folder, "a", "txt", "one\n", true).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("a.txt")).unwrap(), "one\r\n");
        settle(&folder, "a", "txt", "two\n", true).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("a.txt")).unwrap(), "two\n");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_name_stays_in_its_folder() {
        for name in ["", "../escape", "a.b", "Upper", "a b"] {
            assert!(settle(&folder("names"), name, "txt", "x\n", true).unwrap_err().contains("file's name"), "{name}");
        }
    }

    #[test]
    fn lines_that_differ_from_the_file_fail_at_the_end() {
        let shown = std::panic::catch_unwind(|| {
            let mut out = output("no-chapter-has-this-name");
            show!(out, "{} and {}", 1, 2);
        });
        let message = shown.unwrap_err().downcast_ref::<String>().cloned().unwrap_or_default();
        assert!(message.contains("book/output/no-chapter-has-this-name.txt does not exist"), "{message}");
    }
}

//! `cargo book`: mdBook and mdbook-katex at the versions that the book is made for, and what they say.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// The tools with their versions.
const TOOLS: [(&str, &str); 2] = [("mdbook", "0.5.4"), ("mdbook-katex", "0.10.0")];
/// Where they are installed, from the folder of the book.
const FOLDER: &str = "target/tools";
/// mdbook-katex says this about every mdBook but one, which is no fault of the book.
const HARMLESS: &str = "was built against mdbook";

/// Builds the book of this folder, or serves it and builds it again at each change. Gives whether all went well.
///
/// # Errors
/// When nothing can be written.
pub fn book(serve: bool, err: &mut dyn Write) -> io::Result<bool> {
    if !Path::new("book.toml").is_file() {
        writeln!(err, "error: there is no book.toml in this folder")?;
        return Ok(false);
    }
    let bin = std::path::absolute(Path::new(FOLDER).join("bin"))?;
    for (tool, version) in TOOLS {
        if installed(&bin.join(tool)).is_some_and(|found| found == version) {
            continue;
        }
        writeln!(err, "Installing {tool} {version} in {FOLDER}. This is done once, and takes some minutes.")?;
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["install", "--locked", "--force", "--root", FOLDER, &format!("{tool}@{version}")])
            .status();
        if !done(status, &format!("cargo install {tool}"), err)? {
            return Ok(false);
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(bin.clone()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(paths).map_err(io::Error::other)?;
    let mut mdbook = Command::new(bin.join("mdbook"));
    mdbook.env("PATH", path);
    if serve {
        writeln!(err, "Checking and building the book; its address comes when it is ready. Ctrl-C ends this.")?;
        return done(mdbook.arg("serve").status(), "mdbook serve", err);
    }
    let child = mdbook.arg("build").stdout(Stdio::inherit()).stderr(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            writeln!(err, "error: mdbook build: {error}")?;
            return Ok(false);
        }
    };
    let mut warned = false;
    for line in child.stderr.take().into_iter().flat_map(|lines| BufReader::new(lines).split(b'\n')) {
        let line = String::from_utf8_lossy(&line?).into_owned();
        warned |= warns(&line);
        writeln!(err, "{line}")?;
    }
    let good = done(child.wait(), "mdbook build", err)?;
    if good && warned {
        writeln!(err, "error: the book was built with warnings, which is taken for a failure")?;
    }
    Ok(good && !warned)
}

/// Whether a line of mdBook's log tells of something that is wrong.
fn warns(line: &str) -> bool {
    // Colours stand between escape and `m`.
    let line: String = line
        .split('\u{1b}')
        .map(|part| part.strip_prefix('[').and_then(|part| part.split_once('m')).map_or(part, |(_, text)| text))
        .collect();
    let level = line.split_whitespace().find(|word| matches!(*word, "WARN" | "ERROR" | "INFO" | "[WARN]" | "[ERROR]"));
    matches!(level, Some("WARN" | "ERROR" | "[WARN]" | "[ERROR]")) && !line.contains(HARMLESS)
}

/// The version of a tool, if it is there.
fn installed(tool: &PathBuf) -> Option<String> {
    let output = Command::new(tool).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().last().map(|version| version.trim_start_matches('v').to_string())
}

fn done(status: io::Result<ExitStatus>, what: &str, err: &mut dyn Write) -> io::Result<bool> {
    match status {
        Ok(status) if status.success() => return Ok(true),
        Ok(status) => writeln!(err, "error: {what} ended with {status}")?,
        Err(error) => writeln!(err, "error: {what}: {error}")?,
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_of_mdbook_are_found() {
        assert!(warns(" WARN Rendering failed, keeping the original content: KaTeX parse error"));
        assert!(warns("\u{1b}[2m2026-11-25T18:10:38Z\u{1b}[0m \u{1b}[33m WARN\u{1b}[0m \u{1b}[2mmdbook_katex\u{1b}[0m: Rendering failed"));
        assert!(warns("ERROR the missing include"));
        assert!(!warns(" INFO Book building has started: WARN"));
        assert!(!warns(" WARN The mdbook-katex preprocessor was built against mdbook v0.5.3, but"));
        assert!(!warns("a line of a message"));
    }
}

//! The command line: arguments to messages and an exit code.

mod mutate;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use lexopt::{Arg, Parser, ValueExt};

use crate::book::{self, Pass, link, tools};
use crate::check::{PageReport, Settings};
use crate::report::{self, Counts, Json};
use crate::settings;

/// Checks a page: its text, its name, the settings of its book.
pub type Check = dyn Fn(&str, &str, &Settings) -> PageReport;

/// Every claim holds.
const HOLDS: u8 = 0;
/// A claim falls short, or something could not be read.
const FALLS_SHORT: u8 = 1;
/// Wrong usage, or a file that cannot be read.
const USAGE: u8 = 2;

const HELP: &str = "\
Checks every equals sign of Markdown pages, from the TeX that their readers see.

    proofread check [--format text|json] [--seed N] FILE...
    proofread mutate [--explained FILE] [--score FILE] [--every N] [--all] FILE...
    proofread explain [CODE]
    proofread book [build]
    proofread preprocess [--after-katex] [supports RENDERER]
    proofread --help
    proofread --version

check       prints a message for each step that falls short, beginning with FILE:LINE:COLUMN, and then the counts
            --format json    one entry for each step, and one for each error that is no step's
            --seed N         other samples than the usual ones
mutate      makes small mistakes in the formulas, one at a time, and lists those that the check does not notice
            --explained FILE survivors with the reason why each is none to worry about, a line each: file, hash, change, reason
            --score FILE     the stored table of scores, which must be true
            --every N        tries one mutant of N only
            --all            prints what became of each mutant
explain     prints what a code such as P0203 means, or all codes with their titles
book        builds the book of this folder and serves it with live reload, and installs mdBook and mdbook-katex before where they are missing
            build            builds it, and takes any warning of mdBook for a failure
preprocess  is how mdBook calls, with the book on the standard input

Settings stand in the table [preprocessor.proofread] of the nearest book.toml in a folder above the file.
Exit code: 0 if every claim holds (of `mutate`: if every survivor is explained), 1 if not, 2 for wrong usage or a file that cannot be read.
";

/// What was asked for.
#[derive(Debug, PartialEq)]
enum Command {
    Check { json: bool, seed: u64, files: Vec<PathBuf> },
    Mutate(mutate::Mutate),
    Explain(Option<String>),
    Book { serve: bool },
    Preprocess(Pass),
    Supports(String),
    Help,
    Version,
}

/// Runs a command and gives its exit code.
///
/// # Errors
/// When nothing can be written.
pub fn run(arguments: impl IntoIterator<Item = OsString>, check: &Check, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    match command(Parser::from_args(arguments)) {
        Ok(Command::Check { json, seed, files }) => check_files(json, seed, &files, check, out, err),
        Ok(Command::Mutate(asked)) => mutate::run(&asked, out, err),
        Ok(Command::Explain(code)) => explain(code.as_deref(), out, err),
        Ok(Command::Book { serve }) => tools::book(serve, err).map(|good| if good { HOLDS } else { FALLS_SHORT }),
        Ok(Command::Preprocess(pass)) => {
            book::preprocess(pass, io::stdin().lock(), check, out, err).map(|good| if good { HOLDS } else { FALLS_SHORT })
        }
        Ok(Command::Supports(renderer)) => Ok(if book::supports(&renderer) { HOLDS } else { FALLS_SHORT }),
        Ok(Command::Help) => out.write_all(HELP.as_bytes()).map(|()| HOLDS),
        Ok(Command::Version) => writeln!(out, "proofread {}", env!("CARGO_PKG_VERSION")).map(|()| HOLDS),
        Err(message) => {
            writeln!(err, "error: {message}\n\nproofread --help says how it is used")?;
            Ok(USAGE)
        }
    }
}

fn command(mut arguments: Parser) -> Result<Command, String> {
    let said = |error: lexopt::Error| error.to_string();
    match arguments.next().map_err(said)? {
        Some(Arg::Long("help") | Arg::Short('h')) => Ok(Command::Help),
        Some(Arg::Long("version") | Arg::Short('V')) => Ok(Command::Version),
        Some(Arg::Value(name)) if name == "check" => {
            let (mut json, mut seed, mut files) = (false, 0, Vec::new());
            while let Some(argument) = arguments.next().map_err(said)? {
                match argument {
                    Arg::Long("format") => {
                        json = match arguments.value().map_err(said)?.to_str() {
                            Some("json") => true,
                            Some("text") => false,
                            _ => return Err("--format is `text` or `json`".to_string()),
                        }
                    }
                    Arg::Long("seed") => seed = arguments.value().and_then(|value| value.parse()).map_err(said)?,
                    Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
                    Arg::Value(file) => files.push(PathBuf::from(file)),
                    other => return Err(other.unexpected().to_string()),
                }
            }
            if files.is_empty() { Err("no file to check was given".to_string()) } else { Ok(Command::Check { json, seed, files }) }
        }
        Some(Arg::Value(name)) if name == "mutate" => {
            let mut asked = mutate::Mutate { every: 1, ..mutate::Mutate::default() };
            while let Some(argument) = arguments.next().map_err(said)? {
                match argument {
                    Arg::Long("explained") => asked.explained = Some(PathBuf::from(arguments.value().map_err(said)?)),
                    Arg::Long("score") => asked.score = Some(PathBuf::from(arguments.value().map_err(said)?)),
                    Arg::Long("every") => asked.every = arguments.value().and_then(|value| value.parse()).map_err(said)?,
                    Arg::Long("all") => asked.all = true,
                    Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
                    Arg::Value(file) => asked.files.push(PathBuf::from(file)),
                    other => return Err(other.unexpected().to_string()),
                }
            }
            if asked.files.is_empty() { Err("no file was given".to_string()) } else { Ok(Command::Mutate(asked)) }
        }
        Some(Arg::Value(name)) if name == "explain" => {
            let mut code = None;
            while let Some(argument) = arguments.next().map_err(said)? {
                match argument {
                    Arg::Value(value) if code.is_none() => code = Some(value.string().map_err(said)?),
                    Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
                    other => return Err(other.unexpected().to_string()),
                }
            }
            Ok(Command::Explain(code))
        }
        Some(Arg::Value(name)) if name == "book" => match arguments.next().map_err(said)? {
            None => Ok(Command::Book { serve: true }),
            Some(Arg::Value(what)) if what == "serve" => Ok(Command::Book { serve: true }),
            Some(Arg::Value(what)) if what == "build" => Ok(Command::Book { serve: false }),
            Some(Arg::Long("help") | Arg::Short('h')) => Ok(Command::Help),
            Some(other) => Err(other.unexpected().to_string()),
        },
        Some(Arg::Value(name)) if name == "preprocess" => {
            let mut pass = Pass::Before;
            while let Some(argument) = arguments.next().map_err(said)? {
                match argument {
                    Arg::Long("after-katex") => pass = Pass::After,
                    Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
                    Arg::Value(word) if word == "supports" => {
                        return arguments.value().and_then(|renderer| renderer.string()).map(Command::Supports).map_err(said);
                    }
                    other => return Err(other.unexpected().to_string()),
                }
            }
            Ok(Command::Preprocess(pass))
        }
        Some(Arg::Value(name)) => Err(format!("there is no command `{}`", name.to_string_lossy())),
        Some(other) => Err(other.unexpected().to_string()),
        None => Err("what is to be done was not said".to_string()),
    }
}

fn explain(asked: Option<&str>, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let Some(asked) = asked else {
        for explanation in report::EXPLANATIONS {
            writeln!(out, "{}  {}", explanation.code, explanation.title)?;
        }
        return Ok(HOLDS);
    };
    match report::explain(asked) {
        Some(explanation) => {
            writeln!(out, "{}: {}\n\n{}", explanation.code, explanation.title, explanation.text)?;
            Ok(HOLDS)
        }
        None => {
            writeln!(err, "error: there is no code `{asked}`; `proofread explain` lists all")?;
            Ok(USAGE)
        }
    }
}

fn check_files(json: bool, seed: u64, files: &[PathBuf], check: &Check, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let mut pages: Vec<(String, PageReport)> = Vec::new();
    let mut readable = true;
    for file in files {
        match read(file, seed) {
            Ok((source, settings)) => {
                let report = check(&source, &file.to_string_lossy(), &settings);
                pages.push((source, report));
            }
            Err(message) => {
                writeln!(err, "error: {message}")?;
                readable = false;
            }
        }
    }
    link::link(&mut pages);
    let mut counts = Counts::default();
    if json {
        let mut all = Json::default();
        for (source, page) in &pages {
            all.add(source, page);
        }
        counts = all.counts;
        serde_json::to_writer_pretty(&mut *out, &all)?;
        writeln!(out)?;
    } else {
        let coloured = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        for (source, page) in &pages {
            counts.add(page);
            out.write_all(report::page(source, page, coloured).as_bytes())?;
        }
        writeln!(out, "{}", counts.in_words())?;
    }
    Ok(match (readable, counts.all_hold()) {
        (false, _) => USAGE,
        (true, true) => HOLDS,
        (true, false) => FALLS_SHORT,
    })
}

/// The text of a file and the settings of its book.
fn read(file: &Path, seed: u64) -> Result<(String, Settings), String> {
    let name = file.display();
    let bytes = std::fs::read(file).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let source = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        format!("{name} is not UTF-8: see line {}", valid.iter().filter(|byte| **byte == b'\n').count() + 1)
    })?;
    let whole = std::path::absolute(file).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let book = whole.ancestors().skip(1).map(|folder| folder.join("book.toml")).find(|book| book.is_file());
    let settings = match book {
        Some(book) => {
            let said = |error: String| format!("{}: {error}", book.display());
            let text = std::fs::read_to_string(&book).map_err(|error| said(error.to_string()))?;
            settings::of_book(&text).map_err(said)?
        }
        None => Settings::default(),
    };
    Ok((source, Settings { seed, ..settings }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::fake::reports;

    fn run_on(arguments: &[&str]) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(arguments.iter().map(OsString::from), &reports, &mut out, &mut err).unwrap();
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    /// A folder of its own for each test, with these files in it.
    fn folder(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("proofread-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, bytes) in files {
            std::fs::write(folder.join(file), bytes).unwrap();
        }
        folder
    }

    #[test]
    fn usage() {
        for wrong in
            [&[][..], &["chek"], &["check"], &["check", "--format", "xml", "a"], &["check", "--seed", "x", "a"], &["check", "--deep", "a"]]
        {
            let (code, out, err) = run_on(wrong);
            assert_eq!((code, out.as_str()), (2, ""), "{wrong:?}");
            assert!(err.starts_with("error: ") && err.contains("--help"), "{err}");
        }
        for wrong in [&["book", "sell"][..], &["preprocess", "html"], &["preprocess", "supports"]] {
            assert_eq!(run_on(wrong).0, 2, "{wrong:?}");
        }
        assert_eq!(run_on(&["preprocess", "supports", "html"]).0, 0);
        assert_eq!(run_on(&["preprocess", "--after-katex", "supports", "epub"]).0, 1);
        assert_eq!(run_on(&["check", "no-such-file.md"]).0, 2);
        assert_eq!(run_on(&["--help"]).1, HELP);
        assert!(run_on(&["--version"]).1.starts_with("proofread "));
        assert!(run_on(&["explain"]).1.lines().count() > 10);
        assert!(run_on(&["explain", "P0203"]).1.starts_with("P0203: "));
        assert_eq!(run_on(&["explain", "P9999"]).0, 2);
    }

    #[test]
    fn several_files() {
        let good = "$$ 1 + 1 = 2 \\label{a.one} $$\n\nBy \\eqref{a.one}.\n".as_bytes();
        let bad = "$$\nx + x\n  = 3 \\label{a.one}\n$$\n\nBy \\eqref{a.onn} and \\eqref{zzz}.\n".as_bytes();
        let folder = folder("several", &[("good.md", good), ("bad.md", bad), ("latin.md", b"a\n\xe9"), ("prose.md", b"Prose.")]);
        let path = |name: &str| folder.join(name).to_string_lossy().to_string();

        let (code, out, err) = run_on(&["check", &path("good.md")]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert_eq!(out, "1 exact, 0 checked, 0 refused, 0 undecided, 0 unchecked, 0 errors\n");

        let (code, out, _) = run_on(&["check", &path("prose.md")]);
        assert_eq!((code, out.starts_with("no claims: ")), (0, true));

        let (code, out, _) = run_on(&["check", &path("good.md"), &path("bad.md")]);
        assert_eq!(code, 1, "{out}");
        for part in [
            "bad.md:3:3: error[P0203]",
            "left is 2, right is 3",
            "bad.md:1:3: error[P0401]",
            "bad.md:6:4: error[P0402]",
            "\\eqref{a.one}",
            "1 refused",
            "3 errors",
        ] {
            assert!(out.contains(part), "{part}\n{out}");
        }

        let (code, out, err) = run_on(&["check", &path("latin.md"), &path("good.md")]);
        assert_eq!(code, 2);
        assert!(err.contains("latin.md is not UTF-8: see line 2") && out.starts_with("1 exact"), "{err}{out}");

        let (code, out, _) = run_on(&["check", "--seed", "7", "--format", "json", &path("bad.md")]);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(code, 1);
        let step = &json["steps"][0];
        assert_eq!((&step["line"], &step["column"], &step["step"]), (&3.into(), &3.into(), &0.into()));
        assert_eq!((&step["verdict"], &step["label"], &step["code"]), (&"refused".into(), &"a.one".into(), &"P0203".into()));
        assert_eq!(step["error"], serde_json::json!({"differences": null, "dual": 7.0}));
        assert_eq!(step["counterexample"], serde_json::json!({"values": {"x": "1"}, "left": "2", "right": "3"}));
        assert_eq!(json["errors"][0]["code"], "P0402");
        assert_eq!(json["errors"][0]["label"], serde_json::Value::Null);
        let counts = serde_json::json!({"exact": 0, "checked": 0, "refused": 1, "undecided": 0, "unchecked": 0, "errors": 2});
        assert_eq!(json["counts"], counts);
        std::fs::remove_dir_all(folder).unwrap();
    }
}

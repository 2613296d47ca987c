//! The command line: arguments to messages and an exit code.

mod mutate;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use lexopt::{Arg, Parser, ValueExt};

use crate::check::{PageReport, Settings};
use crate::diagnostic::{Code, Diagnostic};
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
    proofread --help
    proofread --version

check     prints a message for each step that falls short, beginning with FILE:LINE:COLUMN, and then the counts
          --format json    one entry for each step, and one for each error that is no step's
          --seed N         other samples than the usual ones
mutate    makes small mistakes in the formulas, one at a time, and lists those that the check does not notice
          --explained FILE survivors with the reason why each is none to worry about, a line each: file, hash, change, reason
          --score FILE     the stored table of scores, which must be true
          --every N        tries one mutant of N only
          --all            prints what became of each mutant
explain   prints what a code such as P0203 means, or all codes with their titles

Settings stand in the table [preprocessor.proofread] of the nearest book.toml in a folder above the file.
Exit code: 0 if every claim holds (of `mutate`: if every survivor is explained), 1 if not, 2 for wrong usage or a file that cannot be read.
";

/// What was asked for.
#[derive(Debug, PartialEq)]
enum Command {
    Check { json: bool, seed: u64, files: Vec<PathBuf> },
    Mutate(mutate::Mutate),
    Explain(Option<String>),
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
    link(&mut pages);
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
            out.write_all(messages(source, page, coloured).as_bytes())?;
        }
        writeln!(out, "{}", counts.in_words())?;
    }
    Ok(match (readable, counts.all_hold()) {
        (false, _) => USAGE,
        (true, true) => HOLDS,
        (true, false) => FALLS_SHORT,
    })
}

/// Every message of a page in its order, and its unchecked formulas with their reasons.
fn messages(source: &str, page: &PageReport, coloured: bool) -> String {
    let mut found: Vec<(usize, String)> = Vec::new();
    let message = |head: usize, diagnostic: &Diagnostic| (head, report::render(&page.file, source, head, diagnostic, coloured));
    for formula in &page.formulas {
        found.extend(formula.steps.iter().filter_map(|step| report::step_message(step).map(|said| message(step.at.start, &said))));
        if let Some(reason) = &formula.unchecked {
            let (line, column) = report::at(source, formula.span.start);
            found.push((formula.span.start, format!("{}:{line}:{column}: unchecked: {}", page.file, report::clean(reason))));
        }
    }
    found.extend(page.errors.iter().map(|error| message(error.span.start, error)));
    found.sort_by_key(|(place, _)| *place);
    let mut text = String::new();
    for (_, said) in found {
        let _ = writeln!(text, "{said}\n");
    }
    text
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

/// Adds what only several pages together show: labels given on two of them, and references that lead nowhere. That a label stands twice on
/// one page is the page's own error.
fn link(pages: &mut [(String, PageReport)]) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Counterexample, Errors, FormulaReport, ReferenceReport, StepReport, Verdict};
    use crate::math::expr::Relation;
    use crate::page;
    use crate::span::Span;

    /// A page on which each `=` of a display formula is a step, refused where a 3 follows.
    fn reports(source: &str, file: &str, settings: &Settings) -> PageReport {
        let read = page::read(source);
        let formulas = read.formulas().map(|formula| {
            let sides = formula.tex.match_indices('=').enumerate();
            let steps = sides.map(|(step, (sign, _))| {
                let false_one = formula.tex[sign..].starts_with("= 3");
                StepReport {
                    step,
                    relation: Relation::Equal,
                    at: Span::new(formula.source(sign), formula.source(sign) + 1),
                    left: Span::new(formula.source(0), formula.source(sign)),
                    right: Span::new(formula.source(sign + 1), formula.source(formula.tex.len())),
                    tex: formula.tex.clone(),
                    verdict: if false_one { Verdict::Refused } else { Verdict::Exact },
                    error: Errors { differences: None, dual: Some(settings.seed as f64) },
                    samples: 12,
                    dimensions: Vec::new(),
                    shapes: ("a scalar".to_string(), "a scalar".to_string()),
                    counterexample: false_one.then(|| Counterexample {
                        values: vec![("x".to_string(), "1".to_string())],
                        left: "2".to_string(),
                        right: "3".to_string(),
                    }),
                    diagnostic: None,
                }
            });
            let label = formula.tex.split_once("\\label{").and_then(|(_, rest)| rest.split_once('}')).map(|(label, _)| label.to_string());
            FormulaReport {
                span: formula.span,
                tex_span: formula.tex_span(),
                display: formula.display,
                label,
                unchecked: None,
                steps: steps.collect(),
                introduces: Vec::new(),
            }
        });
        let references = read.references.iter().map(|found| ReferenceReport { label: found.label.clone(), span: found.span });
        PageReport {
            file: file.to_string(),
            formulas: formulas.collect(),
            errors: read.errors.clone(),
            references: references.collect(),
            refused: Vec::new(),
        }
    }

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

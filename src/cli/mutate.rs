//! `proofread mutate`: what becomes of a page's mutants.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{FALLS_SHORT, HOLDS, USAGE, read};
use crate::mutate::{self, Mutant, Outcome, Score};
use crate::report;

/// What was asked for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mutate {
    /// The pages.
    pub files: Vec<PathBuf>,
    /// The reviewed file.
    pub explained: Option<PathBuf>,
    /// The file of scores that must be true.
    pub score: Option<PathBuf>,
    /// Of how many mutants one is tried.
    pub every: usize,
    /// Whether the fate of every mutant is printed.
    pub all: bool,
}

pub(super) fn run(asked: &Mutate, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let explanations = match &asked.explained {
        None => Vec::new(),
        Some(path) => match text(path).and_then(|text| mutate::explanations(&text).map_err(|error| format!("{}: {error}", path.display())))
        {
            Ok(explanations) => explanations,
            Err(message) => {
                writeln!(err, "error: {message}")?;
                return Ok(USAGE);
            }
        },
    };
    let mut files: Vec<(String, Vec<Mutant>)> = Vec::new();
    let mut sources = Vec::new();
    for file in &asked.files {
        match read(file, 0) {
            Ok((source, settings)) => {
                let mutants = mutate::mutate(&source, &settings, &|number| number % asked.every.max(1) == 0);
                files.push((file.to_string_lossy().replace('\\', "/"), mutants));
                sources.push(source);
            }
            Err(message) => {
                writeln!(err, "error: {message}")?;
                return Ok(USAGE);
            }
        }
    }
    if asked.all {
        for ((file, mutants), source) in files.iter().zip(&sources) {
            for mutant in mutants {
                writeln!(out, "{}", said(file, source, mutant))?;
            }
        }
    }
    let review = mutate::review(&files, &explanations);
    for (file, mutant) in &review.unexplained {
        let source = files.iter().position(|(name, _)| name == file).map_or("", |at| sources[at].as_str());
        writeln!(out, "{}\n", said(file, source, mutant))?;
        writeln!(out, "    {file}\t{}\t{}\t\n", mutant.hash, mutant.change)?;
    }
    // A sample does not meet every survivor.
    let stale = if asked.every > 1 { Vec::new() } else { review.stale };
    let reviewed = asked.explained.as_deref().unwrap_or(Path::new("")).display().to_string();
    for entry in &stale {
        writeln!(
            out,
            "{reviewed}:{}: stale: {} has no survivor {} `{}` any more; remove the line, or correct it after a review\n",
            entry.line, entry.file, entry.hash, entry.change
        )?;
    }
    let mut table = String::from(mutate::HEADER);
    let mut total = Score::default();
    for (file, mutants) in &files {
        let score = mutate::score(mutants);
        total = total.and(score);
        table.push_str(&mutate::row(file, &score));
    }
    write!(out, "{table}")?;
    let explained = total.survivors - review.unexplained.len();
    writeln!(out, "{}, {explained} of these explained", mutate::in_words(&total))?;
    let mut true_score = true;
    if let Some(path) = &asked.score {
        let stored = text(path).unwrap_or_default();
        true_score = stored.lines().eq(table.lines());
        if !true_score {
            if std::env::var("PROOFREAD_UPDATE").is_ok_and(|value| value == "1") {
                std::fs::write(path, &table)?;
                true_score = true;
            } else {
                writeln!(out, "{} holds other scores; PROOFREAD_UPDATE=1 in the environment stores these", path.display())?;
            }
        }
    }
    Ok(if review.unexplained.is_empty() && stale.is_empty() && true_score { HOLDS } else { FALLS_SHORT })
}

fn text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

fn said(file: &str, source: &str, mutant: &Mutant) -> String {
    let (line, column) = report::at(source, mutant.place.start);
    let outcome = match mutant.outcome {
        Outcome::Refused => "refused",
        Outcome::NoClaim => "no claim",
        Outcome::Undecided => "undecided",
        Outcome::EqualForm => "equal form",
        Outcome::Weaker => "weaker claim",
        Outcome::Survives => "survives",
    };
    let tex = mutant.tex.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{file}:{line}:{column}: {outcome}: {}\n    {tex}", mutant.change)
}

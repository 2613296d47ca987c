//! That the check notices small mistakes in the book, and that what it does not notice is explained.
//!
//! The mutants of `tests/mutation/near-misses.md` are false in a few places only. They are all tried here, since they say whether the check
//! has lost any of its power; `tests/mutation/README.md` tells what each loss does.
//!
//! Every mutant of the book is tried by the program, `proofread mutate --explained tests/survivors.tsv --score tests/mutation.tsv` with the
//! files of the table, which takes a minute or two. Here a sample of the mutants is tried, and both files are held against the book.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proofread::check::{Settings, Verdict};
use proofread::diagnostic::Code;
use proofread::mutate::{self, Mutant, Outcome};

/// Of how many mutants one is tried.
const EVERY: usize = 12;
/// The page whose mutants are nearly true.
const NEAR_MISSES: &str = "tests/mutation/near-misses.md";

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn chapters(folder: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("a folder of the book") {
        let entry = entry.expect("an entry of the folder");
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("a kind of file").is_dir() {
            chapters(&name, found);
        } else if name.ends_with(".md") && !name.ends_with("SUMMARY.md") {
            found.insert(name);
        }
    }
}

fn book() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    chapters("book", &mut found);
    found
}

/// The pages of the table of scores.
fn pages() -> BTreeSet<String> {
    book().into_iter().chain([NEAR_MISSES.to_string()]).collect()
}

#[test]
fn every_near_miss_is_noticed() {
    let explanations = mutate::explanations(&read("tests/survivors.tsv")).expect("explanations");
    let files = [(NEAR_MISSES.to_string(), mutate::mutate(&read(NEAR_MISSES), &Settings::default(), &|_| true))];
    let review = mutate::review(&files, &explanations);
    let said: Vec<String> = review.unexplained.iter().map(|(_, mutant)| format!("{}\n    {}", mutant.change, mutant.tex)).collect();
    assert!(said.is_empty(), "the check has lost power: {} near misses pass\n{}", said.len(), said.join("\n"));
    assert!(review.stale.is_empty(), "stale lines of tests/survivors.tsv: {:?}", review.stale);
    let table = mutate::table(&read("tests/mutation.tsv"));
    let stored = table.iter().find(|(file, _)| file == NEAR_MISSES).map(|(_, score)| *score);
    assert_eq!(stored, Some(mutate::score(&files[0].1)), "tests/mutation.tsv holds another score");
}

#[test]
fn no_survivor_in_a_sample_of_the_book_is_unexplained() {
    let explanations = mutate::explanations(&read("tests/survivors.tsv")).expect("explanations");
    let files: Vec<(String, Vec<Mutant>)> = book()
        .into_iter()
        .map(|file| {
            let mutants = mutate::mutate(&read(&file), &Settings::default(), &|number| number % EVERY == 0);
            (file, mutants)
        })
        .collect();
    let tried: usize = files.iter().map(|(_, mutants)| mutants.len()).sum();
    assert!(tried > 1000, "{tried} mutants only");
    let review = mutate::review(&files, &explanations);
    let said: Vec<String> =
        review.unexplained.iter().map(|(file, mutant)| format!("{file}: {}\n    {}", mutant.change, mutant.tex)).collect();
    assert!(said.is_empty(), "{} survivors are not explained in tests/survivors.tsv:\n{}", said.len(), said.join("\n"));
}

#[test]
fn no_explanation_is_of_a_formula_that_is_not_there() {
    let explanations = mutate::explanations(&read("tests/survivors.tsv")).expect("explanations");
    assert!(!explanations.is_empty());
    let known: BTreeSet<(String, String)> =
        pages().into_iter().flat_map(|file| mutate::hashes(&read(&file)).into_iter().map(move |hash| (file.clone(), hash))).collect();
    let stale: Vec<String> = explanations
        .iter()
        .filter(|entry| !known.contains(&(entry.file.clone(), entry.hash.clone())))
        .map(|entry| format!("line {}: {} has no formula {} any more", entry.line, entry.file, entry.hash))
        .collect();
    assert!(stale.is_empty(), "stale lines of tests/survivors.tsv:\n{}", stale.join("\n"));
}

#[test]
fn the_scores_are_of_the_chapters_and_count_the_explained_survivors() {
    let table = mutate::table(&read("tests/mutation.tsv"));
    let files: BTreeSet<String> = table.iter().map(|(file, _)| file.clone()).collect();
    assert_eq!(files, pages(), "tests/mutation.tsv is not of the chapters and the near misses");
    let explanations = mutate::explanations(&read("tests/survivors.tsv")).expect("explanations");
    for (file, score) in table {
        let explained = explanations.iter().filter(|entry| entry.file == file).count();
        assert_eq!(score.survivors, explained, "{file}");
        let parts = score.refused + score.no_claim + score.undecided + score.equal_forms + score.weaker + score.survivors;
        assert_eq!(score.mutants, parts, "{file}");
    }
}

fn outcomes(page: &str) -> Vec<(String, Outcome)> {
    mutate::mutate(page, &Settings::default(), &|_| true).into_iter().map(|mutant| (mutant.change, mutant.outcome)).collect()
}

#[test]
fn each_outcome_is_met() {
    let page = "Let $x \\in \\mathbb{R}$ and $y \\in (1, 2)$ and let $\\mathbf{v} \\in \\mathbb{R}^n$.\n\n\
        $$ (x - 1)^2 = x^2 - 2x + 1 $$\n\n$$ \\mathbf{v}^\\top \\mathbf{v} = \\|\\mathbf{v}\\|^2 $$\n\n$$ x^2 + 1 \\ge x $$\n\n$$ \\sin(x)^2 = \\sin(x)^2 $$\n";
    let found: Vec<Outcome> = outcomes(page).into_iter().map(|(_, outcome)| outcome).collect();
    for outcome in [Outcome::Refused, Outcome::NoClaim, Outcome::EqualForm, Outcome::Weaker, Outcome::Survives] {
        assert!(found.contains(&outcome), "{outcome:?} {:?}", outcomes(page));
    }
}

#[test]
fn a_definition_is_changed_where_a_step_rests_on_it() {
    let used = outcomes("Let $x \\in \\mathbb{R}$ and $u := x + 1$.\n\n$$ u - x \\ne 2, \\qquad u^2 = x^2 + 2x + 1 $$\n");
    assert!(used.contains(&("a sign flipped: `+` to `-` at sign 5".to_string(), Outcome::Refused)), "{used:?}");
    assert_eq!(outcomes("Let $x \\in \\mathbb{R}$ and $u := x + 1$.\n\n$$ x \\ne 2 $$\n"), []);
}

#[test]
fn an_explanation_is_used_stale_or_missing() {
    let page = "Let $x \\in \\mathbb{R}$.\n\n$$ \\cos(x) = \\cos(x) $$\n";
    let files = vec![("a.md".to_string(), mutate::mutate(page, &Settings::default(), &|_| true))];
    let survivors: Vec<&Mutant> = files[0].1.iter().filter(|mutant| mutant.outcome == Outcome::Survives).collect();
    assert!(!survivors.is_empty());
    let line = |hash: &str, change: &str| format!("a.md\t{hash}\t{change}\tThe cosine is even.\n");
    let all: String = survivors.iter().map(|mutant| line(&mutant.hash, &mutant.change)).collect();
    let read = |text: &str| mutate::explanations(text).expect("explanations");
    let counts = |text: &str| {
        let explanations = read(text);
        let review = mutate::review(&files, &explanations);
        (review.unexplained.len(), review.stale.len())
    };
    assert_eq!(counts(&all), (0, 0));
    assert_eq!(counts(""), (survivors.len(), 0));
    // The formula, or the change, is another one.
    assert_eq!(counts(&(all.clone() + &line("00000000", &survivors[0].change))), (0, 1));
    assert_eq!(counts(&(all.clone() + &line(&survivors[0].hash, "a sign"))), (0, 1));
    assert_eq!(counts(&(all.clone() + &all)), (0, survivors.len()));
    for wrong in ["a.md\t0\tb", "a.md\t0\tb\t ", "a.md 0 b c"] {
        assert!(mutate::explanations(wrong).is_err(), "{wrong}");
    }
}

/// What mutation found: each of these ended the program.
#[test]
fn what_ended_the_program_is_refused() {
    let smooth = "Let $x \\in \\mathbb{R}$ and let $f, g : \\mathbb{R} \\to \\mathbb{R}$, and $u := g(x)$, $y := f(u)$.\n\n";
    let vector = "Let $\\mathbf{x} \\in \\mathbb{R}^n$ and $\\mathbf{f} : \\mathbb{R}^n \\to \\mathbb{R}^m$, and $y := \\sum_{i=1}^{m} f_i(\\mathbf{x})$.\n\n";
    for (page, code) in [
        (format!("{smooth}$$ \\frac{{dy}}{{dx}} = \\frac{{df}}{{df}} \\frac{{du}}{{dx}} $$\n"), Code::Ambiguous),
        (format!("{smooth}$$ \\frac{{df}}{{dg}} \\frac{{dg}}{{df}} = 1 $$\n"), Code::Ambiguous),
        (
            format!(
                "{vector}$$ \\frac{{\\partial y}}{{\\partial \\mathbf{{x}}}} = \\left[ \\sum_{{i=1}}^{{m}} \\frac{{\\partial f_i(\\mathbf{{x}})}}{{\\partial x_1}}, \
                 \\sum_{{i=1}}^{{m}} \\frac{{\\partial f_i(\\mathbf{{x}})}}{{\\partial x_2}}, \\dots, \
                 \\sum_{{i=1}}^{{m}} \\frac{{\\partial f_i(\\mathbf{{x}})}}{{\\partial x_i}} \\right] $$\n"
            ),
            Code::Ellipsis,
        ),
    ] {
        let report = proofread::check::check_page(&page, "page.md", &Settings::default());
        let codes: Vec<Code> = report.errors.iter().map(|error| error.code).collect();
        assert_eq!(codes, [code], "{page}");
    }
}

/// Samples are hundredths; a polynomial may vanish on all of these.
#[test]
fn a_claim_that_holds_on_the_usual_samples_only_is_refused() {
    let page = "Let $x \\in \\mathbb{R}$ and $a \\in (0, 1)$.\n\n$$ \\prod_{k=-500}^{500} \\left( x - \\frac{k}{100} \\right) = 0 $$\n\n\
        $$ \\prod_{k=1}^{99} \\left( a - \\frac{k}{100} \\right) = 0 $$\n";
    let report = proofread::check::check_page(page, "page.md", &Settings::default());
    let verdicts: Vec<Verdict> = report.formulas.iter().flat_map(|formula| &formula.steps).map(|step| step.verdict).collect();
    assert_eq!(verdicts, [Verdict::Refused; 2]);
}

/// An integer without bounds takes even and odd values: this passed while every second sample had the same.
#[test]
fn a_claim_for_even_integers_is_refused() {
    for seed in 0..40 {
        let page = "Let $k \\in \\mathbb{Z}$.\n\n$$ \\cos(\\pi k)^1 = 1 $$\n";
        let report = proofread::check::check_page(page, "page.md", &Settings { seed, ..Settings::default() });
        let verdicts: Vec<Verdict> = report.formulas.iter().flat_map(|formula| &formula.steps).map(|step| step.verdict).collect();
        assert_eq!(verdicts, [Verdict::Refused], "seed {seed}");
    }
}

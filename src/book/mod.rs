//! The mdBook preprocessor: numbers, links, marks, the ledger. It checks nothing by itself.
//!
//! mdBook runs it twice: before KaTeX, where the book is checked and written out with marks, and after it, where each set formula is put in
//! its place. `set.rs` says why.

mod chapter;
mod fence;
mod html;
mod ledger;
pub mod link;
mod marks;
mod set;
mod tex;
pub mod tools;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use mdbook_preprocessor::PreprocessorContext;

use crate::check::{PageReport, Settings};
use crate::cli::Check;
use crate::diagnostic::{Code, Diagnostic};
use crate::mutate::{self, Score};
use crate::page::{self, Item, Page};
use crate::report::{self, Counts};
use crate::settings;
use crate::span::Span;

/// Before or after KaTeX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The book is checked, and goes to KaTeX.
    Before,
    /// What KaTeX set goes to where it belongs.
    After,
}

/// Whether there is something to do for a renderer of mdBook.
pub fn supports(renderer: &str) -> bool {
    renderer == "html"
}

/// Runs one pass as a preprocessor of mdBook. Gives whether the book may be built; if not, `err` has the reasons.
///
/// # Errors
/// When nothing can be written.
pub fn preprocess(pass: Pass, input: impl Read, check: &Check, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<bool> {
    let (context, mut mdbook) = match mdbook_preprocessor::parse_input(input) {
        Ok(input) => input,
        Err(error) => {
            writeln!(err, "error: this is no book from mdBook {}: {error:#}", mdbook_preprocessor::MDBOOK_VERSION)?;
            return Ok(false);
        }
    };
    let folder = context.config.book.src.clone();
    let mut good = true;
    match pass {
        Pass::Before => {
            let book = match Book::read(&context, &mdbook, check) {
                Ok(book) => book,
                Err(message) => {
                    writeln!(err, "error: {message}")?;
                    return Ok(false);
                }
            };
            let mut counts = Counts::default();
            for (source, page) in book.chapters.iter().map(|chapter| (&chapter.source, &chapter.report)).chain(book.outside()) {
                counts.add(page);
                err.write_all(report::page(source, page, false).as_bytes())?;
            }
            if !counts.all_hold() {
                writeln!(err, "{}", counts.in_words())?;
                return Ok(false);
            }
            mdbook.for_each_chapter_mut(|chapter| {
                let path = chapter.path.as_deref().map(slashes);
                if let Some(found) = book.chapters.iter().find(|found| path.as_ref() == Some(&found.path)) {
                    chapter.content = chapter::render(&book, found);
                }
            });
        }
        Pass::After => {
            let mut errors = Vec::new();
            mdbook.for_each_chapter_mut(|chapter| match set::place(&chapter.content) {
                Ok(content) => chapter.content = content,
                Err(found) => {
                    let file = folder.join(chapter.source_path.as_deref().unwrap_or(Path::new("")));
                    errors.extend(found.iter().map(|error| format!("{}{error}", slashes(&file))));
                }
            });
            for error in errors {
                writeln!(err, "{error}")?;
                good = false;
            }
        }
    }
    if good {
        serde_json::to_writer(out, &mdbook)?;
    }
    Ok(good)
}

/// The whole book, checked.
struct Book {
    chapters: Vec<Chapter>,
    /// Every label with the place of its formula.
    labels: BTreeMap<String, Label>,
    /// What snippets printed and drew, by the name of its file.
    outputs: BTreeMap<String, String>,
    /// The path of the page with the ledger.
    ledger: Option<String>,
    /// What became of the mutants of pages, by their files, where `book.toml` names a table of this.
    scores: BTreeMap<String, Score>,
    /// Pages that no reader would see, each with its error.
    outside: Vec<(String, PageReport)>,
}

/// One page of the book.
struct Chapter {
    /// Its file as messages name it.
    file: String,
    /// Its path under the book's source, with slashes.
    path: String,
    name: String,
    /// What its formulas' numbers begin with: the chapter's own number, or a letter where it has none.
    number: String,
    /// Its place in the book, from 1.
    place: usize,
    source: String,
    page: Page,
    report: PageReport,
}

struct Label {
    chapter: usize,
    number: String,
}

impl Book {
    fn read(context: &PreprocessorContext, mdbook: &mdbook_preprocessor::book::Book, check: &Check) -> Result<Book, String> {
        let folder = &context.config.book.src;
        let text = std::fs::read_to_string(context.root.join("book.toml")).map_err(|error| format!("book.toml cannot be read: {error}"))?;
        let settings: Settings = settings::of_book(&text).map_err(|error| format!("book.toml: {error}"))?;
        let mut letters = 'A'..='Z';
        let mut chapters: Vec<Chapter> = Vec::new();
        let mut pages = Vec::new();
        for (index, chapter) in mdbook.chapters().enumerate() {
            let Some(path) = chapter.source_path.as_deref().or(chapter.path.as_deref()) else { continue };
            let file = slashes(&folder.join(path));
            let number = match &chapter.number {
                Some(number) => number.iter().map(u32::to_string).collect::<Vec<_>>().join("."),
                None => letters.next().unwrap_or('Z').to_string(),
            };
            let source = chapter.content.clone();
            let report = check(&source, &file, &settings);
            pages.push((source, report));
            chapters.push(Chapter {
                file,
                path: slashes(chapter.path.as_deref().unwrap_or(path)),
                name: chapter.name.clone(),
                number,
                place: index + 1,
                page: page::read(&chapter.content),
                source: String::new(),
                report: PageReport::default(),
            });
        }
        link::link(&mut pages);
        for (chapter, (source, report)) in chapters.iter_mut().zip(pages) {
            (chapter.source, chapter.report) = (source, report);
        }
        let ledger = chapters.iter().find(|chapter| ledger::places(&chapter.source).iter().any(|(_, part)| *part == ledger::Part::Ledger));
        let mut book = Book {
            labels: labels(&chapters),
            outputs: outputs(&context.root.join(folder).join("output"))?,
            ledger: ledger.map(|chapter| chapter.path.clone()),
            scores: named(context, "mutation")?.map(|text| mutate::table(&text).into_iter().collect()).unwrap_or_default(),
            outside: outside(&context.root, folder, &chapters)?,
            chapters,
        };
        // The file that lists the pages whose Rust is compiled as doctests.
        book.find_errors(&named(context, "doctests")?);
        Ok(book)
    }

    /// Adds what is wrong with a page as a page of this book.
    fn find_errors(&mut self, tests: &Option<String>) {
        let mut found = Vec::new();
        for chapter in &self.chapters {
            let mut tested = tests.as_ref().is_none_or(|tests| tests.contains(&format!("{}\"", chapter.file)));
            let mut errors = Vec::new();
            for item in &chapter.page.items {
                match item {
                    Item::Code(fence) => {
                        errors.extend(fence::errors(self, fence, tested));
                        // Once for a page is enough.
                        tested |= fence::rust(fence);
                    }
                    Item::Formula(formula) => errors.extend(tex::forbidden(&formula.tex).into_iter().map(|span| {
                        let place = Span::new(formula.source(span.start), formula.source(span.end));
                        Diagnostic::new(
                            Code::UnknownCommand,
                            place,
                            "this command reaches out of the formula, and is not allowed on a page",
                        )
                    })),
                    _ => {}
                }
            }
            if let Some((at, c)) = chapter.source.char_indices().find(|(_, c)| set::reserved(*c)) {
                let place = Span::new(at, at + c.len_utf8());
                errors.push(Diagnostic::new(Code::Book, place, format!("the private character U+{:04X} has a meaning here", u32::from(c))));
            }
            found.push(errors);
        }
        for (chapter, errors) in self.chapters.iter_mut().zip(found) {
            // What the checker says already is not said twice.
            let known: Vec<Span> = chapter.report.errors.iter().map(|error| error.span).collect();
            chapter.report.errors.extend(errors.into_iter().filter(|error| !known.contains(&error.span)));
        }
    }

    fn outside(&self) -> impl Iterator<Item = (&String, &PageReport)> {
        self.outside.iter().map(|(source, page)| (source, page))
    }

    /// The number of a label: `2.7`.
    fn number(&self, label: &str) -> Option<String> {
        self.labels.get(label).map(|found| found.number.clone())
    }

    /// A reference to a label as Markdown.
    fn link(&self, from: &Chapter, label: &str) -> String {
        match self.labels.get(label) {
            Some(found) if self.chapters[found.chapter].path == from.path => format!("[({})](#{label})", found.number),
            Some(found) => format!("[({})]({}#{label})", found.number, from.relative(&self.chapters[found.chapter].path)),
            // This has failed the build before.
            None => String::new(),
        }
    }
}

impl Chapter {
    /// The way from this page to another path under the book's source.
    fn relative(&self, to: &str) -> String {
        let (mut from, mut to): (Vec<&str>, Vec<&str>) = (self.path.split('/').collect(), to.split('/').collect());
        while from.len() > 1 && to.len() > 1 && from[0] == to[0] {
            from.remove(0);
            to.remove(0);
        }
        format!("{}{}", "../".repeat(from.len() - 1), to.join("/"))
    }

    /// What the ids of the panels of its formula number `formula` begin with; also the anchor of a formula without a label.
    fn panel(&self, formula: usize) -> String {
        format!("m{}-{formula}", self.place)
    }

    /// Its anchor in the pages at the end of the book.
    fn id(&self) -> String {
        format!("chapter-{}", self.place)
    }

    fn title(&self) -> String {
        format!("{}. {}", self.number, self.name)
    }
}

/// Numbers the labelled formulas of each chapter.
fn labels(chapters: &[Chapter]) -> BTreeMap<String, Label> {
    let mut labels = BTreeMap::new();
    for (index, chapter) in chapters.iter().enumerate() {
        let named = chapter.report.formulas.iter().filter_map(|formula| formula.label.as_ref());
        for (place, label) in named.enumerate() {
            labels.entry(label.clone()).or_insert(Label { chapter: index, number: format!("{}.{}", chapter.number, place + 1) });
        }
    }
    labels
}

/// What snippets left in the folder of outputs.
fn outputs(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        Ok((file.file_name().unwrap_or_default().to_string_lossy().into_owned(), text))
    };
    files(folder)?.into_iter().map(read).collect()
}

/// Markdown files under the book's source that SUMMARY.md does not name.
fn outside(root: &Path, folder: &Path, chapters: &[Chapter]) -> Result<Vec<(String, PageReport)>, String> {
    let mut outside = Vec::new();
    for file in files(&root.join(folder))? {
        let path = slashes(file.strip_prefix(root.join(folder)).unwrap_or(&file));
        let markdown = file.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("md"));
        let known = || chapters.iter().any(|chapter| chapter.file == slashes(&folder.join(&path)));
        if markdown && path != "SUMMARY.md" && !known() {
            let error = Diagnostic::new(Code::Book, Span::default(), "this page is missing from SUMMARY.md, and nobody would see it")
                .help("add it there, or move it out of the book's folder");
            let page = PageReport { file: slashes(&folder.join(&path)), errors: vec![error], ..PageReport::default() };
            outside.push((std::fs::read_to_string(&file).unwrap_or_default(), page));
        }
    }
    Ok(outside)
}

/// The text of a file that `book.toml` names under this key of `[preprocessor.proofread]`.
fn named(context: &PreprocessorContext, key: &str) -> Result<Option<String>, String> {
    let file = context.config.get::<String>(&format!("preprocessor.proofread.{key}")).map_err(|error| format!("book.toml: {error}"))?;
    file.map(|file| std::fs::read_to_string(context.root.join(&file)).map_err(|error| format!("{file} cannot be read: {error}")))
        .transpose()
}

/// Every file in a folder and the folders in it, in the order of their paths; none where there is no such folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    if folder.is_dir() {
        let said = |error: io::Error| format!("{} cannot be read: {error}", folder.display());
        for entry in std::fs::read_dir(folder).map_err(said)? {
            let path = entry.map_err(said)?.path();
            if path.is_dir() {
                found.extend(files(&path)?);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

//! The preprocessor from one end to the other, with KaTeX itself between its two passes.

use std::path::PathBuf;

use mdbook_preprocessor::book::{Book as MdBook, BookItem, Chapter as MdChapter, SectionNumber};
use mdbook_preprocessor::config::Config;

use super::fake::reports;
use super::*;

const TITLE: &str = "A <script>alert(1)</script> title";

/// A folder with a book of these pages, of which those in `summary` are in its summary.
struct Fixture {
    root: PathBuf,
    book: MdBook,
}

impl Fixture {
    fn new(name: &str, files: &[(&str, &str)], summary: &[&str]) -> Fixture {
        let root = std::env::temp_dir().join(format!("proofread-book-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        let mut items = Vec::new();
        std::fs::create_dir_all(root.join("book/output")).unwrap();
        std::fs::write(root.join("book.toml"), "").unwrap();
        std::fs::write(root.join("tests.rs"), "chapters! { \"../book/a.md\" \"../book/part/b.md\" }").unwrap();
        for (path, text) in files {
            let file = root.join("book").join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
            if summary.contains(path) {
                let mut chapter = MdChapter::new(TITLE, text.to_string(), *path, Vec::new());
                chapter.number = (*path != "a.md").then(|| SectionNumber::new([2]));
                items.push(BookItem::Chapter(chapter));
            }
        }
        Fixture { root, book: MdBook::new_with_items(items) }
    }

    /// What the first pass writes, and what it says.
    fn before(&self) -> (bool, String, String) {
        let mut text = "[book]\nsrc = \"book\"\n[preprocessor.proofread]\ndoctests = \"tests.rs\"\n".to_string();
        if self.root.join("scores.tsv").exists() {
            text.push_str("mutation = \"scores.tsv\"\n");
        }
        let config: Config = text.parse().unwrap();
        let context = PreprocessorContext::new(self.root.clone(), config, "html".to_string());
        run(Pass::Before, &serde_json::to_string(&(context, &self.book)).unwrap())
    }

    /// The chapters after both passes.
    fn built(&self) -> Vec<String> {
        let (good, out, err) = self.before();
        assert!(good, "{err}");
        let mut book: MdBook = serde_json::from_str(&out).unwrap();
        book.for_each_chapter_mut(|chapter| chapter.content = katex(&chapter.content));
        let context = PreprocessorContext::new(self.root.clone(), Config::default(), "html".to_string());
        let (good, out, err) = run(Pass::After, &serde_json::to_string(&(context, &book)).unwrap());
        assert!(good, "{err}");
        let book: MdBook = serde_json::from_str(&out).unwrap();
        book.chapters().map(|chapter| chapter.content.clone()).collect()
    }

    fn message(&self) -> String {
        let (good, out, err) = self.before();
        assert_eq!((good, out.as_str()), (false, ""), "{err}");
        err
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn run(pass: Pass, input: &str) -> (bool, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let good = preprocess(pass, input.as_bytes(), &reports, &mut out, &mut err).unwrap();
    (good, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// What mdbook-katex does: it sets what stands between the delimiters of `book.toml`, and leaves what KaTeX refuses.
fn katex(content: &str) -> String {
    let mut set = String::new();
    let mut rest = content;
    while let Some(at) = rest.find(['\u{E000}', '\u{E002}']) {
        set.push_str(&rest[..at]);
        let display = rest[at..].starts_with('\u{E002}');
        let (tex, after) = rest[at + 3..].split_once(if display { '\u{E003}' } else { '\u{E001}' }).unwrap();
        let opts = katex::Opts::builder().display_mode(display).trust(true).output_type(katex::OutputType::HtmlAndMathml).build().unwrap();
        match katex::render_with_opts(tex, &opts) {
            Ok(html) => set.push_str(&html.replace('\n', " ")),
            Err(_) => set.push_str(&rest[at..rest.len() - after.len()]),
        }
        rest = after;
    }
    set + rest
}

fn built(a: &str) -> String {
    let name = format!("one-{:x}", a.len() * 31 + a.bytes().map(usize::from).sum::<usize>());
    Fixture::new(&name, &[("a.md", a)], &["a.md"]).built().remove(0)
}

#[test]
fn formulas_have_numbers_and_references_lead_to_them() {
    let a = "$$ x = 2 \\label{one.two} $$\n\n$$ y = 2 $$\n\nBy \\eqref{three} and \\eqref{one.two}.\n";
    let b = "> $$\n> a\n>   &= b && \\text{by \\eqref{one.two}} \\label{three}\n> $$\n\nSee \\eqref{one.two}.\n".replace("&", "");
    let built = Fixture::new("numbers", &[("a.md", a), ("part/b.md", &b)], &["a.md", "part/b.md"]).built();
    assert!(built[0].contains("<span class=\"pf-display\" id=\"one&#46;two\">"), "{}", built[0]);
    assert!(built[0].contains("By [(2.1)](part/b.md#three) and [(A.1)](#one.two)."), "{}", built[0]);
    assert!(built[0].contains("href=\"#one&#46;two\" title=\"one&#46;two\">(A.1)</a>"));
    assert!(built[1].contains("See [(A.1)](../a.md#one.two)."), "{}", built[1]);
    assert!(built[1].contains("<mtext>by\u{a0}(A&#46;1)</mtext>"), "{}", built[1]);
    assert!(built[1].starts_with("> <span class=\"pf-display\" id=\"three\">"), "{}", built[1]);
    for page in built {
        assert!(!page.contains(set::reserved) && !page.contains("$$") && !page.contains("href=\"#step"), "{page}");
    }
}

#[test]
fn every_step_opens_its_own_panel() {
    let page = built("Let $x \\in \\mathbb{R}$, then $\\frac{d}{dx} x = 1 = 2 - 1$ and\n\n$$ x \\ne 2, \\qquad z := x $$\n");
    for panel in ["m1-0-s", "m1-1-0", "m1-1-1", "m1-2-0", "m1-2-s"] {
        assert_eq!(page.matches(&format!("<div popover id=\"{panel}\"")).count(), 1, "{panel}\n{page}");
        let openers = page.matches(&format!("popovertarget=\"{panel}\"")).count();
        // The sign in the formula and the mark beside it; a symbol has a mark only.
        assert_eq!(openers, if panel.ends_with('s') { 1 } else { 2 }, "{panel}\n{page}");
    }
    for part in
        ["aria-label=\"step 2 of 2: checked\"", "3·10⁻¹¹", "n = 1, 2, 3", "both sides a scalar", "left is 2, right is 3", "≠ refuted"]
    {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(page.contains("3 steps of this page were checked: 1 in exact arithmetic, 2 in floating point."), "{page}");
}

#[test]
fn what_is_no_formula_stays_as_it_is() {
    let source =
        "Code `$x$`, prices of $5 and $6, a lone ` and\n\n~~~text\n$$ x = 1 $$\n~~~\n\n| a | b |\n|---|---|\n| $\\|x\\|$ | $y = 1$ |\n";
    let page = built(source);
    assert!(page.contains("Code `$x$`, prices of $5 and $6, a lone ` and\n\n~~~text\n$$ x = 1 $$\n~~~\n"), "{page}");
    let row = page.lines().find(|line| line.starts_with("| <span")).unwrap();
    assert_eq!(row.matches('|').count(), 3, "a formula's bar is no end of a cell: {row}");
    assert!(row.contains(">&#124;x&#124;</annotation>"), "{row}");
}

#[test]
fn script_reaches_no_page() {
    let evil = "<script>alert(1)</script>";
    let source = format!(
        "# {TITLE}\n\n$$ x := \\text{{{evil}}}, \\qquad x = 2 \\unchecked{{{evil}}} $$\n\n```proofread-refused\n$$ 1 = 2 \\text{{{evil}}} $$\n```\n\n\
         ```rust\n// formula(\"{evil}\")\nlet out = output(\"a\");\n```\n\n<!-- proofread: ledger -->\n\n<!-- proofread: symbols -->\n"
    );
    let fixture = Fixture::new("script", &[("a.md", &source), ("output/a.txt", evil)], &["a.md"]);
    let page = fixture.built().remove(0);
    // The heading and the snippet are Markdown of the page; all else is written by us.
    let ours = page.replacen(&format!("# {TITLE}"), "", 1).replacen(&format!("// formula(\"{evil}\")"), "", 1);
    assert!(page.len() > ours.len() && !ours.contains("<script"), "{ours}");
    assert!(ours.matches("&#60;script&#62;").count() + ours.matches("&lt;script&gt;").count() > 8, "{ours}");
}

#[test]
fn a_formula_may_not_reach_out_of_itself() {
    let message = Fixture::new("href", &[("a.md", "$x = \\href{javascript:alert(1)}{1}$\n")], &["a.md"]).message();
    assert!(message.contains("book/a.md:1:6: error[P0102]"), "{message}");
    let message = Fixture::new("private", &[("a.md", "a \u{E000}x\u{E001}\n")], &["a.md"]).message();
    assert!(message.contains("book/a.md:1:3: error[P0404]") && message.contains("U+E000"), "{message}");
}

#[test]
fn what_falls_short_stops_the_build() {
    let message = Fixture::new("false", &[("a.md", "Text.\n\n$$ x = 3 \\label{a} $$\n")], &["a.md"]).message();
    assert!(message.starts_with("book/a.md:3:6: error[P0203]: this step does not hold"), "{message}");
    assert!(message.contains("left is 2, right is 3") && message.ends_with("1 refused, 0 undecided, 0 unchecked, 0 errors\n"), "{message}");

    let twice = "$$ x = 2 \\label{same} $$\n\n\\eqref{none}\n";
    let message = Fixture::new("labels", &[("a.md", twice), ("part/b.md", twice)], &["a.md", "part/b.md"]).message();
    assert!(message.contains("book/part/b.md:1:3: error[P0401]") && message.contains("book/a.md:3:1: error[P0402]"), "{message}");

    let message = Fixture::new("summary", &[("a.md", "A"), ("lost.md", "B"), ("SUMMARY.md", "")], &["a.md"]).message();
    assert!(message.contains("book/lost.md:1:1: error[P0404]: this page is missing from SUMMARY.md"), "{message}");
    assert_eq!(message.matches("error[").count(), 1, "{message}");
}

#[test]
fn rust_that_no_test_runs_stops_the_build() {
    for info in ["rust,ignore", "rust,no_run", "rust, ignore-wasm32", "Rust", "rs"] {
        let name = info.replace([',', ' '], "-");
        let message = Fixture::new(&name, &[("a.md", &format!("```{info}\nlet x;\n```\n"))], &["a.md"]).message();
        assert!(message.contains("book/a.md:1:1: error[P0404]: no test"), "{info}: {message}");
    }
    let source = "```rust\nlet x;\n```\n".repeat(2);
    let message = Fixture::new("tested", &[("c.md", &source)], &["c.md"]).message();
    assert_eq!(message.matches("error[").count(), 1, "{message}");
    assert!(message.contains("book/c.md:1:1: error[P0404]: no test compiles the Rust of this page"), "{message}");
    let message = Fixture::new("stored", &[("a.md", "```rust\nplot(\"b\", \"B\");\n```\n")], &["a.md"]).message();
    assert!(message.contains("output/b.svg does not exist"), "{message}");
    let page = built("```rust\nlet x = 1;\n```\n\n```text\nignore\n```\n");
    assert!(page.contains("<summary>Code</summary>\n\n```rust\nlet x = 1;\n```\n\n</details>\n"), "{page}");
}

#[test]
fn snippets_are_folded_with_what_they_left() {
    let source = "$$ x = 2 \\label{a} $$\n\n- One:\n\n  ```rust\n  formula(\"a\").agrees_with(f);\n  let out = output(\"o\");\n  plot(\"p\", \"P\");\n  ```\n\n  on\n";
    let files = [("a.md", source), ("output/o.txt", "1\n\n2 < 3\n"), ("output/p.svg", "<?xml?>\n<svg>\n\n<title>P</title></svg>\n")];
    let page = Fixture::new("fences", &files, &["a.md"]).built().remove(0);
    let expected = "- One:\n\n  <details class=\"pf-code\"><summary>Code, held against (A.1)</summary>\n  \n  ```rust\n";
    assert!(page.contains(expected), "{page}");
    assert!(page.contains("  ```\n  \n  </details>\n  \n  <pre class=\"pf-output\"><samp>1&#10;&#10;2 &#60; 3</samp></pre>\n"), "{page}");
    assert!(page.contains("  <figure class=\"pf-figure\"><svg> <title>P</title></svg></figure>\n\n  on\n"), "{page}");
}

#[test]
fn settings_and_what_falls_short_are_shown() {
    let page = built(
        "```proofread\nlayout = \"denominator\"\nkronecker = \"\\\\otimes\"\n```\n\n> ```proofread-refused\n> So $1 = 2$:\n>\n> $$ 1 = 2 $$\n> ```\n",
    );
    let sentence = "From here on, derivatives are written in the denominator layout, and <code>&#92;otimes</code> is Kronecker’s product.";
    assert!(page.contains(sentence), "{page}");
    assert!(page.contains("> <div class=\"pf-refused\">\n> \n> So <span class=\"pf-wrong\"><span class=\"katex\">"), "{page}");
    assert!(page.contains("this &#60;step&#62; does not hold") && page.contains("\n> </div>"), "{page}");
}

#[test]
fn the_pages_at_the_end_list_everything() {
    let a = "Let $x \\in \\mathbb{R}$.\n\n$$ x = 2 \\label{a.b} $$\n\n$\\frac{d}{dx} x = 1$, $x$\n";
    let b = "# End\n\n<!-- proofread: ledger -->\n\n<!-- proofread: symbols -->\n";
    let built = Fixture::new("ledger", &[("a.md", a), ("part/b.md", b)], &["a.md", "part/b.md"]).built();
    let page = &built[1];
    assert!(page.contains("<td>3</td><td>1</td><td>1</td><td>0</td><td>1</td><td>0</td></tr></tfoot>"), "{page}");
    assert!(
        page.contains("<tr class=\"exact\"><td><a href=\"&#46;&#46;/a&#46;html&#35;a&#46;b\">(A.1)</a> <code>a&#46;b</code></td>"),
        "{page}"
    );
    assert!(page.contains("<tr class=\"checked\"><td><a href=\"&#46;&#46;/a&#46;html&#35;m1&#45;2\">"), "{page}");
    assert!(page.contains("<td>a scalar</td><td><a href=\"&#46;&#46;/a&#46;html&#35;m1&#45;0\">declared</a></td>"), "{page}");
    assert!(page.contains("<li><a href=\"&#46;&#46;/a&#46;html&#35;a&#46;b\">a&#46;b</a> (A.1)</li>"), "{page}");
    assert!(built[0].contains("<a href=\"part/b&#46;html&#35;chapter&#45;1\">See the ledger.</a>"), "{}", built[0]);
}

#[test]
fn the_ledger_has_the_scores_of_mutation_where_they_are_kept() {
    let b = "<!-- proofread: ledger -->\n";
    let fixture = Fixture::new("scores", &[("a.md", "$x = 2$\n"), ("part/b.md", b)], &["a.md", "part/b.md"]);
    assert!(!fixture.built()[1].contains("mutants"), "without a table there are no columns");
    let row = |file: &str, mutants| {
        crate::mutate::row(file, &Score { mutants, refused: mutants - 3, undecided: 1, survivors: 2, ..Score::default() })
    };
    let table = format!("{}{}{}", crate::mutate::HEADER, row("book/a.md", 20), row("tests/a.md", 9));
    std::fs::write(fixture.root.join("scores.tsv"), table).unwrap();
    let page = &fixture.built()[1];
    let cells = "<td>20</td><td>17</td><td>0</td><td>1</td><td>0</td><td>0</td><td>2</td></tr>";
    // One row of the chapter and one of the book; a page that is no chapter has none.
    assert_eq!(page.matches(cells).count(), 2, "{page}");
    assert!(!page.contains("<td>9</td>"), "{page}");
}

#[test]
fn what_katex_cannot_set_stops_the_build() {
    let fixture = Fixture::new("katex", &[("a.md", "Text.\n\n$$ x = \\nonsense{2} $$\n")], &["a.md"]);
    let (_, out, _) = fixture.before();
    let mut book: MdBook = serde_json::from_str(&out).unwrap();
    book.for_each_chapter_mut(|chapter| chapter.content = katex(&chapter.content));
    let context = PreprocessorContext::new(fixture.root.clone(), Config::default(), "html".to_string());
    let (good, out, err) = run(Pass::After, &serde_json::to_string(&(context, &book)).unwrap());
    assert_eq!((good, out.as_str()), (false, ""));
    assert!(err.contains("a.md:3:1: KaTeX cannot set this formula"), "{err}");
    assert!(!run(Pass::Before, "[]").0 && run(Pass::Before, "[]").2.starts_with("error: this is no book"));
}

#[test]
fn the_book_of_this_repository_is_set_up() {
    let text = include_str!("../../book.toml");
    let config: Config = text.parse().unwrap();
    // mdBook empties the folder in which it builds.
    assert_eq!((config.book.src.as_path(), config.build.build_dir.as_path()), (Path::new("book"), Path::new("target/book")));
    assert!(!config.build.create_missing && !config.build.use_default_preprocessors);
    // A value of a wrong type would discard the whole table without a word.
    let html: mdbook_preprocessor::config::HtmlConfig = config.get("output.html").unwrap().unwrap();
    assert!(!html.playground.runnable && html.hash_files && !html.print.enable && html.git_repository_url.is_none());
    for key in ["doctests", "mutation"] {
        let file: String = config.get(&format!("preprocessor.proofread.{key}")).unwrap().unwrap();
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).is_file(), "{key}: {file}");
    }
    let katex: toml::Table = config.get("preprocessor.katex").unwrap().unwrap();
    let expected: toml::Table = format!(
        "renderers = [\"html\"]\nafter = [\"proofread\"]\noutput = \"htmlAndMathml\"\nno-css = true\ntrust = true\n\
         inline-delimiter = {{ left = \"{}\", right = \"{}\" }}\nblock-delimiter = {{ left = \"{}\", right = \"{}\" }}",
        set::INLINE[0],
        set::INLINE[1],
        set::DISPLAY[0],
        set::DISPLAY[1]
    )
    .parse()
    .unwrap();
    assert_eq!(katex, expected);
    for file in ["katex/katex.min.css", "katex/LICENSE", "katex/fonts/KaTeX_Main-Regular.woff2"] {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("book").join(file).is_file(), "{file}");
    }
    assert!(include_str!("../../theme/head.hbs").contains("{{ path_to_root }}katex/katex.min.css"));
}

/// mdbook-katex never fails, so that its engine itself is asked here.
#[test]
fn katex_sets_every_formula_of_the_book() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = files(&root.join("book")).unwrap().into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "md"));
    let mut content = String::new();
    let mut wrong = Vec::new();
    for file in pages {
        let source = std::fs::read_to_string(&file).unwrap();
        let report = crate::check::check_page(&source, "", &Settings::default());
        for formula in page::read(&source).formulas() {
            let found = report.formulas.iter().find(|found| found.span == formula.span);
            let signs: Vec<Span> = found.iter().flat_map(|found| &found.steps).map(|step| step.at).collect();
            let tex = tex::for_katex(formula, &signs, &|_| Some("1.1".to_string()));
            let [open, close] = if formula.display { set::DISPLAY } else { set::INLINE };
            let set = katex(&format!("{open}{tex}{close}"));
            let marked = set.matches("<a href=\"#step-").count();
            if !set.starts_with("<span class=\"katex") || marked != signs.len() {
                let (line, column) = report::at(&source, formula.span.start);
                wrong.push(format!("{}:{line}:{column}: {marked} of {} signs are marked: {tex}", file.display(), signs.len()));
            }
            content.push_str(&set);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(content.len() > 100_000);
}

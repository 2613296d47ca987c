//! Every chapter of the book as tests: each of its Rust snippets is compiled and run.

macro_rules! chapters {
    ($($name:ident $path:literal)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($path)]
            mod $name {}
        )*

        #[cfg(test)]
        const PATHS: &[&str] = &[$($path),*];
    };
}

chapters! {
    preface "../book/preface.md"
    notation "../book/notation.md"
    scalars_derivative "../book/scalars/derivative.md"
    scalars_rules "../book/scalars/rules.md"
    scalars_functions "../book/scalars/functions.md"
    scalars_partial "../book/scalars/partial.md"
    vectors_jacobian "../book/vectors/jacobian.md"
    vectors_elementwise "../book/vectors/elementwise.md"
    vectors_expansion "../book/vectors/expansion.md"
    vectors_sums "../book/vectors/sums.md"
    vectors_chains "../book/vectors/chains.md"
    neuron_activation "../book/neuron/activation.md"
    neuron_loss "../book/neuron/loss.md"
    neuron_descent "../book/neuron/descent.md"
    mistakes "../book/mistakes.md"
    trust "../book/trust.md"
    ledger "../book/ledger.md"
    symbols "../book/symbols.md"
    sources "../book/sources.md"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

    use super::PATHS;
    use crate::notebook::markdown_files;

    /// The languages of fences. rustdoc takes a fence without one for Rust, and leaves out what says `ignore`.
    const LANGUAGES: [&str; 6] = ["rust", "proofread", "proofread-refused", "text", "toml", "sh"];

    fn book() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("book")
    }

    fn read(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Each chapter's name within the book and its text.
    fn chapters() -> Vec<(String, String)> {
        let book = book();
        let name = |path: &Path| path.strip_prefix(&book).unwrap().to_string_lossy().replace('\\', "/");
        markdown_files(&book).iter().map(|path| (name(path), read(path))).filter(|(name, _)| name != "SUMMARY.md").collect()
    }

    /// What differs between two lists of names, with what is wrong about it.
    fn differences(a: &[String], only_a: &str, b: &[String], only_b: &str) -> Vec<String> {
        let (a, b): (BTreeSet<_>, BTreeSet<_>) = (a.iter().collect(), b.iter().collect());
        let left = a.difference(&b).map(|name| format!("{name} {only_a}"));
        left.chain(b.difference(&a).map(|name| format!("{name} {only_b}"))).collect()
    }

    /// The pages to which a summary links.
    fn linked(summary: &str) -> Vec<String> {
        Parser::new(summary)
            .filter_map(|event| match event {
                Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
                _ => None,
            })
            .collect()
    }

    /// The blocks of code that rustdoc sees on a page, each with its line, its info string (`None` where it is indented) and its text.
    fn blocks(page: &str) -> Vec<(usize, Option<String>, String)> {
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
        let mut blocks = Vec::new();
        let mut inside = false;
        for (event, range) in Parser::new_ext(page, options).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    inside = true;
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => Some(info.into_string()),
                        CodeBlockKind::Indented => None,
                    };
                    blocks.push((page[..range.start].matches('\n').count() + 1, info, String::new()));
                }
                Event::End(TagEnd::CodeBlock) => inside = false,
                Event::Text(text) if inside => blocks.last_mut().unwrap().2.push_str(&text),
                _ => {}
            }
        }
        blocks
    }

    /// What no test would compile, or what would be taken for Rust and is not.
    fn misplaced_code(name: &str, page: &str) -> Vec<String> {
        let message = |(line, info, _): (usize, Option<String>, String)| match info.as_deref() {
            None => Some(format!("{name}:{line}: indented code is Rust to rustdoc: write a fence with its language")),
            Some("") => Some(format!("{name}:{line}: a fence without a language is Rust to rustdoc: name its language")),
            Some(info) if LANGUAGES.contains(&info) => None,
            Some(info) => Some(format!("{name}:{line}: `{info}` is none of {}", LANGUAGES.join(", "))),
        };
        blocks(page).into_iter().filter_map(message).collect()
    }

    /// The files that a page's snippets show: `output("NAME")` and `plot("NAME", …)`.
    fn shown(page: &str) -> Vec<String> {
        let mut files = Vec::new();
        for (_, info, code) in blocks(page) {
            if info.as_deref() == Some("rust") {
                for (call, extension) in [("output(\"", "txt"), ("plot(\"", "svg")] {
                    let names = code.split(call).skip(1).filter_map(|rest| rest.split_once('"'));
                    files.extend(names.map(|(name, _)| format!("{name}.{extension}")));
                }
            }
        }
        files
    }

    #[test]
    fn every_chapter_is_in_the_summary_and_is_tested() {
        let files: Vec<String> = chapters().into_iter().map(|(name, _)| name).collect();
        let summary = linked(&read(&book().join("SUMMARY.md")));
        let tested: Vec<String> = PATHS.iter().map(|path| path.strip_prefix("../book/").unwrap().to_string()).collect();
        let mut wrong = differences(&files, "is missing from book/SUMMARY.md", &summary, "is in book/SUMMARY.md and does not exist");
        wrong.extend(differences(&files, "is missing from src/chapters.rs", &tested, "is in src/chapters.rs and does not exist"));
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(!files.is_empty());
    }

    #[test]
    fn every_snippet_is_compiled_and_run() {
        let wrong: Vec<String> = chapters().iter().flat_map(|(name, page)| misplaced_code(name, page)).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn what_is_shown_is_stored_once_and_nothing_else_is() {
        let shown: Vec<String> = chapters().iter().flat_map(|(_, page)| shown(page)).collect();
        let stored: Vec<String> = std::fs::read_dir(book().join("output"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        let wrong =
            differences(&shown, "is shown and not stored in book/output", &stored, "is stored in book/output and shown by no snippet");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let mut names = shown.clone();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), shown.len(), "a name is given twice: {shown:?}");
    }

    #[test]
    fn a_chapter_in_one_place_only_is_found() {
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        assert_eq!(linked("# Summary\n\n[A](a.md)\n\n- [B](b/c.md)\n  - [D](b/d.md)\n- [Draft]()\n"), ["a.md", "b/c.md", "b/d.md", ""]);
        assert_eq!(differences(&names(&["a", "b"]), "first", &names(&["b", "c"]), "second"), ["a first", "c second"]);
    }

    #[test]
    fn code_that_no_test_compiles_is_found() {
        let page = "text\n\n```rust,ignore\nx\n```\n\n```\nx\n```\n\n    indented\n\n> ```Rust\n> x\n> ```\n\n```rust\nx\n```\n\n```text\nx\n```\n";
        let found = misplaced_code("a.md", page);
        let starts = ["a.md:3: `rust,ignore`", "a.md:7: a fence without", "a.md:11: indented", "a.md:13: `Rust`"];
        assert_eq!(found.len(), starts.len(), "{found:?}");
        for (message, start) in found.iter().zip(starts) {
            assert!(message.starts_with(start), "{message}");
        }
    }

    #[test]
    fn what_is_shown_is_found() {
        let page =
            "`output(\"prose\")`\n\n```rust\nlet mut out = output(\"a\");\nplot(\"b\", \"title\")\n```\n\n```text\noutput(\"c\")\n```\n";
        assert_eq!(shown(page), ["a.txt", "b.svg"]);
    }
}

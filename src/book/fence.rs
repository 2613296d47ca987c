//! Snippets: folded, with what they print and draw beneath; and whether a test compiles them.

use super::Book;
use super::html::escape;
use crate::diagnostic::{Code, Diagnostic};
use crate::page::Fence;

/// What rustdoc takes out of a test, and what it does not run.
const UNTESTED: [&str; 3] = ["ignore", "no_run", "test_harness"];

/// What stands before a Rust fence and after it, block by block. None for any other fence.
pub fn around(book: &Book, fence: &Fence) -> Option<(String, Vec<String>)> {
    if !rust(fence) {
        return None;
    }
    let numbers: Vec<String> =
        arguments(&fence.text, "formula(").into_iter().filter_map(|label| book.number(label)).map(|number| format!("({number})")).collect();
    let against = if numbers.is_empty() { String::new() } else { format!(", held against {}", numbers.join(", ")) };
    let mut after = vec!["</details>".to_string()];
    for file in shown(&fence.text) {
        let Some(text) = book.outputs.get(&file) else { continue };
        after.push(if file.ends_with(".svg") {
            format!("<figure class=\"pf-figure\">{}</figure>", inline(text))
        } else {
            format!("<pre class=\"pf-output\"><samp>{}</samp></pre>", escape(text.trim_end()))
        });
    }
    Some((format!("<details class=\"pf-code\"><summary>Code{against}</summary>"), after))
}

/// What is wrong with a fence: it is Rust, and no test compiles and runs it, or what it prints is not there.
pub fn errors(book: &Book, fence: &Fence, tested: bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut say = |message: String, help: &str| found.push(Diagnostic::new(Code::Book, fence.span, message).help(help));
    let words = || fence.info.split([',', ' ', '\t', '{', '}']).filter(|word| !word.is_empty());
    let language = words().next().unwrap_or_default();
    if language != "rust" && (language.eq_ignore_ascii_case("rust") || language == "rs") {
        say(format!("no test compiles a fence `{language}`"), "write `rust`");
    }
    if rust(fence) {
        if let Some(word) = words().find(|word| UNTESTED.iter().any(|untested| word.starts_with(untested))) {
            say(
                format!("no test runs a Rust fence with `{word}`"),
                "leave the word out, or write `text` for the language if it is no program",
            );
        }
        if !tested {
            say("no test compiles the Rust of this page".to_string(), "add the page to the list of doctests");
        }
        for file in shown(&fence.text).into_iter().filter(|file| !book.outputs.contains_key(file)) {
            say(format!("what this snippet shows is not stored: output/{file} does not exist"), "`cargo outputs` stores it");
        }
    }
    found.dedup();
    found
}

/// Whether a fence holds Rust, for mdBook and rustdoc alike.
pub fn rust(fence: &Fence) -> bool {
    fence.info.split([',', ' ', '\t', '{']).next() == Some("rust")
}

/// The files that a snippet shows, first what it prints and then what it draws: `output("NAME")` and `plot("NAME", …)`.
fn shown(code: &str) -> Vec<String> {
    let files = |call: &'static str, kind: &'static str| arguments(code, call).into_iter().map(move |name| format!("{name}.{kind}"));
    files("output(", "txt").chain(files("plot(", "svg")).collect()
}

/// The first arguments of calls where these are string literals.
fn arguments<'c>(code: &'c str, call: &str) -> Vec<&'c str> {
    code.match_indices(call)
        .filter_map(|(at, _)| code[at + call.len()..].trim_start().strip_prefix('"'))
        .filter_map(|rest| rest.split_once('"').map(|(name, _)| name))
        .collect()
}

/// A drawing as part of a page: one line, without what belongs to a file of its own.
fn inline(svg: &str) -> String {
    let start = svg.find("<svg").unwrap_or(0);
    svg[start..].split_whitespace().collect::<Vec<_>>().join(" ")
}

//! Formulas to KaTeX and back.
//!
//! KaTeX's preprocessor looks for formulas in Markdown without knowing Markdown: a price, a block quote or a backtick leads it astray, and
//! what it puts there is damaged when Markdown is read. So it gets no Markdown to look at. Before it runs, [`Formulas`] takes each formula
//! out of a chapter, leaves a placeholder, and writes the list of all formulas, each once, at the head of the chapter, between delimiters
//! that occur nowhere else. After it has run, [`place`] takes the list away and puts each formula where it belongs, so written that Markdown
//! leaves it alone. A formula that KaTeX could not set is an error with its place.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::html::protect;

// Private characters, which no page may hold. The first four are KaTeX's delimiters in `book.toml`.
pub(super) const INLINE: [char; 2] = ['\u{E000}', '\u{E001}'];
pub(super) const DISPLAY: [char; 2] = ['\u{E002}', '\u{E003}'];
const HEAD: char = '\u{E004}';
const PLACE: [char; 2] = ['\u{E005}', '\u{E006}'];

/// What the target of a marked sign begins with.
pub const SIGN: &str = "#step-";

/// Whether a character is one of those that stand for places and delimiters.
pub fn reserved(c: char) -> bool {
    ('\u{E000}'..='\u{E006}').contains(&c)
}

/// The formulas of a chapter, each once.
#[derive(Debug, Default)]
pub struct Formulas {
    known: BTreeMap<(bool, String), usize>,
    head: String,
}

impl Formulas {
    /// A placeholder for a formula that stands at `place`, a line and a column. Its sign number `k`, set as `\href{#step-k}{…}`, opens the panel
    /// `panel-k`.
    pub fn placeholder(&mut self, display: bool, tex: &str, place: (usize, usize), panel: &str) -> String {
        let tex = tex.trim();
        let next = self.known.len();
        let number = *self.known.entry((display, tex.to_string())).or_insert(next);
        if number == next {
            let [open, close] = if display { DISPLAY } else { INLINE };
            // A backslash at the end would hide the delimiter.
            let space = if tex.ends_with('\\') { " " } else { "" };
            let _ = writeln!(self.head, "{}:{} {open}{tex}{space}{close}", place.0, place.1);
        }
        format!("{}{number} {panel}{}", PLACE[0], PLACE[1])
    }

    /// The chapter for KaTeX.
    pub fn chapter(&self, content: &str) -> String {
        format!("{}{HEAD}{content}", self.head)
    }
}

/// A chapter after KaTeX, with every formula in its place.
///
/// # Errors
/// The places of the formulas that were not set, with what is known about the reason.
pub fn place(content: &str) -> Result<String, Vec<String>> {
    let Some((head, body)) = content.split_once(HEAD) else {
        return Err(vec![": the formulas are missing; does the preprocessor `proofread` run before `katex`?".to_string()]);
    };
    let mut formulas = Vec::new();
    let mut errors = Vec::new();
    for line in head.lines() {
        let (at, html) = line.split_once(' ').unwrap_or((line, ""));
        if html.starts_with("<span class=\"katex") && !html.contains(reserved) {
            formulas.push(html);
        } else {
            errors.push(format!(":{at}: KaTeX cannot set this formula; what it says stands above"));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut set = String::with_capacity(body.len() * 8);
    let mut rest = body;
    while let Some((before, after)) = rest.split_once(PLACE[0]) {
        set.push_str(before);
        let (placeholder, after) = after.split_once(PLACE[1]).unwrap_or((after, ""));
        let (number, panel) = placeholder.split_once(' ').unwrap_or((placeholder, ""));
        match number.parse().ok().and_then(|number: usize| formulas.get(number)) {
            Some(html) => set.push_str(&protect(&signs(html, panel))),
            None => errors.push(": a placeholder of a formula was damaged by another preprocessor".to_string()),
        }
        rest = after;
    }
    set.push_str(rest);
    if errors.is_empty() { Ok(set) } else { Err(errors) }
}

/// A set formula whose marked signs open their panels. In the HTML, which is hidden from screen readers, each becomes a button that the
/// keyboard passes over, since the mark beside the formula does the same; the MathML and the source in it are what they were without marks.
fn signs(html: &str, panel: &str) -> String {
    let mut set = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(SIGN) {
        let (before, after) = rest.split_at(at);
        let after = &after[SIGN.len()..];
        let (number, after) = after.split_at(after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len()));
        let link = before.strip_suffix("<a href=\"").zip(after.strip_prefix("\">").and_then(|inside| inside.split_once("</a>")));
        let attribute = before.strip_suffix(" href=\"").zip(after.strip_prefix('"'));
        let source = before.strip_suffix("\\href{").zip(after.strip_prefix("}{").and_then(|inside| inside.split_once('}')));
        if let Some((before, (inside, after))) = link {
            let _ = write!(
                set,
                "{before}<button type=\"button\" class=\"pf-sign\" tabindex=\"-1\" popovertarget=\"{panel}-{number}\">{inside}</button>"
            );
            rest = after;
        } else if let Some((before, after)) = attribute {
            set.push_str(before);
            rest = after;
        } else if let Some((before, (inside, after))) = source {
            set.push_str(before);
            set.push_str(inside);
            rest = after;
        } else {
            set.push_str(&rest[..at + SIGN.len() + number.len()]);
            rest = after;
        }
    }
    set.push_str(rest);
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    /// KaTeX as far as this module knows it.
    fn katex(chapter: &str) -> String {
        let mut set = chapter.to_string();
        for [open, close] in [INLINE, DISPLAY] {
            set = set.replace(open, "<span class=\"katex\"><annotation>").replace(close, "</annotation></span>");
        }
        set
    }

    #[test]
    fn formulas_come_back() {
        let mut formulas = Formulas::default();
        let first = formulas.placeholder(false, "a^* \\", (1, 2), "m1-0");
        let again = formulas.placeholder(false, "a^* \\", (9, 9), "m1-1");
        let display = formulas.placeholder(true, "a^* \\", (3, 1), "m1-2");
        let body = format!("Prices: $5, `, {first}\n> {again} $$ {display}");
        let chapter = formulas.chapter(&body);
        assert_eq!(chapter.matches("a^*").count(), 2, "each formula is set once");
        let set = place(&katex(&chapter)).unwrap();
        let formula = "<span class=\"katex\"><annotation>a^&#42; &#92; </annotation></span>";
        assert_eq!(set, format!("Prices: $5, `, {formula}\n> {formula} $$ {formula}"));
    }

    #[test]
    fn what_katex_left_is_an_error() {
        let mut formulas = Formulas::default();
        formulas.placeholder(false, "a", (1, 2), "m");
        formulas.placeholder(true, "\\frac", (7, 3), "m");
        let chapter = katex(&formulas.chapter("")).replace("7:3 <span class=\"katex\">", "7:3 ");
        let errors = place(&chapter).unwrap_err();
        assert!(errors.len() == 1 && errors[0].starts_with(":7:3: KaTeX cannot set"), "{errors:?}");
        assert_eq!(place("no head").unwrap_err().len(), 1);
        assert_eq!(place(&formulas.chapter("x")).unwrap_err().len(), 2, "without KaTeX nothing is set");
    }

    #[test]
    fn signs_become_buttons() {
        let html = "<mo href=\"#step-1\">=</mo><annotation>a \\href{#step-1}{\\ne} b</annotation>x<a href=\"#step-1\"><span>=</span></a>y";
        assert_eq!(
            signs(html, "m2-3"),
            "<mo>=</mo><annotation>a \\ne b</annotation>x<button type=\"button\" class=\"pf-sign\" tabindex=\"-1\" \
             popovertarget=\"m2-3-1\"><span>=</span></button>y"
        );
        for broken in ["#step-", "<a href=\"#step-", "\\href{#step-", "\\href{#step-1}{", "a #step-9 b"] {
            assert_eq!(signs(broken, "m"), broken);
        }
    }
}

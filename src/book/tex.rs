//! A formula's TeX as KaTeX gets it: without what only the checker knows, and with its relation signs marked.

use super::set::SIGN;
use crate::page::Formula;
use crate::span::Span;

/// Commands by which a formula could reach out of itself. KaTeX is trusted to set marks, so that pages may not use them.
const FORBIDDEN: [&str; 7] = ["href", "url", "includegraphics", "htmlClass", "htmlId", "htmlStyle", "htmlData"];

/// The TeX of a formula for KaTeX. The sign at `signs[k]` is set as `\href{#step-k}{…}`, and `number` gives the number of a label that is
/// referred to.
pub fn for_katex(formula: &Formula, signs: &[Span], number: &dyn Fn(&str) -> Option<String>) -> String {
    let tex = &formula.tex;
    let signs: Vec<(usize, usize)> =
        signs.iter().map(|span| (offset(formula, span.start), offset(formula, span.end.saturating_sub(1)) + 1)).collect();
    let mut set = String::with_capacity(tex.len() + 16 * signs.len());
    let mut at = 0;
    while at < tex.len() {
        if let Some(k) = signs.iter().position(|(start, end)| *start == at && *end > at && tex.get(at..*end).is_some()) {
            set.push_str(&format!("\\href{{{SIGN}{k}}}{{{}}}", &tex[at..signs[k].1]));
            at = signs[k].1;
            continue;
        }
        let rest = &tex[at..];
        match command(rest) {
            Some("") => {
                let length = rest[1..].chars().next().map_or(1, |c| 1 + c.len_utf8());
                set.push_str(&rest[..length].replace('\n', " "));
                at += length;
            }
            Some(name) => {
                at += 1 + name.len();
                let argument = argument(&tex[at..]);
                match (name, argument) {
                    ("label" | "unchecked", Some((_, length))) => at += length,
                    ("eqref", Some((label, length))) => {
                        // A reference that leads nowhere has failed the build before.
                        set.push_str(&format!("({})", number(label.trim()).unwrap_or_default()));
                        at += length;
                    }
                    _ => {
                        set.push('\\');
                        set.push_str(name);
                    }
                }
            }
            None if rest.starts_with('%') => {
                at += rest.find('\n').unwrap_or(rest.len());
            }
            None => {
                let c = rest.chars().next().unwrap_or(' ');
                set.push(if c == '\n' || c == '\r' { ' ' } else { c });
                at += c.len_utf8();
            }
        }
    }
    set
}

/// The places of commands that reach out of a formula, in its TeX.
pub fn forbidden(tex: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = tex[at..].find('\\') {
        at += next;
        let name = command(&tex[at..]).unwrap_or_default();
        if FORBIDDEN.contains(&name) {
            found.push(Span::new(at, at + 1 + name.len()));
        }
        at += 1 + if name.is_empty() { tex[at + 1..].chars().next().map_or(0, char::len_utf8) } else { name.len() };
    }
    found
}

/// The name of the command that begins here, which is empty for `\\` and `\,`.
fn command(tex: &str) -> Option<&str> {
    let rest = tex.strip_prefix('\\')?;
    Some(&rest[..rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())])
}

/// The argument in braces that begins here, and its length with braces and the spaces before it.
fn argument(tex: &str) -> Option<(&str, usize)> {
    let inside = tex.trim_start().strip_prefix('{')?;
    let start = tex.len() - inside.len();
    let mut depth = 1usize;
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&inside[..at], start + at + 1));
        }
    }
    None
}

/// Where a byte of the file stands in the TeX.
fn offset(formula: &Formula, source: usize) -> usize {
    let (mut low, mut high) = (0, formula.tex.len());
    while low < high {
        let middle = (low + high) / 2;
        if formula.source(middle) < source {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page;

    fn set(source: &str, signs: &[&str]) -> String {
        let page = page::read(source);
        let mut from = 0;
        let signs: Vec<Span> = signs
            .iter()
            .map(|sign| {
                let at = from + source[from..].find(sign).unwrap();
                from = at + sign.len();
                Span::new(at, from)
            })
            .collect();
        let number = |label: &str| (label == "a.b").then(|| "2.7".to_string());
        for_katex(page.formulas().next().unwrap(), &signs, &number)
    }

    #[test]
    fn signs_are_marked() {
        assert_eq!(set("$x = y \\ne z$", &["=", "\\ne"]), "x \\href{#step-0}{=} y \\href{#step-1}{\\ne} z");
        assert_eq!(
            set("> $$\n> x\n> &= ü \\\\\n> &= 2 % no = 3\n> $$", &["=", "="]),
            " x &\\href{#step-0}{=} ü \\\\ &\\href{#step-1}{=} 2  "
        );
    }

    #[test]
    fn katex_gets_what_it_knows() {
        assert_eq!(set("$$ x = 2 \\label{a.b} $$", &[]), " x = 2  ");
        assert_eq!(set("$$ x = 2 && \\text{by \\eqref{a.b}} $$", &[]), " x = 2 && \\text{by (2.7)} ");
        assert_eq!(set("$$ x = 2 \\unchecked{for {a} \\} reason} . $$", &[]), " x = 2  . ");
        assert_eq!(set("$x \\\\label y\\%z \\labelled{u}$", &[]), "x \\\\label y\\%z \\labelled{u}");
        assert_eq!(set("$\\label$", &[]), "\\label");
    }

    #[test]
    fn a_formula_stays_in_itself() {
        let at = |tex: &str| forbidden(tex).iter().map(|span| tex[span.range()].to_string()).collect::<Vec<_>>();
        assert_eq!(at("\\href{javascript:alert(1)}{x} \\\\url \\def\\a{\\htmlData{b=c}{x}}"), ["\\href", "\\htmlData"]);
        assert_eq!(at("\\hrefs \\u \\"), [""; 0]);
    }
}

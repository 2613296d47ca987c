//! Text to HTML that Markdown leaves as it is.

/// What HTML or Markdown would take for a mark of its own. Markdown also joins dots and dashes and turns quotation marks.
const SPECIAL: &str = "&<>\"'*_\\`|~[]-$!.{}:#";

/// Text as HTML, on one line: for what comes from a page, in an element or between the quotation marks of an attribute. Line ends stay line
/// ends to the reader, but not to Markdown.
pub fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 4);
    for c in text.chars() {
        match c {
            '\n' => html.push_str("&#10;"),
            c if c.is_control() => html.push(' '),
            c if SPECIAL.contains(c) => entity(c, &mut html),
            c => html.push(c),
        }
    }
    html
}

/// HTML on one line whose texts Markdown leaves alone: its tags and entities are kept.
pub fn protect(html: &str) -> String {
    let mut safe = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '<' => rest.find('>'),
            '&' => rest.find(';'),
            _ => None,
        };
        match end {
            Some(end) => {
                safe.push_str(&rest[..=end]);
                rest = &rest[end + 1..];
            }
            None => {
                if SPECIAL.contains(c) {
                    entity(c, &mut safe);
                } else {
                    safe.push(if c == '\n' { ' ' } else { c });
                }
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    safe
}

fn entity(c: char, html: &mut String) {
    html.push_str("&#");
    html.push_str(&u32::from(c).to_string());
    html.push(';');
}

/// A worst error in a form that is quick to read: `3·10⁻¹¹`.
pub fn magnitude(error: f64) -> String {
    if error == 0.0 {
        return "0".to_string();
    }
    let written = format!("{error:.0e}");
    match written.split_once('e') {
        Some((digits, power)) => {
            let power: String = power
                .chars()
                .map(|c| match c.to_digit(10) {
                    Some(digit) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize],
                    None => '⁻',
                })
                .collect();
            format!("{digits}·10{power}")
        }
        None => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_reaches_html() {
        let escaped = escape("<script>alert('x')</script> \"&amp;\" *a* _b_ [c](d) `e` $f$ {#g}\n\u{1b}\\|");
        assert!(!escaped.contains(['<', '>', '"', '\'', '*', '_', '[', '`', '$', '{', '\n', '\u{1b}', '\\', '|']), "{escaped}");
        assert!(escaped.starts_with("&#60;script&#62;alert(&#39;x"), "{escaped}");
        assert_eq!(escape("x + y = 2"), "x + y = 2");
    }

    #[test]
    fn tags_and_entities_are_kept() {
        assert_eq!(protect("<span class=\"a-b\">a^* b_1 &lt; \\frac</span>"), "<span class=\"a-b\">a^&#42; b&#95;1 &lt; &#92;frac</span>");
        assert_eq!(protect("a & b < c"), "a &#38; b &#60; c");
    }

    #[test]
    fn errors_are_short() {
        assert_eq!(magnitude(3.2e-11), "3·10⁻¹¹");
        assert_eq!(magnitude(0.0), "0");
        assert_eq!(magnitude(f64::INFINITY), "inf");
    }
}

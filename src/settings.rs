//! Settings, from `book.toml` for a whole book or from a fence for the rest of a chapter.

use toml::{Table, Value};

use crate::check::{Layout, Settings};
use crate::diagnostic::{Code, Diagnostic};
use crate::page::Fence;
use crate::span::Span;

/// The settings in the text of a `book.toml`: its table `[preprocessor.proofread]`, in which mdBook has keys of its own.
///
/// # Errors
/// What is wrong with them.
pub fn of_book(text: &str) -> Result<Settings, String> {
    let book: Table = text.parse().map_err(|error: toml::de::Error| error.message().to_string())?;
    let mut settings = Settings::default();
    let table = book.get("preprocessor").and_then(|table| table.get("proofread")).and_then(Value::as_table);
    for (key, value) in table.into_iter().flatten() {
        if KEYS.contains(&key.as_str()) {
            set(&mut settings, key, value)?;
        }
    }
    Ok(settings)
}

/// Puts the settings of a fence in force. What is wrong with them is said, and the rest taken.
pub fn of_fence(source: &str, fence: &Fence, settings: &mut Settings) -> Vec<Diagnostic> {
    let table: Table = match fence.text.parse() {
        Ok(table) => table,
        Err(error) => {
            let error: toml::de::Error = error;
            return vec![
                Diagnostic::new(Code::Setting, fence.span, format!("these settings cannot be read: {}", error.message())).help(FORM),
            ];
        }
    };
    let mut errors = Vec::new();
    for (key, value) in &table {
        if let Err(message) = set(settings, key, value) {
            let place = source.get(fence.content.range()).and_then(|text| text.find(key.as_str())).map_or(fence.span, |at| {
                let start = fence.content.start + at;
                Span::new(start, start + key.len())
            });
            errors.push(Diagnostic::new(Code::Setting, place, message).help(FORM));
        }
    }
    errors
}

const KEYS: [&str; 2] = ["layout", "kronecker"];
const FORM: &str = "settings are `layout = \"denominator\"` (or `\"numerator\"`) and `kronecker = \"\\\\otimes\"`";

fn set(settings: &mut Settings, key: &str, value: &Value) -> Result<(), String> {
    match (key, value.as_str()) {
        ("layout", Some("numerator")) => settings.layout = Layout::Numerator,
        ("layout", Some("denominator")) => settings.layout = Layout::Denominator,
        ("layout", _) => return Err("`layout` is \"numerator\" or \"denominator\"".to_string()),
        ("kronecker", Some(symbol))
            if symbol.strip_prefix('\\').is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic())) =>
        {
            settings.kronecker = Some(symbol.to_string());
        }
        ("kronecker", _) => return Err("`kronecker` is a command such as \"\\\\otimes\"".to_string()),
        _ => return Err(format!("there is no setting `{key}`")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{self, Item};

    fn fence(source: &str) -> (Settings, Vec<String>) {
        let mut settings = Settings::default();
        let page = page::read(source);
        let Some(Item::Settings(fence)) = page.items.first() else { panic!("no settings in {source}") };
        let errors = of_fence(source, fence, &mut settings);
        (settings, errors.iter().map(|error| source[error.span.range()].to_string()).collect())
    }

    #[test]
    fn settings_of_a_book() {
        assert_eq!(of_book(""), Ok(Settings::default()));
        let found = of_book("[preprocessor.proofread]\ncommand = \"x\"\nlayout = \"denominator\"\nkronecker = \"\\\\otimes\"").unwrap();
        assert_eq!((found.layout, found.kronecker.as_deref()), (Layout::Denominator, Some("\\otimes")));
        for wrong in ["[", "[preprocessor.proofread]\nlayout = 1", "[preprocessor.proofread]\nkronecker = \"otimes\""] {
            assert!(of_book(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn settings_of_a_fence() {
        let (settings, errors) = fence("> ```proofread\n> layout = \"denominator\"   # a comment\n> kronecker = \"\\\\otimes\"\n> ```\n");
        assert_eq!((settings.layout, settings.kronecker.as_deref()), (Layout::Denominator, Some("\\otimes")));
        assert_eq!(errors, [""; 0]);
        assert_eq!(fence("```proofread\nlayuot = \"denominator\"\n```\n").1, ["layuot"]);
        assert_eq!(fence("```proofread\nlayout = \"sideways\"\nkronecker = \"\\\\\"\n```\n").1, ["kronecker", "layout"]);
        assert_eq!(fence("```proofread\nlayout =\n```\n").1.len(), 1);
        assert_eq!(fence("```proofread\n```\n"), (Settings::default(), Vec::new()));
    }
}

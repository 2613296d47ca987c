//! Which symbol a name means at a place.

use std::collections::HashMap;

use super::expr::SymbolId;

/// Names in their canonical TeX spelling, each with its symbol. A family stands under its name with `_` behind, so that
/// `\mathbf{x}` and the family `\mathbf{x}_1, …, \mathbf{x}_N` can both be known.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    names: HashMap<String, Meaning>,
}

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A symbol.
    Symbol(SymbolId),
    /// A function's value, which stands in for the function while something is differentiated by it.
    ValueOf(SymbolId, SymbolId),
    /// A name whose declaration or definition could not be read.
    Broken,
}

impl Scope {
    /// What the name means.
    pub fn get(&self, name: &str) -> Option<Meaning> {
        self.names.get(name).copied()
    }

    /// Gives the name a meaning and returns the one that it had.
    pub fn set(&mut self, name: &str, meaning: Meaning) -> Option<Meaning> {
        self.names.insert(name.to_string(), meaning)
    }

    /// Gives the name back the meaning that [`set`](Scope::set) returned.
    pub fn restore(&mut self, name: &str, meaning: Option<Meaning>) {
        match meaning {
            Some(meaning) => self.names.insert(name.to_string(), meaning),
            None => self.names.remove(name),
        };
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}

/// The name under which a family stands.
pub fn family_key(name: &str) -> String {
    format!("{name}_")
}

/// The names that a name with one or two indices may be an element of: itself, and the bold form of the same letter, for two indices the
/// capital ones too. `x` gives `\mathbf{x}`, `\hat{y}` gives `\hat{\mathbf{y}}`.
pub fn element_names(name: &str, indices: usize) -> Vec<String> {
    let mut names = vec![name.to_string()];
    // The letter at the core: what stands inside all braces, before the scripts.
    let base = &name[..name.find("^{").into_iter().chain(name.find("_{")).min().unwrap_or(name.len())];
    let start = base.rfind('{').map_or(0, |i| i + 1);
    let end = base[start..].find('}').map_or(base.len(), |i| start + i);
    let core = &name[start..end];
    let is_letter = core.chars().count() == 1 || core.starts_with('\\');
    if !is_letter {
        return names;
    }
    let bold = |letter: &str| ["mathbf", "boldsymbol", "bm"].map(|style| format!("\\{style}{{{letter}}}"));
    let mut cores = bold(core).to_vec();
    if indices == 2 && core.chars().count() == 1 {
        let capital = core.to_uppercase();
        if capital != core {
            cores.extend(bold(&capital));
            cores.push(capital);
        }
    }
    names.extend(cores.into_iter().map(|new| format!("{}{new}{}", &name[..start], &name[end..])));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_belong_to_the_bold_letter() {
        assert!(element_names("x", 1).contains(&"\\mathbf{x}".to_string()));
        assert!(element_names("\\hat{y}", 1).contains(&"\\hat{\\mathbf{y}}".to_string()));
        assert!(element_names("w", 2).contains(&"\\mathbf{W}".to_string()));
        assert!(element_names("w^{(1)}", 2).contains(&"W^{(1)}".to_string()));
        assert!(!element_names("\\mathbf{x}", 1).contains(&"x".to_string()));
    }
}

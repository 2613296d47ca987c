//! Markdown to formulas with their places.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofread::page;

fuzz_target!(|source: &str| {
    let page = page::read(source);
    for formula in page.formulas() {
        for (byte, _) in formula.tex.char_indices() {
            let place = formula.source(byte);
            assert!(place <= source.len() && source.is_char_boundary(place), "{place} is no place in {source:?}");
        }
        assert!(source.get(formula.span.start..formula.span.end).is_some());
    }
});

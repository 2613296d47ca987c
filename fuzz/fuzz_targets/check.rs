//! A page to verdicts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofread::check::{Settings, check_page};

fuzz_target!(|source: &str| {
    let report = check_page(source, "page.md", &Settings::default());
    for error in &report.errors {
        assert!(source.get(error.span.start..error.span.end).is_some(), "{:?} is no place in {source:?}", error.span);
    }
});

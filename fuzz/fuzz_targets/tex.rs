//! TeX to a tree with places.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofread::tex;

fuzz_target!(|source: &str| {
    if let Err(error) = tex::parse(source, &|byte| byte) {
        assert!(source.get(error.span.start..error.span.end).is_some(), "{:?} is no place in {source:?}", error.span);
    }
});

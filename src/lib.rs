//! Reads, evaluates and judges the mathematics of a page.

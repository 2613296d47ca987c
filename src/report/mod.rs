//! What the checker found, for people and for programs. Nothing is decided here.

mod codes;
mod json;
mod text;

pub use codes::{EXPLANATIONS, Explanation, code, explain};
pub use json::{Counts, Json};
pub use text::{at, page, plain, terminal};

use crate::check::{StepReport, Verdict};
use crate::diagnostic::{Code, Diagnostic};

/// The message of a step that falls short.
pub fn step_message(step: &StepReport) -> Option<Diagnostic> {
    if let Some(diagnostic) = &step.diagnostic {
        return Some(diagnostic.clone());
    }
    let diagnostic = match step.verdict {
        Verdict::Exact | Verdict::Checked => return None,
        Verdict::Refused => Diagnostic::new(Code::Refused, step.right, "this step does not hold"),
        Verdict::Undecided => Diagnostic::new(Code::Undecided, step.right, "this step could not be decided"),
    };
    let diagnostic = diagnostic.label(step.left, "from here").label(step.right, "to here");
    Some(match &step.counterexample {
        None => diagnostic,
        Some(sample) => {
            let values: Vec<String> = sample.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            let with = if values.is_empty() { String::new() } else { format!("with {}: ", values.join(", ")) };
            diagnostic.note(format!("{with}left is {}, right is {}", sample.left, sample.right))
        }
    })
}

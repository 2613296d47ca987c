//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr().lock());
    match proofread::cli::run(std::env::args_os().skip(1), &proofread::check::check_page, &mut out, &mut err) {
        Ok(code) => ExitCode::from(code),
        // Nobody reads what we write any more.
        Err(_) => ExitCode::from(2),
    }
}

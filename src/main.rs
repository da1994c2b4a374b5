//! The `wakeboard` program: reads its arguments, and turns what came of them into an exit code.

use std::process::ExitCode;

use wakeboard::cli;
use wakeboard::grammar;

fn main() -> ExitCode {
    // Wrong usage ends here, with code 2 and clap's explanation.
    let shell = grammar::shell_from(std::env::args_os()).unwrap_or_else(|error| error.exit());
    match cli::run(shell) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let text = failure.to_string();
            if !text.is_empty() {
                eprintln!("wakeboard: {text}");
            }
            ExitCode::from(failure.code())
        }
    }
}

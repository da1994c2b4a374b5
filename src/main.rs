//! The `wakeboard` program: reads its arguments, and turns what came of them into an exit code.

use std::process::ExitCode;

use clap::Parser;
use wakeboard::cli;
use wakeboard::grammar::Shell;

fn main() -> ExitCode {
    // Wrong usage ends here, with code 2 and clap's explanation.
    let shell = Shell::parse();
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

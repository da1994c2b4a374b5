//! `wakeboard ledger`: its key, and the records of sleepers that have no seal. Needs no host.

mod recipe;
mod sign;

use std::io::{BufRead, IsTerminal, Write};

use super::{Failure, output};
use crate::config::Settings;
use crate::grammar::{LedgerKeyVerb, LedgerVerb};
use crate::ledger;
use crate::model::ledger::Where;

/// Does it.
///
/// # Errors
/// There is no ledger or no key, nobody is there to be asked, or the answer was another.
pub async fn run(verb: &LedgerVerb, settings: Settings) -> Result<(), Failure> {
    match verb {
        LedgerVerb::Key { verb: LedgerKeyVerb::New { file } } => {
            ledger::make_key(file).map_err(failed)?;
            output::print(|out| writeln!(out, "made {}: keep a copy of it elsewhere", file.display()))
        }
        LedgerVerb::Key { verb: LedgerKeyVerb::Export } => {
            let key = ledger::exported(&place(&settings)?, &settings.ledger_keys).map_err(failed)?;
            ask("Whoever has this key can read and make what sleeping tenants are woken from.", "export")?;
            output::print(|out| writeln!(out, "{key}"))
        }
        LedgerVerb::Sign(args) => sign::run(args, settings).await,
    }
}

fn place(settings: &Settings) -> Result<Where, Failure> {
    let nowhere = "there is no state folder for the ledger: say `ledger:` in the config";
    settings.ledger.clone().ok_or_else(|| Failure::Failed(nowhere.to_owned()))
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed(error.to_string())
}

/// Goes on only where somebody at a terminal types that word.
fn ask(why: &str, word: &str) -> Result<(), Failure> {
    let mut stdin = std::io::stdin().lock();
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage(format!("the word `{word}` must be typed at a terminal")));
    }
    let mut err = std::io::stderr();
    write!(err, "{why}\nType {word} to go on: ").and_then(|()| err.flush()).map_err(failed)?;
    let mut answer = String::new();
    stdin.read_line(&mut answer).map_err(failed)?;
    if answer.trim() == word { Ok(()) } else { Err(Failure::Failed("nothing was done".to_owned())) }
}

//! One grammar for every door: the shell and the console's `:` line are read by the same parser from the same
//! definitions, and help, completions and the man page come from them too.

mod callmap;
mod changes;
mod keeper;
mod ledger;
mod note;
mod rules;
mod shell;
mod work;

use clap::{Args, Parser, Subcommand};

pub use callmap::{CallmapArgs, CallmapCheckArgs, CallmapListArgs, CallmapRunArgs, CallmapVerb};
pub use changes::{
    ChangesArgs, ChangesListArgs, ChangesShowArgs, ChangesSummaryArgs, ChangesVerb, ChangesVerifyArgs, Shown,
};
pub use keeper::{KeeperArgs, LogFormat};
pub use ledger::{LedgerKeyVerb, LedgerSignArgs, LedgerVerb};
pub use note::NoteArgs;
pub use rules::{RulesExplainArgs, RulesPlanArgs, RulesVerb};
pub use shell::{ConfigVerb, GenerateWhat, Global, Shell, Verb, shell_command, shell_from};
pub use work::{DoctorArgs, DumpArgs, TicketsArgs, WakeArgs};

use crate::model::sort::SortBy;

/// What can be said at every door.
#[derive(Clone, Debug, Subcommand)]
pub enum Sentence {
    /// List tenants: all, or those that fit a filter
    Ps(Ps),
    /// List hosts and what is wrong with them
    Hosts(Hosts),
    /// Tell what changed, and who did it: from the ledger, and what the engines remember of the last hour
    Changes(ChangesArgs),
    /// Put tenants to sleep, freeing their memory
    Dump(DumpArgs),
    /// Bring tenants back
    Wake(WakeArgs),
    /// List dumps, wakes and runs of callmaps, newest first, or tell all of one
    Tickets(TicketsArgs),
    /// Find out what the hosts can do, by dumping and waking a throw-away container on each
    Doctor(DoctorArgs),
}

impl Sentence {
    /// The verb, where it changes something: in read-only mode there is none such.
    #[must_use]
    pub fn changing(&self) -> Option<&'static str> {
        match self {
            Sentence::Dump(_) => Some("dump"),
            Sentence::Wake(_) => Some("wake"),
            Sentence::Doctor(_) => Some("doctor"),
            Sentence::Ps(_) | Sentence::Hosts(_) | Sentence::Changes(_) | Sentence::Tickets(_) => None,
        }
    }
}

/// `ps [FILTER]`.
#[derive(Clone, Debug, Args)]
pub struct Ps {
    /// Terms joined by "and": tier:vip state:!running host:web-1 tenant:acme role:db image:redis NAME; `!` negates,
    /// `tier:vip,high` means either
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Print JSON: one array with an object for each tenant
    #[arg(long)]
    pub json: bool,
    /// Print again whenever something changes, until stopped
    #[arg(long)]
    pub watch: bool,
}

/// `hosts`.
#[derive(Clone, Debug, Args)]
pub struct Hosts {
    /// Print JSON: one array with an object for each host
    #[arg(long)]
    pub json: bool,
}

/// What can be said on the console's `:` line.
#[derive(Clone, Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum ConsoleSentence {
    /// What can be said at every door.
    #[command(flatten)]
    Shared(Sentence),
    /// Run callmaps
    Callmap(CallmapArgs),
    /// Sort the tenants
    Sort {
        /// The column
        #[arg(value_parser = sort_by)]
        by: SortBy,
        /// Reversed
        #[arg(long, short)]
        reverse: bool,
    },
    /// Switch to a theme, or to the next one
    Theme {
        /// dark, light or wall
        name: Option<String>,
    },
    /// The name of an action, as in the config's `keys`
    #[command(external_subcommand)]
    Action(Vec<String>),
}

#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true, disable_help_subcommand = true)]
struct ConsoleLine {
    #[command(subcommand)]
    sentence: ConsoleSentence,
}

/// Reads a `:` line.
///
/// # Errors
/// What cannot be understood, in one line.
pub fn console_line(line: &str) -> Result<ConsoleSentence, String> {
    let words = shlex::split(without_call(line)).ok_or("a quote is left open")?;
    ConsoleLine::try_parse_from(words).map(|line| line.sentence).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        first.trim_start_matches("error: ").to_owned()
    })
}

/// Where people speak to a bot they begin with `!!`, and hands remember.
const CALL: &str = "!!";

fn without_call(line: &str) -> &str {
    let line = line.trim_start();
    line.strip_prefix(CALL).unwrap_or(line)
}

fn sort_by(word: &str) -> Result<SortBy, String> {
    SortBy::ALL.into_iter().find(|by| by.as_str() == word).ok_or_else(|| {
        let all: Vec<_> = SortBy::ALL.iter().map(|by| by.as_str()).collect();
        format!("one of {}", all.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_and_shell_read_the_same_sentence() {
        let Ok(ConsoleSentence::Shared(Sentence::Ps(ps))) = console_line("ps tier:vip 'a b'") else {
            panic!("not understood");
        };
        let shell = Shell::try_parse_from(["wakeboard", "ps", "tier:vip", "a b"]).unwrap();
        let Some(Verb::Shared(Sentence::Ps(same))) = shell.verb else { panic!("not understood") };
        assert_eq!(ps.filter, same.filter);
    }

    #[test]
    fn what_cannot_be_understood_is_said_in_one_line() {
        assert!(console_line("sort nothing").unwrap_err().contains("one of tenant"));
        assert_eq!(console_line("ps 'a").unwrap_err(), "a quote is left open");
        assert!(matches!(console_line("quit"), Ok(ConsoleSentence::Action(words)) if words == ["quit"]));
    }
}

//! What can be said in the shell.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::{CALL, CallmapArgs, KeeperArgs, LedgerVerb, NoteArgs, RulesVerb, Sentence};

/// The operations console for platforms that give every customer containers of its own.
///
/// Without a command it opens the console on the hosts of the config; without a config, on the engines that it finds:
/// `DOCKER_HOST`, the current docker context, then the sockets of Docker and Podman on this machine.
///
/// Exit codes: 0 done, 1 something failed, 2 wrong usage or config, 3 no host could be reached, 4 a callmap is broken.
#[derive(Clone, Debug, Parser)]
#[command(name = "wakeboard", version, propagate_version = true, disable_help_subcommand = true)]
pub struct Shell {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What is to be done; without it the console opens.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The config file [default: wakeboard/wakeboard.yaml in the XDG config folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How much is logged: off, error, warn, info, debug or trace (a release build has nothing below debug)
    #[arg(long, global = true, value_name = "LEVEL", default_value = "info")]
    pub log_level: tracing::level_filters::LevelFilter,
    /// The log file [default: wakeboard/wakeboard.log in the XDG state folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// Change nothing on any host: there is no dump, wake or doctor then. Notes are taken all the same
    #[arg(long, global = true)]
    pub read_only: bool,
}

/// The shell's grammar, for the parser and for all pages that are made of it. What the console takes from its selected
/// rows must be named here.
#[must_use]
pub fn shell_command() -> clap::Command {
    let named = |command: clap::Command| command.mut_arg("tenants", |tenants| tenants.required(true));
    Shell::command().mut_subcommand("dump", named).mut_subcommand("wake", named)
}

/// Reads a command line, the program's name first.
///
/// # Errors
/// What cannot be understood; also help and version, which are to be printed instead.
pub fn shell_from<W: Into<OsString> + Clone>(
    words: impl IntoIterator<Item = W>,
) -> Result<Shell, clap::Error> {
    let mut command = shell_command();
    let mut words: Vec<OsString> = words.into_iter().map(Into::into).collect();
    let is_verb = |word: &OsString| {
        word.to_str().is_some_and(|word| command.get_subcommands().any(|verb| verb.get_name() == word))
    };
    if let Some(at) = words.windows(2).position(|pair| pair[0] == CALL && is_verb(&pair[1])) {
        words.remove(at);
    }
    let matches = command.try_get_matches_from_mut(words)?;
    Shell::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// What can be said in the shell.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// What can be said at every door.
    #[command(flatten)]
    Shared(Sentence),
    /// Open the console on three simulated hosts; needs no engine
    Demo {
        /// Print the tenants once and end, instead of opening the console
        #[arg(long, hide = true)]
        list: bool,
    },
    /// Check a config, or print its schema
    Config {
        /// What of it.
        #[command(subcommand)]
        verb: ConfigVerb,
    },
    /// Run callmaps, the call chains of products: name the first broken layer. Also list them, or check their files
    Callmap(CallmapArgs),
    /// Write down a change that nobody else would tell of: a deployment, a change of DNS
    Note(NoteArgs),
    /// Say what the rules of the config will do to tenants, when, and why
    Rules {
        /// What of them.
        #[command(subcommand)]
        verb: RulesVerb,
    },
    /// Work while nobody looks: put idle tenants to sleep by the rules of the config. SIGHUP reads the config again
    Keeper(KeeperArgs),
    /// Look after the ledger's key, and sign records of sleepers that older versions wrote
    Ledger {
        /// What of it.
        #[command(subcommand)]
        verb: LedgerVerb,
    },
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man,
    /// Serve a scenario of simulated engines on unix sockets (for tests)
    #[command(hide = true)]
    Simulate {
        /// The scenario file
        scenario: PathBuf,
        /// The folder for the sockets
        #[arg(long)]
        dir: PathBuf,
    },
    /// Write the pages that are made from the code
    #[command(hide = true)]
    Generate {
        /// What to write.
        #[command(subcommand)]
        what: GenerateWhat,
    },
}

/// What of the config.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigVerb {
    /// Check a config file: say what it means, or what is wrong with it and where
    Check {
        /// The file [default: the one that wakeboard would use]
        file: Option<PathBuf>,
    },
    /// Print the JSON Schema of the config, for editors
    Schema,
}

/// What to write.
#[derive(Clone, Debug, Subcommand)]
pub enum GenerateWhat {
    /// The pages under docs/ that are made from the code
    Docs {
        /// Only say whether they are fresh
        #[arg(long)]
        check: bool,
    },
}

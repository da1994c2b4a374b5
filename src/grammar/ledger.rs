//! What can be said of the ledger itself.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What of the ledger.
#[derive(Clone, Debug, Subcommand)]
pub enum LedgerVerb {
    /// Make the ledger's key, or print it for a copy in a safe place
    Key {
        /// What of it.
        #[command(subcommand)]
        verb: LedgerKeyVerb,
    },
    /// List the sleeping containers whose records have no seal, as older versions wrote them, and sign them. They are not woken
    /// before that, since whoever can write into the ledger could have written them
    Sign(LedgerSignArgs),
}

/// What of the ledger's key.
#[derive(Clone, Debug, Subcommand)]
pub enum LedgerKeyVerb {
    /// Make a new key in a file, which must not be there yet; name it in the config with `ledger_key`
    New {
        /// The file
        file: PathBuf,
    },
    /// Print the key that seals, after a word typed at the terminal. Without a copy of it, a lost key loses what sleeps by destroy
    Export,
}

/// `ledger sign`.
#[derive(Clone, Debug, Args)]
pub struct LedgerSignArgs {
    /// Sign all that is listed without asking
    #[arg(long)]
    pub yes: bool,
}

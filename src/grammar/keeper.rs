//! What can be said of the keeper.

use clap::{Args, ValueEnum};

/// `keeper`.
#[derive(Clone, Debug, Args)]
pub struct KeeperArgs {
    /// Ask for nothing: only say in the log what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// How the log is written, which goes to the error output unless there is a --log-file
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// How a log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    #[default]
    Text,
    /// A JSON object a line
    Json,
}

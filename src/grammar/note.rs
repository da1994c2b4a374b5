//! `note`: somebody says what they did.

use clap::Args;

use crate::model::change::said::{SAYABLE, verb};
use crate::model::change::{Verb, said};

/// `note TEXT...`.
#[derive(Clone, Debug, Args)]
pub struct NoteArgs {
    /// What happened, in your words
    #[arg(value_name = "TEXT", required = true)]
    pub text: Vec<String>,
    /// To what: a tenant's name, or anything
    #[arg(long, value_name = "NAME")]
    pub object: Option<String>,
    /// On which host
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// The same in one word: noted, updated, removed, ... as changes have it
    #[arg(long, value_name = "VERB", default_value = "noted", value_parser = said_verb)]
    pub verb: Verb,
    /// Who did it [default: you]
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// What makes it the same where it is told again: the number of a build, the hash of a commit
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// When, as 2026-11-23T14:02:40Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub time: Option<String>,
}

fn said_verb(word: &str) -> Result<Verb, said::Wrong> {
    verb(word).map_err(|wrong| {
        let all: Vec<&str> = SAYABLE.iter().map(|verb| verb.as_str()).collect();
        said::Wrong::new(format!("{wrong} (one of {})", all.join(", ")))
    })
}

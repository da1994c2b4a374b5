//! What can be said of callmaps.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::model::span::span;

/// How often a callmap may be run again and again.
const SHORTEST_WATCH: Duration = Duration::from_secs(1);
const LONGEST_WATCH: Duration = Duration::from_secs(24 * 3600);

/// `callmap FILE...`, which runs them, or `callmap VERB ...`.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct CallmapArgs {
    /// What of them.
    #[command(subcommand)]
    pub verb: Option<CallmapVerb>,
    /// Without a verb they are run.
    #[command(flatten)]
    pub run: CallmapRunArgs,
}

/// What is to be done with callmaps.
#[derive(Clone, Debug, Subcommand)]
pub enum CallmapVerb {
    /// Ask every layer at once, and name the first broken one
    ///
    /// Exit codes: 0 all is well, 1 degraded (slow, or losses that a layer can bear), 2 a bad file, 4 broken. Of several
    /// files the worst counts.
    Run(CallmapRunArgs),
    /// List callmaps: those of the config, and of the folders callmaps/ here and beside the config
    List(CallmapListArgs),
    /// Check callmaps: say what each holds, or what is wrong with it and where. Nothing is asked
    Check(CallmapCheckArgs),
    /// Print the JSON Schema of callmaps, for editors
    Schema,
}

/// `callmap run FILE...`.
#[derive(Clone, Debug, Args)]
pub struct CallmapRunArgs {
    /// The files; a bare name may also be one of `callmap list`
    #[arg(value_name = "FILE", required = true, num_args = 1..=32)]
    pub files: Vec<PathBuf>,
    /// Print JSON: an object on a line for each run
    #[arg(long, group = "form")]
    pub json: bool,
    /// Print XML for CI systems: a suite for each layer
    #[arg(long, group = "form", conflicts_with = "watch")]
    pub junit: bool,
    /// Print text without colours, also on a terminal
    #[arg(long, group = "form")]
    pub text: bool,
    /// Run them again every so often, until stopped: 10s, 1m
    #[arg(long, value_name = "TIME", value_parser = watch)]
    pub watch: Option<Duration>,
    /// A var in place of the file's own; may be given more than once
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = var)]
    pub vars: Vec<(String, String)>,
}

/// `callmap list`.
#[derive(Clone, Debug, Args)]
pub struct CallmapListArgs {
    /// Print JSON: one array with an object for each callmap
    #[arg(long)]
    pub json: bool,
}

/// `callmap check FILE...`.
#[derive(Clone, Debug, Args)]
pub struct CallmapCheckArgs {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// A var in place of the file's own; may be given more than once
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = var)]
    pub vars: Vec<(String, String)>,
}

impl CallmapArgs {
    /// What is to be done.
    #[must_use]
    pub fn said(self) -> CallmapVerb {
        self.verb.unwrap_or(CallmapVerb::Run(self.run))
    }
}

/// `NAME=VALUE`.
fn var(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn watch(text: &str) -> Result<Duration, String> {
    let every = span(text).map_err(|error| error.to_string())?;
    if (SHORTEST_WATCH..=LONGEST_WATCH).contains(&every) {
        Ok(every)
    } else {
        Err("from 1s to 24h".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConsoleSentence, Verb, console_line, shell_from};
    use super::*;

    fn shell(words: &[&str]) -> Result<CallmapVerb, String> {
        let shell = shell_from([&["wakeboard"], words].concat()).map_err(|error| error.to_string())?;
        let Some(Verb::Callmap(args)) = shell.verb else { panic!("not understood") };
        Ok(args.said())
    }

    fn run(verb: CallmapVerb) -> CallmapRunArgs {
        let CallmapVerb::Run(args) = verb else { panic!("not understood") };
        args
    }

    #[test]
    fn vars_are_split_at_the_first_sign() {
        let words = ["callmap", "check", "a.yaml", "b.yaml", "--var", "x=1=2", "--var", "y="];
        let Ok(CallmapVerb::Check(args)) = shell(&words) else { panic!("not understood") };
        assert_eq!(args.files, [PathBuf::from("a.yaml"), PathBuf::from("b.yaml")]);
        let vars: Vec<(&str, &str)> = args.vars.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(vars, [("x", "1=2"), ("y", "")]);
        assert!(shell(&["callmap", "check"]).is_err());
        assert!(shell(&["callmap", "check", "a", "--var", "x"]).is_err());
    }

    #[test]
    fn files_are_run_with_the_verb_or_without_it() {
        for words in [
            &["callmap", "run", "a.yaml", "b.yaml", "--watch", "10s", "--var", "x=1"][..],
            &["callmap", "a.yaml", "b.yaml", "--watch", "10s", "--var", "x=1"],
            &["!!", "callmap", "a.yaml", "b.yaml", "--watch", "10s", "--var", "x=1"],
        ] {
            let args = run(shell(words).unwrap());
            assert_eq!(args.files, [PathBuf::from("a.yaml"), PathBuf::from("b.yaml")]);
            assert_eq!(args.watch, Some(Duration::from_secs(10)));
            assert_eq!(args.vars, [("x".to_owned(), "1".to_owned())]);
        }
        assert!(matches!(shell(&["callmap", "list", "--json"]), Ok(CallmapVerb::List(args)) if args.json));
    }

    #[test]
    fn the_console_reads_the_same() {
        for line in ["callmap a.yaml", "!! callmap a.yaml", "!!callmap a.yaml", "callmap run a.yaml"] {
            let Ok(ConsoleSentence::Callmap(args)) = console_line(line) else { panic!("{line}") };
            assert_eq!(run(args.said()).files, [PathBuf::from("a.yaml")]);
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (words, told) in [
            (&["callmap"][..], "<FILE>..."),
            (&["callmap", "run"], "<FILE>..."),
            (&["callmap", "run", "a", "--json", "--junit"], "cannot be used with"),
            (&["callmap", "run", "a", "--junit", "--watch", "10s"], "cannot be used with"),
            (&["callmap", "run", "a", "--watch", "10ms"], "from 1s"),
            (&["!!"], "Usage"),
        ] {
            let error = shell_from([&["wakeboard"], words].concat());
            let error = error.map(|_| panic!("{words:?}")).unwrap_err().to_string();
            assert!(error.contains(told), "{words:?}: {error}");
        }
    }
}

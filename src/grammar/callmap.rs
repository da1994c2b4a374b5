//! What can be said of callmaps in the shell.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What is to be done with callmaps.
#[derive(Clone, Debug, Subcommand)]
pub enum CallmapVerb {
    /// Check callmaps: say what each holds, or what is wrong with it and where. Nothing is asked
    Check(CallmapCheckArgs),
    /// Print the JSON Schema of callmaps, for editors
    Schema,
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

/// `NAME=VALUE`.
fn var(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::{Verb, shell_from};
    use super::*;

    #[test]
    fn vars_are_split_at_the_first_sign() {
        let words = ["wakeboard", "callmap", "check", "a.yaml", "b.yaml", "--var", "x=1=2", "--var", "y="];
        let Some(Verb::Callmap { verb: CallmapVerb::Check(args) }) = shell_from(words).unwrap().verb else {
            panic!("not understood")
        };
        assert_eq!(args.files, [PathBuf::from("a.yaml"), PathBuf::from("b.yaml")]);
        let vars: Vec<(&str, &str)> = args.vars.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(vars, [("x", "1=2"), ("y", "")]);
        assert!(shell_from(["wakeboard", "callmap", "check"]).is_err());
        assert!(shell_from(["wakeboard", "callmap", "check", "a", "--var", "x"]).is_err());
    }
}

//! `wakeboard callmap`: runs callmaps, lists them, checks them, or prints their schema.

mod follow;
mod json;
mod junit;
mod list;
mod run;
mod say;

pub use say::print;

use super::{Failure, output};
use crate::config::{self, Env, Settings};
use crate::grammar::{CallmapCheckArgs, CallmapVerb};
use crate::model::plain::plain;

/// Does what was said of callmaps. `load` reads the settings, where they are needed.
///
/// # Errors
/// What is wrong with the files, and where; a product that is not well.
pub fn run(verb: &CallmapVerb, load: impl FnOnce() -> Result<Settings, Failure>) -> Result<(), Failure> {
    match verb {
        CallmapVerb::Run(args) => run::run(args, load()?),
        CallmapVerb::List(args) => super::runtime()?.block_on(list::run(args, load()?)),
        CallmapVerb::Check(args) => check(args, &load()?),
        CallmapVerb::Schema => {
            let text = serde_json::to_string_pretty(&config::callmap_schema())
                .map_err(|error| Failure::Failed(error.to_string()))?;
            output::print(|out| writeln!(out, "{text}"))
        }
    }
}

/// All files are looked at: one that is bad does not hide the next.
fn check(args: &CallmapCheckArgs, settings: &Settings) -> Result<(), Failure> {
    let env = Env::from_process().for_callmaps(settings);
    let (mut good, mut faults) = (Vec::new(), Vec::new());
    for file in &args.files {
        match config::callmap::load(file, &args.vars, &env) {
            Ok(map) => {
                let probes = map.layers.iter().map(|layer| layer.probes.len()).sum();
                let held = format!("{}, {}", count(map.layers.len(), "layer"), count(probes, "probe"));
                good.push(format!("{}: ok, {held}", plain(&file.to_string_lossy())));
            }
            Err(error) => faults.push(error.to_string()),
        }
    }
    output::print(|out| good.iter().try_for_each(|line| writeln!(out, "{line}")))?;
    if faults.is_empty() { Ok(()) } else { Err(Failure::Files(faults.join("\n"))) }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

//! The command line: one file a subcommand.

mod act;
mod callmap;
mod changes;
mod config;
mod console;
mod doctor;
mod dump;
mod failure;
mod generate;
mod hosts;
mod logging;
mod output;
mod progress;
mod ps;
mod rules;
mod settle;
mod simulate;
mod telling;
mod tickets;
mod wake;
mod who;

pub use failure::Failure;

use crate::config::{Env, Settings};
use crate::grammar::{Sentence, Shell, Verb, shell_command};

/// Does what was said.
///
/// # Errors
/// Why it could not be done, with the exit code that goes with it.
pub fn run(shell: Shell) -> Result<(), Failure> {
    let Shell { global, verb } = shell;
    let load = || {
        let mut settings = crate::config::load(global.config.as_deref(), &Env::from_process())?;
        settings.policy.read_only |= global.read_only;
        logging::start(&global)?;
        Ok::<Settings, Failure>(settings)
    };
    match verb {
        None => runtime()?.block_on(console::run(load()?)),
        Some(Verb::Demo { list }) => {
            logging::start(&global)?;
            let file = global.config.as_deref();
            runtime()?.block_on(console::demo(file, list))
        }
        Some(Verb::Shared(sentence)) => {
            let settings = load()?;
            refuse_changes(&sentence, &settings)?;
            runtime()?.block_on(say(sentence, settings))
        }
        Some(Verb::Config { verb }) => config::run(&verb, global.config.as_deref()),
        Some(Verb::Callmap(args)) => callmap::run(&args.said(), load),
        Some(Verb::Rules { verb }) => {
            let settings = load()?;
            runtime()?.block_on(rules::run(&verb, settings))
        }
        Some(Verb::Completions { shell }) => output::print(|out| {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut shell_command(), "wakeboard", &mut script);
            out.write_all(&script)
        }),
        Some(Verb::Man) => output::print(|out| clap_mangen::Man::new(shell_command()).render(out)),
        Some(Verb::Simulate { scenario, dir }) => runtime()?.block_on(simulate::run(&scenario, &dir)),
        Some(Verb::Generate { what }) => generate::run(&what),
    }
}

async fn say(sentence: Sentence, settings: Settings) -> Result<(), Failure> {
    match sentence {
        Sentence::Ps(args) => ps::run(&args, settings).await,
        Sentence::Hosts(args) => hosts::run(&args, settings).await,
        Sentence::Changes(args) => changes::run(&args, settings).await,
        Sentence::Dump(args) => dump::run(args, settings).await,
        Sentence::Wake(args) => wake::run(args, settings).await,
        Sentence::Tickets(args) => tickets::run(&args, settings).await,
        Sentence::Doctor(args) => doctor::run(&args, settings).await,
    }
}

fn refuse_changes(sentence: &Sentence, settings: &Settings) -> Result<(), Failure> {
    match sentence.changing() {
        Some(verb) if settings.policy.read_only => Err(Failure::Usage(format!(
            "read-only: there is no `{verb}` with --read-only, or with `read_only: true` in the config"
        ))),
        _ => Ok(()),
    }
}

/// Two workers: one draws while the other talks to engines. More would only hold memory.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("no threads: {error}")))
}

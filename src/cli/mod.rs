//! The command line: one file a subcommand.

mod changes;
mod config;
mod console;
mod failure;
mod generate;
mod hosts;
mod logging;
mod output;
mod ps;
mod settle;
mod simulate;

use clap::CommandFactory;

pub use failure::Failure;

use crate::config::{Env, Settings};
use crate::grammar::{Sentence, Shell, Verb};

/// Does what was said.
///
/// # Errors
/// Why it could not be done, with the exit code that goes with it.
pub fn run(shell: Shell) -> Result<(), Failure> {
    let Shell { global, verb } = shell;
    let load = || {
        let settings = crate::config::load(global.config.as_deref(), &Env::from_process())?;
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
        Some(Verb::Shared(Sentence::Ps(ps))) => runtime()?.block_on(ps::run(&ps, load()?)),
        Some(Verb::Shared(Sentence::Hosts(hosts))) => runtime()?.block_on(hosts::run(&hosts, load()?)),
        Some(Verb::Shared(Sentence::Changes(changes))) => {
            runtime()?.block_on(changes::run(&changes, load()?))
        }
        Some(Verb::Shared(
            Sentence::Dump(_) | Sentence::Wake(_) | Sentence::Tickets(_) | Sentence::Doctor(_),
        )) => Err(Failure::Usage("the command line cannot do this yet; the console can".to_owned())),
        Some(Verb::Config { verb }) => config::run(&verb, global.config.as_deref()),
        Some(Verb::Completions { shell }) => output::print(|out| {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Shell::command(), "wakeboard", &mut script);
            out.write_all(&script)
        }),
        Some(Verb::Man) => output::print(|out| clap_mangen::Man::new(Shell::command()).render(out)),
        Some(Verb::Simulate { scenario, dir }) => runtime()?.block_on(simulate::run(&scenario, &dir)),
        Some(Verb::Generate { what }) => generate::run(&what),
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

//! The command line: one file a subcommand.

mod act;
mod callmap;
mod changes;
mod config;
mod console;
mod doctor;
mod door;
mod dump;
mod failure;
mod generate;
mod hosts;
mod intake;
mod keeper;
mod ledger;
mod log_file;
mod logging;
mod note;
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
        Some(Verb::Note(args)) => runtime()?.block_on(note::run(args, load()?)),
        Some(Verb::Rules { verb }) => {
            let settings = load()?;
            runtime()?.block_on(rules::run(&verb, settings))
        }
        Some(Verb::Ledger { verb }) => {
            let settings = load()?;
            runtime()?.block_on(ledger::run(&verb, settings))
        }
        Some(Verb::Keeper(args)) => runtime()?.block_on(keeper::run(&args, &global)),
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

/// The most files and sockets that we ever have open.
const MOST_FILES: u64 = 65_536;
/// So many files and sockets may be open before the kernel makes its table of them larger.
const OPEN_FILES: i32 = 1024;

/// Has the kernel make its table of our open files as large as a hundred hosts need. It does so by itself at the 65th and at
/// the 257th, but in a program with several threads it first waits until no processor looks into the old table, 10 to 20 ms
/// each time: longer than all hosts take to answer.
fn make_room_for_files() {
    raise_limit_of_files();
    // Where fewer are allowed, there is nothing to make larger.
    let _ =
        std::fs::File::open("/dev/null").map(|file| rustix::io::fcntl_dupfd_cloexec(&file, OPEN_FILES - 1));
}

/// As many files and sockets may be open as this account may have at all: the usual 1024 are few for a hundred hosts and a wake door.
fn raise_limit_of_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // More are never needed here, and a program that we start may close them one by one.
    let most = maximum.map_or(MOST_FILES, |maximum| maximum.min(MOST_FILES));
    if current.is_some_and(|current| current < most) {
        // Where it may not be raised, there is what there was.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum });
    }
}

/// Two workers: one draws while the other talks to engines. More would only hold memory, and where there is only one core for
/// us, each of two would wait for the other's turn to end: some 3 ms.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    make_room_for_files();
    crate::service::panics::note();
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.min(2))
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("no threads: {error}")))
}

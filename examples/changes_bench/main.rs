//! What `tests/bench/changes` runs, as lines of `name<tab>value...`. PLACE is a file or a `postgres://` URL.
//!
//! - `fill PLACE COUNT`: writes so many changes of 30 days.
//! - `ask PLACE ROUNDS`: asks it, by turns with the same statements over a bare connection.
//! - `pour PLACE RATE SECONDS WRITERS`: appends so many records a second, in batches, with questions meanwhile.
//! - `ticket PLACE ROUNDS`: begins and ends tickets.
//! - `verify PLACE`, `prune PLACE DAYS`: how long that takes; pruning as so many days later.

mod asks;
mod pour;
mod story;
mod upkeep;

use std::error::Error;
use std::time::Duration;

use wakeboard::ledger::Ledger;
use wakeboard::model::ledger::Where;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // As many threads as wakeboard has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match *words.as_slice() {
            ["fill", place, count] => pour::fill(&open(place).await?, count.parse()?).await,
            ["ask", place, rounds] => asks::ask(place, &open(place).await?, rounds.parse()?).await,
            ["pour", place, rate, seconds, writers] => {
                pour::pour(place, rate.parse()?, seconds.parse()?, writers.parse()?).await
            }
            ["ticket", place, rounds] => upkeep::tickets(&open(place).await?, rounds.parse()?).await,
            ["verify", place] => upkeep::verify(&open(place).await?).await,
            ["prune", place, days] => upkeep::prune(&open(place).await?, days.parse()?).await,
            _ => Err("usage: changes_bench fill|ask|pour|ticket|verify|prune PLACE ...".into()),
        }
    })
}

fn at(place: &str) -> Result<Where, Failure> {
    Ok(if place.starts_with("postgres://") {
        Where::Postgres(place.parse()?)
    } else {
        Where::Sqlite(place.into())
    })
}

async fn open(place: &str) -> Result<Ledger, Failure> {
    Ok(Ledger::open(&at(place)?).await?)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The middle and the highest.
fn middle(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |place: usize| times.get(place).copied().map_or(f64::NAN, milliseconds);
    (at(times.len() / 2), at(times.len().saturating_sub(1)))
}

/// The most memory that this process has had, in MB.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().map_or(f64::NAN, |kilobytes| kilobytes / 1024.0)
}

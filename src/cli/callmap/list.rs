//! `wakeboard callmap list`: which callmaps there are, and how each fared last.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::cli::{Failure, output};
use crate::config::callmaps::Shelf;
use crate::config::{self, Env, Settings};
use crate::grammar::CallmapListArgs;
use crate::ledger::Ledger;
use crate::model::callmap::kept::{Run, RunOutcome};
use crate::model::plain::plain;

/// How many runs are looked at for the last one of each.
const MOST_RUNS: usize = 1000;

/// A callmap.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    file: String,
    product: Option<String>,
    layers: Option<usize>,
    /// What is wrong with the file.
    fault: Option<String>,
    last_run: Option<LastRun>,
}

#[derive(Debug, Serialize)]
struct LastRun {
    ticket: String,
    asked: Timestamp,
    /// Null while it goes on.
    outcome: Option<RunOutcome>,
    reason: Option<String>,
}

/// Lists callmaps by name.
///
/// # Errors
/// The output cannot be written to.
pub async fn run(args: &CallmapListArgs, settings: Settings) -> Result<(), Failure> {
    let env = Env::from_process().for_callmaps(&settings);
    let files = Shelf::of(&settings, &env).files();
    let runs = runs(settings).await;
    let rows: Vec<Row> = files.iter().map(|file| row(file, &env, &runs)).collect();
    if args.json {
        return output::json(&rows);
    }
    if rows.is_empty() {
        eprintln!(
            "wakeboard: there are no callmaps: put some into a folder callmaps/ here or beside the config"
        );
        return Ok(());
    }
    output::table(&table(&rows, &TimeZone::system()))
}

/// The latest runs. A ledger that cannot be read is told, and does not hide the callmaps.
async fn runs(settings: Settings) -> Vec<Run> {
    let Some(place) = settings.ledger else { return Vec::new() };
    let read = async { Ledger::open(&place).await?.runs(MOST_RUNS, Timestamp::now()).await };
    read.await.unwrap_or_else(|error| {
        eprintln!("wakeboard: of last runs nothing is known: {error}");
        Vec::new()
    })
}

fn row(file: &Path, env: &Env, runs: &[Run]) -> Row {
    let name = plain(&file.file_stem().unwrap_or_default().to_string_lossy()).into_owned();
    let shown = plain(&file.to_string_lossy()).into_owned();
    match config::callmap::load(file, &[], env) {
        Ok(callmap) => {
            let own = file.file_name().map(|name| plain(&name.to_string_lossy()).into_owned());
            let is_own =
                |run: &&Run| own.as_deref() == Some(run.file_name()) && run.product == callmap.product;
            let last = runs.iter().find(is_own);
            let last_run = last.map(|run| LastRun {
                ticket: run.id.to_string(),
                asked: run.asked,
                outcome: run.outcome,
                reason: run.reason.clone(),
            });
            let product = Some(plain(&callmap.product).into_owned());
            Row { name, file: shown, product, layers: Some(callmap.layers.len()), fault: None, last_run }
        }
        Err(error) => {
            let fault = error.to_string().lines().next().map(|line| plain(line).into_owned());
            Row { name, file: shown, product: None, layers: None, fault, last_run: None }
        }
    }
}

fn table(rows: &[Row], zone: &TimeZone) -> Vec<Vec<String>> {
    let names = ["NAME", "PRODUCT", "LAYERS", "LAST RUN", "VERDICT", "FILE"];
    let row = |row: &Row| {
        let nothing = || "–".to_owned();
        let last = row.last_run.as_ref();
        let time = |run: &LastRun| run.asked.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        let word = |run: &LastRun| match run.outcome {
            Some(RunOutcome::Broken) => run.reason.clone().unwrap_or_else(|| "broken".to_owned()),
            Some(outcome) => outcome.as_str().to_owned(),
            None => "under way".to_owned(),
        };
        vec![
            row.name.clone(),
            row.product.clone().unwrap_or_else(nothing),
            row.layers.map_or_else(nothing, |layers| layers.to_string()),
            last.map_or_else(nothing, time),
            last.map_or_else(nothing, |run| plain(&word(run)).into_owned()),
            row.fault.clone().unwrap_or_else(|| row.file.clone()),
        ]
    };
    std::iter::once(names.map(str::to_owned).to_vec()).chain(rows.iter().map(row)).collect()
}

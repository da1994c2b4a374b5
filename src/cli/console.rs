//! The console, on real hosts or on simulated ones.

use std::io::IsTerminal;
use std::path::Path;

use super::intake::Intake;
use super::who::who;
use super::{Failure, output, ps};
use crate::config::callmaps::Shelf;
use crate::config::{Env, Settings};
use crate::demo;
use crate::engine::folder::PrivateFolder;
use crate::grammar::Ps;
use crate::model::ledger::{KeyPlaces, Where};
use crate::service::{Rules, Service};
use crate::tui::callmap::files::Files;
use crate::tui::palette::Depth;
use crate::tui::state::Start;

/// Opens the console on the config's hosts.
///
/// # Errors
/// There is no terminal, or it is lost.
pub async fn run(settings: Settings) -> Result<(), Failure> {
    open(settings, false).await
}

/// Opens the console on three simulated hosts, or lists their tenants.
///
/// # Errors
/// As `run`; and no folder for the hosts' sockets.
pub async fn demo(config: Option<&Path>, list: bool) -> Result<(), Failure> {
    let env = Env::from_process();
    // Look and keys of a given config count; its hosts are not touched.
    let mut settings = match config {
        Some(file) => crate::config::load_looks(file, &env)?,
        None => Settings::default(),
    };
    let folder = PrivateFolder::new("demo")?;
    let scenario = demo::embedded().map_err(|error| Failure::Failed(error.to_string()))?;
    let running =
        demo::spawn(&scenario, folder.path()).map_err(|error| Failure::Failed(error.to_string()))?;
    settings.hosts = running.hosts();
    // What happens to simulated tenants is nobody's record.
    settings.ledger = Some(Where::Sqlite(folder.path().join("ledger.db")));
    settings.ledger_keys = KeyPlaces::default();
    if list {
        let all = Ps { filter: Vec::new(), json: false, watch: false };
        return ps::run(&all, settings).await;
    }
    let failed = |error: demo::layers::LayersError| Failure::Failed(error.to_string());
    let mut layers = demo::layers::start(folder.path()).await.map_err(failed)?;
    layers.live(scenario.seed);
    settings.callmaps = vec![layers.callmap().to_owned()];
    open(settings, true).await
}

async fn open(settings: Settings, demo: bool) -> Result<(), Failure> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "the console needs a terminal; without one there are `wakeboard ps`, `hosts` and `changes`"
                .to_owned(),
        ));
    }
    let env = Env::from_process();
    if !output::places_text() {
        return Err(Failure::Usage(
            "this terminal cannot place text (its TERM is dumb): there are `wakeboard ps`, `hosts` and `changes`"
                .to_owned(),
        ));
    }
    if rustix::termios::tcgetwinsize(std::io::stdout()).is_ok_and(|size| size.ws_col == 0 || size.ws_row == 0)
    {
        return Err(Failure::Usage(
            "this terminal says no size: set it (stty rows 40 cols 120), or use `wakeboard ps`, `hosts` and `changes`"
                .to_owned(),
        ));
    }
    // What happens in the demo is nobody's record, and its door would take what is meant for the real one.
    let intake = if demo { None } else { Some(Intake::of(&settings, &env)?) };
    // A callmap that lies about here asks servers of the real world.
    let shelf = if demo { Shelf::only(settings.callmaps.clone()) } else { Shelf::of(&settings, &env) };
    let callmap_env = env.for_callmaps(&settings);
    let start = Start {
        who: who(settings.operator.as_deref()),
        theme: settings.theme,
        keymap: settings.keymap,
        depth: Depth::detect(|name| std::env::var(name).ok()),
        demo,
        policy: settings.policy.clone(),
    };
    let reports = env.state_folder.as_ref().map(|folder| folder.join("wakeboard").join("callmaps"));
    let files = Files { shelf, env: callmap_env, reports };
    let Settings { policy, ledger, ledger_keys, copies, retention, .. } = settings;
    let rules = Rules {
        policy,
        ledger,
        ledger_keys,
        copies,
        mends: true,
        records: true,
        retention,
        ..Rules::default()
    };
    let service = Service::start(settings.hosts, settings.naming, rules);
    let _open = intake.map(|intake| intake.open(service.fleet()));
    crate::tui::run(service, start, files).await.map_err(|error| Failure::Failed(error.to_string()))
}

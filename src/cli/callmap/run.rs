//! `wakeboard callmap run`: all files at once, one round or one every so often.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::follow::{Follow, Form};
use crate::cli::{Failure, runtime, settle, who};
use crate::config::callmaps::Shelf;
use crate::config::{self, Env, Settings};
use crate::grammar::CallmapRunArgs;
use crate::model::callmap::map::{Callmap, Targets};
use crate::model::callmap::progress::Runs;
use crate::model::callmap::report::ProductVerdict;
use crate::model::plain::plain;
use crate::model::ticket::{Door, TicketId};
use crate::service::{Callmaps, Rules, RunOrder, Service};

/// How long the record of runs that were called off is waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Who runs them. Without a tenant among the targets no host is needed, and none is spoken to.
enum Runner {
    Alone(Callmaps),
    WithHosts(Box<Service>),
}

impl Runner {
    fn start(callmaps: &[Arc<Callmap>], settings: Settings) -> Self {
        let is_tenant = |targets: &Targets| matches!(targets, Targets::Tenant { .. });
        if !callmaps.iter().flat_map(|map| &map.layers).any(|layer| is_tenant(&layer.targets)) {
            return Runner::Alone(Callmaps::alone(settings.ledger));
        }
        let Settings { policy, ledger, copies, .. } = settings;
        let rules = Rules { policy, ledger, copies, ..Rules::default() };
        Runner::WithHosts(Box::new(Service::start(settings.hosts, settings.naming, rules)))
    }

    /// Waits until it is known which tenants sleep: a run that begins sooner finds paused ones, or none.
    async fn settle(&self) {
        if let Runner::WithHosts(service) = self {
            settle::record(service).await;
        }
    }

    fn run(&self, callmap: Arc<Callmap>, order: RunOrder) -> Option<TicketId> {
        match self {
            Runner::Alone(callmaps) => callmaps.run(callmap, order),
            Runner::WithHosts(service) => service.run_callmap(callmap, order),
        }
    }

    fn cancel(&self, ticket: TicketId) {
        match self {
            Runner::Alone(callmaps) => callmaps.cancel(ticket),
            Runner::WithHosts(service) => service.cancel_callmap(ticket),
        }
    }

    fn runs(&self) -> watch::Receiver<Arc<Runs>> {
        match self {
            Runner::Alone(callmaps) => callmaps.runs(),
            Runner::WithHosts(service) => service.callmap_runs(),
        }
    }
}

/// Runs what was said.
///
/// # Errors
/// A bad file: then nothing is asked. A product is degraded or broken.
pub fn run(args: &CallmapRunArgs, settings: Settings) -> Result<(), Failure> {
    let env = Env::from_process().for_callmaps(&settings);
    let shelf = Shelf::of(&settings, &env);
    let files: Vec<PathBuf> = args.files.iter().map(|file| shelf.find(file)).collect();
    // Before there are threads: a bad file ends it here.
    let callmaps = load(&files, args, &env)?;
    runtime()?.block_on(rounds(args, &files, callmaps, settings, &env))
}

/// All faults of all files at once.
fn load(files: &[PathBuf], args: &CallmapRunArgs, env: &Env) -> Result<Vec<Arc<Callmap>>, Failure> {
    let (mut good, mut faults) = (Vec::new(), Vec::new());
    for file in files {
        match config::callmap::load(file, &args.vars, env) {
            Ok(callmap) => good.push(Arc::new(callmap)),
            Err(error) => faults.push(error.to_string()),
        }
    }
    for (at, file) in files.iter().enumerate() {
        if files[..at].contains(file) {
            faults.push(format!("{} is named twice", plain(&file.to_string_lossy())));
        }
    }
    if faults.is_empty() { Ok(good) } else { Err(Failure::Files(faults.join("\n"))) }
}

async fn rounds(
    args: &CallmapRunArgs,
    files: &[PathBuf],
    mut callmaps: Vec<Arc<Callmap>>,
    settings: Settings,
    env: &Env,
) -> Result<(), Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hang_up = signal(SignalKind::hangup())?;
    let actor: Arc<str> = who::who(settings.operator.as_deref()).into();
    let runner = Runner::start(&callmaps, settings);
    runner.settle().await;
    let form = Form::of(args);
    let mut last: Option<ProductVerdict> = None;
    loop {
        let began = Instant::now();
        let order = || RunOrder { actor: actor.clone(), door: Door::Shell, again: None };
        let tickets: Vec<TicketId> =
            callmaps.iter().filter_map(|callmap| runner.run(callmap.clone(), order())).collect();
        let mut follow = Follow::new(form, &tickets, runner.runs());
        let followed = tokio::select! {
            verdict = follow.tell_all() => Some(verdict?),
            _ = interrupt.recv() => None,
            _ = terminate.recv() => None,
            _ = hang_up.recv() => None,
        };
        let Some(verdict) = followed else {
            for ticket in &tickets {
                runner.cancel(*ticket);
            }
            let _ = tokio::time::timeout(LAST_WORDS, follow.until_written()).await;
            // The verdict may have been there, and only the ledger not.
            return follow
                .verdict()
                .or(last)
                .map_or(Err(Failure::Failed("stopped before it was over".to_owned())), coded);
        };
        last = Some(verdict);
        let Some(every) = args.watch else { break };
        tokio::select! {
            () = sleep_until(began + every) => {}
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = hang_up.recv() => break,
        }
        // A file that is being edited may be bad for a while.
        match load(files, args, env) {
            Ok(fresh) => callmaps = fresh,
            Err(fault) => eprintln!("wakeboard: {fault}\nwakeboard: what was there before is run"),
        }
        follow.between()?;
    }
    last.map_or(Ok(()), coded)
}

/// The exit code of a verdict.
fn coded(verdict: ProductVerdict) -> Result<(), Failure> {
    match verdict {
        ProductVerdict::Ok => Ok(()),
        ProductVerdict::Degraded => Err(Failure::Degraded),
        ProductVerdict::Broken => Err(Failure::Broken),
    }
}

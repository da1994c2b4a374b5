//! `wakeboard keeper`: works until it is told to end.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

use super::Failure;
use super::door;
use super::intake::Intake;
use super::logging;
use crate::config::{Env, Settings};
use crate::grammar::{Global, KeeperArgs};
use crate::keeper::door::{Door, DoorSettings, DoorStart};
use crate::keeper::{Keeper, Start};
use crate::model::keeper::rules::Ask;
use crate::model::keeper::tell::lasting;
use crate::model::ledger::Where;
use crate::model::plain::plain;
use crate::model::tier::Tier;
use crate::service::{Rules, Service};

/// How long what it is at may take when it is told to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Works.
///
/// # Errors
/// The config or the usage is wrong; a fault of ours; or it was told twice to end.
pub async fn run(args: &KeeperArgs, global: &Global) -> Result<(), Failure> {
    let env = Env::from_process();
    let settings = load(global, &env)?;
    if settings.policy.read_only && !args.dry_run {
        return Err(Failure::Usage(
            "read-only: there is no keeper that acts with --read-only, or with `read_only: true` in the config; \
             `wakeboard keeper --dry-run` says what it would do"
                .to_owned(),
        ));
    }
    if settings.ledger.is_none() {
        return Err(Failure::Usage(
            "the keeper needs a ledger, and this account has no folder for one: name it in the config (`ledger`)".to_owned(),
        ));
    }
    logging::start_keeper(global, args.log_format)?;
    let mut signals = Signals::new()?;
    tell_start(&settings, args.dry_run);
    // One that does nothing keeps no record either.
    let intake = if args.dry_run { None } else { Some(Intake::of(&settings, &env)?) };
    // One that wakes nobody must not be asked to.
    let door = if args.dry_run { None } else { door::settings(&settings, &env)? };
    let mut now = settings.clone();
    let rules = Arc::new(settings.rules.clone());
    let ways = Rules {
        policy: settings.policy,
        ledger: settings.ledger,
        ledger_keys: settings.ledger_keys,
        copies: settings.copies,
        retention: settings.retention,
        mends: !args.dry_run,
        records: !args.dry_run,
        measures: Some(rules.clone()),
        ..Rules::default()
    };
    let service = Arc::new(Service::start(settings.hosts, settings.naming, ways));
    let open = intake.map(|intake| intake.open(service.fleet()));
    let start = Start { service: service.clone(), rules, zone: TimeZone::system(), dry_run: args.dry_run };
    let mut keeper = Keeper::start(start);
    let standing = keeper.standing();
    let door = match door {
        Some(settings) => Some(open_door(DoorStart { settings, service: service.clone(), standing }).await?),
        None => None,
    };
    loop {
        tokio::select! {
            said = signals.next() => match said {
                Said::Reload => {
                    if let Some((new, outside)) = reload(global, &env, &now) {
                        if let (Some(door), Some(outside)) = (&door, outside) {
                            door.replace(outside);
                        }
                        let rules = Arc::new(new.rules.clone());
                        service.measure(rules.clone());
                        keeper.replace(rules);
                        now.rules = new.rules;
                        now.written = new.written;
                    }
                }
                Said::End => break,
            },
            Err(fault) = service.watch_tasks() => return Err(Failure::Failed(fault)),
            Err(fault) = keeper.watch() => return Err(Failure::Failed(fault)),
        }
    }
    info!("ends: takes nothing new");
    let close = async {
        if let Some(door) = door {
            door.close(PATIENCE).await;
        }
    };
    let ended = tokio::select! {
        ((), ()) = async { tokio::join!(keeper.stop(PATIENCE), close) } => Ok(()),
        () = signals.end() => Err(Failure::Failed(
            "told twice to end: what was at work is left to whoever comes next".to_owned(),
        )),
    };
    drop(open);
    info!("ended");
    ended
}

fn load(global: &Global, env: &Env) -> Result<Settings, Failure> {
    let mut settings = crate::config::load(global.config.as_deref(), env)?;
    settings.policy.read_only |= global.read_only;
    Ok(settings)
}

async fn open_door(start: DoorStart) -> Result<Door, Failure> {
    Door::open(start).await.map_err(|error| Failure::Failed(error.to_string()))
}

/// Reads the config again. One with a fault changes nothing.
fn reload(global: &Global, env: &Env, now: &Settings) -> Option<(Settings, Option<DoorSettings>)> {
    let read = load(global, env).and_then(|new| {
        if let Some(lost) = lost(now, &new) {
            return Err(Failure::Usage(lost));
        }
        let door = door::settings(&new, env)?;
        Ok((new, door))
    });
    let (new, door) = match read {
        Ok(read) => read,
        Err(fault) => {
            // The lines below show the place in the file, which is for a terminal.
            let text = fault.to_string();
            let first = text.lines().next().unwrap_or_default();
            error!(fault = %plain(first), "reload: the config has a fault, and the one before stays");
            return None;
        }
    };
    for part in needs_restart(now, &new) {
        warn!(%part, "reload: this has changed, and holds after a restart only");
    }
    info!(rules = %in_short(&new), "reload: the config is read");
    Some((new, door))
}

/// Why a config must not take the place of the one before: it has lost a part, which would fall back to its default. A file that somebody
/// has emptied, or that is half written, must not decide who is put to sleep and how deep.
fn lost(now: &Settings, new: &Settings) -> Option<String> {
    let name = |settings: &Settings| settings.file.as_ref().map(|file| file.display().to_string());
    if let (Some(file), None) = (name(now), name(new)) {
        return Some(format!("{file} is not there any more; start the keeper anew to go by defaults"));
    }
    let gone: Vec<&String> = now.written.difference(&new.written).collect();
    // A tier goes with all of them.
    let is_within = |part: &&&String| {
        part.split_once('.').is_some_and(|(whole, _)| gone.iter().any(|other| *other == whole))
    };
    let is_decisive = |part: &&&String| {
        let whole = part.split('.').next().unwrap_or_default();
        ["hosts", "tenants", "ledger", "tiers", "rules", "keeper"].contains(&whole)
    };
    let told: Vec<String> = gone
        .iter()
        .filter(is_decisive)
        .filter(|part| !is_within(part))
        .map(|part| format!("`{part}`"))
        .collect();
    (!told.is_empty()).then(|| {
        let file = name(new).unwrap_or_default();
        format!("{file}: {} stood there before, and would fall back to its default; start the keeper anew to go by that", told.join(", "))
    })
}

/// What has changed that cannot be replaced while it works.
fn needs_restart(now: &Settings, new: &Settings) -> Vec<&'static str> {
    let changed = [
        ("hosts", now.hosts != new.hosts),
        ("tenants", format!("{:?}", now.naming) != format!("{:?}", new.naming)),
        ("ledger", now.ledger != new.ledger),
        ("ledger_key", now.ledger_keys != new.ledger_keys),
        ("dump and wake", now.policy != new.policy),
        ("notes", format!("{:?}", now.notes) != format!("{:?}", new.notes)),
        ("keeper", now.keeper.is_some() != new.keeper.is_some()),
        ("changes", format!("{:?}", now.retention) != format!("{:?}", new.retention)),
    ];
    changed.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part).collect()
}

fn tell_start(settings: &Settings, dry_run: bool) {
    let hosts: Vec<&str> = settings.hosts.iter().map(|host| &*host.name).collect();
    let file = settings.file.as_deref().map_or_else(|| "none".into(), Path::to_string_lossy);
    let ledger = settings.ledger.as_ref().map_or_else(String::new, ToString::to_string);
    info!(
        version = env!("CARGO_PKG_VERSION"),
        config = %plain(&file),
        hosts = %plain(&hosts.join(", ")),
        ledger = %plain(&ledger),
        rules = %in_short(settings),
        dry_run,
        "started"
    );
    if let Some(warning) = settings.ledger.as_ref().and_then(Where::warning) {
        warn!("{}", plain(&warning));
    }
    let needed = settings.rules.idle.needed();
    if needed.has(crate::model::keeper::Measure::Request) && settings.keeper.is_none() {
        warn!(
            "requests must be known of a tenant before it is put to sleep (`rules.idle.may_be_unknown` in the config), and \
             nothing counts them here: there is no wake door (`keeper`)"
        );
    }
}

/// The rules in a line: `high: freeze after 30m, checkpoint after 8h; mid: ...; veto by /usr/local/bin/may-sleep`.
fn in_short(settings: &Settings) -> String {
    let rules = &settings.rules;
    let mut parts: Vec<String> = Tier::ALL
        .into_iter()
        .map(|tier| {
            let steps = rules.tier(tier).steps.iter();
            let steps: Vec<String> =
                steps.map(|step| format!("{} after {}", step.dump, lasting(step.after))).collect();
            let steps = if steps.is_empty() { "never".to_owned() } else { steps.join(", ") };
            format!("{tier}: {steps}")
        })
        .collect();
    parts.extend(rules.veto.as_ref().map(|hook| match &hook.ask {
        Ask::Exec(words) => format!("veto by {}", plain(words.first().map_or("", String::as_str))),
        // An address may have a key in it.
        Ask::Url(_) => "veto by an address".to_owned(),
    }));
    parts.join("; ")
}

/// What we are told from outside.
enum Said {
    Reload,
    End,
}

struct Signals {
    reload: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Signals, Failure> {
        Ok(Signals {
            reload: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Said {
        tokio::select! {
            _ = self.reload.recv() => Said::Reload,
            _ = self.terminate.recv() => Said::End,
            _ = self.interrupt.recv() => Said::End,
        }
    }

    /// Waits until we are told to end.
    async fn end(&mut self) {
        while !matches!(self.next().await, Said::End) {}
    }
}

//! `wakeboard changes`: what the engines remember of the last hour, and with `--follow` what happens from now on.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Failure, output, settle};
use crate::config::Settings;
use crate::grammar::ChangesArgs;
use crate::model::change::Change;
use crate::model::fleet::Fleet;
use crate::service::{Rules, Service};

/// The parts of one act follow each other within this: so long a change waits before it is told.
const SETTLE: Duration = Duration::from_millis(400);
/// How long the engines' memories are waited for.
const HISTORY_DEADLINE: Duration = Duration::from_secs(3);

/// A change in JSON.
#[derive(Debug, Serialize)]
struct Row<'a> {
    time: Timestamp,
    actor: Option<&'a str>,
    ticket: Option<String>,
    verb: &'a str,
    object: String,
    host: Option<&'a str>,
    tenant: Option<&'a str>,
    container: Option<&'a str>,
    text: Option<&'a str>,
    count: u32,
}

/// Tells changes, oldest first.
///
/// # Errors
/// No host answers, unless following: then they are waited for.
pub async fn run(args: &ChangesArgs, settings: Settings) -> Result<(), Failure> {
    let service = Service::start(settings.hosts, settings.naming, Rules::default());
    let mut fleet = service.fleet();
    match settle::first_answers(&mut fleet).await {
        Err(error) if !args.follow => return Err(error),
        Err(error) => eprintln!("wakeboard: {error}"),
        Ok(_) => {}
    }
    let remembered =
        |fleet: &Arc<Fleet>| fleet.hosts.iter().all(|host| !host.link.is_up() || host.remembered);
    let _ = timeout(HISTORY_DEADLINE, fleet.wait_for(remembered)).await;
    let mut changes = service.changes();
    let mut told = 0;
    loop {
        let now = changes.borrow_and_update().clone();
        let mut fresh: Vec<&Arc<Change>> =
            now.newest_first.iter().filter(|change| change.seq >= told).collect();
        fresh.sort_by_key(|change| (change.time, change.seq));
        print(args, &fresh)?;
        told = now.next_seq;
        if !args.follow {
            return Ok(());
        }
        if changes.changed().await.is_err() {
            return Err(Failure::Failed("the service ended".to_owned()));
        }
        sleep_until(Instant::now() + SETTLE).await;
    }
}

fn print(args: &ChangesArgs, changes: &[&Arc<Change>]) -> Result<(), Failure> {
    for change in changes {
        if args.json {
            output::json(&row(change))?;
        } else {
            let zone = TimeZone::system();
            let time = change.time.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string();
            let times = if change.count > 1 { format!(" ×{}", change.count) } else { String::new() };
            let actor = change.actor.as_deref().unwrap_or("-");
            let detail = change.detail.as_deref().unwrap_or_default();
            let line = format!("{time} {actor:<6} {:<10} {}{times} {detail}", change.verb, change.object());
            let host = if change.tenant.is_some() {
                format!("  [{}]", change.host.as_deref().unwrap_or("-"))
            } else {
                String::new()
            };
            output::print(|out| writeln!(out, "{}{host}", line.trim_end()))?;
        }
    }
    Ok(())
}

fn row(change: &Change) -> Row<'_> {
    Row {
        time: change.time,
        actor: change.actor.as_deref(),
        ticket: change.ticket.map(String::from),
        verb: change.verb.as_str(),
        object: change.object(),
        host: change.host.as_deref(),
        tenant: change.tenant.as_deref(),
        container: change.container.as_deref(),
        text: change.detail.as_deref(),
        count: change.count,
    }
}

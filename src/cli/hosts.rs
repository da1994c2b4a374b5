//! `wakeboard hosts`: the hosts and what is wrong with them.

use jiff::Timestamp;
use serde::Serialize;

use super::{Failure, output, settle};
use crate::config::Settings;
use crate::grammar::Hosts;
use crate::model::fleet::{Host, Link};
use crate::service::{Rules, Service};

/// How long the engines' versions are waited for, once the hosts have answered.
const ABOUT_DEADLINE: std::time::Duration = std::time::Duration::from_secs(2);

/// A host in JSON.
#[derive(Debug, Serialize)]
struct HostRow<'a> {
    host: &'a str,
    endpoint: &'a str,
    state: &'static str,
    reason: Option<&'a str>,
    since: Option<Timestamp>,
    engine: Option<&'a str>,
    version: Option<&'a str>,
    tenants: usize,
    containers: usize,
    memory_bytes: Option<u64>,
}

/// Lists hosts.
///
/// # Errors
/// No host answers; they are listed all the same.
pub async fn run(hosts: &Hosts, settings: Settings) -> Result<(), Failure> {
    let service = Service::start(settings.hosts, settings.naming, Rules::default());
    let mut fleet = service.fleet();
    let outcome = settle::first_answers(&mut fleet).await;
    let known = |fleet: &std::sync::Arc<crate::model::fleet::Fleet>| {
        fleet.hosts.iter().all(|host| !host.link.is_up() || host.engine.is_some())
    };
    let _ = tokio::time::timeout(ABOUT_DEADLINE, fleet.wait_for(known)).await;
    let now = fleet.borrow().clone();
    if hosts.json {
        let rows: Vec<HostRow> = now.hosts.iter().map(|host| row(host)).collect();
        output::json(&rows)?;
    } else {
        let mut rows =
            vec![["HOST", "STATE", "ENGINE", "TENANTS", "ENDPOINT", "WHY"].map(str::to_owned).to_vec()];
        for host in &now.hosts {
            let row = row(host);
            rows.push(vec![
                row.host.to_owned(),
                row.state.to_owned(),
                row.engine
                    .zip(row.version)
                    .map_or("–".to_owned(), |(engine, version)| format!("{engine} {version}")),
                row.tenants.to_string(),
                row.endpoint.to_owned(),
                row.reason.unwrap_or_default().to_owned(),
            ]);
        }
        output::table(&rows)?;
    }
    outcome.map(|_| ())
}

fn row(host: &Host) -> HostRow<'_> {
    let (state, reason, since) = match &host.link {
        Link::Up => ("up", None, None),
        Link::Connecting => ("connecting", None, None),
        Link::Down { since, reason } => ("unreachable", Some(&**reason), Some(*since)),
    };
    HostRow {
        host: &host.name,
        endpoint: &host.endpoint,
        state,
        reason,
        since,
        engine: host.engine.as_ref().map(|engine| &*engine.kind),
        version: host.engine.as_ref().map(|engine| &*engine.version),
        tenants: host.tenants.len(),
        containers: host.tenants.iter().map(|tenant| tenant.containers.len()).sum(),
        memory_bytes: host.engine.as_ref().and_then(|engine| engine.memory_bytes),
    }
}

//! `/metrics`: figures as Prometheus reads them. No label has a tenant's name, so there are never many.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

use super::Desk;
use super::tally::Kind;
use crate::keeper::wakes::{BUCKETS, Counted};
use crate::model::fleet::Fleet;
use crate::model::state::State as TenantState;
use crate::model::ticket::{Outcome, Task};
use crate::model::tier::Tier;
use crate::model::work::{Record, Work};

/// The figures, for whoever may see them.
pub(super) async fn metrics(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    if !desk.may(&headers) {
        return desk.denied();
    }
    let mut answer = Response::new(Body::from(text(&desk)));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

fn text(desk: &Desk) -> String {
    let service = desk.wakes.service();
    let (fleet, work) = (service.fleet().borrow().clone(), service.work().borrow().clone());
    let standing = desk.wakes.standing();
    let mut out = Figures::default();
    out.family("wakeboard_build_info", "gauge", "Which wakeboard this is.");
    out.sample("", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    of_fleet(&mut out, &fleet);
    of_work(&mut out, &work, &desk.wakes.counted());
    out.family("wakeboard_keeper_active", "gauge", "Whether this keeper is the one that acts by the rules.");
    out.sample("", &[], u8::from(standing.active && !standing.dry_run));
    out.family("wakeboard_waiting_requests", "gauge", "Requests that wait for tenants of a host.");
    let waiting: BTreeMap<_, _> = desk.wakes.waiting().into_iter().collect();
    for host in &fleet.hosts {
        out.sample("", &[("host", &host.name)], waiting.get(&host.name).copied().unwrap_or(0));
    }
    out.family(
        "wakeboard_shared_names",
        "gauge",
        "Names that tenants of several hosts have: requests that name no host cannot tell them apart.",
    );
    out.sample("", &[], desk.wakes.table().shared_names().len());
    out.family("wakeboard_waited_for_tenants", "gauge", "Tenants that requests wait for.");
    out.sample("", &[], desk.wakes.flights());
    out.family(
        "wakeboard_requests_total",
        "counter",
        "Requests at the wake door, by how they were answered.",
    );
    for kind in Kind::ALL {
        out.sample("", &[("answer", kind.as_str())], desk.tally.of(kind));
    }
    out.text
}

fn of_fleet(out: &mut Figures, fleet: &Fleet) {
    out.family("wakeboard_host_up", "gauge", "Whether a container host answers.");
    for host in &fleet.hosts {
        out.sample("", &[("host", &host.name)], u8::from(host.link.is_up()));
    }
    let mut counts: BTreeMap<(TenantState, Option<Tier>), usize> = BTreeMap::new();
    for tenant in fleet.tenants() {
        *counts.entry((tenant.state, tenant.tier)).or_insert(0) += 1;
    }
    out.family("wakeboard_tenants", "gauge", "Tenants by state and tier; those of no tier have `none`.");
    for ((state, tier), count) in counts {
        out.sample("", &[("state", state.as_str()), ("tier", tier.map_or("none", Tier::as_str))], count);
    }
}

fn of_work(out: &mut Figures, work: &Work, counted: &Counted) {
    out.family("wakeboard_ledger_open", "gauge", "Whether the ledger can be used.");
    out.sample("", &[], u8::from(work.record == Record::Open));
    out.family("wakeboard_memory_saved_bytes", "gauge", "Memory that is free since tenants sleep.");
    out.sample("", &[], work.saved());
    out.family(
        "wakeboard_tickets",
        "gauge",
        "Tickets that have not ended, by what they are about and whether work has begun.",
    );
    for task in [Task::Dump, Task::Wake] {
        for (stage, begun) in [("waiting", false), ("at_work", true)] {
            let open = work.tickets.iter().filter(|ticket| ticket.ended.is_none() && ticket.task == task);
            let count = open.filter(|ticket| ticket.began.is_some() == begun).count();
            out.sample("", &[("task", task.as_str()), ("stage", stage)], count);
        }
    }
    for (name, help, task, outcomes) in [
        (
            "wakeboard_dumps_total",
            "Dumps that ended since this keeper began, by outcome.",
            Task::Dump,
            [Outcome::Dumped, Outcome::Refused, Outcome::Failed],
        ),
        (
            "wakeboard_wakes_total",
            "Wakes that ended since this keeper began, by outcome.",
            Task::Wake,
            [Outcome::Woken, Outcome::Refused, Outcome::Failed],
        ),
    ] {
        out.family(name, "counter", help);
        for outcome in outcomes {
            let count = counted.ended.get(&(task, outcome)).copied().unwrap_or(0);
            out.sample("", &[("outcome", outcome.as_str())], count);
        }
    }
    out.family(
        "wakeboard_woken_again_total",
        "counter",
        "Wakes within ten minutes after a rule had put the tenant to sleep.",
    );
    out.sample("", &[], counted.woken_again);
    out.family(
        "wakeboard_wake_seconds",
        "histogram",
        "How long wakes took, from being asked for to the tenant's answer.",
    );
    for (bound, count) in BUCKETS.iter().zip(counted.within) {
        out.sample("_bucket", &[("le", &bound.to_string())], count);
    }
    out.sample("_bucket", &[("le", "+Inf")], counted.woken);
    out.sample("_sum", &[], counted.seconds);
    out.sample("_count", &[], counted.woken);
}

/// Figures being written.
#[derive(Default)]
struct Figures {
    text: String,
    name: &'static str,
}

impl Figures {
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.name = name;
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, part: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        self.text.push_str(part);
        for (at, (name, value)) in labels.iter().enumerate() {
            let sign = if at == 0 { '{' } else { ',' };
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{sign}{name}=\"{value}\"");
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_written_as_prometheus_reads_them() {
        let mut out = Figures::default();
        out.family("a_total", "counter", "What it is.");
        out.sample("", &[], 1);
        out.sample("_bucket", &[("le", "+Inf"), ("host", "a\"\\\nb")], 2.5);
        let expected = "# HELP a_total What it is.\n# TYPE a_total counter\na_total 1\n\
                        a_total_bucket{le=\"+Inf\",host=\"a\\\"\\\\\\nb\"} 2.5\n";
        assert_eq!(out.text, expected);
    }
}

//! Tickets, sleepers and holders for tests.

use std::time::Duration;

use jiff::Timestamp;
use wakeboard::ledger::here;
use wakeboard::model::ability::{Ability, Fault};
use wakeboard::model::container::ContainerId;
use wakeboard::model::holder::Holder;
use wakeboard::model::method::Method;
use wakeboard::model::particulars::{Life, Limits, Restart};
use wakeboard::model::sleeper::{Sleeper, Stage};
use wakeboard::model::ticket::{Door, Outcome, Step, Task, Ticket, TicketId};
use wakeboard::model::tier::Tier;

pub const LEASE: Duration = Duration::from_secs(30);

/// The noon of these tests, and so many seconds later.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_750_000_000_123 + seconds * 1000).unwrap()
}

pub fn id(number: u32) -> TicketId {
    TicketId::from_random(number)
}

pub fn ticket(number: u32) -> Ticket {
    Ticket {
        id: id(number),
        task: Task::Dump,
        tenant: "acme".into(),
        host: "web-1".into(),
        actor: "op1".into(),
        door: Door::Shell,
        cause: None,
        method: Some(Method::Freeze),
        asked: at(i64::from(number)),
        began: Some(at(i64::from(number))),
        ended: None,
        outcome: None,
        reason: None,
        fallbacks: Vec::new(),
        steps: vec![step("pause")],
    }
}

pub fn step(what: &str) -> Step {
    Step { what: what.to_owned(), container: Some("acme-app".into()), began: at(1), ended: None, error: None }
}

pub fn ended(mut ticket: Ticket) -> Ticket {
    ticket.ended = Some(at(60));
    ticket.outcome = Some(Outcome::Dumped);
    ticket
}

pub fn container(name: &str) -> ContainerId {
    name.repeat(8).into()
}

pub fn containers(names: &[&str]) -> Vec<ContainerId> {
    names.iter().map(|name| container(name)).collect()
}

pub fn sleeper(name: &str, ticket: u32) -> Sleeper {
    Sleeper {
        container: container(name),
        name: "acme-\"app\"".into(),
        image: "青松/app:1".into(),
        host: "web-1".into(),
        tenant: "acme".into(),
        role: Some("app".into()),
        tier: Some(Tier::Mid),
        method: Method::Checkpoint,
        stage: Stage::Going,
        since: at(2),
        ticket: id(ticket),
        order: 1,
        life: Life { started: Some(at(-900)), finished: None },
        restart: Restart { name: "unless-stopped".to_owned(), most: 0 },
        limits: Limits { memory: 1 << 40, memory_swap: -1, reservation: 0 },
        checkpoint: Some("wakeboard-0000001".to_owned()),
        set_aside: vec!["older".to_owned()],
        ports: vec![8080],
        recipe: Some("{\"a\": \"'$1; --\"}".to_owned()),
        needs: None,
        memory_before: Some(u64::MAX / 2),
        stop_timeout: None,
        has_written: false,
        memory_left: None,
    }
}

pub fn ability(method: Method, tried: i64) -> Ability {
    Ability {
        host: "web-1".into(),
        engine: "docker 20.10.24".into(),
        method,
        fault: Some(Fault { reason: "no swap".to_owned(), mend: None, cause: None }),
        dump_seconds: Some(0.25),
        wake_seconds: None,
        tried: at(tried),
    }
}

/// A process of another machine: whether it lives cannot be seen here.
pub fn elsewhere(pid: u32) -> Holder {
    Holder { pid, started: 4000, space: 1, boot: "0e2f".to_owned(), machine: "other.example.com".to_owned() }
}

/// A process of this machine that is no more.
pub fn dead() -> Holder {
    Holder { pid: u32::MAX, ..here().clone() }
}

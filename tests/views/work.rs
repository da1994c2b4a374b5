//! Work to draw: tickets of every kind, and what sleeps.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use wakeboard::model::fleet::{Fleet, Host, Tenant};
use wakeboard::model::method::Method;
use wakeboard::model::particulars::{Life, Limits, Restart};
use wakeboard::model::sleeper::{Sleeper, Stage};
use wakeboard::model::state::State as Word;
use wakeboard::model::ticket::{Door, Outcome, Step, Task, Ticket, TicketId};
use wakeboard::model::work::{Keeping, Work};

use super::now;

fn ago_ms(millis: i64) -> Timestamp {
    now() - SignedDuration::from_millis(millis)
}

fn step(what: &str, container: &str, began: i64, ended: Option<i64>) -> Step {
    Step {
        what: what.to_owned(),
        container: Some(container.into()),
        began: ago_ms(began),
        ended: ended.map(ago_ms),
        error: None,
    }
}

fn ticket(id: u32, task: Task, tenant: &str, host: &str, asked: i64) -> Ticket {
    Ticket {
        id: TicketId::from_random(id),
        task,
        tenant: tenant.into(),
        host: host.into(),
        actor: "op1@war-room".into(),
        door: Door::Console,
        cause: None,
        method: Some(Method::Freeze),
        asked: ago_ms(asked),
        began: Some(ago_ms(asked - 10)),
        ended: None,
        outcome: None,
        reason: None,
        fallbacks: Vec::new(),
        steps: Vec::new(),
    }
}

fn ended(ticket: Ticket, outcome: Outcome, millis: i64) -> Ticket {
    Ticket { ended: Some(ago_ms(millis)), outcome: Some(outcome), ..ticket }
}

/// One dump at its first step, a wake at a long one, one that waits; and one of every outcome.
pub fn full() -> Arc<Work> {
    let dumping = Ticket {
        steps: vec![
            step("write the record", "hazel-app", 405, Some(401)),
            step("pause", "hazel-app", 400, None),
        ],
        ..ticket(0x0a41_b2c3, Task::Dump, "hazel", "web-1", 420)
    };
    let waking = Ticket {
        actor: "keeper".into(),
        method: Some(Method::Checkpoint),
        steps: vec![step("wait for an answer", "青松商贸-app", 1200, None)],
        ..ticket(0x0bf7_11bf, Task::Wake, "青松商贸", "web-2", 1310)
    };
    let queued = Ticket {
        began: None,
        method: None,
        door: Door::Shell,
        ..ticket(0x0000_000c, Task::Dump, "fir", "web-2", 900)
    };
    let woken = ended(ticket(0x0d00_0001, Task::Wake, "acme", "web-1", 5150), Outcome::Woken, 5000);
    let dumped = Ticket {
        actor: "keeper".into(),
        door: Door::Keeper,
        cause: Some("idle 42m".into()),
        ..ended(ticket(0x0d00_0002, Task::Dump, "dahlia", "web-2", 62_100), Outcome::Dumped, 60_000)
    };
    let refused = Ticket {
        method: Some(Method::Checkpoint),
        reason: Some("checkpoint does not work on web-2: CRIU is missing (mend: install criu)".to_owned()),
        ..ended(ticket(0x0d00_0003, Task::Dump, "elm", "web-2", 71_000), Outcome::Refused, 70_990)
    };
    let mut restore = step("restore", "ivy-app", 79_980, Some(79_500));
    restore.error = Some("criu failed: type NOTIFY errno 0: the checkpoint's files are truncated".to_owned());
    let failed = Ticket {
        method: Some(Method::Checkpoint),
        reason: Some("it did not answer within 60 s".to_owned()),
        fallbacks: vec!["checkpoint again".to_owned(), "cold start".to_owned()],
        steps: vec![
            restore,
            step("start", "ivy-app", 79_400, Some(79_000)),
            step("wait for an answer", "ivy-app", 79_000, Some(19_000)),
        ],
        ..ended(ticket(0x0d00_0004, Task::Wake, "ivy", "web-1", 80_000), Outcome::Failed, 19_000)
    };
    let tickets = [dumping, queued, waking, woken, failed, dumped, refused];
    Arc::new(Work {
        tickets: tickets.into_iter().map(Arc::new).collect(),
        sleepers: vec![Arc::new(asleep("dahlia", "web-2"))],
        abilities: Vec::new(),
        keeper: Some(Keeping { machine: "web-1".into(), pid: 71, since: ago_ms(3_600_000) }),
        ..Work::default()
    })
}

fn asleep(tenant: &str, host: &str) -> Sleeper {
    Sleeper {
        container: "d1".into(),
        name: format!("{tenant}-app").into(),
        image: "shop/app:4.2.1".into(),
        host: host.into(),
        tenant: tenant.into(),
        role: Some("app".into()),
        tier: None,
        method: Method::Freeze,
        stage: Stage::Asleep,
        since: ago_ms(60_000),
        ticket: TicketId::from_random(0x0d00_0002),
        order: 0,
        life: Life::default(),
        restart: Restart::default(),
        limits: Limits::default(),
        checkpoint: None,
        set_aside: Vec::new(),
        ports: Vec::new(),
        recipe: None,
        needs: None,
        memory_before: Some(320 << 20),
        stop_timeout: None,
        has_written: false,
        memory_left: Some(8 << 20),
    }
}

/// The fleet with what the work says laid over it, as the service does.
pub fn overlaid(fleet: &Fleet) -> Arc<Fleet> {
    let host = |host: &Arc<Host>| {
        let tenants = host.tenants.iter().map(|tenant| {
            let (state, method) = match &*tenant.name {
                "dahlia" => (Word::Dumped, Some(Method::Freeze)),
                "hazel" | "fir" => (Word::Dumping, None),
                "青松商贸" => (Word::Waking, None),
                _ => return tenant.clone(),
            };
            Arc::new(Tenant { state, known: state, method, ..Tenant::clone(tenant) })
        });
        Arc::new(Host { tenants: tenants.collect(), ..Host::clone(host) })
    };
    Arc::new(Fleet { hosts: fleet.hosts.iter().map(host).collect(), turn: 0 })
}

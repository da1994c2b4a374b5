//! Fleets to draw.

use std::sync::Arc;

use wakeboard::model::container::{Facts, Health, Phase};
use wakeboard::model::fleet::{Containers, EngineAbout, Fleet, Host, Link, Tenant, tenants};
use wakeboard::model::picture::{Moment, Picture};
use wakeboard::model::state::State as Word;
use wakeboard::model::tier::Tier;

use super::{ago, facts};

fn host(name: &str, link: Link, containers: Vec<Facts>) -> Arc<Host> {
    let mut picture = Picture::default();
    picture.apply_list(containers, Moment::ZERO);
    let name = name.into();
    Arc::new(Host {
        tenants: tenants(&name, &picture, &link, &wakeboard::model::overlay::Overlay::default()),
        endpoint: format!("tcp://{name}:2376").into(),
        name,
        link,
        engine: Some(Arc::new(EngineAbout {
            kind: "Docker".into(),
            version: "26.1.5".into(),
            memory_bytes: Some(32 << 30),
            experimental: false,
            local: false,
        })),
        heard: Some(ago(1)),
        remembered: true,
        unclear: false,
    })
}

fn tier(mut facts: Facts, tier: Tier) -> Facts {
    facts.place.tier = Some(tier);
    facts
}

fn health(mut facts: Facts, health: Health) -> Facts {
    facts.health = health;
    facts
}

/// Three hosts, one of them lost; every kind of state; names of all widths.
pub fn full() -> Arc<Fleet> {
    let running = Phase::Running;
    let one = vec![
        tier(facts("a1", "acme", "app", running, 3), Tier::Vip),
        tier(facts("a2", "acme", "db", running, 90_000), Tier::Vip),
        tier(facts("b1", "birch", "app", Phase::Paused, 42 * 60), Tier::High),
        health(facts("h1", "hazel", "app", running, 10), Health::Starting),
        health(facts("i1", "ivy", "app", running, 700), Health::Unhealthy),
        facts("w1", "a-tenant-with-a-name-that-is-much-too-long-for-its-column", "app", running, 5),
    ];
    let two = vec![
        tier(Facts { oom: true, ..facts("c1", "cedar", "app", Phase::Exited(Some(137)), 120) }, Tier::Mid),
        tier(facts("q1", "青松商贸", "app", running, 400), Tier::Low),
        facts("q2", "青松商贸", "db", running, 400),
        facts("d1", "dahlia", "app", Phase::Exited(Some(143)), 7 * 86_400),
        facts("e1", "elm", "app", Phase::Created, 2),
        facts("f1", "fir", "app", Phase::Restarting, 1),
    ];
    let three = vec![facts("x1", "rowan", "app", running, 9000)];
    let lost = Link::Down { since: ago(141), reason: "no answer within 3 s".into() };
    Arc::new(Fleet {
        turn: 0,
        hosts: vec![host("web-1", Link::Up, one), host("web-2", Link::Up, two), host("web-3", lost, three)],
    })
}

pub fn empty(link: &str) -> Arc<Fleet> {
    let link = match link {
        "connecting" => Link::Connecting,
        "down" => Link::Down { since: ago(5), reason: "connection refused".into() },
        _ => Link::Up,
    };
    Arc::new(Fleet { hosts: vec![host("web-1", link, vec![])], turn: 0 })
}

/// One tenant in each state there is, also those that only tickets make.
pub fn of_all_states() -> Arc<Fleet> {
    let base = host("web-1", Link::Up, vec![]);
    let tenant = |state: Word| {
        Arc::new(Tenant {
            name: format!("t-{state}").into(),
            host: "web-1".into(),
            tier: None,
            state,
            known: state,
            method: None,
            reason: None,
            since: Some(ago(60)),
            containers: Containers::new(),
        })
    };
    let tenants = Word::ALL.into_iter().map(tenant).collect();
    Arc::new(Fleet { hosts: vec![Arc::new(Host { tenants, ..Host::clone(&base) })], turn: 0 })
}

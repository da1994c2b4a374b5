use super::*;
use crate::model::container::tests::facts;
use crate::model::fleet::{Host, Link};

fn tenant(host: &str, name: &str, state: State, since: i64) -> Arc<Tenant> {
    let mut container = facts(&format!("{host}-{name}"), Phase::Running);
    container.since = Timestamp::from_second(since).ok();
    Arc::new(Tenant {
        name: name.into(),
        host: host.into(),
        tier: None,
        state,
        known: state,
        method: None,
        reason: None,
        since: None,
        containers: [Arc::new(container)].into_iter().collect(),
    })
}

fn fleet(tenants: &[Arc<Tenant>]) -> Fleet {
    let host = |name: &str| {
        Arc::new(Host {
            name: name.into(),
            endpoint: "".into(),
            link: Link::Up,
            engine: None,
            heard: None,
            remembered: true,
            unclear: false,
            tenants: tenants.iter().filter(|tenant| *tenant.host == *name).cloned().collect(),
        })
    };
    Fleet { hosts: vec![host("web-1"), host("web-2")], turn: 0 }
}

fn named(tenant: &str) -> Meant<'_> {
    Meant { host: None, tenant, is_folded: false }
}

fn table(tenants: &[Arc<Tenant>]) -> Table {
    Table::of(&fleet(tenants), &Table::default(), &Requests::default(), Instant::now())
}

fn host_of<'a>(table: &'a Table, meant: &Meant<'_>) -> Option<&'a str> {
    table.find(meant, Instant::now()).map(|entry| &*entry.key.0)
}

#[test]
fn of_several_the_one_that_runs_is_meant_unless_its_host_is_said() {
    let table = table(&[
        tenant("web-1", "acme", State::Dumped, 1),
        tenant("web-2", "acme", State::Running, 1),
        tenant("web-1", "birch", State::Dumped, 1),
        tenant("web-2", "birch", State::Dumped, 1),
    ]);
    assert_eq!(host_of(&table, &named("acme")), Some("web-2"));
    assert_eq!(host_of(&table, &named("birch")), Some("web-1"));
    for host in ["web-1", "web-2"] {
        assert_eq!(host_of(&table, &Meant { host: Some(host), ..named("acme") }), Some(host));
    }
    assert_eq!(host_of(&table, &Meant { host: Some("web-3"), ..named("acme") }), None);
    assert_eq!(host_of(&table, &named("cedar")), None);
    assert_eq!(table.of_container("name-web-2-birch").map(|entry| &*entry.key.1), Some("birch"));
}

#[test]
fn host_names_have_small_letters_only() {
    let table = table(&[tenant("web-1", "Acme", State::Running, 1)]);
    assert!(table.find(&Meant { is_folded: true, ..named("acme") }, Instant::now()).is_some());
    assert!(table.find(&named("acme"), Instant::now()).is_none(), "a path says it as it is");
    assert!(table.find(&named("Acme"), Instant::now()).is_some());
}

fn place(at: &str) -> Arc<Place> {
    Arc::new(Place::new("acme", Candidate { at: at.parse().unwrap(), straight: true }))
}

#[test]
fn an_address_is_kept_for_one_life() {
    let requests = Requests::default();
    let before = table(&[tenant("web-1", "acme", State::Running, 1)]);
    before.find(&named("acme"), Instant::now()).unwrap().place.store(Some(place("172.17.0.2:80")));
    before.find(&named("acme"), Instant::now()).unwrap().seen.mark(Timestamp::UNIX_EPOCH);
    let next = |since, state| {
        Table::of(&fleet(&[tenant("web-1", "acme", state, since)]), &before, &requests, Instant::now())
    };
    let same = next(1, State::Unhealthy);
    let entry = same.find(&named("acme"), Instant::now()).unwrap();
    assert_eq!(entry.warm().unwrap().upstream, "172.17.0.2:80");
    assert_eq!(entry.seen.last(), Some(Timestamp::UNIX_EPOCH), "its mark is the same one");
    assert!(
        next(1, State::Dumping).find(&named("acme"), Instant::now()).unwrap().warm().is_none(),
        "not while it goes"
    );
    assert!(
        next(2, State::Running).find(&named("acme"), Instant::now()).unwrap().warm().is_none(),
        "started anew"
    );
}

#[test]
fn who_has_just_gone_is_known_for_a_while() {
    let (requests, now) = (Requests::default(), Instant::now());
    let before =
        table(&[tenant("web-1", "acme", State::Running, 1), tenant("web-1", "birch", State::Running, 1)]);
    before.find(&named("acme"), now).unwrap().place.store(Some(place("172.17.0.2:80")));
    let rest = [tenant("web-1", "birch", State::Running, 1)];
    let after = Table::of(&fleet(&rest), &before, &requests, now);
    let found = |table: &Table, later: u64| {
        let entry = table.find(&named("acme"), now + Duration::from_secs(later));
        entry.map(|entry| entry.warm().is_some())
    };
    assert_eq!(found(&after, 1), Some(false), "nobody is led to where it was");
    assert_eq!(found(&after, 4), None);
    assert!(after.find(&Meant { host: Some("web-2"), ..named("acme") }, now).is_none());
    // However often the fleet changes meanwhile, not for longer.
    let later = Table::of(&fleet(&rest), &after, &requests, now + Duration::from_secs(2));
    assert_eq!((found(&later, 2), found(&later, 4)), (Some(false), None));
    let back = [rest[0].clone(), tenant("web-1", "acme", State::Dumped, 1)];
    let again = Table::of(&fleet(&back), &later, &requests, now + Duration::from_secs(2));
    assert_eq!(again.find(&named("acme"), now).unwrap().tenant.state, State::Dumped);
}

/// A host that has said that it is there, and not yet which tenants it has, and a ledger that has not been read.
#[test]
fn it_is_whole_once_all_have_told() {
    let all = [tenant("web-1", "acme", State::Running, 1), tenant("web-2", "birch", State::Running, 1)];
    let is_whole = |turn: u64, link: Link, tenants: &[Arc<Tenant>]| {
        let mut fleet = fleet(tenants);
        fleet.turn = turn;
        let second = Host { link, ..(*fleet.hosts[1]).clone() };
        fleet.hosts[1] = Arc::new(second);
        Table::of(&fleet, &Table::default(), &Requests::default(), Instant::now()).is_whole()
    };
    let down = || Link::Down { since: Timestamp::UNIX_EPOCH, reason: "refused".into() };
    assert!(is_whole(1, Link::Up, &all));
    assert!(is_whole(1, Link::Up, &all[..1]), "one without tenants");
    assert!(!is_whole(0, Link::Up, &all));
    assert!(!is_whole(1, Link::Connecting, &all));
    assert!(is_whole(1, down(), &all), "who was there is known");
    assert!(!is_whole(1, down(), &all[..1]));
}

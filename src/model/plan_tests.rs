use super::*;
use crate::model::ability::Ability;
use crate::model::container::tests::facts;
use crate::model::fleet::{EngineAbout, tenants};
use crate::model::named::key;
use crate::model::picture::Picture;
use crate::model::setup::{Part, Setup};
use crate::model::supervisor::Supervisor;
use crate::model::ticket::{Door, Ticket, TicketId};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use rstest::rstest;

/// What a plan is made from.
struct Scene {
    fleet: Fleet,
    work: Work,
    policy: Policy,
}

/// One host with the tenant `acme` of these containers: name, role, phase.
fn scene(containers: &[(&str, Option<&str>, Phase)], link: Link) -> Scene {
    let made = containers.iter().map(|(name, role, phase)| {
        let mut facts = facts(name, *phase);
        facts.name = Arc::from(*name);
        facts.place.tenant = "acme".into();
        facts.place.role = role.map(Into::into);
        facts
    });
    let mut picture = Picture::default();
    picture.apply_list(made.collect(), std::time::Duration::ZERO);
    let name: Arc<str> = "web-1".into();
    let engine = EngineAbout {
        kind: "Docker".into(),
        version: "26.1.5".into(),
        memory_bytes: None,
        experimental: false,
        local: false,
    };
    let host = Host {
        tenants: tenants(&name, &picture, &link, &crate::model::overlay::Overlay::default()),
        endpoint: "tcp://x:1".into(),
        name,
        link,
        engine: Some(Arc::new(engine)),
        heard: None,
        remembered: true,
        unclear: false,
    };
    let fleet = Fleet { hosts: vec![Arc::new(host)], turn: 0 };
    Scene { fleet, work: Work::default(), policy: Policy::default() }
}

fn running() -> Scene {
    scene(&[("a", Some("app"), Phase::Running)], Link::Up)
}

fn order(task: Task) -> Order {
    Order {
        task,
        tenants: vec![key("web-1", "acme")],
        method: None,
        force: false,
        timeout: None,
        actor: "op1".into(),
        door: Door::Console,
        cause: None,
        deeper: false,
    }
}

impl Scene {
    fn plan(&self, order: &Order) -> Plan {
        let now = Timestamp::UNIX_EPOCH + 3.hours();
        let mut all = plans(order, &self.fleet, &self.work, &self.policy, now);
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    fn refusal(&self, order: &Order) -> String {
        self.plan(order).refusal.unwrap()
    }

    fn tenant(&mut self, change: impl FnOnce(&mut Tenant)) {
        let host = Arc::make_mut(&mut self.fleet.hosts[0]);
        change(Arc::make_mut(&mut host.tenants[0]));
    }

    fn breaks(&mut self, method: Method, engine: &str, mend: Option<&str>) {
        let fault = Fault { reason: format!("no {method} here"), mend: mend.map(str::to_owned), cause: None };
        self.work.abilities.push(Ability {
            host: "web-1".into(),
            engine: engine.into(),
            method,
            fault: Some(fault),
            dump_seconds: None,
            wake_seconds: None,
            tried: Timestamp::UNIX_EPOCH,
        });
    }

    fn sleeps(&mut self, name: &str, order: u32, method: Method) {
        self.work.sleepers.push(Arc::new(Sleeper {
            container: name.into(),
            name: name.into(),
            image: "x".into(),
            host: "web-1".into(),
            tenant: "acme".into(),
            role: None,
            tier: None,
            method,
            stage: Stage::Asleep,
            since: Timestamp::UNIX_EPOCH,
            ticket: TicketId::from_random(1),
            order,
            life: crate::model::particulars::Life::default(),
            restart: crate::model::particulars::Restart::default(),
            limits: crate::model::particulars::Limits::default(),
            checkpoint: None,
            set_aside: Vec::new(),
            ports: Vec::new(),
            recipe: None,
            needs: None,
            memory_before: None,
            stop_timeout: None,
            has_written: false,
            memory_left: None,
        }));
    }
}

fn ticket(task: Task) -> Arc<Ticket> {
    Arc::new(Ticket {
        id: TicketId::from_random(0x0a41_b2c3),
        task,
        tenant: "acme".into(),
        host: "web-1".into(),
        actor: "op2".into(),
        door: Door::Shell,
        cause: None,
        method: None,
        asked: Timestamp::UNIX_EPOCH,
        began: None,
        ended: None,
        outcome: None,
        reason: None,
        fallbacks: Vec::new(),
        steps: Vec::new(),
    })
}

#[test]
fn dependents_are_dumped_first_and_wake_last() {
    let mut scene = scene(
        &[
            ("d", Some("db"), Phase::Running),
            ("a", Some("app"), Phase::Running),
            ("x", None, Phase::Running),
            ("c", Some("cron"), Phase::Exited(Some(0))),
        ],
        Link::Up,
    );
    let plan = scene.plan(&order(Task::Dump));
    assert_eq!(plan.containers.iter().map(|name| &**name).collect::<Vec<_>>(), ["x", "a", "d"]);
    assert_eq!(plan.method, Some(Method::Freeze));
    for (at, name) in (0..).zip(["x", "a", "d"]) {
        scene.sleeps(name, at, Method::Stop);
    }
    let plan = scene.plan(&order(Task::Wake));
    assert_eq!(plan.containers.iter().map(|name| &**name).collect::<Vec<_>>(), ["d", "a", "x"]);
    assert_eq!(plan.method, Some(Method::Stop));
}

#[rstest]
#[case(Task::Dump, Phase::Paused, "nothing of it runs: it is paused")]
#[case(Task::Dump, Phase::Exited(Some(3)), "nothing of it runs: it is crashed")]
#[case(Task::Wake, Phase::Running, "is running: nothing of it lies down")]
fn where_there_is_nothing_to_do_it_says_so(#[case] task: Task, #[case] phase: Phase, #[case] told: &str) {
    assert_eq!(scene(&[("a", None, phase)], Link::Up).refusal(&order(task)), told);
}

#[rstest]
#[case(Phase::Exited(Some(0)), Method::Stop)]
#[case(Phase::Exited(Some(3)), Method::Stop)]
#[case(Phase::Paused, Method::Freeze)]
fn what_lies_down_by_itself_is_woken_too(#[case] phase: Phase, #[case] method: Method) {
    assert_eq!(scene(&[("a", None, phase)], Link::Up).plan(&order(Task::Wake)).method, Some(method));
}

#[test]
fn what_sleeps_is_not_dumped_again() {
    let mut scene = scene(&[("a", None, Phase::Paused)], Link::Up);
    scene.sleeps("a", 0, Method::Freeze);
    assert_eq!(scene.refusal(&order(Task::Dump)), "is dumped already (freeze)");
}

#[test]
fn a_destroyed_tenant_without_a_container_is_woken() {
    let mut scene = scene(&[], Link::Up);
    assert_eq!(scene.refusal(&order(Task::Wake)), "there is no tenant acme on web-1");
    scene.sleeps("a", 0, Method::Destroy);
    assert_eq!(scene.plan(&order(Task::Wake)).method, Some(Method::Destroy));
}

#[test]
fn a_ticket_under_way_is_named_with_its_owner() {
    let mut scene = running();
    scene.work.tickets.push(ticket(Task::Wake));
    for task in [Task::Dump, Task::Wake] {
        assert_eq!(scene.refusal(&order(task)), "ticket a41b2c3 (wake) of op2 is under way");
    }
    Arc::make_mut(&mut scene.work.tickets[0]).ended = Some(Timestamp::UNIX_EPOCH);
    assert_eq!(scene.plan(&order(Task::Dump)).refusal, None);
}

#[test]
fn a_host_that_does_not_answer_is_left_alone() {
    let down = Link::Down { since: Timestamp::UNIX_EPOCH, reason: "refused".into() };
    let containers = [("a", None, Phase::Running)];
    assert_eq!(scene(&containers, down).refusal(&order(Task::Dump)), "web-1 does not answer: refused");
    assert_eq!(
        scene(&containers, Link::Connecting).refusal(&order(Task::Wake)),
        "web-1 has not answered yet"
    );
}

#[test]
fn vip_needs_force_to_sleep_and_none_to_wake() {
    let mut scene = running();
    scene.tenant(|tenant| tenant.tier = Some(Tier::Vip));
    assert_eq!(scene.refusal(&order(Task::Dump)), "tier vip: only by force");
    assert_eq!(scene.plan(&Order { force: true, ..order(Task::Dump) }).refusal, None);
    scene.sleeps("a", 0, Method::Stop);
    assert_eq!(scene.plan(&order(Task::Wake)).refusal, None);
}

#[test]
fn read_only_refuses_all() {
    let mut scene = running();
    scene.policy.read_only = true;
    for task in [Task::Dump, Task::Wake] {
        assert!(scene.refusal(&Order { force: true, ..order(task) }).starts_with("read-only"));
    }
}

#[test]
fn a_broken_method_is_passed_over_or_refused_with_its_mend() {
    let mut scene = running();
    scene.breaks(Method::Freeze, "Docker 26.1.5", Some("add swap"));
    scene.breaks(Method::Checkpoint, "Docker 20.10.24", None);
    assert_eq!(scene.plan(&order(Task::Dump)).method, Some(Method::Checkpoint), "another engine's fault");
    let asked = Order { method: Some(Method::Freeze), door: Door::Keeper, ..order(Task::Dump) };
    assert_eq!(
        scene.refusal(&asked),
        "freeze does not work on web-1: no freeze here (mend: add swap; found 3 h ago)"
    );
    scene.breaks(Method::Checkpoint, "Docker 26.1.5", None);
    scene.breaks(Method::Stop, "Docker 26.1.5", None);
    let told = scene.refusal(&Order { door: Door::Keeper, ..order(Task::Dump) });
    assert!(
        told.starts_with(
            "no method works on web-1: freeze: no freeze here (mend: add swap; found 3 h ago); check"
        ),
        "{told}"
    );
    scene.policy.default_methods.clear();
    assert_eq!(scene.refusal(&order(Task::Dump)), "the config allows no method for its tier");
}

/// The host is asked anew: what is remembered of it is a doubt.
#[test]
fn what_did_not_work_is_tried_anew_for_a_person() {
    let mut scene = running();
    scene.breaks(Method::Freeze, "Docker 26.1.5", Some("add swap"));
    let asked = Order { method: Some(Method::Freeze), ..order(Task::Dump) };
    let plan = scene.plan(&asked);
    let doubt =
        "freeze did not work on web-1, and is tried anew: no freeze here (mend: add swap; found 3 h ago)";
    assert_eq!((plan.method, plan.doubt.as_deref()), (Some(Method::Freeze), Some(doubt)));
    let plan = scene.plan(&order(Task::Dump));
    assert_eq!((plan.method, plan.doubt), (Some(Method::Checkpoint), None), "another will do");
    scene.breaks(Method::Checkpoint, "Docker 26.1.5", None);
    scene.breaks(Method::Stop, "Docker 26.1.5", None);
    scene.policy.default_methods.retain(|method| *method != Method::Destroy);
    let plan = scene.plan(&order(Task::Dump));
    assert_eq!((plan.method, plan.doubt.as_deref()), (Some(Method::Freeze), Some(doubt)));
}

#[test]
fn experimental_features_that_are_on_now_are_no_fault_any_more() {
    let mut scene = running();
    scene.breaks(Method::Checkpoint, "Docker 26.1.5", None);
    let fault = scene.work.abilities[0].fault.as_mut().unwrap();
    fault.cause = Some(crate::model::ability::Cause::Experimental);
    let rule = Order { method: Some(Method::Checkpoint), door: Door::Keeper, ..order(Task::Dump) };
    assert!(scene.plan(&rule).refusal.is_some());
    let host = Arc::make_mut(&mut scene.fleet.hosts[0]);
    Arc::make_mut(host.engine.as_mut().unwrap()).experimental = true;
    let plan = scene.plan(&rule);
    assert_eq!((plan.method, plan.doubt), (Some(Method::Checkpoint), None));
}

#[test]
fn each_tenant_has_one_plan_in_the_order_asked() {
    let scene = running();
    let tenants = ["b", "acme", "b"].map(|name| key("web-1", name)).to_vec();
    let order = Order { tenants, ..order(Task::Dump) };
    let all = plans(&order, &scene.fleet, &scene.work, &scene.policy, Timestamp::UNIX_EPOCH);
    assert_eq!(all.iter().map(|plan| &*plan.tenant).collect::<Vec<_>>(), ["b", "acme"]);
    assert_eq!(all[0].refusal.as_deref(), Some("there is no tenant b on web-1"));
}

fn any_phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(vec![
        Phase::Running,
        Phase::Paused,
        Phase::Created,
        Phase::Exited(Some(0)),
        Phase::Exited(Some(1)),
    ])
}

proptest! {
    /// A dump takes exactly what runs, dependents first; and a plan either does something or says why not.
    #[test]
    fn a_dump_takes_what_runs(
        containers in prop::collection::vec(
            (prop::sample::select(vec![None, Some("app"), Some("db"), Some("cron")]), any_phase()), 0..8),
        broken in prop::sample::subsequence(Method::ALL.to_vec(), 0..=4),
        asked in prop::option::of(prop::sample::select(Method::ALL.to_vec())),
        vip in any::<bool>(),
        force in any::<bool>(),
        is_rule in any::<bool>(),
    ) {
        let names: Vec<String> = (0..containers.len()).map(|n| format!("c{n}")).collect();
        let listed: Vec<_> =
            names.iter().zip(&containers).map(|(name, (role, phase))| (name.as_str(), *role, *phase)).collect();
        let mut scene = scene(&listed, Link::Up);
        if vip && !listed.is_empty() {
            scene.tenant(|tenant| tenant.tier = Some(Tier::Vip));
        }
        for method in &broken {
            scene.breaks(*method, "Docker 26.1.5", None);
        }
        let door = if is_rule { Door::Keeper } else { Door::Console };
        let plan = scene.plan(&Order { method: asked, force, door, ..order(Task::Dump) });
        let runs: Vec<&str> =
            listed.iter().filter(|it| it.2 == Phase::Running).map(|it| it.0).collect();
        if plan.refusal.is_some() {
            prop_assert!(plan.containers.is_empty() && plan.method.is_none());
            let choices = asked.map_or(Method::DEFAULT_ORDER.to_vec(), |asked| vec![asked]);
            let hopeless = choices.iter().all(|method| broken.contains(method));
            prop_assert!(runs.is_empty() || (vip && !force) || (hopeless && is_rule));
        } else {
            prop_assert!(!vip || force);
            let method = plan.method.unwrap();
            prop_assert_eq!(broken.contains(&method), plan.doubt.is_some());
            prop_assert!(plan.doubt.is_none() || !is_rule);
            prop_assert!(asked.is_none_or(|asked| asked == method));
            let mut taken: Vec<&str> = plan.containers.iter().map(|name| &**name).collect();
            let rank = |name: &&str| match listed.iter().find(|it| it.0 == *name).unwrap().1 {
                Some("app") => 1,
                Some("db") => 2,
                _ => 0,
            };
            prop_assert!(taken.is_sorted_by_key(rank));
            taken.sort_unstable();
            prop_assert_eq!(taken, runs);
        }
    }

    /// A wake goes the other way than the dump went.
    #[test]
    fn a_wake_goes_the_other_way(order_of in Just((0..6u32).collect::<Vec<_>>()).prop_shuffle()) {
        let mut scene = scene(&[], Link::Up);
        for place in order_of {
            scene.sleeps(&format!("c{place}"), place, Method::Stop);
        }
        let plan = scene.plan(&order(Task::Wake));
        let names: Vec<&str> = plan.containers.iter().map(|name| &**name).collect();
        prop_assert_eq!(names, ["c5", "c4", "c3", "c2", "c1", "c0"]);
    }
}

/// Changes what was fixed at the creation of a container of `acme`.
fn set_up(scene: &mut Scene, name: &str, setup: &Setup) {
    scene.tenant(|tenant| {
        for facts in &mut tenant.containers {
            if &*facts.name == name {
                Arc::make_mut(facts).setup = Some(Arc::new(setup.clone()));
            }
        }
    });
}

#[test]
fn a_plan_knows_whom_a_sleep_breaks_and_in_which_order_they_go() {
    let mut scene = scene(&[("a-net", None, Phase::Running), ("b-web", None, Phase::Running)], Link::Up);
    let mut web = Setup::default();
    web.add(Part::Network, "a-net");
    set_up(&mut scene, "b-web", &web);
    let plan = scene.plan(&Order { method: Some(Method::Stop), ..order(Task::Dump) });
    let names: Vec<&str> = plan.containers.iter().map(|name| &**name).collect();
    assert_eq!(names, ["b-web", "a-net"]);
    let why = scene.refusal(&Order { method: Some(Method::Destroy), ..order(Task::Dump) });
    assert!(why.contains("b-web uses the network of another container"), "{why}");
    // Left alone, it would lose its network.
    set_up(&mut scene, "b-web", &Setup { oneoff: true, ..web });
    let why = scene.refusal(&Order { method: Some(Method::Stop), ..order(Task::Dump) });
    assert_eq!(why, "b-web uses its network (that of a-net)");
    let frozen = scene.plan(&Order { method: Some(Method::Freeze), ..order(Task::Dump) });
    assert_eq!(frozen.containers.len(), 1);
}

#[test]
fn a_plan_knows_who_else_keeps_a_container() {
    let mut scene = running();
    let supervisor = Some(Supervisor::Swarm("acme".into()));
    set_up(&mut scene, "a", &Setup { supervisor, ..Setup::default() });
    let why = scene.refusal(&order(Task::Dump));
    assert_eq!(why, "a: a task of the swarm service acme: scale the service instead");
    set_up(&mut scene, "a", &Setup { removed_at_end: true, ..Setup::default() });
    let why = scene.refusal(&Order { method: Some(Method::Stop), ..order(Task::Dump) });
    assert!(why.contains("--rm"), "{why}");
}

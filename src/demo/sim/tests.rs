use super::*;
use crate::demo::container::{Health, Phase};
use crate::demo::populate::sample_spec;
use rstest::rstest;

fn start() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

fn engine() -> Engine {
    let about = About {
        name: "web-1".into(),
        id: "id".into(),
        cpus: 4,
        memory: 8 << 30,
        swap: 4 << 30,
        swap_limit: true,
        version: "20.10.24".into(),
        api: "1.41".into(),
        experimental: false,
        cgroup: 1,
        stats_delay: Duration::ZERO,
        check_every: None,
        checkpoint_time: Duration::from_millis(18),
        restore_time: Duration::from_millis(12),
    };
    Engine::new(about, 7)
}

/// An engine with one container, which runs and is healthy.
fn with_one(change: impl FnOnce(&mut Spec)) -> (Engine, Key) {
    let mut engine = engine();
    let mut spec = sample_spec("acme-app");
    change(&mut spec);
    let mut container = Container::new(Arc::new(spec), Chance::new(1, "id").hex(64), start(), 0.5);
    container.phase = Phase::Running;
    container.started = Some(start());
    container.health = container.spec.health.then_some(Health::Healthy);
    let key = engine.insert(container);
    (engine, key)
}

/// Does an act and everything that follows from it, in order; gives the actions told.
fn told(engine: &mut Engine, key: Key, act: Act) -> Vec<String> {
    let before = engine.events.listen().0.len();
    let mut now = start() + Duration::from_secs(60);
    let mut todo = std::collections::VecDeque::new();
    for (after, step) in engine.plan(key, act, now).unwrap() {
        todo.push_back(Later { after, key, step });
    }
    while let Some(next) = todo.pop_front() {
        now += next.after;
        todo.extend(engine.apply(now, next.key, &next.step));
    }
    engine.events.listen().0.iter().skip(before).map(|event| event.action.clone()).collect()
}

#[rstest]
#[case(Act::Stop, &["kill", "die", "stop"])]
#[case(Act::Kill, &["kill", "die"])]
#[case(Act::Crash(3), &["die"])]
#[case(Act::Oom, &["oom", "die"])]
#[case(Act::Pause, &["pause"])]
#[case(Act::Restart, &["kill", "die", "stop", "start", "restart", "health_status: healthy"])]
#[case(Act::Unhealthy, &["health_status: unhealthy"])]
#[case(Act::Destroy, &["kill", "die", "destroy"])]
#[case(Act::Upgrade, &["kill", "die", "stop", "destroy", "create", "start", "health_status: healthy"])]
#[case(Act::Idle, &[])]
fn each_act_tells_what_a_real_engine_tells(#[case] act: Act, #[case] wanted: &[&str]) {
    let (mut engine, key) = with_one(|_| {});
    assert_eq!(told(&mut engine, key, act), wanted);
}

#[test]
fn a_restart_policy_starts_it_again_and_counts() {
    let (mut engine, key) = with_one(|spec| spec.restart = crate::config::scenario::RestartPolicy::Always);
    assert_eq!(told(&mut engine, key, Act::Crash(1)), ["die", "start", "health_status: healthy"]);
    assert_eq!(told(&mut engine, key, Act::CrashLoop(3)).iter().filter(|action| *action == "die").count(), 3);
    assert_eq!(engine.container(key).unwrap().restarts, 4);
    assert_eq!(engine.container(key).unwrap().phase, Phase::Running);
}

#[test]
fn what_was_stopped_while_it_waited_to_be_restarted_stays_down() {
    let (mut engine, key) = with_one(|spec| spec.restart = crate::config::scenario::RestartPolicy::Always);
    let now = start();
    let again = engine.apply(now, key, &Step::Die { code: 1, oom: false, by_itself: true });
    assert_eq!(engine.container(key).unwrap().phase, Phase::Restarting);
    engine.apply(now, key, &Step::Stopped);
    engine.apply(now, key, &again[0].step);
    assert_eq!(engine.container(key).unwrap().phase, Phase::Exited);
}

#[test]
fn an_upgrade_is_a_new_container_of_the_next_image() {
    let (mut engine, key) = with_one(|_| {});
    let old = engine.container(key).unwrap().id.clone();
    told(&mut engine, key, Act::Upgrade);
    let new = engine.container(engine.find("acme-app").unwrap()).unwrap();
    assert_ne!(new.id, old);
    assert_eq!(new.spec.image, "shop/app:1.0.1");
    assert!(engine.graves().is_empty());
    assert_eq!(engine.find(&old), None);
}

#[test]
fn the_ring_keeps_256_and_times_rise() {
    let (mut engine, key) = with_one(|_| {});
    for _ in 0..200 {
        engine.apply(start(), key, &Step::Pause);
        engine.apply(start(), key, &Step::Unpause);
    }
    let (kept, _) = engine.events.listen();
    assert_eq!(kept.len(), 256);
    assert_eq!(engine.events.told(), 400);
    assert!(kept.windows(2).all(|two| two[0].time < two[1].time));
}

#[test]
fn lists_lag_where_they_should() {
    let (mut engine, key) = with_one(|_| {});
    let at = |millis| start() + Duration::from_millis(millis);
    let paused = |engine: &mut Engine, millis| {
        let body = engine.list(at(millis));
        String::from_utf8(body.to_vec()).unwrap().contains("Paused")
    };
    engine.suffer(&[Fault::StaleList(Duration::from_millis(100))]);
    assert!(!paused(&mut engine, 0));
    engine.apply(at(50), key, &Step::Pause);
    engine.apply(at(60), key, &Step::Health(Health::Unhealthy));
    assert_eq!(engine.container(key).unwrap().phase, Phase::Paused);
    assert!(!paused(&mut engine, 51));
    assert!(!paused(&mut engine, 149));
    assert!(paused(&mut engine, 161));
    engine.suffer(&[]);
    engine.apply(at(200), key, &Step::Unpause);
    assert!(!paused(&mut engine, 200));
}

#[test]
fn events_are_lost_or_doubled_where_they_should() {
    let (mut engine, key) = with_one(|_| {});
    let kept = |engine: &Engine| engine.events.listen().0.len();
    engine.suffer(&[Fault::DuplicateEvents]);
    engine.apply(start(), key, &Step::Pause);
    assert_eq!(kept(&engine), 2);
    engine.suffer(&[Fault::DropEvents(100)]);
    engine.apply(start(), key, &Step::Unpause);
    assert_eq!(kept(&engine), 2);
}

#[test]
fn refusals_are_dockers() {
    let (mut engine, key) = with_one(|_| {});
    let mut status = |act| engine.plan(key, act, start()).map_or_else(|refusal| refusal.status, |_| 204);
    assert_eq!(status(Act::Start), 304);
    assert_eq!(status(Act::Unpause), 500);
    assert_eq!(status(Act::Create), 409);
    engine.apply(start(), key, &Step::Pause);
    let mut status = |act| engine.plan(key, act, start()).map_or_else(|refusal| refusal.status, |_| 204);
    assert_eq!(status(Act::Pause), 409);
    assert_eq!(status(Act::Start), 409);
    assert_eq!(status(Act::Stop), 204);
}

#[test]
fn a_container_is_found_by_name_id_and_a_prefix_of_one_id_only() {
    let (mut engine, key) = with_one(|_| {});
    let id = engine.container(key).unwrap().id.clone();
    for wanted in ["acme-app", "/acme-app", &id, &id[..6]] {
        assert_eq!(engine.find(wanted), Some(key), "{wanted}");
    }
    let other = format!("{}{}", &id[..32], "0".repeat(32));
    engine.insert(Container::new(Arc::new(sample_spec("other")), other, start(), 0.1));
    assert_eq!(engine.find(&id[..6]), None);
    assert_eq!(engine.find(""), None);
}

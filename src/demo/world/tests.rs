use super::*;

fn demo() -> Scenario {
    crate::demo::embedded().unwrap()
}

fn start() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

/// Runs in steps of `step` for `seconds`; gives every event line of every host.
fn run(scenario: &Scenario, step: Duration, seconds: u64) -> Vec<Vec<hyper::body::Bytes>> {
    let world = World::new(scenario, start());
    let mut ears: Vec<_> = world.hosts.iter().map(|host| host.engine().events.listen().1).collect();
    let mut lines = vec![Vec::new(); ears.len()];
    let mut now = start();
    while now < start() + Duration::from_secs(seconds) {
        now += step;
        world.run_until(now);
        for (ear, lines) in ears.iter_mut().zip(&mut lines) {
            while let Ok(event) = ear.try_recv() {
                lines.push(event.line.clone());
            }
        }
    }
    lines
}

#[test]
fn the_same_seed_gives_the_same_run_however_it_is_cut_in_steps() {
    let one = run(&demo(), Duration::from_secs(1), 120);
    assert_eq!(
        one,
        run(&demo(), Duration::from_millis(170), 120)
            .into_iter()
            .zip(&one)
            .map(|(mut lines, like)| {
                lines.truncate(like.len());
                lines
            })
            .collect::<Vec<_>>()
    );
    let other = Scenario { seed: 21, ..demo() };
    assert_ne!(one, run(&other, Duration::from_secs(1), 120));
}

#[test]
fn the_demo_has_something_new_every_few_seconds_for_an_hour_and_keeps_its_picture() {
    let world = World::new(&demo(), start());
    let (mut longest, mut eventful) = (0, 0);
    let mut silent = 0;
    let mut before = world.told();
    for second in 1..3600 {
        world.run_until(start() + Duration::from_secs(second));
        let told = world.told();
        eventful += i32::from(told > before);
        silent = if told == before { silent + 1 } else { 0 };
        longest = longest.max(silent);
        before = told;
    }
    // Something happens in every second second, and hardly ever nothing for ten.
    assert!(eventful > 1800, "{eventful}");
    assert!(longest < 12, "{longest} s without an event");
    let rate = before as f64 / 3600.0;
    assert!((0.5..3.0).contains(&rate), "{rate} events a second");
    let mut up = 0;
    let mut all = 0;
    for host in &world.hosts {
        up += host.engine().containers().filter(|(_, container)| container.phase.is_up()).count();
        all += host.engine().containers().count();
    }
    assert!(all > 100, "{all} containers are left");
    assert!(up * 100 > all * 40 && up * 100 < all * 95, "{up} of {all} run");
}

#[test]
fn the_demo_begins_with_every_kind_of_state() {
    use crate::demo::container::{Health, Phase};
    let world = World::new(&demo(), start());
    let mut tenants = std::collections::HashSet::new();
    let mut phases = Vec::new();
    let mut healths = Vec::new();
    let mut ages = Vec::new();
    for host in &world.hosts {
        for (_, container) in host.engine().containers() {
            tenants.insert(container.spec.tenant.to_string());
            phases.push(container.phase);
            healths.push(container.health);
            ages.push(start().duration_since(container.created).as_secs());
        }
    }
    assert_eq!(tenants.len(), 64);
    for phase in [Phase::Created, Phase::Running, Phase::Paused, Phase::Restarting, Phase::Exited] {
        assert!(phases.contains(&phase), "{phase:?}");
    }
    for health in [Health::Starting, Health::Healthy, Health::Unhealthy] {
        assert!(healths.contains(&Some(health)), "{health:?}");
    }
    assert!(ages.iter().any(|age| *age < 3600) && ages.iter().any(|age| *age > 14 * 86_400));
}

#[test]
fn the_rate_of_random_events_is_the_one_wanted() {
    let scenario = Scenario { acts: Vec::new(), faults: Vec::new(), events_per_second: 50.0, ..demo() };
    let world = World::new(&scenario, start());
    world.run_until(start() + Duration::from_secs(100));
    let told = world.told();
    assert!((4000..6000).contains(&told), "{told}");
}

#[test]
fn the_tempo_makes_everything_come_sooner() {
    let told = |time_scale| {
        let world = World::new(&Scenario { time_scale, ..demo() }, start());
        world.run_until(start() + Duration::from_secs(30));
        world.told()
    };
    assert!(told(10.0) > told(1.0) * 5);
}

#[test]
fn the_demos_own_life_leaves_alone_what_a_client_put_to_sleep() {
    use crate::demo::container::Phase;
    let world = World::new(&demo(), start());
    let mut asleep = Vec::new();
    for (number, host) in world.hosts.iter().enumerate() {
        let mut engine = host.engine();
        let up = |phase: Phase| phase == Phase::Running;
        let keys: Vec<_> = engine.containers().filter(|(_, it)| up(it.phase)).map(|(key, _)| key).collect();
        for (place, key) in keys.into_iter().enumerate().filter(|(place, _)| place % 2 == 0) {
            let step = if place % 4 == 0 {
                Step::Pause
            } else {
                Step::Die { code: 137, oom: false, by_itself: false }
            };
            engine.apply(start(), key, &step);
            engine.hold(key, true);
            asleep.push((number, key, engine.container(key).unwrap().phase));
        }
    }
    assert!(asleep.len() > 20);
    for second in 1..1800 {
        world.run_until(start() + Duration::from_secs(second));
    }
    for (host, key, phase) in asleep {
        let engine = world.hosts[host].engine();
        assert_eq!(engine.container(key).map(|it| it.phase), Some(phase));
    }
}

#[test]
fn faults_come_and_go() {
    let world = World::new(&demo(), start());
    let web_3 = world.hosts.iter().find(|host| &*host.name == "web-3").unwrap();
    let mut times = 0;
    for second in 1..300 {
        world.run_until(start() + Duration::from_secs(second));
        times += i32::from(web_3.faults.borrow().contains(&Fault::Refused));
    }
    assert!((7..60).contains(&times), "{times} s of five minutes");
}

//! `rules_bench TENANTS ROUNDS`: judges so many tenants by the rules, out of a snapshot of the fleet as the service keeps it,
//! and chooses who goes. Prints a table. `tests/bench/rules` builds and runs it.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use wakeboard::model::container::{Facts, Health, Phase};
use wakeboard::model::fleet::{Fleet, Host, Link, Tenant};
use wakeboard::model::keeper::pace::{Call, HostNow, Hosts, Paced, pace};
use wakeboard::model::keeper::window::{Kind, Span, Window};
use wakeboard::model::keeper::{Activities, Activity, Calendar, Case, Decision, Rules, Subject, judge};
use wakeboard::model::naming::Place;
use wakeboard::model::state::State;
use wakeboard::model::tier::Tier;

type Failure = Box<dyn Error>;

/// How many tenants a host has.
const OF_A_HOST: usize = 1000;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [tenants, rounds] = arguments.as_slice() else {
        return Err("usage: rules_bench TENANTS ROUNDS".into());
    };
    let (tenants, rounds): (usize, usize) = (tenants.parse()?, rounds.parse()?);
    let rules = rules()?;
    // A Monday, 18:00 in Berlin: within running hours.
    let start: Timestamp = "2026-11-23T17:00:00Z".parse()?;
    let empty = memory("VmRSS")?;
    let mut chance = Chance(42);
    let fleet = fleet(tenants, start, &mut chance);
    let with_fleet = memory("VmRSS")?;
    let known = fleet.tenants().map(|it| ((it.host.clone(), it.name.clone()), activity(start, &mut chance)));
    let activities = Activities::new(start, known);
    let with_activity = memory("VmRSS")?;
    let (mut judged, mut paced) = (Vec::new(), Vec::new());
    let mut last = Round::default();
    for round in 0..rounds {
        // From one round to the next windows open and close, and other tenants are due.
        let now = start + Duration::from_secs(600 * u64::try_from(round)?);
        last = one_round(&rules, now, &fleet, &activities);
        judged.push(last.judged);
        paced.push(last.paced);
    }
    judged.sort_unstable();
    paced.sort_unstable();
    let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e3);
    let most = |times: &[Duration]| times.last().copied().map_or(String::new(), ms);
    let mb = |kilobytes: u64| kilobytes / 1000;
    println!(
        "| {tenants} tenants on {} hosts, {rounds} rounds | median (most) | wanted |",
        fleet.hosts.len()
    );
    println!("|---|---|---|");
    println!("| all judged, ms | {} ({}) | under 1000 |", ms(judged[rounds / 2]), most(&judged));
    println!(
        "| chosen who goes, of {} that are due in the last round, ms | {} ({}) | |",
        last.due,
        ms(paced[rounds / 2]),
        most(&paced)
    );
    println!("| resident memory: the snapshot, MB | {} | |", mb(with_fleet - empty));
    println!("| its activity, MB | {} | |", mb(with_activity - with_fleet));
    println!("| highest resident memory of the process, MB | {} | under 600 |", mb(memory("VmHWM")?));
    println!();
    println!("In the last round {} go, {} are held, {} are left.", last.go, last.held, last.left);
    Ok(())
}

/// What came of one round.
#[derive(Default)]
struct Round {
    judged: Duration,
    paced: Duration,
    due: usize,
    go: usize,
    held: usize,
    left: usize,
}

fn one_round(rules: &Rules, now: Timestamp, fleet: &Fleet, activities: &Activities) -> Round {
    let calendar = Calendar::new(rules, &TimeZone::UTC, now);
    let host_now = HostNow { free: Some(50), ..HostNow::default() };
    let hosts: Hosts<'_> = fleet.hosts.iter().map(|it| (&*it.name, host_now)).collect();
    let mut round = Round::default();
    // A host at a time, as the keeper looks.
    let mut chosen: Vec<Call<'_>> = Vec::new();
    for host in &fleet.hosts {
        let begin = Instant::now();
        let mut calls = Vec::new();
        for tenant in &host.tenants {
            let subject = Subject::of(tenant, false);
            let activity = activities.get(&host.name, &tenant.name).unwrap_or_default();
            let case = Case { subject: &subject, activity: &activity, answer: None, short: false };
            match judge(&calendar, &case).decision {
                Decision::Dump(due) | Decision::Hurry(due) => {
                    calls.push(Call { host: &tenant.host, tenant: &tenant.name, due });
                }
                Decision::Held(..) => round.held += 1,
                Decision::Leave(_) => round.left += 1,
            }
        }
        round.judged += begin.elapsed();
        let begin = Instant::now();
        let Paced { go, held } = pace(&calls, &hosts, rules);
        chosen.extend(go.into_iter().map(|at| calls[at]));
        round.paced += begin.elapsed();
        round.due += calls.len();
        round.held += held.len();
    }
    let begin = Instant::now();
    round.go = pace(&chosen, &hosts, rules).go.len();
    round.paced += begin.elapsed();
    round
}

fn rules() -> Result<Rules, Failure> {
    let mut rules = Rules { zone: Some(TimeZone::get("Europe/Berlin")?), ..Rules::default() };
    let window = |kind, text| Span::read(text).map(|span| Window { kind, span });
    rules.tier_mut(Tier::High).windows =
        vec![window(Kind::Hours, "mon-fri 07:00-19:00")?, window(Kind::Never, "month last")?];
    rules.tier_mut(Tier::Mid).windows = vec![window(Kind::Never, "daily 22:00-06:00")?];
    Ok(rules)
}

/// One container a tenant.
fn fleet(tenants: usize, start: Timestamp, chance: &mut Chance) -> Fleet {
    // Texts that many have in common are kept once, as the service does where it reads a list (`engine/docker/row.rs`).
    let words: [Arc<str>; 2] = ["shop:1".into(), "app".into()];
    let hosts = (0..tenants).step_by(OF_A_HOST).map(|first| {
        let name: Arc<str> = format!("web-{}", first / OF_A_HOST).into();
        let of_it = first..(first + OF_A_HOST).min(tenants);
        Arc::new(Host {
            name: name.clone(),
            endpoint: "unix:///run/docker.sock".into(),
            link: Link::Up,
            engine: None,
            heard: Some(start),
            remembered: true,
            unclear: false,
            tenants: of_it.map(|at| Arc::new(tenant(at, &name, &words, start, chance))).collect(),
        })
    });
    Fleet { hosts: hosts.collect(), turn: 0 }
}

fn tenant(
    at: usize,
    host: &Arc<str>,
    [image, role]: &[Arc<str>; 2],
    start: Timestamp,
    chance: &mut Chance,
) -> Tenant {
    let tier = match chance.below(100) {
        0..5 => Tier::Vip,
        5..20 => Tier::High,
        20..60 => Tier::Mid,
        _ => Tier::Low,
    };
    let since = Some(start - Duration::from_secs(chance.below(20_000)));
    let name: Arc<str> = format!("tenant-{at}").into();
    let facts = Facts {
        id: format!("{at:064x}").into(),
        name: format!("{name}-app").into(),
        image: image.clone(),
        place: Place { tenant: name.clone(), role: Some(role.clone()), tier: Some(tier) },
        phase: Phase::Running,
        health: Health::None,
        oom: false,
        since,
        detail: None,
        asleep: None,
        ports: None,
        setup: None,
        at_work: false,
    };
    Tenant {
        name,
        host: host.clone(),
        tier: Some(tier),
        state: State::Running,
        known: State::Running,
        method: None,
        reason: None,
        since,
        containers: [Arc::new(facts)].into_iter().collect(),
    }
}

/// Each measure saw use within the last hours; of one tenant in a hundred one is not taken.
fn activity(start: Timestamp, chance: &mut Chance) -> Activity {
    let mut last = || Some(start - Duration::from_secs(chance.below(10_000)));
    let (request, network, cpu, connections) = (last(), last(), last(), last());
    Activity { request: request.filter(|_| chance.below(100) > 0), network, cpu, connections }
}

/// Numbers that are the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// A line of what the kernel says of this process, in kB.
fn memory(name: &str) -> Result<u64, Failure> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("the kernel does not say it")?;
    Ok(number.parse()?)
}

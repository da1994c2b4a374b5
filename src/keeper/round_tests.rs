//! What a look finds: who goes, who is asked about first, and when to look again.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::model::fleet::{Containers, Host, Link};
use crate::model::keeper::rules::{Ask, Hook};
use crate::model::keeper::{Measure, Rules};
use crate::model::method::Method;
use crate::model::state::State;
use crate::model::tier::Tier;
use crate::model::work::Work;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + seconds).unwrap()
}

fn tenant(name: &str, tier: Tier, state: State, method: Option<Method>, since: i64) -> Arc<Tenant> {
    Arc::new(Tenant {
        name: name.into(),
        host: "web-1".into(),
        tier: Some(tier),
        state,
        known: state,
        method,
        reason: None,
        since: Some(at(since)),
        containers: Containers::new(),
    })
}

fn fleet(tenants: Vec<Arc<Tenant>>) -> Fleet {
    let host = Host {
        name: "web-1".into(),
        endpoint: "unix:///run/engine.sock".into(),
        link: Link::Up,
        engine: None,
        heard: None,
        remembered: true,
        unclear: false,
        tenants,
    };
    Fleet { hosts: vec![Arc::new(host)], turn: 0 }
}

/// Only CPU must be known.
fn rules() -> Rules {
    let mut rules = Rules::default();
    rules.idle.may_be_unknown =
        [Measure::Request, Measure::Network, Measure::Connections].into_iter().collect();
    rules
}

struct Case {
    fleet: Fleet,
    rules: Rules,
    used: HashMap<&'static str, i64>,
    answers: HashMap<&'static str, bool>,
    imagined: HashMap<&'static str, Method>,
    left: HashMap<&'static str, Left>,
    asked: u32,
}

impl Case {
    fn new(tenants: Vec<Arc<Tenant>>) -> Case {
        Case {
            fleet: fleet(tenants),
            rules: rules(),
            used: HashMap::new(),
            answers: HashMap::new(),
            imagined: HashMap::new(),
            left: HashMap::new(),
            asked: 0,
        }
    }

    fn look(&self, now: i64) -> Found {
        let work = Work::default();
        let sight = Sight::new(&self.fleet, &work, None, at(now));
        let calendar = Calendar::new(&self.rules, &TimeZone::UTC, at(now));
        let known = |tenant: &Tenant| {
            let cpu = self.used.get(&*tenant.name).map(|seconds| at(*seconds));
            Known {
                activity: Activity { cpu, ..Activity::default() },
                answer: self.answers.get(&*tenant.name).map(|may| Answer { may: *may, at: at(now) }),
                imagined: self.imagined.get(&*tenant.name).map(|method| (*method, at(now - 120))),
            }
        };
        let left = |key: &TenantKey| self.left.get(&*key.1).copied().unwrap_or(Left::No);
        super::look(&Scene {
            calendar: &calendar,
            fleet: &self.fleet,
            sight: &sight,
            known: &known,
            asked: &|_| self.asked,
            left: &left,
        })
    }
}

fn who(found: &Found) -> Vec<String> {
    let go = found.go.iter().map(|go| {
        let from = go.due.from.map_or(String::new(), |from| format!(" from {from}"));
        format!("{} {}{from}", go.key.1, go.due.method)
    });
    go.chain(found.ask.iter().map(|key| format!("ask {}", key.1))).collect()
}

#[test]
fn who_is_due_goes_by_its_step_and_the_others_say_when() {
    let mut case = Case::new(vec![
        tenant("acme", Tier::Vip, State::Running, None, 0),
        tenant("birch", Tier::High, State::Running, None, 0),
        tenant("cedar", Tier::High, State::Running, None, 0),
        tenant("dogwood", Tier::High, State::Dumped, Some(Method::Freeze), 0),
        tenant("elm", Tier::Low, State::Unhealthy, None, 0),
        tenant("fir", Tier::Mid, State::Running, None, 0),
    ]);
    for name in ["acme", "birch", "dogwood", "elm"] {
        case.used.insert(name, 0);
    }
    case.used.insert("cedar", 3600 * 8);
    // Of fir nothing is measured.
    let found = case.look(3600 * 8);
    assert_eq!(who(&found), ["birch checkpoint", "dogwood checkpoint from freeze"]);
    assert_eq!(found.go[1].cause(at(3600 * 8)), "idle 8h, deeper than freeze");
    assert_eq!(found.next, Some(at(3600 * 8 + 1800)), "cedar's first step");
    assert_eq!(who(&case.look(1799)), [""; 0]);
    assert_eq!(case.look(1799).next, Some(at(1800)));
}

#[test]
fn whom_a_hook_may_veto_is_asked_about_first() {
    let mut case = Case::new(
        ["birch", "cedar", "dogwood"].map(|name| tenant(name, Tier::High, State::Running, None, 0)).into(),
    );
    let hook = Hook {
        ask: Ask::Exec(vec!["may-sleep".to_owned()]),
        timeout: Duration::from_secs(1),
        every: Duration::from_secs(300),
    };
    case.rules.veto = Some(hook);
    for name in ["birch", "cedar", "dogwood"] {
        case.used.insert(name, 0);
    }
    case.answers.extend([("birch", true), ("cedar", false)]);
    let found = case.look(2000);
    assert_eq!(who(&found), ["birch freeze", "ask dogwood"]);
    assert_eq!(found.next, Some(at(2300)), "when the answers end");
    // No more are asked about than may go.
    case.rules.limits.dumps_a_minute = 1;
    assert_eq!(who(&case.look(2000)), ["birch freeze"]);
    case.left.insert("birch", Left::Busy);
    assert_eq!(who(&case.look(2000)), ["ask dogwood"]);
}

#[test]
fn what_went_wrong_is_left_alone_and_looked_at_again() {
    let mut case = Case::new(vec![tenant("birch", Tier::High, State::Running, None, 0)]);
    case.used.insert("birch", 0);
    case.left.insert("birch", Left::Until(at(2300)));
    let found = case.look(2000);
    assert!(found.go.is_empty());
    assert_eq!(found.next, Some(at(2300)));
}

#[test]
fn what_is_under_way_counts_against_the_limits() {
    let names = ["ash", "birch", "cedar"];
    let mut case = Case::new(names.map(|name| tenant(name, Tier::High, State::Running, None, 0)).into());
    for name in names {
        case.used.insert(name, 0);
    }
    (case.rules.limits.dumps_a_minute, case.asked) = (3, 2);
    let found = case.look(2000);
    assert_eq!(who(&found), ["ash freeze"]);
    assert_eq!(found.next, Some(at(2005)), "soon there is room again");
    // What was only said is taken as done.
    case.asked = 0;
    case.imagined.insert("ash", Method::Freeze);
    case.rules.limits.most_asleep = Some(2);
    assert_eq!(who(&case.look(2000)), ["birch freeze"]);
}

proptest! {
    /// Nobody of tier vip, nobody who is in use, nobody twice, and no more than may go.
    #[test]
    fn a_look_keeps_to_the_limits(
        all in prop::collection::vec((0_usize..4, 0_usize..3, 0_i64..4000, any::<bool>()), 0..40),
        a_minute in 1_u32..10,
        asked in 0_u32..10,
    ) {
        let names: Vec<&'static str> = (0..all.len()).map(|n| &*format!("t{n:02}").leak()).collect();
        let tenants = names.iter().zip(&all).map(|(name, (tier, state, _, _))| {
            let (state, method) = [
                (State::Running, None),
                (State::Dumped, Some(Method::Freeze)),
                (State::Crashed, None),
            ][*state];
            tenant(name, Tier::ALL[*tier], state, method, 0)
        });
        let mut case = Case::new(tenants.collect());
        (case.rules.limits.dumps_a_minute, case.asked) = (a_minute, asked);
        for (name, (_, _, used, known)) in names.iter().zip(&all) {
            if *known {
                case.used.insert(name, *used);
            }
        }
        let found = case.look(4000);
        prop_assert!(found.go.len() <= a_minute.saturating_sub(asked) as usize);
        let mut keys: Vec<&TenantKey> = found.go.iter().map(|go| &go.key).collect();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), found.go.len());
        for go in &found.go {
            let at = names.iter().position(|name| **name == *go.key.1).unwrap();
            let (tier, state, used, known) = all[at];
            prop_assert!(Tier::ALL[tier] != Tier::Vip && state != 2);
            prop_assert!(state == 1 || known && used + 900 <= 4000);
            prop_assert!(case.fleet.tenants().any(|tenant| *tenant.name == *go.key.1));
        }
        prop_assert_eq!(&found, &case.look(4000));
    }
}

use super::*;
use crate::model::container::tests::facts;
use crate::model::naming::Place;
use jiff::Timestamp;
use proptest::prelude::*;

fn event(id: &str, seconds: i64, what: Happening) -> Event {
    Event {
        time: Timestamp::from_second(seconds).unwrap(),
        id: id.into(),
        name: format!("name-{id}").into(),
        image: "busybox:1".into(),
        place: Place { tenant: format!("tenant-{id}").into(), role: None, tier: None },
        project: None,
        what,
    }
}

fn at(millis: u64) -> Moment {
    Moment::from_millis(millis)
}

fn running(id: &str) -> Facts {
    facts(id, Phase::Running)
}

#[test]
fn a_stale_list_does_not_undo_an_event() {
    let mut picture = Picture::default();
    picture.apply_list(vec![running("a")], at(0));
    picture.apply_event(&event("a", 1, Happening::Paused), at(1000));
    let result = picture.apply_list(vec![running("a")], at(1001));
    assert_eq!(picture.get("a").unwrap().phase, Phase::Paused);
    assert_eq!(result.inspect, vec![ContainerId::from("a")]);
    // Much later a list is the truth again: the unpause was lost.
    let result = picture.apply_list(vec![running("a")], at(9000));
    assert_eq!(picture.get("a").unwrap().phase, Phase::Running);
    assert_eq!(result.observed.len(), 1);
}

#[test]
fn a_removed_container_does_not_come_back_by_a_stale_list_or_a_late_event() {
    let mut picture = Picture::default();
    picture.apply_list(vec![running("a")], at(0));
    picture.apply_event(&event("a", 1, Happening::Removed), at(1000));
    picture.apply_list(vec![running("a")], at(1005));
    assert!(picture.get("a").is_none());
    picture.apply_event(&event("a", 1, Happening::Died { code: Some(0) }), at(1010));
    assert!(picture.get("a").is_none());
}

#[test]
fn a_new_container_that_a_stale_list_misses_stays() {
    let mut picture = Picture::default();
    picture.apply_event(&event("a", 1, Happening::Created), at(1000));
    let result = picture.apply_list(vec![], at(1001));
    assert!(picture.get("a").is_some());
    assert_eq!(result.inspect, vec![ContainerId::from("a")]);
}

#[test]
fn an_inspect_that_was_overtaken_is_asked_again() {
    let mut picture = Picture::default();
    picture.apply_list(vec![running("a")], at(0));
    picture.apply_event(&event("a", 1, Happening::Paused), at(1000));
    let outcome = picture.apply_inspect(&"a".into(), Some(running("a")), at(999));
    assert_eq!(outcome, Outcome { changed: false, inspect: true });
    assert_eq!(picture.get("a").unwrap().phase, Phase::Paused);
}

#[test]
fn a_killed_container_found_in_a_first_list_is_looked_at_for_oom() {
    let mut picture = Picture::default();
    let result = picture.apply_list(vec![facts("a", Phase::Exited(Some(137)))], at(0));
    assert_eq!(result.inspect, vec![ContainerId::from("a")]);
    let oom = Facts { oom: true, ..facts("a", Phase::Exited(Some(137))) };
    picture.apply_inspect(&"a".into(), Some(oom), at(5));
    // The next lists do not say it, and do not lose it.
    let result = picture.apply_list(vec![facts("a", Phase::Exited(Some(137)))], at(30_000));
    assert_eq!(result, Reconciled::default());
    assert!(picture.get("a").unwrap().oom);
    // After a cut it is asked again.
    picture.distrust();
    let result = picture.apply_list(vec![facts("a", Phase::Exited(Some(137)))], at(60_000));
    assert_eq!(result.inspect, vec![ContainerId::from("a")]);
}

#[test]
fn a_quiet_list_changes_nothing() {
    let mut picture = Picture::default();
    let list = vec![running("a"), facts("b", Phase::Exited(Some(0)))];
    assert!(picture.apply_list(list.clone(), at(0)).changed);
    assert_eq!(picture.apply_list(list, at(30_000)), Reconciled::default());
}

/// An act upon the model engine of the property test.
#[derive(Clone, Copy, Debug)]
enum Act {
    Create,
    Start,
    Pause,
    Unpause,
    Die(i64),
    Oom,
    Remove,
    List,
    Inspect,
}

/// What becomes of the event that an act makes.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Lost,
    Twice,
    Late,
}

fn act() -> impl Strategy<Value = (usize, Act, Fate, u64)> {
    let act = prop_oneof![
        Just(Act::Create),
        Just(Act::Start),
        Just(Act::Pause),
        Just(Act::Unpause),
        prop_oneof![Just(0), Just(1), Just(137), Just(143)].prop_map(Act::Die),
        Just(Act::Oom),
        Just(Act::Remove),
        Just(Act::List),
        Just(Act::Inspect),
    ];
    let fate = prop_oneof![4 => Just(Fate::Arrives), 1 => Just(Fate::Lost), 1 => Just(Fate::Twice), 1 => Just(Fate::Late)];
    (0..4usize, act, fate, 0..400u64)
}

/// A whole engine in a few lines: what is true, and what a lagging list of it would say.
struct TrueEngine {
    now: BTreeMap<String, Facts>,
    before: BTreeMap<String, Facts>,
    /// An id is never used twice.
    born: [u32; 4],
}

impl TrueEngine {
    fn id(&self, slot: usize) -> String {
        format!("c{slot}-{}", self.born[slot])
    }

    /// Carries out an act where it makes sense, and says what the engine would tell.
    fn perform(&mut self, slot: usize, act: Act) -> Vec<Happening> {
        self.before.clone_from(&self.now);
        if matches!(act, Act::Create) && !self.now.contains_key(&self.id(slot)) {
            self.born[slot] += 1;
            let id = self.id(slot);
            self.now.insert(id.clone(), facts(&id, Phase::Created));
            return vec![Happening::Created];
        }
        let id = self.id(slot);
        let Some(it) = self.now.get_mut(&id) else { return vec![] };
        let (phase, oom, told) = match (act, it.phase) {
            (Act::Start, Phase::Created | Phase::Exited(_)) => {
                (Phase::Running, false, vec![Happening::Started])
            }
            (Act::Pause, Phase::Running) => (Phase::Paused, it.oom, vec![Happening::Paused]),
            (Act::Unpause, Phase::Paused) => (Phase::Running, it.oom, vec![Happening::Unpaused]),
            (Act::Die(code), Phase::Running) => {
                (Phase::Exited(Some(code)), it.oom, vec![Happening::Died { code: Some(code) }])
            }
            (Act::Oom, Phase::Running) => (
                Phase::Exited(Some(137)),
                true,
                vec![Happening::OutOfMemory, Happening::Died { code: Some(137) }],
            ),
            (Act::Remove, Phase::Created | Phase::Exited(_)) => {
                self.now.remove(&id);
                return vec![Happening::Removed];
            }
            _ => return vec![],
        };
        (it.phase, it.oom) = (phase, oom);
        told
    }

    /// Lists know nothing of out-of-memory kills.
    fn list(of: &BTreeMap<String, Facts>) -> Vec<Facts> {
        of.values().map(|facts| Facts { oom: false, ..facts.clone() }).collect()
    }
}

proptest! {
    /// Whatever comes late, twice or never: after a cut and one quiet list (and the inspects that it asks for), the
    /// picture is what the engine says.
    #[test]
    fn the_picture_converges(acts in prop::collection::vec(act(), 0..120)) {
        let mut engine = TrueEngine { now: BTreeMap::new(), before: BTreeMap::new(), born: [0; 4] };
        let mut picture = Picture::default();
        let mut held_back: Vec<Event> = vec![];
        let mut clock = 0u64;
        for (step, (slot, act, fate, pause)) in acts.into_iter().enumerate() {
            clock += pause;
            let seconds = i64::try_from(step).unwrap() * 10;
            match act {
                // At its worst a list still shows what was before the last act.
                Act::List => { picture.apply_list(TrueEngine::list(&engine.before), at(clock)); }
                Act::Inspect => {
                    let id = engine.id(slot);
                    picture.apply_inspect(&id.as_str().into(), engine.now.get(&id).cloned(), at(clock));
                }
                _ => for (n, what) in engine.perform(slot, act).into_iter().enumerate() {
                    let id = engine.id(slot);
                    let told = event(&id, seconds + i64::try_from(n).unwrap(), what);
                    match fate {
                        Fate::Lost => {}
                        Fate::Arrives => { picture.apply_event(&told, at(clock)); }
                        Fate::Twice => {
                            picture.apply_event(&told, at(clock));
                            picture.apply_event(&told, at(clock));
                        }
                        Fate::Late => held_back.push(told),
                    }
                },
            }
            if held_back.len() > 2 {
                let late = held_back.remove(0);
                picture.apply_event(&late, at(clock));
            }
        }
        for late in held_back.into_iter().rev() {
            picture.apply_event(&late, at(clock));
        }
        picture.distrust();
        clock += 10_000;
        let result = picture.apply_list(TrueEngine::list(&engine.now), at(clock));
        for id in result.inspect {
            let outcome = picture.apply_inspect(&id, engine.now.get(&*id).cloned(), at(clock + 1));
            prop_assert!(!outcome.inspect);
        }
        let seen: Vec<_> = picture.containers().map(|it| (it.id.to_string(), it.phase, it.state())).collect();
        let truth: Vec<_> = engine.now.values().map(|it| (it.id.to_string(), it.phase, it.state())).collect();
        prop_assert_eq!(seen, truth);
    }

    /// When nothing is lost or late, events alone are enough for every phase.
    #[test]
    fn events_in_order_need_no_list(acts in prop::collection::vec(act(), 0..120)) {
        let mut engine = TrueEngine { now: BTreeMap::new(), before: BTreeMap::new(), born: [0; 4] };
        let mut picture = Picture::default();
        for (step, (slot, act, _, _)) in acts.into_iter().enumerate() {
            for (n, what) in engine.perform(slot, act).into_iter().enumerate() {
                let seconds = i64::try_from(step * 10 + n).unwrap();
                picture.apply_event(&event(&engine.id(slot), seconds, what), at(step as u64));
            }
            let seen: Vec<_> = picture.containers().map(|it| (it.id.to_string(), it.phase)).collect();
            let truth: Vec<_> = engine.now.values().map(|it| (it.id.to_string(), it.phase)).collect();
            prop_assert_eq!(seen, truth);
        }
    }
}

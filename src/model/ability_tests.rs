use super::*;
use crate::model::diagnosis::{Step, Trouble, diagnose};
use rstest::rstest;

const LARGE: Option<u64> = Some(8 << 30);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn ability(method: Method, words: &str) -> Ability {
    let trouble = Trouble { step: Step::Dump, words: words.to_owned() };
    Ability {
        host: "web-1".into(),
        engine: "Docker 20.10.24".into(),
        method,
        fault: Some(diagnose("Docker", "20.10.24", method, &trouble)),
        dump_seconds: None,
        wake_seconds: None,
        tried: at(0),
    }
}

fn no_swap() -> Ability {
    ability(Method::Freeze, "memory stayed where it was")
}

fn seen(swap: Option<u64>, disk: Option<u64>, experimental: Option<bool>) -> Seen {
    Seen { room: Room { swap, disk }, experimental }
}

#[rstest]
#[case::swap(no_swap(), seen(LARGE, None, None), true)]
#[case::no_swap(no_swap(), seen(Some(0), LARGE, Some(true)), false)]
#[case::next_to_none(no_swap(), seen(Some(8192), None, None), false)]
#[case::unknown(no_swap(), Seen::default(), false)]
#[case::disk(ability(Method::Stop, "no space left on device"), seen(None, LARGE, None), true)]
#[case::full(ability(Method::Stop, "no space left on device"), seen(LARGE, Some(0), Some(true)), false)]
#[case::on(ability(Method::Checkpoint, "experimental"), seen(None, None, Some(true)), true)]
#[case::off(ability(Method::Checkpoint, "experimental"), seen(LARGE, LARGE, Some(false)), false)]
#[case::not_said(ability(Method::Checkpoint, "experimental"), seen(LARGE, LARGE, None), false)]
#[case::other(ability(Method::Checkpoint, "criu binary not found"), seen(LARGE, LARGE, Some(true)), false)]
fn a_fault_is_believed_until_its_cause_is_seen_to_be_gone(
    #[case] ability: Ability,
    #[case] seen: Seen,
    #[case] is_gone: bool,
) {
    assert_eq!(ability.refuses(seen).is_none(), is_gone);
    let works = Ability { fault: None, ..ability };
    assert_eq!(works.refuses(Seen::default()), None);
}

#[test]
fn faults_of_older_records_are_known_by_their_words() {
    let written = serde_json::to_value(no_swap()).unwrap();
    assert_eq!(written["fault"]["cause"], "swap");
    assert_eq!(serde_json::from_value::<Ability>(written.clone()).unwrap(), no_swap());
    let mut older = written.clone();
    older["fault"].as_object_mut().unwrap().remove("cause");
    let older: Ability = serde_json::from_value(older).unwrap();
    let fault = older.fault.as_ref().unwrap();
    assert_eq!((fault.cause, fault.cause()), (None, Some(Cause::Swap)));
    assert_eq!(older.refuses(seen(LARGE, None, None)), None);
    // What only a later version knows is no fault of the record.
    let mut newer = written;
    newer["fault"]["cause"] = "phase_of_the_moon".into();
    newer["fault"]["reason"] = "the moon is full".into();
    assert_eq!(serde_json::from_value::<Ability>(newer).unwrap().fault.unwrap().cause(), None);
}

#[rstest]
#[case::gone(Door::Shell, 1, false, LARGE, true)]
#[case::gone_for_a_rule(Door::Keeper, 61, false, LARGE, true)]
#[case::just_tried_for_a_rule(Door::Keeper, 60, true, LARGE, false)]
#[case::refused(Door::Console, 1, true, None, true)]
#[case::another_method_will_do(Door::Console, 1, false, None, false)]
#[case::tried_since(Door::Console, 0, true, LARGE, false)]
#[case::a_rule_does_not_insist(Door::Keeper, 9000, true, None, false)]
fn what_did_not_work_is_tried_again_when_it_matters(
    #[case] door: Door,
    #[case] asked: i64,
    #[case] is_refused: bool,
    #[case] swap: Option<u64>,
    #[case] is_tried: bool,
) {
    let seen = seen(swap, None, None);
    assert_eq!(no_swap().is_to_be_tried(at(asked), door, is_refused, seen), is_tried);
    let works = Ability { fault: None, ..no_swap() };
    assert!(!works.is_to_be_tried(at(asked), door, is_refused, seen));
}

#[rstest]
#[case(59, "found just now")]
#[case(-5, "found just now")]
#[case(60, "found 1 min ago")]
#[case(119 * 60, "found 119 min ago")]
#[case(3 * 3600 + 5, "found 3 h ago")]
#[case(50 * 3600, "found 2 days ago")]
fn a_refusal_says_how_old_its_knowledge_is(#[case] now: i64, #[case] found: &str) {
    let told = no_swap().refusal(at(now)).unwrap();
    assert!(
        told.contains("no free swap (give the host swap") && told.ends_with(&format!("; {found})")),
        "{told}"
    );
}

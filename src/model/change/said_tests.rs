use rstest::rstest;

use super::*;

fn now() -> Timestamp {
    "2026-11-23T14:00:00Z".parse().unwrap()
}

fn record(said: Said) -> Result<Record, Wrong> {
    said.record("raw", "made up", |name| name == "acme", now())
}

#[test]
fn a_note_says_who_what_and_to_whom() {
    let said = Said {
        object: Some("acme".into()),
        actor: Some("op1".into()),
        host: Some("web-1".into()),
        time: Some("2026-11-23T14:00:00+01:00".into()),
        key: Some(Said::key_of("7")),
        ..Said::of("deployed 1.4.2")
    };
    let record = record(said.clone()).unwrap();
    let reading = record.reading.clone().unwrap();
    assert_eq!((reading.verb, reading.source), (Verb::Noted, Source::Note));
    assert_eq!((reading.tenant.as_deref(), reading.thing.as_deref()), (Some("acme"), None));
    assert_eq!((reading.actor.as_deref(), reading.confidence), (Some("op1"), Confidence::Likely));
    assert_eq!(record.time.to_string(), "2026-11-23T13:00:00Z");
    assert_eq!((&*record.raw, &*reading.raw), ("raw", &["raw".into()][..]));
    let other = Said { text: "other".into(), object: Some("shop".into()), ..said };
    let again = self::record(other).unwrap();
    assert_eq!(again.mark, record.mark, "the same id is the same record");
    assert_eq!(again.reading.unwrap().thing.as_deref(), Some("shop"));
}

#[test]
fn what_has_no_key_gets_the_made_up_one() {
    let one = record(Said::of("a")).unwrap();
    assert_eq!(one.mark, crate::model::change::Mark::of(Source::Note, "made up"));
    let nobody = one.reading.unwrap();
    assert_eq!((nobody.actor, nobody.confidence), (None, Confidence::Unknown));
}

#[test]
fn texts_are_bounded_and_harmless() {
    let long = "ä".repeat(LONGEST_TEXT);
    assert_eq!(record(Said::of(long.clone())).unwrap_err().key.as_deref(), Some("text"));
    let cut = Said { is_cut: true, object: Some(long.clone()), ..Said::of(long) };
    let reading = record(cut).unwrap().reading.unwrap();
    let detail = reading.detail.unwrap();
    assert!(detail.len() <= LONGEST_TEXT && detail.ends_with("ä…"), "{}", detail.len());
    assert!(reading.thing.unwrap().len() <= LONGEST_NAME);
    let hostile = Said { object: Some("x\u{202e}".into()), ..Said::of("a\u{1b}[2J\r\n\tb\u{9b}") };
    let reading = record(hostile).unwrap().reading.unwrap();
    assert_eq!(reading.detail.as_deref(), Some("a␛[2J b\u{fffd}"));
    assert_eq!(reading.thing.as_deref(), Some("x\u{fffd}"));
}

#[rstest]
#[case(Said::of(" \n"), "text", "no text")]
#[case(Said { time: Some("yesterday".into()), ..Said::of("a") }, "time", "is no time")]
#[case(Said { time: Some("2026-11-24T14:00:01Z".into()), ..Said::of("a") }, "time", "a day ahead")]
#[case(Said { time: Some("2024-11-23T13:59:59Z".into()), ..Said::of("a") }, "time", "two years ago")]
#[case(Said { verb: Verb::Dumped, ..Said::of("a") }, "verb", "only wakeboard itself")]
#[case(Said { actor: Some("x".repeat(257)), ..Said::of("a") }, "actor", "longer than 256")]
#[case(Said { key: Some("x".repeat(2049)), ..Said::of("a") }, "id", "2048 bytes")]
fn what_cannot_be_meant_is_refused(#[case] said: Said, #[case] key: &str, #[case] told: &str) {
    let wrong = record(said).unwrap_err();
    assert_eq!(wrong.key.as_deref(), Some(key));
    assert!(wrong.message.contains(told), "{wrong}");
}

#[test]
fn only_what_others_can_know_may_be_said() {
    assert_eq!(verb("updated"), Ok(Verb::Updated));
    assert!(verb("udated").unwrap_err().message.contains("did you mean `updated`?"));
    for ours in ["dumped", "woke", "gap", "observed"] {
        assert!(verb(ours).is_err());
    }
}

//! Properties: nothing makes the parser panic, and what is written is asked again.

use jiff::Zoned;
use proptest::prelude::*;

use super::*;

/// A Tuesday afternoon in Berlin.
const NOW: &str = "2026-11-24T14:04:22.5[Europe/Berlin]";

/// Words of the language and others, in any order.
fn questions() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        prop::sample::select(vec![
            "today",
            "yesterday",
            "mon",
            "last",
            "30m",
            "2w",
            "since",
            "between",
            "and",
            "09:00",
            "10:30",
            "24:00",
            "02:30",
            "02:45:10.25",
            "2026-11-22",
            "2026-10-25",
            "2026-03-29",
            "2026-11-22T14:00Z",
            "..",
            "2026-11-20..2026-11-22",
            "09:00..10:30",
            "mon..",
            "who:op1",
            "verb:dumped",
            "!source:engine,!note",
            "tenant:!a,b*",
            "ticket:bf",
            "\"exit 137\"",
            "tody",
            "!app",
            "host:\"x y\"",
        ])
        .prop_map(str::to_owned),
        "[!a-zİΣ\"'\\\\.:,0-9-]{0,8}",
    ];
    prop::collection::vec(word, 0..6).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,60}") {
        let _ = Ask::parse(&text, &NOW.parse().unwrap());
    }

    #[test]
    fn what_is_written_is_asked_again(
        text in questions(),
        now in prop::sample::select(vec![NOW, "2026-10-25T02:30+01:00[Europe/Berlin]", "2026-03-29T03:00[Europe/Berlin]", "2026-11-01T00:30[America/Havana]"]),
    ) {
        let now: Zoned = now.parse().unwrap();
        if let Ok(asked) = Ask::parse(&text, &now) {
            let written = asked.written(&now);
            prop_assert_eq!(Ask::parse(&written, &now), Ok(asked.clone()), "{}", written);
            if let Some(range) = asked.range {
                prop_assert!(range.to.is_none_or(|to| range.from < to));
            }
        }
    }
}

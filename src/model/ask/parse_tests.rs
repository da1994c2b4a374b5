use jiff::Zoned;
use rstest::rstest;

use super::*;

/// A Tuesday afternoon in Berlin.
const NOW: &str = "2026-11-24T14:04:22.5[Europe/Berlin]";

fn now() -> Zoned {
    NOW.parse().unwrap()
}

fn ask(text: &str, now: &Zoned) -> Ask {
    Ask::parse(text, now).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The range in words, without the zone's name.
fn range(text: &str, now: &Zoned) -> String {
    let words = ask(text, now).range_in_words(now.time_zone());
    let zone = now.time_zone().iana_name().unwrap();
    words.strip_suffix(zone).unwrap().trim_end_matches(", ").to_owned()
}

#[rstest]
#[case("", "all times")]
#[case("today", "2026-11-24 00:00 to 24:00")]
#[case("TODAY", "2026-11-24 00:00 to 24:00")]
#[case("yesterday", "2026-11-23 00:00 to 24:00")]
#[case("tue", "2026-11-24 00:00 to 24:00")]
#[case("mon", "2026-11-23 00:00 to 24:00")]
#[case("wednesday", "2026-11-18 00:00 to 24:00")]
#[case("last 30s", "since 2026-11-24 14:03:52")]
#[case("last 30m", "since 2026-11-24 13:34:22")]
#[case("last 12h", "since 2026-11-24 02:04:22")]
#[case("last 2d", "since 2026-11-22 14:04:22")]
#[case("last 1w", "since 2026-11-17 14:04:22")]
#[case("since 14:00", "since 2026-11-24 14:00")]
#[case("since 14:05", "since 2026-11-23 14:05")]
#[case("since yesterday", "since 2026-11-23 00:00")]
#[case("since yesterday 9:00", "since 2026-11-23 09:00")]
#[case("since 2026-11-20", "since 2026-11-20 00:00")]
#[case("yesterday since 14:00", "2026-11-23 14:00 to 24:00")]
#[case("between 09:00 and 10:30", "2026-11-24 09:00 to 10:30")]
#[case("between 15:00 and 16:00", "2026-11-23 15:00 to 16:00")]
#[case("between 22:00 and 06:00", "2026-11-23 22:00 to 2026-11-24 06:00")]
#[case("between 22:00 and 24:00", "2026-11-23 22:00 to 24:00")]
#[case("between mon and tue", "2026-11-23 00:00 to 2026-11-24 24:00")]
#[case("yesterday between 09:00 and 10:30", "2026-11-23 09:00 to 10:30")]
#[case("2026-11-20 between 22:00 and 06:00", "2026-11-20 22:00 to 2026-11-21 06:00")]
#[case("2026-11-22", "2026-11-22 00:00 to 24:00")]
#[case("2026-11-22 14:00", "2026-11-22 14:00 to 14:01")]
#[case("2026-11-22 23:59", "2026-11-22 23:59 to 24:00")]
#[case("2026-11-22T14:00:07", "2026-11-22 14:00:07 to 14:00:08")]
#[case("2026-11-22T14:00:00Z", "2026-11-22 15:00 to 15:00:01")]
#[case("2026-11-22t14:00+02:00", "2026-11-22 13:00 to 13:01")]
#[case("14:00", "2026-11-24 14:00 to 14:01")]
#[case("2026-11-20..2026-11-22", "2026-11-20 00:00 to 2026-11-22 24:00")]
#[case("2026-11-20 .. 2026-11-22", "2026-11-20 00:00 to 2026-11-22 24:00")]
#[case("2026-11-20 14:00..2026-11-22 15:00", "2026-11-20 14:00 to 2026-11-22 15:00")]
#[case("2026-11-20..2026-11-22 15:00", "2026-11-20 00:00 to 2026-11-22 15:00")]
#[case("yesterday 09:00..10:30", "2026-11-23 09:00 to 10:30")]
#[case("09:00..10:30", "2026-11-24 09:00 to 10:30")]
#[case("mon..today", "2026-11-23 00:00 to 2026-11-24 24:00")]
#[case("2026-11-20..", "since 2026-11-20 00:00")]
#[case("2024-02-29", "2024-02-29 00:00 to 24:00")]
#[case("who:op1 yesterday app", "2026-11-23 00:00 to 24:00")]
fn stretches_of_time(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(range(text, &now()), expected, "{text}");
}

/// Berlin's clocks go forward on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00; Cairo's go forward at midnight; those of
/// Sao Paulo did until 2018, and back at midnight to 23:00; Havana's midnight comes twice.
#[rstest]
#[case("Europe/Berlin", "2026-03-29T12:00", "today", "2026-03-29 00:00 to 24:00 (23 hours)", 23 * 60)]
#[case("Europe/Berlin", "2026-03-30T12:00", "yesterday", "2026-03-29 00:00 to 24:00 (23 hours)", 23 * 60)]
#[case("Europe/Berlin", "2026-10-26T12:00", "yesterday", "2026-10-25 00:00 to 24:00 (25 hours)", 25 * 60)]
#[case("Europe/Berlin", "2026-10-26T12:00", "2026-10-24..2026-10-25", "2026-10-24 00:00 to 2026-10-25 24:00", 49 * 60)]
#[case(
    "Europe/Berlin",
    "2026-10-26T12:00",
    "sun between 02:00 and 03:00",
    "2026-10-25 02:00 (+02:00) to 03:00",
    120
)]
#[case("Europe/Berlin", "2026-10-26T12:00", "sun 02:30..04:00", "2026-10-25 02:30 (+02:00) to 04:00", 150)]
#[case("Europe/Berlin", "2026-03-29T12:00", "between 02:30 and 04:00", "2026-03-29 03:00 to 04:00", 60)]
#[case("Europe/Berlin", "2026-03-29T12:00", "between 01:30 and 02:30", "2026-03-29 01:30 to 03:00", 30)]
#[case("Africa/Cairo", "2026-04-24T12:00", "today", "2026-04-24 01:00 to 24:00 (23 hours)", 23 * 60)]
#[case("Africa/Cairo", "2026-04-24T12:00", "yesterday", "2026-04-23 00:00 to 24:00", 24 * 60)]
#[case("America/Sao_Paulo", "2018-11-05T12:00", "yesterday", "2018-11-04 01:00 to 24:00 (23 hours)", 23 * 60)]
#[case("America/Sao_Paulo", "2018-02-18T12:00", "yesterday", "2018-02-17 00:00 to 24:00 (25 hours)", 25 * 60)]
#[case(
    "America/Sao_Paulo",
    "2018-02-18T12:00",
    "yesterday between 23:00 and 24:00",
    "2018-02-17 23:00 (-02:00) to 24:00",
    120
)]
#[case("America/Havana", "2026-11-01T12:00", "today", "2026-11-01 00:00 (-04:00) to 24:00 (25 hours)", 25 * 60)]
#[case(
    "America/Havana",
    "2026-11-01T12:00",
    "yesterday between 22:00 and 24:00",
    "2026-10-31 22:00 to 24:00",
    120
)]
fn days_of_other_lengths(
    #[case] zone: &str,
    #[case] now: &str,
    #[case] text: &str,
    #[case] expected: &str,
    #[case] minutes: i64,
) {
    let now: Zoned = format!("{now}[{zone}]").parse().unwrap();
    assert_eq!(range(text, &now), expected);
    let range = ask(text, &now).range.unwrap();
    assert_eq!(range.to.unwrap().duration_since(range.from).as_mins(), minutes);
    let again = ask(&ask(text, &now).written(&now), &now);
    assert_eq!(again.range, Some(range));
}

#[test]
fn a_day_is_a_calendar_day_where_it_is_not_24_hours_long() {
    let now: Zoned = "2026-03-29T12:00[Europe/Berlin]".parse().unwrap();
    assert_eq!(range("last 1d", &now), "since 2026-03-28 12:00");
    assert_eq!(range("last 24h", &now), "since 2026-03-28 11:00");
}

#[rstest]
#[case("who:op1", "who:op1,op1@*")]
#[case("who:Op1@War-Room,-", "who:op1@war-room,-")]
#[case("WHO:op*", "who:op*")]
#[case("verb:dumped,woke,dumped", "verb:dumped,woke")]
#[case("verb:Dumped", "verb:dumped")]
#[case("!verb:dumped", "!verb:dumped")]
#[case("verb:!dumped", "!verb:dumped")]
#[case("!verb:!dumped", "verb:dumped")]
#[case("!!verb:dumped", "verb:dumped")]
#[case("tenant:a*,!acme,!ash", "tenant:a* !tenant:acme,ash")]
#[case("tenant:\"a b\",c", "tenant:\"a b\",c")]
#[case("tenant:'a,b'", "tenant:\"a,b\"")]
#[case("host:web-1 container:acme-app", "host:web-1 container:acme-app")]
#[case("container:/a:b", "container:/a:b")]
#[case("ticket:BF7", "ticket:bf7")]
#[case("source:engine,ticket", "source:engine,ticket")]
#[case("Exit 137", "exit 137")]
#[case("\"Exit 137\"", "\"exit 137\"")]
#[case("!\"exit 137\" !app", "!\"exit 137\" !app")]
#[case("'say \"hi\" \\ it\\'s'", "\"say \\\"hi\\\" \\\\ it's\"")]
#[case("don't", "\"don't\"")]
#[case("\"today\"", "\"today\"")]
#[case("\"tody\"", "\"tody\"")]
#[case("\"14:00\"", "\"14:00\"")]
#[case("10.0.0.1:8080", "\"10.0.0.1:8080\"")]
#[case("a..b", "\"a..b\"")]
#[case("..", "\"..\"")]
#[case("30m callmaps/www.yaml", "30m callmaps/www.yaml")]
#[case("app verb:dumped yesterday", "2026-11-23 app verb:dumped")]
#[case("mon..tue", "2026-11-23..2026-11-24")]
#[case("last 30m", "since 2026-11-24 13:34:22.5")]
#[case("today since 14:00", "2026-11-24 14:00..2026-11-25 00:00")]
fn what_is_asked_can_be_written_and_asked_again(#[case] text: &str, #[case] written: &str) {
    let asked = ask(text, &now());
    assert_eq!(asked.written(&now()), written);
    assert_eq!(ask(written, &now()), asked);
}

#[rstest]
#[case("whoo:op1", 1, "did you mean `who`?")]
#[case("app !tennant:acme", 5, "did you mean `tenant`?")]
#[case("https://example.com", 1, "put it into quotes")]
#[case("verb:dumped,wok", 13, "did you mean `woke`?")]
#[case("verb:woken", 6, "did you mean `woke`?")]
#[case("source:engin", 8, "did you mean `engine`?")]
#[case("source:xyzzy", 8, "known: engine, host, ticket, callmap, file, note")]
#[case("who:", 5, "who:-")]
#[case("tenant:a,", 10, "a value is missing")]
#[case("ticket:xyz", 8, "7 hex digits")]
#[case("ticket:12345678", 8, "7 hex digits")]
#[case("!tenant:a,!b", 1, "not both")]
#[case("app \"exit", 5, "not closed")]
#[case("\"exit\"137", 1, "a space is missing")]
#[case("\"\"", 1, "nothing to look for")]
#[case("yesteday", 1, "did you mean `yesterday`?")]
#[case("who:op1 tody", 9, "did you mean `today`?")]
#[case("sinse 14:00", 1, "did you mean `since`?")]
#[case("lats 30m", 1, "did you mean `last`?")]
#[case("last", 1, "30m, 12h")]
#[case("last acme", 6, "30m, 12h")]
#[case("last 30x", 6, "30m, 12h")]
#[case("last 0m", 6, "30m, 12h")]
#[case("last 999999w", 6, "before 1970")]
#[case("since", 1, "a time must stand after it")]
#[case("since acme", 1, "a time must stand after it")]
#[case("since 25:00", 7, "no such time of day")]
#[case("between 09:00", 1, "between 09:00 and 10:30")]
#[case("between 09:00 and", 15, "a time must stand after it")]
#[case("yesterday between mon and 10:00", 19, "times of day are needed")]
#[case("2026-02-29", 1, "no such day")]
#[case("2026-13-01..2026-13-02", 1, "no such day")]
#[case("2026-11-2", 1, "2026-11-22")]
#[case("22-11-2026", 1, "2026-11-22")]
#[case("1066-10-14", 1, "1970")]
#[case("2026-11-22Tnoon", 1, "a moment is written")]
#[case("24:01", 1, "no such time of day")]
#[case("2026-11-22..2026-11-20", 1, "ends before it begins")]
#[case("..2026-11-20", 1, "say where it begins")]
#[case("today yesterday", 7, "a second stretch")]
#[case("!today", 1, "cannot be negated")]
fn what_cannot_be_understood_is_told_with_its_place(
    #[case] text: &str,
    #[case] at: usize,
    #[case] told: &str,
) {
    let error = Ask::parse(text, &now()).unwrap_err();
    assert_eq!(error.at, at, "{error}");
    assert!(error.to_string().contains(told), "{error}");
}

#[test]
fn a_gap_has_no_stretch_of_its_own() {
    let now: Zoned = "2026-03-29T12:00[Europe/Berlin]".parse().unwrap();
    let error = Ask::parse("between 02:10 and 02:50", &now).unwrap_err();
    assert!(error.what.contains("ends before it begins"), "{error}");
}

#[test]
fn questions_are_bounded_and_errors_harmless() {
    let long = "x ".repeat(1500);
    assert!(Ask::parse(&long, &now()).unwrap_err().what.contains("2000 characters"));
    let many = "x ".repeat(40);
    assert!(Ask::parse(&many, &now()).unwrap_err().what.contains("32 terms"));
    let values = format!("tenant:{}", vec!["x"; 65].join(","));
    assert!(Ask::parse(&values, &now()).unwrap_err().what.contains("64 values"));
    let error = Ask::parse("verb:\u{1b}]0;x\u{7}\u{202e}", &now()).unwrap_err().to_string();
    assert!(error.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{error:?}");
}

#[test]
fn zones_without_a_name_are_told_by_their_offset() {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(5));
    let now = "2026-11-24T12:00Z".parse::<Timestamp>().unwrap().to_zoned(zone.clone());
    assert_eq!(ask("today", &now).range_in_words(&zone), "2026-11-24 00:00 to 24:00, UTC+05");
    let utc = now.with_time_zone(jiff::tz::TimeZone::UTC);
    assert_eq!(ask("", &utc).range_in_words(&jiff::tz::TimeZone::UTC), "all times, UTC");
}

#[test]
fn words_that_stood_in_quotes_in_the_shell_are_a_phrase() {
    let joined = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Ask::joined(&words, &now())
    };
    assert_eq!(joined(&["exit 137", "today"]), "\"exit 137\" today");
    assert_eq!(joined(&["yesterday between 09:00 and 10:30 app"]), "yesterday between 09:00 and 10:30 app");
    assert_eq!(joined(&["between", "09:00", "and", "10:30"]), "between 09:00 and 10:30");
    assert_eq!(joined(&["tenant:\"a b\" x"]), "tenant:\"a b\" x");
    assert_eq!(joined(&["last 30x"]), "last 30x");
}

#[test]
fn the_hints_are_what_can_be_asked() {
    for field in FIELDS {
        assert!(ask(field.example, &now()).terms.len() == 1, "{}", field.example);
        for value in field.values() {
            ask(&format!("{}:{value}", field.name), &now());
        }
    }
    for (example, _) in TIMES {
        assert!(ask(example, &now()).range.is_some(), "{example}");
    }
}

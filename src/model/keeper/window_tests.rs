//! What can be written, and what it means.

use super::*;
use rstest::rstest;

// 2026-11-23 is a Monday.
#[rstest]
#[case("mon-fri 07:00-19:00", "2026-11-23T07:00", true)]
#[case("mon-fri 07:00-19:00", "2026-11-23T19:00", false)]
#[case("mon-fri 07:00-19:00", "2026-11-28T12:00", false)]
#[case("Sat,Sun", "2026-11-28T00:00", true)]
#[case("sat,sun", "2026-11-30T00:00", false)]
#[case("fri-mon", "2026-11-23T23:59", true)]
#[case("fri-mon", "2026-11-24T00:00", false)]
#[case("22:00-06:00", "2026-11-24T05:59", true)]
#[case("22:00-06:00", "2026-11-24T06:00", false)]
#[case("mon 22:00-06:00", "2026-11-24T05:59", true)]
#[case("mon 22:00-06:00", "2026-11-23T05:59", false)]
#[case("daily 20:00-00:00", "2026-11-23T23:59", true)]
#[case("daily 20:00-24:00", "2026-11-24T00:00", false)]
#[case("month 28-3", "2026-12-03T23:59", true)]
#[case("month 28-3", "2026-12-04T00:00", false)]
#[case("month last 18:00-24:00", "2026-11-30T18:00", true)]
#[case("month last 18:00-24:00", "2026-12-30T18:00", false)]
#[case("month last", "2028-02-29T00:00", true)]
#[case("2026-12-24..2027-01-02", "2027-01-02T23:59", true)]
#[case("2026-12-24..2027-01-02", "2027-01-03T00:00", false)]
#[case("2026-12-24", "2026-12-24T12:00", true)]
#[case("2026-12-31 20:00..2027-01-01 06:00", "2026-12-31T19:59", false)]
#[case("2026-12-31 20:00 .. 2027-01-01 06:00", "2027-01-01T05:59", true)]
fn times_mean_what_they_say(#[case] text: &str, #[case] wall: &str, #[case] within: bool) {
    let span = Span::read(text).unwrap();
    assert_eq!(span.holds(wall.parse().unwrap()), within, "{span:?}");
}

#[rstest]
#[case("", "there is nothing")]
#[case("weekdays", "no day")]
#[case("mon-fry 07:00-19:00", "`fry` is no day")]
#[case("mon 7-19", "`7` is no time of the day")]
#[case("mon 07:00-25:00", "`25:00`")]
#[case("mon 07:60-08:00", "`07:60`")]
#[case("mon 07:00", "written as 07:00-19:00")]
#[case("mon 07:00-07:00", "over at once")]
#[case("mon 24:00-07:00", "over at once")]
#[case("mon 07:00-19:00 18:00-19:00", "too much")]
#[case("month", "which days")]
#[case("month 0-3", "`0` is no day of a month")]
#[case("month +1", "`+1` is no day of a month")]
#[case("2026-02-30", "is no date")]
#[case("2026-12-24 10:00", "both ends")]
#[case("2027-01-02..2026-12-24", "ends before it begins")]
#[case("2026-12-24 10:00..2026-12-24 10:00", "ends before it begins")]
#[case("9999-12-31", "after all time")]
fn what_says_no_time_is_told(#[case] text: &str, #[case] told: &str) {
    let error = Span::read(text).unwrap_err().to_string();
    assert!(error.contains(told), "{error}");
}

#[test]
fn every_example_can_be_read() {
    // Only the list of two days has a comma of its own.
    for example in EXAMPLES.replace("sat,sun", "sat").split(", ") {
        assert!(Span::read(example).is_ok(), "{example}");
    }
}

//! The part of an address after the question mark.

use std::time::Duration;

/// The longest that is read.
const LONGEST: usize = 8192;
/// The most keys.
const MOST: usize = 128;
/// The longest duration: so large numbers can be written.
const LONGEST_DURATION: f64 = 10.0 * 365.0 * 86_400.0;

/// It is longer than is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Keys with their values, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads it.
    ///
    /// # Errors
    /// It has more than 8192 bytes or more than 128 keys: cut, it would mean something else.
    pub fn read(text: &str) -> Result<Self, TooLong> {
        if text.len() > LONGEST {
            return Err(TooLong);
        }
        let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().take(MOST + 1).collect();
        if pairs.len() > MOST { Err(TooLong) } else { Ok(Query(pairs)) }
    }

    /// The values of that key.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| &**value)
    }

    /// The first value of that key.
    #[must_use]
    pub fn one(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| &**value)
    }

    /// The duration of that key, as Go writes them: `1m30s`, `1.5h`, `300ms`. An empty one is none.
    ///
    /// # Errors
    /// It is no duration.
    pub fn duration(&self, key: &str) -> Result<Option<Duration>, String> {
        match self.one(key) {
            None | Some("") => Ok(None),
            Some(text) => {
                duration(text).map(Some).ok_or_else(|| format!("`{key}` is no duration such as 1m30s"))
            }
        }
    }
}

fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        rest = &rest[end..];
        seconds += number * unit;
    }
    (!text.is_empty() && seconds <= LONGEST_DURATION).then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[test]
    fn keys_may_come_again() {
        let query = Query::read("names=a&names=b%20c&display_name=The+Shop&x&=y&group=").unwrap();
        assert_eq!(query.all("names").collect::<Vec<_>>(), ["a", "b c"]);
        assert_eq!(query.one("display_name"), Some("The Shop"));
        assert_eq!((query.one("x"), query.one("group"), query.one("z")), (Some(""), Some(""), None));
    }

    #[rstest]
    #[case("5s", Some(5_000))]
    #[case("1m30s", Some(90_000))]
    #[case("1.5h", Some(5_400_000))]
    #[case("300ms", Some(300))]
    #[case("0", Some(0))]
    #[case("5", None)]
    #[case("s", None)]
    #[case("-5s", None)]
    #[case("5 s", None)]
    #[case("1e9h", None)]
    #[case("9999999999999h", None)]
    #[case("..s", None)]
    fn durations_as_go_writes_them(#[case] text: &str, #[case] expected: Option<u64>) {
        let found = Query::read(&format!("timeout={text}")).unwrap().duration("timeout");
        match expected {
            Some(millis) => assert_eq!(found, Ok(Some(Duration::from_millis(millis)))),
            None => assert!(found.unwrap_err().contains("timeout")),
        }
    }

    #[test]
    fn what_is_too_long_is_refused_and_never_cut() {
        let long = |last: &str| "a".repeat(LONGEST - 1) + last;
        assert!(Query::read(&long("a")).is_ok());
        // The bound lies within a character.
        assert_eq!(Query::read(&long("é")), Err(TooLong));
        assert_eq!(Query::read(&("a".repeat(LONGEST - 3) + "=xyz")), Err(TooLong));
        assert!(Query::read(&"k&".repeat(MOST)).is_ok());
        assert_eq!(Query::read(&"k&".repeat(MOST + 1)), Err(TooLong));
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in ".{0,300}") {
            prop_assert!(Query::read(&text).is_ok_and(|query| query.0.len() <= MOST));
            let _ = duration(&text);
        }
    }
}

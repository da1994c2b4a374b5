//! The part of an address after the question mark.

use std::time::Duration;

/// The longest that is read.
const LONGEST: usize = 8192;
/// The most keys.
const MOST: usize = 128;
/// The longest duration: so large numbers can be written.
const LONGEST_DURATION: f64 = 10.0 * 365.0 * 86_400.0;

/// Keys with their values, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads it. What is too long is not read.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let text = text.get(..LONGEST).unwrap_or(text);
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(MOST);
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key), decoded(value))
        };
        Query(pairs.map(pair).collect())
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

/// `%41` is a letter, and `+` a blank.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = &after[2..];
            }
            (b'+', ..) => {
                bytes.push(b' ');
                rest = after;
            }
            (byte, ..) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
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
        let query = Query::read("names=a&names=b%20c&display_name=The+Shop&x&=y&group=");
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
        let found = Query::read(&format!("timeout={text}")).duration("timeout");
        match expected {
            Some(millis) => assert_eq!(found, Ok(Some(Duration::from_millis(millis)))),
            None => assert!(found.unwrap_err().contains("timeout")),
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in ".{0,300}") {
            let query = Query::read(&text);
            prop_assert!(query.0.len() <= MOST);
            let _ = duration(&text);
        }
    }
}

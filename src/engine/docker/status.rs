//! What a list says of a container in its `Status` text: `Up 5 minutes (healthy)`, `Exited (137) 2 hours ago`.

use std::time::Duration;

use crate::model::container::Health;

/// What can be read from a `Status` text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// What the health check says; unknown unless the container runs.
    pub health: Health,
    /// The exit code, where there is one.
    pub code: Option<i64>,
    /// How long it has been so, as roughly as the text says it.
    pub age: Option<Duration>,
}

/// Reads a `Status` text. What it does not understand it leaves out.
#[must_use]
pub fn read(text: &str) -> Status {
    let health = if text.contains("(healthy)") {
        Health::Healthy
    } else if text.contains("(unhealthy)") {
        Health::Unhealthy
    } else if text.contains("(health: starting)") || text.contains("(starting)") {
        Health::Starting
    } else if text.starts_with("Up") && !text.contains('(') {
        Health::None
    } else {
        Health::Unknown
    };
    let code = text
        .strip_prefix("Exited (")
        .or_else(|| text.strip_prefix("Restarting ("))
        .and_then(|rest| rest.split_once(')'))
        .and_then(|(code, _)| code.parse().ok());
    let words = text.split_once(") ").filter(|_| code.is_some()).map_or(text, |(_, after)| after);
    let words = words.strip_prefix("Up ").unwrap_or(words);
    Status { health, code, age: age(words) }
}

/// Reads an age as engines round it: `5 minutes ago`, `About an hour`, `Less than a second`.
fn age(words: &str) -> Option<Duration> {
    let words = words.strip_prefix("About ").unwrap_or(words);
    if words.starts_with("Less than a second") {
        return Some(Duration::ZERO);
    }
    let (count, rest) = words.split_once(' ')?;
    let count: u64 = match count {
        "a" | "an" => 1,
        number => number.parse().ok()?,
    };
    let unit = rest.split([' ', '(']).next()?.trim_end_matches('s');
    let seconds = match unit {
        "second" => 1,
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        "week" => 7 * 86_400,
        "month" => 30 * 86_400,
        "year" => 365 * 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("Up 5 minutes", Health::None, None, Some(300))]
    #[case("Up About a minute (healthy)", Health::Healthy, None, Some(60))]
    #[case("Up Less than a second (health: starting)", Health::Starting, None, Some(0))]
    #[case("Up 2 hours (unhealthy)", Health::Unhealthy, None, Some(7200))]
    #[case("Up 3 hours (Paused)", Health::Unknown, None, Some(10800))]
    #[case("Exited (137) 2 weeks ago", Health::Unknown, Some(137), Some(1_209_600))]
    #[case("Exited (0) About an hour ago", Health::Unknown, Some(0), Some(3600))]
    #[case("Restarting (1) 5 seconds ago", Health::Unknown, Some(1), Some(5))]
    #[case("Created", Health::Unknown, None, None)]
    #[case("Removal In Progress", Health::Unknown, None, None)]
    #[case("", Health::Unknown, None, None)]
    fn status_texts(
        #[case] text: &str,
        #[case] health: Health,
        #[case] code: Option<i64>,
        #[case] age: Option<u64>,
    ) {
        assert_eq!(read(text), Status { health, code, age: age.map(Duration::from_secs) });
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(Up |Exited \\()?.{0,40}") {
            let _ = read(&text);
        }
    }
}

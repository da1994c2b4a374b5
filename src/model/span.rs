//! Durations as people write them: `500ms`, `10s`, `2m`.

use std::time::Duration;

/// A text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no duration (examples: 500ms, 20s, 2m, 1h)")]
pub struct BadSpan(pub String);

/// The duration that `text` says: a number and one of `ms`, `s`, `m`, `h`, `d`.
///
/// # Errors
/// The text is none.
pub fn span(text: &str) -> Result<Duration, BadSpan> {
    read(text).ok_or_else(|| BadSpan(text.to_owned()))
}

fn read(text: &str) -> Option<Duration> {
    let (number, unit) = number_and_unit(text)?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        "d" => number * 86_400.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

/// Splits `1.5m` into 1.5 and `m`. There must be a unit: a bare number means something else to everybody.
#[must_use]
pub fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    Some((text[..at].parse().ok()?, text[at..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read() {
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(span("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(span(" 1h"), Ok(Duration::from_secs(3600)));
        for wrong in ["", "5", "s", "-1s", "5 weeks", "1.2.3s", "99999999999999999999d"] {
            assert_eq!(span(wrong), Err(BadSpan(wrong.to_owned())), "{wrong}");
        }
    }
}

//! Figures and quotations in reasons, as a person would say them.

use std::time::Duration;

use crate::model::callmap::map::Secrets;
use crate::model::plain::plain;

/// The most characters of a quotation.
const QUOTED: usize = 60;

/// A duration in few digits: `412 ms`, `1.5 s`, `5 s`, `2 min`.
#[must_use]
pub fn lasting(time: Duration) -> String {
    let millis = time.as_millis();
    match millis {
        0 => "less than 1 ms".to_owned(),
        1..1_000 => format!("{millis} ms"),
        1_000..120_000 if millis % 1_000 < 50 => format!("{} s", millis / 1_000),
        1_000..120_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min", millis / 60_000),
    }
}

/// How long ago or ahead something is: `3 days`, `1 hour`, in the largest unit of which there is one.
#[must_use]
pub fn distance(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    counted(count, unit)
}

/// `1 day`, `3 days`.
#[must_use]
pub fn counted(count: u64, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// A size: `300 bytes`, `12 KiB`, `1 MiB`.
#[must_use]
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1_024 => counted(bytes as u64, "byte"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

/// A text from outside in quotes, without secrets, harmless, and short. Secrets go first: half of one would not be
/// known for one.
#[must_use]
pub fn quoted(secrets: &Secrets, text: &str) -> String {
    let hidden = secrets.hide(text);
    let short: String = hidden.chars().take(QUOTED).collect();
    let more = if short.len() < hidden.len() { "…" } else { "" };
    format!("\"{}{more}\"", plain(&short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_few_digits() {
        let said = [
            (0, "less than 1 ms"),
            (412, "412 ms"),
            (5_000, "5 s"),
            (5_003, "5 s"),
            (1_500, "1.5 s"),
            (119_999, "119.9 s"),
            (120_000, "2 min"),
        ];
        for (millis, text) in said {
            assert_eq!(lasting(Duration::from_millis(millis)), text);
        }
        assert_eq!(distance(-3 * 86_400 - 5), "3 days");
        assert_eq!(distance(3_600), "1 hour");
        assert_eq!((size(1), size(2_047), size(1 << 20)), ("1 byte".into(), "1 KiB".into(), "1 MiB".into()));
    }

    #[test]
    fn a_quotation_shows_no_part_of_a_secret() {
        let secret = "s".repeat(40);
        let secrets = Secrets::new(vec![("TOKEN".into(), secret.as_str().into())]);
        let text = format!("{}{secret} and more", "a".repeat(40));
        assert_eq!(quoted(&secrets, &text), format!("\"{}${{env:TOKEN}} and mor…\"", "a".repeat(40)));
        assert_eq!(quoted(&secrets, "\u{1b}[1m"), "\"␛[1m\"");
    }
}

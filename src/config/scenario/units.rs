//! Durations (`500ms`, `20s`, `1.5m`), sizes (`512M`, `32G`) and shares (`10%`) as people write them.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

pub(super) fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    read_span(&text)
        .ok_or_else(|| D::Error::custom(format!("{text:?} is no duration (examples: 500ms, 20s, 2m, 1h)")))
}

pub(super) fn some_span<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    span(from).map(Some)
}

pub(super) fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = String::deserialize(from)?;
    read_bytes(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is no size (examples: 512M, 32G)")))
}

pub(super) fn percent<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    let text = String::deserialize(from)?;
    text.strip_suffix('%')
        .and_then(|number| number.trim().parse().ok())
        .filter(|number| *number <= 100)
        .ok_or_else(|| D::Error::custom(format!("{text:?} is no share (example: 10%)")))
}

fn read_span(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
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

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn read_bytes(text: &str) -> Option<u64> {
    // Nothing is nothing in every unit.
    if text.trim() == "0" {
        return Some(0);
    }
    let (number, unit) = split(text)?;
    let factor: u64 = match unit {
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        _ => return None,
    };
    // A float that is too large becomes the largest integer, which no test of memory minds.
    Some((number * factor as f64) as u64)
}

fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    Some((text[..at].parse().ok()?, text[at..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read() {
        assert_eq!(read_span("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(read_span("1.5m"), Some(Duration::from_secs(90)));
        assert_eq!(read_bytes("512M"), Some(512 << 20));
        for wrong in ["", "5", "s", "-1s", "5 weeks", "1.2.3s"] {
            assert_eq!(read_span(wrong), None, "{wrong}");
        }
        assert_eq!(read_bytes("0"), Some(0));
        assert_eq!(read_bytes("12"), None);
    }
}

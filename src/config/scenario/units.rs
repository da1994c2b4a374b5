//! Durations (`500ms`, `20s`, `1.5m`), sizes (`512M`, `32G`) and shares (`10%`) as people write them.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::model::span;

pub(super) fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    span::span(&text).map_err(D::Error::custom)
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

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(in crate::config) fn read_bytes(text: &str) -> Option<u64> {
    // Nothing is nothing in every unit.
    if text.trim() == "0" {
        return Some(0);
    }
    let (number, unit) = span::number_and_unit(text)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read() {
        assert_eq!(read_bytes("512M"), Some(512 << 20));
        assert_eq!(read_bytes("0"), Some(0));
        assert_eq!(read_bytes("12"), None);
    }
}

//! Numbers and spans of time as they are written.

use std::time::Duration;

use crate::config::callmap::limits::SHORTEST;
use crate::config::callmap::written::{At, Written};
use crate::config::callmap::wrong::Wrong;
use crate::model::span;

/// A whole number from `least` to `most`.
///
/// # Errors
/// It is none, or out of these bounds.
pub fn whole(written: &At<Written>, least: u64, most: u64) -> Result<u64, Wrong> {
    let text = &written.value.0;
    let number = digits(text).ok_or_else(|| format!("`{text}` is no whole number"))?;
    if !(least..=most).contains(&number) {
        return Err(format!("{text} is out of bounds: {least} to {most}").into());
    }
    Ok(number)
}

/// A port.
///
/// # Errors
/// It is none.
pub fn port(text: &str) -> Result<u16, Wrong> {
    digits(text)
        .and_then(|port| u16::try_from(port).ok())
        .filter(|port| *port > 0)
        .ok_or_else(|| format!("`{text}` is no port (1 to 65535)").into())
}

/// The number that digits are, the largest for more than fit; nothing where there is anything but digits.
pub fn digits(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// A span of time, at most `longest`.
///
/// # Errors
/// It is none, or out of bounds.
pub fn span(written: &At<Written>, longest: Duration) -> Result<Duration, Wrong> {
    let text = &written.value.0;
    if digits(text).is_some() || text.parse::<f64>().is_ok() {
        return Err(Wrong::new(
            "a duration without a unit",
            format!("write the unit: {text}s, {text}ms or {text}m"),
        ));
    }
    let duration = span::span(text).map_err(|error| error.to_string())?;
    if duration < SHORTEST {
        return Err(format!("{text} is too short: at least 1ms").into());
    }
    if duration > longest {
        return Err(format!("{text} is too long: at most {}m", longest.as_secs() / 60).into());
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::callmap::places::Spot;
    use rstest::rstest;

    fn at(text: &str) -> At<Written> {
        At { spot: Spot::from_number(0), value: Written(text.to_owned()) }
    }

    #[rstest]
    #[case("0", Ok(0))]
    #[case("10", Ok(10))]
    #[case("11", Err("11 is out of bounds: 0 to 10"))]
    #[case("99999999999999999999999", Err("99999999999999999999999 is out of bounds: 0 to 10"))]
    #[case("-1", Err("`-1` is no whole number"))]
    #[case("1.5", Err("`1.5` is no whole number"))]
    #[case("", Err("`` is no whole number"))]
    fn whole_numbers(#[case] text: &str, #[case] expected: Result<u64, &str>) {
        let found = whole(&at(text), 0, 10).map_err(|wrong| wrong.message);
        assert_eq!(found, expected.map_err(str::to_owned));
    }

    #[rstest]
    #[case("1ms", Some(1))]
    #[case("1.5s", Some(1500))]
    #[case("1m", Some(60_000))]
    #[case("61s", None)]
    #[case("0s", None)]
    #[case("5", None)]
    #[case("1.5", None)]
    #[case("soon", None)]
    fn spans(#[case] text: &str, #[case] expected: Option<u64>) {
        let found = span(&at(text), Duration::from_secs(60)).ok();
        assert_eq!(found, expected.map(Duration::from_millis));
    }
}

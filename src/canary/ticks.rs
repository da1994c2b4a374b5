//! What the canary writes of itself, for those who look from outside.

use std::str::FromStr;

/// What the canary's file of ticks says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticks {
    /// How often it has ticked in this life, ten times a second.
    pub count: u64,
    /// Drawn at its start and kept in its memory alone: the same means that its memory was kept.
    pub life: u32,
    /// Its memory holds what was written there.
    pub right: bool,
}

/// The file is not as a canary writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the canary's file of ticks cannot be read")]
pub struct BadTicks;

impl FromStr for Ticks {
    type Err = BadTicks;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split_ascii_whitespace().take(4).collect();
        let [count, life, memory] = words[..] else { return Err(BadTicks) };
        let right = match memory {
            "ok" => true,
            "bad" => false,
            _ => return Err(BadTicks),
        };
        Ok(Ticks {
            count: count.parse().map_err(|_| BadTicks)?,
            life: u32::from_str_radix(life, 16).map_err(|_| BadTicks)?,
            right,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_line_of_ticks() {
        let ticks = Ticks { count: 42, life: 0xdead_beef, right: true };
        assert_eq!("000000000042 deadbeef ok \n".parse(), Ok(ticks.clone()));
        assert_eq!("000000000042 deadbeef bad\n".parse(), Ok(Ticks { right: false, ..ticks }));
    }

    #[rstest]
    #[case("")]
    #[case("1 2")]
    #[case("x deadbeef ok")]
    #[case("1 deadbeef fine")]
    #[case("1 deadbeef ok more")]
    fn anything_else_is_none(#[case] text: &str) {
        assert_eq!(text.parse::<Ticks>(), Err(BadTicks));
    }
}

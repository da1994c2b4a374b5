//! A theme's styles, turned into what the terminal at hand can show.

use ratatui::style::{Color as Shown, Modifier, Style as ShownStyle};

use crate::config::theme::{Color, Slot, Style, Theme};
use crate::model::state::Kind;

/// How many colours the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None, or none are wanted (`NO_COLOR`): weight and reverse video only.
    None,
    /// The 16 of every terminal.
    Sixteen,
    /// The 256 of xterm.
    Indexed,
    /// 24 bits.
    True,
}

impl Depth {
    /// What the environment says, looked up by `variable`. `NO_COLOR` wins: see no-color.org.
    #[must_use]
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Depth {
        if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            return Depth::None;
        }
        let term = variable("TERM").unwrap_or_default();
        let colorterm = variable("COLORTERM").unwrap_or_default();
        if term == "dumb" {
            Depth::None
        } else if colorterm.contains("truecolor") || colorterm.contains("24bit") || term.ends_with("-direct")
        {
            Depth::True
        } else if term.contains("256color") {
            Depth::Indexed
        } else {
            Depth::Sixteen
        }
    }
}

/// The styles of every slot, ready to draw with.
#[derive(Clone, Debug)]
pub struct Palette {
    styles: Vec<ShownStyle>,
}

impl Palette {
    /// The theme as this depth can show it.
    #[must_use]
    pub fn new(theme: &Theme, depth: Depth) -> Self {
        let styles = Slot::ALL.iter().map(|slot| shown(theme.style(*slot), *slot, depth)).collect();
        Palette { styles }
    }

    /// The style of a slot.
    #[must_use]
    pub fn of(&self, slot: Slot) -> ShownStyle {
        Slot::ALL
            .iter()
            .position(|other| *other == slot)
            .map_or_else(ShownStyle::default, |at| self.styles[at])
    }

    /// The style of a kind of state.
    #[must_use]
    pub fn kind(&self, kind: Kind) -> ShownStyle {
        self.of(match kind {
            Kind::Good => Slot::Good,
            Kind::Idle => Slot::Idle,
            Kind::Busy => Slot::Busy,
            Kind::Bad => Slot::Bad,
            Kind::Warn => Slot::Warn,
            Kind::Calm => Slot::Calm,
            Kind::Absent => Slot::Absent,
        })
    }
}

fn shown(style: Style, slot: Slot, depth: Depth) -> ShownStyle {
    let mut result = ShownStyle::default();
    if depth != Depth::None {
        result.fg = style.fg.map(|color| lessened(color, depth));
        result.bg = style.bg.map(|color| lessened(color, depth));
    }
    let mut add = |wanted: bool, modifier: Modifier| {
        if wanted {
            result = result.add_modifier(modifier);
        }
    };
    add(style.bold, Modifier::BOLD);
    add(style.dim, Modifier::DIM);
    add(style.italic, Modifier::ITALIC);
    add(style.underline, Modifier::UNDERLINED);
    // Where a colour marks something and there is none, reverse video does.
    let marked =
        depth == Depth::None && matches!(slot, Slot::Selected | Slot::Bad | Slot::Demo | Slot::Error);
    add(style.reverse || marked, Modifier::REVERSED);
    result
}

fn lessened(color: Color, depth: Depth) -> Shown {
    match (color, depth) {
        (Color::Default, _) | (_, Depth::None) => Shown::Reset,
        (Color::Indexed(number), Depth::Sixteen) => Shown::Indexed(nearest_of_16(rgb_of_index(number))),
        (Color::Ansi(number) | Color::Indexed(number), _) => Shown::Indexed(number),
        (Color::Rgb(r, g, b), Depth::True) => Shown::Rgb(r, g, b),
        (Color::Rgb(r, g, b), Depth::Indexed) => Shown::Indexed(nearest_of_256((r, g, b))),
        (Color::Rgb(r, g, b), Depth::Sixteen) => Shown::Indexed(nearest_of_16((r, g, b))),
    }
}

type Rgb = (u8, u8, u8);

/// The levels of xterm's 6 x 6 x 6 cube.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
/// xterm's first 16.
const SIXTEEN: [Rgb; 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

fn rgb_of_index(number: u8) -> Rgb {
    match number {
        0..=15 => SIXTEEN[usize::from(number)],
        16..=231 => {
            let n = usize::from(number - 16);
            (LEVELS[n / 36], LEVELS[n / 6 % 6], LEVELS[n % 6])
        }
        232..=255 => {
            let grey = 8 + 10 * (number - 232);
            (grey, grey, grey)
        }
    }
}

fn nearest_of_256(color: Rgb) -> u8 {
    // The first 16 differ from terminal to terminal, so they are not used.
    (16..=255).min_by_key(|number| distance(color, rgb_of_index(*number))).unwrap_or(16)
}

fn nearest_of_16(color: Rgb) -> u8 {
    (0..16).min_by_key(|number| distance(color, SIXTEEN[usize::from(*number)])).unwrap_or(7)
}

/// How different two colours look: the red-mean approximation, good enough to pick from a palette.
fn distance(a: Rgb, b: Rgb) -> i32 {
    let (dr, dg, db) =
        (i32::from(a.0) - i32::from(b.0), i32::from(a.1) - i32::from(b.1), i32::from(a.2) - i32::from(b.2));
    let mean = i32::midpoint(i32::from(a.0), i32::from(b.0));
    (((512 + mean) * dr * dr) >> 8) + 4 * dg * dg + (((767 - mean) * db * db) >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")], Depth::None)]
    #[case(&[("NO_COLOR", ""), ("COLORTERM", "truecolor")], Depth::True)]
    #[case(&[("TERM", "xterm-256color")], Depth::Indexed)]
    #[case(&[("TERM", "linux")], Depth::Sixteen)]
    #[case(&[("TERM", "dumb")], Depth::None)]
    fn depth_follows_the_environment(#[case] set: &[(&str, &str)], #[case] expected: Depth) {
        let look =
            |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        assert_eq!(Depth::detect(look), expected);
    }

    #[test]
    fn colours_are_lessened_to_the_nearest() {
        assert_eq!(nearest_of_256((255, 0, 0)), 196);
        assert_eq!(nearest_of_256((8, 8, 8)), 232);
        assert_eq!(nearest_of_16((250, 10, 10)), 9);
        assert_eq!(lessened(Color::Rgb(1, 2, 3), Depth::True), Shown::Rgb(1, 2, 3));
    }
}

//! Colours and styles as theme files write them: `red`, `208`, `"#aabbcc on #112233 bold"`. Pure data: the console maps
//! them to what the terminal can show.

use std::fmt;
use std::str::FromStr;

use super::suggest;

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Color {
    /// The terminal's own, written `default`.
    Default,
    /// One of the sixteen that the terminal's user chose, 0 to 15, written `red` or `bright-red`.
    Ansi(u8),
    /// One of the 256 of xterm's palette, written as its number.
    Indexed(u8),
    /// A true colour, written `#rrggbb`.
    Rgb(u8, u8, u8),
}

/// The names of the first eight colours; the next eight are `bright-` these.
const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const ATTRIBUTES: [&str; 5] = ["bold", "dim", "italic", "underline", "reverse"];

impl FromStr for Color {
    type Err = BadStyle;

    fn from_str(text: &str) -> Result<Self, BadStyle> {
        if text == "default" {
            return Ok(Color::Default);
        }
        if let Some(digits) = text.strip_prefix('#') {
            return rgb(digits).ok_or_else(|| BadStyle::new(text, "write a colour as #rrggbb"));
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let number = text.parse().map_err(|_| BadStyle::new(text, "a colour's number is 0 to 255"))?;
            return Ok(Color::Indexed(number));
        }
        let (name, bright) = text.strip_prefix("bright-").map_or((text, 0), |name| (name, 8));
        if let Some((number, _)) = (0_u8..).zip(NAMES).find(|(_, known)| *known == name) {
            return Ok(Color::Ansi(number + bright));
        }
        let known: Vec<&str> = ["default"].into_iter().chain(NAMES).chain(ATTRIBUTES).chain(["on"]).collect();
        let why = suggest::nearest(name, &known).map_or_else(
            || format!("write {}, bright-..., 0 to 255 or #rrggbb", known.join(", ")),
            |name| format!("did you mean `{name}`?"),
        );
        Err(BadStyle { word: text.to_owned(), why })
    }
}

fn rgb(digits: &str) -> Option<Color> {
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some(Color::Rgb(red, green, blue))
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Color::Default => f.write_str("default"),
            Color::Ansi(number) => {
                let bright = if *number < 8 { "" } else { "bright-" };
                write!(f, "{bright}{}", NAMES[usize::from(number % 8)])
            }
            Color::Indexed(number) => write!(f, "{number}"),
            Color::Rgb(red, green, blue) => write!(f, "#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

/// How text looks. What it does not say stays as it is underneath.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools)] // A terminal's attributes are just that: five independent switches.
pub struct Style {
    /// The colour of the text.
    pub fg: Option<Color>,
    /// The colour behind it.
    pub bg: Option<Color>,
    /// Heavier.
    pub bold: bool,
    /// Fainter.
    pub dim: bool,
    /// Slanted.
    pub italic: bool,
    /// With a line under it.
    pub underline: bool,
    /// With both colours exchanged.
    pub reverse: bool,
}

/// A text that is no style.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is no colour")]
pub struct BadStyle {
    /// The word at fault.
    pub word: String,
    /// What would be right.
    pub why: String,
}

impl BadStyle {
    fn new(word: &str, why: &str) -> Self {
        BadStyle { word: word.to_owned(), why: why.to_owned() }
    }
}

impl FromStr for Style {
    type Err = BadStyle;

    /// Reads `[colour] [on colour] [bold] [dim] [italic] [underline] [reverse]`, in any order, each once.
    fn from_str(text: &str) -> Result<Self, BadStyle> {
        let mut style = Style::default();
        let mut words = text.split_whitespace();
        let mut empty = true;
        while let Some(word) = words.next() {
            empty = false;
            let again = match word {
                "bold" => std::mem::replace(&mut style.bold, true),
                "dim" => std::mem::replace(&mut style.dim, true),
                "italic" => std::mem::replace(&mut style.italic, true),
                "underline" => std::mem::replace(&mut style.underline, true),
                "reverse" => std::mem::replace(&mut style.reverse, true),
                "on" => {
                    let colour =
                        words.next().ok_or_else(|| BadStyle::new("on", "a colour goes after `on`"))?;
                    style.bg.replace(colour.parse()?).is_some()
                }
                colour => style.fg.replace(colour.parse()?).is_some(),
            };
            if again {
                return Err(BadStyle::new(
                    word,
                    "it stands here twice; example: \"#aabbcc on #112233 bold\"",
                ));
            }
        }
        // In YAML an unquoted `#` starts a comment, so that the value is gone.
        if empty {
            return Err(BadStyle::new("", "put a colour with # in quotes: \"#aabbcc\""));
        }
        Ok(style)
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switches = [self.bold, self.dim, self.italic, self.underline, self.reverse];
        let words: Vec<String> = self
            .fg
            .map(|colour| colour.to_string())
            .into_iter()
            .chain(self.bg.map(|colour| format!("on {colour}")))
            .chain(
                switches.into_iter().zip(ATTRIBUTES).filter(|(on, _)| *on).map(|(_, name)| name.to_owned()),
            )
            .collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("#aabbcc on #112233 bold")]
    #[case("default on default")]
    #[case("bright-red")]
    #[case("208 on 17 dim italic underline reverse")]
    #[case("on black")]
    #[case("bold")]
    fn a_style_prints_as_it_was_written(#[case] text: &str) {
        assert_eq!(text.parse::<Style>().unwrap().to_string(), text);
    }

    #[rstest]
    #[case("", "in quotes")]
    #[case("#aabbc", "#rrggbb")]
    #[case("#+abbcc", "#rrggbb")]
    #[case("256", "0 to 255")]
    #[case("gren", "did you mean `green`?")]
    #[case("red blod", "did you mean `bold`?")]
    #[case("red on", "after `on`")]
    #[case("red green", "twice")]
    #[case("bold bold", "twice")]
    fn what_is_no_style_is_refused(#[case] text: &str, #[case] why: &str) {
        let told = text.parse::<Style>().unwrap_err();
        assert!(told.why.contains(why), "{}", told.why);
    }
}

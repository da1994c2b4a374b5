//! What is wrong with a file, where, and what was probably meant.

use std::fmt;
use std::path::Path;

use unicode_width::UnicodeWidthStr;

use super::printable::printable;
use super::secret::masked;

/// How much of a long line is shown before and after the fault.
const SHOWN: usize = 60;

/// A place in a file: line and column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A fault in a config file, a theme, a scenario, or a variable of the environment.
///
/// It prints as `FILE:LINE:COLUMN: message`, the line with a caret under the column, and a line of help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(Box<Fault>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    origin: String,
    place: Option<Place>,
    line: Option<String>,
    message: String,
    help: Option<String>,
}

impl ConfigError {
    /// A fault of a whole file.
    #[must_use]
    pub fn in_file(file: &Path, message: impl Into<String>) -> Self {
        Self::of(&file.to_string_lossy(), message)
    }

    /// A fault of something that is no file: a variable of the environment.
    #[must_use]
    pub fn of(origin: &str, message: impl Into<String>) -> Self {
        let (place, line, help) = (None, None, None);
        ConfigError(Box::new(Fault { origin: origin.to_owned(), place, line, message: message.into(), help }))
    }

    /// The same fault at a place of `text`, the file's text.
    #[must_use]
    pub fn at(mut self, place: Place, text: &str) -> Self {
        self.0.place = Some(place);
        self.0.line = text.split('\n').nth(place.line.saturating_sub(1)).map(str::to_owned);
        self
    }

    /// The same fault with a line that helps.
    #[must_use]
    pub fn with_help(mut self, help: Option<String>) -> Self {
        self.0.help = help;
        self
    }

    /// Where it is, if it is at a place of a file.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }

    /// What is wrong, safe to print.
    #[must_use]
    pub fn message(&self) -> String {
        printable(&masked(&self.0.message))
    }

    /// What was probably meant, safe to print.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        self.0.help.as_deref().map(printable)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0.origin))?;
        if let Some(Place { line, column }) = self.0.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message())?;
        if let (Some(Place { line, column }), Some(text)) = (self.0.place, &self.0.line) {
            let (shown, indent) = excerpt(&masked(text.trim_end_matches('\r')), column);
            let number = line.to_string();
            write!(f, "\n {number} | {shown}\n {:1$} | ", "", number.len())?;
            write!(f, "{:indent$}^", "")?;
        }
        if let Some(help) = self.help() {
            write!(f, "\n help: {help}")?;
        }
        Ok(())
    }
}

/// The part of `line` around `column`, and how many cells stand before that column.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let column = column.saturating_sub(1);
    let from = column.saturating_sub(SHOWN);
    let safe = |text: String| printable(&text.replace('\t', " "));
    let mut before = safe(line.chars().skip(from).take(column - from).collect());
    if from > 0 {
        before.insert(0, '…');
    }
    let mut after = safe(line.chars().skip(column).take(SHOWN).collect());
    if line.chars().nth(column + SHOWN).is_some() {
        after.push('…');
    }
    let indent = before.width();
    (before + &after, indent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, line: usize, column: usize) -> String {
        ConfigError::in_file(Path::new("a.yaml"), "bad").at(Place { line, column }, text).to_string()
    }

    #[test]
    fn the_caret_stands_under_the_character_also_after_wide_ones() {
        assert_eq!(shown("a: 1\n租户: x\n", 2, 5), "a.yaml:2:5: bad\n 2 | 租户: x\n   |       ^");
        assert_eq!(shown("\ta: x", 1, 5), "a.yaml:1:5: bad\n 1 |  a: x\n   |     ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let told = shown(&format!("{}X{}", "a".repeat(500), "b".repeat(500)), 1, 501);
        assert!(told.lines().all(|line| line.width() < 140), "{told}");
        let lines: Vec<&str> = told.lines().collect();
        let caret = lines[2].chars().position(|c| c == '^');
        assert_eq!(lines[1].chars().position(|c| c == 'X'), caret);
    }

    #[test]
    fn a_password_near_the_fault_is_not_shown() {
        let text = "{ledger: 'postgres://me:geheim@db/x', them: dark}";
        let told = shown(text, 1, 39);
        assert!(told.contains("me:******@db") && !told.contains("geheim"), "{told}");
        let caret = told.lines().last().and_then(|line| line.find('^'));
        assert_eq!(caret, told.lines().nth(1).and_then(|line| line.find("them")));
    }

    #[test]
    fn nothing_of_the_file_reaches_the_terminal_raw() {
        let error = ConfigError::in_file(Path::new("a\u{1b}[2J"), "b\u{7}").with_help(Some("c\u{9b}".into()));
        let told = error.at(Place { line: 1, column: 1 }, "d\u{202e}").to_string();
        assert!(!told.contains(|c: char| c != '\n' && super::super::printable::is_unsafe(c)), "{told:?}");
    }
}

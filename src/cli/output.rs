//! What is printed. A reader that goes away (`| head`) ends the command quietly.

use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal, Write};

use super::Failure;
use crate::model::cells::width;
use crate::model::plain::is_harmful;

/// Prints what `write` writes.
///
/// # Errors
/// The output cannot be written to; a closed pipe is no error.
pub fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => other.map_err(Failure::from),
    }
}

/// Prints rows in columns as wide as their widest cell. The first row is the names.
///
/// # Errors
/// As `print`.
pub fn table(rows: &[Vec<String>]) -> Result<(), Failure> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    print(|out| {
        for row in rows {
            let mut line = String::new();
            for (cell, wide) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', wide + 2 - width(cell)));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    })
}

/// Prints a value as JSON in one line.
///
/// # Errors
/// As `print`.
pub fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::Failed(error.to_string()))?;
    print(|out| writeln!(out, "{}", harmless(text)))
}

/// JSON says the same with such characters escaped, and a terminal is then not steered by it.
fn harmless(json: String) -> String {
    if !json.chars().any(is_harmful) {
        return json;
    }
    let mut text = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_harmful(c) {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

/// Whether text may have colours.
pub fn colours() -> bool {
    let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    places_text() && !is_unwanted
}

/// Whether the output is a terminal on which a line can be written over.
pub fn places_text() -> bool {
    io::stdout().is_terminal() && !is_dumb()
}

/// Whether the error output is one.
pub fn places_errors() -> bool {
    io::stderr().is_terminal() && !is_dumb()
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|it| it == "dumb" || it == "unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_the_same_and_steers_nothing() {
        let text = "a\u{1b}[31m\n\u{7f}\u{9b}2J\u{202e}\u{feff}青";
        let json = harmless(serde_json::to_string(text).unwrap());
        assert!(!json.chars().any(is_harmful), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}

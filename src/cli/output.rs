//! What is printed. A reader that goes away (`| head`) ends the command quietly.

use std::io::{self, BufWriter, Write};

use super::Failure;
use crate::model::cells::width;

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
    print(|out| writeln!(out, "{text}"))
}

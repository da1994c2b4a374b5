//! Bars for a terminal.

use std::io::IsTerminal;

use crate::model::cells::{fit, width};

/// The widest chart: longer bars say nothing more.
const WIDEST: usize = 120;
const NARROWEST: usize = 40;
/// Where nobody says how wide it is.
const USUAL: usize = 80;
/// The widest name.
const NAME: usize = 28;
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// How a chart is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Chart {
    /// In cells.
    pub width: usize,
    pub colour: bool,
}

impl Chart {
    /// As the output has it.
    pub fn of_process() -> Self {
        let wide = rustix::termios::tcgetwinsize(std::io::stdout()).map(|size| usize::from(size.ws_col));
        let width = match wide {
            Ok(wide) if wide > 0 && std::io::stdout().is_terminal() => wide.clamp(NARROWEST, WIDEST),
            _ => USUAL,
        };
        Chart { width, colour: crate::cli::output::colours() }
    }

    /// A heading.
    pub fn head(&self, text: &str) -> String {
        if self.colour { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A line for each, with a bar as long as its count is great. The names must be harmless.
    pub fn bars(&self, rows: &[(String, u64)]) -> Vec<String> {
        let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let name_wide = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0).min(NAME);
        let count_wide = most.to_string().len();
        let room = self.width.saturating_sub(2 + name_wide + 2 + count_wide + 1);
        let line = |(name, count): &(String, u64)| {
            let name = fit(name, name_wide);
            let pad = " ".repeat(name_wide - width(&name));
            let bar = bar(*count, most, room);
            let bar = if self.colour && !bar.is_empty() { format!("\u{1b}[36m{bar}\u{1b}[0m") } else { bar };
            format!("  {name}{pad}  {count:>count_wide$} {bar}").trim_end().to_owned()
        };
        rows.iter().map(line).collect()
    }
}

/// A bar of `count` among `most`, which fills the room. What is there at all can be seen.
fn bar(count: u64, most: u64, room: usize) -> String {
    let eighths = u128::try_from(room * 8).unwrap_or(0) * u128::from(count) / u128::from(most.max(1));
    let eighths = usize::try_from(eighths).unwrap_or(0).max(usize::from(count > 0));
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fill_the_width_and_no_more() {
        let rows =
            [("op1".to_owned(), 16), ("青松".to_owned(), 4), ("-".to_owned(), 1), ("keeper".to_owned(), 0)];
        let chart = Chart { width: 29, colour: false };
        let lines = chart.bars(&rows);
        assert_eq!(
            lines,
            ["  op1     16 ████████████████", "  青松     4 ████", "  -        1 █", "  keeper   0"]
        );
        assert!(lines.iter().all(|line| width(line) <= 29));
        assert_eq!(bar(1, 1_000_000, 10), "▏");
        assert_eq!(bar(u64::MAX, u64::MAX, 3), "███");
        let long = [("x".repeat(100), 1)];
        assert!(width(&chart.bars(&long)[0]) <= 40);
        let coloured = Chart { width: 40, colour: true }.bars(&rows);
        assert!(coloured[0].contains("\u{1b}[36m") && !coloured[3].contains('\u{1b}'));
    }
}

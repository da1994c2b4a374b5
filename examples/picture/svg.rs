//! A terminal's screen as an SVG that looks the same whatever fonts its reader has: plain words are set to the width of
//! their cells, every other character stands in the middle of its own, and lines and bars are drawn, not written.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// The size of a cell: a monospaced font's advance is 0.6 of its size.
const WIDE: f32 = 8.4;
const HIGH: f32 = 18.0;
const FONT: f32 = 14.0;
/// From the top of a cell to the line that letters stand on.
const BASE: f32 = 13.5;
/// The window around the screen.
const MARGIN: f32 = 12.0;
const BAR: f32 = 30.0;

/// How one cell is to look.
#[derive(Clone, Copy, PartialEq)]
struct Look {
    ink: [u8; 3],
    ground: [u8; 3],
    /// Bold, dim, italic, underlined.
    marks: [bool; 4],
}

/// Draws the screen in a window with that title.
///
/// # Errors
/// A colour that is not written as red, green and blue: the demo is run so that all are.
pub fn of_screen(screen: &Screen, title: &str) -> Result<String, String> {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let looks: Vec<Vec<Look>> =
        (0..rows).map(|y| looks(screen, y, columns)).collect::<Result<_, String>>()?;
    let ground = looks[usize::from(rows / 2)][0].ground;
    let (inner_wide, inner_high) = (f32::from(columns) * WIDE, f32::from(rows) * HIGH);
    let (wide, high) = (inner_wide + 2.0 * MARGIN, inner_high + BAR + MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide:.0} {high:.0}\" width=\"{wide:.0}\" height=\"{high:.0}\" \
         font-family=\"'DejaVu Sans Mono','SFMono-Regular',Menlo,Consolas,'Noto Sans Mono CJK SC',monospace\" \
         font-size=\"{FONT}\" xml:space=\"preserve\">\n<title>{}</title>\n",
        escaped(title)
    );
    window(&mut out, wide, high, ground, title);
    let _ = writeln!(out, "<g transform=\"translate({MARGIN} {BAR})\">");
    for (y, row) in (0..rows).zip(&looks) {
        grounds(&mut out, y, row, ground);
        for (from, to) in runs(row) {
            ink(&mut out, screen, y, from, to, row[usize::from(from)]);
        }
    }
    out.push_str("</g>\n</svg>\n");
    Ok(out)
}

fn window(out: &mut String, wide: f32, high: f32, ground: [u8; 3], title: &str) {
    let light = ground.iter().map(|part| u32::from(*part)).sum::<u32>() > 384;
    let (edge, text) = if light { ("#b9b4a8", "#5c5f66") } else { ("#3a4356", "#8c96a8") };
    let _ = writeln!(
        out,
        "<rect x=\"0.5\" y=\"0.5\" width=\"{:.0}\" height=\"{:.0}\" rx=\"9\" fill=\"{}\" stroke=\"{edge}\"/>",
        wide - 1.0,
        high - 1.0,
        hex(ground)
    );
    for (at, fill) in [(20, "#e0655d"), (39, "#dfae45"), (58, "#5bb660")] {
        let _ = writeln!(out, "<circle cx=\"{at}\" cy=\"15\" r=\"5.5\" fill=\"{fill}\"/>");
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.0}\" y=\"19.5\" text-anchor=\"middle\" font-size=\"12.5\" fill=\"{text}\">{}</text>",
        wide / 2.0,
        escaped(title)
    );
}

/// The cells' grounds, where they are not the window's.
fn grounds(out: &mut String, y: u16, row: &[Look], ground: [u8; 3]) {
    let mut x = 0;
    while x < row.len() {
        let this = row[x].ground;
        let cells = row[x..].iter().take_while(|look| look.ground == this).count();
        if this != ground {
            rectangle(out, left(x), f32::from(y) * HIGH, left(cells), HIGH, this);
        }
        x += cells;
    }
}

/// Stretches of cells that look the same.
fn runs(row: &[Look]) -> Vec<(u16, u16)> {
    let mut runs = Vec::new();
    let mut from = 0;
    for to in 1..=row.len() {
        if to == row.len() || row[to] != row[from] {
            runs.extend(u16::try_from(from).ok().zip(u16::try_from(to).ok()));
            from = to;
        }
    }
    runs
}

/// Draws the characters of one run: words of plain letters as they are, everything else cell by cell.
fn ink(out: &mut String, screen: &Screen, y: u16, from: u16, to: u16, look: Look) {
    let mut word = String::new();
    let mut start = from;
    for x in from..=to {
        let cell = (x < to).then(|| screen.cell(y, x)).flatten();
        let text = cell.map_or("", Cell::contents);
        if matches!(text.as_bytes(), [b'!'..=b'~']) {
            if word.is_empty() {
                start = x;
            }
            word.push_str(text);
            continue;
        }
        if !word.is_empty() {
            let cells = word.len();
            words(out, left(usize::from(start)), y, cells, &std::mem::take(&mut word), look);
        }
        if !text.trim().is_empty() {
            let cells = if cell.is_some_and(Cell::is_wide) { 2 } else { 1 };
            glyph(out, left(usize::from(x)), f32::from(y) * HIGH, cells, text, look);
        }
    }
}

fn words(out: &mut String, x: f32, y: u16, cells: usize, text: &str, look: Look) {
    let y = f32::from(y) * HIGH + BASE;
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\"{}>{}</text>",
        left(cells),
        style(look),
        escaped(text)
    );
}

/// One character that is no plain letter.
fn glyph(out: &mut String, x: f32, y: f32, cells: usize, text: &str, look: Look) {
    const BARS: &str = "▁▂▃▄▅▆▇█";
    let (middle, half) = (x + WIDE / 2.0, y + HIGH / 2.0);
    // Lines are as thick as a point and go from edge to edge, so that they meet.
    let across = |from: f32, to: f32| (from, half - 0.5, to - from, 1.0);
    let down = |from: f32, to: f32| (middle - 0.5, from, 1.0, to - from);
    let (end, foot) = (x + WIDE, y + HIGH);
    let pieces = match text {
        "─" => vec![across(x, end)],
        "│" => vec![down(y, foot)],
        "┌" => vec![across(middle - 0.5, end), down(half, foot)],
        "┐" => vec![across(x, middle + 0.5), down(half, foot)],
        "└" => vec![across(middle - 0.5, end), down(y, half)],
        "┘" => vec![across(x, middle + 0.5), down(y, half)],
        _ => {
            let Some(at) = BARS.chars().position(|bar| text.starts_with(bar)) else {
                let (centre, base) = (x + left(cells) / 2.0, y + BASE);
                let _ = writeln!(
                    out,
                    "<text x=\"{centre:.1}\" y=\"{base:.1}\" text-anchor=\"middle\"{}>{}</text>",
                    style(look),
                    escaped(text)
                );
                return;
            };
            let tall = BARS.chars().take(at + 1).fold(0.0, |sum, _| sum + HIGH / 8.0);
            vec![(x, foot - tall, WIDE, tall)]
        }
    };
    for (x, y, wide, high) in pieces {
        rectangle(out, x, y, wide, high, look.ink);
    }
}

fn rectangle(out: &mut String, x: f32, y: f32, wide: f32, high: f32, fill: [u8; 3]) {
    let fill = hex(fill);
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\" fill=\"{fill}\"/>"
    );
}

fn style(look: Look) -> String {
    let mut style = format!(" fill=\"{}\"", hex(look.ink));
    let texts = [
        " font-weight=\"bold\"",
        " opacity=\"0.6\"",
        " font-style=\"italic\"",
        " text-decoration=\"underline\"",
    ];
    style.extend(texts.into_iter().zip(look.marks).filter_map(|(text, marked)| marked.then_some(text)));
    style
}

fn looks(screen: &Screen, y: u16, columns: u16) -> Result<Vec<Look>, String> {
    let mut row: Vec<Look> = Vec::new();
    for cell in (0..columns).filter_map(|x| screen.cell(y, x)) {
        // The second half of a wide character has no look of its own.
        let before = row.last().copied().filter(|_| cell.is_wide_continuation());
        row.push(before.map_or_else(|| look(cell), Ok)?);
    }
    Ok(row)
}

fn look(cell: &Cell) -> Result<Look, String> {
    let (mut ink, mut ground) = (rgb(cell.fgcolor())?, rgb(cell.bgcolor())?);
    if cell.inverse() {
        (ink, ground) = (ground, ink);
    }
    Ok(Look { ink, ground, marks: [cell.bold(), cell.dim(), cell.italic(), cell.underline()] })
}

fn rgb(color: Color) -> Result<[u8; 3], String> {
    match color {
        Color::Rgb(r, g, b) => Ok([r, g, b]),
        other => Err(format!("{other:?} is another colour in every terminal")),
    }
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Where that many cells end.
fn left(cells: usize) -> f32 {
    u16::try_from(cells).map_or(0.0, |cells| f32::from(cells) * WIDE)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

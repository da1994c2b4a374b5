//! Text measured in terminal cells, never in bytes or characters: a CJK character takes two.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many cells the text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text, cut with an ellipsis where it takes more than `cells`.
#[must_use]
pub fn fit(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    if cells == 0 {
        return Cow::Borrowed("");
    }
    let mut taken = 0;
    let mut cut = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        let wide = width(cluster);
        if taken + wide > cells - 1 {
            break;
        }
        taken += wide;
        cut = at + cluster.len();
    }
    Cow::Owned(format!("{}…", &text[..cut]))
}

/// The text in lines of at most `cells` cells, broken at blanks where there are some.
#[must_use]
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        if width(&line) + gap + width(word) <= cells {
            line.push_str(if gap == 1 { " " } else { "" });
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        // Text without blanks (a path, Chinese) is broken where it must be.
        for cluster in word.graphemes(true) {
            if width(&line) + width(cluster) > cells {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(cluster);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Bytes as people say them, in four or five cells: `312M`, `1.4G`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "K", "M", "G", "T"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit >= 3 && value < 100.0 {
        format!("{value:.1}{}", UNITS[unit])
    } else {
        format!("{value:.0}{}", UNITS[unit])
    }
}

/// An age as people say it, in the largest unit that fits: `3s`, `42m`, `5h`, `12d`.
#[must_use]
pub fn age(seconds: i64) -> String {
    match seconds {
        i64::MIN..=0 => "0s".to_owned(),
        1..=99 => format!("{seconds}s"),
        100..=5999 => format!("{}m", seconds / 60),
        6000..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A little curve of the values, lowest to highest.
#[must_use]
pub fn curve(values: impl ExactSizeIterator<Item = u64> + Clone) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let (low, high) = values.clone().fold((u64::MAX, 0), |(low, high), v| (low.min(v), high.max(v)));
    values
        .map(|value| {
            // Noise of a few percent must not look like mountains.
            let span = (high - low).max(high / 20).max(1);
            let step = (value - low).saturating_mul(7) / span;
            STEPS[usize::try_from(step).unwrap_or(7).min(7)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_characters_are_never_cut_in_half() {
        assert_eq!(fit("青松商贸", 8), "青松商贸");
        assert_eq!(fit("青松商贸", 7), "青松商…");
        assert_eq!(fit("青松商贸", 6), "青松…");
        assert_eq!(fit("acme", 0), "");
    }

    #[test]
    fn sizes_and_ages() {
        assert_eq!(bytes(8 << 20), "8M");
        assert_eq!(bytes(1_503_238_554), "1.4G");
        assert_eq!(bytes(999), "999B");
        assert_eq!(age(42 * 60), "42m");
        assert_eq!(age(-5), "0s");
        assert_eq!(curve([1, 100, 50].into_iter()), "▁█▄");
        assert_eq!(curve([100, 101].into_iter()), "▁▂");
    }

    proptest! {
        #[test]
        fn what_is_wrapped_fits_and_nothing_is_lost(text in "[a-z青松 ]{0,80}", cells in 2usize..30) {
            let lines = wrap(&text, cells);
            prop_assert!(lines.iter().all(|line| width(line) <= cells && !line.is_empty()));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn what_is_fitted_fits(text in "\\PC{0,40}", cells in 0usize..30) {
            prop_assert!(width(&fit(&text, cells)) <= cells.max(1));
        }
    }
}

//! Text from outside, made harmless for a terminal.

use std::borrow::Cow;

/// The most characters that any name or message from outside may have here; the rest is cut.
pub const LONGEST: usize = 512;

/// The text with everything that could steer a terminal or disorder a line made visible: control characters (escape
/// sequences start with one), line and paragraph separators, and the marks that turn the direction of writing.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    plain_to(text, LONGEST)
}

/// The same with another bound.
#[must_use]
pub fn plain_to(text: &str, longest: usize) -> Cow<'_, str> {
    // Nearly all texts are plain ASCII, which is told at a glance.
    if text.len() <= longest && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    if text.len() <= longest && !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len().min(longest));
    for (count, c) in text.chars().enumerate() {
        if count == longest {
            clean.push('…');
            break;
        }
        clean.push(if is_harmful(c) { stand_in(c) } else { c });
    }
    Cow::Owned(clean)
}

/// Whether the character could steer a terminal or disorder a line. None is beyond the first 65,536 of Unicode.
#[must_use]
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn stand_in(c: char) -> char {
    match c {
        // Unicode has a picture of each of these.
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        _ => '\u{fffd}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_are_shown_and_not_obeyed() {
        assert_eq!(plain("a\u{1b}[31mb\n\u{7f}\u{9b}2J\u{202e}"), "a␛[31mb␊␡\u{fffd}2J\u{fffd}");
        assert_eq!(plain("青松-1"), "青松-1");
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in ".{0,700}") {
            let clean = plain(&text);
            prop_assert!(!clean.chars().any(is_harmful));
            prop_assert!(clean.chars().count() <= LONGEST + 1);
        }
    }
}

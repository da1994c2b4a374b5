//! Numbers and words, without an allocator.

use crate::sys;

/// Writes to standard output.
pub fn say(text: &[u8]) {
    let _ = sys::write(1, text);
}

/// Writes a line of a word and a number.
pub fn tell(word: &[u8], value: u64) {
    let mut line = Line::new();
    line.add(word);
    line.add(b" ");
    line.add_number(value, 1);
    line.add(b"\n");
    say(line.as_bytes());
}

/// Reads the decimal number that a text begins with, after spaces.
pub fn leading_number(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    number(&text[..end])
}

/// Reads a decimal number.
pub fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// Where `part` is in `text`.
pub fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// A short text under way; what does not fit any more is left out.
pub struct Line {
    bytes: [u8; 256],
    length: usize,
}

impl Line {
    pub fn new() -> Line {
        Line { bytes: [0; 256], length: 0 }
    }

    pub fn add(&mut self, text: &[u8]) {
        for byte in text {
            if let Some(place) = self.bytes.get_mut(self.length) {
                *place = *byte;
                self.length += 1;
            }
        }
    }

    /// Adds a number with leading zeros up to that width.
    pub fn add_number(&mut self, mut value: u64, width: usize) {
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        while value > 0 && first > 0 {
            first -= 1;
            digits[first] = b'0' + (value % 10) as u8;
            value /= 10;
        }
        self.add(&digits[first.min(digits.len() - width.min(digits.len()))..]);
    }

    /// Adds eight hex digits.
    pub fn add_hex(&mut self, value: u32) {
        for shift in (0..8).rev() {
            self.add(&[b"0123456789abcdef"[(value >> (shift * 4)) as usize & 15]]);
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

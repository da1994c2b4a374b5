//! Memory that no kernel can shrink, and that shows whether it came back as it went.

use crate::sys;

/// How many pages are looked at in one tick: all that a canary has, and little enough for a big load.
const PAGES_A_TICK: usize = 4096;
const WORDS_A_PAGE: usize = 4096 / 8;

/// Memory filled with a pattern.
pub struct Memory {
    words: &'static mut [u64],
    /// The page that is looked at next.
    next: usize,
}

impl Memory {
    /// Takes and fills so much memory. The engine's machine may not have it.
    pub fn fill(mebibytes: usize) -> Result<Memory, sys::Errno> {
        let words = sys::memory(mebibytes * (1 << 20) / 8)?;
        for (index, word) in words.iter_mut().enumerate() {
            *word = pattern(index);
        }
        Ok(Memory { words, next: 0 })
    }

    /// Looks at one word of each of the next pages. Which word differs from page to page.
    pub fn is_right(&mut self) -> bool {
        let pages = self.words.len() / WORDS_A_PAGE;
        (0..PAGES_A_TICK.min(pages)).all(|_| {
            let index = self.next * WORDS_A_PAGE + self.next % WORDS_A_PAGE;
            self.next = (self.next + 1) % pages;
            // SAFETY: a place within our own memory. Read past the compiler, which would know what was written there.
            unsafe { core::ptr::read_volatile(&raw const self.words[index]) == pattern(index) }
        })
    }
}

/// A word that follows from its place alone and looks like chance, so that nothing compresses it away.
fn pattern(index: usize) -> u64 {
    let mut word = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

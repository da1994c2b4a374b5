//! Which of some texts somebody means who types a few letters of one.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The numbers of the texts that have the letters of each typed word in this order, the best first; all where nothing is
/// typed.
#[must_use]
pub fn ranked(texts: &[String], typed: &str) -> Vec<usize> {
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
    let mut characters = Vec::new();
    let mut found: Vec<(usize, u32)> = texts
        .iter()
        .enumerate()
        .filter_map(|(at, text)| {
            Some((at, pattern.score(Utf32Str::new(text, &mut characters), &mut matcher)?))
        })
        .collect();
    found.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
    found.into_iter().map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_letters_find_what_is_meant() {
        let texts =
            ["db.example.com callmaps/database.yaml", "www.example.com callmaps/www.yaml", "商店 shop.yaml"];
        let texts = texts.map(str::to_owned);
        assert_eq!(ranked(&texts, ""), [0, 1, 2]);
        assert_eq!(ranked(&texts, "www"), [1]);
        assert_eq!(ranked(&texts, "DBASE"), [0]);
        assert_eq!(ranked(&texts, "商"), [2]);
        assert_eq!(ranked(&texts, "yaml shop"), [2]);
        assert!(ranked(&texts, "zzz").is_empty());
    }
}

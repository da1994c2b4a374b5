//! "Did you mean ...?"

use std::fmt::Write as _;

/// The nearest of `known`, if it is near enough to have been meant.
#[must_use]
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // A long text is nobody's typing error, and measuring its distance costs the product of the lengths.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase();
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&word, &name.to_lowercase()), *name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The line of help for an unknown word: what was meant, else all that could be meant.
#[must_use]
pub fn help(word: &str, known: &[&str]) -> String {
    if let Some(name) = nearest(word, known) {
        return format!("did you mean `{name}`?");
    }
    let mut line = String::from("known: ");
    for (at, name) in known.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(line, "{}{name}", if at == 0 { "" } else { ", " });
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_else_all_are_told() {
        assert_eq!(help("host", &["hosts", "theme"]), "did you mean `hosts`?");
        assert_eq!(help("colour", &["hosts", "theme"]), "known: hosts, theme");
        assert_eq!(help(&"x".repeat(1_000_000), &["hosts"]), "known: hosts");
    }
}

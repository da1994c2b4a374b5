//! Names after a pattern: `host-{nnn}` gives `host-001`, `host-002`, ...

/// The listed names, then `count` more after the pattern.
pub(super) fn all(listed: &[String], count: usize, pattern: Option<&str>) -> Vec<String> {
    let numbered = (1..=count).map(|number| fill(pattern.unwrap_or("{n}"), number));
    listed.iter().cloned().chain(numbered).collect()
}

/// Whether the pattern has a place for the number, so that no two names are the same.
pub(super) fn has_number(pattern: &str) -> bool {
    place(pattern).is_some()
}

fn place(pattern: &str) -> Option<(&str, usize, &str)> {
    let (before, rest) = pattern.split_once('{')?;
    let (inside, after) = rest.split_once('}')?;
    (!inside.is_empty() && inside.chars().all(|c| c == 'n')).then_some((before, inside.len(), after))
}

fn fill(pattern: &str, number: usize) -> String {
    match place(pattern) {
        Some((before, width, after)) => format!("{before}{number:0width$}{after}"),
        None => format!("{pattern}{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_names_come_first_and_numbers_are_padded() {
        assert_eq!(all(&["a".into()], 2, Some("h-{nnn}x")), ["a", "h-001x", "h-002x"]);
        assert_eq!(all(&[], 1, Some("h{n}")), ["h1"]);
        assert!(!has_number("host"));
        assert!(!has_number("host-{}"));
    }
}

//! What differs between a text before and after an edit, as it may be shown.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use super::Mask;
use crate::model::plain::plain_to;

/// The most lines that are told.
const MOST_LINES: usize = 60;
/// The most characters of a line.
const LONGEST_LINE: usize = 160;
/// The most bytes of all lines.
const LARGEST: usize = 4 * 1024;
/// After how long less good a difference is told: two large texts may have nothing in common.
const WITHIN: Duration = Duration::from_millis(300);
/// What stands for a line that cannot be shown.
const HIDDEN: &str = "******";

/// What differs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differ {
    /// How many lines were added.
    pub added: usize,
    /// How many were removed.
    pub removed: usize,
    /// The first line that was removed.
    pub before: Option<String>,
    /// The first that was added.
    pub after: Option<String>,
    /// What was done, line by line, with one line around: ` `, `-` or `+` before each.
    pub lines: Vec<String>,
}

/// What differs between two texts. Whether lines differ is seen from what they are, not from what may be shown of them: that
/// a secret was changed is told, not what it is.
pub fn differ(before: &str, after: &str, mask: &Mask) -> Differ {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
    let shown = |text: &str, count: usize| Some(mask(text)).filter(|lines| lines.len() == count);
    let (old_shown, new_shown) = (shown(before, old.len()), shown(after, new.len()));
    let line = |shown: &Option<Vec<String>>, at: Option<usize>| -> String {
        let text = shown.as_ref().and_then(|lines| lines.get(at?)).map_or(HIDDEN, String::as_str);
        plain_to(text.trim_end(), LONGEST_LINE).into_owned()
    };
    let diff = TextDiff::configure().timeout(WITHIN).diff_slices(&old, &new);
    let mut told = Differ::default();
    let (mut bytes, mut left_out) = (0, 0_usize);
    let mut push = |lines: &mut Vec<String>, line: String| {
        bytes += line.len() + 1;
        if lines.len() < MOST_LINES && bytes <= LARGEST - LONGEST_LINE {
            lines.push(line);
        } else {
            left_out += 1;
        }
    };
    for group in diff.grouped_ops(1) {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        let (old, new) =
            (first.old_range().start..last.old_range().end, first.new_range().start..last.new_range().end);
        let head = format!("@@ -{},{} +{},{} @@", old.start + 1, old.len(), new.start + 1, new.len());
        push(&mut told.lines, head);
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, text) = match change.tag() {
                ChangeTag::Equal => (' ', line(&new_shown, change.new_index())),
                ChangeTag::Delete => {
                    let text = line(&old_shown, change.old_index());
                    told.removed += 1;
                    told.before.get_or_insert_with(|| text.trim().to_owned());
                    ('-', text)
                }
                ChangeTag::Insert => {
                    let text = line(&new_shown, change.new_index());
                    told.added += 1;
                    told.after.get_or_insert_with(|| text.trim().to_owned());
                    ('+', text)
                }
            };
            push(&mut told.lines, format!("{sign}{text}"));
        }
    }
    if left_out > 0 {
        told.lines.push(format!("… {left_out} lines more"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Instant;

    fn open() -> Mask {
        Arc::new(|text| text.split('\n').map(str::to_owned).collect())
    }

    #[test]
    fn what_was_added_and_removed_is_told_with_its_place() {
        let told = differ("a\nb\nc\nd\ne\n", "a\nb\nC\nd\ne\n", &open());
        assert_eq!(told.lines, ["@@ -2,3 +2,3 @@", " b", "-c", "+C", " d"]);
        assert_eq!((told.added, told.removed), (1, 1));
        assert_eq!((told.before.as_deref(), told.after.as_deref()), (Some("c"), Some("C")));
        let told = differ("", "a\n", &open());
        assert_eq!(told.lines, ["@@ -1,1 +1,2 @@", "+a", " "]);
        assert_eq!(differ("a\n", "a\r\n", &open()).lines, ["@@ -1,2 +1,2 @@", "-a", "+a", " "]);
    }

    #[test]
    fn that_a_secret_was_changed_is_told_but_not_what_it_is() {
        let mask: Mask = Arc::new(|text| text.split('\n').map(|_| "token: ******".to_owned()).collect());
        let told = differ("token: geheim", "token: anders", &mask);
        assert_eq!(told.lines[1..], ["-token: ******", "+token: ******"]);
        // A rule that is wrong shows nothing.
        let wrong: Mask = Arc::new(|text| vec![text.to_owned()]);
        let told = differ("token: geheim\n", "token: anders\n", &wrong);
        assert!(
            told.lines.iter().all(|line| !line.contains("geheim") && !line.contains("anders")),
            "{told:?}"
        );
    }

    #[test]
    fn it_is_bounded_and_harmless() {
        let line = |n: usize| format!("{n}: \u{1b}[2J{}\n", "ü".repeat(20));
        let many: String = (0..20_000).map(line).collect();
        let line = |n: usize| format!("x{n}\n");
        let others: String = (0..20_000).map(line).collect();
        let started = Instant::now();
        let told = differ(&many, &others, &open());
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        let bytes: usize = told.lines.iter().map(|line| line.len() + 1).sum();
        assert!(bytes <= LARGEST && told.lines.len() <= MOST_LINES + 1, "{bytes}");
        assert!(told.lines.iter().all(|line| !line.contains('\u{1b}')));
        assert_eq!((told.added, told.removed), (20_000, 20_000));
        let long = differ("", &"x".repeat(900_000), &open());
        assert!(long.lines.iter().all(|line| line.chars().count() <= LONGEST_LINE + 2));
    }
}

//! Paths within a container, compared as paths and not as texts.

/// The path in its one form: absolute, no empty parts, no `.`, no `..`, no slash at its end.
#[must_use]
pub fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Whether `path` is `folder` or lies below it. Both are clean.
#[must_use]
pub fn is_within(path: &str, folder: &str) -> bool {
    folder == "/" || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/data", "/data")]
    #[case("/data/", "/data")]
    #[case("/x//y", "/x/y")]
    #[case("//x/./y/.", "/x/y")]
    #[case("/x/../y", "/y")]
    #[case("/../y", "/y")]
    #[case("y", "/y")]
    #[case("/", "/")]
    #[case("", "/")]
    fn one_path_has_one_form(#[case] path: &str, #[case] expected: &str) {
        assert_eq!(clean(path), expected);
        assert_eq!(clean(expected), expected);
    }

    #[test]
    fn a_folder_has_what_is_below_it() {
        assert!(is_within("/data", "/data") && is_within("/data/x", "/data") && is_within("/x", "/"));
        assert!(!is_within("/data2", "/data") && !is_within("/", "/data"));
    }
}

//! Paths into JSON: `$`, `$.db.state`, `$.list[0].name`.

use super::number;
use crate::config::callmap::limits::LONGEST_JSON_PATH;
use crate::config::callmap::wrong::Wrong;

/// Whether `path` is one.
///
/// # Errors
/// It is none.
pub fn check(path: &str) -> Result<(), Wrong> {
    let wrong = |message: String| Err(Wrong::new(message, "examples: $, $.db.state, $.list[0].name"));
    if path.len() > LONGEST_JSON_PATH {
        return wrong(format!("the path is longer than {LONGEST_JSON_PATH} bytes"));
    }
    let Some(mut rest) = path.strip_prefix('$') else {
        return wrong(format!("`{path}` is no path into JSON: it begins with `$`"));
    };
    while !rest.is_empty() {
        let after = if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[', ']']).unwrap_or(after.len());
            (end > 0).then(|| &after[end..])
        } else {
            let item = rest.strip_prefix('[').and_then(|after| after.split_once(']'));
            item.filter(|(at, _)| at.len() <= 9 && number::digits(at).is_some()).map(|(_, after)| after)
        };
        let Some(after) = after else {
            return wrong(format!("`{path}` is no path into JSON: `{rest}` is no step of one"));
        };
        rest = after;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("$", true)]
    #[case("$.db", true)]
    #[case("$.db.state[0][12].x-y z", true)]
    #[case("$[0]", true)]
    #[case("$.租", true)]
    #[case("", false)]
    #[case("db", false)]
    #[case("$db", false)]
    #[case("$租", false)]
    #[case("$.", false)]
    #[case("$..db", false)]
    #[case("$.a]", false)]
    #[case("$[", false)]
    #[case("$[]", false)]
    #[case("$[-1]", false)]
    #[case("$[a]", false)]
    #[case("$[0", false)]
    fn paths(#[case] path: &str, #[case] good: bool) {
        assert_eq!(check(path).is_ok(), good, "{path}");
    }
}

//! Passwords in addresses: what is shown to a person never has one.

use std::borrow::Cow;

use regex::Regex;

/// The same text with the password of every address in it (`postgres://me:PASSWORD@...`, `...?password=PASSWORD`)
/// written as so many `*` as it has characters, so that columns stay where they are.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    // Everything up to the last `@` counts: a password that was not written as an address needs it may hold `/` or `:`.
    let passwords = [r#"://[^\s:@/"']*:([^\s"']*)@"#, r#"(?i)[?&](?:ssl)?password=([^\s&"']*)"#];
    let mut hidden = text.to_owned();
    for pattern in passwords.iter().filter_map(|pattern| Regex::new(pattern).ok()) {
        let found: Vec<_> = pattern
            .captures_iter(&hidden.clone())
            .filter_map(|groups| groups.get(1).map(|password| password.range()))
            .collect();
        // From the end, so that the places before stay right when a character of several bytes becomes a `*`.
        for range in found.into_iter().rev() {
            let stars = "*".repeat(hidden[range.clone()].chars().count());
            hidden.replace_range(range, &stars);
        }
    }
    Cow::Owned(hidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("postgres://me:geheim@db/x", "postgres://me:******@db/x")]
    #[case("ledger: \"postgres://me:a/b@c:d@db\" # x@y", "ledger: \"postgres://me:*******@db\" # x@y")]
    #[case("postgres://db/x?user=me&password=a密c&x=1", "postgres://db/x?user=me&password=***&x=1")]
    #[case("ssh://ops@web-1:2222", "ssh://ops@web-1:2222")]
    #[case("tcp://10.0.0.5:2376", "tcp://10.0.0.5:2376")]
    #[case("{a: postgres://u:p@h, b: postgres://v:q@i}", "{a: postgres://u:*@h, b: postgres://v:*@i}")]
    fn only_passwords_are_hidden(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(masked(text), shown);
    }
}

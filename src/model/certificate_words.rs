//! What TLS libraries call a fault of a certificate, in words: their names for it are for programmers.

/// Names that only wrap another.
const WRAPPERS: [&str; 4] = ["Other", "OtherError", "InvalidCertificate", "Err"];

/// Faults whose name, word by word, would say little.
const KNOWN: [(&str, &str); 8] = [
    ("UnsupportedCertVersion", "it is of an X.509 version before 3, which has no names"),
    ("CaUsedAsEndEntity", "it is an authority's own certificate, not a server's"),
    ("EndEntityUsedAsCa", "one that signed it is no authority's"),
    ("BadEncoding", "it is damaged"),
    ("BadDer", "it is damaged"),
    ("UnhandledCriticalExtension", "it has a critical extension that is not known here"),
    ("UnsupportedCriticalExtension", "it has a critical extension that is not known here"),
    ("Revoked", "it was revoked"),
];

/// What a library's name for a fault says of a certificate: `Other(OtherError(CaUsedAsEndEntity))` is the form that errors
/// have when they are printed for programmers.
#[must_use]
pub fn certificate_fault(printed: &str) -> String {
    let mut names = printed.split(|c: char| !c.is_ascii_alphanumeric()).filter(|name| !name.is_empty());
    let Some(name) = names.find(|name| !WRAPPERS.contains(name)) else {
        return "for no known reason".to_owned();
    };
    match KNOWN.iter().find(|(known, _)| *known == name) {
        Some((_, words)) => (*words).to_owned(),
        None => spaced(name.strip_suffix("Context").unwrap_or(name)),
    }
}

/// `HandshakeFailure` as `handshake failure`.
#[must_use]
pub fn spaced(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for c in name.chars() {
        if c.is_uppercase() && was_small {
            words.push(' ');
        }
        was_small = c.is_lowercase();
        words.extend(c.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Other(OtherError(UnsupportedCertVersion))", "version before 3")]
    #[case("InvalidCertificate(Other(OtherError(CaUsedAsEndEntity)))", "an authority's own")]
    #[case("BadEncoding", "damaged")]
    #[case("ExpiredContext { time: UnixTime(1), not_after: UnixTime(0) }", "expired")]
    #[case("MaximumPathDepthExceeded", "maximum path depth exceeded")]
    #[case("", "no known reason")]
    fn names_of_libraries_become_words(#[case] printed: &str, #[case] words: &str) {
        let said = certificate_fault(printed);
        assert!(said.contains(words) && !said.contains('('), "{said}");
    }
}

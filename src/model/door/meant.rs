//! Which tenant a request means, by its host name.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use regex::Regex;

use crate::model::host::HostName;

/// No host name is longer.
const LONGEST: usize = 253;

/// How a tenant follows from a request.
#[derive(Clone, Debug)]
pub struct Names {
    /// Host names, in small letters, whose tenant is said one by one. They go before the patterns.
    pub hosts: HashMap<String, Told>,
    /// Patterns over host names; the first that fits counts.
    pub patterns: Vec<Pattern>,
    /// Whether the path may name the tenant.
    pub path: bool,
}

impl Default for Names {
    fn default() -> Self {
        Names { hosts: HashMap::new(), patterns: Vec::new(), path: true }
    }
}

/// A tenant as the operator writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The host that it is on; any, where that is not said.
    pub host: Option<HostName>,
    /// Its name.
    pub tenant: Arc<str>,
}

/// A pattern over host names.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// What stands before and after the tenant, which is one label of the name or a part of one.
    Around {
        /// Before it.
        before: String,
        /// After it.
        after: String,
    },
    /// What stands before, between and after the tenant and the container host that it is on. One of them ends at the dot in the middle,
    /// so neither can be taken for a part of the other.
    Both {
        /// Before both.
        before: String,
        /// Between them; there is a dot in it.
        between: String,
        /// After both.
        after: String,
        /// The tenant comes first.
        tenant_first: bool,
    },
    /// A regular expression with a group `tenant`, and perhaps a group `host`.
    Regex(Regex),
}

/// Who is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meant<'a> {
    /// The container host, where one is said.
    pub host: Option<&'a str>,
    /// The tenant.
    pub tenant: &'a str,
    /// It comes from a host name, which knows no capital letters.
    pub is_folded: bool,
}

/// The host name in a header, in small letters, without a port and a dot at its end. Nothing where it is none.
#[must_use]
pub fn host_name(header: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(header).ok()?;
    // A proxy behind a proxy appends; the first is what the client asked for.
    let text = text.split(',').next().unwrap_or_default().trim();
    let name = match text.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) => return None,
        None => text,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if name.is_empty() || name.len() > LONGEST || !name.bytes().all(is_part) {
        return None;
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(Cow::Owned(name.to_ascii_lowercase()));
    }
    Some(Cow::Borrowed(name))
}

impl Names {
    /// The tenant that a host name means; it may be one that does not exist.
    #[must_use]
    pub fn of_host<'a>(&'a self, name: &'a str) -> Option<Meant<'a>> {
        if let Some(told) = self.hosts.get(name) {
            return Some(Meant { host: told.host.as_deref(), tenant: &told.tenant, is_folded: false });
        }
        let (host, tenant) = self.patterns.iter().find_map(|pattern| pattern.fit(name))?;
        Some(Meant { host, tenant, is_folded: true })
    }
}

impl Told {
    /// Reads `acme`, or `web-1/acme`.
    #[must_use]
    pub fn read(text: &str) -> Self {
        match text.split_once('/') {
            Some((host, tenant)) => Told { host: Some(host.into()), tenant: tenant.into() },
            None => Told { host: None, tenant: text.into() },
        }
    }

    /// The same as who is meant by a request.
    #[must_use]
    pub fn meant(&self) -> Meant<'_> {
        Meant { host: self.host.as_deref(), tenant: &self.tenant, is_folded: false }
    }
}

impl Pattern {
    /// The container host, where the pattern has one, and the tenant in a host name.
    fn fit<'a>(&self, name: &'a str) -> Option<(Option<&'a str>, &'a str)> {
        let is_label = |text: &&str| !text.is_empty() && !text.contains('.');
        match self {
            Pattern::Around { before, after } => {
                let tenant = name.strip_prefix(&**before)?.strip_suffix(&**after)?;
                Some((None, Some(tenant).filter(is_label)?))
            }
            Pattern::Both { before, between, after, tenant_first } => {
                let both = name.strip_prefix(&**before)?.strip_suffix(&**after)?;
                let (first, second) = both.split_once(&**between)?;
                let (tenant, host) = if *tenant_first { (first, second) } else { (second, first) };
                Some((Some(Some(host).filter(is_label)?), Some(tenant).filter(is_label)?))
            }
            Pattern::Regex(regex) => {
                let found = regex.captures(name)?;
                let tenant =
                    found.name("tenant").map(|part| part.as_str()).filter(|part| !part.is_empty())?;
                Some((found.name("host").map(|part| part.as_str()), tenant))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"acme.example.com", Some("acme.example.com"))]
    #[case(b"ACME.Example.com:8443", Some("acme.example.com"))]
    #[case(b"acme.example.com.", Some("acme.example.com"))]
    #[case(b"acme.example.com, proxy.example.net", Some("acme.example.com"))]
    #[case(b"127.0.0.1:7070", Some("127.0.0.1"))]
    #[case(b"[::1]:7070", None)]
    #[case(b"acme.example.com:80x", None)]
    #[case(b"a b", None)]
    #[case(b"a/../b", None)]
    #[case(b"", None)]
    #[case(b"\xff\xfe.example.com", None)]
    #[case("käse.example.com".as_bytes(), None)]
    fn what_a_header_says(#[case] header: &[u8], #[case] expected: Option<&str>) {
        assert_eq!(host_name(header).as_deref(), expected);
    }

    #[test]
    fn a_name_has_an_end() {
        assert!(host_name(&[b'a'; 253]).is_some());
        assert!(host_name(&[b'a'; 254]).is_none());
    }

    fn names() -> Names {
        let around =
            |before: &str, after: &str| Pattern::Around { before: before.into(), after: after.into() };
        Names {
            hosts: [
                ("www.acme.example".to_owned(), Told::read("web-2/acme")),
                ("birch.example.com".to_owned(), Told::read("Birch & Sons")),
            ]
            .into(),
            patterns: vec![
                around("", ".example.com"),
                around("shop-", ".example.net"),
                Pattern::Regex(Regex::new(r"^(?<tenant>[a-z]+)\d*\.(?:eu|us)\.example\.org$").unwrap()),
            ],
            path: true,
        }
    }

    #[rstest]
    #[case("acme.web-1.example.com", Some(("web-1", "acme")))]
    #[case("web-1--acme.eu.example.org", Some(("web-1", "acme")))]
    #[case("a.b.web-1.example.com", None)]
    #[case(".web-1.example.com", None)]
    #[case("acme..example.com", None)]
    #[case("acme.example.com", None)]
    fn a_pattern_may_name_the_host(#[case] name: &str, #[case] expected: Option<(&str, &str)>) {
        let both = Pattern::Both {
            before: String::new(),
            between: ".".to_owned(),
            after: ".example.com".to_owned(),
            tenant_first: true,
        };
        let regex = Regex::new(r"^(?<host>[a-z]+-[0-9]+)--(?<tenant>[a-z]+)[.]eu[.]example[.]org$").unwrap();
        let names = Names { patterns: vec![both, Pattern::Regex(regex)], ..Names::default() };
        let expected = expected.map(|(host, tenant)| (Some(host), tenant));
        assert_eq!(names.of_host(name).map(|meant| (meant.host, meant.tenant)), expected);
    }

    #[rstest]
    #[case("acme.example.com", Some((None, "acme")))]
    #[case("birch.example.com", Some((None, "Birch & Sons")))]
    #[case("www.acme.example", Some((Some("web-2"), "acme")))]
    #[case("shop-cedar.example.net", Some((None, "cedar")))]
    #[case("ash12.eu.example.org", Some((None, "ash")))]
    #[case(".example.com", None)]
    #[case("a.b.example.com", None)]
    #[case("example.com", None)]
    #[case("shop-.example.net", None)]
    #[case("127.0.0.1", None)]
    fn who_is_meant(#[case] name: &str, #[case] expected: Option<(Option<&str>, &str)>) {
        let names = names();
        assert_eq!(names.of_host(name).map(|meant| (meant.host, meant.tenant)), expected);
    }
}

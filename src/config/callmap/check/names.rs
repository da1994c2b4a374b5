//! Names: of products and layers, for people; of hosts, for DNS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::number;
use crate::config::callmap::limits::LONGEST_NAME;
use crate::config::callmap::wrong::Wrong;
use crate::config::printable::is_unsafe;

/// A name that people read.
///
/// # Errors
/// It is empty or too long, or a terminal would not just show it.
pub fn shown(name: &str) -> Result<Arc<str>, Wrong> {
    if name.trim().is_empty() {
        return Err("this name is empty".into());
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(format!("this name is longer than {LONGEST_NAME} characters").into());
    }
    if name.chars().any(is_unsafe) {
        return Err("this name has a character that cannot be shown".into());
    }
    Ok(name.into())
}

/// A name as DNS has them, with or without the dot at its end.
///
/// # Errors
/// It is none.
pub fn dns(name: &str) -> Result<(), Wrong> {
    if !name.is_ascii() {
        return Err(Wrong::new(
            format!("`{name}` has letters that DNS does not know"),
            "write the name as DNS has it: xn--...",
        ));
    }
    let good = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let bare = name.strip_suffix('.').unwrap_or(name);
    if bare.len() <= 253 && bare.split('.').all(good) {
        return Ok(());
    }
    let help = if name.contains("://") { Some("only the name, without `http://`".to_owned()) } else { None };
    Err(Wrong { message: format!("`{name}` is no name of a host"), help })
}

/// A name or an address, an IPv6 one in brackets. Returned in small letters and without brackets.
///
/// # Errors
/// It is neither.
pub fn host(text: &str) -> Result<String, Wrong> {
    if let Some(inner) = text.strip_prefix('[') {
        let address = inner.strip_suffix(']').and_then(|inner| inner.parse::<Ipv6Addr>().ok());
        let address = address.ok_or_else(|| format!("`{text}` is no IPv6 address"))?;
        return Ok(address.to_string());
    }
    if text.parse::<Ipv4Addr>().is_ok() {
        return Ok(text.to_owned());
    }
    if text.is_empty() {
        return Err("there is no host".into());
    }
    dns(text)?;
    let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{text}` is neither a name nor an address").into());
    }
    Ok(text.to_ascii_lowercase())
}

/// Splits `host:port`, an IPv6 address in brackets.
///
/// # Errors
/// The port is none, or an IPv6 address stands without brackets.
pub fn split_port(text: &str) -> Result<(&str, Option<u16>), Wrong> {
    if let Some((scheme, _)) = text.split_once("://") {
        let help = format!("only the name, without `{scheme}://`");
        return Err(Wrong::new(format!("`{text}` is no name of a host"), help));
    }
    let end = text.find(']').map_or(0, |at| at + 1);
    let (host, port) = match text[end..].find(':') {
        None => (text, None),
        Some(at) => (&text[..end + at], Some(&text[end + at + 1..])),
    };
    if port.is_some_and(|port| port.contains(':')) {
        return Err(Wrong::new(
            format!("`{text}` is ambiguous"),
            "write an IPv6 address in brackets: \"[2001:db8::7]:8080\"",
        ));
    }
    Ok((host, port.map(number::port).transpose()?))
}

/// An address, with a port if wanted: `10.1.0.2`, `10.1.0.2:8080`, `2001:db8::7`, `[2001:db8::7]`, `[2001:db8::7]:8080`.
#[must_use]
pub fn address(text: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some((address, None));
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().ok().map(|address| (address.into(), None));
    }
    let socket: SocketAddr = text.parse().ok()?;
    let scope = matches!(socket, SocketAddr::V6(socket) if socket.scope_id() != 0);
    (socket.port() > 0 && !scope).then(|| (socket.ip(), Some(socket.port())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("10.1.0.2", Some(("10.1.0.2", None)))]
    #[case("10.1.0.2:80", Some(("10.1.0.2", Some(80))))]
    #[case("2001:db8::7", Some(("2001:db8::7", None)))]
    #[case("[2001:db8::7]", Some(("2001:db8::7", None)))]
    #[case("[2001:db8::7]:80", Some(("2001:db8::7", Some(80))))]
    #[case("10.1.0.2:0", None)]
    #[case("10.1.0.2:65536", None)]
    #[case("10.1.0", None)]
    #[case("[10.1.0.2]:80", None)]
    #[case("fe80::1%eth0", None)]
    #[case("[fe80::1%2]:80", None)]
    #[case("www.example.com", None)]
    #[case("", None)]
    fn addresses(#[case] text: &str, #[case] expected: Option<(&str, Option<u16>)>) {
        assert_eq!(address(text), expected.map(|(address, port)| (address.parse().unwrap(), port)));
    }

    #[rstest]
    #[case("www.Example.com", Some("www.example.com"))]
    #[case("_dmarc.example.com.", Some("_dmarc.example.com."))]
    #[case("10.0.0.1", Some("10.0.0.1"))]
    #[case("[2001:DB8::7]", Some("2001:db8::7"))]
    #[case("10.0.0", None)]
    #[case("10.0.0.256", None)]
    #[case("a..b", None)]
    #[case("-a.b", None)]
    #[case("a b", None)]
    #[case("http://a", None)]
    #[case("münchen.example", None)]
    #[case("[::1", None)]
    #[case("", None)]
    #[case(".", None)]
    fn hosts(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(host(text).ok().as_deref(), expected);
    }

    #[rstest]
    #[case("a:80", Some(("a", Some(80))))]
    #[case("a", Some(("a", None)))]
    #[case("[::1]:80", Some(("[::1]", Some(80))))]
    #[case("[::1]", Some(("[::1]", None)))]
    #[case("::1", None)]
    #[case("a:", None)]
    #[case("a:+80", None)]
    fn ports(#[case] text: &str, #[case] expected: Option<(&str, Option<u16>)>) {
        assert_eq!(split_port(text).ok(), expected);
    }
}

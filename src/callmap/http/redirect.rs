//! Where a redirect leads, and whether it is followed: at the same target, over the same scheme and port.

use std::fmt::Write as _;
use std::str::FromStr;

use hyper::Uri;

use super::request::Hop;
use crate::callmap::limits;
use crate::model::callmap::map::HttpAsk;

/// What is done about a redirect.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// It is followed: to the host, where that is said, and the path.
    Follow(Option<String>, String),
    /// It is not, and why.
    Stop(String),
}

/// What becomes of a redirect to `place`.
pub fn next(ask: &HttpAsk, hop: &Hop, place: &str) -> Next {
    let place = &encoded(place.split('#').next().unwrap_or_default().trim());
    if place.len() > limits::PLACE {
        return Next::Stop("it leads to a place that is too long".to_owned());
    }
    let scheme = if ask.secure { "https" } else { "http" };
    let is_whole = place.split_once(':').is_some_and(|(before, _)| is_scheme(before));
    let (host, path) = if is_whole || place.starts_with("//") {
        let whole = if is_whole { place.to_owned() } else { format!("{scheme}:{place}") };
        let Ok(uri) = Uri::from_str(&whole) else { return nowhere() };
        if uri.scheme_str() != Some(scheme) {
            return Next::Stop(format!("it leads to another scheme, which is not followed ({place})"));
        }
        let Some(host) = uri.host() else { return nowhere() };
        let usual = if ask.secure { 443 } else { 80 };
        if uri.port_u16().unwrap_or(usual) != ask.port {
            return Next::Stop(format!("it leads to another port, which is not followed ({place})"));
        }
        (Some(host.to_owned()), uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string))
    } else {
        (None, joined(hop.path.value(), place))
    };
    if Uri::from_str(&path).is_err() {
        return nowhere();
    }
    Next::Follow(host, path)
}

/// The place as a request can carry it: blanks and what else URLs have only in the form `%20` get that form, as browsers do.
fn encoded(place: &str) -> String {
    let mut text = String::with_capacity(place.len());
    for byte in place.bytes() {
        if matches!(byte, b'!' | b'#'..=b';' | b'=' | b'?'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn nowhere() -> Next {
    Next::Stop("it leads to a place that is none".to_owned())
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// A relative place, seen from a path.
fn joined(from: &str, place: &str) -> String {
    let base = from.split('?').next().unwrap_or_default();
    if place.is_empty() {
        return from.to_owned();
    }
    if place.starts_with('?') {
        return format!("{base}{place}");
    }
    let whole = if place.starts_with('/') {
        place.to_owned()
    } else {
        let folder = base.rfind('/').map_or("/", |at| &base[..=at]);
        format!("{folder}{place}")
    };
    let (path, query) = whole.split_at(whole.find('?').unwrap_or(whole.len()));
    format!("{}{query}", without_dots(path))
}

/// A path without steps like `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    let mut last = "";
    for step in path.split('/').skip(1) {
        last = step;
        match step {
            "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    if matches!(last, "." | "..") {
        steps.push("");
    }
    format!("/{}", steps.join("/"))
}

#[cfg(test)]
mod tests {

    #[test]
    fn blanks_are_sent_as_urls_have_them() {
        assert_eq!(super::encoded("/a b?c=[1]&d=%20"), "/a%20b?c=[1]&d=%20");
        assert_eq!(super::encoded("/ä\u{1}|\\^`{}<>\""), "/%C3%A4%01%7C%5C%5E%60%7B%7D%3C%3E%22");
        assert_eq!(super::encoded("http://a:1/$~._-;,@!*'()+="), "http://a:1/$~._-;,@!*'()+=");
    }

    #[test]
    fn relative_places_are_seen_from_the_path() {
        let joined = [
            ("/a/b?q", "c", "/a/c"),
            ("/a/b", "/c?x=/../y", "/c?x=/../y"),
            ("/a/b", "../../../c", "/c"),
            ("/a/b/", "..", "/a/"),
            ("/a/b?q=1", "?q=2", "/a/b?q=2"),
            ("/a", "", "/a"),
            ("/", "x/./y", "/x/y"),
        ]
        .map(|(from, place, to)| (super::joined(from, place), to.to_owned()));
        for (found, wanted) in joined {
            assert_eq!(found, wanted);
        }
    }
}

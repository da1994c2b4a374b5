//! URLs. They are taken as they are written: what is asked is what stands in the file.

use http::uri::PathAndQuery;

use super::names;
use crate::config::callmap::limits::LONGEST_URL;
use crate::config::callmap::wrong::Wrong;
use crate::model::callmap::map::Text;

/// The parts of a URL.
#[derive(Debug, PartialEq, Eq)]
pub struct Url {
    /// Whether it is `https`.
    pub secure: bool,
    /// The host in small letters; an IPv6 address in brackets.
    pub host: String,
    /// The port, or the scheme's.
    pub port: u16,
    /// Path and query.
    pub path: Text,
}

/// The parts of the URL that `text` is.
///
/// # Errors
/// It is none, or has what must not stand in one: a password, a fragment, a secret in the host.
pub fn url(text: &Text) -> Result<Url, Wrong> {
    let shown = &**text.shown();
    if text.value().len() > LONGEST_URL {
        return Err(format!("the URL is longer than {LONGEST_URL} bytes").into());
    }
    let Some((scheme, rest)) = shown.split_once("://") else {
        return Err(Wrong::new("this is no URL", "write http://HOST/PATH or https://HOST/PATH"));
    };
    let secure = match scheme {
        "http" => false,
        "https" => true,
        _ => return Err(format!("the scheme `{scheme}` is not asked: only `http` and `https` are").into()),
    };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, _) = rest.split_at(host_end);
    let from = scheme.len() + "://".len() + host_end;
    // Both sides are the same up to the first secret, which must come later.
    let (before, path) = match text.value().split_at_checked(from) {
        Some((before, path)) if before == &shown[..from] => (before, path),
        _ => {
            let help = "a secret may stand in the path, the query, a header or the body";
            return Err(Wrong::new("a secret may not stand in the host of a URL", help));
        }
    };
    if before.contains('@') {
        return Err(password());
    }
    let (host, port) = match names::split_port(authority) {
        // The start of a password with a slash in it looks like a port.
        Err(_) if path.contains('@') => return Err(password()),
        parts => parts?,
    };
    let host = match names::host(host)? {
        address if address.contains(':') => format!("[{address}]"),
        name => name,
    };
    Ok(Url {
        secure,
        host,
        port: port.unwrap_or(if secure { 443 } else { 80 }),
        path: whole_path(path, &shown[from..])?,
    })
}

fn password() -> Wrong {
    let help = "send it as a header: headers: {Authorization: \"Basic ${env:NAME}\"}";
    Wrong::new("a user or a password in a URL would be shown", help)
}

fn whole_path(value: &str, shown: &str) -> Result<Text, Wrong> {
    let slash = if value.starts_with('/') { "" } else { "/" };
    let path = format!("{slash}{value}");
    if let Some(c) = path.chars().find(|c| !c.is_ascii_graphic() || *c == '#') {
        let message = match c {
            '#' if shown.contains('#') => "what stands behind `#` is never sent".to_owned(),
            // A secret's own characters are nobody's business.
            c if shown.contains(c) => format!("{c:?} cannot stand in a URL"),
            _ => "a secret has a character that cannot stand in a URL".to_owned(),
        };
        return Err(Wrong::new(message, "write it as %..; `#` as %23"));
    }
    let same = PathAndQuery::try_from(path.as_str()).is_ok_and(|parsed| parsed.as_str() == path);
    if !same {
        return Err("the path of the URL cannot be asked for".into());
    }
    Ok(if value == shown { Text::open(&path) } else { Text::masked(&path, &format!("{slash}{shown}")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn open(secure: bool, host: &str, port: u16, path: &str) -> Url {
        Url { secure, host: host.to_owned(), port, path: Text::open(path) }
    }

    #[rstest]
    #[case("http://www.example.com", open(false, "www.example.com", 80, "/"))]
    #[case("https://WWW.example.com/A/../b?c=%20d&e", open(true, "www.example.com", 443, "/A/../b?c=%20d&e"))]
    #[case("http://a:8080?x=a@b", open(false, "a", 8080, "/?x=a@b"))]
    #[case("https://[2001:DB8::7]:8443/x", open(true, "[2001:db8::7]", 8443, "/x"))]
    #[case("http://10.0.0.1/", open(false, "10.0.0.1", 80, "/"))]
    fn a_url_has_parts(#[case] text: &str, #[case] expected: Url) {
        assert_eq!(url(&Text::open(text)), Ok(expected));
    }

    #[test]
    fn a_secret_in_the_query_is_sent_and_not_shown() {
        let text = Text::masked("https://a/x?key=ge/heim", "https://a/x?key=${env:KEY}");
        let url = url(&text).unwrap();
        assert_eq!(url.path.value(), "/x?key=ge/heim");
        assert_eq!(&**url.path.shown(), "/x?key=${env:KEY}");
    }

    #[rstest]
    #[case("https://geheim.example.com/", "https://${env:KEY}.example.com/", "host of a URL")]
    #[case("https://geheim/x", "https://${env:KEY}/x", "host of a URL")]
    #[case("https://a/ge heim", "https://a/${env:KEY}", "a secret has a character")]
    fn a_secret_elsewhere_is_refused_and_not_told(
        #[case] value: &str,
        #[case] shown: &str,
        #[case] told: &str,
    ) {
        let wrong = url(&Text::masked(value, shown)).unwrap_err();
        assert!(wrong.message.contains(told) && !format!("{wrong:?}").contains("heim"), "{wrong:?}");
    }

    #[rstest]
    #[case("www.example.com", "no URL")]
    #[case("ftp://a/", "scheme `ftp`")]
    #[case("HTTP://a/", "scheme `HTTP`")]
    #[case("file:///etc/passwd", "scheme `file`")]
    #[case("http://", "no host")]
    #[case("http:///x", "no host")]
    #[case("http://me:geheim@a/", "password")]
    #[case("http://a:gehe/im@d/", "password")]
    #[case("http://a:b/", "`b` is no port")]
    #[case("http://a:0/", "no port")]
    #[case("http://a/x#y", "never sent")]
    #[case("http://a/x y", "' ' cannot stand")]
    #[case("http://a/x\r\ny: z", "'\\r' cannot stand")]
    #[case("http://a/租", "cannot stand")]
    #[case("http://租.example.com/", "DNS")]
    #[case("http://1.2.3/", "neither a name nor an address")]
    #[case("http://2001:db8::7/", "ambiguous")]
    fn what_is_no_url(#[case] text: &str, #[case] told: &str) {
        let wrong = url(&Text::open(text)).unwrap_err();
        assert!(wrong.message.contains(told), "{wrong:?}");
    }
}

//! One question over HTTP of which only the status counts: a hook, not a probe. Redirects are not followed, and whoever shows a
//! certificate that is not trusted has not answered.

use std::time::Duration;

use http::Uri;
use tokio::time::timeout;

use super::attempt::Course;
use super::handshake::Prepared;
use super::http::ask;
use super::plan::Whom;
use crate::model::callmap::answer::Seen;
use crate::model::callmap::map::{HttpAsk, HttpExpect, HttpVersion, Text, Trust};
use crate::model::callmap::words::lasting;
use crate::model::plain::plain_to;

/// The longest reason that is told.
const MOST_SAID: usize = 256;

/// The status that a GET of `url` is answered with.
///
/// # Errors
/// Why there is none, in words.
pub async fn status(url: &str, within: Duration) -> Result<u16, String> {
    let asked = timeout(within, get(url)).await;
    let answer = asked.unwrap_or_else(|_| Err(format!("no answer in {}", lasting(within))));
    answer.map_err(|why| plain_to(&why, MOST_SAID).into_owned())
}

async fn get(url: &str) -> Result<u16, String> {
    let (ask_for, trust) = (question(url)?, Trust::default());
    let tls = if ask_for.secure {
        // Reads the certificates of the system.
        let version = Some(ask_for.version);
        let made = tokio::task::spawn_blocking(move || Prepared::new(&trust, version)).await;
        Some(made.map_err(|error| error.to_string())?)
    } else {
        None
    };
    let mut course = Course::new();
    // What it needs is large, and would be held by all who wait.
    let seen = Box::pin(ask(&ask_for, &Whom::Named, tls.as_ref(), &mut course)).await;
    match seen.map_err(|fault| fault.text)? {
        Seen::Http(seen) => match seen.tls.as_ref().and_then(|tls| tls.distrust.clone()) {
            Some(distrust) => Err(format!("its certificate is not trusted: {distrust}")),
            None => Ok(seen.status),
        },
        _ => Err("no answer over HTTP".to_owned()),
    }
}

fn question(url: &str) -> Result<HttpAsk, String> {
    let uri: Uri = url.parse().map_err(|_| "the address cannot be read".to_owned())?;
    let secure = uri.scheme_str() == Some("https");
    let host = uri.host().ok_or("the address has no host")?;
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("an address with a password in it is not asked".to_owned());
    }
    Ok(HttpAsk {
        secure,
        host: Text::open(host),
        port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
        path: Text::open(uri.path_and_query().map_or("/", |path| path.as_str())),
        method: "GET".into(),
        headers: Vec::new(),
        body: None,
        redirects: 0,
        version: HttpVersion::One,
        trust: Trust::default(),
        same_body: false,
        expect: HttpExpect {
            status: Vec::new(),
            cert_days: None,
            headers: Vec::new(),
            body: Vec::new(),
            json: Vec::new(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[rstest]
    #[case("http://hook.example.com/may/acme?on=web-1", false, "hook.example.com", 80, "/may/acme?on=web-1")]
    #[case("https://[2001:db8::7]:8443", true, "[2001:db8::7]", 8443, "/")]
    fn an_address_is_read(
        #[case] url: &str,
        #[case] secure: bool,
        #[case] host: &str,
        #[case] port: u16,
        #[case] path: &str,
    ) {
        let ask = question(url).unwrap();
        assert_eq!((ask.secure, ask.host.value(), ask.port, ask.path.value()), (secure, host, port, path));
        assert!(question("http://op:secret@hook.example.com/").is_err());
    }

    #[tokio::test]
    async fn the_status_counts_and_redirects_are_not_followed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for answer in [
                "HTTP/1.1 204 No Content\r\n\r\n",
                "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
                "not http at all\r\n\r\n",
            ] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 1024];
                let read = stream.read(&mut head).await.unwrap();
                assert!(head[..read].starts_with(b"GET /may?t=acme HTTP/1.1\r\n"));
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            // Then it takes connections, and says nothing.
            let _kept = listener.accept().await;
            std::future::pending::<()>().await;
        });
        let url = format!("http://{at}/may?t=acme");
        let within = Duration::from_secs(5);
        assert_eq!(status(&url, within).await, Ok(204));
        assert_eq!(status(&url, within).await, Ok(302));
        assert!(status(&url, within).await.is_err());
        let silent = status(&url, Duration::from_millis(200)).await.unwrap_err();
        assert!(silent.contains("no answer in 200"), "{silent}");
    }
}

//! Requests that neither wake nor count, and what they are answered.

use std::net::IpAddr;

use axum::response::Response;
use http::header::{HeaderValue, USER_AGENT};
use http::{HeaderMap, StatusCode};

use super::Desk;
use super::answer::{awake, problem};
use super::tally::Kind;
use crate::keeper::wakes::table::Entry;
use crate::model::door::ignored::Told;

/// Where proxies tell the path: Traefik and Caddy, and nginx by the text of `docs/wake.md`.
const PATH: &str = "x-forwarded-uri";
const METHOD: &str = "x-forwarded-method";
const SOURCE: &str = "x-forwarded-for";

impl Desk {
    /// Whether the config says that this request neither wakes nor counts.
    pub(super) fn ignores(&self, headers: &HeaderMap) -> bool {
        let rules = self.wakes.rules();
        !rules.ignored.is_empty() && rules.ignored.has(&told(headers))
    }

    /// What such a request is answered: the tenant, where it is awake anyway.
    pub(super) async fn ignored(&self, entry: &Entry, leads: bool) -> Response {
        self.tally.add(Kind::Ignored);
        if leads && let Some(place) = self.wakes.place(entry).await {
            return awake(&place);
        }
        problem(StatusCode::SERVICE_UNAVAILABLE, "it is not awake, and requests such as this one wake nobody")
    }
}

fn told(headers: &HeaderMap) -> Told<'_> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Told {
        path: text(PATH),
        method: text(METHOD),
        agent: headers.get(USER_AGENT).and_then(|value| value.to_str().ok()),
        source: source(headers),
    }
}

/// The last address that was told: what stands before it came from the client, who may write what he likes.
fn source(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(SOURCE).iter().next_back().map(HeaderValue::to_str)?.ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_what_the_nearest_proxy_saw() {
        let mut headers = HeaderMap::new();
        assert_eq!(source(&headers), None);
        headers.append(SOURCE, HeaderValue::from_static("192.0.2.1, 203.0.113.9"));
        assert_eq!(source(&headers), "203.0.113.9".parse().ok());
        headers.append(SOURCE, HeaderValue::from_static("2001:db8::7"));
        assert_eq!(source(&headers), "2001:db8::7".parse().ok());
        headers.append(SOURCE, HeaderValue::from_static("unknown"));
        assert_eq!(source(&headers), None);
    }
}

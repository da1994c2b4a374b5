//! The request of one hop.

use std::str::FromStr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, COOKIE, HOST, HeaderName, HeaderValue, USER_AGENT,
};
use hyper::{Method, Request, Uri};

use crate::callmap::fault::fault;
use crate::model::callmap::answer::{Fault, FaultKind};
use crate::model::callmap::map::{HttpAsk, Text};
use crate::model::callmap::tell::bracketed;

/// Who we are, unless the file says otherwise.
const AGENT: &str = concat!("wakeboard/", env!("CARGO_PKG_VERSION"));

/// What is asked for now: the URL at first, then wherever redirects lead.
#[derive(Clone, Debug)]
pub struct Hop {
    pub host: Text,
    pub path: Text,
    pub method: Arc<str>,
    /// Whether it is another host than the URL's, which is not told the secrets.
    pub is_foreign: bool,
    has_body: bool,
}

impl Hop {
    pub fn first(ask: &HttpAsk) -> Self {
        Hop {
            host: ask.host.clone(),
            path: ask.path.clone(),
            method: ask.method.clone(),
            is_foreign: false,
            has_body: ask.body.is_some(),
        }
    }

    /// The hop that a redirect with this status leads to.
    pub fn to(&self, ask: &HttpAsk, status: u16, host: Option<String>, path: &str) -> Self {
        let host = host.map_or_else(|| self.host.clone(), |host| Text::open(&host));
        let is_foreign = !host.value().eq_ignore_ascii_case(ask.host.value());
        let becomes_get = status == 303 && &*self.method != "HEAD"
            || matches!(status, 301 | 302) && &*self.method == "POST";
        let method = if becomes_get { "GET".into() } else { self.method.clone() };
        let has_body = self.has_body && !becomes_get && !is_foreign;
        Hop { host, path: Text::open(path), method, is_foreign, has_body }
    }
}

/// Makes the request, in the form of HTTP/2 or HTTP/1.1.
pub fn make(ask: &HttpAsk, hop: &Hop, is_two: bool) -> Result<Request<Full<Bytes>>, Fault> {
    let wrong = |what: &str| {
        fault(
            FaultKind::NotTried,
            format!("{what} cannot be sent: it has characters that HTTP does not allow"),
        )
    };
    let own_host =
        ask.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, value)| value);
    let authority = match own_host {
        Some(host) if !hop.is_foreign => host.value().to_owned(),
        _ => authority(ask, hop),
    };
    let uri = if is_two {
        let scheme = if ask.secure { "https" } else { "http" };
        format!("{scheme}://{authority}{}", hop.path.value())
    } else {
        hop.path.value().to_owned()
    };
    let body = match &ask.body {
        Some(body) if hop.has_body => Full::new(Bytes::copy_from_slice(body.value().as_bytes())),
        _ => Full::default(),
    };
    let mut request = Request::new(body);
    *request.uri_mut() = Uri::from_str(&uri).map_err(|_| wrong("the URL"))?;
    *request.method_mut() = Method::from_str(&hop.method).map_err(|_| wrong("the method"))?;
    let headers = request.headers_mut();
    if !is_two {
        headers.insert(HOST, HeaderValue::from_str(&authority).map_err(|_| wrong("the host"))?);
    }
    for (name, value) in &ask.headers {
        let key = HeaderName::from_str(name).map_err(|_| wrong(&format!("the header {name}")))?;
        let is_secret = key == AUTHORIZATION || key == COOKIE || value.value() != &**value.shown();
        // The length is counted, not believed.
        if key == HOST || key == CONTENT_LENGTH || hop.is_foreign && is_secret {
            continue;
        }
        let sent = HeaderValue::from_str(value.value()).map_err(|_| wrong(&format!("the header {name}")))?;
        headers.append(key, sent);
    }
    if !headers.contains_key(USER_AGENT) {
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    }
    if !headers.contains_key(ACCEPT) {
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    }
    Ok(request)
}

/// The URL's host, with its port where that is not the scheme's. The port of a target is not the client's business.
fn authority(ask: &HttpAsk, hop: &Hop) -> String {
    let usual = if ask.secure { 443 } else { 80 };
    let host = bracketed(hop.host.value());
    if ask.port == usual { host } else { format!("{host}:{}", ask.port) }
}

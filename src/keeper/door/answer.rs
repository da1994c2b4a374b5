//! Answers: the address of a tenant that is awake, a page to wait with, or when to try again.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use super::page::{Page, seconds};
use crate::keeper::wakes::table::Place;
use crate::model::plain::plain;
use crate::model::ticket::TicketId;

/// Where the tenant answers.
pub const UPSTREAM: HeaderName = HeaderName::from_static("x-wakeboard-upstream");
/// Which tenant that is.
pub const TENANT: HeaderName = HeaderName::from_static("x-wakeboard-tenant");

/// Where a tenant is that is awake.
pub fn awake(place: &Place) -> Response {
    let mut answer = Response::new(Body::empty());
    let headers = answer.headers_mut();
    headers.insert(UPSTREAM, place.upstream.clone());
    headers.insert(TENANT, place.tenant.clone());
    answer
}

/// Something that did not work out, as RFC 9457 has it.
pub fn problem(status: StatusCode, detail: &str) -> Response {
    let body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Problem"),
        "status": status.as_u16(),
        "detail": plain(detail),
    });
    json_answer(status, "application/problem+json", &body)
}

/// The same of a tenant that cannot be had, with its ticket's number, and for those who have said the token also why.
pub fn failed(detail: &str, ticket: Option<TicketId>, reason: Option<&str>) -> Response {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Problem"),
        "status": status.as_u16(),
        "detail": plain(detail),
    });
    if let Some(ticket) = ticket {
        body["ticket"] = ticket.to_string().into();
    }
    if let Some(reason) = reason {
        body["reason"] = plain(reason).into();
    }
    json_answer(status, "application/problem+json", &body)
}

/// JSON of that type, in one line that ends.
pub fn json_answer(status: StatusCode, media_type: &'static str, body: &serde_json::Value) -> Response {
    let mut answer = Response::new(Body::from(format!("{body}\n")));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

/// The same with when to try again.
pub fn after(mut answer: Response, time: Duration) -> Response {
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds(time).max(1)));
    answer
}

/// A page for a browser.
pub fn page(status: StatusCode, page: &Page<'_>) -> Response {
    let mut answer = Response::new(Body::from(page.html()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    answer
}

/// What a visitor is told of a tenant that cannot be had: nothing of engines, hosts, paths or exit codes. By the ticket's number
/// the operator finds why.
pub fn unavailable(ticket: Option<TicketId>) -> String {
    let told = "it cannot be reached at the moment: try again later";
    ticket.map_or_else(|| told.to_owned(), |ticket| format!("{told} (ticket {ticket})"))
}

/// Nobody knows him.
pub fn stranger() -> Response {
    let mut answer = problem(
        StatusCode::UNAUTHORIZED,
        "say the token of the config's `keeper` (Authorization: Bearer TOKEN), or show a certificate of its `client_ca`",
    );
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}

/// All that the door says holds for this moment only.
pub fn no_store(mut answer: Response) -> Response {
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Whether more than one host is asked for: a proxy and this door could each take another one of them for the right one.
pub fn names_two_hosts(headers: &HeaderMap) -> bool {
    let mut said = headers.get_all(HOST).iter();
    let is_list = said.next().is_some_and(|host| host.as_bytes().contains(&b','));
    is_list || said.next().is_some()
}

/// Whether whoever asks shows pages, and asks for one: what is sent to a tenant cannot be sent again by a page.
pub fn is_browser(headers: &HeaderMap) -> bool {
    let method = headers.get("x-forwarded-method").map_or(&b"GET"[..], HeaderValue::as_bytes);
    let reads = method == b"GET" || method == b"HEAD";
    let html = |value: &HeaderValue| value.as_bytes().windows(9).any(|part| part == b"text/html");
    reads && headers.get_all(ACCEPT).iter().any(html)
}

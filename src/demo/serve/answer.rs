//! Answers in Docker's form.

use std::io;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::Shared;
use super::route::Answer;
use crate::demo::sim::Refusal;

/// A body that may be long, endless, or cut.
pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A whole body.
pub(super) fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// An answer with the headers that every answer of an engine has.
pub(super) fn with(status: u16, kind: &str, body: Body, shared: &Shared, host: usize) -> Response<Body> {
    let engine = shared.world.hosts[host].engine();
    let about = &engine.about;
    let server = format!("Docker/{} (linux)", about.version);
    let built = Response::builder()
        .status(status)
        .header("Api-Version", &about.api)
        .header("Docker-Experimental", about.experimental.to_string())
        .header("Ostype", "linux")
        .header("Server", server);
    let built = if kind.is_empty() { built } else { built.header("Content-Type", kind) };
    built.body(body).unwrap_or_else(|_| {
        // Only a version in the scenario that is no header text leads here.
        let mut plain = Response::new(whole(Bytes::new()));
        *plain.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        plain
    })
}

/// A JSON answer from a value.
pub(super) fn value(value: &Value) -> (u16, Bytes) {
    (200, Bytes::from(format!("{value}\n")))
}

/// The same, ready to be sent.
pub(super) fn json(from: &Value) -> Answer {
    let (status, body) = value(from);
    Answer::Whole(status, body)
}

/// What a refusal looks like.
pub(super) fn refusal(refusal: &Refusal) -> (u16, Bytes) {
    if refusal.message.is_empty() {
        return (refusal.status, Bytes::new());
    }
    (refusal.status, Bytes::from(format!("{}\n", json!({ "message": refusal.message }))))
}

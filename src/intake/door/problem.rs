//! What is wrong with a request, as RFC 9457 has it.

use std::time::Duration;

use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::json;

use crate::model::change::said::Wrong;
use crate::model::plain::plain;

/// A request that did not become a change.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    /// The key that it is about.
    key: Option<String>,
    /// Line and column of the body.
    place: Option<(usize, usize)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// That problem, in a person's words.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Problem { status, detail: detail.into(), key: None, place: None, headers: Vec::new() }
    }

    /// The same at a line and a column of the body.
    pub fn at(mut self, line: usize, column: usize) -> Self {
        self.place = Some((line, column));
        self
    }

    /// The same, after which nothing more is heard on this connection.
    pub fn last(mut self) -> Self {
        self.headers.push((CONNECTION, HeaderValue::from_static("close")));
        self
    }

    /// Only this method is heard.
    pub fn only(mut self, method: &'static str) -> Self {
        self.headers.push((ALLOW, HeaderValue::from_static(method)));
        self
    }

    /// The same, with when to try again.
    pub fn after(mut self, wait: Duration) -> Self {
        let seconds = wait.as_secs_f64().ceil().max(1.0);
        if let Ok(value) = HeaderValue::from_str(&format!("{seconds:.0}")) {
            self.headers.push((RETRY_AFTER, value));
        }
        self
    }

    /// A token is missing or wrong.
    pub fn stranger() -> Self {
        let detail = "say the token of the config's `notes`: Authorization: Bearer TOKEN";
        let mut problem = Problem::new(StatusCode::UNAUTHORIZED, detail);
        problem.headers.push((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        problem
    }

    /// The answer that says it.
    pub fn answer(self) -> Response<Full<Bytes>> {
        let mut body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Problem"),
            "status": self.status.as_u16(),
            "detail": plain(&self.detail),
        });
        if let Some(key) = &self.key {
            body["key"] = plain(key).into();
        }
        if let Some((line, column)) = self.place {
            body["line"] = line.into();
            body["column"] = column.into();
        }
        let mut answer = answer(self.status, "application/problem+json", &body);
        for (name, value) in self.headers {
            answer.headers_mut().insert(name, value);
        }
        answer
    }
}

impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Self {
        let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, wrong.message);
        problem.key = wrong.key;
        problem
    }
}

/// JSON of that type, in one line that ends.
pub fn answer(
    status: StatusCode,
    media_type: &'static str,
    body: &serde_json::Value,
) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(format!("{body}\n"))));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

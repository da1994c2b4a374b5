//! The engine's event stream, line by line. What is no UTF-8 is made so, and a line that cannot be read is left out: one
//! bad event among thousands must not cut the stream, since the engine would tell it again after each new beginning.

use std::collections::HashMap;
use std::pin::Pin;

use bollard::errors::Error as ApiError;
use futures_util::stream::{self, Stream};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use jiff::Timestamp;
use serde::Deserialize;
use tracing::warn;

use super::call::{Call, encoded};
use super::transport::{Budget, TooMuch, Transport};
use crate::engine::EngineError;

/// So many lines in a row that cannot be read are no slips: this is no engine.
const MOST_UNREADABLE: usize = 16;

/// One event as the engine writes it.
#[derive(Debug, Deserialize)]
pub struct Message {
    /// `container`, `image`, ...
    #[serde(rename = "Type", default)]
    pub kind: String,
    #[serde(rename = "Action", default)]
    pub action: String,
    #[serde(rename = "Actor", default)]
    pub actor: Actor,
    /// Seconds since 1970.
    #[serde(default)]
    pub time: i64,
    /// Nanoseconds since 1970; 0 where the engine does not say.
    #[serde(rename = "timeNano", default)]
    pub nanoseconds: i64,
}

/// What it happened to.
#[derive(Debug, Default, Deserialize)]
pub struct Actor {
    #[serde(rename = "ID", default)]
    pub id: String,
    #[serde(rename = "Attributes", default)]
    pub attributes: HashMap<String, String>,
}

/// The messages about containers: what the engine remembers since then, and up to `until` or for ever.
pub fn messages(
    transport: Transport,
    since: Timestamp,
    until: Option<Timestamp>,
) -> impl Stream<Item = Result<Message, EngineError>> + Send {
    let mut target =
        format!("/events?filters={}&since={}", encoded(r#"{"type":["container"]}"#), seconds(since));
    if let Some(until) = until {
        target = format!("{target}&until={}", seconds(until));
    }
    let budget = transport.stream_budget();
    let lines =
        Lines { start: Some((target, transport)), body: None, rest: Vec::new(), budget, unreadable: 0 };
    stream::try_unfold(
        lines,
        |mut lines| async move { Ok(lines.next().await?.map(|message| (message, lines))) },
    )
}

/// A time as the engine's query wants it: seconds and nanoseconds since 1970.
fn seconds(time: Timestamp) -> String {
    format!("{}.{:09}", time.as_second(), time.subsec_nanosecond().max(0))
}

struct Lines {
    /// What to ask, until that was done.
    start: Option<(String, Transport)>,
    body: Option<Pin<Box<Incoming>>>,
    /// What came after the last whole line; the transport's budget bounds it.
    rest: Vec<u8>,
    budget: Budget,
    unreadable: usize,
}

impl Lines {
    async fn next(&mut self) -> Result<Option<Message>, EngineError> {
        if let Some((target, transport)) = self.start.take() {
            self.body = Some(Box::pin(Call::get(target).stream(&transport).await?));
        }
        let mut searched = 0;
        loop {
            if let Some(end) = self.rest[searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.rest.split_off(searched + end + 1);
                let line = std::mem::replace(&mut self.rest, rest);
                searched = 0;
                if let Some(message) = self.read(&line)? {
                    return Ok(Some(message));
                }
                continue;
            }
            searched = self.rest.len();
            match self.more().await? {
                Some(bytes) => self.rest.extend_from_slice(&bytes),
                None => return Ok(None),
            }
        }
    }

    async fn more(&mut self) -> Result<Option<Bytes>, EngineError> {
        let Some(body) = &mut self.body else { return Ok(None) };
        loop {
            match body.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
                Some(Err(_)) if self.budget.is_overdrawn() => {
                    return Err(EngineError::Garbage(TooMuch.to_string()));
                }
                Some(Err(error)) => return Err(ApiError::from(error).into()),
            }
        }
    }

    fn read(&mut self, line: &[u8]) -> Result<Option<Message>, EngineError> {
        self.budget.refill();
        let line = String::from_utf8_lossy(line);
        if line.trim().is_empty() {
            return Ok(None);
        }
        match serde_json::from_str(&line) {
            Ok(message) => {
                self.unreadable = 0;
                Ok(Some(message))
            }
            Err(error) if self.unreadable < MOST_UNREADABLE => {
                self.unreadable += 1;
                warn!(%error, "an event that cannot be read is left out");
                Ok(None)
            }
            Err(error) => Err(ApiError::from(error).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::transport::Dial;
    use super::*;
    use futures_util::StreamExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixListener;

    /// What is read of an engine that answers with these bytes.
    async fn read(answer: Vec<u8>) -> Vec<Result<String, String>> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 1024];
            let length = stream.read(&mut asked).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await.unwrap();
            for piece in answer.chunks(7 * 1024) {
                if stream.write_all(piece).await.is_err() {
                    break;
                }
            }
            String::from_utf8(asked[..length].to_vec()).unwrap()
        });
        let transport = Transport::new(Dial::Unix(socket));
        let since = "2026-01-02T03:04:05.678Z".parse().unwrap();
        let all: Vec<_> = messages(transport, since, None)
            .map(|it| it.map(|message| format!("{} {}", message.action, message.actor.id)))
            .map(|it| it.map_err(|error| error.to_string()))
            .collect()
            .await;
        let asked = server.await.unwrap();
        assert!(
            asked.starts_with(
                "GET /events?filters=%7B%22type%22:%5B%22container%22%5D%7D&since=1767323045.678000000 "
            ),
            "{asked}"
        );
        all
    }

    fn line(action: &str, id: &str) -> Vec<u8> {
        format!(
            "{{\"Type\":\"container\",\"Action\":\"{action}\",\"Actor\":{{\"ID\":\"{id}\"}},\"time\":1}}\n"
        )
        .into_bytes()
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_left_out_and_the_rest_is_told() {
        let mut answer = line("start", "a");
        answer.extend(b"{\"status\":\"start\",\"id\":\"4c1f0f\n\r\n");
        let mut broken = line("die", "b?");
        let at = broken.iter().position(|byte| *byte == b'?').unwrap();
        broken[at] = 0xff;
        answer.extend(broken);
        answer.extend(b"7\n");
        answer.extend(line("stop", "c"));
        let told: Vec<_> = read(answer).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(told, ["start a", "die b\u{fffd}", "stop c"]);
    }

    #[tokio::test]
    async fn a_line_of_a_megabyte_is_read_and_one_without_end_is_not() {
        let long = "x".repeat(1024 * 1024);
        let told = read([line("start", &long), line("stop", "b")].concat()).await;
        assert_eq!(told.len(), 2);
        assert_eq!(told[1].as_deref(), Ok("stop b"));
        let told = read(vec![b'x'; 5 * 1024 * 1024]).await;
        assert_eq!(told.len(), 1);
        assert!(told[0].as_ref().unwrap_err().contains("without end"), "{told:?}");
    }

    #[tokio::test]
    async fn what_speaks_nothing_but_garbage_is_no_engine() {
        let told = read(b"hello\n".repeat(40)).await;
        assert_eq!(told.len(), 1);
        assert!(told[0].is_err());
    }
}

//! One request to an engine with its answer read whole, or into a file: what bollard lacks, or would read at too great a
//! cost.

use std::path::Path;
use std::time::Duration;

use bollard::errors::Error as ApiError;
use bollard::{body_full, body_stream};
use futures_util::stream::{self, Stream};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, SERVER};
use hyper::{Method, Response};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::transport::{MOST_BYTES, Transport};
use crate::engine::EngineError;

/// The most bytes of a refusal that are read.
const MOST_REFUSAL: usize = 64 * 1024;

/// One request.
pub struct Call {
    method: Method,
    target: String,
    content: Option<&'static str>,
    body: Bytes,
    /// Sent instead of the body, where there is one.
    file: Option<tokio::fs::File>,
}

impl Call {
    /// Asks for something.
    pub fn get(target: impl Into<String>) -> Call {
        Call::of(Method::GET, target.into())
    }

    /// Has something done.
    pub fn post(target: impl Into<String>) -> Call {
        Call::of(Method::POST, target.into())
    }

    /// Has something put there.
    pub fn put(target: impl Into<String>) -> Call {
        Call::of(Method::PUT, target.into())
    }

    /// Has something removed.
    pub fn delete(target: impl Into<String>) -> Call {
        Call::of(Method::DELETE, target.into())
    }

    fn of(method: Method, target: String) -> Call {
        Call { method, target, content: None, body: Bytes::new(), file: None }
    }

    /// The same with JSON.
    pub fn json(self, value: &serde_json::Value) -> Call {
        Call { content: Some("application/json"), body: value.to_string().into(), ..self }
    }

    /// The same with a tar archive.
    pub fn tar(self, tar: impl Into<Bytes>) -> Call {
        Call { content: Some("application/x-tar"), body: tar.into(), ..self }
    }

    /// The same with a tar archive that is read as it is sent.
    pub async fn tar_file(self, file: &Path) -> Result<Call, EngineError> {
        let opened = tokio::fs::File::open(file).await;
        let opened = opened.map_err(|error| EngineError::Unable(format!("{}: {error}", file.display())))?;
        Ok(Call { content: Some("application/x-tar"), file: Some(opened), ..self })
    }

    /// The whole answer; `deadline` is for all of it.
    pub async fn send(self, transport: &Transport, deadline: Duration) -> Result<Bytes, EngineError> {
        self.send_within(transport, deadline, usize::try_from(MOST_BYTES).unwrap_or(usize::MAX)).await
    }

    /// The whole answer, of at most so many bytes.
    pub async fn send_within(
        self,
        transport: &Transport,
        deadline: Duration,
        most: usize,
    ) -> Result<Bytes, EngineError> {
        let exchange = async {
            let response = self.answer(transport).await?;
            whole(response, most).await
        };
        tokio::time::timeout(deadline, exchange).await.map_err(|_| EngineError::Silent(deadline))?
    }

    /// The answer as JSON.
    pub async fn read<T: DeserializeOwned>(
        self,
        transport: &Transport,
        deadline: Duration,
    ) -> Result<T, EngineError> {
        let bytes = self.send(transport, deadline).await?;
        serde_json::from_slice(&bytes).map_err(|error| ApiError::from(error).into())
    }

    /// Writes the answer into a new file that only this user may read. On failure there may be a part of it.
    pub async fn save(
        self,
        transport: &Transport,
        deadline: Duration,
        file: &Path,
    ) -> Result<(), EngineError> {
        let exchange = async {
            let mut response = self.answer(&transport.without_cap()).await?;
            let mut open = tokio::fs::OpenOptions::new();
            let unwritten =
                |error: std::io::Error| EngineError::Unable(format!("{}: {error}", file.display()));
            let mut file = open
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(file)
                .await
                .map_err(unwritten)?;
            while let Some(frame) = response.frame().await {
                if let Some(bytes) = frame.map_err(ApiError::from)?.data_ref() {
                    file.write_all(bytes).await.map_err(unwritten)?;
                }
            }
            file.sync_all().await.map_err(unwritten)
        };
        tokio::time::timeout(deadline, exchange).await.map_err(|_| EngineError::Silent(deadline))?
    }

    /// The answer as it comes. Only its beginning has a deadline: the caller's.
    pub async fn stream(self, transport: &Transport) -> Result<Incoming, EngineError> {
        self.answer(transport).await
    }

    /// The answer's body, unread, where the engine does not refuse.
    async fn answer(self, transport: &Transport) -> Result<Incoming, EngineError> {
        let length = self.body.len();
        let is_whole = self.file.is_none();
        let body = match self.file {
            Some(file) => body_stream(pieces(file)),
            None => body_full(self.body),
        };
        let mut request = hyper::Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.target.parse().map_err(ApiError::from)?;
        if let Some(content) = self.content {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content));
        }
        if is_whole {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        // Boxed: a dial with TLS takes 20 kB, in every future that waits for it.
        let response: Response<Incoming> = Box::pin(transport.clone().send(request)).await?;
        transport.hear(response.headers().get(SERVER).map(HeaderValue::as_bytes));
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        Err(refusal(status.as_u16(), &whole(response.into_body(), MOST_REFUSAL).await?))
    }
}

/// What an engine said that says no.
pub fn refusal(status_code: u16, body: &[u8]) -> EngineError {
    let refusal = serde_json::from_slice(body).map(|refusal: Refusal| refusal.message);
    let message = refusal.unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned());
    ApiError::DockerResponseServerError { status_code, message }.into()
}

/// A file in pieces. One that cannot be read any more ends: what it was sent to finds it cut.
fn pieces(file: tokio::fs::File) -> impl Stream<Item = Bytes> + Send {
    stream::unfold(file, |mut file| async move {
        let mut piece = vec![0; 256 * 1024];
        let length = file.read(&mut piece).await.ok().filter(|length| *length > 0)?;
        piece.truncate(length);
        Some((Bytes::from(piece), file))
    })
}

async fn whole(body: Incoming, most: usize) -> Result<Bytes, EngineError> {
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => match error.downcast::<hyper::Error>() {
            Ok(error) => Err(ApiError::from(*error).into()),
            Err(_) => Err(EngineError::Garbage(format!("an answer of more than {most} bytes"))),
        },
    }
}

/// The body of an answer that says no.
#[derive(serde::Deserialize)]
struct Refusal {
    message: String,
}

/// A value as a query takes it.
pub fn encoded(value: &str) -> String {
    use std::fmt::Write as _;
    value.bytes().fold(String::with_capacity(value.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_can_end_it() {
        assert_eq!(encoded("/tmp/a b&c=d?#%"), "/tmp/a%20b%26c%3Dd%3F%23%25");
        assert_eq!(encoded("wakeboard/canary:1"), "wakeboard/canary:1");
        assert_eq!(encoded("ü"), "%C3%BC");
    }
}

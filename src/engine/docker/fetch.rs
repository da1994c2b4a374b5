//! A long answer read in one go: the list of a host, of which a console with many hosts reads a hundred at the same time.
//!
//! It is asked for over HTTP/1.0: then it comes in one piece that ends with its length or with the connection. It is read
//! straight into memory that the answer before it has used. hyper would keep each answer in pieces of fresh memory, to be put
//! together in more of it, and that takes longer than to read the JSON.

use std::io;
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bollard::errors::Error as ApiError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::call::refusal;
use super::transport::Transport;
use crate::engine::EngineError;

/// No head of an answer is longer.
const LONGEST_HEAD: usize = 64 * 1024;
/// More fields than this no head has.
const MOST_FIELDS: usize = 100;
/// With so many bytes an answer begins. Only then it is given memory: of a hundred that are waited for, few come at once.
const START: usize = 512;
/// What is read at once, at least, where so much is there.
const PIECE: usize = 64 * 1024;
/// So much memory is kept for the next answers.
const MOST_SPARE: usize = 4;
const LARGEST_SPARE: usize = 1 << 20;

/// Memory that answers were read into.
static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// An answer's body.
#[derive(Debug)]
pub struct Body {
    bytes: Vec<u8>,
    /// Where it begins: before it is the head.
    at: usize,
    /// Its length was told. Where not, one that is cut looks as if it were over.
    pub is_whole: bool,
}

impl Body {
    fn begin(start: &[u8]) -> Body {
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut bytes = spare.unwrap_or_default();
        bytes.extend_from_slice(start);
        Body { bytes, at: 0, is_whole: false }
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        if bytes.capacity() <= LARGEST_SPARE {
            bytes.clear();
            let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
            if spare.len() < MOST_SPARE {
                spare.push(bytes);
            }
        }
    }
}

/// What the head of an answer says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Its own length.
    end: usize,
    /// The body's length, where it is told.
    length: Option<usize>,
    /// The body is in pieces all the same.
    is_chunked: bool,
}

/// Asks for something, and reads the answer whole; `deadline` is for all of it. Nothing where something on the way does not
/// speak HTTP/1.0.
pub async fn fetch(
    transport: &Transport,
    target: &str,
    deadline: Duration,
) -> Result<Option<Body>, EngineError> {
    let exchange = exchange(transport, target);
    tokio::time::timeout(deadline, exchange).await.map_err(|_| EngineError::Silent(deadline))?
}

async fn exchange(transport: &Transport, target: &str) -> Result<Option<Body>, EngineError> {
    // Boxed: a dial with TLS takes 20 kB, in every future that waits for it.
    let mut connection = Box::pin(transport.connect()).await?;
    let request = format!("GET {target} HTTP/1.0\r\nHost: {}\r\n\r\n", transport.host());
    connection.write_all(request.as_bytes()).await.map_err(failed)?;
    connection.flush().await.map_err(failed)?;
    let mut start = [0; START];
    let length = connection.read(&mut start).await.map_err(failed)?;
    let mut body = Body::begin(&start[..length]);
    let mut is_over = length == 0;
    let head = loop {
        if let Some(head) = read_head(&body.bytes, transport)? {
            break head;
        }
        if is_over {
            return Err(failed(io::ErrorKind::UnexpectedEof.into()));
        }
        if body.bytes.len() > LONGEST_HEAD {
            return Err(EngineError::Garbage("not HTTP (a head without end)".to_owned()));
        }
        body.bytes.reserve(PIECE);
        is_over = connection.read_buf(&mut body.bytes).await.map_err(failed)? == 0;
    };
    if head.is_chunked || matches!(head.status, 426 | 505) {
        return Ok(None);
    }
    let end = head.length.map(|length| head.end.saturating_add(length));
    while !is_over && end.is_none_or(|end| body.bytes.len() < end) {
        body.bytes.reserve(PIECE);
        is_over = connection.read_buf(&mut body.bytes).await.map_err(failed)? == 0;
    }
    if let Some(end) = end {
        if body.bytes.len() < end {
            return Err(failed(io::ErrorKind::UnexpectedEof.into()));
        }
        body.bytes.truncate(end);
    }
    (body.at, body.is_whole) = (head.end, end.is_some());
    if (200..300).contains(&head.status) { Ok(Some(body)) } else { Err(refusal(head.status, &body)) }
}

fn failed(error: io::Error) -> EngineError {
    ApiError::from(error).into()
}

/// Reads the head, once it is there as a whole.
fn read_head(bytes: &[u8], transport: &Transport) -> Result<Option<Head>, EngineError> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let garbage = |what: &dyn std::fmt::Display| EngineError::Garbage(format!("not HTTP ({what})"));
    let end = match response.parse(bytes).map_err(|error| garbage(&error))? {
        httparse::Status::Complete(end) => end,
        httparse::Status::Partial => return Ok(None),
    };
    let field = |name: &str| {
        let field = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        field.map(|field| field.value)
    };
    transport.hear(field("server"));
    let length = match field("content-length").map(|value| str::from_utf8(value).map(str::parse)) {
        None => None,
        Some(Ok(Ok(length))) => Some(length),
        Some(_) => return Err(garbage(&"a length that is none")),
    };
    let status = response.code.unwrap_or_default();
    Ok(Some(Head { status, end, length, is_chunked: field("transfer-encoding").is_some() }))
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;

//! Answers that go wrong on purpose.

use std::io;
use std::time::Duration;

use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};

use super::answer::Body;

/// Long enough for what was sent to be out of every buffer before the connection is cut.
const FLUSHED: Duration = Duration::from_millis(20);

/// The JSON that `broken_json` answers.
pub(super) const BROKEN_JSON: &[u8] = b"[{\"Id\": \"4c1f0fdc6a2b\", \"Names\": [\"/acme-app\"}, nul\n";

/// The first half of a body; then the connection breaks.
pub(super) fn cut(bytes: &Bytes) -> Body {
    let half = bytes.slice(..bytes.len() / 2);
    let stream = stream::unfold(Some(half), |left| async move {
        let half = left?;
        if half.is_empty() {
            tokio::time::sleep(FLUSHED).await;
            return Some((Err(broken()), None));
        }
        Some((Ok(Frame::data(half)), Some(Bytes::new())))
    });
    BodyExt::boxed_unsync(StreamBody::new(stream))
}

/// A list that never ends.
pub(super) fn endless() -> Body {
    let row = "{\"Id\":\"4c1f0fdc6a2b\",\"Names\":[\"/endless\"],\"Labels\":{}},".repeat(256);
    let row = Bytes::from(row);
    let stream = stream::unfold(Some(Bytes::from_static(b"[")), move |next| {
        let row = row.clone();
        async move {
            // Without this an eager reader would starve everything else on a runtime of one thread.
            tokio::task::yield_now().await;
            Some((Ok(Frame::data(next.unwrap_or(row))), None))
        }
    });
    BodyExt::boxed_unsync(StreamBody::new(stream))
}

/// The error that makes the server drop a connection.
pub(super) fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "cut on purpose")
}

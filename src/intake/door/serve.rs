//! Connections: so many at once, each for so long.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::answer::Counter;
use super::limits;
use super::problem::Problem;
use crate::model::token::Token;

/// How long to wait where the system has no more handles.
const OUT_OF_HANDLES: Duration = Duration::from_millis(100);

/// Where they come in.
pub trait Listener: Send {
    /// Somebody's way in.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    fn accept(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Listener for UnixListener {
    type Stream = tokio::net::UnixStream;
    async fn accept(&self) -> io::Result<Self::Stream> {
        UnixListener::accept(self).await.map(|(stream, _)| stream)
    }
}

impl Listener for TcpListener {
    type Stream = tokio::net::TcpStream;
    async fn accept(&self) -> io::Result<Self::Stream> {
        TcpListener::accept(self).await.map(|(stream, _)| stream)
    }
}

/// Serves whoever comes, for ever; all connections go when this is dropped.
pub async fn serve(listener: &impl Listener, counter: Arc<Counter>, token: Option<Token>) -> Infallible {
    let seats = Arc::new(Semaphore::new(limits::SEATS));
    let standing = Arc::new(Semaphore::new(limits::STANDING));
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let Ok(stream) = stream else {
            sleep(OUT_OF_HANDLES).await;
            continue;
        };
        if let Ok(seat) = seats.clone().try_acquire_owned() {
            let (counter, token) = (counter.clone(), token.clone());
            connections.spawn(async move {
                let _seat = seat;
                let service = service_fn(|request| counter.clone().hear(request, token.clone()));
                let served = rules().serve_connection(TokioIo::new(stream), service);
                // Whoever goes in the middle is no fault of ours.
                let _ = timeout(limits::CONNECTION, served).await;
            });
        } else if let Ok(place) = standing.clone().try_acquire_owned() {
            connections.spawn(async move {
                let _place = place;
                let full = |_| async {
                    let detail = "too many connections at once: try again later";
                    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).last();
                    Ok::<_, Infallible>(problem.after(limits::HEADERS_WITHIN).answer())
                };
                let served = rules().serve_connection(TokioIo::new(stream), service_fn(full));
                let _ = timeout(limits::STANDING_WITHIN, served).await;
            });
        }
    }
}

fn rules() -> http1::Builder {
    let mut rules = http1::Builder::new();
    rules
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADERS_WITHIN)
        .max_buf_size(limits::HEADER_BYTES)
        .max_headers(limits::HEADERS)
        // Those that say all and then close their side still hear the answer.
        .half_close(true);
    rules
}

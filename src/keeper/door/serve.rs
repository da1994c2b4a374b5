//! Connections: so many at once, each bounded; and how they end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::warn;

use super::answer::{after, problem};
use super::{Desk, limits, router};

/// How long to wait where the system has no more handles.
const OUT_OF_HANDLES: Duration = Duration::from_millis(100);

/// Serves whoever comes until it is said to close; then those that are being answered, until this is dropped.
pub(super) async fn serve(listener: TcpListener, desk: Desk, mut closing: watch::Receiver<bool>) {
    let files = getrlimit(Resource::Nofile).current;
    let wanted = limits::seats(desk.wakes.rules().queue_all, None);
    let most = limits::seats(desk.wakes.rules().queue_all, files);
    if most < wanted {
        warn!(
            connections = most,
            wanted, files, "the limit of open files (ulimit -n) allows fewer connections at once"
        );
    }
    let (seats, standing) = (Arc::new(Semaphore::new(most)), Arc::new(Semaphore::new(limits::STANDING)));
    let certified = router(Desk { is_certified: true, ..desk.clone() });
    let plain = router(desk.clone());
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            _ = closing.wait_for(|it| *it) => break,
        };
        let Ok((stream, _)) = accepted else {
            sleep(OUT_OF_HANDLES).await;
            continue;
        };
        // Answers are small and must not wait for more.
        let _ = stream.set_nodelay(true);
        if let Ok(seat) = seats.clone().try_acquire_owned() {
            let (plain, certified, desk) = (plain.clone(), certified.clone(), desk.clone());
            let closing = closing.clone();
            connections.spawn(async move {
                let _seat = seat;
                greet(stream, &desk, plain, certified, closing).await;
            });
        } else if let Ok(place) = standing.clone().try_acquire_owned() {
            // Who speaks TLS is cut: a handshake for a refusal costs too much.
            let speaks_tls = desk.shared.tls.load().is_some();
            connections.spawn(async move {
                let _place = place;
                if !speaks_tls {
                    let _ = timeout(limits::STANDING_WITHIN, turn_away(stream)).await;
                }
            });
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Speaks TLS first where that is configured.
async fn greet(
    stream: TcpStream,
    desk: &Desk,
    plain: Router,
    certified: Router,
    closing: watch::Receiver<bool>,
) {
    let Some(tls) = desk.shared.tls.load_full() else {
        return converse(stream, plain, closing).await;
    };
    let shaken = timeout(limits::HANDSHAKE_WITHIN, TlsAcceptor::from(tls).accept(stream)).await;
    let Ok(Ok(stream)) = shaken else { return };
    // Only one of the right authority gets through the handshake.
    let has_certificate = stream.get_ref().1.peer_certificates().is_some_and(|chain| !chain.is_empty());
    converse(stream, if has_certificate { certified } else { plain }, closing).await;
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    router: Router,
    mut closing: watch::Receiver<bool>,
) {
    let served = rules().serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut served = std::pin::pin!(served);
    // Whoever goes in the middle is no fault of ours.
    tokio::select! {
        _ = served.as_mut() => return,
        _ = closing.wait_for(|it| *it) => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

async fn turn_away(stream: TcpStream) {
    let full = |_| async {
        let answer =
            problem(StatusCode::SERVICE_UNAVAILABLE, "too many connections at once: try again later");
        Ok::<_, Infallible>(after(answer, limits::HEADERS_WITHIN))
    };
    let mut rules = rules();
    let _ = rules.keep_alive(false).serve_connection(TokioIo::new(stream), service_fn(full)).await;
}

fn rules() -> http1::Builder {
    let mut rules = http1::Builder::new();
    rules
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADERS_WITHIN)
        .max_buf_size(limits::HEADER_BYTES)
        .max_headers(limits::HEADERS);
    rules
}

//! The wake door: where reverse proxies ask for the tenant that a request is for, and get its address once it is awake.
//!
//! What is asked is told apart by its path (`router`): `wake.rs` for proxies' own means, `sablier.rs` for the plugins that
//! people have, `health.rs` and `metrics.rs` for those who look after us. All wait in `keeper/wakes`.

mod answer;
mod health;
mod ignored;
mod limits;
mod metrics;
mod page;
mod pass;
mod query;
mod sablier;
mod serve;
mod status;
mod tally;
mod tls;
mod wake;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{any, get};
use http::{HeaderMap, StatusCode};
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::{info, warn};

use super::Standing;
use super::wakes::Wakes;
use crate::model::door::DoorRules;
use crate::model::token::Token;
use crate::service::Service;
use tally::{Kind, Tally};

pub use tls::TlsFiles;

/// How the door is: all that may be others at a reload.
#[derive(Clone, Debug)]
pub struct DoorSettings {
    /// Which tenant is meant, and how long anybody waits.
    pub rules: DoorRules,
    /// The token, where there is one.
    pub token: Option<Token>,
    /// The certificates, where TLS is spoken.
    pub tls: Option<TlsFiles>,
}

/// What the door needs.
pub struct DoorStart {
    /// How it is.
    pub settings: DoorSettings,
    /// What wakes.
    pub service: Arc<Service>,
    /// How this keeper stands beside others.
    pub standing: watch::Receiver<Standing>,
}

/// Why the door stays shut.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Nobody can be heard there.
    #[error(
        "the wake door cannot listen at {address}: {error}\n  help: end what listens there, or say another address as `listen` of `keeper`"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
    /// The certificates are of no use.
    #[error("the wake door's TLS: {0}\n  help: look at `tls` of `keeper`; the files are PEM")]
    Tls(String),
}

/// What all who serve share.
pub(super) struct Shared {
    guard: ArcSwap<Guard>,
    tls: ArcSwapOption<ServerConfig>,
}

/// Who may ask for more than a tenant.
#[derive(Debug)]
struct Guard {
    token: Option<Token>,
    /// Everybody: only this machine comes here, and nobody said otherwise.
    is_open: bool,
}

impl Guard {
    fn of(settings: &DoorSettings) -> Self {
        let takes_certificates = settings.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let is_near = settings.rules.listen.ip().is_loopback();
        let is_open = is_near && settings.token.is_none() && !takes_certificates;
        Guard { token: settings.token.clone(), is_open }
    }
}

/// Where requests are answered.
#[derive(Clone)]
pub(super) struct Desk {
    wakes: Arc<Wakes>,
    shared: Arc<Shared>,
    tally: Arc<Tally>,
    /// Whoever is on this connection has shown a certificate.
    is_certified: bool,
}

impl Desk {
    /// Whether these may ask for more than a tenant.
    fn may(&self, headers: &HeaderMap) -> bool {
        let guard = self.shared.guard.load();
        self.is_certified
            || guard.is_open
            || guard.token.as_ref().is_some_and(|token| pass::is_said(token, headers))
    }

    /// Whether these say the token, so that they may hear what engines say. That nobody must say one on this machine is not
    /// enough, nor is a certificate: proxies hand on what visitors ask.
    fn says_token(&self, headers: &HeaderMap) -> bool {
        self.shared.guard.load().token.as_ref().is_some_and(|token| pass::is_said(token, headers))
    }

    fn denied(&self) -> Response {
        self.tally.add(Kind::Denied);
        answer::stranger()
    }
}

/// An open door. It shuts when this is dropped.
pub struct Door {
    address: SocketAddr,
    /// As the config has it.
    listen: SocketAddr,
    desk: Desk,
    closing: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Door {
    /// Whether it could be opened with these settings, as far as their files tell; nothing is opened.
    ///
    /// # Errors
    /// The certificates are of no use.
    pub fn check(settings: &DoorSettings) -> Result<(), DoorError> {
        settings.tls.as_ref().map(tls::configure).transpose().map(|_| ())
    }

    /// Opens it.
    ///
    /// # Errors
    /// The address is taken, or the certificates are of no use.
    pub async fn open(start: DoorStart) -> Result<Door, DoorError> {
        let DoorStart { settings, service, standing } = start;
        let tls = settings.tls.as_ref().map(tls::configure).transpose()?;
        let listen = settings.rules.listen;
        let failed = |error| DoorError::Listen { address: listen, error };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared =
            Shared { guard: ArcSwap::from_pointee(Guard::of(&settings)), tls: ArcSwapOption::new(tls) };
        let desk = Desk {
            wakes: Wakes::start(service, standing, settings.rules),
            shared: Arc::new(shared),
            tally: Arc::default(),
            is_certified: false,
        };
        let (closing, closes) = watch::channel(false);
        let task = tokio::spawn(serve::serve(listener, desk.clone(), closes));
        info!(%address, "the wake door is open");
        Ok(Door { address, listen, desk, closing, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes other settings over, at a reload.
    pub fn replace(&self, settings: DoorSettings) {
        if settings.rules.listen != self.listen {
            let (now, listen) = (self.address, settings.rules.listen);
            warn!(%now, %listen, "the wake door stays where it is: its address changes when the keeper is started again");
        }
        let shared = &self.desk.shared;
        if settings.tls.is_some() == shared.tls.load().is_some() {
            match settings.tls.as_ref().map(tls::configure).transpose() {
                Ok(tls) => shared.tls.store(tls),
                Err(error) => warn!(%error, "the wake door keeps its certificates"),
            }
        } else {
            warn!("the wake door begins or ends to speak TLS when the keeper is started again");
        }
        // Who may ask follows from where it really listens.
        let mut guard = Guard::of(&settings);
        guard.is_open &= self.address.ip().is_loopback();
        shared.guard.store(Arc::new(guard));
        self.desk.wakes.replace(settings.rules);
    }

    /// Takes nobody new in; lets those who wait hear their answer, for so long.
    pub async fn close(mut self, patience: Duration) {
        self.closing.send_replace(true);
        if timeout(patience, &mut self.task).await.is_err() {
            warn!("requests that waited at the wake door were cut off");
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Which path gets which answer.
pub(super) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/wake", any(wake::by_host))
        .route("/wake/{tenant}", any(wake::by_name))
        .route("/wake/{host}/{tenant}", any(wake::by_both))
        .route("/waiting", any(wake::waiting))
        .route("/waiting/{tenant}", any(wake::waiting_by_name))
        .route("/status", get(status::by_host))
        .route("/status/{tenant}", get(status::by_name))
        .route("/status/{host}/{tenant}", get(status::by_both))
        .route("/api/strategies/dynamic", get(sablier::dynamic))
        .route("/api/strategies/blocking", get(sablier::blocking))
        .route("/healthz", get(health::health))
        .route("/metrics", get(metrics::metrics))
        .fallback(any(nothing))
        .layer(from_fn(bounded))
        .with_state(desk)
}

/// What holds for all requests: one host is asked for, and no answer is kept by anybody.
async fn bounded(request: Request, next: Next) -> Response {
    if answer::names_two_hosts(request.headers()) {
        return answer::no_store(answer::problem(StatusCode::BAD_REQUEST, "more than one host is asked for"));
    }
    answer::no_store(next.run(request).await)
}

async fn nothing() -> Response {
    answer::problem(
        StatusCode::NOT_FOUND,
        "there is nothing here: /wake, /waiting, /status, /healthz and /metrics are",
    )
}

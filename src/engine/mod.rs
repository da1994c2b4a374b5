//! What a container engine can do (one trait), and the engines that do it. The only room that knows their protocol.

pub mod cgroup;
pub mod docker;
pub mod error;
pub mod folder;
pub mod hands;
pub mod nearness;
pub mod network;
pub mod own;
pub mod podman;
pub mod read_ahead;
pub mod ssh;
mod ssh_arguments;
mod ssh_config;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use crate::model::container::Facts;
use crate::model::event::Event;
use crate::model::fleet::EngineAbout;
use crate::model::host::{Endpoint, HostSpec};
use crate::model::keeper::measured::Tally;
use crate::model::naming::Naming;
use crate::model::usage::Counters;

pub use error::EngineError;
pub use hands::Hands;

/// Events as they come; an error is the last item.
pub type EventStream = BoxStream<'static, Result<Event, EngineError>>;

/// What a container engine can do for us. Every call has a deadline of its own and ends.
#[async_trait]
pub trait Engine: Hands {
    /// What the engine says of itself.
    async fn about(&self) -> Result<EngineAbout, EngineError>;

    /// `EngineAbout::label` of it, without asking for the rest.
    async fn label(&self) -> Result<String, EngineError> {
        Ok(self.about().await?.label())
    }

    /// Whether it answers at all, within 3 s: a frozen engine still takes connections.
    async fn ping(&self) -> Result<(), EngineError>;

    /// All containers. Right after an event it may still show what was before.
    async fn list(&self) -> Result<Vec<Facts>, EngineError>;

    /// One container as it is now; nothing where there is none of that id.
    async fn inspect(&self, id: &str) -> Result<Option<Facts>, EngineError>;

    /// Events since that moment on the engine's clock, as far as it remembers them, and all that come. The stream opens
    /// when it is first read.
    async fn events(&self, since: Timestamp) -> Result<EventStream, EngineError>;

    /// What the engine still remembers of that stretch of time (Docker: 256 events, none from before its restart).
    async fn history(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Event>, EngineError>;

    /// What a running container uses. Free where the engine runs on this machine; else dear for the engine.
    async fn counters(&self, facts: &Facts) -> Result<Option<Counters>, EngineError>;

    /// What tells whether a running container is used; nothing where it does not run. Free where the engine runs on this
    /// machine; else as dear as `counters`.
    async fn tally(&self, facts: &Facts) -> Result<Option<Tally>, EngineError>;

    /// How many connections are open from outside to ports at which it listens, where that can be seen from here: only on this
    /// machine, and only of a network of its own. Takes the kernel some milliseconds: asked for where `Tally::sockets` has
    /// changed.
    async fn connections(&self, facts: &Facts) -> Result<Option<u32>, EngineError>;
}

/// How an engine is worked with, beside where it is.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A folder for copies of checkpoints. Podman gives them out; from one a container comes back that was removed while it
    /// slept.
    pub exports: Option<PathBuf>,
    /// The image (a tar archive) of a short-lived privileged container that pushes memory into swap, where nothing else can: on
    /// a cgroup v2 host that is not this machine. None where that is not allowed.
    pub helper: Option<fn() -> Vec<u8>>,
}

/// Opens the way to an engine. That it answers is not asked yet, except over ssh, where the login comes first.
///
/// # Errors
/// Certificates that cannot be used; an ssh login that fails.
pub async fn connect(spec: &HostSpec, naming: Arc<Naming>) -> Result<Box<dyn Engine>, EngineError> {
    connect_with(spec, naming, Options::default()).await
}

/// The same, with these options.
///
/// # Errors
/// As `connect`.
pub async fn connect_with(
    spec: &HostSpec,
    naming: Arc<Naming>,
    options: Options,
) -> Result<Box<dyn Engine>, EngineError> {
    let engine = match &spec.endpoint {
        Endpoint::Unix(path) => docker::DockerEngine::unix(path, naming)?,
        Endpoint::Tcp { host, port, tls } => docker::DockerEngine::tcp(host, *port, tls.as_ref(), naming)?,
        Endpoint::Ssh { user, host, port, socket } => {
            let tunnel = ssh::Tunnel::open(user.as_deref(), host, *port, socket).await?;
            docker::DockerEngine::tunnelled(tunnel, naming)?
        }
    };
    Ok(Box::new(engine.with(options)))
}

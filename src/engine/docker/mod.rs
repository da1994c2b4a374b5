//! Docker Engine 20.10 and later, and Podman's Docker API, over bollard.

mod any_certificate;
mod archive;
pub(super) mod call;
mod checkpoint;
mod events;
mod exec;
mod facts;
mod fetch;
mod follow;
mod hands;
mod hold;
mod image;
mod inspect;
mod leftovers;
mod limits;
mod listening;
mod needs;
mod own_certificate;
mod pages;
mod particulars;
mod reach;
mod recipe;
mod rehearsal;
mod room;
mod row;
mod server;
mod squeeze;
mod status;
mod tally;
pub mod tls;
pub mod transport;
mod writable;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bollard::errors::Error as ApiError;
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use tokio::sync::{Mutex, OnceCell};

use super::error::CUT;
use super::podman::Libpod;
use super::ssh::Tunnel;
use super::{Engine, EngineError, EventStream, Options, cgroup};
use crate::model::container::Facts;
use crate::model::event::Event;
use crate::model::fleet::{EngineAbout, engine_label};
use crate::model::host::TlsFiles;
use crate::model::keeper::measured::Tally;
use crate::model::naming::Naming;
use crate::model::plain::plain;
use crate::model::usage::Counters;

use call::Call;
use server::Server;
use transport::{Dial, Transport};

/// After this a connected engine that does not answer a ping counts as hung.
pub const PING_DEADLINE: Duration = Duration::from_secs(3);
/// The longest that any other call may take.
pub const LONGEST_CALL: Duration = Duration::from_secs(20);
/// How long an engine may take to tell what it remembers.
const HISTORY_DEADLINE: Duration = Duration::from_secs(2);
/// The list of all containers.
const LIST: &str = "/containers/json?all=1";
/// An engine remembers 256 events; more than this many is garbage.
const MOST_HISTORY: usize = 4096;

/// One engine that speaks Docker's API.
pub struct DockerEngine {
    api: Docker,
    transport: Transport,
    naming: Arc<Naming>,
    /// On this machine, as far as the way to it tells.
    near: bool,
    /// The engine's machine by name or address, or why that is not known; nothing for this machine.
    machine: Option<Result<String, String>>,
    /// Whose network it puts its containers into, once that was looked at.
    network: Mutex<Option<reach::Known>>,
    /// Where copies of checkpoints are kept, and which helper there may be.
    options: Options,
    /// What speaks libpod, once it is known whether this is Podman.
    libpod: OnceCell<Option<Libpod>>,
    /// What the engine said of itself.
    server: OnceCell<Server>,
    /// What the engine said of its machine.
    info: OnceCell<room::Info>,
    /// The folder in which it keeps everything, where it was seen on this machine.
    root: OnceLock<PathBuf>,
    /// Held open as long as we use it.
    tunnel: Option<Tunnel>,
}

impl DockerEngine {
    /// An engine behind a socket of this machine.
    ///
    /// # Errors
    /// None today: only bollard's signature allows one.
    pub fn unix(path: &Path, naming: Arc<Naming>) -> Result<Self, EngineError> {
        Self::over(Dial::Unix(path.to_owned()), naming, None, None)
    }

    /// An engine behind a TCP address.
    ///
    /// # Errors
    /// Certificates that cannot be used.
    pub fn tcp(
        host: &str,
        port: u16,
        tls: Option<&TlsFiles>,
        naming: Arc<Naming>,
    ) -> Result<Self, EngineError> {
        let tls = tls.map(|files| tls::configure(host, files)).transpose()?;
        let machine = Some(Ok(host.to_owned()));
        Self::over(Dial::Tcp { host: host.to_owned(), port, tls }, naming, machine, None)
    }

    /// An engine behind an ssh tunnel.
    ///
    /// # Errors
    /// None today: only bollard's signature allows one.
    pub fn tunnelled(tunnel: Tunnel, naming: Arc<Naming>) -> Result<Self, EngineError> {
        let machine = Some(tunnel.machine().clone());
        Self::over(Dial::Unix(tunnel.socket().to_owned()), naming, machine, Some(tunnel))
    }

    fn over(
        dial: Dial,
        naming: Arc<Naming>,
        machine: Option<Result<String, String>>,
        tunnel: Option<Tunnel>,
    ) -> Result<Self, EngineError> {
        let transport = Transport::new(dial);
        // It only stores its arguments; the address serves as the name in the request line.
        let sender = transport.clone();
        let api = Docker::connect_with_custom_transport(
            move |request| sender.clone().send(request),
            Some("http://engine"),
            LONGEST_CALL.as_secs(),
            API_DEFAULT_VERSION,
        )?;
        Ok(DockerEngine {
            api,
            transport,
            naming,
            near: machine.is_none(),
            machine,
            network: Mutex::default(),
            options: Options::default(),
            libpod: OnceCell::new(),
            server: OnceCell::new(),
            info: OnceCell::new(),
            root: OnceLock::new(),
            tunnel,
        })
    }

    /// The same, with these options.
    #[must_use]
    pub fn with(self, options: Options) -> Self {
        DockerEngine { options, ..self }
    }

    /// Whether it is behind a login at another machine.
    fn is_tunnelled(&self) -> bool {
        self.tunnel.is_some()
    }

    /// What the engine says of itself. Asked once: Docker starts three programs to answer.
    async fn server(&self) -> Result<&Server, EngineError> {
        if let Some(heard) = self.transport.server() {
            return Ok(heard);
        }
        let ask = || async {
            let said = Call::get("/version").read(&self.transport, LONGEST_CALL).await?;
            Ok(Server::of_version(&said))
        };
        self.server.get_or_try_init(ask).await
    }

    /// What speaks libpod, where this is Podman.
    async fn libpod(&self) -> Result<Option<&Libpod>, EngineError> {
        let server = self.server().await?;
        let make =
            || server.is_podman.then(|| Libpod::new(self.transport.clone(), self.options.exports.clone()));
        Ok(self.libpod.get_or_init(|| async { make() }).await.as_ref())
    }

    fn read_list(&self, answer: &[u8], is_whole: bool) -> Result<Vec<Facts>, EngineError> {
        match row::read(answer, &self.naming, Timestamp::now()) {
            Ok(list) => Ok(list),
            Err(error) if error.is_short && !is_whole => Err(EngineError::Unreachable(CUT.to_owned())),
            Err(error) => Err(EngineError::Garbage(plain(&error.why).into_owned())),
        }
    }

    async fn within<T>(
        deadline: Duration,
        call: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, EngineError> {
        match tokio::time::timeout(deadline, call).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(EngineError::Silent(deadline)),
        }
    }
}

#[async_trait]
impl Engine for DockerEngine {
    async fn about(&self) -> Result<EngineAbout, EngineError> {
        // Asked anew each time: somebody may have switched experimental features on.
        let info = self.ask_for_info().await?;
        let server = self.server().await?;
        let local = self.near && info.is_of_this_machine();
        // What was heard before is the same but for that.
        let _ = self.info.set(info.clone());
        Ok(EngineAbout {
            kind: server.kind().into(),
            version: server.version.clone(),
            memory_bytes: u64::try_from(info.memory).ok().filter(|bytes| *bytes > 0),
            experimental: info.experimental,
            local,
        })
    }

    async fn label(&self) -> Result<String, EngineError> {
        let server = self.server().await?;
        Ok(engine_label(server.kind(), &server.version))
    }

    async fn ping(&self) -> Result<(), EngineError> {
        Self::within(PING_DEADLINE, self.api.ping()).await.map(|_| ())
    }

    async fn list(&self) -> Result<Vec<Facts>, EngineError> {
        if let Some(answer) = fetch::fetch(&self.transport, LIST, LONGEST_CALL).await? {
            return self.read_list(&answer, answer.is_whole);
        }
        self.read_list(&Call::get(LIST).send(&self.transport, LONGEST_CALL).await?, true)
    }

    async fn inspect(&self, id: &str) -> Result<Option<Facts>, EngineError> {
        let inspect = self.inspect_in_words(id).await?;
        Ok(inspect.and_then(|inspect| facts::of_inspect(&inspect, &self.naming)))
    }

    async fn events(&self, since: Timestamp) -> Result<EventStream, EngineError> {
        let naming = self.naming.clone();
        Ok(follow::messages(self.transport.clone(), since, None)
            .try_filter_map(move |message| std::future::ready(Ok(events::of_message(message, &naming))))
            .boxed())
    }

    async fn history(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Event>, EngineError> {
        let mut past = Vec::new();
        let messages = follow::messages(self.transport.clone(), since, Some(until));
        let mut messages = std::pin::pin!(messages.take(MOST_HISTORY));
        let read = async {
            while let Some(message) = messages.try_next().await? {
                past.extend(events::of_message(message, &self.naming));
            }
            Ok::<(), EngineError>(())
        };
        // Where the engine's clock is behind ours, it waits for `until` to come: what it told by then is kept.
        if let Ok(result) = tokio::time::timeout(HISTORY_DEADLINE, read).await {
            result?;
        }
        Ok(past)
    }

    async fn counters(&self, facts: &Facts) -> Result<Option<Counters>, EngineError> {
        if self.near
            && let Some(detail) = facts.detail
            && let Some(counters) = cgroup::counters(detail.pid, &facts.id)
        {
            return Ok(Some(counters));
        }
        Ok(self.stats(&facts.id).await?.and_then(facts::counters_of_stats))
    }

    async fn tally(&self, facts: &Facts) -> Result<Option<Tally>, EngineError> {
        self.count(facts).await
    }

    async fn connections(&self, facts: &Facts) -> Result<Option<u32>, EngineError> {
        Ok(if self.near { tally::connections(facts).await } else { None })
    }
}

//! Questions to others that the keeper asks before it acts: a program in a container, or an address.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Connected;
use crate::callmap::status::status;
use crate::engine::Engine;
use crate::model::host::HostName;

pub use crate::engine::hands::Ran;

/// The way to ask.
#[derive(Clone)]
pub struct Hooks {
    hosts: Arc<[(HostName, watch::Receiver<Connected>)]>,
}

impl Hooks {
    /// Asks over these hosts' connections.
    #[must_use]
    pub(crate) fn new(hosts: Vec<(HostName, watch::Receiver<Connected>)>) -> Hooks {
        Hooks { hosts: hosts.into() }
    }

    /// Runs a program within a container of that host, and waits so long for its end.
    ///
    /// # Errors
    /// Why it could not be run, in words.
    pub async fn exec(
        &self,
        host: &str,
        container: &str,
        words: &[String],
        within: Duration,
    ) -> Result<Ran, String> {
        self.engine(host)?.exec(container, words, within).await.map_err(|error| error.to_string())
    }

    /// Whether a program that had not ended in time has ended since.
    ///
    /// # Errors
    /// The engine does not say.
    pub async fn exec_ended(&self, host: &str, exec: &str) -> Result<bool, String> {
        let ended = self.engine(host)?.exec_ended(exec).await.map_err(|error| error.to_string())?;
        Ok(ended.is_some())
    }

    /// The status that a GET is answered with.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub async fn get(&self, url: &str, within: Duration) -> Result<u16, String> {
        status(url, within).await
    }

    fn engine(&self, host: &str) -> Result<Arc<dyn Engine>, String> {
        let known = self.hosts.iter().find(|(name, _)| &**name == host);
        known.and_then(|(_, engine)| engine.borrow().clone()).ok_or_else(|| format!("{host} does not answer"))
    }
}

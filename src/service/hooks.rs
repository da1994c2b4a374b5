//! Questions to others that the keeper asks before it acts: a program in a container, or an address.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Connected;
use crate::callmap::status::status;
use crate::engine::Engine;
use crate::model::host::HostName;

use crate::engine::hands::Ran;

/// What a shell says of a program that is not there, or cannot be run.
const NOT_THERE: [i64; 2] = [126, 127];

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

    /// Asks a program in the containers of that host, as [`may_sleep`] does.
    pub async fn may_sleep(
        &self,
        host: &str,
        containers: &[Arc<str>],
        words: &[String],
        within: Duration,
    ) -> (Result<bool, String>, Option<String>) {
        match self.engine(host) {
            Ok(engine) => may_sleep(&*engine, containers, words, within).await,
            Err(why) => (Err(why), None),
        }
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

/// Asks a program in one container after the other whether the tenant may sleep. One that says no is enough, one that says yes is needed,
/// and one without the program is not asked. Beside the answer, or why there is none, the program that had not ended in time.
pub(in crate::service) async fn may_sleep(
    engine: &dyn Engine,
    containers: &[Arc<str>],
    words: &[String],
    within: Duration,
) -> (Result<bool, String>, Option<String>) {
    let mut has_answered = false;
    for container in containers {
        match engine.exec(container, words, within).await {
            Err(error) => return (Err(error.to_string()), None),
            Ok(Ran::Ended { code: 0, .. }) => has_answered = true,
            Ok(Ran::Ended { code: 1, .. }) => return (Ok(false), None),
            Ok(Ran::Ended { code, .. }) if NOT_THERE.contains(&code) => {}
            Ok(Ran::Ended { code, said }) => return (Err(format!("it ended with {code}: {said}")), None),
            Ok(Ran::Going(exec)) => {
                return (Err(format!("it did not end within {within:?}")), Some(exec));
            }
        }
    }
    let none = || "none of its containers has such a program".to_owned();
    (has_answered.then_some(true).ok_or_else(none), None)
}

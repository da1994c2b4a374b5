//! The ways to put one container to sleep and to bring it back, a file each, behind one trait.

mod checkpoint;
mod destroy;
mod freeze;
mod stop;

use async_trait::async_trait;

use super::job::Job;
use super::trouble::Trouble;
use crate::model::container::ContainerId;
use crate::model::method::Method;
use crate::model::particulars::{Life, Particulars};
use crate::model::sleeper::Sleeper;
use crate::model::ticket::TicketId;

/// One way to put a container to sleep and to bring it back. Its record is in the ledger before either begins.
#[async_trait]
pub(super) trait Way: Send + Sync {
    /// Puts it to sleep from how it was found, and says which of its lives that ended or holds. What was half done when
    /// this fails is undone by `back`.
    async fn dump(&self, job: &mut Job, sleeper: &mut Sleeper, found: &Particulars) -> Result<Life, Trouble>;

    /// Brings it back from how it was found, and says its id: that of a container created again is new.
    async fn wake(
        &self,
        job: &mut Job,
        sleeper: &Sleeper,
        found: Option<&Particulars>,
    ) -> Result<ContainerId, Trouble>;
}

/// The name of the checkpoints that a ticket makes.
pub(super) fn checkpoint_name(ticket: TicketId) -> String {
    format!("{}{ticket}", checkpoint::NAME)
}

/// The way of a method.
pub(super) fn of(method: Method) -> &'static dyn Way {
    match method {
        Method::Freeze => &freeze::Freeze,
        Method::Checkpoint => &checkpoint::Checkpoint,
        Method::Stop => &stop::Stop,
        Method::Destroy => &destroy::Destroy,
    }
}

/// Keeps the engine from starting a container by itself while it is to sleep.
async fn set_restart_aside(job: &mut Job, sleeper: &Sleeper) -> Result<(), Trouble> {
    if !sleeper.restart.is_active() {
        return Ok(());
    }
    let trouble = |error| Trouble::Engine { what: "ask what it restarts".to_owned(), error };
    if !job.engine.restarts_dumped().await.map_err(trouble)? {
        return Ok(());
    }
    let (engine, id) = (job.engine.clone(), sleeper.container.clone());
    let none = crate::model::particulars::Restart::default();
    job.step("set its restart policy aside", Some(&sleeper.name), async {
        engine.set_restart(&id, &none).await
    })
    .await
}

/// The life that a container is in or has ended; that of its record where it is gone.
pub(super) async fn life_of(job: &Job, sleeper: &Sleeper) -> Result<Life, Trouble> {
    let trouble = |error| Trouble::Engine { what: "look at it".to_owned(), error };
    let found = job.engine.particulars(&sleeper.container).await.map_err(trouble)?;
    Ok(found.map_or_else(|| sleeper.life.clone(), |found| found.life))
}

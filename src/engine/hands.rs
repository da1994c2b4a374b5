//! What may be done to containers: the engine calls that dumps, wakes and canaries are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::EngineError;
use crate::model::container::{ContainerId, Facts};
use crate::model::internal::Internal;
use crate::model::needs::Needs;
use crate::model::particulars::{Limits, Particulars, Restart};
use crate::model::recreate::Difference;
pub use crate::model::refusal::Room;
use crate::model::writable::Written;

/// How long an engine may take to write or read a checkpoint: some gigabytes on a slow disk.
pub const CHECKPOINT_DEADLINE: Duration = Duration::from_secs(600);

/// What an engine calls its one checkpoint of a container, where it gives them no names.
pub const IN_PLACE: &str = "in-place";

/// The image whose `/canary reclaim ID BYTES` pushes a container's memory into swap, where that can be done only from
/// within a container (cgroup v2, not root on the engine's machine). A squeeze imports it where it is missing. It looks below
/// `/hostcgroup` for a folder with the id in its name, and says a word and a number a line: `before`, `after` and
/// `swapfree` in bytes, or `error ...`.
pub const HELPER_IMAGE: &str = "wakeboard/canary:1";

/// The name of such a container for the container `id`, made `now`. By it everybody knows what it is: no tenant, and
/// removed by the next examination where it was left over.
#[must_use]
pub fn helper_name(id: &str, now: Timestamp) -> String {
    let end: String = id.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    format!("wakeboard-canary-reclaim-{}-{end:0>16}", now.as_second())
}

/// What came of a program that was run within a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ran {
    /// It has ended.
    Ended {
        /// With this code; 126 or 127 where it is not there or cannot be run.
        code: i64,
        /// The beginning of what it said, in one line.
        said: String,
    },
    /// It has not ended in time, and goes on under this name.
    Going(String),
}

/// A holder that is to be made.
#[derive(Clone, Debug)]
pub struct NewHolder {
    /// Its name.
    pub name: String,
    /// The image, by its id or name.
    pub image: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The volumes that it mounts, none of them to be written to.
    pub volumes: Vec<Arc<str>>,
    /// The program that it runs: an archive to be unpacked at its root, and the command.
    pub archive: Vec<u8>,
    /// The words of its command.
    pub command: Vec<String>,
    /// The network that it begins with: `none`, or one that others can be joined to.
    pub network: String,
}

/// What may be done to containers. Every call has a deadline of its own and ends.
///
/// Nothing here is retried, ordered or undone: that is for those who hold the ticket.
#[async_trait]
pub trait Hands: Send + Sync {
    /// All that must be known of a container before it is put to sleep; nothing where there is none of that id.
    async fn particulars(&self, id: &str) -> Result<Option<Particulars>, EngineError>;

    /// The TCP ports at which its processes listen now, as far as that can be seen from here.
    async fn listening(&self, facts: &Facts) -> Result<Vec<u16>, EngineError>;

    /// Freezes all its processes.
    async fn pause(&self, id: &str) -> Result<(), EngineError>;

    /// Lets them go on.
    async fn unpause(&self, id: &str) -> Result<(), EngineError>;

    /// Stops it, by force once `grace` is over. One that does not run is no error.
    async fn stop(&self, id: &str, grace: Duration) -> Result<(), EngineError>;

    /// Starts it cold. One that runs is no error.
    async fn start(&self, id: &str) -> Result<(), EngineError>;

    /// Writes its processes to disk under that name, and ends them. The engine answers when all is written.
    async fn checkpoint(&self, id: &str, name: &str) -> Result<(), EngineError>;

    /// Starts it from the checkpoint of that name. One that runs is an error here: it was not restored.
    async fn restore(&self, id: &str, name: &str) -> Result<(), EngineError>;

    /// The names of its checkpoints.
    async fn checkpoints(&self, id: &str) -> Result<Vec<String>, EngineError>;

    /// Whether there is a checkpoint of that name, or one without any.
    async fn has_checkpoint(&self, id: &str, name: &str) -> Result<bool, EngineError> {
        Ok(self.checkpoints(id).await?.iter().any(|known| known == name || known == IN_PLACE))
    }

    /// Deletes a checkpoint. One that is not there is no error.
    async fn forget_checkpoint(&self, id: &str, name: &str) -> Result<(), EngineError>;

    /// Changes what the engine does when it ends.
    async fn set_restart(&self, id: &str, restart: &Restart) -> Result<(), EngineError>;

    /// Whether its restart policy would start a container again that was dumped. Then it must be set aside first.
    async fn restarts_dumped(&self) -> Result<bool, EngineError>;

    /// Pushes the memory of a paused container into swap, and leaves its limits as `limits` says they were.
    ///
    /// Without swap this is refused, and the container is as it was.
    async fn squeeze(&self, facts: &Facts, limits: Limits) -> Result<(), EngineError>;

    /// Has a frozen container's memory read back from swap in the background, before its processes ask for it. Nobody waits
    /// for that, and it may be left out.
    fn read_ahead(&self, _facts: &Facts) {}

    /// Puts memory limits back, where they are others: a squeeze may have been cut off in the middle.
    async fn restore_limits(&self, id: &str, limits: Limits) -> Result<(), EngineError>;

    /// What is needed to create it again: config, host config, networks, labels and name, in the engine's own words.
    ///
    /// It is the body of the engine's create call, with the container's `name` in it. A container that cannot be created
    /// again as it was is refused.
    async fn recipe(&self, id: &str) -> Result<String, EngineError>;

    /// Creates a container from a recipe, and says its id.
    async fn create(&self, recipe: &str) -> Result<ContainerId, EngineError>;

    /// Tries a recipe: the container is created under `name`, which `model::internal` gives, never started, compared with the
    /// original `id`, and removed again, with the volumes that this very call made and no other. `maker` is written on it:
    /// whoever finds it left over can tell whether somebody is still at it.
    ///
    /// Gives what would not be as it was. A recipe that the engine refuses is an error.
    async fn rehearse(
        &self,
        _id: &str,
        _recipe: &str,
        _name: &str,
        _maker: &str,
    ) -> Result<Vec<Difference>, EngineError> {
        Ok(Vec::new())
    }

    /// What a container has written outside of its mounts and of the places in `ignore`: it goes with the container.
    async fn written(&self, _id: &str, _ignore: &[String]) -> Result<Written, EngineError> {
        Ok(Written::default())
    }

    /// What it needs of its host to be made again, as that is now: its image, volumes and networks.
    async fn needs(&self, _id: &str) -> Result<Needs, EngineError> {
        Ok(Needs::default())
    }

    /// What of that is there now, under the same names.
    async fn present(&self, wanted: &Needs) -> Result<Needs, EngineError> {
        Ok(wanted.clone())
    }

    /// Removes a volume that no container has. One that is gone is no error.
    async fn remove_volume(&self, _name: &str) -> Result<(), EngineError> {
        Err(EngineError::Unable("this engine removes no volumes".to_owned()))
    }

    /// Removes a container that does not run; its named volumes stay. One that is gone is no error.
    async fn remove(&self, id: &str) -> Result<(), EngineError>;

    /// The containers that wakeboard made for its own work, by whichever console; they are in no other list.
    async fn internal(&self) -> Result<Vec<Internal>, EngineError> {
        Ok(Vec::new())
    }

    /// Makes a holder and starts it: a container of that image with those volumes and no network. Gives its id.
    async fn hold(&self, _holder: &NewHolder) -> Result<ContainerId, EngineError> {
        Err(EngineError::Unable("this engine holds nothing".to_owned()))
    }

    /// What of that a holder can have: what is there as it was, and is of the engine's own kinds. A volume of a plugin may be
    /// for one container at a time, and an address in a network of the outside may be another machine's.
    async fn holdable(&self, wanted: &Needs) -> Result<Needs, EngineError> {
        self.present(wanted).await
    }

    /// Connects a running holder to a network, at an address from its end that is not among `taken`, where one can be chosen.
    async fn join(&self, _id: &str, _network: &str, _taken: &BTreeSet<Ipv4Addr>) -> Result<(), EngineError> {
        Err(EngineError::Unable("this engine holds nothing".to_owned()))
    }

    /// Disconnects a container from a network. One that is not in it is no error.
    async fn leave(&self, _id: &str, _network: &str) -> Result<(), EngineError> {
        Ok(())
    }

    /// Ends a holder at once and removes it. One that is gone is no error.
    async fn let_go(&self, _id: &str) -> Result<(), EngineError> {
        Ok(())
    }

    /// Ends what still runs of a container that the engine has removed: one that was killed in the middle of a start may have
    /// left processes that it knows nothing of. Only where they can be seen.
    async fn end_leftovers(&self, _id: &str) {}

    /// What a container uses of memory now, in bytes, without the cache that the kernel gives back first.
    async fn memory(&self, facts: &Facts) -> Result<Option<u64>, EngineError>;

    /// How much room there is for sleepers.
    async fn room(&self) -> Result<Room, EngineError>;

    /// Makes an image of a tar archive of a root folder.
    async fn import_image(&self, name: &str, tar: Vec<u8>) -> Result<(), EngineError>;

    /// Whether there is an image of that name.
    async fn has_image(&self, name: &str) -> Result<bool, EngineError>;

    /// Runs a program within a container, and waits so long for its end. Engines cannot end it: one that goes on is for the
    /// caller to know.
    async fn exec(&self, _id: &str, _words: &[String], _within: Duration) -> Result<Ran, EngineError> {
        Err(EngineError::Unable("this engine runs no programs in containers".to_owned()))
    }

    /// The code that such a program ended with; nothing while it goes on.
    async fn exec_ended(&self, _exec: &str) -> Result<Option<i64>, EngineError> {
        Ok(None)
    }

    /// The content of one small file in a container.
    async fn read_file(&self, id: &str, path: &str) -> Result<Vec<u8>, EngineError>;
}

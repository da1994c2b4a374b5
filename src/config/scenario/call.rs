//! Calls of one kind that go wrong, so many times: what a test needs to break one step of many.

use serde::Deserialize;

/// The next calls of one kind on a host.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct CallFault {
    /// Which calls.
    pub of: Call,
    /// How many of them, from now on.
    #[serde(default = "once")]
    pub times: u32,
    /// How they go wrong.
    #[serde(with = "serde_yaml::with::singleton_map")]
    pub how: How,
}

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is not done; the answer is an error of this HTTP status.
    Status(u16),
    /// It is not done; the answer is Docker's for a checkpoint that it has written before (moby issue 42900).
    AlreadyExists,
    /// It is not done; the answer is runc's for processes that its freezer did not stop in time.
    UnableToFreeze,
    /// It is not done, and there is no answer while the fault lasts.
    Hang,
    /// It is done, and the connection is cut before the answer.
    Lost,
    /// It is done, and there is no answer while the fault lasts.
    Mute,
}

/// A kind of call of the engine's API.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Whatever is asked.
    Any,
    /// `GET /info`
    Info,
    /// `GET /containers/json`
    List,
    /// `GET /containers/{id}/json`
    Inspect,
    /// `GET /containers/{id}/stats`
    Stats,
    /// `POST /containers/{id}/pause`
    Pause,
    /// `POST /containers/{id}/unpause`
    Unpause,
    /// `POST /containers/{id}/stop`
    Stop,
    /// `POST /containers/{id}/start`, without a checkpoint
    Start,
    /// `POST /containers/{id}/start?checkpoint=`
    Restore,
    /// `POST /containers/{id}/kill`
    Kill,
    /// `POST /containers/{id}/restart`
    Restart,
    /// `POST /containers/{id}/update`
    Update,
    /// `POST /containers/{id}/checkpoints`
    Checkpoint,
    /// `GET /containers/{id}/checkpoints`
    Checkpoints,
    /// `DELETE /containers/{id}/checkpoints/{name}`
    ForgetCheckpoint,
    /// `POST /containers/create`
    Create,
    /// `DELETE /containers/{id}`
    Remove,
    /// `GET /containers/{id}/archive`
    ReadFile,
    /// `GET /exec/{id}/json`
    Exec,
    /// `POST /images/create`
    ImportImage,
    /// `GET /images/{name}/json`
    Image,
}

fn once() -> u32 {
    1
}

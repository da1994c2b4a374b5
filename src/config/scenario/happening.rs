//! What happens in a scenario, and what goes wrong.

use std::time::Duration;

use serde::Deserialize;

use super::call::CallFault;
use super::units;
use crate::model::tier::Tier;

/// Something that happens once, or again and again.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// When it happens first; without it, after `every`.
    #[serde(default, deserialize_with = "units::some_span")]
    pub at: Option<Duration>,
    /// How often it happens again.
    #[serde(default, deserialize_with = "units::some_span")]
    pub every: Option<Duration>,
    /// How much later than said it may come, each time anew.
    #[serde(default, deserialize_with = "units::some_span")]
    pub jitter: Option<Duration>,
    /// What is done.
    #[serde(rename = "do", with = "serde_yaml::with::singleton_map")]
    pub act: Act,
    /// To whom.
    #[serde(default)]
    pub to: Pick,
}

/// Whom an act is for; whatever is left out is picked by chance among those it can be done to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Pick {
    pub host: Option<String>,
    pub tenant: Option<String>,
    pub container: Option<String>,
    pub role: Option<String>,
    pub tier: Option<Tier>,
    /// All of the tenant's containers; without it the act decides (a login is for all of them, a crash for one).
    pub whole: Option<bool>,
    /// How many at once; without it one.
    pub count: Option<usize>,
}

/// Something done to a container.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Its user comes: it is started or unpaused where that is needed, and gets busy for a while.
    Login,
    /// Its user goes: it is busy no longer.
    Idle,
    /// `docker pause`
    Pause,
    /// `docker unpause`
    Unpause,
    /// `docker stop`
    Stop,
    /// `docker start`
    Start,
    /// `docker restart`
    Restart,
    /// `docker kill`
    Kill,
    /// It ends by itself with this exit code.
    Crash(i64),
    /// It ends by itself so many times in a row; needs a restart policy.
    CrashLoop(u32),
    /// The kernel kills it for its memory.
    Oom,
    /// Stopped, removed, and made and started anew from the next version of its image.
    Upgrade,
    /// Its health check passes again.
    Healthy,
    /// Its health check fails.
    Unhealthy,
    /// `docker run`: makes and starts one that was destroyed before.
    Create,
    /// `docker rm -f`
    Destroy,
    /// `docker exec -it`: somebody opens a shell in it.
    Enter,
    /// Everybody who had a shell in it closes it.
    Leave,
}

/// An engine that goes wrong, once, again and again, or for good.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultLine {
    /// Which engine.
    pub host: String,
    /// What is wrong with it.
    #[serde(with = "serde_yaml::with::singleton_map")]
    pub fault: Fault,
    /// From when; without it from the start (or after `every`).
    #[serde(default, deserialize_with = "units::some_span")]
    pub at: Option<Duration>,
    /// For how long; without it for good.
    #[serde(rename = "for", default, deserialize_with = "units::some_span")]
    pub lasts: Option<Duration>,
    /// How often it comes again.
    #[serde(default, deserialize_with = "units::some_span")]
    pub every: Option<Duration>,
    /// How much later than said it may come, each time anew.
    #[serde(default, deserialize_with = "units::some_span")]
    pub jitter: Option<Duration>,
}

/// What is wrong with an engine.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Its socket is gone; open connections are cut.
    Refused,
    /// It accepts, and never answers; open streams go silent.
    Hung,
    /// Each answer comes so much later.
    Slow(#[serde(deserialize_with = "units::span")] Duration),
    /// Answers end in their middle, streams in the middle of a line.
    Cut,
    /// Event streams end after so long, as behind a proxy that ends what is idle; all else goes well.
    EndStreams(#[serde(deserialize_with = "units::span")] Duration),
    /// What comes is no answer.
    Garbage(Garbage),
    /// Each answer is an error of this HTTP status.
    Status(u16),
    /// Lists show what was so much earlier, as those of real engines do for some milliseconds.
    StaleList(#[serde(deserialize_with = "units::span")] Duration),
    /// So many of a hundred events never come.
    DropEvents(#[serde(deserialize_with = "units::percent")] u8),
    /// Each event comes twice.
    DuplicateEvents,
    /// The next calls of one kind go wrong, and all others go well.
    Call(CallFault),
}

/// How an answer can be none.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Garbage {
    /// Bytes that are no HTTP.
    NotHttp,
    /// HTTP with broken JSON.
    BrokenJson,
    /// HTTP with a body that never ends.
    Endless,
}

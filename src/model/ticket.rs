//! Tickets: pieces of work that somebody asked for, and what became of them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::host::HostName;
use super::method::Method;

/// The number of a ticket: 28 bits, written as 7 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TicketId(u32);

impl TicketId {
    /// Makes an id of the lowest 28 bits of a random number.
    #[must_use]
    pub fn from_random(bits: u32) -> Self {
        TicketId(bits & 0x0fff_ffff)
    }

    /// The id as a number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:07x}", self.0)
    }
}

impl From<TicketId> for String {
    fn from(id: TicketId) -> Self {
        id.to_string()
    }
}

/// A text that is no ticket's id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no ticket: 7 hex digits are")]
pub struct BadTicketId(pub String);

impl FromStr for TicketId {
    type Err = BadTicketId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadTicketId(text.to_owned());
        if text.len() != 7 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        u32::from_str_radix(text, 16).map(TicketId).map_err(|_| bad())
    }
}

impl TryFrom<String> for TicketId {
    type Error = BadTicketId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// What a ticket is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Put a tenant to sleep.
    Dump,
    /// Bring it back.
    Wake,
}

/// Where a ticket was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// The command line.
    Shell,
    /// The console.
    Console,
    /// The keeper, by its rules.
    Keeper,
    /// The wake door: somebody asked for the tenant itself.
    Request,
    /// Nobody's: wakeboard itself mends what was cut off.
    Own,
}

/// How a ticket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The tenant is asleep.
    Dumped,
    /// The tenant is back and answers.
    Woken,
    /// Nothing was done, and why is said.
    Refused,
    /// It went wrong; what was half done is undone as far as can be.
    Failed,
}

/// A piece of work that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number.
    pub id: TicketId,
    /// What it is about.
    pub task: Task,
    /// The tenant.
    pub tenant: Arc<str>,
    /// The host that the tenant is on.
    pub host: HostName,
    /// Who asked.
    pub actor: Arc<str>,
    /// Through which door.
    pub door: Door,
    /// What for, in words, where that is not somebody's own affair: `idle 42m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Arc<str>>,
    /// The method: as asked for, then the one that was used.
    pub method: Option<Method>,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When work on it began; it waits in its host's queue until then.
    pub began: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How it ended; nothing while it goes on.
    pub outcome: Option<Outcome>,
    /// Why it was refused or failed; of one that got there, what else is to be known.
    pub reason: Option<String>,
    /// What had to be done instead of what was meant, in order: `checkpoint again`, `cold start`.
    pub fallbacks: Vec<String>,
    /// What was done, in order.
    pub steps: Vec<Step>,
}

/// The step that stops a container. An engine goes on with a stop when the process that asked for it is gone.
pub const STOP: &str = "stop";
/// The step that stops what a failed attempt left half running.
pub const CLEAN_UP: &str = "clean up";
/// The step with which a ticket that was cut off is taken over, to be finished or undone.
pub const TAKE_OVER: &str = "take over what was cut off";

/// One step of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is done: `pause`, `checkpoint`, `wait for an answer`.
    pub what: String,
    /// To which container, by name.
    pub container: Option<Arc<str>>,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What went wrong.
    pub error: Option<String>,
}

impl Ticket {
    /// Whether it was cut off and is being finished or undone.
    #[must_use]
    pub fn is_being_recovered(&self) -> bool {
        self.ended.is_none() && self.steps.iter().any(|step| step.what == TAKE_OVER)
    }

    /// Since when the engine may be stopping this container on the ticket's behalf: a stop that was begun, and whose end
    /// nobody saw. Nothing where the last stop was seen to end.
    #[must_use]
    pub fn stop_under_way(&self, container: &str) -> Option<Timestamp> {
        let is_stop = |step: &&Step| {
            [STOP, CLEAN_UP].contains(&&*step.what) && step.container.as_deref() == Some(container)
        };
        let last = self.steps.iter().rev().find(is_stop)?;
        (last.ended.is_none() || last.error.is_some()).then_some(last.began)
    }
}

/// How much is left of `longest` since `began`. Never more than all of it, whatever the clocks say.
#[must_use]
pub fn time_left(began: Timestamp, now: Timestamp, longest: Duration) -> Duration {
    let passed = Duration::try_from(now.duration_since(began)).unwrap_or_default();
    longest.saturating_sub(passed)
}

impl Task {
    /// The one word for the screen, JSON and the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Task::Dump => "dump",
            Task::Wake => "wake",
        }
    }
}

impl Door {
    /// The one word for the screen and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Door::Shell => "shell",
            Door::Console => "console",
            Door::Keeper => "keeper",
            Door::Request => "request",
            Door::Own => "own",
        }
    }
}

impl Outcome {
    /// The one word for the screen and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Dumped => "dumped",
            Outcome::Woken => "woken",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }

    /// Whether the tenant got where it was asked to be.
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Outcome::Dumped | Outcome::Woken)
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Ticket {
    /// The step that is being done now.
    #[must_use]
    pub fn current(&self) -> Option<&Step> {
        self.steps.last().filter(|step| step.ended.is_none())
    }

    /// Whether somebody is at it: begun, and not ended.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.began.is_some() && self.ended.is_none()
    }

    /// How long the work took, or has taken by `now`; nothing while it waits.
    #[must_use]
    pub fn seconds(&self, now: Timestamp) -> Option<f64> {
        self.began.map(|began| self.ended.unwrap_or(now).duration_since(began).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(0, "0000000")]
    #[case(0xffff_ffff, "fffffff")]
    #[case(0x0bf7_11bf, "bf711bf")]
    fn an_id_is_seven_hex_digits(#[case] bits: u32, #[case] text: &str) {
        let id = TicketId::from_random(bits);
        assert_eq!(id.to_string(), text);
        assert_eq!(text.parse(), Ok(id));
    }

    fn ticket(steps: &[(&str, &str, bool, Option<&str>)]) -> Ticket {
        let moment = |second| Timestamp::from_second(second).unwrap();
        let step = |(at, (what, container, ended, error)): (usize, &(&str, &str, bool, Option<&str>))| Step {
            what: (*what).to_owned(),
            container: Some((*container).into()),
            began: moment(i64::try_from(at).unwrap()),
            ended: ended.then(|| moment(100)),
            error: error.map(str::to_owned),
        };
        Ticket {
            id: TicketId::from_random(1),
            task: Task::Dump,
            tenant: "acme".into(),
            host: "web-1".into(),
            actor: "op1".into(),
            door: Door::Shell,
            cause: None,
            method: None,
            asked: moment(0),
            began: None,
            ended: None,
            outcome: None,
            reason: None,
            fallbacks: Vec::new(),
            steps: steps.iter().enumerate().map(step).collect(),
        }
    }

    #[rstest]
    #[case::none(&[], None)]
    #[case::begun(&[("pause", "app", true, None), ("stop", "app", false, None)], Some(1))]
    #[case::ended(&[("stop", "app", true, None)], None)]
    #[case::silent(&[("stop", "app", true, Some("no answer within 22 s"))], Some(0))]
    #[case::another(&[("stop", "db", false, None)], None)]
    #[case::last(&[("stop", "app", true, Some("cut")), ("clean up", "app", true, None)], None)]
    #[case::clean_up(&[("stop", "app", true, None), ("clean up", "app", false, None)], Some(1))]
    fn a_stop_that_nobody_saw_end_may_go_on(
        #[case] steps: &[(&str, &str, bool, Option<&str>)],
        #[case] since: Option<i64>,
    ) {
        let found = ticket(steps).stop_under_way("app").map(Timestamp::as_second);
        assert_eq!(found, since);
    }

    #[rstest]
    #[case::at_once(100, 100, 10)]
    #[case::later(100, 104, 6)]
    #[case::over(100, 111, 0)]
    #[case::a_clock_that_is_behind(100, 40, 10)]
    fn no_clock_makes_a_wait_longer(#[case] began: i64, #[case] now: i64, #[case] left: u64) {
        let moment = |second| Timestamp::from_second(second).unwrap();
        let longest = Duration::from_secs(10);
        assert_eq!(time_left(moment(began), moment(now), longest), Duration::from_secs(left));
    }

    #[rstest]
    #[case("")]
    #[case("bf711b")]
    #[case("bf711bff")]
    #[case("+f711bf")]
    #[case("bf711bg")]
    fn what_is_no_id_is_refused(#[case] text: &str) {
        assert!(text.parse::<TicketId>().is_err());
    }
}

//! What the rule says of one tenant.

use jiff::Timestamp;

use super::activity::Measures;
use crate::model::method::Method;
use crate::model::state::State;

/// What the rule says of one tenant, and until when it will if nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What.
    pub decision: Decision,
    /// When it will be another; nothing where only an event changes it.
    pub next: Option<Timestamp>,
}

/// What is to be done with a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    Leave(Leave),
    /// It would be put to sleep, but for this.
    Held(Due, Hold),
    /// It is put to sleep, or deeper.
    Dump(Due),
    /// It is put to sleep before its time: its host is short of memory.
    Hurry(Due),
}

/// Why nothing is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It has no tier, and rules go by tiers.
    NoTier,
    /// Tenants of tier vip always run.
    Vip,
    /// Its tier has no steps.
    NoSteps,
    /// Only what runs as it should is put to sleep.
    State(State),
    /// It sleeps as deep as its tier goes, or deeper.
    DeepEnough(Method),
    /// Neither its start nor any use of it is known.
    NothingKnown,
    /// It is not idle for long enough.
    Waiting {
        /// What will be due.
        due: Due,
        /// When.
        at: Timestamp,
    },
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// By this method.
    pub method: Method,
    /// It sleeps already, by this one: it is woken first, and dumped again.
    pub from: Option<Method>,
    /// When it was last used, or began to run.
    pub idle_since: Timestamp,
}

/// Why what is due is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The time is within this window of its tier, by its place.
    Window(u16),
    /// A ticket is at it.
    Ticket,
    /// These measures are not known, and must be.
    Unmeasured(Measures),
    /// It was woken or started a moment ago, and stays awake until then.
    JustWoken(Timestamp),
    /// The hook has not said yet whether it may.
    Unasked,
    /// The hook says that it must not.
    Veto,
    /// As many dumps as may have begun on its host within this minute.
    Pace,
    /// As many tenants as may sleep on its host.
    HostFull,
    /// Its host is short of memory, and to go deeper it would have to be woken first.
    NoRoom,
}

impl Decision {
    /// What is to be done now.
    #[must_use]
    pub fn acts(self) -> Option<Due> {
        match self {
            Decision::Dump(due) | Decision::Hurry(due) => Some(due),
            Decision::Leave(_) | Decision::Held(..) => None,
        }
    }

    /// What is or will be due.
    #[must_use]
    pub fn due(self) -> Option<Due> {
        match self {
            Decision::Dump(due)
            | Decision::Hurry(due)
            | Decision::Held(due, _)
            | Decision::Leave(Leave::Waiting { due, .. }) => Some(due),
            Decision::Leave(_) => None,
        }
    }

    /// The one word for JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Leave(_) => "leave",
            Decision::Held(..) => "held",
            Decision::Dump(_) => "dump",
            Decision::Hurry(_) => "hurry",
        }
    }

    /// Why, in one word for JSON; nothing where it is done.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Decision::Leave(leave) => Some(match leave {
                Leave::NoTier => "no_tier",
                Leave::Vip => "vip",
                Leave::NoSteps => "no_steps",
                Leave::State(_) => "state",
                Leave::DeepEnough(_) => "deep_enough",
                Leave::NothingKnown => "nothing_known",
                Leave::Waiting { .. } => "not_idle_long_enough",
            }),
            Decision::Held(_, hold) => Some(match hold {
                Hold::Window(_) => "window",
                Hold::Ticket => "ticket",
                Hold::Unmeasured(_) => "unmeasured",
                Hold::JustWoken(_) => "just_woken",
                Hold::Unasked => "veto_unknown",
                Hold::Veto => "veto",
                Hold::Pace => "pace",
                Hold::HostFull => "host_full",
                Hold::NoRoom => "no_room",
            }),
            Decision::Dump(_) | Decision::Hurry(_) => None,
        }
    }
}

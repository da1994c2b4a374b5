//! Every verb of the console: its name, keys, help and danger. The keymap, the help screen, the command line and the
//! generated docs are all made from this one list.

/// A verb of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Mark,
    MarkRange,
    MarkAll,
    Dump,
    Wake,
    Cancel,
    NextPane,
    PreviousPane,
    Filter,
    ClearFilter,
    Sort,
    Reverse,
    Count,
    Follow,
    Containers,
    Tickets,
    Command,
    Hosts,
    Help,
    Theme,
    Reconcile,
    ForgetChanges,
    Redraw,
    Suspend,
    Quit,
    Callmaps,
    CallmapProbes,
    CallmapLayers,
    CallmapAgain,
    CallmapFailed,
    CallmapEvery,
    CallmapCopy,
    CallmapWrite,
    Timeline,
    History,
    Earlier,
    Later,
    HourEarlier,
    HourLater,
    Closer,
    Wider,
    ChangeTicket,
    ChangeTenant,
    AskTenant,
    AskWho,
}

/// How much an action can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// It only looks, or can be taken back by the next key.
    None,
    /// Something is lost: the console asks first.
    Asks,
}

/// Where an action's keys are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Wherever nothing else has them.
    Everywhere,
    /// While the callmap has the keys. There they go before those that are heard everywhere.
    Callmap,
    /// While the timeline or a tenant's history has them.
    Time,
    /// While the box of a change is open.
    Change,
}

/// What is known of an action.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The action.
    pub action: Action,
    /// Its name in the config's `keys`, in the docs, and after `:` where it can be written there.
    pub name: &'static str,
    /// The keys that it has when the config says nothing.
    pub keys: &'static [&'static str],
    /// The message (of the catalogue) that says what it does.
    pub help: &'static str,
    /// What it can break.
    pub danger: Danger,
    /// Whether it changes something on a host: a read-only console does not have it.
    pub changes: bool,
    /// Whether the status line names it.
    pub hint: bool,
    /// Where its keys are heard.
    pub scope: Scope,
}

const fn about(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    help: &'static str,
) -> About {
    About {
        action,
        name,
        keys,
        help,
        danger: Danger::None,
        changes: false,
        hint: false,
        scope: Scope::Everywhere,
    }
}

const fn hinted(about: About) -> About {
    About { hint: true, ..about }
}

const fn changing(about: About) -> About {
    About { changes: true, ..about }
}

const fn of_callmap(about: About) -> About {
    About { scope: Scope::Callmap, ..about }
}

const fn of_time(about: About) -> About {
    About { scope: Scope::Time, ..about }
}

const fn of_change(about: About) -> About {
    About { scope: Scope::Change, ..about }
}

const fn asking(about: About) -> About {
    About { danger: Danger::Asks, ..about }
}

/// Every action, in the order of the help screen.
pub const ACTIONS: &[About] = &[
    about(Action::Up, "up", &["up", "k"], "action-up"),
    about(Action::Down, "down", &["down", "j"], "action-down"),
    about(Action::PageUp, "page-up", &["pgup", "ctrl-b"], "action-page-up"),
    about(Action::PageDown, "page-down", &["pgdn", "ctrl-f"], "action-page-down"),
    about(Action::Top, "top", &["home", "g"], "action-top"),
    about(Action::Bottom, "bottom", &["end", "G"], "action-bottom"),
    changing(about(Action::Mark, "mark", &["space"], "action-mark")),
    changing(about(Action::MarkRange, "mark-range", &["v"], "action-mark-range")),
    changing(about(Action::MarkAll, "mark-all", &["*"], "action-mark-all")),
    hinted(changing(about(Action::Dump, "dump", &["d"], "action-dump"))),
    hinted(changing(about(Action::Wake, "wake", &["w"], "action-wake"))),
    changing(about(Action::Cancel, "cancel", &["ctrl-x"], "action-cancel")),
    hinted(about(Action::NextPane, "next-pane", &["tab"], "action-next-pane")),
    about(Action::PreviousPane, "previous-pane", &["shift-tab"], "action-previous-pane"),
    hinted(about(Action::Callmaps, "callmaps", &["c"], "action-callmaps")),
    hinted(about(Action::Filter, "filter", &["/"], "action-filter")),
    about(Action::ClearFilter, "clear-filter", &["esc"], "action-clear-filter"),
    hinted(about(Action::Sort, "sort", &["s"], "action-sort")),
    about(Action::Reverse, "reverse", &["S"], "action-reverse"),
    about(Action::Count, "count", &["1", "2", "3", "4", "5", "6", "7", "8", "9"], "action-count"),
    hinted(about(Action::Follow, "follow", &["f"], "action-follow")),
    hinted(about(Action::Containers, "containers", &["enter"], "action-containers")),
    hinted(about(Action::Tickets, "tickets", &["T"], "action-tickets")),
    about(Action::Timeline, "timeline", &["m"], "action-timeline"),
    about(Action::History, "history", &["H"], "action-history"),
    hinted(about(Action::Hosts, "hosts", &["h"], "action-hosts")),
    hinted(about(Action::Command, "command", &[":"], "action-command")),
    about(Action::Theme, "theme", &["t"], "action-theme"),
    about(Action::Reconcile, "reconcile", &["r"], "action-reconcile"),
    asking(about(Action::ForgetChanges, "forget-changes", &["X"], "action-forget-changes")),
    about(Action::Redraw, "redraw", &["ctrl-l"], "action-redraw"),
    about(Action::Suspend, "suspend", &["ctrl-z"], "action-suspend"),
    hinted(about(Action::Help, "help", &["?", "F1"], "action-help")),
    hinted(about(Action::Quit, "quit", &["q", "ctrl-c"], "action-quit")),
    hinted(of_callmap(about(Action::CallmapAgain, "callmap-again", &["r"], "action-callmap-again"))),
    hinted(of_callmap(about(Action::CallmapFailed, "callmap-failed", &["R"], "action-callmap-failed"))),
    hinted(of_callmap(about(Action::CallmapEvery, "callmap-every", &["."], "action-callmap-every"))),
    hinted(of_callmap(about(Action::CallmapCopy, "callmap-copy", &["y"], "action-callmap-copy"))),
    hinted(of_callmap(about(Action::CallmapWrite, "callmap-write", &["x"], "action-callmap-write"))),
    of_callmap(about(Action::CallmapProbes, "callmap-probes", &["right"], "action-callmap-probes")),
    of_callmap(about(Action::CallmapLayers, "callmap-layers", &["left"], "action-callmap-layers")),
    hinted(of_time(about(Action::Earlier, "earlier", &["left"], "action-earlier"))),
    hinted(of_time(about(Action::Later, "later", &["right"], "action-later"))),
    hinted(of_time(about(Action::HourEarlier, "hour-earlier", &["["], "action-hour-earlier"))),
    hinted(of_time(about(Action::HourLater, "hour-later", &["]"], "action-hour-later"))),
    hinted(of_time(about(Action::Closer, "closer", &["+"], "action-closer"))),
    hinted(of_time(about(Action::Wider, "wider", &["-"], "action-wider"))),
    of_change(about(Action::ChangeTicket, "change-ticket", &["t"], "action-change-ticket")),
    of_change(about(Action::ChangeTenant, "change-tenant", &["n"], "action-change-tenant")),
    of_change(about(Action::AskTenant, "ask-tenant", &["a"], "action-ask-tenant")),
    of_change(about(Action::AskWho, "ask-who", &["w"], "action-ask-who")),
];

/// The actions that a console offers: a read-only one has none that changes something.
pub fn offered(read_only: bool) -> impl Iterator<Item = &'static About> {
    ACTIONS.iter().filter(move |about| !(read_only && about.changes))
}

impl Action {
    /// What is known of this action.
    #[must_use]
    pub fn about(self) -> &'static About {
        // Every action is in the list (a test holds that), so the first entry never stands in.
        ACTIONS.iter().find(|about| about.action == self).unwrap_or(&ACTIONS[0])
    }

    /// The action of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Action> {
        ACTIONS.iter().find(|about| about.name == name).map(|about| about.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::Key;
    use std::collections::HashSet;

    #[test]
    fn a_read_only_console_offers_nothing_that_changes_something() {
        assert!(offered(true).all(|about| !about.changes));
        assert_eq!(offered(false).count(), ACTIONS.len());
        for action in [Action::Dump, Action::Wake, Action::Cancel] {
            assert!(action.about().changes, "{action:?}");
        }
    }

    #[test]
    fn names_and_keys_are_unique_and_readable() {
        let mut names = HashSet::new();
        let mut keys = HashSet::new();
        for about in ACTIONS {
            assert!(names.insert(about.name), "{} twice", about.name);
            assert_eq!(about.action.about().name, about.name);
            for key in about.keys {
                assert_eq!(key.parse::<Key>().unwrap().to_string(), *key);
                assert!(keys.insert((about.scope, *key)), "{key} twice");
            }
        }
    }
}

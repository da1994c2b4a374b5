//! What a theme gives a style to.

/// A kind of thing on the screen that a theme gives a style to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // `SLOTS` says what each is.
pub enum Slot {
    Text,
    Dim,
    Border,
    BorderFocused,
    Title,
    Header,
    HeaderLabel,
    Demo,
    Selected,
    SelectedUnfocused,
    Marked,
    Good,
    Idle,
    Busy,
    Bad,
    Warn,
    Calm,
    Absent,
    Time,
    Actor,
    Verb,
    Object,
    Key,
    KeyHelp,
    Input,
    Match,
    Error,
    Gauge,
    PopupBorder,
}

/// Every slot with its name in theme files and what it is, in the order of [`Slot`].
const SLOTS: [(Slot, &str, &str); Slot::COUNT] = [
    (Slot::Text, "text", "Plain text; its background is that of the whole screen."),
    (Slot::Dim, "dim", "Text that matters less."),
    (Slot::Border, "border", "The border of a pane."),
    (Slot::BorderFocused, "border-focused", "The border of the pane that has the keys."),
    (Slot::Title, "title", "The title of a pane, the name of the program."),
    (Slot::Header, "header", "The line at the top."),
    (Slot::HeaderLabel, "header-label", "What a figure of the top line, or a column, is called."),
    (Slot::Demo, "demo", "The sign that the hosts are simulated."),
    (Slot::Selected, "selected", "The chosen row."),
    (Slot::SelectedUnfocused, "selected-unfocused", "The chosen row of a pane that does not have the keys."),
    (Slot::Marked, "marked", "A marked row; a sign stands before it too."),
    (Slot::Good, "good", "Running."),
    (Slot::Idle, "idle", "Running, but not used."),
    (Slot::Busy, "busy", "On its way from one state to another."),
    (Slot::Bad, "bad", "Broken: crashed, unhealthy, unreachable."),
    (Slot::Warn, "warn", "To be looked at: paused, and not by us."),
    (Slot::Calm, "calm", "Asleep or stopped on purpose."),
    (Slot::Absent, "absent", "Known, but without a container."),
    (Slot::Time, "time", "When a change was."),
    (Slot::Actor, "actor", "Who changed something."),
    (Slot::Verb, "verb", "What was done."),
    (Slot::Object, "object", "What it was done to."),
    (Slot::Key, "key", "A key in the line of hints and on the help page."),
    (Slot::KeyHelp, "key-help", "What that key does."),
    (Slot::Input, "input", "What is being typed."),
    (Slot::Match, "match", "The part of a text that fits the filter."),
    (Slot::Error, "error", "A message that something failed."),
    (Slot::Gauge, "gauge", "Bars and small graphs."),
    (Slot::PopupBorder, "popup-border", "The border of a window over the panes."),
];

impl Slot {
    /// How many there are.
    pub const COUNT: usize = 29;

    /// All of them, in the order of the theme files.
    pub const ALL: [Slot; Slot::COUNT] = {
        let mut all = [Slot::Text; Slot::COUNT];
        let mut at = 0;
        while at < Slot::COUNT {
            all[at] = SLOTS[at].0;
            at += 1;
        }
        all
    };

    /// Its name in theme files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        SLOTS[self as usize].1
    }

    /// What it is, in one sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        SLOTS[self as usize].2
    }

    /// The slot of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Slot> {
        Slot::ALL.into_iter().find(|slot| slot.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_slots() {
        for (at, slot) in Slot::ALL.into_iter().enumerate() {
            assert_eq!(slot as usize, at, "{}", slot.as_str());
            assert_eq!(Slot::by_name(slot.as_str()), Some(slot));
        }
        assert_eq!(Slot::PopupBorder as usize + 1, Slot::COUNT);
    }
}

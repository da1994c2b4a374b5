//! The changes pane's place in the feed: it follows the newest, or stands still where somebody reads.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::change::Change;
use crate::service::Changes;

/// The place in the feed.
#[derive(Debug, Default)]
pub struct ChangeList {
    /// The place in the feed of the change that is read; none while following.
    anchor: Option<(Timestamp, u64)>,
    /// The number that the next change had when following stopped.
    seen: u64,
    /// The selected line, counted from the newest.
    pub cursor: usize,
    /// The first line on the screen.
    pub top: usize,
}

impl ChangeList {
    /// Whether the newest change is always shown.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.anchor.is_none()
    }

    /// How many changes came since following stopped.
    #[must_use]
    pub fn unseen(&self, changes: &Changes) -> u64 {
        if self.follows() { 0 } else { changes.next_seq.saturating_sub(self.seen) }
    }

    /// Follows again.
    pub fn follow(&mut self) {
        *self = ChangeList::default();
    }

    /// Stands still at the selected line.
    pub fn stand(&mut self, changes: &Changes) {
        if self.follows() {
            self.seen = changes.next_seq;
        }
        let read = changes.newest_first.get(self.cursor);
        self.anchor = Some(read.map_or((Timestamp::MIN, 0), |change| (change.time, change.seq)));
    }

    /// Selects the line that is `by` further down, or up. Reading stops the following.
    pub fn move_by(&mut self, by: isize, changes: &Changes) {
        let last = changes.newest_first.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
        self.stand(changes);
    }

    /// Keeps the read change selected while new ones come in above it, and on the screen.
    pub fn settle(&mut self, changes: &Changes, height: usize) {
        match self.anchor {
            None => (self.cursor, self.top) = (0, 0),
            Some(anchor) => {
                let before = self.cursor;
                self.cursor = changes
                    .newest_first
                    .partition_point(|change| (change.time, change.seq) > anchor)
                    .min(changes.newest_first.len().saturating_sub(1));
                // What comes in above pushes the whole page down, not the reader's line.
                self.top = self.top.saturating_add(self.cursor.saturating_sub(before));
                self.top =
                    super::tenant_list::scrolled(self.top, self.cursor, height, changes.newest_first.len());
            }
        }
    }

    /// The selected change.
    #[must_use]
    pub fn selected<'a>(&self, changes: &'a Changes) -> Option<&'a Arc<Change>> {
        changes.newest_first.get(self.cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::Verb;
    use crate::model::feed::of_host;

    fn changes(count: u64) -> Changes {
        let change = |seq| {
            let mut change = of_host(&"web-1".into(), Timestamp::UNIX_EPOCH, Verb::Lost, None);
            change.seq = seq;
            Arc::new(change)
        };
        Changes {
            newest_first: (0..count).rev().map(change).collect(),
            next_seq: count,
            ..Changes::default()
        }
    }

    #[test]
    fn reading_stops_the_following_and_the_line_stays() {
        let mut list = ChangeList::default();
        let before = changes(10);
        list.settle(&before, 5);
        list.move_by(2, &before);
        assert!(!list.follows());
        assert_eq!(list.selected(&before).unwrap().seq, 7);
        let after = changes(14);
        list.settle(&after, 5);
        assert_eq!(list.selected(&after).unwrap().seq, 7);
        assert_eq!(list.unseen(&after), 4);
        list.follow();
        list.settle(&after, 5);
        assert_eq!(list.selected(&after).unwrap().seq, 13);
        assert_eq!(list.unseen(&after), 0);
    }
}

//! The timeline: how many changes there were, minute by minute, folded to the width at hand; and the moment that is looked
//! at. What is older than the memory is counted by the ledger.

use jiff::{SignedDuration, Timestamp, Zoned};

use super::list::Posed;
use crate::model::change::Tick;
use crate::model::change::ticks::{MINUTE, fold, minute_of, minutes};
use crate::service::Changes;
use crate::service::past::Question;
use crate::tui::past::Asked;

/// How many hours it can show; the first are shown first.
pub const HOURS: [i64; 3] = [24, 6, 1];
/// How many minutes a column can stand for.
const STEPS: [i64; 10] = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120];
/// The tail is counted again by the ledger this often; what is newer is counted in memory.
const AGAIN: SignedDuration = SignedDuration::from_secs(MINUTE);
/// What comes in late is counted up to here.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// The timeline.
#[derive(Debug, Default)]
pub struct Timeline {
    /// It has the keys.
    pub open: bool,
    /// Which of `HOURS` it shows.
    pub zoom: usize,
    /// The question to the ledger.
    pub asked: Asked,
    /// The pane shows a stretch that was chosen here; before it the pane showed this.
    pub gone_from: Option<Option<Posed>>,
    /// What the ledger counted, in the order of time; minutes without a change are left out.
    counted: Vec<Tick>,
    /// Up to here the ledger has counted.
    until: Option<Timestamp>,
    /// What is being counted.
    counting: Option<(Timestamp, Timestamp)>,
    /// The moment that is looked at; the latest column where none is chosen.
    at: Option<Timestamp>,
}

/// The columns of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Oldest first.
    pub ticks: Vec<Tick>,
    /// The length of each.
    pub step: SignedDuration,
}

impl Columns {
    /// The column that has that moment; the last where it is later, the first where it is earlier.
    #[must_use]
    pub fn at(&self, time: Timestamp) -> usize {
        self.ticks.partition_point(|tick| tick.start <= time).saturating_sub(1)
    }
}

impl Timeline {
    /// The columns for so many cells, up to now.
    #[must_use]
    pub fn columns(&self, changes: &Changes, now: &Zoned, cells: u16) -> Columns {
        let span = HOURS[self.zoom.min(HOURS.len() - 1)] * 60;
        let cells = i64::from(cells.max(1));
        let step = STEPS.into_iter().find(|step| step * cells >= span).unwrap_or(span / cells + 1);
        let seconds = step * MINUTE;
        // Columns begin where the clock on the wall says so.
        let offset = i64::from(now.offset().seconds());
        let last = now.timestamp().as_second() + offset;
        let last = last - last.rem_euclid(seconds) - offset;
        let count = (span / step).clamp(1, cells);
        let from = Timestamp::from_second(last - (count - 1) * seconds).unwrap_or(Timestamp::MIN);
        let step = SignedDuration::from_secs(seconds);
        let count = usize::try_from(count).unwrap_or(1);
        let live_from = self.until.unwrap_or(Timestamp::MIN).max(from);
        let live = minutes(changes.newest_first.iter().map(|it| &**it), live_from, Timestamp::MAX);
        let mut ticks = fold(&self.counted, from, step, count);
        for (tick, more) in ticks.iter_mut().zip(fold(&live, from, step, count)) {
            for (sum, count) in tick.counts.iter_mut().zip(more.counts) {
                *sum = sum.saturating_add(count);
            }
        }
        Columns { ticks, step }
    }

    /// Which column is looked at.
    #[must_use]
    pub fn selected(&self, columns: &Columns) -> usize {
        self.at.map_or(columns.ticks.len().saturating_sub(1), |at| columns.at(at))
    }

    /// Looks at the column that is `by` further on.
    pub fn move_by(&mut self, by: isize, columns: &Columns) {
        let to = self.selected(columns).saturating_add_signed(by);
        self.look_at(to, columns);
    }

    /// Looks at what is an hour further on, or back.
    pub fn move_by_hours(&mut self, hours: i64, columns: &Columns) {
        let Some(tick) = columns.ticks.get(self.selected(columns)) else { return };
        let to = tick.start.checked_add(SignedDuration::from_hours(hours)).unwrap_or(tick.start);
        self.look_at(columns.at(to), columns);
    }

    /// Looks at that column; at the last one it stays with the present.
    pub fn look_at(&mut self, column: usize, columns: &Columns) {
        let last = columns.ticks.len().saturating_sub(1);
        self.at = columns.ticks.get(column).filter(|_| column < last).map(|tick| tick.start);
    }

    /// Has the ledger count what it has not yet.
    pub fn settle(&mut self, changes: &Changes, now: Timestamp) {
        if changes.recorded_to.is_none() || self.asked.is_busy() {
            return;
        }
        let to = minute_of(now);
        let start =
            minute_of(now.checked_sub(SignedDuration::from_hours(HOURS[0])).unwrap_or(Timestamp::MIN));
        let from = match self.until {
            Some(until) if to.duration_since(until) < AGAIN => return,
            Some(until) => until.checked_sub(LATE).unwrap_or(start).max(start),
            None => start,
        };
        self.counting = Some((from, to));
        self.asked.ask(Question::Minutes(from, to));
    }

    /// The ledger has counted.
    pub fn told(&mut self, ticks: Vec<Tick>) {
        let Some((from, to)) = self.counting.take() else { return };
        let oldest = to.checked_sub(SignedDuration::from_hours(HOURS[0] + 1)).unwrap_or(Timestamp::MIN);
        self.counted.retain(|tick| oldest <= tick.start && tick.start < from);
        self.counted.extend(
            ticks.into_iter().filter(|tick| from <= tick.start && tick.start < to && tick.total() > 0),
        );
        self.until = Some(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::{Act, Change, Source, Verb};
    use std::sync::Arc;

    fn now() -> Zoned {
        "2026-03-04T14:03:22+05:30[Asia/Kolkata]".parse().unwrap()
    }

    fn changes(ago_minutes: &[i64]) -> Changes {
        let change = |minutes: &i64| {
            let time = now().timestamp() - SignedDuration::from_mins(*minutes);
            Arc::new(Change::new(Source::Engine, Act::from_number(*minutes), time, Verb::Started))
        };
        Changes {
            newest_first: ago_minutes.iter().map(change).collect(),
            next_seq: 9,
            recorded_to: Some(9),
            ..Changes::default()
        }
    }

    #[test]
    fn columns_begin_with_the_clock_on_the_wall() {
        let timeline = Timeline::default();
        for cells in [1, 10, 48, 54, 100, 148, 200, 2000] {
            let columns = timeline.columns(&changes(&[0, 3, 23 * 60]), &now(), cells);
            assert!(columns.ticks.len() <= usize::from(cells), "{cells}");
            let last = columns.ticks.last().unwrap().start.to_zoned(now().time_zone().clone());
            if columns.step.as_secs() <= 3600 {
                assert_eq!(i64::from(last.minute()) * 60 % columns.step.as_secs(), 0, "{cells}");
            }
            assert!(last.timestamp() <= now().timestamp());
            assert!(now().timestamp() < last.timestamp() + columns.step);
            // Fewer columns than that cannot show a whole day.
            let all = columns.ticks.iter().map(Tick::total).sum::<u32>();
            assert!(all == 3 || cells < 12, "{cells}");
        }
    }

    #[test]
    fn the_ledger_counts_what_is_past_and_the_memory_what_is_new() {
        let mut timeline = Timeline::default();
        let mut memory = changes(&[0, 1, 30]);
        timeline.settle(&memory, now().timestamp());
        let (turn, question) = timeline.asked.open().unwrap();
        let to = minute_of(now().timestamp());
        assert_eq!(question, &Question::Minutes(to - SignedDuration::from_hours(24), to));
        assert!(timeline.asked.answered(turn));
        let mut tick = Tick::empty(to - SignedDuration::from_mins(30));
        tick.counts = [0, 0, 0, 7];
        timeline.told(vec![tick]);
        let sum = |timeline: &Timeline, memory: &Changes| {
            timeline.columns(memory, &now(), 200).ticks.iter().map(Tick::total).sum::<u32>()
        };
        assert_eq!(sum(&timeline, &memory), 8, "seven of the ledger, and one of this minute");
        timeline.settle(&memory, now().timestamp());
        assert!(timeline.asked.open().is_none(), "not again within a minute");
        let later = now().timestamp() + SignedDuration::from_secs(61);
        timeline.settle(&memory, later);
        let (_, question) = timeline.asked.open().unwrap();
        assert_eq!(question, &Question::Minutes(to - LATE, minute_of(later)));
        memory.recorded_to = None;
        let mut alone = Timeline::default();
        alone.settle(&memory, now().timestamp());
        assert!(alone.asked.open().is_none());
        assert_eq!(sum(&alone, &memory), 3);
    }

    #[test]
    fn one_moves_by_a_column_or_an_hour_and_not_over_the_ends() {
        let mut timeline = Timeline::default();
        let columns = timeline.columns(&changes(&[]), &now(), 48);
        assert_eq!((columns.ticks.len(), columns.step.as_mins()), (48, 30));
        assert_eq!(timeline.selected(&columns), 47);
        timeline.move_by(-1, &columns);
        timeline.move_by_hours(-2, &columns);
        assert_eq!(timeline.selected(&columns), 42);
        timeline.move_by(-100, &columns);
        timeline.move_by_hours(-1, &columns);
        assert_eq!(timeline.selected(&columns), 0);
        timeline.move_by_hours(1, &columns);
        assert_eq!(timeline.selected(&columns), 2);
        timeline.move_by(100, &columns);
        assert_eq!(timeline.selected(&columns), 47);
    }
}

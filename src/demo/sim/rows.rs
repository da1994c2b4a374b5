//! The list of containers, made cheap: each row is rendered once a change, the whole once a change or second.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use jiff::Timestamp;

use super::{Engine, Key};
use crate::demo::container::Container;
use crate::demo::json;

/// One container's row, but for the text that says how long it has been so.
#[derive(Debug)]
pub struct Row {
    /// The container as the row shows it.
    pub container: Container,
    /// The JSON object without its `Status` and its opening brace.
    rest: String,
}

/// The list as it was, until it changed then.
type Past = (Timestamp, Vec<Arc<Row>>);

/// What is kept of lists.
#[derive(Debug, Default)]
pub(super) struct Lists {
    whole: Option<(i64, Bytes)>,
    lag: Duration,
    past: VecDeque<Past>,
}

impl Lists {
    pub(super) fn forget(&mut self) {
        self.whole = None;
    }

    pub(super) fn set_lag(&mut self, lag: Duration) {
        self.lag = lag;
        self.past.clear();
        self.whole = None;
    }
}

impl Row {
    fn write(&self, now: Timestamp, into: &mut String) {
        into.push_str("{\"Status\":\"");
        // Nothing in the text needs escaping.
        into.push_str(&self.container.status(now));
        into.push_str("\",");
        into.push_str(&self.rest);
    }
}

impl Engine {
    /// The list of all containers, newest first, as JSON.
    pub fn list(&mut self, now: Timestamp) -> Bytes {
        let second = now.as_second();
        if let Some((at, body)) = &self.lists.whole
            && *at == second
        {
            return body.clone();
        }
        let rows = self.rows(now);
        let body = render(&rows, now);
        if self.lists.lag.is_zero() {
            self.lists.whole = Some((second, body.clone()));
        }
        body
    }

    /// The list of those containers that fit.
    pub fn list_where(&mut self, now: Timestamp, fits: impl Fn(&Container) -> bool) -> Bytes {
        let mut rows = self.rows(now);
        rows.retain(|row| fits(&row.container));
        render(&rows, now)
    }

    /// The rows to be shown now, which lag behind where the scenario wants that.
    fn rows(&mut self, now: Timestamp) -> Vec<Arc<Row>> {
        let shown = now - self.lists.lag;
        while self.lists.past.front().is_some_and(|(until, _)| *until <= shown) {
            self.lists.past.pop_front();
        }
        match self.lists.past.front() {
            Some((_, rows)) => rows.clone(),
            None => self.current_rows(),
        }
    }

    fn current_rows(&mut self) -> Vec<Arc<Row>> {
        let row = |slot: &mut super::Slot| {
            let container = &slot.container;
            let row = slot.row.get_or_insert_with(|| {
                Arc::new(Row { container: container.clone(), rest: json::list_row(container) })
            });
            Arc::clone(row)
        };
        self.slots.values_mut().rev().map(row).collect()
    }

    /// Keeps the list as it is before a change, where lists are to lag behind.
    pub(super) fn remember_rows(&mut self, now: Timestamp) {
        if self.lists.lag.is_zero() {
            return;
        }
        let shown = now - self.lists.lag;
        while self.lists.past.front().is_some_and(|(until, _)| *until <= shown) {
            self.lists.past.pop_front();
        }
        let rows = self.current_rows();
        self.lists.past.push_back((now, rows));
    }

    pub(super) fn changed(&mut self, key: Key) {
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.row = None;
        }
        self.lists.forget();
    }
}

fn render(rows: &[Arc<Row>], now: Timestamp) -> Bytes {
    let length = rows.iter().map(|row| row.rest.len() + 64).sum();
    let mut text = String::with_capacity(length);
    text.push('[');
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        row.write(now, &mut text);
    }
    text.push_str("]\n");
    Bytes::from(text)
}

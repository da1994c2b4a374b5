//! The tenants pane's list: what passes the filter, in order, and the line that is selected.

use std::sync::Arc;

use crate::model::filter::{BadFilter, Filter};
use crate::model::fleet::{Fleet, Tenant};
use crate::model::host::HostName;
use crate::model::sort::{SortBy, compare};
use crate::model::usage::Usage;
use crate::service::{Usages, current};

/// The list and its place on the screen.
#[derive(Debug, Default)]
pub struct TenantList {
    /// The filter as written.
    pub filter_text: String,
    /// What is wrong with it, if it cannot be understood; the last good one stays in force.
    pub filter_error: Option<BadFilter>,
    filter: Filter,
    /// The order.
    pub sort: SortBy,
    /// Turned round.
    pub reverse: bool,
    /// The tenants that pass, in order.
    pub rows: Vec<Arc<Tenant>>,
    /// The number of the selected row.
    pub cursor: usize,
    /// The first row on the screen.
    pub top: usize,
    /// The tenant that somebody selected: the cursor stays with it when rows move. Until then it stays at the top.
    selected: Option<(HostName, Arc<str>)>,
    stale: bool,
}

impl TenantList {
    /// Takes another filter, if it can be understood.
    pub fn set_filter(&mut self, text: &str) {
        text.clone_into(&mut self.filter_text);
        match Filter::parse(text) {
            Ok(filter) => {
                self.filter = filter;
                self.filter_error = None;
                self.stale = true;
            }
            Err(error) => self.filter_error = Some(error),
        }
    }

    /// Takes another order.
    pub fn set_sort(&mut self, sort: SortBy, reverse: bool) {
        (self.sort, self.reverse, self.stale) = (sort, reverse, true);
    }

    /// The fleet or the usage is another: the rows must be made anew before they are next looked at.
    pub fn invalidate(&mut self) {
        self.stale = true;
    }

    /// Whether the order depends on usage.
    #[must_use]
    pub fn sorts_by_usage(&self) -> bool {
        matches!(self.sort, SortBy::Cpu | SortBy::Memory)
    }

    /// Makes the rows anew if need be, and keeps the selected one among the `height` rows on the screen.
    pub fn settle(&mut self, fleet: &Fleet, usages: &Usages, height: usize) {
        if std::mem::take(&mut self.stale) {
            self.make_rows(fleet, usages);
            if let Some((host, name)) = &self.selected
                && let Some(at) = self.rows.iter().position(|row| row.name == *name && row.host == *host)
            {
                self.cursor = at;
            }
        }
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
        self.top = scrolled(self.top, self.cursor, height, self.rows.len());
    }

    fn make_rows(&mut self, fleet: &Fleet, usages: &Usages) {
        self.rows.clear();
        let filter = &mut self.filter;
        self.rows
            .extend(fleet.tenants().filter(|tenant| filter.is_empty() || filter.passes(tenant)).cloned());
        let by = self.sort;
        if matches!(by, SortBy::Cpu | SortBy::Memory) {
            let mut keyed: Vec<(Usage, Arc<Tenant>)> =
                self.rows.drain(..).map(|tenant| (total(&tenant, usages), tenant)).collect();
            keyed.sort_by(|(ua, a), (ub, b)| compare(by, (a, ua), (b, ub)));
            self.rows.extend(keyed.into_iter().map(|(_, tenant)| tenant));
        } else {
            let none = Usage::default();
            self.rows.sort_by(|a, b| compare(by, (a, &none), (b, &none)));
        }
        if self.reverse {
            self.rows.reverse();
        }
    }

    /// The tenant of the selected row.
    #[must_use]
    pub fn selected(&self) -> Option<&Arc<Tenant>> {
        self.rows.get(self.cursor)
    }

    /// Selects the row that is `by` further down, or up.
    pub fn move_by(&mut self, by: isize) {
        self.select(self.cursor.saturating_add_signed(by));
    }

    /// Selects that row, or the last.
    pub fn select(&mut self, row: usize) {
        self.cursor = row.min(self.rows.len().saturating_sub(1));
        self.selected = self.rows.get(self.cursor).map(|row| (row.host.clone(), row.name.clone()));
    }
}

/// The first line to show, so that `cursor` is among `height` lines of `count`, and moved no more than needed.
#[must_use]
pub fn scrolled(top: usize, cursor: usize, height: usize, count: usize) -> usize {
    let height = height.max(1);
    let lowest = cursor.saturating_sub(height - 1);
    top.clamp(lowest, cursor.max(lowest)).min(count.saturating_sub(height))
}

/// What a tenant's containers use together; unknown where none is known.
#[must_use]
pub fn total(tenant: &Tenant, usages: &Usages) -> Usage {
    let mut sum = Usage::default();
    for facts in &tenant.containers {
        if let Some(trend) = current(tenant, facts, usages) {
            if let Some(percent) = trend.usage.cpu_percent {
                *sum.cpu_percent.get_or_insert(0.0) += percent;
            }
            if let Some(bytes) = trend.usage.memory_bytes {
                *sum.memory_bytes.get_or_insert(0) += bytes;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_selected_row_is_always_on_the_screen(top in 0..500usize, cursor in 0..300usize, height in 0..80usize) {
            let top = scrolled(top, cursor, height, 300);
            prop_assert!(top <= cursor && cursor < top + height.max(1));
        }
    }
}

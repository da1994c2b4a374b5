//! Marked tenants: what `d` and `w` are about to be done to. A mark belongs to the tenant, not to the row.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::fleet::{Fleet, Tenant};
use crate::model::work::TenantKey;

/// The marked tenants. There are never more than the fleet has.
#[derive(Debug, Default)]
pub struct Marks {
    keys: HashSet<TenantKey>,
    /// The tenant that was marked last: a range begins there.
    last: Option<TenantKey>,
}

fn key(tenant: &Tenant) -> TenantKey {
    (tenant.host.clone(), tenant.name.clone())
}

impl Marks {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether this tenant is marked.
    #[must_use]
    pub fn has(&self, tenant: &Tenant) -> bool {
        !self.keys.is_empty() && self.keys.contains(&key(tenant))
    }

    /// The marked tenants: those of `rows` first and in their order, then those that the filter hides, by name.
    #[must_use]
    pub fn in_order(&self, rows: &[Arc<Tenant>]) -> Vec<TenantKey> {
        let mut order: Vec<TenantKey> = rows.iter().filter(|row| self.has(row)).map(|row| key(row)).collect();
        let shown: HashSet<&TenantKey> = order.iter().collect();
        let mut hidden: Vec<TenantKey> =
            self.keys.iter().filter(|key| !shown.contains(key)).cloned().collect();
        hidden.sort_by(|(ha, ta), (hb, tb)| (ta, ha).cmp(&(tb, hb)));
        order.extend(hidden);
        order
    }

    /// Marks a tenant, or takes its mark away.
    pub fn turn(&mut self, tenant: &Tenant) {
        let key = key(tenant);
        if self.keys.remove(&key) {
            self.last = None;
        } else {
            self.last = Some(key.clone());
            self.keys.insert(key);
        }
    }

    /// Marks all from the one that was marked last to the row `here`; only that one where none was.
    pub fn range(&mut self, rows: &[Arc<Tenant>], here: usize) {
        let Some(tenant) = rows.get(here) else { return };
        let last = self.last.take();
        let from = last.and_then(|last| rows.iter().position(|row| key(row) == last)).unwrap_or(here);
        for row in &rows[from.min(here)..=from.max(here)] {
            self.keys.insert(key(row));
        }
        self.last = Some(key(tenant));
    }

    /// Marks all rows; where all are marked already, no tenant is marked any more.
    pub fn all(&mut self, rows: &[Arc<Tenant>]) {
        if rows.iter().all(|row| self.has(row)) {
            self.clear();
        } else {
            self.keys.extend(rows.iter().map(|row| key(row)));
        }
    }

    /// Takes all marks away; `false` where there were none.
    pub fn clear(&mut self) -> bool {
        self.last = None;
        let any = !self.keys.is_empty();
        self.keys.clear();
        any
    }

    /// A tenant that is gone loses its mark.
    pub fn keep_known(&mut self, fleet: &Fleet) {
        if self.keys.is_empty() {
            return;
        }
        let known: HashSet<TenantKey> = fleet.tenants().map(|tenant| key(tenant)).collect();
        self.keys.retain(|key| known.contains(key));
        self.last = self.last.take().filter(|last| self.keys.contains(last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fleet::Containers;
    use crate::model::state::State;
    use proptest::prelude::*;

    fn rows(names: &[&str]) -> Vec<Arc<Tenant>> {
        let tenant = |name: &&str| {
            Arc::new(Tenant {
                name: Arc::from(*name),
                host: "web-1".into(),
                tier: None,
                state: State::Running,
                known: State::Running,
                method: None,
                reason: None,
                since: None,
                containers: Containers::new(),
            })
        };
        names.iter().map(tenant).collect()
    }

    fn names(marks: &Marks, rows: &[Arc<Tenant>]) -> Vec<String> {
        marks.in_order(rows).iter().map(|(_, name)| name.to_string()).collect()
    }

    #[test]
    fn a_range_goes_from_the_last_mark_both_ways() {
        let rows = rows(&["a", "b", "c", "d", "e"]);
        let mut marks = Marks::default();
        marks.turn(&rows[3]);
        marks.range(&rows, 1);
        assert_eq!(names(&marks, &rows), ["b", "c", "d"]);
        marks.clear();
        marks.range(&rows, 4);
        marks.range(&rows, 3);
        assert_eq!(names(&marks, &rows), ["d", "e"]);
    }

    #[test]
    fn marks_outlive_the_filter_and_are_named_after_what_is_shown() {
        let all = rows(&["a", "b", "c"]);
        let mut marks = Marks::default();
        marks.all(&all);
        assert_eq!(names(&marks, &rows(&["c"])), ["c", "a", "b"]);
        marks.all(&rows(&["c"]));
        assert!(marks.is_empty());
    }

    proptest! {
        #[test]
        fn turning_twice_changes_nothing(at in 0..5usize, marked in prop::collection::vec(0..5usize, 0..5)) {
            let rows = rows(&["a", "b", "c", "d", "e"]);
            let mut marks = Marks::default();
            for row in marked {
                marks.turn(&rows[row]);
            }
            let before = names(&marks, &rows);
            marks.turn(&rows[at]);
            prop_assert_ne!(&names(&marks, &rows), &before);
            marks.turn(&rows[at]);
            prop_assert_eq!(names(&marks, &rows), before);
        }
    }
}

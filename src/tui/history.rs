//! The history of the selected tenant: its states over a stretch of time, and the changes that it is told from.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::past::Asked;
use super::tenant_list::scrolled;
use crate::model::change::{Act, Change, Verb};
use crate::model::fleet::{Fleet, Link, Tenant};
use crate::model::history::{Present, Span, spans};
use crate::model::work::TenantKey;
use crate::service::Changes;
use crate::service::past::{Page, Question};

/// How many hours it can show.
pub const HOURS: [i64; 5] = [1, 6, 24, 7 * 24, 30 * 24];
/// A day is shown first.
const DAY: usize = 2;
/// How often the ledger is asked again while the present is shown: what others write comes in by the memory.
const AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// The history pane.
#[derive(Debug)]
pub struct History {
    /// Whose history it is.
    pub tenant: Option<TenantKey>,
    /// The question to the ledger.
    pub asked: Asked,
    /// Its states.
    pub spans: Vec<Span>,
    /// Its changes within the stretch, newest first.
    pub rows: Vec<Arc<Change>>,
    /// The stretch that is shown.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// The ledger knows of more changes than it told.
    pub is_cut: bool,
    /// The selected change, counted from the newest.
    pub cursor: usize,
    /// The first line on the screen.
    pub top: usize,
    zoom: usize,
    /// Where the stretch ends; now, where nobody went back.
    end: Option<Timestamp>,
    told: Vec<Arc<Change>>,
    asked_at: Option<Timestamp>,
    selected: Option<Act>,
}

impl Default for History {
    fn default() -> Self {
        History {
            tenant: None,
            asked: Asked::default(),
            spans: Vec::new(),
            rows: Vec::new(),
            from: Timestamp::UNIX_EPOCH,
            to: Timestamp::UNIX_EPOCH,
            is_cut: false,
            cursor: 0,
            top: 0,
            zoom: DAY,
            end: None,
            told: Vec::new(),
            asked_at: None,
            selected: None,
        }
    }
}

impl History {
    /// How many hours are shown.
    #[must_use]
    pub fn hours(&self) -> i64 {
        HOURS[self.zoom.min(HOURS.len() - 1)]
    }

    /// Whether it ends with the present.
    #[must_use]
    pub fn is_now(&self) -> bool {
        self.end.is_none()
    }

    /// Shows a longer stretch, or a shorter one.
    pub fn zoom(&mut self, is_wider: bool) {
        let to = if is_wider { self.zoom + 1 } else { self.zoom.saturating_sub(1) };
        self.zoom = to.min(HOURS.len() - 1);
        self.ask_anew();
    }

    /// Goes back by so many hours, or on; not past the present.
    pub fn move_by_hours(&mut self, hours: i64, now: Timestamp) {
        let end = self.end.unwrap_or(now);
        let to = end.checked_add(SignedDuration::from_hours(hours)).unwrap_or(end);
        self.end = (to < now).then_some(to);
        self.ask_anew();
    }

    /// A quarter of what is shown, in hours.
    #[must_use]
    pub fn quarter(&self) -> i64 {
        (self.hours() / 4).max(1)
    }

    fn ask_anew(&mut self) {
        self.asked.drop_it();
        self.asked_at = None;
    }

    /// Selects the change that is `by` further down, or up.
    pub fn move_by(&mut self, by: isize) {
        self.select(self.cursor.saturating_add_signed(by));
    }

    /// Selects that line, or the last.
    pub fn select(&mut self, line: usize) {
        self.cursor = line.min(self.rows.len().saturating_sub(1));
        self.selected = self.rows.get(self.cursor).map(|change| change.act);
    }

    /// The selected change.
    #[must_use]
    pub fn selected(&self) -> Option<&Arc<Change>> {
        self.rows.get(self.cursor)
    }

    /// Makes it fit the tenant, the news and the time. `height` is that of the list.
    pub fn settle(
        &mut self,
        tenant: Option<&Tenant>,
        fleet: &Fleet,
        changes: &Changes,
        now: Timestamp,
        height: usize,
    ) {
        let key = tenant.map(|tenant| (tenant.host.clone(), tenant.name.clone()));
        if self.tenant != key {
            *self = History { tenant: key, zoom: self.zoom, ..History::default() };
        }
        self.to = self.end.unwrap_or(now);
        let span = SignedDuration::from_hours(self.hours());
        self.from = self.to.checked_sub(span).unwrap_or(Timestamp::MIN);
        let Some(tenant) = tenant else { return };
        let all = self.all(tenant, changes);
        let present = self.is_now().then(|| present(tenant, fleet));
        self.spans = spans(all.iter().map(|it| &**it), present.as_ref(), self.from, self.to);
        let is_shown = |change: &&Arc<Change>| self.from <= change.time && change.time <= self.to;
        self.rows = all.iter().filter(is_shown).cloned().collect();
        let found = self.selected.and_then(|act| self.rows.iter().position(|change| change.act == act));
        self.cursor = found.unwrap_or(self.cursor).min(self.rows.len().saturating_sub(1));
        self.top = scrolled(self.top, self.cursor, height, self.rows.len());
        self.ask(tenant, changes, now);
    }

    /// What the ledger told and what is in memory, newest first, each once.
    fn all(&self, tenant: &Tenant, changes: &Changes) -> Vec<Arc<Change>> {
        let here: HashSet<Act> = changes.newest_first.iter().map(|change| change.act).collect();
        let in_memory = changes.newest_first.iter().filter(|change| concerns(change, tenant));
        let older = self.told.iter().filter(|change| !here.contains(&change.act));
        let mut all: Vec<Arc<Change>> = in_memory.chain(older).cloned().collect();
        all.sort_by_key(|change| std::cmp::Reverse((change.time, change.seq)));
        all
    }

    fn ask(&mut self, tenant: &Tenant, changes: &Changes, now: Timestamp) {
        if changes.recorded_to.is_none() || self.asked.is_busy() {
            return;
        }
        let is_fresh = |at: Timestamp| self.end.is_some() || now.duration_since(at) < AGAIN;
        if self.asked_at.is_some_and(is_fresh) {
            return;
        }
        self.asked_at = Some(now);
        self.asked.ask(Question::History {
            host: tenant.host.clone(),
            tenant: tenant.name.clone(),
            from: self.from,
            to: self.to,
        });
    }

    /// The ledger has answered.
    pub fn told(&mut self, page: Page) {
        self.told = page.newest_first;
        self.is_cut = page.more;
    }
}

/// Whether a change tells of the tenant, or of the whole of its host.
fn concerns(change: &Change, tenant: &Tenant) -> bool {
    let is_here = change.host.as_ref() == Some(&tenant.host);
    let is_of_host = change.tenant.is_none()
        && change.container.is_none()
        && matches!(change.verb, Verb::Lost | Verb::Connected | Verb::Gap);
    is_here && (is_of_host || change.tenant.as_ref() == Some(&tenant.name))
}

/// What the engine says of the tenant now.
fn present(tenant: &Tenant, fleet: &Fleet) -> Present {
    let containers =
        tenant.containers.iter().map(|facts| (facts.id.clone(), facts.state(), facts.since)).collect();
    let lost = match fleet.host(&tenant.host).map(|host| &host.link) {
        Some(Link::Down { since, .. }) => Some(*since),
        _ => None,
    };
    Present { containers, lost }
}

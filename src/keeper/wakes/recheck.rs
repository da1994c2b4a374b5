//! Whether tenants still answer where requests are led: looked at every few seconds, for those that were asked for lately alone, and
//! at once for one that somebody did not reach. Who is not asked for is left in peace: a connection would count as use.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::Wakes;
use super::table::Entry;
use crate::model::work::TenantKey;

/// How often places are looked at.
const EVERY: Duration = Duration::from_secs(3);
/// Tenants that were asked for within this time are.
const LATELY: i64 = 30_000;
/// The most tenants in one round; those that follow in the list have their turn in the next.
const MOST: usize = 512;
/// How many are asked at once.
const AT_ONCE: usize = 16;
/// One that does not answer is asked once more after this time: a listener's queue may be full for a moment.
const ONCE_MORE: Duration = Duration::from_millis(250);

/// Keeps places true for as long as there is somebody to read them.
pub(super) async fn keep(wakes: Weak<Wakes>, mut doubted: mpsc::Receiver<TenantKey>) {
    let mut next = Instant::now() + EVERY;
    let mut from = 0;
    loop {
        let entries = tokio::select! {
            () = sleep_until(next) => {
                next = Instant::now() + EVERY;
                let Some(wakes) = wakes.upgrade() else { return };
                asked_lately(&wakes, &mut from, Timestamp::now())
            }
            key = doubted.recv() => {
                let (Some(key), Some(wakes)) = (key, wakes.upgrade()) else { return };
                wakes.table().by_key(&key).cloned().into_iter().collect()
            }
        };
        stream::iter(entries).for_each_concurrent(AT_ONCE, |entry| look(&wakes, entry)).await;
    }
}

/// Tenants whose places are known and that were asked for lately, `from` that one on.
fn asked_lately(wakes: &Wakes, from: &mut usize, now: Timestamp) -> Vec<Arc<Entry>> {
    let table = wakes.table();
    let all = table.all();
    let is_asked = |entry: &&Arc<Entry>| {
        let last = entry.seen.last().map(Timestamp::as_millisecond);
        entry.warm().is_some() && last.is_some_and(|last| now.as_millisecond() - last <= LATELY)
    };
    let first = *from % all.len().max(1);
    let (before, after) = all.split_at(first);
    let found: Vec<_> = after.iter().chain(before).filter(is_asked).take(MOST).cloned().collect();
    *from = if found.len() == MOST { first + MOST } else { 0 };
    found
}

/// Forgets the place where it does not answer any more: whoever asks next has the tenant looked for anew.
async fn look(wakes: &Weak<Wakes>, entry: Arc<Entry>) {
    let Some(place) = entry.warm() else { return };
    let Some(service) = wakes.upgrade().map(|wakes| wakes.service.clone()) else { return };
    if service.answers(place.at).await {
        return;
    }
    sleep(ONCE_MORE).await;
    if service.answers(place.at).await {
        return;
    }
    let Some(wakes) = wakes.upgrade() else { return };
    // The table may have been made anew meanwhile.
    let now = wakes.table().by_key(&entry.key).cloned();
    for entry in [Some(entry), now].into_iter().flatten() {
        let is_it = entry.place.load_full().is_some_and(|known| known.at == place.at);
        if is_it {
            entry.place.store(None);
        }
    }
}

//! Answers that go on: the event stream, and figures second by second.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use jiff::Timestamp;
use tokio::sync::{broadcast, watch};

use super::Shared;
use super::answer::Body;
use super::flaw::broken;
use crate::config::scenario::Fault;
use crate::demo::event::Event;
use crate::demo::filters::Filters;
use crate::demo::json;
use crate::demo::sim::Key;
use crate::demo::usage::Look;

/// How long a stream lives while its host cuts streams.
const CUT_AFTER: Duration = Duration::from_millis(200);
const HALF_A_LINE: &[u8] = b"{\"status\":\"start\",\"id\":\"4c1f0fdc6a2bb3f3a1f3";

struct Listener {
    waiting: VecDeque<Bytes>,
    live: broadcast::Receiver<Arc<Event>>,
    faults: watch::Receiver<Vec<Fault>>,
    filters: Filters,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    shared: Arc<Shared>,
    cut: bool,
}

/// The events of a host: those kept since `since`, then live ones, until `until`.
pub(super) fn events(
    shared: &Arc<Shared>,
    host: usize,
    filters: Filters,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Body {
    let (kept, live) = shared.world.hosts[host].engine().events.listen();
    let faults = shared.world.hosts[host].faults.subscribe();
    let shared = Arc::clone(shared);
    let mut listener =
        Listener { waiting: VecDeque::new(), live, faults, filters, since, until, shared, cut: false };
    if since.is_some() {
        let wanted = kept.iter().filter(|event| listener.wants(event));
        listener.waiting = wanted.map(|event| event.line.clone()).collect();
    }
    let stream = stream::unfold(listener, |mut listener| async move {
        let next = listener.next().await?;
        Some((next.map(Frame::data), listener))
    });
    BodyExt::boxed_unsync(StreamBody::new(stream))
}

impl Listener {
    fn wants(&self, event: &Event) -> bool {
        self.since.is_none_or(|since| event.time >= since)
            && self.until.is_none_or(|until| event.time <= until)
            && self.filters.want_event(event)
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.cut {
            tokio::time::sleep(Duration::from_millis(20)).await;
            return Some(Err(broken()));
        }
        if let Some(line) = self.waiting.pop_front() {
            return Some(Ok(line));
        }
        loop {
            let faults = self.faults.borrow_and_update().clone();
            let (hung, cut) = (faults.contains(&Fault::Hung), faults.contains(&Fault::Cut));
            let ends = faults.iter().find_map(|fault| match fault {
                Fault::EndStreams(after) => Some(*after),
                _ => None,
            });
            let left = self.until.map(|until| until.duration_since(self.shared.clock.now()));
            if left.is_some_and(|left| !left.is_positive()) {
                return None;
            }
            let over = async {
                match left {
                    Some(left) => tokio::time::sleep(left.try_into().unwrap_or_default()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = self.faults.changed() => {
                    if changed.is_err() {
                        return None;
                    }
                }
                () = tokio::time::sleep(CUT_AFTER), if cut => {
                    self.cut = true;
                    return Some(Ok(Bytes::from_static(HALF_A_LINE)));
                }
                () = over => return None,
                () = tokio::time::sleep(ends.unwrap_or_default()), if ends.is_some() => return None,
                // A hung engine leaves its events where they are.
                event = self.live.recv(), if !hung => match event {
                    Ok(event) if self.wants(&event) => return Some(Ok(event.line.clone())),
                    // A listener that is too slow loses events, and is not told.
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }
}

/// The figures of one container, each second.
pub(super) fn stats(shared: &Arc<Shared>, host: usize, key: Key) -> Body {
    let stream = stream::unfold((Arc::clone(shared), None), move |(shared, before)| async move {
        if before.is_some() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let (line, look) = stats_once(&shared, host, key, before)?;
        Some((Ok(Frame::data(line)), (shared, Some(look))))
    });
    BodyExt::boxed_unsync(StreamBody::new(stream))
}

/// A look, and when it was.
pub(super) type Seen = (Timestamp, Look);

/// The figures of one container now, beside those of `before`.
pub(super) fn stats_once(
    shared: &Shared,
    host: usize,
    key: Key,
    before: Option<Seen>,
) -> Option<(Bytes, Seen)> {
    let now = shared.clock.now();
    let mut engine = shared.world.hosts[host].engine();
    let about = engine.about.clone();
    let (container, look) = engine.look(key, now)?;
    let line = format!("{}\n", json::stats(container, look, before, &about, now));
    Some((Bytes::from(line), (now, look)))
}

//! Runs of callmaps in the feed.

use crate::model::callmap::kept::Run;
use crate::model::change::{Act, Change, Confidence, Source, Verb};

/// A run as the feed tells it; nothing of one that goes on.
#[must_use]
pub fn of_run(run: &Run) -> Option<Change> {
    let (ended, outcome) = (run.ended?, run.outcome?);
    let detail = run.reason.clone().unwrap_or_else(|| outcome.as_str().to_owned());
    Some(Change {
        thing: Some(run.product.clone()),
        actor: Some(run.actor.clone()),
        confidence: Confidence::Sure,
        ticket: Some(run.id),
        first: run.asked,
        detail: Some(detail),
        ..Change::new(Source::Callmap, Act::of_run(run.id), ended, Verb::Probed)
    })
}

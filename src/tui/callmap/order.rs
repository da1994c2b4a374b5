//! What of a run is looked at first.

use crate::model::callmap::progress::{LayerProgress, Progress, Row};
use crate::model::callmap::report::Verdict;

/// The first layer that is broken, as far as is known.
#[must_use]
pub fn first_broken(run: &Progress) -> Option<usize> {
    run.layers.iter().position(|layer| layer.verdict() == Some(Verdict::Fail))
}

/// The layer that is opened when nobody has chosen one: the first broken one, else the first that is late or has losses.
#[must_use]
pub fn opened(run: &Progress) -> usize {
    first_broken(run).or_else(|| run.layers.iter().position(|layer| is_weak(layer))).unwrap_or(0)
}

/// Whether a layer does its work, but late or with losses.
#[must_use]
pub fn is_weak(layer: &LayerProgress) -> bool {
    match (layer.verdict(), layer.tally) {
        (Some(Verdict::Slow), _) => true,
        (Some(Verdict::Ok), Some(tally)) => tally.ok < tally.total,
        _ => false,
    }
}

/// The rows as they are listed: what failed, then what was late, then the rest as in the file.
#[must_use]
pub fn listed(rows: &[Row]) -> Vec<usize> {
    let rank = |at: &usize| match rows[*at].came.as_ref().map(|came| came.verdict) {
        Some(Verdict::Fail) => 0,
        Some(Verdict::Slow) => 1,
        _ => 2,
    };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(rank);
    order
}

/// How long a layer took in milliseconds: as long as its last answer, since all are asked at once.
#[must_use]
pub fn lasted(layer: &LayerProgress) -> Option<f64> {
    let totals = layer.rows.iter().filter_map(|row| row.came.as_ref()?.milliseconds.total);
    totals.reduce(f64::max)
}

/// How many answers are in, and how many there will be.
#[must_use]
pub fn answered(run: &Progress) -> (usize, usize) {
    run.layers
        .iter()
        .fold((0, 0), |(answered, all), layer| (answered + layer.answered(), all + layer.rows.len()))
}

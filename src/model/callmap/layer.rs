//! What the verdicts on probes come to: for each target, for a layer by its need, and for the whole chain.

use std::sync::Arc;

use super::map::{Layer, Need, OnBroken};
use super::report::{LayerReport, ProbeReport, ProductVerdict, Verdict};
use super::words::counted;

/// How many of so many targets must be well. At least one: a layer without a target is broken whatever it needs.
#[must_use]
pub fn needed(need: Need, total: u32) -> u32 {
    match need {
        Need::All => total,
        Need::Any => 1,
        Need::Count(count) => count,
        Need::Percent(percent) => {
            let rounded_up = (u64::from(total) * u64::from(percent)).div_ceil(100);
            u32::try_from(rounded_up).unwrap_or(u32::MAX)
        }
    }
    .max(1)
}

/// The need as it is written.
#[must_use]
pub fn written(need: Need) -> String {
    match need {
        Need::All => "all".to_owned(),
        Need::Any => "any".to_owned(),
        Need::Count(count) => count.to_string(),
        Need::Percent(percent) => format!("{percent}%"),
    }
}

/// What the verdicts at a layer's targets come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Of the layer.
    pub verdict: Verdict,
    /// How many targets are well.
    pub ok: u32,
    /// How many there are.
    pub total: u32,
}

/// Sums up the verdicts of a layer's probes, each with the number of the target that it was put to.
#[must_use]
pub fn tally(need: Need, verdicts: impl IntoIterator<Item = (usize, Verdict)>) -> Tally {
    let mut well: Vec<bool> = Vec::new();
    let mut is_late = false;
    for (target, verdict) in verdicts {
        if well.len() <= target {
            well.resize(target + 1, true);
        }
        match verdict {
            Verdict::Ok => {}
            Verdict::Slow => is_late = true,
            Verdict::Fail | Verdict::Skipped => well[target] = false,
        }
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let (ok, total) = (count(well.iter().filter(|well| **well).count()), count(well.len()));
    let verdict = match (ok >= needed(need, total), is_late) {
        (false, _) => Verdict::Fail,
        (true, true) => Verdict::Slow,
        (true, false) => Verdict::Ok,
    };
    Tally { verdict, ok, total }
}

/// Sums up a layer: each probe with the number of the target that it was put to. `nobody` says why there are no targets.
#[must_use]
pub fn sum_up(layer: &Layer, probes: Vec<(usize, ProbeReport)>, nobody: Option<String>) -> LayerReport {
    let verdicts = probes.iter().map(|(target, probe)| (*target, probe.verdict));
    let Tally { verdict, ok, total } = tally(layer.need, verdicts);
    let needed = needed(layer.need, total);
    let reason = if total == 0 {
        Some(nobody.unwrap_or_else(|| "there is nobody to ask".to_owned()))
    } else if needed > total {
        Some(format!("needs {needed}, and has {}", counted(u64::from(total), "target")))
    } else {
        None
    };
    let probes = probes.into_iter().map(|(_, probe)| probe).collect();
    LayerReport { name: layer.name.clone(), verdict, need: written(layer.need), ok, total, reason, probes }
}

/// A layer as it is spoken of: `2 nginx`.
#[must_use]
pub fn numbered(at: usize, name: &str) -> String {
    format!("{at} {name}")
}

/// Marks as skipped whatever is behind the first broken layer of which that is asked.
pub fn skip(layers: &[Layer], reports: &mut [LayerReport]) {
    let broken = layers
        .iter()
        .zip(reports.iter())
        .position(|(layer, report)| layer.on_broken == OnBroken::Skip && report.verdict == Verdict::Fail);
    let Some(broken) = broken else { return };
    let why = format!("{} is broken", numbered(broken, &reports[broken].name));
    for report in &mut reports[broken + 1..] {
        report.verdict = Verdict::Skipped;
        report.reason = Some(why.clone());
        report.ok = 0;
        for probe in &mut report.probes {
            probe.verdict = Verdict::Skipped;
            probe.reason = Some(format!("skipped ({why})"));
        }
    }
}

/// The verdict on the chain, and the first layer that is broken.
#[must_use]
pub fn chain(layers: &[LayerReport]) -> (ProductVerdict, Option<usize>) {
    if let Some(at) = layers.iter().position(|layer| layer.verdict == Verdict::Fail) {
        return (ProductVerdict::Broken, Some(at));
    }
    let is_whole = layers.iter().all(|layer| layer.verdict == Verdict::Ok && layer.ok == layer.total);
    (if is_whole { ProductVerdict::Ok } else { ProductVerdict::Degraded }, None)
}

/// The verdict in words: `ok`, `degraded`, `broken at 2 nginx (1 of 2)`.
#[must_use]
pub fn told(verdict: ProductVerdict, layers: &[LayerReport]) -> String {
    let broken = layers.iter().enumerate().find(|(_, layer)| layer.verdict == Verdict::Fail);
    match (verdict, broken) {
        (ProductVerdict::Ok, _) => "ok".to_owned(),
        (ProductVerdict::Degraded, _) => "degraded".to_owned(),
        (ProductVerdict::Broken, Some((at, layer))) => {
            format!("broken at {} ({} of {})", numbered(at, &layer.name), layer.ok, layer.total)
        }
        (ProductVerdict::Broken, None) => "broken".to_owned(),
    }
}

/// The name of the first broken layer.
#[must_use]
pub fn broken(layers: &[LayerReport]) -> Option<Arc<str>> {
    chain(layers).1.and_then(|at| layers.get(at)).map(|layer| layer.name.clone())
}

#[cfg(test)]
#[path = "layer_tests.rs"]
mod tests;

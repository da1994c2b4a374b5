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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Env, callmap};
    use crate::model::callmap::report::{Milliseconds, ProbeReport};
    use crate::model::ticket::{Door, TicketId};

    const MAP: &str = "
product: p
layers:
  - {name: a, targets: [10.0.0.1, 10.0.0.2, 10.0.0.3], need: any, probes: [{tcp: 1}]}
  - {name: b, targets: [10.0.0.4], probes: [{tcp: 1}]}
";

    /// A run with these answers: the layer, the question, the verdict.
    fn run(answers: &[(usize, usize, Verdict)]) -> Progress {
        let map = callmap::read(Path::new("p.yaml"), MAP, &[], &Env::default()).unwrap();
        let now = "2026-03-04T14:00:00Z".parse().unwrap();
        let mut run = Progress::new(&map, TicketId::from_random(1), "op1".into(), Door::Console, now);
        let rows = |layer: usize, count: usize| {
            let probe = &map.layers[layer].probes[0];
            (0..count).map(|at| Row::open(at, &format!("t{at}"), probe, &map.secrets)).collect::<Vec<_>>()
        };
        run.plan(vec![(rows(0, 3), None), (rows(1, 1), None)], None);
        for (number, (layer, question, verdict)) in answers.iter().enumerate() {
            let row = run.layers[*layer].rows[*question].clone();
            let (target, kind, ask, record) = (row.target, row.kind, row.ask, row.record);
            let milliseconds = Milliseconds { total: Some(number as f64), ..Milliseconds::default() };
            let report = ProbeReport {
                target,
                kind,
                ask,
                record,
                verdict: *verdict,
                reason: None,
                milliseconds,
                detail: None,
            };
            run.take(*layer, *question, report);
        }
        run
    }

    #[test]
    fn the_worst_comes_first() {
        use Verdict::{Fail, Ok, Slow};
        let run = run(&[(0, 0, Ok), (0, 1, Slow), (0, 2, Fail)]);
        assert_eq!(listed(&run.layers[0].rows), [2, 1, 0]);
        assert_eq!((first_broken(&run), opened(&run)), (None, 0), "one of three is enough, but it is weak");
        assert!(is_weak(&run.layers[0]) && !is_weak(&run.layers[1]));
        assert_eq!((answered(&run), lasted(&run.layers[0])), ((3, 4), Some(2.0)));
    }

    #[test]
    fn a_broken_layer_goes_before_one_with_losses() {
        use Verdict::{Fail, Ok};
        let run = run(&[(0, 0, Fail), (0, 1, Ok), (0, 2, Ok), (1, 0, Fail)]);
        assert_eq!((first_broken(&run), opened(&run)), (Some(1), 1));
        assert_eq!(listed(&run.layers[0].rows), [0, 1, 2]);
    }
}

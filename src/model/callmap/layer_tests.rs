use proptest::prelude::*;

use super::*;
use crate::model::callmap::map::Targets;
use crate::model::callmap::report::Milliseconds;

const VERDICTS: [Verdict; 4] = [Verdict::Ok, Verdict::Slow, Verdict::Fail, Verdict::Skipped];

fn layer(need: Need, on_broken: OnBroken) -> Layer {
    Layer { name: "nginx".into(), need, targets: Targets::OfProbes, on_broken, probes: Vec::new() }
}

fn probe(verdict: Verdict) -> ProbeReport {
    ProbeReport {
        target: "10.1.0.2".into(),
        kind: "http".into(),
        ask: "http://www.example.com/".into(),
        record: None,
        verdict,
        reason: None,
        milliseconds: Milliseconds::default(),
        detail: None,
    }
}

/// A layer of so many targets with these verdicts on the probes of each.
fn summed(need: Need, targets: &[Vec<Verdict>]) -> LayerReport {
    let probes = targets.iter().enumerate();
    let probes = probes.flat_map(|(at, verdicts)| verdicts.iter().map(move |verdict| (at, probe(*verdict))));
    sum_up(&layer(need, OnBroken::GoOn), probes.collect(), None)
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop::sample::select(VERDICTS.to_vec())
}

fn targets() -> impl Strategy<Value = Vec<Vec<Verdict>>> {
    prop::collection::vec(prop::collection::vec(verdict(), 1..4), 1..8)
}

fn need() -> impl Strategy<Value = Need> {
    prop_oneof![
        Just(Need::All),
        Just(Need::Any),
        (1..10_u32).prop_map(Need::Count),
        (1..=100_u8).prop_map(Need::Percent),
    ]
}

fn chain_of() -> impl Strategy<Value = Vec<(bool, Verdict, u32)>> {
    let one = (any::<bool>(), prop::sample::select(VERDICTS[..3].to_vec()), 0..3_u32);
    prop::collection::vec(one, 1..8)
}

fn reports(chain: &[(bool, Verdict, u32)]) -> (Vec<Layer>, Vec<LayerReport>) {
    let on_broken = |skip: bool| if skip { OnBroken::Skip } else { OnBroken::GoOn };
    let layers = chain.iter().map(|(skip, ..)| layer(Need::Any, on_broken(*skip))).collect();
    let reports = chain.iter().map(|(_, verdict, lost)| {
        let report = summed(Need::Any, &[vec![Verdict::Ok]]);
        LayerReport { verdict: *verdict, ok: 3 - lost, total: 3, ..report }
    });
    (layers, reports.collect())
}

#[test]
fn needs_are_counted_over_targets() {
    use Verdict::{Fail, Ok, Slow};
    let half = [vec![Ok, Ok], vec![Ok, Fail]];
    assert_eq!(summed(Need::All, &half).verdict, Fail);
    let any = summed(Need::Any, &half);
    assert_eq!((any.verdict, any.ok, any.total), (Ok, 1, 2));
    assert_eq!(summed(Need::Percent(50), &half).verdict, Ok);
    assert_eq!(summed(Need::Percent(51), &half).verdict, Fail);
    assert_eq!(summed(Need::All, &[vec![Ok, Slow]]).verdict, Slow);
    let few = summed(Need::Count(3), &half);
    assert_eq!((few.verdict, few.reason.as_deref()), (Fail, Some("needs 3, and has 2 targets")));
    let nobody = sum_up(&layer(Need::Any, OnBroken::GoOn), Vec::new(), Some("tenant acme sleeps".to_owned()));
    assert_eq!((nobody.verdict, nobody.total), (Fail, 0));
    assert_eq!(nobody.reason.as_deref(), Some("tenant acme sleeps"));
}

#[test]
fn a_chain_is_told_in_words() {
    let (_, mut layers) = reports(&[(false, Verdict::Ok, 0), (false, Verdict::Fail, 2)]);
    assert_eq!(told(ProductVerdict::Broken, &layers), "broken at 1 nginx (1 of 3)");
    assert_eq!(broken(&layers).as_deref(), Some("nginx"));
    layers.truncate(1);
    assert_eq!(chain(&layers), (ProductVerdict::Ok, None));
}

#[test]
fn what_is_behind_a_broken_layer_is_skipped_where_that_is_asked() {
    let chain = [(false, Verdict::Fail, 3), (true, Verdict::Fail, 2), (false, Verdict::Ok, 0)];
    let (layers, mut all) = reports(&chain);
    skip(&layers, &mut all);
    let verdicts: Vec<_> = all.iter().map(|layer| layer.verdict).collect();
    assert_eq!(verdicts, [Verdict::Fail, Verdict::Fail, Verdict::Skipped]);
    assert_eq!(all[2].reason.as_deref(), Some("1 nginx is broken"));
    assert_eq!(all[2].probes[0].reason.as_deref(), Some("skipped (1 nginx is broken)"));
}

proptest! {
    #[test]
    fn a_layer_is_broken_exactly_when_fewer_are_well_than_it_needs(need in need(), targets in targets()) {
        let report = summed(need, &targets);
        let is_well = |target: &&Vec<Verdict>| target.iter().all(|one| matches!(one, Verdict::Ok | Verdict::Slow));
        let well = u32::try_from(targets.iter().filter(is_well).count()).unwrap();
        let total = u32::try_from(targets.len()).unwrap();
        prop_assert_eq!((report.ok, report.total), (well, total));
        prop_assert_eq!(report.verdict == Verdict::Fail, well < needed(need, total));
        let is_late = targets.iter().flatten().any(|one| *one == Verdict::Slow);
        prop_assert_eq!(report.verdict == Verdict::Slow, well >= needed(need, total) && is_late);
    }

    #[test]
    fn the_order_of_targets_and_probes_changes_nothing(need in need(), mut targets in targets()) {
        let before = summed(need, &targets);
        targets.reverse();
        for target in &mut targets {
            target.reverse();
        }
        let after = summed(need, &targets);
        prop_assert_eq!((before.verdict, before.ok, before.total), (after.verdict, after.ok, after.total));
    }

    #[test]
    fn a_layer_needs_one_at_least_and_by_all_or_a_share_never_more_than_there_are(total in 1..1000_u32, percent in 0..=100_u8) {
        prop_assert_eq!(needed(Need::All, total), total);
        prop_assert_eq!(needed(Need::Any, total), 1);
        let share = needed(Need::Percent(percent), total);
        prop_assert!((1..=total).contains(&share));
        prop_assert!(u64::from(share) * 100 >= u64::from(total) * u64::from(percent));
    }

    #[test]
    fn one_target_that_gets_worse_makes_no_layer_better(need in need(), mut targets in targets(), at in any::<prop::sample::Index>()) {
        let rank = |verdict| VERDICTS.iter().position(|other| *other == verdict);
        let before = summed(need, &targets);
        let target = at.index(targets.len());
        targets[target][0] = Verdict::Fail;
        let after = summed(need, &targets);
        prop_assert!(after.ok <= before.ok);
        // A failure may take a late answer's place; what was broken stays so.
        prop_assert!(before.verdict != Verdict::Fail || rank(after.verdict) == rank(Verdict::Fail));
    }

    #[test]
    fn the_first_broken_layer_is_the_one_with_none_before_it(chained in chain_of()) {
        let (layers, mut all) = reports(&chained);
        skip(&layers, &mut all);
        let (verdict, at) = chain(&all);
        let first = chained.iter().position(|(_, verdict, _)| *verdict == Verdict::Fail);
        // Skipping never hides it, since it touches only what is behind a broken one.
        prop_assert_eq!(at, first);
        prop_assert_eq!(verdict == ProductVerdict::Broken, first.is_some());
        let is_whole = chained.iter().all(|(_, verdict, lost)| *verdict == Verdict::Ok && *lost == 0);
        prop_assert_eq!(verdict == ProductVerdict::Ok, is_whole);
    }

    #[test]
    fn exactly_the_layers_behind_the_first_that_asks_for_it_are_skipped(chained in chain_of()) {
        let (layers, mut all) = reports(&chained);
        skip(&layers, &mut all);
        let broken = chained.iter().position(|(skips, verdict, _)| *skips && *verdict == Verdict::Fail);
        for (at, report) in all.iter().enumerate() {
            prop_assert_eq!(report.verdict == Verdict::Skipped, broken.is_some_and(|broken| at > broken));
        }
    }
}

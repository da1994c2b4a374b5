//! The rules, lived through: months of days in several time zones, clocks put forward and back, use at random.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use wakeboard::model::keeper::forecast::forecast;
use wakeboard::model::keeper::rules::{Step, TierRules};
use wakeboard::model::keeper::window::{Kind, Span, Window};
use wakeboard::model::keeper::{
    Activity, Calendar, Case, Decision, Measure, Measures, Rules, Subject, Verdict, judge,
};
use wakeboard::model::method::Method;
use wakeboard::model::state::State;
use wakeboard::model::tier::Tier;

/// Before the clocks of these zones are put forward, and before they are put back.
const STARTS: [&str; 2] = ["2026-03-01T00:00:00Z", "2026-10-01T00:00:00Z"];
const ZONES: [&str; 5] =
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "America/St_Johns"];
const WINDOWS: [&str; 10] = [
    "mon-fri 07:00-19:00",
    "daily 02:00-03:00",
    "02:15-02:45",
    "01:30-02:30",
    "sat,sun",
    "22:00-06:00",
    "month 28-3 20:00-24:00",
    "month last",
    "2026-03-10..2026-03-12",
    "2026-10-24 22:00..2026-10-25 09:30",
];
const DAYS: i64 = 45;
const MINUTE: i64 = 60;

/// A tenant's use: so many minutes after the one before, for so many minutes, seen by these measures.
type Use = (i64, i64, Measures);

fn measures() -> impl Strategy<Value = Measures> {
    prop::collection::vec(prop::sample::select(Measure::ALL.to_vec()), 0..4)
        .prop_map(|some| some.into_iter().collect())
}

fn rules() -> impl Strategy<Value = Rules> {
    let windows = prop::collection::vec((any::<bool>(), prop::sample::select(WINDOWS.to_vec())), 0..3);
    let steps = prop::collection::vec((1_u64..600, prop::sample::select(Method::ALL.to_vec())), 0..4);
    let tier = (windows, steps, any::<bool>());
    (prop::collection::vec(tier, 4), measures(), prop::sample::select(ZONES.to_vec()), any::<bool>())
        .prop_map(|(tiers, unknown, zone, ignores_cpu)| {
            let mut rules = Rules { zone: Some(TimeZone::get(zone).unwrap()), ..Rules::default() };
            for (tier, (windows, mut steps, is_default)) in Tier::ALL.into_iter().zip(tiers) {
                steps.sort_unstable_by_key(|(_, method)| *method);
                steps.dedup_by_key(|(_, method)| *method);
                let mut after = Duration::ZERO;
                let step = |(more, dump)| {
                    after += Duration::from_secs(more * 60);
                    Step { after, dump }
                };
                let steps: Vec<Step> = steps.into_iter().map(step).collect();
                let window = |(is_hours, text)| {
                    let kind = if is_hours { Kind::Hours } else { Kind::Never };
                    Window { kind, span: Span::read(text).unwrap() }
                };
                let windows = windows.into_iter().map(window).collect();
                let steps = if is_default { rules.tier(tier).steps.clone() } else { steps };
                // Also a tier vip with steps, which no config can say.
                *rules.tier_mut(tier) = TierRules { steps, windows };
            }
            rules.idle.may_be_unknown = unknown;
            if ignores_cpu {
                rules.idle.cpu = None;
            }
            rules
        })
}

fn uses() -> impl Strategy<Value = Vec<Use>> {
    prop::collection::vec((0_i64..2000, 0_i64..400, measures()), 1..120)
}

/// One tenant's life.
struct Life<'a> {
    rules: &'a Rules,
    tier: Tier,
    /// Measures that are taken of it.
    taken: Measures,
    /// From, to, and who sees it; in order.
    uses: Vec<(Timestamp, Timestamp, Measures)>,
    start: Timestamp,
    subject: Subject,
}

impl Life<'_> {
    /// What the measures say at `now`, and whether one that counts sees use at this moment.
    fn activity(&self, now: Timestamp) -> (Activity, bool) {
        let counted = self.rules.idle.counted();
        let began = self.uses.iter().take_while(|(from, ..)| *from <= now);
        let mut last = Measure::ALL.map(|measure| Some(self.start).filter(|_| self.taken.has(measure)));
        let mut is_used = false;
        for (_, to, seen) in began {
            for (at, measure) in Measure::ALL.into_iter().enumerate() {
                if self.taken.has(measure) && seen.has(measure) {
                    last[at] = last[at].max(Some((*to).min(now)));
                    is_used |= *to >= now && counted.has(measure);
                }
            }
        }
        let [request, network, cpu, connections] = last;
        (Activity { request, network, cpu, connections }, is_used)
    }

    /// Whether the clock on the wall shows a time of a window; asked for without the calendar.
    fn is_shut(&self, now: Timestamp) -> bool {
        let wall = self.rules.zone.as_ref().unwrap().to_datetime(now);
        self.rules.tier(self.tier).windows.iter().any(|window| window.span.holds(wall))
    }

    /// Whether enough is known of it to take it for idle at all.
    fn can_be_idle(&self) -> bool {
        let counted = self.rules.idle.counted();
        self.rules.idle.needed().without(self.taken).is_empty() && counted.without(self.taken) != counted
    }

    /// The deepest method that is due, as a person would work it out.
    fn due(&self, now: Timestamp, activity: &Activity) -> Option<Method> {
        let used = activity.last(self.rules.idle.counted());
        let all_known = self.can_be_idle();
        let idle_since = match self.subject.asleep {
            Some(_) if all_known => used,
            _ => used.max(self.subject.since),
        }?;
        let idle = now.duration_since(idle_since);
        let reached = |step: &&Step| idle >= step.after.try_into().unwrap();
        self.rules.tier(self.tier).steps.iter().rfind(reached).map(|step| step.dump)
    }

    fn live(&mut self, tick: i64) {
        let end = self.start + Duration::from_secs(86_400 * DAYS.unsigned_abs());
        let mut calendar = Calendar::new(self.rules, &TimeZone::UTC, self.start);
        let mut before: Option<(Activity, Subject, Verdict)> = None;
        let mut now = self.start;
        while now < end {
            calendar.turn_to(now);
            let (activity, is_used) = self.activity(now);
            if is_used && self.subject.asleep.is_some() {
                self.subject =
                    Subject { state: State::Running, asleep: None, since: Some(now), ..self.subject };
            }
            let subject = self.subject;
            let case = Case { subject: &subject, activity: &activity, answer: None, short: false };
            let verdict = judge(&calendar, &case);
            assert!(verdict.next.is_none_or(|next| next > now), "{verdict:?} at {now}");
            if let Some((same, of, told)) =
                before.filter(|(_, _, told)| told.next.is_none_or(|next| now < next))
            {
                let is_same = same == activity && of == subject;
                assert!(!is_same || told.decision == verdict.decision, "{told:?}, but at {now} {verdict:?}");
            }
            before = Some((activity, subject, verdict));
            let due =
                self.due(now, &activity).filter(|method| subject.asleep.is_none_or(|now| *method > now));
            if let Some(acts) = verdict.decision.acts() {
                assert_ne!(self.tier, Tier::Vip, "a vip is dumped at {now}");
                assert!(!self.is_shut(now), "within a window at {now}");
                assert!(!is_used, "while it is used at {now}");
                assert!(self.can_be_idle() || subject.asleep.is_some(), "unmeasured at {now}");
                assert_eq!(Some(acts.method), due, "at {now}");
                self.subject = subject.put_to_sleep(acts.method, now);
            } else {
                let must = due.is_some()
                    && self.tier != Tier::Vip
                    && !self.is_shut(now)
                    && (self.can_be_idle() || subject.asleep.is_some());
                assert!(!must, "idle for long enough at {now}, but {verdict:?}");
            }
            now += Duration::from_secs((tick * MINUTE).unsigned_abs());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn months_of_days(
        rules in rules(),
        start in prop::sample::select(STARTS.to_vec()),
        uses in uses(),
        unknown in prop::option::weighted(0.3, prop::sample::select(Measure::ALL.to_vec())),
        tick in 1_i64..10,
    ) {
        let start: Timestamp = start.parse().unwrap();
        let mut to = start;
        let uses: Vec<(Timestamp, Timestamp, Measures)> = uses.into_iter().map(|(after, long, seen)| {
            let from = to + Duration::from_secs((after * MINUTE).unsigned_abs());
            to = from + Duration::from_secs((long * MINUTE).unsigned_abs());
            (from, to, seen)
        }).collect();
        for tier in Tier::ALL {
            let subject = Subject {
                tier: Some(tier),
                state: State::Running,
                asleep: None,
                since: Some(start),
                ticket: false,
                woken_again: 0,
                has_written: false,
            };
            let taken = Measures::ALL.without(unknown.into_iter().collect());
            Life { rules: &rules, tier, taken, uses: uses.clone(), start, subject }.live(tick);
        }
    }
}

/// When the first dump comes within a month, and by which method.
fn first_dump(rules: &Rules, now: Timestamp, case: &Case<'_>) -> Option<Timestamp> {
    let calendar = Calendar::new(rules, &TimeZone::UTC, now);
    let turns = forecast(&calendar, case, now + Duration::from_secs(30 * 86_400));
    turns.iter().find(|turn| turn.decision.acts().is_some()).map(|turn| turn.at)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn more_use_never_leads_to_an_earlier_dump(
        rules in rules(),
        tier in prop::sample::select(Tier::ALL.to_vec()),
        start in prop::sample::select(STARTS.to_vec()),
        at in 0_i64..40_000,
        used in prop::collection::vec(prop::option::weighted(0.9, 0_i64..2000), 4),
        later in prop::collection::vec(0_i64..2000, 5),
        since in 0_i64..3000,
        asleep in prop::option::weighted(0.3, prop::sample::select(Method::ALL.to_vec())),
        short in any::<bool>(),
    ) {
        let start: Timestamp = start.parse().unwrap();
        let now = start + Duration::from_secs((at * MINUTE).unsigned_abs());
        let ago = |minutes: i64| now - Duration::from_secs((minutes * MINUTE).unsigned_abs());
        let activity = |later: &[i64]| {
            let of = |at: usize| used[at].map(|minutes| ago((minutes - later[at]).max(0)));
            Activity { request: of(0), network: of(1), cpu: of(2), connections: of(3) }
        };
        let subject = |later: i64| {
            let since = ago((since - later).max(0));
            let state = if asleep.is_some() { State::Dumped } else { State::Running };
            Subject { tier: Some(tier), state, asleep, since: Some(since), ticket: false, has_written: false, woken_again: 0 }
        };
        let first = |subject: Subject, activity: Activity| {
            first_dump(&rules, now, &Case { subject: &subject, activity: &activity, answer: None, short })
        };
        let less = first(subject(0), activity(&[0; 4]));
        let more = first(subject(later[4]), activity(&later[..4]));
        prop_assert!(more.is_none() || less.is_some_and(|less| less <= more.unwrap()), "{less:?}, with more use {more:?}");
    }

    #[test]
    fn a_vip_is_never_dumped_whatever_the_rules_say(rules in rules(), idle in 0_i64..100_000, short in any::<bool>()) {
        let start: Timestamp = STARTS[0].parse().unwrap();
        let now = start + Duration::from_secs((idle * MINUTE).unsigned_abs());
        let used = Some(start);
        let activity = Activity { request: used, network: used, cpu: used, connections: used };
        let subject = Subject { tier: Some(Tier::Vip), state: State::Running, asleep: None, since: used, ticket: false, has_written: false, woken_again: 0 };
        let case = Case { subject: &subject, activity: &activity, answer: None, short };
        let verdict = judge(&Calendar::new(&rules, &TimeZone::UTC, now), &case);
        prop_assert!(matches!(verdict.decision, Decision::Leave(_)));
    }
}

//! Which windows are open at a moment, and until when: worked out once for each tier, not for each tenant.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::rules::{Rules, TierRules};
use crate::model::tier::Tier;

/// How many days are searched for the next time at which a window begins or ends. Monthly ones come within two months,
/// but for days that few months have.
const DAYS_AHEAD: usize = 100;

/// The rules at one moment.
#[derive(Clone, Debug)]
pub struct Calendar<'a> {
    rules: &'a Rules,
    zone: TimeZone,
    now: Timestamp,
    tiers: [Shut; Tier::ALL.len()],
}

/// What holds of a tier.
#[derive(Clone, Copy, Debug, Default)]
struct Shut {
    /// The window that it is within, by its place.
    window: Option<u16>,
    /// When that changes.
    until: Option<Timestamp>,
    /// Until when this need not be looked up again.
    good: Option<Timestamp>,
}

impl<'a> Calendar<'a> {
    /// The rules at `now`. `own` is the machine's zone, which counts where the rules name none.
    #[must_use]
    pub fn new(rules: &'a Rules, own: &TimeZone, now: Timestamp) -> Self {
        let zone = rules.zone.as_ref().unwrap_or(own).clone();
        let mut calendar = Calendar { rules, zone, now, tiers: Default::default() };
        for tier in Tier::ALL {
            calendar.look(tier);
        }
        calendar
    }

    /// Turns to another moment. Cheap while no window begins or ends in between.
    pub fn turn_to(&mut self, now: Timestamp) {
        let is_back = now < self.now;
        self.now = now;
        for tier in Tier::ALL {
            let good = self.tiers[tier as usize].good;
            if is_back || good.is_some_and(|good| now >= good) {
                self.look(tier);
            }
        }
    }

    /// The moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &'a Rules {
        self.rules
    }

    /// The zone in which windows are meant.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The window of that tier that it is within, and when that changes.
    #[must_use]
    pub fn shut(&self, tier: Tier) -> (Option<u16>, Option<Timestamp>) {
        let shut = &self.tiers[tier as usize];
        (shut.window, shut.until)
    }

    fn look(&mut self, tier: Tier) {
        let rules = self.rules.tier(tier);
        if rules.windows.is_empty() {
            return;
        }
        let window = within(rules, &self.zone, self.now);
        let (until, end) = next(rules, &self.zone, self.now, window);
        self.tiers[tier as usize] = Shut { window, until, good: until.or(end) };
    }
}

/// The first window that the moment is within.
fn within(rules: &TierRules, zone: &TimeZone, moment: Timestamp) -> Option<u16> {
    let wall = zone.to_datetime(moment);
    let at = rules.windows.iter().position(|window| window.span.holds(wall))?;
    u16::try_from(at).ok()
}

/// When another window, or none, holds; and up to when that was searched for.
fn next(
    rules: &TierRules,
    zone: &TimeZone,
    now: Timestamp,
    window: Option<u16>,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let today = zone.to_datetime(now).date();
    let changes = |edge: &Timestamp| *edge > now && within(rules, zone, *edge) != window;
    let mut searched = None;
    for day in today.series(1.day()).take(DAYS_AHEAD) {
        let edges = edges(rules, zone, day);
        if let Some(edge) = edges.into_iter().find(changes) {
            return (Some(edge), None);
        }
        searched = midnight(zone, day);
    }
    // What comes once may lie beyond.
    let once = rules.windows.iter().filter_map(|window| window.span.once());
    let far = once.flat_map(|(from, to)| [from.date(), to.date()]).filter(|day| *day > today);
    let mut far: Vec<Timestamp> = far.flat_map(|day| edges(rules, zone, day)).filter(changes).collect();
    far.sort_unstable();
    let found = far.first().copied();
    (found, searched)
}

/// All moments of one day at which a window may begin or end, in order: where the clock on the wall shows an edge (twice,
/// when it is put back), and where it jumps.
fn edges(rules: &TierRules, zone: &TimeZone, day: Date) -> Vec<Timestamp> {
    let mut edges = Vec::new();
    for window in &rules.windows {
        for edge in window.span.edges(day) {
            let ambiguous = zone.to_ambiguous_timestamp(edge);
            edges.extend(ambiguous.earlier());
            edges.extend(ambiguous.later());
        }
    }
    if let (Some(from), Some(to)) =
        (midnight(zone, day), day.tomorrow().ok().and_then(|day| midnight(zone, day)))
    {
        let jumps = zone.following(from).map(|jump| jump.timestamp());
        edges.extend(jumps.take_while(|jump| *jump <= to));
    }
    edges.sort_unstable();
    edges
}

fn midnight(zone: &TimeZone, day: Date) -> Option<Timestamp> {
    zone.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::keeper::window::{Kind, Span, Window};
    use rstest::rstest;

    fn rules(windows: &[&str]) -> Rules {
        let mut rules = Rules::default();
        let window = |text: &&str| Window { kind: Kind::Never, span: Span::read(text).unwrap() };
        rules.tier_mut(Tier::High).windows = windows.iter().map(window).collect();
        rules
    }

    fn shut(windows: &[&str], zone: &str, now: &str) -> (Option<u16>, Option<String>) {
        let rules = rules(windows);
        let zone = TimeZone::get(zone).unwrap();
        let calendar = Calendar::new(&rules, &zone, now.parse().unwrap());
        assert_eq!(calendar.shut(Tier::Low), (None, None));
        let (window, until) = calendar.shut(Tier::High);
        (window, until.map(|until| until.to_string()))
    }

    #[rstest]
    #[case(&["mon-fri 07:00-19:00"], "2026-11-23T11:59:00Z", Some(0), Some("2026-11-23T18:00:00Z"))]
    #[case(&["mon-fri 07:00-19:00"], "2026-11-27T18:00:00Z", None, Some("2026-11-30T06:00:00Z"))]
    // One window ends as the other begins: another reason, and then none.
    #[case(&["07:00-08:00", "08:00-09:00"], "2026-11-23T06:30:00Z", Some(0), Some("2026-11-23T07:00:00Z"))]
    #[case(&["07:00-08:00", "07:30-09:00"], "2026-11-23T06:30:00Z", Some(0), Some("2026-11-23T07:00:00Z"))]
    #[case(&["daily"], "2026-11-23T06:30:00Z", Some(0), None)]
    #[case(&["2030-01-01"], "2026-11-23T06:30:00Z", None, Some("2029-12-31T23:00:00Z"))]
    // Berlin's clocks jump from 02:00 to 03:00 on 29 March 2026: 02:30 is not shown at all.
    #[case(&["02:30-02:45"], "2026-03-29T00:50:00Z", None, Some("2026-03-30T00:30:00Z"))]
    #[case(&["02:30-04:00"], "2026-03-29T00:50:00Z", None, Some("2026-03-29T01:00:00Z"))]
    #[case(&["01:00-02:30"], "2026-03-29T00:50:00Z", Some(0), Some("2026-03-29T01:00:00Z"))]
    // And are put back from 03:00 to 02:00 on 25 October: 02:30 is shown twice.
    #[case(&["02:00-02:30"], "2026-10-25T00:10:00Z", Some(0), Some("2026-10-25T00:30:00Z"))]
    #[case(&["02:00-02:30"], "2026-10-25T00:40:00Z", None, Some("2026-10-25T01:00:00Z"))]
    #[case(&["02:00-02:30"], "2026-10-25T01:10:00Z", Some(0), Some("2026-10-25T01:30:00Z"))]
    fn windows_begin_and_end_as_the_clock_on_the_wall_says(
        #[case] windows: &[&str],
        #[case] now: &str,
        #[case] window: Option<u16>,
        #[case] until: Option<&str>,
    ) {
        assert_eq!(shut(windows, "Europe/Berlin", now), (window, until.map(str::to_owned)));
    }

    #[test]
    fn a_calendar_that_is_turned_says_what_a_new_one_says() {
        let rules = rules(&["mon-fri 07:00-19:00", "02:00-02:30", "month last", "2026-04-01..2026-04-07"]);
        for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "UTC"] {
            let zone = TimeZone::get(zone).unwrap();
            let mut now: Timestamp = "2026-03-20T00:00:00Z".parse().unwrap();
            let mut turned = Calendar::new(&rules, &zone, now);
            for step in 0..1500_i64 {
                now += (60 * (7 + step % 31)).seconds();
                turned.turn_to(now);
                assert_eq!(
                    turned.shut(Tier::High),
                    Calendar::new(&rules, &zone, now).shut(Tier::High),
                    "{now}"
                );
            }
        }
    }
}

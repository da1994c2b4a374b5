//! What can be wrong with the demo's chain, and when it is.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::demo::chance::Chance;

/// Where in the chain a server stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One of the two that speak TLS.
    Edge(u8),
    /// One of the two web servers behind them.
    Web(u8),
    /// The application.
    App,
    /// Its database.
    Db,
}

impl Place {
    /// Each with the var of the callmap that says where it is.
    pub const ALL: [(&'static str, Place); 6] = [
        ("edge_1", Place::Edge(1)),
        ("edge_2", Place::Edge(2)),
        ("web_1", Place::Web(1)),
        ("web_2", Place::Web(2)),
        ("app", Place::App),
        ("db", Place::Db),
    ];
}

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The resolver says nothing.
    Silence,
    /// The resolver knows no such name.
    NoName,
    /// The resolver leads elsewhere.
    Elsewhere,
    /// The certificate of an edge has ended.
    Ended,
    /// An edge shows the certificate of another site.
    OtherName,
    /// A web server answers 502.
    BadGateway,
    /// A web server serves another site only.
    OtherSite,
    /// A web server has another page.
    OtherPage,
    /// A web server takes its time.
    Slow,
    /// The application has lost its database.
    NoDatabase,
    /// Nobody listens there.
    Down(Place),
}

impl Trouble {
    /// All that befalls the demo.
    pub const ALL: [Trouble; 14] = [
        Trouble::Silence,
        Trouble::NoName,
        Trouble::Elsewhere,
        Trouble::Ended,
        Trouble::OtherName,
        Trouble::BadGateway,
        Trouble::OtherSite,
        Trouble::OtherPage,
        Trouble::Slow,
        Trouble::NoDatabase,
        Trouble::Down(Place::Edge(2)),
        Trouble::Down(Place::Web(1)),
        Trouble::Down(Place::App),
        Trouble::Down(Place::Db),
    ];

    /// Whether it is this server that it befalls.
    #[must_use]
    pub fn befalls(self, place: Place) -> bool {
        match self {
            Trouble::Silence | Trouble::NoName | Trouble::Elsewhere => false,
            Trouble::Ended => place == Place::Edge(2),
            Trouble::OtherName => place == Place::Edge(1),
            Trouble::BadGateway | Trouble::OtherPage => place == Place::Web(2),
            Trouble::OtherSite | Trouble::Slow => place == Place::Web(1),
            Trouble::NoDatabase => place == Place::App,
            Trouble::Down(down) => place == down,
        }
    }
}

/// One trouble after the other, never the same twice in a row: how long all is well before it, and how long it lasts.
struct Script {
    chance: Chance,
    last: Option<Trouble>,
}

impl Script {
    fn new(seed: u64) -> Self {
        Script { chance: Chance::new(seed, "layers"), last: None }
    }

    fn next(&mut self) -> (Duration, Trouble, Duration) {
        let others: Vec<Trouble> =
            Trouble::ALL.into_iter().filter(|trouble| Some(*trouble) != self.last).collect();
        let trouble = others[self.chance.below(others.len())];
        self.last = Some(trouble);
        (self.chance.millis(12_000, 25_000), trouble, self.chance.millis(8_000, 14_000))
    }
}

/// Breaks and mends, for ever.
pub(super) async fn live(trouble: watch::Sender<Option<Trouble>>, seed: u64) {
    let mut script = Script::new(seed);
    loop {
        let (well, next, bad) = script.next();
        sleep(well).await;
        trouble.send_replace(Some(next));
        sleep(bad).await;
        trouble.send_replace(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_ten_minutes_most_troubles_come_and_all_is_well_in_between() {
        let mut script = Script::new(20);
        let (mut time, mut seen) = (Duration::ZERO, Vec::new());
        while time < Duration::from_secs(600) {
            let (well, trouble, bad) = script.next();
            assert!(well >= Duration::from_secs(12) && bad >= Duration::from_secs(8) && bad < well * 2);
            assert_ne!(seen.last(), Some(&trouble));
            seen.push(trouble);
            time += well + bad;
        }
        let kinds = Trouble::ALL.iter().filter(|trouble| seen.contains(trouble)).count();
        assert!(seen.len() >= 15 && kinds >= 8, "{kinds} of {seen:?}");
        let mut again = Script::new(20);
        assert!(seen.iter().all(|trouble| again.next().1 == *trouble));
    }
}

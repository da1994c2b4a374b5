//! A state with something of everything, at a fixed moment.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Size;
use wakeboard::config::{Keymap, Theme};
use wakeboard::model::change::{Act, Change, Source, Verb};
use wakeboard::model::container::{Facts, Health, Phase};
use wakeboard::model::fleet::Fleet;
use wakeboard::model::naming::Place;
use wakeboard::model::policy::Policy;
use wakeboard::model::usage::Usage;
use wakeboard::service::{Changes, Trend, Usages};
use wakeboard::tui::palette::Depth;
use wakeboard::tui::state::{Start, State};
use wakeboard::tui::update::{self, Effect};

#[path = "fleet.rs"]
pub mod fleet;
#[path = "runs.rs"]
pub mod runs;
#[path = "work.rs"]
pub mod work;

#[derive(Clone, Copy)]
pub struct Look {
    pub theme: &'static str,
    pub depth: Depth,
    pub size: (u16, u16),
    pub read_only: bool,
}

impl Default for Look {
    fn default() -> Self {
        Look { theme: "dark", depth: Depth::True, size: (150, 40), read_only: false }
    }
}

/// 2026-03-04 14:03:22 UTC.
pub fn now() -> Timestamp {
    "2026-03-04T14:03:22Z".parse().unwrap()
}

pub fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub fn key(state: &mut State, text: &str) -> Option<Effect> {
    update::key(state, text.parse().unwrap())
}

/// Several keys, and what the last of them wants done. The screen is settled after each, as the loop does.
pub fn keys(state: &mut State, text: &str) -> Option<Effect> {
    let mut effect = None;
    for one in text.split(' ') {
        state.settle();
        effect = key(state, one);
    }
    state.settle();
    effect
}

pub fn facts(id: &str, tenant: &str, role: &str, phase: Phase, seconds: i64) -> Facts {
    Facts {
        id: format!("{id:0<64}").into(),
        name: format!("{tenant}-{role}").into(),
        image: "shop/app:4.2.1".into(),
        place: Place { tenant: tenant.into(), role: Some(role.into()), tier: None },
        phase,
        health: Health::None,
        oom: false,
        since: Some(ago(seconds)),
        detail: None,
        ports: None,
        setup: None,
        at_work: false,
        asleep: None,
    }
}

pub fn state(look: Look) -> State {
    let start = Start {
        theme: Theme::by_name(look.theme).unwrap(),
        keymap: Keymap::default(),
        depth: look.depth,
        who: "op1@war-room".into(),
        demo: false,
        policy: Policy { read_only: look.read_only, ..Policy::default() },
    };
    let zoned = now().to_zoned(jiff::tz::TimeZone::UTC);
    let fleet: Arc<Fleet> = fleet::full();
    let mut state = State::new(start, fleet.clone(), zoned, Size::new(look.size.0, look.size.1));
    state.changes = Arc::new(changes());
    state.set_usages(Arc::new(usages(&fleet)));
    state
}

fn usages(fleet: &Fleet) -> Usages {
    let mut usages = Usages::new();
    for (n, tenant) in fleet.tenants().enumerate() {
        for facts in tenant.containers.iter().filter(|facts| facts.phase == Phase::Running) {
            let base = 100 << 20;
            let memory: VecDeque<u64> =
                (0..8).map(|step| base + ((step * (n as u64 + 3)) % 7) * (9 << 20)).collect();
            let usage = Usage {
                cpu_percent: Some(n as f64 * 1.7 + 0.4),
                memory_bytes: memory.back().copied(),
                memory_limit_bytes: Some(512 << 20),
            };
            usages.insert((tenant.host.clone(), facts.id.clone()), Trend { usage, memory });
        }
    }
    usages
}

fn changes() -> Changes {
    let change =
        |seq: u64, seconds, verb, tenant: &str, host: &str, actor: Option<&str>, detail: Option<&str>| {
            Change {
                seq,
                first: ago(seconds + 1),
                host: Some(host.into()),
                actor: actor.map(Into::into),
                tenant: (!tenant.is_empty()).then(|| tenant.into()),
                container: (!tenant.is_empty()).then(|| format!("{tenant}-app").into()),
                detail: detail.map(str::to_owned),
                count: if verb == Verb::Crashed { 3 } else { 1 },
                raw: vec!["sent signal TERM at 14:03:10.100".into(), "died with 143 at 14:03:11.002".into()],
                ..Change::new(Source::Engine, Act::from_number(seq.cast_signed()), ago(seconds), verb)
            }
        };
    let list = vec![
        change(6, 11, Verb::Restarted, "acme", "web-1", Some("op1"), None),
        change(5, 24, Verb::Paused, "birch", "web-1", None, None),
        change(4, 42, Verb::Crashed, "cedar", "web-2", None, Some("OOM, exit 137")),
        change(3, 141, Verb::Lost, "", "web-3", None, Some("no answer within 3 s")),
        change(2, 400, Verb::Started, "青松商贸", "web-2", None, Some("shop/app:4.2.1")),
        change(1, 100_000, Verb::Gap, "", "web-2", None, Some("events may be missing 10:02:00 to 10:09:00")),
    ];
    Changes { newest_first: list.into_iter().map(Arc::new).collect(), next_seq: 7, ..Changes::default() }
}

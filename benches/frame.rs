//! How long a frame takes at 200 x 50 with 10,000 tenants on 100 hosts: `settle` and drawing, as the console's loop does
//! them. Prints a table; `tests/bench/fleet` runs it too. The terminal is one in memory.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp, Zoned};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use wakeboard::config::keymap::Keymap;
use wakeboard::config::theme::Theme;
use wakeboard::model::change::{Change, Verb};
use wakeboard::model::container::{Facts, Health, Phase};
use wakeboard::model::feed::{MOST_CHANGES, of_host};
use wakeboard::model::fleet::{Fleet, Host, Link, tenants};
use wakeboard::model::host::HostName;
use wakeboard::model::naming::Place;
use wakeboard::model::picture::Picture;
use wakeboard::model::policy::Policy;
use wakeboard::model::sort::SortBy;
use wakeboard::model::usage::Usage;
use wakeboard::service::{Changes, Trend, Usages};
use wakeboard::tui::palette::Depth;
use wakeboard::tui::state::{Start, State};
use wakeboard::tui::view;

const SIZE: Size = Size { width: 200, height: 50 };
const HOSTS: usize = 100;
const TENANTS_A_HOST: usize = 100;
const WARM_UP: usize = 20;
const FRAMES: usize = 300;

fn main() -> Result<(), Box<dyn Error>> {
    // Twice the same but for one tenant: what an event changes.
    let fleets = [Arc::new(fleet(Phase::Running)), Arc::new(fleet(Phase::Paused))];
    let usages = [Arc::new(usages(&fleets[0], 1)), Arc::new(usages(&fleets[0], 2))];
    let mut state = console(&fleets[0]);
    state.changes = Arc::new(changes());
    let mut screen = Terminal::new(TestBackend::new(SIZE.width, SIZE.height))?;

    let mut out = std::io::stdout().lock();
    writeln!(out, "a frame with {} tenants, 200 x 50, settled and drawn\n", HOSTS * TENANTS_A_HOST)?;
    writeln!(out, "|                               | median ms | max ms | target |")?;
    writeln!(out, "|-------------------------------|-----------|--------|--------|")?;
    let mut measure = |name: &str, state: &mut State, change: &dyn Fn(&mut State, usize)| {
        let mut times = Vec::new();
        for n in 0..WARM_UP + FRAMES {
            let begun = Instant::now();
            change(state, n);
            state.now = state.now.saturating_add(SignedDuration::from_millis(40));
            state.settle();
            screen.draw(|frame| drop(view::draw(frame, state)))?;
            times.push(begun.elapsed());
        }
        let mut times = times.split_off(WARM_UP);
        times.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let (median, most) = (ms(times[FRAMES / 2]), ms(times[FRAMES - 1]));
        writeln!(out, "| {name:29} | {median:9.2} | {most:6.2} | < 5    |")?;
        Ok::<(), Box<dyn Error>>(())
    };
    measure("only the clock goes on", &mut state, &|_, _| {})?;
    measure("a tenant's state changes", &mut state, &|state, n| state.set_fleet(fleets[n % 2].clone()))?;
    measure("a fuzzy filter is written", &mut state, &|state, n| {
        state.tenants.set_filter(["tn12", "tn123"][n % 2]);
    })?;
    state.tenants.set_filter("");
    state.tenants.set_sort(SortBy::Cpu, false);
    measure("sorted by CPU, all usage new", &mut state, &|state, n| state.set_usages(usages[n % 2].clone()))?;
    Ok(())
}

fn console(fleet: &Arc<Fleet>) -> State {
    let start = Start {
        theme: Theme::default(),
        keymap: Keymap::default(),
        depth: Depth::True,
        who: "op1@war-room".to_owned(),
        demo: false,
        policy: Policy::default(),
    };
    State::new(start, fleet.clone(), Zoned::now(), SIZE)
}

/// All tenants run, but the very first one.
fn fleet(first: Phase) -> Fleet {
    let host = |number: usize| {
        let name: HostName = format!("host-{number:03}").into();
        let list = (0..TENANTS_A_HOST).map(|at| {
            // Names go round the hosts, so that sorting has something to do.
            let tenant = at * HOSTS + number;
            container(tenant, if tenant == 0 { first } else { Phase::Running })
        });
        let mut picture = Picture::default();
        picture.apply_list(list.collect(), Duration::ZERO);
        Arc::new(Host {
            endpoint: format!("unix:///run/{name}.sock").into(),
            link: Link::Up,
            engine: None,
            heard: None,
            remembered: true,
            unclear: false,
            tenants: tenants(&name, &picture, &Link::Up, &wakeboard::model::overlay::Overlay::default()),
            name,
        })
    };
    Fleet { hosts: (0..HOSTS).map(host).collect(), turn: 0 }
}

fn container(tenant: usize, phase: Phase) -> Facts {
    Facts {
        id: format!("{tenant:064x}").into(),
        name: format!("tenant-{tenant:05}-app").into(),
        image: "shop/app:4.2.1".into(),
        place: Place { tenant: format!("tenant-{tenant:05}").into(), role: Some("app".into()), tier: None },
        phase,
        health: Health::Healthy,
        oom: false,
        since: Some(Timestamp::UNIX_EPOCH),
        detail: None,
        asleep: None,
        ports: None,
        setup: None,
        at_work: false,
    }
}

/// A whole feed, in which the tenants on the screen are not found until its end.
fn changes() -> Changes {
    let change = |seq: usize| {
        let host: HostName = format!("host-{:03}", HOSTS - 1).into();
        let time = Timestamp::UNIX_EPOCH;
        let tenant = Some(format!("tenant-{:05}", TENANTS_A_HOST * HOSTS - 1).into());
        let change = of_host(&host, time, Verb::Paused, None);
        Arc::new(Change { seq: seq as u64, tenant, container: Some("app".into()), ..change })
    };
    let newest_first: Vec<_> = (0..MOST_CHANGES).rev().map(change).collect();
    Changes { next_seq: newest_first.len() as u64, newest_first, ..Changes::default() }
}

/// Usage of every container, in an order that differs with `seed`.
fn usages(fleet: &Fleet, seed: u64) -> Usages {
    let containers = fleet.tenants().flat_map(|tenant| tenant.containers.iter().map(move |it| (tenant, it)));
    containers
        .enumerate()
        .map(|(n, (tenant, facts))| {
            let scattered = (n as u64 + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            let usage = Usage {
                cpu_percent: Some(scattered as f64 / 1000.0),
                memory_bytes: Some(scattered),
                memory_limit_bytes: None,
            };
            let memory = (0..8).map(|n| scattered + n).collect();
            ((tenant.host.clone(), facts.id.clone()), Trend { usage, memory })
        })
        .collect()
}

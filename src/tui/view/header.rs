//! The line at the top: hosts, counts by state, memory, the clock.

use ratatui::layout::Rect;

use super::pen::Pen;
use super::{Hit, Hits};
use crate::config::theme::Slot;
use crate::model::cells::{bytes, width};
use crate::model::fleet::{Fleet, Link};
use crate::model::state::{Kind, State as TenantState};
use crate::tui::layout::WIDE;
use crate::tui::state::State;

/// More hosts than this are counted, not drawn one by one.
const MOST_SIGNS: usize = 12;

/// The counts of the header in its order: what is bad first, then the most.
#[must_use]
pub fn shown_counts(fleet: &Fleet) -> Vec<(TenantState, usize)> {
    let mut counts = fleet.counts();
    counts.sort_by_key(|(state, count)| (state.kind() != Kind::Bad, std::cmp::Reverse(*count), *state));
    counts
}

/// Draws the header.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, hits: &mut Hits) {
    pen.fill(area, Slot::Header);
    let messages = &state.messages;
    let clock = state.now.strftime("%H:%M:%S").to_string();
    // Where there is little room, what is wrong goes before how much there is.
    let memory =
        if area.width < WIDE { String::new() } else { format!("{}{}   ", memory(state), saved(state)) };
    let right = format!("{memory}{clock} ");
    let right_cells = u16::try_from(width(&right)).unwrap_or(0);
    let end = area.right().saturating_sub(right_cells + 1);

    let y = area.y;
    let mut x = area.x + 1;
    let room = |x: u16| end.saturating_sub(x);
    if area.width >= WIDE {
        x = pen.text(x, y, room(x), &messages.say("product"), Slot::Header) + 2;
    }
    if state.demo {
        x = pen.text(x, y, room(x), &format!(" {} ", messages.say("demo")), Slot::Demo) + 2;
    }
    x = draw_hosts(pen, x, y, end, state, hits) + 2;
    let tenants = state.fleet.tenants().count();
    let text = messages.say_with("tenants-count", [("count", tenants)]);
    x = pen.text(x, y, room(x), &text, Slot::HeaderLabel) + 2;
    for (n, (word, count)) in shown_counts(&state.fleet).into_iter().enumerate() {
        let text = format!("{count} {word}");
        if usize::from(room(x)) < width(&text) + 3 {
            break;
        }
        if n > 0 {
            x = pen.text(x, y, room(x), " · ", Slot::HeaderLabel);
        }
        let start = x;
        let style = pen.style(Slot::Header).patch(pen.palette().kind(word.kind()));
        x = pen.styled(x, y, room(x), &text, style);
        hits.add(Rect::new(start, y, x - start, 1), Hit::State(word));
    }
    pen.text(end + 1, y, right_cells, &right, Slot::HeaderLabel);
}

fn draw_hosts(pen: &mut Pen<'_>, x: u16, y: u16, end: u16, state: &State, hits: &mut Hits) -> u16 {
    let hosts = &state.fleet.hosts;
    let up = hosts.iter().filter(|host| host.link.is_up()).count();
    let start = x;
    let room = |x: u16| end.saturating_sub(x);
    let mut x = x;
    if hosts.len() <= MOST_SIGNS {
        let text = state.messages.say_with("hosts-count", [("count", hosts.len())]);
        x = pen.text(x, y, room(x), &text, Slot::HeaderLabel) + 1;
        for host in hosts {
            let kind = kind(&host.link);
            let style = pen.style(Slot::Header).patch(pen.palette().kind(kind));
            x = pen.styled(x, y, room(x), kind.sign(), style);
        }
    } else {
        let text = state.messages.say_with("hosts-up", [("up", up), ("count", hosts.len())]);
        let kind = if up == hosts.len() { Kind::Good } else { Kind::Bad };
        let style = pen.style(Slot::Header).patch(pen.palette().kind(kind));
        x = pen.styled(x, y, room(x), &format!("{text} {}", kind.sign()), style);
    }
    hits.add(Rect::new(start, y, x.saturating_sub(start), 1), Hit::Hosts);
    x
}

/// How a host's link looks.
#[must_use]
pub fn kind(link: &Link) -> Kind {
    match link {
        Link::Up => Kind::Good,
        Link::Connecting => Kind::Busy,
        Link::Down { .. } => Kind::Bad,
    }
}

/// The memory that sleepers free, where there is any.
fn saved(state: &State) -> String {
    match state.work.saved() {
        0 => String::new(),
        saved => format!("  {}", state.messages.say_with("memory-saved", [("saved", bytes(saved))])),
    }
}

/// The hosts' memory. How much of it is used is known only where all engines run on this machine.
fn memory(state: &State) -> String {
    let known: Vec<_> = state.fleet.hosts.iter().filter_map(|host| host.engine.as_ref()).collect();
    let local = !known.is_empty() && known.iter().all(|engine| engine.local);
    let total: u64 = if local {
        // Several engines on one machine share its memory.
        known.iter().filter_map(|engine| engine.memory_bytes).max().unwrap_or(0)
    } else {
        known.iter().filter_map(|engine| engine.memory_bytes).sum()
    };
    match (state.memory_used, total) {
        (_, 0) => String::new(),
        (Some(used), total) if local => {
            state.messages.say_with("memory-used", [("used", bytes(used)), ("total", bytes(total))])
        }
        (_, total) => state.messages.say_with("memory-total", [("total", bytes(total))]),
    }
}

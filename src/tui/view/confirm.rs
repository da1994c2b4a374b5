//! What an order will do to what, before it is given.

use super::popup::{Line, Popup, heading, pad, plain};
use crate::config::theme::Slot;
use crate::model::cells::{bytes, width, wrap};
use crate::model::method::Method;
use crate::model::plain::plain as harmless;
use crate::model::ticket::Task;
use crate::model::work::Plan;
use crate::tui::confirm::{OrderSheet, find};
use crate::tui::losses::Loss;
use crate::tui::state::State;
use crate::tui::tenant_list::total;

/// Names longer than this are cut.
const NAME_MOST: usize = 24;
/// What a refusal is set in by.
const INDENT: &str = "    ";

/// The sheet.
#[must_use]
pub fn popup(state: &State, sheet: &OrderSheet) -> Popup {
    let dump = sheet.order.task == Task::Dump;
    let count = sheet.doable().count();
    let title = if dump { "sheet-dump" } else { "sheet-wake" };
    let title = state.messages.say_with(title, [("count", count)]);
    Popup {
        foot: foot(state, sheet, count),
        top: sheet.top,
        border: if dump && !sheet.dry { Slot::Error } else { Slot::PopupBorder },
        ..Popup::new(title, lines(state, sheet))
    }
}

fn lines(state: &State, sheet: &OrderSheet) -> Vec<Line> {
    let messages = &state.messages;
    let mut lines = doable(state, sheet);
    if sheet.refused().next().is_some() {
        if !lines.is_empty() {
            lines.push(Vec::new());
        }
        let count = sheet.refused().count();
        lines.push(heading(messages.say_with("sheet-left-out", [("count", count)])));
        for plan in sheet.refused() {
            let who = format!("{} ({})", plan.tenant, plan.host);
            lines.push(vec![("✖ ".to_owned(), Slot::Bad), (who, Slot::Text)]);
            let reason = harmless(plan.refusal.as_deref().unwrap_or_default()).into_owned();
            lines.extend(set_in(state, &reason, Slot::Dim));
        }
    }
    lines
}

/// One line for each tenant: name, tier, host, method, memory, containers in their order.
fn doable(state: &State, sheet: &OrderSheet) -> Vec<Line> {
    let rows: Vec<[String; 6]> = sheet.doable().map(|plan| row(state, sheet, plan)).collect();
    let widths: [usize; 6] = std::array::from_fn(|column| {
        rows.iter().map(|row| width(&row[column])).max().unwrap_or(0).min(NAME_MOST)
    });
    let styles = [Slot::Text, Slot::Dim, Slot::Dim, Slot::Verb, Slot::Gauge];
    let plans: Vec<&Plan> = sheet.doable().collect();
    rows.iter()
        .zip(plans)
        .flat_map(|(row, plan)| {
            let mut line: Line = styles
                .iter()
                .enumerate()
                .map(|(column, slot)| (format!("{}  ", pad(&row[column], widths[column])), *slot))
                .collect();
            // The last one may be as long as it is.
            line.push((row[5].clone(), Slot::Dim));
            std::iter::once(line).chain(doubt(state, plan)).chain(lost(state, sheet, plan))
        })
        .collect()
}

/// Why the method may not work.
fn doubt(state: &State, plan: &Plan) -> Vec<Line> {
    plan.doubt.as_deref().map_or(Vec::new(), |doubt| set_in(state, &harmless(doubt), Slot::Warn))
}

fn set_in(state: &State, text: &str, slot: Slot) -> Vec<Line> {
    let cells = usize::from(state.size.width).saturating_sub(4 + INDENT.len()).clamp(20, 90);
    wrap(text, cells).into_iter().map(|line| vec![(format!("{INDENT}{line}"), slot)]).collect()
}

/// What goes with a tenant that is removed.
fn lost(state: &State, sheet: &OrderSheet, plan: &Plan) -> Vec<Line> {
    if plan.method != Some(Method::Destroy) {
        return Vec::new();
    }
    let (text, slot) = match sheet.losses.get(&(plan.host.clone(), plan.tenant.clone())) {
        Some(Loss::Asked) => (state.messages.say("sheet-loss-asked"), Slot::Dim),
        Some(Loss::Told(Some(lost))) => {
            (state.messages.say_with("sheet-loss", [("lost", harmless(lost).into_owned())]), Slot::Warn)
        }
        Some(Loss::Told(None)) | None => return Vec::new(),
    };
    set_in(state, &text, slot)
}

fn row(state: &State, sheet: &OrderSheet, plan: &Plan) -> [String; 6] {
    let tenant = find(&state.fleet, &plan.host, &plan.tenant);
    let tier = tenant.and_then(|tenant| tenant.tier).map_or("–", |tier| tier.as_str());
    let memory = match (memory(state, sheet, plan), sheet.order.task) {
        (Some(memory), Task::Dump) => state.messages.say_with("sheet-frees", [("memory", bytes(memory))]),
        (Some(memory), Task::Wake) => state.messages.say_with("sheet-takes", [("memory", bytes(memory))]),
        (None, _) => state.messages.say("sheet-memory-unknown"),
    };
    let containers: Vec<&str> = plan.containers.iter().map(|name| &**name).collect();
    [
        plan.tenant.to_string(),
        tier.to_owned(),
        plan.host.to_string(),
        plan.method.map_or("–", |method| method.as_str()).to_owned(),
        memory,
        containers.join(" → "),
    ]
}

/// What a dump frees, or what a wake takes again, in bytes.
fn memory(state: &State, sheet: &OrderSheet, plan: &Plan) -> Option<u64> {
    match sheet.order.task {
        Task::Dump => total(find(&state.fleet, &plan.host, &plan.tenant)?, &state.usages).memory_bytes,
        Task::Wake => {
            let sleepers = state.work.sleepers_of(&plan.host, &plan.tenant);
            let known = sleepers.iter().any(|sleeper| sleeper.memory_before.is_some());
            known.then(|| sleepers.iter().map(|sleeper| sleeper.saved()).sum())
        }
    }
}

/// What it comes to, and what the keys do.
fn foot(state: &State, sheet: &OrderSheet, count: usize) -> Vec<Line> {
    let messages = &state.messages;
    let mut foot = vec![Vec::new()];
    let known: Vec<Option<u64>> = sheet.doable().map(|plan| memory(state, sheet, plan)).collect();
    let sum: u64 = known.iter().flatten().sum();
    if sheet.order.task == Task::Dump && count > 1 && sum > 0 {
        let unknown = known.iter().filter(|memory| memory.is_none()).count();
        let mut text = messages.say_with("sheet-together", [("memory", bytes(sum))]);
        if unknown > 0 {
            text = format!("{text}; {}", messages.say_with("sheet-together-unknown", [("count", unknown)]));
        }
        foot.push(plain(text));
    }
    if count == 0 {
        foot.push(vec![(messages.say("sheet-nothing"), Slot::Warn)]);
    }
    if sheet.vip {
        let name = if sheet.order.force { "sheet-forced" } else { "sheet-not-forced" };
        foot.push(vec![(messages.say(name), Slot::Warn)]);
    }
    let mut keys: Line = Vec::new();
    let mut key = |key: &str, what: String| {
        keys.push((key.to_owned(), Slot::Key));
        keys.push((format!(" {what}   "), Slot::KeyHelp));
    };
    if count > 0 && !sheet.dry {
        key("y", messages.say("sheet-yes"));
    }
    key("n", messages.say("sheet-no"));
    if sheet.order.task == Task::Dump {
        let method = match sheet.order.method {
            Some(method) => method.to_string(),
            None => messages.say("sheet-auto"),
        };
        key("m", messages.say_with("sheet-method", [("method", method)]));
        if sheet.vip {
            key("f", messages.say("sheet-force"));
        }
    }
    foot.push(keys);
    foot
}

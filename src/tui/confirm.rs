//! The sheet that says what an order will do to what, and waits for a yes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::losses::Loss;
use super::state::{Layer, Notice, State};
use super::update::Effect;
use crate::model::action::{Action, Scope};
use crate::model::fleet::{Fleet, Tenant};
use crate::model::key::{Key, KeyCode};
use crate::model::method::Method;
use crate::model::plan::plans;
use crate::model::policy::Policy;
use crate::model::ticket::Task;
use crate::model::tier::Tier;
use crate::model::work::{Order, Plan, TenantKey, Work};

/// Of so many tenants the memory is read while the sheet is open.
const MOST_READ: usize = 64;

/// An order that waits for a yes, and what will come of it.
#[derive(Debug)]
pub struct OrderSheet {
    /// The order as it was asked for.
    pub order: Order,
    /// What will be done to each of its tenants.
    pub plans: Vec<Plan>,
    /// It only says what would be done.
    pub dry: bool,
    /// A tenant of tier `vip` is among them.
    pub vip: bool,
    /// What its tenants would lose by `destroy`, as far as it was asked.
    pub losses: BTreeMap<TenantKey, Loss>,
    /// Scrolled down by so many lines.
    pub top: usize,
    /// It was made from the marks: they have done their part once the order is given.
    pub from_marks: bool,
}

impl OrderSheet {
    /// A sheet for this order, not planned yet.
    #[must_use]
    pub fn new(order: Order) -> Self {
        OrderSheet {
            order,
            plans: Vec::new(),
            dry: false,
            vip: false,
            losses: BTreeMap::new(),
            top: 0,
            from_marks: false,
        }
    }

    /// Plans anew from what is known now.
    pub fn plan(&mut self, fleet: &Fleet, work: &Work, policy: &Policy, now: Timestamp) {
        self.plans = plans(&self.order, fleet, work, policy, now);
        let is_vip = |(host, name): &TenantKey| {
            let tenant = find(fleet, host, name);
            tenant.is_some_and(|tenant| tenant.tier == Some(Tier::Vip))
        };
        self.vip = self.order.task == Task::Dump && self.order.tenants.iter().any(is_vip);
    }

    /// The plans that will be carried out.
    pub fn doable(&self) -> impl Iterator<Item = &Plan> {
        self.plans.iter().filter(|plan| plan.refusal.is_none())
    }

    /// The plans that will not, and say why.
    pub fn refused(&self) -> impl Iterator<Item = &Plan> {
        self.plans.iter().filter(|plan| plan.refusal.is_some())
    }

    /// The tenants whose memory it would like to tell.
    #[must_use]
    pub fn tenants<'a>(&self, fleet: &'a Fleet) -> Vec<&'a Arc<Tenant>> {
        let keys = self.order.tenants.iter().take(MOST_READ);
        keys.filter_map(|(host, name)| find(fleet, host, name)).collect()
    }

    /// The order without those that are refused.
    #[must_use]
    pub fn to_give(&self) -> Order {
        let tenants = self.doable().map(|plan| (plan.host.clone(), plan.tenant.clone())).collect();
        Order { tenants, ..self.order.clone() }
    }
}

/// The tenant of that name on that host.
#[must_use]
pub fn find<'a>(fleet: &'a Fleet, host: &str, name: &str) -> Option<&'a Arc<Tenant>> {
    fleet.host(host)?.tenants.iter().find(|tenant| &*tenant.name == name)
}

/// A key goes to the sheet.
pub fn key(state: &mut State, mut sheet: Box<OrderSheet>, key: Key) -> Option<Effect> {
    let dump = sheet.order.task == Task::Dump;
    if let (KeyCode::Char(letter), false, false) = (key.code, key.ctrl, key.alt) {
        match letter {
            'y' | 'Y' if !sheet.dry => return give(state, *sheet),
            'n' | 'N' | 'q' => return None,
            'f' if sheet.vip => sheet.order.force = !sheet.order.force,
            'm' if dump => sheet.order.method = next_method(sheet.order.method),
            _ => {}
        }
    }
    let action = state.keymap.action(Scope::Everywhere, key);
    if key.code == KeyCode::Esc {
        return None;
    }
    // The sheet takes `q` for a no; what was pressed with Ctrl still means what it always does.
    if action == Some(Action::Quit) && key.ctrl {
        return super::update::act(state, Action::Quit);
    }
    sheet.plan(&state.fleet, &state.work, &state.policy, state.now.timestamp());
    state.layer = Some(Layer::Order(sheet));
    match action {
        Some(
            action @ (Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::Top
            | Action::Bottom
            | Action::Redraw
            | Action::Suspend),
        ) => super::update::act(state, action),
        _ => None,
    }
}

fn give(state: &mut State, mut sheet: OrderSheet) -> Option<Effect> {
    sheet.plan(&state.fleet, &state.work, &state.policy, state.now.timestamp());
    let order = sheet.to_give();
    if order.tenants.is_empty() {
        let text = state.messages.say("sheet-nothing");
        state.notice = Some(Notice { text, bad: true });
        return None;
    }
    if sheet.from_marks {
        state.marks.clear();
    }
    Some(Effect::Ask(order))
}

/// The config's own choice, then each method, then the config's again.
fn next_method(method: Option<Method>) -> Option<Method> {
    let Some(now) = method else { return Some(Method::ALL[0]) };
    let at = Method::ALL.iter().position(|other| *other == now)?;
    Method::ALL.get(at + 1).copied()
}

//! Where one can go from the box of a change: to its ticket, to its tenant, or to all changes like it.

use std::sync::Arc;

use super::act::{bad, pose};
use crate::model::action::Action;
use crate::model::ask::{Ask, Term, Test};
use crate::model::change::Change;
use crate::model::fleet::Tenant;
use crate::tui::layout;
use crate::tui::sought;
use crate::tui::state::{Layer, Pane, State};

/// Goes from the box that is open.
pub(super) fn go(state: &mut State, action: Action) {
    let Some(Layer::Change(sheet)) = &state.layer else { return };
    let change = sheet.change.clone();
    match action {
        Action::ChangeTicket => match change.ticket {
            Some(ticket) => sought::open(state, ticket),
            None => bad(state, "notice-change-no-ticket"),
        },
        Action::ChangeTenant => show_tenant(state, &change),
        Action::AskTenant => {
            let Some(tenant) = &change.tenant else { return bad(state, "notice-change-no-tenant") };
            let tests = [
                Some(Test::Tenant(vec![value(tenant)])),
                change.host.as_deref().map(|host| Test::Host(vec![value(host)])),
            ];
            ask_for(state, tests.into_iter().flatten());
        }
        _ => {
            let who = change.actor.as_deref().unwrap_or("-");
            ask_for(state, [Test::Who(vec![value(who)])].into_iter());
        }
    }
}

/// Values of questions are in lower case.
fn value(text: &str) -> Arc<str> {
    text.to_lowercase().into()
}

fn ask_for(state: &mut State, tests: impl Iterator<Item = Test>) {
    let terms = tests.map(|test| Term { negated: false, test }).collect();
    state.timeline.gone_from = None;
    state.timeline.open = false;
    pose(state, Ask { range: None, terms });
}

fn show_tenant(state: &mut State, change: &Change) {
    let Some((host, name)) = change.host.as_ref().zip(change.tenant.as_ref()) else {
        return bad(state, "notice-change-no-tenant");
    };
    let is_it = |tenant: &Arc<Tenant>| tenant.host == *host && tenant.name == *name;
    if !state.fleet.tenants().any(is_it) {
        return bad(state, "notice-tenant-gone");
    }
    state.layer = None;
    state.focus = Pane::Tenants;
    if !state.tenants.rows.iter().any(is_it) {
        state.tenants.set_filter("");
        let height = state.areas().tenants.map_or(0, layout::rows_of_table);
        state.tenants.settle(&state.fleet, &state.usages, height);
    }
    if let Some(at) = state.tenants.rows.iter().position(is_it) {
        state.tenants.select(at);
    }
}

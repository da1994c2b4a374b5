//! All that the console shows. Views draw from it and from nothing else.

use std::sync::Arc;

use jiff::Zoned;
use ratatui::layout::Size;

use super::callmap::CallmapPane;
use super::changes::{ChangeList, Timeline, act};
use super::history::History;
pub use super::layer::{Layer, Notice, ProbeSheet, Prompt, Purpose};
use super::layout::{self, Areas};
use super::marks::Marks;
use super::messages::Messages;
use super::palette::{Depth, Palette};
use super::past::Asked;
use super::tenant_list::TenantList;
use super::ticket_list::TicketList;
use crate::config::keymap::Keymap;
use crate::config::theme::Theme;
use crate::model::action::Action;
use crate::model::callmap::progress::{Progress, Runs};
use crate::model::fleet::{Fleet, Tenant};
use crate::model::keeper::Activities;
use crate::model::policy::Policy;
use crate::model::state::Kind;
use crate::model::work::Work;
use crate::service::{Changes, Usages, Wanted};

/// All that the console shows.
pub struct State {
    /// The hosts and tenants.
    pub fleet: Arc<Fleet>,
    /// What happened.
    pub changes: Arc<Changes>,
    /// What is used by what is looked at.
    pub usages: Arc<Usages>,
    /// When tenants were last used, where a keeper measures it.
    pub activities: Arc<Activities>,
    /// Tickets, sleepers, and what the hosts can do.
    pub work: Arc<Work>,
    /// The rules of dumping and waking.
    pub policy: Policy,
    /// Memory in use on this machine in bytes, where all engines run on it.
    pub memory_used: Option<u64>,
    /// The wall clock, passed in.
    pub now: Zoned,
    /// The terminal's size in cells.
    pub size: Size,
    /// The tenants pane.
    pub tenants: TenantList,
    /// The marked tenants.
    pub marks: Marks,
    /// The changes pane.
    pub feed: ChangeList,
    /// Its timeline.
    pub timeline: Timeline,
    /// The history of the selected tenant.
    pub history: History,
    /// The ticket that is to be opened, while the ledger is asked for it.
    pub sought: Asked,
    /// The list of tickets.
    pub tickets: TicketList,
    /// The callmap pane.
    pub callmap: CallmapPane,
    /// What the pane at the bottom shows.
    pub bottom: Bottom,
    /// The pane that keys go to.
    pub focus: Pane,
    /// What lies over the panes.
    pub layer: Option<Layer>,
    /// A word about what was just done.
    pub notice: Option<Notice>,
    /// The theme's name.
    pub theme: String,
    /// How it is drawn.
    pub palette: Palette,
    /// How many colours there are.
    pub depth: Depth,
    /// Who looks, and from where: `op1@war-room`.
    pub who: String,
    /// The hosts are simulated.
    pub demo: bool,
    /// What each key does.
    pub keymap: Keymap,
    /// The texts.
    pub messages: Messages,
}

/// A pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The tenants.
    #[default]
    Tenants,
    /// The changes.
    Changes,
    /// The one at the bottom.
    Bottom,
}

/// What the pane at the bottom shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bottom {
    /// The containers of the selected tenant.
    #[default]
    Containers,
    /// The tickets.
    Tickets,
    /// A run of a callmap.
    Callmap,
    /// The history of the selected tenant.
    History,
}

impl Pane {
    /// The panes in the order of the tab key.
    pub const ALL: [Pane; 3] = [Pane::Tenants, Pane::Changes, Pane::Bottom];
}

/// What the console starts with.
pub struct Start {
    /// The theme.
    pub theme: Theme,
    /// What each key does.
    pub keymap: Keymap,
    /// How many colours there are.
    pub depth: Depth,
    /// Who looks, and from where.
    pub who: String,
    /// The hosts are simulated.
    pub demo: bool,
    /// The rules of dumping and waking.
    pub policy: Policy,
}

impl State {
    /// An empty console.
    #[must_use]
    pub fn new(start: Start, fleet: Arc<Fleet>, now: Zoned, size: Size) -> Self {
        let mut tenants = TenantList::default();
        tenants.invalidate();
        State {
            fleet,
            changes: Arc::default(),
            usages: Arc::default(),
            activities: Arc::default(),
            work: Arc::default(),
            policy: start.policy,
            memory_used: None,
            now,
            size,
            tenants,
            marks: Marks::default(),
            feed: ChangeList::default(),
            timeline: Timeline::default(),
            history: History::default(),
            sought: Asked::default(),
            tickets: TicketList::default(),
            callmap: CallmapPane::default(),
            bottom: Bottom::default(),
            focus: Pane::default(),
            layer: None,
            notice: None,
            palette: Palette::new(&start.theme, start.depth),
            theme: start.theme.name.clone(),
            depth: start.depth,
            who: start.who,
            demo: start.demo,
            keymap: start.keymap,
            messages: Messages::english(),
        }
    }

    /// Where everything is on the screen.
    #[must_use]
    pub fn areas(&self) -> Areas {
        layout::areas(self.size, self.focus, self.bottom)
    }

    /// Makes lists and cursors fit the newest news and the screen. Must come before drawing.
    pub fn settle(&mut self) {
        let areas = self.areas();
        let height = areas.tenants.map_or(0, layout::rows_of_table);
        self.tenants.settle(&self.fleet, &self.usages, height);
        act::settle(self);
        let height = areas.bottom.map_or(0, layout::rows_of_table);
        self.tickets.settle(height);
        if self.bottom == Bottom::Callmap {
            self.callmap.settle(areas.bottom.map(layout::inside).unwrap_or_default());
        }
        if let Some(Layer::Callmaps(chooser)) = &mut self.layer {
            chooser.settle(self.callmap.listed.as_deref().map_or(&[], Vec::as_slice));
        }
        if let Some(Layer::Order(sheet)) = &mut self.layer {
            sheet.plan(&self.fleet, &self.work, &self.policy, self.now.timestamp());
        }
    }

    /// Takes in another fleet.
    pub fn set_fleet(&mut self, fleet: Arc<Fleet>) {
        self.fleet = fleet;
        self.marks.keep_known(&self.fleet);
        self.tenants.invalidate();
    }

    /// Takes in other tickets, sleepers and runs of the record.
    pub fn set_work(&mut self, work: Arc<Work>) {
        self.tickets.set(&work, &self.callmap.runs);
        self.work = work;
        self.look_again();
    }

    /// Takes in how this console's runs fare. Returns the one that is awaited, when it has come to its end.
    pub fn set_runs(&mut self, runs: Arc<Runs>) -> Option<Arc<Progress>> {
        self.tickets.set(&self.work, &runs);
        self.look_again();
        self.callmap.set_runs(runs)
    }

    /// The ticket that is open is shown as it is now.
    fn look_again(&mut self) {
        if let Some(Layer::Ticket(shown, _)) = &mut self.layer
            && let Some(fresh) = self.tickets.row(shown.id())
        {
            *shown = fresh.clone();
        }
    }

    /// Whether nothing may be changed from here.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.policy.read_only
    }

    /// Takes in other usage figures.
    pub fn set_usages(&mut self, usages: Arc<Usages>) {
        self.usages = usages;
        if self.tenants.sorts_by_usage() {
            self.tenants.invalidate();
        }
    }

    /// Whose usage is looked at: that of those who are about to be dumped, of the selected tenant, then of those on the
    /// screen. Where the order is by
    /// usage, also all those whose reading costs their engine nothing.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let height = self.areas().tenants.map_or(0, layout::rows_of_table);
        let shown = self.tenants.rows.iter().skip(self.tenants.top).take(height);
        let asked = match &self.layer {
            Some(Layer::Order(sheet)) => sheet.tenants(&self.fleet),
            _ => Vec::new(),
        };
        let mut rows = Vec::new();
        for tenant in asked.into_iter().chain(self.tenants.selected()).chain(shown) {
            rows.extend(tenant.containers.iter().map(|facts| (tenant.host.clone(), facts.id.clone())));
        }
        if self.tenants.sorts_by_usage() {
            let free =
                |host: &&Arc<crate::model::fleet::Host>| host.engine.as_ref().is_some_and(|it| it.local);
            for tenant in self.fleet.hosts.iter().filter(free).flat_map(|host| &host.tenants) {
                rows.extend(tenant.containers.iter().map(|facts| (tenant.host.clone(), facts.id.clone())));
            }
        }
        Wanted { rows, hurry: false }
    }

    /// The first key of an action, as it is written.
    #[must_use]
    pub fn key_of(&self, action: Action) -> String {
        self.keymap.keys(action).first().map(ToString::to_string).unwrap_or_default()
    }

    /// The selected tenant, where it can be seen which one it is.
    #[must_use]
    pub fn seen_tenant(&self) -> Option<&Arc<Tenant>> {
        let is_of_tenant = matches!(self.bottom, Bottom::Containers | Bottom::History);
        let in_title = self.focus == Pane::Bottom && is_of_tenant;
        self.tenants.selected().filter(|_| in_title || self.areas().tenants.is_some())
    }

    /// Whether something on the screen spins.
    #[must_use]
    pub fn spins(&self) -> bool {
        // Those under way come first.
        if self.work.tickets.first().is_some_and(|ticket| ticket.ended.is_none()) {
            return true;
        }
        let run = self.callmap.run().filter(|_| self.bottom == Bottom::Callmap);
        if run.is_some_and(|run| !run.stage.is_end()) {
            return true;
        }
        let height = self.areas().tenants.map_or(0, layout::rows_of_table);
        let mut shown = self.tenants.rows.iter().skip(self.tenants.top).take(height);
        shown.any(|tenant| tenant.state.kind() == Kind::Busy)
    }
}

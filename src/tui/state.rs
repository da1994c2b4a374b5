//! All that the console shows. Views draw from it and from nothing else.

use std::sync::Arc;

use jiff::Zoned;
use ratatui::layout::Size;
use tui_input::Input;

use super::change_list::ChangeList;
use super::layout::{self, Areas};
use super::messages::Messages;
use super::palette::{Depth, Palette};
use super::tenant_list::TenantList;
use crate::config::keymap::Keymap;
use crate::config::theme::Theme;
use crate::model::action::Action;
use crate::model::change::Change;
use crate::model::fleet::Fleet;
use crate::service::{Changes, Usages, Wanted};

/// All that the console shows.
pub struct State {
    /// The hosts and tenants.
    pub fleet: Arc<Fleet>,
    /// What happened.
    pub changes: Arc<Changes>,
    /// What is used by what is looked at.
    pub usages: Arc<Usages>,
    /// Memory in use on this machine in bytes, where all engines run on it.
    pub memory_used: Option<u64>,
    /// The wall clock, passed in.
    pub now: Zoned,
    /// The terminal's size in cells.
    pub size: Size,
    /// The tenants pane.
    pub tenants: TenantList,
    /// The changes pane.
    pub feed: ChangeList,
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
    /// The containers of the selected tenant.
    Containers,
}

impl Pane {
    /// The panes in the order of the tab key.
    pub const ALL: [Pane; 3] = [Pane::Tenants, Pane::Changes, Pane::Containers];
}

/// What lies over the panes.
#[derive(Debug)]
pub enum Layer {
    /// The help, scrolled down by so many lines.
    Help(usize),
    /// The hosts, scrolled down by so many lines.
    Hosts(usize),
    /// One change with its raw events.
    Change(Arc<Change>),
    /// A dangerous action waits for a yes.
    Confirm(Action),
    /// A line is being written.
    Prompt(Prompt),
}

/// A line being written.
#[derive(Debug)]
pub struct Prompt {
    /// What it is for.
    pub purpose: Purpose,
    /// The line and its cursor.
    pub input: Input,
    /// The filter that was in force before, to go back to.
    pub before: String,
}

/// What a line is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A filter, tried at every key.
    Filter,
    /// A command.
    Command,
}

/// A word about what was just done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The text.
    pub text: String,
    /// It went wrong.
    pub bad: bool,
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
            memory_used: None,
            now,
            size,
            tenants,
            feed: ChangeList::default(),
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
        layout::areas(self.size, self.focus)
    }

    /// Makes lists and cursors fit the newest news and the screen. Must come before drawing.
    pub fn settle(&mut self) {
        let areas = self.areas();
        let height = areas.tenants.map_or(0, layout::rows_of_table);
        self.tenants.settle(&self.fleet, &self.usages, height);
        let height = areas.changes.map_or(0, layout::rows_of_list);
        self.feed.settle(&self.changes, height);
    }

    /// Takes in another fleet.
    pub fn set_fleet(&mut self, fleet: Arc<Fleet>) {
        self.fleet = fleet;
        self.tenants.invalidate();
    }

    /// Takes in other usage figures.
    pub fn set_usages(&mut self, usages: Arc<Usages>) {
        self.usages = usages;
        if self.tenants.sorts_by_usage() {
            self.tenants.invalidate();
        }
    }

    /// Whose usage is looked at: the selected tenant's containers, then those on the screen. Where the order is by
    /// usage, also all those whose reading costs their engine nothing.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let height = self.areas().tenants.map_or(0, layout::rows_of_table);
        let shown = self.tenants.rows.iter().skip(self.tenants.top).take(height);
        let mut rows = Vec::new();
        for tenant in self.tenants.selected().into_iter().chain(shown) {
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

    /// Whether something on the screen spins.
    #[must_use]
    pub fn spins(&self) -> bool {
        let height = self.areas().tenants.map_or(0, layout::rows_of_table);
        self.tenants
            .rows
            .iter()
            .skip(self.tenants.top)
            .take(height)
            .any(|tenant| tenant.state.kind() == crate::model::state::Kind::Busy)
    }
}

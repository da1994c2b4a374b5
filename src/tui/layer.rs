//! What lies over the panes, and the word about what was just done.

use std::sync::Arc;

use tui_input::Input;

use super::callmap::Chooser;
use super::changes::{ChangeSheet, Posed};
use super::confirm::OrderSheet;
use super::ticket_list::Asked;
use crate::model::action::Action;
use crate::model::callmap::report::ProbeReport;

/// What lies over the panes.
#[derive(Debug)]
pub enum Layer {
    /// The help, scrolled down by so many lines.
    Help(usize),
    /// The hosts, scrolled down by so many lines.
    Hosts(usize),
    /// One change with its parts.
    Change(Box<ChangeSheet>),
    /// A dangerous action waits for a yes.
    Confirm(Action),
    /// Work waits for a yes.
    Order(Box<OrderSheet>),
    /// One ticket or run, scrolled down by so many lines.
    Ticket(Asked, usize),
    /// A line is being written.
    Prompt(Prompt),
    /// A callmap is chosen.
    Callmaps(Box<Chooser>),
    /// One probe of a callmap.
    Probe(Box<ProbeSheet>),
}

/// All that is known of one probe.
#[derive(Debug)]
pub struct ProbeSheet {
    /// The layer: `2 nginx`.
    pub layer: String,
    /// What came of it.
    pub probe: Arc<ProbeReport>,
    /// Scrolled down by so many lines.
    pub top: usize,
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
    /// The question that the changes pane had before.
    pub posed: Option<Posed>,
}

/// What a line is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A filter, tried at every key.
    Filter,
    /// A question to the changes, tried at every key in memory, and asked of the ledger in the end.
    Changes,
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

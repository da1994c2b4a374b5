//! The list of callmaps, with what is typed to find one.

use std::path::PathBuf;
use std::sync::Arc;

use tui_input::{Input, InputRequest};

use super::act;
use crate::model::fuzzy::ranked;
use crate::model::key::{Key, KeyCode};
use crate::tui::state::{Layer, State};
use crate::tui::update::Effect;

/// How many lines the keys for pages move.
const PAGE: isize = 10;
/// The most characters that may be typed.
const MOST_TYPED: usize = 200;

/// A callmap that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its file.
    pub file: PathBuf,
    /// The file as it is shown.
    pub shown: String,
    /// Its product and how many layers it has, or what is wrong with it.
    pub holds: Result<(Arc<str>, usize), String>,
}

impl Listed {
    /// What is searched in.
    fn text(&self) -> String {
        match &self.holds {
            Ok((product, _)) => format!("{product} {}", self.shown),
            Err(_) => self.shown.clone(),
        }
    }
}

/// The list, while it is open.
#[derive(Debug, Default)]
pub struct Chooser {
    /// What is typed.
    pub input: Input,
    /// What fits it, by number, the best first.
    pub rows: Vec<usize>,
    /// The selected one of these.
    pub at: usize,
}

impl Chooser {
    /// Finds what fits.
    pub fn settle(&mut self, listed: &[Listed]) {
        let texts: Vec<String> = listed.iter().map(Listed::text).collect();
        self.rows = ranked(&texts, self.input.value());
        self.at = self.at.min(self.rows.len().saturating_sub(1));
    }

    /// Takes in pasted text.
    pub fn paste(&mut self, text: &str) {
        for c in text.chars().filter(|c| !c.is_control()) {
            self.edit(InputRequest::InsertChar(c));
        }
    }

    fn edit(&mut self, request: InputRequest) {
        if matches!(request, InputRequest::InsertChar(_)) && self.input.value().chars().count() >= MOST_TYPED
        {
            return;
        }
        self.input.handle(request);
        self.at = 0;
    }
}

/// A key goes to the list.
pub fn key(state: &mut State, mut chooser: Box<Chooser>, key: Key) -> Option<Effect> {
    chooser.settle(state.callmap.listed.as_deref().map_or(&[], Vec::as_slice));
    let by = match (key.code, key.ctrl) {
        (KeyCode::Esc, _) | (KeyCode::Char('c'), true) => return None,
        (KeyCode::Enter, _) => {
            let row = chooser.rows.get(chooser.at).copied();
            let listed = state.callmap.listed.as_ref().and_then(|all| all.get(row?));
            let Some(file) = listed.map(|listed| listed.file.clone()) else {
                state.layer = Some(Layer::Callmaps(chooser));
                return None;
            };
            return Some(act::run_file(state, file));
        }
        (KeyCode::Up, _) | (KeyCode::Char('p' | 'k'), true) => -1,
        (KeyCode::Down, _) | (KeyCode::Char('n' | 'j'), true) => 1,
        (KeyCode::PageUp, _) => -PAGE,
        (KeyCode::PageDown, _) => PAGE,
        (KeyCode::Char('u'), true) => edited(&mut chooser, InputRequest::DeleteLine),
        (KeyCode::Char('w'), true) => edited(&mut chooser, InputRequest::DeletePrevWord),
        (KeyCode::Char(c), false) => edited(&mut chooser, InputRequest::InsertChar(c)),
        (KeyCode::Backspace, _) => edited(&mut chooser, InputRequest::DeletePrevChar),
        _ => 0,
    };
    chooser.at = chooser.at.saturating_add_signed(by).min(chooser.rows.len().saturating_sub(1));
    state.layer = Some(Layer::Callmaps(chooser));
    None
}

fn edited(chooser: &mut Chooser, request: InputRequest) -> isize {
    chooser.edit(request);
    0
}

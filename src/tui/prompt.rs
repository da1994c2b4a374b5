//! The line that is written: a filter, tried at every key, or a command.

use tui_input::{Input, InputRequest};

use super::changes::act as changes;
use super::command;
use super::state::{Layer, Prompt, Purpose, State};
use super::update::Effect;
use crate::model::key::{Key, KeyCode};

/// The most characters that one paste may bring.
const MOST_PASTED: usize = 1024;

/// Begins a line.
pub fn open(state: &mut State, purpose: Purpose) {
    let before = state.tenants.filter_text.clone();
    let posed = state.feed.posed.clone();
    let input = match purpose {
        Purpose::Filter => Input::new(before.clone()),
        Purpose::Changes => posed.as_ref().map(|posed| Input::new(posed.text.clone())).unwrap_or_default(),
        Purpose::Command => Input::default(),
    };
    state.layer = Some(Layer::Prompt(Prompt { purpose, input, before, posed }));
}

/// A key goes to the line that is written.
pub fn key(state: &mut State, mut prompt: Prompt, key: Key) -> Option<Effect> {
    let request = match (key.code, key.ctrl) {
        (KeyCode::Esc, _) | (KeyCode::Char('c'), true) => {
            match prompt.purpose {
                Purpose::Filter => state.tenants.set_filter(&prompt.before),
                Purpose::Changes => {
                    state.feed.error = None;
                    if state.feed.posed != prompt.posed {
                        state.feed.pose(prompt.posed);
                    }
                }
                Purpose::Command => {}
            }
            return None;
        }
        (KeyCode::Enter, _) => {
            return match prompt.purpose {
                Purpose::Filter if state.tenants.filter_error.is_some() => {
                    state.layer = Some(Layer::Prompt(prompt));
                    None
                }
                Purpose::Filter => None,
                Purpose::Changes => {
                    if changes::ask(state, prompt.input.value(), false) {
                        (state.timeline.open, state.timeline.gone_from) = (false, None);
                    } else {
                        state.layer = Some(Layer::Prompt(prompt));
                    }
                    None
                }
                Purpose::Command => command::run(state, prompt.input.value()),
            };
        }
        (KeyCode::Char('u'), true) => Some(InputRequest::DeleteLine),
        (KeyCode::Char('w'), true) => Some(InputRequest::DeletePrevWord),
        (KeyCode::Char('a'), true) | (KeyCode::Home, _) => Some(InputRequest::GoToStart),
        (KeyCode::Char('e'), true) | (KeyCode::End, _) => Some(InputRequest::GoToEnd),
        (KeyCode::Char(c), false) => Some(InputRequest::InsertChar(c)),
        (KeyCode::Backspace, _) => Some(InputRequest::DeletePrevChar),
        (KeyCode::Delete, _) => Some(InputRequest::DeleteNextChar),
        (KeyCode::Left, _) => Some(InputRequest::GoToPrevChar),
        (KeyCode::Right, _) => Some(InputRequest::GoToNextChar),
        _ => None,
    };
    if let Some(request) = request {
        prompt.input.handle(request);
        tried(state, &prompt);
    }
    state.layer = Some(Layer::Prompt(prompt));
    None
}

/// Text was pasted.
pub fn paste(state: &mut State, text: &str) {
    if let Some(Layer::Callmaps(chooser)) = &mut state.layer {
        chooser.paste(text);
    }
    if let Some(Layer::Prompt(prompt)) = &mut state.layer {
        for c in text.chars().filter(|c| !c.is_control()).take(MOST_PASTED) {
            prompt.input.handle(InputRequest::InsertChar(c));
        }
    }
    if let Some(Layer::Prompt(prompt)) = state.layer.take() {
        tried(state, &prompt);
        state.layer = Some(Layer::Prompt(prompt));
    }
}

/// What is written so far is tried.
fn tried(state: &mut State, prompt: &Prompt) {
    match prompt.purpose {
        Purpose::Filter => state.tenants.set_filter(prompt.input.value()),
        Purpose::Changes => {
            // Half a word may be no question yet: then the last that was one stays.
            let _ = changes::ask(state, prompt.input.value(), true);
        }
        Purpose::Command => {}
    }
}

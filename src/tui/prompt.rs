//! The line that is written: a filter, tried at every key, or a command.

use tui_input::{Input, InputRequest};

use super::command;
use super::state::{Layer, Prompt, Purpose, State};
use super::update::Effect;
use crate::model::key::{Key, KeyCode};

/// The most characters that one paste may bring.
const MOST_PASTED: usize = 1024;

/// Begins a line.
pub fn open(state: &mut State, purpose: Purpose) {
    let before = state.tenants.filter_text.clone();
    let input = if purpose == Purpose::Filter { Input::new(before.clone()) } else { Input::default() };
    state.layer = Some(Layer::Prompt(Prompt { purpose, input, before }));
}

/// A key goes to the line that is written.
pub fn key(state: &mut State, mut prompt: Prompt, key: Key) -> Option<Effect> {
    let request = match (key.code, key.ctrl) {
        (KeyCode::Esc, _) | (KeyCode::Char('c'), true) => {
            if prompt.purpose == Purpose::Filter {
                state.tenants.set_filter(&prompt.before);
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
        if prompt.purpose == Purpose::Filter {
            state.tenants.set_filter(prompt.input.value());
        }
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
        if prompt.purpose == Purpose::Filter {
            let text = prompt.input.value().to_owned();
            state.tenants.set_filter(&text);
        }
    }
}

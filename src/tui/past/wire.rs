//! Between the loop and the desk that asks the ledger.

use super::Asked;
use super::desk::{Desk, News, Place};
use crate::service::past::Told;
use crate::tui::layer::Layer;
use crate::tui::state::State;

/// Has everything asked that the screen waits for.
pub fn ask(state: &State, desk: &Desk) {
    let sheet = match &state.layer {
        Some(Layer::Change(sheet)) => Some(&sheet.asked),
        _ => None,
    };
    let all = [
        (Place::Changes, Some(&state.feed.asked)),
        (Place::Sheet, sheet),
        (Place::Timeline, Some(&state.timeline.asked)),
        (Place::History, Some(&state.history.asked)),
    ];
    for (place, asked) in all {
        if let Some((turn, question)) = asked.and_then(Asked::open) {
            desk.ask(place, turn, question);
        }
    }
}

/// An answer has come, or none.
pub fn take(state: &mut State, news: News) {
    let now = state.now.timestamp();
    let News { place, turn, told } = news;
    match told {
        Err(why) => {
            if let Some(asked) = asked(state, place) {
                asked.failed(turn, why, now);
            }
        }
        Ok(told) => {
            if asked(state, place).is_some_and(|asked| asked.answered(turn)) {
                put(state, place, told);
            }
        }
    }
}

fn put(state: &mut State, place: Place, told: Told) {
    match (place, told) {
        (Place::Changes, Told::Changes(page)) => state.feed.told(page),
        (Place::History, Told::Changes(page)) => state.history.told(page),
        (Place::Timeline, Told::Minutes(ticks)) => state.timeline.told(ticks),
        (Place::Sheet, Told::Parts(parts)) => {
            if let Some(Layer::Change(sheet)) = &mut state.layer {
                sheet.parts = Some(parts);
            }
        }
        // Nobody asks for anything else there.
        _ => {}
    }
}

fn asked(state: &mut State, place: Place) -> Option<&mut Asked> {
    match place {
        Place::Changes => Some(&mut state.feed.asked),
        Place::Timeline => Some(&mut state.timeline.asked),
        Place::History => Some(&mut state.history.asked),
        Place::Sheet => match &mut state.layer {
            Some(Layer::Change(sheet)) => Some(&mut sheet.asked),
            _ => None,
        },
    }
}

/// Time has passed.
pub fn tick(state: &mut State) {
    let now = state.now.timestamp();
    for place in Place::ALL {
        if let Some(asked) = asked(state, place) {
            asked.tick(now);
        }
    }
}

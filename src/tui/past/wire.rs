//! Between the loop and the desk that asks the ledger.

use super::Asked;
use super::desk::{Desk, News, Place};
use crate::service::past::Told;
use crate::tui::layer::Layer;
use crate::tui::sought;
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
        (Place::Ticket, Some(&state.sought)),
    ];
    for (place, asked) in all {
        if let Some((turn, question)) = asked.and_then(Asked::open) {
            desk.ask(place, turn, question);
        }
    }
}

/// An answer has come, or none. Whether that shows.
pub fn take(state: &mut State, news: News) -> bool {
    let now = state.now.timestamp();
    let News { place, turn, told } = news;
    match told {
        Err(why) => {
            if place == Place::Ticket {
                sought::failed(state, turn, &why);
            } else if let Some(asked) = asked(state, place) {
                asked.failed(turn, why, now);
            }
            true
        }
        Ok(told) => {
            let is_it = asked(state, place).is_some_and(|asked| asked.answered(turn));
            // A calm minute more shows nowhere.
            let shows = !matches!(&told, Told::Minutes(ticks) if ticks.is_empty());
            if is_it {
                put(state, place, told);
            }
            is_it && shows
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
        (Place::Ticket, told) => sought::found(state, told),
        // Nobody asks for anything else there.
        _ => {}
    }
}

fn asked(state: &mut State, place: Place) -> Option<&mut Asked> {
    match place {
        Place::Changes => Some(&mut state.feed.asked),
        Place::Timeline => Some(&mut state.timeline.asked),
        Place::History => Some(&mut state.history.asked),
        Place::Ticket => Some(&mut state.sought),
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

//! The `:` line: the same sentences as in the shell, and the console's own verbs.

use super::callmap::act;
use super::changes::act as changes;
use super::orders;
use super::state::{Layer, Notice, Pane, State};
use super::update::{self, Effect};
use crate::grammar::{self, ConsoleSentence, Sentence};
use crate::model::action::{Action, offered};

/// Runs a written line.
pub fn run(state: &mut State, line: &str) -> Option<Effect> {
    if line.trim().is_empty() {
        return None;
    }
    match grammar::console_line(line) {
        Ok(ConsoleSentence::Shared(Sentence::Ps(ps))) => {
            state.tenants.set_filter(&ps.filter.join(" "));
            if let Some(error) = &state.tenants.filter_error {
                state.notice = Some(Notice { text: error.to_string(), bad: true });
            }
            state.focus = Pane::Tenants;
        }
        Ok(ConsoleSentence::Shared(Sentence::Hosts(_))) => state.layer = Some(Layer::Hosts(0)),
        Ok(ConsoleSentence::Shared(Sentence::Changes(args))) => changes::said(state, &args),
        Ok(ConsoleSentence::Shared(Sentence::Dump(dump))) => return orders::dump(state, &dump),
        Ok(ConsoleSentence::Shared(Sentence::Wake(wake))) => return orders::wake(state, &wake),
        Ok(ConsoleSentence::Shared(Sentence::Tickets(tickets))) => orders::tickets(state, &tickets),
        Ok(ConsoleSentence::Shared(Sentence::Doctor(_))) => {
            let text = state.messages.say("notice-doctor");
            state.notice = Some(Notice { text, bad: true });
        }
        Ok(ConsoleSentence::Callmap(args)) => return act::written(state, args),
        Ok(ConsoleSentence::Sort { by, reverse }) => update::sort(state, by, reverse),
        Ok(ConsoleSentence::Theme { name: None }) => return update::act(state, Action::Theme),
        Ok(ConsoleSentence::Theme { name: Some(name) }) => {
            if !update::set_theme(state, &name) {
                unknown(state, &name, crate::config::theme::Theme::shipped().iter().map(|(name, _)| *name));
            }
        }
        Ok(ConsoleSentence::Action(words)) => {
            let word = words.first().map(String::as_str).unwrap_or_default();
            match Action::by_name(word) {
                Some(action) => return update::act(state, action),
                None => unknown(state, word, known_words(state.read_only())),
            }
        }
        Err(error) => state.notice = Some(Notice { text: error, bad: true }),
    }
    None
}

fn known_words(read_only: bool) -> impl Iterator<Item = &'static str> {
    offered(read_only).map(|about| about.name).chain(["ps", "hosts", "changes", "callmap", "sort", "theme"])
}

fn unknown<'a>(state: &mut State, word: &str, known: impl Iterator<Item = &'a str>) {
    let near = known
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= name.len() / 2)
        .min()
        .map(|(_, name)| name);
    let text = match near {
        Some(near) => state.messages.say_with("notice-did-you-mean", [("word", word), ("near", near)]),
        None => state.messages.say_with("notice-unknown-command", [("word", word)]),
    };
    state.notice = Some(Notice { text, bad: true });
}

//! Which key does what.

use std::collections::HashMap;

use super::error::ConfigError;
use super::locate::Step::{Item, Key as At, Name};
use super::ordered::{Ordered, Words};
use super::suggest;
use super::yaml::Source;
use crate::model::action::{ACTIONS, Action, Scope};
use crate::model::key::Key;

/// Which key does what: the actions' own keys, and the config's in place of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    by_key: HashMap<(Scope, Key), Action>,
    by_action: HashMap<Action, Vec<Key>>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::new(defaults())
    }
}

impl Keymap {
    fn new(by_action: HashMap<Action, Vec<Key>>) -> Self {
        let by_key = by_action
            .iter()
            .flat_map(|(action, keys)| keys.iter().map(|key| ((action.about().scope, *key), *action)))
            .collect();
        Keymap { by_key, by_action }
    }

    /// What a press of this key does there.
    #[must_use]
    pub fn action(&self, scope: Scope, key: Key) -> Option<Action> {
        self.by_key.get(&(scope, key)).or_else(|| self.by_key.get(&(Scope::Everywhere, key))).copied()
    }

    /// The keys of an action, the first one for hints.
    #[must_use]
    pub fn keys(&self, action: Action) -> &[Key] {
        self.by_action.get(&action).map_or(&[], Vec::as_slice)
    }
}

fn defaults() -> HashMap<Action, Vec<Key>> {
    let keys = |names: &[&str]| names.iter().filter_map(|name| name.parse().ok()).collect();
    ACTIONS.iter().map(|about| (about.action, keys(about.keys))).collect()
}

/// The keymap with the keys of the config, `written`.
///
/// # Errors
/// An action or a key is not known, one key is to do two things, or nothing is left to quit with.
pub fn check(source: Source<'_>, written: &Ordered<Words>) -> Result<Keymap, ConfigError> {
    let mut by_action = defaults();
    for (name, words) in &written.0 {
        let Some(action) = Action::by_name(name) else {
            let known: Vec<&str> = ACTIONS.iter().map(|about| about.name).collect();
            let error = source.fault(&[At("keys"), Name(name)], format!("there is no action `{name}`"));
            return Err(error.with_help(Some(suggest::help(name, &known))));
        };
        let mut keys = Vec::new();
        for (at, word) in words.all().iter().enumerate() {
            let key: Key =
                word.parse().map_err(|error| fault(source, name, words, at, &format!("{error}")))?;
            if keys.contains(&key) {
                return Err(fault(source, name, words, at, &format!("key `{key}` stands here twice")));
            }
            keys.push(key);
        }
        if action == Action::Quit && keys.is_empty() {
            return Err(source.fault(&[At("keys"), At(name)], "`quit` needs a key: there must be a way out"));
        }
        by_action.insert(action, keys);
    }
    refuse_clashes(source, written, &by_action)?;
    Ok(Keymap::new(by_action))
}

/// Clashes are looked for when all is read: an action may take the key that another one gives up further down.
fn refuse_clashes(
    source: Source<'_>,
    written: &Ordered<Words>,
    by_action: &HashMap<Action, Vec<Key>>,
) -> Result<(), ConfigError> {
    let is_written = |action: Action| written.0.iter().any(|(name, _)| name == action.about().name);
    let mut owners: HashMap<(Scope, Key), &str> = ACTIONS
        .iter()
        .filter(|about| !is_written(about.action))
        .flat_map(|about| {
            let keys = by_action.get(&about.action).into_iter().flatten();
            keys.map(|key| ((about.scope, *key), about.name))
        })
        .collect();
    for (name, words) in &written.0 {
        let scope = Action::by_name(name).map_or(Scope::Everywhere, |action| action.about().scope);
        for (at, word) in words.all().iter().enumerate() {
            let Ok(key) = word.parse::<Key>() else { continue };
            if let Some(owner) = owners.insert((scope, key), name) {
                let or_none =
                    if owner == "quit" { String::new() } else { format!(", or `{owner}: []` for none") };
                let help = format!("give `{owner}` another key too{or_none}");
                let error = fault(source, name, words, at, &format!("key `{key}` is the key of `{owner}`"));
                return Err(error.with_help(Some(help)));
            }
        }
    }
    Ok(())
}

fn fault(source: Source<'_>, action: &str, words: &Words, at: usize, message: &str) -> ConfigError {
    match words {
        Words::One(_) => source.fault(&[At("keys"), At(action)], message),
        Words::Many(_) => source.fault(&[At("keys"), At(action), Item(at)], message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn keymap(yaml: &str) -> Result<Keymap, ConfigError> {
        let text = format!("keys: {yaml}");
        let source = Source { file: Path::new("f"), text: &text };
        let file: super::super::shape::File = super::super::yaml::read(source.file, source.text)?;
        check(source, &file.keys)
    }

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn without_a_word_every_action_has_its_own_keys() {
        let keymap = Keymap::default();
        for about in ACTIONS {
            assert_eq!(keymap.keys(about.action).len(), about.keys.len());
            for name in about.keys {
                assert_eq!(keymap.action(about.scope, key(name)), Some(about.action));
            }
        }
        assert_eq!(keymap.action(Scope::Everywhere, key("alt-F12")), None);
    }

    #[test]
    fn written_keys_stand_in_place_of_the_defaults() {
        let keymap = keymap("{sort: [F6, 0], reverse: s, follow: []}").unwrap();
        assert_eq!(keymap.keys(Action::Sort), [key("F6"), key("0")]);
        assert_eq!(keymap.action(Scope::Everywhere, key("s")), Some(Action::Reverse));
        assert_eq!(keymap.action(Scope::Everywhere, key("S")), None);
        assert!(keymap.keys(Action::Follow).is_empty());
    }

    #[test]
    fn a_pane_may_have_keys_that_mean_something_else_elsewhere() {
        let keymap = keymap("{callmap-again: [r, s]}").unwrap();
        assert_eq!(keymap.action(Scope::Callmap, key("s")), Some(Action::CallmapAgain));
        assert_eq!(keymap.action(Scope::Everywhere, key("s")), Some(Action::Sort));
        assert_eq!(keymap.action(Scope::Callmap, key("q")), Some(Action::Quit));
        let told = super::tests::keymap("{callmap-again: y}").unwrap_err().to_string();
        assert!(told.contains("key `y` is the key of `callmap-copy`"), "{told}");
    }

    #[test]
    fn a_key_for_two_actions_is_refused_where_it_is_written() {
        let told = keymap("{sort: [F6, q]}").unwrap_err().to_string();
        assert!(told.starts_with("f:1:19: key `q` is the key of `quit`"), "{told}");
        let told = keymap("{sort: x, reverse: x}").unwrap_err().to_string();
        assert!(told.starts_with("f:1:26: key `x` is the key of `sort`"), "{told}");
    }
}

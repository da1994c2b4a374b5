//! The language in which changes are asked for: the pane's filter, `:changes` and the shell read the same words.
//!
//! `yesterday between 09:00 and 10:30 who:op1 verb:dumped,woke !tenant:acme "exit 137"`. The present moment is passed in;
//! its time zone is the one that days and times of day are of.

use std::sync::Arc;

use jiff::Zoned;

use super::fields::{FIELDS, sources, verbs};
use super::time::{Times, pieces};
use super::words::{Value, Word, words};
use super::{Ask, Term, Test};
use crate::model::change::{Source, Verb};
use crate::model::plain::plain;
use crate::model::suggest;

/// The longest question, in characters.
const LONGEST: usize = 2000;
/// How many terms it may have, and values each of them.
const MOST_TERMS: usize = 32;
const MOST_VALUES: usize = 64;
/// So much of a word is shown when it is not understood.
const SHOWN: usize = 40;

/// A question that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at {at}, `{word}`: {what}")]
pub struct BadAsk {
    /// Where, in characters; the first is 1.
    pub at: usize,
    /// The word, harmless for a terminal.
    pub word: String,
    /// What is wrong with it, and what to do.
    pub what: String,
}

impl BadAsk {
    pub(super) fn new(at: usize, word: &str, what: impl Into<String>) -> Self {
        let mut shown: String = word.chars().take(SHOWN).collect();
        if word.chars().nth(SHOWN).is_some() {
            shown.push('…');
        }
        BadAsk { at, word: plain(&shown).into_owned(), what: what.into() }
    }
}

impl Ask {
    /// Reads a question. `now` has the time zone that it is asked in.
    ///
    /// # Errors
    /// Names the first word that cannot be understood, its place, and what was probably meant.
    pub fn parse(text: &str, now: &Zoned) -> Result<Ask, BadAsk> {
        if text.chars().nth(LONGEST).is_some() {
            return Err(BadAsk::new(LONGEST + 1, "", format!("a question has {LONGEST} characters at most")));
        }
        let words = words(text)?;
        let pieces = pieces(&words, now);
        let times = Times { pieces: &pieces, now };
        let mut ask = Ask::default();
        let mut at = 0;
        while let Some(piece) = pieces.get(at) {
            if let Some((range, next)) = times.read(at)? {
                if ask.range.replace(range).is_some() {
                    return Err(
                        times.bad(at, "a second stretch of time; days are joined so: 2026-11-20..2026-11-22")
                    );
                }
                at = next;
                continue;
            }
            terms(&words[piece.word], &mut ask.terms)?;
            if ask.terms.len() > MOST_TERMS {
                return Err(times.bad(at, format!("a question has {MOST_TERMS} terms at most")));
            }
            // All pieces of a word go with it.
            let word = piece.word;
            at += pieces[at..].iter().take_while(|piece| piece.word == word).count();
        }
        Ok(ask)
    }

    /// One text of the words of a command line, from which the shell has taken the quotes: words that stood in quotes
    /// together are a phrase, unless they ask for more than a text.
    #[must_use]
    pub fn joined(words: &[String], now: &Zoned) -> String {
        let is_phrase = |word: &str| {
            word.contains(char::is_whitespace)
                && !word.contains(['"', '\''])
                && Ask::parse(word, now).is_ok_and(|ask| {
                    ask.range.is_none()
                        && ask.terms.iter().all(|it| !it.negated && matches!(it.test, Test::Text(_)))
                })
        };
        let word = |word: &String| if is_phrase(word) { format!("\"{word}\"") } else { word.clone() };
        words.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

/// What a word asks for: a term, or two where some of its values are negated and some are not.
fn terms(word: &Word, terms: &mut Vec<Term>) -> Result<(), BadAsk> {
    let Some(field) = &word.field else {
        let value = &word.values[0];
        if value.text.trim().is_empty() {
            return Err(BadAsk::new(value.at, &value.text, "nothing to look for"));
        }
        terms.push(Term { negated: word.negated, test: Test::Text(value.text.to_lowercase().into()) });
        return Ok(());
    };
    let names = FIELDS.map(|field| field.name);
    if !names.contains(&field.as_str()) {
        let help = suggest::help(field, &names);
        let what = format!("no such field; {help}; to look for the text itself, put it into quotes");
        return Err(BadAsk::new(word.at, &format!("{field}:"), what));
    }
    if word.values.len() > MOST_VALUES {
        return Err(BadAsk::new(word.at, field, format!("a field has {MOST_VALUES} values at most")));
    }
    let (not, wanted): (Vec<&Value>, Vec<&Value>) = word.values.iter().partition(|value| value.negated);
    if word.negated && !not.is_empty() && !wanted.is_empty() {
        return Err(BadAsk::new(word.at, field, "`!` before the field or before its values, not both"));
    }
    for (values, negated) in [(wanted, word.negated), (not, !word.negated)] {
        if !values.is_empty() {
            terms.push(Term { negated, test: test(field, &values)? });
        }
    }
    Ok(())
}

fn test(field: &str, values: &[&Value]) -> Result<Test, BadAsk> {
    if let Some(empty) = values.iter().find(|value| value.text.trim().is_empty()) {
        let what = match field {
            "who" => "a value is missing; `who:-` finds what nobody is known to have done",
            _ => "a value is missing",
        };
        return Err(BadAsk::new(empty.at, &format!("{field}:"), what));
    }
    Ok(match field {
        "who" => Test::Who(texts(values.iter().flat_map(|value| people(&value.text)))),
        "tenant" => Test::Tenant(lower(values)),
        "host" => Test::Host(lower(values)),
        "container" => Test::Container(lower(values)),
        "ticket" => Test::Ticket(tickets(values)?),
        "source" => Test::Source(known(values, "source", &sources(), Source::of)?),
        _ => Test::Verb(known(values, "verb", &verbs(), Verb::of)?),
    })
}

/// Somebody's name alone means that person at every machine: actors are known as `op1@war-room`.
fn people(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    if name == "-" || name.contains(['@', '*']) {
        return vec![name];
    }
    let anywhere = format!("{name}@*");
    vec![name, anywhere]
}

fn lower(values: &[&Value]) -> Vec<Arc<str>> {
    texts(values.iter().map(|value| value.text.to_lowercase()))
}

/// Each once.
fn texts(values: impl Iterator<Item = String>) -> Vec<Arc<str>> {
    let mut texts: Vec<Arc<str>> = Vec::new();
    for value in values {
        if !texts.iter().any(|known| **known == *value) {
            texts.push(value.into());
        }
    }
    texts
}

fn tickets(values: &[&Value]) -> Result<Vec<Arc<str>>, BadAsk> {
    let is_one = |text: &str| text.len() <= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match values.iter().find(|value| !is_one(&value.text)) {
        Some(bad) => Err(BadAsk::new(bad.at, &bad.text, "no ticket: 7 hex digits, or the first of them")),
        None => Ok(lower(values)),
    }
}

/// The things of those words.
fn known<T: PartialEq>(
    values: &[&Value],
    field: &str,
    words: &[&str],
    of: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, BadAsk> {
    let mut things = Vec::new();
    for value in values {
        let Some(thing) = of(&value.text.to_lowercase()) else {
            let help = suggest::help(&value.text, words);
            return Err(BadAsk::new(value.at, &value.text, format!("no such {field}; {help}")));
        };
        if !things.contains(&thing) {
            things.push(thing);
        }
    }
    Ok(things)
}

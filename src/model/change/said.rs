//! What somebody says of a change, checked and made a record.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Change, Confidence, Record, Source, Verb};
use crate::model::plain::plain_to;

/// The longest text of a note, in bytes.
pub const LONGEST_TEXT: usize = 4 * 1024;
/// The longest name in one: of an object, a host, a person.
const LONGEST_NAME: usize = 256;
/// The longest id, together with the source of an event.
const LONGEST_KEY: usize = 2 * 1024;
/// How far ahead of ours the clock of whoever tells may be; a date beyond that is a mistake.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// How long ago it may be: older changes are not kept.
const AGO: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// The verbs that somebody else may say. The others tell of what only we can know.
pub const SAYABLE: [Verb; 16] = [
    Verb::Noted,
    Verb::Created,
    Verb::Started,
    Verb::Ended,
    Verb::Crashed,
    Verb::Killed,
    Verb::Stopped,
    Verb::Restarted,
    Verb::Paused,
    Verb::Unpaused,
    Verb::Renamed,
    Verb::Updated,
    Verb::Checkpointed,
    Verb::Removed,
    Verb::Failed,
    Verb::Edited,
];

/// What somebody says, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What happened.
    pub text: String,
    /// Whether too long a text is cut; else it is refused.
    pub is_cut: bool,
    /// The same in one word.
    pub verb: Verb,
    /// To what: a tenant's name, or anything.
    pub object: Option<String>,
    /// On which host.
    pub host: Option<String>,
    /// Who did it.
    pub actor: Option<String>,
    /// When; now where it is not said.
    pub time: Option<String>,
    /// Why, or by what.
    pub cause: Option<String>,
    /// What makes it the same where it is told again; made up where it is not said.
    pub key: Option<String>,
}

/// What is wrong with what somebody says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Wrong {
    /// What is wrong.
    pub message: String,
    /// The key that it is wrong with.
    pub key: Option<String>,
}

impl Wrong {
    /// Something wrong with all of it.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Wrong { message: message.into(), key: None }
    }

    /// The same at a key.
    #[must_use]
    pub fn at(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }
}

impl Said {
    /// A note of that text, and nothing more.
    #[must_use]
    pub fn of(text: impl Into<String>) -> Self {
        Said {
            text: text.into(),
            is_cut: false,
            verb: Verb::Noted,
            object: None,
            host: None,
            actor: None,
            time: None,
            cause: None,
            key: None,
        }
    }

    /// The key of an id that somebody gave, of no source in particular.
    #[must_use]
    pub fn key_of(id: &str) -> String {
        format!("id\0{id}")
    }

    /// The record of it. `raw` is all that was told; `made_up` is the key of what has none, and must be told never again.
    ///
    /// # Errors
    /// A text that is missing or too long, or a date that cannot be meant.
    pub fn record(
        self,
        raw: &str,
        made_up: &str,
        is_tenant: impl FnOnce(&str) -> bool,
        now: Timestamp,
    ) -> Result<Record, Wrong> {
        let text = self.text.trim();
        if text.is_empty() {
            return Err(Wrong::new("there is no text").at("text"));
        }
        if text.len() > LONGEST_TEXT && !self.is_cut {
            let message = format!("the text has {} bytes: {LONGEST_TEXT} are kept at most", text.len());
            return Err(Wrong::new(message).at("text"));
        }
        let verb = self.verb;
        if !SAYABLE.contains(&verb) {
            return Err(Wrong::new(format!("only wakeboard itself says `{verb}`: {}", sayable())).at("verb"));
        }
        let time = time(self.time.as_deref(), now)?;
        let key = self.key.as_deref().unwrap_or(made_up);
        if key.len() > LONGEST_KEY {
            return Err(Wrong::new(format!("an id has {LONGEST_KEY} bytes at most")).at("id"));
        }
        let object = name("object", self.object.as_deref(), self.is_cut)?;
        let (tenant, thing) = match object {
            Some(object) if is_tenant(&object) => (Some(object), None),
            other => (None, other),
        };
        let actor = name("actor", self.actor.as_deref(), self.is_cut)?;
        let reading = Change {
            host: name("host", self.host.as_deref(), self.is_cut)?,
            confidence: if actor.is_some() { Confidence::Likely } else { Confidence::Unknown },
            actor,
            tenant,
            thing,
            cause: name("cause", self.cause.as_deref(), true)?,
            detail: Some(line(text, LONGEST_TEXT)),
            ..Change::new(Source::Note, Record::act_of(Source::Note, key), time, verb)
        };
        let raw: Arc<str> = line(raw, LONGEST_TEXT).into();
        Ok(Record::alone(key, raw.clone(), Change { raw: vec![raw], ..reading }))
    }
}

/// The verb of that word, if others may say it.
///
/// # Errors
/// It is none, or one of ours.
pub fn verb(word: &str) -> Result<Verb, Wrong> {
    Verb::of(word).filter(|verb| SAYABLE.contains(verb)).ok_or_else(|| {
        let words: Vec<&str> = SAYABLE.iter().map(|verb| verb.as_str()).collect();
        let help = crate::model::suggest::help(word, &words);
        Wrong::new(format!("`{}` is no verb of a note; {help}", plain_to(word, 64))).at("verb")
    })
}

fn sayable() -> String {
    SAYABLE.map(Verb::as_str).join(", ")
}

fn time(said: Option<&str>, now: Timestamp) -> Result<Timestamp, Wrong> {
    let Some(said) = said else { return Ok(now) };
    let shown = plain_to(said, 64);
    let wrong = |why: &str| Wrong::new(format!("{shown:?} {why}")).at("time");
    let time: Timestamp = said
        .trim()
        .parse()
        .map_err(|_| wrong("is no time: write it as 2026-11-23T14:02:40Z, or with +01:00"))?;
    let age = now.duration_since(time);
    if age < -AHEAD {
        return Err(wrong("is more than a day ahead: is that clock right?"));
    }
    if age > AGO {
        return Err(wrong("is more than two years ago: so old changes are not kept"));
    }
    Ok(time)
}

fn name(key: &str, said: Option<&str>, is_cut: bool) -> Result<Option<Arc<str>>, Wrong> {
    let Some(said) = said.map(str::trim).filter(|said| !said.is_empty()) else { return Ok(None) };
    if said.len() > LONGEST_NAME && !is_cut {
        return Err(Wrong::new(format!("this is longer than {LONGEST_NAME} bytes")).at(key));
    }
    Ok(Some(line(said, LONGEST_NAME).into()))
}

/// The text in one line of at most so many bytes, harmless for a terminal.
fn line(text: &str, longest: usize) -> String {
    let words: Vec<&str> =
        text.split(['\n', '\r', '\t']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let clean = plain_to(&words.join(" "), longest).into_owned();
    if clean.len() <= longest {
        return clean;
    }
    let mut end = longest - '…'.len_utf8();
    while !clean.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &clean[..end])
}

#[cfg(test)]
#[path = "said_tests.rs"]
mod tests;

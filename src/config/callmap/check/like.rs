//! What texts must be like.

use std::collections::HashMap;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::{Check, json_path};
use crate::config::callmap::limits::{LARGEST_PATTERN, LONGEST_PATTERN, MOST_PATTERNS};
use crate::config::callmap::shape::{BodyLike, Like, Rules};
use crate::config::callmap::written::{At, Many, Pairs, Word};
use crate::config::callmap::wrong::Wrong;
use crate::config::error::ConfigError;
use crate::model::callmap::map::Matcher;

/// The patterns of a callmap: the same one, repeated by an alias or an include, is compiled once.
pub type Patterns = HashMap<String, Regex>;

/// What a body must be like, and what its JSON must hold.
pub type OfBody = (Vec<Matcher>, Vec<(Arc<str>, Value)>);

/// What one text must be like: one thing.
///
/// # Errors
/// Nothing is said, or more than one thing, or a pattern is none.
pub fn one(check: &Check<'_>, like: &At<Like>) -> Result<Matcher, ConfigError> {
    let mut all = any(check, &like.value)?;
    match all.pop() {
        Some(one) if all.is_empty() => Ok(one),
        _ => Err(check.fault(
            like.spot,
            Wrong::new("this says more than one thing", "say one of `contains`, `is`, `matches`"),
        )),
    }
}

/// What one text must be like.
///
/// # Errors
/// Nothing is said, or a pattern is none.
pub fn any(check: &Check<'_>, like: &Like) -> Result<Vec<Matcher>, ConfigError> {
    match like {
        Like::Text(word) => Ok(vec![contains(check, word)?]),
        Like::Map(rules) => self::rules(check, rules),
    }
}

/// What the rules say.
///
/// # Errors
/// They say nothing, or a pattern is none.
pub fn rules(check: &Check<'_>, rules: &At<Rules>) -> Result<Vec<Matcher>, ConfigError> {
    let Rules { contains, is, matches } = &rules.value;
    let all = matchers(check, contains.as_ref(), is.as_ref(), matches.as_ref())?;
    if all.is_empty() {
        return Err(
            check.fault(rules.spot, Wrong::new("nothing is said", "say one of `contains`, `is`, `matches`"))
        );
    }
    Ok(all)
}

/// What a body must be like.
///
/// # Errors
/// Nothing is said, a pattern is none, or a path into JSON is none.
pub fn body(check: &Check<'_>, like: &At<BodyLike>) -> Result<OfBody, ConfigError> {
    let rules = match &like.value {
        BodyLike::Text(word) => return Ok((vec![contains(check, word)?], Vec::new())),
        BodyLike::Map(rules) => rules,
    };
    let all = matchers(check, rules.contains.as_ref(), rules.is.as_ref(), rules.matches.as_ref())?;
    let json = rules.json.as_ref().map(|json| self::json(check, json)).transpose()?.unwrap_or_default();
    if all.is_empty() && json.is_empty() {
        let wrong = Wrong::new("nothing is said", "say one of `contains`, `is`, `matches`, `json`");
        return Err(check.fault(like.spot, wrong));
    }
    Ok((all, json))
}

fn json(check: &Check<'_>, json: &At<Pairs<Value>>) -> Result<Vec<(Arc<str>, Value)>, ConfigError> {
    if json.value.0.is_empty() {
        return Err(check.fault(json.spot, "this map is empty"));
    }
    let pair = |(path, value): &(At<String>, Value)| {
        json_path::check(&path.value).map_err(|wrong| check.fault(path.spot, wrong))?;
        Ok((path.value.as_str().into(), value.clone()))
    };
    json.value.0.iter().map(pair).collect()
}

fn matchers(
    check: &Check<'_>,
    contained: Option<&At<Many<Word>>>,
    is: Option<&Word>,
    matched: Option<&At<Many<At<String>>>>,
) -> Result<Vec<Matcher>, ConfigError> {
    let mut all = Vec::new();
    if let Some(words) = contained {
        not_empty(check, words)?;
        for word in &words.value.0 {
            all.push(contains(check, word)?);
        }
    }
    if let Some(word) = is {
        all.push(Matcher::Is(word.text.clone()));
    }
    if let Some(patterns) = matched {
        not_empty(check, patterns)?;
        for written in &patterns.value.0 {
            let pattern = pattern(check, &written.value);
            all.push(Matcher::Matches(pattern.map_err(|wrong| check.fault(written.spot, wrong))?));
        }
    }
    Ok(all)
}

/// A list that is written has something in it.
///
/// # Errors
/// It has nothing.
pub fn not_empty<T>(check: &Check<'_>, list: &At<Many<T>>) -> Result<(), ConfigError> {
    if list.value.0.is_empty() {
        return Err(check.fault(list.spot, "this list is empty"));
    }
    Ok(())
}

fn contains(check: &Check<'_>, word: &Word) -> Result<Matcher, ConfigError> {
    if word.text.value().is_empty() {
        return Err(check.fault(word.spot, "every text holds an empty one"));
    }
    Ok(Matcher::Contains(word.text.clone()))
}

fn pattern(check: &Check<'_>, text: &str) -> Result<Regex, Wrong> {
    if text.len() > LONGEST_PATTERN {
        return Err(format!("the pattern is longer than {LONGEST_PATTERN} bytes").into());
    }
    let mut known = check.patterns.borrow_mut();
    if let Some(pattern) = known.get(text) {
        return Ok(pattern.clone());
    }
    if known.len() >= MOST_PATTERNS {
        return Err(format!("more than {MOST_PATTERNS} different patterns").into());
    }
    let mut builder = RegexBuilder::new(text);
    builder.size_limit(LARGEST_PATTERN).dfa_size_limit(LARGEST_PATTERN).nest_limit(50);
    let pattern = builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            Wrong::new("the pattern grows too large", "repeat less, or smaller parts")
        }
        error => {
            // The error draws a picture of several lines; the last one says what is wrong.
            let error = error.to_string();
            let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            let help = "put patterns in single quotes; a `\\` stays one there";
            Wrong::new(format!("the pattern is no regular expression: {last}"), help)
        }
    })?;
    known.insert(text.to_owned(), pattern.clone());
    Ok(pattern)
}

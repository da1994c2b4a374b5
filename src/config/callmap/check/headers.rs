//! Headers, sent and expected.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use super::{Check, like, names};
use crate::config::callmap::limits::{LONGEST_HEADER, MOST_HEADERS};
use crate::config::callmap::shape::{self, HeaderLike};
use crate::config::callmap::written::{Many, Pairs, Word};
use crate::config::callmap::wrong::Wrong;
use crate::config::error::ConfigError;
use crate::model::callmap::map::{Matcher, Text};

/// Headers that say how a request is sent, which is not the file's to say.
const OURS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that must be there, with what they must hold.
type OfHeaders = Vec<(Arc<str>, Option<Matcher>)>;

/// The headers that a request sends.
///
/// # Errors
/// A name or a value that cannot be sent, or one that is not the file's to say.
pub fn sent(check: &Check<'_>, written: &Pairs<Many<Word>>) -> Result<Vec<(Arc<str>, Text)>, ConfigError> {
    let mut headers = Vec::new();
    let mut seen = Vec::new();
    for (name, values) in &written.0 {
        let parsed = header_name(&name.value).map_err(|wrong| check.fault(name.spot, wrong))?;
        if OURS.contains(&parsed.as_str()) {
            let message = format!("`{}` says how a request is sent, which wakeboard does itself", name.value);
            return Err(check.fault(name.spot, message));
        }
        if seen.contains(&parsed) {
            let wrong = Wrong::new(
                format!("header `{}` stands here twice", name.value),
                "write its values as a list",
            );
            return Err(check.fault(name.spot, wrong));
        }
        if parsed == "host" && values.0.len() > 1 {
            return Err(check.fault(name.spot, "a request has one host"));
        }
        for value in &values.0 {
            let checked = header_value(&value.text).and_then(|()| match parsed.as_str() {
                "host" => host(&value.text),
                _ => Ok(()),
            });
            checked.map_err(|wrong| check.fault(value.spot, wrong))?;
            headers.push((name.value.as_str().into(), value.text.clone()));
        }
        if headers.len() > MOST_HEADERS {
            return Err(check.fault(name.spot, format!("more than {MOST_HEADERS} headers")));
        }
        seen.push(parsed);
    }
    Ok(headers)
}

fn header_name(name: &str) -> Result<HeaderName, Wrong> {
    let parsed = if name.len() <= LONGEST_HEADER { HeaderName::try_from(name).ok() } else { None };
    parsed.ok_or_else(|| format!("`{name}` is no name of a header").into())
}

fn header_value(text: &Text) -> Result<(), Wrong> {
    if text.value().len() > LONGEST_HEADER {
        return Err(format!("the value of a header is longer than {LONGEST_HEADER} bytes").into());
    }
    let end = |c| matches!(c, '\r' | '\n');
    if text.shown().contains(end) {
        return Err(Wrong::new(
            "the value of a header has one line",
            "a text behind `|` ends with a line's end, one behind `|-` does not",
        ));
    }
    if text.value().contains(end) {
        return Err(Wrong::new(
            "a secret has more than one line",
            "no line's end may stand behind it either",
        ));
    }
    if !text.value().is_ascii() || HeaderValue::from_str(text.value()).is_err() {
        return Err("the value of a header has a character that cannot stand there".into());
    }
    Ok(())
}

fn host(text: &Text) -> Result<(), Wrong> {
    if text.value() != &**text.shown() {
        return Err("a secret may not stand here: it would be shown".into());
    }
    let (host, _) = names::split_port(text.value())?;
    names::host(host).map(|_| ())
}

/// The headers that an answer must have.
///
/// # Errors
/// A name that is none, or a rule that says nothing.
pub fn expected(check: &Check<'_>, written: &Pairs<HeaderLike>) -> Result<OfHeaders, ConfigError> {
    let mut headers = Vec::new();
    for (name, wanted) in &written.0 {
        header_name(&name.value).map_err(|wrong| check.fault(name.spot, wrong))?;
        let name: Arc<str> = name.value.as_str().into();
        match wanted {
            HeaderLike::Nothing => headers.push((name, None)),
            HeaderLike::Text(word) => {
                let like = shape::Like::Text(word.clone());
                headers.extend(like::any(check, &like)?.into_iter().map(|it| (name.clone(), Some(it))));
            }
            HeaderLike::Map(rules) => {
                headers.extend(like::rules(check, rules)?.into_iter().map(|it| (name.clone(), Some(it))));
            }
        }
    }
    if headers.len() > MOST_HEADERS {
        let spot = written.0.first().map(|(name, _)| name.spot);
        let told = format!("more than {MOST_HEADERS} headers");
        return spot.map_or(Ok(headers), |spot| Err(check.fault(spot, told)));
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Bearer x", true)]
    #[case("", true)]
    #[case("a\tb", true)]
    #[case("a\r\nb: c", false)]
    #[case("a\n", false)]
    #[case("a\0b", false)]
    #[case("租", false)]
    fn values_of_headers(#[case] value: &str, #[case] good: bool) {
        assert_eq!(header_value(&Text::open(value)).is_ok(), good);
    }

    #[test]
    fn a_secret_with_a_line_s_end_is_not_told() {
        let wrong = header_value(&Text::masked("geheim\n", "${env:TOKEN}")).unwrap_err();
        assert!(wrong.message.contains("secret") && !format!("{wrong:?}").contains("geheim"));
    }
}

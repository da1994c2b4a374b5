//! HTTP requests, and what their answers must be.

use std::ops::RangeInclusive;

use super::url::url;
use super::{Check, headers, like, number, trust};
use crate::config::callmap::limits::{MOST_DAYS, MOST_REDIRECTS};
use crate::config::callmap::shape::{self, Method};
use crate::config::callmap::written::{At, Written};
use crate::config::callmap::wrong::Wrong;
use crate::config::error::ConfigError;
use crate::config::suggest;
use crate::model::callmap::map::{HttpAsk, HttpExpect, HttpVersion, Text, Trust};

/// The statuses that are well where nothing is said.
const WELL: RangeInclusive<u16> = 200..=399;

/// The request of a probe.
///
/// # Errors
/// A URL, a header, a status or a number that cannot be, or something of TLS where there is none.
pub fn ask(check: &Check<'_>, probe: &shape::HttpProbe) -> Result<HttpAsk, ConfigError> {
    let url = url(&probe.http.text).map_err(|wrong| check.fault(probe.http.spot, wrong))?;
    let written = trust::Written::from(probe);
    let trust = if url.secure {
        trust::trust(check, written)?
    } else {
        trust::refuse(check, written)?;
        Trust::default()
    };
    let headers = probe.headers.as_ref().map(|written| headers::sent(check, written)).transpose()?;
    let redirects = match &probe.redirects {
        Some(written) => {
            let count = number::whole(written, 0, MOST_REDIRECTS);
            u8::try_from(count.map_err(|wrong| check.fault(written.spot, wrong))?).unwrap_or_default()
        }
        None => 0,
    };
    let version = probe.version.as_ref().map(|written| version(check, written)).transpose()?;
    Ok(HttpAsk {
        secure: url.secure,
        host: Text::open(&url.host),
        port: url.port,
        path: url.path,
        method: method(probe.method.unwrap_or(Method::Get)).into(),
        headers: headers.unwrap_or_default(),
        body: probe.body.as_ref().map(|body| body.text.clone()),
        redirects,
        version: version.unwrap_or_default(),
        trust,
        same_body: probe.same_body.as_ref().is_none_or(|same| same.value),
        expect: expect(check, probe.expect.as_ref(), url.secure)?,
    })
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
        Method::Options => "OPTIONS",
    }
}

fn version(check: &Check<'_>, written: &At<Written>) -> Result<HttpVersion, ConfigError> {
    match written.value.0.as_str() {
        "1.1" => Ok(HttpVersion::One),
        "2" => Ok(HttpVersion::Two),
        other => {
            let wrong =
                Wrong::new(format!("`{other}` is no version of HTTP that is spoken"), "known: 1.1, 2");
            Err(check.fault(written.spot, wrong))
        }
    }
}

fn expect(
    check: &Check<'_>,
    written: Option<&At<shape::HttpExpect>>,
    secure: bool,
) -> Result<HttpExpect, ConfigError> {
    let mut expect = HttpExpect {
        status: vec![WELL],
        cert_days: None,
        headers: Vec::new(),
        body: Vec::new(),
        json: Vec::new(),
    };
    let Some(At { spot, value: written }) = written else { return Ok(expect) };
    let shape::HttpExpect { status, cert_days, headers, body, slow } = written;
    if status.is_none() && cert_days.is_none() && headers.is_none() && body.is_none() && slow.is_none() {
        let wrong =
            Wrong::new("nothing is said", "say one of `status`, `cert_days`, `headers`, `body`, `slow`");
        return Err(check.fault(*spot, wrong));
    }
    if let Some(status) = status {
        like::not_empty(check, status)?;
        let range = |at: &At<Written>| statuses(&at.value.0).map_err(|wrong| check.fault(at.spot, wrong));
        expect.status = status.value.0.iter().map(range).collect::<Result<_, _>>()?;
    }
    if let Some(days) = cert_days {
        if !secure {
            let wrong = Wrong::new("there is no certificate", "the URL begins with `http://`");
            return Err(check.fault(days.spot, wrong));
        }
        expect.cert_days = Some(self::days(check, days)?);
    }
    if let Some(headers) = headers {
        expect.headers = headers::expected(check, headers)?;
    }
    if let Some(body) = body {
        (expect.body, expect.json) = like::body(check, body)?;
    }
    Ok(expect)
}

/// How many days a certificate must last.
///
/// # Errors
/// It is no number, or too large.
pub fn days(check: &Check<'_>, written: &At<Written>) -> Result<u32, ConfigError> {
    let days = number::whole(written, 0, MOST_DAYS).map_err(|wrong| check.fault(written.spot, wrong))?;
    Ok(u32::try_from(days).unwrap_or(u32::MAX))
}

/// `200`, `200-399`.
fn statuses(text: &str) -> Result<RangeInclusive<u16>, Wrong> {
    let status = |text: &str| number::digits(text.trim()).filter(|status| (100..=599).contains(status));
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = match (status(first), status(last)) {
        (Some(first), Some(last)) if first <= last => u16::try_from(first).ok().zip(u16::try_from(last).ok()),
        (Some(first), Some(last)) => {
            return Err(Wrong::new(format!("`{text}` runs backwards"), format!("write {last}-{first}")));
        }
        _ => None,
    };
    range.map(|(first, last)| first..=last).ok_or_else(|| {
        let class = text.strip_suffix("xx").and_then(|class| class.parse::<u8>().ok());
        let help = match class.filter(|class| (1..=5).contains(class)) {
            Some(class) => {
                suggest::help(&format!("{class}00-{class}99"), &[&*format!("{class}00-{class}99")])
            }
            None => "a number from 100 to 599, or a range such as 200-399".to_owned(),
        };
        Wrong::new(format!("`{text}` is no status"), help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("200", Some(200..=200))]
    #[case("200-399", Some(200..=399))]
    #[case("200 - 399", Some(200..=399))]
    #[case("399-200", None)]
    #[case("99", None)]
    #[case("600", None)]
    #[case("200-", None)]
    #[case("-200", None)]
    #[case("2xx", None)]
    #[case("", None)]
    fn statuses_and_ranges(#[case] text: &str, #[case] expected: Option<RangeInclusive<u16>>) {
        assert_eq!(statuses(text).ok(), expected);
    }
}

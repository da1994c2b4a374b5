//! Runs of callmaps among the tickets.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::time;
use crate::cli::{Failure, callmap, output};
use crate::model::callmap::kept::{Run, RunBody, RunOutcome};
use crate::model::callmap::text;
use crate::model::plain::plain;

/// What runs are called where tickets have their task.
const TASK: &str = "callmap";

/// A row of the list.
pub fn row(run: &Run, zone: &TimeZone) -> Vec<String> {
    let nothing = || "–".to_owned();
    vec![
        time(run.asked, zone),
        run.id.to_string(),
        plain(&run.actor).into_owned(),
        run.door.as_str().to_owned(),
        TASK.to_owned(),
        plain(&run.product).into_owned(),
        nothing(),
        nothing(),
        outcome(run).to_owned(),
        seconds(run),
        plain(run.reason.as_deref().unwrap_or_default()).into_owned(),
    ]
}

/// An object of the list.
pub fn value(run: &Run) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(run)?;
    if let Value::Object(map) = &mut value {
        map.insert("task".to_owned(), json!(TASK));
    }
    Ok(value)
}

/// One run, with all that is kept of it.
pub fn one(run: &Run, body: Option<&RunBody>, json: bool) -> Result<(), Failure> {
    if json {
        let failed = |error: serde_json::Error| Failure::Failed(error.to_string());
        let mut value = value(run).map_err(failed)?;
        if let Value::Object(map) = &mut value {
            map.insert("results".to_owned(), serde_json::to_value(body).map_err(failed)?);
        }
        return output::json(&value);
    }
    let zone = TimeZone::system();
    output::table(&about(run, &zone))?;
    let Some(body) = body else {
        return match run.ended {
            Some(_) if run.outcome.is_some_and(RunOutcome::has_report) => {
                output::print(|out| writeln!(out, "\nits results are not kept any more"))
            }
            _ => Ok(()),
        };
    };
    let mut lines = vec![text::Line::default()];
    lines.extend(text::report(&body.report));
    lines.extend(text::past(&body.report, body.last_good, &body.differs, &body.near, &zone));
    callmap::print(&lines, output::colours())
}

fn about(run: &Run, zone: &TimeZone) -> Vec<Vec<String>> {
    let mut rows = vec![
        ("ticket", run.id.to_string()),
        ("task", TASK.to_owned()),
        ("product", plain(&run.product).into_owned()),
        ("file", plain(&run.file).into_owned()),
        ("who", plain(&run.actor).into_owned()),
        ("door", run.door.as_str().to_owned()),
        ("asked", time(run.asked, zone)),
        ("ended", run.ended.map_or("–".to_owned(), |at| time(at, zone))),
        ("outcome", outcome(run).to_owned()),
        ("seconds", seconds(run)),
    ];
    if let Some(reason) = &run.reason {
        rows.push(("reason", plain(reason).into_owned()));
    }
    rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect()
}

fn outcome(run: &Run) -> &'static str {
    run.outcome.map_or("under way", |outcome| outcome.as_str())
}

fn seconds(run: &Run) -> String {
    let took = run.ended.map(|ended| ended.duration_since(run.asked).as_secs_f64());
    took.map_or("–".to_owned(), |took| format!("{took:.2}"))
}

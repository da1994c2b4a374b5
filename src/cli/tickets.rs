//! `wakeboard tickets`: what was asked for, and what became of it: dumps, wakes and runs of callmaps. Needs no host.

mod runs;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Failure, output};
use crate::config::Settings;
use crate::grammar::TicketsArgs;
use crate::ledger::{Found, Ledger};
use crate::model::callmap::kept::Run;
use crate::model::plain::plain;
use crate::model::ticket::{Step, Ticket};

/// How many tickets are listed.
const MOST: usize = 200;

/// Lists tickets, or tells one.
///
/// # Errors
/// The ledger cannot be read, or has no such ticket.
pub async fn run(args: &TicketsArgs, settings: Settings) -> Result<(), Failure> {
    let nowhere = "there is no state folder for the ledger: say `ledger:` in the config";
    let at = settings.ledger.ok_or_else(|| Failure::Failed(nowhere.to_owned()))?;
    let failed = |error: crate::ledger::LedgerError| Failure::Failed(error.to_string());
    let ledger = Ledger::open(&at).await.map_err(failed)?;
    let now = Timestamp::now();
    let Some(id) = args.id else {
        let (tickets, runs) = (ledger.tickets(MOST).await, ledger.runs(MOST, now).await);
        return list(&tickets.map_err(failed)?, &runs.map_err(failed)?, args.json);
    };
    if let Found::One(ticket) = ledger.ticket(&id.to_string()).await.map_err(failed)? {
        return one(&ticket, args.json);
    }
    match ledger.run(id, now).await.map_err(failed)? {
        Some((run, body)) => runs::one(&run, body.as_ref(), args.json),
        None => Err(Failure::Failed(format!("there is no ticket {id} in {at}"))),
    }
}

/// One line of the list.
enum Asked<'a> {
    Ticket(&'a Ticket),
    Run(&'a Run),
}

impl Asked<'_> {
    fn time(&self) -> Timestamp {
        match self {
            Asked::Ticket(ticket) => ticket.asked,
            Asked::Run(run) => run.asked,
        }
    }
}

fn list(tickets: &[Ticket], runs: &[Run], json: bool) -> Result<(), Failure> {
    let mut newest_first: Vec<Asked<'_>> =
        tickets.iter().map(Asked::Ticket).chain(runs.iter().map(Asked::Run)).collect();
    newest_first.sort_by_key(|asked| std::cmp::Reverse(asked.time()));
    newest_first.truncate(MOST);
    if !json {
        return output::table(&table(&newest_first, &TimeZone::system()));
    }
    let values: Result<Vec<serde_json::Value>, _> = newest_first
        .iter()
        .map(|asked| match asked {
            Asked::Ticket(ticket) => serde_json::to_value(ticket),
            Asked::Run(run) => runs::value(run),
        })
        .collect();
    output::json(&values.map_err(|error| Failure::Failed(error.to_string()))?)
}

fn one(ticket: &Ticket, json: bool) -> Result<(), Failure> {
    if json {
        return output::json(ticket);
    }
    let zone = TimeZone::system();
    output::table(&about(ticket, &zone))?;
    if ticket.steps.is_empty() {
        return Ok(());
    }
    output::print(|out| writeln!(out))?;
    output::table(&steps(ticket))
}

fn table(newest_first: &[Asked<'_>], zone: &TimeZone) -> Vec<Vec<String>> {
    let names =
        ["TIME", "TICKET", "WHO", "DOOR", "TASK", "OBJECT", "HOST", "METHOD", "OUTCOME", "SECONDS", "REASON"];
    let of_ticket = |ticket: &Ticket| {
        vec![
            time(ticket.asked, zone),
            ticket.id.to_string(),
            plain(&ticket.actor).into_owned(),
            ticket.door.as_str().to_owned(),
            ticket.task.to_string(),
            plain(&ticket.tenant).into_owned(),
            plain(&ticket.host).into_owned(),
            method(ticket),
            outcome(ticket).to_owned(),
            seconds(ticket),
            plain(why(ticket)).into_owned(),
        ]
    };
    let row = |asked: &Asked<'_>| match asked {
        Asked::Ticket(ticket) => of_ticket(ticket),
        Asked::Run(run) => runs::row(run, zone),
    };
    std::iter::once(names.map(str::to_owned).to_vec()).chain(newest_first.iter().map(row)).collect()
}

/// All of a ticket but its steps, a line each.
fn about(ticket: &Ticket, zone: &TimeZone) -> Vec<Vec<String>> {
    let moment = |time_of: Option<Timestamp>| time_of.map_or("–".to_owned(), |at| time(at, zone));
    let mut rows = vec![
        ("ticket", ticket.id.to_string()),
        ("task", ticket.task.to_string()),
        ("tenant", plain(&ticket.tenant).into_owned()),
        ("host", plain(&ticket.host).into_owned()),
        ("who", plain(&ticket.actor).into_owned()),
        ("door", ticket.door.as_str().to_owned()),
        ("method", method(ticket)),
        ("asked", time(ticket.asked, zone)),
        ("began", moment(ticket.began)),
        ("ended", moment(ticket.ended)),
        ("outcome", outcome(ticket).to_owned()),
        ("seconds", seconds(ticket)),
    ];
    if let Some(cause) = &ticket.cause {
        rows.push(("cause", plain(cause).into_owned()));
    }
    if let Some(reason) = &ticket.reason {
        rows.push(("reason", plain(reason).into_owned()));
    }
    if !ticket.fallbacks.is_empty() {
        rows.push(("fallbacks", plain(&ticket.fallbacks.join(", ")).into_owned()));
    }
    rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect()
}

fn steps(ticket: &Ticket) -> Vec<Vec<String>> {
    let since = |at: Timestamp| format!("{:+.3}", at.duration_since(ticket.asked).as_secs_f64());
    let row = |step: &Step| {
        let took = step.ended.map(|ended| ended.duration_since(step.began).as_secs_f64());
        vec![
            since(step.began),
            plain(&step.what).into_owned(),
            plain(step.container.as_deref().unwrap_or("–")).into_owned(),
            took.map_or("–".to_owned(), |took| format!("{took:.3}")),
            plain(step.error.as_deref().unwrap_or_default()).into_owned(),
        ]
    };
    let names = ["BEGAN", "STEP", "CONTAINER", "SECONDS", "ERROR"];
    std::iter::once(names.map(str::to_owned).to_vec()).chain(ticket.steps.iter().map(row)).collect()
}

fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Why it went wrong, else what it was for.
fn why(ticket: &Ticket) -> &str {
    ticket.reason.as_deref().or(ticket.cause.as_deref()).unwrap_or_default()
}

fn method(ticket: &Ticket) -> String {
    ticket.method.map_or("–".to_owned(), |method| method.to_string())
}

fn outcome(ticket: &Ticket) -> &'static str {
    match (ticket.outcome, ticket.began) {
        (Some(outcome), _) => outcome.as_str(),
        // A ticket of a wakeboard that was killed stays so until another one recovers it.
        (None, Some(_)) => "under way",
        (None, None) => "waits",
    }
}

fn seconds(ticket: &Ticket) -> String {
    let took = ticket.ended.and_then(|ended| ticket.seconds(ended));
    took.map_or("–".to_owned(), |took| format!("{took:.2}"))
}

#[cfg(test)]
mod tests {
    use super::super::telling::tests::{step, ticket};
    use super::*;
    use crate::model::ticket::Outcome;

    fn at(milliseconds: i64) -> Option<Timestamp> {
        Timestamp::from_millisecond(milliseconds).ok()
    }

    fn failed() -> Ticket {
        let mut ticket = ticket(0x01a2_b3c4, "ac\u{1b}me");
        (ticket.began, ticket.ended, ticket.outcome) = (at(10), at(1500), Some(Outcome::Failed));
        ticket.reason = Some("CRIU\nis missing".to_owned());
        ticket.fallbacks = vec!["cold start".to_owned()];
        ticket.steps = vec![step("pause", 10, Some(20)), step("squeeze", 20, None)];
        ticket
    }

    #[test]
    fn a_list_has_a_row_a_ticket() {
        let (waits, failed) = (ticket(1, "birch"), failed());
        let rows = table(&[Asked::Ticket(&waits), Asked::Ticket(&failed)], &TimeZone::UTC);
        let lines: Vec<String> = rows.iter().map(|row| row.join("|")).collect();
        assert_eq!(
            lines,
            [
                "TIME|TICKET|WHO|DOOR|TASK|OBJECT|HOST|METHOD|OUTCOME|SECONDS|REASON",
                "1970-01-01 00:00:00|0000001|op1@war-room|shell|dump|birch|web-1|freeze|waits|–|",
                "1970-01-01 00:00:00|1a2b3c4|op1@war-room|shell|dump|ac␛me|web-1|freeze|failed|1.49|CRIU␊is missing",
            ]
        );
    }

    #[test]
    fn one_ticket_is_told_with_its_steps() {
        let ticket = failed();
        let lines: Vec<String> = about(&ticket, &TimeZone::UTC).iter().map(|row| row.join(" ")).collect();
        for line in ["ticket 1a2b3c4", "outcome failed", "reason CRIU␊is missing", "fallbacks cold start"] {
            assert!(lines.iter().any(|told| told == line), "{line}\n{lines:#?}");
        }
        let lines: Vec<String> = steps(&ticket).iter().map(|row| row.join("|")).collect();
        assert_eq!(
            lines,
            [
                "BEGAN|STEP|CONTAINER|SECONDS|ERROR",
                "+0.010|pause|acme-app|0.010|",
                "+0.020|squeeze|acme-app|–|"
            ]
        );
    }
}

//! Questions, by turns with the same statements over a bare connection of the same driver.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp, Unit};
use sqlx::{AnyConnection, Connection, Row};
use wakeboard::ledger::Ledger;
use wakeboard::model::ask::{Ask, Range, Term, Test};
use wakeboard::model::change::Verb;

use super::{Failure, middle, milliseconds};

const LIMIT: usize = 1000;

/// A question, and what is bare of it: its conditions in SQL.
struct Question {
    name: &'static str,
    ask: Ask,
    bare: Option<String>,
}

fn questions() -> Result<Vec<Question>, Failure> {
    let now = Timestamp::now();
    let midnight = now.round(Unit::Hour)?.checked_sub(SignedDuration::from_hours(24))?;
    let before = midnight.checked_sub(SignedDuration::from_hours(24))?;
    let today = Range { from: midnight, to: None };
    let yesterday = Range { from: before, to: Some(midnight) };
    let (from, to) = (before.as_nanosecond(), midnight.as_nanosecond());
    let term = |test: Test| Term { negated: false, test };
    let one = |name, range: Option<Range>, terms: Vec<Term>, bare: Option<String>| Question {
        name,
        ask: Ask { range, terms },
        bare,
    };
    let text = |text: &str| term(Test::Text(text.into()));
    Ok(vec![
        one("today", Some(today), vec![], Some(format!("time >= {to}"))),
        one(
            "who:op7 yesterday",
            Some(yesterday),
            vec![term(Test::Who(vec!["op7".into()]))],
            Some(format!("actor = 'op7' AND actor <> '-' AND time >= {from} AND time < {to}")),
        ),
        one("who:op7", None, vec![term(Test::Who(vec!["op7".into()]))], None),
        one("tenant:tenant-7", None, vec![term(Test::Tenant(vec!["tenant-7".into()]))], None),
        one("container:tenant-7-db", None, vec![term(Test::Container(vec!["tenant-7-db".into()]))], None),
        one(
            "tenant:tenant-77* verb:crashed",
            None,
            vec![term(Test::Tenant(vec!["tenant-77*".into()])), term(Test::Verb(vec![Verb::Crashed]))],
            None,
        ),
        one("verb:noted", None, vec![term(Test::Verb(vec![Verb::Noted]))], None),
        one("verb:removed (none)", None, vec![term(Test::Verb(vec![Verb::Removed]))], None),
        one(
            "!verb:healthy today",
            Some(today),
            vec![Term { negated: true, test: Test::Verb(vec![Verb::Healthy]) }],
            None,
        ),
        one("host:web-7 yesterday", Some(yesterday), vec![term(Test::Host(vec!["web-7".into()]))], None),
        one("ticket:00", None, vec![term(Test::Ticket(vec!["00".into()]))], None),
        one("text, none: xyzzy", None, vec![text("xyzzy")], None),
        one("text, one: request 123456", None, vec![text("request 123456")], None),
        one("text, some: release 3.14", None, vec![text("release 3.14")], None),
        one("text, 0.5 %: renewed", None, vec![text("renewed")], None),
        one("text, 8 %: exit 137", None, vec![text("exit 137")], None),
        one("text, most: tenant", None, vec![text("tenant")], None),
        one("text, 0.5 %, who:op7", None, vec![text("renewed"), term(Test::Who(vec!["op7".into()]))], None),
        one("text, today: exit 137", Some(today), vec![text("exit 137")], None),
        one(
            "text, not: !tenant",
            None,
            vec![Term { negated: true, test: Test::Text("tenant".into()) }],
            None,
        ),
    ])
}

pub async fn ask(place: &str, ledger: &Ledger, rounds: usize) -> Result<(), Failure> {
    sqlx::any::install_default_drivers();
    let url = if place.starts_with("postgres://") { place.to_owned() } else { format!("sqlite://{place}") };
    let mut connection = AnyConnection::connect(&url).await?;
    for Question { name, ask, bare } in questions()? {
        let (mut ours, mut bares, mut found) = (Vec::new(), Vec::new(), 0);
        for _ in 0..rounds {
            let at = Instant::now();
            found = ledger.changes(&ask, LIMIT).await?.newest_first.len();
            ours.push(at.elapsed());
            if let Some(conditions) = &bare {
                bares.push(fetch(&mut connection, conditions).await?);
            }
        }
        let (median, most) = middle(ours);
        let bare = bare.map_or("-".to_owned(), |_| format!("{:.1}", middle(bares).0));
        println!("{name}\t{found}\t{median:.1}\t{most:.1}\t{bare}");
    }
    let range = questions()?.swap_remove(0).ask;
    for (name, ask) in [("summary today", range), ("summary of all", Ask::default())] {
        let at = Instant::now();
        let total = ledger.summary(&ask).await?.total;
        println!("{name}\t{total}\t{:.1}\t-\t-", milliseconds(at.elapsed()));
    }
    let (now, at) = (Timestamp::now(), Instant::now());
    let from = now.checked_sub(SignedDuration::from_hours(24))?;
    let ticks = ledger.ticks(&Ask::default(), from, now, Duration::from_secs(60)).await?.len();
    println!("timeline of 24 h\t{ticks}\t{:.1}\t-\t-", milliseconds(at.elapsed()));
    let at = Instant::now();
    let recent = ledger.recent(2000).await?.0.len();
    println!("the latest, with their parts\t{recent}\t{:.1}\t-\t-", milliseconds(at.elapsed()));
    Ok(())
}

async fn fetch(connection: &mut AnyConnection, conditions: &str) -> Result<Duration, Failure> {
    let at = Instant::now();
    let sql = format!(
        "SELECT records.reading FROM (SELECT told, time FROM acts WHERE {conditions} ORDER BY time DESC \
         LIMIT {LIMIT}) AS found JOIN records ON records.seq = found.told ORDER BY found.time DESC"
    );
    let rows = sqlx::query(&sql).fetch_all(connection).await?;
    let bytes: usize =
        rows.iter().filter_map(|row| row.try_get::<String, _>(0).ok()).map(|text| text.len()).sum();
    std::hint::black_box(bytes);
    Ok(at.elapsed())
}

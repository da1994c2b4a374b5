//! Tests of `telling`, and what other tests take from them.

use super::*;
use crate::model::method::Method;
use crate::model::ticket::{Door, Task};
use jiff::Timestamp;
use std::sync::{Arc, Mutex};

/// What a teller writes, to be looked at.
#[derive(Clone, Default)]
pub struct Page {
    out: Sheet,
    err: Sheet,
}

#[derive(Clone, Default)]
struct Sheet(Arc<Mutex<Vec<u8>>>);

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    pub fn teller(&self, json: bool, live: bool) -> Teller {
        Teller::new(json, live, Box::new(self.out.clone()), Box::new(self.err.clone()))
    }

    pub fn out(&self) -> String {
        String::from_utf8(self.out.0.lock().unwrap().clone()).unwrap()
    }

    pub fn err(&self) -> String {
        String::from_utf8(self.err.0.lock().unwrap().clone()).unwrap()
    }
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap()
}

/// A dump that waits.
pub fn ticket(id: u32, tenant: &str) -> Ticket {
    Ticket {
        id: TicketId::from_random(id),
        task: Task::Dump,
        tenant: tenant.into(),
        host: "web-1".into(),
        actor: "op1@war-room".into(),
        door: Door::Shell,
        cause: None,
        method: Some(Method::Freeze),
        asked: at(0),
        began: None,
        ended: None,
        outcome: None,
        reason: None,
        fallbacks: Vec::new(),
        steps: Vec::new(),
    }
}

pub fn step(what: &str, began: i64, ended: Option<i64>) -> Step {
    let container = Some("acme-app".into());
    Step { what: what.to_owned(), container, began: at(began), ended: ended.map(at), error: None }
}

/// The ticket in all its moments: waiting, at its first step, at its second, ended.
fn moments() -> Vec<Ticket> {
    let waits = ticket(0x01a2_b3c4, "acme");
    let first = Ticket { began: Some(at(10)), steps: vec![step("pause", 10, None)], ..waits.clone() };
    let steps = vec![step("pause", 10, Some(20)), step("squeeze", 20, None)];
    let second = Ticket { steps, ..first.clone() };
    let steps = vec![step("pause", 10, Some(20)), step("squeeze", 20, Some(220))];
    let (ended, outcome) = (Some(at(220)), Some(Outcome::Dumped));
    let last = Ticket { ended, outcome, steps, ..second.clone() };
    vec![waits, first, second, last]
}

fn told(json: bool, live: bool, moments: &[Ticket]) -> Page {
    let page = Page::default();
    let mut teller = page.teller(json, live);
    for moment in moments {
        // Looking twice tells nothing twice.
        teller.tell(moment, 74 << 20);
        teller.tell(moment, 74 << 20);
    }
    page
}

#[test]
fn somebody_who_watches_sees_every_step_once() {
    let page = told(false, true, &moments());
    let expected = "          acme  waits for its turn\n\
        \u{20} 0.01 s  acme  pause acme-app\n\
        \u{20} 0.02 s  acme  squeeze acme-app\n\
        acme dumped by freeze in 0.21 s, 74M freed ‹1a2b3c4›\n";
    assert_eq!(page.out(), expected);
    assert_eq!(page.err(), "");
}

#[test]
fn what_needed_nothing_is_told_without_a_ticket() {
    let mut awake = ticket(0x01a2_b3c4, "acme");
    (awake.task, awake.ended, awake.outcome) = (Task::Wake, Some(at(1)), Some(Outcome::Woken));
    (awake.method, awake.reason) = (None, Some("is awake already".to_owned()));
    assert_eq!(told(false, false, &[awake]).out(), "acme is awake already\n");
}

#[test]
fn without_a_terminal_only_the_end_is_told() {
    let page = told(false, false, &moments());
    assert_eq!(page.out(), "acme dumped by freeze in 0.21 s, 74M freed ‹1a2b3c4›\n");
    let mut woken = moments().remove(3);
    (woken.task, woken.outcome) = (Task::Wake, Some(Outcome::Woken));
    woken.fallbacks = vec!["checkpoint again".to_owned(), "cold start".to_owned()];
    let told = told(false, false, &[woken]).out();
    assert_eq!(
        told,
        "acme woken from freeze in 0.21 s; fell back to checkpoint again, cold start ‹1a2b3c4›\n"
    );
}

#[test]
fn failures_go_to_the_error_output_with_their_reason() {
    let mut refused = ticket(1, "a\u{1b}cme");
    (refused.ended, refused.outcome) = (Some(at(1)), Some(Outcome::Refused));
    refused.reason = Some("it is of\n tier vip".to_owned());
    let page = told(false, true, &[refused]);
    assert_eq!(page.err(), "wakeboard: a␛cme refused: it is of␊ tier vip ‹0000001›\n");
    assert_eq!(page.out(), "");
    let mut failed = moments().remove(3);
    (failed.outcome, failed.steps[1].error) = (Some(Outcome::Failed), Some("no swap".to_owned()));
    let page = told(false, true, &[failed]);
    assert!(page.out().ends_with("  0.22 s  acme  squeeze acme-app: no swap\n"), "{}", page.out());
    assert!(page.err().starts_with("wakeboard: acme failed after 0.21 s: no reason"), "{}", page.err());
}

#[test]
fn the_last_json_line_has_exactly_the_promised_keys() {
    let page = told(true, false, &moments());
    let out = page.out();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    let row: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!((&row["step"], &row["seconds"]), (&"pause".into(), &serde_json::Value::Null));
    assert!(lines[..4].iter().all(|line| !line.contains("outcome")));
    assert_eq!(
        lines[4],
        r#"{"tenant":"acme","outcome":"dumped","method":"freeze","ticket":"1a2b3c4","seconds":0.21,"fallbacks":[],"reason":null}"#
    );
    let page = Page::default();
    page.teller(true, false).lost(TicketId::from_random(1));
    let row: serde_json::Value = serde_json::from_str(&page.out()).unwrap();
    assert_eq!(row["outcome"], "failed");
    assert_eq!(row.as_object().unwrap().len(), 7);
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_work() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let page = Page::default();
    let mut teller = Teller::new(false, true, Box::new(Closed), Box::new(page.err.clone()));
    for moment in &moments() {
        teller.tell(moment, 0);
    }
    assert_eq!(page.err(), "");
}

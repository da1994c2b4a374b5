//! Runs of a callmap to draw: while it asks, broken, well, refused.

use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use wakeboard::config::{Env, callmap};
use wakeboard::model::callmap::answer::Certificate;
use wakeboard::model::callmap::drift::drift;
use wakeboard::model::callmap::kept::{Run, RunOutcome};
use wakeboard::model::callmap::layer;
use wakeboard::model::callmap::map::Callmap;
use wakeboard::model::callmap::near::{Near, Touch};
use wakeboard::model::callmap::progress::{Past, Progress, Row, Runs};
use wakeboard::model::callmap::report::{Detail, Milliseconds, ProbeReport, Report, Verdict};
use wakeboard::model::ticket::{Door, TicketId};
use wakeboard::model::work::Work;
use wakeboard::tui::state::{Bottom, Pane, State};

use super::{ago, now};

pub const FILE: &str = "callmaps/www.example.com.yaml";

const MAP: &str = r#"
product: www.example.com
layers:
  - name: dns
    probes:
      - {dns: www.example.com, resolver: 10.0.0.53, type: A}
      - {dns: www.example.com, resolver: 10.0.0.53, type: CNAME}
  - name: public ip
    targets: [203.0.113.7, 203.0.113.8]
    probes: [{http: "https://www.example.com/"}]
  - name: nginx
    targets: [10.1.0.2, 10.1.0.3]
    probes: [{http: "http://www.example.com/"}]
  - name: 应用服务器
    need: any
    targets: [10.1.1.2, 10.1.1.3]
    probes: [{http: "http://www.example.com/health"}]
  - {name: db, targets: ["2001:db8::5"], probes: [{tcp: 5432}]}
"#;

/// Each question: its layer, its target, what came of it, and how long that took.
const ANSWERS: [(usize, &str, Verdict, &str, f64); 9] = [
    (0, "10.0.0.53", Verdict::Ok, "203.0.113.7", 3.9),
    (0, "10.0.0.53", Verdict::Ok, "edge.example.net.", 4.2),
    (1, "203.0.113.7", Verdict::Ok, "200", 31.4),
    (1, "203.0.113.8", Verdict::Slow, "200, but after 812 ms; at most 300 ms were wanted", 812.0),
    (2, "10.1.0.2", Verdict::Ok, "200", 12.1),
    (2, "10.1.0.3", Verdict::Fail, "connection refused", 0.3),
    (3, "10.1.1.2", Verdict::Ok, "200", 18.0),
    (3, "10.1.1.3", Verdict::Fail, "answered 502, wanted 200", 6.0),
    (4, "2001:db8::5", Verdict::Ok, "connected", 0.6),
];

fn map() -> Callmap {
    callmap::read(Path::new(FILE), MAP, &[], &Env::default()).unwrap()
}

fn ticket(number: u32) -> TicketId {
    TicketId::from_random(0x0bf7_11bf + number)
}

fn began(number: u32) -> Progress {
    Progress::new(&map(), ticket(number), "op1@war-room".into(), Door::Console, ago(2))
}

fn asking(number: u32) -> Progress {
    let (map, mut run) = (map(), began(number));
    let planned = map.layers.iter().enumerate().map(|(at, layer)| {
        let targets = ANSWERS.iter().filter(|answer| answer.0 == at).map(|answer| answer.1);
        let rows = targets.enumerate().map(|(number, target)| {
            let probe = layer.probes.get(number).unwrap_or(&layer.probes[0]);
            Row::open(number, target, probe, &map.secrets)
        });
        (rows.collect(), None)
    });
    run.plan(planned.collect(), None);
    run
}

fn probe(row: &Row, (_, _, verdict, reason, total): (usize, &str, Verdict, &str, f64)) -> ProbeReport {
    let is_https = &*row.kind == "https";
    let time = |part: f64| (verdict != Verdict::Fail).then_some(total * part);
    let milliseconds = Milliseconds {
        dns: None,
        connect: time(0.1),
        tls: time(0.4).filter(|_| is_https),
        first_byte: time(0.3).filter(|_| row.kind.starts_with("http")),
        total: Some(total),
    };
    let body = "<!doctype html>\n<title>欢迎 welcome</title>\n<p>UP v1.2.3</p>".to_owned();
    let certificate = Certificate {
        subject: "CN=www.example.com".into(),
        names: vec!["www.example.com".into(), "example.com".into()],
        issuer: "CN=Example Authority R1".into(),
        begins: ago(80 * 86_400),
        ends: now() + SignedDuration::from_hours(9 * 24),
        fingerprint: "3f".repeat(32),
        chain: 2,
    };
    let detail = Detail {
        head: "HTTP/1.1 200".into(),
        headers: vec![("server".into(), "nginx/1.28.0".into()), ("content-type".into(), "text/html".into())],
        body,
        hash: None,
        certificate: is_https.then_some(certificate),
        peer: Some(format!("{}:443", row.target)),
        attempts: 2,
    };
    ProbeReport {
        target: row.target.clone(),
        kind: row.kind.clone(),
        ask: row.ask.clone(),
        record: row.record.clone(),
        verdict,
        reason: Some(reason.into()),
        milliseconds,
        detail: row.kind.starts_with("http").then(|| Arc::new(detail)),
    }
}

/// As it is when so many answers have come. What does not fail when `is_well` is the second nginx.
fn answered(number: u32, count: usize, is_well: bool) -> Progress {
    let mut run = asking(number);
    let mut at = [0; 5];
    for mut answer in ANSWERS.into_iter().take(count) {
        let question = at[answer.0];
        at[answer.0] += 1;
        if is_well && answer.2 != Verdict::Ok {
            (answer.2, answer.3, answer.4) = (Verdict::Ok, "200", 10.0);
        }
        let report = probe(&run.layers[answer.0].rows[question], answer);
        run.take(answer.0, question, report);
    }
    run
}

fn over(number: u32, is_well: bool) -> Progress {
    let (map, mut run) = (map(), answered(number, ANSWERS.len(), is_well));
    let layers: Vec<_> = map
        .layers
        .iter()
        .zip(&run.layers)
        .map(|(layer, known)| {
            let probes = known.rows.iter().map(|row| (row.number, (**row.came.as_ref().unwrap()).clone()));
            layer::sum_up(layer, probes.collect(), None)
        })
        .collect();
    let addresses = vec![None, Some(vec!["203.0.113.8".parse().unwrap()]), None, None, None];
    let report = Report {
        product: map.product.clone(),
        verdict: layer::chain(&layers).0,
        broken_layer: layer::broken(&layers),
        ticket: Some(run.ticket),
        milliseconds: 815,
        began: run.began,
        actor: run.actor.clone(),
        drift: if is_well { Vec::new() } else { drift(&layers, &addresses) },
        layers,
    };
    run.end(Arc::new(report));
    run
}

fn past(run: &Progress) -> Past {
    let mut good = (**over(9, true).report.as_ref().unwrap()).clone();
    good.began = ago(24 * 60);
    let near = |seconds, actor: Option<&str>, what: &str| Near {
        time: ago(seconds),
        actor: actor.map(Into::into),
        what: what.into(),
        ticket: actor.map(|_| ticket(7)),
        touch: Touch::Target,
    };
    Past {
        differs: wakeboard::model::callmap::compare::compare(&good, run.report.as_ref().unwrap()),
        last_good: Some(Arc::new(good)),
        near: vec![
            near(320, Some("op2@war-room"), "restarted nginx-2 (web-3)"),
            near(900, None, "edited callmaps/www.example.com.yaml"),
        ],
    }
}

/// The pane in front, with a run that has come so far.
pub fn show(state: &mut State, come: &str) {
    let file = Path::new(FILE);
    (state.bottom, state.focus) = (Bottom::Callmap, Pane::Bottom);
    state.callmap.open(file);
    let run = match come {
        "waits" => began(0),
        "asks" => answered(0, 4, false),
        "asks-broken" => answered(0, 7, false),
        "well" => over(0, true),
        "refused" => {
            let mut run = began(0);
            run.stage = wakeboard::model::callmap::progress::Stage::Refused(
                "9000 questions (probes times targets) are too many: 4096 at most".into(),
            );
            run
        }
        _ => {
            let mut run = over(0, false);
            run.past = Some(Arc::new(past(&run)));
            run
        }
    };
    state.callmap.begun(file, run.ticket, false);
    let _ = state.callmap.set_runs(Arc::new(Runs::default().with(run, 64)));
}

/// Several runs, one after the other, every 10 seconds.
pub fn repeat(state: &mut State) {
    show(state, "well");
    state.callmap.turn_every(now());
    for (number, is_well) in [(1, true), (2, true), (3, false), (4, true), (5, false)] {
        let run = over(number, is_well);
        state.callmap.begun(Path::new(FILE), run.ticket, false);
        let _ = state.callmap.set_runs(Arc::new(state.callmap.runs.with(run, 64)));
    }
}

/// The runs of the console, and some of others: one that goes on, one that was cut off, and one that was well.
pub fn among_tickets(state: &mut State) {
    let kept = |number: u32, seconds, outcome: Option<RunOutcome>, reason: &str| {
        let run = began(number).kept();
        Arc::new(Run {
            actor: "op3@night-shift".into(),
            door: Door::Shell,
            asked: ago(seconds),
            ended: outcome.filter(|it| it.has_report()).map(|_| ago(seconds - 1)),
            outcome,
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
            ..run
        })
    };
    let runs = vec![
        kept(21, 3, None, ""),
        kept(22, 90, Some(RunOutcome::CutOff), ""),
        kept(23, 4000, Some(RunOutcome::Ok), "ok"),
    ];
    let work = (*super::work::full()).clone();
    state.set_work(Arc::new(Work { runs, ..work }));
}

//! One question, put until it is answered well, or as often as its probe says. The time-out holds for a whole attempt.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};

use super::fault::fault;
use super::handshake::Prepared;
use super::plan::Whom;
use super::{dns, http, limits, tcp, tls};
use crate::model::callmap::answer::{Answer, Fault, FaultKind, Phases, Seen};
use crate::model::callmap::judge::judge;
use crate::model::callmap::map::{Ask, Probe, Secrets};
use crate::model::callmap::report::Verdict;
use crate::model::callmap::words::{lasting, size};

/// How far an attempt has come; kept outside of it, so that it is known when the attempt is over before its end.
#[derive(Debug)]
pub struct Course {
    pub peer: Option<SocketAddr>,
    pub phases: Phases,
    pub stage: Stage,
    /// Other addresses of the same name that had not answered by the time that one did, and what became of them.
    pub missed: Vec<(IpAddr, String)>,
}

impl Course {
    /// At its beginning.
    pub fn new() -> Self {
        Course { peer: None, phases: Phases::default(), stage: Stage::Lookup, missed: Vec::new() }
    }
}

/// What an attempt waits for.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    Lookup,
    Connect,
    Tls,
    /// The first of the answer.
    Answer,
    /// The rest of it; so much of it came.
    Body(usize),
    /// A DNS answer; so many came that were none to our question.
    Records(usize),
    Banner,
}

/// What is needed to ask.
pub struct Question<'a> {
    pub probe: &'a Probe,
    pub whom: &'a Whom,
    /// How TLS is spoken, for probes that speak it.
    pub tls: Option<&'a Result<Prepared, Fault>>,
    pub secrets: &'a Secrets,
}

impl Question<'_> {
    /// Asks until that went well.
    pub async fn put(&self) -> Answer {
        let mut attempts = 1;
        loop {
            let mut answer = self.once().await;
            answer.attempts = attempts;
            if attempts > self.probe.retries {
                return answer;
            }
            let judgement = judge(self.probe, &answer, self.secrets, Timestamp::now());
            if judgement.verdict != Verdict::Fail {
                return answer;
            }
            attempts += 1;
            sleep(limits::AGAIN).await;
        }
    }

    async fn once(&self) -> Answer {
        let mut course = Course::new();
        let began = Instant::now();
        let seen = match timeout(self.probe.timeout, self.ask(&mut course)).await {
            Ok(seen) => seen,
            Err(_) => Err(too_late(self.probe.timeout, course.stage)),
        };
        course.phases.total = Some(began.elapsed());
        Answer { peer: course.peer, phases: course.phases, attempts: 1, missed: course.missed, seen }
    }

    async fn ask(&self, course: &mut Course) -> Result<Seen, Fault> {
        if let Whom::Nobody(fault) = self.whom {
            return Err(fault.clone());
        }
        match &self.probe.ask {
            // Each takes the memory that it needs, not that of the largest.
            Ask::Dns(ask) => Box::pin(dns::ask(ask, self.whom, course)).await,
            Ask::Http(ask) => Box::pin(http::ask(ask, self.whom, self.tls, course)).await,
            Ask::Tcp(ask) => Box::pin(tcp::ask(ask, self.whom, course)).await,
            Ask::Tls(ask) => Box::pin(tls::ask(ask, self.whom, self.tls, course)).await,
        }
    }
}

fn too_late(after: Duration, stage: Stage) -> Fault {
    let waited = lasting(after);
    let text = match stage {
        Stage::Lookup => format!("no answer in {waited} while looking up the name"),
        Stage::Connect => format!("no answer in {waited} while connecting"),
        Stage::Tls => format!("no answer in {waited} in the TLS handshake"),
        Stage::Answer => format!("connected, but no answer in {waited}"),
        Stage::Body(so_far) => {
            format!("the answer was not whole after {waited}: {} of the body came", size(so_far))
        }
        Stage::Records(0) => format!("no answer in {waited}"),
        Stage::Records(others) => {
            format!("no answer in {waited}; {others} came that do not belong to the question")
        }
        Stage::Banner => format!("connected, but it said nothing in {waited}"),
    };
    fault(FaultKind::TimedOut, text)
}

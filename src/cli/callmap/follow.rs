//! Following runs to their ends, and telling them in the form that was asked for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::say::Sayer;
use super::{json, junit};
use crate::cli::{Failure, output};
use crate::grammar::CallmapRunArgs;
use crate::model::callmap::progress::{Progress, RunRecord, Runs, Stage};
use crate::model::callmap::report::{ProductVerdict, Report};
use crate::model::plain::plain;
use crate::model::ticket::TicketId;

/// How long what was before, and the record, are waited for once there is a verdict.
const PATIENCE: Duration = Duration::from_secs(12);

/// The form in which runs are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text; with colours, or with a line that says what is awaited, where a terminal shows it.
    Text {
        /// With colours.
        colour: bool,
        /// With a line that is written over.
        live: bool,
    },
    /// An object on a line.
    Json,
    /// One document.
    Junit,
}

impl Form {
    /// As it was asked for.
    pub fn of(args: &CallmapRunArgs) -> Self {
        if args.json {
            return Form::Json;
        }
        if args.junit {
            return Form::Junit;
        }
        Form::Text { colour: output::colours() && !args.text, live: output::places_text() && !args.text }
    }
}

/// Runs that are followed.
pub struct Follow<'a> {
    form: Form,
    tickets: &'a [TicketId],
    runs: watch::Receiver<Arc<Runs>>,
}

impl<'a> Follow<'a> {
    pub fn new(form: Form, tickets: &'a [TicketId], runs: watch::Receiver<Arc<Runs>>) -> Self {
        Follow { form, tickets, runs }
    }

    /// Tells all runs in their order as far as they are, until all are over and written down. The worst verdict.
    pub async fn tell_all(&mut self) -> Result<ProductVerdict, Failure> {
        let mut reports = Vec::new();
        let mut refused = Vec::new();
        for ticket in self.tickets {
            match self.tell(*ticket).await? {
                Ok(report) => reports.push(report),
                Err(why) => refused.push(why),
            }
        }
        if self.form == Form::Junit {
            let text = junit::document(&reports);
            output::print(|out| out.write_all(text.as_bytes()))?;
        }
        let _ = timeout(PATIENCE, self.until_written()).await;
        self.complain();
        if !refused.is_empty() {
            return Err(Failure::Failed(refused.join("\n")));
        }
        self.verdict().ok_or_else(|| Failure::Failed("nothing was run".to_owned()))
    }

    /// The worst verdict, once all have one.
    pub fn verdict(&self) -> Option<ProductVerdict> {
        let runs = self.runs.borrow();
        let verdicts: Option<Vec<ProductVerdict>> =
            self.tickets.iter().map(|ticket| Some(runs.run(*ticket)?.report.as_ref()?.verdict)).collect();
        verdicts?.into_iter().max_by_key(|verdict| match verdict {
            ProductVerdict::Ok => 0,
            ProductVerdict::Degraded => 1,
            ProductVerdict::Broken => 2,
        })
    }

    /// Tells one run to its end: its report, or why there is none.
    async fn tell(&mut self, ticket: TicketId) -> Result<Result<Arc<Report>, String>, Failure> {
        let mut sayer = match self.form {
            Form::Text { colour, live } => Some(Sayer::new(colour, live)),
            Form::Json | Form::Junit => None,
        };
        loop {
            let run = self.now(ticket)?;
            if let Some(sayer) = &mut sayer {
                sayer.advance(&run)?;
            }
            match &run.stage {
                Stage::Cancelled(why) | Stage::Refused(why) => {
                    return Ok(Err(format!("{}: {}", plain(&run.product), plain(why))));
                }
                Stage::Waits | Stage::Finds | Stage::Asks | Stage::Over => {}
            }
            if let Some(report) = run.report.clone() {
                if let Some(sayer) = &mut sayer {
                    let told = self.wait(ticket, |run| run.past.is_some()).await?;
                    sayer.end(&told, &report)?;
                } else if self.form == Form::Json {
                    output::json(&json::Row::of(&report))?;
                }
                return Ok(Ok(report));
            }
            self.changed().await?;
        }
    }

    /// Waits until the ledger has all of them, or it is clear that it will not.
    pub async fn until_written(&mut self) {
        for ticket in self.tickets {
            let _ = self.wait(*ticket, |run| run.record != RunRecord::Pending).await;
        }
    }

    /// What goes between two rounds.
    pub fn between(&self) -> Result<(), Failure> {
        match self.form {
            Form::Text { .. } => output::print(|out| writeln!(out)),
            Form::Json | Form::Junit => Ok(()),
        }
    }

    /// Says what is not in the ledger, once for all that lack for the same reason.
    fn complain(&self) {
        let runs = self.runs.borrow();
        let mut said: Vec<Arc<str>> = Vec::new();
        for ticket in self.tickets {
            let Some(run) = runs.run(*ticket) else { continue };
            let why = match &run.record {
                RunRecord::Written => continue,
                RunRecord::Pending => "the ledger takes too long".into(),
                RunRecord::Missing(why) => why.clone(),
            };
            if !said.contains(&why) {
                eprintln!("wakeboard: not written down: {}", plain(&why));
                said.push(why);
            }
        }
    }

    async fn wait(
        &mut self,
        ticket: TicketId,
        is_so: impl Fn(&Progress) -> bool,
    ) -> Result<Arc<Progress>, Failure> {
        let look = async {
            loop {
                let run = self.now(ticket)?;
                if is_so(&run) {
                    return Ok(run);
                }
                self.changed().await?;
            }
        };
        match timeout(PATIENCE, look).await {
            Ok(found) => found,
            Err(_) => self.now(ticket),
        }
    }

    fn now(&mut self, ticket: TicketId) -> Result<Arc<Progress>, Failure> {
        let runs = self.runs.borrow_and_update().clone();
        runs.run(ticket)
            .cloned()
            .ok_or_else(|| Failure::Failed(format!("ticket {ticket} is not to be seen any more")))
    }

    async fn changed(&mut self) -> Result<(), Failure> {
        self.runs.changed().await.map_err(|_| Failure::Failed("the service ended".to_owned()))
    }
}

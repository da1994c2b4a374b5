//! `wakeboard rules plan`: what the rules will do to all tenants within the next hours.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::known::Known;
use super::said::Said;
use crate::cli::{Failure, output, settle};
use crate::config::Settings;
use crate::grammar::RulesPlanArgs;
use crate::model::fleet::Tenant;
use crate::model::keeper::outlook::{Candidate, Outlook, outlook};
use crate::model::keeper::tell::{Teller, between, lasting, verb};
use crate::model::keeper::{Calendar, Decision, Due, Leave};
use crate::model::plain::plain;
use crate::model::tier::Tier;
use crate::service::{Rules as Ways, Service};

/// One thing that comes, or a tenant of which nothing does, in JSON.
#[derive(Debug, Serialize)]
struct Row<'a> {
    at: Option<Timestamp>,
    tenant: &'a str,
    host: &'a str,
    tier: Option<Tier>,
    state: &'a str,
    #[serde(flatten)]
    said: Said,
}

/// Tells it.
///
/// # Errors
/// No host that answers.
pub async fn run(args: &RulesPlanArgs, settings: Settings) -> Result<(), Failure> {
    let ways = Ways { ledger: settings.ledger, policy: settings.policy, ..Ways::default() };
    let service = Service::start(settings.hosts, settings.naming, ways);
    settle::record(&service).await;
    settle::first_answers(&mut service.fleet()).await?;
    let rules = &settings.rules;
    let has_steps = |tenant: &Tenant| tenant.tier.is_some_and(|tier| !rules.tier(tier).steps.is_empty());
    let known = Known::look(&service, |tenant, near| near && has_steps(tenant)).await;
    let sight = known.sight();
    let calendar = Calendar::new(rules, &TimeZone::system(), known.now);
    let tenants: Vec<&Tenant> = known.fleet.tenants().map(|tenant| &**tenant).collect();
    let all: Vec<Candidate<'_>> =
        tenants.iter().copied().map(|tenant| known.candidate(&sight, tenant, rules)).collect();
    let until = known.now.checked_add(args.hours.hours()).unwrap_or(Timestamp::MAX);
    let outlook = outlook(&calendar, &all, &sight.hosts(), until);
    let plan = Plan { teller: Teller::new(&calendar), tenants, now: known.now, hours: args.hours, outlook };
    if args.json { output::json(&plan.rows()) } else { plan.print() }
}

/// What is to be told.
struct Plan<'a> {
    teller: Teller<'a>,
    tenants: Vec<&'a Tenant>,
    now: Timestamp,
    hours: i64,
    outlook: Outlook,
}

impl Plan<'_> {
    fn rows(&self) -> Vec<Row<'_>> {
        let moves = self.outlook.moves.iter().map(|one| {
            let decision = if one.hurried { Decision::Hurry(one.due) } else { Decision::Dump(one.due) };
            self.row(one.who, Some(one.at), decision, verb(one.due))
        });
        let rest = self.outlook.rest.iter().map(|(who, decision)| {
            let text = self.teller.decision(self.tenants[*who].tier, *decision);
            self.row(*who, None, *decision, text)
        });
        moves.chain(rest).collect()
    }

    fn row(&self, who: usize, at: Option<Timestamp>, decision: Decision, text: String) -> Row<'_> {
        let tenant = self.tenants[who];
        Row {
            at,
            tenant: &tenant.name,
            host: &tenant.host,
            tier: tenant.tier,
            state: tenant.state.as_str(),
            said: Said::of(decision, text),
        }
    }

    fn print(&self) -> Result<(), Failure> {
        let names = ["WHEN", "TENANT", "HOST", "TIER", "WHAT", "WHY"];
        let mut rows = vec![names.map(str::to_owned).to_vec()];
        for one in &self.outlook.moves {
            let hurried = if one.hurried { ", its host is short of memory" } else { "" };
            let idle = lasting(between(one.due.idle_since, one.at));
            rows.push(self.cells(
                one.who,
                self.teller.at(one.at),
                one.due,
                format!("idle for {idle}{hurried}"),
            ));
        }
        for (who, due, hold) in self.outlook.held() {
            let why = format!("but {}", self.teller.hold(self.tenants[who].tier, hold));
            rows.push(self.cells(who, "–".to_owned(), due, why));
        }
        if rows.len() > 1 {
            output::table(&rows)?;
        }
        let summary = self.summary();
        output::print(|out| summary.iter().try_for_each(|line| writeln!(out, "{line}")))
    }

    fn cells(&self, who: usize, when: String, due: Due, why: String) -> Vec<String> {
        let tenant = self.tenants[who];
        vec![
            when,
            plain(&tenant.name).into_owned(),
            tenant.host.to_string(),
            tenant.tier.map_or("–", Tier::as_str).to_owned(),
            verb(due),
            why,
        ]
    }

    /// Who is left, and why: a line for each reason.
    fn summary(&self) -> Vec<String> {
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for decision in self.outlook.rest.values() {
            if let Decision::Leave(leave) = decision {
                *left.entry(why(leave)).or_default() += 1;
            }
        }
        let hours = if self.hours == 1 { "hour".to_owned() } else { format!("{} hours", self.hours) };
        let until = self.teller.at(self.now.checked_add(self.hours.hours()).unwrap_or(Timestamp::MAX));
        let comes = self.outlook.moves.len();
        let mut lines = vec![format!(
            "Within the next {hours}, until {until}, if nobody uses them: {comes} to be dumped, {} held, {} left alone.",
            self.outlook.held().count(),
            left.values().sum::<usize>()
        )];
        lines.extend(left.into_iter().map(|(why, count)| format!("  {count:>5}  {why}")));
        lines
    }
}

fn why(leave: &Leave) -> &'static str {
    match leave {
        Leave::NoTier => "without a tier",
        Leave::Vip => "of tier vip",
        Leave::NoSteps => "of tiers without steps",
        Leave::State(_) => "not running as they should",
        Leave::DeepEnough(_) => "asleep",
        Leave::NothingKnown => "of which nothing is known",
        Leave::Waiting { .. } => "not idle for long enough by then",
    }
}

//! `wakeboard rules explain`: what the rules will do to one tenant.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::known::Known;
use super::said::Said;
use crate::cli::{Failure, act, output, settle};
use crate::config::Settings;
use crate::grammar::RulesExplainArgs;
use crate::model::fleet::Tenant;
use crate::model::keeper::forecast::Turn;
use crate::model::keeper::outlook::watching;
use crate::model::keeper::rules::later;
use crate::model::keeper::tell::{Teller, between, lasting};
use crate::model::keeper::{Activity, Answer, Calendar, Decision, Leave, Measure, Rules};
use crate::model::method::Method;
use crate::model::named::{self, Unnamed};
use crate::model::plain::plain;
use crate::model::plan::plans;
use crate::model::policy::Policy;
use crate::model::ticket::{Door, Task};
use crate::model::tier::Tier;
use crate::model::work::Order;
use crate::service::{Rules as Ways, Service};

/// How far ahead one tenant is looked at: a week holds all running hours.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);
/// How many later moments are told.
const MOST_TOLD: usize = 8;

/// The answer in JSON.
#[derive(Debug, Serialize)]
struct Row<'a> {
    tenant: &'a str,
    host: &'a str,
    tier: Option<Tier>,
    state: &'a str,
    method: Option<Method>,
    since: Option<Timestamp>,
    #[serde(flatten)]
    now: Said,
    next: Option<Timestamp>,
    coming: Vec<At>,
    refusal: Option<String>,
    known_use: Uses,
    must_be_known: Vec<&'a str>,
    /// The machine on which the keeper works, if one does.
    keeper: Option<&'a str>,
    /// What the hook said last, and when.
    hook: Option<HookSaid>,
}

/// What the hook said.
#[derive(Debug, Serialize)]
struct HookSaid {
    may_sleep: bool,
    at: Timestamp,
}

/// A decision at a later moment.
#[derive(Debug, Serialize)]
struct At {
    at: Timestamp,
    #[serde(flatten)]
    said: Said,
}

/// When each measure last said that the tenant is used.
#[derive(Debug, Serialize)]
struct Uses {
    request: Option<Timestamp>,
    network: Option<Timestamp>,
    cpu: Option<Timestamp>,
    connections: Option<Timestamp>,
    cpu_percent: Option<f64>,
}

/// Explains it.
///
/// # Errors
/// A name that is not known, or is on several hosts; no host that answers, or not that of the tenant.
pub async fn run(args: &RulesExplainArgs, settings: Settings) -> Result<(), Failure> {
    let order = act::order(Task::Dump, &settings);
    let ways = Ways { ledger: settings.ledger, policy: settings.policy.clone(), ..Ways::default() };
    let service = Service::start(settings.hosts, settings.naming, ways);
    settle::record(&service).await;
    let fleet = settle::first_answers(&mut service.fleet()).await?;
    let words = [args.tenant.clone()];
    let keys = named::find(&fleet, &service.work().borrow(), &words).map_err(|error| match error {
        Unnamed::Nobody(why) => Failure::Failed(why),
        Unnamed::Several(how) => Failure::Usage(how),
    })?;
    let Some((host, name)) = keys.into_iter().next() else { return Ok(()) };
    let known = Known::look(&service, |tenant, _| tenant.host == host && tenant.name == name).await;
    let tenant = known.fleet.tenant(&host, &name).cloned().ok_or_else(|| {
        Failure::Failed(format!("nothing is known of {} now: {host} does not answer", plain(&name)))
    })?;
    let calendar = Calendar::new(&settings.rules, &TimeZone::system(), known.now);
    let sight = known.sight();
    let subject = sight.subject(&tenant);
    let activity = known.activity(&tenant, &settings.rules);
    let hosts = sight.hosts();
    // Limits are of a host, so all of its tenants are looked at, as a plan does.
    let all: Vec<&Tenant> =
        known.fleet.host(&host).into_iter().flat_map(|it| &it.tenants).map(|it| &**it).collect();
    let candidates: Vec<_> = all.iter().map(|it| known.candidate(&sight, it, &settings.rules)).collect();
    let at = all.iter().position(|it| it.name == name);
    let turns = watching(&calendar, &candidates, &hosts, later(known.now, AHEAD), at).turns;
    let (since, woken) = (subject.since, sight.woken(&tenant));
    let answer = settings.rules.veto.as_ref().and_then(|_| known.answer(&tenant));
    let told =
        Told { known: &known, tenant: &tenant, calendar: &calendar, activity, since, woken, answer, turns };
    let refusal = told.refusal(&order, &settings.policy);
    if args.json { output::json(&told.row(refusal)) } else { told.print(refusal.as_deref()) }
}

/// What is to be told.
struct Told<'a> {
    known: &'a Known,
    tenant: &'a Tenant,
    calendar: &'a Calendar<'a>,
    activity: Activity,
    since: Option<Timestamp>,
    woken: Option<Timestamp>,
    /// What the hook said last.
    answer: Option<Answer>,
    turns: Vec<Turn>,
}

impl Told<'_> {
    fn teller(&self) -> Teller<'_> {
        Teller::new(self.calendar)
    }

    fn rules(&self) -> &Rules {
        self.calendar.rules()
    }

    fn later(&self) -> impl Iterator<Item = &Turn> {
        // What is only waited for is told by what comes of it.
        let tells = |turn: &&Turn| !matches!(turn.decision, Decision::Leave(_));
        self.turns.iter().skip(1).filter(tells).take(MOST_TOLD)
    }

    /// Why the first dump that comes would be refused, as far as can be said now.
    fn refusal(&self, order: &Order, policy: &Policy) -> Option<String> {
        let due = self.turns.iter().find_map(|turn| turn.decision.acts().or(turn.decision.due()))?;
        let is_leave = |turn: &Turn| !matches!(turn.decision, Decision::Leave(Leave::Waiting { .. }));
        if due.from.is_some() || !self.turns.iter().any(is_leave) {
            return None;
        }
        let tenants = vec![(self.tenant.host.clone(), self.tenant.name.clone())];
        let order = Order { method: Some(due.method), tenants, door: Door::Keeper, ..order.clone() };
        let plans = plans(&order, &self.known.fleet, &self.known.work, policy, self.known.now);
        plans.into_iter().find_map(|plan| plan.refusal).map(|refusal| plain(&refusal).into_owned())
    }

    fn row(&self, refusal: Option<String>) -> Row<'_> {
        let (teller, tier) = (self.teller(), self.tenant.tier);
        let now = self.turns.first().map_or(Decision::Leave(Leave::NothingKnown), |turn| turn.decision);
        let coming = self.later().map(|turn| At {
            at: turn.at,
            said: Said::of(turn.decision, teller.turn(tier, turn).unwrap_or_default()),
        });
        Row {
            tenant: &self.tenant.name,
            host: &self.tenant.host,
            tier,
            state: self.tenant.state.as_str(),
            method: self.tenant.method,
            since: self.since,
            now: Said::of(now, teller.decision(tier, now)),
            next: self.turns.get(1).map(|turn| turn.at),
            coming: coming.collect(),
            refusal,
            known_use: Uses {
                request: self.activity.request,
                network: self.activity.network,
                cpu: self.activity.cpu,
                connections: self.activity.connections,
                cpu_percent: self.known.cpu(self.tenant).map(|percent| (percent * 100.0).round() / 100.0),
            },
            must_be_known: self.rules().idle.needed().iter().map(Measure::as_str).collect(),
            keeper: self.known.work.keeper.as_ref().map(|keeper| &*keeper.machine),
            hook: self.answer.map(|answer| HookSaid { may_sleep: answer.may, at: answer.at }),
        }
    }

    fn print(&self, refusal: Option<&str>) -> Result<(), Failure> {
        let lines = self.lines(refusal);
        output::print(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
    }

    fn lines(&self, refusal: Option<&str>) -> Vec<String> {
        let (teller, tier) = (self.teller(), self.tenant.tier);
        let since = self.since.map_or(String::new(), |since| format!(" since {}", teller.at(since)));
        let tier_word = tier.map_or("no tier".to_owned(), |tier| format!("tier {tier}"));
        let name = plain(&self.tenant.name);
        let state = self.tenant.state_words();
        let mut lines = vec![format!("{}/{name}: {tier_word}, {state}{since}", self.tenant.host)];
        if let Some(first) = self.turns.first() {
            lines.push(teller.decision(tier, first.decision));
        }
        let later: Vec<String> = self.later().filter_map(|turn| teller.turn(tier, turn)).collect();
        if !later.is_empty() {
            lines.push("If nothing uses it until then:".to_owned());
            lines.extend(later.into_iter().map(|line| format!("  {line}")));
        }
        if let Some(refusal) = refusal {
            lines.push(format!("As things are now, the dump would be refused: {refusal}."));
        }
        lines.extend(tier.map(|tier| teller.tier(tier)));
        lines.push("What is known of its use:".to_owned());
        let start = self.since.map_or("not known".to_owned(), |since| {
            format!("at {}, {} ago", teller.at(since), lasting(between(since, self.known.now)))
        });
        let word = match self.woken {
            _ if self.tenant.method.is_some() => "asleep",
            Some(woken) if Some(woken) == self.since => "woken",
            _ => "started",
        };
        lines.push(format!("  {word:<11}  {start}"));
        for measure in Measure::ALL {
            lines.push(format!("  {:<11}  {}", measure.as_str(), self.measure(measure)));
        }
        if let Some(answer) = self.answer {
            let (at, ago) = (teller.at(answer.at), lasting(between(answer.at, self.known.now)));
            let said =
                if answer.may { "that it may be put to sleep" } else { "that it must not be put to sleep" };
            lines.push(format!("The hook of the config said {said}, at {at}, {ago} ago."));
        }
        lines.push(match &self.known.work.keeper {
            Some(keeper) => {
                let machine = plain(&keeper.machine);
                format!(
                    "The keeper works on {machine}, process {}, since {}.",
                    keeper.pid,
                    teller.at(keeper.since)
                )
            }
            None => {
                "No keeper works on this ledger: nothing is done by rule (`wakeboard keeper`).".to_owned()
            }
        });
        lines
    }

    fn measure(&self, measure: Measure) -> String {
        let idle = &self.rules().idle;
        match (measure, self.known.cpu(self.tenant), idle.cpu) {
            (Measure::Cpu, Some(percent), Some(most)) if percent > most => {
                format!("{percent:.1} % of a core now: in use (more than {most} % is)")
            }
            (Measure::Cpu, Some(percent), Some(_)) if self.activity.cpu.is_some() => {
                format!(
                    "{percent:.1} % of a core now; {}",
                    self.teller().measure(measure, &self.activity, idle)
                )
            }
            (Measure::Cpu, Some(percent), Some(most)) => {
                format!(
                    "{percent:.1} % of a core now (more than {most} % is use); for how long is not measured"
                )
            }
            _ => self.teller().measure(measure, &self.activity, idle),
        }
    }
}

//! What `dump` and `wake` have in common: find the tenants, ask, follow their tickets to the end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::progress::{self, Follow};
use super::telling::Teller;
use super::{Failure, output, settle, who};
use crate::config::Settings;
use crate::model::fleet::{Fleet, Link};
use crate::model::ledger::Where;
use crate::model::method::Method;
use crate::model::named::{self, Unnamed};
use crate::model::needs::Accepted;
use crate::model::plain::plain;
use crate::model::plan::plans;
use crate::model::ticket::{Door, Task};
use crate::model::work::{Order, Plan, Work};
use crate::service::{Rules, Service};

/// How long hosts that have not answered yet are waited for once all tenants are found: one of them may have a tenant of
/// the same name.
const MORE_OF_THAT_NAME: Duration = Duration::from_secs(2);
/// How long what others left half done may hold up the end of a command.
const MENDED_WITHIN: Duration = Duration::from_secs(60);
/// What so many tenants have written is looked at at once.
const LOOKED_AT_ONCE: usize = 8;
/// A ticket that cannot be seen for so long is told as lost.
const OUT_OF_SIGHT: Duration = Duration::from_secs(5);

/// How it is told, and whether it is done.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// In JSON.
    pub json: bool,
    /// Only told.
    pub dry_run: bool,
}

/// A plan in JSON.
#[derive(Debug, Serialize)]
struct PlanRow<'a> {
    tenant: &'a str,
    host: &'a str,
    task: &'a str,
    method: Option<&'a str>,
    containers: &'a [Arc<str>],
    refusal: Option<&'a str>,
    /// Why the method may not work: it did not when it was last tried there, and is tried anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<&'a str>,
    /// What would go with it, by `destroy`.
    loses: Option<&'a str>,
}

/// An order of the shell that names nobody yet.
pub fn order(task: Task, settings: &Settings) -> Order {
    Order {
        task,
        tenants: Vec::new(),
        method: None,
        force: false,
        timeout: None,
        actor: who::who(settings.operator.as_deref()).into(),
        door: Door::Shell,
        cause: None,
        deeper: false,
    }
}

/// Does it to the tenants that `words` name.
///
/// # Errors
/// A name that is not known, or is on several hosts: then nothing is done. No host answers. A tenant did not get there.
pub async fn run(words: &[String], order: Order, manner: Manner, settings: Settings) -> Result<(), Failure> {
    run_accepting(words, order, &[], manner, settings).await
}

/// As `run`, where the operator accepts losses of the one tenant that is woken.
///
/// # Errors
/// As `run`; the words name several tenants.
pub async fn run_accepting(
    words: &[String],
    mut order: Order,
    accepted: &[Accepted],
    manner: Manner,
    settings: Settings,
) -> Result<(), Failure> {
    if let Some(warning) = settings.ledger.as_ref().and_then(Where::warning) {
        eprintln!("wakeboard: {}", plain(&warning));
    }
    let policy = settings.policy;
    let rules = Rules {
        policy: policy.clone(),
        ledger: settings.ledger,
        ledger_keys: settings.ledger_keys,
        copies: settings.copies,
        mends: !manner.dry_run,
        brief: !manner.dry_run,
        ..Rules::default()
    };
    let service = Service::start(settings.hosts, settings.naming, rules);
    // Whoever was removed for its sleep is known by the record alone.
    settle::record(&service).await;
    let fleet = answers(&mut service.fleet(), &service.work(), words).await?;
    order.tenants = named::find(&fleet, &service.work().borrow(), words).map_err(|error| match error {
        Unnamed::Nobody(why) => Failure::Failed(why),
        Unnamed::Several(how) => Failure::Usage(how),
    })?;
    if !accepted.is_empty() && order.tenants.len() != 1 {
        return Err(Failure::Usage("what is lost is accepted for one tenant at a time".to_owned()));
    }
    if manner.dry_run {
        let fleet = settle::setups(&service, &order.tenants).await;
        let plans = plans(&order, &fleet, &service.work().borrow(), &policy, Timestamp::now());
        let losses = losses(&service, order.task, &plans).await;
        return tell_plans(order.task, &plans, &losses, manner.json);
    }
    let stops = stops()?;
    let ids = service.ask_accepting(&order, accepted);
    if ids.len() < order.tenants.len() {
        let missing = order.tenants.len() - ids.len();
        eprintln!(
            "wakeboard: {missing} tenants got no ticket, since too many orders are waiting: ask for them again later"
        );
    }
    let all_asked = ids.len() == order.tenants.len();
    let (cancels_in, mut cancels) = mpsc::unbounded_channel();
    let mut follow = Follow {
        work: service.work(),
        stops,
        cancel: &move |id| {
            let _ = cancels_in.send(id);
        },
        patience: OUT_OF_SIGHT,
    };
    let mut teller = Teller::of_process(manner.json);
    let mut followed = std::pin::pin!(progress::follow(&mut follow, &ids, &mut teller));
    loop {
        tokio::select! {
            outcome = &mut followed => {
                // What another one left half done ends with us, but nobody waits for it for ever.
                let _ = timeout(MENDED_WITHIN, service.mended()).await;
                let too_many = || Failure::Failed("not all tenants got a ticket".to_owned());
                return outcome.and_then(|done| if all_asked { Ok(done) } else { Err(too_many()) });
            }
            Some(id) = cancels.recv() => service.cancel(id),
            Err(fault) = service.watch_tasks() => return Err(Failure::Failed(fault)),
        }
    }
}

/// Waits until it is clear on which hosts the tenants are, or for too long.
async fn answers(
    fleet: &mut watch::Receiver<Arc<Fleet>>,
    work: &watch::Receiver<Arc<Work>>,
    words: &[String],
) -> Result<Arc<Fleet>, Failure> {
    let mut deadline = Instant::now() + settle::DEADLINE;
    let mut found = false;
    loop {
        let now = fleet.borrow_and_update().clone();
        if named::are_settled(&now, words) {
            break;
        }
        let are_found = || named::find(&now, &work.borrow(), words).is_ok();
        if !found && named::named_hosts_are_settled(&now, words) && are_found() {
            found = true;
            deadline = deadline.min(Instant::now() + MORE_OF_THAT_NAME);
        }
        if !matches!(timeout_at(deadline, fleet.changed()).await, Ok(Ok(()))) {
            break;
        }
    }
    let now = fleet.borrow_and_update().clone();
    if now.hosts.iter().any(|host| host.link.is_up()) {
        return Ok(now);
    }
    // A host that still connects is none that could be reached.
    let silent = now.hosts.iter().filter(|host| host.link != Link::Up);
    let lines: Vec<String> = silent.map(|host| host.complaint()).collect();
    Err(Failure::NoHost(lines.join("\n")))
}

/// One message for each ^C, or polite request to end.
fn stops() -> Result<mpsc::Receiver<()>, Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // The terminal was closed, or the line was cut.
    let mut hang_up = signal(SignalKind::hangup())?;
    let (stops_in, stops) = mpsc::channel(2);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
            }
            if stops_in.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(stops)
}

/// What would go with each of these tenants, in their order.
async fn losses(service: &Service, task: Task, plans: &[Plan]) -> Vec<Option<String>> {
    let losses = service.losses();
    let is_removed =
        |plan: &Plan| task == Task::Dump && plan.refusal.is_none() && plan.method == Some(Method::Destroy);
    let one = |plan: &Plan| {
        let (losses, is_removed) = (losses.clone(), is_removed(plan));
        let tenant = (plan.host.clone(), plan.tenant.clone());
        async move { if is_removed { losses.of(&tenant).await } else { None } }
    };
    let each: Vec<_> = plans.iter().map(one).collect();
    stream::iter(each).buffered(LOOKED_AT_ONCE).collect().await
}

fn tell_plans(task: Task, plans: &[Plan], losses: &[Option<String>], json: bool) -> Result<(), Failure> {
    for (plan, lost) in plans.iter().zip(losses) {
        if json {
            output::json(&PlanRow {
                tenant: &plan.tenant,
                host: &plan.host,
                task: task.as_str(),
                method: plan.method.map(Method::as_str),
                containers: &plan.containers,
                refusal: plan.refusal.as_deref(),
                doubt: plan.doubt.as_deref(),
                loses: lost.as_deref().map(plain).as_deref(),
            })?;
        } else {
            let line = plan_line(task, plan, lost.as_deref());
            output::print(|out| writeln!(out, "{line}"))?;
        }
    }
    let refused = plans.iter().filter(|plan| plan.refusal.is_some()).count();
    if refused == 0 { Ok(()) } else { Err(progress::short(refused, plans.len())) }
}

/// `web-1/acme: dump by freeze: acme-app, acme-db`.
fn plan_line(task: Task, plan: &Plan, lost: Option<&str>) -> String {
    let who = format!("{}/{}", plan.host, plain(&plan.tenant));
    if let Some(refusal) = &plan.refusal {
        return format!("{who}: refused: {}", plain(refusal));
    }
    let word = match task {
        Task::Dump => "by",
        Task::Wake => "from",
    };
    let method = plan.method.map_or(String::new(), |method| format!(" {word} {method}"));
    let containers: Vec<_> = plan.containers.iter().map(|name| plain(name)).collect();
    let lost = lost.map_or(String::new(), |lost| format!("; with it goes {}", plain(lost)));
    let doubt = plan.doubt.as_deref().map_or(String::new(), |doubt| format!("; {}", plain(doubt)));
    format!("{who}: {task}{method}: {}{lost}{doubt}", containers.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_what_will_be_done_to_what_or_why_not() {
        let mut plan = Plan {
            host: "web-1".into(),
            tenant: "acme".into(),
            containers: vec!["acme-app".into(), "acme-\u{1b}db".into()],
            method: Some(Method::Freeze),
            doubt: None,
            refusal: None,
        };
        assert_eq!(plan_line(Task::Dump, &plan, None), "web-1/acme: dump by freeze: acme-app, acme-␛db");
        assert_eq!(
            plan_line(Task::Dump, &plan, Some("/opt/\u{1b}x of acme-app")),
            "web-1/acme: dump by freeze: acme-app, acme-␛db; with it goes /opt/␛x of acme-app"
        );
        assert_eq!(plan_line(Task::Wake, &plan, None), "web-1/acme: wake from freeze: acme-app, acme-␛db");
        plan.doubt = Some("freeze did not work".to_owned());
        assert_eq!(
            plan_line(Task::Dump, &plan, None),
            "web-1/acme: dump by freeze: acme-app, acme-␛db; freeze did not work"
        );
        plan.refusal = Some("it is of tier vip".to_owned());
        assert_eq!(plan_line(Task::Dump, &plan, None), "web-1/acme: refused: it is of tier vip");
    }
}

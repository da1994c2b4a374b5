//! What is to be done now for a tenant that somebody asks for: a pure look at the fleet and at the work under way.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::model::door::DoorRules;
use crate::model::fleet::{Fleet, Link, Tenant};
use crate::model::state::State;
use crate::model::ticket::{Outcome, Task, Ticket, TicketId};
use crate::model::work::{TenantKey, Work};

use super::table::is_awake;

/// What ends so soon after a wake ended with it: the clocks are the engine's and ours.
const COMES_WITH_IT: SignedDuration = SignedDuration::from_secs(2);

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is awake: find out where.
    Lead,
    /// Wake it.
    Wake,
    /// Somebody puts it to sleep: call that off, and wake it.
    CallOff(TicketId),
    /// That ticket must end first.
    Await(TicketId),
    /// It is on its way by itself.
    Wait,
    /// It lies down, and no ticket is known that says why; one of somebody else may show soon.
    Lies(String),
    /// Nothing can be done, and why.
    Hopeless(String),
}

/// What is to be done for that tenant now. A fleet of an earlier turn than `turn` does not show yet what was done to it.
#[must_use]
pub fn next(fleet: &Fleet, work: &Work, key: &TenantKey, rules: &DoorRules, turn: u64) -> Next {
    let (host, name) = key;
    if let Some(Link::Down { .. }) = fleet.host(host).map(|host| &host.link) {
        return Next::Hopeless(format!("the host of {name} does not answer"));
    }
    let tenant = fleet.tenant(host, name);
    // A dump that still waits in line has changed nothing yet for one that is awake.
    let is_harmless = |ticket: &Ticket| {
        let is_awake = tenant.is_some_and(|tenant| is_awake(tenant.state));
        ticket.task == Task::Dump && ticket.began.is_none() && is_awake
    };
    if let Some(ticket) = work.ticket_of(host, name).filter(|ticket| !is_harmless(ticket)) {
        return match ticket.task {
            Task::Dump if work.is_ours(ticket.id) => Next::CallOff(ticket.id),
            Task::Wake | Task::Dump => Next::Await(ticket.id),
        };
    }
    let Some(tenant) = tenant else {
        // Or somebody else has destroyed it for its sleep.
        return Next::Lies(format!("{name} is not there any more"));
    };
    if fleet.turn < turn {
        return Next::Wait;
    }
    let sleeps = tenant.method.is_some();
    match tenant.state {
        State::Dumped => Next::Wake,
        state if is_awake(state) && (!sleeps || leads_by_role(tenant, rules)) => Next::Lead,
        // What it is led to runs. Others of it have failed, or somebody has stopped them: that is for operators to see.
        State::Stopped | State::Crashed if !sleeps && serves(tenant, rules) => Next::Lead,
        state if sleeps && (is_awake(state) || lies(state)) => Next::Wake,
        state if lies(state) => {
            let may = rules.wakes_stopped || is_of_our_wake(tenant, work);
            if may && tenant.state != State::Absent {
                return Next::Wake;
            }
            let reason = tenant.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            Next::Lies(format!("{name} is {}{reason}, and not by wakeboard", tenant.state))
        }
        _ => Next::Wait,
    }
}

/// Whether a tenant lies down since a wake of it has failed: then that was our doing, and is tried again. One that somebody stopped
/// later is not.
fn is_of_our_wake(tenant: &Tenant, work: &Work) -> bool {
    let of_tenant = |ticket: &&Arc<Ticket>| {
        ticket.host == tenant.host && ticket.tenant == tenant.name && ticket.ended.is_some()
    };
    let last = work.tickets.iter().filter(of_tenant).max_by_key(|ticket| ticket.ended);
    let failed = last.filter(|ticket| ticket.task == Task::Wake && ticket.outcome == Some(Outcome::Failed));
    let Some(ended) = failed.and_then(|ticket| ticket.ended) else { return false };
    // An end with a fault is its own; a stop without one is somebody's, unless it came with the wake.
    let came_with_it = tenant.since.is_none_or(|since| since.duration_since(ended) <= COMES_WITH_IT);
    matches!(tenant.state, State::Crashed) || (tenant.state == State::Stopped && came_with_it)
}

/// Whether a tenant in that state stays as it is until somebody does something.
fn lies(state: State) -> bool {
    matches!(state, State::Stopped | State::Crashed | State::Paused | State::Absent | State::Created)
}

/// Whether the container runs that requests are led to, where the config names one.
fn leads_by_role(tenant: &Tenant, rules: &DoorRules) -> bool {
    rules.lead.role.as_deref().is_some_and(|role| tenant.serves(Some(role)))
}

/// Whether a container runs that requests may be led to. Where none is named and what is stopped is woken too, what lies down may
/// be the one that is meant.
fn serves(tenant: &Tenant, rules: &DoorRules) -> bool {
    match rules.lead.role.as_deref() {
        Some(role) => tenant.serves(Some(role)),
        None => !rules.wakes_stopped && tenant.serves(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::tests::facts;
    use crate::model::container::{Facts, Phase};
    use crate::model::door::Lead;
    use crate::model::fleet::Host;
    use crate::model::method::Method;
    use crate::model::ticket::Door;
    use jiff::Timestamp;
    use rstest::rstest;

    fn rules(wakes_stopped: bool, role: Option<&str>) -> DoorRules {
        let lead = Lead { role: role.map(Into::into), port: None };
        DoorRules { lead, wakes_stopped, ..DoorRules::default() }
    }

    fn fleet(state: State, link: Link) -> Fleet {
        let phase = if is_awake(state) { Phase::Running } else { Phase::Exited(Some(143)) };
        fleet_of(state, link, vec![facts("a", phase)])
    }

    fn fleet_of(state: State, link: Link, containers: Vec<Facts>) -> Fleet {
        let tenant = Tenant {
            name: "acme".into(),
            host: "web-1".into(),
            tier: None,
            state,
            known: state,
            method: containers.iter().find_map(|facts| facts.asleep),
            reason: (state == State::Crashed).then(|| "exit 3".into()),
            since: None,
            containers: containers.into_iter().map(Arc::new).collect(),
        };
        let host = Host {
            name: "web-1".into(),
            endpoint: "".into(),
            link,
            engine: None,
            heard: None,
            remembered: true,
            unclear: false,
            tenants: vec![Arc::new(tenant)],
        };
        Fleet { hosts: vec![Arc::new(host)], turn: 7 }
    }

    fn id() -> TicketId {
        TicketId::from_random(1)
    }

    fn work(task: Option<Task>, ours: bool) -> Work {
        let ticket = |task| Ticket {
            id: id(),
            task,
            tenant: "acme".into(),
            host: "web-1".into(),
            actor: "op1".into(),
            door: Door::Shell,
            method: None,
            asked: Timestamp::UNIX_EPOCH,
            began: None,
            ended: None,
            outcome: None,
            reason: None,
            cause: None,
            fallbacks: Vec::new(),
            steps: Vec::new(),
        };
        Work {
            tickets: task.map(|task| Arc::new(ticket(task))).into_iter().collect(),
            ours: if ours { vec![id()] } else { Vec::new() },
            turn: 7,
            ..Work::default()
        }
    }

    fn key() -> TenantKey {
        ("web-1".into(), "acme".into())
    }

    #[rstest]
    #[case(State::Running, Next::Lead)]
    #[case(State::Idle, Next::Lead)]
    #[case(State::Unhealthy, Next::Lead)]
    #[case(State::Dumped, Next::Wake)]
    #[case(State::Starting, Next::Wait)]
    #[case(State::Restarting, Next::Wait)]
    #[case(State::Stopping, Next::Wait)]
    #[case(State::Stopped, Next::Lies("acme is stopped, and not by wakeboard".into()))]
    #[case(State::Created, Next::Lies("acme is created, and not by wakeboard".into()))]
    #[case(State::Creating, Next::Wait)]
    #[case(State::Crashed, Next::Lies("acme is crashed (exit 3), and not by wakeboard".into()))]
    fn by_its_state(#[case] state: State, #[case] expected: Next) {
        assert_eq!(
            next(&fleet(state, Link::Up), &work(None, false), &key(), &rules(false, None), 7),
            expected
        );
    }

    #[rstest]
    #[case::beside_one_that_failed(State::Crashed, false, false, Some("app"), Next::Lead)]
    #[case::beside_one_that_is_stopped(State::Stopped, false, true, Some("app"), Next::Lead)]
    #[case::whoever_is_meant(State::Crashed, false, false, None, Next::Lead)]
    #[case::the_one_that_lies_may_be_meant(State::Crashed, false, true, None, Next::Wake)]
    #[case::the_one_that_lies_is_meant(State::Crashed, false, true, Some("job"), Next::Wake)]
    #[case::nothing_else_is_woken(
        State::Crashed, false, false, Some("job"), Next::Lies("acme is crashed (exit 3), and not by wakeboard".into())
    )]
    #[case::a_part_sleeps(State::Running, true, false, None, Next::Wake)]
    #[case::a_part_sleeps_and_another_is_meant(State::Running, true, false, Some("app"), Next::Lead)]
    #[case::the_part_that_sleeps_is_meant(State::Running, true, false, Some("job"), Next::Wake)]
    #[case::it_sleeps_beside_one_that_failed(State::Crashed, true, false, Some("job"), Next::Wake)]
    fn by_the_container_that_is_meant(
        #[case] state: State,
        #[case] sleeps: bool,
        #[case] wakes_stopped: bool,
        #[case] role: Option<&str>,
        #[case] expected: Next,
    ) {
        let of_role = |id, role: &str, phase| {
            let mut it = facts(id, phase);
            it.place.role = Some(role.into());
            it
        };
        let mut job = of_role("b", "job", Phase::Exited(Some(3)));
        job.asleep = sleeps.then_some(Method::Stop);
        let fleet = fleet_of(state, Link::Up, vec![of_role("a", "app", Phase::Running), job]);
        assert_eq!(next(&fleet, &work(None, false), &key(), &rules(wakes_stopped, role), 7), expected);
    }

    #[rstest]
    #[case(State::Stopped, Next::Wake)]
    #[case(State::Paused, Next::Wake)]
    #[case(State::Crashed, Next::Wake)]
    #[case(State::Absent, Next::Lies("acme is absent, and not by wakeboard".into()))]
    fn what_lies_down_where_that_is_woken_too(#[case] state: State, #[case] expected: Next) {
        assert_eq!(
            next(&fleet(state, Link::Up), &work(None, false), &key(), &rules(true, None), 7),
            expected
        );
    }

    #[rstest]
    #[case(Task::Wake, true, Next::Await(id()))]
    #[case(Task::Wake, false, Next::Await(id()))]
    #[case(Task::Dump, true, Next::CallOff(id()))]
    #[case(Task::Dump, false, Next::Await(id()))]
    fn by_who_is_at_it(#[case] task: Task, #[case] ours: bool, #[case] expected: Next) {
        assert_eq!(
            next(&fleet(State::Dumping, Link::Up), &work(Some(task), ours), &key(), &rules(false, None), 7),
            expected
        );
    }

    #[rstest]
    #[case::crashed_by_it(State::Crashed, Task::Wake, Outcome::Failed, 30, true)]
    #[case::ended_with_it(State::Stopped, Task::Wake, Outcome::Failed, 1, true)]
    #[case::stopped_later(State::Stopped, Task::Wake, Outcome::Failed, 30, false)]
    #[case::paused(State::Paused, Task::Wake, Outcome::Failed, 1, false)]
    #[case::woken_and_crashed_later(State::Crashed, Task::Wake, Outcome::Woken, 30, false)]
    #[case::a_dump_that_failed(State::Crashed, Task::Dump, Outcome::Failed, 1, false)]
    #[case::refused(State::Crashed, Task::Wake, Outcome::Refused, 1, false)]
    fn who_lies_down_since_our_wake_failed_is_woken_again(
        #[case] state: State,
        #[case] task: Task,
        #[case] outcome: Outcome,
        #[case] later: i64,
        #[case] again: bool,
    ) {
        let mut fleet = fleet(state, Link::Up);
        let mut tenant = (*fleet.hosts[0].tenants[0]).clone();
        tenant.since = Some(Timestamp::from_second(1000 + later).unwrap());
        let mut host = (*fleet.hosts[0]).clone();
        host.tenants = vec![Arc::new(tenant)];
        fleet.hosts = vec![Arc::new(host)];
        let mut work = work(Some(task), true);
        let mut ticket = (*work.tickets[0]).clone();
        (ticket.ended, ticket.outcome) = (Some(Timestamp::from_second(1000).unwrap()), Some(outcome));
        work.tickets = vec![Arc::new(ticket)];
        let next = next(&fleet, &work, &key(), &rules(false, None), 7);
        assert_eq!(next == Next::Wake, again, "{next:?}");
    }

    #[test]
    fn a_dump_in_line_leaves_who_is_awake_as_it_is() {
        let work = work(Some(Task::Dump), true);
        assert_eq!(next(&fleet(State::Running, Link::Up), &work, &key(), &rules(false, None), 7), Next::Lead);
        assert_eq!(
            next(&fleet(State::Dumped, Link::Up), &work, &key(), &rules(false, None), 7),
            Next::CallOff(id())
        );
    }

    #[test]
    fn a_fleet_that_lags_behind_the_work_is_not_believed() {
        let mut fleet = fleet(State::Dumped, Link::Up);
        fleet.turn = 6;
        assert_eq!(next(&fleet, &work(None, false), &key(), &rules(false, None), 7), Next::Wait);
        assert!(matches!(
            next(&fleet, &work(None, false), &("web-1".into(), "birch".into()), &rules(false, None), 7),
            Next::Lies(_)
        ));
    }

    #[test]
    fn a_host_that_is_down() {
        let down = Link::Down { since: Timestamp::UNIX_EPOCH, reason: "refused".into() };
        let told = next(&fleet(State::Unreachable, down), &work(None, false), &key(), &rules(false, None), 7);
        assert_eq!(told, Next::Hopeless("the host of acme does not answer".into()));
    }
}

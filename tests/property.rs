//! Whatever is done to tenants by us and by others, in whatever order, cut off wherever: afterwards ledger and engine
//! agree, nothing is left set aside, and every tenant can be woken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "property/bench.rs"]
mod bench;

use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use wakeboard::config::scenario::{Act, Call, CallFault, How};
use wakeboard::model::method::Method;
use wakeboard::model::ticket::Task;

use bench::Bench;

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Happens {
    /// We are asked for something, and wait for its end or for so many milliseconds. By a keeper: deeper, where it sleeps.
    Asked { task: Task, tenant: usize, method: Option<Method>, deeper: bool, wait: Option<u64> },
    /// Somebody else does something to a container.
    Other { container: usize, act: Act },
    /// Our process is killed, and another one starts.
    Crash,
    /// The next call of that kind goes wrong.
    Fault(CallFault),
}

fn happens() -> impl Strategy<Value = Happens> {
    let method = prop::sample::select(Method::ALL.to_vec());
    let wait = prop_oneof![Just(None), (0..60_u64).prop_map(Some)];
    let act = prop::sample::select(vec![
        Act::Stop,
        Act::Start,
        Act::Pause,
        Act::Unpause,
        Act::Kill,
        Act::Destroy,
        Act::Restart,
    ]);
    let calls = [Call::Checkpoint, Call::Restore, Call::Unpause, Call::Pause, Call::Update, Call::Stop];
    let how = prop::sample::select(vec![How::Lost, How::Mute, How::Status(500)]);
    prop_oneof![
        4 => (0..bench::TENANTS.len(), method, any::<bool>(), wait.clone()).prop_map(
            |(tenant, method, deeper, wait)| {
                Happens::Asked { task: Task::Dump, tenant, method: Some(method), deeper, wait }
            }
        ),
        2 => (0..bench::TENANTS.len(), wait).prop_map(|(tenant, wait)| {
            Happens::Asked { task: Task::Wake, tenant, method: None, deeper: false, wait }
        }),
        3 => (0..bench::CONTAINERS.len(), act).prop_map(|(container, act)| Happens::Other { container, act }),
        2 => Just(Happens::Crash),
        2 => (prop::sample::select(calls.to_vec()), how)
            .prop_map(|(of, how)| Happens::Fault(CallFault { of, times: 1, how })),
    ]
}

/// How many sequences, all at once: each spends most of its time waiting.
const CASES: usize = 24;

/// Lives through one sequence; says what is wrong afterwards.
async fn live(sequence: &[Happens]) -> Result<(), String> {
    let mut bench = Bench::start().await;
    for happens in sequence {
        match *happens {
            Happens::Asked { task, tenant, method, deeper, wait } => {
                bench.ask(task, tenant, method, deeper, wait).await;
            }
            Happens::Other { container, act } => bench.other(container, act).await,
            Happens::Crash => bench.crash().await,
            Happens::Fault(fault) => bench.fault(fault),
        }
    }
    bench.settle().await?;
    bench.wake_all().await
}

fn run(sequences: Vec<Vec<Happens>>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let wrong: Vec<String> = runtime.block_on(async {
        let mut all = tokio::task::JoinSet::new();
        for (number, sequence) in sequences.into_iter().enumerate() {
            all.spawn(async move {
                // Not all canaries at the same moment.
                tokio::time::sleep(Duration::from_millis(200) * u32::try_from(number).unwrap()).await;
                live(&sequence).await.map_err(|wrong| format!("{sequence:#?}\n{wrong}"))
            });
        }
        all.join_all().await.into_iter().filter_map(Result::err).collect()
    });
    assert!(wrong.is_empty(), "{} sequences:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn ledger_and_engine_agree_whatever_happens() {
    // The same sequences in each run, so that a failure can be looked at; another seed is another set.
    let seed = std::env::var("WAKEBOARD_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u8);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let sequence = prop::collection::vec(happens(), 2..9);
    run((0..CASES).map(|_| sequence.new_tree(&mut runner).unwrap().current()).collect());
}

fn dump(method: Method, wait: Option<u64>) -> Happens {
    Happens::Asked { task: Task::Dump, tenant: 1, method: Some(method), deeper: false, wait }
}

/// Deeper is a wake and a dump: killed anywhere in them, the tenant sleeps as recorded or is awake, and wakes as it was.
#[test]
fn who_is_put_deeper_is_nowhere_lost() {
    let deeper = |method, wait| Happens::Asked {
        task: Task::Dump,
        tenant: 1,
        method: Some(method),
        deeper: true,
        wait,
    };
    let first = dump(Method::Freeze, None);
    let mut all: Vec<Vec<Happens>> = [Method::Checkpoint, Method::Stop, Method::Destroy]
        .map(|method| vec![first, deeper(method, None)])
        .into();
    all.extend([3, 8, 15, 25, 40, 60, 80, 100, 130, 160].map(|wait| {
        vec![first, deeper(Method::Checkpoint, Some(wait)), Happens::Crash, deeper(Method::Stop, None)]
    }));
    run(all);
}

/// What somebody does to a tenant of ours that sleeps is not undone, and what was set aside comes back.
#[test]
fn who_is_started_by_hand_has_its_restart_policy_back() {
    let database = bench::CONTAINERS.iter().position(|name| *name == "birch-db").unwrap();
    let other = |act| Happens::Other { container: database, act };
    run(vec![
        vec![dump(Method::Stop, None), other(Act::Start)],
        vec![dump(Method::Checkpoint, None), other(Act::Start), other(Act::Kill)],
        vec![dump(Method::Freeze, None), other(Act::Unpause)],
        vec![dump(Method::Freeze, None), other(Act::Kill)],
        vec![dump(Method::Stop, None), other(Act::Start), dump(Method::Freeze, None)],
    ]);
}

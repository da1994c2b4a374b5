//! What a host could not do is tried again once it can be seen that it can.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use wakeboard::ledger::Ledger;
use wakeboard::model::ability::Ability;
use wakeboard::model::ledger::Where;
use wakeboard::model::method::Method;

use super::Bench;
use crate::engine::Engine;

/// As an earlier version wrote it: the cause is in the words alone.
const NO_SWAP: &str = r#"{
    "reason": "the memory of a paused container does not leave: the host has no free swap",
    "mend": "give the host swap (`swapon`), as much as the tenants that shall sleep hold of memory"
}"#;

/// Remembers that there was no swap three hours ago.
fn remember(bench: &Bench) {
    let place = Where::Sqlite(bench.home.path().join("state/wakeboard/ledger.db"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&place).await.unwrap();
        let known = ledger.abilities().await.unwrap();
        let freeze = known.iter().find(|it| it.method == Method::Freeze).unwrap();
        assert_eq!(freeze.fault, None, "the lab has swap");
        let fault = Some(serde_json::from_str(NO_SWAP).unwrap());
        let (engine, tried) = (Arc::clone(&freeze.engine), Timestamp::now() - 3.hours());
        ledger.put_ability(&Ability { fault, engine, tried, ..freeze.clone() }).await.unwrap();
    });
}

#[test]
fn swap_that_the_host_has_got_meanwhile_is_seen_at_the_next_dump() {
    let mut bench = Bench::new(Engine::docker_a(), "dump: {methods: [freeze, stop]}\n");
    bench.run_counter("swap-again", &[], "16");
    remember(&bench);
    let number = bench.count("swap-again");
    let line = bench.expect(&["dump", "swap-again"], "dumped");
    assert_eq!(line["method"], "freeze", "{line}");
    bench.expect(&["wake", "swap-again"], "woken");
    assert_eq!(bench.count("swap-again"), number + 1, "it went on");
    // It is remembered that it works now.
    let (out, _) = bench.say(&["dump", "swap-again", "--by", "freeze", "--dry-run"]);
    assert!(!out.contains("did not work"), "{out}");
}

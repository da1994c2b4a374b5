//! Two consoles on one ledger: the one sees what the other did, and ends what the other left.

use super::docker_a;
use crate::common::Home;

#[test]
fn another_console_wakes_what_this_one_dumped() {
    let mut bench = docker_a();
    bench.run_counter("quince", &["--label", "wakeboard.tenant=quince"], "4");
    let before = bench.count("quince");
    bench.expect(&["dump", "quince", "--by", "freeze"], "dumped");
    let ledger = bench.home.path().join("state/wakeboard/ledger.db");
    let other =
        Home::new(&format!("hosts: {{there: '{}'}}\nledger: {}\n", bench.engine.endpoint, ledger.display()));
    let config = other.config().display().to_string();
    let output = other.command(&["--config", &config, "wake", "quince", "--json"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
    assert!(bench.count("quince") > before);
    assert_eq!(bench.tenant("quince")["state"], "running");
}

use rstest::rstest;

use super::*;

/// What Docker 20.10 says of a running container, shortened.
fn recorded() -> Inspect {
    let text = r#"{
        "State": {"Status": "running", "StartedAt": "2026-01-02T03:04:05.5Z", "FinishedAt": "0001-01-01T00:00:00Z"},
        "HostConfig": {
            "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18080"}], "53/udp": [{"HostIp": "", "HostPort": "53"}]},
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
            "Memory": 67108864, "MemorySwap": 134217728, "MemoryReservation": 0
        },
        "Config": {"ExposedPorts": {"80/tcp": {}, "90/tcp": {}, "53/udp": {}}},
        "NetworkSettings": {
            "Ports": {
                "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18080"}],
                "90/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}, {"HostIp": "::", "HostPort": "32768"}],
                "91/tcp": null
            },
            "Networks": {"n1": {"IPAddress": "10.250.1.9", "GlobalIPv6Address": ""}, "n2": {"IPAddress": "10.250.2.2"}}
        }
    }"#;
    Inspect::read(text.as_bytes()).unwrap()
}

#[test]
fn an_inspect_tells_all_of_it() {
    let inspect = recorded();
    let life = life(&inspect);
    assert_eq!(life.started, Some("2026-01-02T03:04:05.5Z".parse().unwrap()));
    assert_eq!(life.finished, None);
    let config = inspect.host_config.clone().unwrap();
    assert_eq!(restart(&inspect), Restart { name: "on-failure".to_owned(), most: 3 });
    assert_eq!(limits::of_host_config(&config).memory_swap, 134_217_728);
    assert_eq!(declared(&inspect), BTreeSet::from([80, 90]));
}

#[rstest]
#[case(&["CMD-SHELL", "test -e /x"], "/bin/sh", &["-c", "test -e /x"], true)]
#[case(&["CMD-SHELL", "test -e /x"], "sh", &[], false)]
#[case(&["CMD", "probe", "-v"], "probe", &["-v"], true)]
#[case(&["CMD", "probe"], "probe", &["-v"], false)]
#[case(&["NONE"], "sh", &[], false)]
#[case(&[], "sh", &[], false)]
fn a_run_of_the_health_check_is_no_session(
    #[case] check: &[&str],
    #[case] entrypoint: &str,
    #[case] arguments: &[&str],
    #[case] is_run: bool,
) {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let process = Process { entrypoint: entrypoint.to_owned(), arguments: Some(owned(arguments)) };
    assert_eq!(process.is_run_of(&owned(check)), is_run);
}

#[test]
fn a_session_is_told_plainly() {
    let text =
        r#"{"Running": true, "ProcessConfig": {"entrypoint": "sh", "arguments": ["-c", "\u001b[31m"]}}"#;
    let session: Session = serde_json::from_str(text).unwrap();
    assert!(session.running);
    assert_eq!(session.process.text(), "sh -c ␛[31m");
}

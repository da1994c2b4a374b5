use rstest::rstest;

use super::*;

fn of(text: &str) -> Facts {
    of_inspect(&Inspect::read(text.as_bytes()).unwrap(), &Naming::default()).unwrap()
}

#[rstest]
#[case(r#""Status": "stopped", "ExitCode": 3"#, Phase::Exited(Some(3)))]
#[case(r#""Status": "initialized""#, Phase::Created)]
#[case(r#""Status": "configured""#, Phase::Created)]
#[case(r#""Status": "stopping", "Running": true"#, Phase::Stopping)]
#[case(r#""Status": "what will be", "Running": true"#, Phase::Running)]
#[case(r#""Status": "what will be", "Running": true, "Paused": true"#, Phase::Paused)]
#[case(r#""Status": "what will be", "Restarting": true, "Running": true"#, Phase::Restarting)]
#[case(r#""Status": "what will be", "Dead": true"#, Phase::Dead)]
#[case(
    r#""Status": "what will be", "ExitCode": 4, "FinishedAt": "2026-01-02T03:04:05Z""#,
    Phase::Exited(Some(4))
)]
#[case(
    r#""Status": "what will be", "StartedAt": "0001-01-01T00:00:00Z", "FinishedAt": "0001-01-01T00:00:00Z""#,
    Phase::Created
)]
#[case(r#""Running": false"#, Phase::Created)]
fn a_word_that_is_not_known_is_no_other_word(#[case] state: &str, #[case] expected: Phase) {
    assert_eq!(of(&format!(r#"{{"Id": "a1", "State": {{{state}}}}}"#)).phase, expected);
}

#[test]
fn words_that_nobody_knows_do_not_end_an_inspect() {
    let facts = of(r#"{
        "Id": "a1", "Name": "/acme", "RestartCount": 2,
        "State": {"Status": "running", "Health": {"Status": "reflecting"}},
        "HostConfig": {"RestartPolicy": {"Name": "on-tuesdays"}, "CgroupnsMode": "shared", "Isolation": "hyper",
            "Mounts": [{"Type": "dream", "Target": "/x"}]}
    }"#);
    assert_eq!((facts.phase, facts.health), (Phase::Running, Health::Unknown));
    let detail = facts.detail.unwrap();
    // What such a policy does is not known: the container may start again.
    assert!(detail.starts_again);
    assert_eq!(detail.restarts, 2);
}

#[test]
fn what_it_uses_of_others_and_its_ports() {
    let facts = of(r#"{
        "Id": "a1", "State": {"Status": "running"},
        "HostConfig": {"NetworkMode": "container:n1", "IpcMode": "container:i1", "PidMode": "", "AutoRemove": true,
            "Links": ["/acme-db:/acme-app/db"], "VolumesFrom": ["acme-data:ro"],
            "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "1"}]}},
        "Config": {"Labels": {"com.docker.compose.oneoff": "True"}, "ExposedPorts": {"90/tcp": {}, "80/tcp": {}}},
        "NetworkSettings": {"Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "18080"}], "53/udp": null}}
    }"#);
    let setup = facts.setup.unwrap();
    let used: Vec<_> = setup.uses.iter().map(|it| (it.part, &*it.of)).collect();
    let expected =
        [(Part::Network, "n1"), (Part::Ipc, "i1"), (Part::Link, "acme-db"), (Part::Volumes, "acme-data")];
    assert_eq!(used, expected);
    assert!(setup.is_whole && setup.oneoff && setup.removed_at_end);
    let ports = facts.ports.unwrap();
    let told: Vec<_> = ports.iter().map(|it| (it.port, &*it.protocol, it.host_port)).collect();
    assert_eq!(told, [(53, "udp", None), (80, "tcp", Some(18080)), (90, "tcp", None)]);
}

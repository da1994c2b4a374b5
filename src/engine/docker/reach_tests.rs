use bollard::models::PortMap;

use super::*;

/// What Docker 20.10 says of a running container, shortened.
fn recorded() -> ContainerInspectResponse {
    let text = r#"{
        "HostConfig": {
            "NetworkMode": "n1",
            "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18080"}], "53/udp": [{"HostIp": "", "HostPort": "53"}]}
        },
        "NetworkSettings": {
            "Ports": {
                "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18080"}],
                "90/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}, {"HostIp": "::", "HostPort": "32769"}],
                "91/tcp": null
            },
            "Networks": {
                "n1": {"IPAddress": "127.217.1.9", "IPPrefixLen": 16, "GlobalIPv6Address": "", "NetworkID": "a1"},
                "n2": {"IPAddress": "127.217.2.2", "NetworkID": "a2"},
                "overlay": {"IPAddress": "198.51.100.9", "IPPrefixLen": 24, "NetworkID": "a3"}
            }
        }
    }"#;
    serde_json::from_str(text).unwrap()
}

fn read<T: std::str::FromStr<Err: std::fmt::Debug>>(texts: &[&str]) -> Vec<T> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn addresses_that_a_router_would_lead_to_somebody_else_are_left_out() {
    let inspect = recorded();
    assert_eq!(addresses(&inspect, |_| true), read::<IpAddr>(&["127.217.1.9", "127.217.2.2"]));
    let shared = |it: &EndpointSettings| it.network_id.as_deref() == Some("a2");
    assert_eq!(addresses(&inspect, shared), read::<IpAddr>(&["127.217.2.2"]));
}

#[test]
fn published_ports_keep_to_their_family() {
    let inspect = recorded();
    let at = |port: u16, address: &str| (port, address.parse::<SocketAddr>().unwrap());
    let near = [at(80, "127.0.0.1:18080"), at(90, "127.0.0.1:32768"), at(90, "[::1]:32769")];
    assert_eq!(published(&inspect, &HERE), near);
    assert_eq!(published(&inspect, &read(&["192.0.2.7"])), [at(90, "192.0.2.7:32768")]);
    assert_eq!(published(&inspect, &[]), []);
}

#[test]
fn ports_of_a_sleeper_are_those_it_was_created_with() {
    let mut inspect = recorded();
    inspect.network_settings.as_mut().unwrap().ports = Some(PortMap::new());
    assert_eq!(published(&inspect, &HERE), [(80, "127.0.0.1:18080".parse().unwrap())]);
}

#[test]
fn the_container_that_this_program_runs_in_tells_whose_network_it_is() {
    let mut own = recorded();
    let Network::Shared(mut ids) = network_of_own(&own) else { panic!("it is in networks") };
    ids.sort();
    assert_eq!(ids, ["a1", "a2", "a3"]);
    own.host_config.as_mut().unwrap().network_mode = Some("host".to_owned());
    assert_eq!(network_of_own(&own), Network::Ours);
    assert_eq!(network_of_own(&ContainerInspectResponse::default()), Network::Unknown);
}

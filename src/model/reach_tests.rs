use super::*;
use rstest::rstest;

use crate::model::container::Phase;
use crate::model::route::tests::particulars;

#[rstest]
#[case::an_engine_in_our_network(Some((0, &[Some(true)][..])), Network::Ours)]
#[case::one_in_another(Some((0, &[Some(false)][..])), Network::Apart(None))]
#[case::one_of_several_in_another(Some((0, &[Some(true), Some(false)][..])), Network::Apart(None))]
#[case::one_that_cannot_be_seen(Some((0, &[None][..])), Network::Unknown)]
#[case::a_forwarded_socket(Some((0, &[][..])), Network::Unknown)]
#[case::an_engine_of_a_user(Some((1000, &[Some(false)][..])), Network::Apart(Some(1000)))]
#[case::podman_of_a_user_is_in_our_network_and_its_containers_are_not(Some((1000, &[Some(true)][..])), Network::Apart(Some(1000)))]
#[case::a_machine_of_a_user(Some((1000, &[][..])), Network::Apart(Some(1000)))]
#[case::nobody_is_seen(None, Network::Unknown)]
fn whose_network(#[case] seen: Option<(u32, &[Option<bool>])>, #[case] expected: Network) {
    let listener = seen.map(|(user, engines)| Listener { user, engines: engines.to_vec() });
    assert_eq!(network(listener.as_ref()), expected);
}

#[rstest]
#[case("", &["127.0.0.1", "::1"], &["127.0.0.1", "::1"])]
#[case("0.0.0.0", &["127.0.0.1", "::1"], &["127.0.0.1"])]
#[case("::", &["127.0.0.1", "::1"], &["::1"])]
#[case("::", &["192.0.2.7"], &[])]
#[case("0.0.0.0", &["192.0.2.7", "2001:db8::7"], &["192.0.2.7"])]
#[case("127.0.0.1", &["127.0.0.1", "::1"], &["127.0.0.1"])]
#[case("127.0.0.1", &["192.0.2.7"], &[])]
#[case("::1", &["192.0.2.7"], &[])]
#[case("10.1.0.5", &["127.0.0.1"], &["10.1.0.5"])]
#[case("garbage", &["127.0.0.1"], &[])]
#[case("0.0.0.0", &[], &[])]
fn where_a_published_port_is(#[case] bound: &str, #[case] machine: &[&str], #[case] expected: &[&str]) {
    let read = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
    assert_eq!(published_at(bound, &read(machine)), read(expected));
}

#[rstest]
#[case("172.17.0.2", "172.17.0.1", 16, true)]
#[case("10.0.1.2", "192.168.1.5", 24, false)]
#[case("10.0.1.2", "10.0.2.5", 24, false)]
#[case("10.0.1.2", "10.200.2.5", 0, true)]
#[case("10.0.1.2", "10.0.1.3", 32, false)]
#[case("fd00::2", "fd00::1", 64, true)]
#[case("fd00::2", "fd01::1", 64, false)]
#[case("fd00::2", "10.0.0.1", 64, false)]
fn addresses_of_one_network(
    #[case] address: &str,
    #[case] source: &str,
    #[case] prefix: u8,
    #[case] expected: bool,
) {
    assert_eq!(is_in_network_of(address.parse().unwrap(), source.parse().unwrap(), prefix), expected);
}

#[test]
fn all_ways_to_a_port_are_candidates_and_no_others() {
    let mut it = particulars(Phase::Running, 1, 0);
    it.addresses = ["10.9.0.5", "172.18.0.4"].map(|it| it.parse().unwrap()).into();
    it.published = vec![(80, "127.0.0.1:18080".parse().unwrap()), (81, "127.0.0.1:18081".parse().unwrap())];
    let told: Vec<(String, bool)> =
        candidates(&it, 80).iter().map(|it| (it.at.to_string(), it.straight)).collect();
    let expected = [("10.9.0.5:80", true), ("172.18.0.4:80", true), ("127.0.0.1:18080", false)]
        .map(|(at, straight)| (at.to_owned(), straight));
    assert_eq!(told, expected);
    it.addresses.clear();
    assert_eq!(candidates(&it, 82), []);
    assert_eq!(no_way(&it, Some(82)), "its network is not reached from here, and port 82 is not published");
    it.unreached = Network::Apart(None).reason().map(str::to_owned);
    let why = "its engine's network is not this machine's, and port 82 is not published";
    assert_eq!(no_way(&it, Some(82)), why);
}

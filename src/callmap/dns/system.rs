//! The resolver of this machine.

use std::net::{IpAddr, SocketAddr};

use crate::callmap::fault::fault;
use crate::model::callmap::answer::{Fault, FaultKind};

const FILE: &str = "/etc/resolv.conf";

/// How many resolvers the system's own library asks at most.
const MOST: usize = 3;

/// The resolvers that the system asks, in its order; one at least.
pub fn resolvers() -> Result<Vec<SocketAddr>, Fault> {
    let text = std::fs::read_to_string(FILE)
        .map_err(|error| fault(FaultKind::Ours, format!("the system names no resolver: {FILE}: {error}")))?;
    let found = named(&text);
    if found.is_empty() {
        return Err(fault(FaultKind::Ours, format!("the system names no resolver: none in {FILE}")));
    }
    Ok(found)
}

fn named(text: &str) -> Vec<SocketAddr> {
    let resolver = |line: &str| {
        let mut words = line.split_whitespace();
        let is_resolver = words.next() == Some("nameserver");
        let address: IpAddr = words.next().filter(|_| is_resolver)?.parse().ok()?;
        Some(SocketAddr::new(address, 53))
    };
    text.lines().filter_map(resolver).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolvers_are_found_in_their_order() {
        let text = "# nameserver 10.0.0.9\nsearch example.com\nnameserver  10.0.0.53 \nnameserver ::1\n";
        let two: [SocketAddr; 2] = ["10.0.0.53:53".parse().unwrap(), "[::1]:53".parse().unwrap()];
        assert_eq!(named(text), two);
        assert_eq!(named("nameserver ::1"), two[1..]);
        assert!(named("options edns0\nnameserver\n").is_empty());
        assert_eq!(named(&"nameserver 10.0.0.1\n".repeat(9)).len(), 3);
    }
}

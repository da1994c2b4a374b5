//! The resolver of this machine.

use std::net::{IpAddr, SocketAddr};

use crate::callmap::fault::fault;
use crate::model::callmap::answer::{Fault, FaultKind};

const FILE: &str = "/etc/resolv.conf";

/// The first resolver that the system asks.
pub fn resolver() -> Result<SocketAddr, Fault> {
    let text = std::fs::read_to_string(FILE)
        .map_err(|error| fault(FaultKind::Ours, format!("the system names no resolver: {FILE}: {error}")))?;
    first(&text)
        .ok_or_else(|| fault(FaultKind::Ours, format!("the system names no resolver: none in {FILE}")))
}

fn first(text: &str) -> Option<SocketAddr> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let is_resolver = words.next() == Some("nameserver");
        let address: IpAddr = words.next().filter(|_| is_resolver)?.parse().ok()?;
        Some(SocketAddr::new(address, 53))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_resolver_is_found() {
        let text = "# nameserver 10.0.0.9\nsearch example.com\nnameserver  10.0.0.53 \nnameserver ::1\n";
        assert_eq!(first(text), Some("10.0.0.53:53".parse().unwrap()));
        assert_eq!(first("nameserver ::1"), Some("[::1]:53".parse().unwrap()));
        assert_eq!(first("options edns0\nnameserver\n"), None);
    }
}

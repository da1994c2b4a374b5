//! The TCP ports at which processes of a container listen, read from the kernel where the engine is on this machine.

use std::collections::BTreeSet;
use std::fs;

use tokio::task::spawn_blocking;

use crate::engine::cgroup;
use crate::engine::nearness::is_in_our_network;
use crate::engine::network::is_loopback;
use crate::model::container::Facts;

/// The state of a socket that listens, in the kernel's table.
const LISTENS: &str = "0A";
/// How many ports are told of.
const MOST: usize = 256;

/// The ports at which the container's processes listen, those of loopback left out; none where they are not on this
/// machine, or have no network of their own.
///
/// The kernel goes through all connections of the machine for each of its two tables, a millisecond or more: they are
/// read at the same time.
pub async fn ports(facts: &Facts) -> Vec<u16> {
    let Some(pid) = facts.detail.map(|detail| detail.pid) else { return Vec::new() };
    if !cgroup::is_of(pid, &facts.id) || is_in_our_network(pid) != Some(false) {
        return Vec::new();
    }
    let read = |name: &'static str| {
        spawn_blocking(move || fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default())
    };
    let (four, six) = tokio::join!(read("tcp"), read("tcp6"));
    let mut ports = of_table(&four.unwrap_or_default());
    ports.extend(of_table(&six.unwrap_or_default()));
    ports.into_iter().take(MOST).collect()
}

/// A line of the table is `number: address:port address:port state ...`, in hexadecimal.
fn of_table(table: &str) -> BTreeSet<u16> {
    let port = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (address, port) = fields.next()?.split_once(':')?;
        let listens = fields.nth(1)? == LISTENS;
        (listens && !is_loopback(address)).then(|| u16::from_str_radix(port, 16).ok())?
    };
    table.lines().filter_map(port).collect()
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;

    #[test]
    fn only_what_listens_for_others_counts() {
        let tcp = "  sl  local_address rem_address   st tx_queue\n\
            0: 00000000:1F90 00000000:0000 0A 00000000:00000000\n\
            1: 0100007F:0050 00000000:0000 0A 00000000:00000000\n\
            2: 090AFA0A:1F91 0B0AFA0A:C350 01 00000000:00000000\n";
        assert_eq!(of_table(tcp), BTreeSet::from([8080]));
        let tcp6 = "  sl  local_address rem_address   st\n\
            0: 00000000000000000000000000000000:1FA4 00000000000000000000000000000000:0000 0A 0\n\
            1: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0\n\
            2: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 0\n";
        assert_eq!(of_table(tcp6), BTreeSet::from([8100]));
        assert_eq!(of_table("garbage\n1: x\n"), BTreeSet::new());
    }
}

//! The network of a container on this machine, read straight from the kernel: bytes, sockets and open connections. Only root and
//! who has `CAP_SYS_PTRACE` may see whether a process has a network of its own; nobody else is told anything here.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};

/// States of a socket in the kernel's table.
const ESTABLISHED: &[u8] = b"01";
const LISTENS: &[u8] = b"0A";
/// How much of one table is read: 150 bytes a socket. Who has more connections than that is in use by any threshold.
const MOST_READ: u64 = 6 << 20;
/// How many lines `net/dev` may have.
const MOST_DEVICES: usize = 256;

/// Whether that process has a network of its own: neither this program's nor the machine's.
#[must_use]
pub fn is_apart(pid: u32) -> bool {
    let network = |of: &str| fs::read_link(format!("/proc/{of}/ns/net")).ok();
    let Some(theirs) = network(&pid.to_string()) else { return false };
    network("self").is_some_and(|ours| ours != theirs) && network("1") != Some(theirs)
}

/// Bytes that went in and out of that process's network so far, those to itself left out.
#[must_use]
pub fn bytes(pid: u32) -> Option<u64> {
    of_devices(&fs::read_to_string(format!("/proc/{pid}/net/dev")).ok()?)
}

/// How many TCP sockets there are in that process's network: those that listen and those that are connected. The kernel keeps
/// count of them, so this is cheap.
#[must_use]
pub fn sockets(pid: u32) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/net/{name}")).ok();
    // Without IPv6 there is no second table.
    Some(
        in_use(&read("sockstat")?, "TCP:")?
            + read("sockstat6").and_then(|six| in_use(&six, "TCP6:")).unwrap_or(0),
    )
}

/// How many connections are open from outside to ports at which that process's network listens. The kernel goes through all
/// connections of the machine for each of its two tables, a millisecond or more; and it blocks.
#[must_use]
pub fn connections(pid: u32) -> Option<u32> {
    let mut table = Table::default();
    table.read(File::open(format!("/proc/{pid}/net/tcp")).ok()?)?;
    if let Ok(six) = File::open(format!("/proc/{pid}/net/tcp6")) {
        table.read(six)?;
    }
    Some(table.connections())
}

/// What is wanted of the kernel's tables.
#[derive(Default)]
struct Table {
    listens: HashSet<u16>,
    /// Connections from outside, by the port here.
    open: HashMap<u16, u32>,
    /// There is more than was read.
    is_cut: bool,
}

impl Table {
    /// A line of a table is `number: address:port address:port state ...`, in hexadecimal.
    fn read(&mut self, table: impl Read) -> Option<()> {
        let mut lines = BufReader::with_capacity(1 << 16, table.take(MOST_READ));
        let (mut line, mut all) = (Vec::with_capacity(256), 0);
        loop {
            line.clear();
            let read = lines.read_until(b'\n', &mut line).ok()?;
            if read == 0 {
                self.is_cut |= all == MOST_READ;
                return Some(());
            }
            all += read as u64;
            self.take(&line);
        }
    }

    fn take(&mut self, line: &[u8]) -> Option<()> {
        let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).skip(1);
        let (ours, theirs, state) = (fields.next()?, fields.next()?, fields.next()?);
        let ((ours, port), (theirs, _)) = (end(ours)?, end(theirs)?);
        if state == LISTENS {
            self.listens.insert(port);
        } else if state == ESTABLISHED && !is_loopback(theirs) && theirs != ours {
            *self.open.entry(port).or_default() += 1;
        }
        Some(())
    }

    fn connections(&self) -> u32 {
        if self.is_cut {
            return u32::MAX;
        }
        self.listens.iter().filter_map(|port| self.open.get(port)).sum()
    }
}

/// One end of a connection.
fn end(text: &[u8]) -> Option<(&str, u16)> {
    let (address, port) = std::str::from_utf8(text).ok()?.split_once(':')?;
    Some((address, u16::from_str_radix(port, 16).ok()?))
}

/// The kernel writes addresses in words of 4 bytes, each in the machine's own order.
#[must_use]
pub fn is_loopback(address: &str) -> bool {
    match address.len() {
        8 => first_byte(address) == Some("7F"),
        32 => {
            address.starts_with("0000000000000000")
                && match &address[16..24] {
                    "00000000" => matches!(&address[24..], "01000000" | "00000001"),
                    // IPv4 within IPv6.
                    _ => first_byte(&address[24..]) == Some("7F"),
                }
        }
        _ => false,
    }
}

/// The first byte of an address in a word of the table.
fn first_byte(word: &str) -> Option<&str> {
    if cfg!(target_endian = "little") { word.get(6..8) } else { word.get(..2) }
}

/// A line of `net/dev` is `name: received-bytes and seven more, sent-bytes ...`; two lines of names come first.
fn of_devices(text: &str) -> Option<u64> {
    let mut all = 0u64;
    for line in text.lines().skip(2).take(MOST_DEVICES) {
        let (name, counts) = line.split_once(':')?;
        if name.trim() == "lo" {
            continue;
        }
        let mut counts = counts.split_whitespace().map(str::parse::<u64>);
        let (received, sent) = (counts.next()?.ok()?, counts.nth(7)?.ok()?);
        all = all.wrapping_add(received).wrapping_add(sent);
    }
    Some(all)
}

/// The number in `TCP: inuse 3 orphan 0 ...`.
fn in_use(text: &str, protocol: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(protocol))?;
    let mut words = line.split_whitespace();
    words.find(|word| *word == "inuse")?;
    words.next()?.parse().ok()
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    fn connections(tables: &[&str]) -> u32 {
        let mut table = Table::default();
        for text in tables {
            table.read(text.as_bytes()).unwrap();
        }
        table.connections()
    }

    #[test]
    fn only_connections_from_outside_to_what_listens_count() {
        let four = "  sl  local_address rem_address   st tx_queue\n\
            0: 00000000:1F90 00000000:0000 0A 0\n\
            1: 020011AC:1F90 010011AC:C350 01 0\n\
            2: 020011AC:1F90 010011AC:C351 01 0\n\
            3: 0100007F:1F90 0100007F:C352 01 0\n\
            4: 020011AC:1F90 020011AC:C353 01 0\n\
            5: 020011AC:1F90 010011AC:C354 06 0\n\
            6: 020011AC:9C40 030011AC:1538 01 0\n";
        assert_eq!(connections(&[four]), 2, "not those to itself, those that end, and those that go out");
        // What listens on IPv6 has its connections in that table, IPv4 within IPv6.
        let six = "  sl  local_address                         remote_address                        st\n\
            0: 00000000000000000000000000000000:1FA4 00000000000000000000000000000000:0000 0A 0\n\
            1: 0000000000000000FFFF0000020011AC:1FA4 0000000000000000FFFF0000010011AC:C350 01 0\n\
            2: 0000000000000000FFFF00000100007F:1FA4 0000000000000000FFFF00000100007F:C351 01 0\n\
            3: 00000000000000000000000001000000:1FA4 00000000000000000000000001000000:C352 01 0\n";
        assert_eq!(connections(&[four, six]), 3);
        // Which table tells of what listens does not matter.
        let only_open = "head\n 0: 020011AC:1FA4 010011AC:C350 01 0\n";
        assert_eq!(connections(&[only_open, six]), 2);
        assert_eq!(connections(&["garbage\n1: x\n2: :: :: 01\n\n"]), 0);
    }

    #[test]
    fn a_table_without_an_end_is_more_than_any_threshold() {
        let endless = std::io::repeat(b'x');
        let mut table = Table::default();
        table.read(endless).unwrap();
        assert_eq!(table.connections(), u32::MAX);
    }

    #[test]
    fn bytes_of_all_devices_but_the_loopback() {
        let head =
            "Inter-|   Receive\n face |bytes packets errs drop fifo frame compressed multicast|bytes\n";
        let devices = "    lo: 900 9 0 0 0 0 0 0 900 9 0 0 0 0 0 0\n  eth0: 10 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n\
                       eth1:7 1 0 0 0 0 0 0 3 1 0 0 0 0 0 0\n";
        assert_eq!(of_devices(&format!("{head}{devices}")), Some(25));
        assert_eq!(of_devices(head), Some(0));
        assert_eq!(of_devices(&format!("{head}eth0: many")), None);
    }

    #[test]
    fn sockets_that_are_in_use() {
        let text = "sockets: used 40\nTCP: inuse 7 orphan 14 tw 47 alloc 19 mem 221\nUDP: inuse 2 mem 0\n";
        assert_eq!(in_use(text, "TCP:"), Some(7));
        assert_eq!(in_use("TCP6: inuse 2\n", "TCP6:"), Some(2));
        assert_eq!(in_use("TCP: orphan 2\n", "TCP:"), None);
    }

    #[test]
    fn this_machines_own_network_is_nobodys() {
        assert!(!is_apart(std::process::id()) && !is_apart(1));
    }

    #[test]
    fn the_kernels_own_tables_can_be_read() {
        let pid = std::process::id();
        let before = sockets(pid).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(bytes(pid).is_some() && before < u64::MAX);
        assert!(super::connections(pid).is_some());
    }
}

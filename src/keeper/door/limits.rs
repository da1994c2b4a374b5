//! How much the wake door takes on, whoever stands before it.

use std::time::Duration;

/// How long headers may take, and how long a connection may be quiet between two requests.
pub const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// The most bytes of headers: a proxy hands on the cookies of its clients.
pub const HEADER_BYTES: usize = 64 * 1024;
/// The most headers.
pub const HEADERS: usize = 128;
/// How many connections are served beside those that may wait for a tenant.
pub const MORE_SEATS: usize = 1024;
/// The part of the files that this process may have open which is kept for engines, the ledger, probes and logs, and the least of it.
const KEPT: u64 = 4;
const LEAST_KEPT: u64 = 64;
/// The least connections that are served, however few files there may be.
const LEAST_SEATS: usize = 8;
/// How many more are told that there is no room; those beyond are cut.
pub const STANDING: usize = 64;
/// How long those may take to hear it.
pub const STANDING_WITHIN: Duration = Duration::from_secs(2);
/// How long a handshake of TLS may take.
pub const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);
/// The most names in one request of a Sablier plugin.
pub const NAMES: usize = 64;
/// The longest that such a request may wait.
pub const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// How many connections are served at once: those that may wait for a tenant and some more, as far as the limit of open files of this
/// process allows.
pub fn seats(queue_all: usize, files: Option<u64>) -> usize {
    let wanted = queue_all.saturating_add(MORE_SEATS);
    let Some(files) = files else { return wanted };
    let standing = u64::try_from(STANDING).unwrap_or(u64::MAX);
    let left = files.saturating_sub((files / KEPT).max(LEAST_KEPT)).saturating_sub(standing);
    wanted.min(usize::try_from(left).unwrap_or(usize::MAX)).max(LEAST_SEATS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_all_else() {
        assert_eq!(seats(4000, None), 5024);
        assert_eq!(seats(4000, Some(65_536)), 5024);
        assert_eq!(seats(4000, Some(1024)), 704);
        assert_eq!(seats(4000, Some(256)), 128);
        assert_eq!(seats(4000, Some(64)), LEAST_SEATS);
    }
}

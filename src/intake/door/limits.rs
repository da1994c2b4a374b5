//! How much the door takes on, whoever stands before it.

use std::time::Duration;

/// The longest body.
pub const BODY: usize = 256 * 1024;
/// How much of too long a body is read away, so that its sender hears the answer.
pub const DRAINED: usize = 16 * 1024 * 1024;
/// How long that may take.
pub const DRAINED_WITHIN: Duration = Duration::from_secs(3);
/// How long a body may take.
pub const BODY_WITHIN: Duration = Duration::from_secs(10);
/// How long headers may take, and how long a connection may be quiet.
pub const HEADERS_WITHIN: Duration = Duration::from_secs(5);
/// The most bytes of headers.
pub const HEADER_BYTES: usize = 16 * 1024;
/// The most headers.
pub const HEADERS: usize = 64;
/// How long one connection may last, whatever comes over it.
pub const CONNECTION: Duration = Duration::from_secs(60);
/// How many connections are open at once at each door. For one more, the one that has been idle longest is closed.
pub const CONNECTIONS: usize = 64;
/// How many requests of those that may tell something are answered at once.
pub const AT_ONCE: usize = 16;
/// How long the ledger may take.
pub const KEPT_WITHIN: Duration = Duration::from_secs(10);
/// How many notes come in at once.
pub const BURST: u32 = 200;
/// How many come in a second after that.
pub const RATE: u32 = 50;
/// How many wrong tokens are answered at once, and in a second after that: a tenth.
pub const STRANGERS: u32 = 20;

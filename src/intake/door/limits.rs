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
/// How many connections are served at once at each door.
pub const SEATS: usize = 16;
/// How many more are told that there is no room; those beyond are cut.
pub const STANDING: usize = 48;
/// How long those may take to hear it.
pub const STANDING_WITHIN: Duration = Duration::from_secs(2);
/// How long the ledger may take.
pub const KEPT_WITHIN: Duration = Duration::from_secs(10);
/// How many notes come in at once.
pub const BURST: u32 = 200;
/// How many come in a second after that.
pub const RATE: u32 = 50;
/// How many wrong tokens are answered at once, and in a second after that: a tenth.
pub const STRANGERS: u32 = 20;

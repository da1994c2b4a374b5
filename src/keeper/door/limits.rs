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

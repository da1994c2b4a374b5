//! How much a run takes on, whatever a file or a server says.

use std::time::Duration;

/// The most questions of one run: probes times targets.
pub const QUESTIONS: usize = 10_000;

/// The most probes at once, whatever `parallel` says: each takes a file handle, and memory for a body.
pub const PARALLEL: usize = 512;

/// How much of a body is read.
pub const BODY: usize = 1024 * 1024;

/// The most bytes of an answer's headers.
pub const HEADER_BYTES: usize = 64 * 1024;

/// The most headers of an answer.
pub const HEADERS: usize = 100;

/// The longest place that a redirect may lead to.
pub const PLACE: usize = 8 * 1024;

/// How much of a banner is read.
pub const BANNER: usize = 1024;

/// How long to wait for more of a banner that has begun and has no end of a line yet.
pub const BANNER_PAUSE: Duration = Duration::from_millis(300);

/// How many names are looked up at once by the system, which cannot be told to stop.
pub const LOOKUPS: usize = 32;

/// How long to wait before a probe that failed is tried again.
pub const AGAIN: Duration = Duration::from_millis(100);

/// After how long a DNS question is sent again by UDP, where packets get lost.
pub const RESEND: Duration = Duration::from_secs(1);

/// The most records of a DNS answer that are looked at.
pub const RECORDS: usize = 1_000;

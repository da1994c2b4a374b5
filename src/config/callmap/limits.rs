//! How much a callmap may hold. All of it is far more than anybody writes; without it a file could take any memory or
//! time that it liked.

use std::time::Duration;

/// Values in a callmap and all that it includes, with what aliases repeat.
pub const MOST_VALUES: usize = 200_000;
/// Files that a callmap is made of, itself among them.
pub const MOST_FILES: usize = 32;
/// How deep files may include files.
pub const DEEPEST_INCLUDE: usize = 4;
/// Vars of one file.
pub const MOST_VARS: usize = 256;
/// Bytes of one text, its vars filled in.
pub const LONGEST_TEXT: usize = 64 * 1024;
/// Bytes that vars fill in, all together.
pub const MOST_FILLED_IN: usize = 4 * 1024 * 1024;

/// Characters of a product's or a layer's name, a tenant's, a role's.
pub const LONGEST_NAME: usize = 128;
/// Bytes of a URL.
pub const LONGEST_URL: usize = 8 * 1024;
/// Bytes of a path below the callmap's folder.
pub const LONGEST_PATH: usize = 512;
/// Bytes of the value of a header.
pub const LONGEST_HEADER: usize = 8 * 1024;
/// Headers of one request.
pub const MOST_HEADERS: usize = 64;
/// Bytes of a pattern.
pub const LONGEST_PATTERN: usize = 1024;
/// Bytes that a pattern may take once it is compiled.
pub const LARGEST_PATTERN: usize = 256 * 1024;
/// Different patterns of a callmap.
pub const MOST_PATTERNS: usize = 128;
/// Bytes of a path into JSON.
pub const LONGEST_JSON_PATH: usize = 256;
/// Bytes of a PEM file; the bundle of a whole system fits.
pub const LARGEST_PEM: usize = 1024 * 1024;
/// Different PEM files of a callmap.
pub const MOST_PEMS: usize = 16;

/// Layers of a callmap.
pub const MOST_LAYERS: usize = 100;
/// Targets of one layer.
pub const MOST_TARGETS: usize = 1000;
/// Probes of one layer.
pub const MOST_PROBES: usize = 200;
/// Probes of all layers, each as often as its layer has targets.
pub const MOST_QUESTIONS: usize = 10_000;
/// Records that an answer must hold.
pub const MOST_RECORDS: usize = 256;

/// How long one attempt takes at most, where the file does not say it.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that it may say.
pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(300);
/// How long a run takes at most, where the file does not say it.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// The longest that it may say.
pub const LONGEST_DEADLINE: Duration = Duration::from_secs(3600);
/// The shortest span that means anything.
pub const SHORTEST: Duration = Duration::from_millis(1);
/// The most retries of a probe.
pub const MOST_RETRIES: u64 = 10;
/// How many probes run at once, where the file does not say it.
pub const PARALLEL: usize = 256;
/// The most that it may say: each holds a file descriptor.
pub const MOST_PARALLEL: u64 = 1024;
/// The most redirects that are followed.
pub const MOST_REDIRECTS: u64 = 20;
/// The most days that a certificate may have to last: a hundred years.
pub const MOST_DAYS: u64 = 36_500;

//! How requests were answered, counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The tenant was awake, and where was known.
    Warm,
    /// After a wait, with where the tenant is.
    Woken,
    /// With a page for a browser to wait with.
    Page,
    /// To try again later: it takes longer than the caller was kept.
    Later,
    /// To try again later: too many wait.
    Full,
    /// The tenant cannot be woken now.
    Failed,
    /// There is no such tenant.
    Unknown,
    /// The config says that it neither wakes nor counts.
    Ignored,
    /// Without token and certificate.
    Denied,
    /// Anything else.
    Other,
}

impl Kind {
    /// All of them, in their order.
    pub const ALL: [Kind; 10] = [
        Kind::Warm,
        Kind::Woken,
        Kind::Page,
        Kind::Later,
        Kind::Full,
        Kind::Failed,
        Kind::Unknown,
        Kind::Ignored,
        Kind::Denied,
        Kind::Other,
    ];

    /// The word in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Warm => "warm",
            Kind::Woken => "woken",
            Kind::Page => "page",
            Kind::Later => "later",
            Kind::Full => "full",
            Kind::Failed => "failed",
            Kind::Unknown => "unknown",
            Kind::Ignored => "ignored",
            Kind::Denied => "denied",
            Kind::Other => "other",
        }
    }
}

/// The counts.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; Kind::ALL.len()]);

impl Tally {
    /// One more.
    pub fn add(&self, kind: Kind) {
        self.0[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many so far.
    #[must_use]
    pub fn of(&self, kind: Kind) -> u64 {
        self.0[kind as usize].load(Ordering::Relaxed)
    }
}

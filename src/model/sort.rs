//! The order of the tenants pane.

use std::cmp::{Ordering, Reverse};

use super::fleet::Tenant;
use super::usage::Usage;

/// What tenants are ordered by. Ties go by name, then host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// The name.
    #[default]
    Tenant,
    /// The dearest first.
    Tier,
    /// The worst first.
    State,
    /// The host's name.
    Host,
    /// The most CPU first.
    Cpu,
    /// The most memory first.
    Memory,
    /// The latest change of state first.
    Since,
}

impl SortBy {
    /// All orders, in the order of the columns.
    pub const ALL: [SortBy; 7] = [
        SortBy::Tenant,
        SortBy::Tier,
        SortBy::State,
        SortBy::Host,
        SortBy::Cpu,
        SortBy::Memory,
        SortBy::Since,
    ];

    /// The word after `:sort`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SortBy::Tenant => "tenant",
            SortBy::Tier => "tier",
            SortBy::State => "state",
            SortBy::Host => "host",
            SortBy::Cpu => "cpu",
            SortBy::Memory => "memory",
            SortBy::Since => "since",
        }
    }

    /// The next order, as the sort key goes through them.
    #[must_use]
    pub fn next(self) -> SortBy {
        let at = SortBy::ALL.iter().position(|by| *by == self).unwrap_or(0);
        SortBy::ALL[(at + 1) % SortBy::ALL.len()]
    }
}

/// Compares two tenants. What is not known sorts last.
#[must_use]
pub fn compare(by: SortBy, a: (&Tenant, &Usage), b: (&Tenant, &Usage)) -> Ordering {
    let ((ta, ua), (tb, ub)) = (a, b);
    let first = match by {
        SortBy::Tenant => Ordering::Equal,
        SortBy::Tier => (ta.tier.is_none(), ta.tier).cmp(&(tb.tier.is_none(), tb.tier)),
        SortBy::State => ta.state.cmp(&tb.state),
        SortBy::Host => ta.host.cmp(&tb.host),
        SortBy::Cpu => ub.cpu_percent.unwrap_or(-1.0).total_cmp(&ua.cpu_percent.unwrap_or(-1.0)),
        SortBy::Memory => ub.memory_bytes.cmp(&ua.memory_bytes),
        SortBy::Since => Reverse(ta.since).cmp(&Reverse(tb.since)),
    };
    first.then_with(|| ta.name.cmp(&tb.name)).then_with(|| ta.host.cmp(&tb.host))
}

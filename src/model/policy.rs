//! The rules of dumping and waking that an operator may set.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::method::Method;
use super::tier::Tier;
use super::writable::Losses;

/// The rules of dumping and waking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What is tried, in this order, for tenants of that tier.
    pub methods: BTreeMap<Tier, Vec<Method>>,
    /// What is tried, in this order, for all others.
    pub default_methods: Vec<Method>,
    /// Roles in the order of dumping; those not named go first. Waking goes the other way.
    pub order: Vec<String>,
    /// How many tenants of one host are dumped at once.
    pub dumps_at_once: usize,
    /// How many tenants of one host are woken at once.
    pub wakes_at_once: usize,
    /// How long a container may take to stop by itself.
    pub grace: Duration,
    /// How long a woken tenant may take to answer.
    pub timeout: Duration,
    /// Where tenants answer, by tenant name; `*` stands for any run of characters, the first that fits counts.
    pub ready: Vec<(String, Ready)>,
    /// What `destroy` may lose.
    pub losses: Losses,
    /// Nothing that changes anything may be done.
    pub read_only: bool,
    /// Whether a privileged helper container may be used.
    pub helper: Helper,
}

/// Whether a short-lived privileged container may push memory into swap, where nothing else can: on a cgroup v2 host that is
/// not this machine, or not as root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Helper {
    /// It may.
    #[default]
    Privileged,
    /// It may not: there tenants are not frozen.
    Never,
}

/// Where a tenant answers once it is awake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// A TCP port of one of its containers takes connections.
    Port(u16),
    /// A GET of this path at that port is answered with a status below 400.
    Http {
        /// The port of the container.
        port: u16,
        /// The path with its leading slash.
        path: Arc<str>,
    },
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            methods: BTreeMap::new(),
            default_methods: Method::DEFAULT_ORDER.to_vec(),
            order: vec!["app".to_owned(), "db".to_owned()],
            dumps_at_once: 2,
            wakes_at_once: 8,
            grace: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            ready: Vec::new(),
            losses: Losses::default(),
            read_only: false,
            helper: Helper::default(),
        }
    }
}

impl Policy {
    /// The longest that a woken tenant may be waited for.
    pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

    /// The longest that a container is given to stop, whatever its own word is.
    pub const LONGEST_STOP: Duration = Duration::from_secs(24 * 3600);

    /// How long a container may take to stop: the configured grace, or its own word (its stop timeout) where that is longer.
    #[must_use]
    pub fn grace_for(&self, own: Option<Duration>) -> Duration {
        self.grace.max(own.unwrap_or_default().min(Self::LONGEST_STOP))
    }

    /// What is tried for a tenant of that tier, in order.
    #[must_use]
    pub fn methods_for(&self, tier: Option<Tier>) -> &[Method] {
        tier.and_then(|tier| self.methods.get(&tier)).unwrap_or(&self.default_methods)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(None, 10)]
    #[case(Some(0), 10)]
    #[case(Some(9), 10)]
    #[case(Some(60), 60)]
    #[case(Some(u64::MAX), 86_400)]
    fn the_longer_grace_counts(#[case] own: Option<u64>, #[case] seconds: u64) {
        let grace = Policy::default().grace_for(own.map(Duration::from_secs));
        assert_eq!(grace, Duration::from_secs(seconds));
    }
}

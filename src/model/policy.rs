//! The rules of dumping and waking that an operator may set.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::method::Method;
use super::tier::Tier;

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
    /// Nothing that changes anything may be done.
    pub read_only: bool,
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
            read_only: false,
        }
    }
}

impl Policy {
    /// The longest that a woken tenant may be waited for.
    pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

    /// What is tried for a tenant of that tier, in order.
    #[must_use]
    pub fn methods_for(&self, tier: Option<Tier>) -> &[Method] {
        tier.and_then(|tier| self.methods.get(&tier)).unwrap_or(&self.default_methods)
    }
}

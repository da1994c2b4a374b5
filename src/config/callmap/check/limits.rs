//! `timeout`, `retries` and `slow`: what a probe does not say its layer says, and what the layer does not say the file says.

use std::time::Duration;

use super::{Check, number};
use crate::config::callmap::limits::{LONGEST_TIMEOUT, MOST_RETRIES, TIMEOUT};
use crate::config::callmap::shape;
use crate::config::callmap::written::{At, Written};
use crate::config::error::ConfigError;

/// The limits of one probe.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often it is asked again.
    pub retries: u32,
    /// An answer that takes longer is slow.
    pub slow: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { timeout: TIMEOUT, retries: 0, slow: None }
    }
}

/// What says limits.
pub trait Says {
    /// `timeout`, `retries` and `slow`, where they are written.
    fn limits(&self) -> [Option<&At<Written>>; 3];
}

macro_rules! says {
    ($($shape:ident)*) => {$(
        impl Says for shape::$shape {
            fn limits(&self) -> [Option<&At<Written>>; 3] {
                [self.timeout.as_ref(), self.retries.as_ref(), self.slow.as_ref()]
            }
        }
    )*};
}

says! { File Layer DnsProbe HttpProbe TcpProbe TlsProbe }

impl Limits {
    /// These limits, but for what `shape` says itself.
    ///
    /// # Errors
    /// A limit that cannot be.
    pub fn narrowed(self, check: &Check<'_>, shape: &impl Says) -> Result<Self, ConfigError> {
        let [timeout, retries, slow] = shape.limits();
        let span = |written: &At<Written>| {
            number::span(written, LONGEST_TIMEOUT).map_err(|wrong| check.fault(written.spot, wrong))
        };
        let mut limits = self;
        if let Some(written) = timeout {
            limits.timeout = span(written)?;
        }
        if let Some(written) = retries {
            let retries = number::whole(written, 0, MOST_RETRIES);
            let retries = retries.map_err(|wrong| check.fault(written.spot, wrong))?;
            limits.retries = u32::try_from(retries).unwrap_or_default();
        }
        if let Some(written) = slow {
            limits.slow = Some(span(written)?);
        }
        Ok(limits)
    }

    /// The limits of a probe, whose `slow` may also stand in its `expect`.
    ///
    /// # Errors
    /// A limit that cannot be, or a `slow` that stands twice or could never come.
    pub fn of_probe(
        self,
        check: &Check<'_>,
        probe: &impl Says,
        expected: Option<&At<Written>>,
    ) -> Result<Self, ConfigError> {
        let mut limits = self.narrowed(check, probe)?;
        let beside = probe.limits()[2];
        if let (Some(_), Some(within)) = (beside, expected) {
            return Err(check.fault(within.spot, "`slow` stands in `expect` and beside it"));
        }
        if let Some(within) = expected {
            let slow = number::span(within, LONGEST_TIMEOUT);
            limits.slow = Some(slow.map_err(|wrong| check.fault(within.spot, wrong))?);
        }
        if let Some(written) = beside.or(expected)
            && limits.slow.is_some_and(|slow| slow >= limits.timeout)
        {
            let message = format!("nothing can be slow: it has timed out after {:?}", limits.timeout);
            return Err(check.fault(written.spot, message));
        }
        Ok(limits)
    }
}

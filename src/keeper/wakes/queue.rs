//! How many requests wait: for the tenants of each host, and altogether.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::host::HostName;

/// Counts those who wait.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: Mutex<HashMap<HostName, usize>>,
}

/// A place in the queue; it is free again when this is dropped.
#[derive(Debug)]
pub struct Waiting {
    queue: Arc<Queue>,
    host: HostName,
}

impl Queue {
    /// Takes a place, unless so many wait already.
    #[must_use]
    pub fn enter(self: &Arc<Self>, host: &HostName, most: usize, most_of_all: usize) -> Option<Waiting> {
        let mut waiting = self.lock();
        let all: usize = waiting.values().sum();
        let here = waiting.get(host).copied().unwrap_or(0);
        if here >= most || all >= most_of_all {
            return None;
        }
        waiting.insert(host.clone(), here + 1);
        Some(Waiting { queue: self.clone(), host: host.clone() })
    }

    /// How many wait on each host; hosts for which nobody waits are left out.
    #[must_use]
    pub fn lengths(&self) -> Vec<(HostName, usize)> {
        let mut lengths: Vec<_> = self.lock().iter().map(|(host, count)| (host.clone(), *count)).collect();
        lengths.sort();
        lengths
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<HostName, usize>> {
        // Counts are whole at every moment.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut waiting = self.queue.lock();
        if let Some(count) = waiting.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_host_and_so_many_in_all() {
        let queue = Arc::new(Queue::default());
        let enter = |host: &str| queue.enter(&host.into(), 2, 3);
        let first = enter("web-1").unwrap();
        let _second = enter("web-1").unwrap();
        assert!(enter("web-1").is_none(), "its host is full");
        let other = enter("web-2").unwrap();
        assert!(enter("web-3").is_none(), "all is full");
        assert_eq!(queue.lengths(), [("web-1".into(), 2), ("web-2".into(), 1)]);
        drop((first, other));
        assert_eq!(queue.lengths(), [("web-1".into(), 1)]);
        assert!(enter("web-3").is_some());
    }
}

//! The open connections of one listener: bounded, and never shut by those that only hold one open.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::task::{AbortHandle, JoinSet};

/// At most so many connections. Where there is no room for a new one, the one that has been without a request for longest is
/// closed: an honest client sends its request within moments, so a slow stranger loses its place and nobody else does.
#[derive(Debug)]
pub struct Connections {
    most: usize,
    clock: Arc<AtomicU64>,
    open: Vec<Open>,
    tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Open {
    activity: Activity,
    task: AbortHandle,
}

/// Whether a connection has a request under way. Its clones speak of the same connection.
#[derive(Clone, Debug)]
pub struct Activity {
    requests: Arc<AtomicUsize>,
    /// When it last began or ended a request, or was opened: a count of such moments.
    last: Arc<AtomicU64>,
    clock: Arc<AtomicU64>,
}

/// A request under way: as long as it lives, its connection is not closed for another.
#[derive(Debug)]
pub struct Busy(Activity);

impl Connections {
    /// None yet, and never more than `most`.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Connections { most, clock: Arc::default(), open: Vec::new(), tasks: JoinSet::new() }
    }

    /// Has a new connection served, if there is room for it or can be made. Where each connection has a request under way,
    /// the new one is dropped.
    pub fn serve<F>(&mut self, served: impl FnOnce(Activity) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if self.open.len() >= self.most {
            self.open.retain(|it| !it.task.is_finished());
        }
        if self.open.len() >= self.most && !self.close_idle() {
            return;
        }
        let activity = Activity { requests: Arc::default(), last: Arc::default(), clock: self.clock.clone() };
        activity.mark();
        let task = self.tasks.spawn(served(activity.clone()));
        self.open.push(Open { activity, task });
    }

    /// Closes the one that has been idle for longest; false where there is none.
    fn close_idle(&mut self) -> bool {
        let idle = self.open.iter().enumerate().filter(|(_, it)| it.activity.is_idle());
        let Some((at, _)) = idle.min_by_key(|(_, it)| it.activity.last.load(Ordering::Relaxed)) else {
            return false;
        };
        self.open.swap_remove(at).task.abort();
        true
    }

    /// Waits until one has ended. Nothing where there is none.
    pub async fn ended(&mut self) -> Option<()> {
        // A panic is noted where it happens; here only the end counts.
        let _ended = self.tasks.join_next().await?;
        if self.tasks.len() * 2 < self.open.len() {
            self.open.retain(|it| !it.task.is_finished());
        }
        Some(())
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

impl Activity {
    /// Begins a request.
    #[must_use]
    pub fn begin(&self) -> Busy {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.mark();
        Busy(self.clone())
    }

    fn is_idle(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0
    }

    fn mark(&self) {
        self.last.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.mark();
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Says its name when it is dropped.
    struct Named(&'static str, Arc<Mutex<Vec<&'static str>>>);

    impl Drop for Named {
        fn drop(&mut self) {
            self.1.lock().unwrap().push(self.0);
        }
    }

    async fn settled() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_longest_idle_one_goes_and_never_one_that_is_being_answered() {
        let closed = Arc::new(Mutex::new(Vec::new()));
        let mut connections = Connections::new(3);
        let mut add = |name| {
            let named = Named(name, closed.clone());
            let mut kept = None;
            connections.serve(|activity| {
                kept = Some(activity);
                async move {
                    let _named = named;
                    std::future::pending::<()>().await;
                }
            });
            kept
        };
        let first = add("first").unwrap();
        let second = add("second").unwrap();
        let _third = add("third").unwrap();
        // The second was asked something once, and is being asked now; the first was asked lately.
        let busy = second.begin();
        drop(first.begin());
        add("fourth").unwrap();
        settled().await;
        assert_eq!(*closed.lock().unwrap(), ["third"]);
        let (first_busy, fifth) = (first.begin(), add("fifth").unwrap());
        settled().await;
        assert_eq!(*closed.lock().unwrap(), ["third", "fourth"]);
        let _fifth_busy = fifth.begin();
        assert!(add("sixth").is_none(), "all are being answered");
        settled().await;
        assert_eq!(*closed.lock().unwrap(), ["third", "fourth", "sixth"]);
        drop((busy, first_busy));
        add("seventh").unwrap();
        settled().await;
        assert_eq!(closed.lock().unwrap().len(), 4);
    }

    #[tokio::test]
    async fn those_that_have_ended_leave_room() {
        let mut connections = Connections::new(2);
        for _ in 0..100 {
            connections.serve(|_| async {});
            settled().await;
        }
        while connections.ended().await.is_some() {}
        assert!(connections.is_empty() && connections.open.len() <= 2);
    }
}

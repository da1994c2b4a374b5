//! A panic anywhere in this program is a fault of ours, and ends it with the panic's message. Tasks that nobody joins would hide
//! theirs: a door that answers no more beside a health check that says ok.

use std::any::Any;
use std::sync::{LazyLock, Once};

use tokio::sync::watch;

static FIRST: LazyLock<watch::Sender<Option<String>>> = LazyLock::new(|| watch::channel(None).0);

/// Notes every panic from now on, in whatever task or thread. What is done about panics already goes on.
pub fn note() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            before(info);
            let message = message(info.payload());
            FIRST.send_if_modified(|first| {
                let is_first = first.is_none();
                first.get_or_insert(message);
                is_first
            });
        }));
    });
}

/// What a panic said.
#[must_use]
pub fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}

/// Waits for the first panic, and returns its message. Never ends where there is none, or panics are not noted.
pub async fn first() -> String {
    let mut first = FIRST.subscribe();
    match first.wait_for(Option::is_some).await {
        Ok(message) => message.clone().unwrap_or_default(),
        // The sender is never dropped.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    // In a process of its own, where tests share one: what was noted stays.
    #[tokio::test]
    async fn a_panic_in_a_task_that_nobody_joins_is_seen() {
        note();
        assert!(timeout(Duration::from_millis(20), first()).await.is_err(), "there was none");
        drop(tokio::spawn(async { panic!("the door fell off") }));
        let seen = timeout(Duration::from_secs(5), first()).await.unwrap();
        assert_eq!(seen, "the door fell off");
        assert_eq!(first().await, "the door fell off", "whoever asks later sees it too");
    }
}

//! The hook that may say no: a program in the tenant's containers, or an address. So many are asked at once; what was said
//! is kept for as long as the config says, and where nothing was said nobody is put to sleep.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::model::keeper::Answer;
use crate::model::keeper::rules::{Ask, Hook};
use crate::model::plain::plain;
use crate::model::work::TenantKey;
use crate::service::hooks::Hooks;

/// How many are asked at once.
const AT_ONCE: usize = 8;
/// One that did not answer is asked again after this time at the latest.
const AGAIN: Duration = Duration::from_secs(60);

/// What hooks have said, and those that are being asked.
pub struct Veto {
    hooks: Hooks,
    tenants: HashMap<TenantKey, Said>,
    asking: HashSet<TenantKey>,
    tasks: JoinSet<Heard>,
    /// What was said and nobody has taken yet.
    fresh: Vec<(TenantKey, Answer)>,
}

/// What the hook of one tenant has said.
#[derive(Debug, Default)]
struct Said {
    answer: Option<Answer>,
    /// Not asked again before.
    again: Option<Instant>,
    /// A program that had not ended in time.
    going: Option<String>,
    /// Why there was no answer the last time: it is said once.
    complaint: Option<String>,
}

/// What came of asking.
struct Heard {
    key: TenantKey,
    every: Duration,
    answer: Result<bool, String>,
    going: Option<String>,
}

impl Veto {
    /// Nobody has been asked.
    #[must_use]
    pub fn new(hooks: Hooks) -> Veto {
        Veto {
            hooks,
            tenants: HashMap::new(),
            asking: HashSet::new(),
            tasks: JoinSet::new(),
            fresh: Vec::new(),
        }
    }

    /// What was said of a tenant last.
    #[must_use]
    pub fn answer(&self, key: &TenantKey) -> Option<Answer> {
        self.tenants.get(key)?.answer
    }

    /// Whether its hook is being asked, or did not answer a moment ago.
    #[must_use]
    pub fn is_busy(&self, key: &TenantKey) -> bool {
        let again = self.tenants.get(key).and_then(|said| said.again);
        self.asking.contains(key) || again.is_some_and(|again| Instant::now() < again)
    }

    /// Asks about a tenant, whose running containers these are. Where too many are being asked, not now.
    pub fn ask(&mut self, hook: &Hook, key: TenantKey, containers: Vec<Arc<str>>) {
        if self.tasks.len() >= AT_ONCE || !self.asking.insert(key.clone()) {
            return;
        }
        let (hooks, hook) = (self.hooks.clone(), hook.clone());
        let going = self.tenants.get_mut(&key).and_then(|said| said.going.take());
        self.tasks.spawn(async move {
            let mut left = None;
            let answer = match &hook.ask {
                Ask::Url(url) => of_status(hooks.get(&filled(url, &key), hook.timeout).await),
                Ask::Exec(words) => {
                    in_containers(&hooks, &key.0, &containers, words, hook.timeout, going, &mut left).await
                }
            };
            Heard { key, every: hook.every, answer, going: left }
        });
    }

    /// Waits until somebody has answered, and keeps what was said, by others meanwhile too. Never ends where nobody is being
    /// asked.
    pub async fn hear(&mut self) {
        let mut ended = self.tasks.join_next().await;
        if ended.is_none() {
            return std::future::pending().await;
        }
        while let Some(heard) = ended {
            match heard {
                Ok(heard) => self.take(heard),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                // Not asked any more.
                Err(_) => {}
            }
            ended = self.tasks.try_join_next();
        }
    }

    fn take(&mut self, heard: Heard) {
        let Heard { key, every, answer, going } = heard;
        // A round comes right after this: however short an answer holds, it is seen.
        let at = Timestamp::now();
        self.asking.remove(&key);
        let (tenant, host) = (plain(&key.1).into_owned(), key.0.clone());
        if let Ok(may) = answer {
            self.fresh.push((key.clone(), Answer { may, at }));
        }
        let said = self.tenants.entry(key).or_default();
        said.going = going;
        match answer {
            Ok(may) => {
                if !may && said.answer.is_none_or(|before| before.may) {
                    info!(%tenant, %host, "vetoed: the hook says that it must not be put to sleep");
                }
                (said.answer, said.again, said.complaint) = (Some(Answer { may, at }), None, None);
            }
            Err(why) => {
                said.again = Some(Instant::now() + every.min(AGAIN));
                if said.complaint.as_ref() != Some(&why) {
                    warn!(%tenant, %host, reason = %plain(&why), "not put to sleep: the hook gave no answer");
                    said.complaint = Some(why);
                }
            }
        }
    }

    /// What was said since the last time that somebody asked.
    pub fn fresh(&mut self) -> Vec<(TenantKey, Answer)> {
        std::mem::take(&mut self.fresh)
    }

    /// Forgets tenants that there are no more.
    pub fn keep(&mut self, is_there: impl Fn(&TenantKey) -> bool) {
        self.tenants.retain(|key, _| is_there(key));
    }

    /// Forgets all: another hook is asked from now on.
    pub fn forget(&mut self) {
        // One that has ended and was not heard yet goes too: it asked the old hook.
        self.tasks = JoinSet::new();
        self.asking.clear();
        self.tenants.clear();
    }
}

/// The address for one tenant. Names are written so that they can mean nothing else in it.
fn filled(url: &str, key: &TenantKey) -> String {
    url.replace("{tenant}", &encoded(&key.1)).replace("{host}", &encoded(&key.0))
}

fn encoded(name: &str) -> String {
    name.bytes().fold(String::with_capacity(name.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

fn of_status(status: Result<u16, String>) -> Result<bool, String> {
    match status? {
        200..=299 => Ok(true),
        400..=499 => Ok(false),
        other => Err(format!("status {other}")),
    }
}

/// Asks in one container after the other. One that says no is enough; one without the program is not asked.
async fn in_containers(
    hooks: &Hooks,
    host: &str,
    containers: &[Arc<str>],
    words: &[String],
    within: Duration,
    before: Option<String>,
    left: &mut Option<String>,
) -> Result<bool, String> {
    if let Some(exec) = before
        // One that is gone with its container has ended.
        && !hooks.exec_ended(host, &exec).await.unwrap_or(true)
    {
        *left = Some(exec);
        return Err("the program that was asked before still runs".to_owned());
    }
    let (answer, going) = hooks.may_sleep(host, containers, words, within).await;
    *left = going;
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(Ok(200), Some(true))]
    #[case(Ok(204), Some(true))]
    #[case(Ok(404), Some(false))]
    #[case(Ok(302), None)]
    #[case(Ok(500), None)]
    #[case(Err("silent".to_owned()), None)]
    fn only_a_clear_answer_is_one(#[case] status: Result<u16, String>, #[case] may: Option<bool>) {
        assert_eq!(of_status(status).ok(), may);
    }

    #[tokio::test]
    async fn an_answer_of_the_old_hook_is_not_taken_for_one_of_the_new() {
        let mut veto = Veto::new(Hooks::new(Vec::new()));
        let key: TenantKey = ("web-1".into(), "acme".into());
        let heard = Heard { key: key.clone(), every: Duration::from_secs(60), answer: Ok(true), going: None };
        veto.tasks.spawn(async move { heard });
        // It has ended, and nobody has heard it yet.
        tokio::task::yield_now().await;
        veto.forget();
        let heard = tokio::time::timeout(Duration::from_millis(50), veto.hear()).await;
        assert!(heard.is_err() && veto.answer(&key).is_none());
    }

    #[test]
    fn a_name_cannot_change_the_address() {
        let key = ("web-1".into(), "a/b?c=1&d#é".into());
        let url = filled("http://hook.example.com/{host}/{tenant}?t={tenant}", &key);
        assert_eq!(
            url,
            "http://hook.example.com/web-1/a%2Fb%3Fc%3D1%26d%23%C3%A9?t=a%2Fb%3Fc%3D1%26d%23%C3%A9"
        );
    }
}

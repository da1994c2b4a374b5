//! One simulated container: what it is made of, and what it is at the moment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::given::Given;
use super::rare::{Rare, Ticks};
use super::usage::Usage;
use crate::config::scenario::RestartPolicy;

/// The image of wakeboard's own canaries, which count.
pub const CANARY: &str = "wakeboard/canary:1";

/// What a container is made of: enough to make it anew.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its name, without the slash that engines put before it.
    pub name: String,
    /// The customer.
    pub tenant: Arc<str>,
    /// What it is for.
    pub role: Arc<str>,
    /// Its tenant's tier as text, empty where it has none.
    pub tier: &'static str,
    /// The image.
    pub image: String,
    /// The memory limit in bytes, 0 for none.
    pub memory: u64,
    /// Whether it has a health check.
    pub health: bool,
    /// How long after a cold start that passes; without it, chance says.
    pub ready: Option<Duration>,
    /// What the engine does when it ends by itself.
    pub restart: RestartPolicy,
    /// The exit code of an orderly stop.
    pub stop_exit: i64,
    /// The port inside, and the one that it is published at.
    pub port: Option<(u16, u16)>,
    /// Where its volume is mounted.
    pub volume: Option<String>,
    /// All labels.
    pub labels: Arc<BTreeMap<String, String>>,
    /// What a client asked for, where one made it.
    pub given: Option<Arc<Given>>,
}

impl Spec {
    /// The same from the next version of the image: the last number of the tag counted up.
    #[must_use]
    pub fn newer(&self) -> Spec {
        let end = self.image.rfind(|c: char| c.is_ascii_digit()).map_or(0, |at| at + 1);
        let start = self.image[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
        let image = match self.image[start..end].parse::<u32>() {
            Ok(number) => {
                format!("{}{}{}", &self.image[..start], number.wrapping_add(1), &self.image[end..])
            }
            Err(_) => format!("{}.1", self.image),
        };
        Spec { image, ..self.clone() }
    }

    /// The id of the image: the same text for the same image.
    #[must_use]
    pub fn image_id(&self) -> String {
        format!("sha256:{}", super::chance::Chance::new(0, &self.image).hex(64))
    }
}

/// What an engine says that a container is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Phase {
    Created,
    Running,
    Paused,
    Restarting,
    Exited,
}

impl Phase {
    /// The engine's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Created => "created",
            Phase::Running => "running",
            Phase::Paused => "paused",
            Phase::Restarting => "restarting",
            Phase::Exited => "exited",
        }
    }

    /// Whether the engine counts it as up.
    #[must_use]
    pub fn is_up(self) -> bool {
        matches!(self, Phase::Running | Phase::Paused)
    }
}

/// What the health check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Health {
    Starting,
    Healthy,
    Unhealthy,
}

impl Health {
    /// The engine's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Health::Starting => "starting",
            Health::Healthy => "healthy",
            Health::Unhealthy => "unhealthy",
        }
    }
}

/// A container at the moment.
#[derive(Clone, Debug)]
pub struct Container {
    /// What it is made of.
    pub spec: Arc<Spec>,
    /// 64 hex digits.
    pub id: Arc<str>,
    /// What it is doing.
    pub phase: Phase,
    /// What its health check says, where it has one and runs.
    pub health: Option<Health>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was started last.
    pub started: Option<Timestamp>,
    /// When it ended last.
    pub finished: Option<Timestamp>,
    /// How it ended.
    pub exit_code: i64,
    /// Whether the kernel ended it for its memory.
    pub oom: bool,
    /// How often the engine started it again by itself.
    pub restarts: u32,
    /// How often the engine started it again without it lasting: each time it waits twice as long.
    pub streak: u32,
    /// How often it will still end by itself soon after its start.
    pub loops_left: u32,
    /// Somebody is at it until then: chance leaves it alone.
    pub engaged_until: Timestamp,
    /// A client put it to sleep: chance leaves it alone until one wakes it.
    pub held: bool,
    /// What it uses.
    pub usage: Usage,
    /// What few containers have.
    pub rare: Option<Box<Rare>>,
}

impl Container {
    /// A new one that was never started.
    #[must_use]
    pub fn new(spec: Arc<Spec>, id: String, now: Timestamp, phase: f64) -> Self {
        let usage = Usage::new(spec.memory, phase);
        Container {
            spec,
            id: id.into(),
            phase: Phase::Created,
            health: None,
            created: now,
            started: None,
            finished: None,
            exit_code: 0,
            oom: false,
            restarts: 0,
            streak: 0,
            loops_left: 0,
            engaged_until: now,
            held: false,
            usage,
            rare: None,
        }
    }

    /// What few containers have, to be written.
    pub fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// What it has counted, where it is a canary.
    pub fn ticks_mut(&mut self) -> Option<&mut Ticks> {
        self.rare.as_mut().and_then(|rare| rare.ticks.as_mut())
    }

    /// Its limit of memory and swap together, as engines write it.
    #[must_use]
    pub fn memory_swap(&self) -> i64 {
        let own = self.rare.as_ref().and_then(|rare| rare.memory_swap);
        own.unwrap_or_else(|| i64::try_from(self.spec.memory * 2).unwrap_or(-1))
    }

    /// The process id: one that looks like one, while it runs.
    #[must_use]
    pub fn pid(&self) -> u32 {
        let digits = u32::from_str_radix(&self.id[..5], 16).unwrap_or(1);
        if self.phase.is_up() { 1000 + digits } else { 0 }
    }

    /// What stands in the `STATUS` column, word for word as Docker has it.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> String {
        let since = |when: Option<Timestamp>| human(now.duration_since(when.unwrap_or(now)));
        match self.phase {
            Phase::Created => "Created".to_owned(),
            Phase::Paused => format!("Up {} (Paused)", since(self.started)),
            Phase::Restarting => format!("Restarting ({}) {} ago", self.exit_code, since(self.finished)),
            Phase::Exited => format!("Exited ({}) {} ago", self.exit_code, since(self.finished)),
            Phase::Running => match self.health {
                None => format!("Up {}", since(self.started)),
                Some(Health::Starting) => format!("Up {} (health: starting)", since(self.started)),
                Some(health) => format!("Up {} ({})", since(self.started), health.as_str()),
            },
        }
    }
}

/// A duration in Docker's words (`units.HumanDuration`).
fn human(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let minutes = seconds / 60;
    // Docker rounds hours, and nothing else.
    let hours = (seconds + 1800) / 3600;
    match (seconds, minutes, hours) {
        (0, ..) => "Less than a second".to_owned(),
        (1, ..) => "1 second".to_owned(),
        (2..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "About a minute".to_owned(),
        (_, 2..60, _) => format!("{minutes} minutes"),
        (.., 1) => "About an hour".to_owned(),
        (.., 2..48) => format!("{hours} hours"),
        (.., 48..336) => format!("{} days", hours / 24),
        (.., 336..1440) => format!("{} weeks", hours / 24 / 7),
        (.., 1440..17520) => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", seconds / 3600 / 24 / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(0, "Less than a second")]
    #[case(1, "1 second")]
    #[case(59, "59 seconds")]
    #[case(60, "About a minute")]
    #[case(300, "5 minutes")]
    #[case(3600, "About an hour")]
    #[case(3 * 3600, "3 hours")]
    #[case(47 * 3600, "47 hours")]
    #[case(3 * 86_400, "3 days")]
    #[case(21 * 86_400, "3 weeks")]
    #[case(90 * 86_400, "3 months")]
    fn durations_are_dockers(#[case] seconds: i64, #[case] text: &str) {
        assert_eq!(human(SignedDuration::from_secs(seconds)), text);
    }

    #[rstest]
    #[case("shop/app:2.4.9", "shop/app:2.4.10")]
    #[case("db:14-alpine", "db:15-alpine")]
    #[case("app", "app.1")]
    fn the_next_version_counts_up(#[case] image: &str, #[case] newer: &str) {
        let spec = Spec { image: image.into(), ..crate::demo::populate::sample_spec("x") };
        assert_eq!(spec.newer().image, newer);
    }
}

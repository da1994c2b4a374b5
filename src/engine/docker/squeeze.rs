//! The memory of a paused container goes into swap: by the kernel's own files where they are at hand, else through the
//! engine. See `docs/engine-facts.md` for what each way does without swap.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::image::layer_of;
use super::limits;
use super::room::free_swap;
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::error::NO_SWAP;
use crate::engine::hands::{HELPER_IMAGE, helper_name};
use crate::engine::{EngineError, cgroup, podman};
use crate::model::container::{ContainerId, Facts};
use crate::model::particulars::Limits;
use crate::model::plain::plain;

/// How long the kernel may take to write some gigabytes into swap.
const DEADLINE: Duration = Duration::from_secs(180);
/// What may be left without anybody wondering, in bytes: small containers have little that can go.
const LITTLE: u64 = 16 << 20;
/// More than any container has: the kernel gives back what it can, and says that it was not all.
const ALL: u64 = 1 << 40;
/// How often a helper is made that somebody else removes.
const MOST_HELPERS: u32 = 5;
/// The most bytes of what the helper says that are read.
const MOST_SAID: usize = 16 * 1024;

impl DockerEngine {
    pub(super) async fn push_into_swap(&self, facts: &Facts, limits: Limits) -> Result<(), EngineError> {
        if let Some(memory) = self.memory_at_hand(facts).await? {
            return by_the_kernel(memory).await;
        }
        if self.libpod().await?.is_some() {
            return Err(podman::cannot("free a paused container's memory"));
        }
        if self.info().await?.is_cgroup_v1() {
            self.by_a_limit(&facts.id, limits).await
        } else {
            self.by_a_helper(&facts.id).await
        }
    }

    /// The container's memory in the kernel's files, where they are here and this user may write them.
    async fn memory_at_hand(&self, facts: &Facts) -> Result<Option<cgroup::Memory>, EngineError> {
        if !self.near {
            return Ok(None);
        }
        let known = facts.detail.map(|detail| detail.pid).filter(|pid| cgroup::is_of(*pid, &facts.id));
        let pid = if let Some(pid) = known {
            pid
        } else {
            let state = self.inspect_whole(&facts.id).await?.and_then(|inspect| inspect.state);
            let pid = state.and_then(|state| state.pid).and_then(|pid| u32::try_from(pid).ok());
            pid.unwrap_or(0)
        };
        Ok(cgroup::memory(pid, &facts.id))
    }

    /// cgroup v1 only: a small limit, put back at once. On v2 a limit kills.
    async fn by_a_limit(&self, id: &str, limits: Limits) -> Result<(), EngineError> {
        let squeezed = self.squeezed(id, limits).await;
        // Whatever happened: also after an update that was cut off.
        self.put_limits_back(id, limits).await?;
        squeezed
    }

    async fn squeezed(&self, id: &str, limits: Limits) -> Result<(), EngineError> {
        let call = Call::post(format!("/containers/{id}/update")).json(&limits::small(limits));
        match self.act(call, DEADLINE).await {
            Err(EngineError::Refused { message, .. }) if message.contains("unable to set memory limit") => {
                Err(EngineError::Unable(format!("{NO_SWAP}: {message}")))
            }
            other => other,
        }
    }

    /// cgroup v2 over the API alone: a short-lived container that may write the kernel's file.
    async fn by_a_helper(&self, id: &str) -> Result<(), EngineError> {
        self.have_helper_image().await?;
        let body = json!({
            // By its name, by which its container is known to be nobody's tenant.
            "Image": HELPER_IMAGE,
            // Whatever its image says.
            "Entrypoint": ["/canary"],
            "Cmd": ["reclaim", id, ALL.to_string()],
            "Env": [],
            "Labels": { "wakeboard.helper": "reclaim" },
            "HostConfig": {
                "Privileged": true,
                "CgroupnsMode": "host",
                "NetworkMode": "none",
                "Binds": ["/sys/fs/cgroup:/hostcgroup"],
            },
        });
        for _ in 1..MOST_HELPERS {
            match self.by_one_helper(id, &body).await {
                // A prune takes a helper that does not run yet, or has ended.
                Err(error) if error.says_removed() => {}
                said => return judge(&said?),
            }
        }
        judge(&self.by_one_helper(id, &body).await?)
    }

    async fn by_one_helper(&self, id: &str, body: &Value) -> Result<String, EngineError> {
        let name = helper_name(id, Timestamp::now());
        let call = Call::post(format!("/containers/create?name={name}")).json(body);
        let helper: Created = call.read(&self.transport, LONGEST_CALL).await?;
        let said = self.helped(&helper.id).await;
        let gone = self.act(Call::delete(format!("/containers/{}?force=1", helper.id)), LONGEST_CALL).await;
        match (said, gone) {
            // What it has said counts, though somebody else has removed it since.
            (Ok(said), Err(error)) if error.says_removed() => Ok(said),
            (_, Err(error)) => Err(error),
            (said, Ok(())) => said,
        }
    }

    /// Sees to it that the helper's image is there. It runs privileged, so its content counts and not its name: an image of that
    /// name with another content is replaced.
    async fn have_helper_image(&self) -> Result<(), EngineError> {
        let Some(archive) = self.options.helper else {
            let reason = "memory of this host goes into swap by a privileged helper container only, and the config forbids it \
                          (dump.helper: never)";
            return Err(EngineError::Unable(reason.to_owned()));
        };
        let archive = archive();
        let layer = layer_of(&archive);
        if self.is_of_layer(HELPER_IMAGE, &layer).await? {
            return Ok(());
        }
        self.make_image(HELPER_IMAGE, archive).await?;
        if self.is_of_layer(HELPER_IMAGE, &layer).await? {
            return Ok(());
        }
        Err(EngineError::Unable(format!("the image {HELPER_IMAGE} is not the one that was imported")))
    }

    async fn helped(&self, helper: &str) -> Result<String, EngineError> {
        self.act(Call::post(format!("/containers/{helper}/start")), LONGEST_CALL).await?;
        self.act(Call::post(format!("/containers/{helper}/wait")), DEADLINE).await?;
        let logs = Call::get(format!("/containers/{helper}/logs?stdout=1&stderr=1"));
        let said = logs.send_within(&self.transport, LONGEST_CALL, MOST_SAID).await?;
        Ok(unframed(&said))
    }
}

async fn by_the_kernel(memory: cgroup::Memory) -> Result<(), EngineError> {
    let before = memory.bytes().unwrap_or(0);
    let swap = free_swap().unwrap_or(0);
    let needed = memory.swappable().unwrap_or(before);
    if needed > swap {
        return Err(no_swap(needed, swap));
    }
    // Not ended by the deadline, but no longer waited for: the kernel goes on with it.
    let work = tokio::task::spawn_blocking(move || memory.squeeze().map(|()| memory.bytes().unwrap_or(0)));
    let after = match tokio::time::timeout(DEADLINE, work).await {
        Err(_) => return Err(EngineError::Silent(DEADLINE)),
        Ok(Err(error)) => return Err(EngineError::Unable(error.to_string())),
        Ok(Ok(Err(error))) => return Err(EngineError::Unable(format!("the kernel refused: {error}"))),
        Ok(Ok(Ok(after))) => after,
    };
    verdict(before, after, free_swap())
}

/// Whether it was worth it: what is left, and why.
fn verdict(before: u64, after: u64, swap: Option<u64>) -> Result<(), EngineError> {
    if after <= LITTLE || after <= before / 2 {
        return Ok(());
    }
    match swap {
        Some(free) if free < after => Err(no_swap(after, free)),
        _ => Err(EngineError::Unable(format!(
            "the kernel gave back too little: {after} of {before} bytes are left"
        ))),
    }
}

fn no_swap(needed: u64, free: u64) -> EngineError {
    let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
    EngineError::Unable(format!(
        "{NO_SWAP}: {} MiB would have to go there, and {} MiB are free",
        mebibytes(needed),
        mebibytes(free)
    ))
}

/// Judges what the helper said, a word and a number a line: `before`, `after` and `swapfree` in bytes, or `error`.
fn judge(said: &str) -> Result<(), EngineError> {
    let number = |word: &str| {
        said.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' ')?.trim().parse::<u64>().ok())
    };
    let (Some(before), Some(after)) = (number("before"), number("after")) else {
        let complaint = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("nothing");
        return Err(EngineError::Unable(format!("the helper container said: {}", plain(complaint.trim()))));
    };
    verdict(before, after, number("swapfree"))
}

/// What a container said, without the 8 bytes with which engines begin each piece of it.
fn unframed(logs: &[u8]) -> String {
    let mut said = Vec::new();
    let mut rest = logs;
    while let [_, _, _, _, a, b, c, d, after @ ..] = rest {
        let length = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
        let (piece, next) = after.split_at(length.min(after.len()));
        said.extend(piece);
        rest = next;
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "Id")]
    id: ContainerId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::freed("before 60000000\nagain 1\nafter 460000\nswapfree 900000000\n", None)]
    #[case::small("before 900000\nafter 800000\nswapfree 0\n", None)]
    #[case::no_swap("before 60000000\nagain 1\nafter 60000000\nswapfree 0\n", Some("no swap: 58 MiB"))]
    #[case::stuck("before 60000000\nagain 1\nafter 60000000\nswapfree 900000000\n", Some("too little"))]
    #[case::refused("error no such container\n", Some("no such container"))]
    #[case::silent("", Some("nothing"))]
    fn what_the_helper_says_is_judged(#[case] said: &str, #[case] why: Option<&str>) {
        match (judge(said), why) {
            (Ok(()), None) => {}
            (Err(error), Some(why)) if error.to_string().contains(why) => {}
            (judged, _) => panic!("{judged:?}"),
        }
    }

    #[test]
    fn frames_of_logs_are_taken_off() {
        let logs = [&b"\x01\0\0\0\0\0\0\x02ab"[..], b"\x02\0\0\0\0\0\0\x03c\nd"].concat();
        assert_eq!(unframed(&logs), "abc\nd");
    }

    proptest! {
        #[test]
        fn no_logs_are_too_odd(logs in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = unframed(&logs);
        }
    }
}

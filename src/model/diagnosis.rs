//! What is in the way of a method, told from the words of engines; and what mends it.

use std::fmt;

use super::ability::{Cause, Fault};
use super::method::Method;
use super::plain::plain;

/// Where a canary was when something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Image, container, first ticks: no method was tried yet.
    Prepare,
    /// The engine's calls that dump.
    Dump,
    /// It should be asleep now.
    Asleep,
    /// The engine's calls that wake.
    Wake,
    /// It should be as it was.
    Awake,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Step::Prepare => "no canary lives here",
            Step::Dump => "the dump failed",
            Step::Asleep => "it does not sleep as it should",
            Step::Wake => "the wake failed",
            Step::Awake => "it woke wrongly",
        })
    }
}

/// What went wrong with a canary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Where it was.
    pub step: Step,
    /// The engine's words, or what was seen; with CRIU's own where they could be had.
    pub words: String,
}

/// What is said where a canary without an open connection wakes and one with it does not.
pub const WITHOUT_CONNECTION: &str = "it wakes where it has no open connection";

const EXPERIMENTAL: (&str, &str) = (
    "checkpoints are an experimental feature of this Docker, and those are off",
    "put `\"experimental\": true` into /etc/docker/daemon.json on the host and restart its Docker",
);
const CRIU_MISSING: (&str, &str) = (
    "the host has no CRIU, which writes the processes to disk",
    "install `criu` on the host, 4.2 or later, where the engine's PATH finds it",
);
const CRIU_OLD: (&str, &str) =
    ("the host's CRIU is too old for its kernel", "install CRIU 4.2 or later on the host");
const TCP_CLOSE: (&str, &str) = (
    "a container with an open connection cannot be dumped and woken",
    "write `tcp-close` on a line of its own into /etc/criu/runc.conf on the host",
);
const DOCKER_28: (&str, &str) = (
    "this Docker writes checkpoints but cannot restore them (containerd issue 12141, moby issue 42900)",
    "use another method, or an older Docker: 20.10 and 26.1 are known to restore",
);
const NO_SWAP: (&str, &str) = (
    "the memory of a paused container does not leave: the host has no free swap",
    "give the host swap (`swapon`), as much as the tenants that shall sleep hold of memory",
);
const SWAP_NOT_COUNTED: (&str, &str) = (
    "the host's kernel does not count swap for containers",
    "boot the host with `swapaccount=1` on its kernel's command line",
);
const OLD_PODMAN: (&str, &str) =
    ("this Podman cannot change the limits of a container", "use another method, or Podman 5 or later");
const OLD_KERNEL: (&str, &str) = (
    "the host's kernel has no `memory.reclaim`, which pushes memory into swap",
    "boot a kernel of 5.19 or later on the host",
);
const FOREIGN: (&str, &str) = (
    "the canary of this wakeboard is a program for another kind of machine",
    "ask from a wakeboard that was built for the host's kind of machine",
);
const DISK_FULL: (&str, &str) = (
    "the host's disk is full where its engine keeps containers",
    "free some of it: a checkpoint takes as much as the tenant holds of memory",
);

/// Words that leave no doubt, in small letters, the surest first; and what they mean for that method.
const KNOWN: [(Option<Method>, &str, (&str, &str)); 23] = [
    (None, "exec format error", FOREIGN),
    (None, "no space left on device", DISK_FULL),
    (Some(Method::Checkpoint), "experimental", EXPERIMENTAL),
    // Where experimental features are off, there is no such path at all.
    (Some(Method::Checkpoint), "page not found", EXPERIMENTAL),
    (Some(Method::Checkpoint), "\"criu\": executable file not found", CRIU_MISSING),
    (Some(Method::Checkpoint), "criu binary not found", CRIU_MISSING),
    (Some(Method::Checkpoint), "exec: criu: not found", CRIU_MISSING),
    (Some(Method::Checkpoint), "stat criu: no such file", CRIU_MISSING),
    (Some(Method::Checkpoint), "vdso", CRIU_OLD),
    (Some(Method::Checkpoint), "so_passcred", CRIU_OLD),
    (Some(Method::Checkpoint), "can't get 1:16 opt", CRIU_OLD),
    (Some(Method::Checkpoint), "requires at least criu", CRIU_OLD),
    (Some(Method::Checkpoint), "criu version", CRIU_OLD),
    (Some(Method::Checkpoint), "connected tcp socket", TCP_CLOSE),
    (Some(Method::Checkpoint), WITHOUT_CONNECTION, TCP_CLOSE),
    (Some(Method::Checkpoint), "/proc/0/ns/net", DOCKER_28),
    (Some(Method::Checkpoint), "failed to upload checkpoint to containerd", DOCKER_28),
    (Some(Method::Freeze), "swap limit", SWAP_NOT_COUNTED),
    (Some(Method::Freeze), "no memory.reclaim", OLD_KERNEL),
    (Some(Method::Freeze), "unable to set memory limit", NO_SWAP),
    (Some(Method::Freeze), "resource temporarily unavailable", NO_SWAP),
    (Some(Method::Freeze), "swap", NO_SWAP),
    (Some(Method::Freeze), "memory stayed", NO_SWAP),
];

/// Says what is in the way, from the kind and version of the engine, the method, and what went wrong. Where the words are
/// unknown, they are the reason themselves.
#[must_use]
pub fn diagnose(kind: &str, version: &str, method: Method, trouble: &Trouble) -> Fault {
    let words = trouble.words.to_lowercase();
    let known = KNOWN
        .iter()
        .find(|(of, sign, _)| of.is_none_or(|of| of == method) && words.contains(sign))
        .map(|(_, _, cause)| *cause);
    if let Some((reason, mend)) = known.or_else(|| by_engine(kind, version, method, trouble.step)) {
        return Fault { reason: reason.to_owned(), mend: Some(mend.to_owned()), cause: cause_of(reason) };
    }
    let mend = (method == Method::Checkpoint && words.contains("criu failed")).then(|| {
        match trouble.step {
            Step::Wake => "most often /etc/criu/runc.conf on the host lacks a line `tcp-close`; else CRIU's log there says why",
            _ => "most often the host's CRIU is older than its kernel needs: 4.2 or later; else CRIU's log there says why",
        }
        .to_owned()
    });
    let reason = plain(&format!("{}: {}", trouble.step, trouble.words)).into_owned();
    Fault { reason, mend, cause: None }
}

/// What a reason comes from, where that is cheap to look at again.
#[must_use]
pub fn cause_of(reason: &str) -> Option<Cause> {
    let all = [(NO_SWAP, Cause::Swap), (DISK_FULL, Cause::Disk), (EXPERIMENTAL, Cause::Experimental)];
    all.iter().find(|((words, _), _)| *words == reason).map(|(_, cause)| *cause)
}

/// What is known of an engine whatever it says.
fn by_engine(kind: &str, version: &str, method: Method, step: Step) -> Option<(&'static str, &'static str)> {
    let major: Option<u32> = version.split('.').next().and_then(|major| major.parse().ok());
    match (kind, method, step) {
        ("Docker", Method::Checkpoint, Step::Wake) if major >= Some(28) => Some(DOCKER_28),
        ("Podman", Method::Freeze, Step::Dump) if major.is_some_and(|major| major < 5) => Some(OLD_PODMAN),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Method::{Checkpoint, Destroy, Freeze, Stop};
    use rstest::rstest;

    fn fault(engine: &str, method: Method, step: Step, words: &str) -> Fault {
        let (kind, version) = engine.split_once(' ').unwrap();
        diagnose(kind, version, method, &Trouble { step, words: words.to_owned() })
    }

    #[rstest]
    #[case(
        "Docker 20.10.24",
        Checkpoint,
        Step::Dump,
        "checkpoint is only supported with experimental features",
        "\"experimental\": true"
    )]
    #[case(
        "Docker 20.10.24",
        Checkpoint,
        Step::Dump,
        "answered 404: page not found",
        "\"experimental\": true"
    )]
    #[case(
        "Docker 20.10.24",
        Checkpoint,
        Step::Dump,
        "exec: \"criu\": executable file not found in $PATH: unknown",
        "install `criu`"
    )]
    #[case(
        "Docker 26.1.5",
        Checkpoint,
        Step::Dump,
        "criu failed: type NOTIFY errno 0; Error (criu/vdso.c:641): vdso: Unexpected rt vDSO area bounds",
        "CRIU 4.2 or later"
    )]
    #[case(
        "Docker 20.10.24",
        Checkpoint,
        Step::Dump,
        "criu failed; Error (criu/sockets.c:602): Can't get 1:16 opt: Operation not supported",
        "CRIU 4.2 or later"
    )]
    #[case(
        "Docker 20.10.24",
        Checkpoint,
        Step::Wake,
        "criu failed; Error (criu/sk-inet.c:1): inet: Connected TCP socket in image",
        "tcp-close"
    )]
    #[case(
        "Docker 20.10.24",
        Checkpoint,
        Step::Wake,
        "OCI runtime restore failed: criu failed: type NOTIFY errno 0 log file: /x/restore.log",
        "tcp-close"
    )]
    #[case(
        "Docker 20.10.24",
        Checkpoint,
        Step::Dump,
        "criu failed: type NOTIFY errno 0 log file: /x/dump.log",
        "older than its kernel"
    )]
    #[case(
        "Docker 28.5.2",
        Checkpoint,
        Step::Wake,
        "bind-mount /proc/0/ns/net -> /var/run/x: no such file or directory",
        "older Docker"
    )]
    #[case(
        "Docker 28.5.2",
        Checkpoint,
        Step::Wake,
        "failed to upload checkpoint to containerd: content already exists",
        "older Docker"
    )]
    #[case("Docker 29.0.0", Checkpoint, Step::Wake, "something new", "older Docker")]
    #[case(
        "Docker 20.10.24",
        Freeze,
        Step::Dump,
        "unable to set memory limit to 8388608 (current usage: 18362368)",
        "swapon"
    )]
    #[case(
        "Docker 26.1.5",
        Freeze,
        Step::Dump,
        "write memory.reclaim: Resource temporarily unavailable",
        "swapon"
    )]
    #[case("Docker 20.10.24", Freeze, Step::Asleep, "its memory stayed where it was", "swapon")]
    #[case(
        "Docker 20.10.24",
        Freeze,
        Step::Dump,
        "Your kernel does not support swap limit capabilities",
        "swapaccount=1"
    )]
    #[case("Docker 26.1.5", Freeze, Step::Dump, "error no memory.reclaim (a kernel before 5.19?)", "5.19")]
    #[case("Podman 4.3.1", Freeze, Step::Dump, "answered 404: Not Found", "Podman 5")]
    #[case("Docker 20.10.24", Stop, Step::Prepare, "exec /canary: exec format error", "built for")]
    #[case("Docker 20.10.24", Destroy, Step::Wake, "write /x: no space left on device", "free some")]
    #[case("Docker 20.10.24", Checkpoint, Step::Wake, WITHOUT_CONNECTION, "tcp-close")]
    fn words_are_understood(
        #[case] engine: &str,
        #[case] method: Method,
        #[case] step: Step,
        #[case] words: &str,
        #[case] mend: &str,
    ) {
        let told = fault(engine, method, step, words);
        assert!(told.mend.as_ref().is_some_and(|told| told.contains(mend)), "{told:?}");
    }

    #[rstest]
    #[case("Docker 20.10.24", Stop, Step::Wake, "port is already allocated")]
    #[case("Docker 28.5.2", Checkpoint, Step::Dump, "something new")]
    #[case("Podman 5.4.2", Freeze, Step::Dump, "something new")]
    // Words about one method say nothing about another.
    #[case("Docker 20.10.24", Stop, Step::Dump, "page not found")]
    fn unknown_words_are_told_as_they_are(
        #[case] engine: &str,
        #[case] method: Method,
        #[case] step: Step,
        #[case] words: &str,
    ) {
        let told = fault(engine, method, step, words);
        assert_eq!(told, Fault { reason: format!("{step}: {words}"), mend: None, cause: None });
    }

    #[test]
    fn an_engines_words_cannot_steer_a_terminal() {
        let told = fault("Docker 20.10.24", Stop, Step::Dump, "\u{1b}[2J").reason;
        assert_eq!(told, "the dump failed: ␛[2J");
    }
}

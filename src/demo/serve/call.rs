//! Which kind of call a request is, and calls of one kind that go wrong.

use hyper::Method;

use super::Shared;
use super::request::Asked;
use crate::config::scenario::{Call, CallFault, Fault, How};
use crate::demo::sim::Refusal;

/// The kind of a request; `Any` where it has none of its own.
pub(super) fn kind(method: &Method, asked: &Asked) -> Call {
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    match (method.as_str(), path.as_slice()) {
        ("GET", ["info"]) => Call::Info,
        ("GET", ["containers", "json"]) => Call::List,
        ("GET", ["containers", _, "json"]) => Call::Inspect,
        ("GET", ["containers", _, "stats"]) => Call::Stats,
        ("GET", ["containers", _, "archive"]) => Call::ReadFile,
        ("GET", ["containers", _, "checkpoints"]) => Call::Checkpoints,
        ("POST", ["containers", _, "checkpoints"]) => Call::Checkpoint,
        ("DELETE", ["containers", _, "checkpoints", _]) => Call::ForgetCheckpoint,
        ("POST", ["containers", "create"]) => Call::Create,
        ("DELETE", ["containers", _]) => Call::Remove,
        ("POST", ["containers", _, "start"]) if asked.get("checkpoint").is_some_and(|it| !it.is_empty()) => {
            Call::Restore
        }
        ("POST", ["containers", _, verb]) => match *verb {
            "pause" => Call::Pause,
            "unpause" => Call::Unpause,
            "stop" => Call::Stop,
            "start" => Call::Start,
            "kill" => Call::Kill,
            "restart" => Call::Restart,
            "update" => Call::Update,
            _ => Call::Any,
        },
        ("GET", ["exec", _, "json"]) => Call::Exec,
        ("POST", ["images", "create"]) => Call::ImportImage,
        ("GET", ["images", .., "json"]) => Call::Image,
        _ => Call::Any,
    }
}

/// What an engine answers that does not do a call; nothing where it does it.
pub(super) fn undone(fault: CallFault) -> Option<Refusal> {
    match fault.how {
        How::Status(status) => Some(Refusal::new(status, "simulated fault".to_owned())),
        How::AlreadyExists => Some(Refusal::new(
            500,
            "failed to upload checkpoint to containerd: commit failed: content \
             sha256:5a1e0f3c7b2d9e8f: already exists"
                .to_owned(),
        )),
        How::UnableToFreeze => Some(Refusal::new(
            500,
            "Cannot pause container 5a1e0f3c7b2d9e8f: OCI runtime pause failed: unable to freeze: unknown"
                .to_owned(),
        )),
        How::Hang | How::Lost | How::Mute => None,
    }
}

/// Returns when the fault is over.
pub(super) async fn over(fault: CallFault, shared: &Shared, host: usize) {
    let mut faults = shared.world.hosts[host].faults.subscribe();
    // The sender lives as long as `shared`, so this ends only when the fault does.
    let _ = faults.wait_for(|faults| !faults.contains(&Fault::Call(fault))).await;
}

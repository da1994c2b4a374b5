//! The console on real engines: two dockerd and a podman, over unix sockets, TLS and ssh. `tests/run` brings them up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "lab/activity.rs"]
mod activity;
#[path = "lab/acts.rs"]
mod acts;
#[path = "lab/callmap/mod.rs"]
mod callmap;
#[path = "lab/checkpoints.rs"]
mod checkpoints;
mod common;
#[path = "lab/doctor.rs"]
mod doctor;
#[path = "lab/door/mod.rs"]
mod door;
#[path = "lab/engine.rs"]
mod engine;
#[path = "lab/faults.rs"]
mod faults;
#[path = "lab/freeze.rs"]
mod freeze;
#[path = "lab/hands.rs"]
mod hands;
#[path = "lab/keeping.rs"]
mod keeping;
#[path = "lab/keeping_faults.rs"]
mod keeping_faults;
#[path = "lab/ledger.rs"]
mod ledger;
#[path = "lab/recipes.rs"]
mod recipes;
#[path = "lab/shell.rs"]
mod shell;
#[path = "lab/story.rs"]
mod story;
#[path = "lab/tickets/mod.rs"]
mod tickets;
#[path = "lab/transports.rs"]
mod transports;

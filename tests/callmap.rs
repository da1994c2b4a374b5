//! Callmaps against real servers on loopback: what a run asks, and what it makes of the answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "callmap/bench.rs"]
mod bench;
#[path = "callmap/chain.rs"]
mod chain;
#[path = "callmap/course.rs"]
mod course;
#[path = "callmap/kinds.rs"]
mod kinds;
#[path = "callmap/resolver.rs"]
mod resolver;
#[path = "callmap/secure.rs"]
mod secure;

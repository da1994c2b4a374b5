//! The wake door, over HTTP, on simulated engines: one wake a tenant, whoever asks, however they ask.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "door/asking.rs"]
mod asking;
#[path = "door/flights.rs"]
mod flights;
#[path = "door/hostile.rs"]
mod hostile;
#[path = "door/sablier.rs"]
mod sablier;
#[path = "door/secure.rs"]
mod secure;
#[path = "door/stand.rs"]
mod stand;
#[path = "door/unwritten.rs"]
mod unwritten;

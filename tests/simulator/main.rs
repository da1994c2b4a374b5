//! The simulated engines, asked as real ones are: with raw HTTP, and with bollard.

// A test's helpers fail as its assertions do.
#![allow(clippy::unwrap_used, clippy::panic)]

mod client;
mod faults;
mod load;
mod protocol;
mod with_bollard;

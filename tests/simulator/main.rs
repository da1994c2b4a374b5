//! The simulated engines, asked as real ones are: with raw HTTP, and with bollard.

// A test's helpers fail as its assertions do.
#![allow(clippy::unwrap_used, clippy::panic)]

mod calls;
mod checkpoint;
mod client;
mod faults;
mod load;
mod memory;
mod protocol;
mod recipe;
mod with_bollard;

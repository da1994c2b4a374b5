//! The simulated engines, asked as real ones are: with raw HTTP, and with bollard.

mod client;
mod faults;
mod load;
mod protocol;
mod with_bollard;

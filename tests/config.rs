//! The config, read through the library as the program reads it.

// A test that cannot go on panics; clippy knows tests only by their attribute, not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "config/corpus.rs"]
mod corpus;
#[path = "config/discovery.rs"]
mod discovery;
#[path = "config/fuzz.rs"]
mod fuzz;
#[path = "config/themes.rs"]
mod themes;

//! What is told from outside, and edits of our own files: against real sockets and real files.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "intake/door.rs"]
mod door;
#[path = "intake/hostile.rs"]
mod hostile;
#[path = "intake/shell.rs"]
mod shell;
#[path = "intake/stand.rs"]
mod stand;
#[path = "intake/watch.rs"]
mod watch;

mod common;

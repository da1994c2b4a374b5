//! The canary: the one program of the throw-away container that `wakeboard doctor` dumps and wakes.
//!
//! `build.rs` compiles it by itself, without libc and without the standard library, into a static program of a few
//! kilobytes that wakeboard carries along and imports as an image (`src/canary/`). It is no module of the crate, so the
//! crate's ban on `unsafe` does not reach it: nearly all of that is in `sys.rs`, `start.rs` and `bytes.rs`.
//!
//! ```text
//! /canary                             a tenant with 16 MiB of memory on port 7070
//! /canary alone                       the same without a connection to itself
//! /canary load MEBIBYTES [PORT]       the same with so much memory
//! /canary hold                        nothing, until it is killed
//! /canary reclaim ID BYTES [FOLDER]   push BYTES of the container's memory into swap (cgroup v2), and end
//! ```
#![no_std]
#![no_main]

mod bytes;
mod memory;
mod reclaim;
mod server;
mod start;
mod sys;
mod tenant;
mod text;

use start::Arguments;

/// What `/canary` holds of memory when nobody says how much.
const MEBIBYTES: usize = 16;
/// Where it listens when nobody says where.
const PORT: u16 = 7070;
/// In milliseconds.
const HOUR: u64 = 3_600_000;

/// What the program does, until its exit code.
fn run(arguments: &Arguments) -> i32 {
    let number = |index| arguments.get(index).and_then(text::number);
    match arguments.get(1) {
        None => tenant::live(MEBIBYTES, PORT, true),
        Some(b"alone") => tenant::live(MEBIBYTES, PORT, false),
        // What holds volumes, images and networks only has to be there.
        Some(b"hold") => loop {
            sys::wait(&mut [], HOUR);
        },
        Some(b"load") => {
            let port = if arguments.get(3).is_some() { number(3) } else { Some(u64::from(PORT)) };
            match (number(2), port.map(u16::try_from)) {
                (Some(mebibytes @ 1..=65536), Some(Ok(port))) => tenant::live(mebibytes as usize, port, true),
                _ => usage(),
            }
        }
        Some(b"reclaim") => match (arguments.get(2), number(3)) {
            (Some(id), Some(bytes)) if !id.is_empty() => {
                reclaim::reclaim(arguments.get(4).unwrap_or(b"/hostcgroup"), id, bytes)
            }
            _ => usage(),
        },
        Some(_) => usage(),
    }
}

fn usage() -> i32 {
    text::say(b"error usage: canary [alone | hold | load MEBIBYTES [PORT] | reclaim ID BYTES [FOLDER]]\n");
    2
}

//! Living as a tenant does: some memory, a port, an idle connection, and a file that shows all of it from outside.

use crate::memory::Memory;
use crate::server::{MOST, Server};
use crate::sys::{self, Poll};
use crate::text::{Line, say, tell};

/// Where the ticks are written. A container's first folder is `/`.
const TICKS: &[u8] = b"ticks\0";
/// The time between two ticks, in milliseconds.
const TICK: u64 = 100;

/// Lives until somebody asks it to end; `connected` to itself or not.
pub fn live(mebibytes: usize, port: u16, connected: bool) -> i32 {
    let life = sys::random();
    // A file of an earlier life must not be taken for this one's.
    write_ticks(0, life, true);
    let (ends, server, memory) = match (sys::ends(), Server::open(port, connected), Memory::fill(mebibytes)) {
        (Ok(ends), Ok(server), Ok(memory)) => (ends, server, memory),
        (ends, server, memory) => {
            for (what, error) in [("signals", ends.err()), ("port", server.err()), ("memory", memory.err())] {
                if let Some(error) = error {
                    say(b"error ");
                    tell(what.as_bytes(), error as u64);
                }
            }
            return 1;
        }
    };
    beat(ends, server, memory, life)
}

fn beat(ends: sys::Fd, mut server: Server, mut memory: Memory, life: u32) -> i32 {
    let mut ticks = 0;
    let mut next = sys::now();
    loop {
        let now = sys::now();
        // Another machine's clock may be far behind.
        if now >= next || next > now + TICK {
            server.keep_connected();
            ticks += 1;
            write_ticks(ticks, life, memory.is_right());
            next = now + TICK;
        }
        let mut polls = [Poll::input(-1); MOST + 3];
        polls[0] = Poll::input(ends);
        polls[1..].copy_from_slice(&server.polls());
        sys::wait(&mut polls, next.saturating_sub(now));
        if polls[0].seen != 0 {
            return 0;
        }
        server.serve(&polls[1..]);
    }
}

/// Writes `TICKS LIFE ok` or `TICKS LIFE bad`: how often it has ticked, a number drawn at its start that only its memory
/// holds, and whether its memory is as it should be.
///
/// The text is always of one length and written over the one before in one go, so nobody reads half of it; and no
/// file stays open, which a dump would have to keep.
fn write_ticks(ticks: u64, life: u32, right: bool) {
    let mut line = Line::new();
    line.add_number(ticks, 12);
    line.add(b" ");
    line.add_hex(life);
    line.add(if right { b" ok \n" } else { b" bad\n" });
    if let Ok(file) = sys::create(TICKS) {
        let _ = sys::write(file, line.as_bytes());
        sys::close(file);
    }
}

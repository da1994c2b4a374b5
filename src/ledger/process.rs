//! This process as a holder, and whether another holder on this machine still lives: by way of `/proc`.

use std::fs;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::model::holder::{Holder, Process};
use crate::model::plain::plain;

/// This process.
#[must_use]
pub fn here() -> &'static Holder {
    static HERE: OnceLock<Holder> = OnceLock::new();
    HERE.get_or_init(|| {
        let pid = std::process::id();
        let machine = plain(&rustix::system::uname().nodename().to_string_lossy()).into_owned();
        let known = || {
            let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
            let space = fs::read_link("/proc/self/ns/pid").ok()?;
            let digits = |c: char| !c.is_ascii_digit();
            let space = space.to_str()?.trim_matches(digits).parse().ok()?;
            let started = process(pid)?.started;
            Some(Holder { pid, started, space, boot, machine: machine.clone() })
        };
        // Without /proc nobody can see whether we live; a time makes the name our own all the same.
        known().unwrap_or_else(|| {
            let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_nanos());
            let started = u64::try_from(nanos).unwrap_or(0);
            Holder { pid, started, space: 0, boot: String::new(), machine }
        })
    })
}

/// Whether that holder was a process of this machine and is dead. Of processes elsewhere nothing is known here: their
/// leases must run out.
#[must_use]
pub fn is_dead_here(holder: &Holder) -> bool {
    if !holder.is_seen_from(here()) {
        return false;
    }
    if let Some(process) = process(holder.pid) {
        return holder.is_dead(Some(process));
    }
    // /proc may hide the processes of others; the kernel still says whether the number is in use.
    let number = i32::try_from(holder.pid).ok().and_then(Pid::from_raw);
    number.is_none_or(|pid| test_kill_process(pid) == Err(Errno::SRCH))
}

/// Whether that holder is another process of this machine that is seen to live, and is not stopped.
pub(super) fn is_at_work_here(holder: &Holder) -> bool {
    holder.is_seen_from(here()) && holder != here() && holder.is_at_work(process(holder.pid))
}

fn process(pid: u32) -> Option<Process> {
    Process::from_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    fn holder_of(pid: u32) -> Holder {
        Holder { pid, started: process(pid).unwrap().started, ..here().clone() }
    }

    #[test]
    fn we_live() {
        assert!(!here().boot.is_empty());
        assert!(!is_dead_here(here()));
        assert_eq!(here().to_string().parse().as_ref(), Ok(here()));
    }

    #[test]
    fn a_killed_process_is_dead_at_once() {
        let mut child = Command::new("sleep").arg("60").stdout(Stdio::null()).spawn().unwrap();
        let holder = holder_of(child.id());
        assert!(!is_dead_here(&holder));
        child.kill().unwrap();
        // Before its parent has noticed, and after.
        while process(holder.pid).is_some_and(|process| !process.ended) {
            std::thread::yield_now();
        }
        assert!(is_dead_here(&holder));
        child.wait().unwrap();
        assert!(is_dead_here(&holder));
    }

    #[test]
    fn of_elsewhere_nothing_is_known() {
        let gone = Holder { pid: u32::MAX, ..here().clone() };
        assert!(is_dead_here(&gone));
        assert!(!is_dead_here(&Holder { boot: "another".to_owned(), ..gone.clone() }));
        assert!(!is_dead_here(&Holder { space: 1, ..gone }));
    }
}

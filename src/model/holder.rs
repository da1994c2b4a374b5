//! Who holds a ticket: one process, named so that others on its machine can tell when it is dead.

use std::fmt;
use std::str::FromStr;

use super::plain::plain;

/// One process, among all processes of all machines that share a ledger.
///
/// A process number alone means nothing elsewhere, and little here: numbers are used again, containers have their own,
/// and a reboot starts anew. So what gives the number its meaning is kept beside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Holder {
    /// The process number, within `space`.
    pub pid: u32,
    /// When the process started, in the kernel's ticks since boot: another process of that number has another start.
    pub started: u64,
    /// The space of process numbers (each container has one of its own).
    pub space: u64,
    /// The kernel's name for this run of the machine; empty where it is not known.
    pub boot: String,
    /// The machine's name: only for people, since two machines may have the same.
    pub machine: String,
}

/// A process as the kernel shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// When it started, in ticks since boot.
    pub started: u64,
    /// It has ended, though its parent has not noticed yet.
    pub ended: bool,
    /// Somebody has stopped it: it does nothing until it is told to go on.
    pub stopped: bool,
}

impl Holder {
    /// Whether `here` sees the holder's process under its number: the same run of the same machine, and the same space
    /// of numbers.
    #[must_use]
    pub fn is_seen_from(&self, here: &Holder) -> bool {
        !self.boot.is_empty() && self.boot == here.boot && self.space == here.space
    }

    /// Whether the process that has the holder's number now is the holder, and at work. Only for those who see its number.
    #[must_use]
    pub fn is_at_work(&self, now: Option<Process>) -> bool {
        now.is_some_and(|process| process.started == self.started && !process.ended && !process.stopped)
    }

    /// Whether the process that has the holder's number now (none: nobody has it) shows that the holder is dead. Only
    /// for those who see its number.
    #[must_use]
    pub fn is_dead(&self, now: Option<Process>) -> bool {
        now.is_none_or(|process| process.ended || process.started != self.started)
    }
}

impl Process {
    /// Reads `/proc/PID/stat`.
    #[must_use]
    pub fn from_stat(text: &str) -> Option<Self> {
        // The program's name comes second, and may have spaces and brackets in it.
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?;
        // `state` is the third field, the start is the 22nd.
        let started = fields.nth(18)?.parse().ok()?;
        let (ended, stopped) = (matches!(state, "Z" | "X" | "x"), matches!(state, "T" | "t"));
        Some(Process { started, ended, stopped })
    }
}

/// The text that is kept: `PID.START.SPACE.BOOT@MACHINE`.
impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}@{}", self.pid, self.started, self.space, self.boot, self.machine)
    }
}

/// A text that is no holder's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{:?} names no process", plain(.0))]
pub struct BadHolder(pub String);

impl FromStr for Holder {
    type Err = BadHolder;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (numbers, machine) = text.split_once('@')?;
            let mut parts = numbers.splitn(4, '.');
            Some(Holder {
                pid: parts.next()?.parse().ok()?,
                started: parts.next()?.parse().ok()?,
                space: parts.next()?.parse().ok()?,
                boot: parts.next()?.to_owned(),
                machine: machine.to_owned(),
            })
        };
        read().ok_or_else(|| BadHolder(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn holder() -> Holder {
        Holder {
            pid: 71,
            started: 5000,
            space: 1,
            boot: "6c1f-22".to_owned(),
            machine: "op-box.example.com".to_owned(),
        }
    }

    #[rstest]
    #[case("71 (wakeboard) S 1 71 71 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 5000 1 2", 5000, false)]
    #[case("71 (a) b (c) Z 1 71 71 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 5000 1 2", 5000, true)]
    fn the_kernels_line_is_read(#[case] text: &str, #[case] started: u64, #[case] ended: bool) {
        assert_eq!(Process::from_stat(text), Some(Process { started, ended, stopped: false }));
    }

    #[rstest]
    #[case::nobody(None, true)]
    #[case::itself(Some(Process { started: 5000, ended: false, stopped: false }), false)]
    #[case::one_that_is_stopped(Some(Process { started: 5000, ended: false, stopped: true }), false)]
    #[case::a_zombie(Some(Process { started: 5000, ended: true, stopped: false }), true)]
    #[case::another_of_that_number(Some(Process { started: 5001, ended: false, stopped: false }), true)]
    fn death_is_told(#[case] now: Option<Process>, #[case] dead: bool) {
        assert_eq!(holder().is_dead(now), dead);
        let stopped = now.is_some_and(|process| process.stopped);
        assert_eq!(holder().is_at_work(now), !dead && !stopped);
    }

    #[rstest]
    #[case::here(holder(), true)]
    #[case::by_another_name(Holder { machine: "renamed".to_owned(), ..holder() }, true)]
    #[case::before_the_reboot(Holder { boot: "other".to_owned(), ..holder() }, false)]
    #[case::in_a_container(Holder { space: 2, ..holder() }, false)]
    fn numbers_mean_nothing_elsewhere(#[case] here: Holder, #[case] seen: bool) {
        assert_eq!(holder().is_seen_from(&here), seen);
    }

    #[test]
    fn what_knows_no_boot_sees_nobody() {
        let unknown = Holder { boot: String::new(), ..holder() };
        assert!(!unknown.is_seen_from(&unknown));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(pid: u32, started: u64, space: u64, boot in "[0-9a-f-]{0,36}", machine: String) {
            let holder = Holder { pid, started, space, boot, machine };
            prop_assert_eq!(holder.to_string().parse(), Ok(holder));
        }

        #[test]
        fn no_text_breaks_the_reader(text: String) {
            let _ = text.parse::<Holder>();
            let _ = Process::from_stat(&text);
        }
    }
}

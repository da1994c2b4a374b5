//! The memory of a frozen container comes back from swap before its processes miss it: they ask for a few pages at a time
//! and wait for each, the kernel reads whole ranges at once. See `docs/decisions/0024-read-ahead.md`.

use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::time::{Duration, Instant};

use super::cgroup;

/// No longer than this: what has not come by then is read as it is asked for. It bounds what a slow disk is given to do
/// beside that.
const LONGEST: Duration = Duration::from_millis(250);
/// Less than this, in bytes, is read within some 20 ms as it is asked for. To read it ahead would only take the processors
/// from those who wake the tenant.
const WORTHWHILE: u64 = 32 << 20;
/// Of more than this, in bytes, too little is needed for the first answer: what is asked for waits behind all the rest.
const TOO_MUCH: u64 = 128 << 20;
/// One call takes so many addresses at most, so that the bound is looked at now and then.
const PIECE: usize = 32 << 20;
/// A container of more processes than this has no few that matter.
const MOST_PROCESSES: usize = 64;
/// A longer list of a process's memory is cut.
const LONGEST_MAPS: u64 = 1 << 20;

/// Has the kernel read back what the container `id`, whose first process is `pid`, has in swap. Nothing happens where that is
/// little or much, where that process is not one of that container on this machine, or where this user may not ask for it.
pub fn read_ahead(pid: u32, id: &str) {
    let begun = Instant::now();
    let mut processes = cgroup::processes(pid, id);
    processes.truncate(MOST_PROCESSES);
    let bytes: u64 = processes.iter().map(|pid| swapped(*pid)).sum();
    if !(WORTHWHILE..=TOO_MUCH).contains(&bytes) {
        return;
    }
    for pid in processes {
        if let Err(error) = read_process(pid, &ranges_of(pid), begun + LONGEST) {
            tracing::debug!(pid, %error, "memory is not read ahead");
            return;
        }
    }
}

/// What a process has in swap, in bytes: `VmSwap` in `/proc/PID/status`. Nothing where it is gone.
fn swapped(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSwap:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

/// The memory of a process that is no file's, and so may lie in swap. Nothing where it is gone.
fn ranges_of(pid: u32) -> Vec<Range<usize>> {
    let mut maps = String::new();
    let read = fs::File::open(format!("/proc/{pid}/maps"))
        .and_then(|file| file.take(LONGEST_MAPS).read_to_string(&mut maps));
    match read {
        Ok(_) => maps.lines().filter_map(private).collect(),
        Err(_) => Vec::new(),
    }
}

/// The addresses in a line of `/proc/PID/maps`, if no file is behind them: `START-END MODE OFFSET DEVICE INODE [NAME]`.
fn private(line: &str) -> Option<Range<usize>> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    // `[heap]` and `[stack]` are memory, `[vdso]` and the like are the kernel's own.
    let is_memory = words.nth(4).is_none_or(|name| name.starts_with("[heap") || name.starts_with("[stack"));
    let address = |text| usize::from_str_radix(text, 16).ok();
    let range = address(start)?..address(end)?;
    (is_memory && !range.is_empty()).then_some(range)
}

#[cfg(target_os = "linux")]
fn read_process(pid: u32, ranges: &[Range<usize>], until: Instant) -> io::Result<()> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(()) };
    let process = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(process) => process,
        // It has ended meanwhile.
        Err(rustix::io::Errno::SRCH) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for range in ranges {
        for start in range.clone().step_by(PIECE) {
            if Instant::now() >= until {
                return Ok(());
            }
            match will_need(&process, start..range.end.min(start + PIECE)) {
                Ok(()) => {}
                // It was given back, or belongs to a device.
                Err(error)
                    if matches!(error.raw_os_error(), Some(libc::ENOMEM | libc::EINVAL | libc::EBADF)) => {}
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn read_process(_: u32, _: &[Range<usize>], _: Instant) -> io::Result<()> {
    Ok(())
}

/// `process_madvise(2)` with `MADV_WILLNEED`, since Linux 5.13.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no library has this call; decision 24")]
fn will_need(process: &impl std::os::fd::AsRawFd, range: Range<usize>) -> io::Result<()> {
    let vector = libc::iovec {
        iov_base: std::ptr::without_provenance_mut(range.start),
        iov_len: range.end.saturating_sub(range.start),
    };
    // SAFETY: the kernel reads one vector, which lives until the call returns. The addresses in it are those of another process;
    // nothing is read or written there, by us or by the kernel: the advice only begins to read pages in.
    let done = unsafe {
        libc::syscall(
            libc::SYS_process_madvise,
            process.as_raw_fd(),
            std::ptr::from_ref(&vector),
            1_usize,
            libc::MADV_WILLNEED,
            0_u32,
        )
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("7f00-8000 rw-p 00000000 00:00 0", Some(0x7f00..0x8000))]
    #[case("7f00-8000 rw-p 00000000 00:00 0                          [heap]", Some(0x7f00..0x8000))]
    #[case("7f00-8000 rw-p 00000000 00:00 0                          [stack]", Some(0x7f00..0x8000))]
    #[case("7f00-8000 r-xp 00000000 00:00 0                          [vdso]", None)]
    #[case("7f00-8000 r-xp 00001000 fe:00 1234                       /usr/lib/a b.so", None)]
    #[case("8000-7f00 rw-p 00000000 00:00 0", None)]
    #[case("x-8000 rw-p 00000000 00:00 0", None)]
    #[case("", None)]
    fn memory_is_told_from_files(#[case] line: &str, #[case] expected: Option<Range<usize>>) {
        assert_eq!(private(line), expected);
    }

    #[test]
    fn what_is_not_there_is_passed_over() {
        // No machine has so many.
        let nobody = 999_999_999;
        read_ahead(nobody, "abc");
        assert!(ranges_of(nobody).is_empty() && swapped(nobody) == 0);
        let page = 0..4096;
        read_process(nobody, std::slice::from_ref(&page), Instant::now() + LONGEST).unwrap();
    }
}

//! The machine that we run on.

use std::fs;

/// Memory in use and in all on this machine, in bytes.
#[must_use]
pub fn memory() -> Option<(u64, u64)> {
    read(&fs::read_to_string("/proc/meminfo").ok()?)
}

/// How much of this machine's memory is free, in percent.
#[must_use]
pub fn free() -> Option<u8> {
    let (used, all) = memory()?;
    free_of(used, all)
}

fn free_of(used: u64, all: u64) -> Option<u8> {
    u8::try_from(all.saturating_sub(used).saturating_mul(100).checked_div(all)?).ok()
}

fn read(text: &str) -> Option<(u64, u64)> {
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
    };
    let all = bytes("MemTotal")?;
    Some((all.saturating_sub(bytes("MemAvailable")?), all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_not_in_use() {
        let text = "MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  400 kB\n";
        assert_eq!(read(text), Some((600 * 1024, 1000 * 1024)));
        assert_eq!(read("MemTotal: many"), None);
        assert_eq!((free_of(600, 1000), free_of(5, 0)), (Some(40), None));
    }
}

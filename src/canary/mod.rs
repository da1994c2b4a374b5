//! The canary: the program that throw-away containers run to show what a host can do, and the image around it.
//!
//! The program itself is in the folder `canary/` beside `src/`: `build.rs` compiles it.

mod names;
mod recipe;
mod tar;
mod ticks;

use crate::model::policy::Helper;

pub use names::{is_canary, made_at, name};
pub use recipe::recipe;
pub use ticks::Ticks;

/// The program, a static one for Linux; empty where wakeboard was built for something else.
pub const PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/canary"));
/// The image's name. Its number is raised with every change of the program: hosts keep the image that they have.
pub const IMAGE: &str = "wakeboard/canary:1";
/// The label of everything that is made for a canary.
pub const LABEL: &str = crate::model::internal::LABEL;
/// Where the program writes its ticks.
pub const TICKS_FILE: &str = "/ticks";
/// The port that it listens on.
pub const PORT: u16 = 7070;
/// How much memory it fills, in bytes.
pub const MEMORY: u64 = 16 << 20;

/// The image as a tar archive of its root folder, for the engine's import.
#[must_use]
pub fn image() -> Vec<u8> {
    let mut archive = tar::Archive::default();
    // Engines mount these; some want them there before.
    for folder in ["dev/", "etc/", "proc/", "sys/", "tmp/", "hostcgroup/"] {
        archive.folder(folder);
    }
    archive.program("canary", PROGRAM);
    archive.finish()
}

/// The image of the helper container, where one is allowed.
#[must_use]
pub fn helper(allowed: Helper) -> Option<fn() -> Vec<u8>> {
    (allowed == Helper::Privileged).then_some(image)
}

/// Where the program, with its word `hold`, is put into a container of any image that is to hold what sleepers need.
pub const HOLD: &str = "/.wakeboard-hold";

/// The program alone, as an archive to be unpacked at a container's root.
#[must_use]
pub fn hold_archive() -> Vec<u8> {
    let mut archive = tar::Archive::default();
    archive.program(HOLD.trim_start_matches('/'), PROGRAM);
    archive.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn the_program_is_small_and_needs_no_other_file() {
        assert_eq!(PROGRAM[..4], *b"\x7fELF");
        assert!(PROGRAM.len() < 64 << 10, "{} bytes", PROGRAM.len());
        // The table of program headers: its place is at 32, the size and number of its entries at 54 and 56.
        let number = |at: usize| usize::from(u16::from_le_bytes([PROGRAM[at], PROGRAM[at + 1]]));
        let kinds: Vec<u8> = (0..number(56)).map(|entry| PROGRAM[number(32) + entry * number(54)]).collect();
        let interpreter = 3;
        assert!(kinds.contains(&1) && !kinds.contains(&interpreter), "{kinds:?}");
    }

    #[test]
    fn the_image_is_an_archive_of_one_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("image.tar");
        std::fs::write(&file, image()).unwrap();
        let output = std::process::Command::new("tar").arg("-tvf").arg(&file).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{told}");
        let line = told.lines().find(|line| line.ends_with(" canary")).unwrap();
        assert!(line.starts_with("-rwxr-xr-x") && line.contains(&PROGRAM.len().to_string()), "{told}");
        assert!(
            told.lines().any(|line| line.starts_with("drwxr-xr-x") && line.ends_with(" proc/")),
            "{told}"
        );
    }
}

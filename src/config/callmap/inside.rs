//! Files that a callmap names: below its own folder, and nowhere else. A callmap may come from anybody; what it names is
//! read with the rights of whoever runs it.

use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use super::limits::LONGEST_PATH;
use super::wrong::Wrong;

const HELP: &str = "name a file below the folder of the file that names it";

/// The real path of the file that `written` names in `file`.
///
/// # Errors
/// It is not below the folder of `file`, also by way of a link, or it is no file.
pub fn find(file: &Path, written: &str) -> Result<PathBuf, Wrong> {
    if written.trim().is_empty() {
        return Err(Wrong::new("this names no file", HELP));
    }
    if written.len() > LONGEST_PATH {
        return Err(Wrong::new(format!("the path is longer than {LONGEST_PATH} bytes"), HELP));
    }
    let path = Path::new(written);
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(Wrong::new(format!("`{written}` leads out of the folder of this file"), HELP));
    }
    let failed = |error: std::io::Error| format!("`{written}` cannot be read: {error}");
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(failed)?;
    let found = folder.join(path).canonicalize().map_err(failed)?;
    if !found.starts_with(&folder) {
        return Err(Wrong::new(
            format!("`{written}` is a link that leads out of the folder of this file"),
            HELP,
        ));
    }
    // A pipe would hang us, and a device never ends.
    if !found.metadata().map_err(failed)?.is_file() {
        return Err(format!("`{written}` is no file").into());
    }
    Ok(found)
}

/// The bytes of a file that was found, at most `most` of them.
///
/// # Errors
/// It cannot be read, or there are more.
pub fn bytes(found: &Path, written: &str, most: usize) -> Result<Vec<u8>, Wrong> {
    let failed = |error: std::io::Error| format!("`{written}` cannot be read: {error}");
    let mut bytes = Vec::new();
    let opened = File::open(found).map_err(failed)?;
    opened.take(most as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > most {
        return Err(format!("`{written}` is larger than {} KiB", most / 1024).into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::os::unix::fs::symlink;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let maps = home.path().join("maps");
        std::fs::create_dir_all(maps.join("common")).unwrap();
        std::fs::write(maps.join("common/edge.yaml"), "x").unwrap();
        std::fs::write(home.path().join("secret"), "geheim").unwrap();
        symlink("../secret", maps.join("out")).unwrap();
        symlink("..", maps.join("up")).unwrap();
        symlink("common/edge.yaml", maps.join("in")).unwrap();
        (home, maps.join("a.yaml"))
    }

    #[rstest]
    #[case("common/edge.yaml")]
    #[case("./common/./edge.yaml")]
    #[case("in")]
    fn what_is_below_is_found(#[case] written: &str) {
        let (_home, file) = folder();
        let found = find(&file, written).unwrap();
        assert!(found.ends_with("maps/common/edge.yaml"));
        assert_eq!(bytes(&found, written, 1).unwrap(), b"x");
        assert!(bytes(&found, written, 0).unwrap_err().message.contains("larger"));
    }

    #[rstest]
    #[case("", "no file")]
    #[case("../secret", "out of the folder")]
    #[case("common/../../secret", "out of the folder")]
    #[case("/etc/passwd", "out of the folder")]
    #[case("out", "a link that leads out")]
    #[case("up/secret", "a link that leads out")]
    #[case("common", "is no file")]
    #[case("missing", "cannot be read")]
    #[case("a\0b", "cannot be read")]
    fn what_is_elsewhere_is_refused(#[case] written: &str, #[case] told: &str) {
        let (_home, file) = folder();
        let wrong = find(&file, written).unwrap_err();
        assert!(wrong.message.contains(told), "{wrong:?}");
    }

    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let (home, file) = folder();
        let pipe = home.path().join("maps/pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        assert!(find(&file, "pipe").unwrap_err().message.contains("is no file"));
    }
}

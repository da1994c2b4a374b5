//! What restores leave behind: Docker's containerd unpacks each checkpoint once more into its folder for temporary files, and
//! never removes that (see `docs/engine-facts.md`). As large as the tenant's memory each time, it would fill the disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;
use tracing::debug;

use super::DockerEngine;

/// How containerd begins the names of such folders.
const NAME: &str = "ctrd-checkpoint";
/// How many of them are looked at: a host that has more was not ours from its beginning.
const MOST_FOLDERS: usize = 4096;
/// How many files a checkpoint may have.
const MOST_FILES: usize = 4096;
/// Files up to this are compared whole, larger ones by their length.
const SMALL: u64 = 64 << 10;
/// The most bytes of a process's environment that are read.
const MOST_ENVIRON: u64 = 256 << 10;

impl DockerEngine {
    /// Removes what restores of this checkpoint have left, where that is on this machine and ours to remove. The checkpoint must
    /// still be there, to know what is its own, and the container run, to know where containerd works.
    pub(super) async fn forget_leftovers(&self, id: &str, checkpoint: &Path) {
        let inspect = self.inspect_whole(id).await.ok().flatten();
        let pid =
            inspect.and_then(|inspect| inspect.state).and_then(|state| state.pid).filter(|pid| *pid > 0);
        let Some(pid) = pid else { return };
        let checkpoint = checkpoint.to_owned();
        let forgot = spawn_blocking(move || {
            let folder = temporary_folder(Path::new("/proc"), pid)?;
            forget_copies(&checkpoint, &folder)
        });
        match forgot.await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(count)) => debug!(count, "removed what restores had left"),
            Ok(Err(error)) => debug!(%error, "what restores have left stays"),
        }
    }
}

/// Where the containerd of the container with that first process makes temporary folders. The shim between both has
/// containerd's environment and sees its files.
fn temporary_folder(proc: &Path, pid: i64) -> io::Result<PathBuf> {
    let missing = || io::Error::new(io::ErrorKind::NotFound, "the container has no shim here");
    let status = fs::read_to_string(proc.join(pid.to_string()).join("status"))?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).map(str::trim);
    let shim =
        proc.join(parent.filter(|pid| pid.parse::<u32>().is_ok_and(|pid| pid > 1)).ok_or_else(missing)?);
    let name = fs::read_to_string(shim.join("comm"))?;
    if !name.starts_with("containerd-shim") {
        return Err(missing());
    }
    let mut environ = Vec::new();
    io::Read::read_to_end(
        &mut io::Read::take(fs::File::open(shim.join("environ"))?, MOST_ENVIRON),
        &mut environ,
    )?;
    let environ = String::from_utf8_lossy(&environ);
    let of = |key: &str| {
        let value = environ.split('\0').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        value.filter(|value| value.starts_with('/'))
    };
    let folder = of("XDG_RUNTIME_DIR").or_else(|| of("TMPDIR")).unwrap_or("/tmp");
    Ok(shim.join("root").join(folder.trim_start_matches('/')))
}

/// Removes the copies of a checkpoint from a folder, and says how many there were.
fn forget_copies(checkpoint: &Path, folder: &Path) -> io::Result<usize> {
    let files = files(checkpoint)?;
    let mut count = 0;
    let all = fs::read_dir(folder)?.flatten();
    let ours = |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(|name| name.starts_with(NAME));
    for entry in all.filter(ours).take(MOST_FOLDERS) {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && is_copy(&files, &entry.path()) {
            fs::remove_dir_all(entry.path())?;
            count += 1;
        }
    }
    Ok(count)
}

/// The files by which a checkpoint is known. Those with pages may be links in one place and files in the other.
fn files(checkpoint: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(checkpoint)?.take(MOST_FILES) {
        let entry = entry?;
        let pages = entry.file_name().to_str().is_none_or(|name| name.starts_with("pages-"));
        if entry.file_type()?.is_file() && !pages {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Whether a folder has all these files, the same.
fn is_copy(files: &[PathBuf], folder: &Path) -> bool {
    // CRIU writes one for each checkpoint, with its processes; without it nothing is known.
    let is_known = files.iter().any(|file| file.file_name().is_some_and(|name| name == "pstree.img"));
    is_known
        && files.iter().all(|file| file.file_name().is_some_and(|name| is_same(file, &folder.join(name))))
}

fn is_same(one: &Path, other: &Path) -> bool {
    let length =
        |path: &Path| fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).map(|meta| meta.len());
    match (length(one), length(other)) {
        (Some(a), Some(b)) if a != b => false,
        (Some(a), Some(_)) if a > SMALL => true,
        (Some(_), Some(_)) => matches!((fs::read(one), fs::read(other)), (Ok(a), Ok(b)) if a == b),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, files: &[(&str, &[u8])]) {
        fs::create_dir_all(folder).unwrap();
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }

    #[test]
    fn only_copies_of_this_checkpoint_go() {
        let root = tempfile::tempdir().unwrap();
        let (ours, tmp) = (root.path().join("ours"), root.path().join("tmp"));
        let big = vec![1; usize::try_from(SMALL).unwrap() + 1];
        let files: [(&str, &[u8]); 4] = [
            ("pstree.img", b"1"),
            ("core-1.img", b"registers"),
            ("mm-1.img", &big),
            ("pages-1.img", b"memory"),
        ];
        write(&ours, &files);
        write(&tmp.join("ctrd-checkpoint1"), &files);
        write(&tmp.join("ctrd-checkpoint2"), &[files[0], ("core-1.img", b"otherwise"), files[2]]);
        write(&tmp.join("ctrd-checkpoint3"), &files[..2]);
        write(&tmp.join("somebody-elses"), &files);
        write(&tmp.join("ctrd-checkpoint4"), &files[..3]);
        std::os::unix::fs::symlink("/nowhere", tmp.join("ctrd-checkpoint4/pages-1.img")).unwrap();
        assert_eq!(forget_copies(&ours, &tmp).unwrap(), 2);
        let left: std::collections::BTreeSet<_> = fs::read_dir(&tmp)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(
            left,
            ["ctrd-checkpoint2", "ctrd-checkpoint3", "somebody-elses"].map(str::to_owned).into()
        );
    }

    #[test]
    fn a_folder_without_processes_is_no_checkpoint() {
        let root = tempfile::tempdir().unwrap();
        let (ours, tmp) = (root.path().join("ours"), root.path().join("tmp"));
        write(&ours, &[]);
        write(&tmp.join("ctrd-checkpoint1"), &[]);
        assert_eq!(forget_copies(&ours, &tmp).unwrap(), 0);
    }

    #[test]
    fn containerds_folder_is_found_through_the_shim() {
        let proc = tempfile::tempdir().unwrap();
        write(&proc.path().join("40"), &[("status", b"Name:\tsh\nPPid:\t30\n")]);
        let shim = proc.path().join("30");
        let environ: &[u8] = b"PATH=/bin\0TMPDIR=/data/tmp\0";
        write(&shim, &[("comm", b"containerd-shim\n"), ("environ", environ)]);
        let found = temporary_folder(proc.path(), 40).unwrap();
        assert_eq!(found, shim.join("root/data/tmp"));
        write(&shim, &[("environ", b"PATH=/bin\0")]);
        assert_eq!(temporary_folder(proc.path(), 40).unwrap(), shim.join("root/tmp"));
        write(&shim, &[("comm", b"bash\n")]);
        assert!(temporary_folder(proc.path(), 40).is_err());
    }
}

//! The pages of a checkpoint stay where they are.
//!
//! Docker sends a whole checkpoint through containerd's store before each restore, some 16 ms for each MB: more than the
//! restore itself. Where its folder is on this machine and ours to write, the files with the memory are moved aside, and
//! links that stand in for them are sent: `docs/decisions/0013-pages-stay.md`.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;
use tracing::debug;

use super::DockerEngine;

/// Beside the engine's own folder of checkpoints, so that both are removed with the container.
const ASIDE: &str = "wakeboard-pages";
/// Smaller ones are sent as quickly as a link.
const SMALLEST: u64 = 1 << 20;
/// The link is read in a folder that containerd makes for each restore. Above the root there is only the root, so more
/// steps up than that folder is deep do no harm. It cannot be absolute: CRIU reads it when the container's root is its own.
const STEPS_UP: usize = 24;
/// A checkpoint has few files with pages: one a process tree.
const MOST_FILES: usize = 64;

/// Where one checkpoint lies.
#[derive(Clone, Debug)]
struct Place {
    checkpoint: PathBuf,
    aside: PathBuf,
}

impl Place {
    /// Nothing where the words could lead out of the engine's folder.
    fn new(root: &Path, id: &str, name: &str) -> Option<Place> {
        let is_word = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let container = root.join("containers").join(id);
        (root.is_absolute() && is_word(id) && is_word(name)).then(|| Place {
            checkpoint: container.join("checkpoints").join(name),
            aside: container.join(ASIDE).join(name),
        })
    }

    /// Moves the pages aside. At each moment the checkpoint is whole.
    fn set_aside(&self) -> io::Result<()> {
        self.forget_lost();
        for file in pages(&self.checkpoint)? {
            let from = self.checkpoint.join(&file);
            let meta = fs::symlink_metadata(&from)?;
            if !meta.is_file() || meta.len() < SMALLEST {
                continue;
            }
            fs::create_dir_all(&self.aside)?;
            let to = self.aside.join(&file);
            fs::hard_link(&from, &to)?;
            let link = self.aside.join(format!("{file}.link"));
            let up: PathBuf = std::iter::repeat_n("..", STEPS_UP).collect();
            symlink(up.join(to.strip_prefix("/").unwrap_or(&to)), &link)?;
            fs::rename(&link, &from)?;
        }
        Ok(())
    }

    /// Puts the pages back where the engine wrote them. False where none were aside.
    fn put_back(&self) -> io::Result<bool> {
        let files = match pages(&self.aside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            files => files?,
        };
        let any = !files.is_empty();
        for file in files {
            fs::rename(self.aside.join(&file), self.checkpoint.join(&file))?;
        }
        self.forget();
        Ok(any)
    }

    /// Removes what is aside of checkpoints that somebody else has deleted.
    fn forget_lost(&self) {
        let (Some(checkpoints), Some(all)) = (self.checkpoint.parent(), self.aside.parent()) else { return };
        for aside in fs::read_dir(all).into_iter().flatten().flatten().take(MOST_FILES) {
            if !checkpoints.join(aside.file_name()).exists() {
                let _ = fs::remove_dir_all(aside.path());
            }
        }
    }

    /// Removes what is aside: its checkpoint is gone.
    fn forget(&self) {
        // What stays is removed with the container.
        let _ = fs::remove_dir_all(&self.aside);
    }
}

/// The names of the files with pages in a folder.
fn pages(folder: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_ending = |name: &str| Path::new(name).extension().is_some_and(|ending| ending == "img");
    Ok(names.filter(|name| name.starts_with("pages-") && is_ending(name)).take(MOST_FILES).collect())
}

impl DockerEngine {
    /// Makes the next restore quick, where that can be done. Where not, the checkpoint is as the engine made it.
    pub(super) async fn set_pages_aside(&self, id: &str, name: &str) {
        let Some(place) = self.place(id, name).await else { return };
        if let Ok(Err(error)) = spawn_blocking(move || place.set_aside()).await {
            debug!(%error, "a restore will be as slow as the engine makes it");
        }
    }

    /// Puts the pages back. False where none were aside.
    pub(super) async fn put_pages_back(&self, id: &str, name: &str) -> bool {
        let Some(place) = self.place(id, name).await else { return false };
        matches!(spawn_blocking(move || place.put_back()).await, Ok(Ok(true)))
    }

    /// Removes pages whose checkpoint is gone.
    pub(super) async fn forget_pages(&self, id: &str, name: &str) {
        if let Some(place) = self.place(id, name).await {
            let _ = spawn_blocking(move || place.forget()).await;
        }
    }

    /// The folder of a checkpoint, where it is on this machine and ours to write.
    pub(super) async fn checkpoint_here(&self, id: &str, name: &str) -> Option<PathBuf> {
        self.place(id, name).await.map(|place| place.checkpoint)
    }

    async fn place(&self, id: &str, name: &str) -> Option<Place> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        Place::new(self.root_here().await.ok()??, id, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Vec<u8> {
        fs::read(path).unwrap()
    }

    #[test]
    fn pages_go_aside_and_come_back() {
        let root = tempfile::tempdir().unwrap();
        let place = Place::new(root.path(), "c0ffee", "wakeboard-1").unwrap();
        fs::create_dir_all(&place.checkpoint).unwrap();
        let big = vec![7; usize::try_from(SMALLEST).unwrap()];
        fs::write(place.checkpoint.join("pages-1.img"), &big).unwrap();
        fs::write(place.checkpoint.join("pages-2.img"), b"small").unwrap();
        fs::write(place.checkpoint.join("core-1.img"), &big).unwrap();
        place.set_aside().unwrap();
        let first = place.checkpoint.join("pages-1.img");
        assert!(fs::symlink_metadata(&first).unwrap().is_symlink());
        assert_eq!(read(&first), big, "it is read through the link");
        assert!(fs::read_link(&first).unwrap().is_relative());
        for other in ["pages-2.img", "core-1.img"] {
            assert!(fs::symlink_metadata(place.checkpoint.join(other)).unwrap().is_file());
        }
        assert!(place.put_back().unwrap());
        assert!(fs::symlink_metadata(&first).unwrap().is_file());
        assert_eq!(read(&first), big);
        assert!(!place.aside.exists());
        assert!(!place.put_back().unwrap(), "nothing is aside any more");
        place.set_aside().unwrap();
        fs::remove_dir_all(&place.checkpoint).unwrap();
        let next = Place::new(root.path(), "c0ffee", "wakeboard-2").unwrap();
        fs::create_dir_all(&next.checkpoint).unwrap();
        next.set_aside().unwrap();
        assert!(!place.aside.exists(), "its checkpoint was deleted");
    }

    #[test]
    fn the_link_leads_there_from_any_folder() {
        let root = tempfile::tempdir().unwrap();
        let place = Place::new(root.path(), "c0ffee", "wakeboard-1").unwrap();
        fs::create_dir_all(&place.checkpoint).unwrap();
        let big = vec![7; usize::try_from(SMALLEST).unwrap()];
        fs::write(place.checkpoint.join("pages-1.img"), &big).unwrap();
        place.set_aside().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let copy = elsewhere.path().join("copy");
        symlink(fs::read_link(place.checkpoint.join("pages-1.img")).unwrap(), &copy).unwrap();
        assert_eq!(read(&copy), big);
    }

    #[test]
    fn no_word_leads_out_of_the_folder() {
        let root = Path::new("/data");
        assert!(Place::new(root, "c0ffee", "..").is_none());
        assert!(Place::new(root, "../../etc", "wakeboard-1").is_none());
        assert!(Place::new(root, "", "wakeboard-1").is_none());
        assert!(Place::new(Path::new("data"), "c0ffee", "wakeboard-1").is_none());
    }
}

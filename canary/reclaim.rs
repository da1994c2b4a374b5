//! Pushing a container's memory into swap the way of cgroup v2: by its `memory.reclaim`, which kills nothing.
//!
//! What it says, a line each: `before N`, `again 1` (where the kernel could not get all that was asked for), `after N`,
//! `swapfree N`, in bytes; or `error ...` and exit code 1.

use crate::sys;
use crate::text::{Line, find, leading_number, say, tell};

/// How deep below the given folder a container's may be.
const DEEPEST: usize = 8;
/// How many folders are looked at.
const MOST: usize = 20_000;
/// How long a path may be, with its 0.
const LONGEST: usize = 1024;
const FOLDER: u8 = 4; // DT_DIR

/// Finds the folder of the container `id` below `root`, and asks for `bytes` of its memory.
pub fn reclaim(root: &[u8], id: &[u8], bytes: u64) -> i32 {
    let Some(path) = Path::new(root) else { return fail(b"the folder's name is too long") };
    let mut walk = Walk { id, path, left: MOST };
    if !walk.find(DEEPEST) {
        let why: &[u8] = if walk.left == 0 { b"too many folders" } else { b"no such container" };
        return fail(why);
    }
    let mut path = walk.path;
    let Some(before) = path.number_in(b"memory.current") else {
        return fail(b"no memory.current (cgroup v1?)");
    };
    let Ok(file) = path.with(b"memory.reclaim", sys::open_to_write) else {
        return fail(b"no memory.reclaim (a kernel before 5.19?)");
    };
    tell(b"before", before);
    let mut line = Line::new();
    line.add_number(bytes, 1);
    match sys::write(file, line.as_bytes()) {
        Ok(_) => {}
        Err(sys::EAGAIN) => tell(b"again", 1),
        Err(error) => {
            tell(b"error memory.reclaim", error as u64);
            return 1;
        }
    }
    sys::close(file);
    let Some(after) = path.number_in(b"memory.current") else { return fail(b"it ended meanwhile") };
    tell(b"after", after);
    if let Some(free) = free_swap() {
        tell(b"swapfree", free);
    }
    0
}

fn fail(why: &[u8]) -> i32 {
    let mut line = Line::new();
    line.add(b"error ");
    line.add(why);
    line.add(b"\n");
    say(line.as_bytes());
    1
}

/// The free swap of this machine in bytes.
fn free_swap() -> Option<u64> {
    let mut buffer = [0; 4096];
    let text = read(b"/proc/meminfo\0", &mut buffer)?;
    let at = find(text, b"SwapFree:")?;
    leading_number(&text[at + b"SwapFree:".len()..])?.checked_mul(1024)
}

fn read<'a>(path: &[u8], buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let file = sys::open_to_read(path).ok()?;
    let length = sys::read(file, buffer);
    sys::close(file);
    Some(&buffer[..length.ok()?])
}

/// A path that grows and shrinks; always with a 0 at its end.
struct Path {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Path {
    fn new(root: &[u8]) -> Option<Path> {
        let mut path = Path { bytes: [0; LONGEST], length: 0 };
        path.bytes.get_mut(..root.len() + 1)?[..root.len()].copy_from_slice(root);
        path.length = root.len();
        Some(path)
    }

    /// Goes into what is called `name` here; not if that is too long.
    fn enter(&mut self, name: &[u8]) -> bool {
        let end = self.length + 1 + name.len();
        if end >= LONGEST {
            return false;
        }
        self.bytes[self.length] = b'/';
        self.bytes[self.length + 1..end].copy_from_slice(name);
        self.bytes[end] = 0;
        self.length = end;
        true
    }

    fn leave(&mut self, length: usize) {
        self.length = length;
        self.bytes[length] = 0;
    }

    /// Does something with the path of what is called `name` here.
    fn with<T>(&mut self, name: &[u8], what: fn(&[u8]) -> Result<T, sys::Errno>) -> Result<T, sys::Errno> {
        let length = self.length;
        if !self.enter(name) {
            return Err(36);
        }
        let result = what(&self.bytes[..=self.length]);
        self.leave(length);
        result
    }

    fn number_in(&mut self, name: &[u8]) -> Option<u64> {
        let file = self.with(name, sys::open_to_read).ok()?;
        let mut buffer = [0; 32];
        let length = sys::read(file, &mut buffer);
        sys::close(file);
        leading_number(&buffer[..length.ok()?])
    }
}

/// A walk through folders.
struct Walk<'a> {
    id: &'a [u8],
    path: Path,
    /// How many more folders may be looked at.
    left: usize,
}

impl Walk<'_> {
    /// Looks in the folder at `path` and below it; the path ends where the container's folder was found.
    fn find(&mut self, depth: usize) -> bool {
        let Ok(folder) = sys::open_folder(&self.path.bytes[..=self.path.length]) else { return false };
        let found = self.look(folder, depth);
        sys::close(folder);
        found
    }

    fn look(&mut self, folder: sys::Fd, depth: usize) -> bool {
        let mut buffer = Entries([0; 2048]);
        while let Ok(length @ 1..) = sys::entries(folder, &mut buffer.0) {
            let mut rest = &buffer.0[..length];
            // Number and place of 8 bytes each, length of 2, kind of 1, name up to a 0.
            while let [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, low, high, kind, name @ ..] = rest {
                let size = usize::from(u16::from_ne_bytes([*low, *high]));
                let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
                if *kind == FOLDER && self.visit(&name[..end], depth) {
                    return true;
                }
                rest = rest.get(size.max(1)..).unwrap_or_default();
            }
        }
        false
    }

    fn visit(&mut self, name: &[u8], depth: usize) -> bool {
        if matches!(name, b"." | b"..") || depth == 0 || self.left == 0 {
            return false;
        }
        self.left -= 1;
        let length = self.path.length;
        if !self.path.enter(name) {
            return false;
        }
        // Podman has a second folder with the id in its name, for the watcher of the container.
        let is_it = find(name, self.id).is_some()
            && find(name, b"conmon").is_none()
            && self.path.number_in(b"memory.current").is_some();
        if is_it || self.find(depth - 1) {
            return true;
        }
        self.path.leave(length);
        false
    }
}

/// On a border of 8 bytes, as the kernel packs them.
#[repr(align(8))]
struct Entries([u8; 2048]);

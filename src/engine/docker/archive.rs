//! One small file out of a container: engines give out a tar archive.

use super::call::{Call, encoded};
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::EngineError;

/// The most bytes that such a file may have.
const MOST: usize = 64 * 1024;
/// A tar archive is made of these.
const BLOCK: usize = 512;
/// What the archive of one file has besides it: headers, long names, padding, the end.
const WRAPPING: usize = 32 * 1024;

impl DockerEngine {
    pub(super) async fn fetch_file(&self, id: &str, path: &str) -> Result<Vec<u8>, EngineError> {
        let call = Call::get(format!("/containers/{id}/archive?path={}", encoded(path)));
        let archive = call.send_within(&self.transport, LONGEST_CALL, MOST + WRAPPING).await?;
        only_file(&archive)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| EngineError::Unable(format!("{path:?} is no file of at most {MOST} bytes")))
    }
}

/// The content of the first plain file in a tar archive.
fn only_file(archive: &[u8]) -> Option<&[u8]> {
    let mut rest = archive;
    while let Some((header, content)) = rest.split_at_checked(BLOCK) {
        let size = octal(&header[124..136])?;
        match header[156] {
            b'0' | 0 => return content.get(..size).filter(|_| size <= MOST && header[0] != 0),
            // Longer names and times of what follows.
            b'x' | b'g' | b'L' | b'K' => rest = content.get(size.checked_next_multiple_of(BLOCK)?..)?,
            _ => return None,
        }
    }
    None
}

fn octal(field: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    usize::from_str_radix(if text.is_empty() { "0" } else { text }, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(kind: u8, content: &[u8]) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[..4].copy_from_slice(b"name");
        block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        block[156] = kind;
        block.extend(content);
        block.resize(block.len().next_multiple_of(BLOCK), 0);
        block
    }

    #[test]
    fn the_file_is_found_behind_what_describes_it() {
        assert_eq!(only_file(&entry(b'0', b"abc")), Some(&b"abc"[..]));
        let described = [entry(b'x', b"30 mtime=1\n"), entry(b'0', b""), vec![0; 1024]].concat();
        assert_eq!(only_file(&described), Some(&b""[..]));
    }

    #[test]
    fn what_is_no_file_or_too_large_is_none() {
        assert_eq!(only_file(&entry(b'5', b"")), None);
        assert_eq!(only_file(&entry(b'0', &vec![1; MOST + 1])), None);
        assert_eq!(only_file(&entry(b'0', &[1; 600])[..700]), None);
        assert_eq!(only_file(&[0; 1024]), None);
    }

    proptest! {
        #[test]
        fn no_archive_is_too_odd(archive in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = only_file(&archive);
        }
    }
}

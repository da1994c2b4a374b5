//! An archive of one small file, as `GET /containers/{id}/archive` answers it.

use jiff::Timestamp;

const BLOCK: usize = 512;

/// A tar archive (ustar) of one regular file. Names have at most 100 bytes: a longer one is cut.
#[must_use]
pub fn of_one(name: &str, content: &[u8], changed: Timestamp) -> Vec<u8> {
    let mut header = [0_u8; BLOCK];
    let mut put = |at: usize, text: &str, most: usize| {
        let bytes = &text.as_bytes()[..text.len().min(most)];
        header[at..at + bytes.len()].copy_from_slice(bytes);
    };
    put(0, name, 100);
    put(100, "0000644\0", 8);
    put(108, "0000000\0", 8);
    put(116, "0000000\0", 8);
    put(124, &format!("{:011o}\0", content.len()), 12);
    put(136, &format!("{:011o}\0", changed.as_second().max(0)), 12);
    // The sum is taken with spaces in its place.
    put(148, "        ", 8);
    put(156, "0", 1);
    put(257, "ustar\x0000", 8);
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(&format!("{sum:06o}\0 ").as_bytes()[..8]);
    let mut archive = header.to_vec();
    archive.extend_from_slice(content);
    // The last block is filled up, and two empty ones are the end.
    let filled = archive.len().next_multiple_of(BLOCK) + 2 * BLOCK;
    archive.resize(filled, 0);
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tar_reads_it() {
        let archive = of_one("ticks", b"000000000042 0badcafe ok \n", Timestamp::UNIX_EPOCH);
        assert_eq!(archive.len(), 4 * BLOCK);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.tar");
        std::fs::write(&file, archive).unwrap();
        let read = std::process::Command::new("tar").arg("-xOf").arg(&file).output().unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        assert_eq!(read.stdout, b"000000000042 0badcafe ok \n");
    }
}

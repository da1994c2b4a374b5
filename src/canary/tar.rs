//! Tar archives (ustar), as far as one small image needs them.

/// The size of the archive's blocks, in bytes.
const BLOCK: usize = 512;

/// An archive under way.
#[derive(Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
}

impl Archive {
    /// Adds an empty folder; its name ends in a slash.
    pub fn folder(&mut self, name: &str) {
        self.header(name, 0, b'5');
    }

    /// Adds a file that anybody may run.
    pub fn program(&mut self, name: &str, content: &[u8]) {
        self.header(name, content.len(), b'0');
        self.bytes.extend_from_slice(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(BLOCK), 0);
    }

    /// The whole archive: two empty blocks are its end.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 2 * BLOCK, 0);
        self.bytes
    }

    /// Names here have at most 100 bytes. Owner and time are 0, so the same content is the same archive.
    fn header(&mut self, name: &str, size: usize, kind: u8) {
        let mut block = [0; BLOCK];
        let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, "0000755\0");
        put(108, "0000000\0");
        put(116, "0000000\0");
        put(124, &format!("{size:011o}\0"));
        put(136, "00000000000\0");
        // The sum is made with spaces in its own place.
        put(148, "        ");
        put(257, "ustar\x0000");
        block[156] = kind;
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.bytes.extend_from_slice(&block);
    }
}

//! The secret that whoever comes over HTTP must say, to the door for notes and to the wake door.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The token, as nothing more than is needed to know it again.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// The token of that text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Token(Sha256::digest(text.as_bytes()).into())
    }

    /// Whether that is it. How long that takes tells nothing of how much of it is right, nor how long it is.
    #[must_use]
    pub fn is(&self, said: &[u8]) -> bool {
        let said: [u8; 32] = Sha256::digest(said).into();
        self.0.ct_eq(&said).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_of_it_is_right() {
        let token = Token::of("geheim-geheim-geheim");
        assert!(token.is(b"geheim-geheim-geheim"));
        for wrong in [&b""[..], b"geheim", b"geheim-geheim-geheim ", b"Geheim-geheim-geheim", b"\xff"] {
            assert!(!token.is(wrong));
        }
        assert_eq!(format!("{token:?}"), "Token");
    }
}

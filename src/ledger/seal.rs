//! Seals: what is sealed can be read, made and moved by nobody without the key. AES-256-GCM with a nonce drawn by chance, which
//! holds for 4 billion seals of one key.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

use super::error::Fault;
use super::hex;

/// How many bytes a key has.
pub(super) const KEY_BYTES: usize = 32;
/// Begins each seal: the way in which it was made.
const KIND: &str = "1";
/// How many digits of a fingerprint name a key.
const NAME_DIGITS: usize = 16;
/// How many characters of a seal say how and with which key it was made, up to the second dot.
pub(super) const KEY_PART: usize = KIND.len() + NAME_DIGITS + 2;

/// One key, and the name by which seals refer to it.
pub(super) struct Key {
    name: String,
    key: LessSafeKey,
}

/// The keys of a ledger: the first one seals, all of them open.
pub struct Seal {
    keys: Vec<Key>,
}

/// Why a seal cannot be made or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// It was made with a key that is not at hand.
    #[error("it was sealed with another key ({0})")]
    OtherKey(String),
    /// It is not what was sealed, or not where it was sealed for.
    #[error("its seal does not fit")]
    Broken,
    /// The system gave no random numbers.
    #[error("the system gives no random numbers")]
    NoChance,
}

impl Key {
    /// The key of these bytes.
    pub(super) fn new(bytes: &[u8; KEY_BYTES]) -> Result<Key, SealFault> {
        let mut name =
            hex::text(&Sha256::new_with_prefix("wakeboard ledger key").chain_update(bytes).finalize());
        name.truncate(NAME_DIGITS);
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| SealFault::Broken)?;
        Ok(Key { name, key: LessSafeKey::new(key) })
    }
}

impl Seal {
    /// The first key seals. There must be one.
    pub(super) fn new(keys: Vec<Key>) -> Seal {
        Seal { keys }
    }

    /// Whether a seal that was made with the key of that name can be opened.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name == name)
    }

    /// Seals bytes for one place: the same `context` must be given to open it. One line of ASCII.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn seal(&self, bytes: &[u8], context: &[u8]) -> Result<String, SealFault> {
        let key = self.keys.first().ok_or_else(|| SealFault::OtherKey("none".to_owned()))?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealFault::NoChance)?;
        let mut sealed = bytes.to_vec();
        let at = Nonce::assume_unique_for_key(nonce);
        key.key
            .seal_in_place_append_tag(at, Aad::from(context), &mut sealed)
            .map_err(|_| SealFault::Broken)?;
        Ok(format!("{KIND}.{}.{}{}", key.name, hex::text(&nonce), hex::text(&sealed)))
    }

    /// What was sealed.
    ///
    /// # Errors
    /// The key is not at hand, or this was not sealed for that context.
    pub fn open(&self, sealed: &str, context: &[u8]) -> Result<Vec<u8>, SealFault> {
        let name = key_of(sealed).ok_or(SealFault::Broken)?;
        let key = self.keys.iter().find(|key| key.name == name);
        let key = key.ok_or_else(|| SealFault::OtherKey(name.to_owned()))?;
        let digits = sealed.rsplit('.').next().unwrap_or_default();
        let mut bytes =
            hex::bytes(digits).filter(|bytes| bytes.len() >= NONCE_LEN).ok_or(SealFault::Broken)?;
        let mut text = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| SealFault::Broken)?;
        let opened = key.key.open_in_place(nonce, Aad::from(context), &mut text);
        opened.map(|opened| opened.to_vec()).map_err(|_| SealFault::Broken)
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.name)).finish()
    }
}

/// A number drawn by chance.
pub(super) fn number() -> Result<i64, Fault> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Fault::Other(SealFault::NoChance.to_string()))?;
    Ok(i64::from_be_bytes(bytes) & i64::MAX)
}

/// The name of the key that a seal was made with; nothing for a text that is no seal.
pub(super) fn key_of(sealed: &str) -> Option<&str> {
    let mut parts = sealed.split('.');
    let (kind, name) = (parts.next()?, parts.next()?);
    let is_name = name.len() == NAME_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    (kind == KIND && is_name && parts.next().is_some() && parts.next().is_none()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seal(keys: &[u8]) -> Seal {
        Seal::new(keys.iter().map(|byte| Key::new(&[*byte; KEY_BYTES]).unwrap()).collect())
    }

    #[test]
    fn a_seal_of_this_version_is_opened_for_ever() {
        // Written down: seals outlive the program that made them.
        let sealed = "1.cf0fc277dff33c7f.";
        assert_eq!(seal(&[7]).seal(b"x", b"").unwrap().get(..19), Some(sealed));
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let (old, both, new) = (seal(&[1]), seal(&[2, 1]), seal(&[2]));
        let before = old.seal(b"said", b"here").unwrap();
        assert_eq!(both.open(&before, b"here").unwrap(), b"said");
        let after = both.seal(b"said", b"here").unwrap();
        assert_eq!(new.open(&after, b"here").unwrap(), b"said");
        assert!(matches!(old.open(&after, b"here"), Err(SealFault::OtherKey(_))));
    }

    #[test]
    fn a_seal_fits_one_place_only() {
        let sealed = seal(&[1]).seal(b"said", b"here").unwrap();
        assert_eq!(seal(&[1]).open(&sealed, b"there"), Err(SealFault::Broken));
        let mut changed = sealed.into_bytes();
        if let Some(last) = changed.last_mut() {
            *last = if *last == b'0' { b'1' } else { b'0' };
        }
        assert_eq!(seal(&[1]).open(&String::from_utf8(changed).unwrap(), b"here"), Err(SealFault::Broken));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(1\\.)?[0-9a-f.]{0,80}|.*") {
            prop_assert!(seal(&[1]).open(&text, b"").is_err());
        }

        #[test]
        fn what_is_sealed_is_opened(bytes: Vec<u8>, context: Vec<u8>) {
            let sealed = seal(&[1]).seal(&bytes, &context).unwrap();
            prop_assert_eq!(seal(&[1]).open(&sealed, &context), Ok(bytes));
        }
    }
}

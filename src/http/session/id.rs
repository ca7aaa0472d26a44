//! The id of a session: what a browser's cookie proves, and the only key to what the store keeps under it.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::ids::Ids;

/// Bytes of an id: 256 bits of randomness.
const LENGTH: usize = 32;
/// Bytes of a nonce, random for each record: enough of them that none comes twice.
const NONCE: usize = 24;

/// An unguessable id. Its browser knows it; the store knows its digest, and records that only the id opens.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SessionId([u8; LENGTH]);

impl SessionId {
    /// An id that nobody had before.
    pub(super) fn new(ids: &Ids) -> Self {
        Self(ids.random())
    }

    /// The id in a cookie, if it can be one.
    pub(super) fn from_cookie(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The id as the one cookie has it that hands it over.
    pub(super) fn expose(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// What the store finds the session by.
    pub(super) fn digest(&self) -> Vec<u8> {
        Sha256::digest(self.0).to_vec()
    }

    /// A record that only this id opens.
    pub(super) fn seal(&self, ids: &Ids, record: &[u8]) -> Result<String, Error> {
        let nonce: [u8; NONCE] = ids.random();
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload::from(record))
            .map_err(|_| Error::defect("a session cannot be sealed"))?;
        Ok(BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat()))
    }

    /// What was sealed under this id; nothing if it was sealed under another, or touched since.
    pub(super) fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        self.cipher()
            .decrypt(&XNonce::from(*nonce), Payload::from(sealed))
            .ok()
    }

    /// The id is as random as a key has to be; the label keeps the key apart from the digest that the store has.
    fn cipher(&self) -> XChaCha20Poly1305 {
        let key = Sha256::new()
            .chain_update(b"postdesk session record 1\0")
            .chain_update(self.0)
            .finalize();
        XChaCha20Poly1305::new(&key)
    }
}

impl std::fmt::Debug for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionId(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::FixedClock;

    fn ids() -> Ids {
        let clock = FixedClock::at("2026-01-05T09:00:00Z".parse().unwrap());
        Ids::seeded(Arc::new(clock), 7)
    }

    #[test]
    fn a_record_is_opened_by_its_own_id_and_no_other() {
        let ids = ids();
        let (own, other) = (SessionId::new(&ids), SessionId::new(&ids));
        let sealed = own.seal(&ids, b"a secret").unwrap();
        assert_eq!(own.open(&sealed).as_deref(), Some(&b"a secret"[..]));
        assert_eq!(other.open(&sealed), None);
        assert_ne!(own.seal(&ids, b"a secret").unwrap(), sealed, "each nonce is new");
    }

    #[test]
    fn a_record_that_was_touched_does_not_open() {
        let ids = ids();
        let id = SessionId::new(&ids);
        let mut bytes = BASE64URL_NOPAD
            .decode(id.seal(&ids, b"{}").unwrap().as_bytes())
            .unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_eq!(id.open(&BASE64URL_NOPAD.encode(&bytes)), None, "byte {at}");
            bytes[at] ^= 1;
        }
        assert_eq!(id.open(""), None);
        assert_eq!(id.open("{}"), None);
    }

    #[test]
    fn an_id_has_256_bits_and_comes_back_from_its_cookie() {
        let id = SessionId::new(&ids());
        let text = id.expose();
        assert_eq!(text.len(), 43);
        assert_eq!(SessionId::from_cookie(&text), Some(id));
        for wrong in ["", "AAAA", "!", &format!("{text}A")] {
            assert_eq!(SessionId::from_cookie(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_key_is_not_what_the_store_has() {
        let ids = ids();
        let id = SessionId::new(&ids);
        let sealed = id.seal(&ids, b"a secret").unwrap();
        let thief = SessionId(id.digest().try_into().unwrap());
        assert_eq!(thief.open(&sealed), None);
    }
}

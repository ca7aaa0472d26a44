//! What the database holds of a session: the digest of its id, and a record that only the id opens.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};
use tower_sessions::session::Id;

use crate::error::Error;
use crate::ids::Ids;

/// Bytes of a nonce, random for each record: enough of them that none comes twice.
const NONCE: usize = 24;

/// What the store finds the session by.
pub(super) fn digest(id: Id) -> Vec<u8> {
    Sha256::digest(bytes(id)).to_vec()
}

/// A record that only this id opens.
pub(super) fn seal(id: Id, ids: &Ids, record: &[u8]) -> Result<String, Error> {
    let nonce: [u8; NONCE] = ids.random();
    let sealed = cipher(id)
        .encrypt(&XNonce::from(nonce), Payload::from(record))
        .map_err(|_| Error::defect("a session cannot be sealed"))?;
    Ok(BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat()))
}

/// What was sealed under this id; nothing if it was sealed under another, or touched since.
pub(super) fn open(id: Id, sealed: &str) -> Option<Vec<u8>> {
    let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
    cipher(id)
        .decrypt(&XNonce::from(*nonce), Payload::from(sealed))
        .ok()
}

/// The id as its cookie encodes it.
fn bytes(id: Id) -> [u8; 16] {
    id.0.to_le_bytes()
}

/// The id is too random to be guessed; the label keeps the key apart from the digest that the store has.
fn cipher(id: Id) -> XChaCha20Poly1305 {
    let key = Sha256::new()
        .chain_update(b"postdesk session record 1\0")
        .chain_update(bytes(id))
        .finalize();
    XChaCha20Poly1305::new(&key)
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
        let (own, other) = (Id::default(), Id::default());
        let sealed = seal(own, &ids, b"a secret").unwrap();
        assert_eq!(open(own, &sealed).as_deref(), Some(&b"a secret"[..]));
        assert_eq!(open(other, &sealed), None);
        assert_ne!(seal(own, &ids, b"a secret").unwrap(), sealed, "each nonce is new");
    }

    #[test]
    fn a_record_that_was_touched_does_not_open() {
        let id = Id::default();
        let sealed = seal(id, &ids(), b"{}").unwrap();
        let mut bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_eq!(open(id, &BASE64URL_NOPAD.encode(&bytes)), None, "byte {at}");
            bytes[at] ^= 1;
        }
        assert_eq!(open(id, ""), None);
        assert_eq!(open(id, "{}"), None);
    }

    #[test]
    fn an_id_has_128_bits_and_comes_back_from_its_cookie() {
        let id = Id::default();
        let text = id.to_string();
        assert_eq!(BASE64URL_NOPAD.decode(text.as_bytes()).unwrap(), bytes(id));
        assert_eq!(text.parse(), Ok(id));
        for wrong in ["", "AAAA", "!", &format!("{text}A")] {
            assert!(wrong.parse::<Id>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_key_is_not_what_the_store_has() {
        let id = Id::default();
        let sealed = seal(id, &ids(), b"a secret").unwrap();
        let digest = digest(id);
        for half in digest.chunks(16) {
            let thief = Id(i128::from_le_bytes(half.try_into().unwrap()));
            assert_eq!(open(thief, &sealed), None);
        }
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).unwrap();
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().unwrap();
        let thief = XChaCha20Poly1305::new_from_slice(&digest).unwrap();
        let taken = thief.decrypt(&XNonce::from(*nonce), Payload::from(sealed));
        assert!(taken.is_err());
    }
}

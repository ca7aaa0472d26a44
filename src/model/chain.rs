//! The chain of the audit: each entry carries a hash of itself and of the entry before it.

mod walk;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use walk::{Broken, Damage, Found, follows, judge};

/// A SHA-256.
pub type Hash = [u8; 32];

/// What the canonical form begins with. A form with other fields begins with another name.
const FORM: &[u8] = b"postdesk audit 1\n";

/// An entry's place in the chain: its number, and the hash over it and everything before it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The number; the first entry has 1, and there are no gaps.
    pub seq: i64,
    /// The hash.
    pub hash: Hash,
}

impl Link {
    /// What the first entry follows.
    pub const START: Self = Self {
        seq: 0,
        hash: [0; 32],
    };
}

/// What the hash of an entry is made of. The detail goes in by its own hash, so that it can be taken out one day and
/// the chain still holds.
#[derive(Clone, Debug)]
pub struct Sealed<'a> {
    /// The entry's id.
    pub id: Uuid,
    /// When, in microseconds.
    pub at: i64,
    /// What happened.
    pub kind: &'a str,
    /// In which org.
    pub org_path: &'a str,
    /// In which domain.
    pub domain_id: Option<Uuid>,
    /// To what kind of thing.
    pub subject_kind: &'a str,
    /// To which.
    pub subject_id: Uuid,
    /// Its name.
    pub subject: &'a str,
    /// Whose account did it.
    pub actor_id: Option<Uuid>,
    /// Who did it.
    pub actor: &'a str,
    /// By which credential.
    pub credential: &'a str,
    /// In which request.
    pub request_id: &'a str,
    /// The hash of the detail.
    pub detail_hash: Hash,
}

/// The hash of an entry's detail.
pub fn detail_hash(detail: &str) -> Hash {
    Sha256::digest(detail.as_bytes()).into()
}

impl Sealed<'_> {
    /// The place of this entry right behind `before`.
    pub fn after(&self, before: &Link) -> Link {
        self.at(before.seq + 1, &before.hash)
    }

    /// The place of this entry with the number `seq` behind an entry with the hash `before`.
    pub fn at(&self, seq: i64, before: &Hash) -> Link {
        let mut form = Form(Sha256::new());
        form.0.update(FORM);
        form.0.update(before);
        form.number(seq);
        form.0.update(self.id.as_bytes());
        form.number(self.at);
        form.text(self.kind);
        form.text(self.org_path);
        form.id(self.domain_id);
        form.text(self.subject_kind);
        form.0.update(self.subject_id.as_bytes());
        form.text(self.subject);
        form.id(self.actor_id);
        form.text(self.actor);
        form.text(self.credential);
        form.text(self.request_id);
        form.0.update(self.detail_hash);
        Link {
            seq,
            hash: form.0.finalize().into(),
        }
    }
}

/// The canonical form, as it goes into the hash. Every text is preceded by its length, so that no two entries have one form.
struct Form(Sha256);

impl Form {
    fn number(&mut self, number: i64) {
        self.0.update(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn id(&mut self, id: Option<Uuid>) {
        match id {
            Some(id) => {
                self.0.update([1]);
                self.0.update(id.as_bytes());
            }
            None => self.0.update([0]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Sealed<'static> {
        Sealed {
            id: Uuid::from_u128(1),
            at: 2,
            kind: "mailbox.created",
            org_path: "/3/",
            domain_id: Some(Uuid::from_u128(4)),
            subject_kind: "mailbox",
            subject_id: Uuid::from_u128(5),
            subject: "anna@brightwater.example",
            actor_id: None,
            actor: "Anna",
            credential: "session",
            request_id: "req",
            detail_hash: detail_hash("{}"),
        }
    }

    /// Stored hashes are made of this form: it never changes.
    #[test]
    fn the_form_is_the_same_in_every_release() {
        let link = entry().after(&Link::START);
        assert_eq!(link.seq, 1);
        assert_eq!(
            data_encoding::HEXLOWER.encode(&link.hash),
            "5f90d1e13d5955830ecd97157d83c217c368ecaf91344217e68e481a5af0cbeb"
        );
    }

    #[test]
    fn every_field_is_in_the_hash() {
        let usual = entry().after(&Link::START).hash;
        let others = [
            Sealed {
                id: Uuid::nil(),
                ..entry()
            },
            Sealed { at: 3, ..entry() },
            Sealed {
                kind: "mailbox.deleted",
                ..entry()
            },
            Sealed {
                org_path: "/4/",
                ..entry()
            },
            Sealed {
                domain_id: None,
                ..entry()
            },
            Sealed {
                subject_kind: "alias",
                ..entry()
            },
            Sealed {
                subject_id: Uuid::nil(),
                ..entry()
            },
            Sealed {
                subject: "bert",
                ..entry()
            },
            Sealed {
                actor_id: Some(Uuid::nil()),
                ..entry()
            },
            Sealed {
                actor: "Bert",
                ..entry()
            },
            Sealed {
                credential: "token",
                ..entry()
            },
            Sealed {
                request_id: "",
                ..entry()
            },
            Sealed {
                detail_hash: [0; 32],
                ..entry()
            },
        ];
        for other in others {
            assert_ne!(other.after(&Link::START).hash, usual, "{other:?}");
        }
        assert_ne!(entry().at(2, &Link::START.hash).hash, usual);
        assert_ne!(entry().at(1, &[1; 32]).hash, usual);
    }

    #[test]
    fn a_letter_that_moves_from_one_field_to_the_next_shows() {
        let one = Sealed {
            subject: "ab",
            actor: "c",
            actor_id: None,
            ..entry()
        };
        let other = Sealed {
            subject: "a",
            actor: "bc",
            actor_id: None,
            ..entry()
        };
        assert_ne!(one.after(&Link::START), other.after(&Link::START));
    }
}

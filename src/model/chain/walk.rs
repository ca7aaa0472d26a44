//! A walk along the chain: what is right, and what kind of damage is not.

use super::{Link, Sealed};

/// An entry as it was found.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// What its hash is made of.
    pub sealed: Sealed<'a>,
    /// Whether its detail has the hash that is kept of it.
    pub detail_fits: bool,
    /// Its place, as it is stored.
    pub link: Link,
}

/// How the audit is damaged.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// An entry says something else than what was written.
    Changed,
    /// Entries are not there any more.
    Missing,
    /// There is an entry that Postdesk did not write.
    Inserted,
    /// Entries stand in another order.
    OutOfOrder,
    /// The newest entries are not there any more.
    TailCut,
    /// The head is not the newest entry.
    HeadMoved,
    /// The entries do not agree with a checkpoint: all hashes were made anew.
    Checkpoint,
    /// A checkpoint was not signed with this installation's key.
    Signature,
}

impl Damage {
    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Inserted => "inserted",
            Self::OutOfOrder => "out_of_order",
            Self::TailCut => "tail_cut",
            Self::HeadMoved => "head_moved",
            Self::Checkpoint => "checkpoint_mismatch",
            Self::Signature => "bad_signature",
        }
    }

    /// What it means, in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Changed => "This entry was changed after it was written.",
            Self::Missing => "Entries were taken out here.",
            Self::Inserted => "There is an entry here that Postdesk did not write.",
            Self::OutOfOrder => "Entries were put into another order here.",
            Self::TailCut => "The newest entries, from here on, were taken away.",
            Self::HeadMoved => "The record of which entry is the newest was changed.",
            Self::Checkpoint => {
                "The entries up to here do not agree with the signed checkpoint: one was changed, and all hashes \
                 after it were made anew."
            }
            Self::Signature => "A checkpoint was not signed with this installation's key.",
        }
    }

    /// What to do next.
    pub fn next(self) -> &'static str {
        match self {
            Self::Signature => {
                "Compare the checkpoint file and the key with a backup. After a change of the key, move the old \
                 checkpoint file away."
            }
            Self::TailCut | Self::Checkpoint => {
                "Compare with a backup of the database, and find out who can write to it. After restoring an older \
                 backup on purpose, move the checkpoint file away."
            }
            _ => "Compare with a backup of the database, and find out who can write to it.",
        }
    }
}

/// The first entry that is not as it should be.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What kind of damage it is.
    pub damage: Damage,
    /// The first number it is about.
    pub seq: i64,
    /// The last number that it may be about.
    pub until: i64,
}

impl Broken {
    /// Damage of one entry.
    pub fn at(damage: Damage, seq: i64) -> Self {
        Self {
            damage,
            seq,
            until: seq,
        }
    }
}

/// Whether this entry rightly follows `last`.
pub fn follows(last: &Link, found: &Found<'_>) -> bool {
    found.detail_fits && found.sealed.after(last) == found.link
}

/// What is wrong with the first of `found`, which does not follow `last`. The others are what stands behind it: with
/// them an entry that was put in can be told from one that was changed.
pub fn judge(last: &Link, found: &[Found<'_>]) -> Broken {
    let seq = last.seq + 1;
    let Some(first) = found.first() else {
        return Broken::at(Damage::TailCut, seq);
    };
    if first.link.seq < seq {
        return Broken::at(Damage::Inserted, first.link.seq);
    }
    if first.link.seq > seq {
        return Broken {
            damage: Damage::Missing,
            seq,
            until: first.link.seq - 1,
        };
    }
    let belongs = |other: &Found<'_>| {
        let hash = other.sealed.at(seq, &last.hash).hash;
        hash == other.link.hash || hash == first.link.hash
    };
    let Some(place) = found.iter().skip(1).position(belongs) else {
        return Broken::at(Damage::Changed, seq);
    };
    // What belongs here stands further back. If what stands here belongs there, they were moved.
    let away = &found[place + 1];
    let here = away.sealed.at(seq, &last.hash);
    let moved = found
        .iter()
        .skip(1)
        .map(|other| &other.link)
        .chain([&here])
        .any(|before| {
            [before.seq, before.seq + 1].into_iter().any(|seq| {
                let hash = first.sealed.at(seq, &before.hash).hash;
                hash == first.link.hash || hash == away.link.hash
            })
        });
    Broken {
        damage: if moved {
            Damage::OutOfOrder
        } else {
            Damage::Inserted
        },
        seq,
        until: if moved {
            away.link.seq
        } else {
            away.link.seq.max(seq + 1) - 1
        },
    }
}

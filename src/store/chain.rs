//! The chain of the audit in the store: its head, how an entry is put behind it, and what is walked to check it.

use std::sync::{Arc, OnceLock};

use uuid::Uuid;

use super::{Store, corrupt};
use crate::access::{AuditExport, Identity, Permit};
use crate::db::{Db, Step, Tx, row};
use crate::error::Error;
use crate::model::chain::Found;
use crate::model::chain::detail_hash;
use crate::model::{AccountId, Hash, Link, Sealed, Timestamp};

/// How many entries of before are numbered in one transaction.
const TOGETHER: i64 = 500;
/// How many entries are checked at a time.
const PAGE: i64 = 500;

type HeadRow = (i64, Vec<u8>);
/// The same, and whether the actor's access still is what the permit was made from.
type EarlyRow = (i64, Vec<u8>, bool);

/// The newest entry, held until the end of the transaction so that nobody else appends.
#[derive(Debug)]
pub(super) enum Head {
    /// SQLite has one writer at a time, so the head stays as it is once the transaction has begun, and so does what the
    /// actor may do. Both are read with the first statement whose answer somebody awaits, which costs no trip of its own.
    Early(Arc<OnceLock<Link>>),
    /// PostgreSQL has many, which must not wait for each other longer than they have to.
    Late,
}

impl Head {
    /// To be asked first in a transaction.
    pub(super) fn early(db: &Db, tx: &mut Tx<Error>, identity: &Identity) -> Result<Self, Error> {
        if !matches!(db, Db::Sqlite { .. }) {
            return Ok(Self::Late);
        }
        let slot = Arc::new(OnceLock::new());
        let filled = Arc::clone(&slot);
        tx.query(
            "SELECT seq, hash, $1 OR EXISTS (SELECT 1 FROM accounts
               WHERE id = $2 AND access_version = $3 AND suspended_at IS NULL)
             FROM audit_head WHERE id = 'head'",
        )
        .bind(identity.account.is_none())
        .bind(identity.account.map(AccountId::uuid))
        .bind(identity.access_version)
        .later_row(move |row: Option<EarlyRow>| {
            if let Some((.., false)) = row {
                return Err(Error::Unknown);
            }
            // Nobody else has this slot, so it is empty.
            let head = link(row.map(|(seq, hash, _)| (seq, hash)))?;
            filled.set(head).unwrap_or(());
            Ok(())
        })?;
        Ok(Self::Early(slot))
    }

    /// Whether the access was looked at already, and stays as it is until the transaction ends.
    pub(super) fn knows_access(&self) -> bool {
        matches!(self, Self::Early(slot) if slot.get().is_some())
    }

    /// The newest entry, which stays the newest until this transaction appends or ends.
    pub(super) async fn take(&self, tx: &mut Tx<Error>) -> Result<Link, Error> {
        if let Self::Early(slot) = self
            && let Some(link) = slot.get()
        {
            return Ok(*link);
        }
        hold(tx).await
    }
}

/// Locks the head on either database.
async fn hold(tx: &mut Tx<Error>) -> Result<Link, Error> {
    let row = tx.query("UPDATE audit_head SET seq = seq WHERE id = 'head' RETURNING seq, hash");
    link(row.fetch_optional().await?)
}

fn link(row: Option<HeadRow>) -> Result<Link, Error> {
    let (seq, hash) = row.ok_or_else(|| corrupt("audit_head", "id", "head"))?;
    let hash = Hash::try_from(hash).map_err(|_| corrupt("audit_head", "hash", "head"))?;
    Ok(Link { seq, hash })
}

/// The statement that appends an entry. What it still lacks are three values: whether nobody's access has to be what it
/// was, or else whose, and at which version.
pub(super) fn append<'t>(
    tx: &'t mut Tx<Error>,
    sealed: &Sealed<'_>,
    detail: &str,
    link: &Link,
) -> Step<'t, Error> {
    tx.query(
        "INSERT INTO events (id, at, kind, org_path, domain_id, subject_kind, subject_id, subject, actor_id,
           actor, credential, request_id, detail, seq, detail_hash, hash)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
         WHERE $17 OR EXISTS (SELECT 1 FROM accounts
           WHERE id = $18 AND access_version = $19 AND suspended_at IS NULL)",
    )
    .bind(sealed.id)
    .bind(sealed.at)
    .bind(sealed.kind.to_owned())
    .bind(sealed.org_path.to_owned())
    .bind(sealed.domain_id)
    .bind(sealed.subject_kind.to_owned())
    .bind(sealed.subject_id)
    .bind(sealed.subject.to_owned())
    .bind(sealed.actor_id)
    .bind(sealed.actor.to_owned())
    .bind(sealed.credential.to_owned())
    .bind(sealed.request_id.to_owned())
    .bind(detail.to_owned())
    .bind(link.seq)
    .bind(sealed.detail_hash.to_vec())
    .bind(link.hash.to_vec())
}

row! {
    /// An entry as it is stored, with all that its hash is made of.
    pub(super) struct StoredEntry {
        id: Uuid, at: i64, kind: String, org_path: String, domain_id: Option<Uuid>, subject_kind: String,
        subject_id: Uuid, subject: String, actor_id: Option<Uuid>, actor: String, credential: String,
        request_id: String, detail: String,
    }
}

impl StoredEntry {
    /// What its hash is made of, if the detail has this hash.
    pub(super) fn sealed(&self, detail_hash: Hash) -> Sealed<'_> {
        Sealed {
            id: self.id,
            at: self.at,
            kind: &self.kind,
            org_path: &self.org_path,
            domain_id: self.domain_id,
            subject_kind: &self.subject_kind,
            subject_id: self.subject_id,
            subject: &self.subject,
            actor_id: self.actor_id,
            actor: &self.actor,
            credential: &self.credential,
            request_id: &self.request_id,
            detail_hash,
        }
    }
}

row! {
    struct ChainRow {
        id: Uuid, at: i64, kind: String, org_path: String, domain_id: Option<Uuid>, subject_kind: String,
        subject_id: Uuid, subject: String, actor_id: Option<Uuid>, actor: String, credential: String,
        request_id: String, detail: String, seq: i64, detail_hash: Vec<u8>, hash: Vec<u8>,
    }
}

/// An entry with its place in the chain, as both are stored, right or wrong.
pub struct ChainEntry(ChainRow);

impl ChainEntry {
    /// What a walk along the chain looks at.
    pub fn found(&self) -> Found<'_> {
        let row = &self.0;
        let kept = Hash::try_from(row.detail_hash.as_slice()).unwrap_or_default();
        Found {
            sealed: Sealed {
                id: row.id,
                at: row.at,
                kind: &row.kind,
                org_path: &row.org_path,
                domain_id: row.domain_id,
                subject_kind: &row.subject_kind,
                subject_id: row.subject_id,
                subject: &row.subject,
                actor_id: row.actor_id,
                actor: &row.actor,
                credential: &row.credential,
                request_id: &row.request_id,
                detail_hash: kept,
            },
            detail_fits: detail_hash(&row.detail) == kept,
            link: Link {
                seq: row.seq,
                hash: Hash::try_from(row.hash.as_slice()).unwrap_or_default(),
            },
        }
    }

    /// When it says that something happened.
    pub fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.at)
    }
}

/// The end of the chain.
#[derive(Copy, Clone, Debug)]
pub struct ChainEnd {
    /// The newest entry, by the record that is kept of it; there should always be one.
    pub head: Option<Link>,
    /// The greatest number that an entry has.
    pub greatest: i64,
    /// Whether there are entries without a number.
    pub strays: bool,
}

impl Store {
    /// Where the chain has got to: a number and a hash, which say nothing of anybody.
    pub async fn chain_head(&self) -> Result<Link, Error> {
        let head = self.db.read("SELECT seq, hash FROM audit_head WHERE id = 'head'");
        link(head.fetch_optional().await?)
    }

    /// The next entries in the order of the chain, from the number `seq` on.
    pub async fn chain_from(&self, permit: &Permit<AuditExport>, seq: i64) -> Result<Vec<ChainEntry>, Error> {
        whole(permit)?;
        let rows: Vec<ChainRow> = self
            .db
            .read(
                "SELECT id, at, kind, org_path, domain_id, subject_kind, subject_id, subject, actor_id, actor, credential,
                   request_id, detail, seq, COALESCE(detail_hash, $2), COALESCE(hash, $2) FROM events
                 WHERE seq >= $1 ORDER BY seq LIMIT $3 + 0",
            )
            .bind(seq)
            .bind(Vec::<u8>::new())
            .bind(PAGE)
            .fetch_page()
            .await?;
        Ok(rows.into_iter().map(ChainEntry).collect())
    }

    /// The end of the chain, as of one moment.
    pub async fn chain_end(&self, permit: &Permit<AuditExport>) -> Result<ChainEnd, Error> {
        whole(permit)?;
        let row: (Option<i64>, bool, Option<i64>, Option<Vec<u8>>) = self
            .db
            .read(
                "SELECT (SELECT MAX(seq) FROM events), EXISTS (SELECT 1 FROM events WHERE seq IS NULL),
                   (SELECT seq FROM audit_head WHERE id = 'head'), (SELECT hash FROM audit_head WHERE id = 'head')",
            )
            .fetch_one()
            .await?;
        let (greatest, strays, seq, hash) = row;
        let hash = hash.and_then(|hash| Hash::try_from(hash).ok());
        Ok(ChainEnd {
            head: seq.map(|seq| Link {
                seq,
                hash: hash.unwrap_or_default(),
            }),
            greatest: greatest.unwrap_or(0),
            strays,
        })
    }

    /// Puts the entries into the chain that were written before there was one; how many there were. Several processes may
    /// do this at once. It is done before anything else is written, so the chain has them in their order.
    pub async fn number_old_entries(&self) -> Result<u64, Error> {
        let mut numbered = 0;
        let mut last = Uuid::nil();
        loop {
            let open = "SELECT id FROM events WHERE seq IS NULL LIMIT 1";
            let open: Option<(Uuid,)> = self.db.read(open).fetch_optional().await?;
            if open.is_none() {
                return Ok(numbered);
            }
            let ids = self.number_after(last).await?;
            numbered += ids.len() as u64;
            // What another process numbered meanwhile may have been what was left behind this id.
            last = ids.last().copied().unwrap_or(Uuid::nil());
        }
    }

    async fn number_after(&self, last: Uuid) -> Result<Vec<Uuid>, Error> {
        let mut tx = self.db.begin::<Error>().await?;
        let mut newest = hold(&mut tx).await?;
        let entries: Vec<StoredEntry> = tx
            .query(
                "SELECT id, at, kind, org_path, domain_id, subject_kind, subject_id, subject, actor_id, actor, credential,
                   request_id, detail FROM events WHERE id > $1 AND +seq IS NULL ORDER BY id LIMIT $2 + 0",
            )
            .bind(last)
            .bind(TOGETHER)
            .fetch_all()
            .await?;
        for entry in &entries {
            let detail_hash = detail_hash(&entry.detail);
            newest = entry.sealed(detail_hash).after(&newest);
            tx.query("UPDATE events SET seq = $1, detail_hash = $2, hash = $3 WHERE id = $4")
                .bind(newest.seq)
                .bind(detail_hash.to_vec())
                .bind(newest.hash.to_vec())
                .bind(entry.id)
                .execute()
                .await?;
        }
        tx.commit().await?;
        Ok(entries.iter().map(|entry| entry.id).collect())
    }
}

/// The chain goes through everything, so only those who may see everything walk along it.
fn whole(permit: &Permit<AuditExport>) -> Result<(), Error> {
    if permit.place() == &crate::access::Place::system() {
        return Ok(());
    }
    Err(Error::defect("a part of the tree has no chain of its own"))
}

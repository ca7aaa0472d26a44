//! The mails that Postdesk itself writes, until they are sent.
//!
//! Sending needs no permit: whoever asked for a letter needed one, and it goes nowhere but to its recipient. No letter
//! holds a secret; the link or the code in it is made while it is sent.

use std::time::Duration;

use uuid::Uuid;

use super::change::Change;
use super::row::time;
use super::{Store, corrupt};
use crate::access::{AccountRead, Guarded, Permission, Permit, Place, SystemManage};
use crate::db::row;
use crate::error::Error;
use crate::model::{AccountId, LetterId, LetterKind, Timestamp};

/// How long it is known what became of a letter.
const KEPT: Duration = Duration::from_hours(90 * 24);

/// A letter that is being sent by whoever has this value, and by nobody else until its claim ends.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Names it, for ever.
    pub id: LetterId,
    /// What it is for.
    pub kind: LetterKind,
    /// Whom it is for.
    pub account: AccountId,
    /// The address it goes to.
    pub recipient: String,
    /// Who asked for it.
    pub asked_by: String,
    /// The how-manieth try this is.
    pub tries: i64,
    /// When it is of no use any more.
    pub expires_at: Timestamp,
}

/// Where a letter has got to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LetterState {
    /// It is to be sent, at once or in another try.
    Waiting,
    /// A mail server took it.
    Sent,
    /// It cannot be delivered.
    Failed,
}

/// What a one-time link of an account is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// To choose the first password.
    Invitation,
    /// To choose a new one.
    Reset,
    /// To prove that a new address is theirs.
    Address,
}

impl LinkPurpose {
    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
            Self::Address => "address",
        }
    }
}

/// What became of a letter.
#[derive(Clone, Debug)]
pub struct LetterFate {
    /// The address it goes to.
    pub recipient: String,
    /// Where it has got to.
    pub state: LetterState,
    /// What the mail server said last, if that was no yes.
    pub trouble: String,
    /// Since when: when it was written, or sent, or given up.
    pub since: Timestamp,
    /// When it is tried again, if it waits.
    pub due_at: Timestamp,
}

row! {
    struct LetterRow {
        id: Uuid, kind: String, account_id: Uuid, recipient: String, asked_by: String, tries: i64, expires_at: i64,
    }
}

row! {
    struct FateRow {
        recipient: String, state: String, trouble: String, created_at: i64, due_at: i64, settled_at: Option<i64>,
    }
}

impl Store {
    /// (No permit.) Claims the letter that has been due for longest. It is due again when the claim ends, so that one
    /// whose sender was killed is sent by the next.
    pub async fn claim_letter(&self, claim: Duration) -> Result<Option<Letter>, Error> {
        let now = self.clock.now();
        let row: Option<LetterRow> = self
            .db
            .write(
                "UPDATE letters SET due_at = $2, tries = tries + 1
                 WHERE id = (SELECT id FROM letters WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at LIMIT 1)
                   AND state = 'waiting' AND due_at <= $1
                 RETURNING id, kind, account_id, recipient, asked_by, tries, expires_at",
            )
            .bind(now.as_micros())
            .bind(now.plus(claim).as_micros())
            .fetch_optional()
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let kind = LetterKind::named(&row.kind).ok_or_else(|| corrupt("letters", "kind", &row.id))?;
        Ok(Some(Letter {
            id: LetterId::from(row.id),
            kind,
            account: AccountId::from(row.account_id),
            recipient: row.recipient,
            asked_by: row.asked_by,
            tries: row.tries,
            expires_at: time(row.expires_at),
        }))
    }

    /// (No permit.) Makes the link that goes into a claimed letter, beside those of earlier tries: nobody knows which of
    /// them arrives. `false` when the letter is not to be sent any more.
    pub async fn put_letter_link(
        &self,
        letter: &Letter,
        purpose: LinkPurpose,
        digest: &[u8],
        until: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin::<Error>().await?;
        // Whoever makes another link holds this row first, so a link cannot slip in after the others have ended.
        let held = tx
            .query("UPDATE letters SET trouble = trouble WHERE id = $1 AND tries = $2 AND state = 'waiting'")
            .bind(letter.id.uuid())
            .bind(letter.tries)
            .execute()
            .await?;
        if held == 0 {
            return Ok(false);
        }
        tx.query(
            "INSERT INTO account_links (digest, account_id, made_by, created_at, expires_at, purpose, email)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(digest.to_vec())
        .bind(letter.account.uuid())
        .bind(letter.asked_by.clone())
        .bind(self.clock.now().as_micros())
        .bind(until.as_micros())
        .bind(purpose.as_str())
        .bind((purpose == LinkPurpose::Address).then(|| letter.recipient.clone()))
        .later()?;
        tx.commit().await?;
        Ok(true)
    }

    /// (No permit.) Puts a claimed letter off until `due`, with what the mail server said.
    pub async fn defer_letter(&self, letter: &Letter, due: Timestamp, trouble: &str) -> Result<(), Error> {
        self.db
            .write("UPDATE letters SET due_at = $3, trouble = $4 WHERE id = $1 AND tries = $2 AND state = 'waiting'")
            .bind(letter.id.uuid())
            .bind(letter.tries)
            .bind(due.as_micros())
            .bind(trouble.to_owned())
            .execute()
            .await?;
        Ok(())
    }

    /// (No permit.) Ends a claimed letter that nobody needs any more.
    pub async fn drop_letter(&self, letter: &Letter) -> Result<(), Error> {
        self.db
            .write(
                "UPDATE letters SET state = 'dropped', settled_at = $2 WHERE id = $1 AND state = 'waiting'",
            )
            .bind(letter.id.uuid())
            .bind(self.clock.now().as_micros())
            .execute()
            .await?;
        Ok(())
    }

    /// (No permit.) Forgets the letters that were settled long ago.
    pub(super) async fn sweep_letters(&self) -> Result<(), Error> {
        let old = self.clock.now().minus(KEPT);
        self.db
            .write("DELETE FROM letters WHERE settled_at <= $1")
            .bind(old.as_micros())
            .execute()
            .await?;
        Ok(())
    }

    /// What became of the last letter to the account of the permit.
    pub async fn last_letter(
        &self,
        _permit: &Permit<AccountRead>,
        account: AccountId,
    ) -> Result<Option<LetterFate>, Error> {
        let row: Option<FateRow> = self
            .db
            .read(
                "SELECT recipient, state, trouble, created_at, due_at, settled_at FROM letters
                 WHERE account_id = $1 ORDER BY created_at DESC LIMIT 1",
            )
            .bind(account.uuid())
            .fetch_optional()
            .await?;
        let fate = row.and_then(|row| {
            let state = match row.state.as_str() {
                "waiting" => LetterState::Waiting,
                "sent" => LetterState::Sent,
                "failed" => LetterState::Failed,
                _ => return None,
            };
            Some(LetterFate {
                recipient: row.recipient,
                state,
                trouble: row.trouble,
                since: time(row.settled_at.unwrap_or(row.created_at)),
                due_at: time(row.due_at),
            })
        });
        Ok(fate)
    }

    /// (No permit.) Where a letter is written down: at the org of its account.
    pub async fn place_of_letter(&self, letter: Letter) -> Result<Guarded<Letter>, Error> {
        let person = self.invited(letter.account).await?;
        Ok(Guarded::new(Place::org(person.path), letter))
    }
}

impl<P: Permission> Change<P> {
    /// Orders a letter to `recipient`, who is somebody of the account. Whoever may not change the account gets no letter
    /// written that could: its kind says what is in it, and it goes to nobody but the account's own address.
    pub fn put_letter(
        &mut self,
        id: LetterId,
        kind: LetterKind,
        account: AccountId,
        recipient: &str,
        until: Timestamp,
    ) -> Result<(), Error> {
        self.tx
            .query(
                "INSERT INTO letters (id, kind, account_id, recipient, asked_by, created_at, expires_at, state, due_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $6)",
            )
            .bind(id.uuid())
            .bind(kind.as_str())
            .bind(account.uuid())
            .bind(recipient.to_owned())
            .bind(self.permit.actor().identity().name.clone())
            .bind(self.now.as_micros())
            .bind(until.as_micros())
            .later()
    }

    /// How many letters of a kind were ordered for an account since `then`, under the account's lock.
    pub async fn letters_since(
        &mut self,
        account: AccountId,
        kind: LetterKind,
        then: Timestamp,
    ) -> Result<i64, Error> {
        self.tx
            .query("UPDATE accounts SET updated_at = updated_at WHERE id = $1")
            .bind(account.uuid())
            .execute()
            .await?;
        let (count,): (i64,) = self
            .tx
            .query("SELECT COUNT(*) FROM letters WHERE account_id = $1 AND created_at > $2 AND kind = $3")
            .bind(account.uuid())
            .bind(then.as_micros())
            .bind(kind.as_str())
            .fetch_one()
            .await?;
        Ok(count)
    }
}

impl Change<SystemManage> {
    /// Notes that a mail server took a letter, or that none will. `false` when somebody else has settled it.
    pub async fn settle_letter(&mut self, letter: &Letter, trouble: Option<&str>) -> Result<bool, Error> {
        let state = if trouble.is_some() { "failed" } else { "sent" };
        let settled = self
            .tx
            .query(
                "UPDATE letters SET state = $3, trouble = $4, settled_at = $5
                 WHERE id = $1 AND tries = $2 AND state = 'waiting'",
            )
            .bind(letter.id.uuid())
            .bind(letter.tries)
            .bind(state.to_owned())
            .bind(trouble.unwrap_or_default().to_owned())
            .bind(self.now.as_micros())
            .execute()
            .await?;
        Ok(settled == 1)
    }
}

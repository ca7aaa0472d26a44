//! Changing mailboxes, under a permit.

use super::MailboxRow;
use crate::access::{MailboxCreate, WritesMailboxes};
use crate::error::Error;
use crate::model::{
    Deleted, Delta, EmailAddress, Forwarding, Mailbox, MailboxHash, MailboxId, Quota, Refusal, Timestamp,
};
use crate::store::change::Change;

/// The mailboxes of the domain that a permit is for.
#[derive(Debug)]
pub struct Mailboxes<'a, P: WritesMailboxes>(&'a mut Change<P>);

impl<P: WritesMailboxes> Change<P> {
    /// The mailboxes of the domain that the permit is for.
    pub fn mailboxes(&mut self) -> Mailboxes<'_, P> {
        Mailboxes(self)
    }
}

/// A mailbox as it is put into a domain.
#[derive(Debug)]
pub struct NewMailbox {
    /// The mailbox. Its node and storage are chosen by [`Mailboxes::insert`].
    pub mailbox: Mailbox,
    /// Its password.
    pub hash: Option<MailboxHash>,
}

impl Mailboxes<'_, MailboxCreate> {
    /// Puts a new mailbox into the domain, on the least loaded node that is up.
    pub async fn insert(&mut self, new: &mut NewMailbox) -> Result<(), Error> {
        let mailbox = &mut new.mailbox;
        let org = self.0.permit.place().org.clone();
        let domain = self.0.domain_id()?;
        self.0
            .count(domain, &org, Delta::mailbox(mailbox.quota), Some(mailbox.quota))?;
        self.0.claim(&mailbox.address, "mailbox", mailbox.id.uuid())?;
        let (node,): (String,) = self
            .0
            .tx
            .query(
                "INSERT INTO mailboxes (id, domain_id, org_id, org_path, domain, local_part, display_name, password_hash,
                   quota_bytes, imap, pop3, smtp, sieve, webmail, node, storage, external_id, labels, version,
                   created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
                   COALESCE((SELECT name FROM nodes WHERE state = 'up' ORDER BY placed, name LIMIT 1), ''),
                   $15, $16, $17, $18, $19, $19)
                 RETURNING node",
            )
            .bind(mailbox.id.uuid())
            .bind(domain.uuid())
            .bind(mailbox.org_id.uuid())
            .bind(org.as_str().to_owned())
            .bind(mailbox.address.domain().as_str().to_owned())
            .bind(mailbox.address.local().as_str().to_owned())
            .bind(mailbox.display_name.as_str().to_owned())
            .bind(new.hash.as_ref().map(|hash| hash.expose().to_owned()))
            .bind(mailbox.quota.to_db())
            .bind(mailbox.protocols.imap)
            .bind(mailbox.protocols.pop3)
            .bind(mailbox.protocols.smtp)
            .bind(mailbox.protocols.sieve)
            .bind(mailbox.protocols.webmail)
            .bind(mailbox.storage.clone())
            .bind(mailbox.external_id.as_ref().map(|id| id.as_str().to_owned()))
            .bind(labels(mailbox)?)
            .bind(mailbox.version)
            .bind(mailbox.created_at.as_micros())
            .fetch_one()
            .await?;
        self.0.count_on_node(&node)?;
        mailbox.node = node;
        self.0.index_mailbox(mailbox, false)
    }
}

impl<P: WritesMailboxes> Mailboxes<'_, P> {
    /// Locks a mailbox of the domain and reads it as it is now, with the version it will have after the change.
    pub async fn lock(&mut self, id: MailboxId) -> Result<Mailbox, Error> {
        let domain = self.0.domain_id()?;
        let path = self.0.permit.place().org.as_str().to_owned();
        let row: Option<MailboxRow> = self
            .0
            .tx
            .query(concat!(
                "UPDATE mailboxes AS m SET version = version + 1 WHERE id = $1 AND domain_id = $2 AND org_path = $3 RETURNING ",
                "id, domain_id, org_id, org_path, domain,
                 local_part, display_name, password_hash IS NOT NULL,
                 quota_bytes, imap, pop3, smtp, sieve, webmail, node, storage, external_id, labels,
                 suspended_at, suspended_reason, suspended_receive, suspended_until, forward_to, forward_keep,
                 forward_until, usage_bytes, usage_messages, usage_as_of, last_login_at, version,
                 created_at, updated_at, deleted_at, purge_at, TRUE"
            ))
            .bind(id.uuid())
            .bind(domain.uuid())
            .bind(path)
            .fetch_optional()
            .await?;
        let mut mailbox = row
            .ok_or_else(|| Error::not_found("mailbox", &id.to_string()))?
            .mailbox()?;
        self.0.check_version(&mailbox.address, mailbox.version - 1)?;
        mailbox.updated_at = self.0.now;
        Ok(mailbox)
    }

    /// The same for a mailbox that is in use and stays so until the change ends.
    pub async fn lock_live(&mut self, id: MailboxId) -> Result<Mailbox, Error> {
        let mailbox = self.lock(id).await?;
        if mailbox.deleted.is_some() {
            let next = "Restore it from the bin first.";
            return Err(Refusal::new("deleted", format!("{} is in the bin.", mailbox.address), next).into());
        }
        Ok(mailbox)
    }

    /// Stores what a mailbox is now: everything but its address, password, place and usage.
    pub fn save(&mut self, mailbox: &Mailbox) -> Result<(), Error> {
        let domain = self.0.domain_id()?;
        let suspension = mailbox.suspension.as_ref();
        let forwarding = mailbox.forwarding.as_ref();
        let lines = |to: &Forwarding| {
            to.destinations
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        };
        self.0
            .tx
            .query(
                "UPDATE mailboxes SET display_name = $3, quota_bytes = $4, imap = $5, pop3 = $6, smtp = $7,
                   sieve = $8, webmail = $9, external_id = $10, labels = $11, suspended_at = $12,
                   suspended_reason = $13, suspended_receive = $14, suspended_until = $15, forward_to = $16,
                   forward_keep = $17, forward_until = $18, fullness = $19, updated_at = $20
                 WHERE id = $1 AND domain_id = $2",
            )
            .bind(mailbox.id.uuid())
            .bind(domain.uuid())
            .bind(mailbox.display_name.as_str().to_owned())
            .bind(mailbox.quota.to_db())
            .bind(mailbox.protocols.imap)
            .bind(mailbox.protocols.pop3)
            .bind(mailbox.protocols.smtp)
            .bind(mailbox.protocols.sieve)
            .bind(mailbox.protocols.webmail)
            .bind(mailbox.external_id.as_ref().map(|id| id.as_str().to_owned()))
            .bind(labels(mailbox)?)
            .bind(suspension.map(|off| off.at.as_micros()))
            .bind(suspension.map(|off| off.reason.as_str().to_owned()))
            .bind(suspension.is_none_or(|off| off.receive))
            .bind(suspension.and_then(|off| off.until).map(Timestamp::as_micros))
            .bind(forwarding.map(lines))
            .bind(forwarding.is_none_or(|to| to.keep_copy))
            .bind(forwarding.and_then(|to| to.until).map(Timestamp::as_micros))
            .bind(mailbox.fullness().unwrap_or(0))
            .bind(mailbox.updated_at.as_micros())
            .later()?;
        Ok(())
    }

    /// Stores a new name for search.
    pub fn reindex(&mut self, mailbox: &Mailbox) -> Result<(), Error> {
        self.0.index_mailbox(mailbox, mailbox.deleted.is_some())
    }

    /// Counts a changed quota against the limits.
    pub fn requota(&mut self, before: Quota, after: Quota) -> Result<(), Error> {
        let (domain, org) = (self.0.domain_id()?, self.0.permit.place().org.clone());
        let delta = Delta::quota(after).plus(Delta::quota(before).negated());
        self.0.count(domain, &org, delta, Some(after))
    }

    /// Stores a new password.
    pub fn set_password(&mut self, id: MailboxId, hash: &MailboxHash) -> Result<(), Error> {
        let domain = self.0.domain_id()?;
        self.0
            .tx
            .query(
                "UPDATE mailboxes SET password_hash = $3, updated_at = $4 WHERE id = $1 AND domain_id = $2",
            )
            .bind(id.uuid())
            .bind(domain.uuid())
            .bind(hash.expose().to_owned())
            .bind(self.0.now.as_micros())
            .later()?;
        // A set-up link that is still open would let its holder undo the new password.
        self.0
            .tx
            .query("UPDATE setup_links SET used_at = $2 WHERE mailbox_id = $1 AND used_at IS NULL")
            .bind(id.uuid())
            .bind(self.0.now.as_micros())
            .later()?;
        Ok(())
    }

    /// Gives a mailbox another address in its domain, and remembers the old one.
    pub fn rename(&mut self, mailbox: &mut Mailbox, to: EmailAddress) -> Result<(), Error> {
        let old = mailbox.address.clone();
        self.0.release(&old)?;
        mailbox.address = to;
        self.0.claim(&mailbox.address, "mailbox", mailbox.id.uuid())?;
        self.0
            .tx
            .query("UPDATE mailboxes SET local_part = $2, updated_at = $3 WHERE id = $1")
            .bind(mailbox.id.uuid())
            .bind(mailbox.address.local().as_str().to_owned())
            .bind(self.0.now.as_micros())
            .later()?;
        self.0.forget_former(&mailbox.address)?;
        self.0
            .tx
            .query(
                "INSERT INTO former_addresses (domain, local_part, mailbox_id, renamed_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (domain, local_part)
                 DO UPDATE SET mailbox_id = excluded.mailbox_id, renamed_at = excluded.renamed_at",
            )
            .bind(old.domain().as_str().to_owned())
            .bind(old.local().as_str().to_owned())
            .bind(mailbox.id.uuid())
            .bind(self.0.now.as_micros())
            .later()?;
        self.reindex(mailbox)
    }

    /// Puts a mailbox into the bin: its address and its place in the limits are free again.
    pub fn bin(&mut self, mailbox: &mut Mailbox) -> Result<(), Error> {
        let (domain, org) = (self.0.domain_id()?, self.0.permit.place().org.clone());
        let gone = Deleted {
            at: self.0.now,
            purge_at: self.0.purge_at(),
        };
        self.0
            .count(domain, &org, Delta::mailbox(mailbox.quota).negated(), None)?;
        self.0.release(&mailbox.address)?;
        self.set_deleted(mailbox.id, Some(gone))?;
        mailbox.deleted = Some(gone);
        self.reindex(mailbox)
    }

    /// Takes a mailbox out of the bin, if its address and a place in the limits are still free.
    pub fn restore(&mut self, mailbox: &mut Mailbox) -> Result<(), Error> {
        let (domain, org) = (self.0.domain_id()?, self.0.permit.place().org.clone());
        self.0
            .count(domain, &org, Delta::mailbox(mailbox.quota), Some(mailbox.quota))?;
        self.0.claim(&mailbox.address, "mailbox", mailbox.id.uuid())?;
        self.set_deleted(mailbox.id, None)?;
        mailbox.deleted = None;
        self.reindex(mailbox)
    }

    fn set_deleted(&mut self, id: MailboxId, gone: Option<Deleted>) -> Result<(), Error> {
        let domain = self.0.domain_id()?;
        self.0
            .tx
            .query(
                "UPDATE mailboxes SET deleted_at = $3, purge_at = $4, deleted_with = NULL, updated_at = $5
                 WHERE id = $1 AND domain_id = $2",
            )
            .bind(id.uuid())
            .bind(domain.uuid())
            .bind(gone.map(|gone| gone.at.as_micros()))
            .bind(gone.map(|gone| gone.purge_at.as_micros()))
            .bind(self.0.now.as_micros())
            .later()?;
        Ok(())
    }
}

fn labels(mailbox: &Mailbox) -> Result<String, Error> {
    serde_json::to_string(&mailbox.labels).map_err(|error| Error::defect(error.to_string()))
}

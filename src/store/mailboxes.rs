//! Mailboxes: found by address, listed by reach, changed under a permit.

use super::Store;
use super::row::{Reading, deleted, time};
use crate::access::{Guarded, OrgPath, Place};
use crate::db::row;
use crate::error::Error;
use crate::model::{
    DomainId, DomainName, EmailAddress, Forwarding, LocalPart, Mailbox, MailboxId, MailboxUsage, OrgId,
    Protocols, Suspension,
};

macro_rules! columns {
    () => {
        "m.id, m.domain_id, m.org_id, m.org_path, m.domain,
         m.local_part, m.display_name, m.password_hash IS NOT NULL,
         m.quota_bytes, m.imap, m.pop3, m.smtp, m.sieve, m.webmail, m.node, m.storage, m.external_id, m.labels,
         m.suspended_at, m.suspended_reason, m.suspended_receive, m.suspended_until, m.forward_to, m.forward_keep,
         m.forward_until, m.usage_bytes, m.usage_messages, m.usage_as_of, m.last_login_at, m.version,
         m.created_at, m.updated_at, m.deleted_at, m.purge_at,
         EXISTS (SELECT 1 FROM projections p WHERE p.object_id = m.id AND p.pending_since IS NOT NULL)"
    };
}

mod list;
mod write;

pub use list::{MailboxFilter, MailboxSort, StateFilter};
pub use write::{Mailboxes, NewMailbox};

row! {
    struct MailboxRow {
        id: uuid::Uuid, domain_id: uuid::Uuid, org_id: uuid::Uuid, org_path: String, domain: String, local_part: String,
        display_name: String, has_password: bool, quota_bytes: Option<i64>, imap: bool, pop3: bool, smtp: bool,
        sieve: bool, webmail: bool, node: String, storage: String, external_id: Option<String>, labels: String,
        suspended_at: Option<i64>, suspended_reason: Option<String>, suspended_receive: bool,
        suspended_until: Option<i64>, forward_to: Option<String>, forward_keep: bool, forward_until: Option<i64>,
        usage_bytes: Option<i64>, usage_messages: Option<i64>, usage_as_of: Option<i64>,
        last_login_at: Option<i64>, version: i64, created_at: i64, updated_at: i64, deleted_at: Option<i64>,
        purge_at: Option<i64>, pending: bool,
    }
}

impl MailboxRow {
    fn place(&self) -> Result<Place, Error> {
        let path = OrgPath::parse(&self.org_path);
        let path = path.ok_or_else(|| super::corrupt("mailboxes", "org_path", &self.id))?;
        Ok(Place::domain(path, DomainId::from(self.domain_id)))
    }

    fn guarded(self) -> Result<Guarded<Mailbox>, Error> {
        Ok(Guarded::new(self.place()?, self.mailbox()?))
    }

    fn suspension(&self, reading: &Reading<'_>) -> Result<Option<Suspension>, Error> {
        let Some(at) = self.suspended_at else {
            return Ok(None);
        };
        let reason = reading.text(
            "suspended_reason",
            self.suspended_reason.as_deref().unwrap_or_default(),
        )?;
        let until = self.suspended_until.map(time);
        Ok(Some(Suspension {
            at: time(at),
            reason,
            receive: self.suspended_receive,
            until,
        }))
    }

    fn forwarding(&self, reading: &Reading<'_>) -> Result<Option<Forwarding>, Error> {
        let Some(lines) = &self.forward_to else {
            return Ok(None);
        };
        let destinations = lines
            .lines()
            .map(|line| reading.text("forward_to", line))
            .collect::<Result<_, _>>()?;
        let until = self.forward_until.map(time);
        Ok(Some(Forwarding {
            destinations,
            keep_copy: self.forward_keep,
            until,
        }))
    }

    fn mailbox(self) -> Result<Mailbox, Error> {
        let reading = Reading {
            table: "mailboxes",
            id: &self.id,
        };
        let local: LocalPart = reading.text("local_part", &self.local_part)?;
        let domain: DomainName = reading.text("domain", &self.domain)?;
        let address = reading.parsed("local_part", EmailAddress::new(local, domain))?;
        let suspension = self.suspension(&reading)?;
        let forwarding = self.forwarding(&reading)?;
        let usage = self
            .usage_bytes
            .zip(self.usage_as_of)
            .map(|(bytes, as_of)| MailboxUsage {
                bytes,
                messages: self.usage_messages.unwrap_or(0),
                as_of: time(as_of),
            });
        Ok(Mailbox {
            id: MailboxId::from(self.id),
            domain_id: DomainId::from(self.domain_id),
            org_id: OrgId::from(self.org_id),
            address,
            display_name: reading.text("display_name", &self.display_name)?,
            has_password: self.has_password,
            quota: reading.quota("quota_bytes", self.quota_bytes)?,
            protocols: Protocols {
                imap: self.imap,
                pop3: self.pop3,
                smtp: self.smtp,
                sieve: self.sieve,
                webmail: self.webmail,
            },
            external_id: reading.optional("external_id", self.external_id)?,
            labels: reading.parsed("labels", serde_json::from_str(&self.labels))?,
            node: self.node,
            storage: self.storage,
            suspension,
            forwarding,
            usage,
            last_login_at: self.last_login_at.map(time),
            version: self.version,
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
            deleted: deleted(self.deleted_at, self.purge_at),
            pending: self.pending,
        })
    }
}

impl Store {
    /// The mailbox with this address, shut until the policy opens it.
    pub async fn mailbox(&self, address: &EmailAddress) -> Result<Guarded<Mailbox>, Error> {
        let row: Option<MailboxRow> = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM addresses a JOIN mailboxes m ON m.id = a.object_id
                 WHERE a.domain = $1 AND a.local_part = $2 AND a.kind = 'mailbox'"
            ))
            .bind(address.domain().as_str().to_owned())
            .bind(address.local().as_str().to_owned())
            .fetch_optional()
            .await?;
        row.ok_or_else(|| Error::not_found("mailbox", &address.to_string()))?
            .guarded()
    }

    /// The mailbox with this id, in the bin or not, shut until the policy opens it.
    pub async fn mailbox_by_id(&self, id: MailboxId) -> Result<Guarded<Mailbox>, Error> {
        let row: Option<MailboxRow> = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM mailboxes m WHERE m.id = $1"
            ))
            .bind(id.uuid())
            .fetch_optional()
            .await?;
        row.ok_or_else(|| Error::not_found("mailbox", &id.to_string()))?
            .guarded()
    }

    /// The newest mailbox of this address in the bin, shut until the policy opens it.
    pub async fn deleted_mailbox(&self, address: &EmailAddress) -> Result<Guarded<Mailbox>, Error> {
        let row: Option<MailboxRow> = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM domain_names n JOIN domains d ON d.id = n.domain_id
                   JOIN mailboxes m ON m.org_path = d.org_path AND m.domain = d.name
                 WHERE n.name = $1 AND m.local_part = $2 AND m.deleted_at IS NOT NULL
                 ORDER BY m.deleted_at DESC, m.id DESC LIMIT 1"
            ))
            .bind(address.domain().as_str().to_owned())
            .bind(address.local().as_str().to_owned())
            .fetch_optional()
            .await?;
        row.ok_or_else(|| Error::not_found("mailbox", &address.to_string()))?
            .guarded()
    }

    /// The mailbox that had this address before it was renamed.
    pub async fn renamed_mailbox(&self, address: &EmailAddress) -> Result<Guarded<Mailbox>, Error> {
        let row: Option<MailboxRow> = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM former_addresses f JOIN mailboxes m ON m.id = f.mailbox_id
                 WHERE f.domain = $1 AND f.local_part = $2 AND m.deleted_at IS NULL"
            ))
            .bind(address.domain().as_str().to_owned())
            .bind(address.local().as_str().to_owned())
            .fetch_optional()
            .await?;
        row.ok_or_else(|| Error::not_found("mailbox", &address.to_string()))?
            .guarded()
    }
}

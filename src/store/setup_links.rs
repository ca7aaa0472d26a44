//! (No permit.) One-time links, keyed by the digest of an unguessable code.

use super::change::Change;
use super::{Store, corrupt};
use crate::access::{OrgPath, Scope, WritesMailboxes};
use crate::error::Error;
use crate::model::{DomainId, EmailAddress, MailboxId, Timestamp};

/// What a mailbox owner's link opens.
#[derive(Clone, Debug)]
pub struct MailboxLink {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// Its address.
    pub address: EmailAddress,
    /// The name of its owner.
    pub display_name: String,
    /// The mailbox's domain, as a scope.
    pub scope: Scope,
    /// Who made the link.
    pub made_by: String,
}

type LinkRow = (uuid::Uuid, String, String, String, String, uuid::Uuid, String);

impl Store {
    /// The mailbox whose owner may choose a password with this link, if the link is still good.
    pub async fn mailbox_link(&self, digest: &[u8]) -> Result<Option<MailboxLink>, Error> {
        let row: Option<LinkRow> = self
            .db
            .read(
                "SELECT m.id, m.local_part, m.domain, m.display_name, m.org_path, m.domain_id, l.made_by
                 FROM setup_links l JOIN mailboxes m ON m.id = l.mailbox_id
                 WHERE l.digest = $1 AND l.purpose = 'mailbox_password' AND l.used_at IS NULL AND l.expires_at > $2
                   AND m.deleted_at IS NULL",
            )
            .bind(digest.to_vec())
            .bind(self.clock.now().as_micros())
            .fetch_optional()
            .await?;
        let Some((id, local, domain, display_name, path, domain_id, made_by)) = row else {
            return Ok(None);
        };
        let bad = |column| move || corrupt("mailboxes", column, &id);
        let address = format!("{local}@{domain}")
            .parse()
            .map_err(|_| bad("local_part")())?;
        let path = OrgPath::parse(&path).ok_or_else(bad("org_path"))?;
        let scope = Scope::Domain(DomainId::from(domain_id), domain, path);
        Ok(Some(MailboxLink {
            mailbox: MailboxId::from(id),
            address,
            display_name,
            scope,
            made_by,
        }))
    }

    /// Makes the link by which the first operator is set up. Older ones end.
    pub async fn put_first_operator_link(&self, digest: &[u8], expires_at: Timestamp) -> Result<(), Error> {
        let now = self.clock.now();
        self.db
            .write("UPDATE setup_links SET used_at = $1 WHERE purpose = 'first_operator' AND used_at IS NULL")
            .bind(now.as_micros())
            .execute()
            .await?;
        self.db
            .write(
                "INSERT INTO setup_links (digest, purpose, made_by, created_at, expires_at)
                 VALUES ($1, 'first_operator', 'Postdesk', $2, $3)",
            )
            .bind(digest.to_vec())
            .bind(now.as_micros())
            .bind(expires_at.as_micros())
            .execute()
            .await?;
        Ok(())
    }

    /// Whether the first operator can be set up with this link.
    pub async fn first_operator_link(&self, digest: &[u8]) -> Result<bool, Error> {
        let row: Option<(i64,)> = self
            .db
            .read(
                "SELECT created_at FROM setup_links
                 WHERE digest = $1 AND purpose = 'first_operator' AND used_at IS NULL AND expires_at > $2",
            )
            .bind(digest.to_vec())
            .bind(self.clock.now().as_micros())
            .fetch_optional()
            .await?;
        Ok(row.is_some())
    }
}

impl<P: WritesMailboxes> Change<P> {
    /// Makes the link by which a mailbox's owner chooses a password. Older ones of the mailbox end.
    pub fn put_mailbox_link(
        &mut self,
        mailbox: MailboxId,
        digest: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        self.tx
            .query("UPDATE setup_links SET used_at = $2 WHERE mailbox_id = $1 AND used_at IS NULL")
            .bind(mailbox.uuid())
            .bind(self.now.as_micros())
            .later()?;
        self.tx
            .query(
                "INSERT INTO setup_links (digest, purpose, mailbox_id, made_by, created_at, expires_at)
                 VALUES ($1, 'mailbox_password', $2, $3, $4, $5)",
            )
            .bind(digest.to_vec())
            .bind(mailbox.uuid())
            .bind(self.permit.actor().identity().name.clone())
            .bind(self.now.as_micros())
            .bind(expires_at.as_micros())
            .later()?;
        Ok(())
    }
}

impl<P: crate::access::Permission> Change<P> {
    /// Uses up the link of a mailbox's owner. `false` when somebody was faster, or it has ended.
    pub async fn use_mailbox_link(&mut self, digest: &[u8], mailbox: MailboxId) -> Result<bool, Error> {
        let used = self
            .tx
            .query(
                "UPDATE setup_links SET used_at = $2 WHERE digest = $1 AND used_at IS NULL AND expires_at > $2
                   AND purpose = 'mailbox_password' AND mailbox_id = $3",
            )
            .bind(digest.to_vec())
            .bind(self.now.as_micros())
            .bind(mailbox.uuid())
            .execute()
            .await?;
        Ok(used == 1)
    }

    /// Uses up the link of the first operator. `false` when somebody was faster, or it has ended: with the first
    /// account at the latest.
    pub async fn use_first_operator_link(&mut self, digest: &[u8]) -> Result<bool, Error> {
        let used = self
            .tx
            .query(
                "UPDATE setup_links SET used_at = $2 WHERE digest = $1 AND used_at IS NULL AND expires_at > $2
                   AND purpose = 'first_operator' AND NOT EXISTS (SELECT 1 FROM accounts)",
            )
            .bind(digest.to_vec())
            .bind(self.now.as_micros())
            .execute()
            .await?;
        Ok(used == 1)
    }
}

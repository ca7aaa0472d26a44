//! (No permit.) What the targets should hold of an object, as it is now. Only the worker reads it.

use uuid::Uuid;

use super::{Store, corrupt};
use crate::db::row;
use crate::error::Error;
use crate::model::{MailboxHash, ObjectKind, TargetId};

/// An object that a target was told of.
#[derive(Copy, Clone, Debug)]
pub struct Listed {
    /// What it is.
    pub kind: ObjectKind,
    /// Its id.
    pub object: Uuid,
    /// Whether the target is still to be told something.
    pub pending: bool,
}

/// An object as the targets should hold it, with the version it was read at.
#[derive(Clone, Debug)]
pub struct Projected {
    /// Its version; for one that is gone without trace, none.
    pub version: Option<i64>,
    /// What it is, or that it is to be absent.
    pub state: ObjectNow,
}

/// An object as it is now.
#[derive(Clone, Debug)]
pub enum ObjectNow {
    /// It is to be absent.
    Absent,
    /// A mail server.
    Node(NodeNow),
    /// A domain.
    Domain(DomainNow),
    /// Another name of a domain.
    DomainAlias(DomainAliasNow),
    /// A mailbox.
    Mailbox(Box<MailboxNow>),
    /// An alias or a catch-all.
    Alias(AliasNow),
}

/// A mail server as it is now.
#[derive(Clone, Debug)]
pub struct NodeNow {
    /// Its name.
    pub name: String,
    /// Its address.
    pub host: String,
    /// IMAP, POP3, `ManageSieve`, LMTP.
    pub ports: [i64; 4],
    /// `up`, `drain` or `down`.
    pub state: String,
}

/// A domain as it is now.
#[derive(Clone, Debug)]
pub struct DomainNow {
    /// Its name.
    pub name: String,
    /// Whether it works: it is not suspended, and no org above it is.
    pub active: bool,
}

/// Another name of a domain as it is now.
#[derive(Clone, Debug)]
pub struct DomainAliasNow {
    /// The other name.
    pub name: String,
    /// The domain.
    pub domain: String,
}

/// A mailbox as it is now.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that the daemons read one by one"
)]
pub struct MailboxNow {
    /// Before the `@`.
    pub local_part: String,
    /// After it.
    pub domain: String,
    /// The password.
    pub hash: Option<MailboxHash>,
    /// The quota; none is unlimited.
    pub quota_bytes: Option<i64>,
    /// Reading by IMAP.
    pub imap: bool,
    /// Fetching by POP3.
    pub pop3: bool,
    /// Sending.
    pub smtp: bool,
    /// Filters.
    pub sieve: bool,
    /// The webmail.
    pub webmail: bool,
    /// The node.
    pub node: String,
    /// The key of its mail.
    pub storage: String,
    /// Whether it is switched off.
    pub suspended: bool,
    /// Whether it takes mail while switched off.
    pub suspended_receive: bool,
    /// Where its mail is sent on to.
    pub forward_to: Vec<String>,
    /// Whether it keeps a copy of that.
    pub forward_keep: bool,
}

/// An alias as it is now.
#[derive(Clone, Debug)]
pub struct AliasNow {
    /// Before the `@`; empty for a catch-all.
    pub local_part: String,
    /// After it.
    pub domain: String,
    /// Its destinations.
    pub destinations: Vec<String>,
    /// Whether it is in force.
    pub enabled: bool,
}

row! {
    struct MailboxRow {
        version: i64, deleted: bool, local_part: String, domain: String, password_hash: Option<String>,
        quota_bytes: Option<i64>, imap: bool, pop3: bool, smtp: bool, sieve: bool, webmail: bool, node: String,
        storage: String, suspended: bool, suspended_receive: bool, forward_to: Option<String>, forward_keep: bool,
    }
}

row! {
    struct NodeRow {
        version: i64, name: String, host: String, imap: i64, pop3: i64, sieve: i64, lmtp: i64, state: String,
    }
}

impl Store {
    /// The objects that a target was told of, in the order of their ids.
    pub async fn listed(&self, target: TargetId, after: Uuid, limit: u32) -> Result<Vec<Listed>, Error> {
        let rows: Vec<(String, Uuid, bool)> = self
            .db
            .read(
                "SELECT kind, object_id, pending_since IS NOT NULL FROM projections
                 WHERE object_id > $1 AND target_id = $2 ORDER BY object_id LIMIT $3 + 0",
            )
            .bind(after)
            .bind(target.uuid())
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter()
            .map(|(kind, object, pending)| {
                let kind = ObjectKind::parse(&kind).ok_or_else(|| corrupt("projections", "kind", &object))?;
                Ok(Listed {
                    kind,
                    object,
                    pending,
                })
            })
            .collect()
    }

    /// The object as the targets should hold it.
    pub async fn projected(&self, kind: ObjectKind, id: Uuid) -> Result<Projected, Error> {
        match kind {
            ObjectKind::Node => self.node_now(id).await,
            ObjectKind::Domain => self.domain_now(id).await,
            ObjectKind::DomainAlias => self.domain_alias_now(id).await,
            ObjectKind::Mailbox => self.mailbox_now(id).await,
            ObjectKind::Alias => self.alias_now(id).await,
        }
    }

    async fn node_now(&self, id: Uuid) -> Result<Projected, Error> {
        let row: Option<NodeRow> = self
            .db
            .read(
                "SELECT version, name, host, imap_port, pop3_port, sieve_port, lmtp_port, state
                 FROM nodes WHERE id = $1",
            )
            .bind(id)
            .fetch_optional()
            .await?;
        Ok(row.map_or_else(gone, |row| Projected {
            version: Some(row.version),
            state: ObjectNow::Node(NodeNow {
                name: row.name,
                host: row.host,
                ports: [row.imap, row.pop3, row.sieve, row.lmtp],
                state: row.state,
            }),
        }))
    }

    async fn domain_now(&self, id: Uuid) -> Result<Projected, Error> {
        let row: Option<(i64, bool, String, bool)> = self
            .db
            .read(
                "SELECT version, deleted_at IS NOT NULL, name, suspended_at IS NULL AND NOT org_suspended
                 FROM domains WHERE id = $1",
            )
            .bind(id)
            .fetch_optional()
            .await?;
        Ok(row.map_or_else(gone, |(version, deleted, name, active)| {
            let state = if deleted {
                ObjectNow::Absent
            } else {
                ObjectNow::Domain(DomainNow { name, active })
            };
            Projected {
                version: Some(version),
                state,
            }
        }))
    }

    async fn domain_alias_now(&self, id: Uuid) -> Result<Projected, Error> {
        let row: Option<(i64, bool, String, String)> = self
            .db
            .read(
                "SELECT n.version, d.deleted_at IS NOT NULL, n.name, d.name
                 FROM domain_names n JOIN domains d ON d.id = n.domain_id WHERE n.alias_id = $1",
            )
            .bind(id)
            .fetch_optional()
            .await?;
        Ok(row.map_or_else(gone, |(version, deleted, name, domain)| {
            let alias = DomainAliasNow { name, domain };
            let state = if deleted {
                ObjectNow::Absent
            } else {
                ObjectNow::DomainAlias(alias)
            };
            Projected {
                version: Some(version),
                state,
            }
        }))
    }

    async fn mailbox_now(&self, id: Uuid) -> Result<Projected, Error> {
        let row: Option<MailboxRow> = self
            .db
            .read(
                "SELECT version, deleted_at IS NOT NULL, local_part, domain, password_hash, quota_bytes, imap, pop3,
                   smtp, sieve, webmail, node, storage, suspended_at IS NOT NULL, suspended_receive, forward_to,
                   forward_keep
                 FROM mailboxes WHERE id = $1",
            )
            .bind(id)
            .fetch_optional()
            .await?;
        let Some(row) = row else { return Ok(gone()) };
        let version = Some(row.version);
        if row.deleted {
            return Ok(Projected {
                version,
                state: ObjectNow::Absent,
            });
        }
        let hash = row
            .password_hash
            .map(|text| MailboxHash::from_stored(&text))
            .transpose();
        let state = ObjectNow::Mailbox(Box::new(MailboxNow {
            local_part: row.local_part,
            domain: row.domain,
            hash: hash.map_err(|_| corrupt("mailboxes", "password_hash", &id))?,
            quota_bytes: row.quota_bytes,
            imap: row.imap,
            pop3: row.pop3,
            smtp: row.smtp,
            sieve: row.sieve,
            webmail: row.webmail,
            node: row.node,
            storage: row.storage,
            suspended: row.suspended,
            suspended_receive: row.suspended_receive,
            forward_to: row
                .forward_to
                .iter()
                .flat_map(|to| to.lines())
                .map(ToOwned::to_owned)
                .collect(),
            forward_keep: row.forward_keep,
        }));
        Ok(Projected { version, state })
    }

    async fn alias_now(&self, id: Uuid) -> Result<Projected, Error> {
        // One statement, so that an alias is never seen between its row and its destinations.
        let rows: Vec<(i64, bool, String, String, bool, Option<String>)> = self
            .db
            .read(
                "SELECT a.version, a.deleted_at IS NOT NULL, a.local_part, a.domain, a.enabled, t.destination
                 FROM aliases a LEFT JOIN alias_destinations t ON t.alias_id = a.id
                 WHERE a.id = $1 ORDER BY t.destination",
            )
            .bind(id)
            .fetch_all()
            .await?;
        let Some((version, deleted, local_part, domain, enabled, _)) = rows.first().cloned() else {
            return Ok(gone());
        };
        if deleted {
            return Ok(Projected {
                version: Some(version),
                state: ObjectNow::Absent,
            });
        }
        let destinations = rows
            .into_iter()
            .filter_map(|(.., destination)| destination)
            .collect();
        let alias = AliasNow {
            local_part,
            domain,
            destinations,
            enabled,
        };
        Ok(Projected {
            version: Some(version),
            state: ObjectNow::Alias(alias),
        })
    }
}

fn gone() -> Projected {
    Projected {
        version: None,
        state: ObjectNow::Absent,
    }
}

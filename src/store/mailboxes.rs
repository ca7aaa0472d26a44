//! Mailboxes: found by address, listed by reach, changed under a permit.

use super::change::Change;
use super::page::{Page, PageRequest};
use super::row::{Reading, deleted, time};
use super::{OrTaken as _, Store};
use crate::access::{Guarded, MailboxCreate, MailboxRead, OrgPath, Place, Reach, WritesMailboxes};
use crate::db::row;
use crate::error::Error;
use crate::model::{
    Delta, DomainId, DomainName, EmailAddress, Forwarding, LocalPart, Mailbox, MailboxHash, MailboxId,
    MailboxUsage, Protocols, Quota, Refusal, Suspension, Timestamp,
};

macro_rules! columns {
    () => {
        "m.id, m.domain_id, m.org_path, m.domain, m.local_part, m.display_name, m.password_hash IS NOT NULL,
         m.quota_bytes, m.imap, m.pop3, m.smtp, m.sieve, m.webmail, m.node, m.storage, m.external_id, m.labels,
         m.suspended_at, m.suspended_reason, m.suspended_receive, m.suspended_until, m.forward_to, m.forward_keep,
         m.forward_until, m.usage_bytes, m.usage_messages, m.usage_as_of, m.last_login_at, m.version,
         m.created_at, m.updated_at, m.deleted_at, m.purge_at"
    };
}

row! {
    struct MailboxRow {
        id: uuid::Uuid, domain_id: uuid::Uuid, org_path: String, domain: String, local_part: String,
        display_name: String, has_password: bool, quota_bytes: Option<i64>, imap: bool, pop3: bool, smtp: bool,
        sieve: bool, webmail: bool, node: String, storage: String, external_id: Option<String>, labels: String,
        suspended_at: Option<i64>, suspended_reason: Option<String>, suspended_receive: bool,
        suspended_until: Option<i64>, forward_to: Option<String>, forward_keep: bool, forward_until: Option<i64>,
        usage_bytes: Option<i64>, usage_messages: Option<i64>, usage_as_of: Option<i64>,
        last_login_at: Option<i64>, version: i64, created_at: i64, updated_at: i64, deleted_at: Option<i64>,
        purge_at: Option<i64>,
    }
}

impl MailboxRow {
    fn place(&self) -> Result<Place, Error> {
        let path = OrgPath::parse(&self.org_path);
        let path = path.ok_or_else(|| super::corrupt("mailboxes", "org_path", self.id))?;
        Ok(Place::domain(path, DomainId::from(self.domain_id)))
    }

    fn guarded(self) -> Result<Guarded<Mailbox>, Error> {
        Ok(Guarded::new(self.place()?, self.mailbox()?))
    }

    fn mailbox(self) -> Result<Mailbox, Error> {
        let reading = Reading {
            table: "mailboxes",
            id: &self.id,
        };
        let local: LocalPart = reading.text("local_part", &self.local_part)?;
        let domain: DomainName = reading.text("domain", &self.domain)?;
        let address = reading.parsed("local_part", EmailAddress::new(local, domain))?;
        let suspension = match self.suspended_at {
            Some(at) => Some(Suspension {
                at: time(at),
                reason: reading.text(
                    "suspended_reason",
                    self.suspended_reason.as_deref().unwrap_or_default(),
                )?,
                receive: self.suspended_receive,
                until: self.suspended_until.map(time),
            }),
            None => None,
        };
        let forwarding = match &self.forward_to {
            Some(lines) => Some(Forwarding {
                destinations: lines
                    .lines()
                    .map(|line| reading.text("forward_to", line))
                    .collect::<Result<_, _>>()?,
                keep_copy: self.forward_keep,
                until: self.forward_until.map(time),
            }),
            None => None,
        };
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
        })
    }
}

/// What a list of mailboxes is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct MailboxFilter {
    /// Only in this state; nothing shows what is not in the bin.
    pub state: Option<StateFilter>,
    /// Only those at least this full, in percent.
    pub percent_at_least: Option<i64>,
    /// Only those changed since.
    pub updated_since: Option<Timestamp>,
    /// Only those found by this beginning of a name or address.
    pub prefix: Option<String>,
    /// In which order.
    pub sort: MailboxSort,
}

/// In which order mailboxes are listed.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum MailboxSort {
    /// By domain and address.
    #[default]
    Address,
    /// The fullest first; only those that are nearly full, of one domain.
    Fullest,
}

/// A state to narrow a list to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum StateFilter {
    /// In use.
    Active,
    /// Switched off.
    Suspended,
    /// In the bin.
    Deleted,
}

impl StateFilter {
    /// The state that the word names.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "active" => Some(Self::Active),
            "suspended" => Some(Self::Suspended),
            "deleted" => Some(Self::Deleted),
            _ => None,
        }
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
                " FROM mailboxes m JOIN domain_names n ON n.domain_id = m.domain_id
                 WHERE n.name = $1 AND m.local_part = $2 AND m.deleted_at IS NOT NULL
                 ORDER BY m.deleted_at DESC LIMIT 1"
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

    /// A page of the mailboxes in reach.
    pub async fn mailboxes(
        &self,
        reach: &Reach<MailboxRead>,
        filter: &MailboxFilter,
        page: &PageRequest,
    ) -> Result<Page<Mailbox>, Error> {
        let mut rows: Vec<MailboxRow> = Vec::new();
        for span in reach.spans() {
            let wanted = page.rows() - i64::try_from(rows.len()).unwrap_or(i64::MAX);
            if wanted <= 0 {
                break;
            }
            rows.extend(self.mailbox_rows(span, filter, page, wanted).await?);
        }
        let items = rows
            .into_iter()
            .map(|row| Ok((row.org_path.clone(), row.mailbox()?)));
        let items: Vec<(String, Mailbox)> = items.collect::<Result<_, Error>>()?;
        let key = |(path, mailbox): &(String, Mailbox)| match filter.sort {
            MailboxSort::Address => vec![
                path.clone(),
                mailbox.address.domain().as_str().to_owned(),
                mailbox.address.local().as_str().to_owned(),
            ],
            MailboxSort::Fullest => {
                vec![
                    mailbox.fullness().unwrap_or(0).to_string(),
                    mailbox.id.uuid().to_string(),
                ]
            }
        };
        Ok(Page::of(items, page.limit, key).map(|(_, mailbox)| mailbox))
    }

    async fn mailbox_rows(
        &self,
        span: &crate::access::Span,
        filter: &MailboxFilter,
        page: &PageRequest,
        wanted: i64,
    ) -> Result<Vec<MailboxRow>, Error> {
        if let Some(prefix) = &filter.prefix {
            return self
                .mailbox_rows_found(span, (prefix, filter), page, wanted)
                .await;
        }
        let (low, high) = (span.low(), span.high());
        let sql = match (filter.sort, filter.state) {
            (MailboxSort::Fullest, _) => return self.mailbox_rows_fullest(span, page, wanted).await,
            (MailboxSort::Address, None)
                if filter.percent_at_least.is_none() && filter.updated_since.is_none() =>
            {
                concat!(
                    "SELECT ",
                    columns!(),
                    " FROM mailboxes m
                     WHERE (m.org_path, m.domain, m.local_part) > ($1, $2, $3)
                       AND (m.org_path, m.domain) >= ($4, $5) AND (m.org_path, m.domain) < ($6, $7)
                       AND m.deleted_at IS NULL
                     ORDER BY m.org_path, m.domain, m.local_part LIMIT $8"
                )
            }
            (MailboxSort::Address, Some(StateFilter::Suspended)) => concat!(
                "SELECT ",
                columns!(),
                " FROM mailboxes m
                 WHERE (m.org_path, m.domain, m.local_part) > ($1, $2, $3)
                   AND (m.org_path, m.domain) >= ($4, $5) AND (m.org_path, m.domain) < ($6, $7)
                   AND m.deleted_at IS NULL AND m.suspended_at IS NOT NULL
                   AND m.fullness >= $9 AND m.updated_at >= $10
                 ORDER BY m.org_path, m.domain, m.local_part LIMIT $8"
            ),
            (MailboxSort::Address, Some(StateFilter::Active)) => concat!(
                "SELECT ",
                columns!(),
                " FROM mailboxes m
                 WHERE (m.org_path, m.domain, m.local_part) > ($1, $2, $3)
                   AND (m.org_path, m.domain) >= ($4, $5) AND (m.org_path, m.domain) < ($6, $7)
                   AND m.deleted_at IS NULL AND m.suspended_at IS NULL
                   AND m.fullness >= $9 AND m.updated_at >= $10
                 ORDER BY m.org_path, m.domain, m.local_part LIMIT $8"
            ),
            (MailboxSort::Address, Some(StateFilter::Deleted)) => concat!(
                "SELECT ",
                columns!(),
                " FROM mailboxes m
                 WHERE (m.org_path, m.domain, m.local_part) > ($1, $2, $3)
                   AND (m.org_path, m.domain) >= ($4, $5) AND (m.org_path, m.domain) < ($6, $7)
                   AND m.deleted_at IS NOT NULL
                   AND m.fullness >= $9 AND m.updated_at >= $10
                 ORDER BY m.org_path, m.domain, m.local_part LIMIT $8"
            ),
            (MailboxSort::Address, None) => concat!(
                "SELECT ",
                columns!(),
                " FROM mailboxes m
                 WHERE (m.org_path, m.domain, m.local_part) > ($1, $2, $3)
                   AND (m.org_path, m.domain) >= ($4, $5) AND (m.org_path, m.domain) < ($6, $7)
                   AND m.deleted_at IS NULL
                   AND m.fullness >= $9 AND m.updated_at >= $10
                 ORDER BY m.org_path, m.domain, m.local_part LIMIT $8"
            ),
        };
        let query = self
            .db
            .read(sql)
            .bind(page.part(0).unwrap_or_default().to_owned())
            .bind(page.part(1).unwrap_or_default().to_owned())
            .bind(page.part(2).unwrap_or_default().to_owned())
            .bind(low.0)
            .bind(low.1)
            .bind(high.0)
            .bind(high.1)
            .bind(wanted);
        let plain =
            filter.state.is_none() && filter.percent_at_least.is_none() && filter.updated_since.is_none();
        let query = if plain {
            query
        } else {
            query
                .bind(filter.percent_at_least.unwrap_or(0) * 10)
                .bind(filter.updated_since.map_or(i64::MIN, Timestamp::as_micros))
        };
        Ok(query.fetch_all().await?)
    }

    async fn mailbox_rows_found(
        &self,
        span: &crate::access::Span,
        (prefix, filter): (&str, &MailboxFilter),
        page: &PageRequest,
        wanted: i64,
    ) -> Result<Vec<MailboxRow>, Error> {
        let (low, high) = (span.low(), span.high());
        let in_state = |state| filter.state == Some(state);
        let rows = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM mailboxes m WHERE m.deleted_at IS NULL AND m.id IN (
                   SELECT s.object_id FROM search_terms s
                   WHERE (s.org_path, s.domain) >= ($4, $5) AND (s.org_path, s.domain) < ($6, $7)
                     AND s.term >= $9 AND s.term < $10 AND s.kind = 'mailbox')
                 AND ($11 OR (m.suspended_at IS NOT NULL) = $12) AND m.fullness >= $13
                 AND (m.org_path, m.domain, m.local_part) > ($1, $2, $3)
                 ORDER BY m.org_path, m.domain, m.local_part LIMIT $8"
            ))
            .bind(page.part(0).unwrap_or_default().to_owned())
            .bind(page.part(1).unwrap_or_default().to_owned())
            .bind(page.part(2).unwrap_or_default().to_owned())
            .bind(low.0)
            .bind(low.1)
            .bind(high.0)
            .bind(high.1)
            .bind(wanted)
            .bind(prefix.to_owned())
            .bind(format!("{prefix}\u{10FFFF}"))
            .bind(!in_state(StateFilter::Suspended) && !in_state(StateFilter::Active))
            .bind(in_state(StateFilter::Suspended))
            .bind(filter.percent_at_least.unwrap_or(0) * 10)
            .fetch_all()
            .await?;
        Ok(rows)
    }

    async fn mailbox_rows_fullest(
        &self,
        span: &crate::access::Span,
        page: &PageRequest,
        wanted: i64,
    ) -> Result<Vec<MailboxRow>, Error> {
        let fullness: i64 = page
            .part(0)
            .and_then(|part| part.parse().ok())
            .unwrap_or(i64::MAX);
        let id = page
            .part(1)
            .and_then(|part| part.parse().ok())
            .unwrap_or(uuid::Uuid::nil());
        let rows = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM mailboxes m JOIN domains d ON d.id = m.domain_id
                 WHERE d.org_path = $1 AND d.name = $2 AND d.deleted_at IS NULL
                   AND m.deleted_at IS NULL AND m.fullness >= 800
                   AND (m.fullness < $3 OR (m.fullness = $3 AND m.id > $4))
                 ORDER BY m.fullness DESC, m.id LIMIT $5"
            ))
            .bind(span.first.clone())
            .bind(span.domain.clone().unwrap_or_default())
            .bind(fullness)
            .bind(id)
            .bind(wanted)
            .fetch_all()
            .await?;
        Ok(rows)
    }
}

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
    /// The default quota of the domain.
    pub async fn default_quota(&mut self) -> Result<Quota, Error> {
        let domain = self.0.domain_id()?;
        let (stored,): (Option<i64>,) = self
            .0
            .tx
            .query("SELECT default_quota_bytes FROM domains WHERE id = $1")
            .bind(domain.uuid())
            .fetch_one()
            .await?;
        Reading {
            table: "domains",
            id: &domain,
        }
        .quota("default_quota_bytes", stored)
    }

    /// Puts a new mailbox into the domain, on the least loaded node that is up.
    pub async fn insert(&mut self, new: &mut NewMailbox) -> Result<(), Error> {
        let mailbox = &mut new.mailbox;
        let org = self.0.permit.place().org.clone();
        let domain = self.0.domain_id()?;
        self.0
            .count(domain, &org, Delta::mailbox(mailbox.quota), Some(mailbox.quota))
            .await?;
        self.0
            .claim(&mailbox.address, "mailbox", mailbox.id.uuid())
            .await?;
        mailbox.node = self.0.place_on_node().await?;
        self.0
            .tx
            .query(
                "INSERT INTO mailboxes (id, domain_id, org_path, domain, local_part, display_name, password_hash,
                   quota_bytes, imap, pop3, smtp, sieve, webmail, node, storage, external_id, labels, version,
                   created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)",
            )
            .bind(mailbox.id.uuid())
            .bind(domain.uuid())
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
            .bind(mailbox.node.clone())
            .bind(mailbox.storage.clone())
            .bind(mailbox.external_id.as_ref().map(|id| id.as_str().to_owned()))
            .bind(labels(mailbox)?)
            .bind(mailbox.version)
            .bind(mailbox.created_at.as_micros())
            .execute()
            .await?;
        self.0.index_mailbox(mailbox, false).await
    }
}

impl<P: WritesMailboxes> Mailboxes<'_, P> {
    /// Locks a mailbox of the domain and reads it as it is now, with the version it will have after the change.
    pub async fn lock(&mut self, id: MailboxId) -> Result<Mailbox, Error> {
        let domain = self.0.domain_id()?;
        let row: Option<MailboxRow> = self
            .0
            .tx
            .query(concat!(
                "UPDATE mailboxes AS m SET version = version + 1 WHERE id = $1 AND domain_id = $2 RETURNING ",
                "id, domain_id, org_path, domain, local_part, display_name, password_hash IS NOT NULL,
                 quota_bytes, imap, pop3, smtp, sieve, webmail, node, storage, external_id, labels,
                 suspended_at, suspended_reason, suspended_receive, suspended_until, forward_to, forward_keep,
                 forward_until, usage_bytes, usage_messages, usage_as_of, last_login_at, version,
                 created_at, updated_at, deleted_at, purge_at"
            ))
            .bind(id.uuid())
            .bind(domain.uuid())
            .fetch_optional()
            .await?;
        let mut mailbox = row
            .ok_or_else(|| Error::not_found("mailbox", &id.to_string()))?
            .mailbox()?;
        self.0.check_version(&mailbox.address, mailbox.version - 1)?;
        mailbox.updated_at = self.0.now;
        Ok(mailbox)
    }

    /// Stores what a mailbox is now: everything but its address, password, place and usage.
    pub async fn save(&mut self, mailbox: &Mailbox) -> Result<(), Error> {
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
            .execute()
            .await?;
        Ok(())
    }

    /// Stores a new name for search.
    pub async fn reindex(&mut self, mailbox: &Mailbox) -> Result<(), Error> {
        self.0.index_mailbox(mailbox, mailbox.deleted.is_some()).await
    }

    /// Counts a changed quota against the limits.
    pub async fn requota(&mut self, before: Quota, after: Quota) -> Result<(), Error> {
        let (domain, org) = (self.0.domain_id()?, self.0.permit.place().org.clone());
        let delta = Delta::quota(after).plus(Delta::quota(before).negated());
        self.0.count(domain, &org, delta, Some(after)).await
    }

    /// Stores a new password.
    pub async fn set_password(&mut self, id: MailboxId, hash: &MailboxHash) -> Result<(), Error> {
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
            .execute()
            .await?;
        // A set-up link that is still open would let its holder undo the new password.
        self.0
            .tx
            .query("UPDATE setup_links SET used_at = $2 WHERE mailbox_id = $1 AND used_at IS NULL")
            .bind(id.uuid())
            .bind(self.0.now.as_micros())
            .execute()
            .await?;
        Ok(())
    }

    /// Gives a mailbox another address in its domain, and remembers the old one.
    pub async fn rename(&mut self, mailbox: &mut Mailbox, to: EmailAddress) -> Result<(), Error> {
        let old = mailbox.address.clone();
        self.0.release(&old).await?;
        mailbox.address = to;
        self.0
            .claim(&mailbox.address, "mailbox", mailbox.id.uuid())
            .await?;
        self.0
            .tx
            .query("UPDATE mailboxes SET local_part = $2, updated_at = $3 WHERE id = $1")
            .bind(mailbox.id.uuid())
            .bind(mailbox.address.local().as_str().to_owned())
            .bind(self.0.now.as_micros())
            .execute()
            .await?;
        self.0.forget_former(&mailbox.address).await?;
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
            .execute()
            .await?;
        self.reindex(mailbox).await
    }

    /// Puts a mailbox into the bin: its address and its place in the limits are free again.
    pub async fn bin(&mut self, mailbox: &mut Mailbox) -> Result<(), Error> {
        let (domain, org) = (self.0.domain_id()?, self.0.permit.place().org.clone());
        let gone = crate::model::Deleted {
            at: self.0.now,
            purge_at: self.0.purge_at(),
        };
        self.0
            .count(domain, &org, Delta::mailbox(mailbox.quota).negated(), None)
            .await?;
        self.0.release(&mailbox.address).await?;
        self.set_deleted(mailbox.id, Some(gone)).await?;
        mailbox.deleted = Some(gone);
        self.reindex(mailbox).await
    }

    /// Takes a mailbox out of the bin, if its address and a place in the limits are still free.
    pub async fn restore(&mut self, mailbox: &mut Mailbox) -> Result<(), Error> {
        let (domain, org) = (self.0.domain_id()?, self.0.permit.place().org.clone());
        self.0
            .count(domain, &org, Delta::mailbox(mailbox.quota), Some(mailbox.quota))
            .await?;
        self.0
            .claim(&mailbox.address, "mailbox", mailbox.id.uuid())
            .await?;
        self.set_deleted(mailbox.id, None).await?;
        mailbox.deleted = None;
        self.reindex(mailbox).await
    }

    async fn set_deleted(&mut self, id: MailboxId, gone: Option<crate::model::Deleted>) -> Result<(), Error> {
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
            .execute()
            .await?;
        Ok(())
    }
}

fn labels(mailbox: &Mailbox) -> Result<String, Error> {
    serde_json::to_string(&mailbox.labels).map_err(|error| Error::defect(error.to_string()))
}

impl<P: crate::access::Permission> Change<P> {
    /// Claims an address for a mailbox or an alias. Whoever has it already keeps it.
    pub(super) async fn claim(
        &mut self,
        address: &EmailAddress,
        kind: &'static str,
        id: uuid::Uuid,
    ) -> Result<(), Error> {
        self.claim_parts(address.domain(), address.local().as_str(), kind, id)
            .await
    }

    /// The same for an address that may be a catch-all, with an empty local part.
    pub(super) async fn claim_parts(
        &mut self,
        domain: &DomainName,
        local: &str,
        kind: &'static str,
        id: uuid::Uuid,
    ) -> Result<(), Error> {
        let claimed = self
            .tx
            .query("INSERT INTO addresses (domain, local_part, kind, object_id) VALUES ($1, $2, $3, $4)")
            .bind(domain.as_str().to_owned())
            .bind(local.to_owned())
            .bind(kind)
            .bind(id)
            .execute()
            .await;
        claimed.or_taken(|| taken(domain, local))?;
        Ok(())
    }

    /// Gives an address back.
    pub(super) async fn release(&mut self, address: &EmailAddress) -> Result<(), Error> {
        self.release_parts(address.domain(), address.local().as_str())
            .await
    }

    /// The same for an address that may be a catch-all.
    pub(super) async fn release_parts(&mut self, domain: &DomainName, local: &str) -> Result<(), Error> {
        self.tx
            .query("DELETE FROM addresses WHERE domain = $1 AND local_part = $2")
            .bind(domain.as_str().to_owned())
            .bind(local.to_owned())
            .execute()
            .await?;
        Ok(())
    }

    async fn forget_former(&mut self, address: &EmailAddress) -> Result<(), Error> {
        self.tx
            .query("DELETE FROM former_addresses WHERE domain = $1 AND local_part = $2")
            .bind(address.domain().as_str().to_owned())
            .bind(address.local().as_str().to_owned())
            .execute()
            .await?;
        Ok(())
    }

    /// Chooses the least loaded node that is up.
    async fn place_on_node(&mut self) -> Result<String, Error> {
        let placed: Option<(String,)> = self
            .tx
            .query(
                "UPDATE nodes SET placed = placed + 1
                 WHERE id = (SELECT id FROM nodes WHERE state = 'up' ORDER BY placed, name LIMIT 1)
                 RETURNING name",
            )
            .fetch_optional()
            .await?;
        let refusal = || {
            let next = "Ask the operator to put a node into service.";
            Refusal::new("no_node", "No node of the cluster takes new mailboxes.", next)
        };
        Ok(placed.ok_or_else(refusal)?.0)
    }
}

fn taken(domain: &DomainName, local: &str) -> Error {
    let refusal = if local.is_empty() {
        let next = "Change or delete the catch-all that is there.";
        Refusal::new(
            "already_exists",
            format!("{domain} has a catch-all already."),
            next,
        )
    } else {
        let next = "Choose another address, or delete what has this one.";
        Refusal::new(
            "already_exists",
            format!("{local}@{domain} already exists."),
            next,
        )
        .at("/local_part")
    };
    refusal.into()
}

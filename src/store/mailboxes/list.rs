//! Pages of mailboxes: one statement for every reach, because a reach is a range of keys.

use super::MailboxRow;
use crate::access::{MailboxRead, Reach, Span};
use crate::error::Error;
use crate::model::{Mailbox, Timestamp};
use crate::store::Store;
use crate::store::page::{Page, PageRequest};

/// What a list of mailboxes is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct MailboxFilter {
    /// Only in this state; nothing shows what is not in the bin.
    pub state: Option<StateFilter>,
    /// What is in the bin too, where no state is asked for. For mailboxes listed by address.
    pub include_deleted: bool,
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

/// The statement of a page, for one condition and the end of the order.
///
/// The `+` keeps SQLite from asking whether the value implies the condition of a partial index: it would have to prepare
/// the statement anew for every other value.
macro_rules! listing {
    ($condition:literal, $last:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM mailboxes m
             WHERE (m.org_path, m.domain, m.local_part, m.id) > ($1, $2, $3, $4) AND (m.org_path, m.domain) < ($5, $6)
               AND +m.fullness >= $7 AND m.updated_at >= $8 AND ",
            $condition,
            " ORDER BY m.org_path, m.domain, ",
            $last,
            " LIMIT $9 + 0"
        )
    };
}

impl Store {
    /// A page of the mailboxes in reach.
    pub async fn mailboxes(
        &self,
        reach: &Reach<MailboxRead>,
        filter: &MailboxFilter,
        page: &PageRequest,
    ) -> Result<Page<Mailbox>, Error> {
        let mut rows: Vec<MailboxRow> = Vec::new();
        for span in reach.spans() {
            let Some(wanted) = page.wanted(rows.len()) else {
                break;
            };
            if filter.include_deleted && filter.state.is_none() {
                rows.extend(self.all_mailbox_rows(span, filter, page, wanted).await?);
            } else {
                rows.extend(self.mailbox_rows(span, filter, page, wanted).await?);
            }
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
                mailbox.id.uuid().to_string(),
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

    /// What is in use and what is in the bin: each is listed by an index of its own, and both have one order.
    async fn all_mailbox_rows(
        &self,
        span: &Span,
        filter: &MailboxFilter,
        page: &PageRequest,
        wanted: i64,
    ) -> Result<Vec<MailboxRow>, Error> {
        let in_bin = MailboxFilter {
            state: Some(StateFilter::Deleted),
            ..filter.clone()
        };
        let mut rows = self.mailbox_rows(span, filter, page, wanted).await?;
        rows.extend(self.mailbox_rows(span, &in_bin, page, wanted).await?);
        let key = |row: &MailboxRow| {
            (
                row.org_path.clone(),
                row.domain.clone(),
                row.local_part.clone(),
                row.id,
            )
        };
        rows.sort_by_cached_key(key);
        rows.truncate(usize::try_from(wanted).unwrap_or(0));
        Ok(rows)
    }

    async fn mailbox_rows(
        &self,
        span: &Span,
        filter: &MailboxFilter,
        page: &PageRequest,
        wanted: i64,
    ) -> Result<Vec<MailboxRow>, Error> {
        if filter.sort == MailboxSort::Fullest {
            return self.mailbox_rows_fullest(span, filter, page, wanted).await;
        }
        if let Some(prefix) = &filter.prefix {
            return self.mailbox_rows_found(span, prefix, filter, page, wanted).await;
        }
        let sql = match filter.state {
            None => listing!("m.deleted_at IS NULL", "m.local_part"),
            Some(StateFilter::Active) => {
                listing!("m.deleted_at IS NULL AND m.suspended_at IS NULL", "m.local_part")
            }
            Some(StateFilter::Suspended) => {
                listing!(
                    "m.deleted_at IS NULL AND m.suspended_at IS NOT NULL",
                    "m.local_part"
                )
            }
            // An address may be in the bin several times, so there the id belongs to the order.
            Some(StateFilter::Deleted) => listing!("m.deleted_at IS NOT NULL", "m.local_part, m.id"),
        };
        let ((path, domain, local, id), high) = (page.beyond(span), span.high());
        let query = self.db.read(sql).bind(path).bind(domain).bind(local).bind(id);
        let query = query
            .bind(high.0)
            .bind(high.1)
            .bind(filter.percent_at_least.unwrap_or(0) * 10)
            .bind(filter.updated_since.map_or(i64::MIN, Timestamp::as_micros))
            .bind(wanted);
        Ok(query.fetch_page().await?)
    }

    async fn mailbox_rows_found(
        &self,
        span: &Span,
        prefix: &str,
        filter: &MailboxFilter,
        page: &PageRequest,
        wanted: i64,
    ) -> Result<Vec<MailboxRow>, Error> {
        let ((path, domain, local, id), low, high) = (page.beyond(span), span.low(), span.high());
        let states = [Some(StateFilter::Active), Some(StateFilter::Suspended)];
        let query = self.db.read(concat!(
            "SELECT ",
            columns!(),
            " FROM mailboxes m WHERE m.id IN (
               SELECT s.object_id FROM search_terms s
               WHERE (s.org_path, s.domain) >= ($5, $6) AND (s.org_path, s.domain) < ($7, $8)
                 AND s.term >= $9 AND s.term < $10 AND s.kind = 'mailbox')
               AND (m.org_path, m.domain, m.local_part, m.id) > ($1, $2, $3, $4)
               AND (m.deleted_at IS NOT NULL) = $11 AND ($12 OR (m.suspended_at IS NOT NULL) = $13)
               AND +m.fullness >= $14 AND m.updated_at >= $15
             ORDER BY m.org_path, m.domain, m.local_part, m.id LIMIT $16 + 0"
        ));
        let query = query.bind(path).bind(domain).bind(local).bind(id);
        let query = query.bind(low.0).bind(low.1).bind(high.0).bind(high.1);
        let rows = query
            .bind(prefix.to_owned())
            .bind(format!("{prefix}\u{10FFFF}"))
            .bind(filter.state == Some(StateFilter::Deleted))
            .bind(!states.contains(&filter.state))
            .bind(filter.state == Some(StateFilter::Suspended))
            .bind(filter.percent_at_least.unwrap_or(0) * 10)
            .bind(filter.updated_since.map_or(i64::MIN, Timestamp::as_micros))
            .bind(wanted)
            .fetch_page()
            .await?;
        Ok(rows)
    }

    async fn mailbox_rows_fullest(
        &self,
        span: &Span,
        filter: &MailboxFilter,
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
                " FROM mailboxes m
                 WHERE m.domain_id = (SELECT d.id FROM domains d WHERE d.org_path = $1 AND d.name = $2)
                   AND m.deleted_at IS NULL AND m.fullness >= 800 AND +m.fullness >= $6 AND m.updated_at >= $7
                   AND (m.fullness < $3 OR (m.fullness = $3 AND m.id > $4))
                 ORDER BY m.fullness DESC, m.id LIMIT $5 + 0"
            ))
            .bind(span.first.clone())
            .bind(span.domain.clone().unwrap_or_default())
            .bind(fullness)
            .bind(id)
            .bind(wanted)
            .bind(filter.percent_at_least.unwrap_or(0) * 10)
            .bind(filter.updated_since.map_or(i64::MIN, Timestamp::as_micros))
            .fetch_page()
            .await?;
        Ok(rows)
    }
}

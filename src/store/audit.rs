//! What happened, as far as the asker may see it. Entries are written by [`Change::commit`](super::Change::commit) only.

use std::time::Duration;

use uuid::Uuid;

use super::page::{Page, PageRequest};
use super::row::{Reading, time};
use super::{Store, corrupt};
use crate::access::{AuditRead, Guarded, OrgPath, Permit, Place};
use crate::db::{Db, Query, row};
use crate::error::Error;
use crate::model::{Detail, DomainId, EventId, EventKind, Timestamp};

row! {
    struct EventRow {
        id: Uuid, at: i64, kind: String, org_path: String, domain_id: Option<Uuid>, subject_kind: String,
        subject_id: Uuid, subject: String, actor: String, credential: String, request_id: String, detail: String,
    }
}

macro_rules! columns {
    () => {
        "id, at, kind, org_path, domain_id, subject_kind, subject_id, subject, actor, credential, request_id, detail"
    };
}

/// An entry of the audit.
#[derive(Clone, Debug)]
pub struct EventRecord {
    /// Its id; ids grow with time.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// Where.
    pub place: Place,
    /// What kind of thing it was about.
    pub subject_kind: String,
    /// The id of the thing.
    pub subject_id: Uuid,
    /// The name of the thing at the time.
    pub subject: String,
    /// Who did it.
    pub actor: String,
    /// By which kind of credential.
    pub credential: String,
    /// The request it was part of.
    pub request_id: String,
    /// In detail.
    pub detail: Detail,
}

/// What a list of events is narrowed to, and its order.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only those about this thing.
    pub subject: Option<Uuid>,
    /// In which order.
    pub order: EventOrder,
}

/// In which order events are listed.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum EventOrder {
    /// The newest first, for people.
    #[default]
    NewestFirst,
    /// The oldest first, for those who follow. What is younger than a few seconds waits where several write at once:
    /// their order of commits is not the order of their ids, and a follower must not pass one by.
    OldestFirst,
}

/// How long a transaction may take to commit what it has numbered.
const SETTLES_WITHIN: Duration = Duration::from_secs(5);

impl EventRow {
    fn record(self) -> Result<EventRecord, Error> {
        let reading = Reading {
            table: "events",
            id: &self.id,
        };
        let path = OrgPath::parse(&self.org_path).ok_or_else(|| corrupt("events", "org_path", &self.id))?;
        Ok(EventRecord {
            id: EventId::from(self.id),
            at: time(self.at),
            kind: reading.parsed("kind", EventKind::parse(&self.kind).ok_or(()))?,
            place: Place {
                org: path,
                domain: self.domain_id.map(DomainId::from),
            },
            detail: reading.parsed("detail", serde_json::from_str(&self.detail))?,
            subject_kind: self.subject_kind,
            subject_id: self.subject_id,
            subject: self.subject,
            actor: self.actor,
            credential: self.credential,
            request_id: self.request_id,
        })
    }
}

impl Store {
    /// A page of what happened at the place of the permit.
    pub async fn events(
        &self,
        permit: &Permit<AuditRead>,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Page<EventRecord>, Error> {
        let place = permit.place();
        let seen = page.part(0).and_then(|part| part.parse().ok());
        let query = match filter.order {
            EventOrder::NewestFirst => self.newest(filter, place).bind(seen.unwrap_or(Uuid::max())),
            EventOrder::OldestFirst => self.oldest(filter, place).bind(seen.unwrap_or(Uuid::nil())),
        };
        let query = query.bind(page.rows());
        // A domain may have belonged to another org: its history comes with it.
        let inside = place
            .domain
            .map_or_else(|| place.org.clone(), |_| OrgPath::root());
        let (path, end) = (inside.as_str().to_owned(), inside.end());
        let query = match filter.subject.or(place.domain.map(DomainId::uuid)) {
            Some(one) => query.bind(one).bind(path).bind(end),
            None if place.org == OrgPath::root() => query,
            None => query.bind(path).bind(end),
        };
        let mut rows: Vec<EventRow> = query.fetch_page().await?;
        // A thing stays in its domain: of one in another domain nothing is shown, of one in this everything.
        let is_here =
            |row: &EventRow| place.domain.is_none() || row.domain_id.map(DomainId::from) == place.domain;
        rows.retain(|row| is_here(row) && row.at <= self.settled_until(filter.order));
        let rows = Page::of(rows, page.limit, |row| vec![row.id.to_string()]);
        let items = rows
            .items
            .into_iter()
            .map(EventRow::record)
            .collect::<Result<_, _>>()?;
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    /// What was purged under this id, if anything was: its kind and the name that it had.
    pub async fn purged(&self, id: Uuid) -> Result<Option<Guarded<(String, String)>>, Error> {
        let row: Option<(String, String, Option<Uuid>, String)> = self
            .db
            .read(
                "SELECT subject_kind, org_path, domain_id, subject FROM events WHERE subject_id = $1
                   AND kind IN ('mailbox.purged', 'alias.purged', 'domain.purged', 'org.purged')
                 ORDER BY id DESC LIMIT 1",
            )
            .bind(id)
            .fetch_optional()
            .await?;
        let Some((kind, path, domain, name)) = row else {
            return Ok(None);
        };
        let place = Place {
            org: OrgPath::parse(&path).ok_or_else(|| corrupt("events", "org_path", &id))?,
            domain: domain.map(DomainId::from),
        };
        Ok(Some(Guarded::new(place, (kind, name))))
    }

    fn newest(&self, filter: &EventFilter, place: &Place) -> Query<'_> {
        match (filter.subject, place.domain) {
            (Some(_), _) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id < $1 AND subject_id = $3 AND org_path >= $4 AND org_path < $5
                  ORDER BY id DESC LIMIT $2 + 0"
            )),
            (None, Some(_)) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id < $1 AND domain_id = $3 AND org_path >= $4 AND org_path < $5
                  ORDER BY id DESC LIMIT $2 + 0"
            )),
            // Everything is walked by time.
            (None, None) if place.org == OrgPath::root() => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id < $1 ORDER BY id DESC LIMIT $2 + 0"
            )),
            (None, None) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id < $1 AND org_path >= $3 AND org_path < $4 ORDER BY id DESC LIMIT $2 + 0"
            )),
        }
    }

    fn oldest(&self, filter: &EventFilter, place: &Place) -> Query<'_> {
        match (filter.subject, place.domain) {
            (Some(_), _) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id > $1 AND subject_id = $3 AND org_path >= $4 AND org_path < $5
                  ORDER BY id LIMIT $2 + 0"
            )),
            (None, Some(_)) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id > $1 AND domain_id = $3 AND org_path >= $4 AND org_path < $5
                  ORDER BY id LIMIT $2 + 0"
            )),
            (None, None) if place.org == OrgPath::root() => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id > $1 ORDER BY id LIMIT $2 + 0"
            )),
            (None, None) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id > $1 AND org_path >= $3 AND org_path < $4 ORDER BY id LIMIT $2 + 0"
            )),
        }
    }

    /// Up to when every event is there that ever will be.
    fn settled_until(&self, order: EventOrder) -> i64 {
        match (order, &self.db) {
            (EventOrder::OldestFirst, Db::Postgres { .. }) => {
                self.clock.now().minus(SETTLES_WITHIN).as_micros()
            }
            _ => i64::MAX,
        }
    }
}

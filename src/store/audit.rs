//! What happened, as far as the asker may see it. Entries are written by [`Change::commit`](super::Change::commit) only.

use uuid::Uuid;

use super::page::{Page, PageRequest};
use super::row::{Reading, time};
use super::{Store, corrupt};
use crate::access::{AuditRead, OrgPath, Permit, Place};
use crate::db::row;
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

/// What a list of events is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only those about this thing.
    pub subject: Option<Uuid>,
    /// Only those in this domain.
    pub domain: Option<DomainId>,
}

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
    /// A page of what happened at the place of the permit, the newest first.
    pub async fn events(
        &self,
        permit: &Permit<AuditRead>,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Page<EventRecord>, Error> {
        let before = page
            .part(0)
            .and_then(|part| part.parse().ok())
            .unwrap_or(Uuid::max());
        let place = permit.place();
        let (path, end) = (place.org.as_str().to_owned(), place.org.end());
        let one = filter.subject.or(place.domain.map(DomainId::uuid));
        let query = match (one, filter.subject) {
            (Some(_), Some(_)) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id < $1 AND subject_id = $3 AND org_path >= $4 AND org_path < $5
                 ORDER BY id DESC LIMIT $2"
            )),
            (Some(_), None) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id < $1 AND domain_id = $3 AND org_path >= $4 AND org_path < $5
                 ORDER BY id DESC LIMIT $2"
            )),
            // Everything is walked by time.
            (None, _) if place.org == OrgPath::root() => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id < $1 ORDER BY id DESC LIMIT $2"
            )),
            (None, _) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id < $1 AND org_path >= $3 AND org_path < $4 ORDER BY id DESC LIMIT $2"
            )),
        };
        let query = query.bind(before).bind(page.rows());
        let query = match one {
            Some(one) => query.bind(one).bind(path).bind(end),
            None if place.org == OrgPath::root() => query,
            None => query.bind(path).bind(end),
        };
        let rows: Vec<EventRow> = query.fetch_all().await?;
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
}

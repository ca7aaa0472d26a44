//! What happened, as far as the asker may see it. Entries are written by [`Change::commit`](super::Change::commit) only.

use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use super::page::{Page, PageRequest};
use super::row::{Reading, time};
use super::{Store, corrupt};
use crate::access::{Guarded, OrgPath, Permit, Place, ReadsAudit};
use crate::db::{Db, Query, row};
use crate::error::Error;
use crate::model::{AccountId, Detail, DomainId, EventId, EventKind, Timestamp, Topic};

row! {
    struct EventRow {
        id: Uuid, at: i64, kind: String, org_path: String, domain_id: Option<Uuid>, subject_kind: String,
        subject_id: Uuid, subject: String, actor_id: Option<Uuid>, actor: String, credential: String, request_id: String, detail: String,
    }
}

macro_rules! columns {
    () => {
        "events.id, events.at, events.kind, events.org_path, events.domain_id, events.subject_kind, events.subject_id,
         events.subject, events.actor_id, events.actor, events.credential, events.request_id, events.detail"
    };
}
mod former;

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
    /// Whose account did it; nothing for the portal itself, the command line and one-time links.
    pub account: Option<AccountId>,
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
    /// Only what somebody did.
    pub who: Option<Who>,
    /// Only events of this topic.
    pub topic: Option<Topic>,
    /// Only those about things with this in their name.
    pub about: Option<String>,
    /// Only those of this moment and later.
    pub from: Option<Timestamp>,
    /// Only those of before this moment.
    pub until: Option<Timestamp>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// This account.
    Account(AccountId),
    /// Whoever has this in their name.
    Named(String),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => account.fmt(f),
            Self::Named(part) => f.write_str(part),
        }
    }
}

impl EventFilter {
    /// Whether some of what is looked at may not be what is looked for.
    pub fn is_narrow(&self) -> bool {
        self.who.is_some()
            || self.topic.is_some()
            || self.about.is_some()
            || self.from.is_some()
            || self.until.is_some()
    }

    fn wants(&self, event: &EventRecord) -> bool {
        let has = |name: &str, part: &str| name.to_lowercase().contains(&part.to_lowercase());
        self.topic.is_none_or(|topic| topic.includes(event.kind))
            && self.from.is_none_or(|from| event.at >= from)
            && self.until.is_none_or(|until| event.at < until)
            && self.about.as_ref().is_none_or(|part| has(&event.subject, part))
            && self.who.as_ref().is_none_or(|who| match who {
                Who::Account(account) => event.account == Some(*account),
                Who::Named(part) => has(&event.actor, part),
            })
    }

    /// The ids between which the wanted events are, without either. An id is made when its event is written, a little
    /// after the moment of the event.
    fn ids(&self) -> (Uuid, Uuid) {
        let low = self.from.map_or(Uuid::nil(), first_id);
        let high = self.until.map(|until| until.plus(WRITTEN_WITHIN));
        (low, high.map_or(Uuid::max(), first_id))
    }
}

/// The first id that can be made at this moment.
fn first_id(at: Timestamp) -> Uuid {
    let millis = (at.as_micros().max(0) / 1000).unsigned_abs();
    Uuid::from_u128(u128::from(millis) << 80)
}

/// How much younger than its event an id is at most, with a clock that was set back meanwhile.
const WRITTEN_WITHIN: Duration = Duration::from_hours(1);

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
            account: self.actor_id.map(AccountId::from),
            actor: self.actor,
            credential: self.credential,
            request_id: self.request_id,
        })
    }
}

impl Store {
    /// What happened at the place of the permit, as far as it is wanted, of as many events as the page has. Where it
    /// goes on is behind the last event that was looked at.
    pub async fn events<P: ReadsAudit>(
        &self,
        permit: &Permit<P>,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Page<EventRecord>, Error> {
        let place = permit.place();
        let seen = page.part(0).and_then(|part| part.parse::<Uuid>().ok());
        let (low, high) = filter.ids();
        let query = match filter.order {
            EventOrder::NewestFirst => self.newest(filter, place),
            EventOrder::OldestFirst => self.oldest(filter, place),
        };
        let bound = match filter.order {
            EventOrder::NewestFirst => high.min(seen.unwrap_or(high)),
            EventOrder::OldestFirst => low.max(seen.unwrap_or(low)),
        };
        let query = query.bind(bound).bind(page.rows()).bind(match filter.order {
            EventOrder::NewestFirst => low,
            EventOrder::OldestFirst => high,
        });
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
        // An org may have been elsewhere in the tree: what happened there until it left is still told of it.
        if place.domain.is_none() && place.org != OrgPath::root() {
            let former = self
                .former_events(&place.org, filter, (bound, page.rows()))
                .await?;
            rows.extend(former.into_iter().filter(|row| low < row.id && row.id < high));
            rows.sort_by_key(|row| row.id);
            rows.dedup_by_key(|row| row.id);
            if filter.order == EventOrder::NewestFirst {
                rows.reverse();
            }
        }
        rows.retain(|row| row.at <= self.settled_until(filter.order));
        let rows = Page::of(rows, page.limit, |row| vec![row.id.to_string()]);
        // A thing stays in its domain: of one in another domain nothing is shown, of one in this everything.
        let is_here = |event: &EventRecord| place.domain.is_none() || event.place.domain == place.domain;
        let mut items = Vec::with_capacity(rows.items.len());
        for row in rows.items {
            let event = row.record()?;
            if is_here(&event) && filter.wants(&event) {
                items.push(event);
            }
        }
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    /// What a part of the tree is called: which kind of thing it is, its id and its name.
    pub async fn named(&self, place: &Place) -> Result<(&'static str, Uuid, String), Error> {
        let (kind, query) = if let Some(domain) = place.domain {
            let query = self.db.read("SELECT id, name FROM domains WHERE id = $1");
            ("domain", query.bind(domain.uuid()))
        } else {
            let query = self.db.read("SELECT id, name FROM orgs WHERE path = $1");
            ("org", query.bind(place.org.as_str().to_owned()))
        };
        let row: Option<(Uuid, String)> = query.fetch_optional().await?;
        let (id, name) = row.ok_or_else(|| corrupt("events", "org_path", &place.org))?;
        Ok((kind, id, name))
    }

    /// Which thing an event is about. It says nothing of the thing: whoever asks has to open that.
    pub async fn event_about(&self, id: EventId) -> Result<Option<(String, Uuid)>, Error> {
        let query = self
            .db
            .read("SELECT subject_kind, subject_id FROM events WHERE id = $1");
        Ok(query.bind(id.uuid()).fetch_optional().await?)
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
                " FROM events WHERE id < $1 AND id > $3 AND subject_id = $4 AND org_path >= $5 AND org_path < $6
                  ORDER BY id DESC LIMIT $2 + 0"
            )),
            (None, Some(_)) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id < $1 AND id > $3 AND domain_id = $4 AND org_path >= $5 AND org_path < $6
                  ORDER BY id DESC LIMIT $2 + 0"
            )),
            // Everything is walked by time.
            (None, None) if place.org == OrgPath::root() => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id < $1 AND id > $3 ORDER BY id DESC LIMIT $2 + 0"
            )),
            // With the second border plain, SQLite would walk everything by id instead of the one customer's history.
            (None, None) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id < $1 AND COALESCE(id, $3) > $3 AND org_path >= $4 AND org_path < $5
                  ORDER BY id DESC LIMIT $2 + 0"
            )),
        }
    }

    fn oldest(&self, filter: &EventFilter, place: &Place) -> Query<'_> {
        match (filter.subject, place.domain) {
            (Some(_), _) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id > $1 AND id < $3 AND subject_id = $4 AND org_path >= $5 AND org_path < $6
                  ORDER BY id LIMIT $2 + 0"
            )),
            (None, Some(_)) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id > $1 AND id < $3 AND domain_id = $4 AND org_path >= $5 AND org_path < $6
                  ORDER BY id LIMIT $2 + 0"
            )),
            (None, None) if place.org == OrgPath::root() => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id > $1 AND id < $3 ORDER BY id LIMIT $2 + 0"
            )),
            (None, None) => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM events WHERE id > $1 AND COALESCE(id, $3) < $3 AND org_path >= $4 AND org_path < $5
                  ORDER BY id LIMIT $2 + 0"
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

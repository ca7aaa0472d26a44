//! What happened to orgs where they were before they were moved.

use uuid::Uuid;

use super::{EventFilter, EventOrder, EventRow};
use crate::access::OrgPath;
use crate::error::Error;
use crate::store::Store;

impl Store {
    /// A page of what happened in the org at `path` and below it, while it was elsewhere in the tree.
    pub(super) async fn former_events(
        &self,
        path: &OrgPath,
        filter: &EventFilter,
        (bound, rows): (Uuid, i64),
    ) -> Result<Vec<EventRow>, Error> {
        let query = match filter.order {
            EventOrder::NewestFirst => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM former_paths f JOIN orgs o ON o.id = f.org_id
                    JOIN events ON events.org_path = f.path AND events.at <= f.left_at
                  WHERE o.path >= $1 AND o.path < $2 AND events.id < $3 AND ($4 OR events.subject_id = $5)
                  ORDER BY events.id DESC LIMIT $6 + 0"
            )),
            EventOrder::OldestFirst => self.db.read(concat!(
                "SELECT ",
                columns!(),
                " FROM former_paths f JOIN orgs o ON o.id = f.org_id
                    JOIN events ON events.org_path = f.path AND events.at <= f.left_at
                  WHERE o.path >= $1 AND o.path < $2 AND events.id > $3 AND ($4 OR events.subject_id = $5)
                  ORDER BY events.id LIMIT $6 + 0"
            )),
        };
        let found = query
            .bind(path.as_str().to_owned())
            .bind(path.end())
            .bind(bound)
            .bind(filter.subject.is_none())
            .bind(filter.subject.unwrap_or_default())
            .bind(rows)
            .fetch_page()
            .await?;
        Ok(found)
    }
}

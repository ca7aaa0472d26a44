//! Pages of aliases: one statement for every reach, because a reach is a range of keys.

use std::collections::HashMap;

use super::{AliasRow, destinations};
use crate::access::{AliasRead, Reach, Span};
use crate::error::Error;
use crate::model::{Alias, Timestamp};
use crate::store::page::{Page, PageRequest};
use crate::store::row::{fifty, of_each};
use crate::store::{MailboxFilter, StateFilter, Store};

impl Store {
    /// A page of the aliases in reach.
    pub async fn aliases(
        &self,
        reach: &Reach<AliasRead>,
        filter: &MailboxFilter,
        page: &PageRequest,
    ) -> Result<Page<Alias>, Error> {
        let mut rows: Vec<AliasRow> = Vec::new();
        for span in reach.spans() {
            let Some(wanted) = page.wanted(rows.len()) else {
                break;
            };
            rows.extend(self.alias_rows(span, filter, page, wanted).await?);
        }
        let key = |row: &AliasRow| {
            let address = [row.org_path.clone(), row.domain.clone(), row.local_part.clone()];
            address.into_iter().chain([row.id.to_string()]).collect()
        };
        let rows = Page::of(rows, page.limit, key);
        let ids: Vec<uuid::Uuid> = rows.items.iter().map(|row| row.id).collect();
        let found: Vec<(uuid::Uuid, String)> = of_each(
            &self.db,
            concat!(
                "SELECT alias_id, destination FROM alias_destinations WHERE alias_id IN (",
                fifty!(),
                ") ORDER BY alias_id, destination"
            ),
            &ids,
        )
        .await?;
        let mut of: HashMap<uuid::Uuid, Vec<(String,)>> = HashMap::new();
        for (id, destination) in found {
            of.entry(id).or_default().push((destination,));
        }
        let whole = |row: AliasRow| {
            let destinations = destinations(row.id, &of.remove(&row.id).unwrap_or_default())?;
            row.alias(destinations)
        };
        let items = rows.items.into_iter().map(whole).collect::<Result<_, Error>>()?;
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    async fn alias_rows(
        &self,
        span: &Span,
        filter: &MailboxFilter,
        page: &PageRequest,
        wanted: i64,
    ) -> Result<Vec<AliasRow>, Error> {
        if let Some(prefix) = &filter.prefix {
            return self.alias_rows_found(span, prefix, filter, page, wanted).await;
        }
        let sql = match filter.state {
            // An address may be in the bin several times, so there its id belongs to the order.
            Some(StateFilter::Deleted) => concat!(
                "SELECT ",
                columns!(),
                " FROM aliases a
                 WHERE (a.org_path, a.domain, a.local_part, a.id) > ($1, $2, $3, $4)
                   AND (a.org_path, a.domain) < ($5, $6) AND a.deleted_at IS NOT NULL AND a.updated_at >= $7
                 ORDER BY a.org_path, a.domain, a.local_part, a.id LIMIT $8 + 0"
            ),
            None | Some(StateFilter::Active | StateFilter::Suspended) => concat!(
                "SELECT ",
                columns!(),
                " FROM aliases a
                 WHERE (a.org_path, a.domain, a.local_part, a.id) > ($1, $2, $3, $4)
                   AND (a.org_path, a.domain) < ($5, $6) AND a.deleted_at IS NULL AND a.updated_at >= $7
                   AND ($9 OR a.enabled = $10)
                 ORDER BY a.org_path, a.domain, a.local_part LIMIT $8 + 0"
            ),
        };
        let (after, high) = (page.beyond(span), span.high());
        let query = self
            .db
            .read(sql)
            .bind(after.0)
            .bind(after.1)
            .bind(after.2)
            .bind(after.3);
        let query = query
            .bind(high.0)
            .bind(high.1)
            .bind(filter.updated_since.map_or(i64::MIN, Timestamp::as_micros))
            .bind(wanted);
        let query = match filter.state {
            Some(StateFilter::Deleted) => query,
            state => query
                .bind(state.is_none())
                .bind(state == Some(StateFilter::Active)),
        };
        Ok(query.fetch_page().await?)
    }

    async fn alias_rows_found(
        &self,
        span: &Span,
        prefix: &str,
        filter: &MailboxFilter,
        page: &PageRequest,
        wanted: i64,
    ) -> Result<Vec<AliasRow>, Error> {
        let (after, low, high) = (page.beyond(span), span.low(), span.high());
        let states = [Some(StateFilter::Active), Some(StateFilter::Suspended)];
        let query = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM aliases a WHERE a.id IN (
                   SELECT s.object_id FROM search_terms s
                   WHERE (s.org_path, s.domain) >= ($5, $6) AND (s.org_path, s.domain) < ($7, $8)
                     AND s.term >= $9 AND s.term < $10 AND s.kind = 'alias')
                   AND (a.org_path, a.domain, a.local_part, a.id) > ($1, $2, $3, $4)
                   AND (a.deleted_at IS NOT NULL) = $11 AND ($12 OR a.enabled = $13) AND a.updated_at >= $14
                 ORDER BY a.org_path, a.domain, a.local_part, a.id LIMIT $15 + 0"
            ))
            .bind(after.0)
            .bind(after.1)
            .bind(after.2)
            .bind(after.3);
        let rows = query
            .bind(low.0)
            .bind(low.1)
            .bind(high.0)
            .bind(high.1)
            .bind(prefix.to_owned())
            .bind(format!("{prefix}\u{10FFFF}"))
            .bind(filter.state == Some(StateFilter::Deleted))
            .bind(!states.contains(&filter.state))
            .bind(filter.state == Some(StateFilter::Active))
            .bind(filter.updated_since.map_or(i64::MIN, Timestamp::as_micros))
            .bind(wanted)
            .fetch_page()
            .await?;
        Ok(rows)
    }
}

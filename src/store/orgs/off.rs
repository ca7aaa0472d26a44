//! What an org that is switched off, or in the bin, stops: the mail of every domain below it, and the sign-in of every
//! account. It is worked out from the orgs themselves, so that each of several suspensions above ends on its own.

use super::Orgs;
use crate::access::{OrgPath, Permission, WritesOrgs};
use crate::error::Error;
use crate::model::{AccountId, ObjectKind, Refusal, Touched};
use crate::store::change::Change;
use crate::store::corrupt;

/// A stretch of paths, and whether what is there is off.
type Stretch = (String, String, bool);

impl<P: WritesOrgs> Orgs<'_, P> {
    /// Works out anew what is off below the org of the permit. Domains for which that has changed come back.
    pub async fn spread_suspension(&mut self) -> Result<Vec<Touched>, Error> {
        let path = self.0.permit.place().org.clone();
        self.0.spread_off(&path).await
    }

    /// Refuses to shut out whoever asks.
    pub async fn spares(&mut self, account: Option<AccountId>) -> Result<(), Error> {
        let path = self.0.permit.place().org.clone();
        let inside: Option<(i64,)> = self
            .0
            .tx
            .query(
                "SELECT CAST(1 AS BIGINT) FROM accounts WHERE id = $1 AND org_path >= $2 AND org_path < $3",
            )
            .bind(account.map(AccountId::uuid))
            .bind(path.as_str().to_owned())
            .bind(path.end())
            .fetch_optional()
            .await?;
        if inside.is_none() {
            return Ok(());
        }
        let next = "Ask somebody of the org above it.";
        Err(Refusal::new("own_org", "Your own account belongs to it.", next).into())
    }
}

impl<P: Permission> Change<P> {
    /// Works out anew what is off below `path`. Domains for which that has changed come back.
    pub(in crate::store) async fn spread_off(&mut self, path: &OrgPath) -> Result<Vec<Touched>, Error> {
        let shut = self.shut_above(path).await?;
        let below = if shut {
            Vec::new()
        } else {
            self.shut_below(path).await?
        };
        for (first, end, off) in stretches(path, shut, below) {
            self.set_accounts_off(first, end, off)?;
        }
        let silent = self.suspended_above(path).await?;
        let below = if silent {
            Vec::new()
        } else {
            self.silent_below(path).await?
        };
        let mut touched = Vec::new();
        for (first, end, off) in stretches(path, silent, below) {
            touched.extend(self.set_domains_off(first, end, off).await?);
        }
        Ok(touched)
    }

    /// Whether the mail of this org stops, because of it or of one above it.
    pub(in crate::store) async fn suspended_above(&mut self, org: &OrgPath) -> Result<bool, Error> {
        for path in std::iter::once(OrgPath::root()).chain(org.chain()) {
            let off: Option<(bool,)> = self
                .tx
                .query("SELECT suspended_at IS NOT NULL AND NOT suspended_keeps FROM orgs WHERE path = $1")
                .bind(path.as_str().to_owned())
                .fetch_optional()
                .await?;
            if off == Some((true,)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn shut_above(&mut self, org: &OrgPath) -> Result<bool, Error> {
        for path in std::iter::once(OrgPath::root()).chain(org.chain()) {
            let off: Option<(bool,)> = self
                .tx
                .query("SELECT suspended_at IS NOT NULL OR deleted_at IS NOT NULL FROM orgs WHERE path = $1")
                .bind(path.as_str().to_owned())
                .fetch_optional()
                .await?;
            if off == Some((true,)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn shut_below(&mut self, path: &OrgPath) -> Result<Vec<OrgPath>, Error> {
        let rows: Vec<(String,)> = self
            .tx
            .query(
                "SELECT path FROM orgs WHERE path > $1 AND path < $2
                   AND (suspended_at IS NOT NULL OR deleted_at IS NOT NULL) ORDER BY path",
            )
            .bind(path.as_str().to_owned())
            .bind(path.end())
            .fetch_all()
            .await?;
        parsed(rows)
    }

    async fn silent_below(&mut self, path: &OrgPath) -> Result<Vec<OrgPath>, Error> {
        let rows: Vec<(String,)> = self
            .tx
            .query(
                "SELECT path FROM orgs WHERE path > $1 AND path < $2 AND suspended_at IS NOT NULL
                   AND NOT suspended_keeps ORDER BY path",
            )
            .bind(path.as_str().to_owned())
            .bind(path.end())
            .fetch_all()
            .await?;
        parsed(rows)
    }

    fn set_accounts_off(&mut self, first: String, end: String, off: bool) -> Result<(), Error> {
        self.tx
            .query(
                "UPDATE accounts SET access_version = access_version + 1, org_suspended = $3
                 WHERE org_path >= $1 AND org_path < $2 AND org_suspended <> $3",
            )
            .bind(first)
            .bind(end)
            .bind(off)
            .later()
    }

    async fn set_domains_off(
        &mut self,
        first: String,
        end: String,
        off: bool,
    ) -> Result<Vec<Touched>, Error> {
        let rows: Vec<(uuid::Uuid, i64)> = self
            .tx
            .query(
                "UPDATE domains SET version = version + 1, updated_at = $3, org_suspended = $4
                 WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL AND org_suspended <> $4
                 RETURNING id, version",
            )
            .bind(first)
            .bind(end)
            .bind(self.now.as_micros())
            .bind(off)
            .fetch_all()
            .await?;
        let kind = ObjectKind::Domain;
        Ok(rows
            .into_iter()
            .map(|(id, version)| Touched { kind, id, version })
            .collect())
    }
}

fn parsed(rows: Vec<(String,)>) -> Result<Vec<OrgPath>, Error> {
    let parse = |(text,): (String,)| OrgPath::parse(&text).ok_or_else(|| corrupt("orgs", "path", &text));
    rows.into_iter().map(parse).collect()
}

/// What is below an org that is still off stays off; everything between such orgs is on.
fn stretches(path: &OrgPath, all_off: bool, off_below: Vec<OrgPath>) -> Vec<Stretch> {
    if all_off {
        return vec![(path.as_str().to_owned(), path.end(), true)];
    }
    let mut found = Vec::new();
    let mut from = path.as_str().to_owned();
    for off in off_below {
        if off.as_str() >= from.as_str() {
            found.push((from, off.as_str().to_owned(), false));
            found.push((off.as_str().to_owned(), off.end(), true));
            from = off.end();
        }
    }
    found.push((from, path.end(), false));
    found
}

//! What an org or a domain may hold, what it promised, holds and has left, and who can raise it.

use super::{App, accounts, domains, orgs};
use crate::access::{Action, Call};
use crate::error::Error;
use crate::model::{DomainName, Limits, Org, OrgId, Promise, Promised, Quota, Sharing, Usage};

/// One kind of thing that is counted.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// At most so many; nothing is unlimited.
    pub limit: Option<i64>,
    /// What was promised to those right below.
    pub allocated: Promise,
    /// What is held, with everything below.
    pub used: i64,
    /// What may still be promised; nothing is unlimited.
    pub assignable: Option<i64>,
}

impl Line {
    fn of(limit: Option<i64>, allocated: Promise, used: i64, sharing: Sharing) -> Self {
        let left = |most: i64| sharing.promises(most).saturating_sub(allocated.sum).max(0);
        Self {
            limit,
            allocated,
            used,
            assignable: limit.map(left),
        }
    }

    /// What may still be added; nothing is unlimited.
    pub fn free(self) -> Option<i64> {
        self.limit.map(|most| most.saturating_sub(self.used).max(0))
    }
}

/// Somebody who can raise limits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Raiser {
    /// Their name.
    pub name: String,
    /// Where to write to them.
    pub email: String,
}

/// The limits of an org or a domain, and what became of them.
#[derive(Clone, Debug)]
pub struct PoolOf {
    /// Domains; for orgs only.
    pub domains: Option<Line>,
    /// Mailboxes.
    pub mailboxes: Line,
    /// Aliases.
    pub aliases: Line,
    /// Accounts; for orgs only.
    pub accounts: Option<Line>,
    /// Bytes of quota.
    pub quota: Line,
    /// The largest quota of one mailbox.
    pub mailbox_quota: Quota,
    /// How the limits are handed on; for orgs only.
    pub sharing: Option<Sharing>,
    /// Out of whose limits these come, if the asker may see it.
    pub given_by: Option<(OrgId, String)>,
    /// Who can raise them, as far as the asker may see it.
    pub raised_by: Vec<Raiser>,
}

impl PoolOf {
    fn of(limits: &Limits, usage: Usage, promised: Promised) -> Self {
        let sharing = limits.sharing;
        let line = |limit, allocated, used| Line::of(limit, allocated, used, sharing);
        Self {
            domains: Some(line(limits.domains.to_db(), promised.domains, usage.domains)),
            mailboxes: line(limits.mailboxes.to_db(), promised.mailboxes, usage.mailboxes),
            aliases: line(limits.aliases.to_db(), promised.aliases, usage.aliases),
            accounts: Some(line(limits.accounts.to_db(), promised.accounts, usage.accounts)),
            quota: line(limits.quota.to_db(), promised.quota, usage.quota_bytes),
            mailbox_quota: limits.mailbox_quota,
            sharing: Some(sharing),
            given_by: None,
            raised_by: Vec::new(),
        }
    }
}

/// The pool of an org.
pub async fn of_org(app: &App, call: &Call, id: OrgId) -> Result<(Org, PoolOf), Error> {
    let (org, permit) = orgs::get(app, call, id).await?;
    let promised = app.store.promised(&permit).await?;
    let mut pool = PoolOf::of(&org.limits, org.usage, promised);
    pool.given_by = seen(app, call, org.parent_id)
        .await?
        .map(|above| (above.id, above.name.to_string()));
    pool.raised_by = raisers(app, call, org.parent_id).await?;
    Ok((org, pool))
}

/// The pool of a domain, and the version of the domain.
pub async fn of_domain(app: &App, call: &Call, name: &DomainName) -> Result<(i64, PoolOf), Error> {
    let (domain, _) = domains::get(app, call, name).await?;
    let pool = PoolOf::of(&domain.limits, domain.usage, Promised::default());
    let above = seen(app, call, Some(domain.org_id)).await?;
    let pool = PoolOf {
        domains: None,
        accounts: None,
        sharing: None,
        given_by: above.map(|org| (org.id, org.name.to_string())),
        raised_by: raisers(app, call, Some(domain.org_id)).await?,
        ..pool
    };
    Ok((domain.version, pool))
}

async fn seen(app: &App, call: &Call, id: Option<OrgId>) -> Result<Option<Org>, Error> {
    let Some(id) = id else { return Ok(None) };
    match orgs::get(app, call, id).await {
        Ok((org, _)) => Ok(Some(org)),
        Err(Error::NotFound(_) | Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Those who may give limits from `id` or an org above it, as far as the asker may see who manages there.
async fn raisers(app: &App, call: &Call, id: Option<OrgId>) -> Result<Vec<Raiser>, Error> {
    let mut found = Vec::new();
    let mut at = id;
    while let Some(id) = at {
        match accounts::at_org(app, call, id).await {
            Ok(grants) => {
                let now = call.actor.now();
                let able = grants.into_iter().filter(|record| {
                    let grant = &record.given.grant;
                    grant.holds.has(Action::LimitsAssign) && grant.expires_at.is_none_or(|end| now < end)
                });
                found.extend(able.map(|record| Raiser {
                    name: record.holder,
                    email: record.email,
                }));
            }
            Err(Error::NotFound(_) | Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        at = seen(app, call, Some(id)).await?.and_then(|org| org.parent_id);
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// What is held above new limits, in sentences that say what comes of it.
pub fn above(name: &str, limits: &Limits, usage: Usage) -> Vec<String> {
    let kinds = [
        ("domains", limits.domains.to_db(), usage.domains),
        ("mailboxes", limits.mailboxes.to_db(), usage.mailboxes),
        ("aliases", limits.aliases.to_db(), usage.aliases),
        ("accounts", limits.accounts.to_db(), usage.accounts),
    ];
    let over = |(what, limit, held): (&str, Option<i64>, i64)| {
        let most = limit.filter(|most| held > *most)?;
        Some(format!(
            "{name} holds {held} {what} and may hold {most}: they stay, and none can be added until {} are deleted.",
            held - most + 1
        ))
    };
    let mut found: Vec<String> = kinds.into_iter().filter_map(over).collect();
    if limits.quota.to_db().is_some_and(|most| usage.quota_bytes > most) {
        found.push(format!(
            "The quotas of {name} are together more than {}: they stay, and none can be raised until others are lowered.",
            limits.quota
        ));
    }
    if limits.quota != Quota::Unlimited && usage.unlimited > 0 {
        found.push(format!(
            "{} mailboxes of {name} are unlimited and stay so; no other can be.",
            usage.unlimited
        ));
    }
    found
}

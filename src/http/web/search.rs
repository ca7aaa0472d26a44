//! The box that finds everything.

use axum::extract::Query;
use serde::Deserialize;

use super::answer::{Answer, page, see};
use super::nav::Here;
use super::pages::common::{Hit as HitRow, HitGroup, Search, Suggestions};
use super::view::{Badge, Chrome, Link, words};
use super::visitor::Visitor;
use crate::error::Error;
use crate::model::{AliasId, DomainName, MailboxId, OrgId};
use crate::service::{domains, search};
use crate::store::{Hit, HitKind};

/// Hits of one kind on the page.
const MOST_OF_A_KIND: usize = 20;
/// Hits below the box while somebody types.
const MOST_SUGGESTED: usize = 8;
/// How like a word must be to be meant: 1 is the same.
const ALIKE: f64 = 0.65;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
}

pub(super) async fn results(visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let query = asked.q.trim();
    if let Some(path) = whole_domain(&visitor, query).await? {
        return Ok(see(&path));
    }
    let hits = search::find(&visitor.app, &visitor.call, query, search::MOST_HITS).await?;
    if let Some(hit) = the_one(&hits, query) {
        return Ok(see(&href(hit)));
    }
    let did_you_mean = if hits.is_empty() && !query.is_empty() {
        meant(&visitor, query).await?
    } else {
        None
    };
    let chrome = Chrome {
        query: query.to_owned(),
        ..visitor.chrome(&Here::Nowhere).await?
    };
    page(&Search {
        chrome,
        query: query.to_owned(),
        did_you_mean,
        groups: groups(&hits),
    })
}

/// `@brightwater.example` is the domain itself.
async fn whole_domain(visitor: &Visitor, query: &str) -> Result<Option<String>, Error> {
    let Some(Ok(name)) = query.strip_prefix('@').map(str::parse::<DomainName>) else {
        return Ok(None);
    };
    match domains::get(&visitor.app, &visitor.call, &name).await {
        Ok((domain, _)) => Ok(Some(format!("/domains/{}", domain.name))),
        Err(Error::NotFound(_) | Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The only hit, or the one that is called exactly so: by its name, its address, or what stands before the @.
fn the_one<'a>(hits: &'a [Hit], query: &str) -> Option<&'a Hit> {
    if let [only] = hits {
        return Some(only).filter(|hit| !hit.deleted);
    }
    let wanted = search::pasted(query);
    let called = |is_it: &dyn Fn(&Hit) -> bool| {
        let mut found = hits.iter().filter(|hit| !hit.deleted && is_it(hit));
        found.next().filter(|_| found.next().is_none())
    };
    called(&|hit| hit.title == wanted).or_else(|| {
        called(&|hit| {
            hit.title
                .split_once('@')
                .is_some_and(|(local, _)| local == wanted)
        })
    })
}

/// What might have been meant, when nothing was found: the likest word that begins alike.
async fn meant(visitor: &Visitor, query: &str) -> Result<Option<Link>, Error> {
    let wanted = search::pasted(query);
    let start: String = wanted.chars().take(2).collect();
    let near = search::find(&visitor.app, &visitor.call, &start, search::MOST_HITS).await?;
    let texts = near
        .iter()
        .flat_map(|hit| [hit.title.as_str(), hit.subtitle.as_str()]);
    let words = texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let words = words.map(str::to_lowercase).filter(|word| word.len() > 2);
    let judged = words.map(|word| (strsim::normalized_damerau_levenshtein(&word, &wanted), word));
    let best = judged.max_by(|(a, _), (b, _)| a.total_cmp(b));
    Ok(best.filter(|(alike, _)| *alike >= ALIKE).map(|(_, word)| {
        let path = format!("/search?q={}", words::query(&word));
        Link::new(path, word)
    }))
}

fn groups(hits: &[Hit]) -> Vec<HitGroup> {
    let kinds = [
        (HitKind::Mailbox, "Mailboxes"),
        (HitKind::Alias, "Addresses"),
        (HitKind::Domain, "Domains"),
        (HitKind::Org, "Customers"),
    ];
    let live = kinds.into_iter().map(|(kind, title)| {
        let of_kind = hits.iter().filter(move |hit| hit.kind == kind && !hit.deleted);
        group(title, of_kind)
    });
    let deleted = group("Deleted", hits.iter().filter(|hit| hit.deleted));
    live.chain([deleted])
        .filter(|group| !group.hits.is_empty())
        .collect()
}

fn group<'a>(title: &str, hits: impl Iterator<Item = &'a Hit>) -> HitGroup {
    let mut rows: Vec<HitRow> = hits.map(row).take(MOST_OF_A_KIND + 1).collect();
    let more = rows.len() > MOST_OF_A_KIND;
    rows.truncate(MOST_OF_A_KIND);
    HitGroup {
        title: title.to_owned(),
        more,
        hits: rows,
    }
}

fn row(hit: &Hit) -> HitRow {
    let (icon, kind) = match hit.kind {
        HitKind::Mailbox => ("mail", "Mailbox"),
        HitKind::Alias => ("at-sign", "Address"),
        HitKind::Domain => ("globe", "Domain"),
        HitKind::Org => ("building-2", "Customer"),
    };
    let deleted = hit.deleted.then(|| Badge::bad("trash-2", "Deleted"));
    HitRow {
        href: href(hit),
        text: hit.title.clone(),
        detail: hit.subtitle.clone(),
        place: kind.to_owned(),
        icon,
        badges: deleted.into_iter().collect(),
    }
}

fn href(hit: &Hit) -> String {
    match hit.kind {
        HitKind::Mailbox if hit.deleted => format!("/mailboxes/{}", MailboxId::from(hit.id)),
        HitKind::Mailbox => format!("/mailboxes/{}", hit.title),
        HitKind::Alias => format!("/aliases/{}", AliasId::from(hit.id)),
        HitKind::Domain => format!("/domains/{}", hit.title),
        HitKind::Org => format!("/orgs/{}", OrgId::from(hit.id)),
    }
}

pub(super) async fn suggestions(visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let query = asked.q.trim();
    let mut hits = search::find(&visitor.app, &visitor.call, query, 2 * MOST_SUGGESTED).await?;
    hits.retain(|hit| !hit.deleted);
    page(&Suggestions {
        query: query.to_owned(),
        hits: hits.iter().take(MOST_SUGGESTED).map(row).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(title: &str, deleted: bool) -> Hit {
        Hit {
            kind: HitKind::Mailbox,
            id: uuid::Uuid::nil(),
            title: title.to_owned(),
            subtitle: String::new(),
            deleted,
        }
    }

    #[test]
    fn the_only_hit_is_opened_and_so_is_the_exact_one() {
        let one = [hit("j.okafor@b.example", false)];
        assert!(the_one(&one, "oka").is_some());
        let several = [hit("ann@b.example", false), hit("anna@b.example", false)];
        assert_eq!(the_one(&several, "an").map(|hit| &*hit.title), None);
        assert_eq!(
            the_one(&several, "ann").map(|hit| &*hit.title),
            Some("ann@b.example")
        );
        let everywhere = [hit("info@a.example", false), hit("info@b.example", false)];
        assert!(the_one(&everywhere, "info").is_none(), "which of them?");
        let exact = the_one(&several, "Ann@b.example");
        assert_eq!(exact.map(|hit| &*hit.title), Some("ann@b.example"));
        assert!(
            the_one(&[hit("ann@b.example", true)], "ann").is_none(),
            "only in the bin"
        );
        assert!(the_one(&[], "ann").is_none());
    }
}

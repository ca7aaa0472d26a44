//! What happened: of a domain, a customer, or everything; on a page, and as a file.

use axum::extract::Query;
use serde::Deserialize;

use super::answer::{Answer, page};
use super::forms::{CsrfForm, Reader};
use super::nav::Here;
use super::pages::common::{Activity, ActivityFilter};
use super::paging::{Wanted, pager};
use super::view::history::row;
use super::view::{Choice, Link};
use super::visitor::{At, Visitor};
use crate::access::{AuditExport, AuditRead};
use crate::error::Error;
use crate::http::export::{self, Format};
use crate::model::{DomainName, Invalid, OrgId, Topic};
use crate::service::mailboxes::Inside;
use crate::service::{audit, orgs};
use crate::store::{EventFilter, Who};

/// Which changes are wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    kind: String,
    who: String,
    about: String,
    from: String,
    until: String,
    /// In which form, where it is taken away.
    format: String,
    #[serde(flatten)]
    wanted: Wanted,
}

impl Asked {
    fn filter(&self) -> Result<EventFilter, Invalid> {
        let mut reader = Reader::default();
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let filter = EventFilter {
            topic: reader.optional::<Topic>("kind", &self.kind),
            who: text(&self.who).map(Who::Named),
            about: text(&self.about),
            from: reader.day_begins("from", &self.from),
            until: reader.day_is_over("until", &self.until),
            ..EventFilter::default()
        };
        reader.finish()?;
        Ok(filter)
    }

    fn pairs(&self) -> [(&'static str, &str); 5] {
        [
            ("kind", &self.kind),
            ("who", &self.who),
            ("about", &self.about),
            ("from", &self.from),
            ("until", &self.until),
        ]
    }
}

/// Whose activity is looked at, and where it stands.
struct Of {
    inside: Inside,
    back: Link,
    path: String,
    /// Whether it may be taken away.
    leaves: bool,
}

async fn domain(visitor: &Visitor, name: &DomainName) -> Result<(Of, crate::access::Place), Error> {
    let (domain, permit) = visitor.app.domain::<AuditRead>(&visitor.call, name).await?;
    let path = format!("/domains/{}", domain.name);
    let of = Of {
        inside: Inside::Domain(domain.name.clone()),
        back: Link::new(&path, domain.name.to_unicode()),
        path: format!("{path}/activity"),
        leaves: visitor.actor().may::<AuditExport>(permit.place()),
    };
    Ok((of, permit.place().clone()))
}

async fn org(visitor: &Visitor, id: OrgId) -> Result<Of, Error> {
    let (org, permit) = orgs::get(&visitor.app, &visitor.call, id).await?;
    let path = format!("/orgs/{id}");
    Ok(Of {
        inside: Inside::Org(id),
        back: Link::new(&path, org.name.as_str()),
        path: format!("{path}/activity"),
        leaves: visitor.actor().may::<AuditExport>(permit.place()),
    })
}

fn everything(visitor: &Visitor) -> Of {
    Of {
        inside: Inside::Everything,
        back: Link::new("/", "Start"),
        path: "/system/activity".to_owned(),
        leaves: visitor.actor().may_anywhere::<AuditExport>(),
    }
}

pub(super) async fn of_domain(
    visitor: Visitor,
    At(name): At<DomainName>,
    Query(asked): Query<Asked>,
) -> Answer {
    let (of, place) = domain(&visitor, &name).await?;
    let Inside::Domain(own) = &of.inside else {
        return Err(Error::not_found("domain", name.as_str()).into());
    };
    let here = Here::Domain(own.as_str(), &place, "Activity");
    show(&visitor, &here, &of, &asked).await
}

pub(super) async fn of_org(visitor: Visitor, At(id): At<OrgId>, Query(asked): Query<Asked>) -> Answer {
    let of = org(&visitor, id).await?;
    show(&visitor, &Here::Everything("Customers"), &of, &asked).await
}

pub(super) async fn of_everything(visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let of = everything(&visitor);
    show(&visitor, &Here::Everything("All activity"), &of, &asked).await
}

async fn show(visitor: &Visitor, here: &Here<'_>, of: &Of, asked: &Asked) -> Answer {
    let (filter, request) = (asked.filter()?, asked.wanted.page()?);
    let found = audit::search(&visitor.app, &visitor.call, &of.inside, &filter, &request).await?;
    let place = match of.inside {
        Inside::Everything => "the whole installation".to_owned(),
        Inside::Domain(_) | Inside::Org(_) => of.back.text.clone(),
    };
    page(&Activity {
        chrome: visitor.chrome(here).await?,
        place,
        back: of.back.clone(),
        action: of.path.clone(),
        filter: Some(ActivityFilter {
            kinds: kinds(&of.inside, &asked.kind),
            kind: asked.kind.clone(),
            who: asked.who.clone(),
            about: asked.about.clone(),
            from: asked.from.clone(),
            until: asked.until.clone(),
            export: of.leaves.then(|| format!("{}/export", of.path)),
        }),
        filtered: filter.is_narrow(),
        checkable: of.leaves && matches!(of.inside, Inside::Everything),
        rows: found
            .items
            .iter()
            .map(|event| row(event, visitor.now()))
            .collect(),
        pager: pager(&found, &asked.wanted, &of.path, &asked.pairs()),
    })
}

/// The kinds that can be chosen, as far as they can happen there.
fn kinds(inside: &Inside, chosen: &str) -> Vec<Choice> {
    let happens = |name: &str| match inside {
        Inside::Everything => true,
        Inside::Org(_) => name != "provisioning",
        Inside::Domain(_) => !matches!(name, "org" | "access" | "provisioning"),
    };
    let given = Topic::WORDS.iter().filter(|(name, _)| happens(name));
    let all = std::iter::once(&("", "Everything"));
    all.chain(given)
        .map(|(name, label)| Choice::of(name, label, chosen))
        .collect()
}

pub(super) async fn export_domain(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<Asked>,
) -> Answer {
    let (of, _) = domain(&visitor, &name).await?;
    take_away(&visitor, &of.inside, &form.content).await
}

pub(super) async fn export_org(visitor: Visitor, At(id): At<OrgId>, form: CsrfForm<Asked>) -> Answer {
    let of = org(&visitor, id).await?;
    take_away(&visitor, &of.inside, &form.content).await
}

pub(super) async fn export_everything(visitor: Visitor, form: CsrfForm<Asked>) -> Answer {
    take_away(&visitor, &Inside::Everything, &form.content).await
}

async fn take_away(visitor: &Visitor, inside: &Inside, asked: &Asked) -> Answer {
    let format = Format::parse(&asked.format).unwrap_or(Format::Csv);
    let filter = asked.filter()?;
    let begun = audit::export(&visitor.app, &visitor.call, inside, filter, format.as_str()).await?;
    Ok(export::file(&visitor.app, format, begun))
}

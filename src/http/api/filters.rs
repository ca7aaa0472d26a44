//! What lists are narrowed by, wherever it means the same.
#![expect(
    dead_code,
    reason = "the structs describe what the functions beside them read"
)]

use utoipa::PartialSchema as _;

use super::json::Wrong;
use super::query::Query;
use super::reply::Resource;
use crate::model::{DomainName, OrgId};
use crate::service::mailboxes::Inside as Within;
use crate::service::search;
use crate::store::{MailboxFilter, StateFilter};

/// The beginning of a name.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Text {
    /// Only those whose address or name begins with this, or has a word that does.
    #[param(required = false, max_length = 200, example = "ana")]
    q: String,
}

/// A part of the tree.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Inside {
    /// Only what belongs to this org or to one below it.
    #[param(required = false, pattern = "^org_[0-9a-z]{26}$")]
    org: String,
    /// Only what belongs to the domain of this name. Excludes `org`.
    #[param(required = false, max_length = 253)]
    domain: String,
}

/// An org and those below it.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct InsideOrg {
    /// Only what belongs to this org or to one below it.
    #[param(required = false, pattern = "^org_[0-9a-z]{26}$")]
    org: String,
}

/// A state, in one word.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct InState {
    /// Only those in this state. Nothing shows those that are not in the bin.
    #[param(inline, required = false)]
    state: super::mailboxes::State,
}

/// A moment.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// Only those changed since.
    #[param(required = false, format = DateTime)]
    updated_since: String,
}

/// What is shown of a list.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Columns {
    /// Only these fields of each item, with commas between them.
    #[param(required = false, example = "id,version")]
    fields: String,
    /// Count all items too. More than 10000 are not counted.
    #[param(required = false, default = false)]
    count: bool,
}

/// Reads `fields` and `count`.
pub(super) fn columns<R: Resource + 'static>(query: &mut Query) -> (Option<Vec<String>>, bool) {
    let fields = query.parsed("fields", |text| {
        let schema = serde_json::to_value(<R::View<'static>>::schema()).unwrap_or_default();
        let known = |name: &&str| schema["properties"].get(*name).is_some();
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        match names.iter().find(|name| !known(name)) {
            None => Ok(names.into_iter().map(ToOwned::to_owned).collect()),
            Some(unknown) => {
                let there = schema["properties"].as_object();
                let there: Vec<&str> = there
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.as_str())
                    .collect();
                let detail = format!("there is no field {unknown:?}; there are {}", there.join(", "));
                Err(Wrong::new("unknown_field", detail))
            }
        }
    });
    (fields, query.switch("count"))
}

/// Reads `org` and `domain`.
pub(super) fn inside(query: &mut Query) -> Within {
    let domain = query.parsed("domain", |text| Ok(text.parse::<DomainName>()?));
    match (inside_org(query), domain) {
        (Within::Everything, Some(domain)) => Within::Domain(domain),
        (Within::Org(org), Some(_)) => {
            query.wrong("domain", Wrong::new("exclusive", "give org or domain, not both"));
            Within::Org(org)
        }
        (within, _) => within,
    }
}

/// Reads `org`.
pub(super) fn inside_org(query: &mut Query) -> Within {
    let org = query.parsed("org", |text| Ok(text.parse::<OrgId>()?));
    org.map_or(Within::Everything, Within::Org)
}

/// Reads `q` as words that are looked for anywhere.
pub(super) fn words(query: &mut Query) -> String {
    let words = query.parsed("q", |text| short(text).map(ToOwned::to_owned));
    words.unwrap_or_default()
}

pub(super) fn short(text: &str) -> Result<&str, Wrong> {
    if text.chars().count() > 200 {
        return Err(Wrong::new("too_long", "give at most 200 characters"));
    }
    Ok(text)
}

/// Reads `q`, `state` and `updated_since`.
pub(super) fn common(query: &mut Query) -> MailboxFilter {
    let prefix = query.parsed("q", |text| Ok(search::pasted(short(text)?)));
    let state = query.parsed("state", |text| {
        StateFilter::parse(text)
            .ok_or_else(|| Wrong::new("unknown_value", "give active, suspended or deleted"))
    });
    MailboxFilter {
        prefix: prefix.filter(|prefix| !prefix.is_empty()),
        state,
        updated_since: query.moment("updated_since"),
        ..MailboxFilter::default()
    }
}

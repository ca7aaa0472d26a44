//! What is said about an alias in requests: each body as the document describes it, and how it is read.
#![expect(
    dead_code,
    reason = "the structs describe what the functions beside them read"
)]

use utoipa::ToSchema;

use crate::error::Error;
use crate::http::api::json::{Fields, Wrong, plain, switch, text};
use crate::http::api::mailboxes::own_address;
use crate::http::api::problem::Problem;
use crate::model::{
    AliasAddress, AliasDraft, AliasPatch, Destination, DomainName, ExternalId, Invalid, LocalPart, Note,
};
use crate::service::App;
use crate::service::aliases::AliasRef;

/// An alias to be made.
#[derive(ToSchema)]
pub(super) struct AliasCreation {
    /// The address that it answers for, in a domain that is there already; `@domain` for its catch-all.
    #[schema(max_length = 254)]
    address: String,
    /// Where its mail goes.
    #[schema(min_items = 1, max_items = 1000)]
    destinations: Vec<String>,
    /// What it is for.
    #[schema(nullable = false)]
    description: Option<String>,
    /// Whether it is in force; left out it is.
    #[schema(nullable = false, default = true)]
    enabled: Option<bool>,
    /// The name that another system has for it.
    external_id: Option<String>,
}

/// An alias as it is to be; what is left out takes its default.
#[derive(ToSchema)]
pub(super) struct AliasReplacement {
    /// Its address; if given, the same as in the path.
    #[schema(nullable = false, max_length = 254)]
    address: Option<String>,
    /// Where its mail goes.
    #[schema(min_items = 1, max_items = 1000)]
    destinations: Vec<String>,
    /// What it is for.
    #[schema(nullable = false)]
    description: Option<String>,
    /// Whether it is in force; left out it is.
    #[schema(nullable = false, default = true)]
    enabled: Option<bool>,
    /// The name that another system has for it.
    external_id: Option<String>,
}

/// What is to be changed of an alias; what is left out stays.
#[derive(ToSchema)]
pub(super) struct AliasChange {
    /// Another name before the @; not for a catch-all.
    #[schema(nullable = false, max_length = 64)]
    local_part: Option<String>,
    /// All destinations anew.
    #[schema(nullable = false, min_items = 1, max_items = 1000)]
    destinations: Option<Vec<String>>,
    /// What it is for; null takes it away.
    description: Option<String>,
    /// Whether it is in force.
    #[schema(nullable = false)]
    enabled: Option<bool>,
    /// The name that another system has for it; null takes it away.
    external_id: Option<String>,
}

/// Everybody who is to get the mail of a group.
#[derive(ToSchema)]
pub(super) struct Members {
    /// The addresses.
    #[schema(min_items = 1, max_items = 1000)]
    members: Vec<String>,
}

/// Reads an [`AliasCreation`].
pub(super) fn creation(app: &App, fields: &mut Fields<'_>) -> Option<(DomainName, AliasDraft)> {
    let address = fields.required("address", |value| match plain(value)?.strip_prefix('@') {
        Some(domain) => Ok((None, domain.parse::<DomainName>()?)),
        None => own_address(app, value).map(|(local, domain)| (Some(local), domain)),
    });
    let facts = facts(fields);
    let ((local_part, domain), facts) = (address?, facts?);
    let draft = AliasDraft {
        local_part,
        destinations: facts.destinations.unwrap_or_default(),
        description: facts.description.unwrap_or_default(),
        enabled: facts.enabled.unwrap_or(true),
        external_id: facts.external_id.flatten(),
    };
    Some((domain, draft))
}

/// Everything of an alias but its address: what is left out takes its default.
fn facts(fields: &mut Fields<'_>) -> Option<AliasPatch> {
    let destinations = fields.required_list("destinations", text::<Destination>);
    let description = fields.optional("description", text::<Note>).unwrap_or_default();
    let enabled = fields.optional("enabled", switch).unwrap_or(true);
    let external_id = fields.nullable("external_id", text::<ExternalId>).flatten();
    Some(AliasPatch {
        local_part: None,
        destinations: Some(destinations?),
        description: Some(description),
        enabled: Some(enabled),
        external_id: Some(external_id),
    })
}

/// Reads an [`AliasReplacement`] of the alias at `address`.
pub(super) fn replacement(fields: &mut Fields<'_>, address: &AliasAddress) -> Option<AliasPatch> {
    fields.optional("address", |value| {
        let same = plain(value)?.parse::<AliasRef>()? == AliasRef::Address(address.clone());
        same.then_some(())
            .ok_or_else(|| Wrong::new("address_differs", "give the address of the path, or leave it out"))
    });
    facts(fields)
}

/// The alias to be made at `address`, with these facts.
pub(super) fn draft(app: &App, address: &AliasAddress, facts: AliasPatch) -> Result<AliasDraft, Invalid> {
    let mut invalid = Invalid::default();
    let local_part: Option<LocalPart> = match address {
        AliasAddress::CatchAll(_) => None,
        AliasAddress::Of(address) => {
            invalid.check("/address", app.addresses.local_part(address.local().as_str()))
        }
    };
    invalid.into_result()?;
    Ok(AliasDraft {
        local_part,
        destinations: facts.destinations.unwrap_or_default(),
        description: facts.description.unwrap_or_default(),
        enabled: facts.enabled.unwrap_or(true),
        external_id: facts.external_id.flatten(),
    })
}

/// Reads an [`AliasChange`].
#[expect(
    clippy::unnecessary_wraps,
    reason = "readers of bodies may fail, this one has only optional fields"
)]
pub(super) fn change(app: &App, fields: &mut Fields<'_>) -> Option<AliasPatch> {
    let local_part = fields.optional("local_part", |value| {
        Ok(app.addresses.local_part(plain(value)?)?)
    });
    let destinations = fields.list("destinations", text::<Destination>);
    let description = fields.nullable("description", text::<Note>);
    Some(AliasPatch {
        local_part,
        destinations,
        description: description.map(Option::unwrap_or_default),
        enabled: fields.optional("enabled", switch),
        external_id: fields.nullable("external_id", text::<ExternalId>),
    })
}

/// Reads [`Members`].
pub(super) fn members(fields: &mut Fields<'_>) -> Option<Vec<Destination>> {
    fields.required_list("members", text::<Destination>)
}

/// Why an alias of `domain` was not made, with the field that is the cause.
pub(super) fn caused(error: Error, domain: &DomainName) -> Problem {
    Problem::from(error)
        .in_scope(format!("domain:{domain}"))
        .at_field("/address")
}

//! What is sent about domains.

use utoipa::ToSchema;

use crate::http::api::json::{Fields, plain, quota, text};
use crate::http::api::limits;
use crate::http::api::schemas::Amount;
use crate::model::{DomainDraft, DomainPatch, ExternalId, Limits, Note, OrgId, Quota};
use crate::service::{App, domains};

/// A domain to be added.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `creation` reads")]
pub(super) struct DomainCreation {
    /// Its name.
    #[schema(max_length = 253)]
    name: String,
    /// The org that it belongs to.
    #[schema(pattern = "^org_[0-9a-z]{26}$")]
    org: String,
    /// A note for the people who look after it.
    #[schema(nullable = false)]
    note: Option<String>,
    /// The name that another system has for it.
    external_id: Option<String>,
    /// What a new mailbox gets when nothing else is said; left out it is 1 GB.
    #[schema(value_type = Amount, required = false)]
    default_quota_bytes: Option<Quota>,
    /// How much it may hold; left out it is unlimited. Takes the permission `limits.assign`.
    #[schema(nullable = false)]
    limits: Option<limits::DomainLimitsWish>,
}

/// What is to be changed of a domain; what is left out stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `change` reads")]
pub(super) struct DomainChange {
    /// A new note; null takes it away.
    note: Option<String>,
    /// The name that another system has for it; null takes it away.
    external_id: Option<String>,
    /// What a new mailbox gets when nothing else is said.
    #[schema(value_type = Amount, required = false)]
    default_quota_bytes: Option<Quota>,
}

/// Another name to be given to a domain.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `add_alias` reads")]
pub(super) struct DomainAliasCreation {
    /// The other name.
    #[schema(max_length = 253)]
    name: String,
}

/// To whom a domain is to be handed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `transfer` reads")]
pub(super) struct DomainTransferWish {
    /// The org that it is to belong to.
    #[schema(pattern = "^org_[0-9a-z]{26}$")]
    org: String,
}

/// The org that a domain is to belong to.
pub(super) fn transfer(fields: &mut Fields<'_>) -> Option<OrgId> {
    fields.required("org", text::<OrgId>)
}

/// A domain to be added, and the org that it is to belong to.
pub(super) fn creation(app: &App, fields: &mut Fields<'_>) -> Option<(OrgId, DomainDraft)> {
    let name = fields.required("name", |value| Ok(app.addresses.hosted_domain(plain(value)?)?));
    let org = fields.required("org", text::<OrgId>);
    let note = fields.optional("note", text::<Note>).unwrap_or_default();
    let external_id = fields.nullable("external_id", text::<ExternalId>).flatten();
    let default_quota = fields.optional("default_quota_bytes", quota);
    let limits = fields
        .object("limits", limits::of_domain)
        .unwrap_or(Limits::UNLIMITED);
    let draft = DomainDraft {
        name: name?,
        note,
        external_id,
        default_quota: default_quota.unwrap_or(domains::usual_quota()),
        limits,
    };
    Some((org?, draft))
}

/// What is to be changed.
#[expect(
    clippy::unnecessary_wraps,
    reason = "readers of bodies may fail, this one has only optional fields"
)]
pub(super) fn change(fields: &mut Fields<'_>) -> Option<DomainPatch> {
    let note = fields.nullable("note", text::<Note>);
    Some(DomainPatch {
        note: note.map(Option::unwrap_or_default),
        external_id: fields.nullable("external_id", text::<ExternalId>),
        default_quota: fields.optional("default_quota_bytes", quota),
    })
}

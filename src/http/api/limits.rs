//! Limits, what is held of them, and suspensions: the same for domains and orgs.

use serde::Serialize;
use utoipa::ToSchema;

use super::json::{Fields, limit, quota, text};
use super::schemas::Amount;
use crate::model::{Limit, Limits, Off, Quota, Reason, Timestamp, Usage};

/// How much an org or a domain may hold.
#[derive(Serialize, ToSchema)]
#[schema(as = Limits)]
pub(super) struct LimitsView {
    /// Number of domains; left out for a domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Amount, required = false)]
    domains: Option<Limit>,
    /// Number of mailboxes.
    #[schema(value_type = Amount)]
    mailboxes: Limit,
    /// Number of aliases, the catch-all among them.
    #[schema(value_type = Amount)]
    aliases: Limit,
    /// Sum of the quotas of all mailboxes, in bytes.
    #[schema(value_type = Amount)]
    quota_bytes: Quota,
    /// The largest quota of one mailbox, in bytes. The 1 GB of the portal is 1073741824.
    #[schema(value_type = Amount)]
    mailbox_quota_bytes: Quota,
}

/// How much an org or a domain holds.
#[derive(Serialize, ToSchema)]
#[schema(as = Usage)]
pub(super) struct UsageView {
    /// Number of domains; left out for a domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    domains: Option<i64>,
    /// Number of mailboxes.
    mailboxes: i64,
    /// Number of aliases, the catch-all among them.
    aliases: i64,
    /// Sum of the quotas of those mailboxes that have one, in bytes.
    quota_bytes: i64,
    /// Number of mailboxes without a quota.
    unlimited_mailboxes: i64,
}

/// Since when and why something is switched off.
#[derive(Serialize, ToSchema)]
#[schema(as = Suspension)]
pub(super) struct OffView<'a> {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Why.
    #[schema(value_type = String)]
    reason: &'a Reason,
}

/// Why something is to be switched off.
#[derive(ToSchema)]
#[schema(as = SuspensionWish)]
#[expect(dead_code, reason = "describes what `reason` reads")]
pub(super) struct OffWish {
    /// Why, for the people who look after it.
    #[schema(min_length = 1)]
    reason: String,
}

/// New limits; those that are left out are unlimited.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `of_org` reads")]
pub(super) struct OrgLimitsWish {
    /// Number of domains.
    #[schema(value_type = Amount, required = false)]
    domains: Option<Limit>,
    /// Number of mailboxes.
    #[schema(value_type = Amount, required = false)]
    mailboxes: Option<Limit>,
    /// Number of aliases, the catch-all among them.
    #[schema(value_type = Amount, required = false)]
    aliases: Option<Limit>,
    /// Sum of the quotas of all mailboxes, in bytes.
    #[schema(value_type = Amount, required = false)]
    quota_bytes: Option<Quota>,
    /// The largest quota of one mailbox, in bytes. The 1 GB of the portal is 1073741824.
    #[schema(value_type = Amount, required = false)]
    mailbox_quota_bytes: Option<Quota>,
}

/// New limits; those that are left out are unlimited.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `of_domain` reads")]
pub(super) struct DomainLimitsWish {
    /// Number of mailboxes.
    #[schema(value_type = Amount, required = false)]
    mailboxes: Option<Limit>,
    /// Number of aliases, the catch-all among them.
    #[schema(value_type = Amount, required = false)]
    aliases: Option<Limit>,
    /// Sum of the quotas of all mailboxes, in bytes.
    #[schema(value_type = Amount, required = false)]
    quota_bytes: Option<Quota>,
    /// The largest quota of one mailbox, in bytes. The 1 GB of the portal is 1073741824.
    #[schema(value_type = Amount, required = false)]
    mailbox_quota_bytes: Option<Quota>,
}

/// For the document.
pub(super) type OffShown = OffView<'static>;

impl LimitsView {
    pub(super) fn of_org(limits: &Limits) -> Self {
        Self {
            domains: Some(limits.domains),
            ..Self::of_domain(limits)
        }
    }

    pub(super) fn of_domain(limits: &Limits) -> Self {
        Self {
            domains: None,
            mailboxes: limits.mailboxes,
            aliases: limits.aliases,
            quota_bytes: limits.quota,
            mailbox_quota_bytes: limits.mailbox_quota,
        }
    }
}

impl UsageView {
    pub(super) fn of_org(usage: Usage) -> Self {
        Self {
            domains: Some(usage.domains),
            ..Self::of_domain(usage)
        }
    }

    pub(super) fn of_domain(usage: Usage) -> Self {
        Self {
            domains: None,
            mailboxes: usage.mailboxes,
            aliases: usage.aliases,
            quota_bytes: usage.quota_bytes,
            unlimited_mailboxes: usage.unlimited,
        }
    }
}

impl<'a> OffView<'a> {
    pub(super) fn of(off: &'a Off) -> Self {
        Self {
            since: off.at,
            reason: &off.reason,
        }
    }
}

/// Reads [`DomainLimitsWish`].
#[expect(
    clippy::unnecessary_wraps,
    reason = "readers of objects may fail, this one has only optional fields"
)]
pub(super) fn of_domain(fields: &mut Fields<'_>) -> Option<Limits> {
    let none = Limits::UNLIMITED;
    Some(Limits {
        mailboxes: fields.optional("mailboxes", limit).unwrap_or(none.mailboxes),
        aliases: fields.optional("aliases", limit).unwrap_or(none.aliases),
        quota: fields.optional("quota_bytes", quota).unwrap_or(none.quota),
        mailbox_quota: fields
            .optional("mailbox_quota_bytes", quota)
            .unwrap_or(none.mailbox_quota),
        domains: none.domains,
    })
}

/// Reads [`OrgLimitsWish`].
pub(super) fn of_org(fields: &mut Fields<'_>) -> Option<Limits> {
    let domains = fields.optional("domains", limit).unwrap_or(Limit::Unlimited);
    let limits = of_domain(fields)?;
    Some(Limits { domains, ..limits })
}

/// Reads [`OffWish`].
pub(super) fn reason(fields: &mut Fields<'_>) -> Option<Reason> {
    fields.required("reason", text::<Reason>)
}

//! Limits, what is held of them, and suspensions: the same for domains and orgs.

use serde::Serialize;
use utoipa::ToSchema;

use super::json::{Fields, Wrong, limit, quota, text, word};
use super::schemas::Amount;
use crate::model::{Factor, Limit, Limits, Off, OrgOff, Quota, Reason, Sharing, Timestamp, Usage};

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
    /// Number of accounts; left out for a domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Amount, required = false)]
    accounts: Option<Limit>,
    /// Sum of the quotas of all mailboxes, in bytes.
    #[schema(value_type = Amount)]
    quota_bytes: Quota,
    /// The largest quota of one mailbox, in bytes. The 1 GB of the portal is 1073741824.
    #[schema(value_type = Amount)]
    mailbox_quota_bytes: Quota,
    /// How it hands them on; left out for a domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = PolicyWord, required = false)]
    policy: Option<&'static str>,
    /// How often each limit may be promised below it; left out unless the policy is `overcommit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    factor: Option<f64>,
}

/// How an org hands its limits on to those below it.
#[derive(ToSchema)]
#[schema(as = LimitPolicy, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of `model::Sharing`")]
pub(super) enum PolicyWord {
    /// The limits of those below are together no more than its own.
    Strict,
    /// They may be `factor` times as much; what is held still ends at its own.
    Overcommit,
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
    /// Number of accounts; left out for a domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    accounts: Option<i64>,
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
    /// Number of accounts.
    #[schema(value_type = Amount, required = false)]
    accounts: Option<Limit>,
    /// Sum of the quotas of all mailboxes, in bytes.
    #[schema(value_type = Amount, required = false)]
    quota_bytes: Option<Quota>,
    /// The largest quota of one mailbox, in bytes. The 1 GB of the portal is 1073741824.
    #[schema(value_type = Amount, required = false)]
    mailbox_quota_bytes: Option<Quota>,
    /// How it hands them on; left out it is strict.
    #[schema(inline = false, nullable = false)]
    policy: Option<PolicyWord>,
    /// How often each limit may be promised below it, from 1 to 100; for the policy `overcommit` only.
    #[schema(nullable = false, minimum = 1, maximum = 100)]
    factor: Option<f64>,
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
            accounts: Some(limits.accounts),
            policy: Some(limits.sharing.as_str()),
            factor: match limits.sharing {
                Sharing::Strict => None,
                Sharing::Overcommit(factor) => factor.to_string().parse().ok(),
            },
            ..Self::of_domain(limits)
        }
    }

    pub(super) fn of_domain(limits: &Limits) -> Self {
        Self {
            domains: None,
            mailboxes: limits.mailboxes,
            aliases: limits.aliases,
            accounts: None,
            quota_bytes: limits.quota,
            mailbox_quota_bytes: limits.mailbox_quota,
            policy: None,
            factor: None,
        }
    }
}

impl UsageView {
    pub(super) fn of_org(usage: Usage) -> Self {
        Self {
            domains: Some(usage.domains),
            accounts: Some(usage.accounts),
            ..Self::of_domain(usage)
        }
    }

    pub(super) fn of_domain(usage: Usage) -> Self {
        Self {
            domains: None,
            mailboxes: usage.mailboxes,
            aliases: usage.aliases,
            accounts: None,
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
        ..none
    })
}

/// Reads [`OrgLimitsWish`].
pub(super) fn of_org(fields: &mut Fields<'_>) -> Option<Limits> {
    let domains = fields.optional("domains", limit).unwrap_or(Limit::Unlimited);
    let accounts = fields.optional("accounts", limit).unwrap_or(Limit::Unlimited);
    let limits = of_domain(fields)?;
    Some(Limits {
        domains,
        accounts,
        sharing: sharing(fields)?,
        ..limits
    })
}

fn sharing(fields: &mut Fields<'_>) -> Option<Sharing> {
    let policy = fields.optional("policy", word(&[("strict", false), ("overcommit", true)]));
    let has_factor = fields.has("factor");
    let factor = fields.optional("factor", |value| {
        let written = if value.is_number() {
            value.to_string()
        } else {
            String::new()
        };
        Ok(written.parse::<Factor>()?)
    });
    match (policy, has_factor) {
        (Some(true), true) => factor.map(Sharing::Overcommit),
        (Some(true), false) => {
            let wrong = Wrong::new("required", "the policy overcommit needs a factor, such as 1.5");
            fields.wrong("factor", wrong);
            None
        }
        (_, true) => {
            let wrong = Wrong::new("not_for_strict", "a factor is for the policy overcommit only");
            fields.wrong("factor", wrong);
            None
        }
        (_, false) => Some(Sharing::Strict),
    }
}

/// Since when and why an org is switched off.
#[derive(Serialize, ToSchema)]
#[schema(as = OrgSuspension)]
pub(super) struct OrgOffView<'a> {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Why.
    #[schema(value_type = String)]
    reason: &'a Reason,
    /// Whether mail is still delivered to everything below it.
    #[schema(value_type = DeliveryWord)]
    delivery: &'static str,
}

/// Whether mail is still delivered.
#[derive(ToSchema)]
#[schema(as = Delivery, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words that `org_off` reads")]
pub(super) enum DeliveryWord {
    /// It is.
    Keep,
    /// It is not: every domain below is switched off.
    Stop,
}

/// Why an org is to be switched off, and how far.
#[derive(ToSchema)]
#[schema(as = OrgSuspensionWish)]
#[expect(dead_code, reason = "describes what `org_off` reads")]
pub(super) struct OrgOffWish {
    /// Why, for the people who look after it.
    #[schema(min_length = 1)]
    reason: String,
    /// Whether mail goes on; left out it stops.
    #[schema(nullable = false)]
    delivery: Option<DeliveryWord>,
}

/// For the document.
pub(super) type OrgOffShown = OrgOffView<'static>;

impl<'a> OrgOffView<'a> {
    pub(super) fn of(off: &'a OrgOff) -> Self {
        Self {
            since: off.at,
            reason: &off.reason,
            delivery: if off.keeps_delivery { "keep" } else { "stop" },
        }
    }
}

/// Reads [`OrgOffWish`]: the reason, and whether mail goes on.
pub(super) fn org_off(fields: &mut Fields<'_>) -> Option<(Reason, bool)> {
    let reason = reason(fields);
    let keeps = fields.optional("delivery", word(&[("keep", true), ("stop", false)]));
    Some((reason?, keeps.unwrap_or(false)))
}

/// Reads [`OffWish`].
pub(super) fn reason(fields: &mut Fields<'_>) -> Option<Reason> {
    fields.required("reason", text::<Reason>)
}

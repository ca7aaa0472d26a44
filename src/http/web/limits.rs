//! Limits, as forms have them.

use serde::Deserialize;

use super::forms::Reader;
use super::view::Form;
use crate::model::{Factor, Limit, Limits, Quota, Sharing};

/// What is typed into the fields of limits. A form without them has none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TypedLimits {
    max_domains: Option<String>,
    max_mailboxes: Option<String>,
    max_aliases: Option<String>,
    max_accounts: Option<String>,
    max_quota: Option<String>,
    max_mailbox_quota: Option<String>,
    overcommit: Option<String>,
}

impl TypedLimits {
    /// Whether the form had limits at all.
    pub(super) fn are_there(&self) -> bool {
        self.max_mailboxes.is_some()
    }

    /// The limits; an empty field is no limit.
    pub(super) fn read(&self, reader: &mut Reader) -> Limits {
        let mut count = |field: &str, text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default();
            reader.optional(field, text).unwrap_or(Limit::Unlimited)
        };
        let domains = count("max_domains", &self.max_domains);
        let mailboxes = count("max_mailboxes", &self.max_mailboxes);
        let aliases = count("max_aliases", &self.max_aliases);
        let accounts = count("max_accounts", &self.max_accounts);
        let sharing = match self.overcommit.as_deref().map(str::trim) {
            None | Some("" | "strict") => Sharing::Strict,
            Some(text) => reader
                .optional::<Factor>("overcommit", text)
                .map_or(Sharing::Strict, Sharing::Overcommit),
        };
        let mut bytes = |field: &str, text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default();
            reader.optional(field, text).unwrap_or(Quota::Unlimited)
        };
        Limits {
            domains,
            mailboxes,
            aliases,
            accounts,
            sharing,
            quota: bytes("max_quota", &self.max_quota),
            mailbox_quota: bytes("max_mailbox_quota", &self.max_mailbox_quota),
        }
    }
}

/// A form with the limits as they are.
pub(super) fn fill(form: Form, limits: &Limits) -> Form {
    form.with("max_domains", limits.domains.to_string())
        .with("max_mailboxes", limits.mailboxes.to_string())
        .with("max_aliases", limits.aliases.to_string())
        .with("max_accounts", limits.accounts.to_string())
        .with(
            "overcommit",
            match limits.sharing {
                Sharing::Strict => "strict".to_owned(),
                Sharing::Overcommit(factor) => factor.to_string(),
            },
        )
        .with("max_quota", limits.quota.to_string())
        .with("max_mailbox_quota", limits.mailbox_quota.to_string())
}

//! How much an org or a domain may hold, and the rule that keeps it so.

use super::{Limit, Quota, QuotaBytes, Refusal, Sharing, count};

/// How much an org or domain may hold. Domains, accounts and sharing are for orgs only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Number of domains (orgs only).
    pub domains: Limit,
    /// Number of mailboxes.
    pub mailboxes: Limit,
    /// Number of aliases, the catch-all among them.
    pub aliases: Limit,
    /// Number of people and programs who manage (orgs only).
    pub accounts: Limit,
    /// Sum of the quotas of all mailboxes.
    pub quota: Quota,
    /// The largest quota of one mailbox.
    pub mailbox_quota: Quota,
    /// How much of it may be promised to those below (orgs only).
    pub sharing: Sharing,
}

impl Limits {
    /// No limit at all.
    pub const UNLIMITED: Self = Self {
        domains: Limit::Unlimited,
        mailboxes: Limit::Unlimited,
        aliases: Limit::Unlimited,
        accounts: Limit::Unlimited,
        quota: Quota::Unlimited,
        mailbox_quota: Quota::Unlimited,
        sharing: Sharing::Strict,
    };
}

/// How much an org or domain holds.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Number of domains.
    pub domains: i64,
    /// Number of mailboxes.
    pub mailboxes: i64,
    /// Number of aliases.
    pub aliases: i64,
    /// Number of accounts.
    pub accounts: i64,
    /// Sum of the quotas, in bytes, of mailboxes that have one.
    pub quota_bytes: i64,
    /// Number of mailboxes whose quota is unlimited.
    pub unlimited: i64,
}

impl Usage {
    /// What is held after a change.
    #[must_use]
    pub fn with(self, change: Delta) -> Self {
        let after = Delta::all(self).plus(change);
        Self {
            domains: after.domains,
            mailboxes: after.mailboxes,
            aliases: after.aliases,
            accounts: after.accounts,
            quota_bytes: after.quota_bytes,
            unlimited: after.unlimited,
        }
    }

    /// Each number with the name that it has in the audit.
    pub fn named(self) -> [(&'static str, i64); 6] {
        [
            ("domains", self.domains),
            ("mailboxes", self.mailboxes),
            ("aliases", self.aliases),
            ("accounts", self.accounts),
            ("quota_bytes", self.quota_bytes),
            ("unlimited_mailboxes", self.unlimited),
        ]
    }
}

/// A change of what is held: what is added, or taken away.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Domains more or fewer.
    pub domains: i64,
    /// Mailboxes more or fewer.
    pub mailboxes: i64,
    /// Aliases more or fewer.
    pub aliases: i64,
    /// Accounts more or fewer.
    pub accounts: i64,
    /// Bytes of quota more or fewer.
    pub quota_bytes: i64,
    /// Mailboxes without quota more or fewer.
    pub unlimited: i64,
}

impl Delta {
    /// One more mailbox with this quota.
    pub fn mailbox(quota: Quota) -> Self {
        Self {
            mailboxes: 1,
            ..Self::quota(quota)
        }
    }

    /// The quota of one mailbox, without the mailbox.
    pub fn quota(quota: Quota) -> Self {
        match quota {
            Quota::Unlimited => Self {
                unlimited: 1,
                ..Self::default()
            },
            Quota::Bytes(bytes) => Self {
                quota_bytes: bytes.get(),
                ..Self::default()
            },
        }
    }

    /// One more alias.
    pub fn alias() -> Self {
        Self {
            aliases: 1,
            ..Self::default()
        }
    }

    /// One more account.
    pub fn account() -> Self {
        Self {
            accounts: 1,
            ..Self::default()
        }
    }

    /// All that is held.
    pub fn all(usage: Usage) -> Self {
        Self {
            domains: usage.domains,
            mailboxes: usage.mailboxes,
            aliases: usage.aliases,
            accounts: usage.accounts,
            quota_bytes: usage.quota_bytes,
            unlimited: usage.unlimited,
        }
    }

    /// One more domain.
    pub fn domain() -> Self {
        Self {
            domains: 1,
            ..Self::default()
        }
    }

    /// The opposite change.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            domains: -self.domains,
            mailboxes: -self.mailboxes,
            aliases: -self.aliases,
            accounts: -self.accounts,
            quota_bytes: -self.quota_bytes,
            unlimited: -self.unlimited,
        }
    }

    /// Both changes together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            domains: self.domains + other.domains,
            mailboxes: self.mailboxes + other.mailboxes,
            aliases: self.aliases + other.aliases,
            accounts: self.accounts + other.accounts,
            quota_bytes: self.quota_bytes.saturating_add(other.quota_bytes),
            unlimited: self.unlimited + other.unlimited,
        }
    }
}

/// An org or a domain, as the limits see it: its name, what it may hold, and what it holds after the change.
#[derive(Clone, Debug)]
pub struct Pool {
    /// For sentences.
    pub name: String,
    /// What it may hold.
    pub limits: Limits,
    /// What it holds once the change is made.
    pub after: Usage,
}

impl Pool {
    /// Refuses a change that adds something beyond a limit. What is merely kept, or taken away, always passes.
    pub fn admit(&self, delta: Delta) -> Result<(), Refusal> {
        let counts = [
            (
                ("domain", "domains"),
                self.limits.domains,
                self.after.domains,
                delta.domains,
            ),
            (
                ("mailbox", "mailboxes"),
                self.limits.mailboxes,
                self.after.mailboxes,
                delta.mailboxes,
            ),
            (
                ("alias", "aliases"),
                self.limits.aliases,
                self.after.aliases,
                delta.aliases,
            ),
            (
                ("account", "accounts"),
                self.limits.accounts,
                self.after.accounts,
                delta.accounts,
            ),
        ];
        for (what, limit, after, more) in counts {
            let Limit::AtMost(most) = limit else { continue };
            if more > 0 && after > most {
                return Err(self.reached(what, most, after - more));
            }
        }
        self.admit_quota(delta)
    }

    fn admit_quota(&self, delta: Delta) -> Result<(), Refusal> {
        let Quota::Bytes(most) = self.limits.quota else {
            return Ok(());
        };
        if delta.unlimited > 0 {
            let detail = format!(
                "{} has {} in all, so a mailbox there cannot be unlimited.",
                self.name, self.limits.quota
            );
            let refusal = Refusal::new("limit_reached", detail, "Give the mailbox a quota in bytes.");
            return Err(refusal.at("/quota_bytes"));
        }
        if delta.quota_bytes > 0 && self.after.quota_bytes > most.get() {
            let left = (most.get() - (self.after.quota_bytes - delta.quota_bytes)).max(0);
            let detail = format!(
                "{} has {} in all, and {} of it is left.",
                self.name,
                self.limits.quota,
                human(left)
            );
            let next =
                "Choose a smaller quota, lower another mailbox's, or ask your provider to raise the limit.";
            return Err(Refusal::new("limit_reached", detail, next)
                .at("/quota_bytes")
                .at_most(left));
        }
        Ok(())
    }

    /// Refuses a quota above what one mailbox may have here.
    pub fn admit_mailbox_quota(&self, quota: Option<Quota>) -> Result<(), Refusal> {
        let (Quota::Bytes(most), Some(quota)) = (self.limits.mailbox_quota, quota) else {
            return Ok(());
        };
        let fits = matches!(quota, Quota::Bytes(bytes) if bytes <= most);
        if fits {
            return Ok(());
        }
        let detail = format!(
            "A mailbox of {} may have at most {}.",
            self.name, self.limits.mailbox_quota
        );
        let next = "Choose a smaller quota, or ask your provider to raise the limit.";
        Err(Refusal::new("limit_reached", detail, next)
            .at("/quota_bytes")
            .at_most(most.get()))
    }

    fn reached(&self, (one, many): (&str, &str), most: i64, holds: i64) -> Refusal {
        let detail = format!(
            "{} may hold {} and holds {holds}.",
            self.name,
            count(most, one, many)
        );
        Refusal::new(
            "limit_reached",
            detail,
            format!("Delete a {one}, or ask your provider to raise the limit."),
        )
    }
}

fn human(bytes: i64) -> String {
    QuotaBytes::try_from(bytes).map_or_else(|_| "nothing".to_owned(), |bytes| Quota::Bytes(bytes).to_string())
}

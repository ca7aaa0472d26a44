//! How an org hands its limits on to those below it, and the rule that keeps it so.

use serde::{Serialize, Serializer};

use super::{Limit, Limits, Quota, Refusal};

/// How much of its limits an org may promise to the orgs and domains right below it.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// No more than there is, and nobody below is unlimited where it is limited.
    #[default]
    Strict,
    /// More than there is, because not everybody uses what they may. What is held still ends at the limit.
    Overcommit(Factor),
}

/// How often a limit may be promised, in hundredths: at least once, at most a hundred times.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Factor(i64);

/// Why something is no factor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a factor is a number from 1 to 100 with at most two decimals, such as 1.5")]
pub struct BadFactor;

impl super::Problem for BadFactor {
    fn code(&self) -> &'static str {
        "factor"
    }
}

impl Factor {
    /// From hundredths: 150 is one and a half times.
    pub fn from_percent(percent: i64) -> Result<Self, BadFactor> {
        if (100..=10_000).contains(&percent) {
            Ok(Self(percent))
        } else {
            Err(BadFactor)
        }
    }

    /// In hundredths.
    pub fn percent(self) -> i64 {
        self.0
    }

    fn of(self, most: i64) -> i128 {
        i128::from(most) * i128::from(self.0) / 100
    }
}

impl std::str::FromStr for Factor {
    type Err = BadFactor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (whole, rest) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        if !digits(whole) || !digits(rest) || rest.len() > 2 || whole.len() > 3 {
            return Err(BadFactor);
        }
        let hundredths: i64 = format!("{rest:0<2}").parse().map_err(|_| BadFactor)?;
        let whole: i64 = whole.parse().map_err(|_| BadFactor)?;
        Self::from_percent(whole * 100 + hundredths)
    }
}

/// `1`, `1.5`, `1.25`.
impl std::fmt::Display for Factor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, rest) if rest % 10 == 0 => write!(f, "{whole}.{}", rest / 10),
            (whole, rest) => write!(f, "{whole}.{rest:02}"),
        }
    }
}

impl Sharing {
    /// From a database column, where NULL is strict.
    pub fn from_db(percent: Option<i64>) -> Result<Self, BadFactor> {
        percent.map_or(Ok(Self::Strict), |percent| {
            Factor::from_percent(percent).map(Self::Overcommit)
        })
    }

    /// For a database column, where NULL is strict.
    pub fn to_db(self) -> Option<i64> {
        match self {
            Self::Strict => None,
            Self::Overcommit(factor) => Some(factor.percent()),
        }
    }

    /// The word in the API: `strict` or `overcommit`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Overcommit(_) => "overcommit",
        }
    }

    /// How much may be promised of a limit.
    pub fn promises(self, most: i64) -> i64 {
        match self {
            Self::Strict => most,
            Self::Overcommit(factor) => i64::try_from(factor.of(most)).unwrap_or(i64::MAX),
        }
    }
}

/// `strict`, `overcommit by 1.5`.
impl std::fmt::Display for Sharing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Strict => f.write_str("strict"),
            Self::Overcommit(factor) => write!(f, "overcommit by {factor}"),
        }
    }
}

impl Serialize for Sharing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What was promised of one kind to those right below.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Promise {
    /// The sum of the limits of those that have one.
    pub sum: i64,
    /// How many orgs have none.
    pub unlimited: i64,
}

/// What an org promised to the orgs and domains right below it. A domain without a limit is promised nothing: it takes
/// from its org as it fills.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Promised {
    /// Domains.
    pub domains: Promise,
    /// Mailboxes.
    pub mailboxes: Promise,
    /// Aliases.
    pub aliases: Promise,
    /// Accounts.
    pub accounts: Promise,
    /// Bytes of quota.
    pub quota: Promise,
}

/// An org that promises a part of its limits.
#[derive(Clone, Debug)]
pub struct Giver {
    /// For sentences.
    pub name: String,
    /// What it may hold itself, and how it shares.
    pub limits: Limits,
    /// What it promised already, without the one that is judged.
    pub others: Promised,
}

/// The one that something is promised to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Taker {
    /// An org, which may be unlimited only where the one above is.
    Org,
    /// A domain.
    Domain,
}

/// What the taker was promised before.
#[derive(Copy, Clone)]
enum Before {
    /// It is new here.
    New,
    /// It had no limit of this kind.
    Unlimited,
    /// At most so many.
    AtMost(i64),
}

struct Line {
    what: &'static str,
    pointer: &'static str,
    most: Option<i64>,
    others: Promise,
    before: Before,
    after: Option<i64>,
}

impl Giver {
    /// Refuses limits that promise more than there is. What is merely kept, or lowered, always passes; `before` is
    /// nothing for one that is new here.
    pub fn admit(&self, taker: Taker, before: Option<&Limits>, after: &Limits) -> Result<(), Refusal> {
        for line in self.lines(before, after) {
            self.judge(taker, &line)?;
        }
        self.judge_largest(before, after)
    }

    fn lines(&self, before: Option<&Limits>, after: &Limits) -> [Line; 5] {
        let line = |what, pointer, get: fn(&Limits) -> Option<i64>, others| Line {
            what,
            pointer,
            most: get(&self.limits),
            others,
            before: match before.map(get) {
                None => Before::New,
                Some(None) => Before::Unlimited,
                Some(Some(most)) => Before::AtMost(most),
            },
            after: get(after),
        };
        let others = self.others;
        [
            line(
                "domains",
                "/domains",
                |limits| limits.domains.to_db(),
                others.domains,
            ),
            line(
                "mailboxes",
                "/mailboxes",
                |limits| limits.mailboxes.to_db(),
                others.mailboxes,
            ),
            line(
                "aliases",
                "/aliases",
                |limits| limits.aliases.to_db(),
                others.aliases,
            ),
            line(
                "accounts",
                "/accounts",
                |limits| limits.accounts.to_db(),
                others.accounts,
            ),
            line(
                "bytes of quota",
                "/quota_bytes",
                |limits| limits.quota.to_db(),
                others.quota,
            ),
        ]
    }

    fn judge(&self, taker: Taker, line: &Line) -> Result<(), Refusal> {
        let Some(most) = line.most else { return Ok(()) };
        let grows = match (line.before, line.after) {
            (Before::New, _) | (Before::AtMost(_), None) => true,
            (Before::AtMost(before), Some(after)) => after > before,
            // A domain that took from the pool is promised a part of it for the first time.
            (Before::Unlimited, Some(_)) => taker == Taker::Domain,
            (Before::Unlimited, None) => false,
        };
        if !grows {
            return Ok(());
        }
        let Some(wanted) = line.after else {
            return match (taker, self.limits.sharing) {
                (Taker::Domain, _) | (_, Sharing::Overcommit(_)) => Ok(()),
                (Taker::Org, Sharing::Strict) => Err(self.unlimited(line, most)),
            };
        };
        let promises = self.limits.sharing.promises(most);
        let left = promises.saturating_sub(line.others.sum).max(0);
        if wanted > left {
            return Err(self.too_much(line, most, left));
        }
        Ok(())
    }

    fn unlimited(&self, line: &Line, most: i64) -> Refusal {
        let left = most.saturating_sub(line.others.sum).max(0);
        let detail = format!(
            "{} may hold {} {} and shares them strictly, so nobody below it is unlimited.",
            self.name,
            shown(line, most),
            line.what
        );
        let next = format!(
            "Give a limit of at most {}, or let {} overcommit.",
            shown(line, left),
            self.name
        );
        Refusal::new("over_promised", detail, next)
            .at(line.pointer)
            .at_most(left)
    }

    fn too_much(&self, line: &Line, most: i64, left: i64) -> Refusal {
        let policy = match self.limits.sharing {
            Sharing::Strict => String::new(),
            Sharing::Overcommit(factor) => format!(", promises them {factor} times,"),
        };
        let detail = format!(
            "{} may hold {} {}{policy} and has {} of them left to promise.",
            self.name,
            shown(line, most),
            line.what,
            shown(line, left)
        );
        let next = format!(
            "Choose at most {}, lower somebody else's limit below {}, or have the limit of {} raised.",
            shown(line, left),
            self.name,
            self.name
        );
        Refusal::new("over_promised", detail, next)
            .at(line.pointer)
            .at_most(left)
    }

    /// The largest quota of one mailbox is no sum: it must not be above the one of the org above.
    fn judge_largest(&self, before: Option<&Limits>, after: &Limits) -> Result<(), Refusal> {
        let (Quota::Bytes(most), Quota::Bytes(wanted)) = (self.limits.mailbox_quota, after.mailbox_quota)
        else {
            return Ok(());
        };
        let is_kept = before.is_some_and(|before| before.mailbox_quota == after.mailbox_quota);
        if is_kept || wanted <= most {
            return Ok(());
        }
        let detail = format!(
            "A mailbox below {} may have at most {}.",
            self.name, self.limits.mailbox_quota
        );
        let next = format!(
            "Choose at most {}, or have the limit of {} raised.",
            self.limits.mailbox_quota, self.name
        );
        Err(Refusal::new("over_promised", detail, next)
            .at("/mailbox_quota_bytes")
            .at_most(most.get()))
    }

    /// Refuses limits of the giver itself below what it promised already. What it promised before above the limit may
    /// stay as long as the limit is not lowered and the sharing not tightened.
    pub fn keeps(&self, before: &Limits) -> Result<(), Refusal> {
        let promises = |limits: &Limits, most: Option<i64>| most.map(|most| limits.sharing.promises(most));
        for (line, was) in self
            .lines(None, &Limits::UNLIMITED)
            .iter()
            .zip(self.as_it_was(before))
        {
            let Some(now) = promises(&self.limits, line.most) else {
                continue;
            };
            let tighter = self.limits.sharing == Sharing::Strict && before.sharing != Sharing::Strict;
            let lowered = promises(before, was).is_none_or(|was| now < was);
            let strict = self.limits.sharing == Sharing::Strict;
            let open = strict && line.others.unlimited > 0 && (tighter || was.is_none());
            if open || lowered && line.others.sum > now {
                let held = if open {
                    format!("{} below it without a limit", line.others.unlimited)
                } else {
                    format!("promised {}", shown(line, line.others.sum))
                };
                let detail = format!(
                    "{} could not keep its word: of {} it would have {}, and has {held}.",
                    self.name,
                    line.what,
                    shown(line, now)
                );
                let next = "Lower the limits below it first, or let it overcommit.";
                return Err(Refusal::new("over_promised", detail, next).at(line.pointer));
            }
        }
        Ok(())
    }

    fn as_it_was(&self, before: &Limits) -> [Option<i64>; 5] {
        let was = Self {
            limits: before.clone(),
            ..self.clone()
        };
        was.lines(None, before).map(|line| line.most)
    }
}

fn shown(line: &Line, amount: i64) -> String {
    if line.pointer == "/quota_bytes"
        && let Ok(quota) = Quota::from_db(Some(amount))
    {
        return quota.to_string();
    }
    Limit::AtMost(amount).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailboxes(limit: Limit, sharing: Sharing) -> Limits {
        Limits {
            mailboxes: limit,
            sharing,
            ..Limits::UNLIMITED
        }
    }

    fn giver(most: i64, sharing: Sharing, sum: i64) -> Giver {
        Giver {
            name: "Northlight".to_owned(),
            limits: mailboxes(Limit::AtMost(most), sharing),
            others: Promised {
                mailboxes: Promise { sum, unlimited: 0 },
                ..Promised::default()
            },
        }
    }

    fn wants(giver: &Giver, before: Option<Limit>, after: Limit) -> bool {
        let before = before.map(|limit| mailboxes(limit, Sharing::Strict));
        let after = mailboxes(after, Sharing::Strict);
        giver.admit(Taker::Org, before.as_ref(), &after).is_ok()
    }

    fn times(text: &str) -> Sharing {
        Sharing::Overcommit(text.parse().unwrap())
    }

    #[test]
    fn strict_promises_no_more_than_there_is() {
        let strict = giver(50, Sharing::Strict, 30);
        assert!(wants(&strict, None, Limit::AtMost(20)));
        assert!(!wants(&strict, None, Limit::AtMost(21)));
        assert!(!wants(&strict, None, Limit::Unlimited));
        assert!(wants(&strict, Some(Limit::AtMost(30)), Limit::AtMost(25)));
        assert!(!wants(&strict, Some(Limit::AtMost(5)), Limit::Unlimited));
        assert!(wants(&strict, Some(Limit::Unlimited), Limit::AtMost(100)));
    }

    #[test]
    fn a_factor_promises_more() {
        let half_more = giver(50, times("1.5"), 30);
        assert!(wants(&half_more, None, Limit::AtMost(45)));
        assert!(!wants(&half_more, None, Limit::AtMost(46)));
        assert!(wants(&half_more, None, Limit::Unlimited));
        let most = giver(i64::MAX, times("100"), 0);
        assert!(wants(&most, None, Limit::AtMost(i64::MAX)));
    }

    #[test]
    fn a_giver_keeps_its_word() {
        let before = mailboxes(Limit::AtMost(50), Sharing::Strict);
        assert!(giver(30, Sharing::Strict, 30).keeps(&before).is_ok());
        assert!(giver(29, Sharing::Strict, 30).keeps(&before).is_err());
        assert!(giver(29, times("1.5"), 30).keeps(&before).is_ok());
        let looser = mailboxes(Limit::AtMost(50), times("1.5"));
        assert!(giver(50, Sharing::Strict, 60).keeps(&looser).is_err());
        assert!(giver(51, Sharing::Strict, 60).keeps(&before).is_ok());
    }

    #[test]
    fn a_factor_is_read_as_it_is_written() {
        for text in ["1", "1.5", "1.25", "1.05", "100"] {
            assert_eq!(text.parse::<Factor>().unwrap().to_string(), text);
        }
        for text in ["0.9", "", "1.", ".5", "1.234", "100.01", "-1", "1e2", "1,5"] {
            assert_eq!(text.parse::<Factor>(), Err(BadFactor), "{text}");
        }
    }
}

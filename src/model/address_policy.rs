//! Which names may be hosted here, and which characters their addresses may have: what a configuration decides
//! beyond the shape.

use serde::{Deserialize, Serialize};

use super::domain_name::{BadDomainName, DomainName};

/// Top-level domains that are set aside (RFC 6761 and later) and never receive mail from the internet.
pub const SPECIAL_USE_TLDS: [&str; 9] = [
    "localhost",
    "local",
    "onion",
    "arpa",
    "invalid",
    "internal",
    "test",
    "example",
    "alt",
];

/// Large freemail providers, whose names nobody can host here. A configuration may replace the list; it should
/// then add the provider's own names.
pub const FREEMAIL_PROVIDERS: [&str; 78] = [
    "126.com",
    "163.com",
    "aim.com",
    "aol.com",
    "arcor.de",
    "att.net",
    "bellsouth.net",
    "bluewin.ch",
    "bol.com.br",
    "bt.com",
    "btinternet.com",
    "centrum.cz",
    "comcast.net",
    "cox.net",
    "daum.net",
    "duck.com",
    "earthlink.net",
    "email.cz",
    "fastmail.com",
    "fastmail.fm",
    "foxmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hanmail.net",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "hushmail.com",
    "icloud.com",
    "inbox.lv",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "naver.com",
    "o2.pl",
    "onet.pl",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "rocketmail.com",
    "sbcglobal.net",
    "seznam.cz",
    "sfr.fr",
    "shaw.ca",
    "t-online.de",
    "tuta.com",
    "uol.com.br",
    "verizon.net",
    "virgilio.it",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "yahoo.co.jp",
    "yahoo.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

/// What this installation allows beyond, and forbids within, the shape of names and addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AddressPolicy {
    /// Special-use top-level domains under which domains may be hosted all the same, such as `internal`.
    pub special_use_tlds_allowed: Vec<String>,
    /// Names that may not be hosted, nor anything below them.
    pub protected_domains: Vec<String>,
    /// Further characters, out of `'` and `+`, that an own local part may have.
    pub extra_local_characters: String,
}

impl Default for AddressPolicy {
    fn default() -> Self {
        Self {
            special_use_tlds_allowed: Vec::new(),
            protected_domains: FREEMAIL_PROVIDERS.map(str::to_owned).to_vec(),
            extra_local_characters: String::new(),
        }
    }
}

impl AddressPolicy {
    /// Parses a name that is to be hosted here: a registrable domain, or a name below one, that is nobody
    /// else's by its nature.
    pub fn hosted_domain(&self, text: &str) -> Result<DomainName, BadDomainName> {
        let name: DomainName = text.parse()?;
        let top_level = name.top_level();
        if SPECIAL_USE_TLDS.contains(&top_level) && !self.allows_special_use(top_level) {
            return Err(BadDomainName::SpecialUse(top_level.to_owned()));
        }
        if is_public_suffix(&name) {
            return Err(BadDomainName::PublicSuffix(name.to_string()));
        }
        if self.protects(&name) {
            return Err(BadDomainName::Protected(name.to_string()));
        }
        Ok(name)
    }

    fn allows_special_use(&self, top_level: &str) -> bool {
        self.special_use_tlds_allowed.iter().any(|allowed| {
            allowed
                .trim()
                .trim_start_matches('.')
                .eq_ignore_ascii_case(top_level)
        })
    }

    fn protects(&self, name: &DomainName) -> bool {
        self.protected_domains.iter().any(|protected| {
            protected
                .trim()
                .parse()
                .is_ok_and(|protected| name.is_at_or_below(&protected))
        })
    }
}

/// Whether the name is itself on the public suffix list. A top-level domain that the list does not know counts
/// as a suffix by its default rule, but then a name of two labels is already below one.
fn is_public_suffix(name: &DomainName) -> bool {
    psl::suffix_str(name.as_str()).is_some_and(|suffix| suffix == name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Problem;

    fn refusal(policy: &AddressPolicy, text: &str) -> &'static str {
        policy
            .hosted_domain(text)
            .map_or_else(|problem| problem.code(), |_| "hosted")
    }

    #[test]
    fn only_names_that_can_belong_to_a_customer_are_hosted() {
        let table = [
            ("brightwater.com", "hosted"),
            ("mail.brightwater.com", "hosted"),
            ("brightwater.co.uk", "hosted"),
            ("brightwater.new-top-level", "hosted"),
            ("foo.ck", "domain_public_suffix"),
            ("www.ck", "hosted"), // an exception of the list
            ("brightwater.foo.ck", "hosted"),
            ("co.uk", "domain_public_suffix"),
            ("CO.UK", "domain_public_suffix"),
            ("github.io", "domain_public_suffix"),
            ("postdesk.github.io", "hosted"),
            ("\u{516c}\u{53f8}.cn", "domain_public_suffix"),
            ("xn--55qx5d.cn", "domain_public_suffix"),
            ("foo.\u{516c}\u{53f8}.cn", "hosted"),
            ("\u{e5}lesund.no", "domain_public_suffix"),
            ("com", "domain_one_label"),
            ("foo.localhost", "domain_special_use"),
            ("printer.local", "domain_special_use"),
            ("abc.onion", "domain_special_use"),
            ("2.0.192.in-addr.arpa", "domain_special_use"),
            ("home.arpa", "domain_special_use"),
            ("foo.invalid", "domain_special_use"),
            ("corp.internal", "domain_special_use"),
            ("foo.test", "domain_special_use"),
            ("brightwater.EXAMPLE", "domain_special_use"),
            ("foo.alt", "domain_special_use"),
            ("localhost.com", "hosted"),
            ("gmail.com", "domain_protected"),
            ("GMAIL.com", "domain_protected"),
            ("\u{ff47}mail.com", "domain_protected"),
            ("mail.gmail.com", "domain_protected"),
            ("notgmail.com", "hosted"),
            ("gmail.com.brightwater.com", "hosted"),
        ];
        for (text, expected) in table {
            assert_eq!(refusal(&AddressPolicy::default(), text), expected, "{text}");
        }
    }

    #[test]
    fn a_configuration_may_open_a_special_use_domain_and_no_other() {
        let policy = AddressPolicy {
            special_use_tlds_allowed: vec![".Example".to_owned(), "internal".to_owned()],
            ..AddressPolicy::default()
        };
        assert_eq!(refusal(&policy, "brightwater.example"), "hosted");
        assert_eq!(refusal(&policy, "corp.internal"), "hosted");
        assert_eq!(refusal(&policy, "foo.test"), "domain_special_use");
        assert_eq!(refusal(&policy, "example"), "domain_one_label");
    }

    #[test]
    fn protected_names_are_compared_in_canonical_form() {
        let policy = AddressPolicy {
            protected_domains: vec![" M\u{dc}NCHEN.de".to_owned(), "not a name".to_owned()],
            ..AddressPolicy::default()
        };
        assert_eq!(refusal(&policy, "xn--mnchen-3ya.de"), "domain_protected");
        assert_eq!(refusal(&policy, "a.m\u{fc}nchen.de"), "domain_protected");
        assert_eq!(refusal(&policy, "gmail.com"), "hosted");
    }

    #[test]
    fn every_default_name_is_canonical_and_listed_once() {
        for name in FREEMAIL_PROVIDERS {
            assert_eq!(name.parse::<DomainName>().unwrap().as_str(), name);
        }
        assert!(FREEMAIL_PROVIDERS.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn an_empty_configuration_is_the_default() {
        assert_eq!(
            serde_json::from_str::<AddressPolicy>("{}").unwrap(),
            AddressPolicy::default()
        );
        assert!(serde_json::from_str::<AddressPolicy>(r#"{"protected": []}"#).is_err());
    }
}

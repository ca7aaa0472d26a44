//! Identifiers: a typed prefix and a UUID in base32, such as `mbx_01jd8w6k2v…`, that sort by time.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::invalid::Problem;
use super::macros::serde_as_text;

/// Crockford's base32 in lower case: no `i`, `l`, `o`, `u`; its order is the order of the numbers.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 128 bits in groups of five, the first group holding three.
const LENGTH: usize = 26;

/// Why a text is no identifier of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// It does not begin with the prefix of its kind.
    #[error("an id of this kind begins with \"{0}\": take it from the resource it names")]
    Prefix(&'static str),
    /// It is too short or too long.
    #[error("an id is \"{0}\" and {LENGTH} characters: copy all of it")]
    Length(&'static str),
    /// It has a character outside the alphabet, or is larger than 128 bits.
    #[error(
        "an id is \"{0}\" and digits and letters without i, l, o and u, the first at most 7: copy it again"
    )]
    Character(&'static str),
}

impl Problem for BadId {
    fn code(&self) -> &'static str {
        match self {
            Self::Prefix(_) => "id_prefix",
            Self::Length(_) => "id_length",
            Self::Character(_) => "id_character",
        }
    }
}

fn write(f: &mut fmt::Formatter<'_>, prefix: &str, uuid: Uuid) -> fmt::Result {
    f.write_str(prefix)?;
    let bits = uuid.as_u128();
    let mut digits = [0; LENGTH];
    for (group, place) in digits.iter_mut().rev().enumerate() {
        let digit = usize::try_from((bits >> (group * 5)) & 31).map_err(|_| fmt::Error)?;
        *place = ALPHABET[digit];
    }
    // In one piece: whoever writes JSON looks at each piece on its own.
    f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
}

fn parse(text: &str, prefix: &'static str) -> Result<Uuid, BadId> {
    let digits = text
        .split_at_checked(prefix.len())
        .filter(|(start, _)| start.eq_ignore_ascii_case(prefix))
        .map(|(_, digits)| digits)
        .ok_or(BadId::Prefix(prefix))?;
    if digits.len() != LENGTH {
        return Err(BadId::Length(prefix));
    }

    let mut bits = 0_u128;
    for byte in digits.bytes() {
        let digit = ALPHABET
            .iter()
            .position(|letter| *letter == byte.to_ascii_lowercase())
            .and_then(|digit| u128::try_from(digit).ok())
            .filter(|_| bits >> (128 - 5) == 0)
            .ok_or(BadId::Character(prefix))?;
        bits = bits << 5 | digit;
    }
    Ok(Uuid::from_u128(bits))
}

macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident($prefix:literal);)+) => {$(
        $(#[$doc])+
        #[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The UUID, for the database.
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(f, Self::PREFIX, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                parse(text, Self::PREFIX).map(Self)
            }
        }

        serde_as_text!($name);
    )+};
}

ids! {
    /// Names an organisation: the provider, a reseller or a customer.
    OrgId("org_");
    /// Names an account: somebody who signs in to the portal, or a service account.
    AccountId("acc_");
    /// Names a mail domain.
    DomainId("dom_");
    /// Names a mailbox.
    MailboxId("mbx_");
    /// Names an alias, a group or a catch-all.
    AliasId("als_");
    /// Names an API token.
    TokenId("tok_");
    /// Names an event: an audit entry.
    EventId("evt_");
    /// Names a grant: an account holds a role on a scope.
    GrantId("grt_");
    /// Names a role that an org defines itself.
    RoleId("rol_");
    /// Names a letter: a mail that Postdesk itself writes.
    LetterId("let_");
    /// Names a provisioning target.
    TargetId("tgt_");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_smallest_and_the_largest_id_have_the_same_width() {
        assert_eq!(
            OrgId::from(Uuid::nil()).to_string(),
            "org_00000000000000000000000000"
        );
        assert_eq!(
            OrgId::from(Uuid::max()).to_string(),
            "org_7zzzzzzzzzzzzzzzzzzzzzzzzz"
        );
    }

    #[test]
    fn upper_case_is_understood_and_written_back_in_lower_case() {
        let id: MailboxId = "MBX_7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse().unwrap();
        assert_eq!(id.to_string(), "mbx_7zzzzzzzzzzzzzzzzzzzzzzzzz");
        assert_eq!(format!("{id:?}"), id.to_string());
    }

    #[test]
    fn what_is_no_id_is_refused_for_its_own_reason() {
        let table = [
            ("", "id_prefix"),
            ("mbx", "id_prefix"),
            ("dom_00000000000000000000000000", "id_prefix"),
            ("mbx-00000000000000000000000000", "id_prefix"),
            (" mbx_00000000000000000000000000", "id_prefix"),
            ("mb\u{fc}_00000000000000000000000000", "id_prefix"),
            ("mbx_", "id_length"),
            ("mbx_0000000000000000000000000", "id_length"),
            ("mbx_000000000000000000000000000", "id_length"),
            ("mbx_00000000000000000000000000\n", "id_length"),
            ("mbx_8zzzzzzzzzzzzzzzzzzzzzzzzz", "id_character"),
            ("mbx_zzzzzzzzzzzzzzzzzzzzzzzzzz", "id_character"),
            ("mbx_i0000000000000000000000000", "id_character"),
            ("mbx_0l000000000000000000000000", "id_character"),
            ("mbx_00o00000000000000000000000", "id_character"),
            ("mbx_000u0000000000000000000000", "id_character"),
            ("mbx_0000-000000000000000000000", "id_character"),
            ("mbx_000000000000000000000000\u{fc}", "id_character"),
            ("mbx_00000000000000000000000\0%%", "id_character"),
        ];
        for (text, code) in table {
            let problem = text.parse::<MailboxId>().unwrap_err();
            assert_eq!(problem.code(), code, "{text:?}");
        }
    }

    #[test]
    fn ids_are_strings_in_json() {
        let id = TokenId::from(Uuid::nil());
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"tok_00000000000000000000000000\"");
        assert_eq!(serde_json::from_str::<TokenId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<OrgId>(&json).is_err());
    }

    proptest! {
        #[test]
        fn an_id_survives_its_text(bits: u128) {
            let id = DomainId::from(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse::<DomainId>(), Ok(id));
            prop_assert_eq!(id.uuid().as_u128(), bits);
        }

        #[test]
        fn texts_sort_as_ids_do(a: u128, b: u128) {
            let (a, b) = (EventId::from(Uuid::from_u128(a)), EventId::from(Uuid::from_u128(b)));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(org_)?\\PC{0,30}") {
            if let Ok(id) = text.parse::<OrgId>() {
                prop_assert_eq!(id.to_string(), text.to_ascii_lowercase());
            }
        }
    }
}

//! Values that can stand in any configuration file without quoting: what passes here needs no escaping there.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// Why a text is not the value it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} may hold only {allowed}: {fix}")]
pub struct BadValue {
    kind: &'static str,
    allowed: &'static str,
    fix: &'static str,
}

macro_rules! value {
    ($(#[$doc:meta])* $name:ident, $check:expr, $kind:literal, $allowed:literal, $fix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Cow<'static, str>);

        impl $name {
            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadValue;

            fn from_str(text: &str) -> Result<Self, BadValue> {
                let is_valid: fn(&str) -> bool = $check;
                if !is_valid(text) {
                    return Err(BadValue { kind: $kind, allowed: $allowed, fix: $fix });
                }
                Ok(Self(Cow::Owned(text.to_owned())))
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadValue;

            fn try_from(text: String) -> Result<Self, BadValue> {
                text.parse()
            }
        }
    };
}

macro_rules! shown {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )*};
}

value!(
    /// A host's name, short or full; the directory its files are written to.
    Hostname,
    |text| text.len() <= 253 && text.split('.').all(is_label),
    "a host name",
    "lower-case letters, digits, hyphens and dots",
    "write it as `hostname -f` shows it"
);
value!(
    /// A node's name as it stands in `cluster_nodes`; with `_` for `-` it is part of a Postfix class name.
    NodeName,
    is_label,
    "a node name",
    "lower-case letters, digits and hyphens",
    "write something like `node-a`"
);
value!(
    /// An absolute path of plain characters.
    ConfPath,
    |text| {
        text.starts_with('/')
            && !text.ends_with('/')
            && text.len() <= 200
            && text.split('/').all(|part| part != "..")
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte))
    },
    "a path",
    "letters, digits and /._-+@, from the root, without `..` or a slash at the end",
    "rename the folder"
);
value!(
    /// A database or role name that needs no quoting.
    SqlName,
    |text| {
        !text.is_empty()
            && text.len() <= 63
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    },
    "a database or role name",
    "letters, digits, _ and -",
    "rename it"
);
value!(
    /// A user or group of the operating system.
    UnixName,
    |text| is_label(&text.replace('_', "a")),
    "a user name",
    "lower-case letters, digits, _ and -",
    "write something like `vmail`"
);
value!(
    /// A password or key of the cluster's own services.
    SecretText,
    |text| {
        (8..=256).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(&byte))
    },
    "a secret",
    "8 to 256 letters, digits and ._~+/=-",
    "make one with `openssl rand -hex 24`"
);

shown!(Hostname NodeName ConfPath SqlName UnixName);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

impl ConfPath {
    pub(super) const fn known(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl UnixName {
    pub(super) const fn known(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 63
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

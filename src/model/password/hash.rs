//! Password hashes as Dovecot and the portal store them.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use data_encoding::BASE64_NOPAD;
use secrecy::{ExposeSecret, SecretString};

use crate::model::invalid::Problem;

/// The widest column a provisioning database has for a hash.
const MAX_LENGTH: usize = 255;
/// The longest hash of a portal account.
const MAX_ACCOUNT_LENGTH: usize = 512;

/// The memory of an argon2id hash, in KiB.
pub const ARGON2_MEMORY_KIB: RangeInclusive<u32> = 12_288..=131_072;
/// The passes of an argon2id hash.
pub const ARGON2_PASSES: RangeInclusive<u32> = 1..=6;
const ARGON2_LANES: RangeInclusive<u32> = 1..=4;
const ARGON2_SALT_MIN: usize = 8;
const ARGON2_OUTPUT_MIN: usize = 16;
const BCRYPT_COST: RangeInclusive<u32> = 10..=14;
const BCRYPT_LENGTH: usize = 60;
const SHA512_ROUNDS: RangeInclusive<u32> = 5_000..=1_000_000;
const SHA512_SALT: RangeInclusive<usize> = 1..=16;
const SHA512_DIGEST: usize = 86;

/// Schemes under which Dovecot would keep a readable password.
const READABLE: [&str; 4] = ["PLAIN", "CLEARTEXT", "CLEAR", "PLAIN-TRUNC"];

/// The hash of a mailbox password in Dovecot's form, `{SCHEME}hash`.
///
/// Parsing is for what comes from outside (`hash.import`): strong schemes within bounds of cost, so that a hash
/// can neither be guessed nor keep the mail servers busy. [`MailboxHash::from_stored`] is for what the portal or
/// an importer wrote before.
#[derive(Clone)]
pub struct MailboxHash(SecretString);

impl MailboxHash {
    /// A hash that the portal itself made, or that is already in the database: any scheme but the readable ones.
    pub fn from_stored(text: &str) -> Result<Self, BadHash> {
        check_text(text, MAX_LENGTH)?;
        let (scheme, body) = split(text).ok_or(BadHash::Scheme)?;
        let name = scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        let base = scheme.split('.').next().unwrap_or(scheme);
        let readable = READABLE
            .iter()
            .any(|readable| readable.eq_ignore_ascii_case(base));
        if scheme.is_empty() || !name || body.is_empty() || readable {
            return Err(BadHash::Scheme);
        }
        Ok(Self(text.into()))
    }

    /// The whole text, for the databases.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The scheme without its braces, such as `ARGON2ID`.
    pub fn scheme(&self) -> &str {
        split(self.expose()).map_or("", |(scheme, _)| scheme)
    }
}

impl fmt::Debug for MailboxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailboxHash(..)")
    }
}

impl FromStr for MailboxHash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<Self, BadHash> {
        check_text(text, MAX_LENGTH)?;
        let (scheme, body) = split(text).ok_or(BadHash::Scheme)?;
        match scheme {
            "ARGON2ID" => check_argon2id(body)?,
            "BLF-CRYPT" => check_bcrypt(body)?,
            "SHA512-CRYPT" => check_sha512_crypt(body)?,
            _ => return Err(BadHash::Scheme),
        }
        Ok(Self(text.into()))
    }
}

/// The hash of a portal account's password: a PHC string that only the hasher looks into.
#[derive(Clone)]
pub struct AccountHash(SecretString);

impl AccountHash {
    /// The whole text, for the hasher and the database.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for AccountHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountHash(..)")
    }
}

impl FromStr for AccountHash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<Self, BadHash> {
        check_text(text, MAX_ACCOUNT_LENGTH)?;
        let mut fields = text.split('$');
        let phc = fields.next() == Some("") && fields.next().is_some_and(|name| !name.is_empty());
        if phc && fields.next().is_some() {
            Ok(Self(text.into()))
        } else {
            Err(BadHash::Phc)
        }
    }
}

fn check_text(text: &str, max: usize) -> Result<(), BadHash> {
    if text.len() > max {
        return Err(BadHash::TooLong);
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(BadHash::Character);
    }
    Ok(())
}

fn split(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('{')?.split_once('}')
}

/// `$argon2id$v=19$m=65536,t=3,p=1$salt$output`
fn check_argon2id(body: &str) -> Result<(), BadHash> {
    let fields: Vec<&str> = body.split('$').collect();
    let ["", "argon2id", "v=19", costs, salt, output] = fields.as_slice() else {
        return Err(BadHash::Argon2id);
    };
    let costs: Vec<&str> = costs.split(',').collect();
    let [memory, passes, lanes] = costs.as_slice() else {
        return Err(BadHash::Argon2id);
    };
    let within = |field: &str, name: &str, bounds: RangeInclusive<u32>| {
        field
            .strip_prefix(name)
            .and_then(number)
            .is_some_and(|value| bounds.contains(&value))
    };
    let at_least = |field: &str, length: usize| {
        BASE64_NOPAD
            .decode(field.as_bytes())
            .is_ok_and(|bytes| bytes.len() >= length)
    };
    let good = within(memory, "m=", ARGON2_MEMORY_KIB)
        && within(passes, "t=", ARGON2_PASSES)
        && within(lanes, "p=", ARGON2_LANES)
        && at_least(salt, ARGON2_SALT_MIN)
        && at_least(output, ARGON2_OUTPUT_MIN);
    if good { Ok(()) } else { Err(BadHash::Argon2id) }
}

/// `$2y$12$` and 53 characters of salt and output.
fn check_bcrypt(body: &str) -> Result<(), BadHash> {
    let rest = ["$2a$", "$2b$", "$2y$"]
        .iter()
        .find_map(|variant| body.strip_prefix(variant));
    let (cost, tail) = rest
        .and_then(|rest| rest.split_once('$'))
        .ok_or(BadHash::Bcrypt)?;
    let cost = number(cost).is_some_and(|cost| BCRYPT_COST.contains(&cost));
    let good = cost && body.len() == BCRYPT_LENGTH && tail.bytes().all(is_crypt_digit);
    if good { Ok(()) } else { Err(BadHash::Bcrypt) }
}

/// `$6$rounds=100000$salt$digest`; without rounds they are 5000.
fn check_sha512_crypt(body: &str) -> Result<(), BadHash> {
    let fields: Vec<&str> = body.split('$').collect();
    let (salt, digest) = match fields.as_slice() {
        ["", "6", salt, digest] => (salt, digest),
        ["", "6", rounds, salt, digest] => {
            let rounds = rounds.strip_prefix("rounds=").and_then(number);
            if !rounds.is_some_and(|rounds| SHA512_ROUNDS.contains(&rounds)) {
                return Err(BadHash::Sha512Crypt);
            }
            (salt, digest)
        }
        _ => return Err(BadHash::Sha512Crypt),
    };
    let good = SHA512_SALT.contains(&salt.len())
        && digest.len() == SHA512_DIGEST
        && salt.bytes().chain(digest.bytes()).all(is_crypt_digit);
    if good { Ok(()) } else { Err(BadHash::Sha512Crypt) }
}

fn is_crypt_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/')
}

/// A decimal number as programs write it: no sign, no leading zero.
fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !(text.len() > 1 && text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Why a text is not taken as a hash. The hash is never part of the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHash {
    /// No scheme, or none that is accepted.
    #[error(
        "only hashes of the schemes {{ARGON2ID}}, {{BLF-CRYPT}} and {{SHA512-CRYPT}} are accepted, with the scheme in upper case before them: set a new password instead"
    )]
    Scheme,
    /// Too long for a provisioning database.
    #[error(
        "the hash is too long: give one of at most {MAX_LENGTH} characters, {{ARGON2ID}}, {{BLF-CRYPT}} or {{SHA512-CRYPT}}"
    )]
    TooLong,
    /// A space, a line break or something that is not ASCII.
    #[error(
        "a hash has no spaces, line breaks or letters outside ASCII: give an {{ARGON2ID}}, {{BLF-CRYPT}} or {{SHA512-CRYPT}} hash as it was exported"
    )]
    Character,
    /// Not a good Argon2id hash.
    #[error(
        "an {{ARGON2ID}} hash is $argon2id$v=19$m=..,t=..,p=..$salt$hash with m 12288 to 131072, t 1 to 6, p 1 to 4, a salt of 8 bytes and a hash of 16 bytes or more: set a new password instead"
    )]
    Argon2id,
    /// Not a good bcrypt hash.
    #[error(
        "a {{BLF-CRYPT}} hash is $2a$, $2b$ or $2y$ with a cost of 10 to 14 and 60 characters in all: set a new password instead"
    )]
    Bcrypt,
    /// Not a good SHA-512 crypt hash.
    #[error(
        "a {{SHA512-CRYPT}} hash is $6$ with 5000 to 1000000 rounds, a salt of 1 to 16 and a digest of 86 characters: set a new password instead"
    )]
    Sha512Crypt,
    /// Not a PHC string.
    #[error("the hash of an account is a PHC string, $name$..: set a new password")]
    Phc,
}

impl Problem for BadHash {
    fn code(&self) -> &'static str {
        match self {
            Self::Scheme => "hash_scheme",
            Self::TooLong => "hash_too_long",
            Self::Character => "hash_character",
            Self::Argon2id => "hash_argon2id",
            Self::Bcrypt => "hash_bcrypt",
            Self::Sha512Crypt => "hash_sha512_crypt",
            Self::Phc => "hash_phc",
        }
    }
}

#[cfg(test)]
mod tests;

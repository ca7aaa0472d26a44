//! The letters that Postdesk itself writes.

use std::time::Duration;

/// What a letter is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// Takes the link to whoever was invited.
    Invitation,
    /// Takes a code to whoever says to be on the telephone.
    CallerCode,
    /// Takes the link for a new password.
    PasswordReset,
    /// Asks at a new address whether it is theirs.
    AddressProof,
    /// Tells of a new password.
    PasswordChanged,
    /// Tells the address that was that another signs in now.
    AddressChanged,
}

impl LetterKind {
    /// Every kind there is.
    pub const ALL: &[Self] = &[
        Self::Invitation,
        Self::CallerCode,
        Self::PasswordReset,
        Self::AddressProof,
        Self::PasswordChanged,
        Self::AddressChanged,
    ];

    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::CallerCode => "caller_code",
            Self::PasswordReset => "password_reset",
            Self::AddressProof => "address_proof",
            Self::PasswordChanged => "password_changed",
            Self::AddressChanged => "address_changed",
        }
    }

    /// The kind of this word.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }

    /// How long before its end a letter is not sent any more: it would help nobody.
    pub fn least_left(self) -> Duration {
        match self {
            Self::Invitation => Duration::from_hours(24),
            Self::AddressProof => Duration::from_hours(1),
            Self::CallerCode => Duration::from_mins(2),
            Self::PasswordReset | Self::PasswordChanged | Self::AddressChanged => Duration::ZERO,
        }
    }

    /// What it brings, to be read after "The letter with".
    pub fn brings(self) -> &'static str {
        match self {
            Self::Invitation => "an invitation",
            Self::CallerCode => "a code for support",
            Self::PasswordReset => "a link for a new password",
            Self::AddressProof => "a question about a new address",
            Self::PasswordChanged => "news of a new password",
            Self::AddressChanged => "news of a new address",
        }
    }
}

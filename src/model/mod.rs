//! The vocabulary. Pure: no I/O, no async, no SQL, no HTTP.
//!
//! Every door (form, API, import, command line, reconciliation) builds the same types, so a rule about an
//! address, a quota or a password is written here once. Values are parsed, not validated: who holds a
//! [`DomainName`] holds a good one.

pub mod address;
pub mod address_policy;
pub mod alias;
pub mod chain;
mod characters;
mod count;
pub mod destination;
pub mod domain;
pub mod domain_name;
pub mod event;
pub mod id;
pub mod invalid;
pub mod ip_range;
pub mod language;
pub mod letter;
pub mod limits;
pub mod local_part;
mod macros;
pub mod mailbox;
pub mod password;
pub mod quota;
pub mod refusal;
pub mod sharing;
pub mod text;
pub mod time;
pub mod topic;

pub use address::{BadEmailAddress, EmailAddress};
pub use address_policy::AddressPolicy;
pub use alias::{Alias, AliasAddress, AliasDraft, AliasPatch, MOST_DESTINATIONS};
pub use chain::{Hash, Link, Sealed};
pub use count::count;
pub use destination::{BadDestination, Destination};
pub use domain::{
    Domain, DomainAlias, DomainDraft, DomainPatch, Off, Org, OrgDraft, OrgKind, OrgOff, OrgPatch,
};
pub use domain_name::{BadDomainName, DomainName};
pub use event::{ActedFor, Detail, Event, EventKind, FieldChange, ObjectKind, Subject, Touched};
pub use id::{
    AccountId, ActingId, AliasId, BadId, DomainId, EventId, GrantId, LetterId, MailboxId, OrgId, RoleId,
    TargetId, TokenId,
};
pub use invalid::{FieldProblem, Invalid, Problem};
pub use ip_range::{Cidrs, IpRange};
pub use language::{Language, UnknownLanguage};
pub use letter::LetterKind;
pub use limits::{Delta, Limits, Pool, Usage};
pub use local_part::{BadLocalPart, LocalPart};
pub use mailbox::{
    Deleted, Forwarding, Mailbox, MailboxDraft, MailboxPatch, MailboxState, MailboxUsage, Protocols,
    ProtocolsPatch, Secret, Suspension, fullness,
};
pub use password::{
    ARGON2_MEMORY_KIB, ARGON2_PASSES, AccountHash, BadHash, BadPassword, MailboxHash, Password,
    PasswordRules, words_password,
};
pub use quota::{BadAmount, Limit, Quota, QuotaBytes};
pub use refusal::Refusal;
pub use sharing::{BadFactor, Factor, Giver, Promise, Promised, Sharing, Taker};
pub use text::{BadText, DisplayName, ExternalId, Label, Labels, Note, Reason};
pub use time::{BadTimestamp, Clock, FixedClock, SystemClock, Timestamp};
pub use topic::{Topic, UnknownTopic};

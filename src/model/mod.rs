//! The vocabulary. Pure: no I/O, no async, no SQL, no HTTP.
//!
//! Every door (form, API, import, command line, reconciliation) builds the same types, so a rule about an
//! address, a quota or a password is written here once. Values are parsed, not validated: who holds a
//! [`DomainName`] holds a good one.

pub mod address;
pub mod address_policy;
mod characters;
pub mod destination;
pub mod domain_name;
pub mod id;
pub mod invalid;
pub mod local_part;
mod macros;
pub mod password;
pub mod quota;
pub mod text;
pub mod time;

pub use address::{BadEmailAddress, EmailAddress};
pub use address_policy::AddressPolicy;
pub use destination::{BadDestination, Destination};
pub use domain_name::{BadDomainName, DomainName};
pub use id::{AccountId, AliasId, BadId, DomainId, EventId, GrantId, MailboxId, OrgId, TargetId, TokenId};
pub use invalid::{FieldProblem, Invalid, Problem};
pub use local_part::{BadLocalPart, LocalPart};
pub use password::{AccountHash, BadHash, BadPassword, MailboxHash, Password, PasswordRules};
pub use quota::{BadAmount, Limit, Quota, QuotaBytes};
pub use text::{BadText, DisplayName, ExternalId, Label, Labels, Note, Reason};
pub use time::{BadTimestamp, Clock, FixedClock, SystemClock, Timestamp};

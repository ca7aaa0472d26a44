//! Values that many resources share, as the OpenAPI document describes them.

use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOf, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use uuid::Uuid;

use super::BASE;
use crate::model::{AccountId, AliasId, DomainId, MailboxId, OrgId, TokenId};

/// A number of bytes or of things, or `"unlimited"`.
pub(super) struct Amount;

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .build();
        let word = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["unlimited"]))
            .build();
        let mut either = OneOf::new();
        either.items = vec![number.into(), word.into()];
        either.description = Some("A whole number of 0 or more, or \"unlimited\". 0 is none.".to_owned());
        Schema::OneOf(either).into()
    }
}

impl ToSchema for Amount {
    fn name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }
}

/// The path of a resource: where it stands, and its name there.
pub(super) struct Path<T>(pub(super) &'static str, pub(super) T);

impl<T: fmt::Display> Serialize for Path<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{BASE}{}{}", self.0, self.1))
    }
}

/// The id of a thing of this kind as the API writes it; nothing for kinds that have none.
pub(super) fn typed(kind: &str, id: Uuid) -> Option<String> {
    match kind {
        "mailbox" => Some(MailboxId::from(id).to_string()),
        "alias" => Some(AliasId::from(id).to_string()),
        "domain" => Some(DomainId::from(id).to_string()),
        "org" => Some(OrgId::from(id).to_string()),
        "account" => Some(AccountId::from(id).to_string()),
        "token" => Some(TokenId::from(id).to_string()),
        _ => None,
    }
}

/// The id behind one that the API wrote, whatever it names.
pub(super) fn untyped(text: &str) -> Option<Uuid> {
    let mailbox = text.parse().map(MailboxId::uuid);
    let alias = |_| text.parse().map(AliasId::uuid);
    let domain = |_| text.parse().map(DomainId::uuid);
    let org = |_| text.parse().map(OrgId::uuid);
    let account = |_| text.parse().map(AccountId::uuid);
    let token = |_| text.parse().map(TokenId::uuid);
    let found = mailbox.or_else(alias).or_else(domain).or_else(org);
    found.or_else(account).or_else(token).ok()
}

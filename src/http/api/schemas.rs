//! Values that many resources share, as the OpenAPI document describes them.

use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOf, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::BASE;

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

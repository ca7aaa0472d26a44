//! Why a target could not be written or read: what the drivers say, in a few classes.

use sqlx::mysql::MySqlDatabaseError;

/// Why a target could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct TargetError {
    /// A stable class: `unreachable`, `timeout`, `read_only`, `permission`, `schema`, `conflict`, `constraint`, `busy`.
    pub class: &'static str,
    /// One sentence for people.
    pub text: String,
    /// Whether it concerns the target as a whole, not one object.
    pub whole: bool,
}

impl TargetError {
    pub(super) fn object(class: &'static str, text: impl Into<String>) -> Self {
        Self {
            class,
            text: text.into(),
            whole: false,
        }
    }

    pub(super) fn whole(class: &'static str, text: impl Into<String>) -> Self {
        Self {
            class,
            text: text.into(),
            whole: true,
        }
    }
}

/// What a driver's error means for the worker, in words without secrets.
pub(super) fn trouble(error: &sqlx::Error) -> TargetError {
    match error {
        sqlx::Error::Io(error) => {
            TargetError::whole("unreachable", format!("cannot be reached: {}", error.kind()))
        }
        sqlx::Error::Tls(_) => TargetError::whole("unreachable", "no secure connection can be made"),
        sqlx::Error::Database(refusal) => {
            let code = code_of(refusal.as_ref());
            let said = refusal.message().lines().next().unwrap_or_default().to_owned();
            if refusal.is_unique_violation() {
                return TargetError::object("conflict", format!("the target refuses a second row: {said}"));
            }
            if refusal.is_foreign_key_violation() || refusal.is_check_violation() {
                return TargetError::object("constraint", format!("the target refuses the row: {said}"));
            }
            match code.as_str() {
                "28P01" | "28000" | "3D000" | "1045" | "1044" | "1049" => {
                    TargetError::whole("permission", format!("the target lets nobody in: {said}"))
                }
                "42501" | "1142" | "1143" => {
                    TargetError::whole("permission", format!("a right is missing: {said}"))
                }
                "25006" | "1290" | "1792" | "1836" | "8" => {
                    TargetError::whole("read_only", "the target is read-only")
                }
                "42P01" | "42703" | "1146" | "1054" => TargetError::whole("schema", not_there(&said)),
                "1" if said.starts_with("no such") || said.contains("has no column") => {
                    TargetError::whole("schema", not_there(&said))
                }
                "53300" | "57P03" | "57P01" | "57P02" | "1040" | "1053" => {
                    TargetError::whole("unreachable", said)
                }
                "53100" | "1114" | "1021" | "13" => {
                    TargetError::whole("full", "the target has no space left")
                }
                "40001" | "40P01" | "55P03" | "57014" | "1205" | "1213" | "5" | "6" | "517" | "261" => {
                    TargetError::whole("busy", "the target is busy")
                }
                _ => TargetError::object("refused", format!("the target refuses the row: {said}")),
            }
        }
        other => TargetError::whole(
            "unreachable",
            format!("the connection failed: {}", kind_of(other)),
        ),
    }
}

/// The code of a refusal: of MariaDB its own number, because its SQLSTATE is the same for almost everything.
fn code_of(refusal: &dyn sqlx::error::DatabaseError) -> String {
    let number = refusal.try_downcast_ref::<MySqlDatabaseError>();
    let number = number.map(|refusal| refusal.number().to_string());
    number.unwrap_or_else(|| refusal.code().unwrap_or_default().into_owned())
}

fn not_there(said: &str) -> String {
    format!(
        "the schema is not there or not whole, run `postdesk target init` and then `postdesk target resync`: {said}"
    )
}

/// The kind of a driver error, without the values it may quote.
fn kind_of(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Configuration(_) => "the URL is not understood",
        sqlx::Error::Protocol(_) => "the server speaks another protocol",
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            "a value has another type than expected"
        }
        sqlx::Error::WorkerCrashed => "the driver stopped",
        _ => "see the log",
    }
}

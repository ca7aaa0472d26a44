//! The targets' SQL: one text with `$n` in order, which MariaDB takes with `?`. Pure, but for the driver's types.

use std::borrow::Cow;

use crate::db::url::Engine;

/// The text for an engine. Every `$n` stands once, in order, so that `?` means the same.
pub(super) fn text(engine: Engine, sql: &'static str) -> Cow<'static, str> {
    if engine != Engine::Mysql {
        return Cow::Borrowed(sql);
    }
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        out.push('?');
        rest = rest[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Sets the fence of an object unless it is ahead already.
pub(super) fn set_fence(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite | Engine::Postgres => {
            "INSERT INTO postdesk_fence (object_id, kind, revision, applied_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (object_id) DO UPDATE SET revision = excluded.revision, applied_at = excluded.applied_at
             WHERE postdesk_fence.revision <= excluded.revision"
        }
        Engine::Mysql => {
            "INSERT INTO postdesk_fence (object_id, kind, revision, applied_at) VALUES ($1, $2, $3, $4)
             ON DUPLICATE KEY UPDATE
               applied_at = IF(revision <= VALUES(revision), VALUES(applied_at), applied_at),
               revision = GREATEST(revision, VALUES(revision))"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mariadb_gets_question_marks() {
        let sql = "UPDATE a SET b = $1, c = $2 WHERE d = $10";
        assert_eq!(text(Engine::Mysql, sql), "UPDATE a SET b = ?, c = ? WHERE d = ?");
        assert_eq!(text(Engine::Postgres, sql), sql);
    }
}

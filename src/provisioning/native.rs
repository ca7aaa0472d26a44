//! The schema `native`: the tables and views of a provisioning database, and the roles that read them.

use crate::db::url::Engine;

/// The version of the schema that this release writes.
pub const VERSION: i64 = 1;

/// The statements that create tables and views.
pub fn schema(engine: Engine) -> Vec<&'static str> {
    let text = match engine {
        Engine::Sqlite => include_str!("native/sqlite.sql"),
        Engine::Postgres => include_str!("native/postgres.sql"),
        Engine::Mysql => include_str!("native/mariadb.sql"),
    };
    split(text)
}

/// The same for a schema that is there, but perhaps not whole: what is missing is made, the views are made anew.
pub fn mending(engine: Engine) -> Vec<String> {
    let view = match engine {
        Engine::Sqlite => "CREATE VIEW IF NOT EXISTS ",
        Engine::Postgres | Engine::Mysql => "CREATE OR REPLACE VIEW ",
    };
    let forms = [
        ("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS "),
        ("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS "),
        ("CREATE VIEW ", view),
    ];
    let mended = |statement: &str| {
        let form = |(made, mended): &(&str, &str)| {
            let at = statement.find(made)?;
            Some(format!("{mended}{}", &statement[at + made.len()..]))
        };
        forms.iter().find_map(form)
    };
    schema(engine).into_iter().filter_map(mended).collect()
}

/// The statements that create the daemons' roles, with placeholders for the passwords. SQLite has no roles.
pub fn grants(engine: Engine) -> Vec<&'static str> {
    let text = match engine {
        Engine::Sqlite => "",
        Engine::Postgres => include_str!("native/grants_postgres.sql"),
        Engine::Mysql => include_str!("native/grants_mariadb.sql"),
    };
    split(text)
}

fn split(text: &'static str) -> Vec<&'static str> {
    let code = |part: &str| {
        part.lines()
            .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
    };
    text.split(";\n")
        .filter(|part| code(part))
        .map(str::trim)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_made_can_be_mended() {
        for engine in [Engine::Sqlite, Engine::Postgres, Engine::Mysql] {
            let mending = mending(engine);
            assert_eq!(mending.len(), schema(engine).len());
            let is_harmless = |statement: &String| {
                statement.contains(" IF NOT EXISTS ") || statement.contains(" OR REPLACE ")
            };
            assert!(mending.iter().all(is_harmless));
        }
    }

    #[test]
    fn every_engine_has_the_same_tables_and_views() {
        let names = |engine| {
            let words = |part: &str| {
                let line = part.lines().find(|line| line.starts_with("CREATE"))?;
                line.split(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .take(3)
                    .map(str::to_owned)
                    .reduce(|a, b| a + " " + &b)
            };
            schema(engine).into_iter().filter_map(words).collect::<Vec<_>>()
        };
        assert!(names(Engine::Sqlite).len() > 25);
        assert_eq!(names(Engine::Sqlite), names(Engine::Postgres));
        assert_eq!(names(Engine::Sqlite), names(Engine::Mysql));
    }
}

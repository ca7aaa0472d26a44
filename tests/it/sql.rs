//! Every statement of the store is taken by both databases, the busy ones use an index, and both schemas are one.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::app::TestApp;
use crate::support::backend::{Backend, block_on, sql};

/// A statement of the store, and where it stands.
struct Statement {
    file: String,
    line: usize,
    text: String,
}

impl Statement {
    fn name(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// A piece of Rust that matters here.
#[derive(Clone)]
enum Token {
    Text(usize, String),
    Macro(String),
    Hole(String),
    Open,
    Close,
}

/// Cuts Rust into the pieces from which SQL is put together. Comments go; strings lose their escapes.
fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    let line = |rest: &str| source[..source.len() - rest.len()].matches('\n').count() + 1;
    while let Some(next) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(after) = rest.strip_prefix("'\"'") {
            rest = after;
        } else if next == '"' {
            let (text, after) = string(&rest[1..]);
            tokens.push(Token::Text(line(rest), text));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('$') {
            let (name, after) = word(after);
            tokens.push(Token::Hole(name.to_owned()));
            rest = after;
        } else if next.is_alphabetic() || next == '_' {
            let (name, after) = word(rest);
            rest = after;
            if let Some(after) = rest.strip_prefix("!(") {
                tokens.push(Token::Macro(name.to_owned()));
                rest = after;
            }
        } else {
            match next {
                '(' | '{' | '[' => tokens.push(Token::Open),
                ')' | '}' | ']' => tokens.push(Token::Close),
                _ => (),
            }
            rest = &rest[next.len_utf8()..];
        }
    }
    tokens
}

/// The name that begins here, and what comes after it.
fn word(rest: &str) -> (&str, &str) {
    rest.split_at(
        rest.find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len()),
    )
}

/// The string that begins here, and what comes after it.
fn string(rest: &str) -> (String, &str) {
    let mut text = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, &rest[at + 1..]),
            '\\' => text.extend(chars.next().map(|(_, escaped)| escaped)),
            c => text.push(c),
        }
    }
    panic!("a string without an end");
}

/// A macro of the store that makes SQL: the names of its holes, and what it is made of.
struct Maker {
    name: String,
    holes: Vec<String>,
    body: Vec<Token>,
}

/// The macros that are declared in a source.
fn makers(source: &str) -> Vec<Maker> {
    let declared = source.split("macro_rules! ").skip(1);
    declared
        .map(|text| {
            let (name, rest) = word(text);
            let body = rest.split_once("=>").unwrap();
            let end = body.1.find("\n}\n").unwrap();
            let holes = tokens(body.0).into_iter().filter_map(|token| match token {
                Token::Hole(name) => Some(name),
                _ => None,
            });
            Maker {
                name: name.to_owned(),
                holes: holes.collect(),
                body: tokens(&body.1[..end]),
            }
        })
        .collect()
}

/// The texts that a piece of source makes, each with the line where it begins.
fn texts(pieces: &[Token], makers: &[Maker], filled: &[(String, String)]) -> Vec<(usize, String)> {
    let mut made = Vec::new();
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        at += 1;
        match piece {
            Token::Text(line, text) => made.push((*line, text.clone())),
            Token::Hole(name) => {
                let text = filled.iter().find(|(hole, _)| hole == name);
                made.extend(text.map(|(_, text)| (0, text.clone())));
            }
            Token::Macro(name) => {
                let inside = inside(&pieces[at..]);
                at += inside.len() + 1;
                let arguments = texts(inside, makers, filled);
                let line = arguments.iter().map(|(line, _)| *line).find(|line| *line > 0);
                let line = line.unwrap_or(0);
                if name == "concat" {
                    made.push((line, arguments.into_iter().map(|(_, text)| text).collect()));
                } else if let Some(maker) = makers.iter().find(|maker| maker.name == *name) {
                    let arguments = arguments.into_iter().map(|(_, text)| text);
                    let filled: Vec<_> = maker.holes.iter().cloned().zip(arguments).collect();
                    let made_by = texts(&maker.body, makers, &filled);
                    made.extend(made_by.into_iter().map(|(_, text)| (line, text)));
                } else {
                    made.extend(arguments);
                }
            }
            Token::Open | Token::Close => (),
        }
    }
    made
}

/// The pieces up to the bracket that closes.
fn inside(pieces: &[Token]) -> &[Token] {
    let mut depth = 1;
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Token::Open | Token::Macro(_) => depth += 1,
            Token::Close => depth -= 1,
            Token::Text(..) | Token::Hole(_) => (),
        }
        if depth == 0 {
            return &pieces[..at];
        }
    }
    panic!("a bracket without an end");
}

fn is_statement(text: &str) -> bool {
    let verbs = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH "];
    verbs.iter().any(|verb| text.trim_start().starts_with(verb))
}

/// The statements in one file of the store. Its macros may stand in the module above it, or be for the whole store.
fn statements_of(file: &Path) -> Vec<Statement> {
    let source = fs::read_to_string(file).unwrap();
    let above = fs::read_to_string(file.parent().unwrap().with_extension("rs")).unwrap_or_default();
    let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/row.rs");
    let everywhere = fs::read_to_string(rows).unwrap();
    let makers: Vec<Maker> = [&source, &above, &everywhere]
        .into_iter()
        .flat_map(|text| makers(text))
        .collect();
    // What a macro is made of is no statement until its holes are filled.
    let mut rest = source.as_str();
    let mut outside = String::new();
    while let Some((before, after)) = rest.split_once("macro_rules! ") {
        let (declared, after) = after.split_at(after.find("\n}\n").unwrap());
        outside.push_str(before);
        outside.extend(declared.matches('\n'));
        rest = after;
    }
    outside.push_str(rest);
    texts(&tokens(&outside), &makers, &[])
        .into_iter()
        .filter(|(_, text)| is_statement(text))
        .map(|(line, text)| Statement {
            file: file.file_name().unwrap().to_string_lossy().into_owned(),
            line,
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        })
        .collect()
}

fn statements() -> Vec<Statement> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let kind = if path.is_dir() { &mut folders } else { &mut files };
            kind.push(path);
        }
    }
    files.sort();
    files.iter().flat_map(|file| statements_of(file)).collect()
}

#[test]
fn every_statement_is_found() {
    let found = statements();
    let texts: Vec<&str> = found.iter().map(|statement| statement.text.as_str()).collect();

    assert!(found.len() > 100, "only {} statements", found.len());
    assert!(
        texts
            .iter()
            .any(|text| text.ends_with("FROM mailboxes m WHERE m.id = $1"))
    );
    assert!(texts.iter().all(|text| !text.contains("\\n")));
}

/// SQLite looks at the value of a bare `LIMIT $1` to plan, and so prepares the statement anew each time it is bound.
#[test]
fn no_statement_is_planned_for_one_limit_alone() {
    let bare = |text: &str| {
        text.split("LIMIT $").skip(1).any(|rest| {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            !rest.starts_with(" + 0")
        })
    };
    let found: Vec<String> = statements()
        .iter()
        .filter(|statement| bare(&statement.text))
        .map(Statement::name)
        .collect();
    assert!(found.is_empty(), "write LIMIT $n + 0 in {found:?}");
}

#[test]
fn postgres_takes_every_statement() {
    block_on(async {
        let app = TestApp::new(Backend::Postgres).await;
        for (n, statement) in statements().iter().enumerate() {
            if let Err(problem) = prepare(&app, n, &statement.text).await {
                panic!(
                    "PostgreSQL refuses {}: {problem}\n{}",
                    statement.name(),
                    statement.text
                );
            }
        }
    });
}

/// Prepares a statement without saying what its values are. Where that leaves open whether a number is an `INTEGER`
/// or a `BIGINT`, it is a `BIGINT`, as it is when the store runs it.
async fn prepare(app: &TestApp, n: usize, text: &str) -> Result<(), String> {
    let mut numbers = BTreeSet::new();
    loop {
        let most = numbers.iter().copied().max().unwrap_or(0);
        let kinds: Vec<&str> = (1..=most)
            .map(|n| if numbers.contains(&n) { "BIGINT" } else { "UNKNOWN" })
            .collect();
        let kinds = if most == 0 {
            String::new()
        } else {
            format!("({})", kinds.join(", "))
        };
        let prepare = sql(format!("PREPARE one{n}{kinds} AS {text}"));
        let Err(problem) = app.db().write(prepare).execute().await else {
            return Ok(());
        };
        let problem = problem.source().map(ToString::to_string).unwrap_or_default();
        let open = problem.split_once("inconsistent types deduced for parameter $");
        let digits = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>();
        let open = open.and_then(|(_, rest)| digits(rest).parse::<usize>().ok());
        match open.filter(|number| numbers.insert(*number)) {
            Some(_) => (),
            None => return Err(problem),
        }
    }
}

/// How SQLite would carry a statement out.
async fn plan(app: &TestApp, statement: &Statement) -> Vec<String> {
    let explain = sql(format!("EXPLAIN QUERY PLAN {}", statement.text));
    let rows: Result<Vec<(i64, i64, i64, String)>, _> = app.db().read(explain).fetch_all().await;
    let rows = rows.unwrap_or_else(|problem| {
        panic!(
            "SQLite refuses {}: {problem:?}\n{}",
            statement.name(),
            statement.text
        )
    });
    rows.into_iter().map(|(.., detail)| detail).collect()
}

/// What works in the background, on everything at once; its statements need not be quick.
const BACKGROUND: &[&str] = &["targets.rs", "outbox.rs", "projected.rs", "housekeeping.rs"];

/// Statements that may walk a table or sort, and why that is no harm. The text is a part of the statement.
const MAY_WALK: &[(&str, &str)] = &[
    (
        "SELECT COUNT(*) FROM accounts",
        "asked until the first operator is there",
    ),
    (
        "purpose = 'first_operator' AND used_at IS NULL",
        "once, at the first start",
    ),
    (
        "SELECT path FROM orgs WHERE parent_id",
        "a recount looks at every org, those in the bin too",
    ),
    (
        "AND deleted_at IS NULL GROUP BY domain_id",
        "a recount counts everything there is, part by part, and only when it is asked for",
    ),
    (
        "FROM acting s JOIN orgs o",
        "walks the times in which support acted, which are few, for the path of each",
    ),
    (
        "FROM grants g JOIN accounts a",
        "sorts the few who look after one thing",
    ),
    (
        "AND (a.name, a.id) > ($3, $4)",
        "sorts the people of one customer or domain",
    ),
    (
        "substr($1, 1, length(org_path)) = org_path",
        "orgs define few roles",
    ),
    (
        "n.name = $1 AND m.local_part = $2",
        "sorts what one address left in the bin",
    ),
    (
        "n.name = $1 AND a.local_part = $2",
        "sorts what one address left in the bin",
    ),
    ("NOT EXISTS (SELECT 1 FROM accounts)", "looks at one account"),
    ("s.kind = 'mailbox')", "sorts what was found"),
    ("s.kind = 'alias')", "sorts what was found"),
    (
        "WHERE t.destination = $1",
        "sorts the aliases that deliver to one address",
    ),
    ("FROM targets WHERE enabled", "there are a handful of targets"),
    ("INSERT INTO mailboxes (id", "there are a handful of nodes"),
    (
        "FROM orgs WHERE path >= $1",
        "sorts the customers of one reseller",
    ),
    (
        "org_path >= $4 AND org_path < $5 ORDER BY id",
        "sorts the history of one customer",
    ),
    (
        "FROM former_paths f JOIN orgs o",
        "sorts what happened to orgs before they were moved",
    ),
    ("FROM roles r JOIN orgs p", "groups the few roles of one org"),
    (
        "UNION SELECT CAST($9 AS TEXT)",
        "six words that came with the statement",
    ),
];

#[test]
fn sqlite_takes_every_statement_and_the_busy_ones_use_an_index() {
    block_on(async {
        let app = TestApp::new(Backend::Sqlite).await;
        let mut walking = Vec::new();
        let mut excused = BTreeSet::new();
        for statement in statements() {
            let plan = plan(&app, &statement).await;
            if BACKGROUND.contains(&statement.file.as_str()) {
                continue;
            }
            let walks = |step: &&String| {
                step.starts_with("SCAN ") && !step.contains("CONSTANT ROW") && !step.starts_with("SCAN w")
                    || step.contains("TEMP B-TREE")
            };
            let steps: Vec<&String> = plan.iter().filter(walks).collect();
            if steps.is_empty() {
                continue;
            }
            match MAY_WALK.iter().find(|(start, _)| statement.text.contains(start)) {
                Some((start, _)) => drop(excused.insert(*start)),
                None => walking.push(format!("{} {steps:?}\n    {}", statement.name(), statement.text)),
            }
        }
        assert!(walking.is_empty(), "these walk or sort:\n{}", walking.join("\n"));
        for (start, reason) in MAY_WALK {
            assert!(
                excused.contains(start),
                "no longer needs an excuse: {start} ({reason})"
            );
        }
    });
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("migrations")
            .join(folder);
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect::<BTreeSet<_>>()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));

    assert_eq!(sqlite, postgres);
    let numbers: Vec<usize> = sqlite
        .iter()
        .map(|name| name.split('_').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers, (1..=sqlite.len()).collect::<Vec<_>>());
}

#[test]
fn both_databases_have_the_same_schema() {
    block_on(async {
        let sqlite = TestApp::new(Backend::Sqlite).await;
        let postgres = TestApp::new(Backend::Postgres).await;

        let on_sqlite = described(&sqlite, SQLITE_SCHEMA).await;
        let on_postgres = described(&postgres, POSTGRES_SCHEMA).await;

        similar(&on_sqlite, &on_postgres);
        insta::assert_snapshot!("schema", on_sqlite.join("\n"));
    });
}

async fn described(app: &TestApp, statement: &'static str) -> Vec<String> {
    let rows: Vec<(String,)> = app.db().read(statement).fetch_all().await.unwrap();
    let mut lines: Vec<String> = rows.into_iter().map(|(line,)| line).collect();
    lines.sort();
    lines
}

fn similar(sqlite: &[String], postgres: &[String]) {
    let only = |one: &[String], other: &[String]| {
        one.iter()
            .filter(|line| !other.contains(line))
            .cloned()
            .collect::<Vec<_>>()
    };
    let (left, right) = (only(sqlite, postgres), only(postgres, sqlite));
    assert!(
        left.is_empty() && right.is_empty(),
        "only on SQLite:\n{}\nonly on PostgreSQL:\n{}",
        left.join("\n"),
        right.join("\n")
    );
}

const SQLITE_SCHEMA: &str = "
  SELECT t.name || '.' || c.name
      || CASE c.type WHEN 'BLOB' THEN ' bytes' WHEN 'INTEGER' THEN ' number' WHEN 'TEXT' THEN ' text'
         ELSE ' ' || c.type END || CASE WHEN c.\"notnull\" THEN '' ELSE ' or null' END
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> '_sqlx_migrations'
  UNION ALL
  SELECT t.name || CASE i.origin WHEN 'pk' THEN ' key' WHEN 'u' THEN ' unique' ELSE ' index ' || i.name END || ' ('
      || (SELECT group_concat(x.name || CASE WHEN x.\"desc\" THEN ' down' ELSE '' END, ', ')
          FROM pragma_index_xinfo(i.name) x WHERE x.key) || ')'
      || CASE WHEN i.partial THEN ' in part' ELSE '' END
    FROM sqlite_schema t JOIN pragma_index_list(t.name) i
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> '_sqlx_migrations'
  UNION ALL
  SELECT t.name || '.' || f.\"from\" || ' of ' || f.\"table\"
      || CASE f.on_delete WHEN 'CASCADE' THEN ', gone with it' ELSE '' END
    FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";

const POSTGRES_SCHEMA: &str = "
  SELECT table_name || '.' || column_name
      || CASE data_type WHEN 'uuid' THEN ' bytes' WHEN 'bytea' THEN ' bytes' WHEN 'bigint' THEN ' number'
         WHEN 'boolean' THEN ' number' WHEN 'text' THEN ' text' ELSE ' ' || data_type END
      || CASE is_nullable WHEN 'NO' THEN '' ELSE ' or null' END
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'
  UNION ALL
  SELECT t.relname || CASE WHEN i.indisprimary THEN ' key' WHEN k.oid IS NOT NULL THEN ' unique'
           ELSE ' index ' || c.relname END || ' ('
      || (SELECT string_agg(pg_get_indexdef(i.indexrelid, n, true)
            || CASE WHEN i.indoption[n - 1] & 1 = 1 THEN ' down' ELSE '' END, ', ' ORDER BY n)
          FROM generate_series(1, i.indnatts) n) || ')'
      || CASE WHEN i.indpred IS NOT NULL THEN ' in part' ELSE '' END
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
      JOIN pg_namespace s ON s.oid = t.relnamespace
      LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'u'
    WHERE s.nspname = 'public' AND t.relname <> '_sqlx_migrations'
  UNION ALL
  SELECT t.relname || '.' || a.attname || ' of ' || f.relname
      || CASE k.confdeltype WHEN 'c' THEN ', gone with it' ELSE '' END
    FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (k.conkey) WHERE k.contype = 'f'";

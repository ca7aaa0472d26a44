//! Where a database is, without showing its password to anyone who prints it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

/// The kinds of database that Postdesk can talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file on this machine.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
    /// A MariaDB or `MySQL` server: for targets only.
    Mysql,
}

impl Engine {
    /// The name people know it by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MariaDB",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The address of a database: `sqlite:FILE`, `postgres://…` or `mysql://…`.
///
/// Printing it hides the password; [`DatabaseUrl::expose`] is for the driver.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Place);

#[derive(Clone, PartialEq, Eq)]
enum Place {
    File { path: PathBuf, query: Option<String> },
    Server { engine: Engine, url: Url },
}

/// Why a text is not the address of a database.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadDatabaseUrl {
    /// The scheme is missing or none of ours.
    #[error(
        "it must begin with sqlite:, postgres:// or mysql://, as in sqlite:postdesk.db or postgres://user@host/postdesk"
    )]
    Scheme,
    /// `sqlite:` without a file.
    #[error("name the file after sqlite:, as in sqlite:postdesk.db")]
    NoFile,
    /// A server's URL that names no database.
    #[error("name the database after the host, as in postgres://user@host/postdesk")]
    NoDatabase,
    /// Not a URL at all; the text is not repeated because a password may be in it.
    #[error(
        "it is not a valid URL ({0}); percent-encode special characters in the password or use a password file"
    )]
    Malformed(url::ParseError),
}

impl DatabaseUrl {
    /// Which kind of database it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match &self.0 {
            Place::File { .. } => Engine::Sqlite,
            Place::Server { engine, .. } => *engine,
        }
    }

    /// The whole URL with its password: for the driver alone, never for a log.
    #[must_use]
    pub fn expose(&self) -> String {
        match &self.0 {
            Place::File { path, query } => file_url(path, query.as_deref()),
            Place::Server { url, .. } => url.as_str().to_owned(),
        }
    }

    /// The file of a SQLite database.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Place::File { path, .. } => Some(path),
            Place::Server { .. } => None,
        }
    }

    /// The server's host name or address; nothing for a file or a socket.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match &self.0 {
            Place::File { .. } => None,
            Place::Server { url, .. } => url.host_str().filter(|host| !host.is_empty()),
        }
    }

    /// The server's port, if it is given.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match &self.0 {
            Place::File { .. } => None,
            Place::Server { url, .. } => url.port(),
        }
    }

    /// The name of the database on its server.
    #[must_use]
    pub fn database(&self) -> Option<String> {
        match &self.0 {
            Place::File { .. } => None,
            Place::Server { url, .. } => Some(url.path().trim_start_matches('/').to_owned()),
        }
    }

    /// Whether a password stands in it.
    #[must_use]
    pub fn has_password(&self) -> bool {
        match &self.0 {
            Place::File { .. } => false,
            Place::Server { url, .. } => url.password().is_some() || url.query_pairs().any(is_password),
        }
    }

    /// The same database, with this password. A file takes none and stays as it is.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        if let Place::Server { url, .. } = &mut self.0
            && url.set_password(Some(password)).is_err()
        {
            // A URL without a host (a unix socket) cannot carry it before the @; the drivers read it here too.
            url.query_pairs_mut().append_pair("password", password);
        }
        self
    }

    /// The same database, a relative file being meant inside `directory`.
    #[must_use]
    pub fn inside(mut self, directory: &Path) -> Self {
        if let Place::File { path, .. } = &mut self.0
            && path.as_os_str() != ":memory:"
            && directory != Path::new(".")
        {
            *path = directory.join(&path);
        }
        self
    }
}

impl FromStr for DatabaseUrl {
    type Err = BadDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.trim().split_once(':').ok_or(BadDatabaseUrl::Scheme)?;
        let engine = match scheme {
            "sqlite" => return file(rest),
            "postgres" | "postgresql" => Engine::Postgres,
            "mysql" | "mariadb" => Engine::Mysql,
            _ => return Err(BadDatabaseUrl::Scheme),
        };
        if !rest.starts_with("//") {
            return Err(BadDatabaseUrl::Scheme);
        }
        let url = Url::parse(text.trim()).map_err(BadDatabaseUrl::Malformed)?;
        if url.path().trim_start_matches('/').is_empty() {
            return Err(BadDatabaseUrl::NoDatabase);
        }
        Ok(Self(Place::Server { engine, url }))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::File { path, query } => out.write_str(&file_url(path, query.as_deref())),
            Place::Server { url, .. } => out.write_str(&without_password(url.clone())),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "DatabaseUrl({self})")
    }
}

fn file(rest: &str) -> Result<DatabaseUrl, BadDatabaseUrl> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (rest, None),
    };
    if path.is_empty() {
        return Err(BadDatabaseUrl::NoFile);
    }
    Ok(DatabaseUrl(Place::File {
        path: PathBuf::from(path),
        query,
    }))
}

fn file_url(path: &Path, query: Option<&str>) -> String {
    match query {
        Some(query) => format!("sqlite:{}?{query}", path.display()),
        None => format!("sqlite:{}", path.display()),
    }
}

fn is_password((name, _): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)) -> bool {
    name == "password"
}

fn without_password(mut url: Url) -> String {
    let hidden = url.password().is_some();
    if hidden {
        // It was there, so the URL has a place for it, and this cannot be refused.
        url.set_password(Some("HIDDEN")).unwrap_or(());
    }
    if url.query_pairs().any(is_password) {
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|pair| !is_password(pair.clone()))
            .map(owned)
            .collect();
        url.query_pairs_mut()
            .clear()
            .extend_pairs(kept)
            .append_pair("password", "HIDDEN");
    }
    url.as_str()
        .replacen(":HIDDEN@", ":(..)@", 1)
        .replacen("password=HIDDEN", "password=(..)", 1)
}

fn owned((name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)) -> (String, String) {
    (name.into_owned(), value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> DatabaseUrl {
        text.parse().unwrap()
    }

    #[test]
    fn a_database_is_a_file_or_a_server() {
        assert_eq!(url("sqlite:a.db").file(), Some(Path::new("a.db")));
        assert_eq!(url("sqlite://a.db").file(), Some(Path::new("a.db")));
        assert_eq!(url("sqlite:///var/a.db").file(), Some(Path::new("/var/a.db")));
        assert_eq!(url("postgresql://localhost/a").engine(), Engine::Postgres);
        assert_eq!(
            url("postgres:///a?host=/run/postgresql").engine(),
            Engine::Postgres
        );
        assert_eq!(url("mariadb://localhost/a").engine(), Engine::Mysql);
        assert_eq!(url("mysql://localhost/a").engine(), Engine::Mysql);
    }

    #[test]
    fn the_parts_of_a_server_are_known() {
        let server = url("postgres://anna@db.example:5433/mail?sslmode=require");
        assert_eq!(
            (server.host(), server.port(), server.database().as_deref()),
            (Some("db.example"), Some(5433), Some("mail"))
        );
        assert_eq!(url("postgres:///mail?host=/run/postgresql").host(), None);
        assert_eq!(url("sqlite:mail.db").database(), None);
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for (text, expected) in [
            ("", BadDatabaseUrl::Scheme),
            ("postdesk.db", BadDatabaseUrl::Scheme),
            ("postgres:localhost/a", BadDatabaseUrl::Scheme),
            ("oracle://localhost/a", BadDatabaseUrl::Scheme),
            ("sqlite:", BadDatabaseUrl::NoFile),
            ("postgres://localhost", BadDatabaseUrl::NoDatabase),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>(), Err(expected), "{text}");
        }
    }

    #[test]
    fn printing_it_never_shows_the_password() {
        for text in [
            "postgres://anna:s3cret@localhost/a",
            "postgres:///a?host=/run/postgresql&password=s3cret&user=anna",
            "mysql://anna:s3cret@localhost:3306/a",
        ] {
            let url = url(text);
            assert!(url.has_password());
            assert!(url.expose().contains("s3cret"));
            assert!(!format!("{url} {url:?}").contains("s3cret"), "{url:?}");
            assert!(format!("{url}").contains("(..)"), "{url}");
        }
    }

    #[test]
    fn a_password_from_a_file_is_put_where_the_driver_finds_it() {
        let server = url("postgres://anna@localhost/a").with_password("p@ss/word");
        assert_eq!(server.expose(), "postgres://anna:p%40ss%2Fword@localhost/a");
        let socket = url("postgres:///a?host=/run/postgresql").with_password("p@ss");
        assert_eq!(
            socket.expose(),
            "postgres:///a?host=/run/postgresql&password=p%40ss"
        );
    }

    #[test]
    fn a_relative_file_lies_in_the_data_directory() {
        assert_eq!(
            url("sqlite:a.db").inside(Path::new("/var/lib")).expose(),
            "sqlite:/var/lib/a.db"
        );
        assert_eq!(
            url("sqlite:/srv/a.db").inside(Path::new("/var/lib")).expose(),
            "sqlite:/srv/a.db"
        );
    }
}

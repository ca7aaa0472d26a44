//! Ready Postfix and Dovecot configuration for the hosts of a cluster.
//!
//! One [`Layout`] says which hosts there are; [`files`] writes what each of them needs to serve mail from a
//! provisioning database with the native schema: Postfix and Dovecot 2.3, and for several hosts HAProxy and
//! Roundcube. Everything about domains and mailboxes is data and never appears here: files change only when a host,
//! a port, a secret or the address of the database does.

mod check;
mod checksum;
mod dovecot;
mod edge;
mod error;
mod layout;
mod output;
mod postfix;
mod queries;
mod secrets;
#[cfg(test)]
mod tests;
mod values;

pub use checksum::{is_unchanged, sealed_with};
pub use error::{LayoutError, RenderError, WriteError};
pub use layout::{
    Balancer, Database, Front, Layout, Mail, Mx, Node, Ports, RelayHost, Role, SecretFiles, Tls, Webmail,
};
pub use output::write;
pub use values::{BadValue, ConfPath, Hostname, NodeName, SecretText, SqlName, UnixName};

use secrets::Secrets;

/// The database engine that the cluster's daemons read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// MariaDB.
    Mariadb,
    /// SQLite: one host only, since daemons and worker share one file.
    Sqlite,
}

impl Engine {
    /// All engines that a target can have.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::Mariadb, Self::Sqlite];

    /// What Postfix and Dovecot call its driver.
    fn driver(self) -> &'static str {
        match self {
            Self::Postgres => "pgsql",
            Self::Mariadb => "mysql",
            Self::Sqlite => "sqlite",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Mariadb => 3306,
            Self::Sqlite => 0,
        }
    }
}

/// The Unix group that must be able to read a file; its owner is always root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Nobody but root, or everybody: see the mode.
    Root,
    /// Postfix's proxymap.
    Postfix,
    /// Dovecot's authentication and dict processes.
    Dovecot,
    /// The web server of Roundcube.
    Web,
}

impl Group {
    /// Its name on Debian.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Postfix => "postfix",
            Self::Dovecot => "dovecot",
            Self::Web => "www-data",
        }
    }
}

/// One file of one host.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// The host it belongs to, and the directory it is written to.
    pub host: Hostname,
    /// Where it goes on that host, without the leading slash.
    pub path: String,
    /// Unix permissions.
    pub mode: u32,
    /// The group that reads it.
    pub group: Group,
    /// Its content, checksum line included.
    pub text: String,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({}/{} {:o} ..)", self.host, self.path, self.mode)
    }
}

/// Everything the hosts of `layout` need to serve mail from a database of kind `engine`.
///
/// Reads the secrets that the layout names, and nothing else.
pub fn files(layout: &Layout, engine: Engine) -> Result<Vec<File>, RenderError> {
    let secrets = Secrets::load(layout, engine)?;

    let mut files = Vec::new();
    for mx in &layout.mxs {
        postfix::render(layout, mx, engine, &secrets, &mut files)?;
    }
    dovecot::render(layout, engine, &secrets, &mut files)?;
    edge::render(layout, &secrets, &mut files)?;
    refuse_two_of_a_kind(&files)?;

    files.sort_by(|a, b| (&a.host, &a.path).cmp(&(&b.host, &b.path)));
    Ok(files)
}

/// Two services of a kind on one host would overwrite each other's files.
fn refuse_two_of_a_kind(files: &[File]) -> Result<(), RenderError> {
    let mut seen = std::collections::HashSet::new();
    match files.iter().find(|file| !seen.insert((&file.host, &file.path))) {
        Some(file) => Err(RenderError::Twice {
            host: file.host.to_string(),
            path: file.path.clone(),
        }),
        None => Ok(()),
    }
}

//! What can go wrong between a layout and files on disk.

use std::io;

use super::values::BadValue;

/// Why a layout cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// The text is no TOML, has an unknown key or a value of the wrong kind.
    #[error("layout line {line}: {message}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// A secret stands in the layout itself.
    #[error("`{key}` must not stand in the layout: write it to a file and name that as `{key}_file`")]
    Inline {
        /// The key.
        key: &'static str,
    },
    /// A secret is given twice.
    #[error("`{key}` and `{key}_file` are both given: keep one")]
    Both {
        /// The key without `_file`.
        key: &'static str,
    },
    /// A section is empty.
    #[error("the layout has no `[[{section}]]`: add at least one")]
    Empty {
        /// The section.
        section: &'static str,
    },
    /// Two nodes have one name.
    #[error("node \"{name}\" appears twice: node names are unique")]
    NodeTwice {
        /// The name.
        name: String,
    },
    /// A replica that is not there.
    #[error(
        "node \"{name}\" has the replica \"{replica}\", which is not another node of the layout: add or rename it"
    )]
    NoReplica {
        /// The node.
        name: String,
        /// What it names.
        replica: String,
    },
    /// A mail server without a full name.
    #[error("mx host \"{host}\" needs a full name such as \"{host}.example.org\": other mail servers see it")]
    ShortName {
        /// The name.
        host: String,
    },
    /// A lab needs a folder, production must not have one.
    #[error("`lab = true` and `root` belong together: give both or neither")]
    LabRoot,
    /// Two ports are the same.
    #[error("port {port} is given to two services: choose another for one of them")]
    PortTwice {
        /// The port.
        port: u16,
    },
    /// A privileged port in an unprivileged set-up.
    #[error("port {port} needs root, which a lab does not have: choose one above 1023")]
    LowPort {
        /// The port.
        port: u16,
    },
}

/// Why a layout cannot be turned into files.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A secret that this layout and engine need is not given.
    #[error("the layout lacks `{key}_file`, the path of a file with {purpose}: add it")]
    NoSecret {
        /// The key without `_file`.
        key: &'static str,
        /// What it is for.
        purpose: &'static str,
    },
    /// A secret's file cannot be read.
    #[error("the secret \"{path}\" cannot be read: create it or correct `{key}_file`")]
    Unreadable {
        /// The key without `_file`.
        key: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A secret's file holds something that cannot be written into configuration files.
    #[error("the secret in \"{path}\" is not usable: {problem}")]
    BadSecret {
        /// The file.
        path: String,
        /// Why.
        problem: BadValue,
    },
    /// No SQLite file is named.
    #[error("the target is a SQLite file, but the layout has no `database.path`: add it")]
    NoPath,
    /// SQLite is for one host.
    #[error("a SQLite target serves one host only: use PostgreSQL or MariaDB for several")]
    SqliteNeedsOneHost,
    /// Two services of a kind on one host.
    #[error(
        "host \"{host}\" would get \"{path}\" twice: give each front, node and mx of a kind its own host"
    )]
    Twice {
        /// The host.
        host: String,
        /// The file.
        path: String,
    },
    /// Roundcube's key has the wrong length.
    #[error(
        "`secrets.webmail_key_file` must hold exactly 24 characters, not {length}: make it with `openssl rand -hex 12`"
    )]
    WebmailKey {
        /// What it has.
        length: usize,
    },
    /// A template failed.
    #[error("a template failed to render: this is a defect, please report it")]
    Template(#[from] askama::Error),
}

/// Why files cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write \"{path}\": choose a directory that is writable")]
pub struct WriteError {
    /// The file or directory.
    pub path: String,
    /// Why.
    pub source: io::Error,
}

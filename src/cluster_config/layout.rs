//! Which hosts a cluster has, and where things are on them.

use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

use super::values::{ConfPath, Hostname, NodeName, SecretText, SqlName, UnixName};

/// The hosts of a cluster, their ports, and where the database, certificates, mail and secrets are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Whether everything runs unprivileged, on loopback, in folders of its own, with no way out: for tests.
    #[serde(default)]
    pub lab: bool,
    /// The folder of a lab; host `h` has its whole file tree below `root/h`.
    pub root: Option<ConfPath>,
    /// Where mail for foreign addresses goes instead of to their mail servers, as in `[relay.example.org]:587`.
    pub relayhost: Option<RelayHost>,
    /// The provisioning database.
    #[serde(default)]
    pub database: Database,
    /// The certificate that clients and other mail servers see.
    pub tls: Tls,
    /// Where mail is kept.
    #[serde(default)]
    pub mail: Mail,
    /// The ports of the services.
    #[serde(default)]
    pub ports: Ports,
    /// Secrets between the cluster's own services.
    #[serde(default)]
    pub secrets: SecretFiles,
    /// Dovecot hosts that keep mail; their names stand in `cluster_nodes`.
    #[serde(default)]
    pub nodes: Vec<Node>,
    /// Dovecot hosts that log people in and pass them on to their node.
    #[serde(default)]
    pub fronts: Vec<Front>,
    /// Postfix hosts: mail from outside, and submission. Best on the host of a front.
    #[serde(default)]
    pub mxs: Vec<Mx>,
    /// HAProxy in front of all, when there are several fronts or MXs.
    pub balancer: Option<Balancer>,
    /// Roundcube hosts.
    #[serde(default)]
    pub webmail: Vec<Webmail>,
}

/// Where the daemons find the provisioning database.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// Its server; 127.0.0.1 if not given: a replica on each host is best.
    pub host: Option<Hostname>,
    /// The server's port; the engine's usual one if not given.
    pub port: Option<u16>,
    /// The database's name; `mail` if not given.
    pub name: Option<SqlName>,
    /// The file of a SQLite target. File (0660) and folder (2770) must belong to the group `postfix`, which Dovecot
    /// joins: in WAL mode even readers write beside the file.
    pub path: Option<ConfPath>,
    /// What Postfix connects as; `cluster_mta` if not given.
    pub mta: Role,
    /// What Dovecot connects as; `cluster_imap` if not given.
    pub imap: Role,
}

/// A database role and its password.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Role {
    /// Its name.
    pub user: Option<SqlName>,
    /// A file with its password.
    pub password_file: Option<ConfPath>,
    /// Its password, in a lab.
    pub password: Option<SecretText>,
}

/// Certificate and key, as paths on the hosts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate with its chain, PEM.
    pub cert: ConfPath,
    /// Its key, PEM.
    pub key: ConfPath,
}

/// Where mail is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The folder on each node.
    pub root: ConfPath,
    /// The Unix user that owns all mail.
    pub user: UnixName,
    /// Its group.
    pub group: UnixName,
}

/// The ports. Those of nodes must be the ones in `cluster_nodes`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is the service's name")]
pub struct Ports {
    pub smtp: u16,
    pub submission: u16,
    pub imap: u16,
    pub imaps: u16,
    pub pop3: u16,
    pub pop3s: u16,
    pub sieve: u16,
    pub webmail_imap: u16,
    pub webmail_smtp: u16,
    pub webmail_http: u16,
    pub lmtp: u16,
    pub quota: u16,
    pub sasl: u16,
    pub doveadm: u16,
    pub doveadm_http: u16,
    pub internal_smtp: u16,
    pub balancer_stats: u16,
}

/// Secrets between the cluster's own services.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    missing_docs,
    reason = "the keys without `_file` are for a lab and otherwise the same"
)]
pub struct SecretFiles {
    /// What fronts show to nodes instead of the user's password.
    pub proxy_password_file: Option<ConfPath>,
    pub proxy_password: Option<SecretText>,
    /// The password of doveadm between nodes, for replication and moves.
    pub doveadm_password_file: Option<ConfPath>,
    pub doveadm_password: Option<SecretText>,
    /// The key of doveadm's HTTP interface, which ends sessions; without it there is no such interface.
    pub doveadm_api_key_file: Option<ConfPath>,
    pub doveadm_api_key: Option<SecretText>,
    /// 24 characters that Roundcube encrypts session data with.
    pub webmail_key_file: Option<ConfPath>,
    pub webmail_key: Option<SecretText>,
}

/// A Dovecot host that keeps mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its name in `cluster_nodes`.
    pub name: NodeName,
    /// The host it runs on.
    pub host: Hostname,
    /// Where the cluster's other hosts reach it.
    pub address: IpAddr,
    /// The node that has a copy of its mail.
    pub replica: Option<NodeName>,
}

/// A Dovecot host that logs people in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Front {
    /// The host it runs on.
    pub host: Hostname,
    /// Where the cluster's other hosts reach it.
    pub address: IpAddr,
    /// Whether clients reach it on every address of the host, and not on `address` only.
    #[serde(default)]
    pub public: bool,
}

/// A Postfix host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mx {
    /// The host it runs on, with its full name.
    pub host: Hostname,
    /// Where the cluster's other hosts reach it.
    pub address: IpAddr,
    /// Whether the world reaches it on every address of the host, and not on `address` only.
    #[serde(default)]
    pub public: bool,
}

/// The HAProxy host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balancer {
    /// The host it runs on.
    pub host: Hostname,
    /// The address that clients use and that fronts trust.
    pub address: IpAddr,
}

/// A Roundcube host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webmail {
    /// The host it runs on.
    pub host: Hostname,
    /// Where it connects from.
    pub address: IpAddr,
}

/// A smarthost in Postfix's notation.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct RelayHost(pub(super) String);

impl TryFrom<String> for RelayHost {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if text.is_empty() || !text.bytes().all(plain) {
            return Err("a relay host looks like [relay.example.org]:587: correct it");
        }
        Ok(Self(text))
    }
}

impl Layout {
    /// Mailboxes on one host: Postfix, and one Dovecot that logs people in and keeps their mail, as the node `node`.
    ///
    /// The mail user (`vmail`) and its folder must be made; all files go where Debian has them. It works at once with the self-signed certificate that Debian makes; name your own as soon as there is one.
    pub fn one_host_default(host: Hostname, node: NodeName, database: Database) -> Self {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            lab: false,
            root: None,
            relayhost: None,
            database,
            tls: Tls {
                cert: ConfPath::known("/etc/ssl/certs/ssl-cert-snakeoil.pem"),
                key: ConfPath::known("/etc/ssl/private/ssl-cert-snakeoil.key"),
            },
            mail: Mail::default(),
            ports: Ports::default(),
            secrets: SecretFiles::default(),
            nodes: vec![Node {
                name: node,
                host: host.clone(),
                address,
                replica: None,
            }],
            fronts: vec![Front {
                host: host.clone(),
                address,
                public: true,
            }],
            mxs: vec![Mx {
                host,
                address,
                public: true,
            }],
            balancer: None,
            webmail: Vec::new(),
        }
    }

    /// Whether one Dovecot does everything, so that nothing is passed on.
    pub fn is_single(&self) -> bool {
        matches!((&self.nodes[..], &self.fronts[..]), ([node], [front]) if node.host == front.host)
    }

    pub(super) fn replicates(&self) -> bool {
        self.nodes.iter().any(|node| node.replica.is_some())
    }

    /// What stands before a path on `host`: nothing, or its folder in a lab.
    pub(super) fn prefix(&self, host: &Hostname) -> String {
        match &self.root {
            Some(root) => format!("{root}/{host}"),
            None => String::new(),
        }
    }

    /// The front an MX asks to check passwords and, without a balancer, gives mail to: its neighbour if it has one.
    pub(super) fn front_of<'a>(&'a self, mx: &Mx) -> Option<&'a Front> {
        self.fronts
            .iter()
            .find(|front| front.host == mx.host)
            .or(self.fronts.first())
    }

    /// The MX that takes what a node sends: answers and forwards.
    pub(super) fn mx_of<'a>(&'a self, node: &Node) -> Option<&'a Mx> {
        self.mxs
            .iter()
            .find(|mx| mx.host == node.host)
            .or(self.mxs.first())
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            root: ConfPath::known("/var/vmail"),
            user: UnixName::known("vmail"),
            group: UnixName::known("vmail"),
        }
    }
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            smtp: 25,
            submission: 587,
            imap: 143,
            imaps: 993,
            pop3: 110,
            pop3s: 995,
            sieve: 4190,
            webmail_imap: 2144,
            webmail_smtp: 2588,
            webmail_http: 80,
            lmtp: 24,
            quota: 2012,
            sasl: 2501,
            doveadm: 2245,
            doveadm_http: 2280,
            internal_smtp: 2527,
            balancer_stats: 2404,
        }
    }
}

impl Ports {
    pub(super) fn all(&self) -> [u16; 17] {
        [
            self.smtp,
            self.submission,
            self.imap,
            self.imaps,
            self.pop3,
            self.pop3s,
            self.sieve,
            self.webmail_imap,
            self.webmail_smtp,
            self.webmail_http,
            self.lmtp,
            self.quota,
            self.sasl,
            self.doveadm,
            self.doveadm_http,
            self.internal_smtp,
            self.balancer_stats,
        ]
    }
}

//! What a Dovecot 2.3 host needs: `dovecot.conf`, its SQL files and its dict files.
//!
//! Three kinds share one template. A front logs people in and passes them on; a node keeps mail and trusts the
//! fronts; on a single host one Dovecot does both, and nothing is passed on.

use std::net::{IpAddr, SocketAddr};

use askama::Template;

use super::error::RenderError;
use super::layout::{Front, Layout, Node};
use super::postfix::{Server, sqlite_path};
use super::secrets::Secrets;
use super::values::{Hostname, SecretText};
use super::{Engine, File, Group, checksum, queries};

#[derive(Template)]
#[template(path = "cluster/dovecot.conf.txt", escape = "none")]
struct DovecotConf<'a> {
    layout: &'a Layout,
    prefix: String,
    dir: String,
    host: &'a Hostname,
    address: IpAddr,
    listen: String,
    logs_in: bool,
    stores: bool,
    sqlite: bool,
    driver: &'static str,
    user: String,
    group: String,
    mail_root: String,
    mail_host: &'a Hostname,
    submission: SocketAddr,
    replica: Option<SocketAddr>,
    proxy_password: &'a str,
    doveadm_password: Option<&'a str>,
    api_key: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "cluster/dovecot-sql.conf.ext.txt", escape = "none")]
struct Sql<'a> {
    driver: &'static str,
    connect: &'a str,
    queries: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "cluster/dict-quota.conf.ext.txt", escape = "none")]
struct DictQuota<'a> {
    connect: &'a str,
}

#[derive(Template)]
#[template(path = "cluster/dict-last-login.conf.ext.txt", escape = "none")]
struct DictLastLogin<'a> {
    connect: &'a str,
}

#[derive(Template)]
#[template(path = "cluster/dict-sieve.conf.ext.txt", escape = "none")]
struct DictSieve<'a> {
    connect: &'a str,
}

/// One Dovecot instance: what it does, and for which entries of the layout.
#[derive(Clone, Copy)]
enum Instance<'a> {
    Front(&'a Front),
    Node(&'a Node),
    Single(&'a Front, &'a Node),
}

impl<'a> Instance<'a> {
    fn place(self) -> (&'a Hostname, IpAddr) {
        match self {
            Self::Front(front) => (&front.host, front.address),
            Self::Node(node) | Self::Single(_, node) => (&node.host, node.address),
        }
    }

    fn front(self) -> Option<&'a Front> {
        match self {
            Self::Front(front) | Self::Single(front, _) => Some(front),
            Self::Node(_) => None,
        }
    }

    fn node(self) -> Option<&'a Node> {
        match self {
            Self::Node(node) | Self::Single(_, node) => Some(node),
            Self::Front(_) => None,
        }
    }
}

pub(super) fn render(
    layout: &Layout,
    engine: Engine,
    secrets: &Secrets,
    files: &mut Vec<File>,
) -> Result<(), RenderError> {
    let connect = connect(layout, engine, secrets)?;
    let instances: Vec<Instance<'_>> = match (layout.is_single(), &layout.fronts[..], &layout.nodes[..]) {
        (true, [front], [node]) => vec![Instance::Single(front, node)],
        (_, fronts, nodes) => fronts
            .iter()
            .map(Instance::Front)
            .chain(nodes.iter().map(Instance::Node))
            .collect(),
    };
    for instance in instances {
        let (host, _) = instance.place();
        let mut add = |name: &str, text: &str| {
            let (host, path) = (host.clone(), format!("etc/dovecot/{name}"));
            let text = checksum::seal("#", text);
            files.push(File {
                host,
                path,
                mode: 0o640,
                group: Group::Dovecot,
                text,
            });
        };

        add("dovecot.conf", &conf(layout, instance, engine, secrets).render()?);
        for (name, queries) in sql(layout, instance, secrets) {
            let sql = Sql {
                driver: engine.driver(),
                connect: &connect,
                queries,
            };
            add(&format!("sql-{name}.conf.ext"), &sql.render()?);
        }
        if instance.node().is_some() {
            add("dict-quota.conf.ext", &DictQuota { connect: &connect }.render()?);
            add(
                "dict-last-login.conf.ext",
                &DictLastLogin { connect: &connect }.render()?,
            );
            add("dict-sieve.conf.ext", &DictSieve { connect: &connect }.render()?);
        }
    }
    Ok(())
}

fn conf<'a>(
    layout: &'a Layout,
    instance: Instance<'a>,
    engine: Engine,
    secrets: &'a Secrets,
) -> DovecotConf<'a> {
    let (host, address) = instance.place();
    let prefix = layout.prefix(host);
    let mx = instance.node().and_then(|node| layout.mx_of(node));
    let replica = instance.node().and_then(|node| node.replica.as_ref());
    let replica = layout.nodes.iter().find(|node| Some(&node.name) == replica);
    let text = |secret: &'a Option<SecretText>| secret.as_ref().map(SecretText::as_str);
    DovecotConf {
        layout,
        dir: format!("{prefix}/etc/dovecot"),
        host,
        address,
        listen: match instance.front() {
            Some(front) if front.public => "*, ::".to_owned(),
            _ => address.to_string(),
        },
        logs_in: instance.front().is_some(),
        stores: instance.node().is_some(),
        sqlite: engine == Engine::Sqlite,
        driver: engine.driver(),
        user: if layout.lab {
            "dovecot".to_owned()
        } else {
            layout.mail.user.to_string()
        },
        group: if layout.lab {
            "dovecot".to_owned()
        } else {
            layout.mail.group.to_string()
        },
        mail_root: format!("{prefix}{}", layout.mail.root),
        mail_host: mx.map_or(host, |mx| &mx.host),
        submission: SocketAddr::new(mx.map_or(address, |mx| mx.address), layout.ports.internal_smtp),
        replica: replica.map(|node| SocketAddr::new(node.address, layout.ports.doveadm)),
        proxy_password: text(&secrets.proxy_password).unwrap_or_default(),
        doveadm_password: text(&secrets.doveadm_password),
        api_key: text(&secrets.doveadm_api_key),
        prefix,
    }
}

/// The SQL files of an instance: their names and settings.
fn sql(
    layout: &Layout,
    instance: Instance<'_>,
    secrets: &Secrets,
) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let mut files = Vec::new();
    let webmail = layout.ports.webmail_imap;
    let proxy = match instance {
        Instance::Front(_) => secrets.proxy_password.as_ref().map(SecretText::as_str),
        Instance::Node(_) | Instance::Single(..) => None,
    };
    if instance.front().is_some() {
        files.push((
            "app_password",
            vec![("password_query", queries::app_password(webmail, proxy))],
        ));
        files.push((
            "password",
            vec![("password_query", queries::password(webmail, proxy))],
        ));
    }
    match instance.node() {
        None => files.push(("lmtp", vec![("password_query", queries::LMTP_PROXY.to_owned())])),
        Some(node) => {
            let user = ("user_query", queries::USER.to_owned());
            files.push((
                "user",
                vec![user, ("iterate_query", queries::iterate(node.name.as_str()))],
            ));
        }
    }
    files
}

fn connect(layout: &Layout, engine: Engine, secrets: &Secrets) -> Result<String, RenderError> {
    if let Some(path) = sqlite_path(layout, engine)? {
        return Ok(path.to_owned());
    }
    let Server {
        host,
        port,
        name,
        imap,
        ..
    } = Server::of(layout, engine);
    let password = secrets.imap_password.as_ref().map_or("", SecretText::as_str);
    Ok(format!(
        "host={host} port={port} dbname={name} user={imap} password={password}"
    ))
}

/// One address as Dovecot writes networks.
fn network(address: &IpAddr) -> String {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    format!("{address}/{bits}")
}

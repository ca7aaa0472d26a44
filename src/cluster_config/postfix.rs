//! What an MX needs: `main.cf`, `master.cf` and one file per map.

use std::net::{IpAddr, SocketAddr};

use askama::Template;

use super::error::RenderError;
use super::layout::{Layout, Mx};
use super::secrets::Secrets;
use super::values::Hostname;
use super::{Engine, File, Group, checksum, queries};

#[derive(Template)]
#[template(path = "cluster/main.cf.txt", escape = "none")]
struct MainCf<'a> {
    layout: &'a Layout,
    lab: bool,
    prefix: String,
    address: IpAddr,
    hostname: &'a Hostname,
    networks: String,
    maps: String,
    lmtp: SocketAddr,
    sasl: SocketAddr,
    classes: Vec<QuotaClass>,
}

/// Postfix knows only the policy services that main.cf names, so each node has a class, and SQL chooses the class.
struct QuotaClass {
    name: String,
    address: SocketAddr,
}

#[derive(Template)]
#[template(path = "cluster/master.cf.txt", escape = "none")]
struct MasterCf<'a> {
    layout: &'a Layout,
    hostname: &'a Hostname,
    listen: String,
    internal: SocketAddr,
    internal_address: String,
    node_networks: String,
}

#[derive(Template)]
#[template(path = "cluster/map.cf.txt", escape = "none")]
struct MapCf<'a> {
    path: Option<&'a str>,
    server: &'a Server,
    password: &'a str,
    query: &'a str,
}

/// Where the database listens, with every default filled in.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) name: String,
    pub(super) mta: String,
    pub(super) imap: String,
}

impl Server {
    pub(super) fn of(layout: &Layout, engine: Engine) -> Self {
        let database = &layout.database;
        let or = |given: Option<&str>, default: &str| given.unwrap_or(default).to_owned();
        Self {
            host: or(database.host.as_ref().map(Hostname::as_str), "127.0.0.1"),
            port: database.port.unwrap_or(engine.port()),
            name: or(database.name.as_ref().map(super::SqlName::as_str), "mail"),
            mta: or(
                database.mta.user.as_ref().map(super::SqlName::as_str),
                "cluster_mta",
            ),
            imap: or(
                database.imap.user.as_ref().map(super::SqlName::as_str),
                "cluster_imap",
            ),
        }
    }
}

/// The file of a SQLite target, which only one host can share with the worker.
pub(super) fn sqlite_path(layout: &Layout, engine: Engine) -> Result<Option<&str>, RenderError> {
    match (engine, &layout.database.path) {
        (Engine::Sqlite, None) => Err(RenderError::NoPath),
        (Engine::Sqlite, Some(_)) if !layout.is_single() || layout.mxs.len() != 1 => {
            Err(RenderError::SqliteNeedsOneHost)
        }
        (Engine::Sqlite, Some(path)) => Ok(Some(path.as_str())),
        (Engine::Postgres | Engine::Mariadb, _) => Ok(None),
    }
}

pub(super) fn render(
    layout: &Layout,
    mx: &Mx,
    engine: Engine,
    secrets: &Secrets,
    files: &mut Vec<File>,
) -> Result<(), RenderError> {
    let prefix = layout.prefix(&mx.host);
    let maps = format!("proxy:{}:{prefix}/etc/postfix", engine.driver());
    let mut add = |name: &str, mode: u32, group: Group, text: &str| {
        let (host, path) = (mx.host.clone(), format!("etc/postfix/{name}"));
        files.push(File {
            host,
            path,
            mode,
            group,
            text: checksum::seal("#", text),
        });
    };

    add(
        "main.cf",
        0o644,
        Group::Root,
        &main_cf(layout, mx, prefix, maps).render()?,
    );
    add("master.cf", 0o644, Group::Root, &master_cf(layout, mx).render()?);

    let (path, server) = (sqlite_path(layout, engine)?, Server::of(layout, engine));
    let password = secrets.mta_password.as_ref().map_or("", |secret| secret.as_str());
    for (name, query) in queries::POSTFIX {
        let map = MapCf {
            path,
            server: &server,
            password,
            query,
        };
        add(&format!("{name}.cf"), 0o640, Group::Postfix, &map.render()?);
    }
    Ok(())
}

fn main_cf<'a>(layout: &'a Layout, mx: &'a Mx, prefix: String, maps: String) -> MainCf<'a> {
    let ports = &layout.ports;
    let front = layout.front_of(mx).map_or(mx.address, |front| front.address);
    let lmtp = layout
        .balancer
        .as_ref()
        .map_or(front, |balancer| balancer.address);
    let classes = layout.nodes.iter().map(|node| QuotaClass {
        name: format!("quota_{}", node.name.as_str().replace('-', "_")),
        address: SocketAddr::new(node.address, ports.quota),
    });
    MainCf {
        layout,
        lab: layout.lab,
        prefix,
        address: mx.address,
        hostname: &mx.host,
        networks: if layout.lab {
            network(mx.address)
        } else {
            "127.0.0.0/8 [::1]/128".to_owned()
        },
        maps,
        lmtp: SocketAddr::new(lmtp, ports.lmtp),
        sasl: SocketAddr::new(front, ports.sasl),
        classes: classes.collect(),
    }
}

fn master_cf<'a>(layout: &'a Layout, mx: &'a Mx) -> MasterCf<'a> {
    let internal = SocketAddr::new(mx.address, layout.ports.internal_smtp);
    let nodes = layout.nodes.iter().map(|node| network(node.address));
    let networks: Vec<String> = std::iter::once("127.0.0.0/8".to_owned()).chain(nodes).collect();
    MasterCf {
        layout,
        hostname: &mx.host,
        listen: if mx.public {
            String::new()
        } else {
            format!("{}:", bracketed(mx.address))
        },
        internal,
        internal_address: bracketed(mx.address),
        node_networks: networks.join(","),
    }
}

/// One address as Postfix writes networks.
fn network(address: IpAddr) -> String {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    format!("{}/{bits}", bracketed(address))
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

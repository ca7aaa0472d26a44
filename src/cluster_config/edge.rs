//! What stands in front of a cluster of several hosts: HAProxy and Roundcube.

use std::net::{IpAddr, SocketAddr};

use askama::Template;

use super::error::RenderError;
use super::layout::{Balancer, Layout};
use super::secrets::Secrets;
use super::values::{Hostname, SecretText};
use super::{File, Group, checksum};

#[derive(Template)]
#[template(path = "cluster/haproxy.cfg.txt", escape = "none")]
struct Haproxy<'a> {
    layout: &'a Layout,
    lab: bool,
    prefix: String,
    host: &'a Hostname,
    address: IpAddr,
    services: Vec<Service>,
    webmail: Vec<(&'a Hostname, SocketAddr)>,
    webmail_bind: SocketAddr,
    stats_bind: SocketAddr,
}

struct Service {
    name: &'static str,
    bind: SocketAddr,
    checks: Vec<&'static str>,
    options: &'static str,
    servers: Vec<Server>,
}

struct Server {
    name: String,
    address: SocketAddr,
}

#[derive(Template)]
#[template(path = "cluster/roundcube.php.txt", escape = "none")]
struct Roundcube<'a> {
    lab: bool,
    prefix: String,
    host: &'a Hostname,
    imap: SocketAddr,
    smtp: SocketAddr,
    key: &'a str,
}

pub(super) fn render(layout: &Layout, secrets: &Secrets, files: &mut Vec<File>) -> Result<(), RenderError> {
    if let Some(balancer) = &layout.balancer {
        let text = checksum::seal("#", &haproxy(layout, balancer).render()?);
        let (host, path) = (balancer.host.clone(), "etc/haproxy/haproxy.cfg".to_owned());
        files.push(File {
            host,
            path,
            mode: 0o644,
            group: Group::Root,
            text,
        });
    }
    for web in &layout.webmail {
        let key = secrets.webmail_key.as_ref().map_or("", SecretText::as_str);
        if key.len() != 24 {
            return Err(RenderError::WebmailKey { length: key.len() });
        }
        let front = layout.fronts.first().map_or(web.address, |front| front.address);
        let mx = layout.mxs.first().map_or(web.address, |mx| mx.address);
        let (imap, smtp) = match &layout.balancer {
            Some(balancer) => (balancer.address, balancer.address),
            None => (front, mx),
        };
        let roundcube = Roundcube {
            lab: layout.lab,
            prefix: layout.prefix(&web.host),
            host: &web.host,
            imap: SocketAddr::new(imap, layout.ports.webmail_imap),
            smtp: SocketAddr::new(smtp, layout.ports.webmail_smtp),
            key,
        };
        let text = checksum::seal("<?php //", &roundcube.render()?);
        let (host, path) = (web.host.clone(), "etc/roundcube/config.inc.php".to_owned());
        files.push(File {
            host,
            path,
            mode: 0o640,
            group: Group::Web,
            text,
        });
    }
    Ok(())
}

fn haproxy<'a>(layout: &'a Layout, balancer: &'a Balancer) -> Haproxy<'a> {
    let at = |port| SocketAddr::new(balancer.address, port);
    let webmail = layout.webmail.iter();
    Haproxy {
        layout,
        lab: layout.lab,
        prefix: layout.prefix(&balancer.host),
        host: &balancer.host,
        address: balancer.address,
        services: services(layout, balancer),
        webmail: webmail
            .map(|web| (&web.host, SocketAddr::new(web.address, layout.ports.webmail_http)))
            .collect(),
        webmail_bind: at(layout.ports.webmail_http),
        stats_bind: at(layout.ports.balancer_stats),
    }
}

/// `check-send-proxy` is needed, or the checks hang at listeners that wait for a PROXY header.
const PROXIED: &str = " send-proxy-v2 check-send-proxy";
const PROXIED_TLS: &str = " send-proxy-v2 check-send-proxy check-ssl verify none";

fn services(layout: &Layout, balancer: &Balancer) -> Vec<Service> {
    let fronts: Vec<(&Hostname, IpAddr)> = layout
        .fronts
        .iter()
        .map(|front| (&front.host, front.address))
        .collect();
    let mxs: Vec<(&Hostname, IpAddr)> = layout.mxs.iter().map(|mx| (&mx.host, mx.address)).collect();
    let service = |name, port, servers: &[(&Hostname, IpAddr)], checks: &[&'static str], options| Service {
        name,
        bind: SocketAddr::new(balancer.address, port),
        checks: checks.to_vec(),
        options,
        servers: servers
            .iter()
            .map(|(host, address)| Server {
                name: host.to_string(),
                address: SocketAddr::new(*address, port),
            })
            .collect(),
    };
    let smtp = ["option smtpchk EHLO balancer.invalid"];
    let imap = ["option tcp-check", r"tcp-check expect string *\ OK"];
    let pop3 = ["option tcp-check", "tcp-check expect string +OK"];
    let sieve = ["option tcp-check", "tcp-check expect string OK"];
    let lmtp = ["option tcp-check", "tcp-check expect string 220"];

    let ports = &layout.ports;
    let mut services = vec![
        service("smtp", ports.smtp, &mxs, &smtp, PROXIED),
        service("submission", ports.submission, &mxs, &smtp, PROXIED),
        service("imap", ports.imap, &fronts, &imap, PROXIED),
        service("imaps", ports.imaps, &fronts, &imap, PROXIED_TLS),
        service("pop3", ports.pop3, &fronts, &pop3, PROXIED),
        service("pop3s", ports.pop3s, &fronts, &pop3, PROXIED_TLS),
        service("sieve", ports.sieve, &fronts, &sieve, PROXIED),
        service("lmtp", ports.lmtp, &fronts, &lmtp, ""),
    ];
    if !layout.webmail.is_empty() {
        services.push(service(
            "webmail-imap",
            ports.webmail_imap,
            &fronts,
            &imap,
            PROXIED,
        ));
        services.push(service("webmail-smtp", ports.webmail_smtp, &mxs, &smtp, PROXIED));
    }
    services
}

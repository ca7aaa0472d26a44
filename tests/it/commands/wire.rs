//! HTTP as it goes over the wire to a running portal: requests byte by byte, answers as they come.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::binary::{Portal, run};
use crate::support::daemon::PATIENCE;

/// Where a portal listens, and a token that it takes.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) address: String,
    pub(super) token: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Value,
}

impl Wire {
    /// A request with the token; `head` are further lines.
    pub(super) fn request(&self, line: &str, head: &str, body: &str) -> Vec<u8> {
        let Self { address, token } = self;
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        format!(
            "{line} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n{length}{head}\r\n{body}"
        )
        .into()
    }

    /// Asks, if there is somebody to answer.
    pub(super) fn try_ask(&self, method: &str, path: &str, head: &str, body: &str) -> Option<Reply> {
        let kind = match (method, body) {
            (_, "") => "",
            ("PATCH", _) => "Content-Type: application/merge-patch+json\r\n",
            _ => "Content-Type: application/json\r\n",
        };
        let head = format!("{kind}{head}Connection: close\r\n");
        let line = format!("{method} /api/v1{path}");
        self.send(&self.request(&line, &head, body))
    }

    /// Asks and is answered.
    #[track_caller]
    pub(super) fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        self.try_ask(method, path, "", body).expect("the portal answers")
    }

    /// Sends bytes on a connection of their own; the answer, if one came.
    pub(super) fn send(&self, bytes: &[u8]) -> Option<Reply> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        // An answer may come before all is read, and that may break the writing.
        drop(stream.write_all(bytes));
        received(&mut stream)
    }

    /// A connection.
    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes, says that nothing follows, and takes everything that comes until the portal closes.
    pub(super) fn talk(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        answers
    }

    /// Asks again and again until the answer is as wanted.
    #[track_caller]
    pub(super) fn until(&self, path: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let body = self.ask("GET", path, "").body;
            if holds(&body) {
                return body;
            }
            assert!(Instant::now() < deadline, "never: {what}\n{body:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The next answer on a connection, if one came.
pub(super) fn received(stream: &mut TcpStream) -> Option<Reply> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        if let Some(reply) = complete(&bytes) {
            return Some(reply);
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// The answer that these bytes are, if they are all of it.
fn complete(bytes: &[u8]) -> Option<Reply> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse().unwrap());
    if body.len() < length {
        return None;
    }
    Some(Reply {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head: head.to_ascii_lowercase(),
        body: serde_json::from_str(body).unwrap_or(Value::Null),
    })
}

impl Reply {
    /// The code of the problem, or nothing.
    pub(super) fn code(&self) -> &str {
        self.text("code")
    }

    /// A text of the body, or nothing.
    pub(super) fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }
}

/// A store of an operator with a token, on targets of these names and URLs; how to serve it. `top` is the beginning
/// of its configuration.
pub(super) fn installation(dir: &Path, top: &str, targets: &[(&str, String)]) -> (String, String) {
    let mut config = top.to_owned() + "\n[mail_policy]\nspecial_use_tlds = [\"example\"]\n";
    for (name, url) in targets {
        writeln!(config, "\n[[targets]]\nname = \"{name}\"\nurl = \"{url}\"").unwrap();
    }
    std::fs::write(dir.join("postdesk.toml"), config).unwrap();
    let config = "--config postdesk.toml";
    for (name, _) in targets {
        run(dir, &format!("{config} target init {name}")).well();
    }
    let account = "account create --email op@example.org --name Op --role operator --scope system";
    run(dir, &format!("{config} {account}")).well();
    let token = run(
        dir,
        &format!("{config} --json token create --account op@example.org --name load"),
    )
    .well();
    let token: Value = serde_json::from_str(&token).unwrap();
    (
        format!("{config} serve"),
        token["token"].as_str().unwrap().to_owned(),
    )
}

/// A running portal with the domain `one.example`, whoever it belongs to.
pub(super) fn portal(dir: &Path, top: &str, targets: &[(&str, String)], flags: &str) -> (Portal, Wire) {
    let (serve, token) = installation(dir, top, targets);
    let portal = Portal::start(dir, &format!("{serve} {flags}"));
    let wire = Wire {
        address: portal.address.clone(),
        token,
    };
    let provider = wire.ask("GET", "/orgs", "").body["data"][0]["id"].clone();
    let domain = serde_json::json!({"name": "one.example", "org": provider}).to_string();
    assert_eq!(wire.ask("POST", "/domains", &domain).status, 201);
    (portal, wire)
}

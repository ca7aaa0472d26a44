//! A mail host on a loopback address of its own, run from exactly the files that `cluster-config` writes.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use postdesk::cluster_config::{self, Engine, File, Layout};

use crate::support::daemon::{self, Keeper};
use crate::support::{mariadb, postgres};

/// The lab's host and node.
const HOST: &str = "mail.cluster.test";
pub(crate) const NODE: &str = "node-a";

const MTA_PASSWORD: &str = "mta-secret";
const IMAP_PASSWORD: &str = "imap-secret";

/// A host's folder, address, layout and target; its daemons end when it is dropped.
pub(crate) struct Lab {
    pub(crate) address: Ipv4Addr,
    pub(crate) layout: Layout,
    pub(crate) target: Target,
    host_dir: PathBuf,
    keeper: Keeper,
}

/// The provisioning database of a lab.
pub(crate) struct Target {
    pub(crate) engine: Engine,
    /// For whoever fills it: it may create tables and roles.
    pub(crate) url: String,
    port: u16,
    name: String,
    path: PathBuf,
}

impl Lab {
    /// Makes an empty target and the layout; nothing runs yet.
    pub(crate) fn prepare(engine: Engine) -> Self {
        assert!(
            daemon::is_root(),
            "Postfix needs root: run the tests as root, or leave the cluster out with tests/run --fast"
        );
        let keeper = Keeper::new("lab");
        let target = Target::create(engine, &keeper.dir);
        let address = free_address();
        let layout = layout(&keeper.dir, address, &target).parse().unwrap();
        Self {
            address,
            layout,
            target,
            host_dir: keeper.dir.join(HOST),
            keeper,
        }
    }

    /// Writes the configuration and starts Postfix and Dovecot from it.
    pub(crate) fn start(self) -> Self {
        self.make_certificate();
        let files = cluster_config::files(&self.layout, self.target.engine).unwrap();
        cluster_config::write(&files, &self.keeper.dir).unwrap();
        for file in &files {
            self.give_to_group(file);
        }
        for (path, owner) in [
            ("run/dovecot", "dovecot"),
            ("var/lib/dovecot", "dovecot"),
            ("var/log", "dovecot"),
            ("var/vmail", "dovecot"),
            ("var/lib/postfix", "postfix"),
            ("var/spool/postfix", "root"),
        ] {
            fs::create_dir_all(self.host_dir.join(path)).unwrap();
            daemon::give(&self.host_dir.join(path), owner);
        }
        self.start_dovecot();
        self.start_postfix();
        self
    }

    fn start_dovecot(&self) {
        let mut command = daemon::as_user("dovecot", "/usr/sbin/dovecot");
        command
            .arg("-F")
            .arg("-c")
            .arg(self.host_dir.join("etc/dovecot/dovecot.conf"));
        let log = self.keeper.dir.join("dovecot.out");
        self.keeper.watch("TERM", -daemon::start(command, &log));
        let ports = &self.layout.ports;
        for port in [ports.imap, ports.pop3, ports.lmtp, ports.sasl, ports.quota] {
            daemon::wait_for_port(self.address, port, &log);
        }
    }

    fn start_postfix(&self) {
        let etc = self.host_dir.join("etc/postfix");
        // fatal errors go to a terminal or syslog only: `script` is the terminal
        let start = format!("postfix -c {} start", etc.display());
        let said = daemon::run(Command::new("script").args(["-qec", &start, "/dev/null"]));
        let pid = fs::read_to_string(self.host_dir.join("var/spool/postfix/pid/master.pid"))
            .unwrap_or_else(|err| panic!("Postfix does not start: {err}\n{said}"));
        // the master leads the group of all its processes
        self.keeper.watch("TERM", -pid.trim().parse::<i64>().unwrap());
        for port in [self.layout.ports.smtp, self.layout.ports.submission] {
            daemon::wait_for_port(self.address, port, &self.host_dir.join("var/log/postfix.log"));
        }
    }

    fn make_certificate(&self) {
        let at = |name: &str| self.keeper.dir.join(name);
        daemon::run(
            Command::new("openssl")
                .args([
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:prime256v1",
                    "-nodes",
                ])
                .args(["-days", "2", "-subj", "/CN=mail.cluster.test", "-batch"])
                .args([
                    "-addext",
                    &format!("subjectAltName=DNS:{HOST},IP:{}", self.address),
                ])
                .arg("-keyout")
                .arg(at("tls.key"))
                .arg("-out")
                .arg(at("tls.crt")),
        );
        daemon::give(&at("tls.key"), "dovecot");
    }

    fn give_to_group(&self, file: &File) {
        let groups = fs::read_to_string("/etc/group").unwrap();
        let name = file.group.as_str();
        let group = groups
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.split(':').nth(1));
        let group =
            group.unwrap_or_else(|| panic!("there is no group {name}: run tests/run, which installs it"));
        chown(
            self.keeper.dir.join(file.host.as_str()).join(&file.path),
            None,
            Some(group.parse().unwrap()),
        )
        .unwrap();
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for log in ["postfix.log", "dovecot.log"] {
                eprintln!("{}", daemon::tail(&self.host_dir.join("var/log").join(log)));
            }
        }
    }
}

impl Target {
    fn create(engine: Engine, dir: &Path) -> Self {
        let path = dir.join("target/mail.sqlite");
        let (url, port, name) = match engine {
            Engine::Postgres => {
                let database = postgres::server().create_database();
                (database.url(), database.port, database.name)
            }
            Engine::Mariadb => {
                let database = mariadb::server().create_database();
                (database.url(), database.port, database.name)
            }
            Engine::Sqlite => {
                share_sqlite(&path);
                (format!("sqlite://{}", path.display()), 1, "mail".to_owned())
            }
        };
        Self {
            engine,
            url,
            port,
            name,
            path,
        }
    }

    /// Fills the template of the grants.
    pub(crate) fn fill(&self, grants: &str) -> String {
        grants
            .replace("{database}", &self.name)
            .replace("{mta_password}", MTA_PASSWORD)
            .replace("{imap_password}", IMAP_PASSWORD)
            .replace("{dkim_password}", "dkim-secret")
    }
}

/// Postfix, Dovecot and whoever fills it share the file and its folder; in WAL mode even readers write beside it.
fn share_sqlite(path: &Path) {
    let dir = path.parent().unwrap();
    fs::create_dir(dir).unwrap();
    fs::set_permissions(dir, fs::Permissions::from_mode(0o777)).unwrap();
    daemon::run(Command::new("sqlite3").arg(path).arg("PRAGMA journal_mode = WAL"));
    fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
}

const PORTS: &str = "smtp = 2525\nsubmission = 2587\nimap = 2143\nimaps = 2993\npop3 = 2110\npop3s = 2995\n\
    sieve = 24190\nwebmail_http = 2080\nlmtp = 2424\n";

fn layout(root: &Path, address: Ipv4Addr, target: &Target) -> String {
    let (root, port, name, path) = (root.display(), target.port, &target.name, target.path.display());
    format!(
        r#"
lab = true
root = "{root}"
database = {{ port = {port}, name = "{name}", path = "{path}", mta = {{ password = "{MTA_PASSWORD}" }}, imap = {{ password = "{IMAP_PASSWORD}" }} }}
tls = {{ cert = "{root}/tls.crt", key = "{root}/tls.key" }}
nodes = [{{ name = "{NODE}", host = "{HOST}", address = "{address}" }}]
fronts = [{{ host = "{HOST}", address = "{address}" }}]
mxs = [{{ host = "{HOST}", address = "{address}" }}]
[ports]
{PORTS}"#
    )
}

/// An address that nobody uses: all of 127/8 is the machine's own.
fn free_address() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let process = (std::process::id() % 250 + 1).try_into().unwrap();
    loop {
        let address = Ipv4Addr::new(127, 78, process, NEXT.fetch_add(1, Ordering::Relaxed));
        let ports = [2525, 2587, 2143, 2993, 2110, 2995, 24190, 2424, 2012, 2501, 2527];
        if ports
            .iter()
            .all(|port| TcpListener::bind((address, *port)).is_ok())
        {
            return address;
        }
    }
}

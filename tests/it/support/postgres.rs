//! One private PostgreSQL server per test process, and a database per test.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use super::daemon::{self, Keeper};

/// A running server. Its superuser is `postgres` with the password `postgres`; other roles need passwords too.
pub(crate) struct Postgres {
    pub(crate) port: u16,
    bin: PathBuf,
    keeper: Keeper,
    running: Mutex<i64>,
    databases: AtomicU32,
}

/// A database of a [`Postgres`].
pub(crate) struct PgDatabase {
    pub(crate) port: u16,
    pub(crate) name: String,
}

impl PgDatabase {
    /// Its address, as the superuser.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://postgres:postgres@127.0.0.1:{}/{}",
            self.port, self.name
        )
    }
}

/// The server of this process, started on first use.
pub(crate) fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}

impl Postgres {
    /// A server of one's own, for tests that stop or break it; it ends when dropped.
    pub(crate) fn start() -> Self {
        let keeper = Keeper::new("postgres");
        let bin = newest_bin();
        let home = keeper.dir.join("home");
        fs::create_dir(&home).unwrap();
        fs::write(home.join("password"), "postgres").unwrap();
        daemon::give(&home, "postgres");
        daemon::run(
            daemon::as_user("postgres", bin.join("initdb"))
                .args([
                    "--username=postgres",
                    "--auth-local=trust",
                    "--auth-host=scram-sha-256",
                ])
                .args([
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--no-sync",
                    "--no-instructions",
                ])
                .arg(format!("--pwfile={}", home.join("password").display()))
                .arg("--pgdata")
                .arg(home.join("data")),
        );
        let server = Self {
            port: daemon::free_port(),
            bin,
            keeper,
            running: Mutex::new(0),
            databases: AtomicU32::new(0),
        };
        server.launch();
        server
    }

    /// Starts it, for the first time or after [`Postgres::stop`].
    pub(crate) fn launch(&self) {
        let (home, log) = (self.keeper.dir.join("home"), self.keeper.dir.join("log"));
        let mut command = daemon::as_user("postgres", self.bin.join("postgres"));
        command
            .arg("-D")
            .arg(home.join("data"))
            .arg("-k")
            .arg(&home)
            .args(["-p", &self.port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "fsync=off",
            "full_page_writes=off",
            "synchronous_commit=off",
            "max_connections=400",
            "timezone=UTC",
        ] {
            command.args(["-c", setting]);
        }
        let process = daemon::start(command, &log);
        *self.running.lock().unwrap() = process;
        // QUIT: stop at once, whoever is connected
        self.keeper.watch("QUIT", process);
        daemon::wait_for_port(Ipv4Addr::LOCALHOST, self.port, &log);
        self.wait_until_ready(&log);
    }

    /// Stops it at once, whoever is connected.
    pub(crate) fn stop(&self) {
        self.keeper.end("QUIT", *self.running.lock().unwrap());
    }

    /// An empty database.
    pub(crate) fn create_database(&self) -> PgDatabase {
        self.create_database_from("template0")
    }

    /// A copy of a database that nobody is connected to.
    pub(crate) fn create_database_from(&self, template: &str) -> PgDatabase {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(
            "postgres",
            &format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#),
        );
        PgDatabase {
            port: self.port,
            name,
        }
    }

    /// Runs SQL as the superuser and answers with the rows as text.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        daemon::run(self.psql().args(["-d", database, "-c", sql]))
    }

    /// The same, when it is no matter how it ends.
    pub(crate) fn try_sql(&self, database: &str, sql: &str) -> bool {
        let output = self.psql().args(["-d", database, "-c", sql]).output();
        output.is_ok_and(|output| output.status.success())
    }

    fn psql(&self) -> Command {
        let mut command = Command::new(self.bin.join("psql"));
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres"]);
        command
            .arg("-h")
            .arg(self.keeper.dir.join("home"))
            .args(["-p", &self.port.to_string()]);
        command
    }

    /// It accepts connections a moment before it answers.
    fn wait_until_ready(&self, log: &Path) {
        let deadline = std::time::Instant::now() + daemon::PATIENCE;
        while !self
            .psql()
            .args(["-d", "postgres", "-c", "SELECT 1"])
            .output()
            .unwrap()
            .status
            .success()
        {
            assert!(
                std::time::Instant::now() < deadline,
                "PostgreSQL does not answer\n{}",
                daemon::tail(log)
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

/// Debian keeps each version's programs in a folder that is not on the path.
fn newest_bin() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let version = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max();
    let version = version.expect("PostgreSQL is not installed: run tests/run, which installs it");
    PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"))
}

#[test]
fn a_database_is_a_copy_of_its_template() {
    let server = server();
    let template = server.create_database();
    server.sql(&template.name, "CREATE TABLE fruit AS SELECT 'apple' AS name");
    let copy = server.create_database_from(&template.name);
    server.sql(&template.name, "DROP TABLE fruit");

    assert_eq!(server.sql(&copy.name, "SELECT name FROM fruit"), "apple\n");
}

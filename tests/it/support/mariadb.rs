//! One private MariaDB server per test process, and a database per test.

use std::fs;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use super::daemon::{self, Keeper};

/// A running server. Its administrator is `admin` with the password `admin`.
pub(crate) struct Mariadb {
    pub(crate) port: u16,
    keeper: Keeper,
    running: Mutex<i64>,
    databases: AtomicU32,
}

/// A database of a [`Mariadb`].
pub(crate) struct MariadbDatabase {
    pub(crate) port: u16,
    pub(crate) name: String,
}

impl MariadbDatabase {
    /// Its address, as the administrator.
    pub(crate) fn url(&self) -> String {
        format!("mysql://admin:admin@127.0.0.1:{}/{}", self.port, self.name)
    }
}

/// The server of this process, started on first use.
pub(crate) fn server() -> &'static Mariadb {
    static SERVER: OnceLock<Mariadb> = OnceLock::new();
    SERVER.get_or_init(Mariadb::start)
}

impl Mariadb {
    /// A server of one's own, for tests that stop or break it; it ends when dropped.
    pub(crate) fn start() -> Self {
        let keeper = Keeper::new("mariadb");
        let home = keeper.dir.join("home");
        fs::create_dir(&home).unwrap();
        daemon::give(&home, "mysql");
        // A server takes away the temporary tables that it finds when it starts: in a common folder, those of others.
        let temporary = home.join("tmp");
        fs::create_dir(&temporary).unwrap();
        daemon::give(&temporary, "mysql");
        let data = format!("--datadir={}", home.join("data").display());
        daemon::run(
            daemon::as_user("mysql", "/usr/bin/mariadb-install-db")
                .args([
                    "--no-defaults",
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                ])
                .args(["--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"])
                .arg(&data)
                .env("TMPDIR", &temporary),
        );
        let server = Self {
            port: daemon::free_port(),
            keeper,
            running: Mutex::new(0),
            databases: AtomicU32::new(0),
        };
        server.launch();
        server.sql(
            "mysql",
            "CREATE USER 'admin'@'%' IDENTIFIED BY 'admin'; GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION",
        );
        server
    }

    /// Starts it, for the first time or after [`Mariadb::stop`].
    pub(crate) fn launch(&self) {
        let (home, log) = (self.keeper.dir.join("home"), self.keeper.dir.join("log"));
        let mut command = daemon::as_user("mysql", "/usr/sbin/mariadbd");
        command
            .args([
                "--no-defaults",
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
                "--skip-log-bin",
            ])
            .args([
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=64M",
                "--max-connections=400",
            ])
            .env("TMPDIR", home.join("tmp"))
            .arg(format!("--port={}", self.port))
            .arg(format!("--socket={}", home.join("socket").display()))
            .arg(format!("--pid-file={}", home.join("pid").display()))
            .arg(format!("--datadir={}", home.join("data").display()));
        let process = daemon::start(command, &log);
        *self.running.lock().unwrap() = process;
        self.keeper.watch("KILL", process);
        daemon::wait_for_port(Ipv4Addr::LOCALHOST, self.port, &log);
    }

    /// Stops it at once, whoever is connected. What the system took for written is there again afterwards.
    pub(crate) fn stop(&self) {
        self.keeper.end("KILL", *self.running.lock().unwrap());
    }

    /// An empty database.
    pub(crate) fn create_database(&self) -> MariadbDatabase {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(
            "mysql",
            &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        );
        MariadbDatabase {
            port: self.port,
            name,
        }
    }

    /// Runs SQL as root and answers with the rows as text.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        daemon::run(&mut self.client(database, sql))
    }

    /// The same, when it is no matter how it ends.
    pub(crate) fn try_sql(&self, database: &str, sql: &str) -> bool {
        let output = self.client(database, sql).output();
        output.is_ok_and(|output| output.status.success())
    }

    fn client(&self, database: &str, sql: &str) -> Command {
        let mut command = Command::new("mariadb");
        command
            .args(["--no-defaults", "--user=root", "--batch", "--skip-column-names"])
            .arg(format!(
                "--socket={}",
                self.keeper.dir.join("home/socket").display()
            ))
            .args(["--execute", sql, database]);
        command
    }
}

#[test]
fn databases_are_apart_and_compare_exactly() {
    let server = server();
    let (one, other) = (server.create_database(), server.create_database());
    server.sql(&one.name, "CREATE TABLE fruit (name varchar(9) PRIMARY KEY)");
    server.sql(&one.name, "INSERT INTO fruit VALUES ('apple'), ('Apple')");

    assert_eq!(
        server.sql(&one.name, "SELECT count(*) FROM fruit WHERE name = 'Apple'"),
        "1\n"
    );
    assert_eq!(server.sql(&other.name, "SHOW TABLES"), "");
}

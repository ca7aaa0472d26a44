//! One private MariaDB server per test process, and a database per test.

use std::fs;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::daemon::{self, Keeper};

/// A running server. Its administrator is `admin` with the password `admin`.
pub(crate) struct Mariadb {
    pub(crate) port: u16,
    keeper: Keeper,
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
        let (home, log) = (keeper.dir.join("home"), keeper.dir.join("log"));
        fs::create_dir(&home).unwrap();
        daemon::give(&home, "mysql");
        let data = format!("--datadir={}", home.join("data").display());
        daemon::run(
            daemon::as_user("mysql", "/usr/bin/mariadb-install-db")
                .args([
                    "--no-defaults",
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                ])
                .args(["--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"])
                .arg(&data),
        );
        let port = daemon::free_port();
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
            .arg(format!("--port={port}"))
            .arg(format!("--socket={}", home.join("socket").display()))
            .arg(format!("--pid-file={}", home.join("pid").display()))
            .arg(&data);
        keeper.watch("KILL", daemon::start(command, &log));
        daemon::wait_for_port(Ipv4Addr::LOCALHOST, port, &log);
        let server = Self {
            port,
            keeper,
            databases: AtomicU32::new(0),
        };
        server.sql(
            "mysql",
            "CREATE USER 'admin'@'%' IDENTIFIED BY 'admin'; GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION",
        );
        server
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
        let socket = format!("--socket={}", self.keeper.dir.join("home/socket").display());
        daemon::run(
            Command::new("mariadb")
                .args([
                    "--no-defaults",
                    "--user=root",
                    "--batch",
                    "--skip-column-names",
                    &socket,
                ])
                .args(["--execute", sql, database]),
        )
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

//! Fills a target by plain SQL.

use std::net::Ipv4Addr;

use postdesk::cluster_config::Engine;
use sqlx::{AssertSqlSafe, MySqlPool, PgPool, SqlitePool};

use super::lab::{Lab, NODE, Target};
use super::story::Provisioner;

/// Writes the rows of the native schema by hand.
pub(crate) struct Direct {
    pool: Pool,
    mailboxes: u32,
}

enum Pool {
    Postgres(PgPool),
    Mariadb(MySqlPool),
    Sqlite(SqlitePool),
}

impl Direct {
    /// Creates schema, roles and the lab's node.
    pub(crate) async fn init(lab: &Lab) -> Self {
        let Target { engine, url, .. } = &lab.target;
        let (pool, schema, grants) = match engine {
            Engine::Postgres => (
                Pool::Postgres(PgPool::connect(url).await.unwrap()),
                include_str!("../../../src/provisioning/native/postgres.sql"),
                include_str!("../../../src/provisioning/native/grants_postgres.sql"),
            ),
            Engine::Mariadb => (
                Pool::Mariadb(MySqlPool::connect(url).await.unwrap()),
                include_str!("../../../src/provisioning/native/mariadb.sql"),
                include_str!("../../../src/provisioning/native/grants_mariadb.sql"),
            ),
            Engine::Sqlite => (
                Pool::Sqlite(SqlitePool::connect(url).await.unwrap()),
                include_str!("../../../src/provisioning/native/sqlite.sql"),
                "",
            ),
        };
        let this = Self { pool, mailboxes: 0 };
        let grants = lab.target.fill(grants);
        for statement in schema
            .split(";\n")
            .chain(grants.split(";\n"))
            .filter(|text| !text.trim().is_empty())
        {
            this.run(statement).await;
        }
        this.add_node(lab.address, lab).await;
        this
    }

    async fn add_node(&self, address: Ipv4Addr, lab: &Lab) {
        let ports = &lab.layout.ports;
        self.run(&format!(
            "INSERT INTO cluster_nodes (name, host, imap_port, pop3_port, sieve_port, lmtp_port) \
             VALUES ('{NODE}', '{address}', {}, {}, {}, {})",
            ports.imap, ports.pop3, ports.sieve, ports.lmtp
        ))
        .await;
    }

    async fn run(&self, sql: &str) {
        let statement = sqlx::raw_sql(AssertSqlSafe(sql));
        let done = match &self.pool {
            Pool::Postgres(pool) => statement.execute(pool).await.map(|_| ()),
            Pool::Mariadb(pool) => statement.execute(pool).await.map(|_| ()),
            Pool::Sqlite(pool) => statement.execute(pool).await.map(|_| ()),
        };
        done.unwrap_or_else(|err| panic!("{err}\n{sql}"));
    }
}

fn split(address: &str) -> (&str, &str) {
    address.split_once('@').unwrap()
}

impl Provisioner for Direct {
    async fn add_domain(&mut self, domain: &str) {
        self.run(&format!("INSERT INTO domains (name) VALUES ('{domain}')"))
            .await;
    }

    async fn add_domain_alias(&mut self, alias: &str, domain: &str) {
        self.run(&format!(
            "INSERT INTO domains (name, alias_of) VALUES ('{alias}', '{domain}')"
        ))
        .await;
    }

    async fn set_domain_active(&mut self, domain: &str, active: bool) {
        self.run(&format!(
            "UPDATE domains SET active = {active} WHERE name = '{domain}'"
        ))
        .await;
    }

    async fn add_mailbox(&mut self, address: &str, password: &str) {
        use argon2::password_hash::PasswordHasher;

        let hash =
            argon2::Argon2::default().hash_password_with_salt(password.as_bytes(), b"not random: a test");
        let hash: argon2::password_hash::phc::PasswordHash = hash.unwrap();
        let (local_part, domain) = split(address);
        self.mailboxes += 1;
        let storage = format!("{domain}/{local_part}-{}", self.mailboxes);
        self.run(&format!(
            "INSERT INTO mailboxes (local_part, domain, password, storage, node) \
             VALUES ('{local_part}', '{domain}', '{{ARGON2ID}}{hash}', '{storage}', '{NODE}')"
        ))
        .await;
    }

    async fn set_mailbox_active(&mut self, address: &str, active: bool) {
        let (local_part, domain) = split(address);
        self.run(&format!(
            "UPDATE mailboxes SET active = {active} WHERE local_part = '{local_part}' AND domain = '{domain}'"
        ))
        .await;
    }

    async fn set_quota(&mut self, address: &str, bytes: u64) {
        let (local_part, domain) = split(address);
        self.run(&format!(
            "UPDATE mailboxes SET quota_bytes = {bytes} WHERE local_part = '{local_part}' AND domain = '{domain}'"
        ))
        .await;
    }

    async fn delete_mailbox(&mut self, address: &str) {
        let (local_part, domain) = split(address);
        self.run(&format!(
            "DELETE FROM mailboxes WHERE local_part = '{local_part}' AND domain = '{domain}'"
        ))
        .await;
        self.run(&format!("DELETE FROM quota_usage WHERE username = '{address}'"))
            .await;
        self.run(&format!("DELETE FROM last_login WHERE username = '{address}'"))
            .await;
    }

    async fn add_alias(&mut self, address: &str, destination: &str) {
        let (local_part, domain) = split(address);
        self.run(&format!(
            "INSERT INTO aliases (local_part, domain, destination) VALUES ('{local_part}', '{domain}', '{destination}')"
        ))
        .await;
    }

    async fn delete_alias(&mut self, address: &str) {
        let (local_part, domain) = split(address);
        self.run(&format!(
            "DELETE FROM aliases WHERE local_part = '{local_part}' AND domain = '{domain}'"
        ))
        .await;
    }

    async fn usage_bytes(&mut self, address: &str) -> u64 {
        use sqlx::Row;

        let sql = format!("SELECT bytes FROM quota_usage WHERE username = '{address}'");
        let statement = sqlx::raw_sql(AssertSqlSafe(sql));
        let bytes: Option<i64> = match &self.pool {
            Pool::Postgres(pool) => statement
                .fetch_optional(pool)
                .await
                .unwrap()
                .map(|row| row.get(0)),
            Pool::Mariadb(pool) => statement
                .fetch_optional(pool)
                .await
                .unwrap()
                .map(|row| row.get(0)),
            Pool::Sqlite(pool) => statement
                .fetch_optional(pool)
                .await
                .unwrap()
                .map(|row| row.get(0)),
        };
        bytes.map_or(0, |bytes| bytes.try_into().unwrap())
    }
}

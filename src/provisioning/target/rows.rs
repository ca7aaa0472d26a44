//! What each kind of object is in the tables of a target, and how it comes and goes.

use super::{Target, TargetError};
use crate::model::ObjectKind;
use crate::provisioning::projection::{AliasRows, MailboxRows};

impl Target {
    pub(super) async fn put_node(
        &mut self,
        id: &str,
        name: &str,
        host: &str,
        ports: [i64; 4],
        state: &str,
    ) -> Result<(), TargetError> {
        let [imap, pop3, sieve, lmtp] = ports;
        let known: Vec<(Option<String>,)> = self
            .query("SELECT postdesk_id FROM cluster_nodes WHERE name = $1")
            .bind(name)
            .fetch()
            .await?;
        let sql = if known.is_empty() {
            "INSERT INTO cluster_nodes (host, imap_port, pop3_port, sieve_port, lmtp_port, state, postdesk_id, name)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        } else {
            "UPDATE cluster_nodes SET host = $1, imap_port = $2, pop3_port = $3, sieve_port = $4, lmtp_port = $5,
               state = $6, postdesk_id = $7 WHERE name = $8"
        };
        let query = self
            .query(sql)
            .bind(host)
            .bind(imap)
            .bind(pop3)
            .bind(sieve)
            .bind(lmtp);
        query.bind(state).bind(id).bind(name).execute().await?;
        Ok(())
    }

    pub(super) async fn put_domain(
        &mut self,
        id: &str,
        name: &str,
        alias_of: Option<&str>,
        active: bool,
    ) -> Result<(), TargetError> {
        let known: Vec<(Option<String>,)> = self
            .query("SELECT postdesk_id FROM domains WHERE name = $1")
            .bind(name)
            .fetch()
            .await?;
        let sql = match known.first() {
            Some((None,)) => return Err(foreign("the domain", name)),
            // A row of ours under another id is left over from a domain that was purged and added anew.
            Some((Some(_),)) => {
                "UPDATE domains SET alias_of = $1, active = $2, postdesk_id = $3 WHERE name = $4"
            }
            None => "INSERT INTO domains (alias_of, active, postdesk_id, name) VALUES ($1, $2, $3, $4)",
        };
        let alias_of = alias_of.map(ToOwned::to_owned);
        self.query(sql)
            .bind(alias_of)
            .bind(active)
            .bind(id)
            .bind(name)
            .execute()
            .await?;
        Ok(())
    }

    pub(super) async fn put_mailbox(&mut self, id: &str, rows: &MailboxRows) -> Result<(), TargetError> {
        let address = format!("{}@{}", rows.local_part, rows.domain);
        let known: Vec<(Option<String>, String, String)> = self
            .query(
                "SELECT postdesk_id, local_part, domain FROM mailboxes
                 WHERE postdesk_id = $1 OR (domain = $2 AND local_part = $3)",
            )
            .bind(id)
            .bind(&*rows.domain)
            .bind(&*rows.local_part)
            .fetch()
            .await?;
        let own = known.iter().find(|(owner, ..)| owner.as_deref() == Some(id));
        for (owner, ..) in known.iter().filter(|(owner, ..)| owner.as_deref() != Some(id)) {
            match owner {
                None => return Err(foreign("the mailbox", &address)),
                Some(other) => self.move_aside(other).await?,
            }
        }
        if let Some((_, local, domain)) = own {
            let before = format!("{local}@{domain}");
            if before != address {
                self.rename_usage(&before, &address).await?;
            }
        }
        let sql = if own.is_some() {
            "UPDATE mailboxes SET local_part = $1, domain = $2, password = $3, quota_bytes = $4, active = $5,
               deliver = $6, smtp = $7, imap = $8, pop3 = $9, sieve = $10, webmail = $11, storage = $12, node = $13
             WHERE postdesk_id = $14"
        } else {
            "INSERT INTO mailboxes (local_part, domain, password, quota_bytes, active, deliver, smtp, imap, pop3, sieve,
               webmail, storage, node, postdesk_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        };
        self.query(sql)
            .bind(&*rows.local_part)
            .bind(&*rows.domain)
            .bind(rows.password.clone())
            .bind(rows.quota_bytes)
            .bind(rows.active)
            .bind(rows.deliver)
            .bind(rows.smtp)
            .bind(rows.imap)
            .bind(rows.pop3)
            .bind(rows.sieve)
            .bind(rows.webmail)
            .bind(&*rows.storage)
            .bind(&*rows.node)
            .bind(id)
            .execute()
            .await?;
        self.remove_aliases(id).await?;
        match &rows.forwards {
            Some(forwards) => self.put_alias_rows(id, forwards).await,
            None => Ok(()),
        }
    }

    /// Takes the address away from a row of ours that is to have another one; its own note gives it that.
    async fn move_aside(&mut self, other: &str) -> Result<(), TargetError> {
        let aside = format!("~{}", other.replace('-', ""));
        self.query("UPDATE mailboxes SET local_part = $1 WHERE postdesk_id = $2")
            .bind(&*aside)
            .bind(other)
            .execute()
            .await?;
        Ok(())
    }

    /// What the daemons counted under the old address belongs to the new one.
    async fn rename_usage(&mut self, before: &str, after: &str) -> Result<(), TargetError> {
        for sql in [
            "DELETE FROM quota_usage WHERE username = $1",
            "DELETE FROM last_login WHERE username = $1",
        ] {
            self.query(sql).bind(after).execute().await?;
        }
        for sql in [
            "UPDATE quota_usage SET username = $1 WHERE username = $2",
            "UPDATE last_login SET username = $1 WHERE username = $2",
        ] {
            self.query(sql).bind(after).bind(before).execute().await?;
        }
        Ok(())
    }

    pub(super) async fn put_alias(&mut self, id: &str, rows: &AliasRows) -> Result<(), TargetError> {
        self.remove_aliases(id).await?;
        self.put_alias_rows(id, rows).await
    }

    async fn put_alias_rows(&mut self, id: &str, rows: &AliasRows) -> Result<(), TargetError> {
        // Rows of ours at this address under another id are left over: an address has one owner.
        self.query("DELETE FROM aliases WHERE domain = $1 AND local_part = $2 AND postdesk_id IS NOT NULL")
            .bind(&*rows.domain)
            .bind(&*rows.local_part)
            .execute()
            .await?;
        for destination in &rows.destinations {
            self.query(
                "INSERT INTO aliases (domain, local_part, destination, active, send_as, postdesk_id)
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(&*rows.domain)
            .bind(&*rows.local_part)
            .bind(&**destination)
            .bind(rows.active)
            .bind(rows.send_as)
            .bind(id)
            .execute()
            .await?;
        }
        Ok(())
    }

    async fn remove_aliases(&mut self, id: &str) -> Result<(), TargetError> {
        self.query("DELETE FROM aliases WHERE postdesk_id = $1")
            .bind(id)
            .execute()
            .await?;
        Ok(())
    }

    pub(super) async fn remove(&mut self, kind: ObjectKind, id: &str) -> Result<(), TargetError> {
        match kind {
            ObjectKind::Node => {
                self.query("UPDATE cluster_nodes SET state = 'down' WHERE postdesk_id = $1")
                    .bind(id)
                    .execute()
                    .await?;
            }
            ObjectKind::Domain | ObjectKind::DomainAlias => self.remove_domain(id).await?,
            ObjectKind::Mailbox => self.remove_mailbox(id).await?,
            ObjectKind::Alias => self.remove_aliases(id).await?,
        }
        Ok(())
    }

    async fn remove_mailbox(&mut self, id: &str) -> Result<(), TargetError> {
        let found: Vec<(String, String)> = self
            .query("SELECT local_part, domain FROM mailboxes WHERE postdesk_id = $1")
            .bind(id)
            .fetch()
            .await?;
        self.remove_aliases(id).await?;
        let Some((local, domain)) = found.first() else {
            return Ok(());
        };
        let username = format!("{local}@{domain}");
        self.query("DELETE FROM mailboxes WHERE postdesk_id = $1")
            .bind(id)
            .execute()
            .await?;
        for sql in [
            "DELETE FROM quota_usage WHERE username = $1",
            "DELETE FROM last_login WHERE username = $1",
        ] {
            self.query(sql).bind(&*username).execute().await?;
        }
        Ok(())
    }

    /// A domain goes with everything of ours in it; a foreign row in it makes the database refuse.
    async fn remove_domain(&mut self, id: &str) -> Result<(), TargetError> {
        let found: Vec<(String,)> = self
            .query("SELECT name FROM domains WHERE postdesk_id = $1")
            .bind(id)
            .fetch()
            .await?;
        let Some((name,)) = found.first() else {
            return Ok(());
        };
        let inside: Vec<(Option<String>,)> = self
            .query("SELECT postdesk_id FROM mailboxes WHERE domain = $1 AND postdesk_id IS NOT NULL")
            .bind(&**name)
            .fetch()
            .await?;
        for mailbox in inside.iter().filter_map(|(id,)| id.as_deref()) {
            self.remove_mailbox(mailbox).await?;
        }
        for sql in [
            "DELETE FROM aliases WHERE domain = $1 AND postdesk_id IS NOT NULL",
            "DELETE FROM domains WHERE alias_of = $1 AND postdesk_id IS NOT NULL",
            "DELETE FROM domains WHERE name = $1 AND postdesk_id IS NOT NULL",
        ] {
            self.query(sql).bind(&**name).execute().await?;
        }
        Ok(())
    }
}

fn foreign(what: &str, name: &str) -> TargetError {
    let text = format!("{what} {name} is in the target already, in a row that Postdesk did not write");
    TargetError::object("conflict", text)
}

//! Asks a target the way the daemons do, and compares the answers with what Postdesk means.

use std::collections::HashMap;

use super::projection::{self, AliasRows, MailboxRows, Rows};
use super::target::{Target, TargetError};
use crate::db::url::Engine;
use crate::error::Error;
use crate::model::{ObjectKind, TargetId};
use crate::service::App;
use crate::store::projected::Listed;

/// Objects looked at in one go.
const PAGE: u32 = 500;
/// Most differences that are listed; the count goes on.
const MOST_LISTED: usize = 1000;

/// What a comparison came to.
#[derive(Debug, Default)]
pub struct Report {
    /// How many objects were compared.
    pub compared: u64,
    /// How many were left out because they are pending anyway.
    pub pending: u64,
    /// How many differ.
    pub differing: u64,
    /// The first of those that differ.
    pub differences: Vec<Difference>,
    /// Rows of the target that Postdesk did not write: domains, mailboxes, aliases.
    pub foreign: [i64; 3],
}

/// An object of which the target says something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub kind: ObjectKind,
    /// Its id.
    pub object: uuid::Uuid,
    /// What is different, in one sentence.
    pub text: String,
}

/// Why a comparison could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The target could not be asked.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Compares every object that is not pending.
pub async fn verify(app: &App, id: TargetId, target: &mut Target) -> Result<Report, VerifyError> {
    let mut report = Report {
        foreign: foreign(target).await?,
        ..Report::default()
    };
    // A domain is older than what is in it, so its state is known when its mailboxes come.
    let mut live: HashMap<String, bool> = HashMap::new();
    let mut after = uuid::Uuid::nil();
    loop {
        let page = app.store.listed(id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.object;
        for listed in &page {
            if listed.pending {
                report.pending += 1;
            }
            let now = app.store.projected(listed.kind, listed.object).await?;
            let rows = projection::rows(&now.state);
            if let Rows::Domain {
                name,
                alias_of: None,
                active,
            } = &rows
            {
                live.insert(name.clone(), *active);
            }
            if listed.pending {
                continue;
            }
            report.compared += 1;
            if let Some(text) = compare(target, listed, &rows, &live).await? {
                report.differing += 1;
                if report.differences.len() < MOST_LISTED {
                    report.differences.push(Difference {
                        kind: listed.kind,
                        object: listed.object,
                        text,
                    });
                }
            }
        }
    }
    Ok(report)
}

async fn compare(
    target: &mut Target,
    listed: &Listed,
    rows: &Rows,
    live: &HashMap<String, bool>,
) -> Result<Option<String>, TargetError> {
    let is_live = |domain: &str| live.get(domain).copied().unwrap_or(false);
    match rows {
        Rows::None => absent(target, listed).await,
        Rows::Node { name, .. } => {
            let found: Vec<(String,)> = target
                .query("SELECT host FROM cluster_nodes WHERE name = $1")
                .bind(&**name)
                .fetch()
                .await?;
            Ok(found.is_empty().then(|| format!("the node {name} is missing")))
        }
        Rows::Domain {
            name,
            alias_of,
            active,
        } => {
            let found: Vec<(String,)> = target
                .query("SELECT domain FROM mta_domains WHERE domain = $1")
                .or(
                    Engine::Mysql,
                    "SELECT domain FROM mta_domains WHERE domain = CAST($1 AS BINARY)",
                )
                .bind(&**name)
                .fetch()
                .await?;
            let wanted = *active && alias_of.as_deref().is_none_or(is_live);
            Ok((found.is_empty() == wanted).then(|| {
                let is = if wanted { "is not served" } else { "is served" };
                format!("{name} {is}")
            }))
        }
        Rows::Mailbox(rows) => mailbox(target, rows, is_live(&rows.domain)).await,
        Rows::Alias(rows) => {
            let wanted = if rows.active && is_live(&rows.domain) {
                rows.destinations.clone()
            } else {
                Vec::new()
            };
            delivery(target, rows, wanted).await
        }
    }
}

async fn absent(target: &mut Target, listed: &Listed) -> Result<Option<String>, TargetError> {
    let sql = match listed.kind {
        ObjectKind::Node => return Ok(None),
        ObjectKind::Domain | ObjectKind::DomainAlias => "SELECT name FROM domains WHERE postdesk_id = $1",
        ObjectKind::Mailbox => "SELECT local_part FROM mailboxes WHERE postdesk_id = $1",
        ObjectKind::Alias => "SELECT local_part FROM aliases WHERE postdesk_id = $1",
    };
    let found: Vec<(String,)> = target.query(sql).bind(listed.object.to_string()).fetch().await?;
    Ok(found
        .first()
        .map(|(name,)| format!("{name} is there, and should be gone")))
}

type UserRow = (
    Option<String>,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
);

async fn mailbox(target: &mut Target, rows: &MailboxRows, live: bool) -> Result<Option<String>, TargetError> {
    let address = format!("{}@{}", rows.local_part, rows.domain);
    let found: Vec<UserRow> = target
        .query(
            "SELECT password, CASE WHEN active THEN 'on' ELSE 'off' END, CASE WHEN smtp THEN 'on' ELSE 'off' END,
               CASE WHEN imap THEN 'on' ELSE 'off' END, CASE WHEN pop3 THEN 'on' ELSE 'off' END,
               CASE WHEN sieve THEN 'on' ELSE 'off' END, CASE WHEN webmail THEN 'on' ELSE 'off' END,
               storage, node, quota_rule
             FROM imap_users WHERE local_part = $1 AND domain = $2",
        )
        .bind(&*rows.local_part)
        .bind(&*rows.domain)
        .fetch()
        .await?;
    let Some(found) = found.into_iter().next() else {
        return Ok(live.then(|| format!("{address} cannot be signed in to: it is missing")));
    };
    if !live {
        return Ok(Some(format!("{address} is served, and its domain is not")));
    }
    let switch = |on: bool| if on { "on".to_owned() } else { "off".to_owned() };
    let wanted: UserRow = (
        rows.password.clone(),
        switch(rows.active),
        switch(rows.smtp),
        switch(rows.imap),
        switch(rows.pop3),
        switch(rows.sieve),
        switch(rows.webmail),
        rows.storage.clone(),
        rows.node.clone(),
        format!("*:bytes={}:messages=0", rows.quota_bytes),
    );
    if found.0 != wanted.0 {
        return Ok(Some(format!("{address} has another password")));
    }
    if found != wanted {
        return Ok(Some(format!(
            "{address} has other switches, another quota or another place"
        )));
    }
    let mut destinations: Vec<String> = rows.deliver.then(|| address.clone()).into_iter().collect();
    destinations.extend(
        rows.forwards
            .iter()
            .flat_map(|forwards| forwards.destinations.clone()),
    );
    let at = AliasRows {
        local_part: rows.local_part.clone(),
        domain: rows.domain.clone(),
        destinations: Vec::new(),
        active: true,
        send_as: false,
    };
    delivery(target, &at, destinations).await
}

/// Compares where mail for an address goes.
async fn delivery(
    target: &mut Target,
    at: &AliasRows,
    mut wanted: Vec<String>,
) -> Result<Option<String>, TargetError> {
    let found: Vec<(String,)> = target
        .query("SELECT destination FROM mta_virtual WHERE local_part = $1 AND domain = $2")
        // MariaDB takes a text that is bound, other than one that is written out, into a UNION as bytes only: else it
        // reads every mailbox of the domain for each question.
        .or(
            Engine::Mysql,
            "SELECT destination FROM mta_virtual
             WHERE local_part = CAST($1 AS BINARY) AND domain = CAST($2 AS BINARY)",
        )
        .bind(&*at.local_part)
        .bind(&*at.domain)
        .fetch()
        .await?;
    let mut found: Vec<String> = found.into_iter().map(|(destination,)| destination).collect();
    found.sort_unstable();
    wanted.sort_unstable();
    Ok((found != wanted).then(|| {
        let list = |list: &[String]| {
            if list.is_empty() {
                "nowhere".to_owned()
            } else {
                list.join(", ")
            }
        };
        format!(
            "mail for {}@{} goes to {}, not to {}",
            at.local_part,
            at.domain,
            list(&found),
            list(&wanted)
        )
    }))
}

async fn foreign(target: &mut Target) -> Result<[i64; 3], TargetError> {
    let mut counts = [0; 3];
    for (count, sql) in counts.iter_mut().zip([
        "SELECT COUNT(*) FROM domains WHERE postdesk_id IS NULL",
        "SELECT COUNT(*) FROM mailboxes WHERE postdesk_id IS NULL",
        "SELECT COUNT(*) FROM aliases WHERE postdesk_id IS NULL",
    ]) {
        let found: Vec<(i64,)> = target.query(sql).fetch().await?;
        *count = found.first().map_or(0, |(count,)| *count);
    }
    Ok(counts)
}

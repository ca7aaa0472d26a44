//! Where mail for an address goes on to: what loops and the delivery tree are worked out from.

use std::collections::{BTreeMap, VecDeque};

use super::Store;
use super::change::Change;
use crate::access::{Permission, Permit, WritesMailboxes};
use crate::error::Error;
use crate::model::{
    Alias, AliasAddress, AliasId, Delta, Destination, DomainName, EmailAddress, LocalPart, Mailbox, Note,
    Refusal,
};

/// How many addresses a search for loops looks at before it is content.
const MOST_LOOKED_AT: usize = 200;

/// What an own address is, and where its mail goes on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Onward {
    /// No mailbox or alias has this address.
    Nothing,
    /// A mailbox, with its forwarding if it has one.
    Mailbox {
        /// Whether nobody can sign in.
        suspended: bool,
        /// Whether mail stays in the mailbox.
        keeps: bool,
        /// Where it is sent on to.
        forwards: Vec<String>,
    },
    /// An alias and its destinations.
    Alias {
        /// Whether it is in force.
        enabled: bool,
        /// Its destinations.
        destinations: Vec<String>,
    },
}

impl Onward {
    fn next(&self) -> &[String] {
        match self {
            Self::Nothing => &[],
            Self::Mailbox { forwards, .. } => forwards,
            Self::Alias { destinations, .. } => destinations,
        }
    }
}

type MailboxOnward = (bool, bool, Option<String>, bool);

const MAILBOX: &str = "SELECT m.suspended_at IS NOT NULL, m.suspended_receive, m.forward_to, m.forward_keep
     FROM addresses a JOIN mailboxes m ON m.id = a.object_id
     WHERE a.domain = $1 AND a.local_part = $2 AND a.kind = 'mailbox'";
const ALIAS: &str = "SELECT l.enabled, t.destination
     FROM addresses a JOIN aliases l ON l.id = a.object_id JOIN alias_destinations t ON t.alias_id = l.id
     WHERE a.domain = $1 AND a.local_part = $2 AND a.kind = 'alias' ORDER BY t.destination LIMIT 1000";

const OWN_NAME: &str =
    "SELECT d.name FROM domain_names n JOIN domains d ON d.id = n.domain_id WHERE n.name = $1";

fn onward(mailbox: Option<MailboxOnward>, alias: Vec<(bool, String)>) -> Onward {
    if let Some((suspended, receives, to, keeps)) = mailbox {
        let forwards: Vec<String> = to
            .iter()
            .flat_map(|to| to.lines())
            .map(ToOwned::to_owned)
            .collect();
        let keeps = (receives || !suspended) && (keeps || forwards.is_empty());
        return Onward::Mailbox {
            suspended,
            keeps,
            forwards,
        };
    }
    match alias.first() {
        None => Onward::Nothing,
        Some((enabled, _)) => Onward::Alias {
            enabled: *enabled,
            destinations: alias.into_iter().map(|(_, destination)| destination).collect(),
        },
    }
}

/// The two halves of an address; a catch-all has an empty first one.
fn halves(address: &str) -> (String, String) {
    let (local, domain) = address.rsplit_once('@').unwrap_or(("", address));
    (domain.to_owned(), local.to_lowercase())
}

impl Store {
    /// What an address is and where its mail goes on to. The permit is for the domain of the address.
    pub async fn onward<P: Permission>(&self, _permit: &Permit<P>, address: &str) -> Result<Onward, Error> {
        let (domain, local) = halves(address);
        let mailbox = self
            .db
            .read(MAILBOX)
            .bind(domain.clone())
            .bind(local.clone())
            .fetch_optional()
            .await?;
        let alias = self.db.read(ALIAS).bind(domain).bind(local).fetch_all().await?;
        Ok(onward(mailbox, alias))
    }

    /// Whether something has this address. The permit is for the domain.
    pub async fn address_in_use<P: Permission>(
        &self,
        _permit: &Permit<P>,
        domain: &DomainName,
        local: &LocalPart,
    ) -> Result<bool, Error> {
        let row: Option<(String,)> = self
            .db
            .read("SELECT kind FROM addresses WHERE domain = $1 AND local_part = $2")
            .bind(domain.as_str().to_owned())
            .bind(local.as_str().to_owned())
            .fetch_optional()
            .await?;
        Ok(row.is_some())
    }
}

impl<P: Permission> Change<P> {
    /// Refuses destinations from which mail would come back to `address`, and says which way it would go.
    pub async fn refuse_loop(&mut self, address: &str, destinations: &[Destination]) -> Result<(), Error> {
        let start = address.to_lowercase();
        let mut came_from: BTreeMap<String, String> = BTreeMap::new();
        let mut open: VecDeque<String> = VecDeque::new();
        for destination in destinations {
            let to = destination.to_string();
            came_from.entry(to.clone()).or_insert_with(|| start.clone());
            open.push_back(to);
        }
        while let Some(at) = open.pop_front() {
            if came_from.len() > MOST_LOOKED_AT {
                return Ok(());
            }
            let (domain, local) = halves(&at);
            // Under another name of its domain an address is the same address.
            let own: Option<(String,)> = self
                .tx
                .query(OWN_NAME)
                .bind(domain.clone())
                .fetch_optional()
                .await?;
            let domain = own.map_or(domain, |(name,)| name);
            let canonical = format!("{local}@{domain}").to_lowercase();
            if canonical != at.to_lowercase() {
                came_from.entry(canonical.clone()).or_insert_with(|| at.clone());
            }
            if canonical == start {
                return Err(loop_refusal(&start, &came_from));
            }
            let mailbox = self
                .tx
                .query(MAILBOX)
                .bind(domain.clone())
                .bind(local.clone())
                .fetch_optional()
                .await?;
            let alias = self
                .tx
                .query(ALIAS)
                .bind(domain.clone())
                .bind(local.clone())
                .fetch_all()
                .await?;
            let here = onward(mailbox, alias);
            if here == Onward::Nothing && start == format!("@{domain}") {
                let detail =
                    format!("{at} does not exist, so its mail would come back to the catch-all for ever.");
                let next = "Name a mailbox or an alias that exists, or an address of another domain.";
                return Err(Refusal::new("alias_loop", detail, next)
                    .at("/destinations")
                    .into());
            }
            for next in here.next() {
                if !came_from.contains_key(next) {
                    came_from.insert(next.clone(), at.clone());
                    open.push_back(next.clone());
                }
            }
        }
        Ok(())
    }
}

fn loop_refusal(start: &str, came_from: &BTreeMap<String, String>) -> Error {
    let mut way = vec![start.to_owned()];
    let mut at = came_from.get(start);
    while let Some(step) = at {
        way.push(step.clone());
        if step == start || way.len() > 12 {
            break;
        }
        at = came_from.get(step);
    }
    way.reverse();
    let detail = format!("Mail would run in a circle: {}.", way.join(" → "));
    let next = "Take one of these addresses out of the circle.";
    Refusal::new("alias_loop", detail, next)
        .at("/destinations")
        .into()
}

impl<P: WritesMailboxes> Change<P> {
    /// Makes the old address of a renamed mailbox an alias of the new one.
    pub fn leave_alias(&mut self, old: &EmailAddress, new: &Mailbox) -> Result<Alias, Error> {
        let (domain, org) = (self.domain_id()?, self.permit.place().org.clone());
        let destination = Destination::from(new.address.clone());
        let id: AliasId = self.store.ids.next();
        let alias = Alias {
            id,
            domain_id: domain,
            org_id: new.org_id,
            address: AliasAddress::Of(old.clone()),
            destinations: vec![destination.clone()],
            description: Note::default(),
            enabled: true,
            external_id: None,
            version: 1,
            created_at: self.now,
            updated_at: self.now,
            deleted: None,
            pending: true,
        };
        self.count(domain, &org, Delta::alias(), None)?;
        self.claim(old, "alias", id.uuid())?;
        self.tx
            .query(
                "INSERT INTO aliases (id, domain_id, org_id, org_path, domain, local_part, description, enabled, version,
                   created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, '', TRUE, 1, $7, $7)",
            )
            .bind(id.uuid())
            .bind(domain.uuid())
            .bind(new.org_id.uuid())
            .bind(org.as_str().to_owned())
            .bind(old.domain().as_str().to_owned())
            .bind(old.local().as_str().to_owned())
            .bind(self.now.as_micros())
            .or_taken(|| Error::defect("a new alias has an old id"))
            .later()?;
        self.tx
            .query("INSERT INTO alias_destinations (alias_id, destination) VALUES ($1, $2)")
            .bind(id.uuid())
            .bind(destination.to_string())
            .later()?;
        self.index_alias(&alias, false)?;
        Ok(alias)
    }
}

//! Who has which address, and which node has room.

use super::change::Change;
use crate::error::Error;
use crate::model::{DomainName, EmailAddress, Refusal};

impl<P: crate::access::Permission> Change<P> {
    /// Claims an address for a mailbox or an alias. Whoever has it already keeps it.
    pub(super) fn claim(
        &mut self,
        address: &EmailAddress,
        kind: &'static str,
        id: uuid::Uuid,
    ) -> Result<(), Error> {
        self.claim_parts(address.domain(), address.local().as_str(), kind, id)
    }

    /// The same for an address that may be a catch-all, with an empty local part.
    pub(super) fn claim_parts(
        &mut self,
        domain: &DomainName,
        local: &str,
        kind: &'static str,
        id: uuid::Uuid,
    ) -> Result<(), Error> {
        let (of, at) = (domain.clone(), local.to_owned());
        self.tx
            .query("INSERT INTO addresses (domain, local_part, kind, object_id) VALUES ($1, $2, $3, $4)")
            .bind(domain.as_str().to_owned())
            .bind(local.to_owned())
            .bind(kind)
            .bind(id)
            .or_taken(move || taken(&of, &at))
            .later()
    }

    /// Gives an address back.
    pub(super) fn release(&mut self, address: &EmailAddress) -> Result<(), Error> {
        self.release_parts(address.domain(), address.local().as_str())
    }

    /// The same for an address that may be a catch-all.
    pub(super) fn release_parts(&mut self, domain: &DomainName, local: &str) -> Result<(), Error> {
        self.tx
            .query("DELETE FROM addresses WHERE domain = $1 AND local_part = $2")
            .bind(domain.as_str().to_owned())
            .bind(local.to_owned())
            .later()?;
        Ok(())
    }

    pub(super) fn forget_former(&mut self, address: &EmailAddress) -> Result<(), Error> {
        self.tx
            .query("DELETE FROM former_addresses WHERE domain = $1 AND local_part = $2")
            .bind(address.domain().as_str().to_owned())
            .bind(address.local().as_str().to_owned())
            .later()?;
        Ok(())
    }

    /// Counts a mailbox on its node, which is the least loaded one that is up; empty when none is.
    pub(super) fn count_on_node(&mut self, node: &str) -> Result<(), Error> {
        if node.is_empty() {
            let next = "Ask the operator to put a node into service.";
            return Err(Refusal::new("no_node", "No node of the cluster takes new mailboxes.", next).into());
        }
        self.tx
            .query("UPDATE nodes SET placed = placed + 1 WHERE name = $1")
            .bind(node.to_owned())
            .later()
    }
}

fn taken(domain: &DomainName, local: &str) -> Error {
    let refusal = if local.is_empty() {
        let next = "Change or delete the catch-all that is there.";
        Refusal::new(
            "already_exists",
            format!("{domain} has a catch-all already."),
            next,
        )
    } else {
        let next = "Choose another address, or delete what has this one.";
        Refusal::new(
            "already_exists",
            format!("{local}@{domain} already exists."),
            next,
        )
        .at("/local_part")
    };
    refusal.into()
}

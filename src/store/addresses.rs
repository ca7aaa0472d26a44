//! Who has which address, and which node has room.

use super::OrTaken as _;
use super::change::Change;
use crate::error::Error;
use crate::model::{DomainName, EmailAddress, Refusal};

impl<P: crate::access::Permission> Change<P> {
    /// Claims an address for a mailbox or an alias. Whoever has it already keeps it.
    pub(super) async fn claim(
        &mut self,
        address: &EmailAddress,
        kind: &'static str,
        id: uuid::Uuid,
    ) -> Result<(), Error> {
        self.claim_parts(address.domain(), address.local().as_str(), kind, id)
            .await
    }

    /// The same for an address that may be a catch-all, with an empty local part.
    pub(super) async fn claim_parts(
        &mut self,
        domain: &DomainName,
        local: &str,
        kind: &'static str,
        id: uuid::Uuid,
    ) -> Result<(), Error> {
        let claimed = self
            .tx
            .query("INSERT INTO addresses (domain, local_part, kind, object_id) VALUES ($1, $2, $3, $4)")
            .bind(domain.as_str().to_owned())
            .bind(local.to_owned())
            .bind(kind)
            .bind(id)
            .execute()
            .await;
        claimed.or_taken(|| taken(domain, local))?;
        Ok(())
    }

    /// Gives an address back.
    pub(super) async fn release(&mut self, address: &EmailAddress) -> Result<(), Error> {
        self.release_parts(address.domain(), address.local().as_str())
            .await
    }

    /// The same for an address that may be a catch-all.
    pub(super) async fn release_parts(&mut self, domain: &DomainName, local: &str) -> Result<(), Error> {
        self.tx
            .query("DELETE FROM addresses WHERE domain = $1 AND local_part = $2")
            .bind(domain.as_str().to_owned())
            .bind(local.to_owned())
            .execute()
            .await?;
        Ok(())
    }

    pub(super) async fn forget_former(&mut self, address: &EmailAddress) -> Result<(), Error> {
        self.tx
            .query("DELETE FROM former_addresses WHERE domain = $1 AND local_part = $2")
            .bind(address.domain().as_str().to_owned())
            .bind(address.local().as_str().to_owned())
            .execute()
            .await?;
        Ok(())
    }

    /// Chooses the least loaded node that is up.
    pub(super) async fn place_on_node(&mut self) -> Result<String, Error> {
        let placed: Option<(String,)> = self
            .tx
            .query(
                "UPDATE nodes SET placed = placed + 1
                 WHERE id = (SELECT id FROM nodes WHERE state = 'up' ORDER BY placed, name LIMIT 1)
                 RETURNING name",
            )
            .fetch_optional()
            .await?;
        let refusal = || {
            let next = "Ask the operator to put a node into service.";
            Refusal::new("no_node", "No node of the cluster takes new mailboxes.", next)
        };
        Ok(placed.ok_or_else(refusal)?.0)
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

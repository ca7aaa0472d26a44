//! What a token may do just now: what its owner holds, as far as the token lets it through.

use std::collections::{BTreeMap, BTreeSet};

use super::App;
use crate::access::{Action, Actor, Ceiling, Credential, Permissions, Scope};
use crate::error::Error;
use crate::model::{AccountId, OrgId};
use crate::service::sign_in;
use crate::store::TokenView;

/// What a token may do on one part of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The part.
    pub scope: Scope,
    /// What that is called.
    pub name: String,
    /// What the token may do there.
    pub holds: Permissions,
}

/// What a token may do just now, part by part, the largest first. Nothing while its owner is switched off.
pub async fn effective(app: &App, account: AccountId, token: &TokenView) -> Result<Vec<Part>, Error> {
    let owner = match sign_in::in_person(app, account, Credential::Token(token.id)).await {
        Ok(owner) => owner,
        Err(Error::Unknown) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let ceiling = Ceiling::of_token(token.read_only, token.permissions, token.scopes.clone());
    let actor = Actor::new(
        owner.identity().clone(),
        Credential::Token(token.id),
        ceiling,
        owner.grants().to_vec(),
        owner.now(),
    );
    let parts = parts(&actor);
    let orgs: BTreeSet<OrgId> = parts.iter().filter_map(|(scope, _)| org(scope)).collect();
    let names = app.store.names_of_orgs(orgs).await?;
    let part = |(scope, holds)| Part {
        name: name(&scope, &names),
        scope,
        holds,
    };
    Ok(parts.into_iter().map(part).collect())
}

/// The scopes of the actor's grants with everything that may be done on each; what says nothing new is left out.
fn parts(actor: &Actor) -> Vec<(Scope, Permissions)> {
    let mut all: Vec<(Scope, Permissions)> = Vec::new();
    for grant in actor.grants() {
        if all.iter().all(|(scope, _)| *scope != grant.scope) {
            let holds: Permissions = actor.actions_at(&grant.scope.place()).into_iter().collect();
            all.push((grant.scope.clone(), holds));
        }
    }
    // Everybody may look after their own tokens; a part where that is all is none.
    let own: Permissions = [Action::TokenManageOwn].into_iter().collect();
    let said = all.iter().filter(|(scope, holds)| {
        let larger = |(other, more): &(Scope, Permissions)| {
            other != scope && other.covers(scope) && holds.within(*more)
        };
        !holds.within(own) && !all.iter().any(larger)
    });
    let mut said: Vec<(Scope, Permissions)> = said.cloned().collect();
    said.sort_by_cached_key(|(scope, _)| match scope {
        Scope::System => (0, String::new()),
        Scope::Org(_, path) => (1, path.to_string()),
        Scope::Domain(_, name, _) => (2, name.clone()),
    });
    said
}

fn org(scope: &Scope) -> Option<OrgId> {
    match scope {
        Scope::Org(id, _) => Some(*id),
        Scope::System | Scope::Domain(..) => None,
    }
}

fn name(scope: &Scope, names: &BTreeMap<OrgId, String>) -> String {
    match scope {
        Scope::System => "everything".to_owned(),
        Scope::Org(id, _) => {
            let name = names.get(id).map_or("a customer", String::as_str);
            format!("{name} and all below it")
        }
        Scope::Domain(_, name, _) => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Grant, Identity, OrgPath, Role};
    use crate::model::{DomainId, GrantId, Timestamp};

    fn id(number: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(number)
    }

    fn actor(read_only: bool, grants: &[(Role, Scope)]) -> Actor {
        let identity = Identity {
            account: Some(AccountId::from(id(1))),
            name: "Ana".to_owned(),
            email: "ana@people.example".to_owned(),
            access_version: 1,
        };
        let grant =
            |(role, scope): &(Role, Scope)| Grant::of(GrantId::from(id(2)), *role, scope.clone(), None);
        let now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let ceiling = Ceiling::of_token(read_only, None, None);
        let credential = Credential::CommandLine;
        Actor::new(
            identity,
            credential,
            ceiling,
            grants.iter().map(grant).collect(),
            now,
        )
    }

    #[test]
    fn a_part_that_says_nothing_new_is_left_out() {
        let path = OrgPath::parse("/0000000a/").unwrap();
        let org = Scope::Org(OrgId::from(id(3)), path.clone());
        let domain = Scope::Domain(DomainId::from(id(4)), "a.example".to_owned(), path);
        let both = [(Role::HelpDesk, domain.clone()), (Role::DomainAdmin, org.clone())];
        let told = parts(&actor(false, &both));
        assert_eq!(told, [(org.clone(), Permissions::of(Role::DomainAdmin))]);

        let other = [(Role::AliasManager, domain.clone()), (Role::HelpDesk, org)];
        let told = parts(&actor(false, &other));
        assert_eq!(told.len(), 2);
        assert_eq!(told[1].0, domain);
        assert!(
            told[1].1.has(Action::MailboxResetPassword),
            "what reaches down counts"
        );
    }

    #[test]
    fn a_token_that_reads_is_told_without_what_changes_something() {
        let told = parts(&actor(true, &[(Role::HelpDesk, Scope::System)]));
        assert_eq!(told[0].1.spoken(), "see domains and see mailboxes");
    }
}

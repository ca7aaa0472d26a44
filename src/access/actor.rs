//! Who is asking, by which credential, with which grants.

use std::sync::Arc;

use super::policy::{self, Against};
use super::{Action, Denied, OrgPath, Permission, Permissions, Place, Role, RoleRef, Scope, SupportAssist};
use crate::model::{AccountId, ActingId, GrantId, MailboxId, OrgId, Timestamp, TokenId};

/// An account holds a role on a scope, perhaps until a date.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The role that is given.
    pub role: RoleRef,
    /// What it holds.
    pub holds: Permissions,
    /// On what.
    pub scope: Scope,
    /// Until when; `None` is without end.
    pub expires_at: Option<Timestamp>,
}

impl Grant {
    /// A grant of a built-in role.
    pub fn of(id: GrantId, role: Role, scope: Scope, expires_at: Option<Timestamp>) -> Self {
        Self {
            id,
            role: RoleRef::BuiltIn(role),
            holds: Permissions::of(role),
            scope,
            expires_at,
        }
    }

    /// What the portal holds where it acts on its own behalf.
    fn of_the_portal(role: Role, scope: Scope) -> Self {
        Self::of(GrantId::from(uuid::Uuid::nil()), role, scope, None)
    }

    /// Whether it has not ended.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// How the actor proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A browser session.
    Session,
    /// An API token.
    Token(TokenId),
    /// The command line of the machine.
    CommandLine,
    /// A one-time link.
    Link,
    /// The portal itself, keeping a promise such as "forward until Friday".
    System,
}

impl Credential {
    /// The kind, as the audit says it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token(_) => "token",
            Self::CommandLine => "command_line",
            Self::Link => "link",
            Self::System => "system",
        }
    }
}

/// What a credential lets through of what its owner holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ceiling {
    /// All of it.
    Everything,
    /// Only what changes nothing.
    ReadOnly,
    /// Only these permissions, and only inside these scopes if any are named: what a token was made for. An empty list
    /// of scopes is nowhere.
    Only(Permissions, Option<Vec<Scope>>),
    /// One permission on one mailbox: what a set-up link is for.
    PasswordOf(MailboxId),
    /// What everybody may do to their own account.
    OwnAccount(AccountId),
}

impl Ceiling {
    /// What a token lets through that names these permissions and scopes; what it does not name it does not narrow.
    pub fn of_token(read_only: bool, permissions: Option<Permissions>, within: Option<Vec<Scope>>) -> Self {
        match (read_only, permissions, within) {
            (false, None, None) => Self::Everything,
            (true, None, None) => Self::ReadOnly,
            (_, permissions, within) => {
                let named = |action: &Action| permissions.is_none_or(|named| named.has(*action));
                let all = Action::ALL.iter().copied().filter(named);
                let lets = all.filter(|action| !read_only || action.reads()).collect();
                Self::Only(lets, within)
            }
        }
    }

    /// Every permission that it lets through.
    pub fn permissions(&self) -> Permissions {
        let all = Action::ALL.iter().copied();
        all.filter(|action| self.lets(*action)).collect()
    }

    /// The grant as far as the credential reaches: one for each part of the tree that both name.
    fn cut(&self, grant: Grant) -> Vec<Grant> {
        let Self::Only(_, Some(within)) = self else {
            return vec![grant];
        };
        let parts = within.iter().filter_map(|scope| grant.scope.meet(scope));
        parts
            .map(|scope| Grant {
                scope: scope.clone(),
                ..grant.clone()
            })
            .collect()
    }

    fn lets(&self, action: Action) -> bool {
        match self {
            Self::Only(permissions, _) => permissions.has(action),
            Self::Everything => true,
            Self::ReadOnly => action.reads(),
            Self::PasswordOf(_) => action == Action::MailboxResetPassword,
            Self::OwnAccount(_) => action == Action::AccountUpdate,
        }
    }
}

/// The account behind an actor.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The account; `None` for the system, the command line and one-time links.
    pub account: Option<AccountId>,
    /// The name for screens and the audit.
    pub name: String,
    /// The sign-in address, empty where there is none.
    pub email: String,
    /// Counts the changes of the account's access; a change commits only if it still is the stored one.
    pub access_version: i64,
}

/// Who is asking. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Actor(Arc<Inner>);

/// Looking after a customer as their support, for a while: bound to a browser session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acting {
    /// Its id.
    pub id: ActingId,
    /// The customer.
    pub org: OrgId,
    /// That customer's path, as it is now.
    pub path: OrgPath,
    /// That customer's name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// The ticket it belongs to.
    pub ticket: String,
    /// When it ends by itself.
    pub ends_at: Timestamp,
}

#[derive(Debug)]
struct Inner {
    acting: Option<Acting>,
    identity: Identity,
    credential: Credential,
    ceiling: Ceiling,
    grants: Vec<Grant>,
    now: Timestamp,
}

impl Actor {
    /// An account with its grants, as of `now`. Expired grants are left out here, once, and so is all that lies outside
    /// the credential's scopes: for the actor it is as if it were not.
    pub fn new(
        identity: Identity,
        credential: Credential,
        ceiling: Ceiling,
        grants: Vec<Grant>,
        now: Timestamp,
    ) -> Self {
        let live = grants.into_iter().filter(|grant| grant.is_live(now));
        let grants = live.flat_map(|grant| ceiling.cut(grant)).collect();
        Self(Arc::new(Inner {
            acting: None,
            identity,
            credential,
            ceiling,
            grants,
            now,
        }))
    }

    /// The portal itself, or the person at its command line.
    pub fn system(credential: Credential, name: &str, now: Timestamp) -> Self {
        let identity = Identity {
            account: None,
            name: name.to_owned(),
            email: String::new(),
            access_version: 0,
        };
        let grant = Grant::of_the_portal(Role::Operator, Scope::System);
        Self::new(identity, credential, Ceiling::Everything, vec![grant], now)
    }

    /// The holder of a mailbox's set-up link, who may set that mailbox's password and nothing else.
    pub fn link_holder(mailbox: MailboxId, name: &str, scope: Scope, now: Timestamp) -> Self {
        let identity = Identity {
            account: None,
            name: name.to_owned(),
            email: String::new(),
            access_version: 0,
        };
        let grant = Grant::of_the_portal(Role::HelpDesk, scope);
        Self::new(
            identity,
            Credential::Link,
            Ceiling::PasswordOf(mailbox),
            vec![grant],
            now,
        )
    }

    /// Whoever has a one-time link of an account, or asks for one: for that account and nothing else.
    pub fn of_account_link(account: AccountId, name: String, now: Timestamp) -> Self {
        let identity = Identity {
            account: None,
            name,
            email: String::new(),
            access_version: 0,
        };
        let grant = Grant::of_the_portal(Role::Operator, Scope::System);
        Self::new(
            identity,
            Credential::Link,
            Ceiling::OwnAccount(account),
            vec![grant],
            now,
        )
    }

    /// The same person as the support of one customer: at most what they hold themselves, only in that customer's part
    /// of the tree, and never what nobody does in another's place. A token never acts.
    pub fn acting_for(&self, acting: Acting) -> Result<Self, Denied> {
        if self.0.credential != Credential::Session || self.0.acting.is_some() {
            return Err(Denied::Refused(Action::SupportAssist));
        }
        if !self.may::<SupportAssist>(&Place::org(acting.path.clone())) {
            return Err(Denied::Refused(Action::SupportAssist));
        }
        let there = Scope::Org(acting.org, acting.path.clone());
        let allowed: Permissions = Action::ALL
            .iter()
            .copied()
            .filter(|action| !policy::never_while_acting(*action))
            .collect();
        let cut = self.0.grants.iter().filter_map(|grant| {
            Some(Grant {
                holds: grant.holds.within_both(allowed),
                scope: grant.scope.meet(&there)?.clone(),
                ..grant.clone()
            })
        });
        Ok(Self(Arc::new(Inner {
            grants: cut.collect(),
            acting: Some(acting),
            identity: self.0.identity.clone(),
            credential: self.0.credential.clone(),
            ceiling: self.0.ceiling.clone(),
            now: self.0.now,
        })))
    }

    /// Whom the actor looks after just now.
    pub fn acting(&self) -> Option<&Acting> {
        self.0.acting.as_ref()
    }

    /// The same person, for what everybody may do to their own account and nothing else; nothing at all while they act
    /// in another's place.
    #[must_use]
    pub fn for_own_account(&self, account: AccountId) -> Self {
        if self.0.acting.is_some() {
            return self.clone();
        }
        let grant = Grant::of_the_portal(Role::Operator, Scope::System);
        let credential = self.0.credential.clone();
        let ceiling = Ceiling::OwnAccount(account);
        Self::new(
            self.0.identity.clone(),
            credential,
            ceiling,
            vec![grant],
            self.0.now,
        )
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// By which credential.
    pub fn credential(&self) -> &Credential {
        &self.0.credential
    }

    /// What the credential lets through.
    pub fn ceiling(&self) -> &Ceiling {
        &self.0.ceiling
    }

    /// The live grants.
    pub fn grants(&self) -> &[Grant] {
        &self.0.grants
    }

    /// The moment at which this actor was identified.
    pub fn now(&self) -> Timestamp {
        self.0.now
    }

    pub(super) fn decide(&self, action: Action, place: &Place) -> Result<(), Against> {
        let there = self.0.grants.iter().filter(|grant| grant.scope.contains(place));
        let held = there.map(|grant| grant.holds).reduce(Permissions::and);
        policy::decide(held, self.0.ceiling.lets(action), action)
    }

    /// Whether `P` may be done at `place`: the same decision that a permit takes, for what a screen offers.
    pub fn may<P: Permission>(&self, place: &Place) -> bool {
        self.decide(P::ACTION, place).is_ok()
    }

    /// Whether `P` may be done anywhere at all.
    pub fn may_anywhere<P: Permission>(&self) -> bool {
        self.scopes_of(P::ACTION).next().is_some()
    }

    /// The scopes on which the actor holds `action`.
    pub(super) fn scopes_of(&self, action: Action) -> impl Iterator<Item = &Scope> {
        let lets = self.0.ceiling.lets(action);
        self.0
            .grants
            .iter()
            .filter(move |grant| lets && grant.holds.has(action))
            .map(|grant| &grant.scope)
    }

    /// Every permission that the actor holds at `place`.
    pub fn actions_at(&self, place: &Place) -> Vec<Action> {
        let allowed = |action: &&Action| self.decide(**action, place).is_ok();
        Action::ALL.iter().filter(allowed).copied().collect()
    }
}

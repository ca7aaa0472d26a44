//! Why somebody may or may not do something: the decision of the policy, told with the roles that it was made by.

use super::aliases::{self, AliasRef};
use super::mailboxes::{self, MailboxRef};
use super::permissions::Object as Named;
use super::{App, domains, orgs, people};
use crate::access::{
    AccountRead, Action, Actor, Against, Call, Ceiling, Credential, DomainRead, Grant, Identity, Object,
    Place, Scope,
};
use crate::error::Error;
use crate::model::{AccountId, AliasAddress, EmailAddress, GrantId, OrgId, Timestamp};
use crate::store::GrantRecord;

/// Most people that are named as those who can do something.
const MOST_NAMED: usize = 3;

/// What kind of thing is asked about.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The installation.
    System,
    /// An org.
    Org,
    /// A domain.
    Domain,
    /// A mailbox.
    Mailbox,
    /// An alias.
    Alias,
    /// An account.
    Account,
}

impl Kind {
    /// Whether a permission is about things of this kind, or about what is inside.
    pub fn concerns(self, action: Action) -> bool {
        let thing = action.as_str().split('.').next().unwrap_or_default();
        match self {
            _ if action == Action::TokenManageOwn => false,
            Self::System => true,
            Self::Org => !matches!(thing, "provisioning" | "system"),
            Self::Domain => {
                action == Action::LimitsAssign
                    || matches!(
                        thing,
                        "domain" | "mailbox" | "alias" | "account" | "grant" | "audit"
                    )
            }
            Self::Mailbox => thing == "mailbox" && action != Action::MailboxCreate,
            Self::Alias => thing == "alias",
            Self::Account => matches!(thing, "account" | "grant") || action == Action::TokenManageAny,
        }
    }
}

/// A thing that the asker can see.
#[derive(Clone, Debug)]
pub struct Thing {
    /// What it is.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// The id of its org, where it is one.
    pub org: Option<OrgId>,
    places: Vec<Place>,
    account: Option<AccountId>,
    behind: Vec<Grant>,
    in_the_bin: bool,
}

impl Thing {
    fn at(kind: Kind, name: String, place: Place) -> Self {
        Self {
            kind,
            name,
            org: None,
            places: vec![place],
            account: None,
            behind: Vec::new(),
            in_the_bin: false,
        }
    }

    /// As the policy sees it when `action` is wished for: who stands behind it matters for what is done to itself.
    fn object(&self, action: Action) -> Object<'_> {
        let itself = self.kind.concerns(action);
        Object {
            places: &self.places,
            account: self.account,
            behind: if itself { &self.behind } else { &[] },
            in_the_bin: self.in_the_bin && itself,
        }
    }
}

/// A role that somebody holds or held, as an explanation names it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The grant.
    pub grant: GrantId,
    /// Who holds it.
    pub account: AccountId,
    /// The name of the role.
    pub role: String,
    /// What its scope is called.
    pub scope: String,
    /// When it ends, or ended.
    pub expires_at: Option<Timestamp>,
}

impl Source {
    fn of(record: &GrantRecord) -> Self {
        Self {
            grant: record.given.grant.id,
            account: record.given.to,
            role: record.given.grant.role.title().to_owned(),
            scope: record.scope_name.clone(),
            expires_at: record.given.grant.expires_at,
        }
    }
}

/// What the policy says of one permission.
#[derive(Clone, Debug)]
pub struct Told {
    /// The permission.
    pub action: Action,
    /// What stands against it; nothing when it may be done.
    pub against: Option<Against>,
    /// The roles that hold it here.
    pub by: Vec<Source>,
    /// Those that did, and have ended.
    pub ended: Vec<Source>,
    /// Who can, where this person cannot and the asker may know it.
    pub helpers: Vec<Helper>,
}

/// Somebody who can do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helper {
    /// Their account.
    pub account: AccountId,
    /// Their name.
    pub name: String,
}

/// Everything that somebody may or may not do with a thing.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Whose permissions they are.
    pub account: AccountId,
    /// The name of that person.
    pub person: String,
    /// What they are about.
    pub thing: Thing,
    /// One permission after the other.
    pub told: Vec<Told>,
}

/// What the caller may do with `object`, which they must be able to see, and why.
pub async fn own(app: &App, call: &Call, object: &Named) -> Result<Explanation, Error> {
    let account = call.actor.identity().account.ok_or(Error::Unknown)?;
    let held = app.store.own_grants(account).await?;
    let who = Who {
        account,
        actor: call.actor.clone(),
        held,
        suspended: false,
    };
    explain(app, call, who, object).await
}

/// What `account` may do with `object`, and why, as far as the caller sees what that account holds.
pub async fn of(app: &App, call: &Call, account: AccountId, object: &Named) -> Result<Explanation, Error> {
    if call.actor.identity().account == Some(account) {
        return own(app, call, object).await;
    }
    let (person, _) = people::get(app, call, account).await?;
    let identity = Identity {
        account: Some(account),
        name: person.name.to_string(),
        email: person.email.clone(),
        access_version: 0,
    };
    let grants = person.grants.iter().map(|held| held.given.grant.clone());
    let now = call.actor.now();
    let theirs = Actor::new(
        identity,
        Credential::Session,
        Ceiling::Everything,
        grants.collect(),
        now,
    );
    let who = Who {
        account,
        actor: theirs,
        held: person.grants,
        suspended: app.store.identity(account).await?.is_none(),
    };
    explain(app, call, who, object).await
}

/// Whose permissions are explained.
struct Who {
    account: AccountId,
    actor: Actor,
    held: Vec<GrantRecord>,
    suspended: bool,
}

async fn explain(app: &App, call: &Call, who: Who, object: &Named) -> Result<Explanation, Error> {
    let thing = find(app, call, object).await?;
    let above = match thing.places.first() {
        Some(place) => people_over(app, call, place).await?,
        None => Vec::new(),
    };
    let grants: Vec<Grant> = who.held.iter().map(|held| held.given.grant.clone()).collect();
    let named = |found: Vec<&Grant>| {
        let records = who.held.iter();
        let wanted = records.filter(|record| found.iter().any(|grant| grant.id == record.given.grant.id));
        wanted.map(Source::of).collect::<Vec<Source>>()
    };
    let mut told = Vec::new();
    for action in Action::ALL.iter().copied() {
        let verdict = who
            .actor
            .explain(&grants, who.suspended, action, &thing.object(action));
        let helpers = match verdict.against {
            Some(_) => able(&above, action, who.account),
            None => Vec::new(),
        };
        told.push(Told {
            action,
            against: verdict.against,
            by: named(verdict.by),
            ended: named(verdict.ended),
            helpers,
        });
    }
    Ok(Explanation {
        account: who.account,
        person: who.actor.identity().name.clone(),
        thing,
        told,
    })
}

/// Who can do `action` with `object`: a few names, nearest first, and only of people whom the caller may see.
pub async fn who_can(app: &App, call: &Call, object: &Named, action: Action) -> Result<Vec<Helper>, Error> {
    let place = super::permissions::place_of(app, call, object).await?;
    let asker = call.actor.identity().account;
    let above = people_over(app, call, &place).await?;
    Ok(able(
        &above,
        action,
        asker.unwrap_or(AccountId::from(uuid::Uuid::nil())),
    ))
}

/// Everything that is held over a place, as far as the caller may see who manages there.
async fn people_over(app: &App, call: &Call, place: &Place) -> Result<Vec<GrantRecord>, Error> {
    let Ok(permit) = call.actor.permit::<AccountRead>(place.clone()) else {
        return Ok(Vec::new());
    };
    let mut held = app.store.grants_over(&permit).await?;
    let now = call.actor.now();
    held.retain(|held| {
        let grant = &held.given.grant;
        grant.is_live(now) && call.actor.may::<AccountRead>(&grant.scope.place())
    });
    held.sort_by_key(|held| match &held.given.grant.scope {
        Scope::Domain(..) => 0,
        Scope::Org(_, path) => usize::MAX - path.depth() - 1,
        Scope::System => usize::MAX,
    });
    Ok(held)
}

fn able(above: &[GrantRecord], action: Action, but: AccountId) -> Vec<Helper> {
    let mut found: Vec<Helper> = Vec::new();
    for held in above {
        let is_new = held.given.to != but && found.iter().all(|known| known.account != held.given.to);
        if is_new && held.given.grant.holds.has(action) {
            found.push(Helper {
                account: held.given.to,
                name: held.holder.clone(),
            });
        }
        if found.len() == MOST_NAMED {
            break;
        }
    }
    found
}

/// The thing that is named, for those who can see it. An address that is in use is that mailbox or alias, any other
/// stands for its domain.
async fn find(app: &App, call: &Call, object: &Named) -> Result<Thing, Error> {
    match object {
        Named::System => Ok(Thing::at(
            Kind::System,
            "the installation".to_owned(),
            Place::system(),
        )),
        Named::Org(id) => {
            let (org, permit) = orgs::get(app, call, *id).await?;
            Ok(Thing {
                org: Some(*id),
                in_the_bin: org.deleted.is_some(),
                ..Thing::at(Kind::Org, org.name.to_string(), permit.place().clone())
            })
        }
        Named::Domain(name) => {
            let (domain, permit) = app.domain::<DomainRead>(call, name).await?;
            Ok(Thing {
                in_the_bin: domain.deleted.is_some(),
                ..Thing::at(Kind::Domain, domain.name.to_string(), permit.place().clone())
            })
        }
        Named::DomainId(id) => {
            let name = domains::name_of(app, call, domains::DomainRef::Id(*id)).await?;
            Box::pin(find(app, call, &Named::Domain(name))).await
        }
        Named::Address(address) => match in_use(app, call, address).await? {
            Some(thing) => Ok(thing),
            None => Box::pin(find(app, call, &Named::Domain(address.domain().clone()))).await,
        },
        Named::Mailbox(id) => mailbox(app, call, &MailboxRef::Id(*id)).await,
        Named::Alias(id) => alias(app, call, &AliasRef::Id(*id)).await,
        Named::Account(id) => account(app, call, *id).await,
    }
}

async fn in_use(app: &App, call: &Call, address: &EmailAddress) -> Result<Option<Thing>, Error> {
    let at = MailboxRef::Address(address.clone());
    if let Some(found) = seen(mailbox(app, call, &at).await)? {
        return Ok(Some(found));
    }
    if let Some(deleted) = seen(mailboxes::get_deleted(app, call, address).await)? {
        return mailbox(app, call, &MailboxRef::Id(deleted.id)).await.map(Some);
    }
    let at = AliasRef::Address(AliasAddress::Of(address.clone()));
    seen(alias(app, call, &at).await)
}

/// What is not there, or not to be seen, is nothing.
fn seen<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound(_) | Error::Refused(_) | Error::Moved(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn mailbox(app: &App, call: &Call, at: &MailboxRef) -> Result<Thing, Error> {
    let (mailbox, permit) = mailboxes::get(app, call, at).await?;
    let address = mailbox.address.to_string();
    Ok(Thing {
        behind: app.store.grants_behind(&address).await?,
        in_the_bin: mailbox.deleted.is_some(),
        ..Thing::at(Kind::Mailbox, address, permit.place().clone())
    })
}

async fn alias(app: &App, call: &Call, at: &AliasRef) -> Result<Thing, Error> {
    let (alias, permit) = aliases::get(app, call, at).await?;
    Ok(Thing {
        in_the_bin: alias.deleted.is_some(),
        ..Thing::at(Kind::Alias, alias.address.to_string(), permit.place().clone())
    })
}

async fn account(app: &App, call: &Call, id: AccountId) -> Result<Thing, Error> {
    let (person, permit) = people::get(app, call, id).await?;
    let behind = app.store.grants_of(id).await?;
    let places = std::iter::once(Place::org(person.path.clone()));
    let held = behind.iter().map(|grant| grant.scope.place());
    Ok(Thing {
        places: places.chain(held).collect(),
        account: Some(id),
        behind,
        ..Thing::at(Kind::Account, person.name.to_string(), permit.place().clone())
    })
}

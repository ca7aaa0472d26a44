//! People who sign in to the portal. The full story of invitations comes later; this is how the first ones get in.

use super::{App, Done};
use crate::access::{
    AccountRead, AccountUpdate, Call, Credential, GrantManage, Place, Role, RoleRef, Scope, SystemManage,
};
use crate::error::Error;
use crate::model::{
    AccountId, DisplayName, DomainName, Event, EventKind, GrantId, Invalid, Language, LetterKind, OrgId,
    Password, Refusal, Subject,
};
use crate::store::{Account, AccountDraft, AccountKind, GrantDraft, GrantRecord};

/// Hours that the first operator's set-up link is good.
pub const SETUP_HOURS: u64 = 1;

/// A person to be added, with their first role.
#[derive(Debug)]
pub struct NewAccount {
    /// The address to sign in with.
    pub email: String,
    /// The name.
    pub name: DisplayName,
    /// The password.
    pub password: Option<Password>,
    /// The role and on what, if any.
    pub grant: Option<(Role, Scope)>,
}

/// Makes the provider if the installation is new.
pub async fn ensure_provider(app: &App, call: &Call, name: &DisplayName) -> Result<OrgId, Error> {
    if let Ok(org) = super::orgs::provider(app, call).await {
        return Ok(org.id);
    }
    let permit = call.actor.permit::<SystemManage>(Place::system());
    let permit = permit.map_err(|denied| Error::denied(denied, "org", "provider"))?;
    let mut change = app.store.change(call, permit).await?;
    let id = change.accounts().ensure_provider(name).await?;
    let event = Event::new(EventKind::OrgCreated, Subject::new("org", id.uuid(), name));
    change
        .commit(vec![event.saying(format!("{name} is the provider"))])
        .await?;
    Ok(id)
}

/// Adds a person who can manage, with a first role.
pub async fn create(app: &App, call: &Call, new: NewAccount) -> Result<Done<AccountId>, Error> {
    let email = parse_email(&new.email)?;
    let permit = call.actor.permit::<SystemManage>(Place::system());
    let permit = permit.map_err(|denied| Error::denied(denied, "account", &email))?;
    let (org, path) = home(app, call, new.grant.as_ref().map(|(_, scope)| scope)).await?;
    let hash = match new.password {
        Some(password) => Some(app.hasher.account_hash(&password).await?),
        None => None,
    };

    let mut change = app.store.change(call, permit).await?;
    let id: AccountId = app.ids.next();
    let draft = AccountDraft {
        email: email.clone(),
        name: new.name.clone(),
        hash,
        kind: AccountKind::Person,
    };
    change.accounts().insert(id, &draft, org, &path)?;
    let subject = Subject::new("account", id.uuid(), &email);
    let created =
        Event::new(EventKind::AccountCreated, subject.clone()).saying(format!("{} can sign in", new.name));
    let mut events = vec![created];
    if let Some((role, scope)) = new.grant {
        let text = format!("{} is {} on {}", new.name, role.title(), spoken(&scope));
        let grant = GrantDraft {
            role: RoleRef::BuiltIn(role),
            scope,
            expires_at: None,
            reason: String::new(),
        };
        let grant_id: GrantId = app.ids.next();
        change.accounts().grant(grant_id, id, &grant)?;
        events.push(Event::new(EventKind::GrantGiven, subject).saying(text));
    }
    let events = change.commit(events).await?;
    Ok(Done { value: id, events })
}

/// The org that a person belongs to: that of their first role, or the provider.
async fn home(
    app: &App,
    call: &Call,
    scope: Option<&Scope>,
) -> Result<(OrgId, crate::access::OrgPath), Error> {
    match scope {
        Some(Scope::Org(id, path)) => Ok((*id, path.clone())),
        Some(Scope::Domain(_, name, path)) => {
            let name: DomainName = name
                .parse()
                .map_err(|_| Error::defect("a scope's domain does not parse"))?;
            let (domain, _) = super::domains::get(app, call, &name).await?;
            Ok((domain.org_id, path.clone()))
        }
        Some(Scope::System) | None => Ok((
            super::orgs::provider(app, call).await?.id,
            crate::access::OrgPath::root(),
        )),
    }
}

/// Gives an account one more role.
pub async fn grant(
    app: &App,
    call: &Call,
    account: AccountId,
    email: &str,
    role: Role,
    scope: Scope,
) -> Result<Done<()>, Error> {
    let permit = call.actor.permit::<GrantManage>(Place::system());
    let permit = permit.map_err(|denied| Error::denied(denied, "account", email))?;
    let mut change = app.store.change(call, permit).await?;
    let text = format!("{email} is {} on {}", role.title(), spoken(&scope));
    let draft = GrantDraft {
        role: RoleRef::BuiltIn(role),
        scope,
        expires_at: None,
        reason: String::new(),
    };
    let id: GrantId = app.ids.next();
    change.accounts().grant(id, account, &draft)?;
    let event = Event::new(
        EventKind::GrantGiven,
        Subject::new("account", account.uuid(), &email),
    )
    .saying(text);
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: (), events })
}

fn spoken(scope: &Scope) -> String {
    match scope {
        Scope::System => "everything".to_owned(),
        Scope::Org(id, _) => format!("the customer {id} and all below it"),
        Scope::Domain(_, name, _) => name.clone(),
    }
}

/// A sign-in address: any address that mail can be sent to.
pub fn parse_email(text: &str) -> Result<String, Error> {
    use validator::ValidateEmail as _;
    let text = text.trim();
    if text.len() <= 254 && text.validate_email() {
        return Ok(text.to_lowercase());
    }
    let mut invalid = Invalid::default();
    invalid.push(
        "/email",
        "email",
        "give an e-mail address, such as maria@example.org",
    );
    Err(invalid.into())
}

/// Makes the link by which the first operator is set up, while nobody can sign in yet.
pub async fn first_operator_link(app: &App) -> Result<Option<String>, Error> {
    if app.store.accounts_count().await? > 0 {
        return Ok(None);
    }
    let code = app.ids.key(26);
    let expires_at = app
        .clock
        .now()
        .plus(std::time::Duration::from_secs(SETUP_HOURS * 3600));
    app.store
        .put_first_operator_link(&super::tokens::digest(&code), expires_at)
        .await?;
    Ok(Some(format!("{}/setup/{code}", app.base_url)))
}

/// Whether a set-up link is still good.
pub async fn setup_link_is_good(app: &App, code: &str) -> Result<bool, Error> {
    let unused = app.store.accounts_count().await? == 0;
    Ok(unused
        && app
            .store
            .first_operator_link(&super::tokens::digest(code))
            .await?)
}

/// Makes the first operator, once.
pub async fn set_up_first_operator(
    app: &App,
    request_id: &str,
    code: &str,
    provider: DisplayName,
    new: NewAccount,
) -> Result<AccountId, Error> {
    let email = parse_email(&new.email)?;
    let password = new
        .password
        .ok_or_else(|| Error::defect("the first operator has no password"))?;
    let hash = Some(app.hasher.account_hash(&password).await?);
    let actor = crate::access::Actor::system(Credential::Link, "Set-up link", app.clock.now());
    let call = Call::new(actor, request_id);
    let permit = call.actor.permit::<SystemManage>(Place::system());
    let permit = permit.map_err(|denied| Error::denied(denied, "account", &email))?;

    let mut change = app.store.change(&call, permit).await?;
    if !change
        .use_first_operator_link(&super::tokens::digest(code))
        .await?
    {
        let next =
            "Run `postdesk account create --role operator` on the server, or restart it for a new link.";
        return Err(Refusal::new("link_over", "This set-up link has ended or was used.", next).into());
    }
    let org = change.accounts().ensure_provider(&provider).await?;
    let id: AccountId = app.ids.next();
    let draft = AccountDraft {
        email: email.clone(),
        name: new.name.clone(),
        hash,
        kind: AccountKind::Person,
    };
    change
        .accounts()
        .insert(id, &draft, org, &crate::access::OrgPath::root())?;
    let grant = GrantDraft {
        role: RoleRef::BuiltIn(Role::Operator),
        scope: Scope::System,
        expires_at: None,
        reason: "set-up".to_owned(),
    };
    let grant_id: GrantId = app.ids.next();
    change.accounts().grant(grant_id, id, &grant)?;
    let subject = Subject::new("account", id.uuid(), &email);
    let created = Event::new(EventKind::AccountCreated, subject.clone());
    let given =
        Event::new(EventKind::GrantGiven, subject).saying(format!("{} is Operator on everything", new.name));
    change
        .commit(vec![created.saying(format!("{} can sign in", new.name)), given])
        .await?;
    Ok(id)
}

/// Who holds which role on exactly this org, for those who may see it.
pub async fn at_org(app: &App, call: &Call, id: OrgId) -> Result<Vec<GrantRecord>, Error> {
    let opened = app.store.org(id).await?.open::<AccountRead>(&call.actor);
    let (_, permit) = opened.map_err(|denied| Error::denied(denied, "org", &id.to_string()))?;
    app.store.grants_at(&permit).await
}

/// The account of whoever asks, if this is its password: whoever only found the session open does not know it.
pub(super) async fn prove_password(app: &App, call: &Call, current: String) -> Result<AccountId, Error> {
    let identity = call.actor.identity();
    let account = identity.account.ok_or(Error::Unknown)?;
    let known = app.store.sign_in(&identity.email).await?;
    let known = known
        .filter(|known| known.account == account)
        .ok_or(Error::Unknown)?;
    if app.hasher.verify(current, known.hash.as_ref()).await? {
        return Ok(account);
    }
    let mut invalid = Invalid::default();
    let text = "this is not your password; type the one you signed in with";
    invalid.push("/current_password", "wrong_password", text);
    Err(invalid.into())
}

/// Sets one's own sign-in password. Every session of the account ends, the one that asks among them.
pub async fn change_password(
    app: &App,
    call: &Call,
    current: String,
    new: Password,
) -> Result<Done<()>, Error> {
    let account = prove_password(app, call, current).await?;
    let identity = call.actor.identity();
    let hash = app.hasher.account_hash(&new).await?;
    let own = Call {
        actor: call.actor.for_own_account(account),
        ..call.clone()
    };
    let permit = own.actor.permit::<AccountUpdate>(Place::system());
    let permit = permit.map_err(|denied| Error::denied(denied, "account", &identity.email))?;

    let mut change = app.store.change(&own, permit).await?;
    change.accounts().set_password(account, &hash)?;
    let subject = Subject::new("account", account.uuid(), &identity.email);
    let text = format!("{} chose a new sign-in password", identity.name);
    let event = Event::new(EventKind::AccountPasswordSet, subject).saying(text);
    change.end_links(account)?;
    super::ways_in::tell(
        app,
        &mut change,
        LetterKind::PasswordChanged,
        account,
        &identity.email,
    )?;
    let events = change.commit(vec![event]).await?;
    app.store.letters.ring();
    Ok(Done { value: (), events })
}

/// One's own account.
pub async fn own(app: &App, call: &Call) -> Result<Account, Error> {
    app.store
        .own_account(call.actor.identity().account.ok_or(Error::Unknown)?)
        .await
}

/// How one likes one's screens.
pub async fn set_preferences(
    app: &App,
    call: &Call,
    theme: &str,
    density: &str,
    shortcuts: bool,
    language: Language,
) -> Result<(), Error> {
    let account = call.actor.identity().account.ok_or(Error::Unknown)?;
    let theme = ["system", "light", "dark"]
        .into_iter()
        .find(|known| *known == theme)
        .unwrap_or("system");
    let density = ["comfortable", "compact"]
        .into_iter()
        .find(|known| *known == density)
        .unwrap_or("comfortable");
    app.store
        .set_preferences(account, theme, density, shortcuts, language)
        .await
}

//! Fills a new installation through the same functions that people and programs use.
//!
//! The installation's clock stands some weeks back at first and is put forward as things happen, so that screens
//! show a past.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::customers::{CUSTOMERS, Customer, Hosted, PROVIDER, PROVIDERS_DOMAINS};
use super::people::Census;
use super::{Key, Keys, story, usage};
use crate::access::{Actor, Call, Credential, Role, Scope};
use crate::commands::Failure;
use crate::config::Settings;
use crate::ids::Ids;
use crate::model::{
    Clock, DomainDraft, EmailAddress, FixedClock, Labels, Limit, Limits, MailboxDraft, MailboxHash, Note,
    OrgDraft, OrgId, OrgKind, Protocols, Quota, Secret, Sharing, SystemClock, words_password,
};
use crate::provisioning::Target;
use crate::provisioning::target::Patience;
use crate::service::accounts::{self, NewAccount};
use crate::service::{App, domains, mailboxes, orgs, sign_in, tokens};
use crate::start;

/// How long ago the first mailbox was made.
const DAYS: u64 = 40;

/// An installation in the making.
pub(super) struct Builder {
    pub(super) app: App,
    pub(super) clock: Arc<FixedClock>,
    /// Set as the password of mailboxes; nobody knows which.
    hash: MailboxHash,
    census: Census,
    /// Every mailbox made, with its space.
    pub(super) made: Vec<(EmailAddress, Quota)>,
    keys: Vec<Key>,
}

/// Makes everything, and says how to get in.
pub(super) async fn fill(settings: &Settings, base_url: &str) -> Result<Keys, Failure> {
    let clock = Arc::new(FixedClock::at(
        SystemClock.now().minus(Duration::from_secs(DAYS * 86_400)),
    ));
    let ids = Ids::new(Arc::<FixedClock>::clone(&clock));
    let db = start::database(settings).await?;
    let app = start::assemble(
        settings,
        base_url.to_owned(),
        db,
        Arc::<FixedClock>::clone(&clock),
        ids,
    )?;
    app.store.sync_nodes(&settings.nodes).await?;
    app.store.sync_targets(&settings.targets).await?;
    let unknown = app.ids.with_random(words_password);
    let mut builder = Builder {
        hash: app.hasher.mailbox_hash(&unknown).await?,
        app,
        clock,
        census: Census::default(),
        made: Vec::new(),
        keys: Vec::new(),
    };

    let operator = builder.provider().await?;
    builder.customers(&operator).await?;
    builder.admins(&operator).await?;
    story::tell(&mut builder).await?;
    let token = builder.token().await?;
    for target in &settings.targets {
        init(target, &builder.app).await?;
        usage::count(target, &builder.made).await?;
    }

    builder.app.store.db().close().await;
    Ok(Keys {
        accounts: builder.keys,
        token,
    })
}

async fn init(target: &crate::config::TargetSettings, app: &App) -> Result<(), Failure> {
    let patience = Patience {
        connect: Duration::from_secs(5),
        statement: Duration::from_secs(20),
    };
    let failed = |error| Failure::Said(format!("the demonstration's target cannot be made: {error}"));
    let mut link = Target::connect(&target.url, patience).await.map_err(failed)?;
    link.init(app.clock.now()).await.map_err(failed)?;
    link.close().await;
    Ok(())
}

impl Builder {
    /// Lets time pass.
    pub(super) fn later(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    /// Sets the clock to some time before now. It never goes back.
    pub(super) fn hours_ago(&self, hours: u64) {
        let then = SystemClock.now().minus(Duration::from_secs(hours * 3600));
        self.clock.set(then.max(self.app.clock.now()));
    }

    /// The person with this address, acting in the portal.
    pub(super) async fn person(&self, email: &str) -> Result<Call, Failure> {
        let missing = || Failure::Said(format!("{email} is missing in the demonstration"));
        let account = self.app.store.account_named(email).await?.ok_or_else(missing)?;
        let actor = sign_in::in_person(&self.app, account, Credential::Session).await?;
        Ok(Call::new(actor, "demo"))
    }

    /// The provider, its operator, and its own domains.
    async fn provider(&mut self) -> Result<Call, Failure> {
        let actor = Actor::system(Credential::CommandLine, "Demonstration", self.app.clock.now());
        let system = Call::new(actor, "demo");
        let provider = accounts::ensure_provider(&self.app, &system, &parsed(PROVIDER)?).await?;
        self.later(5);
        let operator = ("operator@digital-forest.example", "Ruth Adeyemi");
        self.account(&system, operator, Role::Operator, Scope::System)
            .await?;
        let operator = self.person(operator.0).await?;
        self.domains(&operator, provider, PROVIDERS_DOMAINS).await?;
        Ok(operator)
    }

    async fn account(
        &mut self,
        call: &Call,
        (email, name): (&str, &str),
        role: Role,
        scope: Scope,
    ) -> Result<(), Failure> {
        let password = self.app.ids.with_random(words_password);
        self.keys.push(Key {
            role: role.title().to_owned(),
            email: email.to_owned(),
            password: password.expose().to_owned(),
        });
        let new = NewAccount {
            email: email.to_owned(),
            name: parsed(name)?,
            password: Some(password),
            grant: Some((role, scope)),
        };
        accounts::create(&self.app, call, new).await?;
        self.later(10);
        Ok(())
    }

    async fn customers(&mut self, operator: &Call) -> Result<(), Failure> {
        let provider = orgs::provider(&self.app, operator).await?.id;
        let mut known: Vec<(&str, OrgId)> = vec![("", provider)];
        for customer in CUSTOMERS {
            let above = known.iter().find(|(name, _)| *name == customer.below);
            let above = above.map_or(provider, |(_, id)| *id);
            let done = orgs::create(&self.app, operator, above, org(customer)?).await?;
            known.push((customer.name, done.value.id));
            self.later(30);
            self.domains(operator, done.value.id, customer.domains).await?;
        }
        Ok(())
    }

    async fn domains(&mut self, call: &Call, org: OrgId, hosted: &[Hosted]) -> Result<(), Failure> {
        for plan in hosted {
            let name = self.app.addresses.hosted_domain(plan.name);
            let mut limits = Limits::UNLIMITED;
            if let Some(most) = plan.most_mailboxes {
                limits.mailboxes = Limit::AtMost(most);
            }
            let draft = DomainDraft {
                name: name.map_err(|bad| said(plan.name, &bad))?,
                note: parsed::<Note>(plan.note)?,
                external_id: None,
                default_quota: parsed(plan.quota)?,
                limits,
            };
            let domain = domains::create(&self.app, call, org, draft).await?.value.name;
            for alias in plan.aliases {
                let alias = self
                    .app
                    .addresses
                    .hosted_domain(alias)
                    .map_err(|bad| said(alias, &bad))?;
                domains::add_alias(&self.app, call, &domain, alias).await?;
            }
            self.later(15);
            let mut taken: Vec<&str> = plan.teams.iter().map(|(local, _)| *local).collect();
            for (local, name) in plan.teams {
                self.mailbox(call, plan.name, local, name, Protocols::default())
                    .await?;
            }
            if plan.name == "brightwater.example" {
                taken.push("maria.keller");
                self.mailbox(
                    call,
                    plan.name,
                    "maria.keller",
                    "Maria Keller",
                    Protocols::default(),
                )
                .await?;
            }
            let protocols = Protocols {
                pop3: plan.name != "harbour-clinic.example",
                ..Protocols::default()
            };
            for person in self.census.people(plan.people, &taken) {
                self.mailbox(call, plan.name, &person.local, &person.name, protocols)
                    .await?;
            }
        }
        Ok(())
    }

    /// Adds a mailbox as an import does: with a hash, which costs nothing to make.
    pub(super) async fn mailbox(
        &mut self,
        call: &Call,
        domain: &str,
        local: &str,
        name: &str,
        protocols: Protocols,
    ) -> Result<EmailAddress, Failure> {
        let draft = MailboxDraft {
            local_part: self
                .app
                .addresses
                .local_part(local)
                .map_err(|bad| said(local, &bad))?,
            display_name: parsed(name)?,
            secret: Secret::Hash(self.hash.clone()),
            quota: None,
            protocols,
            external_id: None,
            labels: Labels::default(),
        };
        let done = mailboxes::create(&self.app, call, &parsed(domain)?, draft).await?;
        let mailbox = done.value;
        self.made.push((mailbox.address.clone(), mailbox.quota));
        self.later(11);
        Ok(mailbox.address)
    }

    /// What Dovecot counted follows the mailbox to its new address.
    pub(super) fn renamed(&mut self, before: &EmailAddress, after: &EmailAddress) {
        for (address, _) in self.made.iter_mut().filter(|(address, _)| address == before) {
            address.clone_from(after);
        }
    }

    /// One person for every role.
    async fn admins(&mut self, operator: &Call) -> Result<(), Failure> {
        let reseller = self.org_scope(operator, "northwind.example").await?;
        let brightwater = self.domain_scope(operator, "brightwater.example").await?;
        let people = [
            (
                "support@digital-forest.example",
                "Tomás Ferreira",
                Role::Support,
                Scope::System,
            ),
            (
                "auditor@digital-forest.example",
                "Ingrid Solberg",
                Role::Auditor,
                Scope::System,
            ),
            (
                "reseller@northwind.example",
                "Declan Murphy",
                Role::ResellerAdmin,
                reseller,
            ),
            (
                "maria.keller@brightwater.example",
                "Maria Keller",
                Role::DomainAdmin,
                brightwater.clone(),
            ),
            (
                "mailbox-creator@brightwater.example",
                "Jonas Brandt",
                Role::MailboxCreator,
                brightwater.clone(),
            ),
            (
                "help-desk@brightwater.example",
                "Aisha Rahman",
                Role::HelpDesk,
                brightwater.clone(),
            ),
            (
                "alias-manager@brightwater.example",
                "Pauline Mercier",
                Role::AliasManager,
                brightwater,
            ),
        ];
        for (email, name, role, scope) in people {
            self.account(operator, (email, name), role, scope).await?;
        }
        Ok(())
    }

    async fn domain_scope(&self, call: &Call, name: &str) -> Result<Scope, Failure> {
        let (domain, permit) = domains::get(&self.app, call, &parsed(name)?).await?;
        let path = permit.place().org.clone();
        Ok(Scope::Domain(domain.id, domain.name.to_string(), path))
    }

    /// The org that a domain belongs to.
    async fn org_scope(&self, call: &Call, domain: &str) -> Result<Scope, Failure> {
        let (domain, permit) = domains::get(&self.app, call, &parsed(domain)?).await?;
        Ok(Scope::Org(domain.org_id, permit.place().org.clone()))
    }

    async fn token(&self) -> Result<String, Failure> {
        self.clock.set(SystemClock.now());
        let operator = self.person("operator@digital-forest.example").await?;
        let name = parsed("Trying the API")?;
        let (_, secret) = tokens::create(&self.app, &operator, name, tokens::MOST_DAYS, false).await?;
        Ok(secret.expose().to_owned())
    }
}

fn org(customer: &Customer) -> Result<OrgDraft, Failure> {
    let mut limits = Limits::UNLIMITED;
    if let Some((mailboxes, bytes)) = customer.limits {
        limits.mailboxes = Limit::AtMost(mailboxes);
        limits.quota = parsed(bytes)?;
    }
    if customer.kind == OrgKind::Reseller {
        limits.domains = Limit::AtMost(20);
        limits.sharing = Sharing::from_db(Some(150)).map_err(|bad| said(customer.name, &bad))?;
    }
    Ok(OrgDraft {
        kind: customer.kind,
        name: parsed(customer.name)?,
        contact: parsed(customer.contact)?,
        external_id: None,
        limits,
    })
}

/// A value of our own texts.
pub(super) fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|bad| said(text, &bad))
}

fn said(text: &str, problem: &dyn Display) -> Failure {
    Failure::Said(format!("the demonstration has a mistake: {text:?}: {problem}"))
}

//! An application on a database of its own, with a clock that stands still, and short ways to fill it.

use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use postdesk::access::{Actor, Call, Credential, OrgPath, Scope};
use postdesk::config::{self, Settings, SmtpSettings, Sources};
use postdesk::db::Db;
use postdesk::ids::Ids;
use postdesk::model::{
    Alias, AliasDraft, Clock, Destination, Domain, DomainDraft, DomainName, EmailAddress, FixedClock, Labels,
    Limits, Mailbox, MailboxDraft, Note, Org, OrgDraft, OrgKind, Password, Protocols, Quota, Secret,
    Timestamp,
};
use postdesk::service::{self, App};
use postdesk::start;
use tempfile::TempDir;

use super::backend::{self, Backend};

/// Where every test application's portal is said to be.
pub(crate) const BASE_URL: &str = "http://postdesk.example";

/// An application of one test.
pub(crate) struct TestApp {
    app: App,
    /// Shows 2026-01-05 09:00 until somebody moves it.
    pub(crate) clock: Arc<FixedClock>,
    /// What the application was made from.
    pub(crate) settings: Settings,
    /// On which database it stands.
    pub(crate) backend: Backend,
    pub(super) people: AtomicU32,
    _dir: Option<TempDir>,
}

impl Deref for TestApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl TestApp {
    /// An application with the provider `Postdesk Hosting` and the node `node-a`, and nothing else.
    pub(crate) async fn new(backend: Backend) -> Self {
        Self::with(backend, |_| ()).await
    }

    /// The same, from other settings.
    pub(crate) async fn with(backend: Backend, change: impl FnOnce(&mut Settings)) -> Self {
        let (url, dir) = backend::database(backend).await;
        let mut settings = config::load(&Sources::default()).unwrap().settings;
        settings.database = url;
        settings.mail_policy.special_use_tlds = vec!["example".to_owned(), "test".to_owned()];
        settings.passwords.argon2_memory_kib = 12_288;
        settings.passwords.argon2_passes = 1;
        settings.passwords.queue = 1000;
        settings.passwords.wait_ms = 30_000;
        change(&mut settings);
        let clock = Arc::new(FixedClock::at("2026-01-05T09:00:00Z".parse().unwrap()));
        let db = Db::connect(&settings.database).await.unwrap();
        let ids = Ids::seeded(Arc::clone(&clock) as Arc<dyn Clock>, 1);
        let dynamic = Arc::clone(&clock) as Arc<dyn Clock>;
        let app = start::assemble(&settings, BASE_URL.to_owned(), db, dynamic, ids).unwrap();
        app.store.sync_nodes(&settings.nodes).await.unwrap();
        app.store.sync_targets(&settings.targets).await.unwrap();
        let this = Self {
            app,
            clock,
            settings,
            backend,
            people: AtomicU32::new(0),
            _dir: dir,
        };
        let name = "Postdesk Hosting".parse().unwrap();
        service::accounts::ensure_provider(&this, &this.root(), &name)
            .await
            .unwrap();
        this
    }

    /// A second application on the same database, as on another machine.
    pub(crate) async fn neighbour(&self) -> App {
        let db = Db::connect(&self.settings.database).await.unwrap();
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let ids = Ids::seeded(Arc::clone(&clock), 1000);
        start::assemble(&self.settings, BASE_URL.to_owned(), db, clock, ids).unwrap()
    }

    /// The same application, with a mail server that takes its letters.
    pub(crate) fn with_letters(&self, smtp: SmtpSettings) -> App {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let ids = Ids::seeded(Arc::clone(&clock), 3000 + u64::from(smtp.port));
        let settings = Settings {
            smtp: Some(smtp),
            ..self.settings.clone()
        };
        start::assemble(&settings, BASE_URL.to_owned(), self.db().clone(), clock, ids).unwrap()
    }

    /// The same application, reached at another address.
    pub(crate) fn reached_at(&self, base_url: &str) -> App {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let ids = Ids::seeded(Arc::clone(&clock), 2000);
        start::assemble(&self.settings, base_url.to_owned(), self.db().clone(), clock, ids).unwrap()
    }

    /// The store's database.
    pub(crate) fn db(&self) -> &Db {
        self.app.store.db()
    }

    /// Moves the clock; the new moment.
    pub(crate) fn later(&self, by: Duration) -> Timestamp {
        self.clock.advance(by);
        self.clock.now()
    }

    /// Moves the clock by whole days.
    pub(crate) fn days_later(&self, days: u64) -> Timestamp {
        self.later(Duration::from_secs(days * 86_400))
    }

    /// The moment that the clock shows.
    pub(crate) fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A call of the command line, which may do everything.
    pub(crate) fn root(&self) -> Call {
        let actor = Actor::system(Credential::CommandLine, "Test bench", self.clock.now());
        Call::new(actor, "test-bench")
    }

    /// The provider.
    pub(crate) async fn provider(&self) -> Org {
        service::orgs::provider(self, &self.root()).await.unwrap()
    }

    /// The domain of this name as it is now.
    pub(crate) async fn domain_now(&self, name: &str) -> Domain {
        let name = name.parse().unwrap();
        let found = service::domains::get(self, &self.root(), &name).await;
        found.unwrap().0
    }

    /// The org as it is now.
    pub(crate) async fn org_now(&self, org: &Org) -> Org {
        service::orgs::get(self, &self.root(), org.id).await.unwrap().0
    }

    /// The mailbox as it is now.
    pub(crate) async fn mailbox_now(&self, at: &str) -> Mailbox {
        let at = at.parse().unwrap();
        let found = service::mailboxes::get(self, &self.root(), &at).await;
        found.unwrap().0
    }

    /// The alias as it is now.
    pub(crate) async fn alias_now(&self, at: &str) -> Alias {
        let at = at.parse().unwrap();
        let found = service::aliases::get(self, &self.root(), &at).await;
        found.unwrap().0
    }

    /// The path of an org.
    pub(crate) async fn newest_event(&self, subject: uuid::Uuid) -> postdesk::model::EventId {
        let query = self
            .db()
            .read("SELECT id FROM events WHERE subject_id = $1 ORDER BY id DESC LIMIT 1");
        let (id,): (uuid::Uuid,) = query.bind(subject).fetch_optional().await.unwrap().unwrap();
        id.into()
    }

    /// The path of an org.
    pub(crate) async fn path_of(&self, org: &Org) -> OrgPath {
        let found = service::orgs::get(self, &self.root(), org.id).await;
        found.unwrap().1.place().org.clone()
    }

    /// An org and everything below it, for grants.
    pub(crate) async fn org_scope(&self, org: &Org) -> Scope {
        Scope::Org(org.id, self.path_of(org).await)
    }

    /// A domain, for grants.
    pub(crate) async fn domain_scope(&self, name: &str) -> Scope {
        let name: DomainName = name.parse().unwrap();
        let (domain, permit) = service::domains::get(self, &self.root(), &name).await.unwrap();
        Scope::Domain(domain.id, domain.name.to_string(), permit.place().org.clone())
    }

    /// Adds a customer of the provider.
    pub(crate) fn customer(&self, name: &str) -> NewOrg<'_> {
        NewOrg {
            app: self,
            parent: None,
            draft: OrgDraft {
                kind: OrgKind::Customer,
                name: name.parse().unwrap(),
                contact: Note::default(),
                external_id: None,
                limits: Limits::UNLIMITED,
            },
        }
    }

    /// Adds a reseller of the provider.
    pub(crate) fn reseller(&self, name: &str) -> NewOrg<'_> {
        let mut new = self.customer(name);
        new.draft.kind = OrgKind::Reseller;
        new
    }

    /// Adds a domain; without [`NewDomain::of`], for a customer that is called as it is.
    pub(crate) fn domain(&self, name: &str) -> NewDomain<'_> {
        NewDomain {
            app: self,
            org: None,
            draft: DomainDraft {
                name: self.addresses.hosted_domain(name).unwrap(),
                note: Note::default(),
                external_id: None,
                default_quota: "1 GB".parse().unwrap(),
                limits: Limits::UNLIMITED,
            },
        }
    }

    /// Adds a mailbox, and its domain if there is none yet.
    pub(crate) fn mailbox(&self, address: &str) -> NewMailbox<'_> {
        let address: EmailAddress = address.parse().unwrap();
        NewMailbox {
            app: self,
            domain: address.domain().clone(),
            draft: mailbox_draft(address.local().as_str()),
        }
    }

    /// Adds an alias, and its domain if there is none yet. `@brightwater.example` is a catch-all.
    pub(crate) async fn alias(&self, address: &str, destinations: &[&str]) -> Alias {
        let (local, domain) = address.split_once('@').unwrap();
        let domain: DomainName = domain.parse().unwrap();
        self.ensure_domain(&domain).await;
        let draft = alias_draft(local, destinations);
        let done = service::aliases::create(self, &self.root(), &domain, draft).await;
        done.unwrap().value
    }

    async fn ensure_domain(&self, name: &DomainName) {
        if service::domains::get(self, &self.root(), name).await.is_err() {
            self.domain(name.as_str()).await;
        }
    }

    /// The next number that nobody in this application had yet.
    pub(super) fn number(&self) -> u32 {
        self.people.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// A mailbox draft with everything usual and no password.
pub(crate) fn mailbox_draft(local: &str) -> MailboxDraft {
    MailboxDraft {
        local_part: local.parse().unwrap(),
        display_name: local.parse().unwrap(),
        secret: Secret::Nothing,
        quota: None,
        protocols: Protocols::default(),
        external_id: None,
        labels: Labels::default(),
    }
}

/// An alias draft; an empty local part makes a catch-all.
pub(crate) fn alias_draft(local: &str, destinations: &[&str]) -> AliasDraft {
    AliasDraft {
        local_part: (!local.is_empty()).then(|| local.parse().unwrap()),
        destinations: destinations.iter().map(|to| destination(to)).collect(),
        description: Note::default(),
        enabled: true,
        external_id: None,
    }
}

/// A destination.
pub(crate) fn destination(text: &str) -> Destination {
    text.parse().unwrap()
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An org to be added; await it.
pub(crate) struct NewOrg<'a> {
    app: &'a TestApp,
    parent: Option<Org>,
    draft: OrgDraft,
}

impl NewOrg<'_> {
    /// Below this org instead of the provider.
    pub(crate) fn below(mut self, parent: &Org) -> Self {
        self.parent = Some(parent.clone());
        self
    }

    /// With these limits.
    pub(crate) fn limits(mut self, limits: Limits) -> Self {
        self.draft.limits = limits;
        self
    }
}

impl<'a> IntoFuture for NewOrg<'a> {
    type Output = Org;
    type IntoFuture = Boxed<'a, Org>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let parent = match self.parent {
                Some(parent) => parent,
                None => self.app.provider().await,
            };
            let done = service::orgs::create(self.app, &self.app.root(), parent.id, self.draft).await;
            done.unwrap().value
        })
    }
}

/// A domain to be added; await it.
pub(crate) struct NewDomain<'a> {
    app: &'a TestApp,
    org: Option<Org>,
    draft: DomainDraft,
}

impl NewDomain<'_> {
    /// Belonging to this org.
    pub(crate) fn of(mut self, org: &Org) -> Self {
        self.org = Some(org.clone());
        self
    }

    /// With these limits.
    pub(crate) fn limits(mut self, limits: Limits) -> Self {
        self.draft.limits = limits;
        self
    }

    /// With this quota for new mailboxes.
    pub(crate) fn default_quota(mut self, quota: &str) -> Self {
        self.draft.default_quota = quota.parse().unwrap();
        self
    }
}

impl<'a> IntoFuture for NewDomain<'a> {
    type Output = Domain;
    type IntoFuture = Boxed<'a, Domain>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let org = match self.org {
                Some(org) => org,
                None => self.app.customer(self.draft.name.as_str()).await,
            };
            let done = service::domains::create(self.app, &self.app.root(), org.id, self.draft).await;
            done.unwrap().value
        })
    }
}

/// A mailbox to be added; await it.
pub(crate) struct NewMailbox<'a> {
    app: &'a TestApp,
    domain: DomainName,
    /// What it will be.
    pub(crate) draft: MailboxDraft,
}

impl NewMailbox<'_> {
    /// With this quota, such as `2 GB` or `unlimited`.
    pub(crate) fn quota(mut self, quota: &str) -> Self {
        self.draft.quota = Some(quota.parse::<Quota>().unwrap());
        self
    }

    /// With this password.
    pub(crate) fn password(mut self, password: &str) -> Self {
        self.draft.secret = Secret::Password(Password::offered(password).unwrap());
        self
    }

    /// Of somebody of this name.
    pub(crate) fn name(mut self, name: &str) -> Self {
        self.draft.display_name = name.parse().unwrap();
        self
    }
}

impl<'a> IntoFuture for NewMailbox<'a> {
    type Output = Mailbox;
    type IntoFuture = Boxed<'a, Mailbox>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.app.ensure_domain(&self.domain).await;
            let root = self.app.root();
            let done = service::mailboxes::create(self.app, &root, &self.domain, self.draft).await;
            done.unwrap().value
        })
    }
}

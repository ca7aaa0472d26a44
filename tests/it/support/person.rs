//! People who use a test application.

use postdesk::access::{Call, Role, Scope};
use postdesk::model::{AccountId, Password, TokenId};
use postdesk::service::accounts::NewAccount;
use postdesk::service::grants::{GrantWish, RoleName};
use postdesk::service::people::{HandOver, Invitation};
use postdesk::service::tokens::TokenWish;
use postdesk::service::{accounts, people, service_accounts, sign_in, tokens};
use postdesk::store::AccountKind;

use super::app::TestApp;

/// Somebody with an account.
pub(crate) struct Person<'a> {
    app: &'a TestApp,
    /// Their account.
    pub(crate) account: AccountId,
    /// The address they sign in with.
    pub(crate) email: String,
    /// Their password.
    pub(crate) password: String,
    /// A call of theirs in the browser, with the grants they had when they first appeared.
    pub(crate) call: Call,
}

impl Person<'_> {
    /// A call of theirs in the browser, with the grants they have now.
    pub(crate) async fn again(&self) -> Call {
        let actor = sign_in::with_session(self.app, self.account).await.unwrap();
        Call::new(actor, "test")
    }

    /// The secret of a new API token that may do all they may.
    pub(crate) async fn token(&self) -> String {
        self.new_token(false).await
    }

    /// The secret of a new API token that reads only.
    pub(crate) async fn read_only_token(&self) -> String {
        self.new_token(true).await
    }

    async fn new_token(&self, read_only: bool) -> String {
        let name = "test".parse().unwrap();
        let made = tokens::create(self.app, &self.again().await, name, 90, read_only).await;
        made.unwrap().1.expose().to_owned()
    }

    /// A call of theirs by a token.
    pub(crate) async fn by_token(&self, secret: &str) -> Call {
        Call::new(sign_in::with_token(self.app, secret).await.unwrap(), "test")
    }

    /// Gives them one more role.
    pub(crate) async fn also(&self, role: Role, scope: Scope) {
        let root = self.app.root();
        accounts::grant(self.app, &root, self.account, &self.email, role, scope)
            .await
            .unwrap();
    }
}

impl TestApp {
    /// Somebody with this role.
    pub(crate) async fn role(&self, role: Role, scope: Scope) -> Person<'_> {
        self.person(role.title(), Some((role, scope))).await
    }

    /// Somebody with an account and no role.
    pub(crate) async fn nobody(&self) -> Person<'_> {
        self.person("Nobody", None).await
    }

    /// A service account with this role on the scope, and a token of it.
    pub(crate) async fn service(&self, role: Role, scope: &str) -> (AccountId, TokenId) {
        let id = self.service_account(role, scope).await;
        let wish = TokenWish::plain("nightly".parse().unwrap(), 90);
        let made = service_accounts::make_token(self, &self.root(), id, wish).await;
        (id, made.unwrap().0.value.id)
    }

    /// A service account with this role on the scope.
    pub(crate) async fn service_account(&self, role: Role, scope: &str) -> AccountId {
        let new = Invitation {
            kind: AccountKind::Service,
            email: String::new(),
            name: format!("Service {}", self.number()).parse().unwrap(),
            grant: GrantWish {
                role: RoleName::BuiltIn(role),
                scope: scope.parse().unwrap(),
                expires_at: None,
                reason: None,
            },
            by: HandOver::Shown,
        };
        let made = people::invite(self, &self.root(), new).await;
        made.unwrap().value.person.id
    }

    async fn person(&self, name: &str, grant: Option<(Role, Scope)>) -> Person<'_> {
        let number = self.number();
        let email = format!("person{number}@people.example");
        let password = format!("a long password of person {number}");
        let new = NewAccount {
            email: email.clone(),
            name: format!("{name} {number}").parse().unwrap(),
            password: Some(Password::offered(&password).unwrap()),
            grant,
        };
        let account = accounts::create(self, &self.root(), new).await.unwrap().value;
        let actor = sign_in::with_session(self, account).await.unwrap();
        Person {
            app: self,
            account,
            email,
            password,
            call: Call::new(actor, "test"),
        }
    }

    /// Somebody who may do everything.
    pub(crate) async fn operator(&self) -> Person<'_> {
        self.role(Role::Operator, Scope::System).await
    }

    /// Somebody who looks after this domain, which must be there.
    pub(crate) async fn domain_admin(&self, domain: &str) -> Person<'_> {
        self.role(Role::DomainAdmin, self.domain_scope(domain).await)
            .await
    }

    /// Somebody who resets passwords in this domain, which must be there.
    pub(crate) async fn help_desk(&self, domain: &str) -> Person<'_> {
        self.role(Role::HelpDesk, self.domain_scope(domain).await).await
    }

    /// Somebody who looks after a domain of another customer, and of nothing here.
    pub(crate) async fn stranger(&self) -> Person<'_> {
        let domain = format!("elsewhere{}.example", self.number());
        self.domain(&domain).await;
        self.domain_admin(&domain).await
    }
}

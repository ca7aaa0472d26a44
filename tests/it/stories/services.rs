//! Service accounts: who may look after them, and what becomes of their tokens.

use postdesk::access::{Call, Role};
use postdesk::model::{AccountId, Note, Org};
use postdesk::service::grants::{self, GrantWish, RoleName};
use postdesk::service::people::{self, HandOver, Invitation};
use postdesk::service::roles::{self, RoleDraft};
use postdesk::service::tokens::{RotationWish, TokenWish};
use postdesk::service::{mailboxes, orgs, service_accounts, sign_in, tokens};
use postdesk::store::AccountKind;

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::both;
use crate::support::person::Person;

both! {
    a_service_account_acts_by_tokens_and_never_signs_in,
    a_service_gets_no_more_than_its_maker_holds,
    looking_after_services_takes_its_permission,
    a_service_that_may_do_more_is_out_of_ones_hands,
    nobody_makes_tokens_in_a_persons_name,
    a_token_makes_none_for_a_service_and_ends_what_leaked,
    a_suspended_service_has_no_way_in,
    a_deleted_service_is_gone_and_its_place_is_free,
}

fn service(scope: &str, role: Role) -> Invitation {
    Invitation {
        kind: AccountKind::Service,
        email: String::new(),
        name: "Billing".parse().unwrap(),
        grant: GrantWish {
            role: RoleName::BuiltIn(role),
            scope: scope.parse().unwrap(),
            expires_at: None,
            reason: None,
        },
        by: HandOver::Shown,
    }
}

fn plain() -> TokenWish {
    TokenWish::plain("nightly".parse().unwrap(), 90)
}

async fn secret_of(app: &TestApp, call: &Call, id: AccountId) -> String {
    let made = service_accounts::make_token(app, call, id, plain()).await;
    made.unwrap().1.expose().to_owned()
}

async fn a_service_account_acts_by_tokens_and_never_signs_in(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let operator = app.operator().await;
    let made = people::invite(
        app,
        &operator.call,
        service("brightwater.example", Role::HelpDesk),
    )
    .await;
    let made = made.unwrap().value;
    assert!(made.link.is_none(), "nobody chooses a password for it");
    let secret = secret_of(app, &operator.call, made.person.id).await;

    let call = Call::new(sign_in::with_token(app, &secret).await.unwrap(), "test");
    let anna = "anna@brightwater.example".parse().unwrap();
    assert_eq!(word(&mailboxes::get(app, &call, &anna).await), "done");
    assert_eq!(
        word(&mailboxes::delete(app, &call, &anna).await),
        "mailbox.delete is missing"
    );

    // Not even with a password that somebody wrote into the database.
    let password = operator.password.clone();
    let write = app.db().write(
        "UPDATE accounts SET password_hash = (SELECT p.password_hash FROM accounts p WHERE p.id = $2) WHERE id = $1",
    );
    let written = write
        .bind(made.person.id.uuid())
        .bind(operator.account.uuid())
        .execute()
        .await;
    assert_eq!(written.unwrap(), 1);
    let entered = sign_in::with_password(app, &made.person.email, password.clone()).await;
    assert_eq!(word(&entered), "unknown");
    let entered = sign_in::with_password(app, &operator.email, password).await;
    assert_eq!(word(&entered), "done");
}

/// Somebody who may hand on what is needed to look after a service that reads mailboxes.
async fn caretaker<'a>(app: &'a TestApp, org: &Org) -> Person<'a> {
    let draft = RoleDraft {
        name: "Caretaker".parse().unwrap(),
        description: Note::default(),
        holds: "mailbox.read account.read account.invite grant.manage token.manage_any token.manage_own"
            .parse()
            .unwrap(),
    };
    let role = roles::create(app, &app.root(), org.id, draft)
        .await
        .unwrap()
        .value
        .id;
    let person = app.nobody().await;
    let wish = GrantWish {
        role: RoleName::Own(role),
        ..service(&org.id.to_string(), Role::HelpDesk).grant
    };
    grants::give(app, &app.root(), person.account, wish)
        .await
        .unwrap();
    person
}

async fn a_service_gets_no_more_than_its_maker_holds(app: &TestApp) {
    let org = app.customer("Northwind").await;
    let other = app.customer("Southwind").await;
    let admin = app.role(Role::ResellerAdmin, app.org_scope(&org).await).await;
    let caretaker = caretaker(app, &org).await.again().await;
    let make = async |call: &Call, scope: String| {
        word(&people::invite(app, call, service(&scope, Role::HelpDesk)).await)
    };

    assert_eq!(make(&admin.call, org.id.to_string()).await, "done");
    assert_eq!(make(&admin.call, other.id.to_string()).await, "not found");
    let beyond = make(&caretaker, org.id.to_string()).await;
    assert!(beyond.contains("beyond_own_access"), "{beyond}");

    let id = app.service_account(Role::HelpDesk, &org.id.to_string()).await;
    let given = word(
        &grants::give(
            app,
            &caretaker,
            id,
            service(&org.id.to_string(), Role::DomainAdmin).grant,
        )
        .await,
    );
    assert!(given.contains("beyond_own_access"), "{given}");
    let token = word(&service_accounts::make_token(app, &caretaker, id, plain()).await);
    assert!(token.contains("outranked"), "{token}");
}

async fn looking_after_services_takes_its_permission(app: &TestApp) {
    app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let made = people::invite(app, &admin.call, service("brightwater.example", Role::HelpDesk)).await;
    assert_eq!(word(&made), "token.manage_any is missing");

    let (id, token) = app.service(Role::HelpDesk, "brightwater.example").await;
    let stranger = app.stranger().await;
    for (call, answer) in [
        (&admin.call, "token.manage_any is missing"),
        (&stranger.call, "not found"),
    ] {
        assert_eq!(word(&service_accounts::tokens(app, call, id).await), answer);
        assert_eq!(
            word(&service_accounts::make_token(app, call, id, plain()).await),
            answer
        );
        let wish = RotationWish::default();
        assert_eq!(
            word(&service_accounts::rotate_token(app, call, id, token, wish).await),
            answer
        );
        assert_eq!(
            word(&service_accounts::revoke_token(app, call, id, token).await),
            answer
        );
        assert_eq!(word(&service_accounts::delete(app, call, id).await), answer);
    }
}

async fn a_service_that_may_do_more_is_out_of_ones_hands(app: &TestApp) {
    let org = app.customer("Northwind").await;
    let admin = app.role(Role::ResellerAdmin, app.org_scope(&org).await).await;
    let (id, token) = app.service(Role::HelpDesk, &org.id.to_string()).await;
    assert_eq!(
        word(&service_accounts::make_token(app, &admin.call, id, plain()).await),
        "done"
    );

    let more = GrantWish {
        role: RoleName::BuiltIn(Role::Support),
        ..service("system", Role::Support).grant
    };
    grants::give(app, &app.root(), id, more).await.unwrap();

    let wish = RotationWish::default();
    let words = [
        word(&service_accounts::tokens(app, &admin.call, id).await),
        word(&service_accounts::make_token(app, &admin.call, id, plain()).await),
        word(&service_accounts::rotate_token(app, &admin.call, id, token, wish).await),
        word(&service_accounts::revoke_token(app, &admin.call, id, token).await),
        word(&service_accounts::delete(app, &admin.call, id).await),
    ];
    assert!(words.iter().all(|word| word.contains("outranked")), "{words:?}");
}

async fn nobody_makes_tokens_in_a_persons_name(app: &TestApp) {
    app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let leaked = admin.token().await;
    let operator = app.operator().await;
    let token = service_accounts::tokens(app, &operator.call, admin.account)
        .await
        .unwrap()[0]
        .id;

    let made = service_accounts::make_token(app, &operator.call, admin.account, plain()).await;
    assert_eq!(word(&made), "not_a_service");
    let wish = RotationWish::default();
    let replaced = service_accounts::rotate_token(app, &operator.call, admin.account, token, wish).await;
    assert_eq!(word(&replaced), "not_a_service");
    let deleted = service_accounts::delete(app, &operator.call, admin.account).await;
    assert_eq!(word(&deleted), "not_a_service");
    let ended = service_accounts::revoke_token(app, &operator.call, admin.account, token).await;
    assert_eq!(word(&ended), "done");
    assert_eq!(word(&sign_in::with_token(app, &leaked).await), "unknown");
}

async fn a_token_makes_none_for_a_service_and_ends_what_leaked(app: &TestApp) {
    app.domain("brightwater.example").await;
    let (id, token) = app.service(Role::HelpDesk, "brightwater.example").await;
    let operator = app.operator().await;
    let call = operator.by_token(&operator.token().await).await;

    let wish = RotationWish::default();
    for refused in [
        word(&people::invite(app, &call, service("brightwater.example", Role::HelpDesk)).await),
        word(&service_accounts::make_token(app, &call, id, plain()).await),
        word(&service_accounts::rotate_token(app, &call, id, token, wish).await),
    ] {
        assert!(refused.contains("not_by_token"), "{refused}");
    }
    let listed = TokenWish {
        permissions: "mailbox.read token.manage_any".parse().unwrap(),
        ..plain()
    };
    let narrow = tokens::make(app, &operator.call, listed).await.unwrap().1;
    let narrow = operator.by_token(narrow.expose()).await;
    let refused = word(&service_accounts::revoke_token(app, &narrow, id, token).await);
    assert!(
        refused.contains("outranked"),
        "by what it does not name a token outranks nobody: {refused}"
    );

    assert_eq!(
        word(&service_accounts::revoke_token(app, &call, id, token).await),
        "done"
    );
    assert_eq!(
        word(&service_accounts::revoke_token(app, &call, id, token).await),
        "not found"
    );
    assert_eq!(word(&service_accounts::delete(app, &call, id).await), "done");
}

async fn a_suspended_service_has_no_way_in(app: &TestApp) {
    app.domain("brightwater.example").await;
    let operator = app.operator().await;
    let id = app.service_account(Role::HelpDesk, "brightwater.example").await;
    let secret = secret_of(app, &operator.call, id).await;

    people::suspend(app, &operator.call, id, "leaked".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(word(&sign_in::with_token(app, &secret).await), "unknown");
    people::resume(app, &operator.call, id).await.unwrap();
    assert_eq!(word(&sign_in::with_token(app, &secret).await), "done");
}

async fn a_deleted_service_is_gone_and_its_place_is_free(app: &TestApp) {
    let org = app.customer("Northwind").await;
    let accounts = async || {
        orgs::get(app, &app.root(), org.id)
            .await
            .unwrap()
            .0
            .usage
            .accounts
    };
    let operator = app.operator().await;
    let before = accounts().await;
    let id = app.service_account(Role::HelpDesk, &org.id.to_string()).await;
    let secret = secret_of(app, &operator.call, id).await;
    let token = service_accounts::tokens(app, &operator.call, id).await.unwrap()[0].id;
    service_accounts::rotate_token(app, &operator.call, id, token, RotationWish::default())
        .await
        .unwrap();
    assert_eq!(accounts().await, before + 1);
    let neighbour = app.neighbour().await;
    assert_eq!(word(&sign_in::with_token(&neighbour, &secret).await), "done");

    let gone = service_accounts::delete(app, &operator.call, id).await.unwrap();

    assert_eq!(gone.value.tokens, 2);
    let told: Vec<&str> = gone.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(told, ["grant.revoked", "account.deleted"]);
    assert_eq!(word(&sign_in::with_token(&neighbour, &secret).await), "unknown");
    assert_eq!(word(&people::get(app, &operator.call, id).await), "not found");
    assert_eq!(accounts().await, before);
    app.verify().await;
    neighbour.store.db().close().await;
}

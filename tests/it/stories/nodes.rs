//! What ends a token's power ends it at the very next request, on every node.

use postdesk::access::{Call, Role, Scope};
use postdesk::model::Note;
use postdesk::service::grants::{self, GrantWish, RoleName};
use postdesk::service::people;
use postdesk::service::roles::{self, RoleDraft, RolePatch};
use postdesk::service::tokens::{self, RotationWish, TokenWish};
use postdesk::service::{App, mailboxes, orgs, service_accounts, sign_in};

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_revoked_grant_is_lost_on_the_other_node,
    a_grant_that_ends_by_the_clock_is_lost_on_the_other_node,
    a_suspended_owner_has_no_token_on_the_other_node,
    the_token_of_a_suspended_org_is_shut_on_the_other_node,
    an_org_that_moved_takes_itself_out_of_reach_on_the_other_node,
    a_token_follows_an_org_that_moved_within_its_reach,
    a_changed_role_changes_the_token_on_the_other_node,
    a_replaced_token_of_a_service_ends_on_the_other_node,
}

const ANNA: &str = "anna@brightwater.example";

/// What a request with this token is answered on this node.
async fn read(node: &App, secret: &str) -> String {
    ask(node, secret, false).await
}

async fn ask(node: &App, secret: &str, deletes: bool) -> String {
    let actor = match sign_in::with_token(node, secret).await {
        Ok(actor) => actor,
        refused => return word(&refused),
    };
    let call = Call {
        dry_run: true,
        ..Call::new(actor, "test")
    };
    let anna = ANNA.parse().unwrap();
    if deletes {
        return word(&mailboxes::delete(node, &call, &anna).await);
    }
    word(&mailboxes::get(node, &call, &anna).await)
}

async fn a_revoked_grant_is_lost_on_the_other_node(app: &TestApp) {
    app.mailbox(ANNA).await;
    let other = app.neighbour().await;
    let admin = app.domain_admin("brightwater.example").await;
    let secret = admin.token().await;
    assert_eq!(read(&other, &secret).await, "done");

    let grant = admin.call.actor.grants()[0].id;
    grants::revoke(app, &app.root(), admin.account, grant)
        .await
        .unwrap();

    assert_eq!(read(&other, &secret).await, "not found");
    other.store.db().close().await;
}

async fn a_grant_that_ends_by_the_clock_is_lost_on_the_other_node(app: &TestApp) {
    app.mailbox(ANNA).await;
    let other = app.neighbour().await;
    let person = app.nobody().await;
    let wish = GrantWish {
        role: RoleName::BuiltIn(Role::DomainAdmin),
        scope: "brightwater.example".parse().unwrap(),
        expires_at: Some(app.clock_now().plus(std::time::Duration::from_mins(5))),
        reason: None,
    };
    grants::give(app, &app.root(), person.account, wish)
        .await
        .unwrap();
    let secret = person.token().await;

    app.later(std::time::Duration::from_secs(299));
    assert_eq!(read(&other, &secret).await, "done");
    app.later(std::time::Duration::from_secs(1));
    assert_eq!(read(&other, &secret).await, "not found");
    other.store.db().close().await;
}

async fn a_suspended_owner_has_no_token_on_the_other_node(app: &TestApp) {
    app.mailbox(ANNA).await;
    let other = app.neighbour().await;
    let admin = app.domain_admin("brightwater.example").await;
    let secret = admin.token().await;
    assert_eq!(read(&other, &secret).await, "done");

    let reason = "gone".parse().unwrap();
    people::suspend(app, &app.root(), admin.account, reason)
        .await
        .unwrap();
    assert_eq!(read(&other, &secret).await, "unknown");
    people::resume(app, &app.root(), admin.account).await.unwrap();
    assert_eq!(read(&other, &secret).await, "done");
    other.store.db().close().await;
}

/// Somebody of an org, who looks after all of it.
async fn of_org(app: &TestApp) -> (postdesk::model::Org, String) {
    let reseller = app.reseller("Reseller").await;
    let org = app.customer("Northwind").below(&reseller).await;
    app.domain("brightwater.example").of(&org).await;
    app.mailbox(ANNA).await;
    let (id, _) = app.service(Role::DomainAdmin, &reseller.id.to_string()).await;
    let wish = TokenWish::plain("nightly".parse().unwrap(), 90);
    let made = service_accounts::make_token(app, &app.root(), id, wish).await;
    (org, made.unwrap().1.expose().to_owned())
}

async fn the_token_of_a_suspended_org_is_shut_on_the_other_node(app: &TestApp) {
    let (org, secret) = of_org(app).await;
    let other = app.neighbour().await;
    assert_eq!(read(&other, &secret).await, "done");
    let reseller = org.parent_id.unwrap();

    let reason = || "unpaid".parse().unwrap();
    orgs::suspend(app, &app.root(), reseller, reason()).await.unwrap();
    assert_eq!(read(&other, &secret).await, "unknown");
    orgs::resume(app, &app.root(), reseller).await.unwrap();
    assert_eq!(read(&other, &secret).await, "done");
    other.store.db().close().await;
}

async fn an_org_that_moved_takes_itself_out_of_reach_on_the_other_node(app: &TestApp) {
    let (org, secret) = of_org(app).await;
    let elsewhere = app.reseller("Elsewhere").await;
    let other = app.neighbour().await;
    assert_eq!(read(&other, &secret).await, "done");

    orgs::relocate(app, &app.root(), org.id, elsewhere.id)
        .await
        .unwrap();

    assert_eq!(read(&other, &secret).await, "not found");
    other.store.db().close().await;
}

async fn a_token_follows_an_org_that_moved_within_its_reach(app: &TestApp) {
    let (org, _) = of_org(app).await;
    let elsewhere = app.reseller("Elsewhere").await;
    let operator = app.operator().await;
    let wish = TokenWish {
        scopes: vec![org.id.to_string().parse().unwrap()],
        ..TokenWish::plain("confined".parse().unwrap(), 9)
    };
    let secret = tokens::make(app, &operator.call, wish).await.unwrap().1;
    let other = app.neighbour().await;
    assert_eq!(read(&other, secret.expose()).await, "done");

    orgs::relocate(app, &app.root(), org.id, elsewhere.id)
        .await
        .unwrap();

    assert_eq!(read(&other, secret.expose()).await, "done");
    let actor = sign_in::with_token(&other, secret.expose()).await.unwrap();
    let now = app.org_scope(&app.org_now(&org).await).await;
    assert_eq!(actor.grants()[0].scope, now);
    assert!(!matches!(actor.grants()[0].scope, Scope::System));
    other.store.db().close().await;
}

async fn a_changed_role_changes_the_token_on_the_other_node(app: &TestApp) {
    app.mailbox(ANNA).await;
    let other = app.neighbour().await;
    let org = app.mailbox_now(ANNA).await.org_id;
    let draft = RoleDraft {
        name: "Cleaner".parse().unwrap(),
        description: Note::default(),
        holds: "mailbox.read mailbox.delete token.manage_own".parse().unwrap(),
    };
    let role = roles::create(app, &app.root(), org, draft)
        .await
        .unwrap()
        .value
        .id;
    let person = app.nobody().await;
    let wish = GrantWish {
        role: RoleName::Own(role),
        scope: "brightwater.example".parse().unwrap(),
        expires_at: None,
        reason: None,
    };
    grants::give(app, &app.root(), person.account, wish)
        .await
        .unwrap();
    let secret = person.token().await;
    assert_eq!(ask(&other, &secret, true).await, "done");

    let less = RolePatch {
        holds: Some("mailbox.read token.manage_own".parse().unwrap()),
        ..RolePatch::default()
    };
    roles::update(app, &app.root(), role, less).await.unwrap();

    assert_eq!(ask(&other, &secret, true).await, "mailbox.delete is missing");
    assert_eq!(read(&other, &secret).await, "done");
    other.store.db().close().await;
}

async fn a_replaced_token_of_a_service_ends_on_the_other_node(app: &TestApp) {
    app.mailbox(ANNA).await;
    let other = app.neighbour().await;
    let id = app
        .service_account(Role::DomainAdmin, "brightwater.example")
        .await;
    let wish = TokenWish::plain("nightly".parse().unwrap(), 90);
    let (made, old) = service_accounts::make_token(app, &app.root(), id, wish)
        .await
        .unwrap();
    let hour = RotationWish {
        overlap_hours: 1,
        ..RotationWish::default()
    };
    let (_, new) = service_accounts::rotate_token(app, &app.root(), id, made.value.id, hour)
        .await
        .unwrap();

    assert_eq!(read(&other, old.expose()).await, "done");
    app.later(std::time::Duration::from_hours(1));
    assert_eq!(read(&other, old.expose()).await, "unknown");
    assert_eq!(read(&other, new.expose()).await, "done");
    other.store.db().close().await;
}

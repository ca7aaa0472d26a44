//! People who can manage, and their sessions.

use std::time::Duration;

use postdesk::access::Role;
use postdesk::model::{Language, Password};
use postdesk::service::accounts::{self, NewAccount};
use postdesk::service::sign_in;

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    an_address_signs_in_one_person,
    only_operators_add_people,
    a_grant_ends_when_its_domain_is_deleted,
    a_suspended_person_has_no_way_in,
    sessions_end,
    a_session_is_never_taken_over,
    everybody_likes_their_screens_in_their_own_way,
}

fn new(email: &str) -> NewAccount {
    NewAccount {
        email: email.to_owned(),
        name: "Maria".parse().unwrap(),
        password: Some(Password::offered("a long password").unwrap()),
        grant: None,
    }
}

async fn an_address_signs_in_one_person(app: &TestApp) {
    let create = async |email: &str| word(&accounts::create(app, &app.root(), new(email)).await);

    assert_eq!(create("Maria@people.example").await, "done");
    assert_eq!(create("maria@PEOPLE.example ").await, "already_exists");
    assert_eq!(create("not an address").await, "/email email");
}

async fn only_operators_add_people(app: &TestApp) {
    app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;

    let made = accounts::create(app, &admin.call, new("maria@people.example")).await;

    assert_eq!(word(&made), "not found");
}

async fn a_grant_ends_when_its_domain_is_deleted(app: &TestApp) {
    let domain = app.domain("brightwater.example").await.name;
    let admin = app.domain_admin("brightwater.example").await;

    postdesk::service::domains::delete(app, &app.root(), &domain)
        .await
        .unwrap();
    assert!(admin.again().await.actor.grants().is_empty());
    postdesk::service::domains::restore(app, &app.root(), &domain)
        .await
        .unwrap();
    assert_eq!(admin.again().await.actor.grants().len(), 1);
}

async fn a_suspended_person_has_no_way_in(app: &TestApp) {
    let operator = app.operator().await;
    let token = operator.token().await;
    let suspend = "UPDATE accounts SET suspended_at = 1";
    app.db().write(suspend).execute().await.unwrap();

    let by_password = sign_in::with_password(app, &operator.email, operator.password.clone()).await;
    let by_session = sign_in::with_session(app, operator.account).await;
    let by_token = sign_in::with_token(app, &token).await;
    let old_call = postdesk::service::orgs::create(
        app,
        &operator.call,
        app.provider().await.id,
        postdesk::model::OrgDraft {
            kind: postdesk::model::OrgKind::Customer,
            name: "Late".parse().unwrap(),
            contact: postdesk::model::Note::default(),
            external_id: None,
            limits: postdesk::model::Limits::UNLIMITED,
        },
    )
    .await;

    assert_eq!(
        (word(&by_password), word(&by_session)),
        ("unknown".to_owned(), "unknown".to_owned())
    );
    assert_eq!(
        (word(&by_token), word(&old_call)),
        ("unknown".to_owned(), "unknown".to_owned())
    );
}

async fn sessions_end(app: &TestApp) {
    let operator = app.operator().await;
    let end = app.clock_now().plus(Duration::from_mins(1));
    let put = async |anew| {
        app.store
            .put_session(b"one", Some(operator.account), "data", end, anew)
            .await
            .unwrap()
    };

    assert!(put(true).await);
    assert_eq!(
        app.store.session(b"one").await.unwrap(),
        Some(("data".to_owned(), end))
    );
    assert!(put(false).await);
    app.later(Duration::from_mins(1));
    assert_eq!(app.store.session(b"one").await.unwrap(), None);
    app.store.end_session(b"one").await.unwrap();
    assert!(!put(false).await);
}

async fn a_session_is_never_taken_over(app: &TestApp) {
    let operator = app.operator().await;
    let end = app.clock_now().plus(Duration::from_mins(1));
    let put = async |account| {
        app.store
            .put_session(b"one", account, "data", end, true)
            .await
            .unwrap()
    };

    assert!(put(Some(operator.account)).await);
    assert!(!put(None).await);
}

async fn everybody_likes_their_screens_in_their_own_way(app: &TestApp) {
    let (one, other) = (
        app.operator().await,
        app.role(Role::Operator, postdesk::access::Scope::System).await,
    );

    accounts::set_preferences(app, &one.call, "dark", "compact", false, Language::German)
        .await
        .unwrap();
    accounts::set_preferences(app, &other.call, "<script>", "x", true, Language::English)
        .await
        .unwrap();

    let seen = async |call| {
        let own = accounts::own(app, call).await.unwrap();
        (own.theme, own.density, own.shortcuts)
    };
    assert_eq!(
        seen(&one.call).await,
        ("dark".to_owned(), "compact".to_owned(), false)
    );
    assert_eq!(
        seen(&other.call).await,
        ("system".to_owned(), "comfortable".to_owned(), true)
    );
}

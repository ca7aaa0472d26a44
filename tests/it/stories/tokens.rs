//! API tokens.

use postdesk::access::{Call, Ceiling, Role};
use postdesk::service::{mailboxes, sign_in, tokens};

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_token_is_its_owner_and_no_more,
    a_token_that_reads_changes_nothing,
    a_revoked_token_is_worth_nothing_at_once,
    a_token_ends_by_itself,
    a_token_makes_no_tokens,
    a_token_is_stored_as_a_digest,
    one_sees_and_revokes_ones_own_tokens_only,
    whoever_may_do_something_may_have_a_token_do_it,
}

async fn a_token_is_its_owner_and_no_more(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.mailbox("bert@harbour.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let secret = admin.token().await;
    let call = admin.by_token(&secret).await;

    let own = mailboxes::delete(app, &call, &"anna@brightwater.example".parse().unwrap()).await;
    let other = mailboxes::get(app, &call, &"bert@harbour.example".parse().unwrap()).await;

    assert_eq!(
        (word(&own), word(&other)),
        ("done".to_owned(), "not found".to_owned())
    );
    assert_eq!(call.actor.credential().as_str(), "token");
    assert_eq!(call.actor.identity().account, Some(admin.account));
}

async fn a_token_that_reads_changes_nothing(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let operator = app.operator().await;
    let call = operator.by_token(&operator.read_only_token().await).await;
    let anna = "anna@brightwater.example".parse().unwrap();

    let read = mailboxes::get(app, &call, &anna).await;
    let gone = mailboxes::delete(app, &call, &anna).await;

    assert_eq!(
        (word(&read), word(&gone)),
        ("done".to_owned(), "mailbox.delete is missing".to_owned())
    );
    assert_eq!(call.actor.ceiling(), Ceiling::ReadOnly);
}

async fn a_revoked_token_is_worth_nothing_at_once(app: &TestApp) {
    let operator = app.operator().await;
    let secret = operator.token().await;
    let neighbour = app.neighbour().await;
    assert!(sign_in::with_token(&neighbour, &secret).await.is_ok());

    let id = tokens::list(app, &operator.call).await.unwrap()[0].id;
    tokens::revoke(app, &operator.call, id).await.unwrap();

    assert_eq!(word(&sign_in::with_token(app, &secret).await), "unknown");
    assert_eq!(word(&sign_in::with_token(&neighbour, &secret).await), "unknown");
    assert_eq!(word(&tokens::revoke(app, &operator.call, id).await), "not found");
    neighbour.store.db().close().await;
}

async fn a_token_ends_by_itself(app: &TestApp) {
    let operator = app.operator().await;
    let create = async |days| tokens::create(app, &operator.call, "test".parse().unwrap(), days, false).await;
    let (_, secret) = create(1).await.unwrap();

    app.later(std::time::Duration::from_secs(86_399));
    assert!(sign_in::with_token(app, secret.expose()).await.is_ok());
    app.later(std::time::Duration::from_secs(1));
    assert_eq!(word(&sign_in::with_token(app, secret.expose()).await), "unknown");
    assert_eq!(word(&create(0).await), "/expires_days out_of_range");
    assert_eq!(word(&create(366).await), "/expires_days out_of_range");
    assert_eq!(word(&create(365).await), "done");
}

async fn a_token_makes_no_tokens(app: &TestApp) {
    let operator = app.operator().await;
    let secret = operator.token().await;
    let call = operator.by_token(&secret).await;

    let made = tokens::create(app, &call, "more".parse().unwrap(), 9, false).await;
    let revoked = tokens::revoke(app, &call, tokens::list(app, &call).await.unwrap()[0].id).await;

    assert_eq!(
        (word(&made), word(&revoked)),
        ("token_by_token".to_owned(), "token_by_token".to_owned())
    );
}

async fn a_token_is_stored_as_a_digest(app: &TestApp) {
    let operator = app.operator().await;
    let secret = operator.token().await;

    assert!(!app.dump().await.join("\n").contains(&secret[4..]));
    assert_eq!(
        tokens::list(app, &operator.call).await.unwrap()[0].hint,
        secret[..8]
    );
}

async fn one_sees_and_revokes_ones_own_tokens_only(app: &TestApp) {
    let (one, other) = (app.operator().await, app.operator().await);
    one.token().await;
    let id = tokens::list(app, &one.call).await.unwrap()[0].id;

    assert!(tokens::list(app, &other.call).await.unwrap().is_empty());
    assert_eq!(word(&tokens::revoke(app, &other.call, id).await), "not found");
}

async fn whoever_may_do_something_may_have_a_token_do_it(app: &TestApp) {
    app.domain("brightwater.example").await;
    let scope = app.domain_scope("brightwater.example").await;
    let create = async |call: &Call| {
        tokens::create(app, call, "test".parse().unwrap(), 9, false)
            .await
            .map(drop)
    };

    for role in Role::ALL {
        let call = app.role(*role, scope.clone()).await.call;
        assert_eq!(word(&create(&call).await), "done", "{role}");
    }
    let call = app.nobody().await.call;
    assert_ne!(
        word(&create(&call).await),
        "done",
        "who may do nothing needs no token"
    );
}

//! API tokens.

use postdesk::access::{Action, Call, Ceiling, MailboxRead, Role};
use postdesk::service::tokens::TokenWish;
use postdesk::service::{accounts, domains, mailboxes, sign_in, tokens};

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
    a_token_does_only_what_its_list_names,
    a_token_outranks_nobody_by_what_it_does_not_name,
    outside_its_scopes_there_is_nothing_for_a_token,
    a_token_reaches_nothing_when_all_it_named_is_gone,
    a_token_is_confined_to_what_its_owner_reaches,
    what_the_owner_lost_the_token_lost,
    a_token_comes_only_from_where_it_may,
    the_last_use_of_a_token_is_told_with_its_address,
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
    assert_eq!(call.actor.ceiling(), &Ceiling::ReadOnly);
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

fn wish() -> TokenWish {
    TokenWish::plain("test".parse().unwrap(), 9)
}

async fn secret(app: &TestApp, call: &Call, wish: TokenWish) -> String {
    tokens::make(app, call, wish).await.unwrap().1.expose().to_owned()
}

async fn a_token_does_only_what_its_list_names(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    // The list names more than the owner holds; the token gets none of that.
    let permissions = "mailbox.read mailbox.suspend system.manage".parse().unwrap();
    let listed = TokenWish {
        permissions,
        ..wish()
    };
    let call = admin
        .by_token(&secret(app, &admin.call, listed.clone()).await)
        .await;
    let anna = "anna@brightwater.example".parse().unwrap();

    assert_eq!(word(&mailboxes::get(app, &call, &anna).await), "done");
    assert_eq!(
        word(&mailboxes::delete(app, &call, &anna).await),
        "mailbox.delete is missing"
    );
    assert_eq!(
        tokens::powers(&call).iter().collect::<Vec<_>>(),
        [Action::MailboxRead, Action::MailboxSuspend]
    );
    let reads = TokenWish {
        read_only: true,
        ..listed
    };
    let call = admin.by_token(&secret(app, &admin.call, reads).await).await;
    assert_eq!(
        tokens::powers(&call).iter().collect::<Vec<_>>(),
        [Action::MailboxRead]
    );
}

async fn a_token_outranks_nobody_by_what_it_does_not_name(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.mailbox("peer@brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let scope = app.domain_scope("brightwater.example").await;
    let new = accounts::NewAccount {
        email: "peer@brightwater.example".to_owned(),
        name: "Peer".parse().unwrap(),
        password: None,
        grant: Some((Role::DomainAdmin, scope)),
    };
    accounts::create(app, &app.root(), new).await.unwrap();
    let listed = TokenWish {
        permissions: "mailbox.read mailbox.reset_password".parse().unwrap(),
        ..wish()
    };
    let reset = async |call: &Call, at: &str| {
        word(&mailboxes::make_setup_link(app, call, &at.parse().unwrap()).await)
    };

    let whole = admin.by_token(&admin.token().await).await;
    let narrow = admin
        .by_token(&secret(app, &admin.again().await, listed).await)
        .await;

    assert_eq!(reset(&whole, "peer@brightwater.example").await, "done");
    assert_eq!(reset(&narrow, "anna@brightwater.example").await, "done");
    let refused = reset(&narrow, "peer@brightwater.example").await;
    assert!(refused.contains("outranked"), "{refused}");
}

async fn outside_its_scopes_there_is_nothing_for_a_token(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.mailbox("bert@harbour.example").await;
    let operator = app.operator().await;
    let narrow = TokenWish {
        scopes: vec!["brightwater.example".parse().unwrap()],
        ..wish()
    };
    let call = operator
        .by_token(&secret(app, &operator.call, narrow).await)
        .await;

    let own = mailboxes::get(app, &call, &"anna@brightwater.example".parse().unwrap()).await;
    let other = mailboxes::get(app, &call, &"bert@harbour.example".parse().unwrap()).await;
    let domain = domains::get(app, &call, &"harbour.example".parse().unwrap()).await;

    assert_eq!(
        (word(&own), word(&other)),
        ("done".to_owned(), "not found".to_owned())
    );
    assert_eq!(word(&domain), "not found");
    let reach = call.actor.reach::<MailboxRead>();
    let names: Vec<_> = reach.spans().iter().map(|span| span.domain.as_deref()).collect();
    assert_eq!(names, [Some("brightwater.example")]);
}

async fn a_token_reaches_nothing_when_all_it_named_is_gone(app: &TestApp) {
    app.domain("brightwater.example").await;
    let operator = app.operator().await;
    let narrow = TokenWish {
        scopes: vec!["brightwater.example".parse().unwrap()],
        ..wish()
    };
    let narrow = TokenWish { days: 90, ..narrow };
    let secret = secret(app, &operator.call, narrow).await;
    domains::delete(app, &operator.call, &"brightwater.example".parse().unwrap())
        .await
        .unwrap();
    // In the bin it can be restored, and is there for the token as it was; gone it is only when its time there is over.
    app.days_later(31);
    postdesk::service::housekeeping::keep_promises(app).await.unwrap();
    let left = domains::get(app, &app.root(), &"brightwater.example".parse().unwrap()).await;
    assert_eq!(word(&left), "not found");

    let call = operator.by_token(&secret).await;

    assert!(call.actor.reach::<MailboxRead>().is_empty());
    assert!(call.actor.grants().is_empty());
}

async fn a_token_is_confined_to_what_its_owner_reaches(app: &TestApp) {
    app.domain("brightwater.example").await;
    app.domain("harbour.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let make = async |scope: &str| {
        let scopes = vec![scope.parse().unwrap()];
        word(&tokens::make(app, &admin.call, TokenWish { scopes, ..wish() }).await)
    };

    assert_eq!(make("harbour.example").await, "not found");
    assert_eq!(make("absent.example").await, "not found");
    assert_eq!(make("system").await, "/scopes everything");
    assert_eq!(make("brightwater.example").await, "done");
}

async fn what_the_owner_lost_the_token_lost(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let narrow = TokenWish {
        permissions: "mailbox.read".parse().unwrap(),
        scopes: vec!["brightwater.example".parse().unwrap()],
        ..wish()
    };
    let secret = secret(app, &admin.call, narrow).await;
    let anna = "anna@brightwater.example".parse().unwrap();
    let before = admin.by_token(&secret).await;
    assert_eq!(word(&mailboxes::get(app, &before, &anna).await), "done");

    let grant = admin.call.actor.grants()[0].id;
    let operator = app.operator().await;
    postdesk::service::grants::revoke(app, &operator.call, admin.account, grant)
        .await
        .unwrap();

    let after = admin.by_token(&secret).await;
    assert_eq!(word(&mailboxes::get(app, &after, &anna).await), "not found");
}

async fn a_token_comes_only_from_where_it_may(app: &TestApp) {
    let operator = app.operator().await;
    let cidrs = ["192.0.2.0/24", "2001:db8:7::/48"];
    let bound = TokenWish {
        cidrs: cidrs.iter().map(|text| text.parse().unwrap()).collect(),
        ..wish()
    };
    let secret = secret(app, &operator.call, bound).await;
    let from = async |address: &str| {
        let address = Some(address.parse().unwrap());
        word(&sign_in::with_token_from(app, &secret, address).await)
    };

    for good in ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8:7::1"] {
        assert_eq!(from(good).await, "done", "{good}");
    }
    for bad in ["192.0.3.9", "2001:db8:8::1", "::1"] {
        assert_eq!(from(bad).await, "unknown", "{bad}");
    }
    assert_eq!(word(&sign_in::with_token(app, &secret).await), "unknown");
    assert_eq!(
        tokens::list(app, &operator.call).await.unwrap()[0].cidrs.words(),
        cidrs
    );
}

async fn the_last_use_of_a_token_is_told_with_its_address(app: &TestApp) {
    let operator = app.operator().await;
    let secret = operator.token().await;
    let used = async |address: &str| {
        let address = Some(address.parse().unwrap());
        sign_in::with_token_from(app, &secret, address).await.unwrap();
        let token = tokens::list(app, &operator.call).await.unwrap().remove(0);
        (token.last_used_at.unwrap(), token.last_used_from.unwrap())
    };

    let first = used("192.0.2.1").await;
    app.later(std::time::Duration::from_secs(59));
    assert_eq!(used("192.0.2.2").await, first, "not each call is noted");
    app.later(std::time::Duration::from_secs(2));
    assert_eq!(used("192.0.2.2").await.1, "192.0.2.2", "another address is, soon");
    app.later(std::time::Duration::from_mins(59));
    let last = used("192.0.2.2").await;
    app.later(std::time::Duration::from_mins(2));
    assert!(used("192.0.2.2").await.0 > last.0, "the same one is, each hour");
}

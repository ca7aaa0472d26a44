//! Tokens that are replaced: the new one may do the same, the old one goes on for a while.

use std::time::Duration;

use postdesk::access::{Call, Credential};
use postdesk::model::TokenId;
use postdesk::service::tokens::{RotationWish, TokenWish};
use postdesk::service::{mailboxes, sign_in, tokens, undo};
use postdesk::store::TokenView;

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    the_new_token_may_do_exactly_what_the_old_one_may,
    the_old_token_ends_by_the_clock_on_every_node,
    without_overlap_the_old_token_ends_at_once_on_every_node,
    the_overlap_is_bounded,
    a_token_replaces_itself_and_no_other,
    a_token_that_may_not_look_after_tokens_does_not_replace_itself,
    one_replaces_ones_own_tokens_only,
    a_token_has_one_successor,
    a_successor_whose_secret_was_lost_is_replaced_on_request,
    of_many_who_replace_a_token_at_once_one_succeeds,
    what_is_over_is_not_replaced,
    a_dry_run_replaces_nothing,
    replacing_a_token_is_told_and_not_taken_back,
}

fn overlap(overlap_hours: u32) -> RotationWish {
    RotationWish {
        overlap_hours,
        ..RotationWish::default()
    }
}

async fn made(app: &TestApp, call: &Call, wish: TokenWish) -> (TokenView, String) {
    let (done, secret) = tokens::make(app, call, wish).await.unwrap();
    (done.value, secret.expose().to_owned())
}

fn plain() -> TokenWish {
    TokenWish::plain("backup".parse().unwrap(), 90)
}

async fn the_new_token_may_do_exactly_what_the_old_one_may(app: &TestApp) {
    app.domain("brightwater.example").await;
    let operator = app.operator().await;
    let narrow = TokenWish {
        read_only: true,
        permissions: "mailbox.read domain.read".parse().unwrap(),
        scopes: vec!["brightwater.example".parse().unwrap()],
        cidrs: vec!["192.0.2.0/24".parse().unwrap()],
        ..plain()
    };
    let (old, secret) = made(app, &operator.call, narrow).await;
    app.days_later(30);

    let (done, new_secret) = tokens::rotate(app, &operator.again().await, old.id, overlap(24))
        .await
        .unwrap();
    let rotated = done.value;

    let same = |token: &TokenView| {
        (
            token.name.clone(),
            token.read_only,
            token.permissions,
            token.scopes.clone(),
            token.cidrs.clone(),
            token.expires_at,
        )
    };
    let stored = tokens::get(app, &operator.call, rotated.token.id).await.unwrap();
    assert_eq!(same(&stored), same(&old));
    assert_eq!(same(&rotated.token), same(&old));
    let address = Some("192.0.2.7".parse().unwrap());
    let before = sign_in::with_token_from(app, &secret, address).await.unwrap();
    let after = sign_in::with_token_from(app, new_secret.expose(), address)
        .await
        .unwrap();
    assert_eq!(after.ceiling(), before.ceiling());
    let elsewhere = Some("198.51.100.7".parse().unwrap());
    let away = sign_in::with_token_from(app, new_secret.expose(), elsewhere).await;
    assert_eq!(word(&away), "unknown");
}

async fn the_old_token_ends_by_the_clock_on_every_node(app: &TestApp) {
    let operator = app.operator().await;
    let (old, secret) = made(app, &operator.call, plain()).await;
    let neighbour = app.neighbour().await;

    let (_, new) = tokens::rotate(app, &operator.call, old.id, RotationWish::default())
        .await
        .unwrap();

    app.later(Duration::from_secs(24 * 3600 - 1));
    assert_eq!(word(&sign_in::with_token(&neighbour, &secret).await), "done");
    assert_eq!(
        tokens::get(app, &operator.call, old.id)
            .await
            .unwrap()
            .state(app.clock_now()),
        "replaced"
    );
    app.later(Duration::from_secs(1));
    for node in [&neighbour, &**app] {
        assert_eq!(word(&sign_in::with_token(node, &secret).await), "unknown");
        assert_eq!(word(&sign_in::with_token(node, new.expose()).await), "done");
    }
    assert_eq!(
        tokens::get(app, &operator.call, old.id)
            .await
            .unwrap()
            .state(app.clock_now()),
        "expired"
    );
    app.days_later(89);
    assert_eq!(
        word(&sign_in::with_token(&neighbour, new.expose()).await),
        "unknown",
        "as the old one would"
    );
    neighbour.store.db().close().await;
}

async fn without_overlap_the_old_token_ends_at_once_on_every_node(app: &TestApp) {
    let operator = app.operator().await;
    let (old, secret) = made(app, &operator.call, plain()).await;
    let neighbour = app.neighbour().await;
    assert_eq!(word(&sign_in::with_token(&neighbour, &secret).await), "done");

    let (_, new) = tokens::rotate(app, &operator.call, old.id, overlap(0))
        .await
        .unwrap();

    for node in [&neighbour, &**app] {
        assert_eq!(word(&sign_in::with_token(node, &secret).await), "unknown");
        assert_eq!(word(&sign_in::with_token(node, new.expose()).await), "done");
    }
    neighbour.store.db().close().await;
}

async fn the_overlap_is_bounded(app: &TestApp) {
    let operator = app.operator().await;
    let (old, _) = made(app, &operator.call, plain()).await;

    let long = tokens::rotate(app, &operator.call, old.id, overlap(169)).await;
    assert_eq!(word(&long), "/overlap_hours out_of_range");
    let week = tokens::rotate(app, &operator.call, old.id, overlap(168)).await;
    assert_eq!(word(&week), "done");
}

async fn a_token_replaces_itself_and_no_other(app: &TestApp) {
    let operator = app.operator().await;
    let narrow = TokenWish {
        permissions: "mailbox.read token.manage_own".parse().unwrap(),
        ..plain()
    };
    let (strong, _) = made(app, &operator.call, plain()).await;
    let (weak, secret) = made(app, &operator.call, narrow).await;
    let call = operator.by_token(&secret).await;

    let other = tokens::rotate(app, &call, strong.id, overlap(1)).await;
    assert_eq!(word(&other), "token_by_token");
    let itself = tokens::rotate(app, &call, weak.id, overlap(1)).await;
    assert_eq!(word(&itself), "done");
    let new = operator.by_token(itself.unwrap().1.expose()).await;
    assert_eq!(new.actor.ceiling(), call.actor.ceiling());
}

async fn a_token_that_may_not_look_after_tokens_does_not_replace_itself(app: &TestApp) {
    let operator = app.operator().await;
    let reads = TokenWish {
        read_only: true,
        ..plain()
    };
    let listed = TokenWish {
        permissions: "mailbox.read".parse().unwrap(),
        ..plain()
    };
    for wish in [reads, listed] {
        let (token, secret) = made(app, &operator.call, wish).await;
        let call = operator.by_token(&secret).await;
        let refused = tokens::rotate(app, &call, token.id, overlap(1)).await;
        assert_eq!(word(&refused), "token.manage_own is missing");
    }
}

async fn one_replaces_ones_own_tokens_only(app: &TestApp) {
    let (one, other) = (app.operator().await, app.operator().await);
    let (token, _) = made(app, &one.call, plain()).await;

    assert_eq!(
        word(&tokens::rotate(app, &other.call, token.id, overlap(1)).await),
        "not found"
    );
    let by_token = other.by_token(&other.token().await).await;
    assert_eq!(
        word(&tokens::rotate(app, &by_token, token.id, overlap(1)).await),
        "not found"
    );
}

async fn a_token_has_one_successor(app: &TestApp) {
    let operator = app.operator().await;
    let (old, secret) = made(app, &operator.call, plain()).await;
    let (first, new) = tokens::rotate(app, &operator.call, old.id, overlap(24))
        .await
        .unwrap();

    let again = tokens::rotate(app, &operator.call, old.id, overlap(24)).await;
    assert_eq!(word(&again), "token_replaced");
    // Whoever stole the old one does not get hold of the new one, and nobody does once it is in use.
    let thief = operator.by_token(&secret).await;
    let lost = RotationWish {
        replace_unused: true,
        ..overlap(24)
    };
    assert_eq!(
        word(&tokens::rotate(app, &thief, old.id, lost).await),
        "token_by_token"
    );
    sign_in::with_token(app, new.expose()).await.unwrap();
    assert_eq!(
        word(&tokens::rotate(app, &operator.call, old.id, lost).await),
        "token_replaced"
    );
    let next = tokens::rotate(app, &operator.call, first.value.token.id, overlap(24)).await;
    assert_eq!(word(&next), "done");
}

async fn a_successor_whose_secret_was_lost_is_replaced_on_request(app: &TestApp) {
    let operator = app.operator().await;
    let (old, secret) = made(app, &operator.call, plain()).await;
    let lost = tokens::rotate(app, &operator.call, old.id, overlap(2))
        .await
        .unwrap()
        .1;
    app.later(Duration::from_hours(1));
    let again = RotationWish {
        overlap_hours: 24,
        replace_unused: true,
    };

    let (done, new) = tokens::rotate(app, &operator.call, old.id, again).await.unwrap();

    assert_eq!(done.value.token.expires_at, old.expires_at);
    assert_eq!(word(&sign_in::with_token(app, lost.expose()).await), "unknown");
    assert_eq!(word(&sign_in::with_token(app, new.expose()).await), "done");
    app.later(Duration::from_hours(1));
    assert_eq!(
        word(&sign_in::with_token(app, &secret).await),
        "unknown",
        "the end does not go back"
    );
}

async fn of_many_who_replace_a_token_at_once_one_succeeds(app: &TestApp) {
    let operator = app.operator().await;
    let (old, _) = made(app, &operator.call, plain()).await;

    let mut running = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (app, call) = ((**app).clone(), operator.call.clone());
        running.spawn(async move { word(&tokens::rotate(&app, &call, old.id, overlap(1)).await) });
    }
    let all = running.join_all().await;

    let count = |wanted: &str| all.iter().filter(|word| *word == wanted).count();
    assert_eq!((count("done"), count("token_replaced")), (1, 15), "{all:?}");
    assert_eq!(tokens::list(app, &operator.call).await.unwrap().len(), 2);
}

async fn what_is_over_is_not_replaced(app: &TestApp) {
    let operator = app.operator().await;
    let (revoked, _) = made(app, &operator.call, plain()).await;
    let (expired, _) = made(app, &operator.call, TokenWish { days: 1, ..plain() }).await;
    tokens::revoke(app, &operator.call, revoked.id).await.unwrap();
    app.days_later(1);
    for token in [revoked.id, expired.id] {
        assert_eq!(
            word(&tokens::rotate(app, &operator.call, token, overlap(1)).await),
            "token_over"
        );
    }
    let absent: TokenId = "tok_00000000000000000000000000".parse().unwrap();
    assert_eq!(
        word(&tokens::rotate(app, &operator.call, absent, overlap(1)).await),
        "not found"
    );
}

async fn a_dry_run_replaces_nothing(app: &TestApp) {
    let operator = app.operator().await;
    let (old, secret) = made(app, &operator.call, plain()).await;
    let before = app.dump().await;
    let dry = Call {
        dry_run: true,
        ..operator.call.clone()
    };

    let (done, new) = tokens::rotate(app, &dry, old.id, overlap(0)).await.unwrap();

    let told: Vec<&str> = done.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(told, ["token.created", "token.rotated"]);
    assert_eq!(app.dump().await, before);
    assert_eq!(word(&sign_in::with_token(app, new.expose()).await), "unknown");
    assert_eq!(word(&sign_in::with_token(app, &secret).await), "done");
}

async fn replacing_a_token_is_told_and_not_taken_back(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let operator = app.operator().await;
    let (old, secret) = made(app, &operator.call, plain()).await;
    let by_itself = operator.by_token(&secret).await;
    assert_eq!(by_itself.actor.credential(), &Credential::Token(old.id));
    let anna = "anna@brightwater.example".parse().unwrap();
    assert_eq!(word(&mailboxes::get(app, &by_itself, &anna).await), "done");

    let (_, new) = tokens::rotate(app, &by_itself, old.id, overlap(24))
        .await
        .unwrap();

    let event = app.newest_event(old.id.uuid()).await;
    let undone = undo::undo(app, &operator.call, event).await;
    assert_eq!(word(&undone), "no_way_back");
    let told = app.dump().await.join("\n");
    assert!(told.contains("token.rotated"));
    assert!(!told.contains(&new.expose()[4..]), "a secret is in no event");
}

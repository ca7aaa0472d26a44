//! Support looks after a customer: for a while, with a reason, never with more than it holds, and seen by the customer.

use std::time::Duration;

use postdesk::access::{Actor, Call, GrantManage, MailboxRead, MailboxResetPassword, Place, Role, Scope};
use postdesk::model::{Org, Password, Quota};
use postdesk::service::mailboxes::{self, Inside};
use postdesk::service::{accounts, audit, sign_in, support, tokens};
use postdesk::store::{ActingRecord, EventFilter, PageRequest};

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::both;
use crate::support::person::Person;

both! {
    support_sees_the_customer_and_nothing_else,
    support_never_touches_credentials_or_access_while_acting,
    both_identities_are_in_every_event,
    acting_ends_by_itself_and_by_stopping_on_every_node,
    acting_ends_with_the_role,
    a_token_never_acts,
    the_customer_sees_who_looked_after_them,
    a_callers_code_is_good_once_and_for_a_few_tries,
    a_callers_code_ends_after_ten_minutes,
}

async fn customer(app: &TestApp) -> Org {
    let org = app.customer("Brightwater").await;
    app.domain("brightwater.example").of(&org).await;
    app.mailbox("anna@brightwater.example").await;
    app.mailbox("eve@elsewhere.example").await;
    org
}

async fn begin(app: &TestApp, desk: &Person<'_>, org: &Org) -> ActingRecord {
    let (reason, ticket) = ("Cannot send".parse().unwrap(), "T-17".parse().unwrap());
    support::begin(app, &desk.call, org.id, reason, ticket)
        .await
        .unwrap()
        .value
}

async fn acting(app: &TestApp, desk: &Person<'_>, org: &Org) -> Call {
    let begun = begin(app, desk, org).await;
    let actor = support::resume(app, &desk.call.actor, begun.id).await.unwrap();
    Call::new(actor.unwrap(), "test")
}

async fn desk(app: &TestApp) -> Person<'_> {
    app.role(Role::Support, Scope::System).await
}

async fn support_sees_the_customer_and_nothing_else(app: &TestApp) {
    let org = customer(app).await;
    let desk = desk(app).await;
    let call = acting(app, &desk, &org).await;
    let at = |address: &str| address.parse().unwrap();

    let theirs = mailboxes::get(app, &call, &at("anna@brightwater.example")).await;
    assert_eq!(word(&theirs), "done");
    let others = mailboxes::get(app, &call, &at("eve@elsewhere.example")).await;
    assert_eq!(word(&others), "not found");
    let delete = mailboxes::delete(app, &call, &at("anna@brightwater.example")).await;
    assert_eq!(
        word(&delete),
        "mailbox.delete is missing",
        "read-only where the own role is"
    );
}

async fn support_never_touches_credentials_or_access_while_acting(app: &TestApp) {
    let org = customer(app).await;
    let operator = app.operator().await;
    let call = acting(app, &operator, &org).await;
    let place = Place::org(app.path_of(&org).await);

    assert!(operator.call.actor.may::<MailboxResetPassword>(&place));
    let at = "anna@brightwater.example".parse().unwrap();
    let reset = mailboxes::reset_to_words(app, &call, &at).await;
    assert_eq!(word(&reset), "mailbox.reset_password is missing");
    assert!(call.actor.may::<MailboxRead>(&place) && !call.actor.may::<GrantManage>(&place));
    let token = tokens::create(app, &call, "x".parse().unwrap(), 90, false).await;
    assert_ne!(word(&token), "done");
    let new = Password::offered("a long and quiet river 19").unwrap();
    let own = accounts::change_password(app, &call, operator.password.clone(), new).await;
    assert_ne!(word(&own), "done");
    let again = begin_by(app, &call, &org).await;
    assert_eq!(again, "support.assist is missing");
}

async fn begin_by(app: &TestApp, call: &Call, org: &Org) -> String {
    let (reason, ticket) = ("x".parse().unwrap(), "T-18".parse().unwrap());
    word(&support::begin(app, call, org.id, reason, ticket).await)
}

async fn both_identities_are_in_every_event(app: &TestApp) {
    let org = customer(app).await;
    let desk = desk(app).await;
    let call = acting(app, &desk, &org).await;
    let mailbox = app.mailbox_now("anna@brightwater.example").await;
    let patch = postdesk::model::MailboxPatch {
        quota: Some("2 GB".parse::<Quota>().unwrap()),
        ..postdesk::model::MailboxPatch::default()
    };
    let at = "anna@brightwater.example".parse().unwrap();
    mailboxes::update(app, &call, &at, patch).await.unwrap();

    let page = PageRequest::first(1);
    let found = audit::search(
        app,
        &app.root(),
        &Inside::Everything,
        &EventFilter {
            subject: Some(mailbox.id.uuid()),
            ..EventFilter::default()
        },
        &page,
    )
    .await;
    let event = found.unwrap().items.remove(0);
    assert_eq!(event.actor, desk.call.actor.identity().name);
    let acting = event.detail.acting.unwrap();
    assert_eq!(
        (acting.org.as_str(), acting.ticket.as_str()),
        ("Brightwater", "T-17")
    );
}

async fn acting_ends_by_itself_and_by_stopping_on_every_node(app: &TestApp) {
    let org = customer(app).await;
    let desk = desk(app).await;
    let neighbour = app.neighbour().await;
    let begun = begin(app, &desk, &org).await;
    let actor = &desk.call.actor;
    let there = support::resume(&neighbour, actor, begun.id)
        .await
        .unwrap()
        .unwrap();
    support::stop(app, &desk.call, there.acting().unwrap())
        .await
        .unwrap();
    assert!(
        support::resume(&neighbour, actor, begun.id)
            .await
            .unwrap()
            .is_none()
    );

    let begun = begin(app, &desk, &org).await;
    let other = app.operator().await;
    let foreign = support::resume(app, &other.call.actor, begun.id).await.unwrap();
    assert!(foreign.is_none(), "it is bound to whoever began it");
    app.later(Duration::from_mins(30) - Duration::from_secs(1));
    assert!(support::resume(app, actor, begun.id).await.unwrap().is_some());
    app.later(Duration::from_secs(1));
    assert!(support::resume(app, actor, begun.id).await.unwrap().is_none());
}

async fn acting_ends_with_the_role(app: &TestApp) {
    let org = customer(app).await;
    let desk = desk(app).await;
    let begun = begin(app, &desk, &org).await;
    let nobody = app.nobody().await;
    let stripped = Actor::new(
        desk.call.actor.identity().clone(),
        postdesk::access::Credential::Session,
        postdesk::access::Ceiling::Everything,
        nobody.call.actor.grants().to_vec(),
        app.clock_now(),
    );
    assert!(support::resume(app, &stripped, begun.id).await.unwrap().is_none());
}

async fn a_token_never_acts(app: &TestApp) {
    let org = customer(app).await;
    let desk = desk(app).await;
    let secret = desk.token().await;
    let by_token = desk.by_token(&secret).await;
    let answer = begin_by(app, &by_token, &org).await;
    assert!(answer.contains("not_by_token"), "{answer}");
    let begun = begin(app, &desk, &org).await;
    let token = sign_in::with_token(app, &secret).await.unwrap();
    assert!(support::resume(app, &token, begun.id).await.unwrap().is_none());
}

async fn the_customer_sees_who_looked_after_them(app: &TestApp) {
    let org = customer(app).await;
    let desk = desk(app).await;
    begin(app, &desk, &org).await;
    let owner = app.role(Role::DomainAdmin, app.org_scope(&org).await).await;
    let (_, seen) = support::looked_after(app, &owner.call, org.id).await.unwrap();
    assert_eq!((seen.len(), seen[0].ticket.as_str()), (1, "T-17"));
    assert_eq!(seen[0].name, desk.call.actor.identity().name);
    let stranger = app.stranger().await;
    assert_eq!(
        word(&support::looked_after(app, &stranger.call, org.id).await),
        "not found"
    );
}

async fn a_callers_code_is_good_once_and_for_a_few_tries(app: &TestApp) {
    let org = customer(app).await;
    let desk = desk(app).await;
    let owner = app.role(Role::DomainAdmin, app.org_scope(&org).await).await;
    let check = async |code: &str| {
        let done = support::check_caller(app, &desk.call, owner.account, code).await;
        done.unwrap().value
    };
    let (code, _) = support::caller_code(app, &owner.call).await.unwrap();
    assert!(!check("none").await && check(&code).await);
    assert!(!check(&code).await, "once");
    let (code, _) = support::caller_code(app, &owner.call).await.unwrap();
    for _ in 0..5 {
        assert!(!check("none").await);
    }
    assert!(!check(&code).await, "after five tries it is worth nothing");
    let helper = app.help_desk("brightwater.example").await;
    let other = support::check_caller(app, &helper.call, owner.account, &code).await;
    assert_eq!(word(&other), "not found");
    let whole = acting(app, &desk, &org).await;
    assert_ne!(word(&support::caller_code(app, &whole).await), "done");
}

async fn a_callers_code_ends_after_ten_minutes(app: &TestApp) {
    let org = customer(app).await;
    let desk = desk(app).await;
    let owner = app.role(Role::DomainAdmin, app.org_scope(&org).await).await;
    let (code, _) = support::caller_code(app, &owner.call).await.unwrap();
    app.later(Duration::from_mins(10));
    let done = support::check_caller(app, &desk.call, owner.account, &code).await;
    assert!(!done.unwrap().value);
}

//! Why somebody can or can't: told by the very decision that lets them or refuses.

use std::time::Duration;

use postdesk::access::{Action, Against, Call, Role, Scope};
use postdesk::error::Error;
use postdesk::model::Forwarding;
use postdesk::service::explain::{self, Explanation, Told};
use postdesk::service::grants::{self, GrantWish, RoleName, ScopeName};
use postdesk::service::permissions::Object;
use postdesk::service::{mailboxes, people};

use super::word;
use crate::support::app::{TestApp, destination};
use crate::support::backend::both;
use crate::support::person::Person;

both! {
    what_is_allowed_comes_from_a_role,
    what_is_refused_has_its_reason,
    a_role_that_ended_is_told_as_one_that_ended,
    whoever_is_suspended_can_do_nothing,
    an_explanation_is_what_the_portal_does,
    a_token_is_explained_by_what_it_lets_through,
    what_cannot_be_seen_is_not_explained,
    only_people_who_may_be_seen_are_named_as_those_who_can,
}

const DOMAIN: &str = "brightwater.example";
const ANNA: &str = "anna@brightwater.example";

fn object(text: &str) -> Object {
    text.parse().unwrap()
}

fn of(all: &Explanation, action: Action) -> &Told {
    all.told.iter().find(|told| told.action == action).unwrap()
}

fn against(all: &Explanation, action: Action) -> Option<Against> {
    of(all, action).against
}

async fn what_is_allowed_comes_from_a_role(app: &TestApp) {
    app.mailbox(ANNA).await;
    let admin = app.domain_admin(DOMAIN).await;
    let desk = app.help_desk(DOMAIN).await;

    let told = explain::of(app, &admin.call, desk.account, &object(ANNA))
        .await
        .unwrap();

    let reset = of(&told, Action::MailboxResetPassword);
    assert_eq!(reset.against, None);
    assert_eq!(reset.by.len(), 1);
    assert_eq!(
        (reset.by[0].role.as_str(), reset.by[0].scope.as_str()),
        ("Help desk", DOMAIN)
    );
    assert_eq!(reset.by[0].account, desk.account);
    let delete = of(&told, Action::MailboxDelete);
    assert_eq!(delete.against, Some(Against::Missing));
    let helpers: Vec<_> = delete.helpers.iter().map(|helper| helper.account).collect();
    assert_eq!(helpers, [admin.account]);
}

async fn what_is_refused_has_its_reason(app: &TestApp) {
    app.mailbox(ANNA).await;
    let admin = app.domain_admin(DOMAIN).await;
    let boss = app.role(Role::Operator, Scope::System).await;
    let theirs = app.mailbox("boss@brightwater.example").await;
    app.mailbox(&boss.email).await;
    let own = app
        .role(Role::DomainAdmin, app.domain_scope("people.example").await)
        .await;

    let rank = explain::own(app, &own.call, &object(&boss.email)).await.unwrap();
    assert_eq!(against(&rank, Action::MailboxResetPassword), Some(Against::Rank));
    assert_eq!(against(&rank, Action::MailboxRead), None);

    let at = theirs.id;
    mailboxes::delete(app, &app.root(), &mailboxes::MailboxRef::Id(at))
        .await
        .unwrap();
    let bin = explain::own(app, &admin.call, &object(&theirs.id.to_string()))
        .await
        .unwrap();
    assert_eq!(against(&bin, Action::MailboxSetQuota), Some(Against::InTheBin));
    assert_eq!(
        against(&bin, Action::MailboxDelete),
        None,
        "it is restored with it"
    );

    let account = object(&admin.account.to_string());
    let oneself = explain::own(app, &admin.call, &account).await.unwrap();
    assert_eq!(against(&oneself, Action::GrantManage), Some(Against::Oneself));
    let reach = explain::of(app, &boss.call, admin.account, &object("people.example"))
        .await
        .unwrap();
    assert_eq!(against(&reach, Action::MailboxRead), Some(Against::OutOfReach));
}

async fn a_role_that_ended_is_told_as_one_that_ended(app: &TestApp) {
    app.mailbox(ANNA).await;
    let boss = app.operator().await;
    let ben = app.nobody().await;
    let wish = GrantWish {
        role: RoleName::BuiltIn(Role::HelpDesk),
        scope: ScopeName::Domain(DOMAIN.parse().unwrap()),
        expires_at: Some(app.clock_now().plus(Duration::from_hours(1))),
        reason: None,
    };
    let given = grants::give(app, &boss.call, ben.account, wish)
        .await
        .unwrap()
        .value;
    let before = explain::of(app, &boss.again().await, ben.account, &object(ANNA))
        .await
        .unwrap();
    assert_eq!(against(&before, Action::MailboxResetPassword), None);

    app.later(Duration::from_hours(1));
    let after = explain::of(app, &boss.again().await, ben.account, &object(ANNA))
        .await
        .unwrap();

    let reset = of(&after, Action::MailboxResetPassword);
    assert_eq!(reset.against, Some(Against::OutOfReach));
    assert!(reset.by.is_empty());
    assert_eq!(reset.ended[0].grant, given.given.grant.id);
}

async fn whoever_is_suspended_can_do_nothing(app: &TestApp) {
    app.mailbox(ANNA).await;
    let boss = app.operator().await;
    let desk = app.help_desk(DOMAIN).await;
    people::suspend(app, &boss.call, desk.account, "Left".parse().unwrap())
        .await
        .unwrap();

    let told = explain::of(app, &boss.again().await, desk.account, &object(ANNA))
        .await
        .unwrap();

    assert!(
        told.told
            .iter()
            .all(|one| one.against == Some(Against::Suspended))
    );
}

/// What becomes of each verb on a mailbox, without doing it.
async fn tried(app: &TestApp, call: &Call, at: &str) -> Vec<(Action, String)> {
    let call = Call {
        dry_run: true,
        ..call.clone()
    };
    let at = at.parse().unwrap();
    let forwarding = Forwarding {
        destinations: vec![destination("ben@brightwater.example")],
        keep_copy: true,
        until: None,
    };
    let named = |answer: Result<(), Error>| word(&answer);
    vec![
        (
            Action::MailboxRead,
            named(mailboxes::get(app, &call, &at).await.map(drop)),
        ),
        (
            Action::MailboxDelete,
            named(mailboxes::delete(app, &call, &at).await.map(drop)),
        ),
        (
            Action::MailboxSuspend,
            named(
                mailboxes::suspend(app, &call, &at, "x".parse().unwrap(), true, None)
                    .await
                    .map(drop),
            ),
        ),
        (
            Action::MailboxRename,
            named(
                mailboxes::rename(app, &call, &at, "another".parse().unwrap(), false)
                    .await
                    .map(drop),
            ),
        ),
        (
            Action::MailboxUpdate,
            named(
                mailboxes::set_forwarding(app, &call, &at, forwarding)
                    .await
                    .map(drop),
            ),
        ),
        (
            Action::MailboxResetPassword,
            named(mailboxes::reset_to_words(app, &call, &at).await.map(drop)),
        ),
    ]
}

async fn an_explanation_is_what_the_portal_does(app: &TestApp) {
    app.mailbox(ANNA).await;
    app.mailbox("ben@brightwater.example").await;
    let boss = app.operator().await;
    app.mailbox(&boss.email).await;
    let people_domain = app.domain_scope("people.example").await;
    let domain = app.domain_scope(DOMAIN).await;
    let mut all: Vec<Person<'_>> = vec![app.stranger().await, app.operator().await];
    for role in [
        Role::Support,
        Role::Auditor,
        Role::DomainAdmin,
        Role::HelpDesk,
        Role::AliasManager,
        Role::MailboxCreator,
    ] {
        let person = app.role(role, domain.clone()).await;
        person.also(role, people_domain.clone()).await;
        all.push(person);
    }
    for person in &all {
        let call = person.again().await;
        for at in [ANNA, boss.email.as_str()] {
            let told = explain::own(app, &call, &object(at)).await;
            for (action, outcome) in tried(app, &call, at).await {
                let done = outcome == "done";
                let Ok(told) = &told else {
                    assert_eq!(outcome, "not found", "{} {action} {at}", person.email);
                    continue;
                };
                // Who may not see mailboxes is told of the domain, where nobody stands behind anything.
                if told.thing.kind == explain::Kind::Mailbox {
                    let expected = against(told, action).is_none();
                    assert_eq!(done, expected, "{} {action} {at}: {outcome}", person.email);
                }
            }
        }
    }
}

async fn a_token_is_explained_by_what_it_lets_through(app: &TestApp) {
    app.mailbox(ANNA).await;
    let admin = app.domain_admin(DOMAIN).await;
    let token = admin.read_only_token().await;
    let call = admin.by_token(&token).await;

    let told = explain::own(app, &call, &object(ANNA)).await.unwrap();

    assert_eq!(against(&told, Action::MailboxRead), None);
    assert_eq!(against(&told, Action::MailboxDelete), Some(Against::Credential));
    assert_eq!(of(&told, Action::MailboxDelete).by[0].role, "Domain admin");
}

async fn what_cannot_be_seen_is_not_explained(app: &TestApp) {
    app.mailbox(ANNA).await;
    let admin = app.domain_admin(DOMAIN).await;
    let stranger = app.stranger().await;
    let desk = app.help_desk(DOMAIN).await;
    let outcome = |answer: Result<Explanation, Error>| word(&answer);

    let foreign = explain::own(app, &stranger.call, &object(ANNA)).await;
    assert_eq!(outcome(foreign), "not found");
    let person = explain::of(app, &stranger.call, admin.account, &object(DOMAIN)).await;
    assert_eq!(outcome(person), "not found");
    let no_read = explain::of(app, &desk.call, admin.account, &object(DOMAIN)).await;
    assert_eq!(outcome(no_read), "account.read is missing");

    // What the same person holds elsewhere stays untold.
    let elsewhere = app.stranger().await;
    elsewhere
        .also(Role::HelpDesk, app.domain_scope(DOMAIN).await)
        .await;
    let told = explain::of(app, &admin.call, elsewhere.account, &object(DOMAIN))
        .await
        .unwrap();
    let named = told.told.iter().flat_map(|one| &one.by);
    assert!(named.clone().count() > 0);
    assert!(named.clone().all(|source| source.scope == DOMAIN));
}

async fn only_people_who_may_be_seen_are_named_as_those_who_can(app: &TestApp) {
    app.mailbox(ANNA).await;
    let operator = app.operator().await;
    let admin = app.domain_admin(DOMAIN).await;
    let desk = app.help_desk(DOMAIN).await;
    let auditor = app.role(Role::Auditor, app.domain_scope(DOMAIN).await).await;
    let delete = Action::MailboxDelete;
    let who = |helpers: Vec<explain::Helper>| helpers.into_iter().map(|one| one.account).collect::<Vec<_>>();

    let to_desk = explain::who_can(app, &desk.call, &object(ANNA), delete)
        .await
        .unwrap();
    let to_auditor = explain::who_can(app, &auditor.call, &object(ANNA), delete)
        .await
        .unwrap();
    let to_admin = explain::who_can(app, &admin.call, &object(DOMAIN), Action::DomainDelete)
        .await
        .unwrap();
    let support = app.role(Role::Support, Scope::System).await;
    let to_support = explain::who_can(app, &support.call, &object(ANNA), delete)
        .await
        .unwrap();

    assert!(to_desk.is_empty(), "who may not see who manages is told nobody");
    assert_eq!(
        who(to_auditor),
        [admin.account],
        "the operator is above what an auditor of the domain sees"
    );
    assert!(to_admin.is_empty());
    assert_eq!(
        who(to_support),
        [admin.account, operator.account],
        "the nearest first"
    );
    people::suspend(app, &app.root(), admin.account, "Left".parse().unwrap())
        .await
        .unwrap();
    let without = explain::who_can(app, &support.call, &object(ANNA), delete)
        .await
        .unwrap();
    assert_eq!(who(without), [operator.account]);
}

//! Roles are given, taken and defined: never more than one holds, never to oneself, and with all that follows.

use std::time::Duration;

use postdesk::access::{Action, Permissions, Role, RoleRef, Scope};
use postdesk::error::Error;
use postdesk::model::{AccountId, Forwarding, Org, Password, RoleId, Secret};
use postdesk::service::aliases::{self, AliasRef};
use postdesk::service::grants::{self, GrantWish, RoleName, ScopeName};
use postdesk::service::people::{self, HandOver, Invitation};
use postdesk::service::roles::{self, RoleDraft, RolePatch};
use postdesk::service::{accounts, mailboxes, sign_in, ways_in};
use postdesk::store::{AccountKind, PageRequest};

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::both;
use crate::support::person::Person;

both! {
    nobody_hands_on_more_than_they_hold,
    nothing_handed_on_outlasts_what_it_came_from,
    nobody_changes_their_own_access,
    what_was_handed_on_ends_with_it_and_a_dry_run_says_so,
    two_who_gave_each_other_the_same_do_not_hold_each_other_up,
    the_last_operator_stays,
    of_two_operators_who_remove_each_other_one_stays,
    whoever_holds_less_changes_nobody_who_holds_more,
    an_org_defines_roles_of_what_their_author_holds,
    a_changed_role_is_looked_at_again_wherever_it_was_given,
    a_role_that_somebody_holds_is_not_deleted,
    a_role_is_given_inside_its_org_only,
    somebody_is_invited_and_chooses_a_password_once,
    an_invitation_ends_and_can_be_made_anew,
    a_suspended_person_is_out_at_once_and_comes_back_with_all_they_held,
    a_token_changes_nobodys_access,
    the_mailbox_of_whoever_holds_more_is_out_of_reach,
    the_mail_of_whoever_holds_more_is_not_taken_by_a_new_address,
    roles_elsewhere_are_not_shown,
    people_are_listed_where_they_belong_or_hold_something,
}

/// An actor's call, outcome in a word. A refusal that is a question of rank has its code.
fn told<T>(answer: &Result<T, Error>) -> String {
    match answer {
        Err(Error::Forbidden(refusal)) => format!("forbidden: {}", refusal.code),
        other => word(other),
    }
}

fn wish(role: Role, scope: &Org) -> GrantWish {
    named(RoleName::BuiltIn(role), ScopeName::Org(scope.id))
}

fn in_domain(role: Role, domain: &str) -> GrantWish {
    named(
        RoleName::BuiltIn(role),
        ScopeName::Domain(domain.parse().unwrap()),
    )
}

fn named(role: RoleName, scope: ScopeName) -> GrantWish {
    GrantWish {
        role,
        scope,
        expires_at: None,
        reason: None,
    }
}

async fn give(app: &TestApp, by: &Person<'_>, to: AccountId, wish: GrantWish) -> String {
    told(&grants::give(app, &by.again().await, to, wish).await)
}

/// What somebody holds now: `role on scope`.
async fn held(app: &TestApp, who: AccountId) -> Vec<String> {
    let person = people::get(app, &app.root(), who).await.unwrap().0;
    let told = person.grants.iter();
    told.map(|held| format!("{} on {}", held.given.grant.role.title(), held.scope_name))
        .collect()
}

/// A reseller with a customer that has a domain.
async fn reseller(app: &TestApp) -> (Org, Org, &'static str) {
    let reseller = app.reseller("Northwind").await;
    let customer = app.customer("Brightwater").below(&reseller).await;
    app.domain("brightwater.example").of(&customer).await;
    (reseller, customer, "brightwater.example")
}

async fn admin_of<'a>(app: &'a TestApp, role: Role, org: &Org) -> Person<'a> {
    app.role(role, app.org_scope(org).await).await
}

async fn nobody_hands_on_more_than_they_hold(app: &TestApp) {
    let (reseller, customer, domain) = reseller(app).await;
    let boss = admin_of(app, Role::ResellerAdmin, &reseller).await;
    let maria = app.domain_admin(domain).await;
    let desk = app.help_desk(domain).await;
    let ben = app.help_desk(domain).await.account;

    assert_eq!(
        give(app, &maria, ben, in_domain(Role::AliasManager, domain)).await,
        "done"
    );
    assert_eq!(
        give(app, &maria, ben, in_domain(Role::AliasManager, domain)).await,
        "already_given"
    );
    assert_eq!(
        give(app, &maria, ben, in_domain(Role::ResellerAdmin, domain)).await,
        "forbidden: beyond_own_access"
    );
    assert_eq!(
        give(app, &maria, ben, wish(Role::HelpDesk, &customer)).await,
        "not found"
    );
    assert_eq!(
        give(app, &desk, maria.account, in_domain(Role::HelpDesk, domain)).await,
        "grant.manage is missing"
    );
    assert_eq!(
        give(app, &boss, ben, wish(Role::DomainAdmin, &customer)).await,
        "done"
    );
    let everything = named(RoleName::BuiltIn(Role::Operator), ScopeName::System);
    assert_eq!(give(app, &boss, ben, everything).await, "not found");
    assert_eq!(
        give(app, &boss, ben, wish(Role::Operator, &reseller)).await,
        "/role scope"
    );
}

async fn nothing_handed_on_outlasts_what_it_came_from(app: &TestApp) {
    let (reseller, customer, domain) = reseller(app).await;
    let operator = app.operator().await;
    let anna = app.nobody().await;
    let week = app.clock_now().plus(Duration::from_hours(7 * 24));
    let until = |end| GrantWish {
        expires_at: Some(end),
        ..wish(Role::ResellerAdmin, &reseller)
    };
    assert_eq!(give(app, &operator, anna.account, until(week)).await, "done");
    let ben = admin_of(app, Role::HelpDesk, &customer).await.account;

    let for_good = in_domain(Role::AliasManager, domain);
    assert_eq!(
        give(app, &anna, ben, for_good.clone()).await,
        "forbidden: beyond_own_access"
    );
    let too_long = GrantWish {
        expires_at: Some(week.plus(Duration::from_secs(1))),
        ..for_good.clone()
    };
    assert_eq!(
        give(app, &anna, ben, too_long).await,
        "forbidden: beyond_own_access"
    );
    let past = GrantWish {
        expires_at: Some(app.clock_now()),
        ..for_good.clone()
    };
    assert_eq!(give(app, &anna, ben, past).await, "/expires_at in_the_past");
    let as_long = GrantWish {
        expires_at: Some(week),
        ..for_good
    };
    assert_eq!(give(app, &anna, ben, as_long).await, "done");
    app.days_later(7);
    let actor = sign_in::with_session(app, ben).await.unwrap();
    assert_eq!(
        actor.grants().len(),
        1,
        "what was given until then is over by the clock alone"
    );
    assert!(
        sign_in::with_session(app, anna.account)
            .await
            .unwrap()
            .grants()
            .is_empty()
    );
}

async fn nobody_changes_their_own_access(app: &TestApp) {
    let (reseller, ..) = reseller(app).await;
    let boss = admin_of(app, Role::ResellerAdmin, &reseller).await;
    let own = people::get(app, &boss.call, boss.account).await.unwrap().0.grants[0]
        .given
        .grant
        .id;

    let more = give(app, &boss, boss.account, wish(Role::DomainAdmin, &reseller)).await;
    let less = told(&grants::revoke(app, &boss.call, boss.account, own).await);
    let reason = || "x".parse().unwrap();
    let off = told(&people::suspend(app, &boss.call, boss.account, reason()).await);

    assert_eq!(
        (more.as_str(), less.as_str()),
        ("forbidden: own_access", "forbidden: own_access")
    );
    assert_eq!(off, "forbidden: own_access");
}

async fn what_was_handed_on_ends_with_it_and_a_dry_run_says_so(app: &TestApp) {
    let (reseller, customer, domain) = reseller(app).await;
    let operator = app.operator().await;
    let maria = app.nobody().await;
    give(app, &operator, maria.account, wish(Role::DomainAdmin, &reseller)).await;
    let (ben, eve) = (app.help_desk(domain).await, app.help_desk(domain).await);
    assert_eq!(
        give(app, &maria, ben.account, wish(Role::DomainAdmin, &customer)).await,
        "done"
    );
    assert_eq!(
        give(app, &ben, eve.account, in_domain(Role::AliasManager, domain)).await,
        "done"
    );
    let grant = people::get(app, &app.root(), maria.account)
        .await
        .unwrap()
        .0
        .grants[0]
        .given
        .grant
        .id;

    let mut dry = operator.again().await;
    dry.dry_run = true;
    let preview = grants::revoke(app, &dry, maria.account, grant).await.unwrap();
    assert_eq!(held(app, eve.account).await.len(), 2, "a dry run ends nothing");
    let done = grants::revoke(app, &operator.again().await, maria.account, grant)
        .await
        .unwrap();

    let names = |ended: &[postdesk::store::GrantRecord]| -> Vec<AccountId> {
        ended.iter().map(|ended| ended.given.to).collect()
    };
    assert_eq!(names(&done.value), [maria.account, ben.account, eve.account]);
    assert_eq!(names(&preview.value), names(&done.value));
    assert_eq!(done.events.len(), 3);
    assert!(held(app, maria.account).await.is_empty());
    assert_eq!(held(app, ben.account).await, ["Help desk on brightwater.example"]);
    assert_eq!(held(app, eve.account).await, ["Help desk on brightwater.example"]);
    assert!(
        !ben.again()
            .await
            .actor
            .actions_at(&app.org_scope(&customer).await.place())
            .contains(&Action::GrantManage)
    );
}

async fn two_who_gave_each_other_the_same_do_not_hold_each_other_up(app: &TestApp) {
    let (_, customer, _) = reseller(app).await;
    let operator = app.operator().await;
    let (anna, ben) = (app.nobody().await, app.nobody().await);
    give(app, &operator, anna.account, wish(Role::DomainAdmin, &customer)).await;
    let root = people::get(app, &app.root(), anna.account)
        .await
        .unwrap()
        .0
        .grants[0]
        .given
        .grant
        .id;
    let all = Permissions::of(Role::DomainAdmin).to_string();
    let own = own_role(app, &operator, &customer, "Deputy", &all).await;
    let deputy = RoleName::Own(own.unwrap());
    let org = ScopeName::Org(customer.id);
    // They do not see each other before: the operator introduces Ben.
    give(app, &operator, ben.account, wish(Role::AliasManager, &customer)).await;
    assert_eq!(
        give(app, &anna, ben.account, wish(Role::DomainAdmin, &customer)).await,
        "done"
    );
    assert_eq!(give(app, &ben, anna.account, named(deputy, org)).await, "done");

    grants::revoke(app, &operator.again().await, anna.account, root)
        .await
        .unwrap();

    assert!(held(app, anna.account).await.is_empty());
    assert_eq!(held(app, ben.account).await, ["Alias manager on Brightwater"]);
}

async fn the_last_operator_stays(app: &TestApp) {
    let (one, other) = (app.operator().await, app.operator().await);
    let grant_of = async |who: AccountId| {
        people::get(app, &app.root(), who).await.unwrap().0.grants[0]
            .given
            .grant
            .id
    };
    let gone = grants::revoke(app, &one.call, other.account, grant_of(other.account).await).await;
    assert_eq!(told(&gone), "done");

    let last = grant_of(one.account).await;
    let by_the_console = grants::revoke(app, &app.root(), one.account, last).await;
    let off = people::suspend(app, &app.root(), one.account, "x".parse().unwrap()).await;

    assert_eq!(told(&by_the_console), "last_operator");
    assert_eq!(told(&off), "last_operator");
    assert_eq!(held(app, one.account).await, ["Operator on everything"]);
}

async fn of_two_operators_who_remove_each_other_one_stays(app: &TestApp) {
    for _ in 0..5 {
        let (one, other) = (app.operator().await, app.operator().await);
        let (a, b) = (
            people::get(app, &app.root(), one.account).await.unwrap().0.grants[0]
                .given
                .grant
                .id,
            people::get(app, &app.root(), other.account)
                .await
                .unwrap()
                .0
                .grants[0]
                .given
                .grant
                .id,
        );
        let (first, second) = tokio::join!(
            grants::revoke(app, &one.call, other.account, b),
            grants::revoke(app, &other.call, one.account, a),
        );
        let done = usize::from(first.is_ok()) + usize::from(second.is_ok());
        assert_eq!(done, 1, "{} {}", told(&first), told(&second));
        let left = held(app, one.account).await.len() + held(app, other.account).await.len();
        assert_eq!(left, 1);
    }
}

async fn whoever_holds_less_changes_nobody_who_holds_more(app: &TestApp) {
    let (reseller, _, domain) = reseller(app).await;
    let boss = admin_of(app, Role::ResellerAdmin, &reseller).await;
    let below = app.domain_admin(domain).await;
    // An operator who also looks after a domain of the reseller is seen there, and not theirs to touch.
    let operator = app.operator().await;
    operator
        .also(Role::DomainAdmin, app.domain_scope(domain).await)
        .await;
    let reason = || "left".parse().unwrap();

    let up = people::suspend(app, &boss.call, operator.account, reason()).await;
    let down = people::suspend(app, &boss.call, below.account, reason()).await;
    let renamed = people::rename(app, &boss.call, operator.account, "Mallory".parse().unwrap()).await;

    assert_eq!(told(&up), "forbidden: outranked");
    assert_eq!(told(&renamed), "forbidden: outranked");
    assert_eq!(told(&down), "done");
}

async fn own_role(
    app: &TestApp,
    by: &Person<'_>,
    org: &Org,
    name: &str,
    holds: &str,
) -> Result<RoleId, Error> {
    let draft = RoleDraft {
        name: name.parse().unwrap(),
        description: postdesk::model::Note::default(),
        holds: holds.parse().unwrap(),
    };
    roles::create(app, &by.again().await, org.id, draft)
        .await
        .map(|done| done.value.id)
}

async fn an_org_defines_roles_of_what_their_author_holds(app: &TestApp) {
    let (reseller, customer, domain) = reseller(app).await;
    let boss = admin_of(app, Role::ResellerAdmin, &reseller).await;
    let maria = admin_of(app, Role::DomainAdmin, &customer).await;

    let made = own_role(
        app,
        &boss,
        &reseller,
        "Reset only",
        "mailbox.read mailbox.reset_password",
    )
    .await;
    let again = own_role(app, &boss, &reseller, "Reset only", "mailbox.read").await;
    let more = own_role(app, &boss, &reseller, "Too much", "mailbox.read hash.import").await;
    let empty = own_role(app, &boss, &reseller, "Nothing", "").await;
    let not_hers = own_role(app, &maria, &customer, "Hers", "mailbox.read").await;

    assert_eq!(told(&again), "already_exists");
    assert_eq!(told(&more), "forbidden: beyond_own_access");
    assert_eq!(told(&empty), "/permissions required");
    assert_eq!(told(&not_hers), "role.manage is missing");
    // Maria, a customer of that reseller, hands the role on and cannot define it.
    let reset = RoleName::Own(made.unwrap());
    let ben = app.help_desk(domain).await;
    let there = ScopeName::Domain(domain.parse().unwrap());
    assert_eq!(give(app, &maria, ben.account, named(reset, there)).await, "done");
    let actions = ben
        .again()
        .await
        .actor
        .actions_at(&app.domain_scope(domain).await.place());
    assert!(actions.contains(&Action::MailboxResetPassword) && !actions.contains(&Action::MailboxDelete));
}

async fn a_changed_role_is_looked_at_again_wherever_it_was_given(app: &TestApp) {
    let (reseller, customer, domain) = reseller(app).await;
    let boss = admin_of(app, Role::ResellerAdmin, &reseller).await;
    let maria = admin_of(app, Role::DomainAdmin, &customer).await;
    let id = own_role(app, &boss, &reseller, "Clerk", "mailbox.read mailbox.delete")
        .await
        .unwrap();
    let (by_maria, by_boss) = (app.help_desk(domain).await, app.help_desk(domain).await);
    let there = || ScopeName::Domain(domain.parse().unwrap());
    assert_eq!(
        give(app, &maria, by_maria.account, named(RoleName::Own(id), there())).await,
        "done"
    );
    assert_eq!(
        give(app, &boss, by_boss.account, named(RoleName::Own(id), there())).await,
        "done"
    );
    let change = async |holds: &str| {
        let patch = RolePatch {
            holds: Some(holds.parse().unwrap()),
            ..RolePatch::default()
        };
        roles::update(app, &boss.again().await, id, patch)
            .await
            .unwrap()
            .value
    };

    let less = change("mailbox.read").await;
    assert!(less.ended.is_empty());
    let place = app.domain_scope(domain).await.place();
    assert!(
        !by_maria
            .again()
            .await
            .actor
            .actions_at(&place)
            .contains(&Action::MailboxDelete)
    );

    // Maria may not delete domains, so what she gave must not come to allow it.
    let more = change("mailbox.read domain.delete").await;
    let ended: Vec<AccountId> = more.ended.iter().map(|held| held.given.to).collect();
    assert_eq!(ended, [by_maria.account]);
    assert!(
        by_boss
            .again()
            .await
            .actor
            .actions_at(&place)
            .contains(&Action::DomainDelete)
    );
    assert!(
        !by_maria
            .again()
            .await
            .actor
            .actions_at(&place)
            .contains(&Action::DomainDelete)
    );
}

async fn a_role_that_somebody_holds_is_not_deleted(app: &TestApp) {
    let (reseller, _, domain) = reseller(app).await;
    let boss = admin_of(app, Role::ResellerAdmin, &reseller).await;
    let id = own_role(app, &boss, &reseller, "Clerk", "mailbox.read")
        .await
        .unwrap();
    let ben = app.help_desk(domain).await;
    let there = ScopeName::Domain(domain.parse().unwrap());
    give(app, &boss, ben.account, named(RoleName::Own(id), there)).await;

    assert_eq!(told(&roles::delete(app, &boss.again().await, id).await), "in_use");
    let held = people::get(app, &app.root(), ben.account).await.unwrap().0.grants;
    let given = held
        .iter()
        .find(|held| matches!(held.given.grant.role, RoleRef::Own(..)))
        .unwrap();
    grants::revoke(app, &boss.again().await, ben.account, given.given.grant.id)
        .await
        .unwrap();
    assert_eq!(told(&roles::delete(app, &boss.again().await, id).await), "done");
    assert_eq!(told(&roles::get(app, &boss.again().await, id).await), "not found");
}

async fn a_role_is_given_inside_its_org_only(app: &TestApp) {
    let (reseller, ..) = reseller(app).await;
    let operator = app.operator().await;
    app.domain("elsewhere.example").await;
    let id = own_role(app, &operator, &reseller, "Clerk", "mailbox.read")
        .await
        .unwrap();
    let ben = app.help_desk("elsewhere.example").await;

    let there = ScopeName::Domain("elsewhere.example".parse().unwrap());
    assert_eq!(
        give(app, &operator, ben.account, named(RoleName::Own(id), there)).await,
        "/role scope"
    );
    let stranger = app.stranger().await;
    assert_eq!(told(&roles::get(app, &stranger.call, id).await), "not found");
}

fn invitation(email: &str, grant: GrantWish) -> Invitation {
    Invitation {
        kind: AccountKind::Person,
        email: email.to_owned(),
        name: "Eve Adams".parse().unwrap(),
        grant,
        by: HandOver::Shown,
    }
}

fn code_of(invited: &people::Invited) -> String {
    invited
        .link
        .as_ref()
        .unwrap()
        .expose()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned()
}

async fn somebody_is_invited_and_chooses_a_password_once(app: &TestApp) {
    let (.., domain) = reseller(app).await;
    let maria = app.domain_admin(domain).await;
    let new = invitation("Eve@people.example", in_domain(Role::HelpDesk, domain));

    let invited = people::invite(app, &maria.call, new).await.unwrap().value;
    let early = sign_in::with_password(app, "eve@people.example", "amber tunnel copper".to_owned()).await;
    let code = code_of(&invited);
    let password = || Password::offered("amber tunnel copper").unwrap();
    let seen = ways_in::invitation(app, &code).await.unwrap().unwrap();
    let first = ways_in::accept(app, "test", &code, password()).await;
    let second = ways_in::accept(app, "test", &code, password()).await;
    let now = sign_in::with_password(app, "eve@people.example", "amber tunnel copper".to_owned()).await;

    assert_eq!(
        (told(&early), seen.email.as_str()),
        ("unknown".to_owned(), "eve@people.example")
    );
    assert_eq!(
        (told(&first), told(&second)),
        ("done".to_owned(), "link_over".to_owned())
    );
    assert_eq!(now.unwrap(), invited.person.id);
    assert_eq!(
        held(app, invited.person.id).await,
        ["Help desk on brightwater.example"]
    );
    let again = invitation("eve@people.example", in_domain(Role::HelpDesk, domain));
    assert_eq!(
        told(&people::invite(app, &maria.again().await, again).await),
        "already_exists"
    );
    let more = invitation("max@people.example", in_domain(Role::ResellerAdmin, domain));
    assert_eq!(
        told(&people::invite(app, &maria.again().await, more).await),
        "forbidden: beyond_own_access"
    );
}

async fn an_invitation_ends_and_can_be_made_anew(app: &TestApp) {
    let (.., domain) = reseller(app).await;
    let maria = app.domain_admin(domain).await;
    let new = invitation("eve@people.example", in_domain(Role::HelpDesk, domain));
    let first = people::invite(app, &maria.call, new).await.unwrap().value;

    let second = people::invite_again(app, &maria.again().await, first.person.id, HandOver::Shown)
        .await
        .unwrap()
        .value;
    assert!(
        ways_in::invitation(app, &code_of(&first))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        ways_in::invitation(app, &code_of(&second))
            .await
            .unwrap()
            .is_some()
    );
    app.days_later(people::INVITATION_DAYS);
    assert!(
        ways_in::invitation(app, &code_of(&second))
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_suspended_person_is_out_at_once_and_comes_back_with_all_they_held(app: &TestApp) {
    let (reseller, _, domain) = reseller(app).await;
    let boss = admin_of(app, Role::ResellerAdmin, &reseller).await;
    let maria = app.domain_admin(domain).await;
    let token = maria.token().await;
    let before = held(app, maria.account).await;

    people::suspend(app, &boss.call, maria.account, "on leave".parse().unwrap())
        .await
        .unwrap();
    let out = [
        told(&sign_in::with_session(app, maria.account).await),
        told(&sign_in::with_token(app, &token).await),
        told(&sign_in::with_password(app, &maria.email, maria.password.clone()).await),
        told(
            &mailboxes::create(
                app,
                &maria.call,
                &domain.parse().unwrap(),
                crate::support::app::mailbox_draft("late"),
            )
            .await,
        ),
    ];
    people::resume(app, &boss.again().await, maria.account)
        .await
        .unwrap();

    assert_eq!(out, ["unknown"; 4]);
    assert_eq!(held(app, maria.account).await, before);
    assert_eq!(told(&sign_in::with_token(app, &token).await), "done");
}

async fn a_token_changes_nobodys_access(app: &TestApp) {
    let (.., domain) = reseller(app).await;
    let maria = app.domain_admin(domain).await;
    let ben = app.help_desk(domain).await;
    let call = maria.by_token(&maria.token().await).await;

    let given = grants::give(app, &call, ben.account, in_domain(Role::AliasManager, domain)).await;
    let new = invitation("eve@people.example", in_domain(Role::HelpDesk, domain));
    let invited = people::invite(app, &call, new).await;

    assert_eq!(told(&given), "forbidden: not_by_token");
    assert_eq!(told(&invited), "forbidden: not_by_token");
}

async fn the_mailbox_of_whoever_holds_more_is_out_of_reach(app: &TestApp) {
    let (.., domain) = reseller(app).await;
    let maria = app.domain_admin(domain).await;
    for name in ["boss", "desk"] {
        app.mailbox(&format!("{name}@{domain}")).await;
    }
    let signs_in = async |name: &str, role, scope| {
        let new = accounts::NewAccount {
            email: format!("{name}@{domain}"),
            name: name.parse().unwrap(),
            password: None,
            grant: Some((role, scope)),
        };
        accounts::create(app, &app.root(), new).await.unwrap();
    };
    signs_in("boss", Role::Operator, Scope::System).await;
    signs_in("desk", Role::HelpDesk, app.domain_scope(domain).await).await;
    let verbs = async |name: &str| -> Vec<String> {
        let at = format!("{name}@{domain}").parse().unwrap();
        let mut call = maria.again().await;
        call.dry_run = true;
        let password = Password::offered("amber tunnel copper").unwrap();
        let forwarding = Forwarding {
            destinations: vec![crate::support::app::destination("out@elsewhere.example")],
            keep_copy: true,
            until: None,
        };
        vec![
            told(&mailboxes::set_password(app, &call, &at, Secret::Password(password)).await),
            told(&mailboxes::reset_to_words(app, &call, &at).await),
            told(&mailboxes::make_setup_link(app, &call, &at).await),
            told(&mailboxes::set_forwarding(app, &call, &at, forwarding).await),
            told(&mailboxes::rename(app, &call, &at, "other".parse().unwrap(), false).await),
            told(&mailboxes::delete(app, &call, &at).await),
        ]
    };

    assert_eq!(verbs("boss").await, ["forbidden: outranked"; 6]);
    assert_eq!(verbs("desk").await, ["done"; 6]);
}

async fn the_mail_of_whoever_holds_more_is_not_taken_by_a_new_address(app: &TestApp) {
    let (.., domain) = reseller(app).await;
    let maria = app.domain_admin(domain).await;
    app.mailbox(&format!("anna@{domain}")).await;
    let alias = app
        .alias(&format!("info@{domain}"), &["anna@brightwater.example"])
        .await;
    for (name, role, scope) in [
        ("boss", Role::Operator, Scope::System),
        ("desk", Role::HelpDesk, app.domain_scope(domain).await),
    ] {
        let new = accounts::NewAccount {
            email: format!("{name}@{domain}"),
            name: name.parse().unwrap(),
            password: None,
            grant: Some((role, scope)),
        };
        accounts::create(app, &app.root(), new).await.unwrap();
    }
    let takes = async |name: &str| -> Vec<String> {
        let mut call = maria.again().await;
        call.dry_run = true;
        let within = domain.parse().unwrap();
        let local: postdesk::model::LocalPart = name.parse().unwrap();
        let mailbox = crate::support::app::mailbox_draft(name);
        let group = crate::support::app::alias_draft(name, &["anna@brightwater.example"]);
        let anna = "anna@brightwater.example".parse().unwrap();
        let renamed = postdesk::model::AliasPatch {
            local_part: Some(local.clone()),
            ..postdesk::model::AliasPatch::default()
        };
        let info = AliasRef::Id(alias.id);
        vec![
            told(&mailboxes::create(app, &call, &within, mailbox).await),
            told(&aliases::create(app, &call, &within, group).await),
            told(&mailboxes::rename(app, &call, &anna, local, false).await),
            told(&aliases::update(app, &call, &info, renamed).await),
        ]
    };

    assert_eq!(takes("boss").await, ["forbidden: outranked"; 4]);
    assert_eq!(takes("desk").await, ["done"; 4]);
}

async fn roles_elsewhere_are_not_shown(app: &TestApp) {
    let (.., domain) = reseller(app).await;
    app.domain("elsewhere.example").await;
    let maria = app.domain_admin(domain).await;
    let ben = app.help_desk(domain).await;
    ben.also(Role::DomainAdmin, app.domain_scope("elsewhere.example").await)
        .await;

    let seen = people::get(app, &maria.call, ben.account).await.unwrap().0;

    let names: Vec<&str> = seen.grants.iter().map(|held| held.scope_name.as_str()).collect();
    assert_eq!(names, [domain]);
}

async fn people_are_listed_where_they_belong_or_hold_something(app: &TestApp) {
    let (reseller, _, domain) = reseller(app).await;
    let boss = admin_of(app, Role::ResellerAdmin, &reseller).await;
    let maria = app.domain_admin(domain).await;
    let stranger = app.stranger().await;
    let page = PageRequest::first(50);
    let seen = async |by: &Person<'_>| -> Vec<AccountId> {
        let page = people::list(app, &by.again().await, "", &page).await.unwrap();
        let mut ids: Vec<AccountId> = page.items.iter().map(|person| person.id).collect();
        ids.sort();
        ids
    };
    let mut below = vec![boss.account, maria.account];
    below.sort();

    assert_eq!(seen(&boss).await, below);
    assert_eq!(seen(&maria).await, [maria.account]);
    assert_eq!(seen(&stranger).await, [stranger.account]);
    let operator = app.operator().await;
    assert_eq!(seen(&operator).await.len(), 4);
    let first = people::list(app, &operator.call, "", &PageRequest::first(1))
        .await
        .unwrap();
    let rest = PageRequest {
        limit: 50,
        after: first.next,
    };
    assert_eq!(
        people::list(app, &operator.call, "", &rest)
            .await
            .unwrap()
            .items
            .len(),
        3
    );
    let found = people::list(app, &operator.call, &maria.email, &page)
        .await
        .unwrap();
    assert_eq!(found.items.len(), 1);
    assert!(matches!(
        found.items[0].grants[0].given.grant.scope,
        Scope::Domain(..)
    ));
}

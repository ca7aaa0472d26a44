//! How much may be held: unlimited, a number, or nothing at all; at the domain, the org and every org above.

use postdesk::error::Error;
use postdesk::model::{Limit, Limits, MailboxPatch, Org, Quota, Sharing};
use postdesk::service::{aliases, domains, mailboxes, orgs};

use super::{limits, word};
use crate::support::app::{TestApp, alias_draft, mailbox_draft};
use crate::support::backend::both;

both! {
    the_number_of_mailboxes_is_kept,
    zero_is_none_and_unlimited_is_no_limit,
    the_limit_of_an_org_far_above_counts,
    the_sum_of_quotas_is_kept_to_the_byte,
    an_unlimited_mailbox_needs_an_unlimited_pool,
    one_mailbox_has_its_own_border,
    a_quota_can_always_be_lowered_into_the_border,
    aliases_and_catch_all_count,
    the_number_of_domains_is_kept,
    a_limit_below_what_is_held_takes_nothing_away,
    limits_take_their_own_permission,
    quotas_near_the_largest_number_are_refused_not_wrapped,
}

async fn create(app: &TestApp, address: &str, quota: &str) -> String {
    word(&try_create(app, address, quota).await)
}

async fn try_create(app: &TestApp, address: &str, quota: &str) -> Result<(), Error> {
    let (local, domain) = address.split_once('@').unwrap();
    let mut draft = mailbox_draft(local);
    draft.quota = Some(quota.parse().unwrap());
    let done = mailboxes::create(app, &app.root(), &domain.parse().unwrap(), draft).await;
    done.map(drop)
}

async fn the_number_of_mailboxes_is_kept(app: &TestApp) {
    app.domain("brightwater.example")
        .limits(limits("2", "", "", ""))
        .await;

    assert_eq!(create(app, "a@brightwater.example", "1 GB").await, "done");
    assert_eq!(create(app, "b@brightwater.example", "1 GB").await, "done");
    let third = try_create(app, "c@brightwater.example", "1 GB").await;
    assert_eq!(word(&third), "limit_reached");
    assert_eq!(
        third.unwrap_err().to_string(),
        "brightwater.example may hold 2 mailboxes and holds 2."
    );

    mailboxes::delete(app, &app.root(), &"a@brightwater.example".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(create(app, "c@brightwater.example", "1 GB").await, "done");
    let back = mailboxes::restore(app, &app.root(), &"a@brightwater.example".parse().unwrap()).await;
    assert_eq!(word(&back), "limit_reached");
}

async fn zero_is_none_and_unlimited_is_no_limit(app: &TestApp) {
    app.domain("none.example").limits(limits("0", "0", "", "")).await;
    app.domain("any.example").limits(Limits::UNLIMITED).await;
    app.domain("nospace.example")
        .limits(limits("", "", "0", ""))
        .await;

    assert_eq!(create(app, "a@none.example", "1 GB").await, "limit_reached");
    assert_eq!(create(app, "a@any.example", "1 GB").await, "done");
    assert_eq!(create(app, "a@nospace.example", "1 MB").await, "limit_reached");
    assert_eq!(create(app, "a@nospace.example", "0").await, "done");
    let alias = alias_draft("x", &["y@outside.test"]);
    let alias = aliases::create(app, &app.root(), &"none.example".parse().unwrap(), alias).await;
    assert_eq!(word(&alias), "limit_reached");
}

async fn chain(app: &TestApp, top: Limits) -> (Org, Org) {
    let top = Limits {
        sharing: Sharing::from_db(Some(100)).unwrap(),
        ..top
    };
    let reseller = app.reseller("Northlight").limits(top).await;
    let customer = app.customer("Harbour").below(&reseller).await;
    app.domain("one.example").of(&customer).await;
    app.domain("two.example").of(&reseller).await;
    (reseller, customer)
}

async fn the_limit_of_an_org_far_above_counts(app: &TestApp) {
    let (reseller, customer) = chain(app, limits("2", "", "", "")).await;

    assert_eq!(create(app, "a@one.example", "1 GB").await, "done");
    assert_eq!(create(app, "a@two.example", "1 GB").await, "done");
    let third = try_create(app, "b@one.example", "1 GB").await;

    assert!(
        third
            .unwrap_err()
            .to_string()
            .starts_with("Northlight may hold 2 mailboxes")
    );
    let (reseller, customer) = (
        app.org_now(&reseller).await.usage,
        app.org_now(&customer).await.usage,
    );
    assert_eq!(
        (reseller.mailboxes, reseller.domains, reseller.quota_bytes),
        (2, 2, 2 << 30)
    );
    assert_eq!(
        (customer.mailboxes, customer.domains, customer.quota_bytes),
        (1, 1, 1 << 30)
    );
}

async fn the_sum_of_quotas_is_kept_to_the_byte(app: &TestApp) {
    app.domain("brightwater.example")
        .limits(limits("", "", "1000 B", ""))
        .await;

    assert_eq!(create(app, "a@brightwater.example", "600 B").await, "done");
    let over = try_create(app, "b@brightwater.example", "401 B").await;
    let Err(Error::Against(refusal)) = over else {
        panic!("{over:?}")
    };
    assert_eq!((refusal.max, refusal.pointer), (Some(400), Some("/quota_bytes")));
    assert_eq!(create(app, "b@brightwater.example", "400 B").await, "done");
    assert_eq!(
        set_quota(app, "b@brightwater.example", "401 B").await,
        "limit_reached"
    );
    assert_eq!(set_quota(app, "a@brightwater.example", "599 B").await, "done");
    assert_eq!(set_quota(app, "b@brightwater.example", "401 B").await, "done");
    assert_eq!(
        app.domain_now("brightwater.example").await.usage.quota_bytes,
        1000
    );
}

async fn set_quota(app: &TestApp, address: &str, quota: &str) -> String {
    let patch = MailboxPatch {
        quota: Some(quota.parse().unwrap()),
        ..MailboxPatch::default()
    };
    word(&mailboxes::update(app, &app.root(), &address.parse().unwrap(), patch).await)
}

async fn an_unlimited_mailbox_needs_an_unlimited_pool(app: &TestApp) {
    let (reseller, _) = chain(app, limits("", "", "10 GB", "")).await;

    assert_eq!(create(app, "a@one.example", "unlimited").await, "limit_reached");
    assert_eq!(create(app, "a@one.example", "1 GB").await, "done");
    assert_eq!(
        set_quota(app, "a@one.example", "unlimited").await,
        "limit_reached"
    );
    orgs::set_limits(app, &app.root(), reseller.id, Limits::UNLIMITED)
        .await
        .unwrap();
    assert_eq!(set_quota(app, "a@one.example", "unlimited").await, "done");
    let usage = app.domain_now("one.example").await.usage;
    assert_eq!((usage.unlimited, usage.quota_bytes), (1, 0));
}

async fn one_mailbox_has_its_own_border(app: &TestApp) {
    app.domain("brightwater.example")
        .limits(limits("", "", "", "2 GB"))
        .await;

    assert_eq!(create(app, "a@brightwater.example", "2 GB").await, "done");
    assert_eq!(
        create(app, "b@brightwater.example", "2147483649 B").await,
        "limit_reached"
    );
    assert_eq!(
        create(app, "b@brightwater.example", "unlimited").await,
        "limit_reached"
    );
    assert_eq!(
        set_quota(app, "a@brightwater.example", "3 GB").await,
        "limit_reached"
    );
}

async fn a_quota_can_always_be_lowered_into_the_border(app: &TestApp) {
    let domain = app
        .mailbox("a@brightwater.example")
        .quota("8 GB")
        .await
        .address
        .domain()
        .clone();
    domains::set_limits(app, &app.root(), &domain, limits("", "", "4 GB", ""))
        .await
        .unwrap();

    assert_eq!(set_quota(app, "a@brightwater.example", "6 GB").await, "done");
    assert_eq!(
        set_quota(app, "a@brightwater.example", "7 GB").await,
        "limit_reached"
    );
    assert_eq!(set_quota(app, "a@brightwater.example", "1 GB").await, "done");
}

async fn aliases_and_catch_all_count(app: &TestApp) {
    let domain = app
        .domain("brightwater.example")
        .limits(limits("", "2", "", ""))
        .await;
    let create = async |local: &str| {
        word(
            &aliases::create(
                app,
                &app.root(),
                &domain.name,
                alias_draft(local, &["x@outside.test"]),
            )
            .await,
        )
    };

    assert_eq!(create("a").await, "done");
    assert_eq!(create("").await, "done");
    assert_eq!(create("b").await, "limit_reached");
    app.mailbox("anna@brightwater.example").await;
    let anna = "anna@brightwater.example".parse().unwrap();
    let renamed = mailboxes::rename(app, &app.root(), &anna, "ann".parse().unwrap(), true).await;
    assert_eq!(word(&renamed), "limit_reached");
    aliases::delete(app, &app.root(), &"@brightwater.example".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(create("b").await, "done");
}

async fn the_number_of_domains_is_kept(app: &TestApp) {
    let two = Limits {
        domains: Limit::AtMost(2),
        ..Limits::UNLIMITED
    };
    let (reseller, customer) = chain(app, two).await;
    let draft = postdesk::model::DomainDraft {
        name: "three.example".parse().unwrap(),
        note: postdesk::model::Note::default(),
        external_id: None,
        default_quota: Quota::Unlimited,
        limits: Limits::UNLIMITED,
    };

    let third = domains::create(app, &app.root(), customer.id, draft.clone()).await;
    assert_eq!(word(&third), "limit_reached");
    domains::delete(app, &app.root(), &"two.example".parse().unwrap())
        .await
        .unwrap();
    let third = domains::create(app, &app.root(), customer.id, draft).await;
    assert_eq!(word(&third), "done");
    let back = domains::restore(app, &app.root(), &"two.example".parse().unwrap()).await;
    assert_eq!(word(&back), "limit_reached");
    assert_eq!(app.org_now(&reseller).await.usage.domains, 2);
}

async fn a_limit_below_what_is_held_takes_nothing_away(app: &TestApp) {
    app.mailbox("a@brightwater.example").await;
    let domain = app
        .mailbox("b@brightwater.example")
        .await
        .address
        .domain()
        .clone();

    domains::set_limits(app, &app.root(), &domain, limits("1", "", "1 MB", "1 MB"))
        .await
        .unwrap();

    assert_eq!(app.domain_now("brightwater.example").await.usage.mailboxes, 2);
    assert_eq!(
        create(app, "c@brightwater.example", "1 KB").await,
        "limit_reached"
    );
    let gone = mailboxes::delete(app, &app.root(), &"a@brightwater.example".parse().unwrap()).await;
    assert_eq!(word(&gone), "done");
}

async fn limits_take_their_own_permission(app: &TestApp) {
    let customer = app.customer("Harbour").await;
    let scope = app.org_scope(&customer).await;
    let admin = app.role(postdesk::access::Role::DomainAdmin, scope.clone()).await;
    let reseller = app.role(postdesk::access::Role::ResellerAdmin, scope).await;
    let draft = postdesk::model::DomainDraft {
        name: "harbour.example".parse().unwrap(),
        note: postdesk::model::Note::default(),
        external_id: None,
        default_quota: Quota::Unlimited,
        limits: limits("5", "", "", ""),
    };

    let by_admin = domains::create(app, &admin.call, customer.id, draft.clone()).await;
    let by_reseller = domains::create(app, &reseller.call, customer.id, draft).await;

    assert_eq!(
        (word(&by_admin), word(&by_reseller)),
        ("domain.create is missing".to_owned(), "done".to_owned())
    );
}

async fn quotas_near_the_largest_number_are_refused_not_wrapped(app: &TestApp) {
    app.domain("brightwater.example").await;
    let largest = format!("{} B", i64::MAX);
    let largest = largest
        .parse::<Quota>()
        .map_or_else(|_| (1_i64 << 62).to_string() + " B", |_| largest);

    assert_eq!(create(app, "a@brightwater.example", &largest).await, "done");
    assert_eq!(
        create(app, "b@brightwater.example", &largest).await,
        "limit_reached"
    );
    assert_eq!(create(app, "b@brightwater.example", "0").await, "done");
}

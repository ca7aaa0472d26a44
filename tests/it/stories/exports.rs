//! The audit is looked through and taken away: by whoever may, as far as they may, and the audit says so.

use postdesk::access::{Call, Role};
use postdesk::model::{EventKind, Topic};
use postdesk::service::mailboxes::Inside;
use postdesk::service::{audit, domains};
use postdesk::store::{EventFilter, EventRecord, PageRequest, Who};

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    what_is_looked_for_is_found_and_nothing_else,
    an_export_holds_all_of_it_and_is_in_the_audit,
    only_whoever_holds_audit_export_there_takes_it_away,
    what_happened_until_a_transfer_leaves_with_both,
    few_exports_run_at_a_time,
}

async fn found(app: &TestApp, filter: EventFilter) -> Vec<String> {
    let page = PageRequest::first(500);
    let found = audit::search(app, &app.root(), &Inside::Everything, &filter, &page).await;
    let told = found.unwrap().items.into_iter();
    told.map(|event| format!("{} {}", event.kind.as_str(), event.subject))
        .collect()
}

async fn taken(app: &TestApp, call: &Call, inside: Inside, filter: EventFilter) -> Vec<EventRecord> {
    let mut export = audit::export(app, call, &inside, filter, "csv").await.unwrap();
    let mut all = Vec::new();
    while let Some(page) = export.next().await.unwrap() {
        all.extend(page);
    }
    all
}

async fn what_is_looked_for_is_found_and_nothing_else(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let operator = app.operator().await;
    let noon = app.days_later(1);
    domains::delete(
        app,
        &operator.again().await,
        &"brightwater.example".parse().unwrap(),
    )
    .await
    .unwrap();
    let later = app.days_later(1);
    app.mailbox("bert@harbour.example").await;
    let none = EventFilter::default;

    let topic = |text: &str| Some(text.parse::<Topic>().unwrap());
    let bin = EventFilter {
        topic: topic("bin"),
        ..none()
    };
    assert_eq!(found(app, bin).await, ["domain.deleted brightwater.example"]);
    let made = EventFilter {
        topic: topic("mailbox.created"),
        about: Some("ANNA".to_owned()),
        ..none()
    };
    assert_eq!(
        found(app, made).await,
        ["mailbox.created anna@brightwater.example"]
    );
    let day = EventFilter {
        from: Some(noon),
        until: Some(later),
        ..none()
    };
    assert_eq!(found(app, day).await, ["domain.deleted brightwater.example"]);
    let after = EventFilter {
        from: Some(later),
        topic: topic("mailbox"),
        ..none()
    };
    assert_eq!(found(app, after).await, ["mailbox.created bert@harbour.example"]);
    let account = operator.call.actor.identity().account.unwrap();
    let own = EventFilter {
        who: Some(Who::Account(account)),
        ..none()
    };
    assert_eq!(found(app, own).await, ["domain.deleted brightwater.example"]);
    let name = operator.call.actor.identity().name.to_uppercase();
    let own = EventFilter {
        who: Some(Who::Named(name)),
        from: Some(noon),
        ..none()
    };
    assert_eq!(found(app, own).await, ["domain.deleted brightwater.example"]);
}

async fn an_export_holds_all_of_it_and_is_in_the_audit(app: &TestApp) {
    for n in 0..3 {
        app.mailbox(&format!("m{n}@brightwater.example")).await;
    }
    let page = PageRequest::first(500);
    let before = audit::list(app, &app.root(), &Inside::Everything, &page)
        .await
        .unwrap();

    let all = taken(app, &app.root(), Inside::Everything, EventFilter::default()).await;

    assert_eq!(
        all[0].kind,
        EventKind::AuditExported,
        "the export itself comes first"
    );
    assert_eq!(all[0].detail.text, "as csv, all of it");
    let ids = |events: &[EventRecord]| events.iter().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!(ids(&all[1..]), ids(&before.items));
}

async fn only_whoever_holds_audit_export_there_takes_it_away(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.mailbox("bert@harbour.example").await;
    let domain = || Inside::Domain("brightwater.example".parse().unwrap());
    let admin = app.domain_admin("brightwater.example").await;
    let scope = app.domain_scope("brightwater.example").await;
    let auditor = app.role(Role::Auditor, scope).await;
    let ask =
        async |call, inside| word(&audit::export(app, call, &inside, EventFilter::default(), "csv").await);

    assert_eq!(ask(&admin.call, domain()).await, "audit.export is missing");
    assert_eq!(
        ask(&admin.call, Inside::Everything).await,
        "audit.export is missing"
    );
    let theirs = Inside::Domain("harbour.example".parse().unwrap());
    assert_eq!(ask(&auditor.call, theirs).await, "not found");

    for inside in [domain(), Inside::Everything] {
        let own = taken(app, &auditor.call, inside, EventFilter::default()).await;
        assert_eq!(own[0].kind, EventKind::AuditExported);
        assert_eq!(own[0].subject, "brightwater.example");
        assert!(own.iter().any(|event| event.kind == EventKind::MailboxCreated));
        assert!(own.iter().all(|event| !event.subject.contains("harbour")));
    }
}

async fn what_happened_until_a_transfer_leaves_with_both(app: &TestApp) {
    let from = app.customer("From").await;
    let to = app.customer("To").await;
    let name = app.domain("harbour.example").of(&from).await.name;
    app.mailbox("before@harbour.example").await;
    let old = app.role(Role::ResellerAdmin, app.org_scope(&from).await).await;
    let new = app.role(Role::ResellerAdmin, app.org_scope(&to).await).await;
    domains::transfer(app, &app.root(), &name, to.id).await.unwrap();
    app.mailbox("after@harbour.example").await;
    let mailboxes = |events: Vec<EventRecord>| {
        let mut names: Vec<String> = events.into_iter().map(|event| event.subject).collect();
        names.retain(|name| name.contains('@'));
        names
    };

    let left = taken(app, &old.call, Inside::Org(from.id), EventFilter::default()).await;
    assert_eq!(mailboxes(left), ["before@harbour.example"]);
    let kept = taken(app, &new.call, Inside::Domain(name), EventFilter::default()).await;
    assert_eq!(
        mailboxes(kept),
        ["after@harbour.example", "before@harbour.example"]
    );
}

async fn few_exports_run_at_a_time(app: &TestApp) {
    let begin = async || {
        audit::export(
            app,
            &app.root(),
            &Inside::Everything,
            EventFilter::default(),
            "csv",
        )
        .await
    };
    let mut running = Vec::new();
    for _ in 0..audit::EXPORTS_AT_A_TIME {
        running.push(begin().await.unwrap());
    }

    assert!(begin().await.is_err());
    running.pop();
    assert!(begin().await.is_ok());
}

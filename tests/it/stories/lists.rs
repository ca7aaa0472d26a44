//! Lists: page by page they give the whole, in the same order on both databases, and never more than one may see.

use std::fmt::Debug;

use postdesk::access::{Call, Role, Scope};
use postdesk::error::Error;
use postdesk::model::MailboxPatch;
use postdesk::service::mailboxes::Inside;
use postdesk::service::{aliases, domains, mailboxes, orgs};
use postdesk::store::{Cursor, MailboxFilter, MailboxSort, Page, PageRequest, StateFilter};

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::{Backend, block_on, both};

both! {
    pages_of_three_make_the_whole,
    a_page_ends_where_the_list_ends,
    a_list_shows_what_one_may_see,
    the_bin_is_listed_with_every_deletion_of_an_address,
    lists_are_narrowed_by_state,
    lists_are_narrowed_by_words_and_state_together,
    lists_are_narrowed_by_when_things_changed,
    the_fullest_come_first,
    a_domain_is_listed_by_its_org,
}

/// Orgs, domains, mailboxes and aliases with awkward names, in no good order.
async fn filled(app: &TestApp) {
    let northlight = app.reseller("Northlight").await;
    let mut customers = vec![app.provider().await, northlight.clone()];
    for name in ["zeta", "Éclair", "alpha", "Alpha", "_under"] {
        customers.push(app.customer(name).below(&northlight).await);
    }
    customers.push(app.customer("Outside").await);
    let names = ["z", "a-b", "ab", "a.b", "xn--mnchen-3ya", "a"];
    for (n, customer) in customers.iter().enumerate() {
        for name in names.iter().take(1 + n % 3) {
            let domain = format!("{name}{n}.example");
            app.domain(&domain).of(customer).await;
            for local in ["b", "a-b", "a.b", "a_b", "ab", "a1"].iter().take(1 + n % 6) {
                app.mailbox(&format!("{local}@{domain}")).await;
                app.alias(&format!("x{local}@{domain}"), &["y@outside.test"])
                    .await;
            }
            app.alias(&format!("@{domain}"), &["y@outside.test"]).await;
        }
    }
}

/// Walks a list in pages of `size`.
async fn walk<T>(size: usize, list: impl AsyncFn(PageRequest) -> Result<Page<T>, Error>) -> Vec<T> {
    let mut items = Vec::new();
    let mut page = PageRequest::first(size);
    loop {
        let part = list(page.clone()).await.unwrap();
        assert!(part.items.len() <= size);
        assert!(part.next.is_none() || part.items.len() == size);
        items.extend(part.items);
        match part.next {
            Some(next) => page.after = Some(next),
            None => return items,
        }
    }
}

/// The names on every list of `call`, in pages of `size`.
async fn names(app: &TestApp, call: &Call, inside: &Inside, size: usize) -> [Vec<String>; 4] {
    let none = MailboxFilter::default();
    let mailboxes = walk(size, async |page| {
        mailboxes::list(app, call, inside, &none, &page).await
    })
    .await;
    let aliases = walk(size, async |page| {
        aliases::list(app, call, inside, &none, &page).await
    })
    .await;
    let domains = walk(size, async |page| {
        domains::list(app, call, inside, &none, &page).await
    })
    .await;
    let orgs = walk(size, async |page| orgs::list(app, call, &none, &page).await).await;
    [
        mailboxes.iter().map(|one| one.address.to_string()).collect(),
        aliases.iter().map(|one| one.address.to_string()).collect(),
        domains.iter().map(|one| one.name.to_string()).collect(),
        orgs.iter().map(|one| one.name.to_string()).collect(),
    ]
}

async fn pages_of_three_make_the_whole(app: &TestApp) {
    filled(app).await;
    let two = app
        .role(Role::DomainAdmin, app.domain_scope("z1.example").await)
        .await;
    two.also(Role::HelpDesk, app.domain_scope("a-b7.example").await)
        .await;
    let one = app.domain_admin("a-b4.example").await;
    let northlight = app.domain_now("z1.example").await.org_id;
    let northlight = orgs::get(app, &app.root(), northlight).await.unwrap().0;
    let reseller = app
        .role(Role::ResellerAdmin, app.org_scope(&northlight).await)
        .await;
    reseller
        .also(Role::DomainAdmin, app.domain_scope("z7.example").await)
        .await;
    let calls = [app.root(), two.again().await, one.call, reseller.again().await];

    let mut sizes = Vec::new();
    for call in &calls {
        let whole = names(app, call, &Inside::Everything, 500).await;
        for size in [1, 3, 7] {
            similar(&names(app, call, &Inside::Everything, size).await, &whole);
        }
        for list in &whole {
            let mut distinct = list.clone();
            distinct.sort();
            distinct.dedup();
            assert_eq!(distinct.len(), list.len());
        }
        sizes.push(whole.map(|list| list.len()));
    }
    let (mailboxes, ..) = count(app).await;
    assert_eq!(sizes[0][0], mailboxes);
    assert_eq!(sizes[1][2], 2);
    assert_eq!(sizes[2][2], 1);
    assert!(sizes[3][0] < sizes[0][0] && sizes[3][0] > sizes[1][0]);
}

fn similar<T: PartialEq + Debug>(one: &T, other: &T) {
    assert_eq!(one, other);
}

async fn count(app: &TestApp) -> (usize, usize) {
    let sql = "SELECT (SELECT COUNT(*) FROM mailboxes), (SELECT COUNT(*) FROM aliases)";
    let (mailboxes, aliases): (i64, i64) = app.db().read(sql).fetch_one().await.unwrap();
    (
        usize::try_from(mailboxes).unwrap(),
        usize::try_from(aliases).unwrap(),
    )
}

#[test]
fn the_order_is_the_same_on_both_databases() {
    block_on(async {
        let mut orders = Vec::new();
        for backend in Backend::ALL {
            let app = TestApp::new(backend).await;
            filled(&app).await;
            orders.push(names(&app, &app.root(), &Inside::Everything, 500).await);
        }
        // paths are random, but made from the same seed
        assert_eq!(orders[0], orders[1]);
    });
}

async fn a_page_ends_where_the_list_ends(app: &TestApp) {
    for n in 0..6 {
        app.mailbox(&format!("m{n}@brightwater.example")).await;
    }
    let none = MailboxFilter::default();
    let page = async |limit, after| {
        let page = PageRequest { limit, after };
        mailboxes::list(app, &app.root(), &Inside::Everything, &none, &page)
            .await
            .unwrap()
    };

    let six = page(6, None).await;
    assert_eq!((six.items.len(), six.next.is_none()), (6, true));
    let five = page(5, None).await;
    let last = page(5, five.next).await;
    assert_eq!((last.items.len(), last.next.is_none()), (1, true));
    let nonsense = Cursor {
        key: vec!["%".to_owned(), "\u{10FFFF}".to_owned()],
    };
    assert!(page(5, Some(nonsense)).await.items.len() <= 5);
}

async fn a_list_shows_what_one_may_see(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.mailbox("bert@harbour.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let manager = app
        .role(Role::AliasManager, app.domain_scope("brightwater.example").await)
        .await;
    let nobody = app.nobody().await;
    let inside = |name: &str| Inside::Domain(name.parse().unwrap());
    let list = async |call: &Call, inside: &Inside| {
        let none = MailboxFilter::default();
        let page = mailboxes::list(app, call, inside, &none, &PageRequest::first(9)).await?;
        Ok::<_, Error>(page.items.len())
    };

    assert_eq!(list(&admin.call, &Inside::Everything).await.unwrap(), 1);
    assert_eq!(
        list(&admin.call, &inside("brightwater.example")).await.unwrap(),
        1
    );
    assert_eq!(
        word(&list(&admin.call, &inside("harbour.example")).await),
        "not found"
    );
    assert_eq!(
        word(&list(&manager.call, &inside("brightwater.example")).await),
        "mailbox.read is missing"
    );
    assert_eq!(list(&manager.call, &Inside::Everything).await.unwrap(), 0);
    assert_eq!(list(&nobody.call, &Inside::Everything).await.unwrap(), 0);
    assert_eq!(list(&app.root(), &Inside::Everything).await.unwrap(), 2);
}

async fn the_bin_is_listed_with_every_deletion_of_an_address(app: &TestApp) {
    for address in ["anna", "anna", "bert", "anna", "carl"] {
        let address = format!("{address}@brightwater.example");
        app.mailbox(&address).await;
        mailboxes::delete(app, &app.root(), &address.parse().unwrap())
            .await
            .unwrap();
        app.alias(&format!("x{address}"), &["y@outside.test"]).await;
        aliases::delete(app, &app.root(), &format!("x{address}").parse().unwrap())
            .await
            .unwrap();
    }
    let bin = MailboxFilter {
        state: Some(StateFilter::Deleted),
        ..MailboxFilter::default()
    };
    let inside = Inside::Domain("brightwater.example".parse().unwrap());

    for size in [1, 2, 9] {
        let found = walk(size, async |page| {
            mailboxes::list(app, &app.root(), &inside, &bin, &page).await
        })
        .await;
        let locals: Vec<&str> = found.iter().map(|one| one.address.local().as_str()).collect();
        assert_eq!(locals, ["anna", "anna", "anna", "bert", "carl"]);
        let found = walk(size, async |page| {
            aliases::list(app, &app.root(), &inside, &bin, &page).await
        })
        .await;
        assert_eq!(found.len(), 5);
    }
}

async fn lists_are_narrowed_by_state(app: &TestApp) {
    for local in ["on", "off", "gone"] {
        app.mailbox(&format!("{local}@brightwater.example")).await;
        app.domain(&format!("{local}.example")).await;
    }
    let root = app.root();
    let reason = || "test".parse().unwrap();
    mailboxes::suspend(
        app,
        &root,
        &"off@brightwater.example".parse().unwrap(),
        reason(),
        true,
        None,
    )
    .await
    .unwrap();
    mailboxes::delete(app, &root, &"gone@brightwater.example".parse().unwrap())
        .await
        .unwrap();
    domains::suspend(app, &root, &"off.example".parse().unwrap(), reason())
        .await
        .unwrap();
    domains::delete(app, &root, &"gone.example".parse().unwrap())
        .await
        .unwrap();
    let customer = app.domain_now("off.example").await.org_id;
    orgs::suspend(app, &root, customer, reason()).await.unwrap();
    let customer = app.domain_now("gone.example").await.org_id;
    orgs::delete(app, &root, customer).await.unwrap();

    let find = async |state| {
        let filter = MailboxFilter {
            state,
            ..MailboxFilter::default()
        };
        let page = PageRequest::first(50);
        let all = Inside::Everything;
        let mailboxes = mailboxes::list(app, &root, &all, &filter, &page)
            .await
            .unwrap()
            .items;
        let domains = domains::list(app, &root, &all, &filter, &page)
            .await
            .unwrap()
            .items;
        let orgs = orgs::list(app, &root, &filter, &page).await.unwrap().items;
        let mut names: Vec<String> = mailboxes
            .iter()
            .map(|one| one.address.local().to_string())
            .collect();
        names.sort();
        names.extend([domains.len().to_string(), orgs.len().to_string()]);
        names.join(" ")
    };
    assert_eq!(find(None).await, "off on 3 4");
    assert_eq!(find(Some(StateFilter::Active)).await, "on 2 3");
    assert_eq!(find(Some(StateFilter::Suspended)).await, "off 1 1");
    assert_eq!(find(Some(StateFilter::Deleted)).await, "gone 1 1");
}

async fn lists_are_narrowed_by_words_and_state_together(app: &TestApp) {
    for (local, name) in [
        ("a.lind", "Anna Lind"),
        ("b.lind", "Bert Lind"),
        ("c.berg", "Carl Berg"),
        ("d.lind", "Dora Lind"),
    ] {
        app.mailbox(&format!("{local}@brightwater.example"))
            .name(name)
            .await;
    }
    app.mailbox("e.lind@harbour.example").await;
    let root = app.root();
    let b = "b.lind@brightwater.example".parse().unwrap();
    mailboxes::suspend(app, &root, &b, "test".parse().unwrap(), true, None)
        .await
        .unwrap();
    mailboxes::delete(app, &root, &"d.lind@brightwater.example".parse().unwrap())
        .await
        .unwrap();
    app.alias("sales@brightwater.example", &["a.lind@brightwater.example"])
        .await;
    let admin = app.domain_admin("brightwater.example").await;
    let find = async |prefix: &str, state| {
        let filter = MailboxFilter {
            state,
            prefix: Some(prefix.to_owned()),
            ..MailboxFilter::default()
        };
        let list = async |page| mailboxes::list(app, &admin.call, &Inside::Everything, &filter, &page).await;
        let found = walk(1, list).await;
        found
            .iter()
            .map(|one| one.address.local().to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };

    assert_eq!(find("lind", None).await, "a.lind b.lind");
    assert_eq!(find("lind", Some(StateFilter::Active)).await, "a.lind");
    assert_eq!(find("lind", Some(StateFilter::Suspended)).await, "b.lind");
    assert_eq!(find("lind", Some(StateFilter::Deleted)).await, "d.lind");
    assert_eq!(find("carl", None).await, "c.berg");
    assert_eq!(find("dora", None).await, "");
    let sales = MailboxFilter {
        prefix: Some("sal".to_owned()),
        ..MailboxFilter::default()
    };
    let page = PageRequest::first(9);
    let found = aliases::list(app, &admin.call, &Inside::Everything, &sales, &page)
        .await
        .unwrap()
        .items;
    assert_eq!(found.len(), 1);
}

async fn lists_are_narrowed_by_when_things_changed(app: &TestApp) {
    app.mailbox("old@brightwater.example").await;
    app.mailbox("touched@brightwater.example").await;
    let since = app.days_later(2);
    let patch = MailboxPatch {
        display_name: Some("Touched".parse().unwrap()),
        ..MailboxPatch::default()
    };
    mailboxes::update(
        app,
        &app.root(),
        &"touched@brightwater.example".parse().unwrap(),
        patch,
    )
    .await
    .unwrap();
    app.mailbox("new@brightwater.example").await;
    let filter = MailboxFilter {
        updated_since: Some(since),
        ..MailboxFilter::default()
    };

    let page = PageRequest::first(9);
    let found = mailboxes::list(app, &app.root(), &Inside::Everything, &filter, &page)
        .await
        .unwrap()
        .items;

    let locals: Vec<&str> = found.iter().map(|one| one.address.local().as_str()).collect();
    assert_eq!(locals, ["new", "touched"]);
}

async fn the_fullest_come_first(app: &TestApp) {
    for (local, percent) in [("a", 85), ("b", 99), ("c", 85), ("d", 20), ("e", 95)] {
        let address = format!("{local}@brightwater.example");
        app.mailbox(&address).quota("1000 B").await;
        app.db()
            .write(
                "UPDATE mailboxes SET usage_bytes = $1, usage_as_of = 1, fullness = $1 WHERE local_part = $2",
            )
            .bind(i64::from(percent) * 10)
            .bind(local)
            .execute()
            .await
            .unwrap();
    }
    let filter = MailboxFilter {
        sort: MailboxSort::Fullest,
        ..MailboxFilter::default()
    };
    let inside = Inside::Domain("brightwater.example".parse().unwrap());

    for size in [1, 2, 9] {
        let found = walk(size, async |page| {
            mailboxes::list(app, &app.root(), &inside, &filter, &page).await
        })
        .await;
        let locals: Vec<&str> = found.iter().map(|one| one.address.local().as_str()).collect();
        assert_eq!(locals, ["b", "e", "a", "c"]);
    }
    let nearly = MailboxFilter {
        percent_at_least: Some(95),
        ..MailboxFilter::default()
    };
    let page = PageRequest::first(9);
    let found = mailboxes::list(app, &app.root(), &inside, &nearly, &page)
        .await
        .unwrap()
        .items;
    assert_eq!(found.len(), 2);
}

async fn a_domain_is_listed_by_its_org(app: &TestApp) {
    filled(app).await;
    let northlight = app.domain_now("z1.example").await.org_id;
    let root = app.root();
    let none = MailboxFilter::default();

    let page = PageRequest::first(500);
    let below = domains::list(app, &root, &Inside::Org(northlight), &none, &page)
        .await
        .unwrap()
        .items;
    let all = domains::list(app, &root, &Inside::Everything, &none, &page)
        .await
        .unwrap()
        .items;
    let one = app.domain_admin("z1.example").await;
    let hidden = domains::list(app, &one.call, &Inside::Org(northlight), &none, &page).await;

    assert!(below.len() < all.len() && below.len() > 5);
    assert!(below.iter().all(|domain| domain.name.as_str() != "z7.example"));
    assert_eq!(word(&hidden), "not found");
    assert_eq!(
        one.call.actor.grants()[0].scope,
        Scope::Domain(
            app.domain_now("z1.example").await.id,
            "z1.example".to_owned(),
            app.path_of(&orgs::get(app, &root, northlight).await.unwrap().0)
                .await,
        )
    );
}

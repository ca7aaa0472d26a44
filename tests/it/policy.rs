//! Who may do what, as one table, and the edges of it.

use std::fmt::Write as _;

use postdesk::access::{
    AccountUpdate, Acting, Action, Actor, Ceiling, Credential, DomainRead, Grant, Identity, MailboxDelete,
    MailboxRead, MailboxResetPassword, OrgPath, OrgRead, Permissions, Place, Role, Scope, SupportAssist,
    holds,
};
use postdesk::model::{AccountId, ActingId, DomainId, GrantId, MailboxId, OrgId, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_micros(1_000_000);

fn path(text: &str) -> OrgPath {
    OrgPath::parse(text).unwrap()
}

fn domain(n: u128) -> DomainId {
    DomainId::from(Uuid::from_u128(n))
}

fn actor(grants: Vec<(Role, Scope, Option<Timestamp>)>, ceiling: Ceiling) -> Actor {
    let identity = Identity {
        account: Some(AccountId::from(Uuid::from_u128(9))),
        name: "Somebody".to_owned(),
        email: String::new(),
        access_version: 1,
    };
    let grants = grants.into_iter().map(|(role, scope, expires_at)| {
        Grant::of(GrantId::from(Uuid::from_u128(1)), role, scope, expires_at)
    });
    Actor::new(identity, Credential::Session, ceiling, grants.collect(), NOW)
}

fn holding(role: Role, scope: Scope) -> Actor {
    actor(vec![(role, scope, None)], Ceiling::Everything)
}

#[test]
fn every_role_holds_what_the_reviewed_table_says() {
    let mut table = format!("{:24}", "");
    for role in Role::ALL {
        write!(table, " {:>15}", role.as_str()).unwrap();
    }
    for action in Action::ALL {
        write!(table, "\n{:24}", action.as_str()).unwrap();
        for role in Role::ALL {
            let mark = if holds(*role, *action) { "yes" } else { "-" };
            write!(table, " {mark:>15}").unwrap();
        }
    }
    insta::assert_snapshot!("roles", table);
}

/// What becomes of an action: done, refused because it is missing, or hidden.
fn outcome(actor: &Actor, place: Place) -> &'static str {
    use postdesk::access::Denied;
    match actor.permit::<MailboxDelete>(place) {
        Ok(_) => "done",
        Err(Denied::Refused(_)) => "refused",
        Err(Denied::Hidden) => "hidden",
    }
}

#[test]
fn a_role_reaches_as_far_as_its_scope() {
    let org = |text: &str| Scope::Org(OrgId::from(Uuid::from_u128(5)), path(text));
    let own_domain = Scope::Domain(domain(1), "own.example".to_owned(), path("/a/b/"));
    let places = [
        ("the domain", Place::domain(path("/a/b/"), domain(1))),
        ("its neighbour", Place::domain(path("/a/b/"), domain(2))),
        ("its org", Place::org(path("/a/b/"))),
        ("the org above", Place::org(path("/a/"))),
        ("an org below", Place::domain(path("/a/b/c/"), domain(3))),
        ("an org beside", Place::domain(path("/a/c/"), domain(4))),
        ("the system", Place::system()),
    ];
    let scopes = [
        ("system", Scope::System),
        ("org above", org("/a/")),
        ("org", org("/a/b/")),
        ("domain", own_domain),
    ];
    let mut table = format!("{:32}", "");
    for (name, _) in &places {
        write!(table, " {name:>14}").unwrap();
    }
    for role in Role::ALL {
        for (name, scope) in &scopes {
            let person = holding(*role, scope.clone());
            write!(table, "\n{:32}", format!("{role} of the {name}")).unwrap();
            for (_, place) in &places {
                write!(table, " {:>14}", outcome(&person, place.clone())).unwrap();
            }
        }
    }
    insta::assert_snapshot!("reach", table);
}

#[test]
fn a_token_that_reads_lets_reading_through_and_nothing_else() {
    let token = actor(vec![(Role::Operator, Scope::System, None)], Ceiling::ReadOnly);

    let allowed = token.actions_at(&Place::system());

    let reads: Vec<Action> = Action::ALL
        .iter()
        .copied()
        .filter(|action| *action == Action::AuditExport || action.as_str().split('.').nth(1) == Some("read"))
        .collect();
    assert_eq!(allowed, reads);
    assert_eq!(outcome(&token, Place::system()), "refused");
    assert!(token.reach::<MailboxDelete>().is_empty());
    assert!(!token.reach::<MailboxRead>().is_empty());
}

#[test]
fn a_mailbox_owners_link_sets_one_password_and_nothing_else() {
    let scope = Scope::Domain(domain(1), "own.example".to_owned(), path("/a/"));
    let holder = Actor::link_holder(MailboxId::from(Uuid::from_u128(7)), "Anna", scope, NOW);
    let place = Place::domain(path("/a/"), domain(1));

    let allowed = holder.actions_at(&place);

    assert_eq!(allowed, [Action::MailboxResetPassword]);
    assert!(!holder.may::<MailboxResetPassword>(&Place::domain(path("/a/"), domain(2))));
}

#[test]
fn a_grant_is_over_at_its_very_moment() {
    let until = |micros| {
        let grant = (
            Role::Operator,
            Scope::System,
            Some(Timestamp::from_micros(micros)),
        );
        actor(vec![grant], Ceiling::Everything)
    };

    assert_eq!(outcome(&until(1_000_001), Place::system()), "done");
    assert_eq!(outcome(&until(1_000_000), Place::system()), "hidden");
    assert_eq!(outcome(&until(999_999), Place::system()), "hidden");
}

#[test]
fn nobody_need_be_looked_for_only_by_whoever_holds_everything_everywhere() {
    let root = || Scope::Org(OrgId::from(Uuid::from_u128(5)), path("/"));
    let operator = |end, ceiling| actor(vec![(Role::Operator, Scope::System, end)], ceiling);
    let mut all = Permissions::of(Role::Operator);
    assert!(operator(None, Ceiling::Everything).outranks_everybody());
    assert!(operator(None, Ceiling::Only(all, None)).outranks_everybody());
    all = all.without(Permissions::of(Role::HelpDesk));
    assert!(!operator(None, Ceiling::Only(all, None)).outranks_everybody());
    assert!(!operator(Some(NOW), Ceiling::Everything).outranks_everybody());
    assert!(!holding(Role::Operator, root()).outranks_everybody());
    assert!(!holding(Role::ResellerAdmin, Scope::System).outranks_everybody());
}

#[test]
fn roles_add_up_where_they_meet() {
    let scope = || Scope::Domain(domain(1), "own.example".to_owned(), path("/a/"));
    let both = actor(
        vec![
            (Role::HelpDesk, scope(), None),
            (Role::AliasManager, scope(), None),
        ],
        Ceiling::Everything,
    );
    let place = Place::domain(path("/a/"), domain(1));

    let mut held = both.actions_at(&place);
    held.sort();
    let mut wanted: Vec<Action> = Action::ALL
        .iter()
        .copied()
        .filter(|action| holds(Role::HelpDesk, *action) || holds(Role::AliasManager, *action))
        .collect();
    wanted.sort();

    assert_eq!(held, wanted);
    assert!(!both.may::<OrgRead>(&place));
}

#[test]
fn what_lies_inside_another_scope_is_looked_through_once() {
    let org = |text: &str| Scope::Org(OrgId::from(Uuid::from_u128(5)), path(text));
    let of = |n: u128, name: &str, at: &str| Scope::Domain(domain(n), name.to_owned(), path(at));
    let grants = [
        org("/b/"),
        of(1, "in.example", "/b/c/"),
        of(2, "out.example", "/a/"),
        org("/b/d/"),
        of(2, "out.example", "/a/"),
    ];
    let person = actor(
        grants.map(|scope| (Role::DomainAdmin, scope, None)).to_vec(),
        Ceiling::Everything,
    );

    let reach = person.reach::<DomainRead>();

    let spans: Vec<_> = reach
        .spans()
        .iter()
        .map(|span| (span.first.as_str(), span.domain.as_deref()))
        .collect();
    assert_eq!(spans, [("/a/", Some("out.example")), ("/b/", None)]);
    assert!(!reach.is_everything());
    assert!(reach.within(&path("/c/")).is_empty());
    assert_eq!(reach.within(&path("/b/d/")).spans()[0].first, "/b/d/");
    assert!(reach.within_domain(&path("/a/"), "other.example").is_empty());
}

proptest::proptest! {
    /// Whoever acts can never do more than they could as themselves, nothing outside the customer, and nothing that nobody
    /// does in another's place.
    #[test]
    fn acting_is_never_more_than_ones_own(
        grants in proptest::collection::vec((0..Role::ALL.len(), 0..5_usize), 1..6),
        customer in 0..3_usize,
    ) {
        let orgs = [path("/a/"), path("/a/b/"), path("/c/")];
        let org = |n: usize| Scope::Org(OrgId::from(Uuid::from_u128(n as u128)), orgs[n].clone());
        let scope = |n: usize| match n {
            0..=2 => org(n),
            3 => Scope::System,
            _ => Scope::Domain(domain(1), "own.example".to_owned(), path("/a/b/")),
        };
        let held = grants.into_iter().map(|(role, at)| (Role::ALL[role], scope(at), None)).collect();
        let own = actor(held, Ceiling::Everything);
        let acting = Acting {
            id: ActingId::from(Uuid::nil()),
            org: OrgId::from(Uuid::from_u128(customer as u128)),
            path: orgs[customer].clone(),
            name: String::new(),
            reason: String::new(),
            ticket: String::new(),
            ends_at: NOW,
        };
        let may_assist = own.may::<SupportAssist>(&Place::org(orgs[customer].clone()));
        let acts = own.acting_for(acting);
        proptest::prop_assert_eq!(acts.is_ok(), may_assist);
        let Ok(acts) = acts else { return Ok(()) };
        let mut places: Vec<Place> = orgs.iter().map(|org| Place::org(org.clone())).collect();
        places.extend([Place::domain(path("/a/b/"), domain(1)), Place::domain(path("/c/"), domain(2)), Place::system()]);
        for place in &places {
            let (mine, theirs) = (own.actions_at(place), acts.actions_at(place));
            proptest::prop_assert!(theirs.iter().all(|action| mine.contains(action)));
            proptest::prop_assert!(theirs.is_empty() || orgs[customer].contains(&place.org));
            for never in ["mailbox.reset_password", "mailbox.create", "hash.import", "account.invite", "account.update",
                "account.suspend", "grant.manage", "role.manage", "token.manage_own", "token.manage_any",
                "support.assist", "system.manage"] {
                proptest::prop_assert!(!theirs.contains(&Action::named(never).unwrap()), "{}", never);
            }
        }
        let own_account = acts.for_own_account(AccountId::from(Uuid::nil()));
        proptest::prop_assert!(!own_account.may_anywhere::<AccountUpdate>());
    }
}

const PATHS: [&str; 5] = ["/", "/a/", "/a/b/", "/a/c/", "/d/"];

/// Every scope that the tree of these paths has, with one domain in each org.
fn scope(n: usize) -> Scope {
    let at = path(PATHS[n % PATHS.len()]);
    let number = (n % PATHS.len()) as u128;
    match n / PATHS.len() {
        0 => Scope::Org(OrgId::from(Uuid::from_u128(number)), at),
        1 => Scope::Domain(domain(number), format!("d{number}.example"), at),
        _ => Scope::System,
    }
}

/// Whether a list with the reach of `actor` would show what is in the domain of org `n`.
fn shows(actor: &Actor, n: usize) -> bool {
    let key = (PATHS[n].to_owned(), format!("d{n}.example"));
    let reach = actor.reach::<MailboxRead>();
    reach
        .spans()
        .iter()
        .any(|span| span.low() <= key && key < span.high())
}

proptest! {
    #[test]
    fn a_token_lets_through_what_its_owner_may_and_its_lists_name_and_nothing_else(
        held in prop::collection::vec((prop::sample::select(Role::ALL.to_vec()), 0..11_usize), 0..4),
        named in prop::option::of(prop::sample::subsequence(Action::ALL.to_vec(), 0..Action::ALL.len())),
        within in prop::option::of(prop::collection::vec(0..10_usize, 0..4)),
        read_only in any::<bool>(),
    ) {
        let grants: Vec<_> = held.iter().map(|(role, n)| (*role, scope(*n), None)).collect();
        let list: Option<Permissions> = named.clone().map(|named| named.into_iter().collect());
        let scopes: Option<Vec<Scope>> = within.map(|within| within.into_iter().map(scope).collect());
        let owner = actor(grants.clone(), Ceiling::Everything);
        let token = actor(grants, Ceiling::of_token(read_only, list, scopes.clone()));
        let lets = |action: Action| {
            named.as_ref().is_none_or(|named| named.contains(&action)) && (!read_only || action.reads())
        };

        for (n, at) in PATHS.iter().enumerate() {
            let inside_domain = Place::domain(path(at), domain(n as u128));
            for place in [Place::org(path(at)), inside_domain.clone()] {
                let inside = scopes.as_ref().is_none_or(|all| all.iter().any(|scope| scope.contains(&place)));
                let mut wanted = owner.actions_at(&place);
                wanted.retain(|action| inside && lets(*action));
                prop_assert_eq!(token.actions_at(&place), wanted);
                if !inside {
                    prop_assert_eq!(outcome(&token, place), "hidden");
                }
            }
            let inside = scopes.as_ref().is_none_or(|all| all.iter().any(|scope| scope.contains(&inside_domain)));
            let wanted = shows(&owner, n) && inside && lets(Action::MailboxRead);
            prop_assert_eq!(shows(&token, n), wanted, "the domain of {}", at);
        }
    }
}

//! No sequence of delegated operations ever gives anybody more than the chain of givers behind it held.
//!
//! What is tried is the code of the policy; what it is held against is a naive model: every grant is spelt out as the
//! single things it allows at single places at single moments, and sets of these are compared.

use std::collections::{BTreeSet, HashMap};

use postdesk::access::{
    Action, Given, Grant, Offer, OrgPath, Permissions, Place, RoleRef, Scope, ends_with, may_hand_on,
    outranks,
};
use postdesk::model::{AccountId, DomainId, GrantId, OrgId, RoleId, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

const ACCOUNTS: u128 = 6;
const MOMENTS: i64 = 5;
/// What the model's roles are made of.
const ACTIONS: [Action; 5] = [
    Action::GrantManage,
    Action::MailboxRead,
    Action::MailboxDelete,
    Action::OrgRead,
    Action::HashImport,
];

/// An allowed thing at a place at a moment.
type Point = (Action, usize, i64);

fn account(n: u128) -> AccountId {
    AccountId::from(Uuid::from_u128(n + 1))
}

/// A random tree: each org but the first lies below an earlier one; each has one domain.
#[derive(Clone, Debug)]
struct Tree(Vec<OrgPath>);

impl Tree {
    fn scope(&self, n: usize) -> Scope {
        let n = n % (2 * self.0.len() + 1);
        match n.checked_sub(1) {
            None => Scope::System,
            Some(n) if n % 2 == 0 => {
                Scope::Org(OrgId::from(Uuid::from_u128(n as u128)), self.0[n / 2].clone())
            }
            Some(n) => Scope::Domain(
                Self::domain(n / 2),
                format!("d{}.example", n / 2),
                self.0[n / 2].clone(),
            ),
        }
    }

    fn domain(org: usize) -> DomainId {
        DomainId::from(Uuid::from_u128(100 + org as u128))
    }

    /// Every org, and every domain.
    fn places(&self) -> Vec<Place> {
        let orgs = self.0.iter().map(|path| Place::org(path.clone()));
        let domains = self.0.iter().enumerate();
        let domains = domains.map(|(n, path)| Place::domain(path.clone(), Self::domain(n)));
        orgs.chain(domains).collect()
    }

    fn points(&self, grant: &Grant, from: i64) -> BTreeSet<Point> {
        let places = self.places();
        let mut points = BTreeSet::new();
        for moment in from..MOMENTS {
            let ended = grant
                .expires_at
                .is_some_and(|end| end <= Timestamp::from_micros(moment));
            for (n, place) in places.iter().enumerate() {
                if !ended && grant.scope.contains(place) {
                    points.extend(grant.holds.iter().map(|action| (action, n, moment)));
                }
            }
        }
        points
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    prop::collection::vec(any::<prop::sample::Index>(), 1..5).prop_map(|parents| {
        let mut paths = vec![OrgPath::root()];
        for (n, parent) in parents.into_iter().enumerate() {
            let above = paths[parent.index(paths.len())].clone();
            paths.push(above.child(&n.to_string()));
        }
        Tree(paths)
    })
}

fn permissions() -> impl Strategy<Value = Permissions> {
    prop::sample::subsequence(ACTIONS.to_vec(), 1..=ACTIONS.len())
        .prop_map(|actions| actions.into_iter().collect())
}

#[derive(Copy, Clone, Debug)]
enum Deed {
    Give {
        by: u128,
        to: u128,
        holds: Permissions,
        scope: usize,
        end: Option<i64>,
        role: u128,
    },
    Revoke(prop::sample::Index),
    ChangeRole {
        role: u128,
        holds: Permissions,
    },
    Wait,
}

fn deeds() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (0..ACCOUNTS, 0..ACCOUNTS, permissions(), 0usize..12, prop::option::of(1..MOMENTS), 0u128..4)
            .prop_map(|(by, to, holds, scope, end, role)| Deed::Give { by, to, holds, scope, end, role }),
        2 => any::<prop::sample::Index>().prop_map(Deed::Revoke),
        1 => (0u128..3, permissions()).prop_map(|(role, holds)| Deed::ChangeRole { role, holds }),
        1 => Just(Deed::Wait),
    ]
}

/// An installation without a database: what the services do, on plain values.
struct Installation {
    tree: Tree,
    grants: Vec<Given>,
    roles: HashMap<u128, Permissions>,
    now: i64,
    made: u128,
}

impl Installation {
    fn new(tree: Tree) -> Self {
        let mut new = Self {
            tree,
            grants: Vec::new(),
            roles: HashMap::new(),
            now: 0,
            made: 0,
        };
        // The installation itself gave the first two everything, one of them for a while.
        for (to, end) in [(0, None), (1, Some(3))] {
            let grant = new.grant(ACTIONS.into_iter().collect(), 0, end, 9);
            new.grants.push(Given {
                grant,
                to: account(to),
                by: None,
            });
        }
        new
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.now)
    }

    fn grant(&mut self, holds: Permissions, scope: usize, end: Option<i64>, role: u128) -> Grant {
        self.made += 1;
        Grant {
            id: GrantId::from(Uuid::from_u128(1000 + self.made)),
            role: RoleRef::Own(RoleId::from(Uuid::from_u128(role)), "role".into()),
            holds,
            scope: self.tree.scope(scope),
            expires_at: end.map(Timestamp::from_micros),
        }
    }

    fn held(&self, who: AccountId) -> Vec<Grant> {
        let held = self.grants.iter().filter(|given| given.to == who);
        held.map(|given| given.grant.clone()).collect()
    }

    /// Every account that may be shaken when `first` are.
    fn downstream(&self, first: impl IntoIterator<Item = AccountId>) -> BTreeSet<AccountId> {
        let mut shaken: BTreeSet<AccountId> = first.into_iter().collect();
        loop {
            let more = self
                .grants
                .iter()
                .filter(|given| given.by.is_some_and(|by| shaken.contains(&by)));
            let more: Vec<AccountId> = more
                .map(|given| given.to)
                .filter(|to| !shaken.contains(to))
                .collect();
            if more.is_empty() {
                return shaken;
            }
            shaken.extend(more);
        }
    }

    fn settle(&mut self, shaken: &BTreeSet<AccountId>, gone: &BTreeSet<GrantId>) {
        let ends: BTreeSet<GrantId> = ends_with(&self.grants, shaken, gone, self.at())
            .into_iter()
            .collect();
        self.grants
            .retain(|given| !gone.contains(&given.grant.id) && !ends.contains(&given.grant.id));
    }

    fn carry_out(&mut self, deed: Deed) {
        match deed {
            Deed::Give {
                by,
                to,
                holds,
                scope,
                end,
                role,
            } => {
                let holds = self.roles.get(&role).copied().unwrap_or(holds);
                let own = self.held(account(by));
                let grant = self.grant(holds, scope, end, role);
                let live = grant.is_live(self.at());
                if by != to && live && may_hand_on(&own, Offer::of(&grant), self.at()).is_ok() {
                    self.roles.entry(role).or_insert(holds);
                    self.grants.push(Given {
                        grant,
                        to: account(to),
                        by: Some(account(by)),
                    });
                }
            }
            Deed::Revoke(which) => {
                let given = which.index(self.grants.len());
                let (id, to) = (self.grants[given].grant.id, self.grants[given].to);
                // The first one stays, so that there is something to tell.
                if given > 0 {
                    let shaken = self.downstream([to]);
                    self.settle(&shaken, &BTreeSet::from([id]));
                }
            }
            Deed::ChangeRole { role, holds } => {
                self.roles.insert(role, holds);
                let key = RoleRef::Own(RoleId::from(Uuid::from_u128(role)), "role".into());
                let mut concerned = Vec::new();
                for given in self.grants.iter_mut().filter(|given| given.grant.role == key) {
                    given.grant.holds = holds;
                    concerned.push(given.to);
                    concerned.extend(given.by);
                }
                let shaken = self.downstream(concerned);
                self.settle(&shaken, &BTreeSet::new());
            }
            Deed::Wait => self.now = (self.now + 1).min(MOMENTS - 1),
        }
    }

    /// The naive model: what each grant allows must be allowed to its giver by what can be traced to the beginning.
    fn check(&self) {
        let allowed = |given: &Given| self.tree.points(&given.grant, self.now);
        let mut traced: Vec<&Given> = self.grants.iter().filter(|given| given.by.is_none()).collect();
        let mut open: Vec<&Given> = self.grants.iter().filter(|given| given.by.is_some()).collect();
        loop {
            let before = open.len();
            open.retain(|given| {
                let giver = traced.iter().filter(|other| Some(other.to) == given.by);
                let held: BTreeSet<Point> = giver.flat_map(|other| allowed(other)).collect();
                let follows = allowed(given).is_subset(&held);
                if follows {
                    traced.push(given);
                }
                !follows
            });
            if open.len() == before {
                break;
            }
        }
        assert!(open.is_empty(), "given and held by nobody who gave it: {open:#?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_ever_handed_on_that_the_givers_do_not_hold(
        tree in trees(),
        deeds in prop::collection::vec(deeds(), 1..60),
    ) {
        let mut installation = Installation::new(tree);
        for deed in deeds {
            installation.carry_out(deed);
            installation.check();
        }
    }

    #[test]
    fn whoever_outranks_holds_every_single_thing(
        tree in trees(),
        own in prop::collection::vec((permissions(), 0usize..12, prop::option::of(1..MOMENTS)), 0..4),
        theirs in prop::collection::vec((permissions(), 0usize..12, prop::option::of(1..MOMENTS)), 0..3),
    ) {
        let mut made = Installation::new(tree.clone());
        let mut all = |them: Vec<(Permissions, usize, Option<i64>)>| -> Vec<Grant> {
            them.into_iter().map(|(holds, scope, end)| made.grant(holds, scope, end, 0)).collect()
        };
        let (own, theirs) = (all(own), all(theirs));
        let now = |grants: &[Grant]| -> BTreeSet<Point> {
            let points = grants.iter().flat_map(|grant| tree.points(grant, 0));
            points.filter(|(_, _, moment)| *moment == 0).collect()
        };
        if outranks(&own, &theirs, Timestamp::from_micros(0)) {
            prop_assert!(now(&theirs).is_subset(&now(&own)));
        }
    }
}

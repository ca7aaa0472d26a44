//! The ways on that stand beside every page: only those that lead somewhere.

use crate::access::{
    AccountRead, Actor, AliasRead, AuditRead, DomainDelete, DomainRead, MailboxRead, OrgRead, Permission,
    Place, ProvisioningRead, Scope,
};

/// Links of one scope, e.g. of a domain. An empty label shows no heading.
#[derive(Clone, Debug, Default)]
pub(super) struct NavGroup {
    pub(super) label: String,
    pub(super) items: Vec<NavItem>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct NavItem {
    pub(super) href: String,
    pub(super) icon: &'static str,
    pub(super) label: &'static str,
    /// Shortcut, e.g. `g m`.
    pub(super) key: &'static str,
    pub(super) current: bool,
}

/// Where a page is.
#[derive(Clone, Debug)]
pub(super) enum Here<'a> {
    /// Nowhere in particular.
    Nowhere,
    /// In a list of everything.
    Everything(&'static str),
    /// In a domain.
    Domain(&'a str, &'a Place, &'static str),
}

/// The groups of links for this actor.
pub(super) fn groups(actor: &Actor, here: &Here<'_>) -> Vec<NavGroup> {
    let mut groups = Vec::new();
    let current = match here {
        Here::Everything(label) => label,
        Here::Nowhere | Here::Domain(..) => "",
    };
    let wide = wide(actor, current);
    if !wide.items.is_empty() {
        groups.push(wide);
    }
    match here {
        Here::Domain(name, place, current) => groups.push(domain(actor, name, place, current)),
        // Who has but one domain always finds the way back to it.
        Here::Nowhere | Here::Everything(_) => groups.extend(only_domain(actor)),
    }
    groups
}

fn only_domain(actor: &Actor) -> Option<NavGroup> {
    match actor.grants() {
        [grant] => match &grant.scope {
            Scope::Domain(id, name, path) => Some(domain(actor, name, &Place::domain(path.clone(), *id), "")),
            Scope::System | Scope::Org(..) => None,
        },
        _ => None,
    }
}

/// Where one can go from anywhere: whether it is shown, where it is, its icon, its words, its key.
fn everywhere(actor: &Actor) -> [(bool, &'static str, &'static str, &'static str, &'static str); 6] {
    let several = actor.grants().len() > 1
        || actor
            .grants()
            .iter()
            .any(|grant| !matches!(grant.scope, Scope::Domain(..)));
    let system = Place::system();
    [
        (
            actor.may_anywhere::<OrgRead>(),
            "/orgs",
            "building-2",
            "Customers",
            "g c",
        ),
        (
            several && actor.may_anywhere::<DomainRead>(),
            "/domains",
            "globe",
            "Domains",
            "g d",
        ),
        (
            actor.may_anywhere::<AccountRead>(),
            "/accounts",
            "users",
            "Who can manage",
            "g w",
        ),
        (
            actor.may::<ProvisioningRead>(&system),
            "/system/targets",
            "database",
            "Targets",
            "g t",
        ),
        (
            actor.may::<AuditRead>(&system),
            "/system/activity",
            "history",
            "All activity",
            "",
        ),
        (
            actor.may_anywhere::<DomainDelete>(),
            "/bin",
            "trash-2",
            "Deleted domains",
            "",
        ),
    ]
}

fn wide(actor: &Actor, current: &str) -> NavGroup {
    let items = everywhere(actor).into_iter().filter(|(shown, ..)| *shown);
    NavGroup {
        label: String::new(),
        items: items
            .map(|(_, href, icon, label, key)| NavItem {
                href: href.to_owned(),
                icon,
                label,
                key,
                current: label == current,
            })
            .collect(),
    }
}

fn domain(actor: &Actor, name: &str, place: &Place, current: &str) -> NavGroup {
    fn may<P: Permission>(actor: &Actor, place: &Place) -> bool {
        actor.may::<P>(place)
    }
    let all = [
        (true, "", "house", "Overview", "g h"),
        (
            may::<MailboxRead>(actor, place),
            "/mailboxes",
            "mail",
            "Mailboxes",
            "g m",
        ),
        (
            may::<AliasRead>(actor, place),
            "/addresses",
            "at-sign",
            "Addresses",
            "g a",
        ),
        (
            may::<AuditRead>(actor, place),
            "/activity",
            "history",
            "Activity",
            "g l",
        ),
        (may::<MailboxRead>(actor, place), "/bin", "trash-2", "Bin", "g b"),
        (
            may::<DomainRead>(actor, place),
            "/settings",
            "settings",
            "Settings",
            "g s",
        ),
    ];
    let items = all.into_iter().filter(|(shown, ..)| *shown);
    NavGroup {
        label: name.to_owned(),
        items: items
            .map(|(_, rest, icon, label, key)| NavItem {
                href: format!("/domains/{name}{rest}"),
                icon,
                label,
                key,
                current: label == current,
            })
            .collect(),
    }
}

//! Which customers the demonstration has, and what they own.

use crate::model::OrgKind;

/// An org with its domains.
#[derive(Debug)]
pub(super) struct Customer {
    /// Its name.
    pub(super) name: &'static str,
    /// Whose it is: the name of an earlier one; the provider's if empty.
    pub(super) below: &'static str,
    /// What it is.
    pub(super) kind: OrgKind,
    /// Whom to call.
    pub(super) contact: &'static str,
    /// Most mailboxes and bytes of all of them, if there is a limit.
    pub(super) limits: Option<(i64, &'static str)>,
    /// Its domains.
    pub(super) domains: &'static [Hosted],
}

/// A domain with what is in it.
#[derive(Debug)]
pub(super) struct Hosted {
    /// Its name.
    pub(super) name: &'static str,
    /// Its other names.
    pub(super) aliases: &'static [&'static str],
    /// How many mailboxes of people it has, besides the named ones.
    pub(super) people: usize,
    /// The space of each.
    pub(super) quota: &'static str,
    /// Most mailboxes, if there is a limit.
    pub(super) most_mailboxes: Option<i64>,
    /// Words for colleagues.
    pub(super) note: &'static str,
    /// Mailboxes of teams, by local part and name.
    pub(super) teams: &'static [(&'static str, &'static str)],
}

/// The provider's name.
pub(super) const PROVIDER: &str = "Digital Forest";

/// The provider's own domains.
pub(super) const PROVIDERS_DOMAINS: &[Hosted] = &[Hosted {
    name: "digital-forest.example",
    aliases: &[],
    people: 12,
    quota: "20 GB",
    most_mailboxes: None,
    note: "Our own.",
    teams: &[("noc", "Network operations"), ("billing", "Billing")],
}];

/// Everybody below the provider, parents first.
pub(super) const CUSTOMERS: &[Customer] = &[
    Customer {
        name: "Brightwater Ltd",
        below: "",
        kind: OrgKind::Customer,
        contact: "Maria Keller, +49 30 5550 142",
        limits: Some((160, "2 TB")),
        domains: &[
            Hosted {
                name: "brightwater.example",
                aliases: &["brightwater-group.example"],
                people: 112,
                quota: "10 GB",
                most_mailboxes: Some(125),
                note: "Moved here from treehouse.",
                teams: &[
                    ("reception", "Reception"),
                    ("accounts", "Accounts payable"),
                    ("scanner", "Scanner, 2nd floor"),
                ],
            },
            Hosted {
                name: "brightwater-events.example",
                aliases: &[],
                people: 20,
                quota: "5 GB",
                most_mailboxes: None,
                note: "",
                teams: &[("tickets", "Ticket desk")],
            },
        ],
    },
    Customer {
        name: "Harbour Clinic",
        below: "",
        kind: OrgKind::Customer,
        contact: "Dr Aziz, practice manager",
        limits: Some((84, "1 TB")),
        domains: &[
            Hosted {
                name: "harbour-clinic.example",
                aliases: &[],
                people: 62,
                quota: "5 GB",
                most_mailboxes: None,
                note: "Webmail and IMAP only: no POP3, please.",
                teams: &[("ward-2", "Ward 2"), ("pharmacy", "Pharmacy")],
            },
            Hosted {
                name: "harbour-research.example",
                aliases: &[],
                people: 17,
                quota: "25 GB",
                most_mailboxes: None,
                note: "",
                teams: &[],
            },
        ],
    },
    Customer {
        name: "Northwind Hosting",
        below: "",
        kind: OrgKind::Reseller,
        contact: "Declan Murphy, partners@northwind.example",
        limits: Some((250, "4 TB")),
        domains: &[Hosted {
            name: "northwind.example",
            aliases: &[],
            people: 8,
            quota: "10 GB",
            most_mailboxes: None,
            note: "",
            teams: &[("helpdesk", "Help desk")],
        }],
    },
    Customer {
        name: "Fjordline Travel",
        below: "Northwind Hosting",
        kind: OrgKind::Customer,
        contact: "Astrid Holm",
        limits: Some((50, "500 GB")),
        domains: &[Hosted {
            name: "fjordline.example",
            aliases: &[],
            people: 37,
            quota: "5 GB",
            most_mailboxes: None,
            note: "",
            teams: &[("bookings", "Bookings")],
        }],
    },
    Customer {
        name: "Bäckerei Lindner",
        below: "Northwind Hosting",
        kind: OrgKind::Customer,
        contact: "Familie Lindner",
        limits: Some((10, "50 GB")),
        domains: &[Hosted {
            name: "bäckerei-lindner.example",
            aliases: &[],
            people: 8,
            quota: "2 GB",
            most_mailboxes: None,
            note: "",
            teams: &[("laden", "Laden Marktstraße")],
        }],
    },
];

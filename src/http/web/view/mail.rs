//! Mailboxes, aliases, domains and customers, as pages name and judge them.

use super::words::{self, moment, space};
use super::{Badge, DomainRef, Fact, MailboxRef, Note, Space};
use crate::http::web::pages::domains::DomainRow;
use crate::http::web::pages::mailboxes::MailboxRow;
use crate::model::{Alias, Domain, Limits, Mailbox, MailboxState, Org, Protocols, Quota, Timestamp, Usage};

/// The page of a mailbox: by its address, or in the bin, where addresses are not unique, by its id.
pub(in crate::http::web) fn mailbox_path(mailbox: &Mailbox) -> String {
    match mailbox.deleted {
        Some(_) => format!("/mailboxes/{}", mailbox.id),
        None => format!("/mailboxes/{}", mailbox.address),
    }
}

/// A mailbox as its own pages name it.
pub(in crate::http::web) fn mailbox_ref(mailbox: &Mailbox) -> MailboxRef {
    MailboxRef {
        address: mailbox.address.to_unicode(),
        name: mailbox.display_name.to_string(),
        path: mailbox_path(mailbox),
        version: mailbox.version.to_string(),
    }
}

/// A domain as pages name it.
pub(in crate::http::web) fn domain_ref(domain: &Domain) -> DomainRef {
    DomainRef {
        name: domain.name.to_unicode(),
        path: format!("/domains/{}", domain.name),
        version: domain.version.to_string(),
    }
}

/// The page of an alias.
pub(in crate::http::web) fn alias_path(alias: &Alias) -> String {
    match alias.deleted {
        Some(_) => format!("/aliases/{}", alias.id),
        None => format!("/aliases/{}", alias.address),
    }
}

/// What is to be known of a mailbox at a glance.
pub(in crate::http::web) fn mailbox_badges(mailbox: &Mailbox) -> Vec<Badge> {
    let state = match mailbox.state() {
        MailboxState::Active => Badge::ok("Active"),
        MailboxState::Suspended => Badge::warn("circle-pause", "Suspended"),
        MailboxState::Deleted => Badge::bad("trash-2", "Deleted"),
    };
    let full = match mailbox.percent() {
        Some(100..) => Some(Badge::bad("triangle-alert", "Full")),
        Some(80..) => Some(Badge::warn("triangle-alert", "Nearly full")),
        _ => None,
    };
    let forwards = mailbox.forwarding.is_some();
    let forwards = forwards.then(|| Badge::neutral("forward", "Forwards"));
    let locked = !mailbox.has_password && mailbox.deleted.is_none();
    let locked = locked.then(|| Badge::neutral("key-round", "No password yet"));
    [Some(state), full, forwards, locked]
        .into_iter()
        .flatten()
        .collect()
}

/// How full a mailbox is.
pub(in crate::http::web) fn mailbox_space(mailbox: &Mailbox) -> Space {
    space(mailbox.quota, mailbox.usage.map(|usage| usage.bytes))
}

/// A row of the table of mailboxes, which leads on to the page `verb` of the mailbox.
pub(in crate::http::web) fn mailbox_row(mailbox: &Mailbox, verb: &str, now: Timestamp) -> MailboxRow {
    MailboxRow {
        address: mailbox.address.to_unicode(),
        name: mailbox.display_name.to_string(),
        href: format!("{}{verb}", mailbox_path(mailbox)),
        badges: mailbox_badges(mailbox),
        space: mailbox_space(mailbox),
        last_login: last_login(mailbox, now),
    }
}

/// When somebody last signed in to a mailbox.
pub(in crate::http::web) fn last_login(mailbox: &Mailbox, now: Timestamp) -> String {
    let at = mailbox.last_login_at;
    at.map_or_else(|| "never".to_owned(), |at| moment(at, now).words)
}

/// By which ways a mailbox may be used.
pub(in crate::http::web) fn protocols(of: Protocols) -> String {
    let all = [
        (of.imap, "IMAP"),
        (of.pop3, "POP3"),
        (of.smtp, "sending"),
        (of.sieve, "filters"),
        (of.webmail, "webmail"),
    ];
    let on: Vec<&str> = all.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
    on.join(", ")
}

/// Where the mail of a mailbox goes besides, or instead.
pub(in crate::http::web) fn forwarding(mailbox: &Mailbox, now: Timestamp) -> String {
    let Some(forwarding) = &mailbox.forwarding else {
        return String::new();
    };
    let to: Vec<String> = forwarding.destinations.iter().map(ToString::to_string).collect();
    let copy = if forwarding.keep_copy {
        ""
    } else {
        ", and keeps no copy"
    };
    let until = forwarding
        .until
        .map(|end| format!(" until {}", words::date(end, now).words));
    format!("{}{}{copy}", words::list(&to, 5), until.unwrap_or_default())
}

/// What is the matter with a mailbox, each in one sentence with a way out.
pub(in crate::http::web) fn mailbox_notes(mailbox: &Mailbox, domain: &Domain, now: Timestamp) -> Vec<Note> {
    let mut notes = Vec::new();
    if let Some(deleted) = mailbox.deleted {
        notes.push(in_bin(
            deleted.purge_at,
            "Its mail is kept until then. Restore it to use it again.",
            now,
        ));
    }
    if let Some(off) = &mailbox.suspension {
        let mail = if off.receive {
            "Mail still arrives."
        } else {
            "Mail to it is refused."
        };
        let until = off
            .until
            .map(|end| format!(" It resumes by itself {}.", moment(end, now).words));
        notes.push(Note {
            kind: "warn",
            icon: "circle-pause",
            title: format!("Suspended since {}: {}", moment(off.at, now).words, off.reason),
            text: format!("Nobody can sign in. {mail}{}", until.unwrap_or_default()),
            links: Vec::new(),
        });
    }
    notes.extend(domain_notes(domain, now));
    if mailbox.percent().is_some_and(|percent| percent >= 95) {
        notes.push(Note {
            kind: "bad",
            icon: "triangle-alert",
            title: "This mailbox is full, or will be soon".to_owned(),
            text: format!(
                "{} are used. When it is full, senders get their mail back. Give it more space.",
                mailbox_space(mailbox).text
            ),
            links: Vec::new(),
        });
    }
    notes
}

/// What is the matter with a domain.
pub(in crate::http::web) fn domain_notes(domain: &Domain, now: Timestamp) -> Vec<Note> {
    let mut notes = Vec::new();
    if let Some(deleted) = domain.deleted {
        let text = "Everything in it is kept until then. Restore it to use it again.";
        notes.push(Note {
            title: format!(
                "{} is {}",
                domain.name.to_unicode(),
                lower_first(&bin_title(deleted.purge_at, now))
            ),
            ..in_bin(deleted.purge_at, text, now)
        });
    }
    let off = domain.suspension.as_ref();
    let off = off.map(|off| format!("since {}: {}", moment(off.at, now).words, off.reason));
    let org = domain.org_suspended.then(|| "because its customer is".to_owned());
    if let Some(why) = off.or(org) {
        notes.push(Note {
            kind: "warn",
            icon: "circle-pause",
            title: format!("{} is suspended {why}", domain.name.to_unicode()),
            text: "It receives no mail, and nobody in it can sign in or send. Nothing is deleted.".to_owned(),
            links: Vec::new(),
        });
    }
    notes
}

/// Something is in the bin.
pub(in crate::http::web) fn in_bin(purge_at: Timestamp, text: &str, now: Timestamp) -> Note {
    Note {
        kind: "warn",
        icon: "trash-2",
        title: bin_title(purge_at, now),
        text: text.to_owned(),
        links: Vec::new(),
    }
}

fn bin_title(purge_at: Timestamp, now: Timestamp) -> String {
    format!("In the bin until {}", words::date(purge_at, now).words)
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_lowercase().collect::<String>());
    format!("{}{}", first.unwrap_or_default(), characters.as_str())
}

/// The state of a domain.
pub(in crate::http::web) fn domain_badge(domain: &Domain) -> Badge {
    state_badge(domain.state())
}

/// The state of a customer.
pub(in crate::http::web) fn org_badge(org: &Org) -> Badge {
    state_badge(org.state())
}

fn state_badge(state: &str) -> Badge {
    match state {
        "active" => Badge::ok("Active"),
        "suspended" => Badge::warn("circle-pause", "Suspended"),
        _ => Badge::bad("trash-2", "Deleted"),
    }
}

/// The state of an alias.
pub(in crate::http::web) fn alias_badge(alias: &Alias) -> Badge {
    match (&alias.deleted, alias.enabled) {
        (Some(_), _) => Badge::bad("trash-2", "Deleted"),
        (None, true) => Badge::ok("Active"),
        (None, false) => Badge::warn("circle-pause", "Switched off"),
    }
}

/// A row of a table of domains.
pub(in crate::http::web) fn domain_row(domain: &Domain) -> DomainRow {
    DomainRow {
        name: domain.name.to_unicode(),
        path: format!("/domains/{}", domain.name),
        org: String::new(),
        badges: vec![domain_badge(domain)],
        mailboxes: words::used_of(domain.usage.mailboxes, domain.limits.mailboxes),
        space: promised(&domain.limits, &domain.usage),
    }
}

/// How much space the mailboxes may take together, out of what there is.
pub(in crate::http::web) fn promised(limits: &Limits, usage: &Usage) -> Space {
    match limits.quota {
        Quota::Bytes(_) => {
            let space = space(limits.quota, Some(usage.quota_bytes));
            Space {
                text: format!("{} promised", space.text),
                // Giving away all that there is, is no fault.
                kind: "",
                ..space
            }
        }
        Quota::Unlimited => Space {
            text: format!("{} promised, no limit", words::bytes(usage.quota_bytes)),
            ..Space::default()
        },
    }
}

/// What an org or a domain may hold, line by line.
pub(in crate::http::web) fn limit_facts(limits: &Limits, usage: &Usage, with_domains: bool) -> Vec<Fact> {
    let domains = Fact::new("Domains", words::used_of(usage.domains, limits.domains));
    let mut facts: Vec<Fact> = with_domains.then_some(domains).into_iter().collect();
    facts.push(Fact::new(
        "Mailboxes",
        words::used_of(usage.mailboxes, limits.mailboxes),
    ));
    facts.push(Fact::new(
        "Aliases",
        words::used_of(usage.aliases, limits.aliases),
    ));
    if with_domains {
        facts.push(Fact::new(
            "People who can manage",
            words::used_of(usage.accounts, limits.accounts),
        ));
    }
    facts.push(Fact::new(
        "Space of all mailboxes at most",
        limits.quota.to_string(),
    ));
    facts.push(Fact::new(
        "Space of one mailbox at most",
        limits.mailbox_quota.to_string(),
    ));
    facts
}

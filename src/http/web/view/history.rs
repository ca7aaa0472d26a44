//! What happened, as people read it.

use super::words::moment;
use super::{Happening, Undo};
use crate::access::{
    AccountSuspend, AccountUpdate, Actor, AliasCatchAll, AliasDelete, AliasWrite, DomainCreate, DomainDelete,
    DomainSuspend, DomainTransfer, DomainUpdate, GrantManage, LimitsAssign, OrgDelete, OrgSuspend, OrgUpdate,
    Place,
};
use crate::http::web::pages::common::ActivityRow;
use crate::model::{AccountId, AliasId, EventKind, MailboxId, OrgId, Timestamp};
use crate::service::mailboxes::Inverse;
use crate::service::undo::{self, Thing};
use crate::store::EventRecord;

/// A line of a timeline.
pub(in crate::http::web) fn happening(event: &EventRecord, now: Timestamp) -> Happening {
    let mut detail = event.detail.text.clone();
    for more in [&reason(event), &format!("by {}", event.actor)] {
        if !detail.is_empty() && !more.is_empty() {
            detail.push_str(" · ");
        }
        detail.push_str(more);
    }
    Happening {
        at: moment(event.at, now),
        icon: icon(event.kind),
        fault: false,
        text: event.kind.sentence().to_owned(),
        href: String::new(),
        detail,
        undo: None,
    }
}

/// A line of a timeline of several things, which leads to the thing it is about.
pub(in crate::http::web) fn happening_to(event: &EventRecord, now: Timestamp) -> Happening {
    Happening {
        href: href(event),
        ..happening(event, now)
    }
}

/// A row of the activity page.
pub(in crate::http::web) fn row(event: &EventRecord, now: Timestamp) -> ActivityRow {
    let mut detail = event.detail.text.clone();
    let reason = reason(event);
    if !detail.is_empty() && !reason.is_empty() {
        detail.push_str(" · ");
    }
    detail.push_str(&reason);
    ActivityRow {
        at: moment(event.at, now),
        text: event.kind.sentence().to_owned(),
        detail,
        object: event.subject.clone(),
        href: href(event),
        actor: event.actor.clone(),
        via: via(&event.credential).to_owned(),
    }
}

fn reason(event: &EventRecord) -> String {
    let reason = event.detail.reason.as_deref();
    let because = reason.map(|reason| format!("because: {reason}"));
    let acting = event.detail.acting.as_ref();
    let acting = acting.map(|acting| format!("as support of {}, ticket {}", acting.org, acting.ticket));
    let told: Vec<String> = [because, acting].into_iter().flatten().collect();
    told.join(" · ")
}

/// How somebody proved who they are, in words.
fn via(credential: &str) -> &'static str {
    match credential {
        "session" => "in the browser",
        "token" => "by API token",
        "command_line" => "on the command line",
        "link" => "by set-up link",
        _ => "by itself",
    }
}

/// The page of what an event is about. Things are named by id: they may be in the bin or have another name now.
fn href(event: &EventRecord) -> String {
    let id = event.subject_id;
    match event.subject_kind.as_str() {
        "mailbox" => format!("/mailboxes/{}", MailboxId::from(id)),
        "alias" => format!("/aliases/{}", AliasId::from(id)),
        "domain" => format!("/domains/{}", event.subject),
        "org" => format!("/orgs/{}", OrgId::from(id)),
        "account" => format!("/accounts/{}", AccountId::from(id)),
        _ => String::new(),
    }
}

fn icon(kind: EventKind) -> &'static str {
    match kind {
        EventKind::OrgCreated
        | EventKind::DomainCreated
        | EventKind::DomainAliasAdded
        | EventKind::MailboxCreated
        | EventKind::AliasCreated => "plus",
        EventKind::OrgUpdated
        | EventKind::DomainUpdated
        | EventKind::MailboxUpdated
        | EventKind::AliasUpdated
        | EventKind::AccountUpdated
        | EventKind::RoleUpdated => "pencil",
        EventKind::OrgLimitsChanged
        | EventKind::DomainLimitsChanged
        | EventKind::OrgRecounted
        | EventKind::DomainRecounted => "hard-drive",
        EventKind::OrgSuspended
        | EventKind::DomainSuspended
        | EventKind::MailboxSuspended
        | EventKind::AccountSuspended => "circle-pause",
        EventKind::OrgResumed
        | EventKind::DomainResumed
        | EventKind::MailboxResumed
        | EventKind::AccountResumed => "circle-play",
        EventKind::OrgDeleted
        | EventKind::DomainDeleted
        | EventKind::MailboxDeleted
        | EventKind::AliasDeleted
        | EventKind::OrgPurged
        | EventKind::DomainPurged
        | EventKind::MailboxPurged
        | EventKind::AliasPurged
        | EventKind::AccountDeleted
        | EventKind::RoleDeleted => "trash-2",
        EventKind::OrgRestored
        | EventKind::DomainRestored
        | EventKind::MailboxRestored
        | EventKind::AliasRestored => "archive-restore",
        EventKind::DomainAliasRemoved | EventKind::GrantRevoked => "x",
        EventKind::MailboxRenamed | EventKind::DomainTransferred | EventKind::OrgMoved => "at-sign",
        EventKind::MailboxPasswordSet | EventKind::AccountPasswordSet | EventKind::TokenCreated => {
            "key-round"
        }
        EventKind::MailboxSetupLinkMade => "link",
        EventKind::MailboxForwardingSet | EventKind::MailboxForwardingEnded => "forward",
        EventKind::AccountCreated | EventKind::AccountInvited => "user-plus",
        EventKind::AccountInvitationSent
        | EventKind::AccountLetterSent
        | EventKind::AccountResetAsked
        | EventKind::AccountAddressAsked
        | EventKind::SupportCodeOrdered => "send",
        EventKind::AccountInvitationFailed | EventKind::AccountLetterFailed => "triangle-alert",
        _ => icon_of_the_rest(kind),
    }
}

/// What happened to who can manage, to the targets and to the audit.
fn icon_of_the_rest(kind: EventKind) -> &'static str {
    match kind {
        EventKind::AccountSignedIn => "log-in",
        EventKind::GrantGiven | EventKind::RoleCreated => "shield-check",
        EventKind::TokenRevoked => "lock",
        EventKind::SupportBegan | EventKind::SupportEnded | EventKind::SupportCallerChecked => "life-buoy",
        EventKind::TokenRotated | EventKind::ProvisioningRetried | EventKind::ProvisioningResynced => {
            "refresh-cw"
        }
        EventKind::AuditExported => "download",
        _ => "history",
    }
}

/// The button that takes an event of a mailbox back.
pub(in crate::http::web) fn undo_of(event: &EventRecord, inverse: &Inverse) -> Undo {
    let (label, what) = match inverse {
        Inverse::Update(_) => ("Undo", " this change"),
        Inverse::Rename(_) => ("Undo", " renaming"),
        Inverse::Resume => ("Undo", " suspending"),
        Inverse::Restore => ("Restore", " the mailbox"),
        Inverse::Forward(_) | Inverse::EndForwarding => ("Undo", " this change of forwarding"),
    };
    button(event, label, what)
}

fn button(event: &EventRecord, label: &str, what: &str) -> Undo {
    Undo {
        action: format!("/undo/{}", event.id),
        label: label.to_owned(),
        what: what.to_owned(),
        version: String::new(),
    }
}

/// Gives the lines of a timeline a button where what happened to `thing` can be taken back, as far as `actor` may. The
/// events are the newest of the thing, perhaps among those of others.
pub(in crate::http::web) fn with_undo(
    lines: Vec<Happening>,
    events: &[EventRecord],
    thing: &Thing,
    (actor, place): (&Actor, &Place),
) -> Vec<Happening> {
    let possible = undo::possible(events, thing);
    let lines = lines.into_iter().zip(events).zip(possible);
    let line = |((line, event), possible): ((Happening, &EventRecord), bool)| Happening {
        undo: (possible && may(event.kind, thing, actor, place)).then(|| {
            let what = format!(" \u{201c}{}\u{201d}", event.kind.sentence());
            button(event, "Undo", &what)
        }),
        ..line
    };
    lines.map(line).collect()
}

/// Whether the actor has what taking back such an event takes, at the place where the thing is.
fn may(kind: EventKind, thing: &Thing, actor: &Actor, place: &Place) -> bool {
    match kind {
        EventKind::AliasUpdated if is_catch_all(thing) => actor.may::<AliasCatchAll>(place),
        EventKind::AliasUpdated => actor.may::<AliasWrite>(place),
        EventKind::AliasDeleted | EventKind::AliasRestored if is_catch_all(thing) => {
            actor.may::<AliasCatchAll>(place)
        }
        EventKind::AliasDeleted | EventKind::AliasRestored => actor.may::<AliasDelete>(place),
        EventKind::DomainUpdated => actor.may::<DomainUpdate>(place),
        EventKind::DomainAliasAdded | EventKind::DomainAliasRemoved => {
            actor.may::<DomainUpdate>(place) && actor.may::<DomainCreate>(place)
        }
        EventKind::DomainSuspended => actor.may::<DomainSuspend>(place),
        EventKind::DomainDeleted | EventKind::DomainRestored => actor.may::<DomainDelete>(place),
        EventKind::DomainTransferred => actor.may::<DomainTransfer>(place),
        EventKind::OrgUpdated => actor.may::<OrgUpdate>(place),
        EventKind::OrgSuspended => actor.may::<OrgSuspend>(place),
        EventKind::OrgDeleted | EventKind::OrgRestored | EventKind::OrgMoved => actor.may::<OrgDelete>(place),
        EventKind::DomainLimitsChanged => actor.may::<LimitsAssign>(place),
        // Limits of an org are assigned from above it.
        EventKind::OrgLimitsChanged => {
            let above = place.org.above().map(Place::org);
            above.is_some_and(|above| actor.may::<LimitsAssign>(&above))
        }
        EventKind::AccountUpdated => actor.may::<AccountUpdate>(place),
        EventKind::AccountSuspended => actor.may::<AccountSuspend>(place),
        EventKind::GrantGiven => actor.may::<GrantManage>(place),
        _ => false,
    }
}

fn is_catch_all(thing: &Thing) -> bool {
    matches!(thing, Thing::Alias(alias) if alias.address.is_catch_all())
}

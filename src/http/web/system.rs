//! The targets, as those who look after the installation see them.

use super::answer::{Answer, page};
use super::forms::{CsrfForm, Plain};
use super::nav::Here;
use super::pages::common::{Target, TargetFailure, TargetsPage};
use super::view::{Badge, Flash, Note, words};
use super::visitor::{At, Visitor};
use crate::access::{Place, ProvisioningRepair};
use crate::error::Error;
use crate::model::{AliasId, MailboxId, ObjectKind};
use crate::service::provisioning;
use crate::store::{ObjectState, OpenObject, PageRequest, TargetStatus};

/// Failed objects that the page names.
const MOST_FAILURES: usize = 100;

pub(super) async fn targets(visitor: Visitor) -> Answer {
    let (app, call) = (&visitor.app, &visitor.call);
    let all = provisioning::targets(app, call).await?;
    let failures = provisioning::open_objects(
        app,
        call,
        Some(ObjectState::Failed),
        &PageRequest::first(MOST_FAILURES),
    )
    .await?;
    let in_sync = provisioning::in_sync(app, call).await?;
    let can_repair = visitor.actor().may::<ProvisioningRepair>(&Place::system());
    page(&TargetsPage {
        chrome: visitor.chrome(&Here::Everything("Targets")).await?,
        can_repair,
        failed: all.iter().any(|target| target.parked > 0),
        targets: all
            .iter()
            .map(|target| Target {
                in_sync: objects(in_sync.get(&target.id).copied().unwrap_or(0)),
                resync: (can_repair && target.enabled)
                    .then(|| format!("/system/targets/{}/resync", words::query(&target.name))),
                ..card(&visitor, target, &failures.items)
            })
            .collect(),
    })
}

fn objects(count: i64) -> String {
    words::count(count, "object", "objects")
}

fn card(visitor: &Visitor, target: &TargetStatus, failures: &[OpenObject]) -> Target {
    let now = visitor.now();
    let ago = |at| format!("{} ago", words::duration(now.since(at)));
    Target {
        name: target.name.clone(),
        badge: badge(target),
        note: note(visitor, target),
        schema: format!("native on {}", engine(&target.engine)),
        pending: objects(target.pending),
        oldest: target.oldest_pending.map_or_else(|| "–".to_owned(), ago),
        failed: objects(target.parked),
        last_written: target.last_ok_at.map_or_else(|| "never".to_owned(), ago),
        failures: failures
            .iter()
            .filter(|object| object.state.target == target.name)
            .map(failure)
            .collect(),
        ..Target::default()
    }
}

fn engine(name: &str) -> &str {
    match name {
        "sqlite" => "SQLite",
        "postgres" => "PostgreSQL",
        "mysql" => "MariaDB",
        other => other,
    }
}

fn badge(target: &TargetStatus) -> Badge {
    if !target.enabled {
        Badge::neutral("circle-pause", "Not in the configuration any more")
    } else if target.failing_since.is_some() {
        Badge::bad("circle-x", "Cannot be written")
    } else if target.parked > 0 {
        Badge::bad("triangle-alert", "Refuses something")
    } else if target.pending > 0 {
        Badge::neutral("clock", "Pending")
    } else {
        Badge::ok("In sync")
    }
}

fn note(visitor: &Visitor, target: &TargetStatus) -> Option<Note> {
    let since = target.failing_since.filter(|_| target.enabled)?;
    let why = target.error.as_deref().unwrap_or("nobody knows why");
    let waits = words::count(target.pending, "change waits", "changes wait");
    Some(Note {
        kind: "bad",
        icon: "triangle-alert",
        title: format!(
            "It cannot be written since {}",
            words::moment(since, visitor.now()).words
        ),
        text: format!("{why}. Nothing is lost: {waits}, and it is tried again by itself."),
        links: Vec::new(),
    })
}

fn failure(object: &OpenObject) -> TargetFailure {
    let (kind, href) = match object.kind {
        ObjectKind::Node => ("node", String::new()),
        ObjectKind::Domain => ("domain", format!("/domains/{}", object.name)),
        ObjectKind::DomainAlias => ("domain alias", String::new()),
        ObjectKind::Mailbox => ("mailbox", format!("/mailboxes/{}", MailboxId::from(object.id))),
        ObjectKind::Alias => ("alias", format!("/aliases/{}", AliasId::from(object.id))),
    };
    let name = if object.name.is_empty() {
        object.id.to_string()
    } else {
        object.name.clone()
    };
    TargetFailure {
        object: name,
        href,
        kind: kind.to_owned(),
        reason: object.state.error.clone().unwrap_or_default(),
        tries: object.state.tries.to_string(),
    }
}

pub(super) async fn retry(visitor: Visitor, _form: CsrfForm<Plain>) -> Answer {
    let count = provisioning::retry_failed(&visitor.app, &visitor.call)
        .await?
        .value;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let text = match count {
        0 => "There is nothing that failed.".to_owned(),
        _ => format!(
            "{} tried again now.",
            words::count(count, "object is", "objects are")
        ),
    };
    visitor.tell("/system/targets", Flash::done(text)).await
}

/// Has everything written to a target anew, as when somebody else wrote to it.
pub(super) async fn resync(visitor: Visitor, At(name): At<String>, _form: CsrfForm<Plain>) -> Answer {
    let all = provisioning::targets(&visitor.app, &visitor.call).await?;
    let target = all.iter().find(|target| target.enabled && target.name == name);
    let target = target.ok_or_else(|| Error::not_found("target", &name))?;
    let done = provisioning::resync(&visitor.app, &visitor.call, &target.name).await?;
    let count = objects(i64::try_from(done.value).unwrap_or(i64::MAX));
    let verb = if done.value == 1 { "is" } else { "are" };
    let text = format!("{count} {verb} written to {name} anew. People notice nothing of it.");
    visitor.tell("/system/targets", Flash::done(text)).await
}

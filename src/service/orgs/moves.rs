//! An org goes to another place in the tree, with everything below it.

use super::{DEEPEST, event, not_the_provider, open, unlocked};
use crate::access::{Call, LimitsAssign, OrgCreate, OrgDelete, OrgPath, Permission, Permit};
use crate::error::Error;
use crate::model::{EventKind, Limits, Org, OrgId, OrgKind, Refusal, count};
use crate::service::{App, Done};
use crate::store::{Change, LeftBehind};

/// Puts an org below another one, with everything in it. It takes `org.delete` where the org is taken away, `org.create`
/// where it is added, and `limits.assign` there if it has limits: they come out of those of the new place.
pub async fn relocate(app: &App, call: &Call, id: OrgId, parent: OrgId) -> Result<Done<Org>, Error> {
    let (seen, permit) = open::<OrgDelete>(app, call, id).await?;
    not_the_provider(&seen, "a move")?;
    let (target, there) = open::<OrgCreate>(app, call, parent).await?;
    let former = seen
        .parent_id
        .ok_or_else(|| Error::defect("an org without a parent"))?;
    let taken = open::<OrgDelete>(app, call, former).await;
    let (former, _) = taken.map_err(|_| Error::Refused(OrgDelete::ACTION))?;
    if seen.limits != Limits::UNLIMITED && !call.actor.may::<LimitsAssign>(there.place()) {
        return Err(Error::Refused(LimitsAssign::ACTION));
    }
    let path = there.place().org.clone();
    fits(&seen, &target, &permit, &path)?;

    let mut change = app.store.change(call, permit).await?;
    change.orgs().hold_both(&path)?;
    let mut org = change.orgs().lock().await?;
    if org.parent_id == Some(parent) {
        return Ok(unlocked(org));
    }
    may_go(&mut change, &org, &path).await?;
    org.parent_id = Some(parent);
    let touched = change.orgs().relocate(&org, &path).await?;
    let text = format!(
        "{} is below {} now and no longer below {}, with {}, {} and {}; whoever holds a role in it keeps it",
        org.name,
        target.name,
        former.name,
        count(org.usage.domains, "domain", "domains"),
        count(org.usage.mailboxes, "mailbox", "mailboxes"),
        count(org.usage.accounts, "account", "accounts"),
    );
    let mut event = event(EventKind::OrgMoved, &org).saying(text).changing(
        "parent",
        &former.id.to_string(),
        &parent.to_string(),
    );
    event.touched.extend(touched);
    let events = change.commit(vec![event]).await?;
    if let (Some(account), false) = (call.actor.identity().account, call.dry_run) {
        app.store.look_anew(account).await?;
    }
    Ok(Done { value: org, events })
}

/// What the two orgs themselves say about the move.
fn fits(org: &Org, target: &Org, permit: &Permit<OrgDelete>, to: &OrgPath) -> Result<(), Error> {
    let misplaced = |detail: String, next: &str| Refusal::new("org_misplaced", detail, next).at("/parent");
    if org.deleted.is_some() || target.deleted.is_some() {
        let name = if org.deleted.is_some() {
            &org.name
        } else {
            &target.name
        };
        let next = "Restore it from the bin first.";
        return Err(Refusal::new("org_deleted", format!("{name} is in the bin."), next).into());
    }
    if permit.place().org.contains(to) {
        let detail = format!("{} is {} itself, or lies below it.", target.name, org.name);
        return Err(misplaced(detail, "Choose one that does not lie below it.").into());
    }
    if target.kind == OrgKind::Customer && org.kind == OrgKind::Reseller {
        let detail = format!(
            "{} is a customer and cannot have resellers below it.",
            target.name
        );
        return Err(misplaced(detail, "Put it below the provider or a reseller.").into());
    }
    Ok(())
}

/// What lies below the org, and who holds what there, says about the move.
async fn may_go(change: &mut Change<OrgDelete>, org: &Org, to: &OrgPath) -> Result<(), Error> {
    let levels = change.orgs().levels().await?;
    if to.depth() + 1 + levels > DEEPEST {
        let detail = format!(
            "{} has {} below it, and the tree has {DEEPEST} in all.",
            org.name,
            count(levels, "level", "levels")
        );
        let refusal = Refusal::new("org_misplaced", detail, "Put it higher up.");
        return Err(refusal.at("/parent").into());
    }
    if let Some(LeftBehind { role, org, grants }) = change.orgs().left_behind(to).await?.first() {
        let holders = count(*grants, "grant inside gives", "grants inside give");
        let detail = format!("{holders} the role {role}, which belongs to {org} and is given below it only.");
        let next = "Give another role instead and take that one away first.";
        return Err(Refusal::new("role_left_behind", detail, next).into());
    }
    Ok(())
}

//! Whether the counters of the limits say what is there, and putting them right.

use super::App;
use crate::access::{Call, Place, SystemManage};
use crate::error::Error;
use crate::model::{Event, EventKind, Subject};
use crate::store::{Counted, CounterOf};

/// A counter that says something else than what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miscount {
    /// `"org"` or `"domain"`.
    pub kind: &'static str,
    /// Whose.
    pub id: uuid::Uuid,
    /// Its name.
    pub name: String,
    /// Which counter.
    pub counter: &'static str,
    /// What it said.
    pub stored: i64,
    /// What is there.
    pub counted: i64,
}

/// What came of a recount.
#[derive(Clone, Debug, Default)]
pub struct Recount {
    /// Orgs and domains that were looked at.
    pub looked_at: usize,
    /// What was wrong.
    pub miscounts: Vec<Miscount>,
}

/// Counts everything that limits count, and puts right every counter that is wrong; a dry run only tells.
///
/// It goes part by part of the tree: those who add or remove something in the part that is being counted wait meanwhile,
/// everybody else does not. What was put right before it is cancelled or fails stays right.
pub async fn recount(app: &App, call: &Call) -> Result<Recount, Error> {
    let permit = |place| call.actor.permit::<SystemManage>(place);
    let refused = |denied| Error::denied(denied, "recount", "system");
    let everywhere = permit(Place::system()).map_err(refused)?;
    let mut all = Recount::default();
    for part in app.store.parts(&everywhere).await? {
        let permit = permit(Place::org(part.clone())).map_err(refused)?;
        let mut change = app.store.change(call, permit).await?;
        let counted = change.counted(&part).await?;
        all.looked_at += counted.len();
        let wrong: Vec<&Counted> = counted.iter().filter(|one| one.stored != one.held).collect();
        if wrong.is_empty() {
            continue;
        }
        for one in &wrong {
            change.set_counters(one)?;
        }
        change
            .commit(wrong.iter().map(|one| event(one)).collect())
            .await?;
        all.miscounts.extend(wrong.into_iter().flat_map(miscounts));
    }
    Ok(all)
}

fn kind(counted: &Counted) -> (&'static str, EventKind) {
    match counted.of {
        CounterOf::Org => ("org", EventKind::OrgRecounted),
        CounterOf::Domain => ("domain", EventKind::DomainRecounted),
    }
}

fn miscounts(one: &Counted) -> impl Iterator<Item = Miscount> {
    let pairs = one.stored.named().into_iter().zip(one.held.named());
    pairs
        .filter(|(stored, held)| stored != held)
        .map(|((counter, stored), (_, counted))| Miscount {
            kind: kind(one).0,
            id: one.id,
            name: one.name.clone(),
            counter,
            stored,
            counted,
        })
}

fn event(one: &Counted) -> Event {
    let (name, kind) = kind(one);
    let event = Event::new(kind, Subject::new(name, one.id, &one.name));
    let each = miscounts(one).fold(event, |event, wrong| {
        event.changing(wrong.counter, &wrong.stored, &wrong.counted)
    });
    each.saying(format!(
        "What {} holds was counted anew, and its counters were put right",
        one.name
    ))
}

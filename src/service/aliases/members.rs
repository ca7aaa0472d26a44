//! Single members of a group, which several people may add and take out at the same time.

use super::{AliasRef, open, update};
use crate::access::{AliasRead, Call};
use crate::error::Error;
use crate::model::{Alias, AliasPatch, Destination};
use crate::service::{App, Done};

/// How often a change of single members is tried when others change the same alias at the same time.
const MOST_TRIES: usize = 16;

/// Adds one destination to an alias.
pub async fn add_member(
    app: &App,
    call: &Call,
    at: &AliasRef,
    member: Destination,
) -> Result<Done<Alias>, Error> {
    change_members(app, call, at, |mut members| {
        members.push(member.clone());
        Ok(members)
    })
    .await
}

/// Takes one destination from an alias.
pub async fn remove_member(
    app: &App,
    call: &Call,
    at: &AliasRef,
    member: &Destination,
) -> Result<Done<Alias>, Error> {
    let same = |to: &Destination| to == member || *to == member.clone().canonical_for(true);
    change_members(app, call, at, |members| {
        if !members.iter().any(same) {
            return Err(Error::not_found("member", &member.to_string()));
        }
        Ok(members.into_iter().filter(|to| !same(to)).collect())
    })
    .await
}

/// Reads, works out and writes, again if somebody else was faster: two may add a member at the same time.
async fn change_members(
    app: &App,
    call: &Call,
    at: &AliasRef,
    changed: impl Fn(Vec<Destination>) -> Result<Vec<Destination>, Error>,
) -> Result<Done<Alias>, Error> {
    for _ in 0..MOST_TRIES {
        let (alias, _) = open::<AliasRead>(app, call, at).await?;
        let patch = AliasPatch {
            destinations: Some(changed(alias.destinations)?),
            ..AliasPatch::default()
        };
        match update(app, &at_version(call, alias.version), at, patch).await {
            Err(Error::Stale { .. }) if call.expected_version.is_none() => {}
            done => return done,
        }
    }
    Err(Error::Overloaded { retry_after_s: 1 })
}

/// What is worked out from what was read is written only onto that.
fn at_version(call: &Call, version: i64) -> Call {
    if !call.expects(version) {
        return call.clone();
    }
    Call {
        expected_version: Some(version),
        further_versions: Vec::new(),
        ..call.clone()
    }
}

//! The front door: each to where their work is.

use super::answer::{Answer, page, see};
use super::nav::Here;
use super::pages::people::Help;
use super::visitor::Visitor;
use crate::access::{OrgRead, Role, RoleRef, Scope};
use crate::service::domains;
use crate::service::mailboxes::Inside;
use crate::store::{MailboxFilter, PageRequest};

/// Support searches, operators see customers, and who looks after one customer or one domain is taken to it.
pub(super) async fn home(visitor: Visitor) -> Answer {
    let wide = |scope: &Scope| matches!(scope, Scope::System | Scope::Org(..));
    let mut grants = visitor.actor().grants().iter();
    if grants.any(|grant| grant.role == RoleRef::BuiltIn(Role::Support) && wide(&grant.scope)) {
        return Ok(see("/search"));
    }
    let mut grants = visitor.actor().grants().iter();
    if grants.any(|grant| grant.scope == Scope::System) {
        return Ok(see("/orgs"));
    }
    if let [Scope::Org(id, _)] = scopes(&visitor).as_slice()
        && visitor.actor().may_anywhere::<OrgRead>()
    {
        return Ok(see(&format!("/orgs/{id}")));
    }
    let (inside, all) = (Inside::Everything, MailboxFilter::default());
    let page = domains::list(&visitor.app, &visitor.call, &inside, &all, &PageRequest::first(2)).await?;
    match page.items.as_slice() {
        [only] => Ok(see(&format!("/domains/{}", only.name))),
        [] if visitor.actor().may_anywhere::<OrgRead>() => Ok(see("/orgs")),
        _ => Ok(see("/domains")),
    }
}

fn scopes(visitor: &Visitor) -> Vec<&Scope> {
    visitor
        .actor()
        .grants()
        .iter()
        .map(|grant| &grant.scope)
        .collect()
}

pub(super) async fn help(visitor: Visitor) -> Answer {
    let chrome = visitor.chrome(&Here::Nowhere).await?;
    let support = String::new();
    page(&Help { chrome, support })
}

//! The part of a form that says which role is given, on what and until when.

use serde::Deserialize;

use super::super::forms::{Reader, read};
use super::super::pages::accounts::{RoleChoice, RoleFields};
use super::super::view::{Choice, Form};
use super::super::visitor::Visitor;
use crate::access::{AccountInvite, GrantManage, OrgRead, Place, Scope};
use crate::error::Error;
use crate::model::Reason;
use crate::service::grants::{self, GrantWish, RoleName, ScopeName};
use crate::service::mailboxes::Inside;
use crate::service::{domains, orgs, roles};
use crate::store::{MailboxFilter, PageRequest};

/// Customers and domains in the list of scopes, of each.
const MOST_CHOICES: usize = 200;

/// What is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct TypedWish {
    role: String,
    scope: String,
    expires_at: String,
    reason: String,
}

impl TypedWish {
    /// What is wished for; what is wrong is told to `reader`, which is finished here.
    pub(super) fn read(&self, mut reader: Reader) -> Result<GrantWish, Error> {
        let role = self.role.trim().parse::<RoleName>().ok();
        if role.is_none() {
            reader.wrong("role", "required", "choose a role");
        }
        let scope = self.scope.trim().parse::<ScopeName>().ok();
        if scope.is_none() {
            reader.wrong("scope", "required", "choose what the role is for");
        }
        let expires_at = reader.day("expires_at", &self.expires_at);
        let reason: Option<Reason> = reader.optional("reason", &self.reason);
        reader.finish()?;
        Ok(GrantWish {
            role: read(role)?,
            scope: read(scope)?,
            expires_at,
            reason,
        })
    }
}

/// The fields for a role on `asked`, or on one of the visitor's own scopes where nothing is asked for.
pub(super) async fn fields(visitor: &Visitor, asked: &str, form: &Form) -> Result<RoleFields, Error> {
    let asked = asked.trim();
    let fixed = match asked.parse::<ScopeName>() {
        Ok(name) => Some(grants::scope(&visitor.app, &visitor.call, &name).await?),
        Err(_) if asked.is_empty() => only_scope(visitor),
        Err(_) => return Err(Error::not_found("scope", asked)),
    };
    let more_open = ["expires_at", "reason"]
        .iter()
        .any(|name| form.error(name).is_some() || !form.value(name).is_empty());
    if let Some((scope, name)) = fixed {
        return Ok(RoleFields {
            scope: key(&scope),
            scope_name: name,
            scopes: Vec::new(),
            roles: roles_on(visitor, &[scope]).await?,
            more_open,
        });
    }
    let own = own_scopes(visitor);
    Ok(RoleFields {
        scope: String::new(),
        scope_name: String::new(),
        scopes: scopes(visitor, &own, form.value("scope")).await?,
        roles: roles_on(visitor, &own).await?,
        more_open,
    })
}

/// A scope as forms and URLs call it.
pub(super) fn key(scope: &Scope) -> String {
    match scope {
        Scope::System => "system".to_owned(),
        Scope::Org(id, _) => id.to_string(),
        Scope::Domain(_, name, _) => name.clone(),
    }
}

/// Where the visitor gives roles by what they hold themselves.
fn own_scopes(visitor: &Visitor) -> Vec<Scope> {
    let gives = |scope: &&Scope| visitor.actor().may::<GrantManage>(&scope.place());
    let held = visitor.actor().grants().iter().map(|grant| &grant.scope);
    let mut scopes: Vec<Scope> = Vec::new();
    for scope in held.filter(gives) {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    scopes
}

/// Who gives roles on one domain only need not choose it.
fn only_scope(visitor: &Visitor) -> Option<(Scope, String)> {
    match own_scopes(visitor).as_slice() {
        [scope @ Scope::Domain(_, name, _)] => Some((scope.clone(), name.clone())),
        _ => None,
    }
}

async fn roles_on(visitor: &Visitor, scopes: &[Scope]) -> Result<Vec<RoleChoice>, Error> {
    let mut choices: Vec<RoleChoice> = Vec::new();
    for scope in scopes {
        for role in roles::to_hand_on(&visitor.app, &visitor.call, scope).await? {
            if choices.iter().any(|choice| choice.value == role.key) {
                continue;
            }
            let text = match role.key.as_str() {
                "operator" => "May do everything, everywhere.".to_owned(),
                _ => format!("May {}.", role.holds.spoken()),
            };
            choices.push(RoleChoice {
                value: role.key,
                title: role.title,
                text,
            });
        }
    }
    // What can do least comes first: it is the safer choice.
    choices.sort_by_key(|choice| choice.text.len());
    choices.sort_by_key(|choice| choice.value == "operator");
    Ok(choices)
}

async fn scopes(visitor: &Visitor, own: &[Scope], chosen: &str) -> Result<Vec<Choice>, Error> {
    let (app, call) = (&visitor.app, &visitor.call);
    let (all, first) = (MailboxFilter::default(), PageRequest::first(MOST_CHOICES));
    let mut choices = vec![Choice::of("", "Choose…", chosen)];
    if own.contains(&Scope::System) && visitor.actor().may::<AccountInvite>(&Place::system()) {
        choices.push(Choice::of("system", "Everything", chosen));
    }
    if visitor.actor().may_anywhere::<OrgRead>() {
        for org in orgs::list(app, call, &all, &first).await?.items {
            let label = format!("{} and all below it", org.name);
            choices.push(Choice::of(&org.id.to_string(), &label, chosen));
        }
    }
    let found = domains::list(app, call, &Inside::Everything, &all, &first).await?;
    for domain in found.items {
        let name = domain.name.to_string();
        choices.push(Choice::of(&name, &domain.name.to_unicode(), chosen));
    }
    Ok(choices)
}

//! Defining, changing and deleting the roles of a customer. What a change does to whom is told before it is saved.

use axum::extract::Query;
use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Plain, Reader, read};
use super::super::nav::Here;
use super::super::pages::common::Confirm;
use super::super::pages::roles::RoleEdit;
use super::super::view::{Choice, Flash, Form, Link};
use super::super::visitor::{At, Visitor};
use super::list::{grouped, may, org_name};
use crate::access::{Action, Call, Permission as _, Permissions, RoleManage};
use crate::error::Error;
use crate::model::{DisplayName, Note, OrgId, RoleId};
use crate::service::roles::{self, RoleChanged, RoleDraft, RolePatch};
use crate::service::{Done, orgs};
use crate::store::{MailboxFilter, OwnRole, PageRequest};

/// Customers in the list of those who can have the role.
const MOST_CHOICES: usize = 200;

/// Whose role it will be.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Of {
    org: String,
}

/// What is typed and ticked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    org: String,
    name: String,
    description: String,
    permission: Vec<String>,
    /// The permissions of which was told beforehand what they do.
    seen: String,
}

impl Typed {
    fn holds(&self) -> Permissions {
        self.permission
            .iter()
            .filter_map(|name| Action::named(name))
            .collect()
    }

    fn read(&self) -> Result<RoleDraft, Error> {
        let mut reader = Reader::default();
        let name: Option<DisplayName> = reader.required("name", &self.name);
        let description: Option<Note> = reader.required("description", &self.description);
        reader.finish()?;
        Ok(RoleDraft {
            name: read(name)?,
            description: read(description)?,
            holds: self.holds(),
        })
    }
}

pub(in crate::http::web) async fn ask_new(visitor: Visitor, Query(of): Query<Of>) -> Answer {
    let form = Form::default().with("org", of.org.trim());
    show_new(&visitor, StatusCode::OK, form, Permissions::NONE).await
}

async fn show_new(visitor: &Visitor, status: StatusCode, form: Form, chosen: Permissions) -> Answer {
    // Of one customer only what can be put into its roles is offered, otherwise what could be put into any.
    let offered = match form.value("org").parse::<OrgId>() {
        Ok(org) => roles::definable(&visitor.app, &visitor.call, org).await?,
        Err(_) if visitor.actor().may_anywhere::<RoleManage>() => roles::definable_anywhere(&visitor.call),
        Err(_) => return Err(Error::Refused(RoleManage::ACTION).into()),
    };
    page_with(
        status,
        &RoleEdit {
            chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
            title: "Define a role".to_owned(),
            back: Link::new("/roles", "Roles"),
            action: "/roles/new".to_owned(),
            version: String::new(),
            orgs: choices_of_orgs(visitor, form.value("org")).await?,
            groups: grouped(offered.and(chosen), chosen),
            effects: Vec::new(),
            seen: String::new(),
            button: "Define role".to_owned(),
            form,
        },
    )
}

async fn choices_of_orgs(visitor: &Visitor, chosen: &str) -> Result<Vec<Choice>, Error> {
    let (all, first) = (MailboxFilter::default(), PageRequest::first(MOST_CHOICES));
    let found = orgs::list(&visitor.app, &visitor.call, &all, &first).await?.items;
    let each = found
        .iter()
        .map(|org| Choice::of(&org.id.to_string(), org.name.as_str(), chosen));
    Ok(each.collect())
}

pub(in crate::http::web) async fn create(visitor: Visitor, form: CsrfForm<Typed>) -> Answer {
    match add(&visitor, &form.content).await {
        Ok(role) => {
            let flash = Flash::done(format!("{} is a role now, and can be given.", role.name));
            visitor.tell(&format!("/roles/{}", role.id), flash).await
        }
        Err(error) => {
            let (form_again, status) = form.form.refused(error)?;
            show_new(&visitor, status, named(form_again), form.content.holds()).await
        }
    }
}

/// Which permissions are meant is a question of its own on the page.
fn named(form: Form) -> Form {
    form.calling("permissions", "permission")
}

async fn add(visitor: &Visitor, typed: &Typed) -> Result<OwnRole, Error> {
    let draft = typed.read()?;
    let mut reader = Reader::default();
    let org: Option<OrgId> = reader.required("org", &typed.org);
    reader.finish()?;
    Ok(roles::create(&visitor.app, &visitor.call, read(org)?, draft)
        .await?
        .value)
}

pub(in crate::http::web) async fn ask(visitor: Visitor, At(id): At<RoleId>) -> Answer {
    let role = roles::get(&visitor.app, &visitor.call, id).await?;
    let form = Form::default()
        .with("name", role.name.as_str())
        .with("description", role.description.as_str());
    let holds = role.holds;
    show_edit(&visitor, role, Told::nothing(StatusCode::OK, form, holds)).await
}

/// What the page of a change says.
struct Told {
    status: StatusCode,
    form: Form,
    chosen: Permissions,
    effects: Vec<String>,
    version: Option<i64>,
}

impl Told {
    fn nothing(status: StatusCode, form: Form, chosen: Permissions) -> Self {
        Self {
            status,
            form,
            chosen,
            effects: Vec::new(),
            version: None,
        }
    }
}

async fn show_edit(visitor: &Visitor, role: OwnRole, told: Told) -> Answer {
    let offered = roles::definable(&visitor.app, &visitor.call, role.org_id).await?;
    let is_told = !told.effects.is_empty();
    page_with(
        told.status,
        &RoleEdit {
            chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
            title: format!("Change {}", role.name),
            back: Link::new(format!("/roles/{}", role.id), role.name.as_str()),
            action: format!("/roles/{}/edit", role.id),
            version: told.version.unwrap_or(role.version).to_string(),
            orgs: Vec::new(),
            groups: grouped(offered.and(told.chosen), told.chosen),
            effects: told.effects,
            seen: if is_told {
                told.chosen.to_string()
            } else {
                String::new()
            },
            button: if is_told {
                "Save role"
            } else {
                "See what it changes"
            }
            .to_owned(),
            form: told.form,
        },
    )
}

pub(in crate::http::web) async fn save(
    visitor: Visitor,
    At(id): At<RoleId>,
    form: CsrfForm<Typed>,
) -> Answer {
    let chosen = form.content.holds();
    // Nothing is saved before it was told what that very choice does.
    let is_told = form.content.seen == chosen.to_string() && !chosen.is_empty();
    match change(&visitor, id, &form, !is_told).await {
        Ok(done) if is_told => {
            let flash = Flash::done(saved(&done.value));
            visitor.tell(&format!("/roles/{id}"), flash).await
        }
        Ok(done) => {
            let before = roles::get(&visitor.app, &visitor.call, id).await?;
            let told = Told {
                effects: effects(&visitor, &before, &done.value).await?,
                version: form.version,
                ..Told::nothing(StatusCode::OK, form.form, chosen)
            };
            show_edit(&visitor, before, told).await
        }
        Err(error) => {
            let (again, status) = form.form.refused(error)?;
            let role = roles::get(&visitor.app, &visitor.call, id).await?;
            show_edit(&visitor, role, Told::nothing(status, named(again), chosen)).await
        }
    }
}

async fn change(
    visitor: &Visitor,
    id: RoleId,
    form: &CsrfForm<Typed>,
    dry_run: bool,
) -> Result<Done<RoleChanged>, Error> {
    let draft = form.content.read()?;
    let call = Call {
        dry_run,
        ..visitor.expecting(form.version)
    };
    let patch = RolePatch {
        name: Some(draft.name),
        description: Some(draft.description),
        holds: Some(draft.holds),
    };
    roles::update(&visitor.app, &call, id, patch).await
}

fn saved(changed: &RoleChanged) -> String {
    match changed.ended.len() {
        0 => format!("{} is changed, for everybody who holds it.", changed.role.name),
        1 => format!("{} is changed, and 1 role has ended.", changed.role.name),
        many => format!("{} is changed, and {many} roles have ended.", changed.role.name),
    }
}

/// What the change does, to whom.
async fn effects(visitor: &Visitor, before: &OwnRole, changed: &RoleChanged) -> Result<Vec<String>, Error> {
    let after = changed.role.holds;
    let (more, less) = (after.without(before.holds), before.holds.without(after));
    let mut told = vec![may(after)];
    if !more.is_empty() {
        told.push(format!("New: whoever holds it may {}.", more.spoken()));
    }
    if !less.is_empty() {
        told.push(format!("Gone: nobody may {} by it any more.", less.spoken()));
    }
    let holders = roles::holders(&visitor.app, &visitor.call, before.id).await?;
    match holders.len() {
        0 => told.push("Nobody that you can see holds it.".to_owned()),
        1 => told.push("1 person holds it:".to_owned()),
        many => told.push(format!("It is held {many} times:")),
    }
    let ends = |id| changed.ended.iter().any(|ended| ended.given.grant.id == id);
    for held in &holders {
        let and = if ends(held.given.grant.id) {
            ": ends, because whoever gave it may not hand that on"
        } else {
            ""
        };
        told.push(format!("{} on {}{and}", held.holder, held.scope_name));
    }
    let is_other = |id| holders.iter().all(|held| held.given.grant.id != id);
    for ended in changed
        .ended
        .iter()
        .filter(|ended| is_other(ended.given.grant.id))
    {
        let (role, scope) = (ended.given.grant.role.title(), &ended.scope_name);
        told.push(format!("{}: {role} on {scope} ends too", ended.holder));
    }
    Ok(told)
}

pub(in crate::http::web) async fn ask_delete(visitor: Visitor, At(id): At<RoleId>) -> Answer {
    show_delete(&visitor, id, StatusCode::OK, Form::default()).await
}

async fn show_delete(visitor: &Visitor, id: RoleId, status: StatusCode, form: Form) -> Answer {
    let role = roles::get(&visitor.app, &visitor.call, id).await?;
    let place = crate::access::Place::org(role.path.clone());
    if !visitor.actor().may::<RoleManage>(&place) {
        return Err(Error::Refused(RoleManage::ACTION).into());
    }
    let path = format!("/roles/{id}");
    let org = org_name(visitor, &role).await?;
    page_with(
        status,
        &Confirm {
            chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
            form,
            title: format!("Delete {}", role.name),
            back: Link::new(&path, role.name.as_str()),
            action: format!("{path}/delete"),
            version: role.version.to_string(),
            lead: format!("{} cannot be given any more in {org}.", role.name),
            effects: vec![
                "A role that somebody holds is not deleted: give them another one first.".to_owned(),
            ],
            typed: String::new(),
            button: "Delete role".to_owned(),
        },
    )
}

pub(in crate::http::web) async fn delete(
    visitor: Visitor,
    At(id): At<RoleId>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    match roles::delete(&visitor.app, &call, id).await {
        Ok(_) => visitor.tell("/roles", Flash::done("The role is deleted.")).await,
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_delete(&visitor, id, status, form).await
        }
    }
}

//! Letting people sign in, from the machine itself.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::{Context, Failure};
use crate::access::{Call, Role, Scope};
use crate::cli::{AccountCreateArgs, ScopeName};
use crate::model::{DisplayName, Invalid, OrgId, Password, words_password};
use crate::out;
use crate::service::accounts::{self, NewAccount};
use crate::service::{App, domains, orgs};
use crate::store::{MailboxFilter, PageRequest};

/// What a provider is called until somebody says otherwise.
const PROVIDER: &str = "Provider";

#[derive(Serialize)]
struct Made {
    id: String,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    url: String,
}

/// Lets a person sign in.
pub async fn create(context: &Context, args: &AccountCreateArgs) -> Result<(), Failure> {
    let app = super::open(context).await?;
    let made = make(&app, args).await;
    app.store.db().close().await;
    let made = made?;
    if context.is_json {
        out::json(&made)?;
        return Ok(());
    }
    out::line(format_args!("{} can sign in at {}", made.email, made.url))?;
    if let Some(password) = &made.password {
        out::line(format_args!("password: {password}   (shown this once)"))?;
    }
    Ok(())
}

async fn make(app: &App, args: &AccountCreateArgs) -> Result<Made, Failure> {
    let call = super::command_line(app);
    let email = accounts::parse_email(&args.email)?;
    let (password, shown) = if let Some(file) = &args.password_file {
        (from_file(app, file, &[&email, args.name.as_str()])?, None)
    } else {
        let password = app.ids.with_random(words_password);
        let shown = password.expose().to_owned();
        (password, Some(shown))
    };
    accounts::ensure_provider(app, &call, &provider_name()?).await?;
    let grant = match (args.role, &args.scope) {
        (Some(role), Some(scope)) => Some((role, find_scope(app, &call, role, scope).await?)),
        _ => None,
    };
    let new = NewAccount {
        email: email.clone(),
        name: args.name.clone(),
        password: Some(password),
        grant,
    };
    let done = accounts::create(app, &call, new).await?;
    Ok(Made {
        id: done.value.to_string(),
        email,
        password: shown,
        url: app.base_url.clone(),
    })
}

fn provider_name() -> Result<DisplayName, Failure> {
    let name = PROVIDER.parse();
    name.map_err(|_| Failure::Said("the provider has no name".to_owned()))
}

/// The first line of a file, as a password that keeps the rules.
fn from_file(app: &App, path: &Path, context: &[&str]) -> Result<Password, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::Said(format!(
            "cannot read the password from {}: {error}",
            path.display()
        ))
    })?;
    let line = text.lines().next().unwrap_or_default();
    let mut invalid = Invalid::default();
    let password = invalid.check("", app.passwords.check(line, context));
    password.ok_or_else(|| Failure::Said(format!("{}: {invalid}", path.display())))
}

/// The scope that was named. Only the system itself is not below some org.
async fn find_scope(app: &App, call: &Call, role: Role, scope: &ScopeName) -> Result<Scope, Failure> {
    match scope {
        ScopeName::System => Ok(Scope::System),
        ScopeName::Domain(name) => {
            let (domain, permit) = domains::get(app, call, name).await?;
            let path = permit.place().org.clone();
            Ok(Scope::Domain(domain.id, domain.name.to_string(), path))
        }
        ScopeName::Org(_) if role == Role::Operator => Err(Failure::Said(
            "an operator looks after everything; write --scope system, or choose --role reseller_admin"
                .to_owned(),
        )),
        ScopeName::Org(name) => find_org(app, call, name).await,
    }
}

async fn find_org(app: &App, call: &Call, name: &str) -> Result<Scope, Failure> {
    let id = match name.parse::<OrgId>() {
        Ok(id) => id,
        Err(_) => org_named(app, call, name).await?,
    };
    let (org, permit) = orgs::get(app, call, id).await?;
    Ok(Scope::Org(org.id, permit.place().org.clone()))
}

async fn org_named(app: &App, call: &Call, name: &str) -> Result<OrgId, Failure> {
    let mut page = PageRequest::first(500);
    let mut found = Vec::new();
    loop {
        let orgs = orgs::list(app, call, &MailboxFilter::default(), &page).await?;
        found.extend(orgs.items.into_iter().filter(|org| org.name.as_str() == name));
        match orgs.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    match found.as_slice() {
        [org] => Ok(org.id),
        [] => Err(Failure::Said(format!(
            "there is no org {name:?}; check the name, or give its id"
        ))),
        [_, _, ..] => {
            let ids: Vec<String> = found.iter().map(|org| org.id.to_string()).collect();
            let ids = ids.join(", ");
            Err(Failure::Said(format!(
                "several orgs are called {name:?}; give one of the ids {ids}"
            )))
        }
    }
}

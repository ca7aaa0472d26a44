//! Keys for the API, from the machine itself.

use serde::Serialize;

use super::{Context, Failure};
use crate::access::{Call, Credential, Permissions};
use crate::cli::TokenCreateArgs;
use crate::out;
use crate::service::tokens::TokenWish;
use crate::service::{App, sign_in, tokens};

#[derive(Serialize)]
struct Made {
    id: String,
    token: String,
    read_only: bool,
    expires_at: String,
}

/// Makes a key for the API. It alone goes to standard output, so that a script can take it from there.
pub async fn create(context: &Context, args: &TokenCreateArgs) -> Result<(), Failure> {
    let app = super::open(context).await?;
    let made = make(&app, args).await;
    app.store.db().close().await;
    let made = made?;
    if context.is_json {
        out::json(&made)?;
        return Ok(());
    }
    out::complain(format_args!(
        "A token for {}, good until {}; it is shown this once:",
        args.account,
        &made.expires_at[..10]
    ));
    out::line(&made.token)?;
    Ok(())
}

async fn make(app: &App, args: &TokenCreateArgs) -> Result<Made, Failure> {
    let unknown = || {
        Failure::Said(format!(
            "no account has the address {:?}; `postdesk account create` adds one",
            args.account
        ))
    };
    let account = app
        .store
        .account_named(args.account.trim())
        .await?
        .ok_or_else(unknown)?;
    let actor = sign_in::in_person(app, account, Credential::CommandLine).await?;
    let call = Call::new(actor, "command-line");
    let wish = TokenWish {
        name: args.name.clone(),
        days: args.expires_days,
        read_only: args.read_only,
        permissions: args
            .permissions
            .iter()
            .copied()
            .fold(Permissions::NONE, Permissions::and),
        scopes: args.scopes.clone(),
        cidrs: args.cidrs.clone(),
    };
    let (done, secret) = tokens::make(app, &call, wish).await?;
    Ok(Made {
        id: done.value.id.to_string(),
        token: secret.expose().to_owned(),
        read_only: done.value.read_only,
        expires_at: done.value.expires_at.rfc3339(),
    })
}

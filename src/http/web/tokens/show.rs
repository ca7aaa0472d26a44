//! One token: what it may do, and its end.

use super::super::answer::{Answer, page};
use super::super::forms::{CsrfForm, Plain};
use super::super::pages::tokens::{TokenPage, TokenPart, TokenShown};
use super::super::view::{Fact, Flash, Link, Note, words};
use super::super::visitor::{At, Both, Visitor};
use super::list::{badge, ends};
use super::{Whose, is_live};
use crate::access::{Action, DomainRead, OrgRead, Scope};
use crate::http::session::Shown;
use crate::model::{AccountId, Timestamp, TokenId};
use crate::service::tokens::{self, Part};
use crate::store::TokenView;

pub(in crate::http::web) async fn own(visitor: Visitor, At(id): At<TokenId>) -> Answer {
    let whose = Whose::own(&visitor)?;
    show(&visitor, &whose, id).await
}

pub(in crate::http::web) async fn of(
    visitor: Visitor,
    Both(account, id): Both<AccountId, TokenId>,
) -> Answer {
    let whose = Whose::of(&visitor, account).await?;
    show(&visitor, &whose, id).await
}

async fn show(visitor: &Visitor, whose: &Whose, id: TokenId) -> Answer {
    let token = whose.token(visitor, id).await?;
    if let Some(secret) = visitor.secret().await? {
        return shown_once(visitor, whose, token, secret).await;
    }
    let now = visitor.now();
    let live = is_live(&token, now);
    let parts = if live {
        tokens::effective(&visitor.app, whose.account(), &token).await?
    } else {
        Vec::new()
    };
    page(&TokenPage {
        chrome: visitor.chrome(&whose.here()).await?,
        back: whose.back(),
        path: whose.page_of(id),
        badge: badge(&token, now),
        notes: notes(whose, &token, &parts, now),
        facts: facts(&token, &parts, now),
        parts: parts.iter().map(|one| part(visitor, one)).collect(),
        can_replace: live && whose.makes(visitor),
        can_revoke: live,
        name: token.name,
    })
}

async fn shown_once(visitor: &Visitor, whose: &Whose, token: TokenView, secret: Shown) -> Answer {
    let end = words::date(token.expires_at, visitor.now()).words;
    let base = &visitor.app.base_url;
    page(&TokenShown {
        chrome: visitor.chrome(&whose.here()).await?,
        back: whose.back(),
        path: whose.page_of(token.id),
        name: token.name,
        example: format!(
            "curl -H 'Authorization: Bearer {}' {base}/api/v1/me",
            secret.password
        ),
        token: secret.password,
        ends: format!("It works until {end}."),
    })
}

fn notes(whose: &Whose, token: &TokenView, parts: &[Part], now: Timestamp) -> Vec<Note> {
    let over = |title: &str| Note {
        icon: "info",
        title: title.to_owned(),
        text: "Nothing can be done with it any more.".to_owned(),
        ..Note::default()
    };
    let state = match token.state(now) {
        "revoked" => Some(over("It was revoked")),
        "expired" => Some(over("Its time is over")),
        "replaced" => Some(Note {
            kind: "warn",
            icon: "refresh-cw",
            title: format!(
                "Another took its place; this one works until {}",
                ends(token, now)
            ),
            text: "It ends by itself. Revoke it once nothing uses it any more.".to_owned(),
            ..Note::default()
        }),
        _ => None,
    };
    let state = state.map(|note| Note {
        links: token
            .successor
            .map(|next| Link::new(whose.page_of(next), "The new token"))
            .into_iter()
            .collect(),
        ..note
    });
    let idle = (is_live(token, now) && parts.is_empty()).then(|| Note {
        kind: "warn",
        icon: "triangle-alert",
        title: "Just now it can do nothing".to_owned(),
        text: match whose {
            Whose::Own(_) => "You hold no role where it reaches. Once you do, it works.".to_owned(),
            Whose::Of(person) => format!(
                "{} is suspended, or holds no role where the token reaches.",
                person.name
            ),
        },
        ..Note::default()
    });
    state.into_iter().chain(idle).collect()
}

fn facts(token: &TokenView, parts: &[Part], now: Timestamp) -> Vec<Fact> {
    let used = match (token.last_used_at, &token.last_used_from) {
        (None, _) => "never".to_owned(),
        (Some(at), None) => words::moment(at, now).words,
        (Some(at), Some(from)) => format!("{} from {from}", words::moment(at, now).words),
    };
    let mut facts = vec![
        Fact::new("Begins with", format!("{}…", token.hint)),
        Fact::new("Made", words::date(token.created_at, now).words),
        Fact::new("Last used", used),
        Fact::new("Ends", ends(token, now)),
    ];
    if token.read_only {
        facts.push(Fact::new("Narrowed to", "looking; it changes nothing"));
    }
    if let Some(permissions) = token.permissions {
        facts.push(Fact::new("Only to", permissions.spoken()));
    }
    if let Some(scopes) = &token.scopes {
        facts.push(Fact::new("Only in", only_in(scopes, parts)));
    }
    let from = token.cidrs.words();
    let from = if from.is_empty() {
        "anywhere".to_owned()
    } else {
        from.join(", ")
    };
    facts.push(Fact::new("Used from", from));
    facts
}

/// What a token is confined to, by name as far as it does something there.
fn only_in(scopes: &[Scope], parts: &[Part]) -> String {
    let name = |scope: &Scope| {
        let known = parts.iter().find(|part| part.scope == *scope);
        match (known, scope) {
            (Some(part), _) => part.name.clone(),
            (None, Scope::Domain(_, name, _)) => name.clone(),
            (None, Scope::Org(..) | Scope::System) => {
                "a customer where its owner holds nothing now".to_owned()
            }
        }
    };
    match scopes {
        [] => "what is gone for good".to_owned(),
        scopes => scopes.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

fn part(visitor: &Visitor, part: &Part) -> TokenPart {
    let place = part.scope.place();
    let href = match &part.scope {
        Scope::Org(id, _) if visitor.actor().may::<OrgRead>(&place) => format!("/orgs/{id}"),
        Scope::Domain(_, name, _) if visitor.actor().may::<DomainRead>(&place) => format!("/domains/{name}"),
        _ => String::new(),
    };
    let said = part
        .holds
        .iter()
        .filter(|action| *action != Action::TokenManageOwn);
    TokenPart {
        scope: part.name.clone(),
        href,
        may: said.map(Action::meaning).collect(),
    }
}

pub(in crate::http::web) async fn revoke_own(
    visitor: Visitor,
    At(id): At<TokenId>,
    _form: CsrfForm<Plain>,
) -> Answer {
    let whose = Whose::own(&visitor)?;
    revoke(&visitor, &whose, id).await
}

pub(in crate::http::web) async fn revoke_of(
    visitor: Visitor,
    Both(account, id): Both<AccountId, TokenId>,
    _form: CsrfForm<Plain>,
) -> Answer {
    let whose = Whose::of(&visitor, account).await?;
    revoke(&visitor, &whose, id).await
}

async fn revoke(visitor: &Visitor, whose: &Whose, id: TokenId) -> Answer {
    whose.revoke(visitor, id).await?;
    let flash = Flash::done("The token is revoked. Its next request is refused.");
    visitor.tell(&whose.base(), flash).await
}

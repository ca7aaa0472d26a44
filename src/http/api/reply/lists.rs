//! Pages of lists.

use axum::response::Response;
use http::{StatusCode, header};
use serde::Serialize;
use uuid::Uuid;

use super::{Provisioning, Resource, header_value, json};
use crate::error::Error;
use crate::http::api::ask::Ask;
use crate::http::api::problem::Problem;
use crate::http::api::query::Paging;
use crate::store::{Cursor, Page};

/// A page of a list.
#[derive(Serialize)]
pub(in crate::http::api) struct ListView<'a, T> {
    data: &'a [T],
    has_more: bool,
    next_after: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count_is_exact: Option<bool>,
}

/// A page of things.
pub(in crate::http::api) async fn page<R: Resource>(
    ask: &Ask,
    paging: &Paging,
    page: &Page<R>,
    all: Option<Page<R>>,
) -> Result<Response, Problem> {
    let pending = page.items.iter().filter(|item| item.pending());
    let objects: Vec<Uuid> = pending.filter_map(Resource::object).collect();
    let open = ask.app.store.open_states(&objects).await?;
    let view = |item| {
        let object = Resource::object(item);
        let provisioning = object.map(|object| Provisioning::in_short(open.get(&object).copied()));
        Resource::view(item, provisioning)
    };
    let views = page.items.iter().map(view);
    let counted = all.map(|all| (all.items.len(), all.next.is_none()));
    let Some(fields) = &paging.fields else {
        let items: Vec<R::View<'_>> = views.collect();
        return listed(
            ask,
            paging,
            page.next.as_ref(),
            page.next.is_some(),
            counted,
            &items,
        );
    };
    let mut items = Vec::with_capacity(page.items.len());
    for view in views {
        let mut item = serde_json::to_value(view).map_err(|error| Error::defect(error.to_string()))?;
        if let Some(members) = item.as_object_mut() {
            members.retain(|name, _| fields.contains(name));
        }
        items.push(item);
    }
    listed(
        ask,
        paging,
        page.next.as_ref(),
        page.next.is_some(),
        counted,
        &items,
    )
}

/// A page of anything that was made ready to be written out.
pub(in crate::http::api) fn list<T: Serialize>(
    ask: &Ask,
    paging: &Paging,
    next: Option<&Cursor>,
    has_more: bool,
    items: &[T],
) -> Result<Response, Problem> {
    listed(ask, paging, next, has_more, None, items)
}

fn listed<T: Serialize>(
    ask: &Ask,
    paging: &Paging,
    next: Option<&Cursor>,
    has_more: bool,
    counted: Option<(usize, bool)>,
    items: &[T],
) -> Result<Response, Problem> {
    let sealed = next.map(|cursor| paging.sealed(cursor));
    let view = ListView {
        data: items,
        has_more,
        next_after: sealed.as_deref(),
        count: counted.map(|(count, _)| count),
        count_is_exact: counted.map(|(_, is_exact)| is_exact),
    };
    let mut response = json(StatusCode::OK, &view)?;
    if let Some(sealed) = &sealed {
        let link = format!("<{}{}>; rel=\"next\"", ask.app.base_url, paging.link(sealed));
        response.headers_mut().insert(header::LINK, header_value(&link)?);
    }
    Ok(response)
}

/// Everything of a list that is never long enough for a second page.
pub(in crate::http::api) fn whole<T: Serialize>(items: &[T]) -> Result<Response, Problem> {
    let view = ListView {
        data: items,
        has_more: false,
        next_after: None,
        count: None,
        count_is_exact: None,
    };
    json(StatusCode::OK, &view)
}

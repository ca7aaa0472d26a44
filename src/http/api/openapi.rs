//! The OpenAPI document. Handlers say what is their own; what holds for all of them is added here, once.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use utoipa::{PartialSchema as _, ToSchema as _};

use super::problem::{FieldProblemView, ProblemView, Required};
use super::query::MOST_LIMIT;
use super::reply::DryRunView;

/// Requests with their answers, as a test has carried them out.
pub(super) const EXAMPLES: &str = include_str!("../../../openapi/examples.json");

/// Operations whose lists have one page only.
const ONE_PAGE: [&str; 6] = [
    "listRoles",
    "listDomainAliases",
    "listAliasMembers",
    "listTokens",
    "listTargets",
    "search",
];

/// Wishes whose every field has a default, and which need no body for that.
const MAY_SAY_NOTHING: [&str; 1] = ["rotateToken"];

/// What the tags mean.
const TAGS: [(&str, &str); 9] = [
    (
        "You",
        "This installation, your account, your tokens and what you may do.",
    ),
    ("Accounts", "Who can manage what, and the roles they hold."),
    (
        "Orgs",
        "The provider, resellers and customers, with their limits.",
    ),
    ("Domains", "Mail domains, their other names and their limits."),
    (
        "Mailboxes",
        "Mailboxes, their passwords, suspensions and forwardings.",
    ),
    ("Aliases", "Aliases, groups and catch-alls."),
    ("Finding", "Search, and where mail for an address goes."),
    ("Events", "What happened, who did it and why."),
    (
        "Provisioning",
        "What the databases hold from which the mail servers read.",
    ),
];

const DESCRIPTION: &str = "Everything that the portal does, for programs.\n\n\
    Send an API token as `Authorization: Bearer pdk_…`. Unknown fields and parameters are refused. Problems are \
    `application/problem+json` (RFC 9457), with every wrong field named under `errors` and a stable `code`. Wherever a \
    path names a mailbox, an alias or a domain, its address or name is taken as well as its id. Amounts are numbers of \
    bytes or of things, or `\"unlimited\"`; `0` is none.";

/// The document as it is published.
pub fn document() -> String {
    document_with(EXAMPLES)
}

/// The document with other examples, for the test that records them.
pub fn document_with(examples: &str) -> String {
    finished(super::resources().into_openapi(), examples)
}

/// What the handlers say, with everything that holds for all of them.
pub(super) fn finished(described: OpenApi, examples: &str) -> String {
    let mut document = serde_json::to_value(described).unwrap_or_default();
    let examples: Value = serde_json::from_str(examples).unwrap_or_default();
    head(&mut document);
    components(&mut document["components"]);
    let mut bodies = Vec::new();
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                complete(path, method, operation);
                let id = operation["operationId"].as_str().unwrap_or_default();
                let example = examples[id].clone();
                illustrate(operation, &example);
                bodies.extend(operation.pointer("/requestBody/content").cloned());
            }
        }
    }
    for body in &bodies {
        close(body, &mut document["components"]["schemas"]);
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn head(document: &mut Value) {
    document["info"] = json!({
        "title": "Postdesk",
        "summary": "Delegated administration of a mail hosting cluster",
        "description": DESCRIPTION,
        "version": env!("CARGO_PKG_VERSION"),
        "contact": {"name": "The operator of this installation", "url": "https://portal.example/"},
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": super::BASE, "description": "This installation"}]);
    document["security"] = json!([{"token": []}]);
    let tags = TAGS.map(|(name, description)| json!({"name": name, "description": description}));
    document["tags"] = Value::from(tags.to_vec());
}

fn components(components: &mut Value) {
    components["securitySchemes"] = json!({"token": {"type": "http", "scheme": "bearer",
        "description": "An API token, made in the portal or with `postdesk token create`."}});
    let schema = |schema| serde_json::to_value(schema).unwrap_or_default();
    components["schemas"]["Problem"] = schema(ProblemView::schema());
    components["schemas"]["FieldProblem"] = schema(FieldProblemView::schema());
    components["schemas"]["RequiredPermission"] = schema(Required::schema());
    let mut more = Vec::new();
    DryRunView::schemas(&mut more);
    more.push((DryRunView::name().into_owned(), DryRunView::schema()));
    for (name, described) in more {
        components["schemas"][name] = schema(described);
    }
    for (thing, list) in [
        ("Mailbox", "MailboxList"),
        ("Account", "AccountList"),
        ("Alias", "AliasList"),
        ("Domain", "DomainList"),
        ("Org", "OrgList"),
    ] {
        in_part(thing, &mut components["schemas"][list]["properties"]);
    }
    for thing in ["Mailbox", "Alias"] {
        components["schemas"][thing]["properties"]["warnings"] = json!({"type": "array", "items": {"type": "string"},
            "description": "What is worth knowing about what was just done; left out when there is nothing."});
    }
    components["parameters"] = parameters();
    components["headers"] = headers();
    let answers = PROBLEMS.map(|(status, name, description)| (name.to_owned(), problem(status, description)));
    components["responses"] = Value::Object(Map::from_iter(answers));
}

/// What `fields` and `count` make of a list of things.
fn in_part(thing: &str, list: &mut Value) {
    list["data"]["items"] = json!({"anyOf": [reference("schemas", thing),
        {"type": "object", "description": "The fields that were asked for, when some were."}]});
    list["count"] =
        json!({"type": "integer", "minimum": 0, "description": "How many there are, if that was asked."});
    list["count_is_exact"] =
        json!({"type": "boolean", "description": "Whether that is all; more than 10000 are not counted."});
}

/// Every status of a problem, its name among the components, and when it comes.
const PROBLEMS: [(u16, &str, &str); 15] = [
    (
        400,
        "BadRequest",
        "The request cannot be understood: a parameter, a header or the syntax of the body is wrong.",
    ),
    (
        401,
        "Unauthenticated",
        "There is no API token, or it is not good any more.",
    ),
    (
        403,
        "Forbidden",
        "The thing is there, and a permission on it is missing; `required` names it.",
    ),
    (404, "NotFound", "There is no such thing, or it is none of yours."),
    (406, "NotAcceptable", "The header Accept excludes JSON."),
    (
        409,
        "Conflict",
        "A rule is in the way: something is taken, a limit is reached, or the same request is under way.",
    ),
    (410, "Gone", "It was in the bin and is gone for good."),
    (
        412,
        "PreconditionFailed",
        "Somebody changed it meanwhile, or the condition does not hold.",
    ),
    (413, "ContentTooLarge", "The body has more than 65536 bytes."),
    (414, "UriTooLong", "The address has more than 8192 bytes."),
    (
        415,
        "UnsupportedMediaType",
        "The body is of another kind than it should be.",
    ),
    (
        422,
        "Invalid",
        "Fields of the body are wrong; each is named under `errors`.",
    ),
    (
        429,
        "TooManyRequests",
        "The token asked too much; `Retry-After` says when to come back.",
    ),
    (500, "Internal", "The portal made a mistake."),
    (
        503,
        "Busy",
        "Too much at once, or the database is away; `Retry-After` says when to come back.",
    ),
];

fn problem(status: u16, description: &str) -> Value {
    let mut answer = json!({"description": description,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
    match status {
        401 => {
            answer["headers"] =
                json!({"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}});
        }
        429 | 503 => answer["headers"] = json!({"Retry-After": {"$ref": "#/components/headers/Retry-After"}}),
        _ => {}
    }
    answer
}

fn parameters() -> Value {
    let text = || json!({"type": "string"});
    json!({
        "Limit": {"name": "limit", "in": "query", "description": "How many items a page has at most.",
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST_LIMIT, "default": 50}, "example": 50},
        "After": {"name": "after", "in": "query",
            "description": "`next_after` of the page before; good only with the same filters and order.",
            "schema": text()},
        "DryRun": {"name": "dry_run", "in": "query",
            "description": "Check everything, say what would happen, and write nothing.",
            "schema": {"type": "boolean", "default": false}},
        "IfMatch": {"name": "If-Match", "in": "header",
            "description": "Only if it still has this `ETag` (or one of these).", "schema": text(), "example": "\"7\""},
        "IfNoneMatch": {"name": "If-None-Match", "in": "header",
            "description": "Only if it has another `ETag` than this: else 304.", "schema": text(), "example": "\"7\""},
        "IfNoneMatchAny": {"name": "If-None-Match", "in": "header",
            "description": "`*`: only if there is nothing yet.", "schema": {"type": "string", "enum": ["*"]}},
        "IdempotencyKey": {"name": "Idempotency-Key", "in": "header",
            "description": "Makes repeats safe: with the same key and content the first answer is given again.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}},
        "Prefer": {"name": "Prefer", "in": "header",
            "description": "`wait=5`: answer when the mail cluster has it too, at most so many seconds (30) later.",
            "schema": text(), "example": "wait=5"},
    })
}

fn headers() -> Value {
    let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    json!({
        "ETag": text("The version of the thing, for `If-Match`."),
        "Location": {"description": "Where the thing is.", "schema": {"type": "string", "format": "uri"}},
        "Link": text("The next page (RFC 8288), if there is one."),
        "WWW-Authenticate": text("Always `Bearer`."),
        "RateLimit": text("How many requests the token has left, and the seconds until they are counted anew."),
        "RateLimit-Policy": text("How many requests a token has, and for how many seconds."),
        "Retry-After": {"description": "Seconds until it is worth trying again.", "schema": {"type": "integer"}},
    })
}

fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

/// Adds to an operation what follows from its path and method.
fn complete(path: &str, method: &str, operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let is_read = method == "get";
    let is_list = is_read && operation["responses"]["200"].to_string().contains("List\"");
    let is_paged = is_list && !ONE_PAGE.contains(&id.as_str());
    let has_version = is_read
        && !is_list
        && path.contains('{')
        && !path.contains("{token}")
        && !path.contains("{role}")
        && !path.ends_with("/usage");
    let is_provisioned =
        !path.starts_with("/orgs") && !path.starts_with("/accounts") && !path.ends_with("/password-resets");
    if operation["description"].is_null() {
        operation["description"] = format!("{}.", operation["summary"].as_str().unwrap_or_default()).into();
    }

    let mut parameters = path_parameters(path);
    parameters.extend(operation["parameters"].as_array().cloned().unwrap_or_default());
    let mut add = |wanted: bool, name: &str| {
        if wanted {
            parameters.push(reference("parameters", name));
        }
    };
    add(is_paged, "Limit");
    add(is_paged, "After");
    add(has_version, "IfNoneMatch");
    add(!is_read, "DryRun");
    add(!is_read && path.contains('{'), "IfMatch");
    add(id.starts_with("put"), "IfNoneMatchAny");
    add(method == "post", "IdempotencyKey");
    add(!is_read && is_provisioned, "Prefer");
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if operation["requestBody"].is_object() {
        operation["requestBody"]["required"] = (!MAY_SAY_NOTHING.contains(&id.as_str())).into();
    }
    answers(path, method, operation, has_version, is_paged);
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let described = names.map(|name| {
        let (description, example) = match name {
            "mailbox" => ("The mailbox: its address or its id.", "ana@brightwater.example"),
            "alias" => (
                "The alias: its address, `@domain` for a catch-all, or its id.",
                "sales@brightwater.example",
            ),
            "domain" => ("The domain: its name or its id.", "brightwater.example"),
            "org" => ("The id of the org.", "org_01kaz3w8h00000000000000001"),
            "account" => ("The id of the account.", "acc_01kaz3w8h00000000000000001"),
            "role" => (
                "The role: the name of a built-in one, or the id of an org's own.",
                "help_desk",
            ),
            "token" => ("The id of the token.", "tok_01kaz3w8h00000000000000001"),
            "name" => ("The other name of the domain.", "brightwater-mail.example"),
            _ => ("The address of the member.", "ana@brightwater.example"),
        };
        json!({"name": name, "in": "path", "required": true, "description": description,
            "schema": {"type": "string", "minLength": 1}, "example": example})
    });
    described.collect()
}

fn answers(path: &str, method: &str, operation: &mut Value, has_version: bool, is_paged: bool) {
    let is_read = method == "get";
    let has_body = operation["requestBody"].is_object();
    let takes_parameters = operation["parameters"].is_array();
    let responses = &mut operation["responses"];
    for status in ["200", "201"] {
        if responses[status].is_null() {
            continue;
        }
        for name in ["RateLimit", "RateLimit-Policy"] {
            responses[status]["headers"][name] = reference("headers", name);
        }
        if has_version || (!is_read && !path.ends_with("/password-resets")) {
            responses[status]["headers"]["ETag"] = reference("headers", "ETag");
        }
        if is_paged {
            responses[status]["headers"]["Link"] = reference("headers", "Link");
        }
    }
    if !is_read {
        promise_dry_run(responses);
    }
    if responses["201"].is_object() {
        responses["201"]["headers"]["Location"] = reference("headers", "Location");
    }
    if has_version {
        responses["304"] = json!({"description": "The client has it already.",
            "headers": {"ETag": reference("headers", "ETag")}});
    }
    if operation["operationId"] == "getMailbox" {
        responses_of(operation)["301"] = json!({"description": "It was renamed; `Location` says what to.",
            "headers": {"Location": reference("headers", "Location")}});
    }
    let comes = |status: u16| match status {
        403 | 404 => takes_parameters || has_body || path != "/meta" && path != "/me",
        410 => {
            is_read
                && ["{mailbox}", "{alias}", "{domain}"]
                    .iter()
                    .any(|name| path.ends_with(name))
        }
        // What hangs on a mailbox says where it is now, when it was renamed.
        409 => !is_read || path.starts_with("/mailboxes/{mailbox}/"),
        412 | 422 | 413 | 415 => !is_read,
        _ => true,
    };
    for (status, name, _) in PROBLEMS {
        if comes(status) {
            responses_of(operation)[status.to_string()] = reference("responses", name);
        }
    }
}

fn responses_of(operation: &mut Value) -> &mut Value {
    &mut operation["responses"]
}

/// A dry run is answered with 200, whatever the real thing is answered with.
fn promise_dry_run(responses: &mut Value) {
    let dry_run = reference("schemas", "DryRun");
    if responses["200"].is_null() {
        responses["200"] = json!({"description": "What would happen, in a dry run.",
            "content": {"application/json": {"schema": dry_run}}});
        return;
    }
    let schema = &mut responses["200"]["content"]["application/json"]["schema"];
    *schema = json!({"oneOf": [schema.take(), dry_run]});
}

/// Puts an example that was carried out beside what it is an example of.
fn illustrate(operation: &mut Value, example: &Value) {
    if !example.is_object() {
        return;
    }
    if let Some(content) = operation
        .pointer_mut("/requestBody/content")
        .and_then(Value::as_object_mut)
    {
        for kind in content.values_mut() {
            kind["example"] = example["request"].clone();
        }
    }
    let status = example["status"].to_string();
    let answer = &mut operation["responses"][&status];
    // What is no JSON is recorded as the text that comes where nothing is said of the form.
    let response = &example["response"];
    let line = match response {
        // A text of one line is recorded as what it says.
        Value::Object(_) => format!("{response}\n").into(),
        _ => response.clone(),
    };
    for (kind, content) in [("application/json", response), ("application/x-ndjson", &line)] {
        if answer["content"][kind].is_object() {
            answer["content"][kind]["example"] = content.clone();
        }
    }
}

/// Bodies have no fields but those that are named, down to the innermost object.
fn close(body: &Value, schemas: &mut Value) {
    match body {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str);
            if let Some(name) = name.and_then(|name| name.strip_prefix("#/components/schemas/")) {
                let named = &mut schemas[name];
                if named["type"] == "object" {
                    named["additionalProperties"] = false.into();
                }
                let inner = named["properties"].clone();
                close(&inner, schemas);
            }
            for (key, member) in members {
                if key != "$ref" && key != "example" {
                    close(member, schemas);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                close(item, schemas);
            }
        }
        _ => {}
    }
}

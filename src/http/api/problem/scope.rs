//! Where a permission is missing, as far as the path of a request tells.

/// The scope in which a permission on the thing at `path` is given.
pub(super) fn scope_of(path: &str) -> String {
    let decoded = urlencoded(path);
    let mut segments = decoded.trim_start_matches("/api/v1/").split('/');
    match (segments.next(), segments.next()) {
        (Some("orgs"), Some(org)) => format!("org:{org}"),
        (Some("domains"), Some(domain)) => format!("domain:{domain}"),
        (Some(_), Some(address)) if address.contains('@') => {
            format!("domain:{}", address.rsplit('@').next().unwrap_or_default())
        }
        (Some(kind), Some(id)) => format!("{}:{id}", kind.trim_end_matches("es").trim_end_matches('s')),
        _ => "system".to_owned(),
    }
}

fn urlencoded(path: &str) -> String {
    let whole = format!("={}", path.replace('+', "%2B"));
    let first = url::form_urlencoded::parse(whole.as_bytes()).next();
    first.map_or_else(String::new, |(_, path)| path.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_is_missing_somewhere() {
        let table = [
            (
                "/api/v1/mailboxes/anna%40brightwater.example",
                "domain:brightwater.example",
            ),
            (
                "/api/v1/aliases/@brightwater.example/members",
                "domain:brightwater.example",
            ),
            (
                "/api/v1/domains/brightwater.example/limits",
                "domain:brightwater.example",
            ),
            ("/api/v1/orgs/org_01/usage", "org:org_01"),
            ("/api/v1/mailboxes/mbx_01", "mailbox:mbx_01"),
            ("/api/v1/orgs", "system"),
        ];
        for (path, scope) in table {
            assert_eq!(scope_of(path), scope, "{path}");
        }
    }
}

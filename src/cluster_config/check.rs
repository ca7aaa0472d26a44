//! A layout from text, and what must hold between its parts.

use std::collections::HashSet;
use std::str::FromStr;

use super::error::LayoutError;
use super::layout::Layout;
use super::secrets::{self, Reference};

impl FromStr for Layout {
    type Err = LayoutError;

    fn from_str(text: &str) -> Result<Self, LayoutError> {
        let layout: Self = toml::from_str(text).map_err(|err| syntax(text, &err))?;
        check(&layout)?;
        Ok(layout)
    }
}

fn syntax(text: &str, err: &toml::de::Error) -> LayoutError {
    let start = err.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
    LayoutError::Syntax {
        line,
        message: err.message().replace('\n', ", "),
    }
}

fn check(layout: &Layout) -> Result<(), LayoutError> {
    let sections = [
        ("nodes", layout.nodes.len()),
        ("fronts", layout.fronts.len()),
        ("mxs", layout.mxs.len()),
    ];
    if let Some((section, _)) = sections.into_iter().find(|(_, count)| *count == 0) {
        return Err(LayoutError::Empty { section });
    }
    if layout.lab != layout.root.is_some() {
        return Err(LayoutError::LabRoot);
    }
    if let Some(mx) = layout.mxs.iter().find(|mx| !mx.host.as_str().contains('.')) {
        return Err(LayoutError::ShortName {
            host: mx.host.to_string(),
        });
    }
    check_nodes(layout)?;
    check_ports(layout)?;
    check_secrets(layout)
}

fn check_nodes(layout: &Layout) -> Result<(), LayoutError> {
    let mut names = HashSet::new();
    for node in &layout.nodes {
        if !names.insert(&node.name) {
            return Err(LayoutError::NodeTwice {
                name: node.name.to_string(),
            });
        }
    }
    for node in &layout.nodes {
        let Some(replica) = &node.replica else { continue };
        if *replica == node.name || !names.contains(replica) {
            let (name, replica) = (node.name.to_string(), replica.to_string());
            return Err(LayoutError::NoReplica { name, replica });
        }
    }
    Ok(())
}

fn check_ports(layout: &Layout) -> Result<(), LayoutError> {
    let mut seen = HashSet::new();
    for port in layout.ports.all() {
        if !seen.insert(port) {
            return Err(LayoutError::PortTwice { port });
        }
        if layout.lab && port < 1024 {
            return Err(LayoutError::LowPort { port });
        }
    }
    Ok(())
}

fn check_secrets(layout: &Layout) -> Result<(), LayoutError> {
    for Reference { key, inline, file } in secrets::references(layout) {
        match (inline, file) {
            (Some(_), Some(_)) => return Err(LayoutError::Both { key }),
            (Some(_), None) if !layout.lab => return Err(LayoutError::Inline { key }),
            _ => {}
        }
    }
    Ok(())
}

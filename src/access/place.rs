//! Where things are in the tree of orgs, and which parts of it a grant reaches.

use std::fmt;

use crate::model::{DomainId, OrgId};

/// The path of an org in the tree: `/` for the provider, `/0000000k/` for a customer below it.
///
/// Every segment ends with a slash, so that "inside this subtree" is a prefix test, and a range on an index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgPath(String);

impl OrgPath {
    /// The provider's path.
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// A stored path. `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        (text.starts_with('/') && text.ends_with('/')).then(|| Self(text.to_owned()))
    }

    /// The path of a child with the key `segment`.
    #[must_use]
    pub fn child(&self, segment: &str) -> Self {
        Self(format!("{}{segment}/", self.0))
    }

    /// The path as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this org or below it.
    pub fn contains(&self, other: &OrgPath) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The number of orgs above this one.
    pub fn depth(&self) -> usize {
        self.0.matches('/').count() - 1
    }

    /// This org and every one above it but the provider, from the top down.
    pub fn chain(&self) -> Vec<OrgPath> {
        let ends = self.0.match_indices('/').skip(1).map(|(end, _)| end);
        ends.map(|end| Self(self.0[..=end].to_owned())).collect()
    }

    /// The org right above this one; the provider has none.
    pub fn above(&self) -> Option<OrgPath> {
        let end = self.0[..self.0.len() - 1].rfind('/')?;
        Some(Self(self.0[..=end].to_owned()))
    }

    /// The first text that sorts after every path of this subtree.
    pub fn end(&self) -> String {
        // A path ends with a slash; the next character after it is '0'.
        format!("{}0", &self.0[..self.0.len() - 1])
    }
}

impl fmt::Display for OrgPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The place of one object: the org it belongs to, and its domain if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The org's path.
    pub org: OrgPath,
    /// The domain, for a domain and everything in it.
    pub domain: Option<DomainId>,
}

impl Place {
    /// The place of what belongs to the installation as a whole.
    pub fn system() -> Self {
        Self {
            org: OrgPath::root(),
            domain: None,
        }
    }

    /// The place of an org.
    pub fn org(path: OrgPath) -> Self {
        Self {
            org: path,
            domain: None,
        }
    }

    /// The place of a domain of an org, and of what is in it.
    pub fn domain(path: OrgPath, domain: DomainId) -> Self {
        Self {
            org: path,
            domain: Some(domain),
        }
    }
}

/// The part of the tree on which a grant gives its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    System,
    /// An org and everything below it.
    Org(OrgId, OrgPath),
    /// One domain: its id, name and the org it belongs to.
    Domain(DomainId, String, OrgPath),
}

impl Scope {
    /// Whether an object at `place` lies inside.
    pub fn contains(&self, place: &Place) -> bool {
        match self {
            Self::System => true,
            Self::Org(_, path) => path.contains(&place.org),
            Self::Domain(id, ..) => place.domain == Some(*id),
        }
    }

    /// Whether all of `other` lies inside.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::System, _) => true,
            (_, Self::System) | (Self::Domain(..), Self::Org(..)) => false,
            (Self::Org(_, path), Self::Org(_, other) | Self::Domain(_, _, other)) => path.contains(other),
            (Self::Domain(id, ..), Self::Domain(other, ..)) => id == other,
        }
    }

    /// What lies in both; `None` when nothing does. Scopes never overlap in part.
    pub fn meet<'a>(&'a self, other: &'a Self) -> Option<&'a Self> {
        if self.covers(other) {
            Some(other)
        } else {
            other.covers(self).then_some(self)
        }
    }

    /// Where one stands who looks after it.
    pub fn place(&self) -> Place {
        match self {
            Self::System => Place::system(),
            Self::Org(_, path) => Place::org(path.clone()),
            Self::Domain(id, _, path) => Place::domain(path.clone(), *id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> OrgPath {
        OrgPath::parse(text).unwrap()
    }

    #[test]
    fn a_subtree_is_a_range_of_paths() {
        let reseller = path("/0000000a/");
        for inside in ["/0000000a/", "/0000000a/00000001/", "/0000000a/zzzzzzzz/"] {
            assert!(reseller.contains(&path(inside)));
            assert!(
                inside >= reseller.as_str() && inside < reseller.end().as_str(),
                "{inside}"
            );
        }
        for outside in ["/", "/0000000b/", "/00000009/", "/0000000a0/"] {
            assert!(!reseller.contains(&path(outside)));
            assert!(
                !(outside >= reseller.as_str() && outside < reseller.end().as_str()),
                "{outside}"
            );
        }
        assert!(OrgPath::root().contains(&reseller) && reseller.as_str() < OrgPath::root().end().as_str());
    }

    #[test]
    fn the_chain_leaves_out_the_provider() {
        let chain: Vec<_> = path("/a/b/").chain().iter().map(ToString::to_string).collect();
        assert_eq!(chain, ["/a/", "/a/b/"]);
        assert!(OrgPath::root().chain().is_empty());
        assert_eq!((OrgPath::root().depth(), path("/a/b/").depth()), (0, 2));
        assert_eq!(path("/a/b/").above(), Some(path("/a/")));
        assert_eq!(path("/a/").above(), Some(OrgPath::root()));
        assert_eq!(OrgPath::root().above(), None);
    }
}

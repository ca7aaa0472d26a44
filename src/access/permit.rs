//! The proof that something is allowed, and values that cannot be read without it.

use std::marker::PhantomData;

use super::policy::Against;
use super::{Action, Actor, OrgPath, Permission, Place, Scope};

/// Why there is no permit.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The object is outside everything the actor holds: for them it does not exist.
    #[error("not found")]
    Hidden,
    /// The object is there, and the actor lacks this permission on it.
    #[error("not allowed: {0} is missing")]
    Refused(Action),
}

/// Proof that an actor may do `P` at one place.
///
/// Its fields are private and it has no constructor but [`Actor::permit`]:
///
/// ```compile_fail
/// use postdesk::access::{MailboxCreate, Permit, Place};
/// let forged: Permit<MailboxCreate> = Permit { place: Place::system() };
/// ```
#[derive(Clone, Debug)]
#[must_use = "a permit does nothing until a door of the store takes it"]
pub struct Permit<P: Permission> {
    actor: Actor,
    place: Place,
    permission: PhantomData<P>,
}

impl<P: Permission> Permit<P> {
    /// Whose permit it is.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// For where it was given.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

impl Actor {
    /// Asks the policy whether `P` may be done at `place`.
    pub fn permit<P: Permission>(&self, place: Place) -> Result<Permit<P>, Denied> {
        match self.decide(P::ACTION, &place) {
            Ok(()) => Ok(Permit {
                actor: self.clone(),
                place,
                permission: PhantomData,
            }),
            Err(Against::OutOfReach) => Err(Denied::Hidden),
            Err(_) => Err(Denied::Refused(P::ACTION)),
        }
    }

    /// Everything on which the actor holds `P`.
    pub fn reach<P: Permission>(&self) -> Reach<P> {
        let mut spans: Vec<Span> = self.scopes_of(P::ACTION).map(Span::of).collect();
        spans.sort();
        spans.dedup();
        let all = spans.clone();
        spans.retain(|span| !all.iter().any(|other| other != span && other.covers(span)));
        Reach {
            spans,
            permission: PhantomData,
        }
    }
}

/// A value that was read together with its place, and stays shut until the policy opens it.
#[derive(Debug)]
pub struct Guarded<T> {
    place: Place,
    value: T,
}

impl<T> Guarded<T> {
    /// Shuts a value that is at `place`.
    pub(crate) fn new(place: Place, value: T) -> Self {
        Self { place, value }
    }

    /// The value and the permit, if `actor` may do `P` where it is.
    pub fn open<P: Permission>(self, actor: &Actor) -> Result<(T, Permit<P>), Denied> {
        let permit = actor.permit(self.place)?;
        Ok((self.value, permit))
    }
}

/// A value that can be seen from several places, such as an account that holds roles on several domains.
#[derive(Debug)]
pub struct Among<T> {
    places: Vec<Place>,
    value: T,
}

impl<T> Among<T> {
    /// Shuts a value that is at each of `places`.
    pub(crate) fn new(places: Vec<Place>, value: T) -> Self {
        Self { places, value }
    }

    /// The value and the permit for the first place where `actor` may do `P`.
    pub fn open<P: Permission>(self, actor: &Actor) -> Result<(T, Permit<P>), Denied> {
        let place = actor.best_place(P::ACTION, &self.places).cloned();
        let permit = actor.permit(place.ok_or(Denied::Hidden)?)?;
        Ok((self.value, permit))
    }
}

/// A stretch of the order `(org path, domain)` in which everything is reachable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first org path.
    pub first: String,
    /// The domain's name, when the stretch is a single domain of that org.
    pub domain: Option<String>,
    /// The first text after the last org path.
    pub end: String,
}

impl Span {
    fn of(scope: &Scope) -> Self {
        match scope {
            Scope::System => Self::subtree(&OrgPath::root()),
            Scope::Org(_, path) => Self::subtree(path),
            Scope::Domain(_, name, path) => Self::domain(path, name),
        }
    }

    /// An org and everything below it.
    fn subtree(path: &OrgPath) -> Self {
        Self {
            first: path.as_str().to_owned(),
            domain: None,
            end: path.end(),
        }
    }

    /// One domain.
    fn domain(path: &OrgPath, name: &str) -> Self {
        Self {
            first: path.as_str().to_owned(),
            domain: Some(name.to_owned()),
            end: format!("{path}\u{0}"),
        }
    }

    /// Whether it is everything there is.
    pub fn is_everything(&self) -> bool {
        self.first == "/" && self.domain.is_none()
    }

    fn covers(&self, other: &Self) -> bool {
        (self.domain.is_none() || self.domain == other.domain)
            && self.first <= other.first
            && other.first < self.end
    }

    /// The lowest key of the stretch, in the order (org path, domain, local part).
    pub fn low(&self) -> (String, String) {
        (self.first.clone(), self.domain.clone().unwrap_or_default())
    }

    /// The first key after the stretch.
    pub fn high(&self) -> (String, String) {
        match &self.domain {
            Some(name) => (self.first.clone(), format!("{name}\u{1}")),
            None => (self.end.clone(), String::new()),
        }
    }
}

/// Everything on which an actor holds `P`: what a list may show. Made by [`Actor::reach`] only.
#[derive(Clone, Debug)]
pub struct Reach<P: Permission> {
    spans: Vec<Span>,
    permission: PhantomData<P>,
}

impl<P: Permission> Reach<P> {
    /// The stretches, in order, none inside another.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether it is everything there is.
    pub fn is_everything(&self) -> bool {
        self.spans.iter().any(Span::is_everything)
    }

    /// Only what lies inside `path`.
    #[must_use]
    pub fn within(&self, path: &OrgPath) -> Self {
        let wanted = Span::subtree(path);
        self.cut(&wanted)
    }

    /// Only the domain `name` of the org at `path`.
    #[must_use]
    pub fn within_domain(&self, path: &OrgPath, name: &str) -> Self {
        self.cut(&Span::domain(path, name))
    }

    fn cut(&self, wanted: &Span) -> Self {
        let spans = if self.spans.iter().any(|span| span.covers(wanted)) {
            vec![wanted.clone()]
        } else {
            self.spans
                .iter()
                .filter(|span| wanted.covers(span))
                .cloned()
                .collect()
        };
        Self {
            spans,
            permission: PhantomData,
        }
    }
}

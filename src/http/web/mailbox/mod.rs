//! One mailbox.

use super::nav::Here;
use super::view::Chrome;
use super::visitor::Visitor;
use crate::access::{Permission, Place};
use crate::error::Error;
use crate::model::Mailbox;
use crate::service::mailboxes;
use crate::service::mailboxes::MailboxRef;

pub(super) mod access;
pub(super) mod change;
pub(super) mod forwarding;
pub(super) mod show;
pub(super) mod state;

/// The mailbox for a page that is of use to those who may do `P` only.
pub(super) async fn open<P: Permission>(
    visitor: &Visitor,
    at: &MailboxRef,
) -> Result<(Mailbox, Place), Error> {
    let (mailbox, permit) = mailboxes::get(&visitor.app, &visitor.call, at).await?;
    let place = permit.place().clone();
    if visitor.actor().may::<P>(&place) {
        Ok((mailbox, place))
    } else {
        Err(Error::Refused(P::ACTION))
    }
}

/// What stands around the pages of a mailbox.
pub(super) async fn chrome(visitor: &Visitor, mailbox: &Mailbox, place: &Place) -> Result<Chrome, Error> {
    let domain = mailbox.address.domain().as_str();
    visitor.chrome(&Here::Domain(domain, place, "Mailboxes")).await
}

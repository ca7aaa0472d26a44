//! The portal in a browser without scripts, through the router.

mod audit_flows;
mod browser;
mod doors;
mod flows;
mod more_flows;
mod people_flows;
mod problems;
mod role_flows;
mod secrets;
mod strangers;
mod support_flows;
mod token_flows;
mod ways_in_flows;

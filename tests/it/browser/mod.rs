//! The portal in a real browser: Debian's Chromium, driven through its `chromedriver`, before the running program.
//!
//! `POSTDESK_SHOTS=DIR` keeps a picture of every page that [`pages`] looks at.

mod demo;
mod driver;
mod flows;
mod pages;
mod roles;
mod tab;

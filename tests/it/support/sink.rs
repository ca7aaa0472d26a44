//! A mail server that takes every letter and keeps it in a file.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;

use postdesk::config::{SmtpSecurity, SmtpSettings};

use super::daemon::{self, Keeper};

/// Where letters end in a test.
pub(crate) struct Sink {
    keeper: Keeper,
    port: u16,
}

impl Sink {
    /// A mail server that takes everything.
    pub(crate) fn new() -> Self {
        Self::on(daemon::free_port(), &[])
    }

    /// One that takes nothing for good: each recipient is answered with 500.
    pub(crate) fn that_refuses() -> Self {
        Self::on(daemon::free_port(), &["-f", "RCPT"])
    }

    /// One on a certain port, with further options of its program.
    pub(crate) fn on(port: u16, options: &[&str]) -> Self {
        let keeper = Keeper::new("sink");
        let mut command = Command::new("/usr/sbin/smtp-sink");
        if daemon::is_root() {
            command.args(["-u", "root"]);
        }
        command
            .args(options)
            .arg("-d")
            .arg(keeper.dir.join("letter."))
            .arg(format!("127.0.0.1:{port}"))
            .arg("10");
        let log = keeper.dir.join("log");
        let group = daemon::start(command, &log);
        keeper.watch("TERM", -group);
        daemon::wait_for_port(Ipv4Addr::LOCALHOST, port, &log);
        Self { keeper, port }
    }

    /// How letters get here.
    pub(crate) fn settings(&self) -> SmtpSettings {
        settings(self.port)
    }

    /// What arrived, each letter with its heads.
    pub(crate) fn letters(&self) -> Vec<String> {
        let mut files: Vec<PathBuf> = fs::read_dir(&self.keeper.dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("letter."))
            .collect();
        files.sort();
        files
            .iter()
            .map(|file| fs::read_to_string(file).unwrap())
            .collect()
    }
}

/// Letters go to this port of this machine, whoever listens there.
pub(crate) fn settings(port: u16) -> SmtpSettings {
    SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port,
        security: SmtpSecurity::None,
        login: None,
        from: "Postdesk <postdesk@portal.example>".parse().unwrap(),
        ca_file: None,
        timeout_s: 5,
    }
}

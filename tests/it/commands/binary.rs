//! The program itself, run as a person runs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use crate::support::daemon::PATIENCE;

/// The program in a directory of its own, with nothing of this machine's configuration.
pub(crate) fn program(dir: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postdesk"));
    command
        .current_dir(dir)
        .env_clear()
        .env("POSTDESK_CONFIG", dir.join("empty.toml"))
        .args(arguments.split_whitespace())
        .stdin(Stdio::null());
    std::fs::write(dir.join("empty.toml"), "").unwrap();
    command
}

/// What a command that ends by itself said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn run(dir: &Path, arguments: &str) -> Said {
    said(&mut program(dir, arguments))
}

pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

impl Said {
    /// The answer of a command that worked.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// The complaint of a command that failed with this code.
    #[track_caller]
    pub(crate) fn badly(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        self.err
    }
}

/// A running portal; it is killed when the test is over.
pub(crate) struct Portal {
    pub(crate) address: String,
    child: Child,
    logs: Receiver<String>,
}

impl Portal {
    /// Starts `serve` or `demo` on a free port, and waits until it serves.
    #[track_caller]
    pub(crate) fn start(dir: &Path, arguments: &str) -> Self {
        let arguments = format!("{arguments} --listen 127.0.0.1:0 --set log.format=json");
        let mut child = program(dir, &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, logs) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            lines
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| send.send(line))
        });
        let mut portal = Self {
            address: String::new(),
            child,
            logs,
        };
        let line = portal.log("serving");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        line["listen"].as_str().unwrap().clone_into(&mut portal.address);
        portal
    }

    /// Waits for the log line that says this.
    #[track_caller]
    pub(crate) fn log(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = String::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.logs.recv_timeout(left) else {
                panic!("the log never said {text:?}: {seen}");
            };
            if line.contains(text) {
                return line;
            }
            seen.push_str(&line);
            seen.push('\n');
        }
    }

    /// The body of an answer that is a 200.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let host = &self.address;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        body.to_owned()
    }

    /// Waits until the answer to a request holds this text.
    #[track_caller]
    pub(crate) fn get_until(&self, path: &str, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let body = self.get(path);
            if body.contains(text) {
                return;
            }
            assert!(Instant::now() < deadline, "{path} never said {text:?}: {body}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The most memory that it ever had, in KiB.
    pub(super) fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Sends a signal such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the end; what was printed, and how it ended.
    #[track_caller]
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the portal does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut out = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut out)
            .unwrap();
        (status, out)
    }

    /// Asks it to stop, and takes what it had printed.
    #[track_caller]
    pub(crate) fn stop(self) -> String {
        self.signal("TERM");
        let (status, out) = self.end();
        assert_eq!(status.code(), Some(0));
        out
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

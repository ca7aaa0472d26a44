//! The portal from its first start to its last answer.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use tempfile::tempdir;

use super::binary::{Portal, program, run};

#[test]
fn the_first_start_prints_a_link_and_later_ones_do_not() {
    let dir = tempdir().unwrap();
    let portal = Portal::start(dir.path(), "serve");
    let file = dir.path().join("setup-link.txt");
    let link = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let prefix = format!("http://{}/setup/", portal.address);
    assert!(link.starts_with(&prefix), "{link}");
    assert!(portal.stop().contains(link.trim()));

    run(
        dir.path(),
        "account create --email anna@example.org --name Anna --role operator --scope system",
    )
    .well();
    let portal = Portal::start(dir.path(), "serve");
    assert!(!file.exists());
    assert_eq!(portal.stop(), "");
}

#[test]
fn a_portal_lives_is_ready_and_survives_a_hang_up() {
    let dir = tempdir().unwrap();
    let portal = Portal::start(dir.path(), "serve");
    assert_eq!(portal.get("/livez"), "ok\n");
    assert_eq!(portal.get("/readyz"), "ready\n");
    assert!(portal.get("/readyz?verbose").contains("[+] database"));
    portal.signal("HUP");
    portal.log("hang-up");
    assert_eq!(portal.get("/livez"), "ok\n");
}

#[test]
fn a_port_that_is_taken_is_said_before_anything_is_touched() {
    let dir = tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let complaint = run(dir.path(), &format!("serve --listen {address}")).badly(1);
    assert!(
        complaint.contains(&address.to_string()) && complaint.contains("--listen"),
        "{complaint}"
    );
    assert!(!dir.path().join("postdesk.db").exists());
}

#[test]
fn a_client_that_never_finishes_does_not_hold_up_the_end() {
    let dir = tempdir().unwrap();
    let portal = Portal::start(
        dir.path(),
        "serve --set http.drain_s=1 --set http.header_timeout_s=3600 --set http.body_timeout_s=3600",
    );
    let mut half_a_head = TcpStream::connect(&portal.address).unwrap();
    half_a_head.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    let mut half_a_body = TcpStream::connect(&portal.address).unwrap();
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\nhalf",
        portal.address
    );
    half_a_body.write_all(head.as_bytes()).unwrap();
    // Answered on a connection that came later, so both others are in.
    portal.get("/livez");
    portal.stop();
}

#[test]
fn two_processes_that_start_at_once_share_one_file() {
    let dir = tempdir().unwrap();
    let mut children: Vec<_> = (0..4)
        .map(|_| {
            program(dir.path(), "migrate")
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let portals = [
        Portal::start(dir.path(), "serve"),
        Portal::start(dir.path(), "serve"),
    ];
    for child in &mut children {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    for portal in portals {
        assert_eq!(portal.get("/readyz"), "ready\n");
        portal.stop();
    }
}

#[test]
fn a_worker_alone_writes_what_a_portal_without_one_leaves() {
    let dir = tempdir().unwrap();
    let target = "--set targets.0.name=main --set targets.0.url=sqlite:mail.db";
    run(dir.path(), &format!("target init {target}")).well();
    let portal = Portal::start(dir.path(), &format!("serve --no-worker {target}"));
    assert!(portal.get("/readyz?verbose").contains("target main: 1 pending"));
    let mut worker = program(dir.path(), &format!("worker {target} --set log.level=warn"))
        .spawn()
        .unwrap();
    portal.get_until("/readyz?verbose", "target main: 0 pending, 0 failed");
    let id = worker.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .arg(id)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(worker.wait().unwrap().code(), Some(0));
}

//! The demonstration: made once, found again, thrown away on demand.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::tempdir;

use super::binary::{Portal, run};

fn keys(printed: &str) -> (Value, Value) {
    let keys: Value = serde_json::from_str(printed).unwrap();
    (keys["accounts"].clone(), keys["token"].clone())
}

#[test]
fn a_demonstration_is_complete_and_found_again() {
    let dir = tempdir().unwrap();
    let portal = Portal::start(dir.path(), "demo --json");
    assert_eq!(portal.get("/livez"), "ok\n");
    portal.get_until("/readyz?verbose", "target cluster: 0 pending, 0 failed");
    let target = "--database sqlite:demo-data/postdesk.db --set targets.0.name=cluster \
                  --set targets.0.url=sqlite:demo-data/cluster.db";
    let report: Value =
        serde_json::from_str(&run(dir.path(), &format!("target verify --json {target}")).well()).unwrap();
    assert!(report[0]["compared"].as_u64().unwrap() > 300, "{report}");
    let busy = run(dir.path(), "demo --fresh --listen 127.0.0.1:0").badly(1);
    assert!(busy.contains("is running"), "{busy}");
    let first = keys(&portal.stop());
    assert_eq!(first.0.as_array().unwrap().len(), 8);

    let again = Portal::start(dir.path(), "demo --json");
    assert_eq!(keys(&again.stop()), first);

    let fresh = Portal::start(dir.path(), "demo --json --fresh");
    assert_ne!(keys(&fresh.stop()), first);
}

#[test]
fn what_was_left_half_made_is_made_anew() {
    let dir = tempdir().unwrap();
    let home = dir.path().join("demo-data");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("demonstration"), "").unwrap();
    fs::write(home.join("postdesk.db"), "not a database").unwrap();
    let portal = Portal::start(dir.path(), "demo --json");
    assert_eq!(portal.get("/readyz"), "ready\n");
}

#[test]
fn somebody_elses_installation_is_left_alone() {
    let dir = tempdir().unwrap();
    run(dir.path(), "migrate").well();
    let complaint = run(dir.path(), "demo --fresh --dir . --listen 127.0.0.1:0").badly(1);
    assert!(complaint.contains("another installation"), "{complaint}");
    let complaint = run(dir.path(), "demo --database sqlite:postdesk.db").badly(1);
    assert!(complaint.contains("--dir"), "{complaint}");
    run(dir.path(), "migrate --check").well();
    let targets = "--set targets.0.name=a --set targets.0.url=sqlite:a.db --set targets.1.name=b \
                   --set targets.1.url=sqlite:b.db";
    let complaint = run(dir.path(), &format!("demo --dir own {targets}")).badly(1);
    assert!(complaint.contains("its own target"), "{complaint}");
}

/// The commands of the tour in the README: each block of shell with a request or a query in it.
fn tour() -> Vec<String> {
    let readme = include_str!("../../../README.md");
    let (_, tour) = readme.split_once("## Five minutes with the API").unwrap();
    let (tour, _) = tour.split_once("\n## ").unwrap();
    let blocks = tour.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap().to_owned());
    blocks
        .filter(|block| block.contains("curl ") || block.contains("sqlite3 "))
        .collect()
}

#[test]
fn the_tour_of_the_readme_works() {
    const QUIETLY: &str = "curl() { command curl --silent --show-error --output /dev/null --write-out '%{http_code}\\n' \"$@\"; }\n";

    let dir = tempdir().unwrap();
    let portal = Portal::start(dir.path(), "demo --json");
    let keys: Value =
        serde_json::from_str(&fs::read_to_string(dir.path().join("demo-data/keys.json")).unwrap()).unwrap();
    let blocks = tour();
    assert!(blocks.len() >= 6, "{blocks:?}");
    for block in blocks {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &format!("{QUIETLY}{block}")])
            .current_dir(dir.path())
            .env("URL", format!("http://{}/api/v1", portal.address))
            .env("TOKEN", keys["token"].as_str().unwrap())
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let wanted = if block.contains("# 422") { "422" } else { "2" };
        let is_fine = |line: &str| block.contains("sqlite3 ") || line.starts_with(wanted);
        assert!(
            output.status.success() && !printed.is_empty() && printed.lines().all(is_fine),
            "{block}\n{printed}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

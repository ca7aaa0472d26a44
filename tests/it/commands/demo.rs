//! The demonstration: made once, found again, thrown away on demand.

use std::fs;

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
}

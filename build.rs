//! Makes cargo notice files that are added to `static/`, which is embedded.

fn main() {
    println!("cargo::rerun-if-changed=static");
    println!("cargo::rerun-if-changed=migrations");
}

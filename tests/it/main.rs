//! The one integration test binary.
#[test]
fn it_runs() {}

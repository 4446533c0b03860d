use std::fs;

use config::{Environment, load};

/// A keepalived.conf.
pub fn keepalived_conf(bytes: &[u8]) {
    read("keepalived.conf", bytes);
}

/// A file of conf.d.
pub fn toml(bytes: &[u8]) {
    read("any.toml", bytes);
}

/// A file becomes a plan or draws an error, and its messages can be shown.
fn read(name: &str, bytes: &[u8]) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path().join(name);
    fs::write(&path, bytes).expect("it can be written");
    let loaded = load(&[path], &Environment::default());
    assert_eq!(loaded.plan.is_none(), loaded.diagnostics.has_errors());
    loaded.diagnostics.render(false, 80);
    loaded.diagnostics.to_json();
}

use std::path::PathBuf;

use crate::{Environment, load};

#[test]
fn json_has_what_an_editor_needs() {
    let loaded = load(
        &[PathBuf::from("tests/bad/duplicate_vrid.toml")],
        &Environment::default(),
    );
    insta::assert_snapshot!(loaded.diagnostics.to_json(), @r#"[{"code":"bellwether::duplicate_vrid","column":8,"file":"tests/bad/duplicate_vrid.toml","help":"give one of the two another VRID, from 1 to 255; all routers of an instance need the same","line":8,"message":"VRID 51 is used twice on eth0: by this instance and by web (tests/bad/duplicate_vrid.toml:3)","severity":"error"}]"#);
}

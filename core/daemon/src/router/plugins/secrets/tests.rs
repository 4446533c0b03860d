use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn secrets_are_read_or_it_is_told_why_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let put = |name: &str, text: &[u8], mode: u32| {
        let path = dir.path().join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("ours");
        SecretSource::File(path)
    };
    let sources = BTreeMap::from([
        ("a-good".to_owned(), put("good", b"s3cret\n", 0o600)),
        ("b-open".to_owned(), put("open", b"s3cret\n", 0o644)),
        ("c-empty".to_owned(), put("empty", b" \n", 0o600)),
        ("d-long".to_owned(), put("long", &[b'x'; (64 << 10) + 1], 0o600)),
        ("e-none".to_owned(), SecretSource::File(dir.path().join("none"))),
        ("f-folder".to_owned(), SecretSource::File(dir.path().to_owned())),
        (
            "g-env".to_owned(),
            SecretSource::Environment("BELLWETHER_NO_SUCH".to_owned()),
        ),
    ]);
    let values = read(&sources);
    assert_eq!(values["a-good"], Ok(Secret("s3cret".to_owned())));
    let told: Vec<String> = values.into_values().filter_map(Result::err).collect();
    let told = told.join("\n").replace(&dir.path().display().to_string(), "DIR");
    insta::assert_snapshot!(told, @r"
    DIR/open may be read by anybody; run `chmod o-r DIR/open`
    it is empty
    DIR/long is larger than 64 KiB
    cannot read DIR/none: No such file or directory (os error 2)
    cannot read DIR: not a file
    the daemon's environment has no BELLWETHER_NO_SUCH; set it in its unit
    ");
}

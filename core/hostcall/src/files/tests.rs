use std::sync::Arc;

use tokio::time::Instant;

use super::*;
use crate::testing::host_granted;
use model::plan::Grants;

fn call(read: &[&Path]) -> Call {
    let grants = Grants {
        read: read.iter().map(PathBuf::from).collect(),
        ..Grants::default()
    };
    let host = Arc::new(host_granted(grants));
    Call::new(
        host,
        "tested".to_owned(),
        None,
        Instant::now() + Duration::from_secs(60),
    )
}

fn text(path: &Path) -> &str {
    path.to_str().expect("made by this test")
}

#[tokio::test]
async fn what_is_granted_is_read_and_no_more() {
    let folder = tempfile::tempdir().expect("a directory");
    let inside = folder.path().join("in");
    std::fs::create_dir(&inside).expect("made");
    std::fs::write(inside.join("flag"), "up\n").expect("written");
    std::fs::write(folder.path().join("secret"), "s").expect("written");
    std::os::unix::fs::symlink("../secret", inside.join("out")).expect("a link");
    std::os::unix::fs::symlink("flag", inside.join("same")).expect("a link");
    let call = call(&[&inside]);
    let read = async |path: PathBuf| call.read_file(text(&path), None).await;
    assert_eq!(read(inside.join("flag")).await.expect("granted"), b"up\n");
    assert_eq!(read(inside.join("same")).await.expect("stays inside"), b"up\n");
    assert_eq!(
        call.read_file(text(&inside.join("flag")), Some(1))
            .await
            .expect("granted"),
        b"u"
    );
    let mut all = Vec::new();
    for path in [
        inside.join("out"),
        inside.join("../secret"),
        inside.join("none"),
        folder.path().join("secret"),
        PathBuf::from("flag"),
    ] {
        let error = read(path).await.expect_err("refused");
        all.push(format!("{}: {error}", error.code.word()).replace(text(folder.path()), "DIR"));
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    denied: DIR/in/out: a link in it leads out of what is granted; grant the file it leads to
    invalid: DIR/in/../secret is not a path from / without `..`
    name-not-found: DIR/in/none: no such file
    denied: reading DIR/secret is not granted; add "DIR/secret" to read in the plugin's grants
    invalid: flag is not a path from / without `..`
    "#);
    let facts = call
        .file_facts(text(&inside.join("flag")))
        .await
        .expect("granted")
        .expect("there");
    assert_eq!((facts.size, facts.is_directory), (3, false));
    assert_eq!(call.file_facts(text(&inside.join("none"))).await, Ok(None));
}

#[tokio::test]
async fn processes_are_found_by_name() {
    let call = call(&[Path::new("/proc")]);
    let mut child = std::process::Command::new("sleep")
        .arg("600")
        .spawn()
        .expect("sleep is there");
    // A new program has its name a moment after whoever started it goes on.
    let name = format!("/proc/{}/comm", child.id());
    while std::fs::read_to_string(&name).expect("it runs") != "sleep\n" {
        std::thread::yield_now();
    }
    let found = call.processes("sleep").await.expect("granted");
    child.kill().expect("ours");
    child.wait().expect("ours");
    assert!(found.contains(&child.id()), "{found:?}");
    assert_eq!(call.processes("no-such-program").await, Ok(Vec::new()));
    let error = self::call(&[]).processes("sleep").await.expect_err("not granted");
    insta::assert_snapshot!(error, @r#"reading /proc is not granted; add "/proc" to read in the plugin's grants"#);
}

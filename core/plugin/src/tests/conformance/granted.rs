//! What has to be granted by name: secrets, unix sockets, units; and what the router tells.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use model::link::{InstanceFacts, Secret};
use model::plan::{NetGrant, SecretSource};
use model::probe::Verdict;
use model::time::Instant;
use model::transition::State;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::tls;
use crate::Platform;
use crate::tests::kit::{does, plan, platform, probes, server, settled};

/// A probe with a unix socket, a unit and secrets, of which one cannot be read.
pub(super) async fn loaded(file: &str, bytes: Vec<u8>, socket: &Path) -> Platform {
    let platform = platform();
    let mut plan = plan("it", file);
    plan.grants.net.push(NetGrant::Unix(socket.to_owned()));
    plan.grants.units.push("nginx.service".to_owned());
    let secrets = ["token", "lost", "ours", "authority"];
    let source = |name: &str| (name.to_owned(), SecretSource::File("/etc/it".into()));
    plan.grants.secret = secrets.into_iter().map(source).collect();
    platform.set_plugins(vec![plan]);
    let values = [
        ("token", Ok(Secret("s3cret-s3cret".to_owned()))),
        ("lost", Err("no such file".to_owned())),
        ("ours", Ok(Secret("not PEM".to_owned()))),
        ("authority", Ok(Secret(tls::authority()))),
    ];
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value));
    platform.set_secrets(&"it".into(), values.collect());
    platform.set_code("it".into(), Ok(bytes));
    settled(&platform, |status| status.generation == 1).await;
    platform
}

fn said(verdict: &Verdict) -> String {
    format!("{}: {}", verdict.status.word(), verdict.reason)
}

/// What is said of each, the same by both runtimes but for the place in the file.
async fn all(target: Option<SocketAddr>, socket: &Path, acts: &[&str]) -> String {
    let mut told = Vec::new();
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes, socket).await;
        let mut lines = Vec::new();
        for act in acts {
            let said = said(&does(&platform, target, act).await);
            lines.push(match said.split_once("probe.lua:") {
                Some((status, rest)) => format!("{status}{}", rest.split_once(": ").expect("a line").1),
                None => said,
            });
        }
        told.push(lines.join("\n"));
    }
    assert_eq!(told[0], told[1], "Lua and Rust say the same");
    told.swap_remove(0)
}

#[tokio::test]
async fn secrets_are_known_and_never_told() {
    let nowhere = Path::new("/run/none.sock");
    let told = all(
        None,
        nowhere,
        &["secret token", "tell token", "secret lost", "secret other"],
    )
    .await;
    insta::assert_snapshot!(told, @r#"
    up: [secret]
    unknown: it is [secret]
    down: the secret lost: no such file
    unknown: the secret other is not granted; add other = "/PATH/OF/ITS/FILE" to secret in the plugin's grants
    "#);
}

#[tokio::test]
async fn redirects_bad_authorities_and_units() {
    let (_dir, path) = unix_server();
    let answer = "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
    let (address, heard) = server("", answer).await;
    assert_eq!(
        all(Some(address), &path, &["redirect /first"]).await,
        "up: 302 true"
    );
    let heard = heard.lock().expect("no panic").concat();
    assert_eq!(heard.matches("GET /again").count(), 2, "{heard}");

    let told = all(Some(address), &path, &["tls ours", "unit other.service"]).await;
    insta::assert_snapshot!(told, @r#"
    down: the secret ours holds no certificate in PEM; give the file that openssl or your authority wrote
    unknown: the unit other.service is not granted; add "other.service" to units in the plugin's grants
    "#);
}

/// What the router tells of the only instance.
pub(super) fn instances() -> Vec<InstanceFacts> {
    vec![InstanceFacts {
        name: "web".to_owned(),
        state: State::Master,
        previous: State::Backup,
        cause: "no Master was heard".to_owned(),
        since: Instant::from_nanos(1),
        priority: 150,
        interface: "eth0".to_owned(),
        addresses: vec!["192.0.2.1/24".parse().expect("a network")],
        peers: vec![IpAddr::from([192, 0, 2, 3])],
    }]
}

/// Says on a unix socket what it is told.
pub(super) fn unix_server() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("admin.sock");
    let listener = tokio::net::UnixListener::bind(&path).expect("free");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 64];
            let count = stream.read(&mut asked).await.expect("it asks");
            stream.write_all(&asked[..count]).await.expect("it reads");
        }
    });
    (dir, path)
}

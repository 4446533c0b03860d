use std::time::Duration;

use model::plan::Grants;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::time::Instant;

use super::*;
use crate::testing;

fn call() -> Call {
    let host = testing::host_granted(Grants {
        units: vec!["nginx.service".to_owned(), "lost.service".to_owned()],
        ..Grants::default()
    });
    let deadline = Instant::now() + Duration::from_secs(60);
    Call::new(std::sync::Arc::new(host), "tested".to_owned(), None, deadline)
}

/// A message as a bus sends it: header fields are given whole.
fn message(kind: u8, fields: &[u8], body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b'l', kind, 0, 1];
    for word in [body.len(), 99, fields.len()] {
        bytes.extend(u32::try_from(word).expect("short").to_le_bytes());
    }
    bytes.extend(fields);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend(body);
    bytes
}

/// `REPLY_SERIAL` as the only field.
fn reply_to(serial: u8) -> [u8; 8] {
    [5, 1, b'u', 0, serial, 0, 0, 0]
}

fn variant(text: &str) -> Vec<u8> {
    let mut body = vec![1, b's', 0, 0];
    body.extend(u32::try_from(text.len()).expect("short").to_le_bytes());
    body.extend(text.bytes().chain([0]));
    body
}

/// A bus that knows one unit; what it was asked for.
async fn serve(listener: UnixListener) -> Vec<u8> {
    let (mut stream, _) = listener.accept().await.expect("a client");
    let mut heard = Vec::new();
    let mut buffer = [0; 1024];
    let mut serial = 0;
    loop {
        let count = stream.read(&mut buffer).await.expect("open");
        if count == 0 {
            return heard;
        }
        let new = &buffer[..count];
        heard.extend_from_slice(new);
        let has = |word: &[u8]| new.windows(word.len()).any(|part| part == word);
        if new.starts_with(b"\0AUTH") {
            stream.write_all(b"OK 1234\r\n").await.expect("open");
            continue;
        }
        serial += 1;
        let mut answer = Vec::new();
        if has(b"Hello") {
            // The name that we are given, and a signal to all who are new.
            answer.extend(message(2, &reply_to(serial), b"\x04\0\0\0:1.7\0"));
            answer.extend(message(4, &[], b""));
        } else if has(b"lost_2eservice") {
            answer.extend(message(3, &reply_to(serial), b"\x07\0\0\0no unit\0"));
        } else if has(b"ActiveState") {
            answer.extend(message(2, &reply_to(serial), &variant("active")));
        } else {
            answer.extend(message(2, &reply_to(serial), &variant("running")));
        }
        stream.write_all(&answer).await.expect("open");
    }
}

#[tokio::test]
async fn a_unit_is_asked_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("bus");
    let bus = tokio::spawn(serve(UnixListener::bind(&path).expect("free")));
    let unit = call().unit_at(&path, "nginx.service").await.expect("known");
    let wanted = Unit {
        active: "active".to_owned(),
        sub: "running".to_owned(),
    };
    assert_eq!(unit, wanted);
    let heard = bus.await.expect("no panic");
    let heard = String::from_utf8_lossy(&heard);
    assert!(
        heard.contains("/org/freedesktop/systemd1/unit/nginx_2eservice"),
        "{heard}"
    );
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("bus");
    tokio::spawn(serve(UnixListener::bind(&path).expect("free")));
    let call = call();
    let mut told = Vec::new();
    for name in ["lost.service", "other.service", "nginx"] {
        told.push(call.unit_at(&path, name).await.expect_err(name).message);
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    systemd: no unit
    the unit other.service is not granted; add "other.service" to units in the plugin's grants
    "nginx" is no name of a unit: it ends in its kind, such as nginx.service
    "#);
    let none = call.unit_at(&dir.path().join("none"), "nginx.service").await;
    assert!(
        none.expect_err("no bus")
            .message
            .ends_with("no such file or directory")
    );
}

#[test]
fn names_are_escaped_as_systemd_does() {
    assert_eq!(escape("getty@tty1.service"), "getty_40tty1_2eservice");
    assert_eq!(escape("3a.service"), "_33a_2eservice");
}

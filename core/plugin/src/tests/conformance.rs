//! Each host call does the same for Lua and for a component.

mod granted;
mod table;
mod tls;

use model::probe::{REASON_MAX, Status};
use model::status::Metric;

use super::kit::{does, loaded, probes, server, settled};

#[tokio::test]
async fn what_is_counted_is_in_the_status() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        assert_eq!(does(&platform, None, "metric").await.status, Status::Up, "{file}");
        let metrics = settled(&platform, |_| true).await.metrics;
        let wanted = [("asked", Metric::Counter(3.0)), ("lag", Metric::Gauge(-0.5))];
        assert_eq!(
            metrics,
            wanted.map(|(name, value)| (name.to_owned(), value)).into(),
            "{file}"
        );
    }
}

#[tokio::test]
async fn http() {
    let (address, heard) = server("", "HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n0123456789").await;
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        let verdict = does(&platform, Some(address), "http /x?y").await;
        assert_eq!(
            (verdict.status, verdict.reason.as_str()),
            (Status::Up, "201 01234 true"),
            "{file}"
        );
    }
    let heard = heard.lock().expect("no panic");
    assert_eq!(heard[0], heard[1]);
    insta::assert_snapshot!(heard[0].replace("\r\n", "\n"), @r"
    POST /x?y HTTP/1.1
    user-agent: bellwether
    host: www.example.com
    x-probe: 1
    content-length: 4

    body
    ");
}

#[tokio::test]
async fn what_is_not_granted_is_unknown_with_the_line_to_add() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        let target = "127.0.0.1:1".parse().expect("an address");
        for (words, cure) in [
            (
                "connect 127.0.0.1 2",
                "connecting to 127.0.0.1:2 is not granted; add \"127.0.0.1:2\" to net in the plugin's grants",
            ),
            (
                "run /bin/false",
                "running /bin/false is not granted; add [\"/bin/false\"] to exec in the plugin's grants",
            ),
            (
                "ping 127.0.0.2",
                "pinging 127.0.0.2 is not granted; add \"127.0.0.2\" to net in the plugin's grants",
            ),
            (
                "unix /run/x.sock",
                "connecting to /run/x.sock is not granted; add \"unix:/run/x.sock\" to net in the plugin's grants",
            ),
            (
                "read /etc/passwd",
                "reading /etc/passwd is not granted; add \"/etc/passwd\" to read in the plugin's grants",
            ),
        ] {
            let verdict = does(&platform, Some(target), words).await;
            assert_eq!(verdict.status, Status::Unknown, "{file} {words}");
            assert!(verdict.reason.ends_with(cure), "{file} {}", verdict.reason);
        }
    }
}

#[tokio::test]
async fn a_refused_connection_is_an_answer() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let target = listener.local_addr().expect("bound");
    drop(listener);
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        let verdict = does(&platform, Some(target), "tcp").await;
        assert_eq!(verdict.status, Status::Down, "{file}");
        assert_eq!(
            verdict.reason,
            format!("connecting to {target}: connection refused"),
            "{file}"
        );
    }
}

#[tokio::test]
async fn answers_are_held_to_their_bounds() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        let verdict = does(&platform, None, "long").await;
        assert_eq!(
            (verdict.reason.len(), verdict.reason.chars().next()),
            (REASON_MAX, Some('ü')),
            "{file}"
        );
        assert_eq!(
            does(&platform, None, "weight 65535").await.weight,
            Some(65_535),
            "{file}"
        );
        let verdict = does(&platform, None, "weight 65536").await;
        assert_eq!(
            (verdict.status, verdict.weight),
            (Status::Unknown, None),
            "{file}"
        );
        let wanted = format!("{file}: check returned the weight 65536; it must be 0 to 65535");
        assert_eq!(verdict.reason, wanted);
    }
}

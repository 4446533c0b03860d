//! Each host call does the same for Lua and for a component.

mod granted;

use model::probe::{REASON_MAX, Status};
use model::status::Metric;

use super::kit::{does, loaded, probes, server, settled, udp_server};

#[tokio::test]
async fn pure_and_kept_things() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        for (words, reason) in [
            ("log hello", "logged"),
            ("kv", "1 of 1 kept true"),
            ("kv", "2 of 2 kept true"),
            ("clock", "true true true"),
            ("digest", "900150983cd24fb0d6963f7d28e17f72"),
            ("hmac", "104152c5bfdca07bc633eebd46199f0255c9f49d"),
            ("pbkdf2", "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
            ("base64", "YWJj 3 true"),
            ("json", r#"1.5 x true {"b":null} none"#),
            ("prometheus", "2 job=a 1.5"),
            ("metric", "true"),
            ("node", "true true"),
            ("regex", "b=12,b,12, true"),
            ("read /proc/version", "Lin 0 true false true"),
            ("processes no-such-program", "false"),
            ("run /bin/echo hi", "0 hi"),
            ("run /bin/sh -c true", "0 "),
        ] {
            let verdict = does(&platform, None, words).await;
            assert_eq!(
                (verdict.status, verdict.reason.as_str()),
                (Status::Up, reason.trim_end()),
                "{file} {words}"
            );
            assert_eq!((verdict.ask.0, verdict.generation.0), (7, 1));
        }
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
async fn connections() {
    let (address, heard) = server("220 hi\r\n", "pong").await;
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        let verdict = does(&platform, Some(address), "tcp").await;
        assert_eq!(
            (verdict.status, verdict.reason.as_str()),
            (Status::Up, "220 hi pong 0 true true"),
            "{file}"
        );
    }
    assert_eq!(*heard.lock().expect("no panic"), ["ping\r\n", "ping\r\n"]);
}

#[tokio::test]
async fn datagrams_and_names() {
    let address = udp_server().await;
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        for (words, reason) in [
            ("udp", "abc"),
            ("dns example", "NOERROR true example. A 60 192.0.2.1"),
        ] {
            let verdict = does(&platform, Some(address), words).await;
            assert_eq!(
                (verdict.status, verdict.reason.as_str()),
                (Status::Up, reason),
                "{file} {words}"
            );
        }
        let verdict = does(&platform, Some(address), "ping 127.0.0.1").await;
        let is_told = verdict.reason.contains("net.ipv4.ping_group_range");
        assert!(
            verdict.reason == "answered true" || is_told,
            "{file} {}",
            verdict.reason
        );
        let verdict = does(&platform, Some(address), "ping 127.0.0.2").await;
        assert!(
            verdict.reason.ends_with(
                "pinging 127.0.0.2 is not granted; add \"127.0.0.2\" to net in the plugin's grants"
            )
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

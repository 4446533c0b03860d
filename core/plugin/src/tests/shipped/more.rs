//! smtp, dns, udp, ping, redis, file, process and json, against small servers that speak as the real ones do.

use std::net::{Ipv4Addr, SocketAddr};

use model::plan::PluginSource;
use model::value::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, UdpSocket};

use super::super::kit::{ask, plan, platform, server, udp_server};
use super::{component, said};
use crate::Platform;

fn shipped(name: &str, read: &[&str]) -> Platform {
    let platform = platform();
    let mut plan = plan(name, "");
    plan.source = PluginSource::Embedded;
    plan.grants.read = read.iter().map(std::path::PathBuf::from).collect();
    platform.set_plugins(vec![plan]);
    for status in platform.status() {
        assert_eq!((status.generation, status.error), (1, None), "{}", status.name);
    }
    platform
}

/// What a plugin says with each of the parameters.
async fn says(name: &str, target: Option<SocketAddr>, cases: &[&[(&str, Value)]]) -> String {
    let platform = shipped(name, &["/proc", "/usr/lib/os-release"]);
    says_on(&platform, name, target, cases).await
}

async fn says_on(
    platform: &Platform,
    name: &str,
    target: Option<SocketAddr>,
    cases: &[&[(&str, Value)]],
) -> String {
    let mut all = Vec::new();
    for case in cases {
        let given = case
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let verdict = platform.ask(ask(name, target, given)).await;
        all.push(said(
            &verdict,
            target.unwrap_or_else(|| (Ipv4Addr::UNSPECIFIED, 0).into()),
        ));
    }
    all.join("\n")
}

/// Answers each line by the first of `answers` that it begins with.
async fn talker(greeting: &'static str, answers: &'static [(&'static str, &'static str)]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                // A client that goes away early is one of the cases.
                let _ = stream.write_all(greeting.as_bytes()).await;
                let mut line = String::new();
                while let Ok(1..) = stream.read_line(&mut line).await {
                    let answer = answers.iter().find(|(begin, _)| line.starts_with(begin));
                    // As above.
                    let _ = stream
                        .write_all(answer.map_or("", |(_, answer)| answer).as_bytes())
                        .await;
                    line.clear();
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn smtp_reads_replies() {
    let good = talker(
        "220-mail.example\r\n220 ready\r\n",
        &[
            ("HELO lb\r\n", "250 hello\r\n"),
            ("HELO", "250-a\r\n250 b\r\n"),
            ("QUIT", "221 bye\r\n"),
        ],
    );
    let lazy = talker("220 ready\r\n", &[("HELO", "501 who?\r\n")]).await;
    let busy = talker("421 too busy\r\n", &[]).await;
    let odd = talker("SSH-2.0-x\r\n", &[]).await;
    let mut all = vec![
        says(
            "smtp",
            Some(good.await),
            &[&[], &[("helo", "lb".into())], &[("helo", 7.into())]],
        )
        .await,
    ];
    for target in [lazy, busy, odd] {
        all.push(says("smtp", Some(target), &[&[]]).await);
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    up: 220 ready
    up: 220 ready
    unknown: smtp takes one parameter, helo, a text; not helo = 7
    down: HELO bellwether.invalid: 501 who?
    down: greeting: 421 too busy
    down: greeting: it answers with SSH-2.0-x
    "#);
}

#[tokio::test]
async fn dns_wants_an_answer() {
    let target = udp_server().await;
    let cases: &[&[(&str, Value)]] = &[
        &[],
        &[
            ("name", "example".into()),
            ("type", "A".into()),
            ("records", true.into()),
        ],
        &[("type", "X".into())],
        &[("nmae", "x".into())],
    ];
    insta::assert_snapshot!(says("dns", Some(target), cases).await, @r#"
    up: . SOA: 192.0.2.1
    up: example A: 192.0.2.1
    unknown: dns.lua:21: "X" is no type of DNS record; one of: A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, CAA
    unknown: dns takes name and type, which are texts, and records, true or false; not nmae
    "#);
}

#[tokio::test]
async fn udp_compares_bytes() {
    let target = udp_server().await;
    let cases: &[&[(&str, Value)]] = &[
        &[("payload", "00ff".into()), ("reply", "".into())],
        &[("payload", "00ff".into()), ("reply", "0xfF".into())],
        &[("payload", "00ff".into()), ("reply", "01".into())],
        &[("payload", "00".into()), ("reply", "0000".into())],
        &[("payload", "00".into()), ("min", 2.into())],
        &[("payload", "0".into())],
    ];
    let mut all = vec![says("udp", Some(target), cases).await];
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback");
    let target = silent.local_addr().expect("bound");
    all.push(says("udp", Some(target), &[&[("wait", 20.into())]]).await);
    drop(silent);
    all.push(says("udp", Some(target), &[&[]]).await);
    insta::assert_snapshot!(all.join("\n"), @r#"
    up: it answers with 2 bytes
    up: it answers with 2 bytes
    down: it answers with 00ff
    down: it answers with 00
    down: it answers with 1 bytes
    unknown: payload and reply of udp are hexadecimal, two digits for each byte
    up: nobody says that the port is closed
    down: asking TARGET by UDP: connection refused
    "#);
}

#[tokio::test]
async fn redis_knows_roles() {
    const MASTER: &str = "$33\r\n# Replication\r\nrole:master\r\nx:1\r\n\r\n\r\n";
    const SLAVE: &str =
        "$70\r\nrole:slave\r\nmaster_link_status:up\r\nmaster_last_io_seconds_ago:7\r\nxx:12\r\n\r\n";
    let master = talker("", &[("INFO", MASTER)]).await;
    let slave = talker("", &[("INFO", SLAVE)]).await;
    let locked = talker(
        "",
        &[
            ("AUTH", ""),
            ("sesame", "+OK\r\n"),
            ("INFO", "-NOAUTH Authentication required.\r\n"),
        ],
    )
    .await;
    let role = |role: &'static str| ("role", Value::from(role));
    let mut twins = Vec::new();
    for platform in [shipped("redis", &[]), component("redis").await] {
        let mut all = Vec::new();
        for (target, cases) in [
            (master, [&[][..], &[role("slave")]]),
            (
                slave,
                [&[role("slave"), ("lag", 10.into())], &[("lag", 5.into())]],
            ),
            (locked, [&[], &[("password", "sesame".into())]]),
        ] {
            all.push(says_on(&platform, "redis", Some(target), &cases).await);
        }
        twins.push(all.join("\n"));
    }
    assert_eq!(twins[0], twins[1], "Lua and Rust say the same");
    insta::assert_snapshot!(twins[0], @r#"
    up: it is a master
    down: it is a master, not a slave
    up: it is a slave
    down: it is a slave that last heard of its master 7 s ago
    down: NOAUTH Authentication required.
    down: NOAUTH Authentication required.
    "#);
}

#[tokio::test]
async fn file_and_process_look_at_this_node() {
    let cases: &[&[(&str, Value)]] = &[
        &[
            ("path", "/usr/lib/os-release".into()),
            ("contains", "NAME=".into()),
        ],
        &[
            ("path", "/usr/lib/os-release".into()),
            ("contains", "no such words".into()),
        ],
        &[("path", "/usr/lib/os-release".into()), ("absent", true.into())],
        &[("path", "/proc/none".into())],
        &[("path", "/proc/none".into()), ("absent", true.into())],
        &[("path", "/etc/shadow".into())],
        &[],
    ];
    let mut all = vec![says("file", None, cases).await];
    let cases: &[&[(&str, Value)]] = &[&[("name", "no-such-program".into())], &[]];
    all.push(says("process", None, cases).await);
    insta::assert_snapshot!(all.join("\n"), @r#"
    up: /usr/lib/os-release is there
    down: /usr/lib/os-release does not contain no such words
    down: /usr/lib/os-release is there
    down: /proc/none is not there
    up: /proc/none is not there
    unknown: file.lua:22: reading /etc/shadow is not granted; add "/etc/shadow" to read in the plugin's grants
    unknown: file needs the parameter path, such as path = "/run/maintenance"
    down: 0 processes of no-such-program
    unknown: process needs the parameter name, such as name = "haproxy", or pid_file, or cgroup
    "#);
    let mut child = std::process::Command::new("sleep")
        .arg("600")
        .spawn()
        .expect("sleep is there");
    let found = says("process", None, &[&[("name", "sleep".into())]]).await;
    child.kill().expect("ours");
    child.wait().expect("ours");
    assert!(
        found.starts_with("up: ") && found.ends_with("of sleep"),
        "{found}"
    );
}

#[tokio::test]
async fn json_looks_into_the_answer() {
    const BODY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 54\r\n\r\n{\"ok\":true,\"n\":3,\"m\":[{\"s\":\"run\"}],\"off\":false,\"x\":7 }";
    let (target, _) = server("", BODY).await;
    let field = |field: &'static str| ("field", Value::from(field));
    let cases: &[&[(&str, Value)]] = &[
        &[field("ok")],
        &[field("off")],
        &[field("none.below")],
        &[field("m.1.s"), ("equals", "run".into())],
        &[field("n"), ("equals", 4.into())],
        &[field("ok"), ("status", 204.into())],
        &[],
    ];
    insta::assert_snapshot!(says("json", Some(target), cases).await, @r#"
    up: ok is true
    down: off is false
    down: none.below is nil
    up: m.1.s is run
    down: n is 3
    down: status 200
    unknown: json needs the parameter field, such as field = "status"
    "#);
}

#[tokio::test]
async fn ping_counts_answers() {
    let target = "127.0.0.1:9".parse().expect("an address");
    let found = says(
        "ping",
        Some(target),
        &[&[], &[("count", 3.into()), ("needed", 2.into())]],
    )
    .await;
    for line in found.lines() {
        let good = line.starts_with("up: 127.0.0.1 answers in ");
        assert!(good || line.contains("net.ipv4.ping_group_range"), "{line}");
    }
    let none = says("ping", None, &[&[]]).await;
    assert_eq!(
        none,
        "unknown: a tracker has no address: give ping the parameter host"
    );
}

#[test]
fn each_tells_of_itself() {
    let all = crate::shipped();
    for shipped in &all {
        assert!(!shipped.summary.is_empty(), "{}", shipped.name);
        assert!(
            !shipped.parameters.is_empty() || shipped.name == "tcp",
            "{}",
            shipped.name
        );
    }
    assert_eq!(all.len(), 19);
}

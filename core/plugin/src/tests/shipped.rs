//! http, tcp and misc, and the same http and tcp as components.

use std::net::SocketAddr;

use model::plan::PluginSource;
use model::probe::Verdict;
use model::value::{Parameters, Value};

use super::kit::{ask, guest, plan, platform, server, settled};
use crate::Platform;

mod bfd;
mod databases;
mod more;
mod nearby;

fn shipped() -> Platform {
    let platform = platform();
    let embedded = |name| {
        let mut plan = plan(name, "");
        plan.source = PluginSource::Embedded;
        plan
    };
    platform.set_plugins(["http", "misc", "tcp"].map(embedded).into());
    for status in platform.status() {
        assert_eq!((status.generation, status.error), (1, None), "{}", status.name);
    }
    platform
}

/// The component that does the same as the plugin of this name.
async fn component(name: &str) -> Platform {
    let platform = platform();
    platform.set_plugins(vec![plan(name, &format!("{name}.wasm"))]);
    platform.set_code(name.into(), Ok(guest(name)));
    settled(&platform, |status| status.generation == 1).await;
    platform
}

fn parameters<const N: usize>(given: [(&str, Value); N]) -> Parameters {
    given
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn list(items: &[Value]) -> Value {
    Value::List(items.to_vec())
}

/// Status and reason, without what differs from run to run.
fn said(verdict: &Verdict, target: SocketAddr) -> String {
    let reason = verdict.reason.replace(&target.to_string(), "TARGET");
    let reason: Vec<&str> = reason
        .split(' ')
        .map(|word| {
            if word.parse::<f64>().is_ok_and(|_| reason.ends_with(" ms"))
                && word.len() < 7
                && !matches!(word, "200" | "503")
            {
                "N"
            } else {
                word
            }
        })
        .collect();
    let weight = verdict
        .weight
        .map(|weight| format!(" weight {weight}"))
        .unwrap_or_default();
    format!("{}{weight}: {}", verdict.status.word(), reason.join(" "))
}

#[tokio::test]
async fn http_judges_status_headers_and_body() {
    const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nServer: one\r\nX-Node: a7\r\n\r\nabc";
    let (target, _) = server("", ANSWER).await;
    let header = |name: &str, pattern: &str| {
        let wanted = Value::Table(parameters([(name, pattern.into())]));
        parameters([("response_headers", wanted)])
    };
    let url = |path: &str, status: i64| {
        Value::Table(parameters([
            ("path", path.into()),
            ("status", list(&[status.into()])),
        ]))
    };
    let cases = [
        parameters([]),
        parameters([("path", "/health".into()), ("status", list(&["200-204".into()]))]),
        parameters([("status", list(&[301.into(), "400-599".into()]))]),
        parameters([("digest", "900150983CD24FB0D6963F7D28E17F72".into())]),
        parameters([("digest", "00000000000000000000000000000000".into())]),
        parameters([("urls", list(&[url("/a", 200), url("/b", 204)]))]),
        parameters([("match", "^a.c$".into()), ("match_not", "x".into())]),
        parameters([("match", "^b".into())]),
        parameters([("match_not", "b".into())]),
        header("x-node", "^a[0-9]$"),
        header("X-Node", "^b"),
        header("X-None", ""),
        parameters([("days_left", 7.into())]),
        parameters([("host", "www.example".into()), ("method", "HEAD".into())]),
    ];
    let mut all = Vec::new();
    for platform in [shipped(), component("http").await] {
        let mut told = Vec::new();
        for given in &cases {
            told.push(said(
                &platform.ask(ask("http", Some(target), given.clone())).await,
                target,
            ));
        }
        all.push(told.join("\n"));
    }
    assert_eq!(all[0], all[1], "Lua and Rust say the same");
    insta::assert_snapshot!(all[0], @r#"
    up: /: status 200 in N ms
    up: /health: status 200 in N ms
    down: /: status 200
    up: /: status 200 in N ms
    down: /: the body's digest is 900150983cd24fb0d6963f7d28e17f72
    down: /b: status 200
    up: /: status 200 in N ms
    down: /: the body does not match ^b
    down: /: the body matches b
    up: /: status 200 in N ms
    down: /: header X-Node is a7
    down: /: header X-None is not there
    down: /: it has no certificate
    up: /: status 200 in N ms
    "#);
}

#[tokio::test]
async fn http_says_what_is_wrong_with_its_parameters() {
    let platform = shipped();
    let target: SocketAddr = "127.0.0.1:9".parse().expect("an address");
    let mut all = Vec::new();
    for given in [
        parameters([("pth", "/".into())]),
        parameters([("path", "health".into())]),
        parameters([("path", 7.into())]),
        parameters([("status", list(&["2xx".into()]))]),
        parameters([("digest", "abc".into())]),
        parameters([("scheme", "ftp".into())]),
        parameters([("urls", list(&["/a".into()]))]),
        parameters([("urls", list(&[]))]),
        parameters([("urls", list(&[Value::Table(parameters([("sni", "x".into())]))]))]),
    ] {
        all.push(said(
            &platform.ask(ask("http", Some(target), given)).await,
            target,
        ));
    }
    all.push(said(
        &platform.ask(ask("http", None, parameters([]))).await,
        target,
    ));
    insta::assert_snapshot!(all.join("\n"), @r#"
    unknown: http knows no parameter pth
    unknown: path health of http does not begin with /
    unknown: parameter path of http is a number; it must be a string
    unknown: status 2xx of http is neither a code (200) nor a range ("200-299")
    unknown: digest abc of http is not an MD5: it must be 32 hexadecimal digits
    unknown: scheme ftp of http is neither http nor https
    unknown: urls of http is a list of tables
    unknown: urls of http is empty
    unknown: parameter sni of http stands beside urls, not in one of them
    unknown: http checks a real server; a tracker has no address: use misc
    "#);
}

#[tokio::test]
async fn tcp_connects() {
    let (target, _) = server("", "").await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let nobody = free.local_addr().expect("bound");
    drop(free);
    let mut twins = Vec::new();
    for platform in [shipped(), component("tcp").await] {
        let mut all = Vec::new();
        for target in [target, nobody] {
            let verdict = platform.ask(ask("tcp", Some(target), parameters([]))).await;
            all.push(said(&verdict, target));
        }
        twins.push(all.join("\n"));
    }
    assert_eq!(twins[0], twins[1], "Lua and Rust say the same");
    insta::assert_snapshot!(twins[0], @r#"
    up: connected in N ms
    down: connecting to TARGET: connection refused
    "#);
    let given = parameters([("x", 1.into())]);
    let verdict = shipped().ask(ask("tcp", Some(target), given)).await;
    assert_eq!(said(&verdict, target), "unknown: tcp takes no parameter x");
}

#[tokio::test]
async fn misc_reads_exit_codes() {
    let platform = shipped();
    let target: SocketAddr = "127.0.0.1:9".parse().expect("an address");
    let sh = |script: &str| list(&["/bin/sh".into(), "-c".into(), script.into()]);
    let mut all = Vec::new();
    for given in [
        parameters([("command", sh("echo fine; echo more"))]),
        parameters([("command", sh("exit 1"))]),
        parameters([("command", sh("exit 7"))]),
        parameters([("command", sh("exit 7")), ("dynamic", true.into())]),
        parameters([("command", sh("exit 1")), ("dynamic", true.into())]),
        parameters([("command", sh("kill -9 $$"))]),
        parameters([("command", list(&["/bin/false".into()]))]),
        parameters([]),
        parameters([("command", "/bin/true".into())]),
    ] {
        all.push(said(&platform.ask(ask("misc", None, given)).await, target));
    }
    let mut slow = ask("misc", None, parameters([("command", sh("sleep 60"))]));
    slow.timeout = std::time::Duration::from_millis(500);
    let verdict = platform.ask(slow).await;
    assert!(
        verdict.reason.starts_with("/bin/sh timed out"),
        "{}",
        verdict.reason
    );
    all.push(verdict.status.word().to_owned());
    insta::assert_snapshot!(all.join("\n"), @r#"
    up: /bin/sh exited with 0: fine
    down: /bin/sh exited with 1
    down: /bin/sh exited with 7
    up weight 5: /bin/sh exited with 7: weight 5
    down: /bin/sh exited with 1
    down: /bin/sh was ended by signal 9
    unknown: misc.lua:40: running /bin/false is not granted; add ["/bin/false"] to exec in the plugin's grants
    unknown: misc needs the parameter command, such as command = ["/usr/bin/pidof", "haproxy"]
    unknown: parameter command of misc is a string; it must be a table
    down
    "#);
}

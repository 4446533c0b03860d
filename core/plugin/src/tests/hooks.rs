//! Hooks: the shipped scripts, and what can go wrong with any.

use model::link::Secret;
use model::plan::{NetGrant, SecretSource};
use model::value::{Parameters, Value};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::kit::{guest, hook, loaded, plan, platform, server, settled};
use crate::Platform;

const WEBHOOK: &str = include_str!("../../../../scripts/webhook.lua");
const SLACK: &str = include_str!("../../../../scripts/slack.lua");
const MAIL: &str = include_str!("../../../../scripts/mail.lua");
const UNIT: &str = include_str!("../../../../scripts/systemd-unit.lua");
const CONNTRACKD: &str = include_str!("../../../../scripts/conntrackd.lua");
const LOG: &str = include_str!("../../../../scripts/log-transition.lua");

fn url(text: &str) -> Parameters {
    Parameters::from([("url".to_owned(), Value::from(text))])
}

#[tokio::test]
async fn a_transition_is_posted() {
    let (address, heard) = server("", "HTTP/1.1 204 No Content\r\n\r\n").await;
    let platform = platform();
    let mut granted = plan("it", "webhook.lua");
    granted.grants.net = vec![NetGrant::Net {
        net: "127.0.0.0/8".parse().expect("a network"),
        port: Some(address.port()),
    }];
    platform.set_plugins(vec![granted]);
    platform.set_code("it".into(), Ok(WEBHOOK.into()));
    settled(&platform, |status| status.generation == 1).await;
    let result = platform
        .hook(hook("it", url(&format!("http://{address}/hook"))))
        .await;
    assert_eq!(result, Ok(()));
    let heard = heard.lock().expect("no panic").concat();
    assert!(heard.starts_with("POST /hook HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("content-type: application/json\r\n"), "{heard}");
    for part in [
        r#""name":"web""#,
        r#""state":"MASTER""#,
        r#""addresses":["192.0.2.1/24"]"#,
        r#""priority":150"#,
    ] {
        assert!(heard.contains(part), "{part} in {heard}");
    }
}

#[tokio::test]
async fn a_refusal_is_told() {
    let (address, _) = server("", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
    let platform = platform();
    let mut granted = plan("it", "webhook.lua");
    granted.grants.net = vec![NetGrant::Net {
        net: "127.0.0.0/8".parse().expect("a network"),
        port: None,
    }];
    platform.set_plugins(vec![granted]);
    platform.set_code("it".into(), Ok(WEBHOOK.into()));
    settled(&platform, |status| status.generation == 1).await;
    let result = platform
        .hook(hook("it", url(&format!("http://{address}/hook"))))
        .await;
    assert_eq!(result, Err(format!("http://{address}/hook: status 403")));
    let result = platform.hook(hook("it", Parameters::new())).await;
    insta::assert_snapshot!(result.expect_err("no url"), @r#"webhook needs the parameter url, such as url = "https://ops.example.net/hook""#);
}

/// A script with what the tests grant, and a secret `url`.
async fn script(source: &str, net: &str, url: &str) -> Platform {
    let platform = platform();
    let mut granted = plan("it", "it.lua");
    granted.grants.net = vec![NetGrant::Net {
        net: net.parse().expect("a network"),
        port: None,
    }];
    let source_of = SecretSource::File("/etc/url".into());
    granted.grants.secret = [("url".to_owned(), source_of)].into();
    platform.set_plugins(vec![granted]);
    platform.set_secrets(
        &"it".into(),
        [("url".to_owned(), Ok(Secret(url.to_owned())))].into(),
    );
    platform.set_code("it".into(), Ok(source.into()));
    settled(&platform, |status| status.generation == 1).await;
    platform
}

#[tokio::test]
async fn a_chat_is_told_and_its_url_is_not() {
    let (address, heard) = server("", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let platform = script(SLACK, "127.0.0.0/8", &format!("http://{address}/T0/B0/x")).await;
    assert!(platform.hook(hook("it", Parameters::new())).await.is_ok());
    let told = heard.lock().expect("no panic").concat();
    let text = "web (priority 150) took over: Backup -> MASTER, the Master was silent for 3s; 192.0.2.1/24";
    assert!(told.contains(text), "{told}");
    // What goes wrong names the URL, which is the secret.
    let platform = script(SLACK, "192.0.2.0/24", &format!("http://{address}/T0/B0/x")).await;
    let why = platform
        .hook(hook("it", Parameters::new()))
        .await
        .expect_err("not granted");
    assert!(!why.contains("T0/B0"), "{why}");
}

#[tokio::test]
async fn a_transition_is_mailed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut stream = BufReader::new(stream);
        let mut all = String::new();
        stream.write_all(b"220 mail\r\n").await.expect("open");
        let mut in_data = false;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.expect("open") == 0 {
                return all;
            }
            in_data = (in_data || line == "DATA\r\n") && line != ".\r\n";
            let answer: &[u8] = match line.as_str() {
                "DATA\r\n" => b"354 go on\r\n",
                _ if in_data => b"",
                _ if line.starts_with("EHLO") => b"250-mail\r\n250 8BITMIME\r\n",
                _ => b"250 good\r\n",
            };
            stream.write_all(answer).await.expect("open");
            all += &line;
        }
    });
    let platform = script(MAIL, "127.0.0.0/8", "none").await;
    let given = Parameters::from([
        ("server".to_owned(), Value::from("127.0.0.1")),
        ("port".to_owned(), Value::from(i64::from(port))),
        ("to".to_owned(), Value::List(vec!["ops@example.net".into()])),
    ]);
    assert!(platform.hook(hook("it", given)).await.is_ok());
    insta::assert_snapshot!(heard.await.expect("no panic").replace("\r\n", "\n"), @r"
    EHLO localhost
    MAIL FROM:<bellwether@localhost>
    RCPT TO:<ops@example.net>
    DATA
    From: bellwether@localhost
    To: ops@example.net
    Subject: instance web is MASTER

    instance web: Backup -> MASTER
    cause: the Master was silent for 3s
    priority: 150
    addresses: 192.0.2.1/24
    .
    QUIT
    ");
}

#[tokio::test]
async fn programs_are_run_as_written() {
    let echo = || ("program".to_owned(), Value::from("/bin/echo"));
    let systemctl = ("systemctl".to_owned(), Value::from("/bin/echo"));
    let unit = ("unit".to_owned(), Value::from("nginx.service"));
    let mut told = Vec::new();
    for (source, given) in [
        (UNIT, Parameters::from([systemctl, unit])),
        (UNIT, Parameters::new()),
        (CONNTRACKD, Parameters::from([echo()])),
        (CONNTRACKD, Parameters::new()),
    ] {
        let platform = script(source, "127.0.0.0/8", "none").await;
        let result = platform.hook(hook("it", given)).await;
        told.push(result.map_or_else(|why| why, |_| "done".to_owned()));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    done
    systemd-unit needs the parameter unit, such as unit = "nginx.service"
    done
    it.lua:36: running /usr/sbin/conntrackd is not granted; add ["/usr/sbin/conntrackd", "-c"] to exec in the plugin's grants
    "#);
}

#[tokio::test]
async fn a_transition_is_logged() {
    let platform = loaded("log-transition.lua", LOG.into()).await;
    assert_eq!(platform.hook(hook("it", Parameters::new())).await, Ok(()));
}

#[tokio::test]
async fn a_check_is_no_hook() {
    let platform = loaded("probe.wasm", guest("probe")).await;
    let mut all = vec![
        platform
            .hook(hook("it", Parameters::new()))
            .await
            .expect_err("no hook"),
    ];
    let platform = loaded("mine.lua", "return { check = function() return 'up' end }".into()).await;
    all.push(
        platform
            .hook(hook("it", Parameters::new()))
            .await
            .expect_err("no hook"),
    );
    let failing = "return { on_change = function() return false end }";
    let platform = loaded("mine.lua", failing.into()).await;
    all.push(
        platform
            .hook(hook("it", Parameters::new()))
            .await
            .expect_err("it fails"),
    );
    insta::assert_snapshot!(all.join("\n"), @r"
    probe.wasm: it does not export hook
    mine.lua: it has no function `on_change`
    on_change returned false without a reason
    ");
}

//! gateway, systemd, haproxy, prometheus, process by file, and what http learnt: against small servers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use model::plan::{NetGrant, PluginSource};
use model::value::{Parameters, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use super::super::kit::{ask, http2_server, plan, platform, server};
use super::{list, said};

/// What a plugin says with each of the parameters; it may reach all that these tests make.
async fn says(name: &str, target: Option<SocketAddr>, folder: &Path, cases: &[Parameters]) -> String {
    let platform = platform();
    let mut plan = plan(name, "");
    plan.source = PluginSource::Embedded;
    plan.grants.net.push(NetGrant::Unix(folder.join("admin.sock")));
    plan.grants.read = vec![folder.to_owned(), "/proc".into(), "/sys/fs/cgroup".into()];
    platform.set_plugins(vec![plan]);
    let mut all = Vec::new();
    for case in cases {
        let verdict = platform.ask(ask(name, target, case.clone())).await;
        all.push(said(
            &verdict,
            target.unwrap_or_else(|| (Ipv4Addr::UNSPECIFIED, 0).into()),
        ));
    }
    all.join("\n").replace(&folder.display().to_string(), "DIR")
}

fn given<const N: usize>(pairs: [(&str, Value); N]) -> Parameters {
    super::parameters(pairs)
}

fn text(text: impl AsRef<str>) -> Value {
    Value::from(text.as_ref())
}

const STAT: &str = "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status\n\
web,a,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP\n\
web,b,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP 1/3\n\
web,c,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN\n\
web,BACKEND,0,0,0,0,200,0,0,0,0,0,,0,0,0,0,UP\n";

#[tokio::test]
async fn haproxy_counts_servers() {
    let dir = tempfile::tempdir().expect("a directory");
    let socket = dir.path().join("admin.sock");
    let listener = UnixListener::bind(&socket).expect("free");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 64];
            let count = stream.read(&mut asked).await.expect("it asks");
            let answer = match &asked[..count] {
                b"show info\n" => "Name: HAProxy\nVersion: 2.6.12\n\n",
                _ => STAT,
            };
            stream.write_all(answer.as_bytes()).await.expect("it reads");
        }
    });
    let socket = || ("socket", text(socket.display().to_string()));
    let cases = [
        given([socket()]),
        given([socket(), ("backend", text("web")), ("min", 2.into())]),
        given([socket(), ("backend", text("web")), ("min", 3.into())]),
        given([socket(), ("backend", text("mail"))]),
        given([("socket", text("/run/other.sock"))]),
        given([]),
    ];
    insta::assert_snapshot!(says("haproxy", None, dir.path(), &cases).await, @r#"
    up: haproxy 2.6.12 answers
    up: 2 of 3 servers of web are up
    down: 2 of 3 servers of web are up
    unknown: haproxy has no backend mail
    unknown: haproxy.lua:14: connecting to /run/other.sock is not granted; add "unix:/run/other.sock" to net in the plugin's grants
    unknown: haproxy needs the parameter socket, such as socket = "/run/haproxy/admin.sock"
    "#);
}

#[tokio::test]
async fn prometheus_holds_numbers_to_bounds() {
    let body = "pg_up 1\nlag{slot=\"a\"} 3\nlag{slot=\"b\"} 9\nage NaN\n";
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let (target, _) = server("", answer.leak()).await;
    let metric = |name: &str| ("metric", text(name));
    let labels = Value::Table(given([("slot", text("a"))]));
    let cases = [
        given([metric("pg_up"), ("min", 1.into())]),
        given([metric("lag"), ("max", 5.into())]),
        given([metric("lag"), ("max", 5.into()), ("labels", labels)]),
        given([metric("lag"), ("max", 12.into()), ("sum", true.into())]),
        given([metric("none")]),
        given([metric("age"), ("max", 5.into())]),
        given([]),
    ];
    let dir = tempfile::tempdir().expect("a directory");
    insta::assert_snapshot!(says("prometheus", Some(target), dir.path(), &cases).await, @r#"
    up: pg_up is 1
    down: lag is 9
    up: lag is 3
    up: lag is 12
    down: it exports no such none
    down: age is nan
    unknown: prometheus needs the parameter metric, such as metric = "pg_up"
    "#);
}

/// The limit of a body is in the middle of `lag 17`.
#[tokio::test]
async fn prometheus_judges_no_body_that_is_cut() {
    const LIMIT: usize = 64 << 10;
    let whole = "pg_up 1\nof{slot=\"a\"} 3\nof{slot=\"b\"} 9\n";
    let rest = "\nlag 1";
    let filler = "#".repeat(LIMIT - whole.len() - rest.len());
    let body = format!("{whole}{filler}{rest}7\n");
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let (target, _) = server("", answer.leak()).await;
    let metric = |name: &str| ("metric", text(name));
    let cases = [
        given([metric("pg_up"), ("min", 1.into())]),
        given([metric("pg_up"), ("min", 2.into())]),
        given([metric("pg_up"), ("min", 1.into()), ("sum", true.into())]),
        given([metric("lag"), ("max", 5.into())]),
        given([metric("of"), ("max", 10.into())]),
        given([metric("none")]),
    ];
    let dir = tempfile::tempdir().expect("a directory");
    insta::assert_snapshot!(says("prometheus", Some(target), dir.path(), &cases).await, @r"
    up: pg_up is 1
    down: pg_up is 1
    unknown: longer than 65536 bytes
    unknown: longer than 65536 bytes
    unknown: longer than 65536 bytes
    unknown: longer than 65536 bytes
    ");
}

#[tokio::test]
async fn grpc_reads_a_servers_health() {
    let dir = tempfile::tempdir().expect("a directory");
    let told = async |body: &[u8], code: &str, case: Parameters| {
        let target = http2_server(body, code).await;
        says("grpc", Some(target), dir.path(), &[case]).await
    };
    let all = [
        told(b"\0\0\0\0\x02\x08\x01", "0", given([])).await,
        told(
            b"\0\0\0\0\x02\x08\x02",
            "0",
            given([("service", text("shop.Cart"))]),
        )
        .await,
        // Nothing said is UNKNOWN; fields that nobody knows are stepped over.
        told(b"\0\0\0\0\0", "0", given([])).await,
        told(b"\0\0\0\0\x07\x1a\x01a\x20\x05\x08\x01", "0", given([])).await,
        told(b"", "5", given([("service", text("none"))])).await,
        told(b"", "12", given([])).await,
        told(b"", "14", given([])).await,
        // A length past the end, a number without an end, a body that is compressed, and none at all.
        told(b"\0\0\0\0\x03\x1a\x09a", "0", given([])).await,
        told(b"\0\0\0\0\x02\x08\x81", "0", given([])).await,
        told(b"\x01\0\0\0\x02\x08\x01", "0", given([])).await,
        told(b"", "0", given([])).await,
        told(b"", "0", given([("scheme", text("h2"))])).await,
        told(b"", "0", given([("path", text("/"))])).await,
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    up: SERVING
    down: NOT_SERVING
    down: UNKNOWN
    up: SERVING
    down: it knows no such service
    down: it has no health service (grpc.health.v1)
    down: status 14 of gRPC
    down: the answer is no word on health
    down: the answer is no word on health
    down: the answer is no message of gRPC
    down: the answer is no message of gRPC
    unknown: scheme h2 of grpc is neither http nor https
    unknown: grpc does not take path = /; it takes service, scheme, host, verify, ca_file, client_file
    ");
    let (older, _) = server("", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let told = says("grpc", Some(older), dir.path(), &[given([])]).await;
    // Whether its words or their end are seen first.
    assert!(told.starts_with("down: 127.0.0.1 port "), "{told}");
}

#[tokio::test]
async fn processes_are_found_by_file_and_group() {
    let dir = tempfile::tempdir().expect("a directory");
    let put = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        Value::from(path.display().to_string().as_str())
    };
    let mine = std::process::id();
    let cases = [
        given([("pid_file", put("mine", &format!("{mine}\n")))]),
        given([("pid_file", put("dead", "4194305\n"))]),
        given([("pid_file", put("bad", "x\n"))]),
        given([("pid_file", text(dir.path().join("none").display().to_string()))]),
        given([("cgroup", text("no-such.slice"))]),
        given([]),
    ];
    let told = says("process", None, dir.path(), &cases).await;
    insta::assert_snapshot!(told.replace(&mine.to_string(), "PID"), @r#"
    up: 1 process of DIR/mine (PID)
    down: 0 processes of DIR/dead (4194305)
    unknown: DIR/bad holds no number of a process
    down: 0 processes of DIR/none
    down: 0 processes of no-such.slice
    unknown: process needs the parameter name, such as name = "haproxy", or pid_file, or cgroup
    "#);
}

#[tokio::test]
async fn what_a_node_lacks_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let cases = [
        given([]),
        given([("hosts", list(&[text("192.0.2.1")]))]),
        given([("host", text("192.0.2.1"))]),
    ];
    insta::assert_snapshot!(says("gateway", None, dir.path(), &cases).await, @r#"
    unknown: gateway needs the parameter hosts, such as hosts = ["192.0.2.1", "192.0.2.2"]
    unknown: gateway.lua:28: pinging 192.0.2.1 is not granted; add "192.0.2.1" to net in the plugin's grants
    unknown: gateway takes hosts, a list, and needed and tries, which are numbers; not host
    "#);
    let cases = [given([]), given([("unit", text("nginx.service"))])];
    insta::assert_snapshot!(says("systemd", None, dir.path(), &cases).await, @r#"
    unknown: systemd needs the parameter unit, such as unit = "haproxy.service"
    unknown: systemd.lua:19: the unit nginx.service is not granted; add "nginx.service" to units in the plugin's grants
    "#);
}

#[tokio::test]
async fn http_looks_into_the_answer() {
    let (target, heard) = server(
        "",
        "HTTP/1.1 200 OK\r\nServer: x/2\r\nContent-Length: 5\r\n\r\nready",
    )
    .await;
    let headers = |name: &str, pattern: &str| Value::Table(given([(name, text(pattern))]));
    let cases = [
        given([("match", text("^re+ad"))]),
        given([("match", text("busy"))]),
        given([("match_not", text("^re+ad"))]),
        given([("match_not", text("busy"))]),
        given([("response_headers", headers("Server", "^x/[2-9]"))]),
        given([("response_headers", headers("Server", "^y"))]),
        given([("response_headers", headers("Age", "."))]),
        given([("request_headers", headers("X-Probe", "1"))]),
        given([("days_left", 14.into())]),
    ];
    let dir = tempfile::tempdir().expect("a directory");
    insta::assert_snapshot!(says("http", Some(target), dir.path(), &cases).await, @r"
    up: /: status 200 in N ms
    down: /: the body does not match busy
    down: /: the body matches ^re+ad
    up: /: status 200 in N ms
    up: /: status 200 in N ms
    down: /: header Server is x/2
    down: /: header Age is not there
    up: /: status 200 in N ms
    down: /: it has no certificate
    ");
    assert!(
        heard
            .lock()
            .expect("no panic")
            .concat()
            .contains("x-probe: 1\r\n")
    );
}

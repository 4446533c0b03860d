use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::testing::call;

/// Answers one request with `answer` and returns what was asked.
async fn ask(answer: &'static [u8], make: impl FnOnce(u16) -> Request) -> (Result<Response, Error>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut heard = vec![0; 4096];
        let count = stream.read(&mut heard).await.expect("a request");
        stream.write_all(answer).await.expect("it reads");
        String::from_utf8_lossy(&heard[..count]).into_owned()
    });
    let call = call(Some(address), Duration::from_secs(60));
    let result = call.http(make(address.port())).await;
    let heard = server.await.expect("the server lives");
    (result, heard.replace(&address.port().to_string(), "PORT"))
}

fn get(port: u16) -> Request {
    Request {
        url: format!("http://127.0.0.1:{port}/health?x=1"),
        ..Request::default()
    }
}

#[tokio::test]
async fn a_request_is_plain_and_its_answer_is_read() {
    let (result, heard) = ask(b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok", get).await;
    let response = result.expect("an answer");
    assert_eq!(
        (response.status, &response.body[..], response.truncated),
        (200, &b"ok"[..], false)
    );
    assert!(response.headers.contains(&("x-a".to_owned(), b"b".to_vec())));
    insta::assert_snapshot!(heard.trim_end(), @r"
    GET /health?x=1 HTTP/1.1
    user-agent: bellwether
    host: 127.0.0.1:PORT
    ");
}

#[tokio::test]
async fn an_old_server_that_just_closes_is_understood() {
    let (result, _) = ask(b"HTTP/1.0 503 Busy\r\n\r\nlater", get).await;
    let response = result.expect("an answer");
    assert_eq!((response.status, &response.body[..]), (503, &b"later"[..]));
}

#[tokio::test]
async fn it_connects_elsewhere_under_the_urls_name() {
    let make = |port| Request {
        url: "http://www.example.com/".to_owned(),
        connect_to: Some(("127.0.0.1".to_owned(), port)),
        max_body: Some(3),
        ..Request::default()
    };
    let (result, heard) = ask(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef", make).await;
    let response = result.expect("an answer");
    assert_eq!((&response.body[..], response.truncated), (&b"abc"[..], true));
    assert!(heard.contains("host: www.example.com\r\n"), "{heard}");
}

#[tokio::test]
async fn servers_that_speak_otherwise_are_told_apart() {
    let (result, _) = ask(b"SSH-2.0-OpenSSH_10.0\r\n", get).await;
    assert_eq!(result.expect_err("not http").code, Code::Protocol);
    let (result, _) = ask(b"", get).await;
    let error = result.expect_err("no answer");
    assert_eq!(error.code, Code::Closed, "{error}");
}

#[tokio::test]
async fn bad_requests_are_refused_with_the_cure() {
    let call = call(None, Duration::from_secs(60));
    let mut messages = Vec::new();
    for url in ["ftp://h/", "/path", "http://u:p@h/", "http://a b/"] {
        let request = Request {
            url: url.to_owned(),
            ..Request::default()
        };
        messages.push(call.http(request).await.expect_err("bad").message);
    }
    let method = Request {
        method: Some("G T".into()),
        url: "http://h/".into(),
        ..Request::default()
    };
    messages.push(call.http(method).await.expect_err("bad").message);
    let header = Request {
        url: "http://h/".into(),
        headers: vec![("a".into(), "b\r\nc: d".into())],
        ..Request::default()
    };
    messages.push(call.http(header).await.expect_err("bad").message);
    insta::assert_snapshot!(messages.join("\n"), @r#"
    "ftp://h/" is no URL for http: it does not begin with http:// or https://
    "/path" is no URL for http: it does not begin with http:// or https://
    "http://u:p@h/" is no URL for http: user and password are not taken; use a header
    "http://a b/" is no URL for http: invalid uri character
    "G T" is no method of HTTP
    "a": "b\r\nc: d" is no header of HTTP
    "#);
}

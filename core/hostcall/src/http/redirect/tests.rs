use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::testing;

/// Answers each client with the next of these, and returns what was asked.
async fn serve(answers: Vec<String>) -> (SocketAddr, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let heard = tokio::spawn(async move {
        let mut all = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut bytes = vec![0; 4096];
            let count = stream.read(&mut bytes).await.expect("a request");
            all.push(String::from_utf8_lossy(&bytes[..count]).into_owned());
            stream.write_all(answer.as_bytes()).await.expect("it reads");
        }
        all
    });
    (address, heard)
}

fn redirect(status: u16, to: &str) -> String {
    format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}

const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

async fn ask(address: SocketAddr, redirects: u32) -> Result<Response, Error> {
    let call = testing::call(Some(address), Duration::from_secs(60));
    let request = Request {
        method: Some("POST".to_owned()),
        url: "http://www.example.com/a".to_owned(),
        headers: vec![("Authorization".to_owned(), "secret".to_owned())],
        body: b"body".to_vec(),
        connect_to: Some((address.ip().to_string(), address.port())),
        redirects,
        ..Request::default()
    };
    call.http(request).await
}

#[tokio::test]
async fn they_are_followed_as_far_as_asked() {
    let (address, heard) = serve(vec![redirect(307, "/b"), redirect(302, "/c"), GOOD.to_owned()]).await;
    assert_eq!(ask(address, 9).await.expect("an answer").status, 200);
    let heard = heard.await.expect("no panic");
    let first: Vec<_> = heard
        .iter()
        .filter_map(|request| request.lines().next())
        .collect();
    assert_eq!(first, ["POST /a HTTP/1.1", "POST /b HTTP/1.1", "GET /c HTTP/1.1"]);
    assert!(heard[2].contains("authorization: secret"), "{}", heard[2]);

    let (address, _) = serve(vec![redirect(302, "/b"), redirect(302, "/c")]).await;
    assert_eq!(ask(address, 1).await.expect("an answer").status, 302);
    let (address, _) = serve(vec![redirect(302, "/b")]).await;
    assert_eq!(ask(address, 0).await.expect("an answer").status, 302);
}

#[tokio::test]
async fn another_host_gets_no_secrets_and_has_to_be_granted() {
    let (address, _) = serve(vec![redirect(302, "http://127.0.0.1:1/b")]).await;
    let error = ask(address, 1).await.expect_err("not granted");
    assert_eq!(error.code, Code::Denied);
    let request = Request {
        url: "http://a.example/".to_owned(),
        headers: vec![
            ("Cookie".to_owned(), "x".to_owned()),
            ("x-a".to_owned(), "b".to_owned()),
        ],
        connect_to: Some(("127.0.0.1".to_owned(), 1)),
        ..Request::default()
    };
    let other = next(request, 301, "https://b.example/x").expect("a place");
    assert_eq!(other.url, "https://b.example/x");
    assert_eq!(other.headers, [("x-a".to_owned(), "b".to_owned())]);
    assert_eq!(other.connect_to, None);
}

#[tokio::test]
async fn nonsense_is_told() {
    let (address, _) = serve(vec![redirect(302, "//x/y")]).await;
    let error = ask(address, 1).await.expect_err("no place");
    assert_eq!(
        error.message,
        "http://www.example.com/a: it redirects to \"//x/y\", which is no place"
    );
}

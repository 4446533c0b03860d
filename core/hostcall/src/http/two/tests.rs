use std::time::Duration;

use hyper::Response as Head;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::http::{Request, Response};
use crate::testing::call;

/// A server that sends `chunks` and then a trailer, to one client; what it was asked is in a header.
async fn server(chunks: &'static [usize]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut connection = h2::server::handshake(stream).await.expect("it speaks HTTP/2");
        while let Some(Ok((request, mut answer))) = connection.accept().await {
            tokio::spawn(async move {
                let (head, mut asked) = request.into_parts();
                let mut body = Vec::new();
                while let Some(Ok(data)) = asked.data().await {
                    body.extend_from_slice(&data);
                }
                let what = format!("{} {} {}", head.method, head.uri, String::from_utf8_lossy(&body));
                let head = Head::builder().status(203).header("asked", what);
                let head = head.body(()).expect("a head");
                let mut sender = answer.send_response(head, false).expect("it is there");
                for chunk in chunks {
                    // A client that has enough is one of the cases.
                    let _ = sender.send_data(vec![b'x'; *chunk].into(), false);
                }
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", "0".parse().expect("a value"));
                let _ = sender.send_trailers(trailers); // As above.
            });
        }
    });
    port
}

async fn ask(port: u16, change: impl FnOnce(&mut Request)) -> Result<Response, Error> {
    let mut request = Request {
        url: format!("http://127.0.0.1:{port}/a?b=c"),
        http2: true,
        ..Request::default()
    };
    change(&mut request);
    let target = ([127, 0, 0, 1], port).into();
    call(Some(target), Duration::from_secs(60)).http(request).await
}

#[tokio::test]
async fn head_body_and_trailers_are_read() {
    let port = server(&[3, 0, 4]).await;
    let answer = ask(port, |request| {
        request.method = Some("POST".to_owned());
        request.headers = vec![("host".to_owned(), "www.example.com".to_owned())];
        request.body = b"hello".to_vec();
    });
    let answer = answer.await.expect("an answer");
    assert_eq!(
        (answer.status, &answer.body[..], answer.truncated),
        (203, &b"xxxxxxx"[..], false)
    );
    assert_eq!(answer.trailers, [("grpc-status".to_owned(), b"0".to_vec())]);
    let asked = b"POST http://www.example.com/a?b=c hello".to_vec();
    assert!(
        answer.headers.contains(&("asked".to_owned(), asked)),
        "{:?}",
        answer.headers
    );
}

#[tokio::test]
async fn a_body_is_kept_up_to_its_bound() {
    // Beyond what a window lets through at once, and to the byte.
    let whole = ask(server(&[BODY_MAX - 1, 1]).await, |_| {})
        .await
        .expect("an answer");
    assert_eq!(
        (whole.body.len(), whole.truncated, whole.trailers.len()),
        (BODY_MAX, false, 1)
    );
    let long = ask(server(&[BODY_MAX, BODY_MAX, 1]).await, |_| {})
        .await
        .expect("an answer");
    assert_eq!(
        (long.body.len(), long.truncated, long.trailers.len()),
        (BODY_MAX, true, 0)
    );
    let short = ask(server(&[100]).await, |request| request.max_body = Some(9));
    let short = short.await.expect("an answer");
    assert_eq!((short.body.len(), short.truncated), (9, true));
}

/// What is said of a server that answers with these bytes and goes.
async fn told(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut heard = [0; 1024];
        let _ = stream.read(&mut heard).await; // It may say nothing.
        stream.write_all(bytes).await.expect("it reads");
        stream.shutdown().await.expect("it is there");
        while let Ok(1..) = stream.read(&mut heard).await {}
    });
    let error = ask(port, |_| {}).await.expect_err("no HTTP/2");
    format!("{:?}: {}", error.code, error.message).replace(&port.to_string(), "PORT")
}

#[tokio::test]
async fn servers_that_speak_otherwise_are_told_apart() {
    let all = [
        told(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await,
        told(b"").await,
        // Empty SETTINGS, then GOAWAY of stream 0 with ENHANCE_YOUR_CALM (RFC 9113 §6.8, §7).
        told(b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0b").await,
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    Protocol: 127.0.0.1 port PORT: the answer is not HTTP/2: connection error detected: frame with invalid size
    Closed: 127.0.0.1 port PORT: the other side closed the connection
    Closed: 127.0.0.1 port PORT: the server ends it: detected excessive load generating behavior
    ");
}

/// Whatever the connection was at when it broke.
#[tokio::test]
async fn a_server_that_breaks_off_is_not_waited_for() {
    for _ in 0..50 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut preface = [0; 24];
            stream.read_exact(&mut preface).await.expect("it speaks first");
            // With bytes that nobody read: the kernel resets the connection.
        });
        let error = ask(port, |_| {}).await.expect_err("no answer");
        assert!(matches!(error.code, Code::Closed | Code::Reset), "{error}");
    }
}

use tokio::net::TcpListener;

use super::*;
use crate::testing::call;

const LONG: Duration = Duration::from_secs(60);

async fn serve(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        stream.write_all(bytes).await.expect("it reads");
    });
    address
}

#[tokio::test]
async fn bytes_come_in_the_pieces_asked_for() {
    let address = serve(b"220 hello\r\nabcdef").await;
    let call = call(Some(address), LONG);
    let mut it = call
        .connect("127.0.0.1", address.port(), None)
        .await
        .expect("it listens");
    assert_eq!(it.remote(), &Side::Net(address));
    assert_eq!(
        it.read_until(&call, b"\r\n", 100, None).await.expect("a line"),
        b"220 hello\r\n"
    );
    assert_eq!(it.read_exact(&call, 4, None).await.expect("four bytes"), b"abcd");
    let error = it
        .read_exact(&call, 3, None)
        .await
        .expect_err("only two are left");
    assert_eq!(error.code, Code::Closed);
    assert_eq!(it.read(&call, 10, None).await.expect("the rest"), b"ef");
    assert_eq!(it.read(&call, 10, None).await.expect("the end"), b"");
    it.close();
    assert_eq!(
        it.write(&call, b"x", None).await.expect_err("closed").code,
        Code::Closed
    );
}

#[tokio::test]
async fn a_line_without_end_is_refused() {
    let address = serve(b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").await;
    let call = call(Some(address), LONG);
    let mut it = call
        .connect("127.0.0.1", address.port(), None)
        .await
        .expect("it listens");
    assert_eq!(
        it.read_until(&call, b"\n", 10, None)
            .await
            .expect_err("no end")
            .code,
        Code::TooLarge
    );
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let call = call(Some(address), LONG);
    let error = call
        .connect("127.0.0.1", address.port(), None)
        .await
        .err()
        .expect("nobody listens");
    assert_eq!(error.code, Code::Refused);
    let message = error.message.replace(&address.port().to_string(), "PORT");
    insta::assert_snapshot!(message, @"connecting to 127.0.0.1:PORT: connection refused");
}

#[tokio::test]
async fn connections_of_one_run_are_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let call = call(Some(address), LONG);
    let mut open = Vec::new();
    let error = loop {
        match call.connect("127.0.0.1", address.port(), None).await {
            Ok(connection) => open.push(connection),
            Err(error) => break error,
        }
    };
    assert_eq!((open.len(), error.code), (8, Code::Busy));
    open.pop();
    call.connect("127.0.0.1", address.port(), None)
        .await
        .expect("one was closed");
}

#[tokio::test(start_paused = true)]
async fn silence_ends_with_the_smaller_of_both_times() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    for (own, run, code) in [(1, 5, Code::Timeout), (5, 1, Code::Deadline)] {
        let call = call(Some(address), Duration::from_secs(run));
        let mut it = call
            .connect("127.0.0.1", address.port(), None)
            .await
            .expect("it listens");
        let error = it
            .read(&call, 1, Some(Duration::from_secs(own)))
            .await
            .expect_err("silence");
        assert_eq!(error.code, code);
    }
}

#[tokio::test]
async fn a_unix_socket_is_a_connection_like_any_other() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("admin.sock");
    let listener = tokio::net::UnixListener::bind(&path).expect("free");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut asked = [0; 5];
        stream.read_exact(&mut asked).await.expect("it asks");
        stream.write_all(&asked).await.expect("it reads");
    });
    let host = crate::testing::host_granted(model::plan::Grants {
        net: vec![model::plan::NetGrant::Unix(path.clone())],
        ..model::plan::Grants::default()
    });
    let deadline = tokio::time::Instant::now() + LONG;
    let call = Call::new(std::sync::Arc::new(host), "tested".to_owned(), None, deadline);
    let shown = path.display().to_string();
    let mut it = call.connect_unix(&shown, None).await.expect("it listens");
    it.write(&call, b"hello", None).await.expect("written");
    assert_eq!(it.read_exact(&call, 5, None).await.expect("an echo"), b"hello");
    assert_eq!(it.remote().endpoint(), (shown.clone(), 0));
    let tls = it
        .start_tls(&call, &TlsOptions::default())
        .await
        .expect_err("no TLS");
    assert_eq!(tls.message, "TLS is not spoken over a unix socket");
    let denied = call
        .connect_unix("/run/other.sock", None)
        .await
        .err()
        .expect("not granted");
    assert_eq!(
        denied.message,
        "connecting to /run/other.sock is not granted; add \"unix:/run/other.sock\" to net in the plugin's grants"
    );
}

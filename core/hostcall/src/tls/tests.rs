use std::net::SocketAddr;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::http::Request;
use crate::testing;

const AUTHORITY: &[u8] = include_bytes!("testdata/authority.der");
const SERVER: &[u8] = include_bytes!("testdata/server.der");
const KEY: &[u8] = include_bytes!("testdata/server-key.der");

/// Answers HTTPS, once for each client, with the name that the client asked for.
async fn server() -> SocketAddr {
    server_choosing(&[]).await
}

/// As [`server`]; it speaks these protocols (ALPN).
async fn server_choosing(protocols: &[&str]) -> SocketAddr {
    let key = PrivateKeyDer::try_from(KEY.to_vec()).expect("a key");
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("its own versions")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(SERVER.to_vec())], key)
        .expect("they belong together");
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not like the certificate is one of the cases.
            let Ok(mut tls) = acceptor.accept(stream).await else {
                continue;
            };
            let name = tls.get_ref().1.server_name().unwrap_or("nobody").to_owned();
            let mut request = [0; 1024];
            let _ = tls.read(&mut request).await; // The same.
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len());
            let _ = tls.write_all(answer.as_bytes()).await; // The same.
            let _ = tls.shutdown().await; // The same.
        }
    });
    address
}

/// The body of `https://HOST/` as served at `address`.
async fn fetch(roots: Roots, address: SocketAddr, host: &str, tls: TlsOptions) -> Result<String, Error> {
    let call = testing::call_with(roots, Some(address), Duration::from_secs(60));
    let url = format!("https://{host}/");
    let connect_to = Some((address.ip().to_string(), address.port()));
    let response = call
        .http(Request {
            url,
            connect_to,
            tls,
            ..Request::default()
        })
        .await?;
    assert!(response.timings.tls.is_some());
    Ok(String::from_utf8_lossy(&response.body).into_owned())
}

fn ours() -> Roots {
    Roots::from_der([AUTHORITY.to_vec()])
}

#[tokio::test]
async fn a_certificate_is_verified_for_the_urls_name() {
    let address = server().await;
    let body = fetch(ours(), address, "www.example.com", TlsOptions::default()).await;
    assert_eq!(body.as_deref(), Ok("www.example.com"));
    let error = fetch(ours(), address, "www.example.net", TlsOptions::default())
        .await
        .expect_err("other name");
    assert_eq!(error.code, Code::Tls);
    let sni = TlsOptions {
        server_name: Some("www.example.com".into()),
        ..TlsOptions::default()
    };
    let body = fetch(ours(), address, "www.example.net", sni).await;
    assert_eq!(body.as_deref(), Ok("www.example.com"));
}

#[tokio::test]
async fn nobody_is_trusted_unless_it_is_said() {
    let address = server().await;
    let error = fetch(
        Roots::from_der([]),
        address,
        "www.example.com",
        TlsOptions::default(),
    )
    .await;
    let message = error.expect_err("no authority").message;
    insta::assert_snapshot!(message, @"TLS with 127.0.0.1: invalid peer certificate: UnknownIssuer; this system's store of certificate authorities is empty: install ca-certificates");
    let insecure = TlsOptions {
        insecure: true,
        ..TlsOptions::default()
    };
    let body = fetch(Roots::from_der([]), address, "www.example.net", insecure).await;
    assert_eq!(body.as_deref(), Ok("www.example.net"));
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .expect("it reads");
    });
    let error = fetch(ours(), address, "www.example.com", TlsOptions::default())
        .await
        .expect_err("no TLS");
    assert_eq!(error.code, Code::Tls, "{error}");
}

/// A block of PEM.
fn pem(kind: &str, der: &[u8]) -> String {
    let text = crate::codec::base64_encode(der);
    format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
}

#[tokio::test]
async fn own_authorities_and_identities_are_secrets() {
    let (authority, mine) = (pem("CERTIFICATE", AUTHORITY), pem("CERTIFICATE", SERVER));
    let key = pem("PRIVATE KEY", KEY);
    let address = server().await;
    let mut told = Vec::new();
    for (ours, we) in [
        (authority.as_str(), format!("{mine}{key}")),
        (mine.as_str(), format!("{mine}{key}")),
        ("-", format!("{mine}{key}")),
        (authority.as_str(), mine.clone()),
        (authority.as_str(), format!("{authority}{key}")),
    ] {
        let call = testing::call_with_secrets(address, &[("ours", ours), ("we", &we)]);
        let named = |name: &str| Some(name.to_owned());
        let result = call
            .http(Request {
                url: "https://www.example.com/".to_owned(),
                connect_to: Some((address.ip().to_string(), address.port())),
                tls: TlsOptions {
                    authority: named("ours"),
                    identity: named("we"),
                    ..TlsOptions::default()
                },
                ..Request::default()
            })
            .await;
        told.push(match result {
            Ok(response) => response.certificate.expect("over TLS").subject,
            Err(error) => error.message,
        });
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    www.example.com
    TLS with 127.0.0.1: invalid peer certificate: UnknownIssuer
    the secret ours holds no certificate in PEM; give the file that openssl or your authority wrote
    the secret we holds no private key in PEM; give the file that openssl or your authority wrote
    the secret we holds no certificate with the key that belongs to it in PEM; give the file that openssl or your authority wrote
    ");
}

#[tokio::test]
async fn protocols_are_offered_and_one_is_chosen() {
    let address = server_choosing(&["imap", "h2"]).await;
    let call = testing::call_with(ours(), Some(address), Duration::from_secs(60));
    let host = address.ip().to_string();
    let mut connection = call
        .connect(&host, address.port(), None)
        .await
        .expect("it listens");
    assert_eq!(connection.protocol(), None);
    let options = |alpn: &[&str]| TlsOptions {
        server_name: Some("www.example.com".into()),
        alpn: alpn.iter().map(|name| (*name).to_owned()).collect(),
        ..TlsOptions::default()
    };
    let empty = connection
        .start_tls(&call, &options(&[""]))
        .await
        .expect_err("no name");
    assert_eq!(empty.code, Code::Invalid, "{empty}");
    let mut connection = call
        .connect(&host, address.port(), None)
        .await
        .expect("it listens");
    let offered = options(&["smtp", "imap"]);
    connection.start_tls(&call, &offered).await.expect("they agree");
    assert_eq!(connection.protocol().as_deref(), Some("imap"));
}

#[tokio::test]
async fn a_server_that_does_not_choose_http2_is_told_of() {
    let address = server().await;
    let call = testing::call_with(ours(), Some(address), Duration::from_secs(60));
    let request = Request {
        url: "https://www.example.com/".to_owned(),
        connect_to: Some((address.ip().to_string(), address.port())),
        http2: true,
        ..Request::default()
    };
    let error = call.http(request).await.expect_err("it speaks HTTP/1.1 alone");
    let told = error.message.replace(&address.port().to_string(), "PORT");
    insta::assert_snapshot!(told, @"127.0.0.1 port PORT: the server does not choose HTTP/2 over TLS (ALPN)");
}

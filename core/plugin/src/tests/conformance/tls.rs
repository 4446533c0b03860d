//! A server with the certificate that the host's own tests have.

use std::net::SocketAddr;
use std::sync::Arc;

use hostcall::codec::base64_encode;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const AUTHORITY: &[u8] = include_bytes!("../../../../hostcall/src/tls/testdata/authority.der");
const SERVER: &[u8] = include_bytes!("../../../../hostcall/src/tls/testdata/server.der");
const KEY: &[u8] = include_bytes!("../../../../hostcall/src/tls/testdata/server-key.der");

/// The authority that signed it, in PEM.
pub(super) fn authority() -> String {
    let base64 = base64_encode(AUTHORITY);
    format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
}

/// Shakes hands, and says nothing.
pub(super) async fn server() -> SocketAddr {
    let key = PrivateKeyDer::try_from(KEY.to_vec()).expect("a key");
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("its own versions")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(SERVER.to_vec())], key)
        .expect("they belong together");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Whoever does not like it goes away.
            let _ = acceptor.accept(stream).await;
        }
    });
    address
}

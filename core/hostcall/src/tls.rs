//! TLS as a client.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::{Code, Error};

mod own;

pub(crate) use own::Own;

/// How a plugin wants TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Name to ask for (SNI) and to verify; where it connects to when absent.
    pub server_name: Option<String>,
    /// Take any certificate, as keepalived's SSL_GET does.
    pub insecure: bool,
    /// Name of the secret with the only authorities to trust, in PEM; those of the system when absent.
    pub authority: Option<String>,
    /// Name of the secret with a client certificate and its key, in PEM.
    pub identity: Option<String>,
    /// Protocols that are offered, best first (ALPN, RFC 7301); none when empty.
    pub alpn: Vec<String>,
}

/// Whom TLS trusts. Made once, before the process gives up its right to read files.
#[derive(Clone)]
pub struct Roots {
    verified: Arc<ClientConfig>,
    insecure: Arc<ClientConfig>,
    provider: Arc<CryptoProvider>,
    store: Arc<RootCertStore>,
    count: usize,
}

impl Roots {
    /// The certificate authorities of the system's store. Unreadable ones are left out.
    pub fn from_system() -> Self {
        let mut store = RootCertStore::empty();
        let (count, _) = store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self::new(store, count)
    }

    /// These certificate authorities (DER) alone.
    pub fn from_der(authorities: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut store = RootCertStore::empty();
        let (count, _) = store.add_parsable_certificates(authorities.into_iter().map(CertificateDer::from));
        Self::new(store, count)
    }

    fn new(store: RootCertStore, count: usize) -> Self {
        let provider = Arc::new(ring::default_provider());
        let store = Arc::new(store);
        let verified = builder(&provider)
            .with_root_certificates(Arc::clone(&store))
            .with_no_client_auth();
        let insecure = builder(&provider)
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TakeAny(Arc::clone(&provider))))
            .with_no_client_auth();
        Self {
            verified: Arc::new(verified),
            insecure: Arc::new(insecure),
            provider,
            store,
            count,
        }
    }

    /// Speaks TLS on a connection to `host`.
    pub(crate) async fn handshake(
        &self,
        stream: TcpStream,
        host: &str,
        options: &TlsOptions,
        own: Own,
    ) -> Result<TlsStream<TcpStream>, Error> {
        let name = options.server_name.as_deref().unwrap_or(host);
        let name = match name.parse::<IpAddr>() {
            Ok(ip) => ServerName::IpAddress(ip.into()),
            Err(_) => ServerName::try_from(name.to_owned())
                .map_err(|_| Error::invalid(format_args!("{name:?} is no server name for TLS")))?,
        };
        let unknown = self.count == 0 && own.authorities.is_none();
        TlsConnector::from(self.config(options, own)?)
            .connect(name, stream)
            .await
            .map_err(|error| explain(host, unknown, &error))
    }

    fn config(&self, options: &TlsOptions, own: Own) -> Result<Arc<ClientConfig>, Error> {
        let mut config = self.trusting(options, own)?;
        if !options.alpn.is_empty() {
            let bad = |name: &&String| name.is_empty() || name.len() > 255;
            if let Some(name) = options.alpn.iter().find(bad) {
                return Err(Error::invalid(format_args!(
                    "{name:?} is no name of a protocol for ALPN: it has 1 to 255 bytes"
                )));
            }
            Arc::make_mut(&mut config).alpn_protocols = options
                .alpn
                .iter()
                .map(|name| name.clone().into_bytes())
                .collect();
        }
        Ok(config)
    }

    /// Whom to trust, and who we are.
    fn trusting(&self, options: &TlsOptions, own: Own) -> Result<Arc<ClientConfig>, Error> {
        if own.authorities.is_none() && own.identity.is_none() {
            return Ok(Arc::clone(if options.insecure {
                &self.insecure
            } else {
                &self.verified
            }));
        }
        let builder = builder(&self.provider);
        let builder = if options.insecure {
            let any = TakeAny(Arc::clone(&self.provider));
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(any))
        } else {
            let store = own.authorities.map_or_else(|| Arc::clone(&self.store), Arc::new);
            builder.with_root_certificates(store)
        };
        let config = match own.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|_| {
                let name = options.identity.as_deref().unwrap_or_default();
                own::bad(name, "no certificate with the key that belongs to it")
            })?,
        };
        Ok(Arc::new(config))
    }
}

/// `unknown`: whether nobody is trusted because this system knows no authority.
fn explain(host: &str, unknown: bool, error: &std::io::Error) -> Error {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(tls) = inner else {
        return Error::from_io(format_args!("TLS with {host}"), error);
    };
    let cure = match tls {
        rustls::Error::InvalidCertificate(_) if unknown => {
            "; this system's store of certificate authorities is empty: install ca-certificates"
        }
        _ => "",
    };
    Error::new(Code::Tls, format_args!("TLS with {host}: {tls}{cure}"))
}

fn builder(provider: &Arc<CryptoProvider>) -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .expect("ring speaks the versions that rustls offers by default")
}

/// Takes any certificate, but still checks that the other side holds its key.
#[derive(Debug)]
struct TakeAny(Arc<CryptoProvider>);

impl ServerCertVerifier for TakeAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;

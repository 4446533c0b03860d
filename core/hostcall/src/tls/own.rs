//! Certificates of the operator's own: authorities to trust, and who we are.

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsOptions;
use crate::error::{Code, Error};
use crate::host::Host;

/// What of the options is in secrets, in PEM.
#[derive(Default)]
pub(crate) struct Own {
    /// The only authorities to trust.
    pub(super) authorities: Option<RootCertStore>,
    /// Our certificate, those that lead to its authority, and our key.
    pub(super) identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

impl Host {
    /// Reads the secrets that the options name.
    pub(crate) fn own_tls(&self, options: &TlsOptions) -> Result<Own, Error> {
        let authorities = options.authority.as_deref().map(|name| {
            let mut store = RootCertStore::empty();
            let (count, _) = store.add_parsable_certificates(chain(name, &self.secret(name)?)?);
            if count == 0 {
                return Err(bad(name, "no certificate of an authority"));
            }
            Ok(store)
        });
        let identity = options.identity.as_deref().map(|name| {
            let pem = self.secret(name)?;
            let key = PrivateKeyDer::from_pem_slice(pem.as_bytes());
            let key = key.map_err(|_| bad(name, "no private key"))?;
            Ok((chain(name, &pem)?, key))
        });
        Ok(Own {
            authorities: authorities.transpose()?,
            identity: identity.transpose()?,
        })
    }
}

fn chain(name: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let chain = chain.unwrap_or_default();
    if chain.is_empty() {
        return Err(bad(name, "no certificate"));
    }
    Ok(chain)
}

/// Not a word of what the file holds.
pub(super) fn bad(name: &str, what: &str) -> Error {
    Error::new(
        Code::Tls,
        format_args!(
            "the secret {name} holds {what} in PEM; give the file that openssl or your authority wrote"
        ),
    )
}

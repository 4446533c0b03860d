//! Pure helpers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Mac, SimpleHmac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::error::Error;

/// Most rounds of PBKDF2: some 10 ms, in which nobody can stop it.
const ROUNDS_MAX: u32 = 20_000;

/// A digest that a plugin can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5, for keepalived's `digest`. Not for secrets.
    Md5,
    /// SHA-1, for protocols that know no better.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// By the word of the contract.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "md5" => Some(Self::Md5),
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }
}

/// The digest of `data` in lower-case hexadecimal.
pub fn digest(algorithm: Algorithm, data: &[u8]) -> String {
    match algorithm {
        Algorithm::Md5 => hex(&Md5::digest(data)),
        Algorithm::Sha1 => hex(&Sha1::digest(data)),
        Algorithm::Sha256 => hex(&Sha256::digest(data)),
        Algorithm::Sha512 => hex(&Sha512::digest(data)),
    }
}

/// The HMAC (RFC 2104) of `data` in lower-case hexadecimal.
pub fn hmac(algorithm: Algorithm, key: &[u8], data: &[u8]) -> String {
    match algorithm {
        Algorithm::Md5 => mac::<SimpleHmac<Md5>>(key, data),
        Algorithm::Sha1 => mac::<SimpleHmac<Sha1>>(key, data),
        Algorithm::Sha256 => mac::<SimpleHmac<Sha256>>(key, data),
        Algorithm::Sha512 => mac::<SimpleHmac<Sha512>>(key, data),
    }
}

fn mac<M: Mac + hmac::digest::KeyInit>(key: &[u8], data: &[u8]) -> String {
    let mut mac = <M as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(data);
    hex(&mac.finalize().into_bytes())
}

/// PBKDF2 (RFC 8018 §5.2) with HMAC, as many bytes as the digest has, in lower-case hexadecimal.
pub fn pbkdf2(algorithm: Algorithm, password: &[u8], salt: &[u8], rounds: u32) -> Result<String, Error> {
    if rounds == 0 || rounds > ROUNDS_MAX {
        return Err(Error::invalid(format_args!(
            "{rounds} rounds of PBKDF2 are none, or more than {ROUNDS_MAX}"
        )));
    }
    Ok(match algorithm {
        Algorithm::Md5 => derive::<SimpleHmac<Md5>>(password, salt, rounds),
        Algorithm::Sha1 => derive::<SimpleHmac<Sha1>>(password, salt, rounds),
        Algorithm::Sha256 => derive::<SimpleHmac<Sha256>>(password, salt, rounds),
        Algorithm::Sha512 => derive::<SimpleHmac<Sha512>>(password, salt, rounds),
    })
}

fn derive<M: Mac + Clone + hmac::digest::KeyInit>(password: &[u8], salt: &[u8], rounds: u32) -> String {
    let keyed = <M as Mac>::new_from_slice(password).expect("HMAC takes a key of any length");
    let mut mac = keyed.clone();
    mac.update(salt);
    mac.update(&1_u32.to_be_bytes());
    let mut last = mac.finalize().into_bytes();
    let mut sum = last.clone();
    for _ in 1..rounds {
        let mut mac = keyed.clone();
        mac.update(&last);
        last = mac.finalize().into_bytes();
        sum.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
    }
    hex(&sum)
}

/// Base64 with padding (RFC 4648, section 4).
pub fn base64_encode(data: &[u8]) -> String {
    STANDARD.encode(data)
}

/// The bytes of a text in base64.
pub fn base64_decode(text: &str) -> Result<Vec<u8>, Error> {
    let decoded = STANDARD.decode(text);
    decoded.map_err(|error| Error::new(crate::Code::Protocol, format_args!("not base64: {error}")))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;

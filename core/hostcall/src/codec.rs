//! Pure helpers.

use md5::{Digest, Md5};
use sha2::Sha256;

/// A digest that a plugin can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5, for keepalived's `digest`. Not for secrets.
    Md5,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// By the word of the contract.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "md5" => Some(Self::Md5),
            "sha256" => Some(Self::Sha256),
            _ => None,
        }
    }
}

/// The digest of `data` in lower-case hexadecimal.
pub fn digest(algorithm: Algorithm, data: &[u8]) -> String {
    match algorithm {
        Algorithm::Md5 => hex(&Md5::digest(data)),
        Algorithm::Sha256 => hex(&Sha256::digest(data)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;

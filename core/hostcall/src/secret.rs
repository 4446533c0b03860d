//! Secrets: what a plugin may know and nobody may read in a log.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::link::Secret;

use crate::error::{Code, Error};
use crate::host::{Call, Host};

/// What stands in place of a secret.
const BLACK: &str = "[secret]";
/// A shorter one is not blacked out: it would make holes in words, and is none.
const SHORTEST: usize = 4;

/// Secrets by name, as they were read last.
pub type Values = BTreeMap<String, Result<Secret, String>>;

/// What was read last.
#[derive(Default)]
pub(crate) struct Secrets(Mutex<Arc<Values>>);

impl Secrets {
    pub(crate) fn get(&self) -> Arc<Values> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Host {
    /// These are the secrets from now on.
    pub fn set_secrets(&self, values: Values) {
        *self.secrets.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(values);
    }

    /// `text` with every secret in it blacked out.
    pub fn without_secrets<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        let values = self.secrets.get();
        let mut secrets: Vec<&str> = values
            .values()
            .flatten()
            .map(|Secret(text)| text.as_str())
            .collect();
        // One may be a part of another, of which the rest would stay.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            if secret.len() >= SHORTEST && text.contains(secret) {
                text = Cow::Owned(text.replace(secret, BLACK));
            }
        }
        text
    }

    /// A granted secret.
    pub(crate) fn secret(&self, name: &str) -> Result<String, Error> {
        if !self.grants.secret.contains_key(name) {
            return Err(Error::new(
                Code::Denied,
                format_args!(
                    "the secret {name} is not granted; add {name} = \"/PATH/OF/ITS/FILE\" to secret in the plugin's grants"
                ),
            ));
        }
        match self.secrets.get().get(name) {
            Some(Ok(Secret(secret))) => Ok(secret.clone()),
            Some(Err(why)) => Err(Error::new(Code::Io, format_args!("the secret {name}: {why}"))),
            None => Err(Error::new(
                Code::Io,
                format_args!("the secret {name} is not read yet"),
            )),
        }
    }
}

impl Call {
    /// A granted secret.
    pub fn secret(&self, name: &str) -> Result<String, Error> {
        let show = |result: &Result<String, Error>| match result {
            Ok(_) => BLACK.to_owned(),
            Err(error) => format!("{}: {error}", error.code.word()),
        };
        self.noted(|| format!("secret.get {name}"), show, || self.host.secret(name))
    }
}

#[cfg(test)]
mod tests;

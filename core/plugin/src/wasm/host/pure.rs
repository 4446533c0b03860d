//! What only computes.

use hostcall::json::Found;

use super::super::bindings::bellwether::plugin::types::Error;
use super::super::bindings::bellwether::plugin::{codec, json, prometheus, regex};
use super::Run;

fn algorithm(algorithm: codec::Algorithm) -> hostcall::codec::Algorithm {
    match algorithm {
        codec::Algorithm::Md5 => hostcall::codec::Algorithm::Md5,
        codec::Algorithm::Sha1 => hostcall::codec::Algorithm::Sha1,
        codec::Algorithm::Sha256 => hostcall::codec::Algorithm::Sha256,
        codec::Algorithm::Sha512 => hostcall::codec::Algorithm::Sha512,
    }
}

impl codec::Host for Run {
    fn digest(&mut self, name: codec::Algorithm, data: Vec<u8>) -> String {
        hostcall::codec::digest(algorithm(name), &data)
    }

    fn hmac(&mut self, name: codec::Algorithm, key: Vec<u8>, data: Vec<u8>) -> String {
        hostcall::codec::hmac(algorithm(name), &key, &data)
    }

    fn pbkdf2(
        &mut self,
        name: codec::Algorithm,
        password: Vec<u8>,
        salt: Vec<u8>,
        rounds: u32,
    ) -> Result<String, Error> {
        Ok(hostcall::codec::pbkdf2(
            algorithm(name),
            &password,
            &salt,
            rounds,
        )?)
    }

    fn base64_encode(&mut self, data: Vec<u8>) -> String {
        hostcall::codec::base64_encode(&data)
    }

    fn base64_decode(&mut self, text: String) -> Result<Vec<u8>, Error> {
        Ok(hostcall::codec::base64_decode(&text)?)
    }
}

impl json::Host for Run {
    fn find(&mut self, text: Vec<u8>, pointer: String) -> Result<Option<json::Value>, Error> {
        let found = hostcall::json::find(&text, &pointer)?;
        Ok(found.map(|found| match found {
            Found::Boolean(flag) => json::Value::Boolean(flag),
            Found::Number(number) => json::Value::Number(number),
            Found::Text(text) => json::Value::Text(text),
            Found::Json(text) => json::Value::Json(text),
        }))
    }
}

impl prometheus::Host for Run {
    fn find(&mut self, text: Vec<u8>, name: String) -> Result<Vec<prometheus::Sample>, Error> {
        let samples = hostcall::prometheus::find(&text, &name)?.into_iter();
        let all = samples.map(|sample| prometheus::Sample {
            labels: sample.labels,
            value: sample.value,
        });
        Ok(all.collect())
    }
}

impl regex::Host for Run {
    fn find(&mut self, pattern: String, text: Vec<u8>) -> Result<Option<Vec<Vec<u8>>>, Error> {
        Ok(self.call.regex_find(&pattern, &text)?)
    }
}

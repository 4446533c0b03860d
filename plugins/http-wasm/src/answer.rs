//! What an answer must be beside its status.

use bellwether_plugin::{Error, codec, http, regex};

use crate::parameters::{Common, Url};

/// What is wrong with it.
pub fn lacks(response: &http::Response, common: &Common, url: &Url) -> Result<Option<String>, Error> {
    let wrong = match of_body(response, url)? {
        None => of_headers(response, url)?,
        found => found,
    };
    Ok(wrong.or_else(|| of_certificate(response, common.days_left?)))
}

fn of_body(response: &http::Response, url: &Url) -> Result<Option<String>, Error> {
    let body = &response.body;
    if response.truncated && (url.digest.is_some() || url.wanted.is_some() || url.unwanted.is_some()) {
        return Ok(Some(format!("the body is longer than {} bytes; it cannot be checked", body.len())));
    }
    if let Some(wanted) = &url.digest {
        let digest = codec::digest(codec::Algorithm::Md5, body);
        if !digest.eq_ignore_ascii_case(wanted) {
            return Ok(Some(format!("the body's digest is {digest}")));
        }
    }
    if let Some(pattern) = &url.wanted
        && regex::find(pattern, body)?.is_none()
    {
        return Ok(Some(format!("the body does not match {pattern}")));
    }
    if let Some(pattern) = &url.unwanted
        && regex::find(pattern, body)?.is_some()
    {
        return Ok(Some(format!("the body matches {pattern}")));
    }
    Ok(None)
}

fn of_headers(response: &http::Response, url: &Url) -> Result<Option<String>, Error> {
    for (name, pattern) in &url.response_headers {
        // Of several with one name the last counts.
        let mut found = response.headers.iter().rev().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_slice());
        let good = match value {
            Some(value) => regex::find(pattern, value)?.is_some(),
            None => false,
        };
        if !good {
            let value = value.map_or("not there".into(), String::from_utf8_lossy);
            return Ok(Some(format!("header {name} is {value}")));
        }
    }
    Ok(None)
}

fn of_certificate(response: &http::Response, least: f64) -> Option<String> {
    match &response.certificate {
        None => Some("it has no certificate".to_owned()),
        Some(shown) if f64::from(shown.days_left) < least => {
            Some(format!("the certificate is good for {} days", shown.days_left))
        }
        Some(_) => None,
    }
}

//! Redirects (RFC 9110 §15.4), followed only as far as the plugin asked for. Each request is checked against the grants
//! like the first.

use hyper::Uri;

use super::{Place, REDIRECTS_MAX, Request, Response};
use crate::error::{Code, Error};
use crate::host::Call;

/// Headers that are for one host alone.
const PRIVATE: [&str; 2] = ["authorization", "cookie"];

impl Call {
    /// Asks, and asks again where the answer points to.
    pub(super) async fn follow(&self, mut request: Request) -> Result<Response, Error> {
        let mut left = request.redirects.min(REDIRECTS_MAX);
        loop {
            let response = self.exchange(request.clone()).await?;
            let Some(location) = location(&response).filter(|_| left > 0) else {
                return Ok(response);
            };
            left -= 1;
            request = next(request, response.status, location)?;
        }
    }
}

fn location(response: &Response) -> Option<&str> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let found = response.headers.iter().find(|(name, _)| name == "location");
    std::str::from_utf8(&found?.1).ok()
}

/// The request that a redirect asks for.
fn next(mut request: Request, status: u16, location: &str) -> Result<Request, Error> {
    let from = request.url.clone();
    let bad = || {
        let message = format!("{from}: it redirects to {location:?}, which is no place");
        Error::new(Code::Protocol, message)
    };
    let old = Place::parse(&request.url)?;
    let target: Uri = location.parse().map_err(|_| bad())?;
    request.url = if target.scheme().is_some() {
        location.to_owned()
    } else if location.starts_with('/') && !location.starts_with("//") {
        let scheme = if old.tls { "https" } else { "http" };
        format!("{scheme}://{}{location}", old.authority)
    } else {
        return Err(bad());
    };
    let new = Place::parse(&request.url).map_err(|_| bad())?;
    if (&new.host, new.port) != (&old.host, old.port) {
        request.connect_to = None;
        request.unix = None;
        request
            .headers
            .retain(|(name, _)| !PRIVATE.iter().any(|private| name.eq_ignore_ascii_case(private)));
    }
    // Of old, 301 and 302 turn a POST into a GET too (RFC 9110 §15.4.2).
    let is_head = request.method.as_deref() == Some("HEAD");
    if status == 303 && !is_head || matches!(status, 301 | 302) && request.method.as_deref() == Some("POST") {
        request.method = None;
        request.body = Vec::new();
    }
    Ok(request)
}

#[cfg(test)]
mod tests;

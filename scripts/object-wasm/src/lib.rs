//! Keeps an object behind a URL while Master: a key of Consul or of an inventory, a DNS record in an API that takes PUT and
//! DELETE. What stands there says whose it is.
//!
//! Parameters: `url`; `body`, what is put there, another on each node: by it a Backup sees whether the object is still its
//! own, and may be deleted. The secret `token`, when it is granted, goes along as a bearer token.

use bellwether_plugin::{Event, http, request, secret, text};
use serde::Deserialize;

bellwether_plugin::resource!(verify, apply, undo, [
    text("url", "where the object is").required(),
    text("body", "what is put there, another on each node").required(),
]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    url: String,
    body: String,
}

fn verify(event: Event) -> Result<bool, String> {
    let (parameters, body) = read(&event)?;
    let answer = send("GET", &parameters.url, Vec::new())?;
    match answer.status {
        200..300 => Ok(answer.body == body),
        404 | 410 => Ok(false),
        status => Err(format!("GET {}: status {status}", parameters.url)),
    }
}

fn apply(event: Event) -> Result<(), String> {
    let (parameters, body) = read(&event)?;
    done("PUT", &parameters.url, body)
}

fn undo(event: Event) -> Result<(), String> {
    // What a new Master put there stays.
    if !verify(event.clone())? {
        return Ok(());
    }
    let (parameters, _) = read(&event)?;
    done("DELETE", &parameters.url, Vec::new())
}

fn read(event: &Event) -> Result<(Parameters, Vec<u8>), String> {
    let parameters: Parameters = serde_json::from_str(&event.parameters)
        .map_err(|error| format!("object needs url and body, and takes no more: {error}"))?;
    let body = parameters.body.clone().into_bytes();
    Ok((parameters, body))
}

fn done(method: &str, url: &str, body: Vec<u8>) -> Result<(), String> {
    match send(method, url, body)?.status {
        200..300 => Ok(()),
        status => Err(format!("{method} {url}: status {status}")),
    }
}

fn send(method: &str, url: &str, body: Vec<u8>) -> Result<http::Response, String> {
    let mut asked = request(url);
    asked.method = Some(method.to_owned());
    asked.body = body;
    if let Ok(token) = secret::get("token") {
        asked.headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    }
    http::send(&asked).map_err(|error| error.message)
}

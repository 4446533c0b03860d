//! The same check as plugins/http.lua, with the same parameters, as a component: every URL is answered as expected.

use bellwether_plugin::{
    Endpoint, Error, Target, TlsOptions, Verdict, codec, down, http, mistake, request, tls_options,
    unknown, up,
};
use serde::Deserialize;

bellwether_plugin::check!(check);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    scheme: Option<String>,
    method: Option<String>,
    sni: Option<String>,
    #[serde(default)]
    verify: bool,
    urls: Option<Vec<Url>>,
    path: Option<String>,
    host: Option<String>,
    status: Option<Vec<Status>>,
    digest: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Url {
    path: Option<String>,
    host: Option<String>,
    status: Option<Vec<Status>>,
    digest: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Status {
    Code(u16),
    Range(String),
}

fn check(target: Target) -> Result<Verdict, Error> {
    let common: Parameters = serde_json::from_str(&target.parameters)
        .map_err(|error| mistake(format!("bad parameters for http: {error}")))?;
    if !matches!(common.scheme.as_deref(), None | Some("http" | "https")) {
        return Err(mistake("the scheme of http is neither http nor https"));
    }
    let urls = common.urls.clone().unwrap_or_else(|| {
        vec![Url {
            path: common.path.clone(),
            host: None,
            status: common.status.clone(),
            digest: common.digest.clone(),
        }]
    });
    let mut verdict = unknown("urls of http is empty");
    for url in &urls {
        verdict = ask(&target, &common, url)?;
        if !matches!(verdict.status, bellwether_plugin::Status::Up) {
            break;
        }
    }
    Ok(verdict)
}

fn ask(target: &Target, common: &Parameters, url: &Url) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    let scheme = common.scheme.as_deref().unwrap_or("http");
    let path = url.path.as_deref().unwrap_or("/");
    let name = url.host.clone().or_else(|| common.host.clone()).unwrap_or_else(|| authority(host, port, scheme));
    let wanted = ranges(url.status.as_deref())?;
    let response = http::send(&http::Request {
        method: common.method.clone(),
        connect_to: Some(Endpoint { host: host.to_owned(), port }),
        tls: Some(TlsOptions { server_name: common.sni.clone(), insecure: !common.verify, ..tls_options() }),
        ..request(format!("{scheme}://{name}{path}"))
    });
    let response = response.map_err(|error| Error { message: format!("{path}: {}", error.message), ..error })?;
    if !wanted.iter().any(|&(from, to)| (from..=to).contains(&response.status)) {
        return Ok(down(format!("{path}: status {}", response.status)));
    }
    if let Some(wanted) = &url.digest {
        if response.truncated {
            let length = response.body.len();
            return Ok(down(format!("{path}: the body is longer than {length} bytes; its digest cannot be checked")));
        }
        let digest = codec::digest(codec::Algorithm::Md5, &response.body);
        if !digest.eq_ignore_ascii_case(wanted) {
            return Ok(down(format!("{path}: the body's digest is {digest}")));
        }
    }
    Ok(up(format!("{path}: status {} in {} ms", response.status, response.timings.total)))
}

fn ranges(list: Option<&[Status]>) -> Result<Vec<(u16, u16)>, Error> {
    let Some(list) = list else {
        return Ok(vec![(200, 299)]);
    };
    list.iter()
        .map(|item| match item {
            Status::Code(code) => Some((*code, *code)),
            Status::Range(range) => {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                Some((from.parse().ok()?, to.parse().ok()?))
            }
        })
        .map(|range| range.filter(|(from, to)| (100..=599).contains(from) && from <= to && *to <= 599))
        .map(|range| range.ok_or_else(|| mistake("status of http is neither a code (200) nor a range (\"200-299\")")))
        .collect()
}

/// How the real server's address stands in a URL.
fn authority(host: &str, port: u16, scheme: &str) -> String {
    let name = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let usual = if scheme == "https" { 443 } else { 80 };
    if port == usual { name } else { format!("{name}:{port}") }
}

//! The same check as plugins/http.lua, with the same parameters, as a component: every URL is answered as expected.

use bellwether_plugin::{
    Endpoint, Error, Status, Target, TlsOptions, Verdict, down, http, mistake, request, tls_options, unknown, up,
};

use crate::parameters::{Common, Parameters, Url};

mod answer;
mod parameters;

bellwether_plugin::check!(check);

fn check(target: Target) -> Result<Verdict, Error> {
    let Parameters { common, urls } = Parameters::read(&target.parameters)?;
    let mut verdict = unknown("urls of http is empty");
    for url in &urls {
        verdict = ask(&target, &common, url)?;
        if !matches!(verdict.status, Status::Up) {
            break;
        }
    }
    Ok(verdict)
}

fn ask(target: &Target, common: &Common, url: &Url) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    let scheme = common.scheme.as_deref().unwrap_or("http");
    let path = url.path.as_deref().unwrap_or("/");
    let name = url.host.as_ref().or(common.host.as_ref());
    let name = name.map_or_else(|| authority(host, port, scheme), Clone::clone);
    let wanted = url.ranges()?;
    let response = http::send(&http::Request {
        method: common.method.clone(),
        connect_to: Some(Endpoint { host: host.to_owned(), port }),
        headers: common.request_headers.clone().into_iter().collect(),
        redirects: common.redirects,
        tls: Some(TlsOptions {
            server_name: common.sni.clone(),
            insecure: !common.verify && common.ca_file.is_none(),
            authority: common.ca_file.clone(),
            identity: common.client_file.clone(),
            ..tls_options()
        }),
        ..request(format!("{scheme}://{name}{path}"))
    });
    let response = response.map_err(|error| Error { message: format!("{path}: {}", error.message), ..error })?;
    let status = response.status;
    if !wanted.iter().any(|range| range.contains(&status)) {
        return Ok(down(format_args!("{path}: status {status}")));
    }
    Ok(match answer::lacks(&response, common, url)? {
        Some(wrong) => down(format_args!("{path}: {wrong}")),
        None => up(format_args!("{path}: status {status} in {} ms", response.timings.total)),
    })
}

/// How the real server's address stands in a URL.
fn authority(host: &str, port: u16, scheme: &str) -> String {
    let name = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let usual = if scheme == "https" { 443 } else { 80 };
    if port == usual { name } else { format!("{name}:{port}") }
}

fn bad<T>(message: impl std::fmt::Display) -> Result<T, Error> {
    Err(mistake(message))
}

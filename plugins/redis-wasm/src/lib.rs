//! The same check as plugins/redis.lua, with the same parameters, as a component: a server of redis or valkey is well
//! when it answers, and has the role that is wanted.

use bellwether_plugin::{Error, Target, Verdict, down, mistake, number, secret, text, up};
use serde::Deserialize;

use crate::server::Server;

mod server;

bellwether_plugin::check!(check, [
    text("role", "the wanted role; any when absent").one_of(&["master", "slave"]),
    text("password", "given by AUTH first"),
    text("password_file", "file that holds it, which only root has to be able to read"),
    text("user", "whose password it is; the default user when absent"),
    number("lag", "most seconds since a slave last heard of its master"),
]);

#[derive(Deserialize)]
struct Parameters {
    role: Option<String>,
    password: Option<String>,
    password_file: Option<String>,
    user: Option<String>,
    lag: Option<f64>,
}

fn check(target: Target) -> Result<Verdict, Error> {
    let parameters: Parameters = serde_json::from_str(&target.parameters)
        .map_err(|error| mistake(format_args!("bad parameters for redis: {error}")))?;
    let (host, port) = target.endpoint()?;
    let server = Server::connect(host, port)?;
    let password = match &parameters.password_file {
        // A secret that cannot be had says nothing of the server.
        Some(file) => Some(secret::get(file).map_err(|error| mistake(error.message))?),
        None => parameters.password.clone(),
    };
    if let Some(password) = &password {
        let user = parameters.user.as_deref();
        let words: Vec<&str> = ["AUTH"].into_iter().chain(user).chain([password.as_str()]).collect();
        if let Err(refused) = server.ask(&words)? {
            return Ok(down(refused));
        }
    }
    Ok(match server.ask(&["INFO", "replication"])? {
        Ok(info) => judge(&info, &parameters),
        Err(refused) => down(refused),
    })
}

fn judge(info: &str, parameters: &Parameters) -> Verdict {
    let Some(role) = fact(info, "role") else {
        return down("it does not tell its role");
    };
    if let Some(wanted) = &parameters.role
        && wanted != role
    {
        return down(format_args!("it is a {role}, not a {wanted}"));
    }
    if role == "slave" {
        if fact(info, "master_link_status") != Some("up") {
            return down("it is a slave that does not hear of its master");
        }
        let silent = fact(info, "master_last_io_seconds_ago").unwrap_or("?");
        let heard = |lag: f64| silent.parse().is_ok_and(|silent: f64| (0.0..=lag).contains(&silent));
        if parameters.lag.is_some_and(|lag| !heard(lag)) {
            return down(format_args!("it is a slave that last heard of its master {silent} s ago"));
        }
    }
    up(format_args!("it is a {role}"))
}

/// What a line `NAME:VALUE` says.
fn fact<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

//! `bellwether drain` and `bellwether enable`: servers out of the table by hand, and in again.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use hyper::{Method, StatusCode};
use model::status::{DaemonStatus, ServerStatus};
use serde_json::{Value, json};

use super::{Client, client};

/// From one look at the progress to the next.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(super) struct Drain {
    #[command(flatten)]
    client: Client,
    /// As `bellwether status` prints it: `192.0.2.10:80` for all servers, `192.0.2.10:80/10.0.0.11:80` for one
    #[arg(value_name = "SERVICE[/SERVER]")]
    target: String,
    /// Do not wait for connections to end
    #[arg(long)]
    no_wait: bool,
}

#[derive(Debug, Args)]
pub(super) struct Enable {
    #[command(flatten)]
    client: Client,
    /// As `bellwether status` prints it: `192.0.2.10:80` for all servers, `192.0.2.10:80/10.0.0.11:80` for one
    #[arg(value_name = "SERVICE[/SERVER]")]
    target: String,
}

impl Drain {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let (service, servers) = order(&self.client, "/v1/drain", &self.target)?;
        if !self.no_wait {
            follow(&self.client, &service, &servers)?;
        }
        let word = if self.no_wait { "leaving" } else { "out" };
        println!("{service}: {} {word}", servers.join(" "));
        Ok(ExitCode::SUCCESS)
    }
}

impl Enable {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let (service, servers) = order(&self.client, "/v1/enable", &self.target)?;
        println!("{service}: {} in", servers.join(" "));
        Ok(ExitCode::SUCCESS)
    }
}

/// Gives an order, and what it was understood as.
fn order(client: &Client, door: &str, target: &str) -> anyhow::Result<(String, Vec<String>)> {
    let body = json!({ "target": target });
    let (code, answer) = client::ask_with(&client.path(), Method::POST, door, &body)?;
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if code != StatusCode::OK {
        bail!("{}", answer.get("error").map(word).unwrap_or_default());
    }
    let servers = answer.get("servers").and_then(Value::as_array);
    let servers = servers.map(|all| all.iter().map(word).collect());
    Ok((
        answer.get("service").map(word).unwrap_or_default(),
        servers.unwrap_or_default(),
    ))
}

/// Prints how many connections are left, whenever that changes, until there is nobody to leave.
fn follow(client: &Client, service: &str, servers: &[String]) -> anyhow::Result<()> {
    let mut told = String::new();
    loop {
        let (_, answer) = client::ask(&client.path(), Method::GET, "/v1/status")?;
        let status = serde_json::from_value(answer).context("the daemon is of another version")?;
        let Some(now) = progress(&status, service, servers) else {
            return Ok(());
        };
        if now != told {
            println!("{now}");
            told = now;
        }
        sleep(LOOK_EVERY);
    }
}

/// A line for those that are still there; `None` when all have left, or were taken in again by somebody else.
fn progress(status: &DaemonStatus, service: &str, servers: &[String]) -> Option<String> {
    let found = status.services.iter().find(|found| found.service == service)?;
    let is_leaving = |server: &&ServerStatus| {
        servers.contains(&server.server)
            && server.held
            && (server.draining.is_some() || server.weight.is_some())
    };
    let words: Vec<_> = found
        .servers
        .iter()
        .filter(is_leaving)
        .map(|server| {
            let active = server.draining.and_then(|draining| draining.active);
            match active {
                Some(active) => format!("{} has {active} connection(s) left", server.server),
                None => format!("{} is leaving", server.server),
            }
        })
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

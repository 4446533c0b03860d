//! `bellwether status`: what the daemon says of itself, for people or programs.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use clap::Args;
use hyper::{Method, StatusCode};
use model::status::{DaemonStatus, InstanceStatus, PluginStatus, ResourceStatus, ServiceStatus};
use serde_json::Value;

use super::{Client, client};
use crate::log;

#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    client: Client,
    /// Print it all as JSON
    #[arg(long)]
    json: bool,
    /// Print it all as Prometheus reads it: what `GET /metrics` of the control socket answers
    #[arg(long, conflicts_with = "json")]
    metrics: bool,
}

impl Status {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        if self.metrics {
            let (code, page) = client::exchange(&self.client.path(), Method::GET, "/metrics", &Value::Null)?;
            let page = String::from_utf8_lossy(&page);
            ensure!(code == StatusCode::OK, "the daemon says {code}: {page}");
            print!("{page}");
            return Ok(ExitCode::SUCCESS);
        }
        let (_, answer) = client::ask(&self.client.path(), Method::GET, "/v1/status")?;
        if self.json {
            println!("{answer:#}");
            return Ok(ExitCode::SUCCESS);
        }
        let status =
            serde_json::from_value(answer).context("the daemon is of another version; try --json")?;
        print!("{}", render(&status));
        Ok(ExitCode::SUCCESS)
    }
}

/// The status as text.
pub(super) fn render(status: &DaemonStatus) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_status(&mut out, status);
    out
}

fn write_status(out: &mut String, status: &DaemonStatus) -> std::fmt::Result {
    writeln!(
        out,
        "bellwether {} on {}, up {}, configuration {} from {}",
        status.version,
        status.node,
        ago(status.uptime_s as f64),
        status.configuration.generation,
        status.configuration.paths.join(", "),
    )?;
    if !status.worker_up {
        writeln!(
            out,
            "the worker does not answer: checks stand still, verdicts stand"
        )?;
    }
    if let Some(error) = &status.configuration.last_error {
        writeln!(out, "the newest configuration was refused:\n{error}")?;
    }
    for instance in &status.instances {
        write_instance(out, instance)?;
    }
    for group in &status.groups {
        writeln!(
            out,
            "group {:<14} {:<10} {}",
            group.name,
            group.state,
            group.members.join(", ")
        )?;
        for fault in &group.faults {
            writeln!(out, "  fault: {fault}")?;
        }
    }
    for resource in &status.resources {
        write_resource(out, resource)?;
    }
    for tracker in &status.trackers {
        writeln!(
            out,
            "tracker {:<12} {:<10} {}",
            tracker.name, tracker.state, tracker.reason
        )?;
    }
    for line in status.ipvs.message.iter().chain(&status.ipvs.warnings) {
        writeln!(out, "ipvs: {line}")?;
    }
    for daemon in &status.ipvs.sync {
        writeln!(out, "ipvs synchronises as {daemon}")?;
    }
    for service in &status.services {
        write_service(out, service)?;
    }
    for plugin in &status.plugins {
        write_plugin(out, plugin)?;
    }
    Ok(())
}

fn write_plugin(out: &mut String, plugin: &PluginStatus) -> std::fmt::Result {
    writeln!(
        out,
        "plugin {:<13} {:<10} generation {}, {} calls, {} faults ({})",
        plugin.name, plugin.runtime, plugin.generation, plugin.calls, plugin.faults, plugin.source,
    )?;
    if let Some(error) = &plugin.error {
        writeln!(out, "  the newest code does not serve: {error}")?;
    }
    // Who was never swapped has no history.
    for version in plugin.versions.iter().filter(|_| plugin.versions.len() > 1) {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(version.at);
        writeln!(
            out,
            "  generation {:<4} {:<12} sha256 {}, since {}, tried for {:.1} ms",
            version.generation,
            version.standing.words(),
            version.digest,
            log::clock(at),
            version.took_ms,
        )?;
    }
    Ok(())
}

fn write_instance(out: &mut String, instance: &InstanceStatus) -> std::fmt::Result {
    writeln!(
        out,
        "{:<20} {:<10} for {} ({})",
        instance.name,
        instance.state,
        ago(instance.since_s),
        instance.cause,
    )?;
    let master = instance
        .master
        .map_or_else(|| "unknown".to_owned(), |master| master.to_string());
    writeln!(
        out,
        "  VRID {} on {}, priority {}{}, Master {master}, {}",
        instance.vrid,
        instance.interface,
        instance.priority,
        explain(instance),
        instance.addresses.join(" "),
    )?;
    for fault in &instance.faults {
        writeln!(out, "  fault: {fault}")?;
    }
    for entry in &instance.entries {
        writeln!(out, "  {entry}")?;
    }
    Ok(())
}

fn write_resource(out: &mut String, resource: &ResourceStatus) -> std::fmt::Result {
    let state = match (resource.wanted, resource.held) {
        (true, Some(true)) => "held",
        (true, Some(false)) => "not held yet",
        (false, Some(true)) => "held still",
        (false, Some(false)) => "given up",
        (true, None) => "to be held, now unknown",
        (false, None) => "to be given up, now unknown",
    };
    let lost = match resource.lost {
        0 => String::new(),
        1 => ", lost once".to_owned(),
        many => format!(", lost {many} times"),
    };
    writeln!(
        out,
        "resource {:<11} of {}: {state}{lost}",
        resource.plugin, resource.of
    )?;
    if let Some(error) = &resource.error {
        writeln!(out, "  failed {} times in a row: {error}", resource.failures)?;
    }
    Ok(())
}

/// What makes the priority, as in ` = 100 base, -20 interface eth1`; nothing where the base is all.
pub(super) fn explain(instance: &InstanceStatus) -> String {
    if instance.contributions.is_empty() && instance.priority == instance.base_priority {
        return String::new();
    }
    let mut text = format!(" = {} base", instance.base_priority);
    let mut sum = i32::from(instance.base_priority);
    for part in &instance.contributions {
        sum = sum.saturating_add(part.by);
        text.push_str(&format!(", {:+} {}", part.by, part.of));
    }
    if sum != i32::from(instance.priority) {
        text.push_str(", kept from 1 to 254");
    }
    text
}

fn write_service(out: &mut String, service: &ServiceStatus) -> std::fmt::Result {
    let state = if service.up { "up" } else { "down" };
    writeln!(out, "{:<31} {state:<6} {}", service.service, service.scheduler)?;
    for server in &service.servers {
        let state = if server.up { "up" } else { "down" };
        let weight = server.weight.map_or_else(
            || "not in the table".to_owned(),
            |weight| format!("weight {weight}"),
        );
        let mark = match (server.held, server.backup) {
            (true, _) => "out by hand; ",
            (false, true) => "backup; ",
            (false, false) => "",
        };
        let checks = server
            .checks
            .iter()
            .map(|check| format!("{}: {}", check.plugin, check.reason));
        writeln!(
            out,
            "  {:<29} {state:<6} {weight:<17} {mark}{}",
            server.server,
            checks.collect::<Vec<_>>().join("; ")
        )?;
        if let Some(draining) = &server.draining {
            let active = draining
                .active
                .map_or_else(|| "some".to_owned(), |active| active.to_string());
            writeln!(
                out,
                "    drains: {active} connection(s) left, {} s at most",
                draining.seconds_left
            )?;
        }
    }
    Ok(())
}

/// A time that has passed, short.
pub(super) fn ago(seconds: f64) -> String {
    let whole = seconds as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        3600..86_400 => format!("{} h {} min", whole / 3600, whole / 60 % 60),
        _ => format!("{} d {} h", whole / 86_400, whole / 3600 % 24),
    }
}

#[cfg(test)]
pub(super) mod tests;

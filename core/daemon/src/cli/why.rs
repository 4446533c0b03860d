//! `bellwether why`: all that the daemon knows of why one thing is as it is.

use std::fmt::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use hyper::Method;
use model::status::{DaemonStatus, GroupStatus, InstanceStatus, ServiceStatus};

use super::status::{ago, explain};
use super::{Client, client};

/// What counters of refused adverts begin with.
const DROPPED: &str = "dropped_";
/// Counts adverts that did not leave.
const REFUSED: &str = "adverts_refused";

#[derive(Debug, Args)]
pub(super) struct Why {
    #[command(flatten)]
    client: Client,
    /// As `bellwether status` prints it: the name of an instance or a group, or `192.0.2.10:80` for a service
    #[arg(value_name = "INSTANCE|GROUP|SERVICE")]
    subject: String,
}

impl Why {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let (_, answer) = client::ask(&self.client.path(), Method::GET, "/v1/status")?;
        let status: DaemonStatus =
            serde_json::from_value(answer).context("the daemon is of another version")?;
        match explanation(&status, &self.subject) {
            Some(text) => print!("{text}"),
            None => bail!("there is no `{}`; {}", self.subject, known(&status)),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Why all that bear this name are as they are; `None` when nothing does.
fn explanation(status: &DaemonStatus, subject: &str) -> Option<String> {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, status, subject);
    Some(out).filter(|out| !out.is_empty())
}

fn known(status: &DaemonStatus) -> String {
    let instances = status.instances.iter().map(|instance| &instance.name);
    let groups = status.groups.iter().map(|group| &group.name);
    let services = status.services.iter().map(|service| &service.service);
    let names: Vec<String> = instances
        .chain(groups)
        .chain(services)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.is_empty() {
        "nothing is configured".to_owned()
    } else {
        format!("there is {}", names.join(", "))
    }
}

fn write_all(out: &mut String, status: &DaemonStatus, subject: &str) -> fmt::Result {
    for group in status.groups.iter().filter(|group| group.name == subject) {
        writeln!(out, "group {} is {}", group.name, group.state)?;
        let is_member = |instance: &&InstanceStatus| group.members.contains(&instance.name);
        for member in status.instances.iter().filter(is_member) {
            write_instance(out, status, member)?;
        }
    }
    for instance in status.instances.iter().filter(|known| known.name == subject) {
        write_instance(out, status, instance)?;
        let is_ours = |group: &&GroupStatus| group.members.contains(&instance.name);
        for group in status.groups.iter().filter(is_ours) {
            writeln!(out, "  it moves with group {}", group.name)?;
            let own = format!("{}: ", instance.name);
            for fault in group.faults.iter().filter(|fault| !fault.starts_with(&own)) {
                writeln!(out, "  which cannot be Master: {fault}")?;
            }
        }
    }
    for service in status.services.iter().filter(|known| bears(known, subject)) {
        write_service(out, service)?;
    }
    match &status.configuration.last_error {
        Some(error) if !out.is_empty() => writeln!(
            out,
            "a newer configuration was refused, so this is of the one before:\n{error}"
        ),
        Some(_) | None => Ok(()),
    }
}

/// The transport may be left out.
fn bears(service: &ServiceStatus, subject: &str) -> bool {
    let address = service.service.split_once(' ').map(|(_, address)| address);
    service.service == subject || address == Some(subject)
}

fn write_instance(out: &mut String, status: &DaemonStatus, instance: &InstanceStatus) -> fmt::Result {
    writeln!(
        out,
        "{} is {} for {}: {}",
        instance.name,
        instance.state,
        ago(instance.since_s),
        instance.cause
    )?;
    for fault in &instance.faults {
        writeln!(out, "  it cannot be Master: {fault}")?;
    }
    writeln!(
        out,
        "  its priority is {}{}",
        instance.priority,
        explain(instance)
    )?;
    for tracker in &status.trackers {
        let name = format!("tracker {}", tracker.name);
        let moves = instance.contributions.iter().any(|part| part.of == name);
        let mut faults = instance.faults.iter();
        if moves || faults.any(|fault| fault.starts_with(&format!("{name} "))) {
            writeln!(out, "  {name} is {}: {}", tracker.state, tracker.reason)?;
        }
    }
    match instance.master {
        Some(master) => writeln!(out, "  its Master is {master}")?,
        None => writeln!(out, "  nobody is known to be its Master")?,
    }
    if let Some(count) = instance.counters.get(REFUSED).filter(|count| **count > 0) {
        writeln!(
            out,
            "  the kernel refused to send {count} of its adverts since the start, and who hears none becomes Master as \
             well: the log says why (`cannot send an advert`)"
        )?;
    }
    for (name, count) in &instance.counters {
        if let Some(reason) = name.strip_prefix(DROPPED).filter(|_| *count > 0) {
            let reason = reason.replace('_', " ");
            writeln!(out, "  {count} advert(s) did not count since the start: {reason}")?;
        }
    }
    Ok(())
}

fn write_service(out: &mut String, service: &ServiceStatus) -> fmt::Result {
    let good = service.servers.iter().filter(|server| server.up).count();
    writeln!(
        out,
        "{} is {}: {good} of {} server(s) are good",
        service.service,
        if service.up { "up" } else { "down" },
        service.servers.len()
    )?;
    for server in &service.servers {
        let place = match server.weight {
            Some(weight) => format!("in the table with weight {weight}"),
            None => "not in the table".to_owned(),
        };
        writeln!(out, "  {} is {place}", server.server)?;
        if server.held {
            writeln!(
                out,
                "    it was taken out by hand; `bellwether enable` takes it in"
            )?;
        }
        if server.backup {
            writeln!(
                out,
                "    it is a backup: it serves while the others have no quorum"
            )?;
        }
        if let Some(draining) = server.draining {
            writeln!(out, "    it drains, for {} s at most", draining.seconds_left)?;
        }
        for check in &server.checks {
            let word = if check.up { "good" } else { "failed" };
            writeln!(
                out,
                "    {} says {word}: {} ({} verdict(s))",
                check.plugin, check.reason, check.verdicts
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! What is changed while everything runs: a plugin's code, and the configuration.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};

use super::conf::{self, Shape};
use super::elections::PATIENCE;
use super::net::Machine;
use super::stage::Stage;

/// A plugin is edited, well and badly.
pub(super) fn edit_plugin(stage: &mut Stage<'_>) -> Result<()> {
    stage
        .story()
        .act("A check's code is edited under the running daemon");
    let before = generation(stage).context("lb1 has no plugin named site")?;
    let since = SystemTime::now();
    let words = "has new words";
    let (code, edited, broken) = (
        conf::plugin("is well"),
        conf::plugin(words),
        conf::broken_plugin(words),
    );
    save(stage, "site.lua", &code, &edited)?;
    stage.until("a verdict from the new code", PATIENCE, |stage| {
        newest_verdict(stage)
            .is_some_and(|(generation, reason)| generation > before && reason.contains("new words"))
    })?;
    let (generation, reason) = newest_verdict(stage).context("there was a verdict just now")?;
    stage.story().deed(
        "lb1",
        "verdict",
        &format!("{reason}, says generation {generation}"),
    );
    let good = stage.lost(since) == 0 && all_servers_are_up(stage);
    stage.row(
        good,
        "plugin edited",
        "lb1",
        &format!("generation {generation} answers"),
        "by the next verdict",
    );

    save(stage, "site.lua", &edited, &broken)?;
    stage.until("the mistake to be reported", PATIENCE, |stage| {
        plugin_error(stage).is_some()
    })?;
    let error = plugin_error(stage).context("there was an error just now")?;
    let serves = newest_verdict(stage).is_some_and(|(serving, _)| serving == generation);
    let names_the_line = error.contains(&format!("site.lua:{}", conf::BROKEN_LINE));
    let good = serves && names_the_line && all_servers_are_up(stage);
    stage.row(
        good,
        "plugin broken",
        "lb1",
        &format!("generation {generation} goes on"),
        "file and line are told",
    );
    stage.director(Machine::Lb1).write("site.lua", &edited)?;
    stage.until("the mistake to be gone", PATIENCE, |stage| {
        plugin_error(stage).is_none()
    })
}

/// conf.d is edited, badly and well.
pub(super) fn edit_configuration(stage: &mut Stage<'_>, advert: Duration) -> Result<()> {
    stage.story().act("conf.d is edited under the running daemons");
    let since = SystemTime::now();
    let text = std::fs::read_to_string(stage.director(Machine::Lb1).path(FILE))?;
    save(
        stage,
        FILE,
        &text,
        &text.replace("priority = 150", "priorty = 1500"),
    )?;
    stage.until("the slip to be reported", PATIENCE, |stage| {
        refused(stage).is_some()
    })?;
    let message = refused(stage).context("there was an error just now")?;
    stage.linger(Duration::from_millis(400));
    stage.story().block(&message);
    let good = stage.is_served_by(Machine::Lb1) && stage.lost(since) == 0 && message.contains("priorty");
    stage.row(
        good,
        "conf.d broken",
        "lb1",
        &format!("refused, {} questions lost", stage.lost(since)),
        "nothing changes",
    );

    let since = SystemTime::now();
    for machine in [Machine::Lb1, Machine::Lb2] {
        conf::write_elections(
            stage.director(machine),
            Shape {
                advert,
                ..Shape::default()
            },
        )?;
        let text = format!("advert_interval = \"{}ms\"", advert.as_millis());
        stage.story().deed(&machine.name(), "saves", &text);
    }
    stage.until("both to advertise at the new interval", PATIENCE, |stage| {
        stage.directors.iter().all(|director| {
            director
                .instance()
                .is_some_and(|instance| u128::from(instance.advert_interval_ms) == advert.as_millis())
        })
    })?;
    stage.linger(Duration::from_millis(400));
    let good = stage.is_served_by(Machine::Lb1) && stage.lost(since) == 0;
    let seen = format!(
        "every {} ms, {} questions lost",
        advert.as_millis(),
        stage.lost(since)
    );
    stage.row(good, "conf.d edited", "both", &seen, "no election");
    Ok(())
}

/// The file of the elections.
const FILE: &str = "conf.d/10-elections.toml";

/// Save lb1's `file`, and tell the lines that differ.
fn save(stage: &mut Stage<'_>, file: &str, before: &str, after: &str) -> Result<()> {
    stage.director(Machine::Lb1).write(file, after)?;
    stage.story().deed("lb1", "saves", file);
    for (before, after) in before
        .lines()
        .zip(after.lines())
        .filter(|(before, after)| before != after)
    {
        stage.story().difference(before, after);
    }
    Ok(())
}

fn all_servers_are_up(stage: &Stage<'_>) -> bool {
    let services = stage.directors[0]
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.services);
    services
        .iter()
        .flat_map(|service| &service.servers)
        .all(|server| server.up)
}

/// Why lb1's newest configuration is not served.
fn refused(stage: &Stage<'_>) -> Option<String> {
    stage
        .directors
        .first()?
        .status
        .as_ref()?
        .configuration
        .last_error
        .clone()
}

/// Generation of lb1's plugin that serves.
fn generation(stage: &Stage<'_>) -> Option<u32> {
    let status = stage.directors.first()?.status.as_ref()?;
    status
        .plugins
        .iter()
        .find(|plugin| plugin.name == "site")
        .map(|plugin| plugin.generation)
}

/// Why lb1's plugin in its file is not taken.
fn plugin_error(stage: &Stage<'_>) -> Option<String> {
    let status = stage.directors.first()?.status.as_ref()?;
    status
        .plugins
        .iter()
        .find(|plugin| plugin.name == "site")?
        .error
        .clone()
}

/// The verdict of the newest code on lb1's servers.
fn newest_verdict(stage: &Stage<'_>) -> Option<(u32, String)> {
    let status = stage.directors.first()?.status.as_ref()?;
    let checks = status
        .services
        .iter()
        .flat_map(|service| &service.servers)
        .flat_map(|server| &server.checks);
    checks
        .max_by_key(|check| check.generation)
        .map(|check| (check.generation, check.reason.clone()))
}

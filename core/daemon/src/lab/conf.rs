//! The configuration of the demonstration's directors, as a user would write it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::director::{Director, HOOKS};
use super::net::Machine;

/// The virtual address.
pub(super) const ADDRESS: &str = "10.77.0.100";
/// Where whoever holds the virtual address answers datagrams.
pub(super) const ECHO: &str = "10.77.0.100:7777";
/// The balanced service.
pub(super) const SERVICE: &str = "10.77.0.100:80";
/// How many real servers there are.
pub(super) const REAL_SERVERS: u8 = 3;
/// Priorities.
pub(super) const PRIORITY_LB1: u8 = 150;
/// The one that counts for takeovers.
pub(super) const PRIORITY_LB2: u8 = 100;
/// From one check to the next, and how many failures in a row count.
pub(super) const CHECK_INTERVAL: Duration = Duration::from_millis(300);
/// See [`CHECK_INTERVAL`].
pub(super) const FALL: u32 = 2;

/// What changes from one configuration to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Advertisement interval.
    pub advert: Duration,
    /// Weights of the real servers.
    pub weights: [u32; REAL_SERVERS as usize],
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            advert: Duration::from_millis(100),
            weights: [1; REAL_SERVERS as usize],
        }
    }
}

/// Write everything that a director needs.
pub(super) fn write(director: &Director, shape: Shape) -> Result<()> {
    write_elections(director, shape)?;
    write_balancing(director, shape)?;
    director.write("site.lua", &plugin("is well"))?;
    director.write("story.lua", include_str!("conf/story.lua"))?;
    let script = director.path("notify.sh");
    fs::write(&script, notify_script(director))
        .with_context(|| format!("cannot write {}", script.display()))?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// The elections.
pub(super) fn write_elections(director: &Director, shape: Shape) -> Result<()> {
    director.write(
        "conf.d/10-elections.toml",
        &elections(director.machine, director.directory(), shape),
    )
}

/// The balanced service.
pub(super) fn write_balancing(director: &Director, shape: Shape) -> Result<()> {
    director.write(
        "conf.d/20-balancing.toml",
        &balancing(director.directory(), shape),
    )
}

fn elections(machine: Machine, directory: &Path, shape: Shape) -> String {
    let priority = if machine == Machine::Lb1 {
        PRIORITY_LB1
    } else {
        PRIORITY_LB2
    };
    format!(
        r#"[instance.web]
interface = "front"
vrid = 51
priority = {priority}
advert_interval = "{advert}ms"
addresses = ["{ADDRESS}/24"]

[[instance.web.hook]]
on = ["master", "backup", "fault", "stop"]
command = ["{script}"]
arguments = "keepalived"

[[instance.web.hook]]
on = ["master", "backup", "fault", "stop"]
plugin = "story"

[plugin.story]
file = "{story}"
"#,
        story = directory.join("story.lua").display(),
        advert = shape.advert.as_millis(),
        script = directory.join("notify.sh").display(),
    )
}

fn balancing(directory: &Path, shape: Shape) -> String {
    let server = |(n, weight)| format!("  {{ address = \"10.78.0.1{n}:80\", weight = {weight} }},\n");
    let servers: String = (1..=REAL_SERVERS).zip(shape.weights).map(server).collect();
    format!(
        r#"[plugin.site]
file = "{plugin}"

[service.shop]
address = "{SERVICE}"
scheduler = "wrr"
forward = "nat"
check = {{ plugin = "site", interval = "{interval}ms", timeout = "250ms", fall = {FALL} }}
servers = [
{servers}]
"#,
        plugin = directory.join("site.lua").display(),
        interval = CHECK_INTERVAL.as_millis(),
    )
}

/// A check in Lua: asks a real server for its page, and says `words` of it.
pub(super) fn plugin(words: &str) -> String {
    include_str!("conf/site.lua").replace("is well\"", &format!("{words}\""))
}

/// The same with a mistake in it.
pub(super) fn broken_plugin(words: &str) -> String {
    plugin(words).replace("if not answer then", "if not answer")
}

/// The line of that mistake.
pub(super) const BROKEN_LINE: u32 = 6;

fn notify_script(director: &Director) -> String {
    let file = director.path(HOOKS);
    format!(
        "#!/bin/sh\necho \"$(date +%s.%N) notify.sh $*\" >> {}\n",
        file.display()
    )
}

#[cfg(test)]
mod tests;

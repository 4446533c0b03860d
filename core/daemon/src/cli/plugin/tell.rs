//! What plugins do and need, in words.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;

/// The plugins inside this program.
pub(super) fn list() -> String {
    let mut text = String::new();
    for shipped in plugin::shipped() {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "{:10} {}", shipped.name, shipped.summary);
        for (name, what) in shipped.parameters {
            let _ = writeln!(text, "             {name:16} {what}");
        }
    }
    text
}

/// What a file does and needs, or why it does not load.
pub(super) fn describe(file: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let found = plugin::describe(file, bytes).map_err(anyhow::Error::msg)?;
    let mut text = format!("{}: good ({})\n", file.display(), found.runtime);
    if found.exports.checks {
        text += "  a check: tells whether a real server, or this node, is well\n";
    }
    if found.exports.hooks {
        text += "  a hook: acts when an instance or group changes its state\n";
    }
    if found.exports.keeps {
        text += "  a resource: holds something while an instance or group is Master\n";
    }
    match &found.declared {
        None => text += "  declares no parameters: it takes any, and looks at them itself\n",
        Some(all) if all.is_empty() => text += "  takes no parameters\n",
        Some(all) => {
            for one in all {
                let verb = if one.required { "needs" } else { "takes" };
                let _ = writeln!(text, "  {verb} {}, {}: {}", one.name, one.wanted(), one.meaning);
            }
        }
    }
    for interface in &found.uses {
        let _ = writeln!(text, "  uses {interface}: {}", needs(interface));
    }
    if found.uses.iter().all(|interface| is_free(interface)) {
        text += "  needs no grants: it touches nothing but what the host keeps for it\n";
    }
    Ok(text)
}

fn is_free(interface: &str) -> bool {
    needs(interface).ends_with("granted to all")
}

fn needs(interface: &str) -> &'static str {
    match interface {
        "tcp" => "connects, where grants.net says: net = [\"target\"] is there by default",
        "http" => "asks by HTTP, where grants.net says: net = [\"target\"] is there by default",
        "udp" => "sends datagrams, where grants.net says: net = [\"target\"] is there by default",
        "dns" => "asks name servers, where grants.net says: net = [\"target\"] is there by default",
        "icmp" => "pings, where grants.net says (without a port): net = [\"target\"] is there by default",
        "files" => "reads files, which have to be granted: read = [\"/PATH\"]",
        "process" => "runs programs, which have to be granted: exec = [[\"/usr/bin/PROGRAM\", \"*\"]]",
        "kv" => "keeps values over runs and swaps; granted to all",
        "log" => "writes to the daemon's log; granted to all",
        "clock" => "tells and spends time; granted to all",
        "metric" => "counts and measures, for `bellwether status`; granted to all",
        "node" => "looks at this node and its instances; granted to all",
        "secret" => "knows secrets, which have to be granted: secret = { NAME = \"/PATH\" }",
        "systemd" => "looks at units, which have to be granted: units = [\"NAME.service\"]",
        "codec" | "json" | "prometheus" | "regex" | "types" => "only computes; granted to all",
        _ => "this version does not offer it",
    }
}

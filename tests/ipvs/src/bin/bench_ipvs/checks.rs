//! Processor time of checks, all processes of each contender, counted by a control group of the guest.

use anyhow::Result;

use crate::guest::{self, figure};
use crate::settings::Settings;

/// What is checked how, in keepalived's language but for the plugin.
const KINDS: [&str; 3] = ["tcp", "http", "misc"];
const CONTENDERS: [&str; 2] = ["bellwether", "keepalived"];

/// Measures all and prints the table.
pub(crate) fn measure(settings: &Settings) -> Result<()> {
    let daemon = guest::beside("bellwether")?;
    let ends = guest::beside("traffic_end")?;
    let mut all = Vec::new();
    for kind in KINDS {
        for contender in CONTENDERS {
            eprintln!("checks: {contender}, {kind}");
            let more = [
                ("BELLWETHER", daemon.clone()),
                ("ENDS", ends.clone()),
                ("KIND", kind.to_owned()),
                ("CONTENDER", contender.to_owned()),
            ];
            let once = || guest::run(settings, include_str!("checks.sh"), &more);
            let found = guest::medians(settings.rounds, once)?;
            all.push((kind, contender, figure(&found, "cpu"), figure(&found, "checks")));
        }
    }
    println!(
        "\n{} servers checked once a second for {} s, a twentieth of them by a script or the plugin that replaces it;\n\
         processor time of all processes, median of {}\n",
        settings.servers, settings.seconds, settings.rounds
    );
    println!(
        "{:<8}{:<14}{:>10}{:>24}{:>16}",
        "", "", "checks", "seconds per 1,000", "to keepalived"
    );
    for (kind, contender, cpu, checks) in &all {
        let each = cpu / checks * 1000.0;
        let theirs = all
            .iter()
            .find(|(other, name, ..)| other == kind && *name == "keepalived")
            .map_or(f64::NAN, |(_, _, cpu, checks)| cpu / checks * 1000.0);
        println!(
            "{kind:<8}{contender:<14}{checks:>10.0}{each:>24.3}{:>15.2}x",
            each / theirs
        );
    }
    Ok(())
}

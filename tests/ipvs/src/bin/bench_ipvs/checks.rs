//! Processor time of checks, all processes of each contender, counted by a control group of the guest.

use anyhow::Result;

use crate::guest::{self, figure};
use crate::settings::Settings;

/// What is checked how, in keepalived's language but for the plugin.
const KINDS: [&str; 3] = ["tcp", "http", "misc"];
const CONTENDERS: [&str; 2] = ["bellwether", "keepalived"];

/// What one contender needed for one kind.
struct Row {
    kind: &'static str,
    contender: &'static str,
    checks: f64,
    /// Seconds of processor time for 1,000 checks.
    each: f64,
}

/// Measures all and prints the table. A contender that fails is told, and the others go on.
pub(crate) fn measure(settings: &Settings) -> Result<()> {
    let daemon = guest::beside("bellwether")?;
    let ends = guest::beside("traffic_end")?;
    let mut all = Vec::new();
    for kind in KINDS {
        for contender in CONTENDERS {
            let more = [
                ("BELLWETHER", daemon.clone()),
                ("ENDS", ends.clone()),
                ("KIND", kind.to_owned()),
                ("CONTENDER", contender.to_owned()),
            ];
            let once = || guest::run(settings, include_str!("checks.sh"), &more);
            match guest::medians(settings.rounds, once) {
                Ok(found) => {
                    let checks = figure(&found, "checks");
                    let each = figure(&found, "cpu") / checks * 1000.0;
                    eprintln!("checks: {contender}, {kind}: {each:.3} s per 1,000");
                    all.push(Row {
                        kind,
                        contender,
                        checks,
                        each,
                    });
                }
                Err(error) => eprintln!("checks: {contender}, {kind}: {error:#}"),
            }
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
    for row in &all {
        let theirs = all
            .iter()
            .find(|other| other.kind == row.kind && other.contender == "keepalived")
            .map_or(f64::NAN, |other| other.each);
        println!(
            "{:<8}{:<14}{:>10.0}{:>24.3}{:>15.3}x",
            row.kind,
            row.contender,
            row.checks,
            row.each,
            row.each / theirs
        );
    }
    Ok(())
}

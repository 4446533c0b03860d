//! The status for Prometheus: the text format, version 0.0.4. Whatever is in it follows from the status, so that the two
//! cannot disagree.
//!
//! Names: `bellwether_`, what it is about, what is counted, the unit; counters end in `_total`. A state is a set of
//! samples, one for each word, of which one is 1.

mod balancing;
mod elections;

use std::fmt::{Display, Write};
use std::sync::Arc;
use std::time::Duration;

use linux::clock;
use model::status::{DaemonStatus, Metric, PluginStatus, ResourceStatus, TrackerStatus};
use model::time::Instant;

/// Type of the answer.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Shortest time that a page is kept for.
const KEEP: Duration = Duration::from_secs(1);
/// Longest: whoever looks after a stall has to see what is.
const KEEP_MOST: Duration = Duration::from_secs(10);
/// Making it takes one part in this many of a processor at most.
const SHARE: u32 = 20;

/// The page as last made. Who scrapes often gets the same page more often, not more pages.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    page: Arc<str>,
    fresh_until: Instant,
}

impl Kept {
    /// The page, while it is fresh.
    pub(super) fn fresh(&self) -> Option<Arc<str>> {
        (clock::now() < self.fresh_until).then(|| Arc::clone(&self.page))
    }

    /// Makes a page that was asked for at `asked`.
    pub(super) fn make(&mut self, status: &DaemonStatus, asked: Instant) -> Arc<str> {
        self.page = render(status).into();
        let now = clock::now();
        self.fresh_until = now + (now.since(asked) * SHARE).clamp(KEEP, KEEP_MOST);
        Arc::clone(&self.page)
    }
}

/// The whole page.
fn render(status: &DaemonStatus) -> String {
    let mut page = Page::default();
    daemon(&mut page, status);
    elections::instances(&mut page, &status.instances);
    elections::groups(&mut page, &status.groups);
    resources(&mut page, &status.resources);
    trackers(&mut page, &status.trackers);
    balancing::table(&mut page, &status.ipvs);
    balancing::services(&mut page, &status.services);
    balancing::servers(&mut page, &status.services);
    balancing::checks(&mut page, &status.services);
    plugins(&mut page, &status.plugins);
    page.text
}

/// Lines, family after family.
#[derive(Debug, Default)]
struct Page {
    text: String,
    family: String,
}

/// What a family is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Counter,
    Gauge,
}

type Labels<'a> = &'a [(&'a str, &'a str)];

impl Page {
    /// Begins a family. `help` is one line.
    fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        self.family = format!("bellwether_{name}");
        // Writing to a string cannot fail; so below.
        let _ = writeln!(self.text, "# HELP {0} {help}\n# TYPE {0} {kind}", self.family);
    }

    /// One sample of the family.
    fn sample(&mut self, labels: Labels<'_>, value: impl Display) {
        self.text.push_str(&self.family);
        for (number, (name, value)) in labels.iter().enumerate() {
            let before = if number == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{name}=\"");
            escape(&mut self.text, value);
            self.text.push('"');
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{end} {value}");
    }

    /// One sample for each word, with 1 for the one that is so.
    fn state(&mut self, labels: Labels<'_>, words: &[&str], is: &str) {
        for word in words {
            let labels = [labels, &[("state", *word)]].concat();
            self.sample(&labels, u8::from(*word == is));
        }
    }

    /// A family of one sample without labels.
    fn alone(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(&[], value);
    }
}

/// What the format wants escaped in the value of a label.
fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

fn daemon(page: &mut Page, status: &DaemonStatus) {
    page.family("info", Kind::Gauge, "Always 1; who this is.");
    page.sample(&[("node", &status.node), ("version", &status.version)], 1);
    let configuration = &status.configuration;
    page.alone(
        "uptime_seconds",
        Kind::Gauge,
        "Since this router began.",
        status.uptime_s,
    );
    page.alone(
        "worker_up",
        Kind::Gauge,
        "Whether the process of the plugins answers.",
        u8::from(status.worker_up),
    );
    page.alone(
        "configuration_changes_total",
        Kind::Counter,
        "Times that the configuration was changed since the start.",
        configuration.generation,
    );
    page.alone(
        "configuration_refused",
        Kind::Gauge,
        "Whether the last reading had a mistake, and the one before is served.",
        u8::from(configuration.last_error.is_some()),
    );
}

fn resources(page: &mut Page, resources: &[ResourceStatus]) {
    let mut each = |name, kind, help, value: fn(&ResourceStatus) -> u64| {
        page.family(name, kind, help);
        // The number tells one from another of the same plugin.
        for (number, resource) in resources.iter().enumerate() {
            let number = number.to_string();
            let labels = [
                ("of", resource.of.as_str()),
                ("plugin", resource.plugin.as_str()),
                ("resource", number.as_str()),
            ];
            page.sample(&labels, value(resource));
        }
    };
    let wanted = "Whether a resource has to be held.";
    each("resource_wanted", Kind::Gauge, wanted, |one| one.wanted.into());
    let held = "Whether a resource is held, as last seen.";
    each("resource_held", Kind::Gauge, held, |one| {
        (one.held == Some(true)).into()
    });
    let failures = "Steps of a resource that failed in a row.";
    each("resource_failures", Kind::Gauge, failures, |one| {
        one.failures.into()
    });
    let lost = "Times that a resource was taken while it had to be held.";
    each("resource_lost_total", Kind::Counter, lost, |one| one.lost);
}

fn trackers(page: &mut Page, trackers: &[TrackerStatus]) {
    const WORDS: [&str; 3] = ["pending", "good", "failed"];
    let is_word = |tracker: &&TrackerStatus| WORDS.contains(&tracker.state.as_str());
    page.family("tracker_state", Kind::Gauge, "What a tracker says.");
    for tracker in trackers.iter().filter(is_word) {
        page.state(&[("tracker", &tracker.name)], &WORDS, &tracker.state);
    }
    page.family("tracker_value", Kind::Gauge, "What a tracker says in numbers.");
    for tracker in trackers {
        if let Ok(number) = tracker.state.parse::<i64>() {
            page.sample(&[("tracker", &tracker.name)], number);
        }
    }
}

fn plugins(page: &mut Page, plugins: &[PluginStatus]) {
    type Number = fn(&PluginStatus) -> u64;
    let families: [(&str, Kind, &str, Number); 5] = [
        (
            "plugin_generation",
            Kind::Gauge,
            "Version of its code that serves; 0 when none ever loaded.",
            |plugin| plugin.generation.into(),
        ),
        (
            "plugin_refused",
            Kind::Gauge,
            "Whether its newest code was not taken.",
            |plugin| plugin.error.is_some().into(),
        ),
        (
            "plugin_rollbacks_total",
            Kind::Counter,
            "Times that new code failed in its first calls and gave its place back.",
            |plugin| plugin.rollbacks,
        ),
        ("plugin_calls_total", Kind::Counter, "Calls.", |plugin| {
            plugin.calls
        }),
        (
            "plugin_faults_total",
            Kind::Counter,
            "Calls that ended in a fault.",
            |plugin| plugin.faults,
        ),
    ];
    for (name, kind, help, number) in families {
        page.family(name, kind, help);
        for plugin in plugins {
            page.sample(
                &[("plugin", &plugin.name), ("runtime", &plugin.runtime)],
                number(plugin),
            );
        }
    }
    own(page, plugins);
}

/// What plugins count and measure themselves. Their names are labels, so that none can look like one of ours.
fn own(page: &mut Page, plugins: &[PluginStatus]) {
    let numbers = || {
        plugins.iter().flat_map(|plugin| {
            let metrics = plugin.metrics.iter();
            metrics.map(|(name, metric)| {
                let labels: [(&str, &str); 2] = [("plugin", &plugin.name), ("name", name)];
                (labels, *metric)
            })
        })
    };
    page.family("plugin_count_total", Kind::Counter, "What a plugin counts.");
    for (labels, metric) in numbers() {
        if let Metric::Counter(value) = metric {
            page.sample(&labels, value);
        }
    }
    page.family("plugin_measure", Kind::Gauge, "What a plugin measures.");
    for (labels, metric) in numbers() {
        if let Metric::Gauge(value) = metric {
            page.sample(&labels, value);
        }
    }
}

#[cfg(test)]
mod tests;

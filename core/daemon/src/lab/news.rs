//! From what a daemon says of itself to events: what is different from the last time it was asked.

use std::time::{Duration, SystemTime};

use model::status::{DaemonStatus, InstanceStatus, PluginStatus, ServiceStatus};
use model::transition::State;

use super::story::Tone;

/// Something to tell.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    /// When.
    pub at: SystemTime,
    /// In a word.
    pub what: &'static str,
    /// How that word looks.
    pub tone: Tone,
    /// In a sentence.
    pub text: String,
}

/// What is different in `after`, which was asked for at `now`. A daemon that is heard for the first time tells of its
/// elections only: that its servers are there is no news.
pub(super) fn compare(before: Option<&DaemonStatus>, after: &DaemonStatus, now: SystemTime) -> Vec<Event> {
    let mut events: Vec<Event> = after
        .instances
        .iter()
        .filter_map(|instance| transition(before, instance, now))
        .collect();
    if let Some(before) = before {
        events.extend(worker(before, after, now));
        events.extend(
            after
                .plugins
                .iter()
                .flat_map(|plugin| plugin_news(before, plugin, now)),
        );
        events.extend(configuration(before, after, now));
        events.extend(
            after
                .services
                .iter()
                .flat_map(|service| servers(before, service, now)),
        );
    }
    events
}

fn transition(before: Option<&DaemonStatus>, after: &InstanceStatus, now: SystemTime) -> Option<Event> {
    let before = before.and_then(|status| {
        status
            .instances
            .iter()
            .find(|instance| instance.name == after.name)
    });
    if before.is_some_and(|before| before.state == after.state && before.cause == after.cause) {
        return None;
    }
    let since = Duration::try_from_secs_f64(after.since_s).unwrap_or_default();
    let tone = match after.state {
        State::Master => Tone::Good,
        State::Fault => Tone::Bad,
        State::Backup | State::Initialize => Tone::Plain,
    };
    let text = format!("{}; priority {}", after.cause, after.priority);
    Some(Event {
        at: now - since,
        what: after.state.word(),
        tone,
        text,
    })
}

fn worker(before: &DaemonStatus, after: &DaemonStatus, now: SystemTime) -> Option<Event> {
    let (what, tone, text) = match (before.worker_up, after.worker_up) {
        (true, false) => ("worker", Tone::Bad, "gone; the last verdicts stand"),
        (false, true) => ("worker", Tone::Good, "answers; checks go on"),
        (true, true) | (false, false) => return None,
    };
    Some(Event {
        at: now,
        what,
        tone,
        text: text.to_owned(),
    })
}

fn plugin_news(before: &DaemonStatus, after: &PluginStatus, now: SystemTime) -> Vec<Event> {
    let Some(before) = before.plugins.iter().find(|plugin| plugin.name == after.name) else {
        return Vec::new();
    };
    let mut events = Vec::new();
    if after.generation > before.generation && before.generation > 0 {
        let text = format!("{} generation {} serves", after.name, after.generation);
        events.push(Event {
            at: now,
            what: "plugin",
            tone: Tone::Good,
            text,
        });
    }
    if let Some(error) = after.error.as_ref().filter(|_| after.error != before.error) {
        let text = format!(
            "{} generation {} goes on serving: {error}",
            after.name, after.generation
        );
        events.push(Event {
            at: now,
            what: "plugin",
            tone: Tone::Bad,
            text,
        });
    }
    events
}

fn configuration(before: &DaemonStatus, after: &DaemonStatus, now: SystemTime) -> Option<Event> {
    let (before, after) = (&before.configuration, &after.configuration);
    if after.generation != before.generation {
        let text = format!("change {} is served", after.generation);
        return Some(Event {
            at: now,
            what: "conf.d",
            tone: Tone::Good,
            text,
        });
    }
    after
        .last_error
        .as_ref()
        .filter(|_| after.last_error != before.last_error)
        .map(|_| {
            let text = "refused; nothing changed".to_owned();
            Event {
                at: now,
                what: "conf.d",
                tone: Tone::Bad,
                text,
            }
        })
}

fn servers(before: &DaemonStatus, after: &ServiceStatus, now: SystemTime) -> Vec<Event> {
    let Some(before) = before
        .services
        .iter()
        .find(|service| service.service == after.service)
    else {
        return Vec::new();
    };
    let mut events = Vec::new();
    for server in &after.servers {
        let Some(was) = before.servers.iter().find(|was| was.server == server.server) else {
            continue;
        };
        let reason = server
            .checks
            .iter()
            .find(|check| check.up == server.up)
            .map_or("", |check| check.reason.as_str());
        let (what, tone, text) = match (was.up, server.up) {
            (true, false) => (
                "server",
                Tone::Bad,
                format!("{} is down: {reason}", server.server),
            ),
            (false, true) => ("server", Tone::Good, format!("{} is up: {reason}", server.server)),
            _ if was.weight != server.weight => {
                let weight = server
                    .weight
                    .map_or_else(|| "none".to_owned(), |weight| weight.to_string());
                (
                    "server",
                    Tone::Plain,
                    format!("{} has weight {weight}", server.server),
                )
            }
            _ => continue,
        };
        events.push(Event {
            at: now,
            what,
            tone,
            text,
        });
    }
    events
}

#[cfg(test)]
mod tests;

//! What a test says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, bail};
use model::link::Secret;
use model::plan::{ExecGrant, Phase, SecretSource};
use model::probe::Verdict;
use model::value::{Parameters, Value};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    test: Vec<Case>,
}

/// One `[[test]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    #[serde(default)]
    parameters: toml::Table,
    /// The server that is checked; nobody is checked when absent, as by a tracker.
    pub(super) server: Option<Script>,
    /// What programs do.
    #[serde(default)]
    pub(super) exec: Vec<Program>,
    #[serde(default)]
    secret: BTreeMap<String, String>,
    /// More grants, as `plugin run --grant` takes them.
    #[serde(default)]
    pub(super) grants: Vec<String>,
    /// A transition that a hook is told of, instead of a question to a check.
    #[serde(default, deserialize_with = "phase")]
    pub(super) event: Option<Phase>,
    /// A step that a resource has to take, instead of that.
    #[serde(default, deserialize_with = "step")]
    pub(super) step: Option<model::link::Step>,
    /// Longest time for the run, in seconds.
    #[serde(default = "patience")]
    pub(super) timeout: f64,
    wants: Wants,
}

/// What a server does with each who connects, in order; or `"refused"`, when there is none.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Script {
    Steps(Vec<Step>),
    Word(String),
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Step {
    /// Sends this.
    Send(String),
    /// Reads until this has come.
    Expect(String),
}

/// What a program does when it is run.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    pub(super) command: Vec<String>,
    #[serde(default)]
    pub(super) code: i32,
    #[serde(default)]
    pub(super) stdout: String,
}

/// What has to come of it: all that is written here, and nothing about what is not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wants {
    /// `up`, `down` or `unknown`; of a hook `done` or `failed`; of a resource `held`, `not held` or `failed`.
    status: String,
    /// A part of the reason.
    reason: Option<String>,
    weight: Option<u32>,
    /// A part of some line in the log.
    log: Option<String>,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Found {
    status: String,
    reason: String,
    weight: Option<u32>,
    pub(super) log: Vec<String>,
    /// The server that was checked.
    pub(super) about: Option<SocketAddr>,
    /// What the server waited for, and did not hear.
    pub(super) misheard: Vec<String>,
}

/// Reads tests.
pub(super) fn parse(path: &Path) -> anyhow::Result<Vec<Case>> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {shown}; a plugin's tests are in NAME.test.toml beside it"))?;
    let file: File = toml::from_str(&text).with_context(|| format!("{shown} is no file of tests"))?;
    if file.test.is_empty() {
        bail!("{shown} has no [[test]]");
    }
    Ok(file.test)
}

fn patience() -> f64 {
    5.0
}

fn phase<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Phase>, D::Error> {
    let word = String::deserialize(from)?;
    let phase = super::super::run::phase(&word).map_err(serde::de::Error::custom)?;
    Ok(Some(phase))
}

fn step<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<model::link::Step>, D::Error> {
    let word = String::deserialize(from)?;
    let step = super::super::run::step(&word).map_err(serde::de::Error::custom)?;
    Ok(Some(step))
}

impl Case {
    /// `SERVER` in a text of them is where the server is, which no test can know.
    pub(super) fn parameters(&self, server: Option<SocketAddr>) -> anyhow::Result<Parameters> {
        let entries = self.parameters.iter();
        let entries = entries.map(|(name, value)| Ok((name.clone(), parameter(value, server)?)));
        entries.collect()
    }

    pub(super) fn secrets(&self) -> BTreeMap<String, Result<Secret, String>> {
        let entries = self.secret.iter();
        entries
            .map(|(name, text)| (name.clone(), Ok(Secret(text.clone()))))
            .collect()
    }

    pub(super) fn secret_sources(&self) -> impl Iterator<Item = (String, SecretSource)> + '_ {
        self.secret
            .keys()
            .map(|name| (name.clone(), SecretSource::Environment("TEST".to_owned())))
    }

    /// What is not as wanted.
    pub(super) fn mistakes(&self, found: &Found) -> Vec<String> {
        let wants = &self.wants;
        let mut mistakes = found.misheard.clone();
        let said = match found.about {
            Some(server) => found.reason.replace(&server.to_string(), "SERVER"),
            None => found.reason.clone(),
        };
        if wants.status != found.status {
            mistakes.push(format!("wants {}, is {}: {said}", wants.status, found.status));
        } else if let Some(part) = wants.reason.as_ref().filter(|part| !said.contains(part.as_str())) {
            mistakes.push(format!("wants the reason {part:?}, is {said:?}"));
        }
        if wants.weight.is_some() && wants.weight != found.weight {
            let shown = |weight: Option<u32>| weight.map_or("none".to_owned(), |weight| weight.to_string());
            mistakes.push(format!(
                "wants the weight {}, is {}",
                shown(wants.weight),
                shown(found.weight)
            ));
        }
        if let Some(part) = &wants.log
            && !found.log.iter().any(|line| line.contains(part))
        {
            mistakes.push(format!("wants {part:?} in the log, which is {:?}", found.log));
        }
        mistakes
    }
}

impl Program {
    pub(super) fn grant(&self) -> ExecGrant {
        ExecGrant {
            argv: self.command.clone(),
            any_arguments: false,
            user: None,
        }
    }
}

impl Found {
    pub(super) fn of_check(verdict: &Verdict) -> Self {
        Self {
            status: verdict.status.word().to_owned(),
            reason: verdict.reason.clone(),
            weight: verdict.weight,
            ..Self::default()
        }
    }

    pub(super) fn of_step(result: Result<bool, String>) -> Self {
        let (status, reason) = match result {
            Ok(true) => ("held", String::new()),
            Ok(false) => ("not held", String::new()),
            Err(why) => ("failed", why),
        };
        Self {
            status: status.to_owned(),
            reason,
            ..Self::default()
        }
    }

    pub(super) fn of_hook(result: Result<(), String>) -> Self {
        let status = if result.is_ok() { "done" } else { "failed" };
        Self {
            status: status.to_owned(),
            reason: result.err().unwrap_or_default(),
            ..Self::default()
        }
    }
}

fn parameter(value: &toml::Value, server: Option<SocketAddr>) -> anyhow::Result<Value> {
    Ok(match value {
        toml::Value::String(text) => Value::Text(match server {
            Some(server) => text.replace("SERVER", &server.to_string()),
            None => text.clone(),
        }),
        toml::Value::Integer(number) => Value::Integer(*number),
        toml::Value::Float(number) => Value::Number(*number),
        toml::Value::Boolean(flag) => Value::Boolean(*flag),
        toml::Value::Datetime(_) => bail!("a date or time is no value of a parameter; write it as a text"),
        toml::Value::Array(items) => {
            let items = items.iter().map(|item| parameter(item, server));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        toml::Value::Table(table) => {
            let entries = table.iter();
            let entries = entries.map(|(name, value)| Ok((name.clone(), parameter(value, server)?)));
            Value::Table(entries.collect::<anyhow::Result<_>>()?)
        }
    })
}

//! One run of a plugin, here and now, and what it did.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use futures_util::future::BoxFuture;
use hostcall::log::Level;
use model::ids::PluginName;
use model::link::{ExecOutcome, Step};
use model::plan::{Limits, NetGrant, Phase, PluginPlan, PluginSource};
use model::probe::Status;
use model::value::{Parameters, Value};
use plugin::{Broker, Observer, Options, Platform};

use super::grants;
use super::question::{Question, Said};
use crate::router::secrets;

#[derive(Debug, Args)]
pub(super) struct Run {
    /// A .lua or .wasm file, or the name of a plugin inside this program
    file: PathBuf,
    /// What is checked: ADDRESS:PORT
    #[arg(long, value_name = "ADDRESS:PORT")]
    target: Option<SocketAddr>,
    /// A parameter; the value is JSON, or else a text
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, Value)>,
    /// What it may touch beside its target: net=10.0.0.0/8:443, read=/PATH, secret=NAME=/PATH, units=NAME.service, or
    /// exec="/usr/bin/PROGRAM *"
    #[arg(long = "grant", value_name = "KIND=WHAT")]
    grants: Vec<String>,
    /// Tell a hook of a transition to this state, instead of asking a check
    #[arg(long, value_name = "STATE", value_parser = phase)]
    event: Option<Phase>,
    /// Have a resource take this step: verify, apply or undo
    #[arg(long, value_name = "STEP", value_parser = step, conflicts_with = "event")]
    step: Option<Step>,
    /// Longest time for the run, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    timeout: f64,
    /// Show each host call, what came of it, and how long it took
    #[arg(long)]
    trace: bool,
}

impl Run {
    /// What is printed, and the exit code: 0 for up or a hook that is done, 1 for down or one that failed, 2 for
    /// unknown.
    pub(super) fn run(&self) -> anyhow::Result<(String, u8)> {
        let timeout =
            Duration::try_from_secs_f64(self.timeout).context("--timeout is a number of seconds")?;
        let seen = Arc::new(Seen::new(self.trace));
        let options = Options {
            threads: 1,
            observer: Some(Arc::clone(&seen) as Arc<dyn Observer>),
            ..Options::from_system()
        };
        // The platform makes its own threads; this one only waits.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let platform = Platform::start(Arc::new(Here(tokio::runtime::Handle::current())), options);
            let name = self.load(&platform)?;
            let began = Instant::now();
            let (words, code) = self.ask(&platform, name, timeout).await;
            let mut text = seen.take();
            text += &words;
            if self.trace {
                text += &seen.cost(began.elapsed());
            }
            Ok((text, code))
        })
    }

    fn parameters(&self) -> Parameters {
        self.parameters.iter().cloned().collect()
    }

    fn load(&self, platform: &Platform) -> anyhow::Result<PluginName> {
        let shown = self.file.display().to_string();
        let shipped = plugin::shipped().into_iter().find(|one| one.name == shown);
        let (source, name, code) = match shipped {
            Some(_) if !self.file.exists() => (PluginSource::Embedded, shown.clone(), None),
            _ => {
                let code = std::fs::read(&self.file).with_context(|| format!("cannot read {shown}"))?;
                let stem = self.file.file_stem().unwrap_or_default().to_string_lossy();
                (
                    PluginSource::File(self.file.clone()),
                    stem.into_owned(),
                    Some(code),
                )
            }
        };
        let mut granted = grants::parse(&self.grants)?;
        if source == PluginSource::Embedded {
            // As a check of the configuration has it: what the parameters name, it may touch.
            granted.add(&config::grants_of(&name));
            granted.add(&config::needs(&name, &self.parameters()));
        } else {
            granted.net.push(NetGrant::Target);
        }
        let name: PluginName = name.as_str().into();
        let secrets = secrets::read(&granted.secret);
        platform.set_plugins(vec![PluginPlan {
            name: name.clone(),
            source,
            grants: granted,
            limits: Limits::default(),
        }]);
        platform.set_secrets(&name, secrets);
        if let Some(code) = code {
            platform.set_code(name.clone(), Ok(code));
        }
        Ok(name)
    }

    async fn ask(&self, platform: &Platform, plugin: PluginName, timeout: Duration) -> (String, u8) {
        let question = Question {
            plugin,
            parameters: self.parameters(),
            timeout,
            target: self.target,
            step: self.step,
            event: self.event,
        };
        let verdict = match question.ask(platform).await {
            Said::Step(Ok(true)) => return ("it is held\n".to_owned(), 0),
            Said::Step(Ok(false)) => return ("it is not held\n".to_owned(), 0),
            Said::Hook(Ok(())) => return ("done\n".to_owned(), 0),
            Said::Step(Err(why)) | Said::Hook(Err(why)) => return (format!("failed: {why}\n"), 1),
            Said::Check(verdict) => verdict,
        };
        let weight = verdict
            .weight
            .map(|weight| format!(", weight {weight}"))
            .unwrap_or_default();
        let text = format!("{}{weight}: {}\n", verdict.status.word(), verdict.reason);
        let code = match verdict.status {
            Status::Up => 0,
            Status::Down => 1,
            Status::Unknown => 2,
        };
        (text, code)
    }
}

pub(super) fn phase(word: &str) -> Result<Phase, String> {
    let phases = [Phase::Master, Phase::Backup, Phase::Fault, Phase::Stop];
    let found = phases
        .into_iter()
        .find(|phase| phase.word().eq_ignore_ascii_case(word));
    found.ok_or_else(|| "master, backup, fault or stop".to_owned())
}

pub(super) fn step(word: &str) -> Result<Step, String> {
    let steps = [Step::Verify, Step::Apply, Step::Undo];
    let found = steps.into_iter().find(|step| step.word() == word);
    found.ok_or_else(|| "verify, apply or undo".to_owned())
}

fn parameter(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("give it as NAME=VALUE")?;
    let value = match serde_json::from_str(value) {
        Ok(json) => from_json(json)?,
        Err(_) => Value::Text(value.to_owned()),
    };
    Ok((name.to_owned(), value))
}

fn from_json(json: serde_json::Value) -> Result<Value, String> {
    use serde_json::Value as Json;
    Ok(match json {
        Json::Null => return Err("null is no value of a parameter".to_owned()),
        Json::Bool(flag) => Value::Boolean(flag),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Number(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::Text(text),
        Json::Array(items) => Value::List(items.into_iter().map(from_json).collect::<Result<_, _>>()?),
        Json::Object(table) => {
            let entries = table
                .into_iter()
                .map(|(name, value)| Ok((name, from_json(value)?)));
            Value::Table(entries.collect::<Result<_, String>>()?)
        }
    })
}

/// Notes what happens, as lines of text.
struct Seen {
    trace: bool,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    text: String,
    calls: u32,
    took: Duration,
}

impl Seen {
    fn new(trace: bool) -> Self {
        let notes = Mutex::default();
        Self { trace, notes }
    }

    fn note(&self, work: impl FnOnce(&mut Notes)) {
        work(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn take(&self) -> String {
        let mut text = String::new();
        self.note(|notes| text = std::mem::take(&mut notes.text));
        text
    }

    fn cost(&self, all: Duration) -> String {
        let mut text = String::new();
        self.note(|notes| {
            let own = millis(all.saturating_sub(notes.took));
            let (all, calls, waited) = (millis(all), notes.calls, millis(notes.took));
            text = format!("took {all}: {waited} in {calls} host calls, {own} in the plugin and around it\n");
        });
        text
    }
}

impl Observer for Seen {
    fn called(&self, what: &str, outcome: &str, took: Duration) {
        self.note(|notes| {
            notes.calls += 1;
            notes.took += took;
            if self.trace {
                // Writing to a String cannot fail, here and below.
                let _ = writeln!(notes.text, "{:>10}  {what} -> {outcome}", millis(took));
            }
        });
    }

    fn logged(&self, level: Level, message: &str) {
        self.note(|notes| {
            let _ = writeln!(notes.text, "log {}: {message}", level.word());
        });
    }

    fn failed(&self, traceback: &str) {
        self.note(|notes| {
            let _ = writeln!(notes.text, "{}", traceback.trim_end());
        });
    }
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// Runs commands as whoever typed this, on the loop that waits for the verdict.
struct Here(tokio::runtime::Handle);

impl Broker for Here {
    fn run(
        &self,
        argv: Vec<String>,
        timeout: Duration,
        output_max: u32,
    ) -> BoxFuture<'static, Result<ExecOutcome, String>> {
        let work = self.0.spawn(execute(argv, timeout, output_max));
        Box::pin(async move { work.await.map_err(|error| error.to_string())? })
    }
}

async fn execute(argv: Vec<String>, timeout: Duration, output_max: u32) -> Result<ExecOutcome, String> {
    let began = Instant::now();
    let [program, arguments @ ..] = argv.as_slice() else {
        return Err("the command is empty".to_owned());
    };
    let mut command = tokio::process::Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let child = command.spawn().map_err(|error| error.to_string())?;
    let Ok(output) = tokio::time::timeout(timeout, child.wait_with_output()).await else {
        return Ok(ExecOutcome {
            code: None,
            signal: None,
            timed_out: true,
            stdout: Vec::new(),
            took: began.elapsed(),
        });
    };
    let output = output.map_err(|error| error.to_string())?;
    let mut stdout = output.stdout;
    stdout.truncate(usize::try_from(output_max).unwrap_or(usize::MAX));
    Ok(ExecOutcome {
        code: output.status.code(),
        signal: std::os::unix::process::ExitStatusExt::signal(&output.status),
        timed_out: false,
        stdout,
        took: began.elapsed(),
    })
}

//! The platform of the worker, in this process, and somebody to be checked.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures_util::future::BoxFuture;
use model::ids::AskId;
use model::link::ExecOutcome;
use model::plan::{ExecGrant, Grants, Limits, NetGrant, PluginPlan, PluginSource, SecretSource, Via};
use model::probe::{Ask, Subject};
use model::value::{Parameters, Value};
use plugin::{Broker, Options, Platform, Roots};

/// A check in Lua that does what checks do.
pub(super) const CHECK: &str = include_str!("check.lua");
/// Does what it is told, good and bad.
pub(super) const PROBE: &str = include_str!("../../../../core/plugin/src/tests/probe.lua");

/// Runs a shell's command as this user, no longer than it is waited for.
struct Here;

impl Broker for Here {
    fn run(
        &self,
        argv: Vec<String>,
        _: Duration,
        most: u32,
    ) -> BoxFuture<'static, Result<ExecOutcome, String>> {
        Box::pin(async move {
            let (program, arguments) = argv.split_first().ok_or("no program")?;
            let mut command = tokio::process::Command::new(program);
            let output = command.args(arguments).kill_on_drop(true).output().await;
            let output = output.map_err(|error| error.to_string())?;
            let mut stdout = output.stdout;
            stdout.truncate(most as usize);
            Ok(ExecOutcome {
                code: output.status.code(),
                signal: None,
                timed_out: false,
                stdout,
                took: Duration::ZERO,
            })
        })
    }
}

/// Who runs commands.
pub(super) fn broker() -> Arc<dyn Broker> {
    Arc::new(Here)
}

/// A platform without plugins.
pub(super) fn platform() -> Platform {
    let options = Options {
        threads: 2,
        roots: Roots::from_der([]),
        observer: None,
    };
    Platform::start(broker(), options)
}

/// A plugin with everything that the probes ask for.
pub(super) fn plan(name: &str, file: &str, limits: Limits) -> PluginPlan {
    PluginPlan {
        name: name.into(),
        source: PluginSource::File(file.into()),
        grants: Grants {
            net: vec![NetGrant::Target],
            exec: vec![ExecGrant {
                argv: vec!["/bin/sh".to_owned()],
                any_arguments: true,
                user: None,
            }],
            read: vec!["/proc".into()],
            secret: [("none".to_owned(), SecretSource::Environment("NONE".to_owned()))].into(),
            units: vec!["none.service".to_owned()],
        },
        limits,
    }
}

/// Gives each plugin its code, and waits until all serve.
pub(super) async fn load(platform: &Platform, all: Vec<(PluginPlan, Vec<u8>)>) -> Result<()> {
    platform.set_plugins(all.iter().map(|(plan, _)| plan.clone()).collect());
    for (plan, bytes) in all {
        platform.set_code(plan.name, Ok(bytes));
    }
    let mut changes = platform.changes();
    while platform.status().iter().any(|status| status.generation == 0) {
        if let Some(error) = platform.status().into_iter().find_map(|status| status.error) {
            bail!("{error}");
        }
        changes.changed().await?;
    }
    Ok(())
}

/// A platform with one plugin that serves.
pub(super) async fn with(file: &str, bytes: Vec<u8>, limits: Limits) -> Result<Platform> {
    let platform = platform();
    load(&platform, vec![(plan("it", file, limits), bytes)]).await?;
    Ok(platform)
}

/// A question about subject `n`.
pub(super) fn ask(plugin: &str, n: usize, act: &str, target: Option<SocketAddr>) -> Ask {
    Ask {
        id: AskId(1),
        subject: Subject::Tracker(format!("n{n}").as_str().into()),
        plugin: plugin.into(),
        target,
        via: Via::default(),
        parameters: Parameters::from([("act".to_owned(), Value::from(act))]),
        timeout: Duration::from_secs(60),
    }
}

/// Greets, hears a line and answers, one client after the other.
pub(super) fn server() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            // A client that goes away is none of our business.
            let _ = reader.get_mut().write_all(b"220 hi\r\n");
            let _ = reader.read_line(&mut String::new());
            let _ = reader.get_mut().write_all(b"pong\r\n");
        }
    });
    Ok(address)
}

/// The probe as a component.
pub(super) fn component() -> Result<Vec<u8>> {
    let target = lab::bellwether::program();
    let target = target
        .ancestors()
        .nth(2)
        .context("the daemon is not in target/release")?;
    let path: PathBuf = target.join("guests/probe.wasm");
    std::fs::read(&path)
        .with_context(|| format!("cannot read {}; build it with `make guests`", path.display()))
}

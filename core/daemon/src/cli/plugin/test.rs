//! An author's own tests: each says what the world answers, and what the plugin is to make of it. The plugin runs as it
//! does in the daemon, on the true host; only the server that it talks to, the programs that it runs and its secrets
//! are scripted.

mod case;
mod world;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use model::ids::PluginName;
use model::plan::{Limits, NetGrant, PluginPlan, PluginSource};
use plugin::{Observer, Options, Platform};

use super::grants;
use super::question::{Question, Said};
use case::{Case, Found};
use world::{Heard, Scripted, Server};

#[derive(Debug, Args)]
pub(super) struct Test {
    /// A .lua or .wasm file
    file: PathBuf,
    /// Its tests; NAME.test.toml beside it when absent
    #[arg(long, value_name = "FILE")]
    tests: Option<PathBuf>,
}

impl Test {
    /// What is printed, and the exit code: 1 when a test fails.
    pub(super) fn run(&self) -> anyhow::Result<(String, u8)> {
        let path = self
            .tests
            .clone()
            .unwrap_or_else(|| self.file.with_extension("test.toml"));
        let code = read(&self.file)?;
        let cases = case::parse(&path)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (mut text, mut failed) = (String::new(), 0);
        for case in &cases {
            let found = runtime.block_on(run(&self.file, &code, case))?;
            let mistakes = case.mistakes(&found);
            let mark = if mistakes.is_empty() { "ok  " } else { "FAIL" };
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(text, "{mark}  {}", case.name);
            for mistake in &mistakes {
                let _ = writeln!(text, "      {mistake}");
            }
            failed += usize::from(!mistakes.is_empty());
        }
        let good = cases.len() - failed;
        let _ = writeln!(text, "{good} good, {failed} failed");
        Ok((text, u8::from(failed > 0)))
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// One test: a world for the plugin, and what it does there.
async fn run(file: &Path, code: &[u8], case: &Case) -> anyhow::Result<Found> {
    let heard = Arc::new(Heard::default());
    let server = match &case.server {
        Some(script) => Some(Server::start(script)?),
        None => None,
    };
    let options = Options {
        threads: 1,
        observer: Some(Arc::clone(&heard) as Arc<dyn Observer>),
        ..Options::from_system()
    };
    let platform = Platform::start(Arc::new(Scripted(case.exec.clone())), options);
    let name: PluginName = file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .as_ref()
        .into();
    let mut granted = grants::parse(&case.grants)?;
    granted.net.push(NetGrant::Target);
    if let Some(server) = &server {
        // Hooks and resources have no target.
        granted.net.push(NetGrant::Net {
            net: server.address.ip().into(),
            port: Some(server.address.port()),
        });
    }
    granted.exec.extend(case.exec.iter().map(case::Program::grant));
    granted.secret.extend(case.secret_sources());
    platform.set_plugins(vec![PluginPlan {
        name: name.clone(),
        source: PluginSource::File(file.to_owned()),
        grants: granted,
        limits: Limits::default(),
    }]);
    platform.set_secrets(&name, case.secrets());
    platform.set_code(name.clone(), Ok(code.to_vec()));
    let timeout = Duration::try_from_secs_f64(case.timeout).context("`timeout` is a number of seconds")?;
    let target = server.as_ref().map(|server| server.address);
    let mut found = answer(&platform, name, case, target, timeout).await?;
    found.log = heard.take();
    if let Some(server) = server {
        found.about = Some(server.address);
        // Its connections end with the platform.
        drop(platform);
        found.misheard = server.misheard();
    }
    Ok(found)
}

/// What the plugin makes of it.
async fn answer(
    platform: &Platform,
    plugin: PluginName,
    case: &Case,
    target: Option<SocketAddr>,
    timeout: Duration,
) -> anyhow::Result<Found> {
    let question = Question {
        plugin,
        parameters: case.parameters(target)?,
        timeout,
        target,
        step: case.step,
        event: case.event,
    };
    Ok(match question.ask(platform).await {
        Said::Step(result) => Found::of_step(result),
        Said::Hook(result) => Found::of_hook(result),
        Said::Check(verdict) => Found::of_check(&verdict),
    })
}

//! The command line. Scripts and packages rely on it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod check;
mod client;
mod drain;
mod plugin;
mod status;
#[cfg(test)]
mod tests;
mod why;

/// Where the configuration is looked for when nobody says.
const DEFAULT_PATHS: [&str; 2] = ["/etc/bellwether/conf.d", "/etc/keepalived/keepalived.conf"];

/// Keeps a service's address alive: VRRP elections, IPVS balancing, health checks and hooks as plugins.
#[derive(Debug, Parser)]
#[command(name = "bellwether", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon in the foreground
    Run(Run),
    /// Read a configuration and tell every mistake in it
    Check(check::Check),
    /// Show elections, services and plugins of a running daemon
    Status(status::Status),
    /// Tell why an instance, a group or a service is as it is
    Why(why::Why),
    /// Have a running daemon read its configuration again
    Reload(Client),
    /// Take a server, or all of a service, out of the table, and show how its connections end
    Drain(drain::Drain),
    /// Take in again what was taken out by `drain`
    Enable(drain::Enable),
    /// Write, try and list plugins
    Plugin(plugin::Plugin),
    /// See it all work, in network namespaces of its own
    Lab(crate::lab::Options),
    #[command(name = "__router", hide = true)]
    Router(Run),
    #[command(name = "__netns", hide = true)]
    Netns(Paths),
    #[command(name = "__lab-server", hide = true)]
    LabServer(crate::lab::ServerOptions),
    #[command(name = "__lab-client", hide = true)]
    LabClient(crate::lab::ClientOptions),
    #[command(name = "__worker", hide = true)]
    Worker {
        #[arg(long, default_value = "info")]
        log: String,
    },
}

/// Where the configuration is.
#[derive(Clone, Debug, Args)]
struct Paths {
    /// A conf.d directory, a .toml file or a keepalived.conf; may be given several times
    /// [default: /etc/bellwether/conf.d, else /etc/keepalived/keepalived.conf]
    #[arg(short, long = "config", value_name = "PATH")]
    config: Vec<PathBuf>,
}

impl Paths {
    fn or_default(&self) -> Vec<PathBuf> {
        if !self.config.is_empty() {
            return self.config.clone();
        }
        let found = DEFAULT_PATHS.iter().map(PathBuf::from).find(|path| path.exists());
        vec![found.unwrap_or_else(|| PathBuf::from(DEFAULT_PATHS[0]))]
    }
}

/// Which daemon.
#[derive(Clone, Debug, Args)]
struct Client {
    /// The daemon's control socket [default: /run/bellwether/control.sock]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// One of several daemons on this host, by name
    #[arg(long, value_name = "NAME", conflicts_with = "socket")]
    instance: Option<String>,
}

impl Client {
    fn path(&self) -> PathBuf {
        match (&self.socket, &self.instance) {
            (Some(socket), _) => socket.clone(),
            (None, Some(instance)) => PathBuf::from(format!("/run/bellwether/{instance}/control.sock")),
            (None, None) => PathBuf::from("/run/bellwether/control.sock"),
        }
    }
}

#[derive(Clone, Debug, Args)]
struct Run {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    client: Client,
    /// What is logged: error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log: String,
    /// The network namespace that the guardian is in already
    #[arg(long, hide = true)]
    entered: Option<String>,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
}

/// Runs the command that was typed.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(run) => run_guardian(&run),
        Command::Router(run) => run_router(&run),
        Command::Netns(paths) => {
            crate::guardian::tell_namespace(paths.or_default()).map(|()| ExitCode::SUCCESS)
        }
        Command::Worker { log } => {
            crate::log::start("worker", &log);
            crate::worker::run()
        }
        Command::Check(check) => check.run(),
        Command::Status(status) => status.run(),
        Command::Why(why) => why.run(),
        Command::Reload(client) => client::reload(&client.path()),
        Command::Drain(drain) => drain.run(),
        Command::Enable(enable) => enable.run(),
        Command::Plugin(plugin) => plugin.run(),
        Command::LabServer(options) => crate::lab::server(options).map(|()| ExitCode::SUCCESS),
        Command::LabClient(options) => crate::lab::client(options).map(|()| ExitCode::SUCCESS),
        Command::Lab(options) => crate::lab::run(options).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("bellwether: {error:#}");
        ExitCode::FAILURE
    })
}

fn run_guardian(run: &Run) -> anyhow::Result<ExitCode> {
    crate::log::start("guardian", &run.log);
    let mut router = vec![
        "--socket".into(),
        run.client.path().display().to_string(),
        "--log".into(),
        run.log.clone(),
    ];
    let paths = run.paths.or_default();
    let paths = paths.iter().map(|path| path.display().to_string());
    let paths: Vec<String> = paths.flat_map(|path| ["--config".into(), path]).collect();
    if let Some(name) = crate::guardian::enter_namespace(&paths)? {
        router.extend(["--entered".into(), name]);
    }
    router.extend(paths);
    let worker = vec!["--log".into(), run.log.clone()];
    crate::guardian::run(router, worker)
}

fn run_router(run: &Run) -> anyhow::Result<ExitCode> {
    crate::log::start("router", &run.log);
    let options = crate::router::Options {
        paths: run.paths.or_default(),
        socket: run.client.path(),
        entered: run.entered.clone(),
    };
    crate::router::run(options, crate::router::Links::inherited()?)
}

//! `bellwether check`: every mistake at once.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use model::declared::Declared;

use super::{Format, Paths};
use crate::router::load_configuration;

/// Columns of the report where the terminal does not tell.
const WIDTH: usize = 100;

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    paths: Paths,
    /// How mistakes are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Warnings count: exit code 1
    #[arg(long)]
    strict: bool,
}

impl Check {
    /// Exit code 0: good. 1: warnings only, with --strict. 2: mistakes.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let paths = self.paths.or_default();
        let loaded = load_configuration(paths, environment())?;
        match self.format {
            Format::Json => println!("{}", loaded.diagnostics.to_json()),
            Format::Human => print!(
                "{}",
                loaded.diagnostics.render(std::io::stdout().is_terminal(), WIDTH)
            ),
        }
        let warned = loaded.diagnostics.iter().next().is_some();
        if self.format == Format::Human {
            match &loaded.plan {
                Some(plan) => println!("{}", summary(plan)),
                None => println!("nothing would be changed: there are mistakes"),
            }
        }
        Ok(match (&loaded.plan, warned && self.strict) {
            (None, _) => ExitCode::from(2),
            (Some(_), true) => ExitCode::from(1),
            (Some(_), false) => ExitCode::SUCCESS,
        })
    }
}

/// The facts of this machine, and what the code of plugins says of itself.
pub(super) fn environment() -> config::Environment {
    config::Environment {
        declares: Some(Arc::new(declares)),
        ..crate::router::environment()
    }
}

/// Loads a plugin's code to see which parameters it declares.
fn declares(file: &Path) -> Result<Option<Vec<Declared>>, String> {
    let bytes = crate::router::plugin_code(file)?;
    Ok(plugin::describe(file, bytes)?.declared)
}

fn summary(plan: &model::plan::Plan) -> String {
    let servers: usize = plan.services.iter().map(|service| service.servers.len()).sum();
    format!(
        "good: {} instance(s), {} service(s) with {} real server(s), {} tracker(s), {} plugin(s)",
        plan.instances.len(),
        plan.services.len(),
        servers,
        plan.trackers.len() + plan.watches.len(),
        plan.plugins.len(),
    )
}

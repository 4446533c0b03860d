//! `bellwether plugin`: for those who write checks and hooks.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

mod grants;
mod new;
mod question;
mod run;
mod tell;
mod test;
#[cfg(test)]
mod tests;

#[derive(Debug, Args)]
pub(super) struct Plugin {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a plugin of your own, from a skeleton that works
    New(New),
    /// Tell in words what a plugin does and needs
    Check {
        /// .lua or .wasm
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Run a plugin once, here, with the rights of who types this
    Run(run::Run),
    /// Run a plugin's own tests: NAME.test.toml beside it says what the world answers, and what is wanted then
    Test(test::Test),
    /// List the plugins inside this program, with their parameters
    List,
}

#[derive(Debug, Args)]
struct New {
    /// What it is written in
    language: Language,
    /// Its name; the file or directory is called so
    name: String,
    /// What it does
    #[arg(long, value_enum, default_value_t)]
    kind: Kind,
    /// Where it is put
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// One file, no compiler
    Lua,
    /// A WebAssembly component
    Rust,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Asks whether a real server, or this node, is well
    #[default]
    Check,
    /// Acts when an instance or group changes its state
    Hook,
    /// Holds something while an instance or group is Master
    Resource,
}

impl Plugin {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let (text, code) = self.outcome()?;
        print!("{text}");
        Ok(ExitCode::from(code))
    }

    /// What is printed, and the exit code.
    fn outcome(&self) -> anyhow::Result<(String, u8)> {
        match &self.command {
            Command::New(new) => Ok((new::make(new.language, new.kind, &new.name, &new.dir)?, 0)),
            Command::Check { files } => {
                let mut all = (String::new(), 0);
                for file in files {
                    match tell::describe(file) {
                        Ok(text) => all.0 += &text,
                        Err(error) => all = (format!("{}{error:#}\n", all.0), 2),
                    }
                }
                Ok(all)
            }
            Command::Run(run) => run.run(),
            Command::Test(test) => test.run(),
            Command::List => Ok((tell::list(), 0)),
        }
    }
}

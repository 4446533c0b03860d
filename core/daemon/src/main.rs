//! The program `bellwether`.

use std::process::ExitCode;

fn main() -> ExitCode {
    daemon::cli::main()
}

//! Commands. Somebody with more rights runs them: this room asks. The same somebody binds sockets.

use std::os::fd::OwnedFd;
use std::time::Duration;

use futures_util::future::BoxFuture;
use model::link::{ExecOutcome, SocketKind};
use model::net::Family;
use model::plan::Via;

use crate::error::{Code, Error};
use crate::grant;
use crate::host::Call;

/// Bytes of standard output that a plugin gets.
pub const OUTPUT_MAX: u32 = 16 << 10;
/// Arguments, and bytes in all of them.
const ARGV_MAX: usize = 256;
const ARGV_BYTES_MAX: usize = 32 << 10;

/// Does what the worker has no right to: runs granted commands, and opens sockets that checks bind. The refusal of one is in
/// words.
pub trait Broker: Send + Sync {
    /// Runs `argv`, ends it after `timeout` and keeps the first `output_max` bytes of its standard output.
    fn run(
        &self,
        argv: Vec<String>,
        timeout: Duration,
        output_max: u32,
    ) -> BoxFuture<'static, Result<ExecOutcome, String>>;

    /// Opens a socket that leaves by `via`, and connects it to nothing.
    fn open(&self, _: SocketKind, _: Family, via: Via) -> BoxFuture<'static, Result<OwnedFd, String>> {
        let why = format!("nobody here binds sockets that leave {via}");
        Box::pin(std::future::ready(Err(why)))
    }
}

impl Call {
    /// Runs a granted command. That it failed or was ended for its time is an outcome, not an error.
    pub async fn run(&self, argv: Vec<String>, timeout: Option<Duration>) -> Result<ExecOutcome, Error> {
        if argv.len() > ARGV_MAX || argv.iter().map(String::len).sum::<usize>() > ARGV_BYTES_MAX {
            return Err(Error::new(
                Code::TooLarge,
                format_args!("a command has at most {ARGV_MAX} arguments and {ARGV_BYTES_MAX} bytes"),
            ));
        }
        if argv.iter().any(|argument| argument.contains('\0')) {
            return Err(Error::invalid("an argument of the command holds a NUL byte"));
        }
        let shown = || format!("process.run {}", argv.join(" "));
        let ended = |outcome: &ExecOutcome| match (outcome.timed_out, outcome.code, outcome.signal) {
            (true, ..) => "timed out".to_owned(),
            (false, Some(code), _) => format!("exit code {code}"),
            (false, None, signal) => format!("signal {}", signal.unwrap_or_default()),
        };
        self.traced(shown, ended, self.run_granted(argv.clone(), timeout))
            .await
    }

    async fn run_granted(&self, argv: Vec<String>, timeout: Option<Duration>) -> Result<ExecOutcome, Error> {
        grant::exec(&self.host.grants, &argv)?;
        let what = argv.first().cloned().unwrap_or_default();
        let timeout = timeout.map_or(self.remaining(), |own| own.min(self.remaining()));
        // The broker ends the command a little before the run is ended, so that the plugin hears of it.
        let timeout = timeout.saturating_sub(timeout / 20);
        let run = self.host.services.broker.run(argv, timeout, OUTPUT_MAX);
        let work = async {
            run.await
                .map_err(|why| Error::new(Code::Io, format_args!("{what}: {why}")))
        };
        self.within(None, || what.clone(), work).await
    }
}

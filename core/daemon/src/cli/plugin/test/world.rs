//! A world that answers as a test says.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::bail;
use futures_util::future::BoxFuture;
use hostcall::log::Level;
use model::link::ExecOutcome;
use plugin::{Broker, Observer};

use super::case::{Program, Script, Step};

/// How long a server waits for what it expects.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most that it hears of one who does not say it.
const HEARD_MAX: usize = 1 << 20;

/// A server on loopback.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    /// Serves until it is over, and says what was not as scripted; there is none where nobody listens.
    serving: Option<(JoinHandle<Vec<String>>, Arc<AtomicBool>)>,
}

impl Server {
    pub(super) fn start(script: &Script) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let serving = match script {
            // Nobody listens there once the listener is gone.
            Script::Word(word) if word == "refused" => None,
            Script::Word(word) => bail!("server = {word:?} is neither \"refused\" nor a list of steps"),
            Script::Steps(steps) => {
                let (steps, is_over) = (steps.clone(), Arc::new(AtomicBool::new(false)));
                let end = Arc::clone(&is_over);
                let thread = std::thread::spawn(move || serve(&listener, &steps, &end));
                Some((thread, is_over))
            }
        };
        Ok(Self { address, serving })
    }

    /// Ends it, and says what was not as scripted.
    pub(super) fn misheard(self) -> Vec<String> {
        let Some((thread, is_over)) = self.serving else {
            return Vec::new();
        };
        is_over.store(true, Ordering::SeqCst);
        // Wakes it; whoever came before has been taken by then.
        let _ = TcpStream::connect(self.address);
        thread.join().unwrap_or_default()
    }
}

fn serve(listener: &TcpListener, steps: &[Step], is_over: &AtomicBool) -> Vec<String> {
    std::thread::scope(|scope| {
        let mut plays = Vec::new();
        for stream in listener.incoming().flatten() {
            if is_over.load(Ordering::SeqCst) {
                break;
            }
            plays.push(scope.spawn(move || play(stream, steps)));
        }
        let ended = plays.into_iter().filter_map(|play| play.join().ok());
        ended.filter_map(Result::err).collect()
    })
}

/// Does all steps, then waits until the other side is done. Who leaves early is no mistake, but who says something else
/// is.
fn play(mut stream: TcpStream, steps: &[Step]) -> Result<(), String> {
    // Without a bound it would only wait longer.
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let mut heard = Vec::new();
    for step in steps {
        match step {
            Step::Send(text) => {
                if stream.write_all(text.as_bytes()).is_err() {
                    return Ok(());
                }
            }
            Step::Expect(wanted) => expect(&mut stream, wanted, &mut heard)?,
        }
    }
    let _ = stream.shutdown(std::net::Shutdown::Write);
    // What else it says is nobody's business.
    let _ = std::io::copy(&mut stream.take(HEARD_MAX as u64), &mut std::io::sink());
    Ok(())
}

/// Reads until `wanted` has come; what comes after it is left for the next step.
fn expect(stream: &mut TcpStream, wanted: &str, heard: &mut Vec<u8>) -> Result<(), String> {
    let wanted = wanted.as_bytes();
    let mut piece = [0; 4096];
    loop {
        if let Some(at) = heard.windows(wanted.len().max(1)).position(|part| part == wanted) {
            heard.drain(..at + wanted.len());
            return Ok(());
        }
        let count = stream.read(&mut piece).unwrap_or(0);
        if count == 0 || heard.len() > HEARD_MAX {
            let (wanted, heard) = (String::from_utf8_lossy(wanted), String::from_utf8_lossy(heard));
            return Err(format!("the server waited for {wanted:?} and heard {heard:?}"));
        }
        heard.extend_from_slice(piece.get(..count).unwrap_or_default());
    }
}

/// Programs that do what is written of them.
pub(super) struct Scripted(pub(super) Vec<Program>);

impl Broker for Scripted {
    fn run(
        &self,
        argv: Vec<String>,
        _: Duration,
        most: u32,
    ) -> BoxFuture<'static, Result<ExecOutcome, String>> {
        let found = self.0.iter().find(|program| program.command == argv);
        let outcome = found.map(|program| {
            let mut stdout = program.stdout.clone().into_bytes();
            stdout.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            ExecOutcome {
                code: Some(program.code),
                signal: None,
                timed_out: false,
                stdout,
                took: Duration::ZERO,
            }
        });
        Box::pin(std::future::ready(
            outcome.ok_or_else(|| format!("the test does not say what {argv:?} does")),
        ))
    }
}

/// What a plugin wrote to the log.
#[derive(Default)]
pub(super) struct Heard(Mutex<Vec<String>>);

impl Heard {
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0))
    }
}

impl Observer for Heard {
    fn called(&self, _: &str, _: &str, _: Duration) {}

    fn logged(&self, _: Level, message: &str) {
        lock(&self.0).push(message.to_owned());
    }

    fn failed(&self, _: &str) {}
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Each change is one push or take.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

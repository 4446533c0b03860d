//! A platform with real commands, and servers on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use hostcall::{Broker, Roots};
use model::ids::{AskId, HookId, StepId};
use model::link::{ExecOutcome, HookCall, HookEvent, Step, StepCall};
use model::plan::{ExecGrant, Grants, Limits, NetGrant, Phase, PluginPlan, PluginSource, SecretSource, Via};
use model::probe::{Ask, Subject, Verdict};
use model::status::PluginStatus;
use model::transition::State;
use model::value::{Parameters, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use crate::{Options, Platform};

pub(super) const PROBE_LUA: &str = include_str!("probe.lua");
/// Longest wait for anything here; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// Both runtimes: the file of the probe and its bytes.
pub(super) fn probes() -> [(&'static str, Vec<u8>); 2] {
    [("probe.lua", PROBE_LUA.into()), ("probe.wasm", guest("probe"))]
}

/// A component built by sdk/build-guest.
pub(super) fn guest(name: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("BELLWETHER_GUESTS").map_or_else(
        || {
            std::env::var_os("CARGO_TARGET_DIR")
                .map_or_else(|| root.join("target"), PathBuf::from)
                .join("guests")
        },
        PathBuf::from,
    );
    let path = folder.join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "cannot read {}: {error}; build it with `sdk/build-guest`, or set BELLWETHER_GUESTS",
            path.display()
        )
    })
}

/// Runs commands as this user.
struct Here;

impl Broker for Here {
    fn run(
        &self,
        argv: Vec<String>,
        timeout: Duration,
        output_max: u32,
    ) -> BoxFuture<'static, Result<ExecOutcome, String>> {
        Box::pin(async move {
            let began = Instant::now();
            let mut command = tokio::process::Command::new(&argv[0]);
            command.args(&argv[1..]).stdout(Stdio::piped()).kill_on_drop(true);
            let child = command.spawn().map_err(|error| error.to_string())?;
            match tokio::time::timeout(timeout, child.wait_with_output()).await {
                Err(_) => Ok(ExecOutcome {
                    code: None,
                    signal: Some(9),
                    timed_out: true,
                    stdout: Vec::new(),
                    took: began.elapsed(),
                }),
                Ok(output) => {
                    let output = output.map_err(|error| error.to_string())?;
                    let mut stdout = output.stdout;
                    stdout.truncate(output_max as usize);
                    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
                    let code = output.status.code();
                    Ok(ExecOutcome {
                        code,
                        signal,
                        timed_out: false,
                        stdout,
                        took: began.elapsed(),
                    })
                }
            }
        })
    }
}

/// Whether the test of this name has a process to itself. When it has not, it is run again in one of its own first:
/// what a process holds says nothing while other tests are in it.
pub(super) fn is_alone(test: &str) -> bool {
    const ALONE: &str = "BELLWETHER_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("Linux knows what it runs");
    let mut command = std::process::Command::new(program);
    let output = command
        .args(["--exact", test, "--test-threads", "1"])
        .env(ALONE, "1")
        .output();
    let output = output.expect("it was started before");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    assert!(said.contains("1 passed"), "no test is named {test}: {said}");
    false
}

pub(super) fn platform() -> Platform {
    Platform::start(
        Arc::new(Here),
        Options {
            threads: 2,
            roots: Roots::from_der([]),
            observer: None,
        },
    )
}

/// A plugin from a file that may reach its target and run echo and sh. A component that can ask for secrets and units
/// has to be granted some.
pub(super) fn plan(name: &str, file: &str) -> PluginPlan {
    let program = |program: &str| ExecGrant {
        argv: vec![program.to_owned()],
        any_arguments: true,
        user: None,
    };
    PluginPlan {
        name: name.into(),
        source: PluginSource::File(file.into()),
        grants: Grants {
            net: vec![NetGrant::Target],
            exec: vec![program("/bin/echo"), program("/bin/sh")],
            read: vec!["/proc".into()],
            secret: [("unused".to_owned(), SecretSource::File("/unused".into()))].into(),
            units: vec!["unused.service".to_owned()],
        },
        // Processor time is dear where tests run side by side in a debug build.
        limits: Limits {
            cpu: Duration::from_millis(500),
            ..Limits::default()
        },
    }
}

pub(super) fn ask(plugin: &str, target: Option<SocketAddr>, parameters: Parameters) -> Ask {
    Ask {
        id: AskId(7),
        subject: Subject::Tracker("tested".into()),
        plugin: plugin.into(),
        target,
        via: Via::default(),
        parameters,
        timeout: PATIENCE,
    }
}

pub(super) fn act(words: &str) -> Parameters {
    Parameters::from([("act".to_owned(), Value::from(words))])
}

/// A platform with one plugin, ready.
pub(super) async fn loaded(file: &str, bytes: Vec<u8>) -> Platform {
    let platform = platform();
    platform.set_plugins(vec![plan("it", file)]);
    platform.set_code("it".into(), Ok(bytes));
    let status = settled(&platform, |status| {
        status.generation > 0 || status.error.is_some()
    })
    .await;
    assert_eq!(status.error, None);
    platform
}

/// Waits until the status of the only plugin is so.
pub(super) async fn settled(platform: &Platform, wanted: impl Fn(&PluginStatus) -> bool) -> PluginStatus {
    let mut changes = platform.changes();
    let found = async {
        loop {
            changes.mark_unchanged();
            let status = platform.status().into_iter().next().expect("one plugin");
            if wanted(&status) {
                return status;
            }
            changes.changed().await.expect("the platform lives");
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("it settles")
}

/// What loading these bytes says.
pub(super) async fn load_error(file: &str, bytes: &[u8]) -> String {
    let platform = platform();
    platform.set_plugins(vec![plan("it", file)]);
    platform.set_code("it".into(), Ok(bytes.to_vec()));
    let status = settled(&platform, |status| {
        status.generation > 0 || status.error.is_some()
    })
    .await;
    status.error.expect("it is refused")
}

/// Asks the only plugin to act.
pub(super) async fn does(platform: &Platform, target: Option<SocketAddr>, words: &str) -> Verdict {
    platform.ask(ask("it", target, act(words))).await
}

/// Answers each client with `answer` after `greeting`; what was heard.
pub(super) async fn server(
    greeting: &'static str,
    answer: &'static str,
) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("loopback");
    let address = listener.local_addr().expect("bound");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let all = Arc::clone(&all);
            tokio::spawn(async move {
                // A client that goes away early is one of the cases.
                let _ = stream.write_all(greeting.as_bytes()).await;
                let mut bytes = vec![0; 4096];
                let mut length = 0;
                while let Ok(count @ 1..) = stream.read(&mut bytes[length..]).await {
                    length += count;
                    let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                    if text == "ping\r\n" || is_whole(&text) {
                        all.lock().expect("no panic").push(text);
                        // As above.
                        let _ = stream.write_all(answer.as_bytes()).await;
                        return;
                    }
                }
            });
        }
    });
    (address, heard)
}

/// Answers whoever begins to speak HTTP/2 with a status of 200, a body and the trailer `grpc-status` (RFC 9113 §4.1,
/// RFC 7541 §6.2.2).
pub(super) async fn http2_server(body: &[u8], code: &str) -> SocketAddr {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = u8::try_from(payload.len()).expect("a short payload");
        [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
    };
    let name = b"\0\x0bgrpc-status";
    let length = [u8::try_from(code.len()).expect("a short code")];
    let trailers = [name, &length[..], code.as_bytes()].concat();
    let answer = [
        frame(4, 0, 0, b""),
        frame(1, 4, 1, b"\x08\x03200"),
        frame(0, 0, 1, body),
        frame(1, 5, 1, &trailers),
    ];
    let answer = answer.concat();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                let mut heard = Vec::new();
                // The request has to be there before its answer: frame 1 of the client on stream 1.
                while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                    heard.extend_from_slice(&bytes[..count]);
                    if heard.windows(6).any(|six| matches!(six, [1, _, 0, 0, 0, 1])) {
                        // A client that goes away early is one of the cases.
                        let _ = stream.write_all(&answer).await;
                    }
                }
            });
        }
    });
    address
}

/// Answers datagrams: a question of DNS with one address, anything else with itself.
pub(super) async fn udp_server() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback");
    let address = socket.local_addr().expect("bound");
    tokio::spawn(async move {
        let mut bytes = [0; 512];
        while let Ok((count, from)) = socket.recv_from(&mut bytes).await {
            let mut answer = bytes[..count].to_vec();
            if count > 12 {
                answer[2..4].copy_from_slice(&[0x85, 0x80]);
                answer[7] = 1;
                answer.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01");
            }
            // Whoever asked may be gone.
            let _ = socket.send_to(&answer, from).await;
        }
    });
    address
}

/// Whether an HTTP request is there with its body.
fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().expect("hyper writes a number"))
}

/// A transition to Master.
pub(super) fn hook(plugin: &str, parameters: Parameters) -> HookCall {
    HookCall {
        id: HookId(1),
        plugin: plugin.into(),
        parameters,
        timeout: PATIENCE,
        event: HookEvent {
            is_group: false,
            name: "web".to_owned(),
            phase: Phase::Master,
            previous: State::Backup,
            cause: "the Master was silent for 3s".to_owned(),
            priority: 150,
            interface: "eth0".to_owned(),
            addresses: vec!["192.0.2.1/24".parse().expect("a network")],
        },
    }
}

/// A step of a resource of the instance that [`hook`] tells of.
pub(super) fn step(plugin: &str, step: Step, parameters: Parameters) -> StepCall {
    StepCall {
        id: StepId(9),
        plugin: plugin.into(),
        parameters,
        timeout: PATIENCE,
        step,
        event: hook(plugin, Parameters::new()).event,
    }
}

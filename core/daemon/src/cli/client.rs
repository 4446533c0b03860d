//! Speaks to a running daemon through its control socket.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

/// Largest answer, in bytes.
const ANSWER_MAX: usize = 64 << 20;

/// Asks the daemon, and gives its answer.
pub(super) fn ask(socket: &Path, method: Method, door: &str) -> anyhow::Result<(StatusCode, Value)> {
    ask_with(socket, method, door, &Value::Null)
}

/// The same, with a body unless it is null.
pub(super) fn ask_with(
    socket: &Path,
    method: Method,
    door: &str,
    body: &Value,
) -> anyhow::Result<(StatusCode, Value)> {
    let (status, answer) = exchange(socket, method, door, body)?;
    let value = serde_json::from_slice(&answer).context("the answer is not JSON")?;
    Ok((status, value))
}

/// The daemon's answer as it came.
pub(super) fn exchange(
    socket: &Path,
    method: Method,
    door: &str,
    body: &Value,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stream = UnixStream::connect(socket).await.with_context(|| {
            format!(
                "cannot reach a daemon at {}; is it running, and are you its owner?",
                socket.display()
            )
        })?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = hyper::Request::builder()
            .method(method)
            .uri(door)
            .header("host", "bellwether")
            .header("content-type", "application/json");
        let answer = sender
            .send_request(request.body(Full::new(Bytes::from(body)))?)
            .await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_MAX)
            .collect()
            .await
            .map_err(anyhow::Error::from_boxed)?;
        connection.abort();
        Ok((status, body.to_bytes()))
    })
}

/// `bellwether reload`: exit code 0 when the configuration is served now, 2 when it has mistakes.
pub(super) fn reload(socket: &Path) -> anyhow::Result<ExitCode> {
    let (status, answer) = ask(socket, Method::POST, "/v1/reload")?;
    let text = answer.get("text").and_then(Value::as_str).unwrap_or_default();
    match status {
        StatusCode::OK => {
            print!("{text}");
            Ok(ExitCode::SUCCESS)
        }
        StatusCode::UNPROCESSABLE_ENTITY => {
            eprint!("{text}");
            eprintln!("nothing is changed");
            Ok(ExitCode::from(2))
        }
        other => bail!("the daemon says {other}: {answer}"),
    }
}

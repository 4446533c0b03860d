//! The control socket: HTTP/1.1 with JSON, so that `curl --unix-socket` works. Only its owner may connect.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use linux::clock;
use model::status::DaemonStatus;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::UnixListener;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::Event;
use super::configuration::ReloadResult;
use super::metrics::{CONTENT_TYPE, Kept};

/// What can be asked of the router.
#[derive(Debug)]
pub(super) enum Request {
    Status(oneshot::Sender<DaemonStatus>),
    Reload(oneshot::Sender<ReloadResult>),
    /// Take what is meant out of the table, or in again.
    Hold(Hold, oneshot::Sender<Result<Held, String>>),
}

/// An order by hand.
#[derive(Debug)]
pub(super) struct Hold {
    /// `SERVICE` or `SERVICE/SERVER`.
    pub(super) target: String,
    /// Out, or in again.
    pub(super) out: bool,
}

/// What an order was understood as, in the words of the status.
#[derive(Debug, Serialize)]
pub(super) struct Held {
    pub(super) service: String,
    pub(super) servers: Vec<String>,
}

/// Body of an order.
#[derive(Debug, Deserialize)]
struct Order {
    target: String,
}

type Answer = (StatusCode, Json<Value>);

/// Starts to serve.
pub(super) fn start(path: &Path, events: mpsc::Sender<Event>) -> anyhow::Result<()> {
    let listener =
        bind(path).with_context(|| format!("cannot open the control socket {}", path.display()))?;
    let kept = Arc::new(Mutex::new(Kept::default()));
    let doors = axum::Router::new()
        .route("/metrics", get(move |events| metrics(events, kept)))
        .route("/v1/status", get(status))
        .route("/v1/reload", post(reload))
        .route("/v1/drain", post(|events, order| hold(events, order, true)))
        .route("/v1/enable", post(|events, order| hold(events, order, false)))
        .fallback(unknown)
        .with_state(events);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, doors).await {
            tracing::error!(%error, "the control socket is closed");
        }
    });
    Ok(())
}

fn bind(path: &Path) -> anyhow::Result<UnixListener> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    if UnixStream::connect(path).is_ok() {
        bail!("another daemon serves it; stop that one, or choose another with --socket");
    }
    match fs::symlink_metadata(path) {
        Ok(left) if left.file_type().is_socket() => fs::remove_file(path)?,
        Ok(_) => bail!("something else is there; remove it, or choose another with --socket"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn status(State(events): State<mpsc::Sender<Event>>) -> Answer {
    match ask(&events, Request::Status).await {
        Some(status) => match serde_json::to_value(status) {
            Ok(status) => (StatusCode::OK, Json(status)),
            Err(error) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                Json(json!({ "error": error.to_string() })),
            ),
        },
        None => gone(),
    }
}

/// Who asks while a page is being made waits for that one.
async fn metrics(State(events): State<mpsc::Sender<Event>>, kept: Arc<Mutex<Kept>>) -> Response {
    let mut kept = kept.lock().await;
    let page = match kept.fresh() {
        Some(page) => page,
        None => {
            let asked = clock::now();
            let Some(status) = ask(&events, Request::Status).await else {
                return gone().into_response();
            };
            kept.make(&status, asked)
        }
    };
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], page.to_string()).into_response()
}

async fn reload(State(events): State<mpsc::Sender<Event>>) -> Answer {
    match ask(&events, Request::Reload).await {
        Some(ReloadResult { accepted, text }) => {
            let code = if accepted {
                StatusCode::OK
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            (code, Json(json!({ "accepted": accepted, "text": text })))
        }
        None => gone(),
    }
}

async fn hold(
    State(events): State<mpsc::Sender<Event>>,
    Json(Order { target }): Json<Order>,
    out: bool,
) -> Answer {
    match ask(&events, |reply| Request::Hold(Hold { target, out }, reply)).await {
        Some(Ok(held)) => (StatusCode::OK, Json(json!(held))),
        Some(Err(why)) => (StatusCode::NOT_FOUND, Json(json!({ "error": why }))),
        None => gone(),
    }
}

async fn unknown() -> Answer {
    let doors = "there is GET /v1/status and /metrics, and POST /v1/reload, /v1/drain and /v1/enable";
    (StatusCode::NOT_FOUND, Json(json!({ "error": doors })))
}

fn gone() -> Answer {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        Json(json!({ "error": "the daemon is stopping" })),
    )
}

async fn ask<T>(
    events: &mpsc::Sender<Event>,
    request: impl FnOnce(oneshot::Sender<T>) -> Request,
) -> Option<T> {
    let (reply, answer) = oneshot::channel();
    events.send(Event::Control(request(reply))).await.ok()?;
    answer.await.ok()
}

//! HTTP/1.1 (RFC 9112), by hyper.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::HeaderMap;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::{Answer, Body, HEAD_MAX, HEADERS_MAX, drive};
use crate::error::{Code, Error};
use crate::tcp::Stream;

/// Asks `peer` and reads its answer, `max` bytes of the body at most.
pub(super) async fn exchange(
    stream: Stream,
    outgoing: hyper::Request<Bytes>,
    max: usize,
    peer: &str,
) -> Result<Answer, Error> {
    let handshake = http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_MAX)
        .handshake::<_, Full<Bytes>>(TokioIo::new(stream));
    let (mut sender, driver) = handshake.await.map_err(|error| protocol(peer, &error))?;
    let work = async {
        let answer = sender.send_request(outgoing.map(Full::new)).await;
        let answer = answer.map_err(|error| protocol(peer, &error))?;
        let head_at = Instant::now();
        let (head, body) = answer.into_parts();
        let (body, trailers) = read_body(body, max).await?;
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            head_at,
            body,
            trailers,
        })
    };
    drive(driver, work).await
}

/// The first `max` bytes, and what stood after them. What is past them is not waited for.
async fn read_body(mut incoming: Incoming, max: usize) -> Result<(Body, HeaderMap), Error> {
    let (mut body, mut trailers) = (Body::default(), HeaderMap::new());
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| protocol("reading the body", &error))?;
        match frame.into_data() {
            Ok(data) => {
                if !body.keep(&data, max) {
                    break;
                }
            }
            Err(other) => trailers.extend(other.into_trailers().unwrap_or_default()),
        }
    }
    Ok((body, trailers))
}

fn protocol(what: &str, error: &hyper::Error) -> Error {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    if let Some(cause) = cause {
        return Error::from_io(what, cause);
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Error::new(
            Code::Closed,
            format_args!("{what}: the server closed the connection without an answer"),
        );
    }
    if error.is_parse() {
        return Error::new(
            Code::Protocol,
            format_args!("{what}: the answer is not HTTP: {error}"),
        );
    }
    Error::new(Code::Protocol, format_args!("{what}: {error}"))
}

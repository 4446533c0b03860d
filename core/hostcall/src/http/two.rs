//! HTTP/2 (RFC 9113), by h2: without a task of its own, so that whoever drops the exchange closes the connection.

use bytes::Bytes;
use h2::client;
use hyper::Uri;
use hyper::header::{HOST, HeaderMap};
use tokio::time::Instant;

use super::{Answer, BODY_MAX, Body, HEAD_MAX, Place, drive};
use crate::error::{Code, Error};
use crate::tcp::Stream;

/// Its name for ALPN.
pub(super) const ALPN: &str = "h2";

/// Asks `peer` and reads its answer, `max` bytes of the body at most.
pub(super) async fn exchange(
    stream: Stream,
    outgoing: hyper::Request<Bytes>,
    place: &Place,
    max: usize,
    peer: &str,
) -> Result<Answer, Error> {
    let told = |error: h2::Error| protocol(peer, &error);
    let (outgoing, sent) = absolute(outgoing, place)?;
    // What waits here before it is read: about as much as is kept.
    let window = u32::try_from(BODY_MAX).expect("a body's bound fits");
    let handshake = client::Builder::new()
        .enable_push(false)
        .initial_window_size(window)
        .initial_connection_window_size(window)
        .max_header_list_size(u32::try_from(HEAD_MAX).expect("a head's bound fits"))
        .max_send_buffer_size(BODY_MAX)
        .handshake::<_, Bytes>(stream);
    let (sender, driver) = handshake.await.map_err(told)?;
    let work = async {
        let mut sender = sender.ready().await.map_err(told)?;
        let (answer, mut body) = sender.send_request(outgoing, sent.is_empty()).map_err(told)?;
        if !sent.is_empty() {
            body.send_data(sent, true).map_err(told)?;
        }
        let (head, mut incoming) = answer.await.map_err(told)?.into_parts();
        let head_at = Instant::now();
        let mut body = Body::default();
        while let Some(data) = incoming.data().await {
            let data = data.map_err(told)?;
            if !body.keep(&data, max) {
                break;
            }
            incoming
                .flow_control()
                .release_capacity(data.len())
                .map_err(told)?;
        }
        let trailers = if body.truncated {
            None
        } else {
            incoming.trailers().await.map_err(told)?
        };
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            head_at,
            body,
            trailers: trailers.unwrap_or_else(HeaderMap::new),
        })
    };
    drive(driver, work).await
}

/// The request with a whole URI in place of its Host header (RFC 9113 §8.3.1), and its body.
fn absolute(mut request: hyper::Request<Bytes>, place: &Place) -> Result<(hyper::Request<()>, Bytes), Error> {
    let host = request.headers_mut().remove(HOST);
    let host = host
        .as_ref()
        .and_then(|host| host.to_str().ok())
        .unwrap_or(&place.authority);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let uri = Uri::builder()
        .scheme(if place.tls { "https" } else { "http" })
        .authority(host)
        .path_and_query(path)
        .build();
    let uri = uri.map_err(|error| Error::invalid(format_args!("{host:?} is no host of a URL: {error}")))?;
    *request.uri_mut() = uri;
    let (parts, body) = request.into_parts();
    Ok((hyper::Request::from_parts(parts, ()), body))
}

fn protocol(peer: &str, error: &h2::Error) -> Error {
    if let Some(cause) = error.get_io() {
        return Error::from_io(peer, cause);
    }
    if let Some(reason) = error.reason().filter(|_| error.is_remote()) {
        return Error::new(
            Code::Closed,
            format_args!("{peer}: the server ends it: {}", reason.description()),
        );
    }
    Error::new(
        Code::Protocol,
        format_args!("{peer}: the answer is not HTTP/2: {error}"),
    )
}

#[cfg(test)]
mod tests;

//! HTTP/1.1, one request on one fresh connection: what a check wants to know is whether a new client would be served.
//! Redirects are not followed: that a server redirects is its answer.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Uri};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::certificate::Certificate;
use crate::error::{Code, Error};
use crate::host::Call;
use crate::tls::TlsOptions;

mod redirect;

/// Most bytes kept of a response's body, and most bytes of a request's.
pub const BODY_MAX: usize = 64 << 10;
/// Most redirects that are followed.
pub const REDIRECTS_MAX: u32 = 5;
/// Most headers either way.
const HEADERS_MAX: usize = 100;
/// Most bytes of a response's head.
const HEAD_MAX: usize = 64 << 10;

/// What to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// GET when absent.
    pub method: Option<String>,
    /// `http://` or `https://`.
    pub url: String,
    /// Sent as they are; a `Host` here replaces the URL's.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Its own longest time.
    pub timeout: Option<Duration>,
    /// Where to connect instead of the URL's host and port, which still give `Host` and SNI.
    pub connect_to: Option<(String, u16)>,
    /// A unix socket to connect to instead.
    pub unix: Option<PathBuf>,
    /// Most redirects that are followed, at most [`REDIRECTS_MAX`].
    pub redirects: u32,
    /// TLS, when the URL is `https`.
    pub tls: TlsOptions,
    /// Bytes of the body that are kept; [`BODY_MAX`] when absent.
    pub max_body: Option<usize>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers in the order they came, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The beginning of the body.
    pub body: Vec<u8>,
    /// Whether the body was longer.
    pub truncated: bool,
    /// How long each phase took.
    pub timings: Timings,
    /// The server's, over TLS.
    pub certificate: Option<Certificate>,
}

/// How long each phase took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Name and connection.
    pub connect: Duration,
    /// TLS handshake, when there was one.
    pub tls: Option<Duration>,
    /// From the request to the head of the response.
    pub first_byte: Duration,
    /// All of it.
    pub total: Duration,
}

impl Call {
    /// Asks and reads the answer.
    pub async fn http(&self, request: Request) -> Result<Response, Error> {
        let (own, what) = (request.timeout, request.url.clone());
        let method = request.method.as_deref().unwrap_or("GET");
        let shown = format!("http.send {method} {what}");
        let status =
            |response: &Response| format!("status {}, {} bytes", response.status, response.body.len());
        let work = self.within(own, || what, self.follow(request));
        self.traced(|| shown, status, work).await
    }

    async fn exchange(&self, request: Request) -> Result<Response, Error> {
        let began = Instant::now();
        let place = Place::parse(&request.url)?;
        let max_body = request.max_body.unwrap_or(BODY_MAX).min(BODY_MAX);
        let (host, port) = request
            .connect_to
            .clone()
            .unwrap_or_else(|| (place.host.clone(), place.port));
        let unix = request.unix.clone();
        let mut options = request.tls.clone();
        options.server_name.get_or_insert_with(|| place.host.clone());
        let outgoing = build(request, &place)?;

        let mut connection = match unix {
            Some(path) => self.open_unix(&path, None).await?,
            None => self.open(&host, port, None).await?,
        };
        let connect = began.elapsed();
        let tls = if place.tls {
            let before = Instant::now();
            connection.handshake(self, &options).await?;
            Some(before.elapsed())
        } else {
            None
        };

        let certificate = connection.certificate();
        let (stream, _permit) = connection.into_stream()?;
        let asked = Instant::now();
        let handshake = http1::Builder::new()
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_MAX)
            .handshake::<_, Full<Bytes>>(TokioIo::new(stream));
        let (mut sender, driver) = handshake
            .await
            .map_err(|error| protocol(&what(&host, port), &error))?;
        let work = async {
            let answer = sender.send_request(outgoing).await;
            let answer = answer.map_err(|error| protocol(&what(&host, port), &error))?;
            let first_byte = asked.elapsed();
            let (head, body) = answer.into_parts();
            let (body, truncated) = read_body(body, max_body).await?;
            let headers = head
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
            Ok(Response {
                status: head.status.as_u16(),
                headers: headers.collect(),
                body,
                truncated,
                timings: Timings {
                    connect,
                    tls,
                    first_byte,
                    total: began.elapsed(),
                },
                certificate,
            })
        };
        drive(driver, work).await
    }
}

/// Where a URL points.
struct Place {
    uri: Uri,
    tls: bool,
    host: String,
    port: u16,
    authority: String,
}

impl Place {
    fn parse(url: &str) -> Result<Self, Error> {
        let bad = |why: &str| Error::invalid(format_args!("{url:?} is no URL for http: {why}"));
        let uri: Uri = url.parse().map_err(|error| bad(&format!("{error}")))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(bad("it does not begin with http:// or https://")),
        };
        let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("user and password are not taken; use a header"));
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        if host.is_empty() {
            return Err(bad("it has no host"));
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let authority = authority.to_string();
        Ok(Self {
            uri,
            tls,
            host,
            port,
            authority,
        })
    }
}

fn build(request: Request, place: &Place) -> Result<hyper::Request<Full<Bytes>>, Error> {
    if request.body.len() > BODY_MAX || request.headers.len() > HEADERS_MAX {
        let message = format!("a request has at most {HEADERS_MAX} headers and {BODY_MAX} bytes of body");
        return Err(Error::new(Code::TooLarge, message));
    }
    let method = request.method.as_deref().unwrap_or("GET");
    let method: Method = method
        .parse()
        .map_err(|_| Error::invalid(format_args!("{method:?} is no method of HTTP")))?;
    let path = place.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut outgoing = hyper::Request::new(Full::new(Bytes::from(request.body)));
    *outgoing.method_mut() = method;
    *outgoing.uri_mut() = path
        .parse()
        .map_err(|error| Error::invalid(format_args!("{path:?} is no path: {error}")))?;
    let headers = outgoing.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static("bellwether"));
    let authority = HeaderValue::from_str(&place.authority);
    headers.insert(
        HOST,
        authority.map_err(|_| Error::invalid("the URL's host cannot stand in a header"))?,
    );
    for (name, value) in request.headers {
        let bad = || Error::invalid(format_args!("{name:?}: {value:?} is no header of HTTP"));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        let content = HeaderValue::from_str(&value).map_err(|_| bad())?;
        if key == HOST || key == USER_AGENT {
            headers.insert(key, content);
        } else {
            headers.append(key, content);
        }
    }
    Ok(outgoing)
}

/// The first `max` bytes, and whether there were more. What is past them is not waited for.
async fn read_body(mut body: Incoming, max: usize) -> Result<(Vec<u8>, bool), Error> {
    let mut kept = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| protocol("reading the body", &error))?;
        let Some(data) = frame.data_ref() else { continue };
        let room = max - kept.len();
        kept.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
        if data.len() > room {
            return Ok((kept, true));
        }
    }
    Ok((kept, false))
}

/// `work`, with the connection's machine turned beside it. No task: whoever drops this closes the connection.
async fn drive<T, E>(
    driver: impl Future<Output = Result<(), E>>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match select(pin!(driver), pin!(work)).await {
        // The connection is over; what it brought is still with the work.
        Either::Left((_, work)) => work.await,
        Either::Right((result, _)) => result,
    }
}

fn what(host: &str, port: u16) -> String {
    format!("{host} port {port}")
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

#[cfg(test)]
mod tests;

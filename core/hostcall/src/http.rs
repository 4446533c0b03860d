//! HTTP/1.1 or HTTP/2, one request on one fresh connection: what a check wants to know is whether a new client would be
//! served. Redirects are followed when asked for: that a server redirects is its answer.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Uri};
use tokio::time::Instant;

use crate::certificate::Certificate;
use crate::error::{Code, Error};
use crate::host::Call;
use crate::tls::TlsOptions;

mod one;
mod redirect;
mod two;

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
    /// HTTP/2: chosen by ALPN over `https`, spoken at once over `http` (RFC 9113 §3.2, §3.3).
    pub http2: bool,
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
    /// Fields after the body (RFC 9110 §6.5), as the headers; none when it was longer.
    pub trailers: Vec<(String, Vec<u8>)>,
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
        let two = request.http2;
        let mut options = request.tls.clone();
        options.server_name.get_or_insert_with(|| place.host.clone());
        if two {
            options.alpn = vec![two::ALPN.to_owned()];
        }
        let outgoing = build(request, &place)?;

        let mut connection = match unix {
            Some(path) => self.open_unix(&path, None).await?,
            None => self.open(&host, port, None).await?,
        };
        let peer = format!("{host} port {port}");
        let connect = began.elapsed();
        let tls = if place.tls {
            let before = Instant::now();
            connection.handshake(self, &options).await?;
            Some(before.elapsed())
        } else {
            None
        };
        if two && place.tls && connection.protocol().as_deref() != Some(two::ALPN) {
            let message = format!("{peer}: the server does not choose HTTP/2 over TLS (ALPN)");
            return Err(Error::new(Code::Protocol, message));
        }

        let certificate = connection.certificate();
        let (stream, _permit) = connection.into_stream()?;
        let asked = Instant::now();
        let answer = if two {
            two::exchange(stream, outgoing, &place, max_body, &peer).await?
        } else {
            one::exchange(stream, outgoing, max_body, &peer).await?
        };
        Ok(Response {
            status: answer.status,
            headers: fields(&answer.headers),
            body: answer.body.kept,
            truncated: answer.body.truncated,
            trailers: fields(&answer.trailers),
            timings: Timings {
                connect,
                tls,
                first_byte: answer.head_at.duration_since(asked),
                total: began.elapsed(),
            },
            certificate,
        })
    }
}

/// What came back, of whichever version.
struct Answer {
    status: u16,
    headers: HeaderMap,
    /// When its head was there.
    head_at: Instant,
    body: Body,
    trailers: HeaderMap,
}

/// The beginning of a body.
#[derive(Default)]
struct Body {
    kept: Vec<u8>,
    truncated: bool,
}

impl Body {
    /// Keeps what there is room for among `max` bytes; false when there was more.
    fn keep(&mut self, data: &[u8], max: usize) -> bool {
        let room = max - self.kept.len();
        self.kept
            .extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
        self.truncated = data.len() > room;
        !self.truncated
    }
}

fn fields(map: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    map.iter()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect()
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

fn build(request: Request, place: &Place) -> Result<hyper::Request<Bytes>, Error> {
    if request.body.len() > BODY_MAX || request.headers.len() > HEADERS_MAX {
        let message = format!("a request has at most {HEADERS_MAX} headers and {BODY_MAX} bytes of body");
        return Err(Error::new(Code::TooLarge, message));
    }
    let method = request.method.as_deref().unwrap_or("GET");
    let method: Method = method
        .parse()
        .map_err(|_| Error::invalid(format_args!("{method:?} is no method of HTTP")))?;
    let path = place.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut outgoing = hyper::Request::new(Bytes::from(request.body));
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

/// `work`, with the connection's machine turned beside it. No task: whoever drops this closes the connection.
async fn drive<T, E>(
    driver: impl Future<Output = Result<(), E>>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    // Boxed, so that it is gone as soon as it is over: that of HTTP/2 tells what waits for it only then.
    match select(Box::pin(driver), pin!(work)).await {
        // The connection is over; what it brought is still with the work.
        Either::Left((_, work)) => work.await,
        Either::Right((result, _)) => result,
    }
}

#[cfg(test)]
mod tests;

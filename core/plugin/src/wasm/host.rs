//! The host API as a component sees it: the contract's types to hostcall's and back.

use std::time::Duration;

use hostcall::tcp::{Connection, Side};
use hostcall::{Call, Code};
use model::plan::Limits;
use wasmtime::ResourceLimiter;
use wasmtime::component::{Resource, ResourceTable};

use super::bindings::bellwether::plugin::types::{Endpoint, Error, ErrorCode, TlsOptions};
use super::bindings::bellwether::plugin::{clock, http, kv, log, process, tcp, types};
use super::run::time;
use crate::subject::millis;

mod facts;
mod more;
mod pure;

/// Resources that one run may hold.
const RESOURCES_MAX: usize = 64;
/// Elements of one table.
const TABLE_MAX: usize = 10_000;

/// What belongs to one run.
pub(crate) struct Run {
    pub(super) call: Call,
    table: ResourceTable,
    pub(super) limits: Bounds,
}

/// What a run may grow to.
pub(super) struct Bounds {
    memory: usize,
    /// The largest that it has grown to.
    grown: usize,
    refused: bool,
}

impl ResourceLimiter for Bounds {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _max: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.refused |= desired > self.memory;
        if desired <= self.memory {
            self.grown = self.grown.max(desired);
        }
        Ok(desired <= self.memory)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _max: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_MAX)
    }
}

impl Run {
    pub(super) fn new(call: Call, limits: &Limits) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        let memory = usize::try_from(limits.memory).unwrap_or(usize::MAX);
        Self {
            call,
            table,
            limits: Bounds {
                memory,
                grown: 0,
                refused: false,
            },
        }
    }

    /// The same instance in another run.
    pub(super) fn begin(&mut self, call: Call) {
        self.call = call;
        self.limits.refused = false;
    }

    /// Whether nothing of the run is left in the host's hands.
    pub(super) fn is_clean(&self) -> bool {
        self.table.is_empty() && !self.limits.refused
    }

    /// Bytes of its largest memory.
    pub(super) fn largest(&self) -> usize {
        self.limits.grown
    }

    /// Whether memory was asked for that the limit does not allow.
    pub(super) fn refused_memory(&self) -> bool {
        self.limits.refused
    }

    fn hold(&mut self, connection: Connection) -> Result<Resource<Connection>, Error> {
        self.table.push(connection).map_err(|_| Error {
            code: ErrorCode::Busy,
            message: format!("{RESOURCES_MAX} connections are held; drop one first"),
        })
    }

    /// A connection and the run that it is used in.
    fn connection(&mut self, this: &Resource<Connection>) -> Result<(&mut Connection, &Call), Error> {
        match self.table.get_mut(this) {
            Ok(connection) => Ok((connection, &self.call)),
            Err(_) => Err(closed()),
        }
    }
}

fn closed() -> Error {
    Error {
        code: ErrorCode::Closed,
        message: "the connection is closed".to_owned(),
    }
}

impl From<hostcall::Error> for Error {
    fn from(error: hostcall::Error) -> Self {
        let code = match error.code {
            Code::Denied => ErrorCode::Denied,
            Code::Timeout => ErrorCode::Timeout,
            Code::Deadline => ErrorCode::Deadline,
            Code::Refused => ErrorCode::Refused,
            Code::Unreachable => ErrorCode::Unreachable,
            Code::Reset => ErrorCode::Reset,
            Code::Closed => ErrorCode::Closed,
            Code::NameNotFound => ErrorCode::NameNotFound,
            Code::Tls => ErrorCode::Tls,
            Code::Protocol => ErrorCode::Protocol,
            Code::TooLarge => ErrorCode::TooLarge,
            Code::Busy => ErrorCode::Busy,
            Code::Invalid => ErrorCode::Invalid,
            Code::Io => ErrorCode::Io,
        };
        Self {
            code,
            message: error.message,
        }
    }
}

impl types::Host for Run {}

impl log::Host for Run {
    fn write(&mut self, level: log::Level, message: String) {
        let level = match level {
            log::Level::Debug => hostcall::log::Level::Debug,
            log::Level::Info => hostcall::log::Level::Info,
            log::Level::Warn => hostcall::log::Level::Warn,
            log::Level::Error => hostcall::log::Level::Error,
        };
        self.call.log(level, &message);
    }
}

impl clock::Host for Run {
    fn monotonic(&mut self) -> u64 {
        hostcall::clock::monotonic()
    }

    fn wall(&mut self) -> u64 {
        hostcall::clock::wall()
    }

    fn remaining(&mut self) -> u32 {
        millis(self.call.remaining())
    }

    async fn sleep(&mut self, duration: u32) {
        self.call.sleep(Duration::from_millis(duration.into())).await;
    }
}

fn scope(scope: kv::Scope) -> hostcall::kv::Scope {
    match scope {
        kv::Scope::Target => hostcall::kv::Scope::Target,
        kv::Scope::Plugin => hostcall::kv::Scope::Plugin,
    }
}

impl kv::Host for Run {
    fn get(&mut self, owner: kv::Scope, key: String) -> Option<Vec<u8>> {
        self.call.kv_get(scope(owner), &key)
    }

    fn set(&mut self, owner: kv::Scope, key: String, value: Vec<u8>) -> Result<(), Error> {
        Ok(self.call.kv_set(scope(owner), &key, value)?)
    }

    fn delete(&mut self, owner: kv::Scope, key: String) -> bool {
        self.call.kv_delete(scope(owner), &key)
    }

    fn increment(&mut self, owner: kv::Scope, key: String, delta: Option<i64>) -> Result<i64, Error> {
        Ok(self.call.kv_increment(scope(owner), &key, delta.unwrap_or(1))?)
    }
}

impl tcp::Host for Run {
    async fn connect(
        &mut self,
        host: String,
        port: u16,
        timeout: Option<u32>,
    ) -> Result<Resource<Connection>, Error> {
        let connection = self.call.connect(&host, port, time(timeout)).await?;
        self.hold(connection)
    }

    async fn connect_unix(
        &mut self,
        path: String,
        timeout: Option<u32>,
    ) -> Result<Resource<Connection>, Error> {
        let connection = self.call.connect_unix(&path, time(timeout)).await?;
        self.hold(connection)
    }
}

impl tcp::HostConnection for Run {
    async fn read(
        &mut self,
        this: Resource<Connection>,
        max: Option<u32>,
        timeout: Option<u32>,
    ) -> Result<Vec<u8>, Error> {
        let (connection, call) = self.connection(&this)?;
        Ok(connection.read(call, most(max), time(timeout)).await?)
    }

    async fn read_exact(
        &mut self,
        this: Resource<Connection>,
        count: u32,
        timeout: Option<u32>,
    ) -> Result<Vec<u8>, Error> {
        let (connection, call) = self.connection(&this)?;
        Ok(connection.read_exact(call, count as usize, time(timeout)).await?)
    }

    async fn read_until(
        &mut self,
        this: Resource<Connection>,
        delimiter: Vec<u8>,
        max: Option<u32>,
        timeout: Option<u32>,
    ) -> Result<Vec<u8>, Error> {
        let (connection, call) = self.connection(&this)?;
        Ok(connection
            .read_until(call, &delimiter, most(max), time(timeout))
            .await?)
    }

    async fn write(
        &mut self,
        this: Resource<Connection>,
        data: Vec<u8>,
        timeout: Option<u32>,
    ) -> Result<(), Error> {
        let (connection, call) = self.connection(&this)?;
        Ok(connection.write(call, &data, time(timeout)).await?)
    }

    async fn start_tls(
        &mut self,
        this: Resource<Connection>,
        options: Option<TlsOptions>,
    ) -> Result<(), Error> {
        let (connection, call) = self.connection(&this)?;
        Ok(connection.start_tls(call, &tls(options)).await?)
    }

    async fn peer_certificate(&mut self, this: Resource<Connection>) -> Option<types::Certificate> {
        let (connection, _) = self.connection(&this).ok()?;
        connection.certificate().map(certificate)
    }

    async fn protocol(&mut self, this: Resource<Connection>) -> Option<String> {
        let (connection, _) = self.connection(&this).ok()?;
        connection.protocol()
    }

    async fn local_endpoint(&mut self, this: Resource<Connection>) -> Endpoint {
        self.connection(&this)
            .map_or_else(|_| nowhere(), |(connection, _)| endpoint(&connection.local()))
    }

    async fn remote_endpoint(&mut self, this: Resource<Connection>) -> Endpoint {
        self.connection(&this)
            .map_or_else(|_| nowhere(), |(connection, _)| endpoint(connection.remote()))
    }

    async fn close(&mut self, this: Resource<Connection>) {
        if let Ok((connection, _)) = self.connection(&this) {
            connection.close();
        }
    }

    async fn drop(&mut self, this: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl http::Host for Run {
    async fn send(&mut self, request: http::Request) -> Result<http::Response, Error> {
        let request = hostcall::http::Request {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
            timeout: time(request.timeout),
            connect_to: request.connect_to.map(|place| (place.host, place.port)),
            unix: request.unix.map(Into::into),
            redirects: request.redirects.unwrap_or(0),
            tls: tls(request.tls),
            max_body: request.max_body.map(|max| max as usize),
            http2: request.http2.unwrap_or(false),
        };
        let response = self.call.http(request).await?;
        let timings = response.timings;
        Ok(http::Response {
            status: response.status,
            headers: response.headers,
            body: response.body,
            truncated: response.truncated,
            trailers: response.trailers,
            timings: http::Timings {
                connect: millis(timings.connect),
                tls: timings.tls.map(millis),
                first_byte: millis(timings.first_byte),
                total: millis(timings.total),
            },
            certificate: response.certificate.map(certificate),
        })
    }
}

impl process::Host for Run {
    async fn run(&mut self, argv: Vec<String>, timeout: Option<u32>) -> Result<process::Outcome, Error> {
        let outcome = self.call.run(argv, time(timeout)).await?;
        Ok(process::Outcome {
            code: outcome.code,
            signal: outcome.signal,
            timed_out: outcome.timed_out,
            stdout: outcome.stdout,
            took: millis(outcome.took),
        })
    }
}

fn tls(options: Option<TlsOptions>) -> hostcall::tls::TlsOptions {
    options.map_or_else(hostcall::tls::TlsOptions::default, |options| {
        hostcall::tls::TlsOptions {
            server_name: options.server_name,
            insecure: options.insecure,
            authority: options.authority,
            identity: options.identity,
            alpn: options.alpn.unwrap_or_default(),
        }
    })
}

fn endpoint(side: &Side) -> Endpoint {
    let (host, port) = side.endpoint();
    Endpoint { host, port }
}

fn certificate(found: hostcall::certificate::Certificate) -> types::Certificate {
    types::Certificate {
        days_left: found.days_left(),
        subject: found.subject,
        names: found.names,
        issuer: found.issuer,
        valid_from: found.valid_from,
        valid_until: found.valid_until,
    }
}

/// Bytes of a read: all that one may give when nobody says.
fn most(max: Option<u32>) -> usize {
    max.map_or(hostcall::tcp::READ_MAX, |max| max as usize)
}

fn nowhere() -> Endpoint {
    Endpoint {
        host: String::new(),
        port: 0,
    }
}

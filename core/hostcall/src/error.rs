//! One shape of error for every host call.

use std::fmt;
use std::io;

/// What went wrong, for code. The words are those of `error-code` in the contract (sdk/wit).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Not granted.
    Denied,
    /// This call's own timeout.
    Timeout,
    /// The whole run's deadline.
    Deadline,
    /// Connection refused.
    Refused,
    /// No route, or the network is down.
    Unreachable,
    /// Connection reset by the other side.
    Reset,
    /// The connection is closed.
    Closed,
    /// A name has no address.
    NameNotFound,
    /// TLS handshake or certificate.
    Tls,
    /// The other side does not speak the protocol.
    Protocol,
    /// Over a bound of size.
    TooLarge,
    /// Over a bound of number; try again later.
    Busy,
    /// A bad argument.
    Invalid,
    /// Anything else the system said.
    Io,
}

impl Code {
    /// The word that plugins see.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Timeout => "timeout",
            Self::Deadline => "deadline",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::NameNotFound => "name-not-found",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::TooLarge => "too-large",
            Self::Busy => "busy",
            Self::Invalid => "invalid",
            Self::Io => "io",
        }
    }

    /// Whether the plugin is wrong rather than the world: Lua raises these, so that no plugin takes them for an
    /// answer about its target by accident.
    pub const fn is_misuse(self) -> bool {
        matches!(self, Self::Denied | Self::Invalid)
    }
}

/// What went wrong, for code and for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// For code.
    pub code: Code,
    /// For people.
    pub message: String,
}

impl Error {
    /// An error in these words.
    pub fn new(code: Code, message: impl fmt::Display) -> Self {
        let message = message.to_string();
        Self { code, message }
    }

    /// A bad argument.
    pub fn invalid(message: impl fmt::Display) -> Self {
        Self::new(Code::Invalid, message)
    }

    /// What the system said about `what`.
    pub(crate) fn from_io(what: impl fmt::Display, error: &io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::ConnectionRefused => Code::Refused,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown => Code::Unreachable,
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Code::Reset,
            io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected => {
                Code::Closed
            }
            io::ErrorKind::TimedOut => Code::Timeout,
            _ => Code::Io,
        };
        Self::new(code, format_args!("{what}: {}", words(code, error)))
    }
}

/// The kernel's words without its number, so that the reason of a verdict reads well.
fn words(code: Code, error: &io::Error) -> String {
    match code {
        Code::Refused => "connection refused".into(),
        Code::Reset => "connection reset by the other side".into(),
        Code::Closed => "the other side closed the connection".into(),
        Code::Timeout => "timed out".into(),
        _ => {
            let text = error.to_string();
            let end = text.find(" (os error").unwrap_or(text.len());
            text.get(..end).unwrap_or(&text).to_lowercase()
        }
    }
}

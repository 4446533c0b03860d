//! Write bellwether plugins in Rust.
//!
//! A check is a function. An error of the host ends it as people expect: what the world answered (refused, timed out,
//! bad TLS) is `down`, a mistake of the plugin (not granted, bad argument) is `unknown`.
//!
//! ```ignore
//! use bellwether_plugin::{Error, Target, Verdict, tcp, up, down};
//!
//! bellwether_plugin::check!(check);
//!
//! fn check(target: Target) -> Result<Verdict, Error> {
//!     let (host, port) = target.endpoint()?;
//!     let connection = tcp::connect(host, port, None)?;
//!     let greeting = connection.read_until(b"\r\n", Some(512), None)?;
//!     if greeting.starts_with(b"220 ") { Ok(up("it greets")) } else { Ok(down("no greeting")) }
//! }
//! ```
//!
//! Build for `wasm32-unknown-unknown` (there is no WASI: no files, no clock, no sockets but the host's), as a `cdylib`,
//! then `componentize IN.wasm OUT.wasm`.

use std::fmt;
use std::panic;
use std::sync::Once;

mod bindings {
    wit_bindgen::generate!({ path: "../wit", world: "imports", generate_all });
}

pub use bindings::bellwether::plugin::types::{
    Certificate, Endpoint, ErrorCode, Event, Parameter, ParameterKind, State, TlsOptions,
};
pub use bindings::bellwether::plugin::{
    clock, codec, dns, files, http, icmp, json, kv, log, metric, node, process, prometheus, regex, secret, systemd, tcp,
    udp,
};
pub use bindings::bellwether::plugin::types::Error;

/// The bindings of a world whose imports are those of this crate: a value of the host is of one type, whichever world
/// a plugin fills.
macro_rules! world {
    ($module:ident, $world:literal, $export:literal, $path:literal) => {
        #[doc(hidden)]
        pub mod $module {
            wit_bindgen::generate!({
                path: "../wit",
                world: $world,
                with: {
                    "bellwether:plugin/types@0.1.0": crate::bindings::bellwether::plugin::types,
                    "bellwether:plugin/log@0.1.0": crate::log,
                    "bellwether:plugin/clock@0.1.0": crate::clock,
                    "bellwether:plugin/kv@0.1.0": crate::kv,
                    "bellwether:plugin/codec@0.1.0": crate::codec,
                    "bellwether:plugin/systemd@0.1.0": crate::systemd,
                    "bellwether:plugin/node@0.1.0": crate::node,
                    "bellwether:plugin/prometheus@0.1.0": crate::prometheus,
                    "bellwether:plugin/json@0.1.0": crate::json,
                    "bellwether:plugin/secret@0.1.0": crate::secret,
                    "bellwether:plugin/metric@0.1.0": crate::metric,
                    "bellwether:plugin/tcp@0.1.0": crate::tcp,
                    "bellwether:plugin/http@0.1.0": crate::http,
                    "bellwether:plugin/process@0.1.0": crate::process,
                    "bellwether:plugin/udp@0.1.0": crate::udp,
                    "bellwether:plugin/regex@0.1.0": crate::regex,
                    "bellwether:plugin/icmp@0.1.0": crate::icmp,
                    "bellwether:plugin/files@0.1.0": crate::files,
                    "bellwether:plugin/dns@0.1.0": crate::dns,
                },
                pub_export_macro: true,
                export_macro_name: $export,
                default_bindings_module: $path,
            });
        }
    };
}

world!(check_world, "check-plugin", "export_check", "bellwether_plugin::check_world");
world!(hook_world, "hook-plugin", "export_hook", "bellwether_plugin::hook_world");
world!(keeper_world, "resource-plugin", "export_keeper", "bellwether_plugin::keeper_world");

#[doc(hidden)]
pub mod described_world {
    wit_bindgen::generate!({
        path: "../wit",
        world: "described-plugin",
        with: { "bellwether:plugin/types@0.1.0": crate::bindings::bellwether::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_described",
        default_bindings_module: "bellwether_plugin::described_world",
    });
}

pub use check_world::exports::bellwether::plugin::checker::{Status, Target, Verdict};

/// Makes a function the plugin's check: `fn(Target) -> Result<Verdict, Error>`. Parameters that are declared are looked
/// at before they are used: `check!(check, [text("greeting", "what it begins with"), number("lag", "in seconds")])`.
#[macro_export]
macro_rules! check {
    ($check:path, [$($parameter:expr),* $(,)?]) => {
        $crate::check!($check);
        $crate::takes!([$($parameter),*]);
    };
    ($check:path) => {
        struct BellwetherCheck;
        impl $crate::check_world::exports::bellwether::plugin::checker::Guest for BellwetherCheck {
            fn check(target: $crate::Target) -> $crate::Verdict {
                $crate::begin();
                $check(target).unwrap_or_else($crate::Verdict::from)
            }
        }
        $crate::check_world::export_check!(BellwetherCheck with_types_in $crate::check_world);
    };
}

/// Makes a function the plugin's hook: `fn(Event) -> Result<(), String>`. Parameters as those of [`check!`].
#[macro_export]
macro_rules! hook {
    ($hook:path, [$($parameter:expr),* $(,)?]) => {
        $crate::hook!($hook);
        $crate::takes!([$($parameter),*]);
    };
    ($hook:path) => {
        struct BellwetherHook;
        impl $crate::hook_world::exports::bellwether::plugin::hook::Guest for BellwetherHook {
            fn on_change(event: $crate::Event) -> Result<(), String> {
                $crate::begin();
                $hook(event)
            }
        }
        $crate::hook_world::export_hook!(BellwetherHook with_types_in $crate::hook_world);
    };
}

/// Makes three functions a resource: `verify: fn(Event) -> Result<bool, String>`, and `apply` and `undo`, both
/// `fn(Event) -> Result<(), String>`.
#[macro_export]
macro_rules! resource {
    ($verify:path, $apply:path, $undo:path, [$($parameter:expr),* $(,)?]) => {
        $crate::resource!($verify, $apply, $undo);
        $crate::takes!([$($parameter),*]);
    };
    ($verify:path, $apply:path, $undo:path) => {
        struct BellwetherKeeper;
        impl $crate::keeper_world::exports::bellwether::plugin::keeper::Guest for BellwetherKeeper {
            fn verify(event: $crate::Event) -> Result<bool, String> {
                $crate::begin();
                $verify(event)
            }
            fn apply(event: $crate::Event) -> Result<(), String> {
                $crate::begin();
                $apply(event)
            }
            fn undo(event: $crate::Event) -> Result<(), String> {
                $crate::begin();
                $undo(event)
            }
        }
        $crate::keeper_world::export_keeper!(BellwetherKeeper with_types_in $crate::keeper_world);
    };
}

/// Says which parameters the plugin takes. Once for a component, whatever it does; the other macros write it.
#[macro_export]
macro_rules! takes {
    ([$($parameter:expr),* $(,)?]) => {
        struct BellwetherDescribed;
        impl $crate::described_world::exports::bellwether::plugin::described::Guest for BellwetherDescribed {
            fn parameters() -> Option<Vec<$crate::Parameter>> {
                Some(vec![$($parameter),*])
            }
        }
        $crate::described_world::export_described!(BellwetherDescribed with_types_in $crate::described_world);
    };
}

/// A parameter that is a text.
pub fn text(name: &str, meaning: &str) -> Parameter {
    parameter(name, ParameterKind::Text, meaning)
}

/// A parameter that is a number.
pub fn number(name: &str, meaning: &str) -> Parameter {
    parameter(name, ParameterKind::Number, meaning)
}

/// A parameter of any kind.
pub fn parameter(name: &str, kind: ParameterKind, meaning: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        kind,
        required: false,
        min: None,
        max: None,
        one_of: Vec::new(),
        meaning: meaning.to_owned(),
    }
}

impl Parameter {
    /// It has to be given.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Its numbers are in these bounds.
    #[must_use]
    pub fn within(mut self, min: f64, max: f64) -> Self {
        (self.min, self.max) = (Some(min), Some(max));
        self
    }

    /// Its text is one of these.
    #[must_use]
    pub fn one_of(mut self, words: &[&str]) -> Self {
        self.one_of = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }
}

/// It is well.
pub fn up(reason: impl fmt::Display) -> Verdict {
    Verdict { status: Status::Up, reason: reason.to_string(), weight: None }
}

/// It is not.
pub fn down(reason: impl fmt::Display) -> Verdict {
    Verdict { status: Status::Down, reason: reason.to_string(), weight: None }
}

/// The plugin cannot tell.
pub fn unknown(reason: impl fmt::Display) -> Verdict {
    Verdict { status: Status::Unknown, reason: reason.to_string(), weight: None }
}

/// A GET of a URL, to be changed where it should be something else.
pub fn request(url: impl Into<String>) -> http::Request {
    http::Request {
        method: None,
        url: url.into(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: None,
        connect_to: None,
        unix: None,
        redirects: None,
        tls: None,
        max_body: None,
        http2: None,
    }
}

/// TLS with a server that proves who it is to the system's authorities, to be changed where it should be otherwise.
pub fn tls_options() -> TlsOptions {
    TlsOptions { server_name: None, insecure: false, authority: None, identity: None, alpn: None }
}

/// A mistake of the plugin or of its parameters: ends a check as `unknown`.
pub fn mistake(message: impl fmt::Display) -> Error {
    Error { code: ErrorCode::Invalid, message: message.to_string() }
}

impl Verdict {
    /// The same verdict with a weight for the real server.
    #[must_use]
    pub fn with_weight(mut self, weight: u32) -> Self {
        self.weight = Some(weight);
        self
    }
}

impl From<Error> for Verdict {
    fn from(error: Error) -> Self {
        match error.code {
            ErrorCode::Denied | ErrorCode::Invalid => unknown(error.message),
            _ => down(error.message),
        }
    }
}

impl Target {
    /// Host and port, or a mistake when this node is checked, which has none.
    pub fn endpoint(&self) -> Result<(&str, u16), Error> {
        let address = self.address.as_ref();
        let address = address.ok_or_else(|| mistake("this checks a real server; a tracker has no address"))?;
        Ok((&address.host, address.port))
    }
}

/// A panic says where it was before it ends the run.
#[doc(hidden)]
pub fn begin() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| log::write(log::Level::Error, &info.to_string())));
    });
}

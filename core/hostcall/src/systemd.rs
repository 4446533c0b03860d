//! What systemd knows of a unit, asked over the system bus: two properties, which everybody may read.

mod bus;

use std::path::Path;

use tokio::net::UnixStream;

use crate::error::{Code, Error};
use crate::host::Call;

/// Where the bus listens (D-Bus specification, "Well-known Message Bus Instances").
const BUS: &str = "/run/dbus/system_bus_socket";

/// How a unit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// active, reloading, inactive, failed, activating or deactivating.
    pub active: String,
    /// Such as running, exited or dead.
    pub sub: String,
}

impl Call {
    /// How a granted unit is.
    pub async fn unit(&self, name: &str) -> Result<Unit, Error> {
        let shown = |unit: &Unit| format!("{} ({})", unit.active, unit.sub);
        let work = self.unit_at(Path::new(BUS), name);
        self.traced(|| format!("systemd.unit {name}"), shown, work).await
    }

    async fn unit_at(&self, bus: &Path, name: &str) -> Result<Unit, Error> {
        if !name.contains('.') || name.len() > 255 {
            return Err(Error::invalid(format_args!(
                "{name:?} is no name of a unit: it ends in its kind, such as nginx.service"
            )));
        }
        if !self.host.grants.units.iter().any(|granted| granted == name) {
            return Err(Error::new(
                Code::Denied,
                format_args!("the unit {name} is not granted; add {name:?} to units in the plugin's grants"),
            ));
        }
        let _permit = self.socket()?;
        let work = async {
            let stream = UnixStream::connect(bus).await;
            let stream = stream.map_err(|error| Error::from_io(bus.display(), &error))?;
            let mut bus = bus::Bus::open(stream).await?;
            let path = format!("/org/freedesktop/systemd1/unit/{}", escape(name));
            Ok(Unit {
                active: bus.property(&path, "ActiveState").await?,
                sub: bus.property(&path, "SubState").await?,
            })
        };
        self.within(None, || format!("asking systemd of {name}"), work)
            .await
    }
}

/// A unit's name as part of an object's path: what is neither letter nor digit, and a digit at the front, as `_` and
/// two hexadecimal digits (systemd, `bus_label_escape`).
fn escape(name: &str) -> String {
    let mut escaped = String::new();
    for (at, byte) in name.bytes().enumerate() {
        if byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit()) {
            escaped.push(char::from(byte));
        } else {
            escaped += &format!("_{byte:02x}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests;

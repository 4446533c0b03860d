//! Sysctls below `net.ipv4.vs` of this network namespace.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};

use model::ipvs::SYSCTLS;

use super::IpvsError;

const DIRECTORY: &str = "/proc/sys/net/ipv4/vs";

/// Those that this kernel has, as they are.
pub fn read() -> BTreeMap<String, i64> {
    let one = |name: &str| {
        let text = fs::read_to_string(format!("{DIRECTORY}/{name}")).ok()?;
        Some((name.to_owned(), text.trim().parse().ok()?))
    };
    SYSCTLS.iter().filter_map(|(name, ..)| one(name)).collect()
}

/// Sets those that are not so yet. One that fails does not keep the others from being set.
pub(super) fn set(wanted: &BTreeMap<String, i64>, found: &BTreeMap<String, i64>) -> Result<(), IpvsError> {
    let mut result = Ok(());
    for (name, value) in wanted
        .iter()
        .filter(|(name, value)| found.get(*name) != Some(value))
    {
        if let Err(cause) = write(name, *value) {
            let (name, value) = (name.clone(), *value);
            result = result.and(Err(IpvsError::Sysctl { name, value, cause }));
        }
    }
    result
}

/// Not `fs::write`, which would try to make a file that is not there, and be told that this is not allowed.
fn write(name: &str, value: i64) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .open(format!("{DIRECTORY}/{name}"))?;
    file.write_all(value.to_string().as_bytes())
}

//! Whether something is granted. The address that counts is the one connected to, after names are resolved.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use model::plan::{ExecGrant, Grants, NetGrant};

use crate::error::{Code, Error};

/// Whether a plugin that was asked about `target` may connect to `address`.
pub fn connect(grants: &Grants, target: Option<SocketAddr>, address: SocketAddr) -> Result<(), Error> {
    let ip = plain(address.ip());
    let granted = grants.net.iter().any(|grant| match grant {
        NetGrant::Target => target.is_some_and(|t| plain(t.ip()) == ip && t.port() == address.port()),
        NetGrant::Net { net, port } => net.contains(&ip) && port.is_none_or(|port| port == address.port()),
        NetGrant::Unix(_) => false,
    });
    if granted {
        return Ok(());
    }
    let line = match target {
        Some(target) if target == address => "target".to_owned(),
        _ if ip.is_ipv6() => format!("[{ip}]:{}", address.port()),
        _ => format!("{ip}:{}", address.port()),
    };
    Err(Error::new(
        Code::Denied,
        format_args!("connecting to {address} is not granted; add \"{line}\" to net in the plugin's grants"),
    ))
}

/// Whether a plugin may connect to a unix socket.
pub fn unix(grants: &Grants, path: &Path) -> Result<(), Error> {
    let is_it = |grant: &NetGrant| matches!(grant, NetGrant::Unix(granted) if granted == path);
    if grants.net.iter().any(is_it) {
        return Ok(());
    }
    Err(Error::new(
        Code::Denied,
        format_args!(
            "connecting to {0} is not granted; add \"unix:{0}\" to net in the plugin's grants",
            path.display()
        ),
    ))
}

/// Whether a plugin that was asked about `target` may ping `address`: a grant of one port of others is none.
pub fn ping(grants: &Grants, target: Option<SocketAddr>, address: IpAddr) -> Result<(), Error> {
    let ip = plain(address);
    let granted = grants.net.iter().any(|grant| match grant {
        NetGrant::Target => target.is_some_and(|t| plain(t.ip()) == ip),
        NetGrant::Net { net, port } => net.contains(&ip) && port.is_none(),
        NetGrant::Unix(_) => false,
    });
    if granted {
        return Ok(());
    }
    Err(Error::new(
        Code::Denied,
        format_args!("pinging {ip} is not granted; add \"{ip}\" to net in the plugin's grants"),
    ))
}

/// Whether a plugin may have `argv` run.
pub fn exec(grants: &Grants, argv: &[String]) -> Result<(), Error> {
    let Some(program) = argv.first() else {
        return Err(Error::invalid(
            "the command is empty; give a program and its arguments",
        ));
    };
    let granted = |grant: &ExecGrant| {
        if grant.any_arguments {
            grant.argv.first() == Some(program)
        } else {
            grant.argv == argv
        }
    };
    if grants.exec.iter().any(granted) {
        return Ok(());
    }
    let words: Vec<String> = argv.iter().map(|word| format!("{word:?}")).collect();
    Err(Error::new(
        Code::Denied,
        format_args!(
            "running {program} is not granted; add [{}] to exec in the plugin's grants",
            words.join(", ")
        ),
    ))
}

/// ::ffff:192.0.2.1 is 192.0.2.1.
fn plain(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

#[cfg(test)]
mod tests;

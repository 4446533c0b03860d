//! Numbers and addresses as people write them.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use model::net::{Family, Mac};
use model::units::Vrid;

/// Longest time for a command that runs before or after everything, where none is written.
pub(crate) const SCRIPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest time for which anything is waited for on purpose.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(3600);

/// Highest number of a processor (CPU_SETSIZE of sched.h, less one).
pub(crate) const PROCESSOR_MAX: u16 = 1023;
/// How a virtual router's device is called where nobody says otherwise.
pub(crate) const DEVICE_PREFIX: &str = "vrrp";

/// `vrrp.51`, and `vrrp6.51` for IPv6.
pub(crate) fn device(prefix: &str, family: Family, vrid: Vrid) -> String {
    let six = match family {
        Family::V4 => "",
        Family::V6 => "6",
    };
    format!("{prefix}{six}.{}", vrid.get())
}

/// `02:00:5e:00:01:33`, of a single host.
pub(crate) fn mac(text: &str) -> Option<Mac> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        let part = parts.next().filter(|part| (1..=2).contains(&part.len()))?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    let is_group = bytes.first().is_some_and(|first| first & 1 == 1);
    let is_whole = parts.next().is_none() && bytes != [0; 6];
    (is_whole && !is_group).then_some(Mac(bytes))
}

/// `1s`, `10ms`, `1.5s`, `2m`, `1h`, `500us`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at_checked(split)?;
    let scale: u32 = match unit.trim() {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" | "min" => 60_000_000,
        "h" => 3_600_000_000,
        _ => return None,
    };
    scaled(number, scale).map(Duration::from_micros)
}

/// Decimal seconds, as keepalived writes a time.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    scaled(text, 1_000_000).map(Duration::from_micros)
}

/// A decimal number times `scale`, without the rounding of floating point; digits beyond the scale are cut.
fn scaled(number: &str, scale: u32) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            text.parse::<u64>().ok()
        }
    };
    if !number.chars().all(|c| c.is_ascii_digit() || c == '.')
        || fraction.contains('.')
        || fraction.len() > 12
    {
        return None;
    }
    let mut value = digits(whole)?.checked_mul(u64::from(scale))?;
    let part =
        u128::from(digits(fraction)?) * u128::from(scale) / 10u128.pow(u32::try_from(fraction.len()).ok()?);
    value = value.checked_add(u64::try_from(part).ok()?)?;
    Some(value)
}

/// `16MiB`, `64KiB`, `1MB`, or a number of bytes.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(split)?;
    let scale: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(scale)
}

/// `192.0.2.1/24`; without a length one address by itself.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    match text.split_once('/') {
        None => text.parse::<IpAddr>().ok().map(IpNet::from),
        Some((address, length)) => {
            let address: IpAddr = address.parse().ok()?;
            // `parse::<u8>` takes a leading `+`, which no address has.
            let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
            digits
                .then(|| length.parse().ok())
                .flatten()
                .and_then(|length| IpNet::new(address, length).ok())
        }
    }
}

/// `192.0.2.1:80` or `[2001:db8::1]:80`; port 0 when there is none.
pub(crate) fn socket(text: &str) -> Option<SocketAddr> {
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some(socket);
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse::<IpAddr>()
        .ok()
        .map(|address| SocketAddr::new(address, 0))
}

/// Most addresses that one range may stand for.
const RANGE_MAX: u128 = 4096;

/// One address, or several: `192.0.2.10-20` and `2001:db8::10-1f` (the last part), `192.0.2.10-192.0.3.9`,
/// `192.0.2.0/28`.
pub(crate) fn addresses(text: &str) -> Option<Vec<IpAddr>> {
    if let Ok(address) = text.parse() {
        return Some(vec![address]);
    }
    let (first, last) = if let Some((first, last)) = text.split_once('-') {
        let first: IpAddr = first.parse().ok()?;
        (first, last.parse().ok().or_else(|| with_last_part(first, last))?)
    } else {
        let net: IpNet = network(text)?;
        (net.network() == net.addr()).then(|| (net.network(), net.broadcast()))?
    };
    let range = |first: u128, last: u128| {
        let is_bounded = last.checked_sub(first).is_some_and(|more| more < RANGE_MAX);
        is_bounded.then_some(first..=last)
    };
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            let all = range(u32::from(first).into(), u32::from(last).into())?;
            all.map(|bits| {
                u32::try_from(bits)
                    .ok()
                    .map(|bits| std::net::Ipv4Addr::from(bits).into())
            })
            .collect()
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            let all = range(first.into(), last.into())?;
            Some(all.map(|bits| std::net::Ipv6Addr::from(bits).into()).collect())
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => None,
    }
}

/// `first` with another last part: a byte in decimal, or 16 bits in hexadecimal.
fn with_last_part(first: IpAddr, last: &str) -> Option<IpAddr> {
    match first {
        IpAddr::V4(first) => {
            let [a, b, c, _] = first.octets();
            Some(IpAddr::from([a, b, c, last.parse::<u8>().ok()?]))
        }
        IpAddr::V6(first) => {
            let mut parts = first.segments();
            *parts.last_mut()? = u16::from_str_radix(last, 16).ok()?;
            Some(IpAddr::from(parts))
        }
    }
}

/// [`socket`] with a range of addresses: `192.0.2.10-20:80`, `[2001:db8::10-1f]:80`.
pub(crate) fn sockets(text: &str) -> Option<Vec<SocketAddr>> {
    if let Some(one) = socket(text) {
        return Some(vec![one]);
    }
    let (range, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((range, "")) => (range, None),
        Some((range, port)) => (range, Some(port.strip_prefix(':')?)),
        None => match text.split_once(':') {
            Some((range, port)) if !port.contains(':') => (range, Some(port)),
            _ => (text, None),
        },
    };
    let port: u16 = port.map_or(Some(0), |port| port.parse().ok())?;
    let all = addresses(range)?.into_iter();
    Some(all.map(|address| SocketAddr::new(address, port)).collect())
}

/// `nobody` or `nobody:nogroup`.
pub(crate) fn user(text: &str) -> Option<(String, Option<String>)> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let name = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
    (name(user) && group.is_none_or(name)).then(|| (user.to_owned(), group.map(str::to_owned)))
}

/// Whether packets can come from it: an address of one machine.
pub(crate) fn is_source(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !address.is_unspecified() && !address.is_multicast() && !is_broadcast
}

/// Whether `ip netns` could have made a namespace of this name: a file's.
pub(crate) fn namespace(name: &str) -> bool {
    let is_file = !name.is_empty() && name.len() <= 255 && name != "." && name != "..";
    is_file && !name.contains(|c: char| c == '/' || c.is_control())
}

/// Whether the kernel could have an interface of this name (dev_valid_name: IFNAMSIZ, no `/`, no blanks).
pub(crate) fn interface(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 15
        && name != "."
        && name != ".."
        && !name.contains(|c: char| c == '/' || c == ':' || c.is_whitespace())
}

#[cfg(test)]
mod tests;

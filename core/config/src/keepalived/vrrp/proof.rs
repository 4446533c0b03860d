//! `authentication` and `auth_hmac`.

use std::time::Duration;

use model::plan::{Auth, Freshness, HmacKey, HmacMode, HmacPlan, Key, Version};
use model::units::Centis;

use crate::diagnostics::Diagnostics;
use crate::keepalived::args;
use crate::keepalived::global;
use crate::keepalived::tree::Item;
use crate::secret;

pub(super) fn auth(block: &Item, version: Version, d: &mut Diagnostics) -> Auth {
    let Some(block) = block.last("authentication") else {
        return Auth::None;
    };
    let (kind, pass) = (block.last("auth_type"), block.last("auth_pass"));
    block.all("auth_pass").for_each(|item| d.hide(item.arg_span()));
    if version == Version::V3 {
        d.password_ignored(block.span());
        return Auth::None;
    }
    let as_header = match kind.map(Item::arg) {
        Some("PASS" | "SIMPLE") => false,
        Some("AH") => true,
        Some(other) => {
            let message = format!("auth_type `{other}` is neither PASS nor AH");
            d.ignored_value(block.span(), &message, "no authentication");
            return Auth::None;
        }
        None => return Auth::None,
    };
    let Some(pass) = pass else {
        let message = if as_header {
            "auth_type AH without auth_pass"
        } else {
            "auth_type PASS without auth_pass"
        };
        d.ignored_value(block.span(), message, "no authentication");
        return Auth::None;
    };
    let bytes = pass.arg().as_bytes();
    if bytes.len() > 8 {
        d.password_cut(pass.arg_span(), bytes.len());
    }
    let mut password = [0; 8];
    for (to, from) in password.iter_mut().zip(bytes) {
        *to = *from;
    }
    if as_header {
        Auth::Header(Key::new(&password))
    } else {
        Auth::Pass(password)
    }
}

/// keepalived 2.4's block. What is wrong in it is an error: without it adverts would be sent that prove nothing.
pub(super) fn hmac(block: &Item, interval: Centis, d: &mut Diagnostics) -> Option<HmacPlan> {
    let block = block.last("auth_hmac")?;
    let mut keys: Vec<HmacKey> = Vec::new();
    for item in block.all("key") {
        let secrets = item.args().iter().skip(1);
        secrets
            .filter(|word| !secret::is_elsewhere(&word.text))
            .for_each(|word| d.hide(&word.span));
        let Some(id) = global::byte(item, 0, 255, d) else {
            continue;
        };
        let Some(word) = item.args().get(1) else {
            d.missing_argument(item.span(), "key");
            continue;
        };
        match secret::key(&word.text) {
            Err(why) => d.bad_key(&word.span, &why),
            Ok(_) if keys.iter().any(|known| known.id == id) => d.duplicate_key_id(item.arg_span(), id),
            Ok(key) => keys.push(HmacKey { id, key }),
        }
    }
    let Some(first) = keys.first().map(|key| key.id) else {
        let help = "add key 1 file:/etc/keepalived/vrrp.key, or remove the block everywhere";
        d.refused_value(block.span(), "auth_hmac has no key", "sealed with what?", help);
        return None;
    };
    let active = block.last("active_key");
    let id = active.and_then(|item| global::byte(item, 0, 255, d));
    if let (Some(item), Some(id)) = (active, id)
        && !keys.iter().any(|key| key.id == id)
    {
        d.active_key_missing(item.arg_span(), id);
    }
    let (shortest, longest) = (Duration::from_secs(1), Duration::from_secs(300));
    let window = block
        .last("time_window")
        .and_then(|item| args::number(item, shortest.as_secs(), longest.as_secs(), d));
    let window = window.map_or_else(|| secret::default_window(interval), Duration::from_secs);
    let freshness = match block.last("anti_replay").map(|item| (item, item.arg())) {
        None | Some((_, "time")) => Freshness::Time { window },
        Some((_, "monotonic")) => Freshness::Monotonic,
        Some((item, other)) => {
            let message = format!("anti_replay `{other}` is neither time nor monotonic");
            d.ignored_value(item.arg_span(), &message, "taken as time");
            Freshness::Time { window }
        }
    };
    let mode = match block.last("mode").map(|item| (item, item.arg())) {
        None | Some((_, "enforce")) => HmacMode::Enforce,
        Some((_, "permissive")) => HmacMode::Permissive,
        Some((_, "receive-only" | "receive_only")) => HmacMode::ReceiveOnly,
        Some((item, other)) => {
            let message = format!("mode `{other}` is neither enforce, permissive nor receive-only");
            d.refused_value(item.arg_span(), &message, "which?", "write mode enforce");
            HmacMode::Enforce
        }
    };
    Some(HmacPlan {
        keys,
        active: id.unwrap_or(first),
        mode,
        freshness,
    })
}

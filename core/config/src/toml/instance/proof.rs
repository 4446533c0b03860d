//! What an advert must prove.

use model::plan::{Auth, Freshness, HmacKey, HmacMode, HmacPlan, Key};
use model::units::Centis;

use super::parts;
use crate::diagnostics::Diagnostics;
use crate::secret;
use crate::toml::keys::{self, Keys};
use crate::toml::tree::{Node, Table};

/// How a password is shown (version 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pass,
    Header,
}

/// `password` and `auth_type`.
pub(super) fn auth(keys: &mut Keys<'_>, d: &mut Diagnostics) -> Auth {
    let kinds = [("pass", Kind::Pass), ("ah", Kind::Header)];
    let kind = keys.choice("auth_type", &kinds, d);
    let kind_node = keys.node("auth_type");
    let Some(password) = keys.text("password", d) else {
        if let Some(node) = kind_node.filter(|_| !keys.refused) {
            d.missing_key::<()>(&node.span, "an auth_type", "password", "password = \"s3cret\"");
        }
        return Auth::None;
    };
    d.hide(&password.span);
    match (parts::password(&password, d), kind) {
        (None, _) => Auth::None,
        (Some(password), Some(Kind::Pass) | None) => Auth::Pass(password),
        (Some(password), Some(Kind::Header)) => Auth::Header(Key::new(&password)),
    }
}

/// `[instance.NAME.hmac]`.
pub(super) fn hmac(keys: &mut Keys<'_>, interval: Centis, d: &mut Diagnostics) -> Option<HmacPlan> {
    let node = keys.node("hmac")?;
    let table = keys.table("hmac", d)?;
    let mut keys = Keys::new(table, "hmac");
    let written = keys.list("keys", d);
    let mut list: Vec<HmacKey> = Vec::new();
    for node in written {
        let Some(key) = keys::table(node, d).and_then(|table| key(node, table, d)) else {
            keys.refused = true;
            continue;
        };
        if list.iter().any(|known| known.id == key.id) {
            d.duplicate_key_id(&node.span, key.id);
        } else {
            list.push(key);
        }
    }
    if written.is_empty() && !keys.refused {
        let example = "keys = [{ id = 1, key = \"file:/etc/bellwether/vrrp.key\" }]";
        d.missing_key::<()>(&node.span, "hmac", "keys", example);
    }
    let modes = [
        ("enforce", HmacMode::Enforce),
        ("permissive", HmacMode::Permissive),
        ("receive-only", HmacMode::ReceiveOnly),
    ];
    let mode = keys.choice("mode", &modes, d).unwrap_or(HmacMode::Enforce);
    let timely = keys.choice("anti_replay", &[("time", true), ("monotonic", false)], d);
    let window = keys.duration("window", d);
    let window = window.map_or_else(
        || secret::default_window(interval),
        |at| {
            if at.value.subsec_nanos() != 0 || !(1..=300).contains(&at.value.as_secs()) {
                d.hmac_window(&at.span);
            }
            at.value
        },
    );
    let active = keys.number("active", 0, 255, d);
    let first = list.first().map_or(0, |key| key.id);
    let id = active.as_ref().and_then(|at| u8::try_from(at.value).ok());
    if let (Some(at), Some(id)) = (&active, id)
        && !list.iter().any(|key| key.id == id)
        && !keys.refused
    {
        d.active_key_missing(&at.span, id);
    }
    keys.finish(d);
    Some(HmacPlan {
        keys: list,
        active: id.unwrap_or(first),
        mode,
        freshness: if timely == Some(false) {
            Freshness::Monotonic
        } else {
            Freshness::Time { window }
        },
    })
}

fn key(node: &Node, table: &Table, d: &mut Diagnostics) -> Option<HmacKey> {
    let mut keys = Keys::new(table, "a key");
    let text = keys.text("key", d);
    if let Some(text) = text.as_ref().filter(|at| !secret::is_elsewhere(at.value)) {
        d.hide(&text.span);
    }
    let id = keys.number("id", 0, 255, d);
    if keys.node("id").is_none() {
        d.missing_key::<()>(&node.span, "a key", "id", "id = 1");
    }
    if keys.node("key").is_none() {
        let example = "key = \"file:/etc/bellwether/vrrp.key\"";
        d.missing_key::<()>(&node.span, "a key", "key", example);
    }
    keys.finish(d);
    let text = text?;
    let key = secret::key(text.value)
        .map_err(|why| d.bad_key(&text.span, &why))
        .ok()?;
    Some(HmacKey {
        id: u8::try_from(id?.value).ok()?,
        key,
    })
}

//! A resource that is kept in kv: what it is told comes back from there.

use bellwether_plugin::{Event, kv};

pub fn verify(event: Event) -> Result<bool, String> {
    match kv::get(kv::Scope::Target, "so").as_deref() {
        Some(b"broken") => Err(format!("{} is broken", event.name)),
        found => Ok(found.is_some()),
    }
}

pub fn apply(event: Event) -> Result<(), String> {
    let value = if event.priority == 13 { "broken" } else { "so" };
    kv::set(kv::Scope::Target, "so", value.as_bytes()).map_err(|error| error.message)
}

pub fn undo(_: Event) -> Result<(), String> {
    kv::delete(kv::Scope::Target, "so");
    Ok(())
}

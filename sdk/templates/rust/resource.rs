//! example: holds something while an instance or group is Master.

use bellwether_plugin::{Event, kv};

bellwether_plugin::resource!(verify, apply, undo);

/// Whether it is so now, or why that is not known. Here it is a note in kv; yours is an address, a rule, a record.
fn verify(event: Event) -> Result<bool, String> {
    let found = kv::get(kv::Scope::Plugin, &event.name);
    Ok(found.as_deref() == Some(b"held"))
}

/// Makes it so. May be called when it is so already.
fn apply(event: Event) -> Result<(), String> {
    kv::set(kv::Scope::Plugin, &event.name, b"held").map_err(|error| error.message)
}

/// Makes it so no longer. What a new Master holds meanwhile is its own.
fn undo(event: Event) -> Result<(), String> {
    kv::delete(kv::Scope::Plugin, &event.name);
    Ok(())
}

//! example: acts when an instance or group changes its state.

use bellwether_plugin::{Event, log};

bellwether_plugin::hook!(on_change, []);

fn on_change(event: Event) -> Result<(), String> {
    let line = format!("example: {} left {}: {}", event.name, event.previous, event.cause);
    log::write(log::Level::Info, &line);
    // An `Err` is a failure: it is logged, and shown by `bellwether status`.
    Ok(())
}

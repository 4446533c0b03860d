//! example: a real server is well when it greets.

use bellwether_plugin::{Error, Target, Verdict, down, tcp, up};

// In the brackets stands what it takes, such as `text("greeting", "what its first line begins with")`.
bellwether_plugin::check!(check, []);

fn check(target: Target) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    // What the server did wrong (refused, silent, gone) ends the check as `down`, by `?`.
    let connection = tcp::connect(host, port, None)?;
    let line = connection.read_until(b"\n", Some(1024), None)?;
    let line = String::from_utf8_lossy(&line).trim_end().to_owned();
    if line.is_empty() {
        return Ok(down("it greets with an empty line"));
    }
    Ok(up(format!("it greets with {line}")))
}

//! The same check as plugins/tcp.lua as a component: a real server is well when it takes a connection.

use bellwether_plugin::{Error, Target, Verdict, clock, tcp, up};

bellwether_plugin::check!(check, []);

fn check(target: Target) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    let before = clock::monotonic();
    let connection = tcp::connect(host, port, None)?;
    let took = clock::monotonic() - before;
    connection.close();
    Ok(up(format_args!("connected in {:.1} ms", took as f64 / 1000.0)))
}

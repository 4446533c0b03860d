//! What the host knows, and what the probe tells of itself.

use bellwether_plugin::{Error, Verdict, json, metric, mistake, node, prometheus, up};

pub fn look() -> Result<Verdict, Error> {
    let text = br#"{"a":[1.5,"x",true,{"b":null}]}"#;
    let find = |pointer: &str| -> Result<String, Error> {
        Ok(match json::find(text, pointer)? {
            Some(json::Value::Number(number)) => number.to_string(),
            Some(json::Value::Boolean(flag)) => flag.to_string(),
            Some(json::Value::Text(text) | json::Value::Json(text)) => text,
            None => "none".to_owned(),
        })
    };
    let all = [find("/a/0")?, find("/a/1")?, find("/a/2")?, find("/a/3")?, find("/a/3/b")?];
    Ok(up(all.join(" ")))
}

pub fn samples() -> Result<Verdict, Error> {
    let found = prometheus::find(b"up{job=\"a\"} 1\nup 0.5\ndown 7\n", "up")?;
    let first = found.first().ok_or_else(|| mistake("no sample"))?;
    let label = first.labels.first().map(|(name, value)| format!("{name}={value}"));
    Ok(up(format!("{} {} {}", found.len(), label.unwrap_or_default(), found.iter().map(|s| s.value).sum::<f64>())))
}

pub fn measure() -> Result<Verdict, Error> {
    metric::count("asked", None)?;
    metric::count("asked", Some(2.0))?;
    metric::set("lag", -0.5)?;
    Ok(up(metric::count("lag", None).is_err()))
}

pub fn node() -> Result<Verdict, Error> {
    let (load, memory) = (node::load()?, node::memory()?);
    let sane = load.one >= 0.0 && load.fifteen >= 0.0 && memory.available <= memory.total;
    Ok(up(format!("{sane} {}", node::uptime()? > 0)))
}

pub fn instances() -> Result<Verdict, Error> {
    let all = node::instances();
    let web = node::instance("web").ok_or_else(|| mistake("no instance web"))?;
    let none = node::instance("none").is_none();
    let words = [web.state, web.previous, web.cause, web.network_interface].join(",");
    let (addresses, peers) = (web.addresses.join(" "), web.peers.join(" "));
    Ok(up(format!("{} {words} {} {addresses} {peers} {} {none}", all.len(), web.priority, web.since > 0)))
}

//! A check that does what its parameter says, good and bad: what the host's tests ask a component to do. Its twin in
//! Lua is core/plugin/src/tests/probe.lua.

use std::sync::atomic::{AtomicU32, Ordering};

use bellwether_plugin::{
    Error, Status, Target, TlsOptions, Verdict, clock, codec, dns, files, http, icmp, kv, log, mistake, process, regex,
    request, secret, systemd, tcp, text, tls_options, udp, unknown, up,
};

mod facts;
mod hostile;
mod keep;

/// Runs of this instance that asked.
static RUNS: AtomicU32 = AtomicU32::new(0);

bellwether_plugin::check!(check, [hostile::tells(text("act", "what it does").required())]);
bellwether_plugin::resource!(keep::verify, keep::apply, keep::undo);

fn check(target: Target) -> Result<Verdict, Error> {
    // The parameters are {"act": "WORD"}; a parser would be most of this component.
    let act = target.parameters.split('"').nth(3).unwrap_or_default();
    let words: Vec<&str> = act.split(' ').collect();
    match words.as_slice() {
        ["log", text] => {
            log::write(log::Level::Warn, text);
            Ok(up("logged"))
        }
        ["kv"] => count(),
        ["clock"] => time(),
        ["digest"] => Ok(up(codec::digest(codec::Algorithm::Md5, b"abc"))),
        ["tcp"] => talk(&target),
        ["real"] => really(&target),
        ["waits"] => waits(),
        ["again"] => Ok(up((RUNS.fetch_add(1, Ordering::Relaxed) + 1).to_string())),
        ["http", path] => fetch(&target, path),
        ["hmac"] => Ok(up(codec::hmac(codec::Algorithm::Sha1, b"key", b"data"))),
        ["pbkdf2"] => codec::pbkdf2(codec::Algorithm::Sha1, b"password", b"salt", 2).map(up),
        ["base64"] => base64(),
        ["json"] => facts::look(),
        ["prometheus"] => facts::samples(),
        ["metric"] => facts::measure(),
        ["secret", name] => secret::get(name).map(up),
        ["tell", name] => {
            log::write(log::Level::Warn, &secret::get(name)?);
            Ok(unknown(format!("it is {}", secret::get(name)?)))
        }
        ["node"] => facts::node(),
        ["instances"] => facts::instances(),
        ["unit", name] => systemd::unit(name).map(|unit| up(format!("{} {}", unit.active, unit.sub))),
        ["unix", path] => unix(path),
        ["redirect", path] => redirect(&target, path),
        ["h2", path] => newer(&target, path),
        ["tls", authority] => encrypted(&target, authority),
        ["regex"] => search(),
        ["udp"] => datagram(&target),
        ["ping", host] => {
            let took = icmp::ping(host, Some(100), None)?;
            Ok(up(format!("answered {}", took < 60_000_000)))
        }
        ["dns", name] => resolve(&target, name),
        ["read", path] => read(path),
        ["processes", name] => Ok(up(!files::processes(name)?.is_empty())),
        ["run", argv @ ..] => execute(argv),
        ["connect", host, port] => {
            let port = port.parse().map_err(|_| mistake("no port"))?;
            tcp::connect(host, port, None).map(|_| up("connected"))
        }
        ["sleep", millis] => {
            clock::sleep(millis.parse().map_err(|_| mistake("no number"))?);
            Ok(up("slept"))
        }
        ["weight", weight] => {
            Ok(up("weighed").with_weight(weight.parse().map_err(|_| mistake("no number"))?))
        }
        ["long"] => Ok(up("ü".repeat(1000))),
        [act] => hostile::act(act),
        _ => Ok(unknown(format!("no such act: {act}"))),
    }
}

fn count() -> Result<Verdict, Error> {
    let mine = kv::increment(kv::Scope::Target, "n", Some(1))?;
    let all = kv::increment(kv::Scope::Plugin, "n", None)?;
    kv::set(kv::Scope::Target, "text", b"kept")?;
    let kept = kv::get(kv::Scope::Target, "text").unwrap_or_default();
    let gone = kv::delete(kv::Scope::Target, "text") && kv::get(kv::Scope::Target, "text").is_none();
    Ok(up(format!("{mine} of {all} {} {gone}", String::from_utf8_lossy(&kept))))
}

fn time() -> Result<Verdict, Error> {
    let (before, left) = (clock::monotonic(), clock::remaining());
    clock::sleep(2);
    let slept = clock::monotonic() - before >= 2000;
    Ok(up(format!("{slept} {} {}", left > 0 && left <= 60_000, clock::wall() > 1_700_000_000_000_000)))
}

fn talk(target: &Target) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    let connection = tcp::connect(host, port, None)?;
    let greeting = connection.read_until(b"\r\n", Some(100), None)?;
    connection.write(b"ping\r\n", None)?;
    let answer = connection.read_exact(4, None)?;
    let rest = connection.read(None, None)?;
    let same = connection.remote_endpoint().port == port;
    let own = connection.local_endpoint().host == host;
    connection.close();
    let closed = connection.read(Some(1), None).is_err();
    let text = String::from_utf8_lossy(&greeting).trim_end().to_owned();
    Ok(up(format!("{text} {} {} {same} {own} {closed}", String::from_utf8_lossy(&answer), rest.len())))
}

/// What an everyday check does, for those who measure it. Its twin is in tests/bench.
fn really(target: &Target) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    let connection = tcp::connect(host, port, None)?;
    connection.read_until(b"\n", Some(100), None)?;
    connection.write(b"ping\r\n", None)?;
    let answer = connection.read_until(b"\n", Some(100), None)?;
    connection.close();
    kv::increment(kv::Scope::Target, "n", Some(1))?;
    log::write(log::Level::Debug, "looked");
    Ok(up(String::from_utf8_lossy(&answer)))
}

/// The same with nothing but moments to wait for.
fn waits() -> Result<Verdict, Error> {
    for _ in 0..3 {
        clock::sleep(0);
    }
    kv::increment(kv::Scope::Target, "n", Some(1))?;
    log::write(log::Level::Debug, "looked");
    Ok(up(""))
}

fn fetch(target: &Target, path: &str) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    let response = http::send(&http::Request {
        method: Some("POST".to_owned()),
        headers: vec![("x-probe".to_owned(), "1".to_owned())],
        body: b"body".to_vec(),
        connect_to: Some(bellwether_plugin::Endpoint { host: host.to_owned(), port }),
        max_body: Some(5),
        ..request(format!("http://www.example.com{path}"))
    })?;
    let body = String::from_utf8_lossy(&response.body);
    Ok(up(format!("{} {body} {}", response.status, response.truncated)))
}

fn base64() -> Result<Verdict, Error> {
    let back = codec::base64_decode("AP8h")?;
    let bad = codec::base64_decode("?").is_err();
    Ok(up(format!("{} {} {bad}", codec::base64_encode(b"abc"), back.len())))
}

fn unix(path: &str) -> Result<Verdict, Error> {
    let connection = tcp::connect_unix(path, None)?;
    connection.write(b"show info\n", None)?;
    let answer = connection.read_until(b"\n", None, None)?;
    let port = connection.remote_endpoint().port;
    Ok(up(format!("{} {port}", String::from_utf8_lossy(&answer).trim_end())))
}

fn redirect(target: &Target, path: &str) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    let response = http::send(&http::Request {
        redirects: Some(1),
        ..request(format!("http://{host}:{port}{path}"))
    })?;
    Ok(up(format!("{} {}", response.status, response.certificate.is_none())))
}

fn newer(target: &Target, path: &str) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    let response = http::send(&http::Request {
        http2: Some(true),
        ..request(format!("http://{host}:{port}{path}"))
    })?;
    let trailer = response.trailers.iter().find(|(name, _)| name == "grpc-status");
    let trailer = trailer.map(|(_, value)| String::from_utf8_lossy(value).into_owned());
    let body = String::from_utf8_lossy(&response.body);
    Ok(up(format!("{} {body} {}", response.status, trailer.unwrap_or_default())))
}

fn encrypted(target: &Target, authority: &str) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    let connection = tcp::connect(host, port, None)?;
    let none = connection.peer_certificate().is_none();
    connection.start_tls(Some(&TlsOptions {
        authority: Some(authority.to_owned()),
        server_name: Some("www.example.com".to_owned()),
        alpn: Some(vec!["h2".to_owned()]),
        ..tls_options()
    }))?;
    let subject = connection.peer_certificate().map(|certificate| certificate.subject);
    let protocol = connection.protocol().unwrap_or_default();
    Ok(up(format!("{none} {} {protocol}", subject.unwrap_or_default())))
}

fn search() -> Result<Verdict, Error> {
    let groups = regex::find(r"(\w+)=(\d+)(x)?", b"a b=12")?.unwrap_or_default();
    let groups: Vec<_> = groups.iter().map(|group| String::from_utf8_lossy(group)).collect();
    let none = regex::find("^b", b"ab")?.is_none();
    Ok(up(format!("{} {none}", groups.join(","))))
}

fn datagram(target: &Target) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    let answer = udp::exchange(host, port, b"abc", None)?;
    Ok(up(String::from_utf8_lossy(&answer)))
}

fn resolve(target: &Target, name: &str) -> Result<Verdict, Error> {
    let (host, port) = target.endpoint()?;
    let answer = dns::query(host, port, name, "A", None)?;
    let first = answer.entries.first().ok_or_else(|| mistake("no record"))?;
    let (code, authoritative) = (&answer.code, answer.authoritative);
    Ok(up(format!("{code} {authoritative} {} {} {} {}", first.name, first.kind, first.ttl, first.data)))
}

fn read(path: &str) -> Result<Verdict, Error> {
    let text = files::read(path, Some(3))?;
    let facts = files::facts(path)?.ok_or_else(|| mistake("no file"))?;
    let none = files::facts(&format!("{path}.none"))?.is_none();
    let (text, fresh) = (String::from_utf8_lossy(&text), facts.age < 1_000_000_000_000);
    Ok(up(format!("{text} {} {fresh} {} {none}", facts.size, facts.is_directory)))
}

fn execute(argv: &[&str]) -> Result<Verdict, Error> {
    let argv: Vec<String> = argv.iter().map(|&word| word.to_owned()).collect();
    let outcome = process::run(&argv, None)?;
    let said = String::from_utf8_lossy(&outcome.stdout).trim_end().to_owned();
    Ok(Verdict { status: Status::Up, reason: format!("{} {said}", outcome.code.unwrap_or(-1)), weight: None })
}

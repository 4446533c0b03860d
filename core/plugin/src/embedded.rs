//! Plugins inside the binary, so that one file is enough. Sandboxed guests like any other.

/// Each by its name, in order.
const ALL: [(&str, &str); 19] = [
    ("bfd", include_str!("../../../plugins/bfd.lua")),
    ("dns", include_str!("../../../plugins/dns.lua")),
    ("file", include_str!("../../../plugins/file.lua")),
    ("gateway", include_str!("../../../plugins/gateway.lua")),
    ("grpc", include_str!("../../../plugins/grpc.lua")),
    ("haproxy", include_str!("../../../plugins/haproxy.lua")),
    ("http", include_str!("../../../plugins/http.lua")),
    ("json", include_str!("../../../plugins/json.lua")),
    ("misc", include_str!("../../../plugins/misc.lua")),
    ("mysql", include_str!("../../../plugins/mysql.lua")),
    ("ping", include_str!("../../../plugins/ping.lua")),
    ("postgres", include_str!("../../../plugins/postgres.lua")),
    ("process", include_str!("../../../plugins/process.lua")),
    ("prometheus", include_str!("../../../plugins/prometheus.lua")),
    ("redis", include_str!("../../../plugins/redis.lua")),
    ("smtp", include_str!("../../../plugins/smtp.lua")),
    ("systemd", include_str!("../../../plugins/systemd.lua")),
    ("tcp", include_str!("../../../plugins/tcp.lua")),
    ("udp", include_str!("../../../plugins/udp.lua")),
];

/// A plugin inside the binary, as the head of its source tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Name.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: String,
    /// Its parameters: name, and what it means.
    pub parameters: Vec<(String, String)>,
}

/// All plugins inside the binary.
pub fn shipped() -> Vec<Shipped> {
    let read = |(name, source): &(&'static str, &str)| head(name, source);
    ALL.iter().map(read).collect()
}

/// Source of the shipped plugin of that name.
pub(crate) fn source(name: &str) -> Option<&'static str> {
    let found = ALL.iter().find(|(known, _)| *known == name);
    found.map(|(_, source)| *source)
}

/// Their names.
pub(crate) fn names() -> Vec<&'static str> {
    ALL.iter().map(|(name, _)| *name).collect()
}

/// The comment that a source begins with: `-- NAME: SUMMARY`, then `--   PARAMETER  MEANING`, each of which goes on in
/// lines that are indented further.
fn head(name: &'static str, source: &str) -> Shipped {
    let mut lines = source.lines().map_while(|line| line.strip_prefix("-- "));
    let first = lines.next().unwrap_or_default();
    let summary = first
        .split_once(": ")
        .map_or(first, |(_, summary)| summary)
        .to_owned();
    let mut parameters: Vec<(String, String)> = Vec::new();
    for line in lines {
        let text = line.trim_start();
        match (line.len() - text.len(), text.split_once("  ")) {
            (2, Some((name, meaning))) => parameters.push((name.to_owned(), meaning.trim_start().to_owned())),
            (3.., _) => {
                if let Some((_, meaning)) = parameters.last_mut() {
                    meaning.push(' ');
                    meaning.push_str(text);
                }
            }
            _ => {}
        }
    }
    Shipped {
        name,
        summary,
        parameters,
    }
}

//! Commands as a new user types them, and every snippet of the guides in docs/.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use clap::Parser;

use super::Plugin;

const GUIDE: &str = include_str!("../../../../../docs/write-a-check.md");
const RESOURCES: &str = include_str!("../../../../../docs/hold-a-resource.md");
const SKELETON: &str = include_str!("../../../../../sdk/templates/rust/check.rs");
/// What the guide calls its server.
const SERVER: &str = "127.0.0.1:2525";

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Words,
}

#[derive(clap::Subcommand)]
enum Words {
    Plugin(Plugin),
}

/// What a command prints; the files it names are in `dir`.
fn types(line: &str, dir: &Path, server: &str) -> String {
    let shown = dir.display().to_string();
    let mut words: Vec<String> = line
        .split_whitespace()
        .map(|word| {
            if word.ends_with(".lua") {
                format!("{shown}/{word}")
            } else {
                word.replace(SERVER, server)
            }
        })
        .collect();
    if words.get(2).is_some_and(|word| word == "new") {
        words.extend(["--dir".to_owned(), shown.clone()]);
    }
    let Words::Plugin(plugin) = Cli::try_parse_from(words).expect("a good command").command;
    let text = match plugin.outcome() {
        Ok((text, _)) => text,
        Err(error) => format!("bellwether: {error:#}\n"),
    };
    text.replace(&format!("{shown}/"), "").replace(server, SERVER)
}

/// Numbers that differ from run to run.
fn levelled(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let timed = line.contains(" ms") || line.contains(" -> ");
        let words = line.split_whitespace().map(|word| {
            let (host, port) = word.rsplit_once(':').unwrap_or(("", word));
            match port.parse::<f64>() {
                Ok(_) if timed && host.is_empty() => "N".to_owned(),
                Ok(_) if timed && word != SERVER => format!("{host}:N"),
                _ => word.to_owned(),
            }
        });
        lines.push(words.collect::<Vec<_>>().join(" "));
    }
    // How many calls there were is no time.
    lines.join("\n").replace("in N host", "in 2 host")
}

/// Greets everybody who connects.
fn greeter() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            // Some only connect and leave.
            let _ = stream.write_all(b"220 mail ready\r\n");
            let _ = stream.read(&mut [0; 1]);
        }
    });
    address.to_string()
}

/// Keeps one thing, by PUT, GET and DELETE.
fn shelf() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        let mut kept: Option<String> = None;
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).unwrap_or(0);
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
            let answer = match head.split(' ').next() {
                Some("PUT") => {
                    kept = Some(body.to_owned());
                    "201 Created\r\nContent-Length: 0\r\n\r\n".to_owned()
                }
                Some("DELETE") => {
                    kept = None;
                    "204 No Content\r\n\r\n".to_owned()
                }
                _ => match &kept {
                    Some(body) => format!("200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
                    None => "404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
                },
            };
            // Whoever asked may be gone.
            let _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes());
        }
    });
    address.to_string()
}

/// What is found wrong with a file of conf.d that has the plugins of `dir` in plugins/ and scripts/.
fn loads(text: &str, dir: &Path) -> String {
    let conf = tempfile::tempdir().expect("a directory");
    for folder in ["plugins", "scripts"] {
        let folder = conf.path().join(folder);
        std::fs::create_dir(&folder).expect("made");
        for entry in std::fs::read_dir(dir).expect("there") {
            let file = entry.expect("there").path();
            if file.extension().is_some_and(|extension| extension == "lua") {
                std::fs::copy(&file, folder.join(file.file_name().expect("a file"))).expect("copied");
            }
        }
    }
    std::fs::write(conf.path().join("example.toml"), text).expect("written");
    let loaded = config::load(&[conf.path().to_owned()], &crate::cli::check::environment());
    let shown = loaded.diagnostics.render(false, 100);
    shown.replace(&format!("{}/", conf.path().display()), "")
}

/// Uses of plugins that declare something, nothing and what is odd.
const USES: &str = r#"
[plugin.own]
file = "plugins/own.lua"
[plugin.none]
file = "plugins/none.lua"
[plugin.any]
file = "plugins/any.lua"
[plugin.odd]
file = "plugins/odd.lua"
[tracker.good]
check = { plugin = "own", lag = 60, role = "standby" }
[tracker.missing]
check = "own"
[tracker.wrong]
check = { plugin = "own", lag = "5", roll = "primary" }
[tracker.outside]
check = { plugin = "own", parameters = { lag = 667, role = "both" } }
[tracker.nothing]
check = { plugin = "none", lag = 5 }
[tracker.anything]
check = { plugin = "any", lag = 5 }
[instance.web]
interface = "eth0"
vrid = 51
addresses = ["192.0.2.10/24"]
[[instance.web.hook]]
on = "master"
plugin = "own"
parameters = { lag = 5.5 }
"#;

#[test]
fn what_the_configuration_gives_is_held_to_what_is_declared() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
    write(
        "own.lua",
        r#"return {
  parameters = {
    { name = "lag", kind = "whole", min = 0, max = 60, required = true, meaning = "seconds" },
    { name = "role", kind = "text", one_of = { "primary", "standby" } },
  },
  check = function() return "up" end,
  on_change = function() end,
}"#,
    );
    write(
        "none.lua",
        "return { parameters = {}, check = function() return 'up' end }",
    );
    write("any.lua", "return { check = function() return 'up' end }");
    write(
        "odd.lua",
        "return { parameters = { { name = 'Lag', kind = 'whole' } }, check = print }",
    );
    insta::assert_snapshot!(loads(USES, dir.path()), @r#"
    bellwether::plugin_does_not_load

      ⚠ the plugin odd does not load: plugins/odd.lua: it declares a parameter "Lag";
      │ a name has lower-case letters, digits and _
        ╭─[example.toml:9:8]
      8 │ [plugin.odd]
      9 │ file = "plugins/odd.lua"
        ·        ────────┬────────
        ·                ╰── its checks are unknown, its hooks fail
     10 │ [tracker.good]
        ╰────
      help: `bellwether plugin check FILE` tells more

    bellwether::bad_parameter

      × a check by own needs `lag`
        ╭─[example.toml:13:9]
     12 │ [tracker.missing]
     13 │ check = "own"
        ·         ──┬──
        ·           ╰── `lag` is missing
     14 │ [tracker.wrong]
        ╰────
      help: add lag = 0

    bellwether::bad_parameter

      × parameter `lag` of own is a whole number from 0 to 60
        ╭─[example.toml:15:27]
     14 │ [tracker.wrong]
     15 │ check = { plugin = "own", lag = "5", roll = "primary" }
        ·                           ─┬─
        ·                            ╰── in this check
     16 │ [tracker.outside]
        ╰────

    bellwether::bad_parameter

      × own does not take the parameter `roll`
        ╭─[example.toml:15:38]
     14 │ [tracker.wrong]
     15 │ check = { plugin = "own", lag = "5", roll = "primary" }
        ·                                      ──┬─
        ·                                        ╰── not declared by it
     16 │ [tracker.outside]
        ╰────
      help: did you mean `role`?

    bellwether::bad_parameter

      × parameter `lag` of own is a whole number from 0 to 60
        ╭─[example.toml:17:42]
     16 │ [tracker.outside]
     17 │ check = { plugin = "own", parameters = { lag = 667, role = "both" } }
        ·                                          ─┬─
        ·                                           ╰── in this check
     18 │ [tracker.nothing]
        ╰────

    bellwether::bad_parameter

      × parameter `role` of own is "primary" or "standby"
        ╭─[example.toml:17:53]
     16 │ [tracker.outside]
     17 │ check = { plugin = "own", parameters = { lag = 667, role = "both" } }
        ·                                                     ──┬─
        ·                                                       ╰── in this check
     18 │ [tracker.nothing]
        ╰────

    bellwether::bad_parameter

      × none does not take the parameter `lag`
        ╭─[example.toml:19:28]
     18 │ [tracker.nothing]
     19 │ check = { plugin = "none", lag = 5 }
        ·                            ─┬─
        ·                             ╰── not declared by it
     20 │ [tracker.anything]
        ╰────
      help: none takes no parameters

    bellwether::bad_parameter

      × parameter `lag` of own is a whole number from 0 to 60
        ╭─[example.toml:29:16]
     28 │ plugin = "own"
     29 │ parameters = { lag = 5.5 }
        ·                ─┬─
        ·                 ╰── in this check
        ╰────
    "#);
}

#[test]
fn a_plugins_own_tests_say_what_is_not_as_wanted() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
    write(
        "asks.lua",
        r#"return { check = function(target)
  local outcome = assert(host.process.run({ "/usr/bin/role", target.parameters.name }))
  if outcome.code ~= 0 then return "down", "no role" end
  local connection, err = host.tcp.connect(target.host, target.port)
  if not connection then return "down", err.message end
  assert(connection:write(host.secret.get("token") .. "\n"))
  local line = assert(connection:read_until("\n"))
  host.log.write("info", "it says " .. line)
  return "up", outcome.stdout, 5
end }"#,
    );
    write(
        "asks.test.toml",
        r#"
[[test]]
name = "all is as it says"
parameters = { name = "db" }
secret = { token = "s3cret-s3cret" }
exec = [{ command = ["/usr/bin/role", "db"], stdout = "primary" }]
server = [{ expect = "s3cret-s3cret\n" }, { send = "welcome\n" }]
wants = { status = "up", reason = "primary", weight = 5, log = "it says welcome" }
[[test]]
name = "nothing is"
parameters = { name = "db" }
secret = { token = "s3cret-s3cret" }
exec = [{ command = ["/usr/bin/role", "db"], stdout = "standby" }]
server = [{ expect = "s3cret-s3cret\n" }, { send = "welcome\n" }]
wants = { status = "up", reason = "primary", weight = 6, log = "goodbye" }
[[test]]
name = "a program that the test does not know"
parameters = { name = "web" }
exec = [{ command = ["/usr/bin/role", "db"] }]
wants = { status = "down" }
[[test]]
name = "a server that waits for something else"
parameters = { name = "db" }
secret = { token = "an0ther-s3cret" }
exec = [{ command = ["/usr/bin/role", "db"] }]
server = [{ expect = "hello" }]
timeout = 0.5
wants = { status = "unknown" }
"#,
    );
    write("empty.lua", "return { check = print }");
    write("empty.test.toml", "");
    write("typo.lua", "return { check = print }");
    write(
        "typo.test.toml",
        r#"
[[test]]
name = "a"
want = { status = "up" }
"#,
    );
    let mut all = String::new();
    for file in ["asks.lua", "empty.lua", "typo.lua", "none.lua"] {
        all += &types(&format!("bellwether plugin test {file}"), dir.path(), SERVER);
    }
    for told in [
        "ok    all is as it says\n",
        "FAIL  nothing is\n      wants the reason \"primary\", is \"standby\"\n      wants the weight 6, is 5\n",
        "wants \"goodbye\" in the log, which is [\"it says welcome",
        "wants down, is unknown: asks.lua:2: running /usr/bin/role is not granted",
        "the server waited for \"hello\" and heard \"an0ther-s3cret\\n\"",
        "1 good, 3 failed\n",
        "bellwether: empty.test.toml has no [[test]]\n",
        "unknown field `want`, expected one of `name`",
        "bellwether: cannot read none.lua: No such file or directory",
    ] {
        assert!(all.contains(told), "{told} in:\n{all}");
    }
}

#[test]
fn the_skeleton_in_rust_passes_its_own_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let guests = std::env::var_os("BELLWETHER_GUESTS").map_or_else(|| target.join("guests"), Into::into);
    let guest = guests.join("skeleton.wasm");
    let tests = root.join("sdk/templates/check.test.toml");
    let words = ["bellwether", "plugin", "test"].map(Into::into);
    let words: Vec<std::ffi::OsString> = words
        .into_iter()
        .chain([guest.into(), "--tests".into(), tests.into()])
        .collect();
    let Words::Plugin(plugin) = Cli::try_parse_from(words).expect("a good command").command;
    let (text, code) = plugin.outcome().expect("it is built by sdk/build-guest");
    assert_eq!(code, 0, "{text}");
}

/// Types each command of a guide, in order, in a directory of its own.
fn is_true(guide: &str, server: &str) {
    let dir = tempfile::tempdir().expect("a directory");
    let mut blocks = guide.split("\n```").skip(1);
    while let Some(block) = blocks.next() {
        let (head, body) = block.split_once('\n').unwrap_or((block, ""));
        if let Some((_, file)) = head.split_once("file=") {
            std::fs::write(dir.path().join(file), body).expect("written");
        }
        if head == "toml" && guide == GUIDE {
            assert_eq!(loads(body, dir.path()), "", "{body}");
        }
        if head == "rust" {
            assert!(
                SKELETON.trim_end().ends_with(body),
                "not what `plugin new` makes: {body}"
            );
        }
        if head == "console" {
            for step in body.split("$ ").skip(1) {
                let (command, wanted) = step.split_once('\n').expect("a command and what it prints");
                let found = types(command, dir.path(), server);
                assert_eq!(levelled(&found), levelled(wanted), "$ {command}");
            }
        }
        // What follows is text until the next block begins.
        blocks.next();
    }
}

#[test]
fn the_guide_is_true() {
    is_true(GUIDE, &greeter());
}

#[test]
fn the_guide_to_resources_is_true() {
    is_true(RESOURCES, &shelf());
}

#[test]
fn shipped_plugins_are_listed() {
    insta::assert_snapshot!(types("bellwether plugin list", Path::new("/dev/null"), SERVER), @r#"
    bfd        a neighbour is well while FRR's bfdd has a BFD session with it that is up.
                 peer             address of the neighbour, as FRR has it below "bfd"
    dns        a name server is well when it answers a question without an error.
                 name             what is asked for; "." when absent
                 type             A, AAAA, NS, CNAME, SOA, PTR, MX, TXT, SRV or CAA; SOA when absent
                 records          true: an answer without records is not enough
    file       this node is well while a file is there, or is not, or says something.
                 path             the file
                 absent           true: it must not be there, as a flag that takes a server out of service
                 contains         what must stand in it
                 age              most seconds since it was last written
    gateway    this node has a way out while enough of several addresses answer echo requests.
                 hosts            list of addresses that are pinged
                 needed           answers that are enough; 1 when absent
                 tries            requests to each; 2 when absent
    grpc       a server is well when it says by gRPC's health protocol (grpc.health.v1) that it is serving.
                 service          whose health is asked, such as "shop.Cart"; the whole server's when absent
                 scheme           "http" (when absent) or "https"
                 host             name asked for; the real server's address when absent
                 verify           true: over https the certificate must be good; false when absent, as a real server seldom has its own
                 ca_file          file (PEM) with the only authorities to trust; implies verify
                 client_file      file (PEM) with the certificate and key that we show
    haproxy    this node is well while its haproxy answers on its admin socket, and a backend has servers that are up.
                 socket           path of the socket ("stats socket" in haproxy.cfg), which the worker's user has to be able to open
                 backend          the backend that matters; when absent an answer is enough
                 min              fewest servers of it that are up; 1 when absent
    http       a real server is well when every URL is answered as expected.
                 path             "/" when absent
                 host             Host header and, over https, the name asked for; the real server's address when absent
                 status           list of codes and ranges, such as [200, "300-399"]; 200-299 when absent
                 digest           MD5 of the body, 32 hexadecimal digits
                 match            regular expression that the body must match
                 match_not        regular expression that the body must not match
                 response_headers table of names and regular expressions that the answer's headers must match
                 scheme           "http" (when absent) or "https"
                 method           "GET" when absent
                 request_headers  table of names and values that are sent
                 sni              name asked for over TLS; host when absent
                 verify           true: over https the certificate must be good; false when absent, as a real server seldom has its own
                 ca_file          file (PEM) with the only authorities to trust; implies verify
                 client_file      file (PEM) with the certificate and key that we show
                 days_left        fewest days that the server's certificate must still be good for
                 redirects        most redirects that are followed; 0 when absent, 5 at most
                 urls             list of tables with the parameters of one URL, asked one after the other
    json       a server is well when what it says of itself by HTTP is as wanted, as etcd, Patroni, Consul and others do.
                 path             of the URL; "/" when absent
                 field            where to look in the answer, such as "status" or "members.1.state"
                 equals           what must stand there: a text, a number, true or false; anything but null, false or nothing when absent
                 scheme           "http" (when absent) or "https"
                 host             in the URL; the real server's address when absent
                 verify           true: over https the certificate must be good
                 status           code that the answer must have; 200 when absent
    misc       a command decides. Exit code 0 is well, anything else is not.
                 command          list of strings: program and arguments. Must be granted; runs without a shell.
                 dynamic          true: exit code 0 is well, 1 is not, and 2 to 255 is well with the weight 0 to 253 (keepalived's misc_dynamic).
    mysql      a server of MySQL or MariaDB is well when it lets us in, answers a query, and has the role that is wanted.
                 user             "root" when absent
                 password_file    file with the password, which only root has to be able to read
                 role             "primary" (it may be written) or "replica" (it may not); any when absent
                 lag              most seconds that a replica is behind; the user needs REPLICATION CLIENT (or REPLICA MONITOR) for it
                 galera           true: it must be synced with its cluster
                 tls              true: asks for TLS, and takes any certificate
    ping       an address is well when it answers echo requests.
                 host             address that is pinged; the real server's when absent
                 size             bytes that a request carries; 56 when absent
                 count            requests; 1 when absent
                 needed           answers that are enough; all when absent
    postgres   a server of PostgreSQL is well when it lets us in, answers a query, and has the role that is wanted.
                 user             "postgres" when absent
                 database         the user's name when absent
                 password_file    file with the password, which only root has to be able to read
                 role             "primary" or "standby"; any when absent
                 lag              most seconds that a standby is behind; cut off from its primary: since its last transaction
                 tls              true: asks for TLS, and takes any certificate
    process    this node is well while a program runs.
                 name             of the program, as pidof takes it: "haproxy" or "/usr/sbin/haproxy"
                 pid_file         instead: a file that holds its number
                 cgroup           instead: its control group below /sys/fs/cgroup, such as "system.slice/haproxy.service"
                 min              fewest processes of it; 1 when absent
                 max              most processes of it; any number when absent
    prometheus a server is well while a number that it exports is within bounds.
                 metric           name of the number
                 labels           table of names and values that a sample must have; any when absent
                 min              smallest good value
                 max              largest good value
                 sum              true: all samples together count; when absent each has to be good
                 path             "/metrics" when absent
                 scheme           "http" (when absent) or "https"
                 verify           true: over https the certificate must be good
    redis      a server of redis or valkey is well when it answers, and has the role that is wanted.
                 role             "master" or "slave"; any when absent
                 password         given by AUTH first
                 password_file    file that holds it, which only root has to be able to read
                 user             whose password it is; the default user when absent
                 lag              most seconds since a slave last heard of its master
    smtp       a mail server is well when it greets, takes our name and says goodbye.
                 helo             the name we give; "bellwether.invalid" when absent
    systemd    this node is well while a unit is active.
                 unit             its name with its kind, such as "haproxy.service"
                 sub              state below active that it must have, such as "running"; any when absent
    tcp        a real server is well when it takes a connection.
    udp        a server is well when it answers a datagram, or at least nobody says that its port is closed.
                 payload          what is sent, in hexadecimal; nothing when absent
                 reply            what the answer must begin with, in hexadecimal, x for any digit; then there must be an answer
                 min              fewest bytes of an answer
                 max              most bytes of an answer
                 wait             milliseconds to wait for somebody to say that the port is closed, when no answer is needed; 500 when absent
    "#);
}

#[test]
fn mistakes_are_told() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("bad.lua"), "return {").expect("written");
    let mut all = String::new();
    for command in [
        "bellwether plugin check bad.lua",
        "bellwether plugin run bad.lua",
        "bellwether plugin run none.lua",
        "bellwether plugin run tcp --grant net=here",
        "bellwether plugin run tcp --grant all",
        "bellwether plugin run misc --param command=[\"/bin/false\"]",
        "bellwether plugin run misc --param command=[\"/bin/false\"] --grant exec=/bin/false",
        "bellwether plugin new lua Bad_Name",
        "bellwether plugin new lua bad",
    ] {
        all += &types(command, dir.path(), SERVER);
    }
    insta::assert_snapshot!(all, @r#"
    bad.lua:1: Expected identifier when parsing expression, got <eof>
    unknown: plugin bad did not load: bad.lua:1: Expected identifier when parsing expression, got <eof>
    bellwether: cannot read none.lua: No such file or directory (os error 2)
    bellwether: "here" is no place for --grant net: such as net=10.0.0.0/8:443
    bellwether: "all" is no grant; net=PLACE, read=/PATH, secret=NAME=/PATH, units=NAME.service or exec="/PROGRAM *"
    stack traceback:
    	misc.lua:40: in function 'check'
    unknown: misc.lua:40: host.process is not granted; add exec = [["/usr/bin/PROGRAM", "*"]] to the plugin's grants
    down: /bin/false exited with 1
    bellwether: "Bad_Name" is no name for a plugin: lower-case letters, digits and -, and a letter first
    bellwether: cannot make bad.lua: File exists (os error 17)
    "#);
}

#[test]
fn nothing_is_written_over_and_rust_comes_with_all_it_needs() {
    let dir = tempfile::tempdir().expect("a directory");
    types("bellwether plugin new rust mine --kind hook", dir.path(), SERVER);
    let read = |file: &str| std::fs::read_to_string(dir.path().join("mine").join(file)).expect("made");
    assert!(read("src/lib.rs").starts_with("//! mine: "));
    assert!(read("Cargo.toml").contains("name = \"mine\""));
    let manifest = read("bellwether-plugin/Cargo.toml");
    assert!(
        !manifest.contains("[workspace]") && manifest.contains("wit-bindgen"),
        "{manifest}"
    );
    assert!(read("wit/bellwether.wit").contains("interface checker"));
}

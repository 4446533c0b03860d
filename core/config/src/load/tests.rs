use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use model::plan::{NetGrant, PluginSource};
use tempfile::TempDir;

use super::{Environment, Loaded, load};

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().expect("a temporary directory can be made");
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    }
    directory
}

fn loaded(directory: &TempDir) -> Loaded {
    load(&[directory.path().to_owned()], &Environment::default())
}

fn messages(loaded: &Loaded, directory: &TempDir) -> String {
    let text = loaded.diagnostics.render(false, 100);
    text.replace(&directory.path().display().to_string(), "DIR")
}

const WEB: &str = "[instance.web]\ninterface = \"eth0\"\nvrid = 51\naddresses = [\"192.0.2.10/24\"]\n";

#[test]
fn a_later_file_changes_one_key() {
    let directory = directory(&[
        ("10-web.toml", WEB),
        ("90-local.toml", "[instance.web]\npriority = 42\n"),
    ]);
    let loaded = loaded(&directory);
    let plan = loaded.plan.expect("no mistake");
    assert_eq!(plan.instances.len(), 1);
    assert_eq!(
        (plan.instances[0].priority.get(), plan.instances[0].vrid.get()),
        (42, 51)
    );
    assert_eq!(loaded.files.len(), 2);
}

#[test]
fn a_later_file_replaces_a_list() {
    let later = "[instance.web]\naddresses = [\"192.0.2.11/24\"]\n";
    let directory = directory(&[("10-web.toml", WEB), ("90-local.toml", later)]);
    let plan = loaded(&directory).plan.expect("no mistake");
    let addresses: Vec<String> = plan.instances[0]
        .addresses
        .iter()
        .map(|a| a.net.to_string())
        .collect();
    assert_eq!(addresses, ["192.0.2.11/24"]);
}

#[test]
fn a_plugin_file_is_relative_to_the_file_that_names_it() {
    let text = "[plugin.http]\nfile = \"plugins/http.lua\"\n[service.s]\naddress = \"192.0.2.1:80\"\n\
                servers = [\"10.0.0.1\"]\ncheck = { plugin = \"http\", address = \"10.9.9.9\" }\n";
    let directory = directory(&[("a.toml", text)]);
    let plan = loaded(&directory).plan.expect("no mistake");
    let file = directory.path().join("plugins/http.lua");
    assert_eq!(plan.plugins[0].source, PluginSource::File(file));
    let net = NetGrant::Net {
        net: "10.9.9.9/32".parse().expect("a network"),
        port: None,
    };
    assert_eq!(plan.plugins[0].grants.net, [NetGrant::Target, net]);
    assert_eq!(plan.services[0].servers[0].key.port, 80);
}

#[test]
fn every_file_is_reported_in_one_run() {
    let one = "[instance.a]\ninterface = \"eth0\"\nvrid = 999\naddresses = [\"192.0.2.10/24\"]\n";
    let two = "[instance.b]\ninterface = \"eth0\"\nvrid = 52\nadresses = []\n";
    let directory = directory(&[("1.toml", one), ("2.toml", two), ("3.toml", "nodes = 1")]);
    let loaded = loaded(&directory);
    assert!(loaded.plan.is_none());
    let lines: Vec<_> = loaded
        .diagnostics
        .iter()
        .map(|d| {
            (
                d.file().and_then(|f| f.file_name()).map(|f| f.to_owned()),
                d.position().map(|p| p.0),
            )
        })
        .collect();
    let at = |file: &str, line| (Some(file.into()), Some(line));
    assert_eq!(lines, [at("1.toml", 3), at("2.toml", 4), at("3.toml", 1)]);
}

#[test]
fn both_languages_make_one_plan() {
    let foreign = "vrrp_instance mail {\ninterface eth0\nvirtual_router_id 52\n\
                   virtual_ipaddress { 192.0.2.25/24 }\n}\n";
    let directory = directory(&[("conf.d/web.toml", WEB), ("keepalived.conf", foreign)]);
    let paths = [
        directory.path().join("conf.d"),
        directory.path().join("keepalived.conf"),
    ];
    let loaded = load(&paths, &Environment::default());
    assert_eq!(loaded.plan.expect("no mistake").instances.len(), 2);
}

#[test]
fn includes_are_followed_and_listed() {
    let head = "include more/*.conf\n";
    let more = "vrrp_instance mail {\r\ninterface eth0\r\nvirtual_router_id 52\r\n\
                virtual_ipaddress { 192.0.2.25/24 }\r\n}\r\n";
    let directory = directory(&[("k.conf", head), ("more/a.conf", more)]);
    let loaded = load(&[directory.path().join("k.conf")], &Environment::default());
    assert_eq!(loaded.plan.expect("no mistake").instances.len(), 1);
    assert_eq!(
        loaded.files,
        [
            directory.path().join("k.conf"),
            directory.path().join("more/a.conf")
        ]
    );
}

#[test]
fn a_file_that_includes_itself_ends() {
    let directory = directory(&[("k.conf", "include k.conf\ninclude k.conf\n")]);
    let loaded = load(&[directory.path().join("k.conf")], &Environment::default());
    assert!(loaded.diagnostics.has_errors());
}

#[test]
fn missing_and_unreadable_files() {
    let directory = directory(&[("latin.toml", "")]);
    fs::write(directory.path().join("latin.toml"), b"node = \"caf\xe9\"").expect("written");
    let names = ["nowhere.toml", "latin.toml"];
    let mut paths: Vec<PathBuf> = names.iter().map(|name| directory.path().join(name)).collect();
    paths.push(PathBuf::from("/dev/null"));
    let loaded = load(&paths, &Environment::default());
    insta::assert_snapshot!(messages(&loaded, &directory), @r"
    bellwether::unreadable

      × cannot read DIR/nowhere.toml: it does not exist
      help: create it, or name another with -c PATH

    bellwether::unreadable

      × cannot read DIR/latin.toml: it is not UTF-8: invalid utf-8 sequence of 1 bytes
      │ from index 11
      help: name a readable file or directory with -c PATH

    bellwether::unreadable

      × cannot read /dev/null: it is not a regular file
      help: name a readable file or directory with -c PATH
    ");
}

/// A pipe that nobody writes, on each way that a path comes in.
#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let directory = directory(&[("k.conf", "include *.inc\n")]);
    for name in ["a.inc", "b.conf", "conf.d/c.toml"] {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo is there").success());
    }
    let paths = ["k.conf", "b.conf", "conf.d"].map(|name| directory.path().join(name));
    let loaded = load(&paths, &Environment::default());
    insta::assert_snapshot!(messages(&loaded, &directory), @r"
    bellwether::unreadable

      × cannot read DIR/b.conf: it is not a regular file
      help: name a readable file or directory with -c PATH

    bellwether::unreadable

      × cannot read DIR/conf.d/c.toml: it is not a regular file
      help: name a readable file or directory with -c PATH

    bellwether::unreadable

      × cannot read DIR/a.inc: it is not a regular file
       ╭─[DIR/k.conf:1:1]
     1 │ include *.inc
       · ──────┬──────
       ·       ╰── asked for here
       ╰────
      help: name a readable file here
    ");
}

/// Whoever waits for a mount that hangs can say which it is.
#[test]
fn each_path_is_told_before_it_is_looked_at() {
    let directory = directory(&[
        ("k.conf", "include more/*.conf\n"),
        ("more/a.conf", ""),
        ("d/x.toml", ""),
    ]);
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let root = directory.path().to_owned();
    let environment = Environment {
        looks: Some(Arc::new(move |path| {
            let short = path.strip_prefix(&root).unwrap_or(path);
            heard.lock().expect("whole").push(short.display().to_string());
        })),
        ..Environment::default()
    };
    let paths = ["k.conf", "d"].map(|name| directory.path().join(name));
    load(&paths, &environment);
    let told = told.lock().expect("whole");
    // Each path of the command line twice: whether it is a directory, and what is in it.
    assert_eq!(
        *told,
        ["k.conf", "k.conf", "d", "d/x.toml", "more/*.conf", "more/a.conf"]
    );
}

#[test]
fn an_empty_directory_is_said() {
    let directory = directory(&[("readme.txt", "")]);
    let loaded = loaded(&directory);
    assert!(loaded.plan.is_some());
    insta::assert_snapshot!(messages(&loaded, &directory), @r"
    bellwether::empty_directory

      ⚠ no *.toml in DIR: nothing is configured
      help: files of other names are not read; copy an example of conf.d into it
    ");
}

/// Some editors begin a file with it.
#[test]
fn a_byte_order_mark_is_no_part_of_the_first_word() {
    let conf = "vrrp_instance web {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n 192.0.2.10/24\n }\n}\n";
    for (name, text) in [("web.conf", conf), ("web.toml", WEB)] {
        let directory = directory(&[(name, &format!("\u{feff}{text}"))]);
        let loaded = load(&[directory.path().join(name)], &Environment::default());
        assert_eq!(messages(&loaded, &directory), "");
        assert_eq!(loaded.plan.map(|plan| plan.instances.len()), Some(1));
    }
}

/// A file that is wrong from its beginning to its end: all of it is told, the first hundred with their lines.
#[test]
fn each_of_very_many_mistakes_is_told() {
    let text: String = (0..20_000).map(|n| format!("oops{n} 1\n")).collect();
    let directory = directory(&[("web.conf", &text)]);
    let loaded = load(&[directory.path().join("web.conf")], &Environment::default());
    let told = messages(&loaded, &directory);
    assert_eq!(loaded.diagnostics.count(), (0, 20_000));
    assert_eq!(told.matches("\u{256d}\u{2500}[").count(), 100);
    insta::assert_snapshot!(told.lines().last().unwrap_or_default(), @"warning: DIR/web.conf:20000:1: unknown keyword `oops19999` in the file");
}

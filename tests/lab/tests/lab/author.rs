//! As a new user would: a plugin is begun, changed, tested, dropped into conf.d, and its verdict is seen.

use std::path::Path;
use std::process::Command;

use lab::process::Running;
use lab::{Bellwether, Net, Node, bellwether};

use crate::conf;

/// What a command prints, when it does well.
fn types(node: &Node, directory: &Path, arguments: &[&str]) -> String {
    let mut command: Command = node.command(bellwether::program());
    let output = command.args(arguments).current_dir(directory).output();
    let output = output.expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}{errors}");
    text
}

#[test]
fn from_a_skeleton_to_a_verdict() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let mut greeter = node.command("busybox");
    greeter.args(["nc", "-ll", "-p", "2525", "-e", "echo", "220 mail ready"]);
    let _greeter = Running::start("busybox nc", greeter, &node.path("nc.log")).expect("it starts");

    let plugins = node.path("plugins");
    std::fs::create_dir(&plugins).expect("made");
    types(&node, &plugins, &["plugin", "new", "lua", "greets"]);
    // The edit: it says `mine` where the skeleton says something else.
    let file = plugins.join("greets.lua");
    let text = std::fs::read_to_string(&file).expect("made");
    std::fs::write(
        &file,
        text.replace("return \"up\", `it greets", "return \"up\", `mine greets"),
    )
    .expect("ours");
    let tests = plugins.join("greets.test.toml");
    let text = std::fs::read_to_string(&tests).expect("made");
    std::fs::write(&tests, text.replace("it greets", "mine greets")).expect("ours");
    let told = types(&node, &plugins, &["plugin", "test", "greets.lua"]);
    assert!(told.ends_with("3 good, 0 failed\n"), "{told}");

    let balanced = "[plugin.greets]\nfile = \"plugins/greets.lua\"\n\
                    [service.mail]\naddress = \"192.0.2.100:25\"\nservers = [\"127.0.0.1:2525\"]\n\
                    check = { plugin = \"greets\", greeting = \"220\", interval = \"500ms\", timeout = \"5s\" }\n";
    let daemon = Bellwether::start(&node, "bellwether.toml", &conf::web(150, balanced));
    daemon.says("the verdict", |status| {
        let server = status.services.first()?.servers.first()?;
        let check = server.checks.first()?;
        (check.up && check.reason.starts_with("mine greets with 220")).then_some(())
    });
}

//! A mount that hangs: whoever looks into it waits for ever.

use std::path::PathBuf;
use std::process::Command;

use lab::bellwether::Part;
use lab::process::Running;
use lab::{Bellwether, Net, Node, until};
use model::status::DaemonStatus;
use model::transition::State;

use crate::conf;

/// A file system in user space (fuse(4)) whose server never answers.
struct Hanging {
    server: Option<Running>,
    path: PathBuf,
}

impl Hanging {
    fn mount(node: &Node) -> Self {
        let path = node.path("hanging");
        std::fs::create_dir_all(&path).expect("a directory of our own");
        let mut command = Command::new("bash");
        let script = "exec 7<>/dev/fuse\nmount -i -t fuse -o fd=7,rootmode=40000,user_id=0,group_id=0 hanging \"$1\"\n\
                      exec sleep infinity";
        command.args(["-c", script, "bash"]).arg(&path);
        let server =
            Running::start("a file system", command, &node.path("hanging.log")).expect("bash is there");
        until("it is mounted", || {
            let mounts = std::fs::read_to_string("/proc/self/mounts").expect("readable");
            let path = path.to_str().expect("of our making");
            if mounts.contains(path) {
                Ok(())
            } else {
                Err(mounts)
            }
        });
        let server = Some(server);
        Self { server, path }
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        // Whoever waits is let go with its server.
        self.server = None;
        // What stays mounted is seen by the next who looks.
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

fn reason(status: &DaemonStatus, tracker: &str) -> Option<String> {
    let found = status.trackers.iter().find(|found| found.name == tracker)?;
    Some(found.reason.clone())
}

#[test]
fn a_mount_that_hangs_holds_up_neither_status_nor_reload_nor_other_files() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let hanging = Hanging::mount(&node);
    let inside = |name: &str| hanging.path.join(name).display().to_string();
    node.write("load", "-10\n");
    let trackers = format!(
        "track = [{{ tracker = \"load\" }}, {{ tracker = \"hung\" }}]\n[tracker.load]\nfile = \"{}\"\n[tracker.hung]\nfile = \"{}\"\n",
        node.path("load").display(),
        inside("load"),
    );
    let plugin = format!(
        "[plugin.lost]\nfile = \"{}\"\ngrants.secret = {{ token = \"{}\" }}\n\
         [tracker.asked]\ncheck = {{ plugin = \"lost\", interval = \"500ms\" }}\n",
        inside("lost.lua"),
        inside("token"),
    );
    let configuration = conf::web(150, &format!("{trackers}{plugin}"));
    let daemon = Bellwether::start(&node, "bellwether.toml", &configuration);
    let priority = |wanted: u8| {
        daemon.says("the priority that the file says", |status| {
            let found = status.instances.iter().find(|instance| instance.name == "web")?;
            (found.priority == wanted).then_some(())
        });
    };
    priority(140);
    daemon.says("the file that does not answer", |status| {
        reason(status, "hung").filter(|reason| reason.contains("no answer within 5 s"))
    });
    daemon.says("the plugin that does not answer", |status| {
        let found = status.plugins.iter().find(|plugin| plugin.name == "lost")?;
        found
            .error
            .clone()
            .filter(|error| error.contains("no answer within 5 s"))
    });
    node.write("load", "-20\n");
    priority(130);
    node.write(
        "bellwether.toml",
        &configuration.replace("priority = 150", "priority = 160"),
    );
    let (accepted, text) = daemon.reload();
    assert!(accepted, "{text}");
    priority(140);
    daemon.stop();
}

/// Reading the configuration itself has no deadline: what was served is served meanwhile, by a successor as well.
#[test]
fn a_configuration_on_a_mount_that_hangs_holds_up_neither_status_nor_a_successor() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let hanging = Hanging::mount(&node);
    let good = conf::keepalived(3, 150, "");
    let daemon = Bellwether::start(&node, "keepalived.conf", &good);
    daemon.becomes("web", State::Master);
    node.write("keepalived.conf", &format!("{good}include hanging/*.conf\n"));
    let (accepted, text) = daemon.reload();
    assert!(!accepted, "{text}");
    let text = text.replace(&node.path("hanging").display().to_string(), "HANGING");
    assert_eq!(
        text,
        "the configuration is not read yet; it waits at HANGING/*.conf: does a mount hang?\n\
         what was served is served until it is read\nnothing is changed\n"
    );
    let moves = daemon.moves("web");
    let late = |daemon: &Bellwether| {
        daemon.says("that it waits", |status| {
            let error = status.configuration.last_error.as_ref()?;
            error.contains("does a mount hang?").then_some(())
        });
    };
    late(&daemon);
    daemon.kill_part(Part::Router);
    daemon.becomes("web", State::Master);
    late(&daemon);
    assert!(daemon.moves("web") <= moves, "{}", daemon.log());
    drop(hanging);
    daemon.says("that all is read", |status| {
        status.configuration.last_error.is_none().then_some(())
    });
    daemon.stop();
}

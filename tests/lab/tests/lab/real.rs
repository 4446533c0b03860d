//! Shipped checks against the programs themselves, as Debian has them: PostgreSQL, MariaDB, Redis and HAProxy. Each
//! lives in a namespace of its own, and is asked as its author would: by `bellwether plugin run`.

use std::path::PathBuf;
use std::process::Command;

use lab::process::Running;
use lab::{Net, Node, bellwether, until};

const PASSWORD: &str = "s3cret-s3cret";

/// What `bellwether plugin run PLUGIN` prints on a node, of which the last line is the verdict.
fn verdict(node: &Node, plugin: &str, port: Option<u16>, parameters: &[&str]) -> String {
    let mut command = node.command(bellwether::program());
    command.args(["plugin", "run", plugin, "--timeout", "20"]);
    if let Some(port) = port {
        command.args(["--target", &format!("127.0.0.1:{port}")]);
    }
    for parameter in parameters {
        command.args(["--param", parameter]);
    }
    let output = command.output().expect("it starts");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    text.lines().last().unwrap_or_default().to_owned()
}

/// Waits until a verdict begins so, and returns it.
fn settles(node: &Node, plugin: &str, port: Option<u16>, parameters: &[&str], wanted: &str) -> String {
    until(&format!("{plugin} to say {wanted}"), || {
        let found = verdict(node, plugin, port, parameters);
        if found.starts_with(wanted) {
            Ok(found)
        } else {
            Err(found)
        }
    })
}

/// Does its work well, or says what it printed.
fn must(mut command: Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("cannot start {command:?}: {error}; install it with packaging/set-up")
    });
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A password that only root may read.
fn secret(node: &Node, name: &str, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = node.write(name, text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("ours");
    format!("password_file={}", path.display())
}

/// PostgreSQL on a node. Its user may read nothing but its home.
struct Postgres<'a> {
    node: &'a Node,
    programs: PathBuf,
    home: PathBuf,
}

impl<'a> Postgres<'a> {
    /// With a cluster in `data`, whose superuser is `watch`; both have the password.
    fn new(node: &'a Node) -> Self {
        let all = std::fs::read_dir("/usr/lib/postgresql");
        let all = all.expect("PostgreSQL is installed by packaging/set-up");
        let newest = all.filter_map(Result::ok).map(|entry| entry.path()).max();
        let new = Self {
            node,
            // They are not in PATH.
            programs: newest.expect("a version of PostgreSQL").join("bin"),
            home: node.path("home"),
        };
        std::fs::create_dir(&new.home).expect("made");
        must({
            let mut chown = Command::new("chown");
            chown.args(["postgres:postgres"]).arg(&new.home);
            chown
        });
        let password = node.write("initial", PASSWORD);
        must({
            let mut initdb = new.command("initdb");
            initdb.args([
                "--no-sync",
                "--auth-host=scram-sha-256",
                "-U",
                "watch",
                "-D",
                "data",
            ]);
            initdb.arg(format!("--pwfile={}", password.display()));
            initdb
        });
        new
    }

    /// Runs as the user of PostgreSQL, who is not root.
    fn command(&self, program: &str) -> Command {
        let words = [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
        ];
        let mut command = self.node.command_under(&words, self.programs.join(program));
        command.current_dir(&self.home);
        command
    }

    fn serve(&self, data: &str, port: u16) -> Running {
        let mut command = self.command("postgres");
        command.args(["-D", data, "-p", &port.to_string(), "-c", "fsync=off", "-c"]);
        command.arg(format!("unix_socket_directories={}", self.home.display()));
        let log = self.node.path(&format!("{data}.log"));
        Running::start("postgres", command, &log).expect("it starts")
    }

    fn says(&self, port: u16, parameters: &[&str], wanted: &str) -> String {
        let all = [&["database=postgres"], parameters].concat();
        settles(self.node, "postgres", Some(port), &all, wanted)
    }
}

#[test]
fn postgresql_lets_us_in_and_has_a_role() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let postgres = Postgres::new(&node);
    let good = secret(&node, "good", PASSWORD);
    let bad = secret(&node, "bad", "an0ther-s3cret");
    let ask =
        |parameters: &[&str], wanted| postgres.says(5432, &[&["user=watch"], parameters].concat(), wanted);
    let mut server = postgres.serve("data", 5432);
    assert_eq!(ask(&[&good], "up"), "up: it is a primary");
    assert_eq!(
        ask(&[&bad], "down: password"),
        "down: password authentication failed for user \"watch\""
    );
    assert_eq!(
        ask(&[&good, "role=standby"], "down: it is"),
        "down: it is a primary, not a standby"
    );
    server.signal(rustix::process::Signal::INT);
    server.ended();
    // A standby without a primary is one that hears of none.
    std::fs::write(postgres.home.join("data/standby.signal"), "").expect("written");
    let _server = postgres.serve("data", 5432);
    assert_eq!(ask(&[&good, "role=standby"], "up"), "up: it is a standby");
}

#[test]
fn a_standby_of_postgresql_is_behind_when_it_is_cut_off() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let postgres = Postgres::new(&node);
    // Who asks may see no more than anybody who may log in.
    let plain = format!("CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}'\n");
    let plain = std::fs::File::open(node.write("plain.sql", &plain)).expect("written");
    must({
        let mut single = postgres.command("postgres");
        single.stdin(plain).args(["--single", "-D", "data", "postgres"]);
        single
    });
    let mut primary = postgres.serve("data", 5432);
    let password = secret(&node, "password", PASSWORD);
    let ask = |port, more: &[&str], wanted| {
        let all = [&["user=plain", password.as_str()], more].concat();
        postgres.says(port, &all, wanted)
    };
    ask(5432, &["role=primary"], "up");
    must({
        let mut copies = postgres.command("pg_basebackup");
        copies.env("PGPASSWORD", PASSWORD);
        copies.args(["-h", "127.0.0.1", "-U", "watch", "-c", "fast", "-R", "-D", "copy"]);
        copies
    });
    let _standby = postgres.serve("copy", 5433);
    assert_eq!(
        ask(5433, &["role=standby", "lag=600"], "up"),
        "up: it is a standby"
    );
    primary.signal(rustix::process::Signal::INT);
    primary.ended();
    // What it received it has replayed, and yet nobody knows how far it is behind.
    assert_eq!(
        ask(5433, &["role=standby", "lag=600"], "down: it is"),
        "down: it is a standby that has replayed nothing yet"
    );
}

#[test]
fn mariadb_lets_us_in_and_has_a_role() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let data = node.path("data");
    must({
        let mut install = node.command("mariadb-install-db");
        install.args(["--no-defaults", "--user=root", "--skip-test-db"]);
        install.arg(format!("--datadir={}", data.display()));
        install
    });
    let grants = format!(
        "CREATE USER watch@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n\
         GRANT REPLICA MONITOR ON *.* TO watch@'127.0.0.1';\n"
    );
    let begin = node.write("begin.sql", &grants);
    let serve = |more: &[&str]| {
        let mut command = node.command("mariadbd");
        command.args(["--no-defaults", "--user=root", "--skip-name-resolve"]);
        command.arg(format!("--datadir={}", data.display()));
        command.arg(format!("--socket={}", node.path("socket").display()));
        command.args(more);
        Running::start("mariadbd", command, &node.path("mariadb.log")).expect("it starts")
    };
    let good = secret(&node, "good", PASSWORD);
    let bad = secret(&node, "bad", "an0ther-s3cret");
    let ask = |parameters: &[&str], wanted: &str| {
        let all = [&["user=watch"], parameters].concat();
        settles(&node, "mysql", Some(3306), &all, wanted)
    };
    let mut server = serve(&[&format!("--init-file={}", begin.display())]);
    let version = ask(&[&good, "role=primary"], "up");
    assert!(
        version.contains("MariaDB") && version.ends_with(" answers"),
        "{version}"
    );
    assert_eq!(
        ask(&[&bad], "down: Access"),
        "down: Access denied for user 'watch'@'127.0.0.1' (using password: YES)"
    );
    assert_eq!(
        ask(&[&good, "lag=5"], "down: it does"),
        "down: it does not replicate"
    );
    assert_eq!(
        ask(&[&good, "galera=true"], "down: it is"),
        "down: it is not part of a cluster"
    );
    server.signal(rustix::process::Signal::TERM);
    server.ended();
    let _server = serve(&["--read-only"]);
    assert_eq!(
        ask(&[&good, "role=primary"], "down: it is"),
        "down: it is a replica, not a primary"
    );
}

#[test]
fn redis_has_a_role_and_haproxy_counts_its_servers() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let redis = |port: &str, more: &[&str]| {
        let mut command = node.command("redis-server");
        command.args(["--port", port, "--save", "", "--requirepass", PASSWORD]);
        command.args(["--masterauth", PASSWORD]).args(more);
        command.current_dir(node.path(""));
        Running::start("redis", command, &node.path("redis.log")).expect("it starts")
    };
    let _master = redis("6379", &[]);
    let _slave = redis("6380", &["--replicaof", "127.0.0.1", "6379"]);
    let good = secret(&node, "good", PASSWORD);
    let component = bellwether::guest("redis").to_string_lossy().into_owned();
    let open = format!("password={PASSWORD}");
    for (plugin, password) in [("redis", &good), (&component, &open)] {
        let ask =
            |port, parameters: &[&str], wanted: &str| settles(&node, plugin, Some(port), parameters, wanted);
        ask(6379, &[password, "role=master"], "up");
        ask(6380, &[password, "role=slave", "lag=30"], "up");
        ask(6380, &[password, "role=master"], "down");
        ask(6379, &[], "down: NOAUTH");
    }

    let socket = node.path("admin.sock");
    let text = format!(
        "global\n stats socket {}\ndefaults\n mode tcp\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n\
         backend caches\n server one 127.0.0.1:6379 check inter 200\n server two 127.0.0.1:1 check inter 200\n",
        socket.display()
    );
    let file = node.write("haproxy.cfg", &text);
    let mut command = node.command("haproxy");
    command.arg("-db").arg("-f").arg(file);
    let _haproxy = Running::start("haproxy", command, &node.path("haproxy.log")).expect("it starts");
    let socket = format!("socket={}", socket.display());
    let ask = |parameters: &[&str], wanted: &str| settles(&node, "haproxy", None, parameters, wanted);
    let answers = ask(&[&socket], "up");
    assert!(answers.ends_with(" answers"), "{answers}");
    assert_eq!(
        ask(&[&socket, "backend=caches", "min=2"], "down: 1 of 2"),
        "down: 1 of 2 servers of caches are up"
    );
    ask(&[&socket, "backend=caches"], "up: 1 of 2");
}

/// etcd serves gRPC's health protocol, and its health as JSON over HTTP, on one port.
#[test]
fn etcd_is_well_by_grpc_and_by_json() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let mut command = node.command("etcd");
    command.arg("--data-dir").arg(node.path("etcd"));
    let _etcd = Running::start("etcd", command, &node.path("etcd.log")).expect("it starts");
    let grpc = |parameters: &[&str], wanted: &str| settles(&node, "grpc", Some(2379), parameters, wanted);
    assert_eq!(grpc(&[], "up"), "up: SERVING");
    assert_eq!(
        grpc(&["service=shop.Cart"], "down"),
        "down: it knows no such service"
    );
    let json = ["path=/health", "field=health", "equals=\"true\""];
    settles(&node, "json", Some(2379), &json, "up");
}

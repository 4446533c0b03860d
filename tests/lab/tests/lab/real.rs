//! Shipped checks against the programs themselves, as Debian has them: PostgreSQL, MariaDB, Redis and HAProxy. Each
//! lives in a namespace of its own, and is asked as its author would: by `bellwether plugin run`.

use std::path::{Path, PathBuf};
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

/// PostgreSQL's own programs are not in PATH.
fn postgres_programs() -> PathBuf {
    let all = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed by packaging/set-up");
    let newest = all.filter_map(Result::ok).map(|entry| entry.path()).max();
    newest.expect("a version of PostgreSQL").join("bin")
}

/// Runs as the user of PostgreSQL, who is not root.
fn as_postgres(node: &Node, program: &Path) -> Command {
    let words = [
        "setpriv",
        "--reuid=postgres",
        "--regid=postgres",
        "--clear-groups",
    ];
    node.command_under(&words, program)
}

#[test]
fn postgresql_lets_us_in_and_has_a_role() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let home = node.path("home");
    std::fs::create_dir(&home).expect("made");
    must({
        let mut chown = Command::new("chown");
        chown.args(["postgres:postgres"]).arg(&home);
        chown
    });
    let programs = postgres_programs();
    let password = node.write("initial", PASSWORD);
    let data = home.join("data");
    must({
        let mut initdb = as_postgres(&node, &programs.join("initdb"));
        initdb.current_dir(&home);
        initdb.args(["--no-sync", "--auth-host=scram-sha-256", "-U", "watch", "-D"]);
        initdb.arg(&data).arg(format!("--pwfile={}", password.display()));
        initdb
    });
    let serve = || {
        let mut command = as_postgres(&node, &programs.join("postgres"));
        command.current_dir(&home).arg("-D").arg(&data);
        command.args(["-c", "fsync=off", "-c"]);
        command.arg(format!("unix_socket_directories={}", home.display()));
        Running::start("postgres", command, &node.path("postgres.log")).expect("it starts")
    };
    let good = secret(&node, "good", PASSWORD);
    let bad = secret(&node, "bad", "an0ther-s3cret");
    let ask = |parameters: &[&str], wanted: &str| {
        let all = [&["user=watch", "database=postgres"], parameters].concat();
        settles(&node, "postgres", Some(5432), &all, wanted)
    };
    let mut server = serve();
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
    std::fs::write(data.join("standby.signal"), "").expect("written");
    let _server = serve();
    assert_eq!(ask(&[&good, "role=standby"], "up"), "up: it is a standby");
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
    let ask =
        |port, parameters: &[&str], wanted: &str| settles(&node, "redis", Some(port), parameters, wanted);
    ask(6379, &[&good, "role=master"], "up");
    ask(6380, &[&good, "role=slave", "lag=30"], "up");
    ask(6380, &[&good, "role=master"], "down");
    ask(6379, &[], "down: NOAUTH");

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

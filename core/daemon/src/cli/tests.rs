use clap::CommandFactory;

use super::*;

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn help_of_the_daemon() {
    let help = Cli::command().render_help().to_string();
    insta::assert_snapshot!(help, @r"
    Keeps a service's address alive: VRRP elections, IPVS balancing, health checks and hooks as plugins

    Usage: bellwether <COMMAND>

    Commands:
      run     Run the daemon in the foreground
      check   Read a configuration and tell every mistake in it
      status  Show elections, services and plugins of a running daemon
      why     Tell why an instance, a group or a service is as it is
      reload  Have a running daemon read its configuration again
      drain   Take a server, or all of a service, out of the table, and show how its connections end
      enable  Take in again what was taken out by `drain`
      plugin  Write, try and list plugins
      lab     See it all work, in network namespaces of its own
      help    Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn sockets_of_named_daemons_are_apart() {
    let client = |socket: Option<&str>, instance: Option<&str>| Client {
        socket: socket.map(PathBuf::from),
        instance: instance.map(str::to_owned),
    };
    assert_eq!(
        client(None, None).path(),
        PathBuf::from("/run/bellwether/control.sock")
    );
    assert_eq!(
        client(None, Some("b")).path(),
        PathBuf::from("/run/bellwether/b/control.sock")
    );
    assert_eq!(client(Some("/x"), None).path(), PathBuf::from("/x"));
}

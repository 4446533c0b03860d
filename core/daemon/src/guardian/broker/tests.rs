use super::*;

fn grant(argv: &[&str], any_arguments: bool) -> ExecGrant {
    ExecGrant {
        argv: words(argv),
        any_arguments,
        user: None,
    }
}

fn words(argv: &[&str]) -> Vec<String> {
    argv.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn only_what_is_granted_is_granted() {
    let grants = [
        grant(&["/usr/bin/pidof", "haproxy"], false),
        grant(&["/usr/lib/check", "-H"], true),
        grant(&[], true),
    ];
    for (argv, good) in [
        (&["/usr/bin/pidof", "haproxy"][..], true),
        (&["/usr/bin/pidof"], false),
        (&["/usr/bin/pidof", "haproxy", "nginx"], false),
        (&["/usr/lib/check", "-H", "10.0.0.1"], true),
        (&["/usr/lib/check", "-H"], true),
        (&["/usr/lib/check", "-X"], false),
        (&["/bin/sh"], false),
    ] {
        assert_eq!(granted(&grants, &words(argv)).is_some(), good, "{argv:?}");
    }
}

/// A command of the router's.
fn asks(number: u64, script: &str) -> ExecRequest {
    ExecRequest {
        id: ExecId(number),
        argv: words(&["/bin/sh", "-c", script]),
        user: None,
        timeout: Duration::from_secs(10),
        output_max: 100,
        reads: None,
    }
}

/// Waits for the end of one of its commands; what is answered.
fn ended(broker: &mut Broker) -> Option<FromGuardian> {
    let pid = broker.jobs.keys().next().copied().and_then(Pid::from_raw);
    let (pid, status) = rustix::process::waitpid(pid, rustix::process::WaitOptions::empty())
        .expect("a child")
        .expect("it ended");
    let status = ExitStatus::from_raw(status.as_raw());
    let (_, answer) = broker.handle_death(pid, status, linux::clock::now())?;
    Some(answer)
}

#[test]
fn a_reader_ends_with_its_pipe_or_its_router_and_other_commands_do_not() {
    let now = linux::clock::now();
    let pipe = PathBuf::from("/run/some.pipe");
    for with_router in [false, true] {
        let mut broker = Broker::default();
        let reader = ExecRequest {
            reads: Some(pipe.clone()),
            ..asks(1, "sleep 100")
        };
        assert_eq!(broker.handle_request(Role::Router, reader, now), None);
        broker.end_readers(Path::new("/run/another.pipe"), now);
        broker.handle_deadlines(now);
        assert!(broker.jobs.values().all(|job| !job.timed_out));
        if with_router {
            broker.handle_loss(Role::Router, now);
        } else {
            broker.end_readers(&pipe, now);
        }
        broker.handle_deadlines(now);
        ended(&mut broker);
        assert!(!broker.has_readers());
    }
    let mut broker = Broker::default();
    assert_eq!(broker.handle_request(Role::Router, asks(1, "true"), now), None);
    broker.handle_loss(Role::Router, now);
    broker.handle_deadlines(now);
    assert!(broker.jobs.values().all(|job| !job.timed_out));
    ended(&mut broker);
}

#[test]
fn a_variable_that_holds_a_secret_goes_to_no_command() {
    let mut broker = Broker::default();
    // Whoever runs this test has set both.
    broker.handle_grants(Vec::new(), vec!["CARGO_MANIFEST_DIR".to_owned()]);
    let script = asks(1, "echo \"[$CARGO_MANIFEST_DIR][$CARGO_PKG_NAME]\"");
    assert_eq!(
        broker.handle_request(Role::Router, script, linux::clock::now()),
        None
    );
    let Some(FromGuardian::Done {
        result: Ok(outcome), ..
    }) = ended(&mut broker)
    else {
        panic!("it was not answered");
    };
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), "[][daemon]\n");
}

#[test]
fn an_answer_never_reaches_a_successor() {
    let mut broker = Broker::default();
    let request = |number| asks(number, "true");
    let now = linux::clock::now();
    assert_eq!(broker.handle_request(Role::Router, request(1), now), None);
    broker.handle_loss(Role::Router, now);
    assert_eq!(broker.handle_request(Role::Router, request(2), now), None);
    let mut answered = Vec::new();
    for _ in 0..2 {
        if let Some(FromGuardian::Done { id, .. }) = ended(&mut broker) {
            answered.push(id);
        }
    }
    assert_eq!(answered, [ExecId(2)]);
}

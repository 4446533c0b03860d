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

#[test]
fn an_answer_never_reaches_a_successor() {
    let mut broker = Broker::default();
    let request = |number| ExecRequest {
        id: ExecId(number),
        argv: words(&["/bin/sh", "-c", "true"]),
        user: None,
        timeout: Duration::from_secs(10),
        output_max: 0,
    };
    let now = linux::clock::now();
    assert_eq!(broker.handle_request(Role::Router, request(1), now), None);
    broker.handle_loss(Role::Router);
    assert_eq!(broker.handle_request(Role::Router, request(2), now), None);
    let mut answered = Vec::new();
    for _ in 0..2 {
        let pid = broker.jobs.keys().next().copied().and_then(Pid::from_raw);
        let (pid, status) = rustix::process::waitpid(pid, rustix::process::WaitOptions::empty())
            .expect("a child")
            .expect("it ended");
        let status = ExitStatus::from_raw(status.as_raw());
        if let Some((_, FromGuardian::Done { id, .. })) = broker.handle_death(pid, status, now) {
            answered.push(id);
        }
    }
    assert_eq!(answered, [ExecId(2)]);
}

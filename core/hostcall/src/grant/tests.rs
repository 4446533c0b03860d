use super::*;

fn grants(net: Vec<NetGrant>) -> Grants {
    Grants {
        net,
        ..Grants::default()
    }
}

#[test]
fn only_what_is_granted_is_connected_to() {
    let target: SocketAddr = "192.0.2.1:80".parse().expect("an address");
    let net = |net: &str, port| NetGrant::Net {
        net: net.parse().expect("a network"),
        port,
    };
    for (granted, to, good) in [
        (vec![], "192.0.2.1:80", false),
        (vec![NetGrant::Target], "192.0.2.1:80", true),
        (vec![NetGrant::Target], "[::ffff:192.0.2.1]:80", true),
        (vec![NetGrant::Target], "192.0.2.1:81", false),
        (vec![NetGrant::Target], "192.0.2.2:80", false),
        (vec![net("10.0.0.0/8", None)], "10.255.0.1:1", true),
        (vec![net("10.0.0.0/8", Some(443))], "10.255.0.1:1", false),
        (vec![net("10.0.0.0/8", Some(443))], "10.255.0.1:443", true),
        (vec![net("2001:db8::/32", None)], "[2001:db8::1]:443", true),
        (vec![net("0.0.0.0/0", None)], "[2001:db8::1]:443", false),
    ] {
        let to: SocketAddr = to.parse().expect("an address");
        let result = connect(&grants(granted.clone()), Some(target), to);
        assert_eq!(result.is_ok(), good, "{granted:?} {to}");
    }
}

#[test]
fn a_run_without_target_may_not_connect_to_it() {
    let to = "192.0.2.1:80".parse().expect("an address");
    let error = connect(&grants(vec![NetGrant::Target]), None, to).expect_err("no target");
    insta::assert_snapshot!(error, @r#"connecting to 192.0.2.1:80 is not granted; add "192.0.2.1:80" to net in the plugin's grants"#);
}

#[test]
fn commands_are_granted_by_all_their_words_or_by_program() {
    let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let exec_grant = |words: &[&str], any_arguments| ExecGrant {
        argv: argv(words),
        any_arguments,
        user: None,
    };
    let exact = Grants {
        exec: vec![exec_grant(&["/bin/check", "-a"], false)],
        ..Grants::default()
    };
    let free = Grants {
        exec: vec![exec_grant(&["/bin/check"], true)],
        ..Grants::default()
    };
    for (grants, words, good) in [
        (&exact, &["/bin/check", "-a"][..], true),
        (&exact, &["/bin/check", "-b"], false),
        (&exact, &["/bin/check", "-a", "-b"], false),
        (&free, &["/bin/check", "-b"], true),
        (&free, &["/bin/other"], false),
        (&free, &[], false),
    ] {
        assert_eq!(exec(grants, &argv(words)).is_ok(), good, "{words:?}");
    }
}

//! A new configuration under a running daemon.

use lab::{Bellwether, Capture, Checksum, Net, capture};
use model::transition::State;
use rustix::process::Signal;

use crate::conf::{self, ADDRESS};
use crate::gone::Still;

const MAIL: &str = "[instance.mail]\ninterface = \"eth0\"\nvrid = 52\npriority = 150\nadvert_interval = \"200ms\"\n\
                    addresses = [\"192.0.2.101/24\"]\n";

fn pair(net: &Net) -> (Bellwether, Bellwether) {
    let a = Bellwether::start_directory(&net.node("a"), &conf::web(150, ""));
    a.becomes("web", State::Master);
    let b = Bellwether::start_directory(&net.node("b"), &conf::web(100, ""));
    b.says("who is Master", |status| status.instances.first()?.master);
    b.becomes("web", State::Backup);
    (a, b)
}

#[test]
fn only_the_difference_is_applied() {
    let net = Net::new(&["a", "b"]);
    let (a, b) = pair(&net);
    let capture = Capture::start(&net);
    let (still_a, still_b) = (Still::watch(&a, "web"), Still::watch(&b, "web"));

    // An instance comes.
    a.node().write("conf.d/20-mail.toml", MAIL);
    let (content, text) = a.reload();
    assert!(content, "{text}");
    a.becomes("mail", State::Master);
    net.only_holder("192.0.2.101", "a");

    // An address and a priority change.
    let two = conf::web(160, "").replace("/24\"]", "/24\", \"192.0.2.102/24\"]");
    a.node().write("conf.d/10-lab.toml", &two);
    let (content, text) = a.reload();
    assert!(content, "{text}");
    net.only_holder("192.0.2.102", "a");
    a.says("the new priority", |status| {
        status
            .instances
            .iter()
            .find(|i| i.name == "web")
            .filter(|i| i.base_priority == 160)
            .map(|_| ())
    });

    // The instance goes, and so do its address and the second one of `web`; SIGHUP is as good as `reload`.
    std::fs::remove_file(a.node().path("conf.d/20-mail.toml")).expect("it was written above");
    a.node().write("conf.d/10-lab.toml", &conf::web(150, ""));
    a.signal(Signal::HUP);
    net.no_holder("192.0.2.101");
    net.no_holder("192.0.2.102");
    net.only_holder(ADDRESS, "a");

    still_a.holds(&a);
    still_b.holds(&b);
    let packets = capture.finish(Checksum::MessageOnly);
    let of_mail: Vec<u8> = capture::adverts(&packets)
        .filter(|(_, a)| a.vrid == 52)
        .map(|(_, a)| a.priority)
        .collect();
    assert_eq!(
        of_mail.last(),
        Some(&0),
        "an instance that is taken out leaves with priority 0"
    );
    let of_web = capture::adverts(&packets).filter(|(_, advert)| advert.vrid == 51);
    assert!(
        of_web
            .clone()
            .all(|(_, advert)| advert.source == "192.0.2.1" && advert.priority >= 150)
    );
}

#[test]
fn a_broken_configuration_changes_nothing() {
    let net = Net::new(&["a", "b"]);
    let (a, b) = pair(&net);
    let (still_a, still_b) = (Still::watch(&a, "web"), Still::watch(&b, "web"));
    let generation = a.says("its configuration", |status| {
        Some(status.configuration.generation)
    });

    a.node().write("conf.d/20-mail.toml", MAIL);
    a.node().write(
        "conf.d/10-lab.toml",
        &conf::web(150, "").replace("priority", "priorty"),
    );
    let (content, text) = a.reload();
    assert!(!content, "it took a broken file");
    assert!(text.contains("10-lab.toml") && text.contains("priorty"), "{text}");
    a.says("why", |status| {
        assert_eq!(status.configuration.generation, generation);
        assert_eq!(status.instances.len(), 1, "half a configuration was taken");
        status
            .configuration
            .last_error
            .as_ref()
            .filter(|text| text.contains("priorty"))
            .map(|_| ())
    });
    still_a.holds(&a);

    a.node().write("conf.d/10-lab.toml", &conf::web(150, ""));
    let (content, text) = a.reload();
    assert!(content, "{text}");
    a.becomes("mail", State::Master);
    a.says("no error any more", |status| {
        status.configuration.last_error.is_none().then_some(())
    });
    still_a.holds(&a);
    still_b.holds(&b);
}

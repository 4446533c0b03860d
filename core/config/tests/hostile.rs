//! No text makes a reader fall over, and no error leaves a plan behind.

use std::fs;

use config::{Environment, load};
use proptest::prelude::*;

fn survives(name: &str, text: &[u8]) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path().join(name);
    fs::write(&path, text).expect("written");
    let loaded = load(&[path], &Environment::default());
    assert_eq!(loaded.plan.is_none(), loaded.diagnostics.has_errors());
    loaded.diagnostics.render(false, 80);
    loaded.diagnostics.to_json();
}

/// Pieces of both languages in any order reach deeper than noise does.
fn soup(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(pieces), 0..60).prop_map(|pieces| pieces.concat())
}

const KEEPALIVED: &[&str] = &[
    "vrrp_instance a ",
    "vrrp_script s ",
    "virtual_server 192.0.2.1 80 ",
    "global_defs ",
    "{",
    "}",
    "\n",
    " ",
    "\"",
    "#",
    "!",
    "\\",
    "interface eth0\n",
    "virtual_router_id 1\n",
    "virtual_ipaddress ",
    "192.0.2.9/24",
    "$A=b\n",
    "$A",
    "${A}",
    "$A=$A$A\n",
    "@id ",
    "@^id ",
    "include x\n",
    "notify ",
    "real_server ",
    "TCP_CHECK ",
    "ü",
    "\r\n",
    "script ",
    "'",
    "weight 3\n",
    "~SEQ(a,1,1,2) ",
    "track_script ",
    "advert_int 0.1\n",
    "priority 255\n",
    "state MASTER\n",
];
const TOML: &[&str] = &[
    "[instance.a]\n",
    "[service.a]\n",
    "[[instance.a.hook]]\n",
    "interface = \"eth0\"\n",
    "vrid = 1\n",
    "check = ",
    "{ plugin = \"http\" }\n",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "addresses = [\"192.0.2.1/24\"]\n",
    "server = [{}]\n",
    "address = \"192.0.2.1:80\"\n",
    "= ",
    "1",
    "9999999999999999999999\n",
    "\n",
    "ü",
    "# x\n",
    "quorum = 9\n",
    "advert_interval = \"1s\"\n",
    "preempt = \"1s\"\n",
    "[plugin.p]\n",
    "[tracker.t]\n",
    "[group.g]\n",
    "members = []\n",
];

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survives("a.toml", &bytes);
        survives("a.conf", &bytes);
        survives("a", &bytes);
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        survives("a.toml", text.as_bytes());
        survives("a.conf", text.as_bytes());
    }

    #[test]
    fn keepalived_soup(text in soup(KEEPALIVED)) {
        survives("a.conf", text.as_bytes());
    }

    #[test]
    fn toml_soup(text in soup(TOML)) {
        survives("a.toml", text.as_bytes());
    }
}

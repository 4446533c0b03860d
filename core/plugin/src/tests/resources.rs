//! Resources: what both runtimes are asked, and the shipped ones against stand-ins of the APIs that they speak to.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use model::link::{Secret, Step};
use model::plan::{NetGrant, SecretSource};
use model::value::{Parameters, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::kit::{ask, guest, hook, load_error, loaded, plan, platform, probes, settled, step};
use crate::Platform;

const CLOUD: &str = include_str!("../../../../scripts/cloud-address.lua");

#[tokio::test]
async fn a_resource_is_verified_applied_and_undone() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        let takes = async |what: Step, priority: u8| {
            let mut call = step("it", what, Parameters::new());
            call.event.priority = priority;
            platform.step(call).await
        };
        assert_eq!(takes(Step::Verify, 1).await, Ok(false), "{file}");
        assert_eq!(takes(Step::Apply, 1).await, Ok(true), "{file}");
        assert_eq!(takes(Step::Verify, 1).await, Ok(true), "{file}");
        assert_eq!(takes(Step::Undo, 1).await, Ok(false), "{file}");
        assert_eq!(takes(Step::Verify, 1).await, Ok(false), "{file}");
        assert_eq!(takes(Step::Apply, 13).await, Ok(true), "{file}");
        assert_eq!(
            takes(Step::Verify, 1).await,
            Err("web is broken".to_owned()),
            "{file}"
        );
    }
}

#[tokio::test]
async fn what_is_no_resource_says_so() {
    let mut all = Vec::new();
    for source in [
        "return { verify = function() return true end, apply = function() end }",
        "return { verify = 1, apply = 2, undo = 3 }",
    ] {
        all.push(load_error("mine.lua", source.as_bytes()).await);
    }
    let check = loaded(
        "mine.lua",
        b"return { check = function() return 'up' end }".to_vec(),
    )
    .await;
    let nonsense = b"local f = function() return 7 end return { verify = f, apply = f, undo = f }";
    let nonsense = loaded("mine.lua", nonsense.to_vec()).await;
    let silent = b"local f = function() return false end return { verify = f, apply = f, undo = f }";
    let silent = loaded("mine.lua", silent.to_vec()).await;
    let component = loaded("http.wasm", guest("http")).await;
    for (platform, what) in [
        (&check, Step::Verify),
        (&nonsense, Step::Verify),
        (&silent, Step::Apply),
        (&component, Step::Undo),
    ] {
        let result = platform.step(step("it", what, Parameters::new())).await;
        all.push(result.expect_err("no resource"));
    }
    let resource = loaded("object.wasm", guest("object")).await;
    all.push(
        resource
            .hook(hook("it", Parameters::new()))
            .await
            .expect_err("no hook"),
    );
    insta::assert_snapshot!(all.join("\n"), @r"
    mine.lua: a resource has `verify`, `apply` and `undo`, all three
    mine.lua: `verify` is integer; it must be a function
    mine.lua: it has no function `verify`
    verify returned integer; it must be true, false, or nil and a reason
    apply returned false without a reason
    http.wasm: it does not export keeper
    object.wasm: it does not export hook
    ");
}

/// What an API was asked, and what it keeps behind each path.
#[derive(Default)]
struct Api {
    asked: Vec<String>,
    kept: BTreeMap<String, String>,
    /// Answers 500 to everything.
    is_broken: bool,
}

impl Api {
    /// Status and body.
    fn answer(&mut self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.asked
            .push(format!("{method} {path} {body}").trim_end().to_owned());
        if self.is_broken {
            return (500, "maintenance".to_owned());
        }
        match (method, path.split('/').collect::<Vec<_>>().as_slice()) {
            ("GET", ["", "v1", "floating_ips", id]) => {
                let server = self.kept.get(*id).map_or("null", String::as_str);
                let answer = format!(r#"{{"floating_ip":{{"id":{id},"server":{server}}}}}"#);
                (200, answer)
            }
            ("GET", ["", "v2", "reserved_ips", address]) => {
                let droplet = self.kept.get(*address);
                let droplet = droplet.map_or("null".to_owned(), |id| format!(r#"{{"id":{id}}}"#));
                let answer = format!(r#"{{"reserved_ip":{{"ip":"{address}","droplet":{droplet}}}}}"#);
                (200, answer)
            }
            ("POST", ["", _, _, which, "actions", ..]) => {
                let digits: String = body.chars().filter(char::is_ascii_digit).collect();
                if digits.is_empty() {
                    self.kept.remove(*which);
                } else {
                    self.kept.insert((*which).to_owned(), digits);
                }
                (201, r#"{"action":{"status":"running"}}"#.to_owned())
            }
            ("GET", _) => match self.kept.get(path) {
                Some(body) => (200, body.clone()),
                None => (404, String::new()),
            },
            ("PUT", _) => {
                self.kept.insert(path.to_owned(), body.to_owned());
                (201, String::new())
            }
            ("DELETE", _) => {
                self.kept.remove(path);
                (204, String::new())
            }
            _ => (405, String::new()),
        }
    }
}

/// Serves an API to whoever knows the token, one request for each connection.
async fn serve() -> (SocketAddr, Arc<Mutex<Api>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("loopback");
    let address = listener.local_addr().expect("bound");
    let api = Arc::new(Mutex::new(Api::default()));
    let served = Arc::clone(&api);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that goes away early is one of the cases.
            let _ = serve_one(stream, &served).await;
        }
    });
    (address, api)
}

async fn serve_one(mut stream: TcpStream, api: &Mutex<Api>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        });
        if body.len() >= length.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_known = head.contains("authorization: Bearer s3cret-s3cret");
    let (status, body) = if is_known {
        api.lock().expect("no panic").answer(method, path, &body)
    } else {
        (401, "who are you".to_owned())
    };
    let answer = format!(
        "HTTP/1.1 {status} S\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await
}

async fn keeper(file: &str, bytes: &[u8], token: &str) -> Platform {
    let platform = platform();
    let mut plan = plan("it", file);
    plan.grants.net = vec![NetGrant::Net {
        net: "127.0.0.0/8".parse().expect("a network"),
        port: None,
    }];
    let source = SecretSource::File("/etc/token".into());
    plan.grants.secret = [("token".to_owned(), source)].into();
    platform.set_plugins(vec![plan]);
    let token = Ok(Secret(token.to_owned()));
    platform.set_secrets(&"it".into(), [("token".to_owned(), token)].into());
    platform.set_code("it".into(), Ok(bytes.to_vec()));
    settled(&platform, |status| status.generation == 1).await;
    platform
}

fn given(pairs: &[(&str, Value)]) -> Parameters {
    let own = |(name, value): &(&str, Value)| ((*name).to_owned(), value.clone());
    pairs.iter().map(own).collect()
}

/// All that can happen to one of them. Somebody else takes it in the middle.
async fn lives(platform: &Platform, parameters: &Parameters, api: &Mutex<Api>, key: &str, other: &str) {
    let takes = async |what: Step| platform.step(step("it", what, parameters.clone())).await;
    assert_eq!(takes(Step::Verify).await, Ok(false));
    assert_eq!(takes(Step::Undo).await, Ok(false), "what is not held is given up");
    assert_eq!(takes(Step::Apply).await, Ok(true));
    assert_eq!(takes(Step::Apply).await, Ok(true), "twice is as good as once");
    assert_eq!(takes(Step::Verify).await, Ok(true));
    let take = |other: &str| {
        let mut api = api.lock().expect("no panic");
        api.kept.insert(key.to_owned(), other.to_owned());
    };
    take(other);
    assert_eq!(takes(Step::Verify).await, Ok(false));
    assert_eq!(takes(Step::Undo).await, Ok(false));
    assert_eq!(
        api.lock().expect("no panic").kept.get(key).map(String::as_str),
        Some(other),
        "what somebody else holds stays"
    );
    assert_eq!(takes(Step::Apply).await, Ok(true));
    assert_eq!(takes(Step::Undo).await, Ok(false));
    assert_eq!(api.lock().expect("no panic").kept.get(key), None);
}

#[tokio::test]
async fn an_address_of_a_cloud() {
    let (address, api) = serve().await;
    let platform = keeper("cloud-address.lua", CLOUD.as_bytes(), "s3cret-s3cret").await;
    let hetzner = given(&[
        ("provider", "hetzner".into()),
        ("address", Value::Integer(4711)),
        ("server", Value::Integer(42)),
        ("api", Value::Text(format!("http://{address}/v1"))),
    ]);
    lives(&platform, &hetzner, &api, "4711", "43").await;
    let digitalocean = given(&[
        ("provider", "digitalocean".into()),
        ("address", "192.0.2.10".into()),
        ("server", Value::Integer(42)),
        ("api", Value::Text(format!("http://{address}/v2"))),
    ]);
    lives(&platform, &digitalocean, &api, "192.0.2.10", "43").await;
    let asked = api.lock().expect("no panic").asked.clone();
    let posts: Vec<&str> = asked
        .iter()
        .filter(|line| line.starts_with("POST"))
        .map(String::as_str)
        .collect();
    insta::assert_snapshot!(posts.join("\n"), @r#"
    POST /v1/floating_ips/4711/actions/assign {"server":42}
    POST /v1/floating_ips/4711/actions/assign {"server":42}
    POST /v1/floating_ips/4711/actions/assign {"server":42}
    POST /v1/floating_ips/4711/actions/unassign {}
    POST /v2/reserved_ips/192.0.2.10/actions {"droplet_id":42,"type":"assign"}
    POST /v2/reserved_ips/192.0.2.10/actions {"droplet_id":42,"type":"assign"}
    POST /v2/reserved_ips/192.0.2.10/actions {"droplet_id":42,"type":"assign"}
    POST /v2/reserved_ips/192.0.2.10/actions {"type":"unassign"}
    "#);
}

#[tokio::test]
async fn an_object_behind_a_url() {
    let (address, api) = serve().await;
    let platform = keeper("object.wasm", &guest("object"), "s3cret-s3cret").await;
    let url = Value::Text(format!("http://{address}/kv/web/master"));
    let parameters = given(&[("url", url), ("body", "lb1".into())]);
    lives(&platform, &parameters, &api, "/kv/web/master", "lb2").await;
}

#[tokio::test]
async fn a_secret_is_blacked_out_before_a_reason_is_cut() {
    let source = "local function words() return string.rep('x', 505) .. host.secret.get('token') end
        local function fails() return nil, words() end
        local function check() return 'down', words() end
        return { verify = fails, apply = fails, undo = fails, check = check }";
    let platform = keeper("mine.lua", source.as_bytes(), "s3cret-s3cret").await;
    let black = format!("{}[secret", "x".repeat(505));
    let result = platform.step(step("it", Step::Verify, given(&[]))).await;
    assert_eq!(result, Err(black.clone()));
    assert_eq!(platform.ask(ask("it", None, given(&[]))).await.reason, black);
}

#[tokio::test]
async fn an_object_has_to_say_whose_it_is() {
    let platform = keeper("object.wasm", &guest("object"), "x").await;
    let status = settled(&platform, |_| true).await;
    let declared = status.declared.expect("it says what it takes");
    let all = declared.iter().map(|one| (one.name.as_str(), one.required));
    assert_eq!(all.collect::<Vec<_>>(), [("url", true), ("body", true)]);
}

#[tokio::test]
async fn what_an_api_refuses_is_told_without_the_token() {
    let (address, api) = serve().await;
    api.lock().expect("no panic").is_broken = true;
    let url = |path: &str| Value::Text(format!("http://{address}{path}"));
    let hetzner = given(&[
        ("provider", "hetzner".into()),
        ("address", Value::Integer(4711)),
        ("server", Value::Integer(42)),
        ("api", url("/v1")),
    ]);
    let object = given(&[("url", url("/x")), ("body", "lb1".into())]);
    let mut all = Vec::new();
    for token in ["s3cret-s3cret", "stolen-stolen"] {
        let cloud = keeper("cloud-address.lua", CLOUD.as_bytes(), token).await;
        let kept = keeper("object.wasm", &guest("object"), token).await;
        for what in [Step::Verify, Step::Apply, Step::Undo] {
            for (platform, parameters) in [(&cloud, &hetzner), (&kept, &object)] {
                let result = platform.step(step("it", what, parameters.clone())).await;
                all.push(format!("{}: {}", what.word(), result.expect_err("refused")));
            }
        }
    }
    // What is the same on each node would have a Backup take away what the new Master put there.
    let kept = keeper("object.wasm", &guest("object"), "x").await;
    let result = kept
        .step(step("it", Step::Undo, given(&[("url", url("/x"))])))
        .await;
    let told = result.expect_err("not complete");
    // The place depends on the port.
    all.push(told.split(" at line").next().expect("the first").to_owned());
    let cloud = keeper("cloud-address.lua", CLOUD.as_bytes(), "x").await;
    for parameters in [given(&[]), given(&[("provider", "hetzner".into())])] {
        let result = cloud.step(step("it", Step::Verify, parameters)).await;
        all.push(result.expect_err("not complete"));
    }
    let all = all.join("\n").replace(&address.to_string(), "API");
    insta::assert_snapshot!(all, @r#"
    verify: GET http://API/v1/floating_ips/4711: status 500: maintenance
    verify: GET http://API/x: status 500
    apply: POST http://API/v1/floating_ips/4711/actions/assign: status 500: maintenance
    apply: PUT http://API/x: status 500
    undo: GET http://API/v1/floating_ips/4711: status 500: maintenance
    undo: GET http://API/x: status 500
    verify: GET http://API/v1/floating_ips/4711: status 401: who are you
    verify: GET http://API/x: status 401
    apply: POST http://API/v1/floating_ips/4711/actions/assign: status 401: who are you
    apply: PUT http://API/x: status 401
    undo: GET http://API/v1/floating_ips/4711: status 401: who are you
    undo: GET http://API/x: status 401
    object needs url and body, and takes no more: missing field `body`
    cloud-address needs the parameter provider: "hetzner" or "digitalocean"
    cloud-address needs the parameters address and server, such as address = 4711, server = 42
    "#);
}

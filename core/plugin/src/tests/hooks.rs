//! Hooks: the shipped scripts, and what can go wrong with any.

use model::plan::NetGrant;
use model::value::{Parameters, Value};

use super::kit::{guest, hook, loaded, plan, platform, server, settled};

const WEBHOOK: &str = include_str!("../../../../scripts/webhook.lua");
const LOG: &str = include_str!("../../../../scripts/log-transition.lua");

fn url(text: &str) -> Parameters {
    Parameters::from([("url".to_owned(), Value::from(text))])
}

#[tokio::test]
async fn a_transition_is_posted() {
    let (address, heard) = server("", "HTTP/1.1 204 No Content\r\n\r\n").await;
    let platform = platform();
    let mut granted = plan("it", "webhook.lua");
    granted.grants.net = vec![NetGrant::Net {
        net: "127.0.0.0/8".parse().expect("a network"),
        port: Some(address.port()),
    }];
    platform.set_plugins(vec![granted]);
    platform.set_code("it".into(), Ok(WEBHOOK.into()));
    settled(&platform, |status| status.generation == 1).await;
    let result = platform
        .hook(hook("it", url(&format!("http://{address}/hook"))))
        .await;
    assert_eq!(result, Ok(()));
    let heard = heard.lock().expect("no panic").concat();
    assert!(heard.starts_with("POST /hook HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("content-type: application/json\r\n"), "{heard}");
    for part in [
        r#""name":"web""#,
        r#""state":"MASTER""#,
        r#""addresses":["192.0.2.1/24"]"#,
        r#""priority":150"#,
    ] {
        assert!(heard.contains(part), "{part} in {heard}");
    }
}

#[tokio::test]
async fn a_refusal_is_told() {
    let (address, _) = server("", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
    let platform = platform();
    let mut granted = plan("it", "webhook.lua");
    granted.grants.net = vec![NetGrant::Net {
        net: "127.0.0.0/8".parse().expect("a network"),
        port: None,
    }];
    platform.set_plugins(vec![granted]);
    platform.set_code("it".into(), Ok(WEBHOOK.into()));
    settled(&platform, |status| status.generation == 1).await;
    let result = platform
        .hook(hook("it", url(&format!("http://{address}/hook"))))
        .await;
    assert_eq!(result, Err(format!("http://{address}/hook: status 403")));
    let result = platform.hook(hook("it", Parameters::new())).await;
    insta::assert_snapshot!(result.expect_err("no url"), @r#"webhook needs the parameter url, such as url = "https://ops.example.net/hook""#);
}

#[tokio::test]
async fn a_transition_is_logged() {
    let platform = loaded("log-transition.lua", LOG.into()).await;
    assert_eq!(platform.hook(hook("it", Parameters::new())).await, Ok(()));
}

#[tokio::test]
async fn a_check_is_no_hook() {
    let platform = loaded("probe.wasm", guest("probe")).await;
    let mut all = vec![
        platform
            .hook(hook("it", Parameters::new()))
            .await
            .expect_err("no hook"),
    ];
    let platform = loaded("mine.lua", "return { check = function() return 'up' end }".into()).await;
    all.push(
        platform
            .hook(hook("it", Parameters::new()))
            .await
            .expect_err("no hook"),
    );
    let failing = "return { on_change = function() return false end }";
    let platform = loaded("mine.lua", failing.into()).await;
    all.push(
        platform
            .hook(hook("it", Parameters::new()))
            .await
            .expect_err("it fails"),
    );
    insta::assert_snapshot!(all.join("\n"), @r"
    probe.wasm: it does not export hook
    mine.lua: it has no function `on_change`
    on_change returned false without a reason
    ");
}

use super::*;
use crate::testing::call;

#[tokio::test]
async fn loopback_answers() {
    let target = "127.0.0.1:9".parse().expect("an address");
    let call = call(Some(target), Duration::from_secs(60));
    match call.ping("127.0.0.1", Some(128), None).await {
        Ok(took) => assert!(took < Duration::from_secs(60)),
        // Where the kernel gives no such sockets to this group, the message has to name the cure.
        Err(error) => assert!(error.message.contains("net.ipv4.ping_group_range"), "{error}"),
    }
}

#[tokio::test]
async fn only_what_is_granted_is_pinged() {
    let target = "127.0.0.1:9".parse().expect("an address");
    let call = call(Some(target), Duration::from_secs(60));
    let error = call
        .ping("127.0.0.2", None, None)
        .await
        .expect_err("not the target");
    insta::assert_snapshot!(error, @r#"pinging 127.0.0.2 is not granted; add "127.0.0.2" to net in the plugin's grants"#);
    let error = call
        .ping("127.0.0.1", Some(70_000), None)
        .await
        .expect_err("too long");
    insta::assert_snapshot!(error, @"an echo request carries at most 8192 bytes, not 70000");
}

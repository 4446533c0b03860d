use super::*;
use crate::testing::call;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_datagram_goes_out_and_one_comes_back() {
    let server = UdpSocket::bind("127.0.0.1:0").await.expect("loopback");
    let address = server.local_addr().expect("bound");
    tokio::spawn(async move {
        let mut bytes = [0; 64];
        let (count, from) = server.recv_from(&mut bytes).await.expect("a datagram");
        bytes[..count].reverse();
        server.send_to(&bytes[..count], from).await.expect("sent");
    });
    let call = call(Some(address), MINUTE);
    let answer = call.udp_exchange("127.0.0.1", address.port(), b"abc", None).await;
    assert_eq!(answer.expect("an answer"), b"cba");
}

#[tokio::test]
async fn what_goes_wrong_has_its_code() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.expect("loopback");
    let address = silent.local_addr().expect("bound");
    let patient = call(Some(address), MINUTE);
    let short = Some(Duration::from_millis(20));
    let error = patient
        .udp_exchange("127.0.0.1", address.port(), b"x", short)
        .await
        .expect_err("silence");
    assert_eq!(error.code, Code::Timeout);
    drop(silent);
    let error = patient
        .udp_exchange("127.0.0.1", address.port(), b"x", None)
        .await
        .expect_err("closed");
    assert_eq!(error.code, Code::Refused, "{error}");
    let error = patient
        .udp_exchange("127.0.0.2", 9, b"x", None)
        .await
        .expect_err("another");
    assert_eq!(error.code, Code::Denied);
    let long = vec![0; DATAGRAM_MAX + 1];
    let error = patient
        .udp_exchange("127.0.0.1", 9, &long, None)
        .await
        .expect_err("long");
    assert_eq!(error.code, Code::TooLarge);
}

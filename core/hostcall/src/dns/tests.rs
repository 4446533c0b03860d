use super::message::{Question, decode};
use crate::testing::call;
use std::time::Duration;
use tokio::net::UdpSocket;

/// The answer to `question`: its flags, and records as they stand on the wire after it.
fn answer(question: &[u8], flags: u16, count: u16, records: &[u8]) -> Vec<u8> {
    let mut message = question.to_vec();
    message[2..4].copy_from_slice(&flags.to_be_bytes());
    message[6..8].copy_from_slice(&count.to_be_bytes());
    message.extend_from_slice(records);
    message
}

#[test]
fn a_question_is_one_question() {
    let question = Question::new(0x1234, "ns.example.", "soa").expect("a name");
    assert_eq!(
        question.encode(),
        b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x02ns\x07example\0\0\x06\0\x01"
    );
    assert_eq!(Question::new(1, ".", "NS").expect("the root").encode().len(), 17);
}

#[test]
fn answers_are_read_with_their_pointers() {
    let question = Question::new(7, "example.", "A").expect("a name");
    let wire = question.encode();
    let records = b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x06\x03www\xc0\x0c\
                    \xc0\x25\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01";
    let read = decode(&answer(&wire, 0x8580, 2, records), &question).expect("good");
    insta::assert_debug_snapshot!(read, @r#"
    Answer {
        code: "NOERROR",
        authoritative: true,
        truncated: false,
        records: [
            Record {
                name: "example.",
                kind: "CNAME",
                ttl: 60,
                data: "www.example.",
            },
            Record {
                name: "www.example.",
                kind: "A",
                ttl: 60,
                data: "192.0.2.1",
            },
        ],
    }
    "#);
}

#[test]
fn no_bytes_make_it_panic() {
    let question = Question::new(7, "example.", "A").expect("a name");
    let wire = question.encode();
    let good = answer(
        &wire,
        0x8580,
        2,
        b"\xc0\x0c\0\x10\0\x01\0\0\0\x3c\0\x06\x05hello\xc0\x0c\0\x06\0\x01\0\0\0\0\0\0",
    );
    for end in 0..good.len() {
        assert!(
            decode(&good[..end], &question).is_err() || end > wire.len(),
            "{end}"
        );
    }
    for at in 0..good.len() {
        for byte in [0, 1, 0x3f, 0x40, 0xc0, 0xff] {
            let mut bad = good.clone();
            bad[at] = byte;
            // Good or bad, but an answer.
            let _ = decode(&bad, &question);
        }
    }
    let circle = answer(&wire, 0x8580, 1, b"\xc0\x19\0\x01\0\x01");
    assert_eq!(
        decode(&circle, &question),
        Err("a name in the answer points in a circle")
    );
    assert_eq!(decode(&wire, &question), Err("it is no answer to what was asked"));
}

#[tokio::test]
async fn a_server_is_asked() {
    let server = UdpSocket::bind("127.0.0.1:0").await.expect("loopback");
    let address = server.local_addr().expect("bound");
    tokio::spawn(async move {
        let mut bytes = [0; 512];
        let (count, from) = server.recv_from(&mut bytes).await.expect("a question");
        let said = answer(&bytes[..count], 0x8583, 0, b"");
        server.send_to(&said, from).await.expect("sent");
    });
    let call = call(Some(address), Duration::from_secs(60));
    let (host, port) = (address.ip().to_string(), address.port());
    let said = call
        .dns_query(&host, port, "no.example", "A", None)
        .await
        .expect("an answer");
    assert_eq!((said.code.as_str(), said.records.len()), ("NXDOMAIN", 0));
    let error = call
        .dns_query(&host, port, "x", "HINFO", None)
        .await
        .expect_err("no such type");
    insta::assert_snapshot!(error, @r#""HINFO" is no type of DNS record; one of: A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, CAA"#);
    let error = call
        .dns_query(&host, port, "a..b", "A", None)
        .await
        .expect_err("no name");
    insta::assert_snapshot!(error, @r#""a..b" is no DNS name: each part has 1 to 63 bytes"#);
}

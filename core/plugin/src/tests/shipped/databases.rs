//! postgres and mysql, against small servers made by hand from the manuals of the protocols: they are in states that the
//! real ones take long to get into, such as 7 s behind. The real ones are asked by the lab (tests/lab, `real`).

use std::net::{Ipv4Addr, SocketAddr};

use hostcall::codec::{self, Algorithm};
use model::link::Secret;
use model::plan::{PluginSource, SecretSource};
use model::value::{Parameters, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::kit::{ask, plan, platform};
use super::said;

const PASSWORD: &str = "s3cret-s3cret";

/// What a plugin says; its secret `/pw` is the password, `/no` another, and `/lost` cannot be read.
async fn says(name: &str, target: SocketAddr, cases: &[Parameters]) -> String {
    let platform = platform();
    let mut plan = plan(name, "");
    plan.source = PluginSource::Embedded;
    let secret = |name: &str| (name.to_owned(), SecretSource::File(name.into()));
    plan.grants.secret = ["/pw", "/no", "/lost"].map(secret).into();
    platform.set_plugins(vec![plan]);
    let value = |name: &str, text: &str| (name.to_owned(), Ok(Secret(text.to_owned())));
    platform.set_secrets(
        &name.into(),
        [
            value("/pw", PASSWORD),
            value("/no", "an0ther-s3cret"),
            ("/lost".to_owned(), Err("no such file".to_owned())),
        ]
        .into(),
    );
    let mut all = Vec::new();
    for case in cases {
        all.push(said(
            &platform.ask(ask(name, Some(target), case.clone())).await,
            target,
        ));
    }
    all.join("\n")
}

fn given<const N: usize>(pairs: [(&str, Value); N]) -> Parameters {
    super::parameters(pairs)
}

/// Serves each client in its turn.
async fn serve<F>(talk: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that goes away early is one of the cases.
            tokio::spawn(talk(stream));
        }
    });
    address
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("short").to_be_bytes();
    [&[kind], &length[..], body].concat()
}

/// A message of the client's: its kind and body.
async fn heard(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let _kind = stream.read_u8().await?;
    let length = stream.read_u32().await?;
    let mut body = vec![0; length as usize - 4];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex"))
        .collect()
}

/// SCRAM-SHA-256 as the server sees it (RFC 5802 §3): whether the client knows the password.
async fn scram(stream: &mut TcpStream) -> std::io::Result<bool> {
    let methods = b"\0\0\0\nSCRAM-SHA-256\0\0";
    stream.write_all(&message(b'R', methods)).await?;
    let hello = String::from_utf8_lossy(&heard(stream).await?).into_owned();
    let first = hello.split("n,,").last().unwrap_or_default().to_owned();
    let nonce = first.split("r=").last().unwrap_or_default();
    let challenge = format!("r={nonce}more,s=c2FsdA==,i=4096");
    let body = [b"\0\0\0\x0b", challenge.as_bytes()].concat();
    stream.write_all(&message(b'R', &body)).await?;
    let last = String::from_utf8_lossy(&heard(stream).await?).into_owned();
    let (bare, proof) = last.split_once(",p=").unwrap_or_default();
    let salted = codec::pbkdf2(Algorithm::Sha256, PASSWORD.as_bytes(), b"salt", 4096).expect("good");
    let key = codec::hmac(Algorithm::Sha256, &hex(&salted), b"Client Key");
    let stored = codec::digest(Algorithm::Sha256, &hex(&key));
    let text = format!("{first},{challenge},{bare}");
    let mask = hex(&codec::hmac(Algorithm::Sha256, &hex(&stored), text.as_bytes()));
    let wanted: Vec<u8> = hex(&key).iter().zip(&mask).map(|(a, b)| a ^ b).collect();
    let good = codec::base64_encode(&wanted) == proof;
    if good {
        stream.write_all(&message(b'R', b"\0\0\0\x0cv=proof")).await?;
    }
    Ok(good)
}

/// A standby that is 7 s behind; who comes as `md5` or `scram` has to prove it.
async fn postgres(mut stream: TcpStream) -> std::io::Result<()> {
    let length = stream.read_u32().await?;
    let mut hello = vec![0; length as usize - 4];
    stream.read_exact(&mut hello).await?;
    let asks = |word: &str| hello.windows(word.len()).any(|part| part == word.as_bytes());
    let good = if asks("md5") {
        stream.write_all(&message(b'R', b"\0\0\0\x05salt")).await?;
        let inner = codec::digest(Algorithm::Md5, format!("{PASSWORD}md5").as_bytes());
        let outer = codec::digest(Algorithm::Md5, format!("{inner}salt").as_bytes());
        heard(&mut stream).await? == format!("md5{outer}\0").as_bytes()
    } else if asks("scram") {
        scram(&mut stream).await?
    } else {
        true
    };
    if !good {
        let words = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"x\"\0Fauth.c\0\0";
        return stream.write_all(&message(b'E', words)).await;
    }
    let mut answer = message(b'R', b"\0\0\0\0");
    answer.extend(message(b'S', b"server_version\x0015.14\0"));
    answer.extend(message(b'Z', b"I"));
    stream.write_all(&answer).await?;
    heard(&mut stream).await?;
    let mut answer = message(b'T', b"\0\x02");
    answer.extend(message(b'D', b"\0\x02\0\0\0\x01t\0\0\0\x077.12345"));
    answer.extend(message(b'C', b"SELECT 1\0"));
    answer.extend(message(b'Z', b"I"));
    stream.write_all(&answer).await
}

#[tokio::test]
async fn postgres_logs_in_and_tells_its_role() {
    let target = serve(postgres).await;
    let user = |name: &str| ("user", Value::from(name));
    let password = |name: &str| ("password_file", Value::from(name));
    let cases = [
        given([]),
        given([user("md5"), password("/pw")]),
        given([user("md5"), password("/no")]),
        given([user("scram"), password("/pw")]),
        given([user("scram"), password("/no")]),
        given([("role", "standby".into()), ("lag", 10.into())]),
        given([("role", "standby".into()), ("lag", 5.into())]),
        given([("role", "primary".into())]),
        given([password("/lost")]),
        given([password("/etc/other")]),
        given([("rolle", "primary".into())]),
    ];
    insta::assert_snapshot!(says("postgres", target, &cases).await, @r#"
    up: it is a standby
    up: it is a standby
    down: password authentication failed for user "x"
    up: it is a standby
    down: password authentication failed for user "x"
    up: it is a standby
    down: it is a standby, 7 s behind
    down: it is a standby, not a primary
    unknown: the secret /lost: no such file
    unknown: postgres.lua:37: the secret /etc/other is not granted; add /etc/other = "/PATH/OF/ITS/FILE" to secret in the plugin's grants
    unknown: parameter rolle of postgres is not known, not a string
    "#);
}

const SALT: &[u8; 20] = b"abcdefghijklmnopqrst";

fn packet(number: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("short").to_le_bytes();
    [&length[..3], &[number], body].concat()
}

/// The body of a packet of the client's.
async fn packed(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

fn text(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).expect("short")], text.as_bytes()].concat()
}

/// One row of two columns, of which the second is NULL.
fn row(name: &str, value: &str) -> Vec<u8> {
    let column = |name: &str| {
        let places = ["def", "", "", "", name, name].map(text).concat();
        [&places[..], &[0x0c, 33, 0, 16, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0]].concat()
    };
    let end = b"\xfe\0\0\x02\0";
    [
        packet(1, &[2]),
        packet(2, &column(name)),
        packet(3, &column("more")),
        packet(4, end),
        packet(5, &[&text(value)[..], &[0xfb]].concat()),
        packet(6, end),
    ]
    .concat()
}

/// A replica that is 7 s behind and has no cluster; it changes its mind about how to prove the password.
async fn mysql(mut stream: TcpStream) -> std::io::Result<()> {
    let greeting = [
        b"\x0a5.5.5-10.11.6-MariaDB\0\x01\0\0\0",
        &SALT[..8],
        b"\0\xfe\xf7\x21\x02\0\xff\x81\x15\0\0\0\0\0\0\0\0\0\0",
        &SALT[8..],
        b"\0caching_sha2_password\0",
    ]
    .concat();
    stream.write_all(&packet(0, &greeting)).await?;
    packed(&mut stream).await?;
    let other = [b"\xfemysql_native_password\0", &SALT[..], b"\0"].concat();
    stream.write_all(&packet(2, &other)).await?;
    let once = hex(&codec::digest(Algorithm::Sha1, PASSWORD.as_bytes()));
    let twice = hex(&codec::digest(Algorithm::Sha1, &once));
    let mask = hex(&codec::digest(Algorithm::Sha1, &[&SALT[..], &twice].concat()));
    let wanted: Vec<u8> = once.iter().zip(&mask).map(|(a, b)| a ^ b).collect();
    if packed(&mut stream).await? != wanted {
        let words = b"\xff\x15\x04#28000Access denied for user 'root'@'localhost'";
        return stream.write_all(&packet(4, words)).await;
    }
    stream.write_all(&packet(4, b"\0\0\0\x02\0\0\0")).await?;
    loop {
        let asked = packed(&mut stream).await?;
        let asked = String::from_utf8_lossy(&asked).into_owned();
        let answer = match asked.get(1..).unwrap_or_default() {
            "SELECT @@global.read_only AS ro" => row("ro", "1"),
            "SHOW SLAVE STATUS" => row("Seconds_Behind_Master", "7"),
            "SHOW STATUS LIKE 'wsrep_local_state_comment'" => row("Value", "Donor"),
            "SELECT 1" => row("1", "1"),
            _ => return Ok(()),
        };
        stream.write_all(&answer).await?;
    }
}

#[tokio::test]
async fn mysql_logs_in_and_tells_its_role() {
    let target = serve(mysql).await;
    let password = || ("password_file", Value::from("/pw"));
    let cases = [
        given([password()]),
        given([("password_file", "/no".into())]),
        given([("password_file", "/lost".into())]),
        given([]),
        given([password(), ("role", "replica".into()), ("lag", 10.into())]),
        given([password(), ("role", "primary".into())]),
        given([password(), ("lag", 5.into())]),
        given([password(), ("galera", true.into())]),
        given([("lagg", 5.into())]),
    ];
    insta::assert_snapshot!(says("mysql", target, &cases).await, @r#"
    up: 5.5.5-10.11.6-MariaDB answers
    down: Access denied for user 'root'@'localhost'
    unknown: the secret /lost: no such file
    down: Access denied for user 'root'@'localhost'
    up: 5.5.5-10.11.6-MariaDB answers
    down: it is a replica, not a primary
    down: it is 7 s behind
    down: it is Donor
    unknown: parameter lagg of mysql is not known, not a number
    "#);
}

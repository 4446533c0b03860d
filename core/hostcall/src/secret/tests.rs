use model::plan::{Grants, SecretSource};

use super::*;
use crate::testing;

fn host() -> Host {
    let names = ["token", "pin", "lost", "late"];
    let source = |name: &&str| ((*name).to_owned(), SecretSource::File("/etc/it".into()));
    let host = testing::host_granted(Grants {
        secret: names.iter().map(source).collect(),
        ..Grants::default()
    });
    let secret = |text: &str| Ok(Secret(text.to_owned()));
    host.set_secrets(Values::from([
        ("token".to_owned(), secret("s3cret-s3cret")),
        ("pin".to_owned(), secret("17")),
        ("lost".to_owned(), Err("no such file".to_owned())),
    ]));
    host
}

#[test]
fn a_secret_is_given_to_whom_it_is_granted() {
    let host = host();
    assert_eq!(host.secret("token").expect("granted"), "s3cret-s3cret");
    let told = ["lost", "late", "other"].map(|name| host.secret(name).expect_err("none").message);
    insta::assert_snapshot!(told.join("\n"), @r#"
    the secret lost: no such file
    the secret late is not read yet
    the secret other is not granted; add other = "/PATH/OF/ITS/FILE" to secret in the plugin's grants
    "#);
}

#[test]
fn a_secret_is_blacked_out() {
    let host = host();
    let text = host.without_secrets("at http://x/s3cret-s3cret/17: refused");
    assert_eq!(text, "at http://x/[secret]/17: refused");
    assert_eq!(format!("{:?}", Secret("s3cret".to_owned())), "Secret(..)");
}

#[test]
fn a_secret_within_a_longer_one_leaves_nothing_of_it() {
    let host = host();
    let secret = |text: &str| Ok(Secret(text.to_owned()));
    host.set_secrets(Values::from([
        ("a".to_owned(), secret("s3cret")),
        ("b".to_owned(), secret("s3cret-and-more")),
    ]));
    let text = host.without_secrets("s3cret-and-more, s3cret");
    assert_eq!(text, "[secret], [secret]");
}

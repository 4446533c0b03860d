use std::fs;
use std::process::Command;

use super::*;

const TEXT: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn a_key_is_text_or_hexadecimal() {
    assert_eq!(
        key(TEXT).map(|key| key.bytes().to_vec()),
        Ok(TEXT.as_bytes().to_vec())
    );
    let hex = key(&format!("hex:{}", "00Ff".repeat(16))).expect("a key");
    assert_eq!(hex.bytes(), [0x00, 0xff].repeat(16));
    let words = |text: &str| key(text).expect_err("no key");
    assert_eq!(words("short"), "a key has 32 to 64 bytes, this one has 5");
    assert_eq!(
        words(&TEXT.repeat(3)),
        "a key has 32 to 64 bytes, this one has 96"
    );
    assert_eq!(words("hex:0g"), "the key is not pairs of hexadecimal digits");
    assert_eq!(words("hex:000"), "the key is not pairs of hexadecimal digits");
}

#[test]
fn a_key_file_holds_either_and_its_last_line_may_end() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("key");
    fs::write(&file, format!("hex:{}\n", "ab".repeat(40))).expect("written");
    let text = format!("file:{}", file.display());
    assert_eq!(key(&text).expect("a key").bytes(), [0xab; 40]);
    let place = place.path().display().to_string();
    let refused = |text: &str| key(text).expect_err("no key").replace(&place, "DIR");
    fs::write(&file, "x".repeat(5000)).expect("written");
    insta::assert_snapshot!(refused(&text), @"cannot read the key in DIR/key: it is larger than 4 KiB");
    fs::write(&file, [0xff; 40]).expect("written");
    insta::assert_snapshot!(refused(&text), @"cannot read the key in DIR/key: it is no text; write the key as hex:...");
    fs::remove_file(&file).expect("removed");
    insta::assert_snapshot!(refused(&text), @"cannot read the key in DIR/key: No such file or directory (os error 2)");
    // A pipe that nobody writes would be waited for.
    let made = Command::new("mkfifo").arg(&file).status();
    assert!(made.expect("mkfifo is there").success());
    insta::assert_snapshot!(refused(&text), @"cannot read the key in DIR/key: it is not a regular file");
}

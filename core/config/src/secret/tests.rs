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
    fs::write(&file, "x".repeat(5000)).expect("written");
    assert!(
        key(&text)
            .expect_err("no key")
            .ends_with("is too long to be a key")
    );
    fs::remove_file(&file).expect("removed");
    assert!(
        key(&text)
            .expect_err("no key")
            .starts_with("cannot read the key in ")
    );
}

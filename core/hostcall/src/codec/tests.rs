use super::*;

#[test]
fn digests_are_those_of_the_standards() {
    // RFC 1321 A.5, FIPS 180-4.
    assert_eq!(digest(Algorithm::Md5, b"abc"), "900150983cd24fb0d6963f7d28e17f72");
    let sha256 = digest(Algorithm::Sha256, b"abc");
    assert_eq!(
        sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn longer_digests_are_in_hexadecimal() {
    let sha1 = digest(Algorithm::Sha1, b"abc");
    assert_eq!(sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert!(digest(Algorithm::Sha512, b"abc").starts_with("ddaf35a193617abacc417349ae204131"));
}

#[test]
fn hmac_is_that_of_rfc_2202_and_rfc_4231() {
    let (key, data) = (&b"Jefe"[..], &b"what do ya want for nothing?"[..]);
    assert_eq!(
        hmac(Algorithm::Md5, key, data),
        "750c783e6ab0b503eaa86e310a5db738"
    );
    assert_eq!(
        hmac(Algorithm::Sha1, key, data),
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    );
    assert_eq!(
        hmac(Algorithm::Sha256, key, data),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert!(hmac(Algorithm::Sha512, key, data).starts_with("164b7a7bfcf819e2e395fbe73b56e0a3"));
}

#[test]
fn base64_goes_there_and_back() {
    assert_eq!(base64_encode(b"\0\xff!"), "AP8h");
    assert_eq!(base64_decode("AP8h").expect("good"), b"\0\xff!");
    let error = base64_decode("AP8").expect_err("no padding");
    assert!(error.message.starts_with("not base64: "), "{error}");
}

#[test]
fn pbkdf2_is_that_of_rfc_6070_and_rfc_7677() {
    let derive = |rounds| pbkdf2(Algorithm::Sha1, b"password", b"salt", rounds);
    assert_eq!(
        derive(1).expect("good"),
        "0c60c80f961f0e71f3a9b524af6012062fe037a6"
    );
    assert_eq!(
        derive(4096).expect("good"),
        "4b007901b765489abead49d926f721d065a429c1"
    );
    let told = [0, ROUNDS_MAX + 1].map(|rounds| derive(rounds).expect_err("refused").message);
    insta::assert_snapshot!(told.join("\n"), @r"
    0 rounds of PBKDF2 are none, or more than 20000
    20001 rounds of PBKDF2 are none, or more than 20000
    ");
}

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

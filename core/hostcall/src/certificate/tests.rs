use super::*;

const SERVER: &[u8] = include_bytes!("../tls/testdata/server.der");

#[test]
fn a_certificate_is_read() {
    let wanted = Certificate {
        subject: "www.example.com".to_owned(),
        names: vec!["www.example.com".to_owned()],
        issuer: "bellwether tests".to_owned(),
        valid_from: 1_795_351_432,
        valid_until: 4_948_951_432,
    };
    let found = Certificate::read(SERVER).expect("good");
    assert_eq!(found, wanted);
    assert!(found.days_left() > 0);
}

#[test]
fn one_that_is_cut_or_damaged_is_none_and_no_panic() {
    for end in 0..SERVER.len() {
        assert_eq!(Certificate::read(&SERVER[..end]), None, "{end}");
    }
    for at in 0..SERVER.len() {
        for value in [0, 0x7f, 0x80, 0x82, 0xff] {
            let mut damaged = SERVER.to_vec();
            damaged[at] = value;
            // Whatever it says: it comes back.
            let _ = Certificate::read(&damaged);
        }
    }
}

#[test]
fn days_are_those_of_the_calendar() {
    for (date, wanted) in [
        ((1970, 1, 1), 0),
        ((2000, 2, 29), 11_016),
        ((2000, 3, 1), 11_017),
        ((2100, 3, 1), 47_541),
        ((1969, 12, 31), -1),
    ] {
        assert_eq!(days(date.0, date.1, date.2), wanted, "{date:?}");
    }
}

#[test]
fn times_are_of_two_forms() {
    let read = |tag: u8, text: &str| {
        let mut bytes = vec![tag, u8::try_from(text.len()).expect("short")];
        bytes.extend_from_slice(text.as_bytes());
        time(&mut Reader::new(&bytes))
    };
    assert_eq!(read(0x17, "700101000001Z"), Some(1));
    assert_eq!(read(0x17, "491231235959Z"), Some(2_524_607_999));
    assert_eq!(read(0x18, "20500101000000Z"), Some(2_524_608_000));
    for (tag, text) in [
        (0x17, "7001010000Z"),
        (0x17, "701301000001Z"),
        (0x04, "x"),
        (0x18, "2050+101000000Z"),
    ] {
        assert_eq!(read(tag, text), None, "{text}");
    }
}

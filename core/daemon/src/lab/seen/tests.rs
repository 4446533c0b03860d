use super::*;

#[test]
fn every_line_is_read_back() {
    for seen in [
        Seen::From {
            at_us: 7,
            name: "lb1".to_owned(),
        },
        Seen::Silent { at_us: 8 },
        Seen::Gap {
            at_us: 9,
            lost_us: 311_000,
            lost: 155,
        },
        Seen::Neighbour {
            at_us: 10,
            mac: "02:00:00:00:01:01".to_owned(),
            moved: false,
        },
        Seen::Neighbour {
            at_us: 10,
            mac: "02:00:00:00:01:02".to_owned(),
            moved: true,
        },
        Seen::Answers {
            name: "none (timed out)".to_owned(),
            count: 3,
        },
    ] {
        assert_eq!(Seen::parse(&format!("{seen}\n")), Some(seen));
    }
}

#[test]
fn anything_else_is_not_understood() {
    for line in ["", "from", "from x lb1", "gap 1 2", "gap 1 2 x", "panicked at"] {
        assert_eq!(Seen::parse(line), None, "{line}");
    }
}

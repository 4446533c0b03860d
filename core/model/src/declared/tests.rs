use super::*;

fn declared(kind: Kind, min: Option<f64>, max: Option<f64>, one_of: &[&str]) -> Declared {
    Declared {
        name: "it".to_owned(),
        kind,
        required: false,
        min,
        max,
        one_of: one_of.iter().map(|word| (*word).to_owned()).collect(),
        meaning: String::new(),
    }
}

#[test]
fn each_kind_takes_its_own_values() {
    let values = [
        Value::from("a"),
        Value::Number(1.5),
        Value::from(2),
        Value::from(true),
        Value::List(Vec::new()),
        Value::Table(Default::default()),
    ];
    for (kind, wanted) in [
        (Kind::Text, [true, false, false, false, false, false]),
        (Kind::Number, [false, true, true, false, false, false]),
        (Kind::Whole, [false, false, true, false, false, false]),
        (Kind::Flag, [false, false, false, true, false, false]),
        (Kind::List, [false, false, false, false, true, false]),
        (Kind::Table, [false, false, false, false, false, true]),
    ] {
        let found = values
            .each_ref()
            .map(|value| declared(kind, None, None, &[]).fits(value));
        assert_eq!(found, wanted, "{}", kind.word());
    }
}

#[test]
fn bounds_are_good_themselves_and_what_is_no_number_is_not() {
    let port = declared(Kind::Whole, Some(1.0), Some(65_535.0), &[]);
    let good = [0, 1, 65_535, 65_536].map(|number| port.fits(&Value::from(number)));
    assert_eq!(good, [false, true, true, false]);
    let lag = declared(Kind::Number, Some(0.0), None, &[]);
    assert!(!lag.fits(&Value::Number(f64::NAN)));
    let role = declared(Kind::Text, None, None, &["primary", "standby"]);
    assert!(role.fits(&Value::from("standby")) && !role.fits(&Value::from("both")));
}

#[test]
fn it_says_what_it_wants() {
    let all = [
        declared(Kind::Whole, Some(1.0), Some(65_535.0), &[]),
        declared(Kind::Number, Some(0.5), None, &[]),
        declared(Kind::Number, None, Some(9.0), &[]),
        declared(Kind::Text, None, None, &["a"]),
        declared(Kind::Text, None, None, &["a", "b", "c"]),
        declared(Kind::List, None, None, &[]),
    ];
    let told = all.map(|one| format!("{}, such as {}", one.wanted(), one.example()));
    assert_eq!(
        told,
        [
            "a whole number from 1 to 65535, such as it = 1",
            "a number, 0.5 at least, such as it = 0.5",
            "a number, 9 at most, such as it = 9",
            "\"a\", such as it = \"a\"",
            "\"a\", \"b\" or \"c\", such as it = \"a\"",
            "a list, such as it = []",
        ]
    );
}

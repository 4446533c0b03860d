use super::*;

const TEXT: &[u8] = b"# HELP up Whether it is.\n\
# TYPE up gauge\n\
up 1\n\
up_time{unit=\"s\"} 5\n\
up{job=\"a b\",path=\"C:\\\\x\\n\\\"q\\\"\",} 0.5 1700000000000\n\
up{} +Inf\n\
up{kind = NaN\n";

fn sample(labels: &[(&str, &str)], value: f64) -> Sample {
    let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Sample {
        labels: labels.iter().map(own).collect(),
        value,
    }
}

#[test]
fn samples_of_one_name_are_found_in_order() {
    assert_eq!(
        find(TEXT, "up_time").expect("good"),
        [sample(&[("unit", "s")], 5.0)]
    );
    assert_eq!(find(TEXT, "down").expect("good"), []);
    let whole = TEXT
        .split(|byte| *byte == b'\n')
        .take(6)
        .collect::<Vec<_>>()
        .join(&b'\n');
    let found = find(&whole, "up").expect("good");
    assert_eq!(
        found,
        [
            sample(&[], 1.0),
            sample(&[("job", "a b"), ("path", "C:\\x\n\"q\"")], 0.5),
            sample(&[], f64::INFINITY),
        ]
    );
}

#[test]
fn a_broken_line_is_told_by_its_number() {
    assert_eq!(
        find(TEXT, "up").expect_err("broken").message,
        "line 7 is no sample of up"
    );
    let flood = "x 1\n".repeat(SAMPLES_MAX + 1);
    assert_eq!(
        find(flood.as_bytes(), "x").expect_err("too many").code,
        Code::TooLarge
    );
}

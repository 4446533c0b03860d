use std::io::Write as _;

use super::*;

#[test]
fn half_a_line_waits_for_its_end() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("log");
    let mut tail = Tail::new(path.clone());
    assert!(tail.lines().is_empty(), "no file yet");
    let mut file = File::create(&path).expect("a new file");
    file.write_all(b"one\ntwo").expect("written");
    assert_eq!(tail.lines(), ["one"]);
    assert!(tail.lines().is_empty());
    file.write_all(b" and a half\nthree\n").expect("written");
    assert_eq!(tail.lines(), ["two and a half", "three"]);
}

use std::fs::File;
use std::io::Read;

use super::*;

fn words(lost: u64) -> String {
    format!("{lost} lost\n")
}

#[test]
fn a_full_pipe_loses_texts_and_is_told_how_many() {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let outlet = Outlet::new();
    let line = [b'x'; 4096];
    // A pipe holds 64 KiB (pipe(7)).
    for _ in 0..16 + 3 {
        outlet.say(&writer, &line, words);
    }
    let mut first = vec![0; 16 * 4096];
    reader.read_exact(&mut first).expect("what there was room for");
    outlet.say(&writer, b"again\n", words);
    outlet.say(&writer, b"and again\n", words);
    drop(writer);
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "3 lost\nagain\nand again\n");
}

#[test]
fn a_long_text_is_whole_where_somebody_reads() {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let reading = std::thread::spawn(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).map(|_| all)
    });
    let outlet = Outlet::new();
    let text = vec![b'y'; 60_000];
    outlet.say(&writer, &text, words);
    drop(writer);
    assert_eq!(reading.join().expect("it reads").expect("all of it"), text);
}

#[test]
fn a_full_disk_and_a_reader_that_is_gone_are_borne() {
    let outlet = Outlet::new();
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    outlet.say(&full, b"no room\n", words);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    outlet.say(&writer, b"nobody\n", words);
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    outlet.say(&writer, b"here\n", words);
    drop(writer);
    let mut all = String::new();
    reader.read_to_string(&mut all).expect("text");
    assert_eq!(all, "2 lost\nhere\n");
}

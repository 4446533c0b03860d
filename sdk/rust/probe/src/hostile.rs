//! What a guest may not do, done.

use bellwether_plugin::{Error, ErrorCode, Parameter, Verdict, kv, log, process, tcp, unknown, up};

pub fn act(act: &str) -> Result<Verdict, Error> {
    match act {
        "spin" => loop {
            std::hint::black_box(0);
        },
        "eat" => Ok(up(eat())),
        "recurse" => Ok(up(recurse(1))),
        "flood" => {
            (0..10_000).for_each(|n| log::write(log::Level::Info, &format!("flood {n}")));
            Ok(up("flooded"))
        }
        "string-bomb" => Ok(up("x".repeat(1 << 30))),
        "long-reason" => Ok(up("x".repeat(4 << 20))),
        "storm" => {
            let mut found = 0_u64;
            loop {
                found += u64::from(kv::get(kv::Scope::Plugin, "none").is_some());
                std::hint::black_box(found);
            }
        }
        "output" => {
            let outcome = process::run(&["/bin/sh".to_owned(), "-c".to_owned(), FLOOD.to_owned()], None)?;
            Ok(up(outcome.stdout.len()))
        }
        "fail" => panic!("as asked"),
        _ => Ok(unknown(format!("no such act: {act}"))),
    }
}

/// Uses what it is granted while it should only say what it takes; nothing is granted then.
pub fn tells(parameter: Parameter) -> Parameter {
    let error = tcp::connect("127.0.0.1", 1, None).err();
    assert!(error.is_some_and(|error| error.code == ErrorCode::Denied), "nothing is granted");
    parameter
}

/// Ten megabytes.
const FLOOD: &str = "head -c 10000000 /dev/zero";

fn eat() -> usize {
    let mut held = Vec::new();
    loop {
        held.push(std::hint::black_box(vec![1_u8; 1 << 20]));
        if held.len() > 100_000 {
            return held.len();
        }
    }
}

#[expect(unconditional_recursion, reason = "that is what is asked")]
fn recurse(depth: u64) -> u64 {
    let more = std::hint::black_box(depth) + 1;
    recurse(more) + std::hint::black_box(depth)
}

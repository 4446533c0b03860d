//! What may not be said where: the engine is deaf, blind and timeless; `async` and `unsafe` have their rooms.

use house::{Breach, hold, mask, tree};

/// Tests of the engine may keep their own tables in what they like.
fn is_test(file: &std::path::Path) -> bool {
    file.components()
        .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

/// Lines of `folder` on which one of `words` stands as code, by word boundaries.
fn find(folder: &str, words: &[&str], with_tests: bool, rule: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for file in tree::rust(folder) {
        if !with_tests && is_test(&file) {
            continue;
        }
        for (n, line) in mask::code(&tree::text(&file)).lines().enumerate() {
            for word in words.iter().filter(|word| stands_in(line, word)) {
                breaches.push(Breach {
                    file: file.clone(),
                    line: n + 1,
                    rule: format!("`{word}`: {rule}"),
                });
            }
        }
    }
    breaches
}

fn stands_in(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    })
}

// holds VRRP-080
#[test]
fn the_engine_has_no_clock_socket_file_or_thread() {
    let words = [
        "std::time::Instant",
        "SystemTime",
        "UNIX_EPOCH",
        "std::fs",
        "std::env",
        "std::process",
        "std::thread",
        "UdpSocket",
        "TcpStream",
        "TcpListener",
        "UnixStream",
        "Mutex",
        "RwLock",
        "OnceLock",
        "LazyLock",
        "thread_local",
        "static mut",
    ];
    let rule = "the engine decides from its inputs alone; hand the value in";
    let mut breaches = find("core/engine", &words, false, rule);
    breaches.extend(find(
        "core/wire",
        &words,
        false,
        "wire only turns bytes into values and back",
    ));
    hold(breaches);
}

#[test]
fn the_engine_walks_its_tables_in_order() {
    let rule = "its order differs from run to run; BTreeMap or BTreeSet";
    let mut breaches = find("core/engine", &["HashMap", "HashSet"], false, rule);
    breaches.extend(find("core/model", &["HashMap", "HashSet"], false, rule));
    hold(breaches);
}

#[test]
fn inner_rooms_are_not_async() {
    let rule = "async lives in daemon, linux, hostcall and plugin";
    let rooms = ["core/model", "core/wire", "core/engine", "core/config"];
    hold(
        rooms
            .iter()
            .flat_map(|room| find(room, &["async", "await"], true, rule))
            .collect(),
    );
}

#[test]
fn unsafe_is_in_linux_alone() {
    let rule = "unsafe code lives in core/linux, where each block says why and why it is sound";
    let rooms = ["core", "tests", "sdk/componentize"];
    let all = rooms.iter().flat_map(|room| find(room, &["unsafe"], true, rule));
    hold(
        all.filter(|breach| !breach.file.starts_with("core/linux"))
            .collect(),
    );
}

#[test]
fn modules_have_names() {
    let files = tree::tracked()
        .into_iter()
        .filter(|file| file.ends_with("mod.rs"));
    let rule = "foo.rs beside foo/, never mod.rs";
    hold(
        files
            .map(|file| Breach {
                file,
                line: 0,
                rule: rule.to_owned(),
            })
            .collect(),
    );
}

#[test]
fn tests_are_neither_skipped_nor_left_for_later() {
    let rule = "a test runs or does not exist";
    let mut breaches = find("core", &["#[ignore]", "#[ignore"], true, rule);
    breaches.extend(find("tests", &["#[ignore]", "#[ignore"], true, rule));
    for words in ["todo!", "unimplemented!"] {
        breaches.extend(find("core", &[words], true, "what is not there is not there"));
    }
    hold(breaches);
}

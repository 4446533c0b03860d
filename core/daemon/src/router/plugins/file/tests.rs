use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

#[test]
fn what_may_not_be_code_says_why() {
    let dir = tempfile::tempdir().expect("a directory");
    let outside = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name);
    let write = |path: &Path, mode: u32| {
        std::fs::write(path, "return {}").expect("written");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
    };
    write(&path("good.lua"), 0o644);
    write(&path("open.lua"), 0o666);
    write(&outside.path().join("other.lua"), 0o644);
    symlink("good.lua", path("inside.lua")).expect("linked");
    symlink(outside.path().join("other.lua"), path("outside.lua")).expect("linked");
    symlink("none.lua", path("dangling.lua")).expect("linked");
    std::fs::create_dir(path("folder.lua")).expect("made");
    mknodat(CWD, path("pipe.lua"), FileType::Fifo, Mode::from(0o644), 0).expect("made");
    let huge = File::create(path("huge.lua")).expect("made");
    huge.set_len(CODE_MAX + 1).expect("sparse");
    let names = [
        "good", "inside", "open", "outside", "dangling", "folder", "pipe", "huge", "none",
    ];
    let told = names.map(|name| match code(&path(&format!("{name}.lua"))) {
        Ok(bytes) => format!("{name}: {} bytes", bytes.len()),
        Err(why) => why,
    });
    let told = told
        .join("\n")
        .replace(&outside.path().display().to_string(), "OUTSIDE")
        .replace(&dir.path().display().to_string(), "DIR");
    insta::assert_snapshot!(told, @r"
    good: 9 bytes
    inside: 9 bytes
    DIR/open.lua may be written by anybody; run `chmod o-w DIR/open.lua`
    DIR/outside.lua is a link out of its directory, to OUTSIDE/other.lua; name that file in the configuration
    cannot read DIR/dangling.lua: No such file or directory (os error 2)
    cannot read DIR/folder.lua: not a file
    cannot read DIR/pipe.lua: not a file
    DIR/huge.lua is larger than 8192 KiB
    cannot read DIR/none.lua: No such file or directory (os error 2)
    ");
}

#[test]
fn a_file_that_changes_while_it_is_read_is_not_taken() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("growing.lua");
    std::fs::write(&path, "return {").expect("written");
    let (file, before) = open(&path).expect("there");
    let mut writer = OpenOptions::new().append(true).open(&path).expect("ours");
    writer.write_all(b"}").expect("written");
    let told = whole(&path, file, &before, CODE_MAX).expect_err("it changed");
    let told = told.replace(&dir.path().display().to_string(), "DIR");
    insta::assert_snapshot!(told, @"DIR/growing.lua changed while it was read; write it aside and rename it");
}

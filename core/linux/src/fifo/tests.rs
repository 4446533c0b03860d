use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::open_owned;

/// Needs root: it gives files away.
#[test]
fn a_pipe_that_was_given_away_before_a_crash_is_made_anew_where_nobody_else_can_have_put_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("events");
    let owner = || std::fs::symlink_metadata(&path).expect("it is there").uid();
    open_owned(&path, Some((1001, 1001))).expect("made");
    assert_eq!(owner(), 1001);
    open_owned(&path, Some((1001, 1001))).expect("his already");
    for (next, user) in [(Some((1002, 1002)), 1002), (None, 0), (Some((1001, 1001)), 1001)] {
        open_owned(&path, next).expect("made anew");
        assert_eq!(owner(), user);
    }
    // User 1001 may have put it into this one himself.
    set_permissions(directory.path(), Permissions::from_mode(0o1777)).expect("opened to all");
    let refused = open_owned(&path, Some((1002, 1002))).expect_err("he would read it");
    let refused = refused.replace(&path.display().to_string(), "PATH");
    insta::assert_snapshot!(refused, @"PATH belongs to user 1001, who would read it; remove it");
    open_owned(&path, None).expect_err("he would read it");
    assert_eq!(owner(), 1001);
}

#[test]
fn what_is_no_pipe_is_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("events");
    std::fs::write(&path, "precious").expect("written");
    let refused = open_owned(&path, None).expect_err("it is a file");
    let refused = refused.replace(&path.display().to_string(), "PATH");
    insta::assert_snapshot!(refused, @"PATH is no named pipe; remove it");
    assert_eq!(std::fs::read_to_string(&path).expect("read"), "precious");
    let nowhere = directory.path().join("nowhere/events");
    open_owned(&nowhere, None).expect_err("no such directory");
}

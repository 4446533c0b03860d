use super::{find_group, find_user, lookup_user};

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nbroken\nkeep:x:101:5:,,,:/:/bin/false\n";

#[test]
fn users_are_found_by_name_and_number() {
    assert_eq!(find_user(PASSWD, "keep"), Some((101, 5)));
    assert_eq!(find_user(PASSWD, "101"), Some((101, 5)));
    assert_eq!(find_user(PASSWD, "4242"), Some((4242, 4242)));
    assert_eq!(find_user(PASSWD, "broken"), None);
    assert_eq!(find_user(PASSWD, ""), None);
    assert_eq!(lookup_user("root"), Some((0, 0)));
}

#[test]
fn groups_are_found_by_name_and_number() {
    assert_eq!(find_group("adm:x:4:a,b\n", "adm"), Some(4));
    assert_eq!(find_group("adm:x:4:a,b\n", "77"), Some(77));
    assert_eq!(find_group("adm:x:4:a,b\n", "x"), None);
}
